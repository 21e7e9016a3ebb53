"""The blocks of a document as data for the PDF template: strings, numbers, file names of pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from navlayers._text.lines import printable, single_line
from navlayers.layer.contrast import text_color
from navlayers.layer.ramps import UNCOVERED
from navlayers.output.document import Chart, Facts, Heading, Note, Numbers, Paragraph
from navlayers.output.drawing import typeset
from navlayers.output.drawing.charts import draw
from navlayers.output.drawing.font import ems, paragraph
from navlayers.output.paper import (
    CHIP,
    MeasuredTables,
    breakable_line,
    breakable_text,
    heatmaps,
    heights,
    is_sticky,
    one_line,
    parts,
)
from navlayers.output.tables import Table, address_of, fill_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.output.document import Block, Figure
    from navlayers.output.drawing.shapes import Drawing
    from navlayers.output.paper import Measured
    from navlayers.output.tables import Cell, Column

SMALL, NOTE, BODY, PART, TITLE = 7.5, 8.5, 9.5, 12.0, 15.0
"""Sizes of text, in points, as in the template."""

CHART = 484.0
"""The most width of a chart: that of upright pages."""

_SMALLEST = 6.5
"""The size of text in tables that are too wide otherwise."""

_FIGURE = 22.0
_GAP = 10.0
_CARD_GAP = 16.0
_FACT = 0.3
_WHOLE = 0.4
"""A table that takes a smaller share of a page than this stays on one page."""

_MANY = 7
"""A table with more columns has small text."""

_PADDING = 8.0
_AROUND_HEATMAP, _TITLE_LINES, _CAPTION_LINES = 20.0, 2, 4
"""Points around the title and the caption of a heatmap, and their most lines."""


class Materials:
    """The parts of a document: picture files, all texts in them, measured tables."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.texts: set[str] = set()
        self.tables = MeasuredTables()

    def add(self, drawing: Drawing) -> dict[str, Any]:
        """Add a drawing; return its data for the template."""
        name = f"picture-{len(self.files)}.svg"
        self.files[name] = typeset.svg(drawing)
        self.texts |= typeset.texts([drawing])
        return {"file": name, "alt": drawing.description, "width": drawing.width, "height": drawing.height}


def blocks(
    flow: Sequence[Block], level: int, width: float, height: float, materials: Materials
) -> Iterator[dict[str, Any]]:
    """All blocks except heatmaps for pages with `width` and `height` points; `level`: of the first heading."""
    for number, block in enumerate(flow):
        following = flow[number + 1 :]
        match block:
            case Paragraph() | Note():
                sticky = is_sticky(block, next(iter(following), None))
                soft = isinstance(block, Note)
                text = breakable_text(block.text, NOTE if soft else BODY, width)
                yield {"kind": "text", "text": text, "soft": soft, "sticky": sticky}
            case Heading():
                level = 3
                yield {"kind": "subheading", "text": one_line(block.text, PART, width)}
            case Numbers():
                yield from numbers(block, width)
            case Facts():
                yield {"kind": "facts", **facts(block.texts, width)}
            case Chart():
                yield {
                    "kind": "chart",
                    "level": level,
                    "title": one_line(block.title, PART, width),
                    "caption": breakable_text(block.caption, BODY, width),
                    **materials.add(
                        msgspec.structs.replace(draw(block, min(width, CHART), NOTE), background="none")
                    ),
                }
            case Table():
                # A last line is never alone on its page.
                sticky = len(following) == 1 and isinstance(following[0], Paragraph | Note)
                for part in _parts(block, width, materials):
                    rows = _rows(part, materials.tables.measures(part), width, height)
                    yield {"kind": "rows", "level": level, "sticky": sticky, **rows}


def facts(items: Sequence[tuple[str, str]], width: float) -> dict[str, Any]:
    """Names and texts, side by side."""
    widest = max((ems(printable(name)) for name, _ in items), default=0) * BODY + 1
    names = min(widest, _FACT * width)
    return {
        "width": names,
        "items": [
            (breakable_text(name, BODY, names), breakable_text(text, BODY, width - names - 16))
            for name, text in items
        ],
    }


