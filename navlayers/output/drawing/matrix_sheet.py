"""The matrix on a sheet of a workbook: a technique beside its sub-techniques, in the Navigator's colours."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any

from navlayers._text import neutralise, plain, wrap
from navlayers.layer.colors import text_color
from navlayers.layer.metadata_repeats import metadata_of
from navlayers.output.drawing import facts as head
from navlayers.output.sheets import cut

if TYPE_CHECKING:
    from navlayers.layer.matrix import Cell, Column
    from navlayers.output.drawing.arrange import Laid

_FONT = 9
_WIDTH = 14
_LETTERS = 16
"""So wide is a column, and so many letters of the font stand in one line of it."""

_LINE = 12
"""The height of a line, in points."""

_GAP = 0.8
"""The width of the column between two tactics."""

_LONGEST_NOTE = 1000
_LONGEST_TEXT = 500
_NOTE_LETTERS, _NOTE_LINE, _NOTE_WIDTH, _NOTE_HEIGHT = 56, 14, 320, 480
_BORDER = "#cfd4da"
_SOFT, _OFF = "#59636e", "#4d565f"
_A3 = 8
_NARROWEST, _LAST_COLUMN = 7, 16_383
_NAME, _DESCRIPTION, _FACTS, _LEGEND, _TACTICS, _COUNTS, _FIRST = range(7)


class Styles:
    """The formats of a workbook's matrices and legends, made as they are needed."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[tuple[Any, ...], Any] = {}

    def _get(self, *key: Any, **look: Any) -> Any:
        if key not in self._made:
            self._made[key] = self._book.add_format(look)
        return self._made[key]

    def title(self) -> Any:
        """A sheet's title."""
        return self._get("title", bold=True, font_size=16)

    def text(self) -> Any:
        """A line below it."""
        return self._get("text", font_size=10)

    def wrapped(self) -> Any:
        """A text of several lines."""
        return self._get("wrapped", font_size=10, text_wrap=True, valign="top")

    def label(self) -> Any:
        """A word before something else."""
        return self._get("label", font_size=10, font_color=_SOFT, valign="top")

    def strong(self) -> Any:
        """A heading."""
        return self._get("strong", bold=True, font_size=12)

    def tactic(self, background: str) -> Any:
        """The name of a tactic, on the layer's own background where it has one."""
        look = {"bg_color": background, "font_color": text_color(background)} if background else {}
        base = {"bold": True, "font_size": 10, "align": "center", "text_wrap": True}
        return self._get("tactic", background, **base, **look)

    def count(self) -> Any:
        """What is below it."""
        return self._get("count", font_size=_FONT, font_color=_SOFT, align="center", bottom=1, border_color=_BORDER)

    def cell(self, color: str, *, enabled: bool, tall: bool = False) -> Any:
        """A cell of the matrix; the text of a tall one, which stands beside several, is at its top."""
        fill = head.fill(color, enabled=enabled)
        look = {"font_size": _FONT, "text_wrap": True, "valign": "vcenter", "border": 1, "border_color": _BORDER}
        look |= {"bg_color": fill, "font_color": text_color(fill)} if color else {"font_color": _SOFT}
        if not enabled:
            look |= {"bg_color": fill, "font_color": _OFF}
        if tall:
            look["valign"] = "top"
        return self._get("cell", color, enabled, tall, **look)

    def mark(self, color: str) -> Any:
        """A colour of the legend, its label upon it."""
        look = {"bg_color": color, "font_color": text_color(color), "border": 1, "border_color": _BORDER}
        return self._get("mark", color, font_size=9, align="center", valign="vcenter", shrink=True, **look)

    def figure(self, color: str) -> Any:
        """A score in a table, on the colour of its cell."""
        look = {"bg_color": color, "font_color": text_color(color)} if color else {}
        return self._get("figure", color, num_format="General", valign="top", align="right", indent=1, **look)


def write_matrix(sheet: Any, layer: Laid, styles: Styles) -> None:
    """Write a layer's matrix on a sheet, ready to be printed."""
    columns = layer.matrix.columns
    _write_head(sheet, layer, styles)
    lines: dict[int, int] = {}
    at = 0
    sheet.set_column(0, _LAST_COLUMN, _WIDTH)
    for column in columns:
        at += _Writer(sheet, layer, styles, lines).column(column, at) + 1
        sheet.set_column(at - 1, at - 1, _GAP)
    if not columns:
        sheet.write_string(_TACTICS, 0, "The filters of the layer leave no technique.", styles.text())
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
    sheet.print_area(0, 0, last, max(at - 2, _NARROWEST))
    sheet.set_footer("&R&8&P / &N")


