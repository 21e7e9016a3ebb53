"""Tables of results in a document of Word."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from navlayers.layer.colors import text_color
from navlayers.output.cell_styles import address_of, fill_of
from navlayers.output.docx.layout import framed
from navlayers.output.docx.xml import linked, paragraph, run, said, twips
from navlayers.output.paper import MeasuredTables, height_of, heights, parts
from navlayers.output.paper_text import lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.output.column_widths import Measured
    from navlayers.output.docx.package import Package
    from navlayers.output.tables import Cell, Column, Table

_RIGHT = '<w:jc w:val="right"/>'
_GAP = 8.0
"""Between the texts of columns, half of it at either side of each, in points."""

_KEPT = "<w:keepNext/>"
_PADDING = 5.0
_HIGHEST_WHOLE = 240.0
"""Table that are higher, in points, may be parted over pages: higher than a page, they would be cut off."""

_HIGHEST_KEPT = 340.0
"""A table that is higher, in points, may be parted."""


class Look(NamedTuple):
    """Styles of a table's texts, and the size of the text in points."""

    text: str
    head: str
    size: float


USUAL, SMALL = Look("TableText", "TableHead", 9), Look("TableSmall", "TableSmallHead", 7.5)


class Tables:
    """The tables of a document, each measured once."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._measured = MeasuredTables()

    def fits(self, table: Table, room: float, look: Look = SMALL) -> bool:
        """Whether the words of a table are whole in so much room, in points."""
        return self._measured.of(table).fits(room - _GAP, look.size, _GAP)

    def rows(self, block: Table, room: float) -> Iterator[str]:
        """A table and its note, without its title; one that is too wide is set small, and goes on below."""
        look = USUAL if not block.long and self.fits(block, room, USUAL) else SMALL
        for number, table in enumerate(parts(block, lambda table: self.fits(table, room))):
            if number:
                yield paragraph("Gap", "")
            yield _Rows(table, look, self._measured.of(table), room, self._package).xml()
        yield said("Note", block.note) if block.note else paragraph("Gap", "")


class _Rows:
    """A table that has room on its page."""

    def __init__(self, table: Table, look: Look, measured: Measured, room: float, package: Package) -> None:
        self._table, self._look, self._measured, self._package = table, look, measured, package
        self._texts = measured.within(room - _GAP, look.size, _GAP)
        self._wide = [width + _GAP for width in self._texts]
        self._cells = [f'<w:tcW w:w="{twips(width)}" w:type="dxa"/>' for width in self._wide]
        self._aligned = [_RIGHT if column.right else "" for column in table.columns]

    def xml(self) -> str:
        """The table."""
        texts = self._table.texts
        high = heights(self._measured, self._texts, self._look.size, _PADDING)
        # A short table stays on one page; what is too high for one, readers of the format cannot keep together.
        is_kept = sum(high) <= _HIGHEST_KEPT
        rows = [self._head()]
        for number, (row, cells, height) in enumerate(zip(texts, self._table.rows, high, strict=True)):
            kept = _KEPT if is_kept and number + 1 < len(texts) else ""
            rows.append(self._row(row, cells, kept, is_whole=height <= _HIGHEST_WHOLE))
        return framed("Figures", self._wide, rows, self._table.title)

    def _head(self) -> str:
        # Again on each page, if it leaves room for rows there.
        headers = [lines_of(header) for header in self._table.headers]
        again = height_of(headers, self._texts, self._look.size, _PADDING) <= _HIGHEST_WHOLE
        kept = _KEPT if again and self._table.rows else ""
        columns = zip(self._cells, self._table.columns, self._aligned, strict=True)
        cells = "".join(
            f'<w:tc><w:tcPr>{cell}<w:vAlign w:val="bottom"/></w:tcPr>'
            f"{said(self._look.head, column.header, kept + right)}</w:tc>"
            for cell, column, right in columns
        )
        return f"<w:tr>{'<w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>' if again else ''}{cells}</w:tr>"

    def _row(self, texts: Sequence[str], values: Sequence[Cell], kept: str, *, is_whole: bool) -> str:
        columns = zip(texts, values, self._cells, self._table.columns, self._aligned, strict=True)
        cells = "".join(
            self._cell(text, value, cell, column, kept + right) for text, value, cell, column, right in columns
        )
        return f"<w:tr>{'<w:trPr><w:cantSplit/></w:trPr>' if is_whole else ''}{cells}</w:tr>"

    def _cell(self, text: str, value: Cell, width: str, column: Column, properties: str) -> str:
        fill = fill_of(value, column)
        ink = f'<w:color w:val="{text_color(fill)[1:].upper()}"/>' if fill else ""
        shade = f'<w:shd w:val="clear" w:color="auto" w:fill="{fill[1:].upper()}"/>' if fill else ""
        url = address_of(value, column)
        relation = self._package.link(url) if url else None
        inner = run(text, ink) if relation is None else linked(text, relation)
        return f"<w:tc><w:tcPr>{width}{shade}</w:tcPr>{paragraph(self._look.text, inner, properties)}</w:tc>"
