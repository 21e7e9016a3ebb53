"""The report as one HTML file that needs nothing beside it: its text, and the explorer in place of the heatmaps."""

from __future__ import annotations

import base64
from functools import lru_cache, partial
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple

from navlayers.output import html
from navlayers.output.document import Bars, Facts, Figure, Heading, Note, Numbers, Paragraph
from navlayers.output.drawing.options import Rendered
from navlayers.output.tables import Column, Table
from navlayers.web.report.blocks import Tables, shape_bars
from navlayers.web.report.explorer import explorer, layers_of
from navlayers.web.report.explorer_colors import Colors

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jinja2 import Template

    from navlayers.output.document import Block, Document, Logo, Section
    from navlayers.output.tables import Kind
    from navlayers.pages.report.build import Report
    from navlayers.pages.report.subject import Subject

SCRIPTS = ("model", "state", "dom", "matrix", "keys", "tip", "panel", "search", "controls")
"""The parts of the explorer's script in the order in which they build upon each other; explorer.js is the last."""

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

    environment = html.environment("navlayers.web.report", partial(html.finalize, lines=True))
    plain = read("web/report/report.js")
    names = [*(f"web/report/explorer_{name}.js" for name in SCRIPTS), "web/report/explorer.js"]
    return _Sources(
        template=environment.get_template("report.html.jinja"),
        css=read("web/base.css", "web/report/report.css", "web/report/explorer.css"),
        theme=read("web/base.js"),
        plain=plain,
        explorer=f'{plain}(() => {{\n"use strict";\n{read(*names)}}})();\n',
    )
