"""Layers as a workbook: a sheet per matrix, a table of techniques, a legend, and a table of all scores."""

from __future__ import annotations

import io
from itertools import accumulate
from typing import TYPE_CHECKING, Any, ClassVar

from navlayers._text.formulas import neutralize
from navlayers._text.lines import printable, wrap
from navlayers._text.numbers import rounded
from navlayers._text.wording import comma_list
from navlayers.errors import Problem
from navlayers.layer.contrast import text_color
from navlayers.layer.rows import joint_of, metadata_of
from navlayers.output.drawing import facts, technique_table
from navlayers.output.drawing.facts import Tab, short_name, tabs_of
from navlayers.output.drawing.options import Rendered, RenderOptions
from navlayers.output.sheets import CREATED, LONGEST, Formats, cut, is_sheet_name, sheet_names, write_sheet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.layer.matrix import Cell, Column
    from navlayers.layer.view import View

_JOINT, _TECHNIQUES, _LEGEND, _MATRIX = "All layers", "Techniques", "Legend", "Matrix"
_FIRST_SCORE = 3

# Maximum widths of columns with long texts, which would leave no room for others on paper.
_WIDEST = {"layer": 24, "name": 36, "tactics": 30}

# The most marks of a legend in the sheet "Legend".
_MOST_MARKS = 200

_FONT = 9

# The width of a column of the matrix, and the letters that fit one line of it.
_WIDTH, _LETTERS = 14, 16

# The height of a line in points, and the width of the column between two tactics.
_LINE, _GAP = 12, 0.8

_LONGEST_NOTE, _LONGEST_TEXT = 1000, 500

# Notes: letters and points of a line, width and most height in pixels; notes do not grow with their text.
_NOTE_LETTERS, _NOTE_LINE, _NOTE_WIDTH, _NOTE_HEIGHT = 56, 14, 320, 480
_BORDER = "#cfd4da"
_SOFT, _OFF = "#59636e", "#4d565f"

# The fill of disabled cells, which are gray in the Navigator, too.
_DISABLED = "#d9d9d9"

# Excel's numbers of paper sizes.
_A3, _A4 = 8, 9
_NARROWEST, _LAST_COLUMN = 7, 16_383
_NAME, _DESCRIPTION, _FACTS, _LEGEND_ROW, _TACTICS, _COUNTS, _FIRST = range(7)


def render_xlsx(views: Sequence[View], options: RenderOptions = RenderOptions()) -> Rendered:
    """Render layers as one workbook; a workbook of several layers starts with a sheet of all scores."""
    # Only workbooks need the library.
    from navlayers._engines.workbooks import workbook  # noqa: PLC0415 - slow, and for workbooks alone

    layers = tabs_of(views, options)
    single = len(layers) == 1
    stream = io.BytesIO()
    with workbook(stream) as book:
        book.set_properties({"created": CREATED})
        formats, styles = Formats(book), _Styles(book)
        first = [] if single else [_JOINT]
        matrices = [_MATRIX] if single else [_sheet_name(layer) for layer in layers]
        # Fixed sheets keep their names, whatever the names of layers are.
        names = sheet_names([*first, _TECHNIQUES, _LEGEND, *matrices])
        sheets = {
            name: book.add_worksheet(name) for name in (*first, *names[len(first) + 2 :], _TECHNIQUES, _LEGEND)
        }
        if not single:
            _write_joint(sheets[_JOINT], layers, formats, styles)
        for name, layer in zip(names[len(first) + 2 :], layers, strict=True):
            _write_matrix(sheets[name], layer, styles)
        _write_techniques(sheets[_TECHNIQUES], layers, formats, styles)
        _write_legend(sheets[_LEGEND], layers, styles)
        for name in (*first, _TECHNIQUES, _LEGEND):
            _set_page(sheets[name])
    return Rendered(stream.getvalue(), _notices(layers))


def _notices(layers: Sequence[Tab]) -> tuple[Problem, ...]:
    long = [
        row.id for layer in layers for row in layer.rows if cut(row.annotation.comment) != row.annotation.comment
    ]
    if not long:
        return ()
    message = (
        f"comments are cut to {LONGEST:,} characters, the limit of a cell: {comma_list(list(dict.fromkeys(long)))}"
    )
    return (Problem(message, hint="html and csv are complete"),)


def _sheet_name(layer: Tab) -> str:
    """The layer's name, without date and version if it is too long for a sheet or has forbidden characters."""
    name = layer.name.replace(":", "")
    if is_sheet_name(name):
        return name
    bare = short_name(layer.view)
    return f"{bare.replace(':', '')}{layer.name.removeprefix(layer.view.name)}"


def _write_techniques(sheet: Any, layers: Sequence[Tab], formats: Formats, styles: _Styles) -> None:
    """Write the table of techniques; the print area ends with the comments."""
    table = technique_table.techniques(layers, linked=True)
    write_sheet(sheet, table, formats, _WIDEST)
    scores = table.headers.index("score")
    rows = (row for layer in layers for row in layer.rows)
    for line, row in enumerate(rows, 1):
        if row.score is not None and row.aggregate is None:
            sheet.write_number(line, scores, rounded(row.score), styles.get("score", row.color))
    sheet.print_area(0, 0, len(table.rows), table.headers.index("comment"))


