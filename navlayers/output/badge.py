"""A badge: what share of ATT&CK a layer covers, in a line for the README of a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text.lines import single_line
from navlayers.layer.contrast import text_color
from navlayers.layer.ramps import RAMPS
from navlayers.output.drawing.font import CAP, ems
from navlayers.output.drawing.options import Rendered
from navlayers.output.drawing.shapes import Drawing, Group, Rect, Shape, Text, to_svg
from navlayers.output.drawing.summary import summary_of

if TYPE_CHECKING:
    from navlayers.layer.view import View

_LABEL = "ATT&CK"

# In points, 3/4 of a pixel: the badges beside it in a README are 20 pixels high, with text of 11.
_HEIGHT, _SIZE, _PAD = 15.0, 8.25, 4.5
_DARK = "#444444"
# Machines without Helvetica and its like draw the text in a font that is wider by up to this factor.
_WIDER = 1.17


def render_badge(view: View) -> Rendered:
    """The badge of a layer as SVG."""
    return Rendered(to_svg(_drawing(view)))


def _drawing(view: View) -> Drawing:
    """The label, and the share with the release: "ATT&CK | 44% · 16.1"; of threats and counts with "mapped"."""
    summary = summary_of(view)
    scope = f" ({single_line(view.catalogue.scope)})" if view.catalogue.scope else ""
    covers = summary.word == "covered"
    value = f"{summary.number if covers else f'{summary.number} {summary.word}'} · {view.catalogue.version}{scope}"
    shapes: list[Shape] = []
    left = 0.0
    for text, fill in ((_LABEL, _DARK), (value, RAMPS["overall" if covers else "count"][2])):
        width = ems(text) * _SIZE * _WIDER + 2 * _PAD
        base = _HEIGHT / 2 + CAP * _SIZE / 2
        shapes += [
            Rect(left, 0, width, _HEIGHT, fill),
            Text(left + width / 2, base, text, _SIZE, text_color(fill), "middle"),
        ]
        left += width
    title = f"{_LABEL}: {summary.number} {summary.words}"
    return Drawing(
        left,
        _HEIGHT,
        title,
        f"{single_line(view.name)}: {summary.counts}",
        _DARK,
        (Group("badge", title, tuple(shapes)),),
    )
