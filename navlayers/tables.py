"""A table of results as CSV, XLSX and Markdown: real numbers, harmless text, the same bytes for the same table."""

from __future__ import annotations

import csv
import datetime
import io
import re
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

from navlayers.aggregate import tidy
from navlayers.attack import technique_url
from navlayers.formulas import neutralise
from navlayers.textwidth import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Kind: TypeAlias = Literal["text", "number", "score", "percent", "technique", "color"]
Cell: TypeAlias = "str | float | None"
"""None is a cell that has nothing to say, which is not 0."""

LONGEST = 32_767
"""So many characters fit into a cell of XLSX."""

MADE = datetime.datetime(2000, 1, 1)
"""When workbooks say that they were made: the same table gives the same bytes."""

_LONGEST_ADDRESS = 2079
_LINKS = 65_530
"""So long an address, and so many links on a sheet, spreadsheets take."""

_NARROW, _WIDE = 6, 60
HEAD = "#eeeeee"
_EDGE = "#bbbbbb"
_WRAPPED = {"text_wrap": True, "valign": "top"}
_LOW, _MIDDLE, _HIGH = "#e0ecf4", "#b3bfdc", "#8c96c6"
_SCALE = {
    "type": "3_color_scale",
    "min_type": "num",
    "mid_type": "num",
    "max_type": "num",
    "min_value": 0,
    "mid_value": 50,
    "max_value": 100,
    "min_color": _LOW,
    "mid_color": _MIDDLE,
    "max_color": _HIGH,
}
"""The ramp of scores as far as black figures are easily read on it."""

_SHEET = re.compile(r"[\[\]:*?/\\\x00-\x1f']")
_ALMOST = 99.9
_TAKEN = "history"
"""The name of a sheet that spreadsheets keep for themselves."""

_ADDRESS_MARKS = re.compile(r"""[\s()<>|\\"'`]""")
_MARKS = re.compile(r"([\\|*_`<>\[\]~#]|&(?=#?\w+;))")


class Link(str):
    """A text that leads to an http(s) address, in the formats that have links; CSV has the address."""

    __slots__ = ("url",)
    url: str

    def __new__(cls, text: str, url: str) -> Link:
        """The text and its address, which the caller knows to be one of the web."""
        link = super().__new__(cls, text)
        link.url = url
        return link


class Column(msgspec.Struct, frozen=True):
    """A column: its header, and what it holds: text, numbers, scores, percentages (0–100), technique ids, colours.

    Scores are numbers 0–100 whose cells a workbook colours as layers do; colours, `#rrggbb`, fill theirs.
    """

    header: str
    kind: Kind = "text"

    @property
    def right(self) -> bool:
        """Whether it holds figures, which stand at the right."""
        return self.kind in ("number", "score", "percent")


class Table(msgspec.Struct, frozen=True):
    """A table: `name` is that of its sheet, `title` what stands above it, `note` what there is to know below it."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers in order."""
        return tuple(column.header for column in self.columns)

    @property
    def right(self) -> frozenset[int]:
        """The numbers of the columns that hold figures."""
        return frozenset(i for i, column in enumerate(self.columns) if column.right)

    @property
    def texts(self) -> list[list[str]]:
        """The rows as people read them: figures of a column with as many decimals."""
        cells = [_texts([row[i] for row in self.rows], column.kind) for i, column in enumerate(self.columns)]
        return [list(row) for row in zip(*cells, strict=True)]


def _texts(cells: Sequence[Cell], kind: Kind) -> list[str]:
    if kind not in ("number", "score"):
        return [shown(cell, kind) for cell in cells]
    decimals = _decimals(cells)
    return [shown(c) if c is None or isinstance(c, str) else f"{tidy(c):.{decimals}f}" for c in cells]


def _decimals(cells: Iterable[Cell]) -> int:
    """How many decimals the figures of a column need, two at most."""
    figures = (shown(cell) for cell in cells if cell is not None and not isinstance(cell, str))
    return max((len(figure.partition(".")[2]) for figure in figures), default=0)


def columns(*headers: str, kind: Kind = "text") -> tuple[Column, ...]:
    """Columns of one kind."""
    return tuple(Column(header, kind) for header in headers)


def shown(cell: Cell, kind: Kind = "text") -> str:
    """A cell as people read it: two decimals at most, percentages with one; what is not all is not 100.0 %."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if kind != "percent":
        return f"{tidy(cell)}"
    return f"{min(cell, _ALMOST) if cell < 100 else cell:.1f} %"


def to_csv(table: Table) -> bytes:
    """The table as CSV: commas, lines that end in LF, a byte order mark only where the text is not all ASCII.

    Texts that a spreadsheet would run as formulas are neutralised.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([_csv_cell(header) for header in table.headers])
    writer.writerows([_csv_cell(cell) for cell in row] for row in table.rows)
    text = stream.getvalue()
    return (text if text.isascii() else f"\ufeff{text}").encode("utf-8", "replace")


def _csv_cell(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Link):
        cell = cell.url
    return neutralise(plain(cell)) if isinstance(cell, str) else str(tidy(cell))


def to_markdown(tables: Iterable[Table], heading: int = 2) -> str:
    """The tables as Markdown, each below a heading of that level."""
    return "\n".join(_section(table, heading) for table in tables)


