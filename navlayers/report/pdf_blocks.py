"""The blocks of a document as the template of the PDF takes them: strings, numbers and the names of pictures."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import TYPE_CHECKING, Any

import msgspec

from navlayers.attack import technique_url
from navlayers.layers.palette import value_gradient
from navlayers.render import typeset
from navlayers.render.colours import text_color
from navlayers.render.font import ems
from navlayers.report.bars import bars_drawings
from navlayers.report.column_widths import CHIP, Measured
from navlayers.report.document import Bars, Facts, Numbers, Rows, Subheading, Text
from navlayers.tables import Link
from navlayers.textwidth import plain
from navlayers.weblinks import web_links

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.render.drawing import Drawing
    from navlayers.report.document import Block
    from navlayers.tables import Cell, Column, Table

SMALL, NOTE, BODY, PART = 7.5, 8.5, 9.5, 12.0
"""Sizes of text, in points, as in the template."""

_SMALLEST = 6.5
"""Of tables that are too wide otherwise."""

_FIGURE = 22.0
_GAP = 10.0
_ACROSS = 4
_CARD_GAP = 16.0
_FACT = 0.3
_BREAK = "\u200b"
_TECHNIQUE = re.compile(r"T\d{4}(?:\.\d{3})?", re.ASCII)
_PARTS = re.compile(r"(?<=[/-])(?=[^\W\d])")
"""Where a line may end within a word, by Unicode's line breaking rules (UAX 14)."""

_CATEGORIES = ("protect", "detect", "respond")
_STICKY = 600
"""A paragraph of that many letters or more need not stay with what comes next."""

_WHOLE = 0.6
"""A table that takes less than that share of a page is not parted."""

_MANY = 7
"""A table of more columns is set small."""

_LINE, _PADDING, _RAGGED = 1.25, 8.0, 1.05
_AROUND_BARS = 84
"""Points for the heading and the note of bars."""


