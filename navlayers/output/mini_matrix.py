"""The matrix of a layer as a picture of half-blocks for a terminal: a square per technique."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from navlayers._text.numbers import percent_text
from navlayers.layer.contrast import dark
from navlayers.layer.matrix import HEADING, matrix_of
from navlayers.layer.ramps import UNCOVERED
from navlayers.layer.view import TECHNIQUES
from navlayers.output.cube_ramps import cube_color
from navlayers.output.terminal import CUBE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.layer.matrix import Cell, Column
    from navlayers.layer.view import View
    from navlayers.output.terminal import Terminal

NARROWEST, WIDEST = 3, 8
"""Minimum and maximum squares in a row of a tactic: a percentage needs three columns."""

_EMPTY, _EMPTY_ON_LIGHT = "#2b2f36", "#d0d3d8"
"""Squares without a color: between the background and the lowest score, so that contrast rises with the score."""

_BLOCKS = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): "·"}
_SHARED = ("and", "of")

_WIDE = 80
"""Columns from which on there is a line for what the squares are."""


def lines(view: View, terminal: Terminal) -> list[str]:
    """The lines of the picture: tactics, squares, shares, legend; none where the terminal is too narrow.

    A technique without a color of its own has that of its strongest sub-technique. Without colors, a square is
    filled if the technique is covered. Colors are those of dark pages unless the terminal is known to be light.

    Args:
        view: the layer.
        terminal: its width has to be known.
    """
    columns = matrix_of(view).columns
    if not terminal.drawing or not columns or terminal.width is None:
        return []
    wide = min((terminal.width + 1) // len(columns) - 1, WIDEST)
    if wide < NARROWEST:
        return []
    color = color_of if terminal.colors >= CUBE else _covered
    colors = [[color(cell) for cell in column.cells] for column in columns]
    depth = max(math.ceil(len(cells) / wide) for cells in colors)
    drawn = [_rows(column, wide, depth, terminal) for column in colors]
    heads = " ".join(label(column.name, wide).ljust(wide) for column in columns)
    shares = " ".join(_share(column, wide).ljust(wide) for column in columns)
    return [
        terminal.tone(heads.rstrip(), "dim"),
        *(" ".join(row).rstrip() for row in zip(*drawn, strict=True)),
        terminal.tone(shares.rstrip(), "dim"),
        *_legend(view, terminal, empty=any(not color_of(cell) for column in columns for cell in column.cells)),
        *_meaning(view, terminal),
    ]


def label(tactic: str, width: int) -> str:
    """The name of a tactic, cut to a width: the starts of its words, such as "ReDe" for Resource Development."""
    words = [word for word in tactic.split() if word not in _SHARED]
    if len(tactic) <= width:
        return tactic
    each = max(width // len(words), 1)
    return "".join(word[:each] for word in words)[:width]


def _share(column: Column, width: int) -> str:
    if not column.total:
        return "–"
    text = percent_text(column.mapped, column.total).replace(" ", "")
    return text if len(text) <= width else text.rstrip("%")


def _shown(cell: Cell) -> Cell:
    """The technique, or its strongest sub-technique if it has no color of its own."""
    if cell.color or not (cell.enabled or cell.annotation == HEADING):
        return cell
    return max((sub for sub in cell.subtechniques if sub.color), key=lambda sub: sub.score or 0, default=cell)


def color_of(cell: Cell) -> str:
    """The color of a technique, or that of its strongest sub-technique if it has none; "" for none."""
    return _shown(cell).color


def hides_open(cell: Cell) -> bool:
    """Whether sub-techniques of a technique are not covered, which its color does not show."""
    return color_of(cell) != UNCOVERED and any(sub.color == UNCOVERED for sub in cell.subtechniques)


def _covered(cell: Cell) -> str:
    """The color of a covered technique; "" for colors of their own that stand for what is not covered."""
    shown = _shown(cell)
    own = shown.annotation.color
    return "" if own and (own == UNCOVERED or shown.annotation.score == 0) else shown.color


def _rows(colors: Sequence[str], wide: int, depth: int, terminal: Terminal) -> Iterator[str]:
    """The lines of one tactic, two rows of squares each; techniques run from left to right."""
    grid: list[list[str | None]] = [list(colors[start : start + wide]) for start in range(0, len(colors), wide)]
    grid += [[]] * (depth + depth % 2 - len(grid))
    rows = [[*row, *[None] * (wide - len(row))] for row in grid]
    empty = _EMPTY_ON_LIGHT if terminal.light else _EMPTY
    for upper, lower in zip(rows[::2], rows[1::2], strict=True):
        yield "".join(_block(up, low, empty, terminal) for up, low in zip(upper, lower, strict=True))


def _block(up: str | None, low: str | None, empty: str, terminal: Terminal) -> str:
    """Two squares above each other; None: no technique there, "": one without a color."""
    if up is None and low is None:
        return " "
    if terminal.colors < CUBE:
        return _BLOCKS[bool(up), bool(low)]
    if up is None or low is None:
        return terminal.paint("▄" if up is None else "▀", _on(terminal, (low if up is None else up)) or empty)
    return terminal.paint("▀", _on(terminal, up) or empty, _on(terminal, low) or empty)


def _on(terminal: Terminal, color: str | None) -> str:
    """A color on the background of a terminal."""
    if not color:
        return ""
    step = cube_color(color, light=terminal.light) if terminal.colors == CUBE else ""
    return step or (color if terminal.light else dark(color))


def _meaning(view: View, terminal: Terminal) -> Iterator[str]:
    """One line where windows are wide, and so answers short: what squares and percentages are."""
    word = view.unscored.removeprefix("not ") or "covered"
    counted = view.ratios.counted if view.ratios else f"{TECHNIQUES} {word}"
    width = terminal.width or 0
    if width >= _WIDE:
        line = f"A square per technique; below, % of {counted}"
        yield terminal.tone(line if len(line) <= width else f"Below: % of {counted}", "dim")


def _legend(view: View, terminal: Terminal, *, empty: bool) -> Iterator[str]:
    """One line: what the colors mean, as far as it fits; `empty`: some squares have none."""
    without = [(view.unscored or "not covered", "")] if empty else []
    items = [*((item.label, item.color) for item in view.legend), *without]
    if terminal.colors < CUBE:
        names = [text for text, _ in items if text.startswith("not ")]
        dots = f", · {' or '.join(names)}" if names else ""
        yield terminal.tone(f"█ mapped or scored{dots}", "dim")
        return
    line, room = "", terminal.width or 0
    for text, color in items:
        room -= len(text) + 4
        if room < 0:
            break
        mark = terminal.paint("■", _on(terminal, color) or (_EMPTY_ON_LIGHT if terminal.light else _EMPTY))
        line += f"{mark} {text}  "
    yield line.rstrip()
