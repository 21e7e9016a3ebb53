"""Tables in a document of Word: those of results, and those that hold a layout."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, NamedTuple

from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Pt, RGBColor
from docx.text.run import Run

from navlayers._text import plain
from navlayers.layer.colors import text_color
from navlayers.output.docx.elements import Links, element, safe
from navlayers.output.drawing.font import ems
from navlayers.output.paper import MeasuredTables, height_of, heights, lines_of, parts
from navlayers.output.tables import address_of, fill_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from docx.document import Document
    from docx.oxml.table import CT_Row, CT_Tc
    from docx.table import Table as WordTable
    from docx.table import _Row as WordRow

    from navlayers.output.document import Numbers
    from navlayers.output.tables import Cell, Column, Table

_MOST_BESIDE = 4
_NUMBER, _BOLD = 22.0, 1.1
_FACT, _WIDEST_NAME, _FACT_GAP = 9.5, 150.0, 20.0
_LONGEST_CAPTION = 255

_GAP = 8.0
"""Between the texts of columns, half of it at either side of each, in points."""

_PADDING = 5.0
_HIGHEST_WHOLE = 240.0
"""Rows that are higher, in points, may be parted over pages: higher than a page, they would be cut off."""

_HIGHEST_KEPT = 340.0
"""A table that is higher, in points, may be parted."""


def _add_table(
    document: Document, style: str, rows: int, widths: Sequence[float], title: str = "", *, head: bool = False
) -> WordTable:
    """A table with columns of such widths in points; `title` is for those who hear it."""
    table: WordTable = document.add_table(rows, len(widths), style)
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Pt(width)
    for row in table.rows:
        _keep_whole(row)
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = Pt(width)
    properties = table._tbl.tblPr
    total = sum(int(column.get(qn("w:w"), 0)) for column in table._tbl.tblGrid)
    for name, value in (("type", "dxa"), ("w", str(total))):
        properties.find(qn("w:tblW")).set(qn(f"w:{name}"), value)
    properties.remove(properties.find(qn("w:tblLook")))
    bands = {"firstColumn": 0, "lastRow": 0, "lastColumn": 0, "noHBand": 1, "noVBand": 1}
    properties.append(element("tblLook", val="0620" if head else "0600", firstRow=int(head), **bands))
    if title:
        properties.append(element("tblCaption", val=" ".join(plain(title).split())[:_LONGEST_CAPTION]))
    return table


def _keep_whole(row: WordRow) -> None:
    row._tr.get_or_add_trPr().append(element("cantSplit"))


def add_numbers(document: Document, block: Numbers, room: float) -> None:
    """Figures beside each other, in rows of about as many."""
    items = block.items
    if not items:
        return
    rows = -(-len(items) // _MOST_BESIDE)
    beside = -(-len(items) // rows)
    widest = max(ems(plain(item.value)) for item in items)
    size = max(min(_NUMBER, (room / beside - _FACT_GAP) / max(_BOLD * widest, 1)), _FACT)
    table = _add_table(document, "Report Layout", rows, [room / beside] * beside)
    for number, cell in enumerate(cell for row in table.rows for cell in row.cells):
        value = cell.paragraphs[0]
        if number >= len(items):
            value.style = "Number Note"
            continue
        item = items[number]
        value.style = "Number Value"
        value.add_run(safe(item.value)).font.size = Pt(round(size * 2) / 2)  # Word knows half points
        last = cell.add_paragraph(safe(item.label), "Number Label")
        if item.note:
            last = cell.add_paragraph(safe(item.note), "Number Note")
        last.paragraph_format.space_after = Pt(10)
    document.add_paragraph(style="After Table")


def add_facts(document: Document, items: Sequence[tuple[str, str]], room: float) -> None:
    """Names and what there is to say of each."""
    if not items:
        return
    first = min(max(ems(plain(name)) for name, _ in items) * _FACT, _WIDEST_NAME) + _FACT_GAP
    table = _add_table(document, "Report Layout", len(items), [first, room - first])
    for row, texts in zip(table.rows, items, strict=True):
        for cell, text, style in zip(row.cells, texts, ("Fact Name", "Fact Text"), strict=True):
            cell.paragraphs[0].style = style
            cell.paragraphs[0].add_run(safe(text))
    document.add_paragraph(style="After Table")


class _Look(NamedTuple):
    """Styles of a table's texts, and the size of the text in points."""

    text: str
    head: str
    size: float


