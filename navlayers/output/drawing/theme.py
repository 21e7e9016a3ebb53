"""The look of cells: theme colors, labels, scores, tooltips."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from navlayers._text.lines import single_line
from navlayers._text.numbers import rounded
from navlayers.layer.contrast import dark, gray, text_color
from navlayers.layer.view import COMMENTED

if TYPE_CHECKING:
    from collections.abc import Callable

    from navlayers.layer.matrix import Cell

OFF = "×"
"""The mark of disabled cells, in place of a score."""

# The longest comment in a tooltip, in letters.
_COMMENT = 300
_LARGE = 1e6
_SIZES = ((1e6, "M"), (1e9, "B"), (1e12, "T"))


class Theme(msgspec.Struct, frozen=True):
    """Colors as `#rrggbb`; text has at least 4.5:1 on its background.

    `ink` and `muted` are on `page`, `quiet` on cells without a score, `off` on disabled ones. `grays`: colors are
    drawn in gray; `dark`: as `layer.colors.dark` has them.
    """

    page: str
    ink: str
    muted: str
    border: str
    rule: str
    unscored: str
    quiet: str
    disabled: str
    off: str
    grays: bool = False
    dark: bool = False

    def paint(self, color: str) -> str:
        """A layer's color as the theme draws it."""
        return gray(color) if self.grays else dark(color) if self.dark else color


_LIGHT = Theme(
    page="#ffffff",
    ink="#1a1a1a",
    muted="#595959",
    border="#d0d3d8",
    rule="#a9aeb6",
    unscored="#ffffff",
    quiet="#666666",
    disabled="#ececec",
    off="#616161",
)
THEMES = {
    "light": _LIGHT,
    "dark": Theme(
        page="#12151a",
        ink="#f2f3f5",
        muted="#a9b0ba",
        border="#39404b",
        rule="#5b6472",
        unscored="#1a1e25",
        quiet="#98a0ac",
        disabled="#2b313a",
        off="#a4abb6",
        dark=True,
    ),
    "grey": msgspec.structs.replace(
        _LIGHT, border="#d2d2d2", rule="#aaaaaa", muted="#575757", disabled="#ffffff", grays=True
    ),
}
"""Name → theme."""


class Look(msgspec.Struct, frozen=True):
    """The content of cells, and their colors.

    Attributes:
        theme: the colors.
        score: whether cells show scores.
        id: whether cells show ids.
        name: whether cells show names.
        squares: whether sub-techniques are small squares below their technique.
        letters: color → the letter that marks it in gray print.
        mark: drawn in cells that are annotated with neither score nor color.
    """

    theme: Theme
    score: bool
    id: bool
    name: bool
    squares: bool = False
    letters: dict[str, str] = {}
    mark: str = COMMENTED

    def letter(self, color: str) -> tuple[str, str]:
        """The letter that marks a color, and the color to write it in; "" for no letter."""
        letter = self.letters.get(color, "")
        return letter, text_color(self.theme.paint(color)) if letter else ""

    def figure(self, cell: Cell) -> str:
        """The text at the right of a cell."""
        if not cell.enabled:
            return OFF
        letter = self.letter_of(cell)
        if self.score and cell.score is not None:
            return f"{letter} {figure(cell.score)}" if letter else figure(cell.score)
        if cell.color:
            return letter
        return self.mark if cell.annotation.annotated else ""

    def letter_of(self, cell: Cell) -> str:
        """The letter that marks a cell's own color; "" for no letter."""
        own = cell.annotation.color
        return self.letters.get(own, "") if own and cell.enabled else ""

    def label(self, cell: Cell) -> str:
        """The text at the left of a cell: id, name, or both."""
        return f"{cell.id * self.id} {single_line(cell.name) * self.name}".strip()

    def subtechniques(self, cell: Cell) -> tuple[Cell, ...]:
        """The sub-techniques that are cells below a technique."""
        return () if self.squares else cell.shown

    def small(self, cell: Cell) -> tuple[Cell, ...]:
        """The sub-techniques that are small squares below a technique: the closed ones, or all."""
        return (cell.shown if self.squares else ()) or cell.closed

    def colors(self, cell: Cell) -> tuple[str, str]:
        """The fill of a cell and the color of the text on it."""
        theme = self.theme
        if not cell.enabled:
            return theme.disabled, theme.off
        if cell.color:
            fill = theme.paint(cell.color)
            return fill, text_color(fill)
        return theme.unscored, theme.ink if cell.annotation.annotated else theme.quiet


def tip_lines(cell: Cell, written: Callable[[float], object]) -> list[str]:
    """The first lines of a tooltip: id and name, the score as it is `written`, whether the cell is disabled."""
    score = [] if cell.score is None else [f"score {written(cell.score)}"]
    return [f"{cell.id} {cell.name}", *score, *([] if cell.enabled else ["disabled"])]


@lru_cache(maxsize=1 << 12)
def figure(score: float) -> str:
    """A score as cells show it: at most two decimals, from a million on as 1.2M."""
    text = str(rounded(score)) if abs(score) < _LARGE else _short(score)
    return text.replace("-", "−")


def _short(score: float) -> str:
    for size, sign in _SIZES:
        if abs(score) < size * 999.5:
            shown = f"{score / size:.1f}" if abs(score) < size * 99.95 else f"{score / size:.0f}"
            return shown.removesuffix(".0") + sign
    return f"{score:.1e}".replace("e+", "e")


def tooltip(cell: Cell) -> str:
    """The tooltip of a cell."""
    lines = tip_lines(cell, rounded)
    if cell.annotation.comment:
        comment = single_line(cell.annotation.comment, 2 * _COMMENT)
        lines.append(comment if len(comment) <= _COMMENT else f"{comment[: _COMMENT - 1]}…")
    return "\n".join(lines)
