"""Pages: how large they are, what margins they have, how large text on them is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.output.drawing.options import RenderOptions

MM = 72 / 25.4
"""Points."""

SMALLEST = 5.0
"""No text on a page is smaller, in points."""


class Paper(msgspec.Struct, frozen=True):
    """A paper: its shorter and its longer side and the usual margin in mm, and its text as compared to A4's."""

    short: float
    long: float
    margin: float
    unit: float


PAPERS = {
    "A4": Paper(210, 297, 10, 1),
    "A3": Paper(297, 420, 12, 1.35),
    "letter": Paper(215.9, 279.4, 10, 1),
    "16:9": Paper(190.5, 338.6666667, 9, 1.15),
    "poster": Paper(594, 841, 20, 2.6),
}
FIT = Paper(0, 0, 8, 1)


class Frame(msgspec.Struct, frozen=True):
    """A page to draw on, in points; a height of 0 is as large as is needed, of about `aspect` times its height.

    `headed`: title and description stand on it; they do not where a document says them around the picture.
    """

    width: float
    height: float
    margin: float
    unit: float
    aspect: float
    headed: bool = True

    @property
    def inner_width(self) -> float:
        """Between the margins."""
        return self.width - 2 * self.margin

    @property
    def inner_height(self) -> float:
        """Between the margins."""
        return self.height - 2 * self.margin

    @property
    def is_fit(self) -> bool:
        """Whether the page takes its size from what is on it."""
        return not self.height


def frames(options: RenderOptions) -> Iterator[Frame]:
    """The pages to choose among: both ways round where either will do, landscape first."""
    paper = PAPERS.get(options.page, FIT)
    margin = (paper.margin if options.margin is None else options.margin) * MM
    if paper is FIT:
        yield Frame(0, 0, margin, paper.unit, 0.75 if options.orientation == "portrait" else 1.6)
        return
    short, long = paper.short * MM, paper.long * MM
    if options.orientation != "portrait":
        yield Frame(long, short, margin, paper.unit, long / short)
    if options.orientation == "portrait" or (options.orientation == "auto" and options.page != "16:9"):
        yield Frame(short, long, margin, paper.unit, short / long)
