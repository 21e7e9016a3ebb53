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

Kind: TypeAlias = Literal["text", "number", "score", "percent", "technique"]
Cell: TypeAlias = "str | float | None"
"""None is a cell that has nothing to say, which is not 0."""

LONGEST = 32_767
"""So many characters fit into a cell of XLSX."""

_MADE = datetime.datetime(2000, 1, 1)
_NARROW, _WIDE = 6, 60
HEAD = "#eeeeee"
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
_TAKEN = "history"
"""The name of a sheet that spreadsheets keep for themselves."""

_MARKS = re.compile(r"([\\|*_`<>\[\]~#]|&(?=#?\w+;))")


class Column(msgspec.Struct, frozen=True):
    """A column: its header, and whether it holds text, numbers, scores, percentages (0–100) or technique ids.

    Scores are numbers 0–100 whose cells a workbook colours as layers do.
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
    figures = [shown(cell) for cell in cells if cell is not None and not isinstance(cell, str)]
    decimals = max((len(figure.partition(".")[2]) for figure in figures), default=0)
    return [shown(c) if c is None or isinstance(c, str) else f"{tidy(c):.{decimals}f}" for c in cells]


def columns(*headers: str, kind: Kind = "text") -> tuple[Column, ...]:
    """Columns of one kind."""
    return tuple(Column(header, kind) for header in headers)


def shown(cell: Cell, kind: Kind = "text") -> str:
    """A cell as people read it: two decimals at most, percentages with one."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    return f"{cell:.1f} %" if kind == "percent" else f"{tidy(cell)}"


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
    return neutralise(plain(cell)) if isinstance(cell, str) else str(tidy(cell))


def to_markdown(tables: Iterable[Table], heading: int = 2) -> str:
    """The tables as Markdown, each below a heading of that level."""
    return "\n".join(_section(table, heading) for table in tables)


def _section(table: Table, heading: int) -> str:
    lines = [f"{'#' * heading} {escape(table.title)}", ""]
    lines.append(_line(map(escape, table.headers)))
    lines.append(_line("---:" if column.right else "---" for column in table.columns))
    lines += [_line(map(escape, row)) for row in table.texts]
    if table.note:
        lines += ["", escape(table.note)]
    return "\n".join([*lines, ""])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def escape(text: str) -> str:
    """Text that Markdown shows as it stands: no markup, no HTML, on one line."""
    return _MARKS.sub(r"\\\1", " ".join(plain(text).split()))


def to_xlsx(tables: Sequence[Table]) -> bytes:
    """The tables as a workbook, a sheet each: filters, a frozen header, real numbers, technique ids as links."""
    # Libraries for workbooks are imported only where one is written.
    import xlsxwriter  # noqa: PLC0415

    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_urls": False}) as book:
        book.set_properties({"created": _MADE})
        formats = {
            "head": book.add_format({"bold": True, "bottom": 1, "bg_color": HEAD, **_WRAPPED}),
            "text": book.add_format(_WRAPPED),
            "number": book.add_format({"num_format": "0.##"}),
            "whole": book.add_format({"num_format": "0"}),
            "percent": book.add_format({"num_format": '0.0" %"'}),
            "technique": book.add_format({"font_color": "#0b5394"}),
        }
        for table, name in zip(tables, _sheet_names(tables), strict=True):
            _sheet(book.add_worksheet(name), table, formats)
    return stream.getvalue()


def _sheet_names(tables: Sequence[Table]) -> list[str]:
    """Names that a workbook takes: short, without some characters, different even where case does not count."""
    names: list[str] = []
    for table in tables:
        name = base = _SHEET.sub(" ", table.name).strip()[:31].strip() or "table"
        while name.casefold() in {_TAKEN, *(other.casefold() for other in names)}:
            end = f" {sum(other.startswith(base[:20]) for other in names) + 1}"
            name = base[: 31 - len(end)] + end
        names.append(name)
    return names


def _sheet(sheet: Any, table: Table, formats: dict[str, Any]) -> None:
    widths = [min(max(map(len, column.header.split())), _WIDE) for column in table.columns]
    for number, header in enumerate(table.headers):
        sheet.write_string(0, number, _cut(header), formats["head"])
    for line, row in enumerate(table.rows, 1):
        for number, (cell, column) in enumerate(zip(row, table.columns, strict=True)):
            if cell is None:
                continue
            widths[number] = max(widths[number], len(shown(cell, column.kind)))
            if not isinstance(cell, str):
                kind = "percent" if column.kind == "percent" else "whole" if tidy(cell) == int(cell) else "number"
                sheet.write_number(line, number, tidy(cell), formats[kind])
            elif column.kind == "technique" and cell:
                sheet.write_url(line, number, technique_url(cell), formats["technique"], cell)
            else:
                sheet.write_string(line, number, _cut(neutralise(plain(cell))), formats["text"])
    for number, width in enumerate(widths):
        sheet.set_column(number, number, min(max(width + 2, _NARROW), _WIDE))
        if table.columns[number].kind == "score" and table.rows:
            sheet.conditional_format(1, number, len(table.rows), number, _SCALE)
    sheet.freeze_panes(1, _frozen(table))
    sheet.autofilter(0, 0, max(len(table.rows), 1), len(table.columns) - 1)


def _frozen(table: Table) -> int:
    """How many columns stay in sight: the first ones, up to the first figure."""
    return next((i for i, column in enumerate(table.columns) if column.right), 1)


def _cut(text: str) -> str:
    """As much of the text as a cell holds, which counts in UTF-16."""
    data = text.encode("utf-16-le", "replace")
    return text if len(data) <= 2 * LONGEST else data[: 2 * LONGEST - 4].decode("utf-16-le", "ignore") + "…"