def numbers(block: Numbers, width: float) -> Iterator[dict[str, Any]]:
    """Key figures with their title; nothing without any."""
    if not block.items:
        return
    beside = block.across
    room = (width - _CARD_GAP * (beside - 1)) / beside
    # A name is smaller than the figures beside it, instead of making them small.
    sizes = [max(min(_FIGURE, room / max(1, ems(printable(item.value)) * 1.05)), BODY) for item in block.items]
    common = min((size for size, item in zip(sizes, block.items, strict=True) if not item.marked), default=_FIGURE)
    sizes = [min(size, common) for size in sizes]
    items = [
        {
            "label": one_line(item.label, NOTE, room),
            "value": one_line(item.value, size, room),
            "size": size,
            "note": one_line(item.note, SMALL, room),
            "line": UNCOVERED if item.marked else "",
        }
        for item, size in zip(block.items, sizes, strict=True)
    ]
    title = one_line(block.title, NOTE, width)
    yield {"kind": "numbers", "title": title, "across": beside, "size": max(sizes), "items": items}


def fits(block: Table, width: float, materials: Materials) -> bool:
    """Whether the table fits on a page of that width."""
    return materials.tables.measures(block).fits(width, SMALL, _GAP)


def _parts(block: Table, width: float, materials: Materials) -> Iterator[Table]:
    """The table, or its parts if it is too wide for the page."""
    tables = materials.tables
    if tables.measures(block).fits(width, _SMALLEST, _GAP):
        yield block
        return
    split = list(parts(block, lambda table: tables.measures(table).fits(width, SMALL, _GAP)))
    for number, table in enumerate(split, 1):
        title = f"{table.title} ({number} of {len(split)})" if len(split) > 1 else table.title
        yield msgspec.structs.replace(table, title=title)


def _rows(block: Table, measured: Measured, width: float, height: float) -> dict[str, Any]:
    table, size = block, SMALL if block.long or len(block.columns) > _MANY else NOTE
    size = next((s for s in (size, SMALL) if measured.fits(width, s, _GAP)), _SMALLEST)
    widths = measured.widths(width, size, _GAP)
    figures = (
        ems(line)
        for row in measured.texts
        for lines, column in zip(row, table.columns, strict=True)
        for line in lines
        if column.kind == "score"
    )
    return {
        "whole": not block.long and sum(heights(measured, widths, size, _PADDING)) < _WHOLE * height,
        "title": one_line(table.title, PART, width),
        "note": one_line(table.note, NOTE, width),
        "size": size,
        "gap": _GAP,
        "chip": (max(figures, default=0) + CHIP) * size,
        "right": [column.right for column in table.columns],
        # A cell includes half of the gaps at its sides.
        "widths": [w + _GAP / 2 * ((i > 0) + (i < len(widths) - 1)) for i, w in enumerate(widths)],
        "head": [one_line(header, size, room) for header, room in zip(table.headers, widths, strict=True)],
        "rows": [
            [
                _cell(value, "\n".join(breakable_line(line, size, room) for line in lines), column)
                for value, lines, column, room in zip(row, texts, table.columns, widths, strict=True)
            ]
            for row, texts in zip(table.rows, measured.texts, strict=True)
        ],
    }


def _cell(value: Cell, text: str, column: Column) -> str | dict[str, str]:
    if url := address_of(value, column):
        return {"text": text, "url": url}
    fill = fill_of(value, column)
    return {"text": text, "fill": fill, "ink": text_color(fill)} if fill else text


def heatmap_pages(figures: Sequence[Figure], width: float, height: float, materials: Materials) -> Iterator[Any]:
    """Pages of heatmaps of a size in points, each with its title and caption, shortened if necessary."""
    titles = [paragraph(single_line(figure.title), 0.98 * width / TITLE, _TITLE_LINES) for figure in figures]
    captions = [paragraph(single_line(figure.caption), 0.98 * width / NOTE, _CAPTION_LINES) for figure in figures]
    above = _AROUND_HEATMAP + 1.3 * (
        TITLE * max(map(len, titles), default=1) + NOTE * max(map(len, captions), default=1)
    )
    drawings = heatmaps(figures, width, height - above)
    for figure, title, caption, drawing in zip(figures, titles, captions, drawings, strict=True):
        alt = f"{single_line(figure.caption)} {drawing.description}".lstrip()
        picture = msgspec.structs.replace(drawing, description=alt, background="none")
        yield {
            "kind": "heatmap",
            "level": 2,
            "title": one_line(" ".join(title), TITLE, width),
            "caption": breakable_text(" ".join(caption), NOTE, width),
            **materials.add(picture),
        }
