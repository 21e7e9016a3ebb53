"""The header of a picture: title, description, facts, legend."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, NamedTuple

from navlayers._text.lines import single_line
from navlayers.layer.colors import WHITE, gradient_steps
from navlayers.layer.matrix import HEADING
from navlayers.layer.view import TECHNIQUES
from navlayers.output.drawing import facts
from navlayers.output.drawing.font import CAP, cut, ems, paragraph
from navlayers.output.drawing.options import SMALLEST
from navlayers.output.drawing.shapes import Group, Line, Rect, Shape, Text
from navlayers.output.drawing.theme import OFF, figure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from navlayers.layer.colors import LegendItem
    from navlayers.layer.matrix import Matrix
    from navlayers.layer.view import View
    from navlayers.output.drawing.theme import Look, Theme

# Sizes of text in points on A4, and the most lines of title and texts.
_TITLE, _LINE, _LEGEND = 15.0, 7.6, 6.4
_TITLE_LINES, _LINES = 2, 4

# A legend wider than this share of the page goes below the text instead of next to it.
_WIDEST_LEGEND = 0.36
_FEWEST_ROWS, _MOST_ROWS = 3, 7

# Lengths of the legend in sizes of its text: ramp, longest label, space between ramp and items, height of an item.
_RAMP = 20
_WIDEST_LABEL = 20
_SPACE = 2.5
_ITEM = 1.45

# The minimum space between two numbers on the ramp, as a share of its width.
_APART = 0.06

# Colors whose channels (0–255) differ by at most this look the same.
_SAME = 6

NUMBER = re.compile(r"^\s*(-?\d++(?:\.\d++)?)(?!\.)")
"""The number at the start of a label."""


class Header(NamedTuple):
    """The groups of the header, and its height with the space below, in points."""

    groups: tuple[Group, ...]
    height: float


def header_of(
    matrix: Matrix,
    look: Look,
    x: float,
    y: float,
    width: float,
    unit: float,
    note: str = "",
    *,
    headed: bool = True,
    beside: bool = True,
) -> Header:
    """Draw title, description and facts at the left and the legend at the right, or below if it is wide.

    Args:
        matrix: the matrix below.
        look: the look of its cells.
        x: the left edge.
        y: the upper edge.
        width: of the page between its margins.
        unit: the size of text relative to A4.
        note: a further fact.
        headed: whether to draw title and description.
        beside: whether the legend may be at the right: of large pictures, windows show the left alone.
    """
    title, line = max(_TITLE * unit, SMALLEST), max(_LINE * unit, SMALLEST)
    legend = legend_of(matrix, look, unit)
    at_right = beside and legend.width(_MOST_ROWS) <= width * _WIDEST_LEGEND
    legend, rows = legend.within(width * (_WIDEST_LEGEND if at_right else 1), _MOST_ROWS)
    left = width - (legend.width(rows) + 2 * title if at_right else 0)
    shapes = list(_words(matrix, note, look.theme, x, y, left, title, line, headed=headed))
    bottom = max(shape.y for shape in shapes) + line * 0.3 if shapes else y
    if at_right:
        place = (x + width - legend.width(rows), y + title * 0.15)
        bottom = max(bottom, place[1] + legend.height(rows))
    else:
        place = (x, bottom + line * 0.8)
        bottom = place[1] + legend.height(rows)
    groups = [Group("header", "", tuple(shapes))]
    legend_shapes = tuple(legend.shapes(*place, rows))
    if legend_shapes:
        groups.append(Group("legend", "", legend_shapes))
    return Header(tuple(groups), bottom - y + 9 * unit)


def _words(
    matrix: Matrix,
    note: str,
    theme: Theme,
    x: float,
    y: float,
    width: float,
    title: float,
    line: float,
    *,
    headed: bool,
) -> Iterator[Text]:
    if headed:
        y += title * 0.8
        for number, text in enumerate(
            paragraph(single_line(matrix.view.name) or "layer", width / title, _TITLE_LINES)
        ):
            y += title * 1.15 if number else 0
            yield Text(x, y, text, title, theme.ink, strong=True)
        y += title * 0.25
        description = single_line(matrix.view.description)
        for text in paragraph(description, width / line, _LINES) if description else ():
            y += line * 1.3
            yield Text(x, y, text, line, theme.ink)
    first = next((column for column in matrix.columns if column.total), None)
    below = f"below each tactic: {first.counted.removeprefix(f'{TECHNIQUES} ')} / {first.whole}" if first else ""
    text_of_facts = " · ".join([*facts.short(matrix.view), *filter(None, (below, note))])
    for text in paragraph(text_of_facts, width / line, _LINES):
        y += line * 1.3
        yield Text(x, y, text.removesuffix(" ·"), line, theme.muted)


def describe(matrix: Matrix) -> str:
    """The picture in a sentence, as its alternative text."""
    parts = [f"{single_line(c.name)} {c.mapped} of {c.total}" for c in matrix.columns if c.total]
    text = "; ".join(facts.short(matrix.view))
    return f"{text}. By tactic: {', '.join(parts)}." if parts else f"{text}."


_SWATCH = 3.2
"""The width of a swatch with the space around it and its label, in ems."""


class _Item(NamedTuple):
    """A color of the legend and its meaning; `mark` is drawn on it in `ink`."""

    label: str
    fill: str
    mark: str = ""
    ink: str = ""


class _Legend(NamedTuple):
    """The legend of a matrix.

    Attributes:
        ramp: the colors from the lowest to the highest score.
        ticks: positions on the ramp, starts of their labels, both 0–1, and the labels.
        items: the swatches.
        named: how many of the items, from the first on, the layer's own legend has.
        theme: the colors of its text.
        size: of its text, in points.
        title: of the ramp.
    """

    ramp: tuple[str, ...]
    ticks: tuple[tuple[float, float, str], ...]
    items: tuple[_Item, ...]
    named: int
    theme: Theme
    size: float
    title: str = ""

    def within(self, room: float, most_rows: int) -> tuple[_Legend, int]:
        """The legend in as few rows as fit the width; a last item counts the layer's items that do not fit."""
        rows = _FEWEST_ROWS
        while self.width(rows) > room and rows < min(len(self.items), most_rows):
            rows += 1
        kept = self
        named, keys = self.items[: self.named], self.items[self.named :]
        count = len(named)
        # Layers may have thousands of items, and each column is wider than its swatch.
        most = math.ceil(room / (_SWATCH * self.size)) * rows
        while kept.width(rows) > room and count:
            count = min(count - 1, most)
            more = _Item(f"and {len(named) - count} more", self.theme.page)
            kept = self._replace(items=(*named[:count], more, *keys), named=count + 1)
        return kept, rows

    def _columns(self, rows: int) -> list[tuple[Sequence[_Item], float]]:
        """The items in columns of `rows` rows, each with its width in points."""
        parts = [self.items[start : start + rows] for start in range(0, len(self.items), rows)]
        return [
            (part, (max(min(ems(item.label), _WIDEST_LABEL) for item in part) + _SWATCH) * self.size)
            for part in parts
        ]

    def width(self, rows: int) -> float:
        """The width of ramp and items in points."""
        items = sum(width for _, width in self._columns(rows))
        parts = [_RAMP * self.size] if self.ramp else []
        parts += [items - self.size] if self.items else []
        return sum(parts) + _SPACE * self.size * max(len(parts) - 1, 0)

    def height(self, rows: int) -> float:
        """The height of ramp and items in points."""
        ramp = 4.4 * self.size if self.ramp else 0
        return max(ramp, min(rows, len(self.items)) * _ITEM * self.size)

    def shapes(self, x: float, y: float, rows: int) -> Iterator[Shape]:
        """Draw the legend from an upper left corner on."""
        if self.ramp:
            yield from self._ramp(x, y)
            x += (_RAMP + _SPACE) * self.size
        for part, width in self._columns(rows):
            for row, item in enumerate(part):
                yield from self._item(item, x, y + row * _ITEM * self.size)
            x += width

    def _ramp(self, x: float, y: float) -> Iterator[Shape]:
        size, width = self.size, _RAMP * self.size
        yield Text(x, y + size * 0.85, self.title, size, self.theme.muted)
        top, height = y + 1.45 * size, 1.2 * size
        part = width / len(self.ramp)
        for number, color in enumerate(self.ramp):
            # Each rectangle reaches to the end of the ramp, so that no seams show.
            yield Rect(x + number * part, top, width - number * part, height, color)
        for at, start, label in self.ticks:
            place = x + at * width
            yield Line(place, top + height, place, top + height + size * 0.35, self.theme.rule)
            yield Text(x + start * width, top + height + size * 1.3, label, size, self.theme.ink)

    def _item(self, item: _Item, x: float, y: float) -> Iterator[Shape]:
        size = self.size
        side = 1.15 * size
        base = y + side / 2 + CAP * size / 2
        yield Rect(x, y, 1.6 * size, side, item.fill, self.theme.rule)
        if item.mark:
            yield Text(x + 0.8 * size, base, item.mark, size, item.ink, "middle")
        yield Text(x + 2.1 * size, base, cut(item.label, _WIDEST_LABEL), size, self.theme.ink)


