"""Heatmaps on pages of their own, the longer side across."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from navlayers._text import clean
from navlayers.output.drawing.font import ems
from navlayers.output.drawing.options import MM, PAPERS, Frame, RenderOptions
from navlayers.output.drawing.pictures import draw_alike
from navlayers.output.drawing.shapes import Drawing, Group, Text
from navlayers.output.paper import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.output.document import Figure, Paper
    from navlayers.output.pdf.blocks import Materials

_MARGIN = {"x": 28.0, "top": 56.0, "bottom": 32.0}


def heatmap_pages(heatmaps: Sequence[Figure], paper: Paper, materials: Materials) -> Iterator[dict[str, Any]]:
    """The pages of all heatmaps as the template takes them, laid out alike."""
    sheet = PAPERS[paper]
    width = sheet.long * MM - 2 * _MARGIN["x"]
    height = sheet.short * MM - _MARGIN["top"] - _MARGIN["bottom"]
    frame = Frame(width, height, 0, sheet.unit, width / height)
    views = [
        msgspec.structs.replace(heatmap.view, name=heatmap.title, description=heatmap.caption)
        for heatmap in heatmaps
    ]
    options = RenderOptions(page=paper, orientation="landscape")
    drawn = draw_alike(views, options, frame)
    for heatmap, (drawing, _) in zip(heatmaps, drawn, strict=True):
        yield _page(heatmap, drawing, materials)


def _page(heatmap: Figure, drawing: Drawing, materials: Materials) -> dict[str, Any]:
    """A heatmap whose title is a heading of the document rather than a part of the picture."""
    titles = [shape for group in drawing.groups if group.id == "header" for shape in _titles(group)]
    room = max(ems(title.text) * title.size for title in titles) + 1
    size = titles[0].size
    groups = tuple(_without(group, titles) if group.id == "header" else group for group in drawing.groups)
    told = f"{clean(heatmap.caption)} {drawing.description}".lstrip()
    picture = msgspec.structs.replace(drawing, groups=groups, description=told, background="none")
    return {
        "kind": "heatmap",
        "level": 2,
        # As much of it as the picture has room for.
        "title": one_line(" ".join(title.text for title in titles), size, room),
        "title_size": size,
        "title_width": room,
        "margin": _MARGIN,
        **materials.add(picture),
    }


def _titles(group: Group) -> Iterator[Text]:
    return (shape for shape in group.shapes if isinstance(shape, Text) and shape.strong)


def _without(group: Group, titles: Sequence[Text]) -> Group:
    return msgspec.structs.replace(group, shapes=tuple(shape for shape in group.shapes if shape not in titles))