_USUAL, _SMALL = _Look("Table Text", "Table Head", 9), _Look("Table Text Small", "Table Head Small", 7.5)


class Tables:
    """The tables of results of a document, each measured once."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._measured = MeasuredTables()
        self._links = Links(document)

    def fits(self, table: Table, room: float, look: _Look = _SMALL) -> bool:
        """Whether the words of a table are whole in so much room, in points."""
        return self._measured.of(table).fits(room - _GAP, look.size, _GAP)

    def add(self, table: Table, room: float) -> None:
        """Add a table and its note, without its title; one that is too wide is set small, and goes on below."""
        look = _USUAL if not table.long and self.fits(table, room, _USUAL) else _SMALL
        for number, part in enumerate(parts(table, lambda part: self.fits(part, room))):
            if number:
                self._document.add_paragraph(style="After Table")
            self._add_part(part, look, room)
        if table.note:
            self._document.add_paragraph(safe(table.note), "Note")
        else:
            self._document.add_paragraph(style="After Table")

    def _add_part(self, table: Table, look: _Look, room: float) -> None:
        """Add a table that has room on its page."""
        measured = self._measured.of(table)
        widths = measured.within(room - _GAP, look.size, _GAP)
        made = _add_table(
            self._document, "Report Table", 2, [width + _GAP for width in widths], table.title, head=True
        )
        head, pattern = made.rows
        _fill_head(head, table, widths, look)
        _style(pattern, table.columns, look.text)
        made._tbl.remove(pattern._tr)
        # A short table stays on one page; what is too high for one, readers of the format cannot keep together.
        high = heights(measured, widths, look.size, _PADDING)
        last = len(table.rows) - 1 if sum(high) <= _HIGHEST_KEPT else 0
        patterns: dict[tuple[bool, bool], CT_Row] = {}
        for number, (texts, values, height) in enumerate(zip(table.texts, table.rows, high, strict=True)):
            kind = (number < last, height <= _HIGHEST_WHOLE)
            if kind not in patterns:
                patterns[kind] = _pattern(pattern, is_kept=kind[0], is_whole=kind[1])
            # Copies of a row are made faster than rows: tables have thousands of cells.
            row = deepcopy(patterns[kind])
            made._tbl.append(row)
            for cell, text, value, column in zip(row.tc_lst, texts, values, table.columns, strict=True):
                self._fill(Run(cell.p_lst[0].r_lst[0], made), cell, text, value, column)

    def _fill(self, run: Run, cell: CT_Tc, text: str, value: Cell, column: Column) -> None:
        text = safe(text)
        if "\n" in text:
            run.text = text
        else:
            run._r[0].text = text  # its `w:t`, which `run.text` would make again
        if fill := fill_of(value, column):
            cell.get_or_add_tcPr().append(element("shd", val="clear", color="auto", fill=fill[1:].upper()))
            run.font.color.rgb = RGBColor.from_string(text_color(fill)[1:].upper())
        if url := address_of(value, column):
            self._links.add(run, url)


def _style(row: WordRow, columns: Sequence[Column], style: str) -> None:
    for cell, column in zip(row.cells, columns, strict=True):
        paragraph = cell.paragraphs[0]
        paragraph.style = style
        if column.right:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        paragraph.add_run(" ")


def _fill_head(row: WordRow, table: Table, widths: Sequence[float], look: _Look) -> None:
    _style(row, table.columns, look.head)
    # Again on each page, if it leaves room for rows there.
    headers = [lines_of(header) for header in table.headers]
    is_repeated = height_of(headers, widths, look.size, _PADDING) <= _HIGHEST_WHOLE
    if is_repeated:
        row._tr.get_or_add_trPr().append(element("tblHeader"))
    else:
        row._tr.remove(row._tr.trPr)
    for cell, column in zip(row.cells, table.columns, strict=True):
        cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.BOTTOM
        cell.paragraphs[0].runs[0].text = safe(column.header)
        if is_repeated and table.rows:
            cell.paragraphs[0].paragraph_format.keep_with_next = True


def _pattern(row: WordRow, *, is_kept: bool, is_whole: bool) -> CT_Row:
    """A row to copy: whether it stays with the next one, and on one page."""
    made = deepcopy(row._tr)
    if not is_whole:
        made.remove(made.trPr)
    if is_kept:
        for cell in made.tc_lst:
            cell.p_lst[0].get_or_add_pPr().get_or_add_keepNext()
    return made
