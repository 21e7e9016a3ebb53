"""The cells of a matrix as shapes: their colours, and names, ids and scores cut to the room that there is."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers._text import clean, tidy
from navlayers.layer.view import COMMENTED
from navlayers.output.drawing.fitting import APART, LEADING, MOST_LINES, PAD, Fit, Name, Texts
from navlayers.output.drawing.font import CAP, ems, rooms, wrap
from navlayers.output.drawing.legend import OFF
from navlayers.output.drawing.packing import ROW
from navlayers.output.drawing.shapes import Group, Line, Rect, Shape, Text
from navlayers.output.drawing.theme import Theme

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.layer.matrix import Cell, Column, Matrix
    from navlayers.output.drawing.packing import Groups

INDENT = 0.9
"""Of sub-techniques, in sizes."""

SQUARES = 10
"""So many sub-techniques stand side by side where they are squares below their technique."""

_SQUARES_ROW = 6
_COMMENT = 300
_LARGE = 1e6
_SIZES = ((1e6, "M"), (1e9, "B"), (1e12, "T"))


class Look(msgspec.Struct, frozen=True):
    """What stands in the cells, and their colours.

    `letters`: colour → what stands for it in grey print; `mark` is that of the view.
    """

    theme: Theme
    score: bool
    id: bool
    name: bool
    squares: bool = False
    letters: tuple[tuple[str, str], ...] = ()
    mark: str = COMMENTED

    def letter(self, color: str) -> tuple[str, str]:
        """The letter of a colour of the layer and the colour of that letter, "" where there is none."""
        found = dict(self.letters).get(color, "")
        return found, self.theme.ink_on(self.theme.paint(color)) if found else ""

    def figure(self, cell: Cell) -> str:
        """What stands at the right of a cell."""
        if not cell.enabled:
            return OFF
        letter = self.letter_of(cell)
        if self.score and cell.score is not None:
            return f"{letter} {figure(cell.score)}" if letter else figure(cell.score)
        if cell.color:
            return letter
        return self.mark if cell.annotation.annotated else ""

    def letter_of(self, cell: Cell) -> str:
        """The letter of a cell's own colour, "" where there is none."""
        own = cell.annotation.color
        return dict(self.letters).get(own, "") if own and self.letters and cell.enabled else ""

    def number(self, score: float) -> str:
        """A score as cells have it."""
        return figure(score)

    def colors(self, cell: Cell) -> tuple[str, str]:
        """The fill of a cell and the colour of the text on it."""
        theme = self.theme
        if not cell.enabled:
            return theme.disabled, theme.off
        if cell.color:
            fill = theme.paint(cell.color)
            return fill, theme.ink_on(fill)
        return theme.unscored, theme.ink if cell.annotation.annotated else theme.quiet


@lru_cache(maxsize=1 << 12)
def figure(score: float) -> str:
    """A score as cells have it: two decimals at most, large ones in millions and so on."""
    text = str(tidy(score)) if abs(score) < _LARGE else _short(score)
    return text.replace("-", "−")


def _short(score: float) -> str:
    for size, sign in _SIZES:
        if abs(score) < size * 999.5:
            shown = f"{score / size:.1f}" if abs(score) < size * 99.95 else f"{score / size:.0f}"
            return shown.removesuffix(".0") + sign
    return f"{score:.1e}".replace("e+", "e")


def told(cell: Cell) -> str:
    """What is told of a cell when it is pointed at."""
    lines = [f"{cell.id} {cell.name}"]
    if cell.score is not None:
        lines.append(f"score {tidy(cell.score)}")
    if not cell.enabled:
        lines.append("disabled")
    if cell.annotation.comment:
        comment = clean(cell.annotation.comment, 2 * _COMMENT)
        lines.append(comment if len(comment) <= _COMMENT else f"{comment[: _COMMENT - 1]}…")
    return "\n".join(lines)


def groups_of(matrix: Matrix, look: Look) -> tuple[Groups, ...]:
    """The heights of what stands below each other in each tactic."""
    return tuple(tuple(_heights(cell, look) for cell in column.cells) for column in matrix.columns)


def _heights(cell: Cell, look: Look) -> tuple[int, ...]:
    first = ROW + _squares_height(squares_of(cell, look))
    return (first,) if look.squares else (first, *(ROW,) * len(cell.shown))


def squares_of(cell: Cell, look: Look) -> tuple[Cell, ...]:
    """The sub-techniques that are small squares below their technique: those that are closed, or all."""
    return (cell.shown if look.squares else ()) or cell.closed


