"""Tables as sheets of a workbook: filters, a frozen header, real numbers, links, deterministic bytes."""

from __future__ import annotations

import datetime
import io
import re
from typing import TYPE_CHECKING, Any

from navlayers._text.formulas import neutralize
from navlayers._text.lines import printable, wrap
from navlayers._text.links import technique_url
from navlayers._text.numbers import rounded
from navlayers.output.tables import CellKind, Span, Table, decimals, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

LONGEST = 32_767
"""The most characters of a cell in XLSX."""

CREATED = datetime.datetime(2000, 1, 1)
"""The creation date of all workbooks, so that the same table gives the same bytes."""

_LONGEST_ADDRESS = 2079
_LINKS = 65_530
"""The longest address, and the most links on a sheet, in Excel."""

_NARROW, _WIDE = 6, 60
_MOST_LINES, _LINE, _ROOM = 8, 15, 5
_HEAD = "#eeeeee"
_EDGE = "#bbbbbb"
_WRAPPED = {"text_wrap": True, "valign": "top"}
_SCALE = {
    "type": "3_color_scale",
    "min_type": "num",
    "mid_type": "num",
    "max_type": "num",
    "min_color": "#e0ecf4",
    "mid_color": "#b3bfdc",
    "max_color": "#8c96c6",
}
"""The colors of scores, up to the darkest on which black figures are easy to read."""

_SHEET = re.compile(r"[\[\]:*?/\\\x00-\x1f']")
_LONGEST_NAME = 31
"""The most characters of a sheet name in Excel."""

_RESERVED = "history"
"""A sheet name that Excel reserves."""


def to_xlsx(tables: Sequence[Table]) -> bytes:
    """The tables as a workbook, a sheet each: filters, a frozen header, real numbers, technique ids as links."""
    # Only workbooks need the library.
    from navlayers._engines.workbooks import workbook  # noqa: PLC0415 - slow, and for workbooks alone

    stream = io.BytesIO()
    with workbook(stream) as book:
        book.set_properties({"created": CREATED})
        formats = Formats(book)
        for table, name in zip(tables, sheet_names(table.name for table in tables), strict=True):
            write_sheet(book.add_worksheet(name), table, formats)
    return stream.getvalue()


