"""Tables of a document of Word: rows of results, figures beside each other, names with what there is to say."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers.attack import technique_url
from navlayers.layers.palette import value_gradient
from navlayers.render.colours import text_color
from navlayers.render.font import ems
from navlayers.report.column_widths import Measured
from navlayers.report.docx.xml import escaped, linked, paragraph, run, said, sized, twips
from navlayers.tables import Link
from navlayers.textwidth import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.report.column_widths import Widths
    from navlayers.report.document import Number, Numbers, Rows
    from navlayers.report.docx.package import Package
    from navlayers.tables import Cell, Column, Kind, Table

_TECHNIQUE = re.compile(r"T\d{4}(?:\.\d{3})?", re.ASCII)
_WEB = re.compile(r"https?://\S+", re.ASCII)
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_RIGHT = '<w:jc w:val="right"/>'
_CATEGORIES = ("protect", "detect", "respond")
_GAP = 8.0
"""Between the texts of columns, half of it at either side of each, in points."""

_LEADING, _RAGGED = 1.25, 1.05
_TALLEST = 240.0
"""Rows that may be higher, in points, may be parted over pages: higher than a page, they would be cut off."""

_APART = '<w:spacing w:after="200"/>'
_MOST_LEADING = 2
_SHORTEST_PARTED = 12
_MOST_BESIDE = 4
_NUMBER, _BOLD = 22.0, 1.1
_FACT, _WIDEST_NAME, _FACT_GAP = 9.5, 150.0, 20.0


class _Look(NamedTuple):
    """Styles of a table's texts, and the size of the text in points."""

    text: str
    head: str
    size: float


_USUAL, _SMALL = _Look("TableText", "TableHead", 9), _Look("TableSmall", "TableSmallHead", 7.5)


def fits(block: Rows, room: float) -> bool:
    """Whether the words of a table, set small, are whole in so much room, in points."""
    return _widths(block.table, _SMALL, room).fits


def _widths(table: Table, look: _Look, room: float) -> Widths:
    """Of columns without what is left and right of their texts."""
    return Measured(table).within(room - _GAP, look.size, _GAP)


def rows_of(block: Rows, room: float, package: Package) -> Iterator[str]:
    """A table and its note, without its title; one that is too wide is set small, and goes on below."""
    look = _USUAL if not block.long and _widths(block.table, _USUAL, room).fits else _SMALL
    for number, table in enumerate(_parts(block.table, look, room)):
        if number:
            yield paragraph("Gap", "")
        yield _Rows(table, look, room, package).xml()
    yield said("Note", block.table.note) if block.table.note else paragraph("Gap", "")


def _parts(table: Table, look: _Look, room: float) -> Iterator[Table]:
    """The columns in as many tables as it takes for words to be whole, each with what the rows are about."""
    if _widths(table, look, room).fits:
        yield table
        return
    first = min(next((i for i, column in enumerate(table.columns) if column.right), 1), _MOST_LEADING) or 1
    lead, rest = list(range(first)), list(range(first, len(table.columns)))
    while rest:
        taken = 1
        while taken < len(rest) and _widths(_part(table, lead + rest[: taken + 1]), look, room).fits:
            taken += 1
        yield _part(table, lead + rest[:taken])
        rest = rest[taken:]


def _part(table: Table, numbers: Sequence[int]) -> Table:
    return msgspec.structs.replace(
        table,
        columns=tuple(table.columns[number] for number in numbers),
        rows=tuple(tuple(row[number] for number in numbers) for row in table.rows),
    )


class _Rows:
    """A table that has room on its page."""

    def __init__(self, table: Table, look: _Look, room: float, package: Package) -> None:
        self._table, self._look, self._package = table, look, package
        self._texts = _widths(table, look, room).columns
        self._wide = [width + _GAP for width in self._texts]
        self._cells = [f'<w:tcW w:w="{twips(width)}" w:type="dxa"/>' for width in self._wide]
        self._aligned = [_RIGHT if column.right else "" for column in table.columns]

    def xml(self) -> str:
        """The table."""
        texts = self._table.texts
        rows = [self._head()]
        for number, (row, cells) in enumerate(zip(texts, self._table.rows, strict=True)):
            # A short table stays on one page, if it has room on one.
            kept = len(texts) <= _SHORTEST_PARTED and number + 1 < len(texts)
            rows.append(self._row(row, cells, "<w:keepNext/>" if kept else ""))
        return _framed("Figures", self._wide, rows, self._table.title)

    def _head(self) -> str:
        columns = zip(self._cells, self._table.columns, self._aligned, strict=True)
        cells = "".join(
            f'<w:tc><w:tcPr>{cell}<w:vAlign w:val="bottom"/></w:tcPr>'
            f"{said(self._look.head, column.header, right)}</w:tc>"
            for cell, column, right in columns
        )
        return f"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{cells}</w:tr>"

    def _row(self, texts: Sequence[str], values: Sequence[Cell], kept: str) -> str:
        columns = zip(texts, values, self._cells, self._table.columns, self._aligned, strict=True)
        cells = "".join(
            self._cell(text, value, cell, column, kept + right) for text, value, cell, column, right in columns
        )
        size = self._look.size
        high = max(_lines(text, size, width) for text, width in zip(texts, self._texts, strict=True))
        split = "" if high * size * _LEADING > _TALLEST else "<w:trPr><w:cantSplit/></w:trPr>"
        return f"<w:tr>{split}{cells}</w:tr>"

    def _cell(self, text: str, value: Cell, width: str, column: Column, properties: str) -> str:
        fill = _fill(value, column)
        ink = f'<w:color w:val="{text_color(fill)[1:].upper()}"/>' if fill else ""
        shade = f'<w:shd w:val="clear" w:color="auto" w:fill="{fill[1:].upper()}"/>' if fill else ""
        url = _url(text, column.kind)
        relation = self._package.link(url) if url else None
        inner = run(text, ink) if relation is None else linked(text, relation)
        return f"<w:tc><w:tcPr>{width}{shade}</w:tcPr>{paragraph(self._look.text, inner, properties)}</w:tc>"


