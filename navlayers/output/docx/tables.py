"""Tables of Word documents: tables of results, and tables that hold a layout."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, NamedTuple

from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Pt

from navlayers._text.lines import printable
from navlayers.layer.contrast import text_color
from navlayers.output.docx.elements import Links, element, safe
from navlayers.output.drawing.font import ems
from navlayers.output.paper import MeasuredTables, height_of, heights, lines_of, parts
from navlayers.output.tables import address_of, fill_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from docx.document import Document
    from docx.oxml.table import CT_Row, CT_Tc
    from docx.table import Table as WordTable

    from navlayers.output.document import Numbers
    from navlayers.output.tables import Cell, Column, Table

# Key figures: their size in points, how much wider bold letters are.
_NUMBER, _BOLD = 22.0, 1.1

# Facts, in points: the size of text, the widest names, the gap behind them.
_FACT, _WIDEST_NAME, _FACT_GAP = 9.5, 150.0, 20.0

# The longest caption of a table that Word takes.
_LONGEST_CAPTION = 255

# In tables of results, in points: the gap between the texts of columns, the free height of a row, the heights up to
# which a row and a table stay on one page. Word cuts off a row that is higher than a page and must not be split.
_GAP, _PADDING, _HIGHEST_ROW, _HIGHEST_TABLE = 8.0, 5.0, 240.0, 340.0


def _add_table(
    document: Document, style: str, rows: int, widths: Sequence[float], title: str = "", *, head: bool = False
) -> WordTable:
    """A table with columns of these widths in points and rows that are not split; `title` is for screen readers."""
    table: WordTable = document.add_table(rows, len(widths), style)
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Pt(width)
    for row in table.rows:
        row._tr.get_or_add_trPr().append(element("cantSplit"))
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = Pt(width)
    properties = table._tbl.tblPr
    total = sum(int(column.get(qn("w:w"), 0)) for column in table._tbl.tblGrid)
    properties.replace(properties.find(qn("w:tblW")), element("tblW", type="dxa", w=total))
    bands = {"firstColumn": 0, "lastRow": 0, "lastColumn": 0, "noHBand": 1, "noVBand": 1}
    look = element("tblLook", val="0620" if head else "0600", firstRow=int(head), **bands)
    properties.replace(properties.find(qn("w:tblLook")), look)
    if title:
        properties.append(element("tblCaption", val=" ".join(printable(title).split())[:_LONGEST_CAPTION]))
    return table


def add_numbers(document: Document, block: Numbers, room: float) -> None:
    """Add key figures in rows of about the same number."""
    items = block.items
    if not items:
        return
    beside = block.across
    widest = max(ems(printable(item.value)) for item in items)
    size = max(min(_NUMBER, (room / beside - _FACT_GAP) / max(_BOLD * widest, 1)), _FACT)
    table = _add_table(document, "Report Layout", -(-len(items) // beside), [room / beside] * beside)
    for number, cell in enumerate(cell for row in table.rows for cell in row.cells):
        value = cell.paragraphs[0]
        if number >= len(items):
            value._p.style = "NumberNote"
            continue
        item = items[number]
        value._p.style = "NumberValue"
        value.add_run(safe(item.value)).font.size = Pt(round(size * 2) / 2)  # Word knows half points
        last = cell.add_paragraph(safe(item.label), "Number Label")
        if item.note:
            last = cell.add_paragraph(safe(item.note), "Number Note")
        last.paragraph_format.space_after = Pt(10)
    _end(document)


def add_facts(document: Document, items: Sequence[tuple[str, str]], room: float) -> None:
    """Add names and texts, side by side."""
    if not items:
        return
    first = min(max(ems(printable(name)) for name, _ in items) * _FACT, _WIDEST_NAME) + _FACT_GAP
    table = _add_table(document, "Report Layout", len(items), [first, room - first])
    for row, texts in zip(table.rows, items, strict=True):
        for cell, text, style in zip(row.cells, texts, ("FactName", "FactText"), strict=True):
            cell.paragraphs[0]._p.style = style
            cell.paragraphs[0].add_run(safe(text))
    _end(document)


def _end(document: Document) -> None:
    document.add_paragraph()._p.style = "AfterTable"


class _Look(NamedTuple):
    """Styles of a table's texts and headers, and the size of its text in points."""

    text: str
    head: str
    size: float


