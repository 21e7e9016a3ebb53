"""Layers as a workbook: their matrices, a table of techniques, a legend, and a table of all scores."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from navlayers._text import listed, tidy
from navlayers.errors import Problem
from navlayers.layer.technique_rows import joint_of
from navlayers.output.drawing import facts as head
from navlayers.output.drawing import technique_table
from navlayers.output.drawing.arrange import DEFAULTS, Laid, lay_out, undated
from navlayers.output.drawing.matrix_sheet import Styles, harmless, write_matrix
from navlayers.output.drawing.rendered import Rendered
from navlayers.output.sheets import LONGEST, MADE, Formats, cut, is_sheet_name, sheet_names, write_sheet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.layer.view import View
    from navlayers.output.drawing.options import RenderOptions

_JOINT, _TECHNIQUES, _LEGEND, _MATRIX = "All layers", "Techniques", "Legend", "Matrix"
_FIRST_SCORE = 3
_WIDEST = {"layer": 24, "name": 36, "tactics": 30}
"""So wide are columns at most that would take the room of others on paper."""

_MOST_MARKS = 200


def render_xlsx(views: Sequence[View], options: RenderOptions = DEFAULTS) -> Rendered:
    """The layers as one workbook; that of several starts with their scores beside each other."""
    # Libraries for workbooks are imported only where one is written.
    import xlsxwriter  # noqa: PLC0415

    layers = lay_out(views, options)
    single = len(layers) == 1
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_urls": False}) as book:
        book.set_properties({"created": MADE})
        formats, styles = Formats(book), Styles(book)
        first = [] if single else [_JOINT]
        matrices = [_MATRIX] if single else [_sheet_name(layer) for layer in layers]
        # Sheets of the workbook's own keep their names, whatever layers are called.
        names = sheet_names([*first, _TECHNIQUES, _LEGEND, *matrices])
        sheets = {
            name: book.add_worksheet(name) for name in (*first, *names[len(first) + 2 :], _TECHNIQUES, _LEGEND)
        }
        if not single:
            _write_joint(sheets[_JOINT], layers, formats, styles)
        for name, layer in zip(names[len(first) + 2 :], layers, strict=True):
            write_matrix(sheets[name], layer, styles)
        _write_techniques(sheets[_TECHNIQUES], layers, formats, styles)
        _write_legend(sheets[_LEGEND], layers, styles)
        for name in (*first, _TECHNIQUES, _LEGEND):
            _set_page(sheets[name])
    return Rendered(stream.getvalue(), _notices(layers))


def _notices(layers: Sequence[Laid]) -> tuple[Problem, ...]:
    long = [
        row.id for layer in layers for row in layer.rows if cut(row.annotation.comment) != row.annotation.comment
    ]
    if not long:
        return ()
    message = (
        f"comments are cut to the {LONGEST:,} characters that a cell holds: {listed(list(dict.fromkeys(long)))}"
    )
    return (Problem(message, hint="html and csv hold all"),)


def _sheet_name(layer: Laid) -> str:
    """The layer's name; without its date or version where it would be cut, or has marks that sheets lack."""
    name = layer.name.replace(":", "")
    if is_sheet_name(name):
        return name
    bare = undated(layer.view)
    return f"{bare.replace(':', '')}{layer.name.removeprefix(layer.view.name)}"


def _write_techniques(sheet: Any, layers: Sequence[Laid], formats: Formats, styles: Styles) -> None:
    """All of it, of which ids, names, tactics, scores and comments are printed."""
    table = technique_table.techniques(layers, linked=True)
    write_sheet(sheet, table, formats, _WIDEST)
    scores = table.headers.index("score")
    rows = (row for layer in layers for row in layer.rows)
    for line, row in enumerate(rows, 1):
        if row.score is not None and row.aggregate is None:
            sheet.write_number(line, scores, tidy(row.score), styles.figure(row.color))
    sheet.print_area(0, 0, len(table.rows), table.headers.index("comment"))


def _write_joint(sheet: Any, layers: Sequence[Laid], formats: Formats, styles: Styles) -> None:
    rows = joint_of([layer.rows for layer in layers])
    write_sheet(sheet, technique_table.joint(layers, rows), formats, _WIDEST)
    for line, row in enumerate(rows, 1):
        for number, (score, color) in enumerate(zip(row.scores, row.colors, strict=True), _FIRST_SCORE):
            if score is not None:
                sheet.write_number(line, number, tidy(score), styles.figure(color))


def _write_legend(sheet: Any, layers: Sequence[Laid], styles: Styles) -> None:
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 90)
    sheet.hide_gridlines(2)
    row = 0
    for layer in layers:
        row = _write_about(sheet, layer, styles, row) + 2


def _write_about(sheet: Any, layer: Laid, styles: Styles, row: int) -> int:
    """Write what the colours of a layer mean, and what else is known of it; the row below."""
    view = layer.view
    sheet.write_string(row, 0, harmless(layer.name), styles.strong())
    sheet.write_string(row + 1, 0, harmless(view.description), styles.text())
    row += 3
    items = head.legend(view) if view.legend else ()
    for title, marks in (("Gradient of the scores", head.ticks(view)), ("Legend", items)):
        if not marks:
            continue
        sheet.write_string(row, 0, title, styles.label())
        for number, mark in enumerate(marks[:_MOST_MARKS], row + 1):
            sheet.write_string(number, 0, harmless(mark.label), styles.mark(mark.color))
        row += len(marks[:_MOST_MARKS]) + 2
    for number, sentence in enumerate(head.reading(view, layer.rows), row):
        sheet.write_string(number, 0, sentence, styles.text())
    row += len(head.reading(view, layer.rows)) + 1
    told = [*head.facts(view), *(("link", f"{label} {url}") for label, url in view.links)]
    for number, (label, value) in enumerate(told, row):
        sheet.write_string(number, 0, harmless(label), styles.label())
        sheet.write_string(number, 1, harmless(value), styles.wrapped())
    return row + len(told)


def _set_page(sheet: Any) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.set_margins(left=0.4, right=0.4, top=0.4, bottom=0.6)
    sheet.set_footer("&L&8&A&R&8&P / &N")
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
