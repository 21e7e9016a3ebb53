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
# all ribbons, the least length of ribbons.
_LINE, _APART, _BESIDE, _NODE = 1.25, 0.5, 0.6, 0.7
_HIGH = 22.0
_LONGEST = 16.0
_SIDES = 0.34
"""The most of the width for the names of a side."""

_MOST_LINES = 3


class _Node(NamedTuple):
    """A node: the lines of its name, the last with its figure, its size, and where its ribbons start."""

    lines: tuple[str, ...]
    figure: str
    size: float
    y: float = 0


def draw_flow(flow: Flow, width: float, size: float) -> tuple[tuple[Group, ...], float]:
    """The drawing of a flow.

    Args:
        flow: the flow.
        width: the width of the drawing in points.
        size: the size of its text in points.

    Returns:
        The groups of the drawing, and its height in points.
    """
    most = width * _SIDES
    names = [(name, figure) for name, figure, _ in flow.sources]
    source_sums = [sum(links) for links in flow.links]
    target_sums = [sum(column) for column in zip(*flow.links, strict=True)]
    unit = _HIGH * size / max(sum(source_sums), 1)
    left, left_width = _side(names, [each * unit for each in source_sums], most, size)
    right, right_width = _side(flow.targets, [each * unit for each in target_sums], most, size)
    height = max(_height(left, size), _height(right, size))
    left, right = _placed(left, height, size), _placed(right, height, size)
    start, end = left_width + _BESIDE * size, width - right_width - _BESIDE * size
    groups = [*_ribbons(flow, left, right, unit, (start + _NODE * size, end - _NODE * size))]
    for number, node in enumerate(left):
        color = flow.sources[number][2]
        shapes = (*_bar(node, start, color, size), *_label(node, left_width, size, end=True))
        groups.append(Group(f"source{number + 1}", "", shapes))
    for number, node in enumerate(right):
        shapes = (
            *_bar(node, end - _NODE * size, _THEME.muted, size),
            *_label(node, width - right_width, size, end=False),
        )
        groups.append(Group(f"target{number + 1}", "", shapes))
    return tuple(groups), height


def _side(
    labels: Sequence[tuple[str, str]], sizes: Sequence[float], most: float, size: float
) -> tuple[list[_Node], float]:
    """The nodes of a side, and the width of their labels."""
    nodes, widest = [], 0.0
    room = min(most / size, _LONGEST)
    for (name, figure), own in zip(labels, sizes, strict=True):
        text, end = single_line(name), f"\u00a0{figure}"
        # The figure stays with the last word if both fit.
        lines = wrap(f"{text}{end}", room, _MOST_LINES)
        lines = (
            (*lines[:-1], lines[-1].removesuffix(end))
            if lines[-1].endswith(end)
            else (*wrap(text, room, _MOST_LINES), "")
        )
        widest = max(widest, *map(ems, lines), ems(f"{lines[-1]} {figure}".strip()))
        nodes.append(_Node(lines, figure, own))
    return nodes, widest * size


def _slot(node: _Node, size: float) -> float:
    """The height that a node takes: of its ribbons or of its label."""
    return max(node.size, len(node.lines) * _LINE * size)


def _height(nodes: Sequence[_Node], size: float) -> float:
    return sum(_slot(node, size) for node in nodes) + _APART * size * max(len(nodes) - 1, 0)


def _placed(nodes: Sequence[_Node], height: float, size: float) -> list[_Node]:
    """The nodes below each other over the whole height, each in the middle of its slot."""
    spare = height - sum(_slot(node, size) for node in nodes)
    apart = spare / (len(nodes) - 1) if len(nodes) > 1 else 0.0
    y = 0.0 if len(nodes) > 1 else spare / 2
    placed = []
    for node in nodes:
        slot = _slot(node, size)
        placed.append(node._replace(y=y + (slot - node.size) / 2))
        y += slot + apart
    return placed


def _bar(node: _Node, x: float, color: str, size: float) -> Iterator[Rect]:
    if node.size:
        yield Rect(x, node.y, _NODE * size, node.size, color)


def _label(node: _Node, x: float, size: float, *, end: bool) -> Iterator[Shape]:
    """The lines of a name, and its figure behind the last one."""
    base = node.y + node.size / 2 - (len(node.lines) - 1) * _LINE * size / 2 + CAP * size / 2
    ink = _THEME.ink if node.size else _THEME.muted
    anchor: Literal["start", "end"] = "end" if end else "start"
    for number, line in enumerate(node.lines):
        y, figure = base + number * _LINE * size, node.figure if number == len(node.lines) - 1 else ""
        if line:
            beside = ems(f" {figure}") * size if figure and end else 0
            yield Text(x - beside, y, line, size, ink, anchor)
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