def harmless(text: str, longest: int = _LONGEST_TEXT) -> str:
    """Text of a layer for a cell: on one line, no formula, cut when long."""
    return neutralise(cut(" ".join(plain(text).split()), longest))


def _write_head(sheet: Any, layer: Laid, styles: Styles) -> None:
    view = layer.view
    sheet.set_row(_NAME, 24)
    sheet.write_string(_NAME, 0, harmless(view.name), styles.title())
    sheet.write_string(_DESCRIPTION, 0, harmless(view.description), styles.text())
    sheet.write_string(_FACTS, 0, harmless(" · ".join(head.summary(view))), styles.text())
    marks = head.legend(view)
    sheet.set_row(_LEGEND, 18)
    for column, mark in zip(_legend_columns(layer), marks, strict=False):
        sheet.write_string(_LEGEND, column, harmless(mark.label, 60), styles.mark(mark.color))
    sheet.set_row(_TACTICS, 24)


def _legend_columns(layer: Laid) -> list[int]:
    """The columns that are wide enough for a label."""
    widths = [_width(column) + 1 for column in layer.matrix.columns]
    gaps = set(accumulate(widths, initial=-1))
    return [number for number in range(max(sum(widths), _NARROWEST)) if number not in gaps]


def _width(column: Column) -> int:
    """How many columns of the sheet a tactic takes: two where any sub-technique is shown."""
    return 2 if any(cell.shown for cell in column.cells) else 1


class _Writer:
    """Writes columns; `lines` is how many lines of text the rows hold."""

    def __init__(self, sheet: Any, layer: Laid, styles: Styles, lines: dict[int, int]) -> None:
        self._sheet = sheet
        self._layer = layer
        self._styles = styles
        self._lines = lines

    def column(self, column: Column, at: int) -> int:
        """Write a tactic; how many columns it takes."""
        width = _width(column)
        view = self._layer.view
        named = self._styles.tactic(view.tactic_background)
        self._over(_TACTICS, at, 1, width, column.name, named)
        self._over(_COUNTS, at, 1, width, column.ratio, self._styles.count())
        row = _FIRST
        for cell in column.cells:
            height = max(len(cell.shown), 1)
            self._cell(cell, row, at, height)
            for number, sub in enumerate(cell.shown):
                self._cell(sub, row + number, at + 1)
            row += height
        return width

    def _cell(self, cell: Cell, row: int, column: int, height: int = 1) -> None:
        text = self._text(cell)
        format_ = self._styles.cell(cell.color, enabled=cell.enabled, tall=height > 1)
        self._over(row, column, height, 1, text, format_)
        needed = -(-len(wrap(text, _LETTERS)) // height)
        for line in range(row, row + height):
            self._lines[line] = max(self._lines.get(line, 1), needed)
        note = self._note(cell)
        if note:
            size = sum(len(wrap(line, _NOTE_LETTERS)) for line in note.split("\n"))
            tall = min((size + 1) * _NOTE_LINE, _NOTE_HEIGHT)
            self._sheet.write_comment(row, column, note, {"width": _NOTE_WIDTH, "height": tall, "font_size": 9})

    def _over(self, row: int, column: int, height: int, width: int, text: str, format_: Any) -> None:
        if height == width == 1:
            self._sheet.write_string(row, column, text, format_)
        else:
            self._sheet.merge_range(row, column, row + height - 1, column + width - 1, "", format_)
            self._sheet.write_string(row, column, text, format_)

    def _text(self, cell: Cell) -> str:
        name = f"{cell.id} {cell.name}" if self._layer.view.layout.show_id else cell.name
        return name if cell.score is None else f"{name} ({head.figure(cell.score)})"

    def _note(self, cell: Cell) -> str:
        """What the layer says of a technique; "" where that is no more than stands in its cell."""
        entry = cell.annotation
        if not entry.annotated:
            return ""
        told = [f"{cell.id} {cell.name}"]
        if cell.score is not None:
            told.append(f"Score: {head.figure(cell.score)}")
        if not entry.enabled:
            told.append("Disabled")
        told += (plain(line) for line in cut(entry.comment, _LONGEST_NOTE).splitlines())
        told += (f"{plain(name)}: {plain(value)}" for name, value in metadata_of(self._layer.view, entry)[:20])
        return cut("\n".join(told), _LONGEST_NOTE)
