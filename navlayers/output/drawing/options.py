"""Options of rendering, page sizes, and the result."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, get_args

import msgspec

from navlayers._text.wording import or_list
from navlayers.errors import Problem, UsageError, unknown
from navlayers.layer.matrix import Detail

if TYPE_CHECKING:
    from collections.abc import Iterator

Show: TypeAlias = Literal["score", "id", "name"]
Page: TypeAlias = Literal["A4", "A3", "letter", "16:9", "poster", "fit"]
Orientation: TypeAlias = Literal["auto", "portrait", "landscape"]
ThemeName: TypeAlias = Literal["light", "dark", "grey"]

MM = 72 / 25.4
"""Points per millimeter."""

SMALLEST = 5.0
"""The smallest text on any page, in points: the least that prints legibly at 300 dpi."""

_WIDEST_MARGIN = 50
_ZOOMS = (0.1, 16)
_DPI = (10, 1536)


class RenderOptions(msgspec.Struct, frozen=True):
    """How layers are rendered.

    Attributes:
        detail: how much of the matrix; None takes "mini" where the layer asks for it, else "full".
        show: the content of cells; None takes the layer's layout, and the score.
        page: "fit" is one page as large as the matrix needs, "poster" is A1.
        orientation: "auto" takes the more legible one.
        margin: in mm; None for the page's own.
        theme: "grey" is for printers without colors.
        zoom: pixels of a PNG per CSS pixel, which is 1/96 inch.
        dpi: pixels of a PNG per inch; replaces `zoom`.

    Raises:
        UsageError: there is no such choice, or a number is out of range.
    """

    detail: Detail | None = None
    show: tuple[Show, ...] | None = None
    page: Page = "fit"
    orientation: Orientation = "auto"
    margin: float | None = None
    theme: ThemeName = "light"
    zoom: float = 2
    dpi: float | None = None

    def __post_init__(self) -> None:
        problems = [
            *unknown("page", [self.page], get_args(Page)),
            *unknown("orientation", [self.orientation], get_args(Orientation)),
            *unknown("theme", [self.theme], get_args(ThemeName)),
            *unknown("detail", [self.detail] if self.detail is not None else [], get_args(Detail)),
            *unknown("content of cells", self.show or (), get_args(Show)),
            *_out_of_range("margin", self.margin, 0, _WIDEST_MARGIN, "mm"),
            *_out_of_range("zoom", self.zoom, *_ZOOMS),
            *_out_of_range("dpi", self.dpi, *_DPI),
        ]
        if self.show == ():
            problems.append(Problem("show: nothing to show in a cell", expected=or_list(get_args(Show))))
        if problems:
            raise UsageError(problems)

    @property
    def ppi(self) -> float:
        """Pixels of a PNG per inch."""
        return 96 * self.zoom if self.dpi is None else self.dpi


def _out_of_range(name: str, value: float | None, low: float, high: float, unit: str = "") -> list[Problem]:
    if value is None or (math.isfinite(value) and low <= value <= high):
        return []
    return [Problem(f"{name}: {value:g} is out of range", expected=f"{low:g} to {high:g} {unit}".rstrip())]


class Paper(NamedTuple):
    """A paper: sides and default margin in mm, and the size of text relative to A4."""

    short: float
    long: float
    margin: float
    unit: float


# Text grows more slowly than the paper: large pages show more, and are read from farther away. 16:9 is a slide of
# 13.33 × 7.5 inches.
PAPERS = {
    "A4": Paper(210, 297, 10, 1),
    "A3": Paper(297, 420, 12, 1.35),
    "letter": Paper(215.9, 279.4, 10, 1),
    "16:9": Paper(190.5, 338.6666667, 9, 1.15),
    "poster": Paper(594, 841, 20, 2.6),
}
_FIT_MARGIN = 8

# Width by height of a free page: about that of a screen, or of an upright page.
_FIT_LANDSCAPE, _FIT_PORTRAIT = 1.6, 0.75


class Frame(msgspec.Struct, frozen=True):
    """A page to draw on, in points.

    Attributes:
        width: of the page.
        height: of the page; 0 for as high as needed.
        margin: on each side.
        unit: the size of text relative to A4.
        aspect: width by height.
        headed: whether it has title and description, or the document around it has.
        smallest: the least size of the names of techniques.
    """

    width: float
    height: float
    margin: float
    unit: float
    aspect: float
    headed: bool = True
    smallest: float = SMALLEST

    @property
    def inner_width(self) -> float:
        """Width between the margins."""
        return self.width - 2 * self.margin

    @property
    def inner_height(self) -> float:
        """Height between the margins."""
        return self.height - 2 * self.margin

    @property
    def is_fit(self) -> bool:
        """Whether the page is as large as its content."""
        return not self.height


def frames(options: RenderOptions) -> Iterator[Frame]:
    """The candidate pages: landscape first, then portrait if the orientation is "auto"."""
    paper = PAPERS.get(options.page)
    if paper is None:
        margin = _FIT_MARGIN if options.margin is None else options.margin
        aspect = _FIT_PORTRAIT if options.orientation == "portrait" else _FIT_LANDSCAPE
        yield Frame(0, 0, margin * MM, 1, aspect)
        return
    margin = (paper.margin if options.margin is None else options.margin) * MM
    short, long = paper.short * MM, paper.long * MM
    if options.orientation != "portrait":
        yield Frame(long, short, margin, paper.unit, long / short)
    if options.orientation == "portrait" or (options.orientation == "auto" and options.page != "16:9"):
        yield Frame(short, long, margin, paper.unit, short / long)


class Rendered(msgspec.Struct, frozen=True):
    """The bytes of one file, and notices about its content."""

    data: bytes
    notices: tuple[Problem, ...] = ()
