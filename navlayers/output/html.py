"""Documents as HTML pages, and the parts that all pages share: templates, colors, links, digests.

Templates escape all values and fail on missing ones. Colors are classes, because a Content-Security-Policy with
hashes forbids `style` attributes.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache, partial
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple

from navlayers._text.lines import joined_numbers, printable
from navlayers._text.links import technique_url
from navlayers.layer.contrast import dark, text_color
from navlayers.output.document import flat, spans
from navlayers.output.drawing.theme import THEMES
from navlayers.output.tables import Column, Span, address_of, fill_of, shown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from jinja2 import Environment
    from markupsafe import Markup

    from navlayers.output.document import Block, Chart, Document
    from navlayers.output.tables import Cell, RowStyle, Table

_BREAKS = re.compile(r"(?<=[A-Za-z]/)(?=[A-Za-z])|(?<=[A-Za-z]_)(?=[A-Za-z])|(?<=[a-z]{3})(?=[A-Z][a-z]{2})")
_TEXT = Column("")

_CHARTS = (("wide", 760.0, 13.0), ("narrow", 344.0, 12.0))
"""The class of a chart, its width and the size of its text in pixels."""

_BESIDE = (("wide", 600.0, 13.0), _CHARTS[1])
"""The same for the chart beside the matrix of the title page."""

# Longer words, mostly addresses, are broken instead of widening the table.
_LONG_WORD = 40


class Colors:
    """The colors of a page, or of all pages of a site; each has a class."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    def name(self, color: str) -> str:
        """The class for `#rrggbb` as background, with black or white text."""
        self._used.add(color)
        return f"c{color[1:]}"

    @property
    def rules(self) -> str:
        """The rules of the classes in use; `fill` is for shapes."""
        return "".join(f".c{color[1:]} {{ {_filled(color)} }}\n" for color in sorted(self._used))


def _filled(color: str) -> str:
    """A color as background and fill, with its text, on light and dark pages."""
    deep = dark(color)
    fill = f"light-dark({color}, {deep})"
    return f"background: {fill}; color: light-dark({text_color(color)}, {text_color(deep)}); fill: {fill};"


class HtmlRow(NamedTuple):
    """A row of a table: its anchor, its style, and the class and content of each cell."""

    anchor: str
    style: RowStyle | None
    cells: list[tuple[str, Markup]]


class Page:
    """The blocks of one document as HTML.

    `explored`: ids of techniques that link to the explorer of the page instead of ATT&CK's site.
    `shared`: texts that the explorer reads from the tables of the page if they have them; `places` says where.
    """

    def __init__(
        self, colors: Colors | None = None, explored: Collection[str] = (), shared: Iterable[str] = ()
    ) -> None:
        self.colors = colors or Colors()
        self.places: dict[str, int] = {}
        self._explored = explored
        self._shared = set(shared)
        self._anchors: set[str] = set()
        self._headers: list[tuple[str, ...]] = []

    def parts(self, blocks: Iterable[Block]) -> Iterator[tuple[str, Any]]:
        """Each block with the name of its type."""
        return ((type(block).__name__, block) for block in blocks)

    def piece(self, span: str) -> Markup:
        """A piece of text: a link, on its color, emphasized, or plain."""
        return self._cell(span, span, _TEXT)

    def rows(self, table: Table) -> Iterator[HtmlRow]:
        """The rows of a table."""
        classes = [cell_class(column, number) for number, column in enumerate(table.columns)]
        for number, (row, texts) in enumerate(zip(table.rows, table.texts, strict=True)):
            cells = []
            for cell, text, column, name in zip(row, texts, table.columns, classes, strict=True):
                # Not the table in <noscript>, whose cells the explorer cannot read.
                if table.long and text in self._shared:
                    self._shared.remove(text)
                    self.places[text] = len(self.places)
                    cells.append(("shared", self._cell(cell, text, _TEXT)))
                else:
                    cells.append((name, self._cell(cell, text, column)))
            anchor = texts[0] if table.long and table.columns[0].kind == "technique" else ""
            anchor = "" if anchor in self._anchors else anchor
            self._anchors.add(anchor)
            yield HtmlRow(anchor, table.styles[number] if table.styles else None, cells)

    def table_id(self, table: Table) -> str:
        """The id of the next table; `style` names its columns by it."""
        self._headers.append(table.headers)
        return f"t{len(self._headers) - 1}"

    def _cell(self, cell: Cell, text: str, column: Column) -> Markup:
        from markupsafe import Markup, escape  # noqa: PLC0415 - for HTML alone

        content = escape(finalize(text))
        if column is _TEXT and not isinstance(cell, Span) and "://" not in text:
            return content
        if isinstance(cell, Span) and cell.tag:
            return Markup('<span class="tag">%s</span>') % content
        strong = isinstance(cell, Span) and cell.strong and bool(text)
        if fill := fill_of(cell, column):
            return Markup('<span class="chip %s">%s</span>') % (self.colors.name(fill), content)
        if column.kind == "technique" and text in self._explored:
            return Markup('<a href="#pin=%s" rel="noreferrer">%s</a>') % (text, content)
        lines = text.split("\n")
        urls = [address_of(cell if len(lines) == 1 else line, column) for line in lines]
        if all(urls):
            name = Markup(' class="strong"') if strong else ""
            link = Markup('<a href="%s" rel="noreferrer"%s>%s</a>')
            return Markup("<br>").join(
                link % (url, name, finalize(line)) for url, line in zip(urls, lines, strict=True)
            )
        return Markup('<span class="strong">%s</span>') % content if strong else content

    def chart_svgs(self, chart: Chart, *, beside: bool = False) -> Markup:
        """A chart as SVG for wide windows, and another for narrow ones; `beside` another picture."""
        return chart_svgs(chart, self.colors, _BESIDE if beside else _CHARTS)

    @property
    def style(self) -> Markup:
        """The rules of this page: its colors, and the headers that narrow windows show in each cell."""
        from markupsafe import Markup  # noqa: PLC0415 - for HTML alone

        names = (
            f'#t{table} tr:not(.more) > :nth-child({number})::before {{ content: "{_quoted(header)}"; }}\n'
            for table, headers in enumerate(self._headers)
            for number, header in enumerate(headers, 1)
        )
        rules = f"{self.colors.rules}@media screen and (max-width: 720px) {{\n{''.join(names)}}}\n"
        return Markup(rules)  # noqa: S704 - hexadecimal colors and quoted headers


