"""The blocks of a document as the template shows them: tables cell by cell, bars with their figures."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from navlayers._text import technique_url
from navlayers.output.html import finalize
from navlayers.output.tables import address_of, fill_of, shown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from navlayers.output.document import Bars
    from navlayers.output.tables import Cell, Column, Table
    from navlayers.web.report.explorer_colors import Colors

_HIGH = 20
"""A table of more rows has a frame of its own, in which its head stays in sight."""

_WIDE, _SHORT, _ALL, _LEAST = 40, 30, 70, 12
"""In letters: words that are to be parted; lines that stand whole; the room of all columns; the least of one."""

_TOLD = 60
"""Texts of so many letters are worth being looked up."""

_PLAIN = re.compile(r"[^A-Za-z0-9 ]")


class ShownCell(NamedTuple):
    """A cell: its text, the classes of the cell and of a chip in it, where it leads, the anchor that it is.

    `links` are the addresses of which a cell of nothing else is made, a line each.
    """

    text: str
    kind: str = ""
    chip: str = ""
    href: str = ""
    anchor: str = ""
    links: tuple[str, ...] = ()


class ShownTable(NamedTuple):
    """A table of the page: `id` names it in the style sheet.

    `least` are the letters that its columns have room for at least, where words need to be parted, else nothing.
    """

    id: str
    title: str
    note: str
    headers: tuple[tuple[str, str], ...]
    rows: tuple[tuple[ShownCell, ...], ...]
    long: bool
    least: tuple[int, ...] = ()

    @property
    def high(self) -> bool:
        """Whether it is to be scrolled in itself."""
        return len(self.rows) > _HIGH


class Tables:
    """Shapes tables one after the other: colours, anchors and ids are those of the whole page.

    `explored` are the ids of techniques that lead to the explorer, all others to ATT&CK's own pages; `told` are the
    texts that it needs, and finds in the tables where they are there.
    """

    def __init__(self, colors: Colors, explored: Collection[str] = (), told: Iterable[str] = ()) -> None:
        self._colors = colors
        self._explored = explored
        # Long ones that HTML holds as they are.
        self._told = {t for t in told if len(t) > _TOLD and t == t.strip() == finalize(t, lines=True)}
        self._places: dict[str, int] = {}
        self._made: list[ShownTable] = []
        self._anchored: set[str] = set()

    def shape(self, block: Table) -> ShownTable:
        """A table as it is shown."""
        table = block
        kinds = tuple(_kind(column) for column in table.columns)
        rows = tuple(
            tuple(
                self._cell(cell, text, column, kind, anchored=block.long and place == 0, long=block.long)
                for place, (cell, text, column, kind) in enumerate(
                    zip(row, texts, table.columns, kinds, strict=True)
                )
            )
            for row, texts in zip(table.rows, table.texts, strict=True)
        )
        headers = tuple(zip(table.headers, kinds, strict=True))
        least = _least(table.texts, kinds)
        made = ShownTable(f"t{len(self._made)}", table.title, table.note, headers, rows, block.long, least)
        self._made.append(made)
        return made

    def _cell(self, cell: Cell, text: str, column: Column, kind: str, *, anchored: bool, long: bool) -> ShownCell:
        if column.kind == "technique" and text:
            anchor = text if anchored and text not in self._anchored else ""
            if anchor:
                self._anchored.add(anchor)
            href = f"#pin={text}" if text in self._explored else technique_url(text)
            return ShownCell(text, kind, href=href, anchor=anchor)
        fill = fill_of(cell, column)
        if fill:
            return ShownCell(text, kind, chip=self._colors.name(fill))
        lines = text.split("\n")
        if len(lines) > 1 and all(address_of(line, column) for line in lines):
            return ShownCell(text, kind, links=tuple(lines))
        href = address_of(cell, column)
        # Other tables may be there for browsers without a script alone.
        if long and text in self._told and not href:
            self._told.remove(text)
            self._places[text] = len(self._places)
            kind = "told"
        return ShownCell(text, kind, href=href)

    def places(self, texts: Iterable[str]) -> dict[int, int]:
        """The numbers of texts that are those of cells, and of these among the cells of class "told"."""
        return {number: self._places[text] for number, text in enumerate(texts) if text in self._places}

    @property
    def widths(self) -> str:
        """The least widths of columns, which hold where tables are tables."""
        return "".join(
            f"#{table.id} tr > :nth-child({number}) {{ min-width: {letters}ch; }}\n"
            for table in self._made
            for number, letters in enumerate(table.least, 1)
        )

    @property
    def rules(self) -> str:
        """The names of columns, which stand before each cell where there is no room for a head."""
        return "".join(
            f'#{table.id} tr > :nth-child({number})::before {{ content: "{_quoted(header)}"; }}\n'
            for table in self._made
            for number, (header, _) in enumerate(table.headers, 1)
        )


def _kind(column: Column) -> str:
    return "right" if column.right else "id" if column.kind == "technique" else ""


def _least(texts: Sequence[Sequence[str]], kinds: Sequence[str]) -> tuple[int, ...]:
    """How many letters each column has room for at least; nothing where no word is so long that it is to be parted.

    Columns of short lines have them whole, figures and ids, too; the others share what is left.
    """
    if not any(len(word) > _WIDE for row in texts for text in row for word in text.split()):
        return ()
    columns = list(zip(*texts, strict=True))
    longest = [max(len(line) for text in column for line in (text.splitlines() or [""])) for column in columns]
    whole = [bool(kind) or length <= _SHORT for kind, length in zip(kinds, longest, strict=True)]
    left = _ALL - sum(length for length, fits in zip(longest, whole, strict=True) if fits)
    share = max(left // max(whole.count(False), 1), _LEAST)
    return tuple(length if fits else share for length, fits in zip(longest, whole, strict=True))


def _quoted(text: str) -> str:
    return _PLAIN.sub(lambda char: f"\\{ord(char[0]):x} ", text)


class ShownBar(NamedTuple):
    """A bar: what it is of, the class of its colour, its width in per cent, and the same as figures."""

    series: str
    color: str
    width: str
    figure: str
    share: str


class ShownBars(NamedTuple):
    """Bars: each row has a label and a bar per series."""

    title: str
    note: str
    several: bool
    rows: tuple[tuple[str, tuple[ShownBar, ...]], ...]


def shape_bars(bars: Bars, colors: Colors) -> ShownBars:
    """Bars as they are shown."""
    names = [(series.name, colors.name(series.color)) for series in bars.series]

    def of(total: int, covered: tuple[int, ...], shares: tuple[float, ...]) -> Iterator[ShownBar]:
        for (name, color), number, share in zip(names, covered, shares, strict=True):
            yield ShownBar(
                name, color, f"{min(share, 100):.2f}", f"{number}/{total}", shown(share, "percent") if total else ""
            )

    rows = tuple((row.label, tuple(of(row.total, row.covered, row.shares))) for row in bars.rows)
    return ShownBars(bars.title, bars.note, len(names) > 1, rows)