def _squares_height(squares: Sequence[Cell]) -> int:
    return _SQUARES_ROW * -(-len(squares) // SQUARES)


def texts_of(matrix: Matrix, look: Look) -> Texts:
    """How wide what stands in the cells is."""
    names: list[Name] = []
    score = 0.0
    for column in matrix.columns:
        for cell in column.cells:
            for one in (cell, *(() if look.squares else cell.shown)):
                figure = look.figure(one)
                wide = ems(figure) + APART if figure else 0.0
                score = max(score, wide)
                beside = ems(one.id) + APART if look.id and look.name else 0.0
                indent = INDENT if one is not cell else 0.0
                names.append(Name(rooms(_main(one, look), MOST_LINES + 1), indent, wide, beside))
    heads = tuple(clean(column.name) for column in matrix.columns)
    return Texts(tuple(names), score, heads)


def _main(cell: Cell, look: Look) -> str:
    return clean(cell.name) if look.name else cell.id if look.id else ""


def draw_cells(matrix: Matrix, look: Look, fit: Fit, x: float, y: float) -> Iterator[Group]:
    """The matrix with its upper left corner at a place."""
    painter = _Painter(look, fit, texts_of(matrix, look).score if look.id and look.name else 0)
    step = fit.width + fit.gap
    for band in fit.packing.bands:
        left = x
        for number, count in enumerate(band.counts, band.first):
            column = matrix.columns[number]
            yield painter.head(column, left, y, count * step - fit.gap, matrix.view.tactic_background)
            yield from painter.column(column, fit.lengths[number], left, y + fit.head)
            left += count * step
        y += fit.head + band.height * fit.row / ROW + fit.band_gap


class _Slot(NamedTuple):
    cell: Cell
    sub: bool


class _Painter:
    def __init__(self, look: Look, fit: Fit, score: float) -> None:
        self._look, self._fit, self._theme = look, fit, look.theme
        self._score = score * fit.small

    def head(self, column: Column, x: float, y: float, width: float, background: str) -> Group:
        """The head of a tactic: its name, what of it is annotated, and a line that spans its columns."""
        fit, theme = self._fit, self._theme
        ink, muted = theme.ink, theme.muted
        bottom = y + fit.head - fit.size * 0.35
        shapes: list[Shape] = []
        inset = 0.0
        if background:
            fill = theme.paint(background)
            ink = muted = theme.ink_on(fill)
            inset = PAD * fit.size
            shapes.append(Rect(x, y, width, bottom - y, fill))
        name = wrap(clean(column.name), (width - 2 * inset) / fit.head_size, fit.head_lines)
        base = bottom - fit.size * 0.35
        shapes.append(Text(x + inset, base, column.ratio, fit.small, muted))
        base -= fit.small * 1.25
        for place, line in enumerate(reversed(name)):
            shapes.append(
                Text(x + inset, base - place * fit.head_size * 1.15, line, fit.head_size, ink, strong=True)
            )
        shapes.append(Line(x, bottom, x + width, bottom, ink, max(0.75, fit.size * 0.12)))
        return Group(f"tactic--{column.shortname}", column.told, tuple(shapes))

    def column(self, column: Column, lengths: Sequence[int], x: float, y: float) -> Iterator[Group]:
        """The cells of a tactic, in as many columns as lengths are given."""
        slots = []
        for cell in column.cells:
            slots.append(_Slot(cell, False))
            if not self._look.squares:
                slots += [_Slot(sub, True) for sub in cell.shown]
        start = 0
        rules: list[Shape] = []
        for length in lengths:
            top = y
            for slot in slots[start : start + length]:
                yield self._cell(slot, column.shortname, x, top)
                if slot.sub:
                    at = x + INDENT * self._fit.size * 0.4
                    rules.append(Line(at, top, at, top + self._fit.row, self._theme.rule))
                top += self._fit.row
                squares = () if slot.sub else squares_of(slot.cell, self._look)
                yield from self._squares(squares, column.shortname, x, top)
                top += _squares_height(squares) * self._fit.row / ROW
            start += length
            x += self._fit.width + self._fit.gap
        if rules:
            yield Group(f"rules--{column.shortname}", "", tuple(_joined(rules)))

    def _cell(self, slot: _Slot, tactic: str, x: float, y: float) -> Group:
        cell, sub = slot
        fit, look = self._fit, self._look
        indent = INDENT * fit.size if sub else 0.0
        left, right = x + indent, x + fit.width
        fill, ink = look.colors(cell)
        shapes: list[Shape] = [Rect(left, y, right - left, fit.row, fill, self._theme.border)]
        pad = PAD * fit.size
        middle, end = y + fit.row / 2, right - pad
        figure = look.figure(cell)
        beside = look.id and look.name
        stacked = beside and fit.lines > 1
        drop = fit.small * LEADING / 2 if stacked and figure else 0
        if figure:
            at = middle - drop + CAP * fit.small / 2
            shapes.append(Text(end, at, figure, fit.small, ink, "end"))
        taken = (ems(figure) + APART) * fit.small if figure else 0
        if beside:
            shift = 0 if stacked else self._score
            shapes.append(Text(end - shift, middle + drop + CAP * fit.small / 2, cell.id, fit.small, ink, "end"))
            wide = (ems(cell.id) + APART) * fit.small
            taken = max(taken, wide) if stacked else shift + wide
        main = _main(cell, look)
        if main:
            room = end - taken - left - pad
            size, most, leading = fit.setting(rooms(main, MOST_LINES + 1), room)
            lines = wrap(main, room / size, most)
            at = middle + CAP * size / 2 - (len(lines) - 1) * leading * size / 2
            for line in lines:
                shapes.append(Text(left + pad, at, line, size, ink))
                at += leading * size
        return Group(f"{cell.id}--{tactic}", told(cell), tuple(shapes))

    def _squares(self, squares: Sequence[Cell], tactic: str, x: float, y: float) -> Iterator[Group]:
        row = _SQUARES_ROW * self._fit.row / ROW
        step = min((self._fit.width - PAD * self._fit.size) / SQUARES, row)
        side = step * 0.8
        for number, sub in enumerate(squares):
            at = x + PAD * self._fit.size + number % SQUARES * step
            top = y + number // SQUARES * row + (step - side) * 0.6
            fill = self._look.colors(sub)[0]
            shape = Rect(at, top, side, side, fill, self._theme.rule, 0.35)
            yield Group(f"{sub.id}--{tactic}", told(sub), (shape,))


def _joined(lines: Sequence[Shape]) -> Iterator[Line]:
    """Rules that go on below each other as one."""
    current: Line | None = None
    for line in lines:
        if not isinstance(line, Line):
            continue
        if current is not None and current.x1 == line.x1 and abs(current.y2 - line.y1) < 0.01:
            current = msgspec.structs.replace(current, y2=line.y2)
            continue
        if current is not None:
            yield current
        current = line
    if current is not None:
        yield current