class Pictures:
    """The files that a document refers to, and all texts within them."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.texts: set[str] = set()

    def add(self, drawing: Drawing) -> dict[str, Any]:
        """A drawing, as the template takes it."""
        name = f"picture-{len(self.files)}.svg"
        self.files[name] = typeset.svg(drawing)
        self.texts |= typeset.texts([drawing])
        return {"file": name, "alt": drawing.description, "width": drawing.width, "height": drawing.height}


def said(text: str, size: float, room: float) -> str:
    """Text as it may be shown in so much room: its lines, and words that are too long for one may be parted."""
    lines = (
        " ".join(_parted(word, room / size) if ems(word) * size > room else word for word in plain(line).split())
        for line in text.splitlines()
    )
    return "\n".join(lines).strip()


def one_line(text: str, size: float, room: float) -> str:
    """Text as `said`, but in one line as far as there is room."""
    return said(" ".join(text.split()), size, room)


def _parted(word: str, ems_: float) -> str:
    """A word that may be parted anywhere where parting it at hyphens and slashes is not enough."""
    return "".join(part if ems(part) <= ems_ else _loose(part) for part in _PARTS.split(word))


def _loose(part: str) -> str:
    # What stands upon a letter stays with it.
    return "".join(c if not i or unicodedata.combining(c) else _BREAK + c for i, c in enumerate(part))


def blocks(found: Sequence[Block], width: float, height: float, pictures: Pictures) -> Iterator[dict[str, Any]]:
    """All blocks but heatmaps for pages of so much room."""
    level = 2
    for number, block in enumerate(found):
        following = found[number + 1 :]
        match block:
            case Text():
                sticky = any(isinstance(one, Rows | Bars) for one in following[:1]) and len(block.text) < _STICKY
                size = NOTE if block.soft else BODY
                text = said(block.text, size, width)
                yield {"kind": "text", "text": text, "soft": block.soft, "sticky": sticky}
            case Subheading():
                level = 3
                yield {"kind": "subheading", "text": one_line(block.text, PART, width)}
            case Numbers():
                yield from _numbers(block, width)
            case Facts():
                yield {"kind": "facts", **facts(block.items, width)}
            case Rows():
                # A note at the end is not left alone on the last page.
                sticky = any(isinstance(one, Text) and one.soft for one in following) and len(following) == 1
                for part in _parts(block, width):
                    yield {"kind": "rows", "level": level, "sticky": sticky, **_rows(part, width, height)}
            case Bars():
                yield {"kind": "bars", "level": level, **_bars(block, width, height, pictures)}


def facts(items: Sequence[tuple[str, str]], width: float) -> dict[str, Any]:
    """Names and texts beside each other."""
    widest = max((ems(plain(name)) for name, _ in items), default=0) * BODY + 1
    names = min(widest, _FACT * width)
    return {
        "width": names,
        "items": [(said(name, BODY, names), said(text, BODY, width - names - 16)) for name, text in items],
    }


def _numbers(block: Numbers, width: float) -> Iterator[dict[str, Any]]:
    count = len(block.items)
    if not count:
        return
    across = math.ceil(count / math.ceil(count / _ACROSS))
    room = (width - _CARD_GAP * (across - 1)) / across
    size = min(_FIGURE, room / max(1, *(ems(plain(one.value)) * 1.05 for one in block.items)))
    size = max(size, BODY)
    items = [
        {
            "label": one_line(one.label, NOTE, room),
            "value": one_line(one.value, size, room),
            "note": one_line(one.note, SMALL, room),
        }
        for one in block.items
    ]
    yield {"kind": "numbers", "across": across, "size": size, "items": items}


def fits(block: Rows, width: float) -> bool:
    """Whether the table has room on a page of that width."""
    return Measured(block.table).within(width, SMALL, _GAP).fits


def _parts(block: Rows, width: float) -> Iterator[Rows]:
    """The table, or, where it is too wide for the page, parts of it that have its first column in common."""
    table, count = block.table, len(block.table.columns)
    if Measured(table).within(width, _SMALLEST, _GAP).fits or count <= 2:
        yield block
        return
    parts = [table]
    for wanted in range(2, count):
        size = math.ceil((count - 1) / wanted)
        starts = range(1, count, size)
        parts = [_columns(table, [0, *range(start, min(start + size, count))]) for start in starts]
        if all(Measured(part).within(width, SMALL, _GAP).fits for part in parts):
            break
    for number, part in enumerate(parts, 1):
        title = f"{table.title} ({number} of {len(parts)})"
        yield msgspec.structs.replace(block, table=msgspec.structs.replace(part, title=title))


def _columns(table: Table, numbers: Sequence[int]) -> Table:
    rows = tuple(tuple(row[number] for number in numbers) for row in table.rows)
    return msgspec.structs.replace(table, columns=tuple(table.columns[n] for n in numbers), rows=rows)


def _rows(block: Rows, width: float, height: float) -> dict[str, Any]:
    table, size = block.table, SMALL if block.long or len(block.table.columns) > _MANY else NOTE
    measured = Measured(table)
    size = next((s for s in (size, SMALL) if measured.within(width, s, _GAP).fits), _SMALLEST)
    widths = measured.within(width, size, _GAP).columns
    is_low = not block.long and _height(table, widths, size) < _WHOLE * height
    return {
        "whole": is_low,
        "title": one_line(table.title, PART, width),
        "note": one_line(table.note, NOTE, width),
        "size": size,
        "gap": _GAP,
        "chip": max((ems(text) for text in _scores(table)), default=0) * size + CHIP * size,
        "right": [column.right for column in table.columns],
        # A cell is as wide as its text and the halves of the gaps beside it.
        "widths": [w + _GAP / 2 * ((i > 0) + (i < len(widths) - 1)) for i, w in enumerate(widths)],
        "head": [one_line(header, size, room) for header, room in zip(table.headers, widths, strict=True)],
        "rows": [
            [
                _cell(value, said(text, size, room), column)
                for value, text, column, room in zip(row, texts, table.columns, widths, strict=True)
            ]
            for row, texts in zip(table.rows, table.texts, strict=True)
        ],
    }


def _scores(table: Table) -> Iterator[str]:
    kinds = [column.kind for column in table.columns]
    return (text for texts in table.texts for text, kind in zip(texts, kinds, strict=True) if kind == "score")


def _height(table: Table, widths: Sequence[float], size: float) -> float:
    """About how high a table is."""
    rows = (
        max((_lines(text, size, width) for text, width in zip(texts, widths, strict=True)), default=1)
        for texts in [table.headers, *table.texts]
    )
    return sum(lines * _LINE * size + _PADDING for lines in rows)


def _lines(text: str, size: float, width: float) -> int:
    return sum(max(1, math.ceil(ems(line) * size * _RAGGED / width)) for line in text.split("\n"))


def _cell(value: Cell, text: str, column: Column) -> str | dict[str, str]:
    if isinstance(value, str):
        url = _address(value, column)
        return {"text": text, "url": url} if url else text
    if column.kind == "score" and value is not None:
        category = next((one for one in _CATEGORIES if column.header in (one, f"mean {one}")), None)
        fill = value_gradient(category, 100).color(value)
        return {"text": text, "fill": fill, "ink": text_color(fill)}
    return text


def _address(value: str, column: Column) -> str:
    """Where a cell leads to: an address of the web, or the page of a technique."""
    if column.kind == "technique" and not isinstance(value, Link):
        return technique_url(value) if _TECHNIQUE.fullmatch(value) else ""
    url = value.url if isinstance(value, Link) else value
    return url if web_links([url]) == (url,) else ""


def _bars(block: Bars, width: float, height: float, pictures: Pictures) -> dict[str, Any]:
    drawings = bars_drawings(block, width, height - _AROUND_BARS)
    return {
        "title": one_line(block.title, PART, width),
        "note": one_line(block.note, NOTE, width),
        "pictures": [pictures.add(drawing) for drawing in drawings],
    }