class Formats:
    """The formats of a workbook's tables; formats of colors are created on demand."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._colors: dict[str, Any] = {}
        self.head = book.add_format({"bold": True, "bg_color": _HEAD, **_WRAPPED, "valign": "vcenter"})
        self.text = book.add_format(_WRAPPED)
        self._numbers = [book.add_format({"num_format": form, "valign": "top"}) for form in ("0", "0.0", "0.00")]
        self.percent = book.add_format({"num_format": '0.0"%"', "valign": "top"})
        self.link = book.add_format({"font_color": "#0b5394", "valign": "top"})

    def color(self, color: str) -> Any:
        """A cell filled with `#rrggbb`; its text, for filters, has the same color."""
        if color not in self._colors:
            look = {"bg_color": color, "font_color": color, "border": 1, "border_color": _EDGE}
            self._colors[color] = self._book.add_format(look)
        return self._colors[color]

    def figure(self, kind: CellKind, decimals: int) -> Any:
        """The format of the numbers in a column of that kind."""
        return self.percent if kind == "percent" else self._numbers[decimals]


def sheet_names(titles: Iterable[str]) -> list[str]:
    """Valid names for sheets: short, without forbidden characters, unique regardless of case."""
    names: list[str] = []
    for title in titles:
        name = base = _short(" ".join(_SHEET.sub(" ", printable(title)).split()), _LONGEST_NAME) or "table"
        taken = {_RESERVED, *(other.casefold() for other in names)}
        number = 1
        while name.casefold() in taken:
            number += 1
            name = f"{_short(base, _LONGEST_NAME - len(str(number)) - 1)} {number}"
        names.append(name)
    return names


def is_sheet_name(text: str) -> bool:
    """Whether a text is a valid name for a sheet."""
    return sheet_names([text]) == [text]


def _short(text: str, longest: int) -> str:
    """The start of a text; Excel counts length in UTF-16."""
    return text.encode("utf-16-le", "replace")[: 2 * longest].decode("utf-16-le", "ignore").strip()


def write_sheet(sheet: Any, table: Table, formats: Formats, widest: Mapping[str, int] | None = None) -> None:
    """Write a table on a sheet of an xlsxwriter book; `widest`: header → maximum width of the column."""
    widths = [min(max(map(len, column.header.split()), default=0), _WIDE) for column in table.columns]
    for number, header in enumerate(table.headers):
        sheet.write_string(0, number, cut(neutralize(printable(header))), formats.head)
    figures = [
        formats.figure(column.kind, decimals(row[number] for row in table.rows))
        for number, column in enumerate(table.columns)
    ]
    links = 0
    for line, row in enumerate(table.rows, 1):
        for number, (cell, column) in enumerate(zip(row, table.columns, strict=True)):
            if cell is None:
                continue
            widths[number] = max(widths[number], len(shown(cell, column.kind)))
            if not isinstance(cell, str):
                sheet.write_number(line, number, rounded(cell), figures[number])
                continue
            url = _address(cell, column.kind)
            if url and len(url) <= _LONGEST_ADDRESS and links < _LINKS:
                links += 1
                sheet.write_url(line, number, url, formats.link, cut(neutralize(printable(cell))))
            else:
                format_ = formats.color(cell) if column.kind == "color" and cell else formats.text
                sheet.write_string(line, number, cut(neutralize(printable(cell))), format_)
    limits = [(widest or {}).get(header, _WIDE) for header in table.headers]
    widths = [min(max(width + 2, _NARROW), limit) for width, limit in zip(widths, limits, strict=True)]
    _set_heights(sheet, table, widths)
    for number, width in enumerate(widths):
        sheet.set_column(number, number, width)
        if table.columns[number].kind == "score" and table.rows:
            low, high = table.columns[number].range
            ends = {"min_value": rounded(low), "mid_value": rounded((low + high) / 2), "max_value": rounded(high)}
            sheet.conditional_format(1, number, len(table.rows), number, _SCALE | ends)
    # Excel would mark every number that is stored as text, such as metadata.
    sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    sheet.freeze_panes(1, _frozen(table))
    sheet.autofilter(0, 0, max(len(table.rows), 1), len(table.columns) - 1)


def _set_heights(sheet: Any, table: Table, widths: Sequence[int]) -> None:
    """Set row heights for wrapped texts, which not all spreadsheets do; very long texts are cut off."""
    for line, row in enumerate((table.headers, *table.rows)):
        long = [(c, w) for c, w in zip(row, widths, strict=True) if isinstance(c, str) and len(c) > w - 2]
        lines = max((len(wrap(c[: 2 * w * _MOST_LINES], w * 5 // 4)) for c, w in long), default=1)
        if lines > 1 or line == 0:
            sheet.set_row(line, min(lines, _MOST_LINES) * _LINE + (_ROOM if line == 0 else 0))


def _address(cell: str, kind: CellKind) -> str:
    if isinstance(cell, Span):
        return cell.url
    return technique_url(cell) if kind == "technique" and cell else ""


def _frozen(table: Table) -> int:
    """The number of frozen columns: those before the first figure."""
    return next((i for i, column in enumerate(table.columns) if column.right), 1)


def cut(text: str, longest: int = LONGEST) -> str:
    """As much of the text as fits a cell; Excel counts length in UTF-16."""
    if len(text) * 2 <= longest:
        return text
    data = text.encode("utf-16-le", "replace")
    return text if len(data) <= 2 * longest else data[: 2 * longest - 4].decode("utf-16-le", "ignore") + "…"
