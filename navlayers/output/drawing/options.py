"""How layers are drawn: how much of them, on which page, in which colours."""

from __future__ import annotations

import math
from typing import Literal, TypeAlias, get_args

import msgspec

from navlayers._text import one_of, shown
from navlayers.errors import Problem, UsageError
from navlayers.layer.matrix import Detail

Show: TypeAlias = Literal["score", "id", "name"]
Page: TypeAlias = Literal["A4", "A3", "letter", "16:9", "poster", "fit"]
Orientation: TypeAlias = Literal["auto", "portrait", "landscape"]
ThemeName: TypeAlias = Literal["light", "dark", "grey"]

_WIDEST_MARGIN = 50
_SCALES = (0.1, 16)
_DPI = (10, 1536)
_CHOICES = {"page": Page, "orientation": Orientation, "theme": ThemeName}


class RenderOptions(msgspec.Struct, frozen=True):
    """Options of drawing.

    `detail`: None takes "mini" where the layer asks for it, else "full". `show`: what stands in a cell; None takes
    what the layer's layout shows, and the score. `page`: "fit" is one page as large as the matrix needs, "poster"
    is A1. `margin` is in mm; None is the page's own. `scale` is pixels of a PNG per CSS pixel, which is 1/96 inch;
    `dpi`, where it is given, says the same in pixels per inch.

    Raises:
        UsageError: there is no such choice, or a number is out of range.
    """

    detail: Detail | None = None
    show: tuple[Show, ...] | None = None
    page: Page = "fit"
    orientation: Orientation = "auto"
    margin: float | None = None
    theme: ThemeName = "light"
    scale: float = 2
    dpi: float | None = None

    def __post_init__(self) -> None:
        for name, kind in _CHOICES.items():
            _check_choice(name, getattr(self, name), get_args(kind))
        if self.detail is not None:
            _check_choice("detail", self.detail, get_args(Detail))
        for one in self.show or ():
            _check_choice("show", one, get_args(Show))
        if self.show == ():
            raise UsageError(Problem("show: nothing is to stand in a cell", expected=one_of(get_args(Show))))
        _check_number("margin", self.margin, 0, _WIDEST_MARGIN, "mm")
        _check_number("scale", self.scale, *_SCALES)
        _check_number("dpi", self.dpi, *_DPI)

    @property
    def ppi(self) -> float:
        """Pixels of a PNG per inch."""
        return 96 * self.scale if self.dpi is None else self.dpi


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise UsageError(Problem(f"{name}: there is no {shown(str(value))}", expected=one_of(choices)))


def _check_number(name: str, value: float | None, low: float, high: float, unit: str = "") -> None:
    if value is not None and not (math.isfinite(value) and low <= value <= high):
        expected = f"{low:g} to {high:g} {unit}".rstrip()
        raise UsageError(Problem(f"{name}: {value:g} is out of range", expected=expected))