def _write_joint(sheet: Any, layers: Sequence[Tab], formats: Formats, styles: _Styles) -> None:
    rows = joint_of([layer.rows for layer in layers])
    write_sheet(sheet, technique_table.joint(layers, rows), formats, _WIDEST)
    for line, row in enumerate(rows, 1):
        for number, (score, color) in enumerate(zip(row.scores, row.colors, strict=True), _FIRST_SCORE):
            if score is not None:
                sheet.write_number(line, number, rounded(score), styles.get("score", color))


def _write_legend(sheet: Any, layers: Sequence[Tab], styles: _Styles) -> None:
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 90)
    sheet.hide_gridlines(2)
    row = 0
    for layer in layers:
        row = _write_about(sheet, layer, styles, row) + 2


def _write_about(sheet: Any, layer: Tab, styles: _Styles, row: int) -> int:
    """Write the meaning of a layer's colors and its metadata; return the row below."""
    view = layer.view
    sheet.write_string(row, 0, _harmless(layer.name), styles.get("strong"))
    sheet.write_string(row + 1, 0, _harmless(view.description), styles.get("text"))
    row += 3
    items = facts.legend(view) if view.legend else ()
    for title, marks in (("Gradient of the scores", facts.ticks(view)), ("Legend", items)):
        if not marks:
            continue
        sheet.write_string(row, 0, title, styles.get("label"))
        for number, mark in enumerate(marks[:_MOST_MARKS], row + 1):
            sheet.write_string(number, 0, _harmless(mark.label), styles.get("mark", mark.color))
        row += len(marks[:_MOST_MARKS]) + 2
    for number, sentence in enumerate(facts.reading(layer), row):
        sheet.write_string(number, 0, sentence, styles.get("text"))
    row += len(facts.reading(layer)) + 1
    about = [*facts.facts(view), *(("link", f"{label} {url}") for label, url in view.links)]
    for number, (label, value) in enumerate(about, row):
        sheet.write_string(number, 0, _harmless(label), styles.get("label"))
        sheet.write_string(number, 1, _harmless(value), styles.get("wrapped"))
    return row + len(about)


def _set_page(sheet: Any) -> None:
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.set_margins(left=0.4, right=0.4, top=0.4, bottom=0.6)
    sheet.set_footer("&L&8&A&R&8&P / &N")
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