def _fill(value: Cell, column: Column) -> str:
    """The colour of a cell as `#rrggbb`: that of its score, or the one that it names; "" for none."""
    if column.kind == "score" and value is not None and not isinstance(value, str):
        category = next((one for one in _CATEGORIES if one in column.header), None)
        return value_gradient(category, 100).color(value)
    is_color = column.kind == "color" and isinstance(value, str) and _COLOR.fullmatch(value)
    return value.lower() if is_color and isinstance(value, str) else ""


def _url(text: str, kind: Kind) -> str:
    if isinstance(text, Link):
        return text.url
    if kind == "technique":
        return technique_url(text) if _TECHNIQUE.fullmatch(text) else ""
    return text if _WEB.fullmatch(text) else ""


def _lines(text: str, size: float, width: float) -> int:
    """About how many lines a text takes."""
    return sum(max(1, math.ceil(ems(line) * size * _RAGGED / width)) for line in text.splitlines()) or 1


def _framed(style: str, wide: Sequence[float], rows: Sequence[str], title: str = "", *, head: bool = True) -> str:
    grid = "".join(f'<w:gridCol w:w="{twips(width)}"/>' for width in wide)
    told = f'<w:tblCaption w:val="{escaped(" ".join(title.split()))}"/>' if title else ""
    look = (
        f'<w:tblLook w:val="{"0020" if head else "0000"}" w:firstRow="{head:d}" w:lastRow="0" w:firstColumn="0" '
        'w:lastColumn="0" w:noHBand="0" w:noVBand="0"/>'
    )
    total = sum(map(twips, wide))
    return (
        f'<w:tbl><w:tblPr><w:tblStyle w:val="{style}"/><w:tblW w:w="{total}" w:type="dxa"/>'
        f'<w:tblLayout w:type="fixed"/>{look}{told}</w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{''.join(rows)}</w:tbl>"
    )


def numbers_of(block: Numbers, room: float) -> Iterator[str]:
    """Figures beside each other, in rows of about as many."""
    items = block.items
    lines = -(-len(items) // _MOST_BESIDE)
    beside = -(-len(items) // lines) if lines else 0
    if not beside:
        return
    widest = max(ems(plain(one.value)) for one in items)
    size = max(min(_NUMBER, (room / beside - _FACT_GAP) / max(_BOLD * widest, 1)), _FACT)
    rows = []
    for start in range(0, len(items), beside):
        cells = [_number(one, size) for one in items[start : start + beside]]
        cells += [paragraph("NumberNote", "")] * (beside - len(cells))
        rows.append(_row([room / beside] * beside, cells))
    yield _framed("Plain", [room / beside] * beside, rows, head=False)
    yield paragraph("Gap", "")


def _number(one: Number, size: float) -> str:
    value = paragraph("NumberValue", run(one.value, sized(size)))
    label = said("NumberLabel", one.label, "" if one.note else _APART)
    return f"{value}{label}{said('NumberNote', one.note, _APART) if one.note else ''}"


def facts_of(items: Sequence[tuple[str, str]], room: float) -> Iterator[str]:
    """Names and what there is to say of each."""
    if not items:
        return
    widest = max(ems(plain(name)) for name, _ in items) * _FACT
    first = min(widest, _WIDEST_NAME) + _FACT_GAP
    wide = [first, room - first]
    yield _framed(
        "Plain",
        wide,
        [_row(wide, [said("FactName", name), said("FactText", text)]) for name, text in items],
        head=False,
    )
    yield paragraph("Gap", "")


def _row(wide: Sequence[float], cells: Sequence[str]) -> str:
    made = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{twips(width)}" w:type="dxa"/></w:tcPr>{cell}</w:tc>'
        for width, cell in zip(wide, cells, strict=True)
    )
    return f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{made}</w:tr>"