def legend_of(matrix: Matrix, look: Look, unit: float) -> _Legend:
    """The legend of the colors and marks in a matrix."""
    view, theme = matrix.view, look.theme
    cells = list(matrix.cells())
    scored = {c.score: c.color for c in cells if c.score is not None and c.enabled and not c.annotation.color}
    # A single score needs one color, not a ramp.
    is_range = len(scored) > 1 and view.gradient.minValue < view.gradient.maxValue
    ramp = tuple(map(theme.paint, gradient_steps(view.gradient.colors))) if is_range else ()
    on_ramp = {
        item: (number, text) for item, number, text in _on_ramp(view) if ramp and not look.letter(item.color)[0]
    }
    items = [
        _Item(single_line(item.label), theme.paint(item.color), *look.letter(item.color))
        for item in view.legend
        if item not in on_ramp
    ]
    if not ramp and scored and not any(_is_close(i.color, c) for i in view.legend for c in scored.values()):
        items += [_Item(f"score {figure(score)}", theme.paint(c)) for score, c in sorted(scored.items())[:1]]
    named = len(items)
    labels = {item.label.lower() for item in items}
    if any(c.enabled and not c.color and c.annotation.annotated for c in cells):
        # A legend item for white explains these cells.
        kept = [item for item in view.legend if item not in on_ramp]
        white = next((place for place, item in enumerate(kept) if item.color == WHITE), None)
        if white is None:
            items.append(_Item("commented, no score", theme.unscored, view.mark, theme.ink))
        else:
            items[white] = _Item(items[white].label, theme.unscored, view.mark, theme.ink)
    if any(c.enabled and not c.color and not c.annotation.annotated for c in cells):
        label = "not scored" if "not rated" in labels or scored else "not annotated"
        items.append(_Item(single_line(view.unscored) or label, theme.unscored))
    off = {"out of scope" if c.annotation == HEADING else "disabled" for c in cells if not c.enabled}
    items += [_Item(label, theme.disabled, OFF, theme.off) for label in sorted(off)]
    names = {text: _rest(item.label) for item, (_, text) in on_ramp.items()}
    words = {name for name in names.values() if name}
    counts = ("aggregate", "count") in view.metadata
    # Different words name the score values; the same word, such as "controls", what is counted.
    title = f"Number of {max(words, key=len)}" if counts and words else "Number" if counts else "Score"
    named_ticks = {text: f"{text} {name}".rstrip() for text, name in names.items()} if len(words) > 1 else {}
    ticks = tuple(_ticks(view, list(on_ramp.values()), {} if counts else named_ticks)) if ramp else ()
    return _Legend(ramp, ticks, tuple(items), named, theme, max(SMALLEST, _LEGEND * unit), title)