_USUAL, _SMALL = _Look("TableText", "TableHead", 9), _Look("TableTextSmall", "TableHeadSmall", 7.5)


class Tables:
    """The tables of results of a document, each measured once."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._measured = MeasuredTables()
        self._links = Links(document)

    def fits(self, table: Table, room: float, look: _Look = _SMALL) -> bool:
        """Whether a table fits a width in points without broken words."""
        return self._measured.measures(table).fits(room - _GAP, look.size, _GAP)

    def add(self, table: Table, room: float) -> None:
        """Add a table and its note, without its title; one that is too wide is small, and goes on below."""
        look = _USUAL if not table.long and self.fits(table, room, _USUAL) else _SMALL
        for number, part in enumerate(parts(table, lambda part: self.fits(part, room))):
            if number:
                _end(self._document)
            self._add_part(part, look, room)
        if table.note:
            self._document.add_paragraph(safe(table.note), "Note")
        else:
            _end(self._document)

    def _add_part(self, table: Table, look: _Look, room: float) -> None:
        """Add a table that has room on its page."""
        measured = self._measured.measures(table)
        widths = measured.widths(room - _GAP, look.size, _GAP)
        result = _add_table(self._document, "Report Table", 2, [w + _GAP for w in widths], table.title, head=True)
        head, pattern = result.rows
        for row, style in ((head, look.head), (pattern, look.text)):
            for cell, column in zip(row.cells, table.columns, strict=True):
                cell.paragraphs[0]._p.style = style
                if column.right:
                    cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
                cell.paragraphs[0].add_run(" ")
        headers = [lines_of(header) for header in table.headers]
        # Headers are repeated on each page if they leave room for rows there.
        is_repeated = height_of(headers, widths, look.size, _PADDING) <= _HIGHEST_ROW
        if is_repeated:
            head._tr.get_or_add_trPr().append(element("tblHeader"))
        else:
            head._tr.remove(head._tr.trPr)
        for cell, column in zip(head.cells, table.columns, strict=True):
            cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.BOTTOM
            cell.paragraphs[0].runs[0].text = safe(column.header)
            if is_repeated and table.rows:
                cell.paragraphs[0].paragraph_format.keep_with_next = True
        result._tbl.remove(pattern._tr)
        # A short table stays on one page.
        high = heights(measured, widths, look.size, _PADDING)
        last = len(table.rows) - 1 if sum(high) <= _HIGHEST_TABLE else 0
        # Copies of a row are made ten times as fast as rows, and tables have thousands of cells.
        kinds = {
            (kept, whole): _pattern(pattern._tr, kept=kept, whole=whole)
            for kept in (False, True)
            for whole in (False, True)
        }
        for number, (texts, values, height) in enumerate(zip(table.texts, table.rows, high, strict=True)):
            row = deepcopy(kinds[number < last, height <= _HIGHEST_ROW])
            result._tbl.append(row)
            for cell, text, value, column in zip(row.tc_lst, texts, values, table.columns, strict=True):
                self._fill(cell, text, value, column)

    def _fill(self, cell: CT_Tc, text: str, value: Cell, column: Column) -> None:
        """Put text, color and link into a cell of a pattern, which has one run with one text."""
        run = cell[-1][-1]
        first, *rest = safe(text).split("\n")
        run[0].text = first
        for line in rest:
            below = element("t")
            below.text = line
            run.extend((element("br"), below))
        if fill := fill_of(value, column):
            cell.get_or_add_tcPr().append(element("shd", val="clear", color="auto", fill=fill[1:].upper()))
            run.insert(0, element("rPr", element("color", val=text_color(fill)[1:].upper())))
        if url := address_of(value, column):
            self._links.add(run, url)


def _pattern(row: CT_Row, *, kept: bool, whole: bool) -> CT_Row:
    """A row to copy: whether it stays with the next one, and on one page."""
    pattern = deepcopy(row)
    if not whole:
        pattern.remove(pattern.trPr)
    if kept:
        for cell in pattern.tc_lst:
            cell.p_lst[0].get_or_add_pPr().get_or_add_keepNext()
    return pattern