def _section(table: Table, heading: int) -> str:
    lines = [f"{'#' * heading} {escape(table.title)}", ""]
    lines.append(_line(map(escape, table.headers)))
    lines.append(_line("---:" if column.right else "---" for column in table.columns))
    lines += [_line(map(_markdown, row)) for row in table.texts]
    if table.note:
        lines += ["", escape(table.note)]
    return "\n".join([*lines, ""])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _markdown(text: str) -> str:
    if not isinstance(text, Link):
        return escape(text)
    return f"[{escape(text)}]({_ADDRESS_MARKS.sub(lambda mark: f'%{ord(mark[0]):02X}', text.url)})"


def escape(text: str) -> str:
    """Text that Markdown shows as it stands: no markup, no HTML, on one line."""
    return _MARKS.sub(r"\\\1", " ".join(plain(text).split()))


def to_xlsx(tables: Sequence[Table]) -> bytes:
    """The tables as a workbook, a sheet each: filters, a frozen header, real numbers, technique ids as links."""
    # Libraries for workbooks are imported only where one is written.
    import xlsxwriter  # noqa: PLC0415

    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_urls": False}) as book:
        book.set_properties({"created": MADE})
        formats = Formats(book)
        for table, name in zip(tables, sheet_names(table.name for table in tables), strict=True):
            write_sheet(book.add_worksheet(name), table, formats)
    return stream.getvalue()


class Formats:
    """The formats of a workbook's tables; those of colours as they come."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._colors: dict[str, Any] = {}
        self.head = book.add_format({"bold": True, "bottom": 1, "bg_color": HEAD, **_WRAPPED})
        self.text = book.add_format(_WRAPPED)
        self._numbers = [book.add_format({"num_format": form, "valign": "top"}) for form in ("0", "0.0", "0.00")]
        self.percent = book.add_format({"num_format": '0.0" %"', "valign": "top"})
        self.link = book.add_format({"font_color": "#0b5394", "valign": "top"})

    def color(self, color: str) -> Any:
        """A cell filled with `#rrggbb`; its text is there for filters, in the same colour."""
        if color not in self._colors:
            look = {"bg_color": color, "font_color": color, "border": 1, "border_color": _EDGE}
            self._colors[color] = self._book.add_format(look)
        return self._colors[color]

    def figure(self, kind: Kind, decimals: int) -> Any:
        """The format of the numbers in a column of that kind."""
        return self.percent if kind == "percent" else self._numbers[decimals]


def sheet_names(wanted: Iterable[str]) -> list[str]:
    """Names that a workbook takes: short, without some characters, different even where case does not count."""
    names: list[str] = []
    for one in wanted:
        name = base = _SHEET.sub(" ", plain(one)).strip()[:31].strip() or "table"
        while name.casefold() in {_TAKEN, *(other.casefold() for other in names)}:
            end = f" {sum(other.startswith(base[:20]) for other in names) + 1}"
            name = base[: 31 - len(end)] + end
        names.append(name)
    return names


def write_sheet(sheet: Any, table: Table, formats: Formats) -> None:
    """Write a table on a sheet of an xlsxwriter book."""
    widths = [min(max(map(len, column.header.split()), default=0), _WIDE) for column in table.columns]
    for number, header in enumerate(table.headers):
        sheet.write_string(0, number, cut(plain(header)), formats.head)
    figures = [
        formats.figure(column.kind, _decimals(row[number] for row in table.rows))
        for number, column in enumerate(table.columns)
    ]
    links = 0
    for line, row in enumerate(table.rows, 1):
        for number, (cell, column) in enumerate(zip(row, table.columns, strict=True)):
            if cell is None:
                continue
            widths[number] = max(widths[number], len(shown(cell, column.kind)))
            if not isinstance(cell, str):
                sheet.write_number(line, number, tidy(cell), figures[number])
                continue
            url = _address(cell, column.kind)
            if url and len(url) <= _LONGEST_ADDRESS and links < _LINKS:
                links += 1
                sheet.write_url(line, number, url, formats.link, cut(neutralise(plain(cell))))
            else:
                format_ = formats.color(cell) if column.kind == "color" and cell else formats.text
                sheet.write_string(line, number, cut(neutralise(plain(cell))), format_)
    for number, width in enumerate(widths):
        sheet.set_column(number, number, min(max(width + 2, _NARROW), _WIDE))
        if table.columns[number].kind == "score" and table.rows:
            sheet.conditional_format(1, number, len(table.rows), number, _SCALE)
    # Figures within texts, such as metadata, are meant; spreadsheets would put a mark on each.
    sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    sheet.freeze_panes(1, _frozen(table))
    sheet.autofilter(0, 0, max(len(table.rows), 1), len(table.columns) - 1)


def _address(cell: str, kind: Kind) -> str:
    if isinstance(cell, Link):
        return cell.url
    return technique_url(cell) if kind == "technique" and cell else ""


def _frozen(table: Table) -> int:
    """How many columns stay in sight: the first ones, up to the first figure."""
    return next((i for i, column in enumerate(table.columns) if column.right), 1)


def cut(text: str, longest: int = LONGEST) -> str:
    """As much of the text as a cell holds, which counts in UTF-16."""
    if len(text) * 2 <= longest:
        return text
    data = text.encode("utf-16-le", "replace")
    return text if len(data) <= 2 * longest else data[: 2 * longest - 4].decode("utf-16-le", "ignore") + "…"