def chart_svgs(chart: Chart, colors: Colors, sizes: Iterable[tuple[str, float, float]] = _CHARTS) -> Markup:
    """A chart as SVG for wide windows, and another for narrow ones; `colors` gives its colors their classes."""
    from markupsafe import Markup  # noqa: PLC0415 - for HTML alone

    from navlayers.output.drawing.charts import draw  # noqa: PLC0415 - for documents with charts
    from navlayers.output.drawing.shapes import inline_svg  # noqa: PLC0415

    light = THEMES["light"]
    own = {light.page: "paper", light.ink: "ink", light.muted: "muted", light.border: "border", light.rule: "rule"}

    def paint(color: str) -> str:
        return f'class="{own.get(color) or colors.name(color)}"'

    drawn = (inline_svg(draw(chart, width, size), paint, kind) for kind, width, size in sizes)
    return Markup("\n").join(map(Markup, drawn))


def cell_class(column: Column, number: int) -> str:
    """The class of the cells of a column: figures at the right, ids whole."""
    whole = column.kind == "technique" or (column.whole and number > 0)
    return "right" if column.right else "id" if whole else ""


def has_long_words(table: Table) -> bool:
    """Whether a table has words that must be broken."""
    return any(len(word) > _LONG_WORD for row in table.texts for text in row for word in text.split())


def _quoted(text: str) -> str:
    """A text within the quotes of a style sheet."""
    return re.sub(r"[^A-Za-z0-9 ]", lambda char: f"\\{ord(char[0]):x} ", text)


def render(document: Document) -> str:
    """The document as one HTML file without scripts, fonts or pictures from elsewhere.

    All text is escaped, and only http(s) addresses are links.
    """
    title = printable(f"{document.key} {document.title}".strip())
    template = documents().get_template("document.html.jinja")
    return template.render(title=title, page=Page(), blocks=flat(document))


@lru_cache(maxsize=1)
def documents() -> Environment:
    """The templates of documents, of pages of layers and of reports."""
    templates = environment("navlayers.output", "navlayers.output.drawing", "navlayers.web")
    templates.filters |= {
        "address": technique_url,
        "breakable": breakable,
        "joined_numbers": joined_numbers,
        "percent": partial(shown, kind="percent"),
        "spans": spans,
    }
    templates.globals |= {
        "cell_class": cell_class,
        "digest": digest,
        "has_long_words": has_long_words,
        "source": source,
    }
    return templates


def environment(*packages: str) -> Environment:
    """The templates in some packages; each value goes through `finalize` first."""
    from jinja2 import (  # noqa: PLC0415 - slow, and for HTML alone
        ChoiceLoader,
        Environment,
        PackageLoader,
        StrictUndefined,
    )

    return Environment(
        loader=ChoiceLoader([PackageLoader(package, ".") for package in packages]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
        finalize=finalize,
    )


def finalize(value: object) -> object:
    """The value without control characters except line feeds: HTML forbids some, browsers hide others."""
    if type(value) is str and value.isprintable():  # most of a million values of a site
        return value
    # Markup consists of values that were cleaned before.
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    return "\n".join(map(printable, value.split("\n"))) if "\n" in value else printable(value)


@lru_cache(maxsize=4096)
def breakable(text: str) -> Markup:
    """The text with breaks allowed after slashes and underscores, and before capitals within words."""
    from markupsafe import Markup, escape  # noqa: PLC0415 - for HTML alone

    return Markup("<wbr>").join(escape(finalize(part)) for part in _BREAKS.split(text))


@lru_cache(maxsize=16)
def source(*paths: str) -> Markup:
    """Styles and scripts of this package, unchanged and concatenated."""
    from markupsafe import Markup  # noqa: PLC0415 - for HTML alone

    package = resources.files("navlayers")
    return Markup("".join(package.joinpath(path).read_text("utf-8") for path in paths))  # noqa: S704


def bundle(*paths: str) -> Markup:
    """Scripts of this package as one script with a scope for its names."""
    from markupsafe import Markup  # noqa: PLC0415 - for HTML alone

    return Markup('(() => {{\n"use strict";\n{}}})();\n').format(source(*paths))


def digest(text: str) -> str:
    """The hash of a style or script, as a Content-Security-Policy names it."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