def _on_ramp(view: View) -> Iterator[tuple[LegendItem, float, str]]:
    """The items of the layer's legend that are a number in the color of the ramp, with their number."""
    low, high = view.gradient.minValue, view.gradient.maxValue
    for item in view.legend:
        match = NUMBER.match(item.label)
        if match and low <= float(match[1]) <= high and _is_close(view.gradient.color(float(match[1])), item.color):
            yield item, float(match[1]), match[1]


def _rest(label: str) -> str:
    """The words of a label behind its number."""
    return single_line(NUMBER.sub("", label, count=1))


def _is_close(first: str, second: str) -> bool:
    """Whether two colors look the same: legends name gradient colors by hand, and the gradient has only 100."""
    return all(abs(int(first[i : i + 2], 16) - int(second[i : i + 2], 16)) <= _SAME for i in (1, 3, 5))


def _ticks(
    view: View, named: Sequence[tuple[float, str]], names: Mapping[str, str]
) -> Iterator[tuple[float, float, str]]:
    """Positions on the ramp and starts of labels, 0–1, and labels: numbers of the layer's legend and the ends.

    Args:
        view: the layer.
        named: the numbers of its legend.
        names: number → label, in place of the number alone.
    """
    low, high = view.gradient.minValue, view.gradient.maxValue
    round_ones = [(float(mark.label), mark.label) for mark in facts.ticks(view)]
    ends = [*round_ones[:1], *round_ones[-1:]]
    wanted = [*sorted(named), *ends] if named else [*ends, *round_ones[1:-1]]
    spans: list[tuple[float, float]] = []
    for number, text in wanted:
        label = names.get(text, text)
        at = (number - low) / (high - low)
        half = ems(label) / 2 / _RAMP
        start = min(max(at - half, 0.0), 1 - 2 * half)
        if all(start > end + _APART or start + 2 * half < begin - _APART for begin, end in spans):
            spans.append((start, start + 2 * half))
            yield at, start, label.replace("-", "−")