class _Styles:
    """The formats of a workbook, created on demand."""

    _PLAIN: ClassVar[dict[str, dict[str, Any]]] = {
        "title": {"bold": True, "font_size": 16},
        "strong": {"bold": True, "font_size": 12},
        "text": {"font_size": 10},
        "wrapped": {"font_size": 10, "text_wrap": True, "valign": "top"},
        "label": {"font_size": 10, "font_color": _SOFT, "valign": "top"},
        "tactic": {"bold": True, "font_size": 10, "align": "center", "text_wrap": True},
        "count": {"font_size": _FONT, "font_color": _SOFT, "align": "center", "bottom": 1, "border_color": _BORDER},
        "cell": {"font_size": _FONT, "text_wrap": True, "valign": "vcenter", "border": 1, "border_color": _BORDER},
        "mark": {
            "font_size": 9,
            "align": "center",
            "valign": "vcenter",
            "shrink": True,
            "border": 1,
            "border_color": _BORDER,
        },
        "score": {"num_format": "General", "valign": "top", "align": "right", "indent": 1},
    }

    def __init__(self, book: Any) -> None:
        self._book = book
        self._formats: dict[tuple[str, tuple[tuple[str, Any], ...]], Any] = {}

    def get(self, name: str, fill: str = "", **more: Any) -> Any:
        """The format of that name; on a fill (`#rrggbb`), black or white text, whichever contrasts more."""
        if fill:
            more = {"bg_color": fill, "font_color": text_color(fill), **more}
        key = (name, tuple(more.items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format({**self._PLAIN[name], **more})
        return self._formats[key]

    def cell(self, color: str, *, enabled: bool, tall: bool = False) -> Any:
        """A cell of the matrix; the text of a tall cell, next to several sub-techniques, is at its top."""
        more = {"valign": "top"} if tall else {}
        if not enabled:
            return self.get("cell", _DISABLED, font_color=_OFF, **more)
        return self.get("cell", color, **more) if color else self.get("cell", font_color=_SOFT, **more)


def _write_matrix(sheet: Any, layer: Tab, styles: _Styles) -> None:
    """Write a layer's matrix on a sheet, ready to be printed."""
    columns, view = layer.matrix.columns, layer.view
    _write_head(sheet, layer, styles)
    sheet.set_column(0, _LAST_COLUMN, _WIDTH)
    lines: dict[int, int] = {}
    left = 0
    for column in columns:
        width = _width(column)
        _write(sheet, _TACTICS, left, column.name, styles.get("tactic", view.tactic_background), width=width)
        _write(sheet, _COUNTS, left, column.ratio, styles.get("count"), width=width)
        row = _FIRST
        for cell in column.cells:
            height = max(len(cell.shown), 1)
            _write_cell(sheet, view, styles, lines, cell, row, left, height)
            for number, sub in enumerate(cell.shown):
                _write_cell(sheet, view, styles, lines, sub, row + number, left + 1)
            row += height
        left += width + 1
        sheet.set_column(left - 1, left - 1, _GAP)
    if not columns:
        sheet.write_string(_TACTICS, 0, "The filters of the layer hide every technique.", styles.get("text"))
    last = max([_COUNTS, *lines])
    for row in range(_FIRST, last + 1):
        sheet.set_row(row, _LINE * lines.get(row, 1) + 2)
    sheet.freeze_panes(_FIRST, 0)
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.set_paper(_A3)
    sheet.set_margins(left=0.3, right=0.3, top=0.3, bottom=0.5)
    sheet.fit_to_pages(1, 2)
    sheet.repeat_rows(_TACTICS, _COUNTS)
    sheet.print_area(0, 0, last, max(left - 2, _NARROWEST))
    sheet.set_footer("&R&8&P / &N")


def _harmless(text: str, longest: int = _LONGEST_TEXT) -> str:
    """Text of a layer for a cell: on one line, not a formula, shortened if necessary."""
    return neutralize(cut(" ".join(printable(text).split()), longest))


def _write_head(sheet: Any, layer: Tab, styles: _Styles) -> None:
    view = layer.view
    sheet.set_row(_NAME, 24)
    sheet.write_string(_NAME, 0, _harmless(view.name), styles.get("title"))
    sheet.write_string(_DESCRIPTION, 0, _harmless(view.description), styles.get("text"))
    sheet.write_string(_FACTS, 0, _harmless(" · ".join(facts.summary(view))), styles.get("text"))
    marks = facts.legend(view)
    sheet.set_row(_LEGEND_ROW, 18)
    for column, mark in zip(_legend_columns(layer), marks, strict=False):
        sheet.write_string(_LEGEND_ROW, column, _harmless(mark.label, 60), styles.get("mark", mark.color))
    sheet.set_row(_TACTICS, 24)


def _legend_columns(layer: Tab) -> list[int]:
    """The columns that are wide enough for a label."""
    widths = [_width(column) + 1 for column in layer.matrix.columns]
    gaps = set(accumulate(widths, initial=-1))
    return [number for number in range(max(sum(widths), _NARROWEST)) if number not in gaps]


def _width(column: Column) -> int:
    """The columns of the sheet that a tactic takes: two if it shows any sub-technique."""
    return 2 if any(cell.shown for cell in column.cells) else 1


def _write_cell(
    sheet: Any,
    view: View,
    styles: _Styles,
    lines: dict[int, int],
    cell: Cell,
    row: int,
    column: int,
    height: int = 1,
) -> None:
    """Write a technique over `height` rows, with a note; count its lines of text per row in `lines`."""
    text = f"{cell.id} {cell.name}" if view.layout.show_id else cell.name
    if cell.score is not None:
        text = f"{text} ({facts.figure(cell.score)})"
    style = styles.cell(cell.color, enabled=cell.enabled, tall=height > 1)
    _write(sheet, row, column, text, style, height=height)
    needed = -(-len(wrap(text, _LETTERS)) // height)
    for line in range(row, row + height):
        lines[line] = max(lines.get(line, 1), needed)
    if note := _note(view, cell):
        size = sum(len(wrap(line, _NOTE_LETTERS)) for line in note.split("\n"))
        tall = min((size + 1) * _NOTE_LINE, _NOTE_HEIGHT)
        sheet.write_comment(row, column, note, {"width": _NOTE_WIDTH, "height": tall, "font_size": 9})


def _write(sheet: Any, row: int, column: int, text: str, style: Any, *, height: int = 1, width: int = 1) -> None:
    """Write a text into a cell, merged over several rows and columns."""
    if height > 1 or width > 1:
        sheet.merge_range(row, column, row + height - 1, column + width - 1, "", style)
    sheet.write_string(row, column, text, style)


def _note(view: View, cell: Cell) -> str:
    """The facts about a technique; "" if the layer does not annotate it."""
    entry = cell.annotation
    if not entry.annotated:
        return ""
    lines = [f"{cell.id} {cell.name}"]
    if cell.score is not None:
        lines.append(f"Score: {facts.figure(cell.score)}")
    if not entry.enabled:
        lines.append("Disabled")
    lines += (printable(line) for line in cut(entry.comment, _LONGEST_NOTE).splitlines())
    lines += (f"{printable(name)}: {printable(value)}" for name, value in metadata_of(view, entry)[:20])
    return cut("\n".join(lines), _LONGEST_NOTE)
