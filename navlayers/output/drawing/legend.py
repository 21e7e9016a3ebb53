"""The legend of a picture: the gradient as a ramp with ticks, the layer's legend items, what else cells show."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from navlayers._text import clean
from navlayers.layer.colors import WHITE, gradient_steps
from navlayers.output.drawing import facts as head
from navlayers.output.drawing.font import CAP, cut, ems
from navlayers.output.drawing.page_sizes import SMALLEST
from navlayers.output.drawing.shapes import Line, Rect, Shape, Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.layer.matrix import Matrix
    from navlayers.layer.view import View
    from navlayers.output.drawing.cells import Look
    from navlayers.output.drawing.theme import Theme

OFF = "×"
"""What stands in the place of a score for disabled techniques."""

_NUMBER = re.compile(r"\s*(-?\d+(?:\.\d+)?)(?![\d.])")
_WIDEST_LABEL = 20
_FEWEST_ROWS = 3
_RAMP = 17
"""The width of the ramp, in sizes."""

_SAME = 6
_BESIDE = 2.5
"""Between the ramp and the items, in sizes."""

_APART = 0.06
"""At least between two numbers on it, as shares of it."""

_ITEM = 1.45
"""The height of an item, in sizes."""


class Item(NamedTuple):
    """A swatch and what it means; `mark` is what stands on it, in `ink`."""

    label: str
    fill: str
    mark: str = ""
    ink: str = ""


class Legend(NamedTuple):
    """What is to be explained.

    `ramp` are the colours from the lowest to the highest score, with `ticks` 0–1; the first `named` of the items
    are the layer's own. `counts`: scores are numbers of something.
    """

    ramp: tuple[str, ...]
    ticks: tuple[tuple[float, str], ...]
    items: tuple[Item, ...]
    named: int
    theme: Theme
    size: float
    counts: bool = False

    def within(self, room: float, most_rows: int) -> tuple[Legend, int]:
        """The legend as wide as there is room, in as few rows as can be; what is too much is counted."""
        rows = _FEWEST_ROWS
        while self.width(rows) > room and rows < min(len(self.items), most_rows):
            rows += 1
        kept = self
        named, keys = self.items[: self.named], self.items[self.named :]
        count = len(named)
        while kept.width(rows) > room and count:
            count -= 1
            more = Item(f"and {len(named) - count} more", self.theme.page)
            kept = self._replace(items=(*named[:count], more, *keys), named=count + 1)
        return kept, rows

    def columns(self, rows: int) -> list[tuple[Sequence[Item], float]]:
        """The items in columns of so many rows, and how wide each is."""
        parts = [self.items[start : start + rows] for start in range(0, len(self.items), rows)]
        return [
            (part, (max(min(ems(one.label), _WIDEST_LABEL) for one in part) + 3.2) * self.size) for part in parts
        ]

    def width(self, rows: int) -> float:
        """The width of it all, with so many rows."""
        items = sum(width for _, width in self.columns(rows))
        parts = [_RAMP * self.size] if self.ramp else []
        parts += [items - self.size] if self.items else []
        return sum(parts) + _BESIDE * self.size * max(len(parts) - 1, 0)

    def height(self, rows: int) -> float:
        """The height of it all."""
        ramp = 4.4 * self.size if self.ramp else 0
        return max(ramp, min(rows, len(self.items)) * _ITEM * self.size)

    def shapes(self, x: float, y: float, rows: int) -> Iterator[Shape]:
        """The legend with its upper left corner at a place."""
        if self.ramp:
            yield from self._ramp(x, y)
            x += (_RAMP + _BESIDE) * self.size
        for part, width in self.columns(rows):
            for row, item in enumerate(part):
                yield from self._item(item, x, y + row * _ITEM * self.size)
            x += width

    def _ramp(self, x: float, y: float) -> Iterator[Shape]:
        size, width = self.size, _RAMP * self.size
        yield Text(x, y + size * 0.85, "Number" if self.counts else "Score", size, self.theme.muted)
        top, height = y + 1.45 * size, 1.2 * size
        part = width / len(self.ramp)
        for number, color in enumerate(self.ramp):
            # Each reaches to the end, so that no seam shows between two.
            yield Rect(x + number * part, top, width - number * part, height, color)
        for at, label in self.ticks:
            place = x + at * width
            yield Line(place, top + height, place, top + height + size * 0.35, self.theme.rule)
            anchor = "start" if at < 0.02 else "end" if at > 0.98 else "middle"
            yield Text(place, top + height + size * 1.3, label, size, self.theme.ink, anchor)  # type: ignore[arg-type]

    def _item(self, item: Item, x: float, y: float) -> Iterator[Shape]:
        size = self.size
        side = 1.15 * size
        yield Rect(x, y, 1.6 * size, side, item.fill, self.theme.rule)
        if item.mark:
            yield Text(x + 0.8 * size, y + side / 2 + CAP * size / 2, item.mark, size, item.ink, "middle")
        label = cut(item.label, _WIDEST_LABEL)
        yield Text(x + 2.1 * size, y + side / 2 + CAP * size / 2, label, size, self.theme.ink)


def legend_of(matrix: Matrix, look: Look, unit: float) -> Legend:
    """What the cells of a matrix show that has to be explained."""
    view, theme = matrix.view, look.theme
    cells = list(matrix.cells())
    scored = {c.score: c.color for c in cells if c.score is not None and c.enabled and not c.annotation.color}
    # One score alone is a colour, not a range of them.
    ramp = (
        tuple(map(theme.paint, gradient_steps(view.gradient.colors))) if len(scored) > 1 and _is_range(view) else ()
    )
    items = [Item(clean(i.label), theme.paint(i.color), *look.letter(i.color)) for i in view.legend]
    if not ramp and scored and not any(_is_close(i.color, c) for i in view.legend for c in scored.values()):
        items += [Item(f"score {look.number(score)}", theme.paint(c)) for score, c in sorted(scored.items())[:1]]
    named = len(items)
    labels = {item.label.lower() for item in items}
    if any(c.enabled and not c.color and c.annotation.annotated for c in cells):
        # A layer that says what white means says it of these.
        white = next((place for place, item in enumerate(view.legend) if item.color == WHITE), None)
        if white is None:
            items.append(Item("commented, no score", theme.unscored, view.mark, theme.ink))
        else:
            items[white] = Item(items[white].label, theme.unscored, view.mark, theme.ink)
    if any(c.enabled and not c.color and not c.annotation.annotated for c in cells):
        label = "not scored" if "not rated" in labels or scored else "not annotated"
        items.append(Item(clean(view.unscored) or label, theme.unscored))
    if any(not c.enabled for c in cells):
        items.append(Item("disabled", theme.disabled, OFF, theme.off))
    ticks = tuple(_ticks(view)) if ramp else ()
    counts = ("aggregate", "count") in view.metadata
    return Legend(ramp, ticks, tuple(items), named, theme, max(SMALLEST, 6.4 * unit), counts)


def _is_range(view: View) -> bool:
    return view.gradient.minValue < view.gradient.maxValue


def _is_close(one: str, other: str) -> bool:
    """Whether colours are the same to the eye: people write the gradient's own, of which a hundred are made."""
    return all(abs(int(one[i : i + 2], 16) - int(other[i : i + 2], 16)) <= _SAME for i in (1, 3, 5))


def _ticks(view: View) -> Iterator[tuple[float, str]]:
    """Where numbers stand on the ramp: those that the layer's legend names and its ends, or else round ones."""
    low, high = view.gradient.minValue, view.gradient.maxValue
    named = [
        (float(found[1]), found[1])
        for item in view.legend
        if (found := _NUMBER.match(item.label)) and low <= float(found[1]) <= high
        and _is_close(view.gradient.color(float(found[1])), item.color)
    ]  # fmt: skip
    round_ones = [(float(mark.label), mark.label) for mark in head.ticks(view)]
    ends = [*round_ones[:1], *round_ones[-1:]]
    wanted = [*sorted(named), *ends] if named else [*ends, *round_ones[1:-1]]
    taken: list[tuple[float, float]] = []
    for number, label in wanted:
        at = (number - low) / (high - low)
        half = ems(label) / 2 / _RAMP
        start = 0.0 if at < 0.02 else 1 - 2 * half if at > 0.98 else at - half
        if all(start > end + _APART or start + 2 * half < begin - _APART for begin, end in taken):
            taken.append((start, start + 2 * half))
            yield at, label.replace("-", "−")
