"""The report as one HTML file that needs nothing beside it: its text, and the explorer in place of the heatmaps."""

from __future__ import annotations

import base64
import re
from functools import lru_cache, partial
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple

from navlayers._text import technique_url
from navlayers.output import html
from navlayers.output.document import Bars, Facts, Figure, Heading, Note, Numbers, Paragraph
from navlayers.output.drawing.options import Rendered
from navlayers.output.html import finalize
from navlayers.output.tables import Column, Table, address_of, fill_of, shown
from navlayers.web.explorer import explorer, layers_of
from navlayers.web.explorer_views import Colors

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from jinja2 import Template

    from navlayers.output.document import Block, Document, Logo, Section
    from navlayers.output.tables import Cell, Kind
    from navlayers.pages.report.build import Report
    from navlayers.pages.report.subject import Subject


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


SCRIPTS = ("explorer_model", "explorer_matrix", "explorer_panel", "explorer")
"""The parts of the explorer's script, in the order in which they build upon each other."""

_KINDS = {Paragraph: "text", Note: "note", Heading: "subheading", Numbers: "numbers", Facts: "facts"}
_MIME = {"png": "image/png", "jpeg": "image/jpeg", "svg": "image/svg+xml"}


class Part(NamedTuple):
    """A block as the template knows it: the name of its kind, and what it needs to know."""

    kind: str
    value: Any


def render(report: Report) -> Rendered:
    """The report as a page."""
    # The library of templates is imported only where it is needed.
    from markupsafe import Markup as Safe  # noqa: PLC0415

    document, subject = report.document, report.subject
    colors = Colors()
    explored = bool(document.figures)
    found = explorer(subject, document, colors) if explored else None
    shaper = _Shaper(document, subject, colors, found.texts if found else ())
    sections = [(section, shaper.parts(section)) for section in document.sections]
    data = found.without(shaper.tables.places(found.texts)).json if found else ""
    sources = _sources()
    tables = shaper.tables
    style = (
        f"{sources.css}{colors.rules}"
        f"@media screen and (max-width: 720px) {{\n{tables.rules}}}\n"
        f"@media print, screen and (min-width: 721px) {{\n{tables.widths}}}\n"
    )
    script = sources.explorer if explored else sources.plain
    page = sources.template.render(
        document=document,
        sections=sections,
        logo=_address(document.logo) if document.logo else "",
        # Made of this package's own files, of colours and quoted headers alone; browsers run what digests name.
        style=Safe(style),  # noqa: S704
        theme=Safe(sources.theme),  # noqa: S704
        script=Safe(script),  # noqa: S704
        # Whatever could end the element is escaped in it.
        data=Safe(data),  # noqa: S704
        style_hash=html.digest(style),
        script_hashes=[html.digest(sources.theme), html.digest(script)],
    )
    return Rendered(page.encode("utf-8", "replace"))


class _Shaper:
    """Makes the parts of sections; the explorer stands at the first heatmap, the others are its views."""

    def __init__(self, document: Document, subject: Subject, colors: Colors, told: Sequence[str]) -> None:
        active = (t.id for t in subject.catalogue.techniques.values() if t.active)
        self.tables = Tables(colors, frozenset(active) if document.figures else (), told)
        self._colors = colors
        self._subject = subject
        self._first = document.figures[0] if document.figures else None
        self._layers = layers_of(document)

    def parts(self, section: Section) -> list[Part]:
        """The parts of a section; charts that follow each other are one part."""
        parts: list[Part] = []
        for part in (part for block in section.blocks for part in self._parts(block, section)):
            if part.kind == "charts" and parts and parts[-1].kind == "charts":
                parts[-1] = Part("charts", [*parts[-1].value, *part.value])
            else:
                parts.append(part)
        return parts

    def _parts(self, block: Block, section: Section) -> Iterator[Part]:
        if isinstance(block, Table):
            yield Part("table", self.tables.shape(block))
        elif isinstance(block, Bars):
            yield Part("charts", [shape_bars(block, self._colors)])
        elif isinstance(block, Figure):
            if block is self._first:
                yield Part("explorer", self.tables.shape(_coverage(self._subject)))
            if section.id != "heatmaps":
                number = next(n for n, layer in enumerate(self._layers, 1) if layer is block)
                yield Part("view", (f"#matrix=1&view=~layer{number}", block))
        else:
            yield Part(_KINDS[type(block)], block)


def _coverage(subject: Subject) -> Table:
    """The scores of every technique that any input covers, for browsers that run no script."""
    comparison = subject.comparison
    kind: Kind = "number" if comparison.counts else "score"
    rows = tuple(
        (
            row.technique,
            subject.catalogue.techniques[row.technique].name,
            *(
                ("not rated" if score is None else score) if number in row.covering else None
                for number, score in enumerate(row.scores)
            ),
        )
        for row in comparison.rows
    )
    columns = (Column("technique", "technique"), Column("name"), *(Column(name, kind) for name in subject.names))
    return Table("coverage", "Scores of every technique that is covered", columns, rows)


def _address(logo: Logo) -> str:
    return f"data:{_MIME[logo.kind]};base64,{base64.b64encode(logo.data).decode()}"


class _Sources(NamedTuple):
    template: Template
    css: str
    theme: str
    plain: str
    explorer: str


@lru_cache(maxsize=1)
def _sources() -> _Sources:
    package = resources.files("navlayers")

    def read(*paths: str) -> str:
        return "".join(package.joinpath(path).read_text("utf-8") for path in paths)

    environment = html.environment("navlayers.web", partial(html.finalize, lines=True))
    plain = read("web/report.js")
    names = [f"web/{name}.js" for name in SCRIPTS]
    return _Sources(
        template=environment.get_template("report.html.jinja"),
        css=read("web/base.css", "web/report.css", "web/explorer.css"),
        theme=read("web/base.js"),
        plain=plain,
        explorer=f'{plain}(() => {{\n"use strict";\n{read(*names)}}})();\n',
    )
