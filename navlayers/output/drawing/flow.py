"""What flows from sources to targets, as ribbons whose widths are numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from navlayers._text.lines import single_line
from navlayers.output.drawing.font import CAP, ems, wrap
from navlayers.output.drawing.shapes import Group, Rect, Ribbon, Shape, Text
from navlayers.output.drawing.theme import THEMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.output.document import Flow

_THEME = THEMES["light"]

# In sizes of text: the height of a line, space between nodes and beside them, the width of a node, the height of
# all ribbons, the longest line of a name.
_LINE, _APART, _BESIDE, _NODE = 1.25, 0.5, 0.6, 0.7
_HIGH = 22.0
_LONGEST = 16.0
_SIDES = 0.34
"""The most of the width for the names of a side."""

_MOST_LINES = 3

# Bars of targets, in sizes of text: the longest, their height beside names and below them. They are below the names
# in drawings that are narrower than so many sizes.
_BAR, _THICK, _THIN = 9.0, 0.8, 0.4
_NARROW = 40.0
_SMALL = 0.9


class _Node(NamedTuple):
    """A node: the lines of its name, the last with its figure, its size, and where its ribbons start."""

    lines: tuple[str, ...]
    figure: str
    size: float
    y: float = 0


def draw_flow(flow: Flow, width: float, size: float) -> tuple[tuple[Group, ...], float]:
    """The drawing of a flow: ribbons, and for each target a bar of what is reached and what is not.

    Args:
        flow: the flow.
        width: the width of the drawing in points.
        size: the size of its text in points.

    Returns:
        The groups of the drawing, and its height in points.
    """
    beside = width >= _NARROW * size
    figures = [f"{reached:,} of {whole:,}" for _, reached, whole in flow.targets]
    bar = _BAR * size if beside else 0.0
    column = bar + (max(map(ems, figures), default=0) + _BESIDE) * size if beside else 0.0
    most = (width - column) * _SIDES
    names = [(name, figure) for name, figure, _ in flow.sources]
    goals = [(name, "" if beside else figure) for (name, _, _), figure in zip(flow.targets, figures, strict=True)]
    source_sums = [sum(links) for links in flow.links]
    target_sums = [sum(links) for links in zip(*flow.links, strict=True)]
    unit = _HIGH * size / max(sum(source_sums), 1)
    below = 0.0 if beside else 2 * _THIN * size
    left, left_width = _side(names, [each * unit for each in source_sums], most, size)
    right, right_width = _side(goals, [each * unit for each in target_sums], most, size)
    bar = bar or right_width
    start = left_width + _BESIDE * size
    names_at = width - column - right_width - (_BESIDE * size if beside else 0)
    end = names_at - _BESIDE * size
    legend = _legend(flow, width, size)
    top = _LINE * size * 1.4
    height = max(_height(left, size, 0), _height(right, size, below))
    left, right = _placed(left, height, size, 0), _placed(right, height, size, below)
    left, right = _lowered(left, top), _lowered(right, top)
    groups = [legend, *_ribbons(flow, left, right, unit, (start + _NODE * size, end - _NODE * size))]
    for number, node in enumerate(left):
        color = flow.sources[number][2]
        shapes = (*_bar(node, start, color, size), *_label(node, left_width, size, end=True))
        groups.append(Group(f"source{number + 1}", "", shapes))
    longest = max((whole for _, _, whole in flow.targets), default=1) or 1
    for number, (node, (name, reached, whole)) in enumerate(zip(right, flow.targets, strict=True)):
        shapes = (*_bar(node, end - _NODE * size, _THEME.muted, size), *_label(node, names_at, size, end=False))
        groups.append(Group(f"target{number + 1}", "", shapes))
        words, others = flow.reached
        title = f"{single_line(name)}: {reached:,} {words}, {whole - reached:,} {others}"
        middle = node.y + node.size / 2
        if beside:
            place = (width - column, middle - _THICK * size / 2, _THICK * size)
        else:
            place = (names_at, middle + len(node.lines) * _LINE * size / 2, _THIN * size)
        parts = tuple(_share(flow, reached, whole, bar / longest, place))
        if beside:
            base = middle + CAP * size / 2
            parts = (*parts, Text(width, base, figures[number], size, _THEME.muted, "end"))
        groups.append(Group(f"share{number + 1}", title, parts))
    return tuple(groups), top + height


def _rest(flow: Flow) -> str:
    return flow.rest or _THEME.border


def _share(flow: Flow, reached: int, whole: int, unit: float, place: tuple[float, float, float]) -> Iterator[Shape]:
    """A bar as long as a target is large, of what is reached and of the rest; `place`: left, top, height."""
    x, y, thick = place
    if reached:
        yield Rect(x, y, reached * unit, thick, _THEME.muted)
    if reached < whole:
        yield Rect(x + reached * unit, y, (whole - reached) * unit, thick, _rest(flow))


def _legend(flow: Flow, width: float, size: float) -> Group:
    """What the parts of the bars mean, above them at the right."""
    small = _SMALL * size
    shapes: list[Shape] = []
    x = width
    for text, color in reversed(tuple(zip(flow.reached, (_THEME.muted, _rest(flow)), strict=True))):
        x -= ems(text) * small
        shapes.append(Text(x, small, text, small, _THEME.ink))
        x -= 1.3 * small
        shapes.append(Rect(x, small * 0.2, small * 0.9, small * 0.9, color))
        x -= small
    return Group("legend", "", tuple(shapes))


def _side(
    labels: Sequence[tuple[str, str]], sizes: Sequence[float], most: float, size: float
) -> tuple[list[_Node], float]:
    """The nodes of a side, and the width of their labels."""
    nodes, widest = [], 0.0
    room = min(most / size, _LONGEST)
    for (name, figure), own in zip(labels, sizes, strict=True):
        text, end = single_line(name), f"\u00a0{figure}"
        lines = wrap(f"{text}{end}" if figure else text, room, _MOST_LINES)
        # The figure stays with the last word if both fit.
        if figure and lines[-1].endswith(end):
            lines = (*lines[:-1], lines[-1].removesuffix(end))
        elif figure:
            lines = (*wrap(text, room, _MOST_LINES), "")
        widest = max(widest, *map(ems, lines), ems(f"{lines[-1]} {figure}".strip()))
        nodes.append(_Node(lines, figure, own))
    return nodes, widest * size


def _slot(node: _Node, size: float, below: float) -> float:
    """The height that a node takes: of its ribbons, or of its label with as much `below` as above it."""
    return max(node.size, len(node.lines) * _LINE * size + 2 * below)


def _height(nodes: Sequence[_Node], size: float, below: float) -> float:
    return sum(_slot(node, size, below) for node in nodes) + _APART * size * max(len(nodes) - 1, 0)


def _lowered(nodes: Sequence[_Node], by: float) -> list[_Node]:
    return [node._replace(y=node.y + by) for node in nodes]


def _placed(nodes: Sequence[_Node], height: float, size: float, below: float) -> list[_Node]:
    """The nodes below each other over the whole height, each in the middle of its slot."""
    spare = height - sum(_slot(node, size, below) for node in nodes)
    apart = spare / (len(nodes) - 1) if len(nodes) > 1 else 0.0
    y = 0.0 if len(nodes) > 1 else spare / 2
    placed = []
    for node in nodes:
        slot = _slot(node, size, below)
        placed.append(node._replace(y=y + (slot - node.size) / 2))
        y += slot + apart
    return placed


def _bar(node: _Node, x: float, color: str, size: float) -> Iterator[Rect]:
    if node.size:
        yield Rect(x, node.y, _NODE * size, node.size, color)


def _label(node: _Node, x: float, size: float, *, end: bool) -> Iterator[Shape]:
    """The lines of a name, and its figure behind the last one."""
    base = node.y + node.size / 2 - (len(node.lines) - 1) * _LINE * size / 2 + CAP * size / 2
    anchor: Literal["start", "end"] = "end" if end else "start"
    for number, line in enumerate(node.lines):
        y, figure = base + number * _LINE * size, node.figure if number == len(node.lines) - 1 else ""
        if line:
            beside = ems(f" {figure}") * size if figure and end else 0
            yield Text(x - beside, y, line, size, _THEME.ink, anchor)
        if figure:
            beside = ems(f"{line} ") * size if line and not end else 0
            yield Text(x + beside, y, figure, size, _THEME.muted, anchor)


def _ribbons(
    flow: Flow, left: Sequence[_Node], right: Sequence[_Node], unit: float, ends: tuple[float, float]
) -> Iterator[Group]:
    """A ribbon per link, in the order of the nodes at both ends."""
    source_tops = [node.y for node in left]
    target_tops = [node.y for node in right]
    for number, links in enumerate(flow.links):
        name, _, color = flow.sources[number]
        for target, link in enumerate(links):
            if not link:
                continue
            height = link * unit
            one, several = flow.unit
            title = f"{single_line(name)} → {flow.targets[target][0]}: {link} {one if link == 1 else several}"
            ribbon = Ribbon(ends[0], source_tops[number], ends[1], target_tops[target], height, color)
            source_tops[number] += height
            target_tops[target] += height
            yield Group(f"ribbon{number + 1}-{target + 1}", title, (ribbon,))
