"""Documents and tables as GitHub-flavored Markdown; markup in the data is escaped."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from navlayers._text.lines import printable
from navlayers._text.slugs import slug
from navlayers.output.document import Chart, Facts, Figure, Heading, Items, Note, Numbers, Paragraph, flat, spans
from navlayers.output.tables import RowStyle, Table, address_of, url_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from navlayers.output.document import Block, Document, Item
    from navlayers.output.drawing.options import Rendered

_ADDRESS_MARKS = re.compile(r"""[\s()<>|\\"'`]""")
_MARKS = re.compile(r"([\\|*_`<>\[\]~#$]|:(?=//)|(?<=www)\.|&(?=#?\w+;))")
"""Markup, and text that becomes a link by itself; $ starts a formula on GitHub."""

_BEGINNING = re.compile(r"^(\d*)([-+=.)])(?=\s|$|[-=]+$)")
"""The start of a list item, or the line under a heading."""

_MENTION = re.compile(r"(?<!\w)@(?=\w)")
"""A mention, which notifies a user of GitHub; an invisible comment behind the @ prevents that."""

_NONE: dict[str, str] = {}
_CHART = (570.0, 9.75)
"""The width of charts and the size of their text, in points: 760 and 13 pixels."""


def render(document: Document, addresses: Mapping[str, str] = _NONE) -> str:
    """The document as Markdown; a figure whose file name is not in `addresses` has only its caption."""
    names = picture_names(document)
    return "\n\n".join("\n".join(lines) for lines in _blocks(document, names, addresses)) + "\n"


def pictures(document: Document) -> dict[str, Rendered]:
    """File name → picture of every figure and chart, in their order."""
    from navlayers.output.drawing.options import Rendered, RenderOptions  # noqa: PLC0415 - documents with pictures
    from navlayers.output.drawing.pictures import render_svg  # noqa: PLC0415

    named = zip(picture_names(document), document.pictures, strict=True)
    return {
        name: Rendered(chart_svg(block)) if isinstance(block, Chart) else render_svg(block.view, RenderOptions())
        for name, block in named
    }


def chart_svg(chart: Chart) -> bytes:
    """A chart as SVG, as wide as the text of a page on GitHub."""
    from navlayers.output.drawing.charts import draw  # noqa: PLC0415 - documents with charts
    from navlayers.output.drawing.shapes import to_svg  # noqa: PLC0415

    return to_svg(draw(chart, *_CHART))


def picture_names(document: Document) -> Iterator[str]:
    """The file names of the figures and charts, in their order."""
    for number, block in enumerate(document.pictures, 1):
        other = "chart" if isinstance(block, Chart) else "heatmap"
        yield f"{number:02d}-{slug(block.title)[:60] or other}.svg"


def escape(text: str) -> str:
    """Text on one line that Markdown shows unchanged: no markup, HTML, links or mentions."""
    return _line_start(_marked(text))


def _marked(text: str) -> str:
    return _MENTION.sub("@<!-- -->", _MARKS.sub(r"\\\1", " ".join(printable(text).split())))


def _line_start(marked: str) -> str:
    """Escaped text for the start of a line."""
    return _BEGINNING.sub(r"\1\\\2", marked)


def tables(all_tables: Iterable[Table]) -> str:
    """Tables, each below a heading."""
    sections = (_titled(table, 2, linked=False) for table in all_tables)
    return "\n".join("\n\n".join(map("\n".join, section)) + "\n" for section in sections)


def table_lines(table: Table, *, linked: bool = False) -> list[str]:
    """The table without title and note: headers, rules, rows; then the details of rows as a list.

    `linked`: ids of techniques and addresses become links, too, not only spans.
    """
    heads = _line(map(escape, table.headers))
    rules = _line("---:" if column.right else "---" for column in table.columns)
    rows = [_cells(table, number, texts, linked=linked) for number, texts in enumerate(table.texts)]
    return [heads, rules, *rows, *_details(table)]


def _blocks(document: Document, names: Iterator[str], addresses: Mapping[str, str]) -> Iterator[Iterable[str]]:
    head, *rest = flat(document)
    yield from _block(head)
    if document.subtitle:
        yield (escape(document.subtitle),)
    if byline := [escape(text) for text in (document.author, document.date) if text]:
        yield (" · ".join(byline),)
    if document.facts:
        yield _facts(Facts(document.plain_facts))
    if document.numbers is not None:
        yield table_lines(document.numbers.table)
    for block in rest:
        if isinstance(block, Heading) and not block.text:
            continue
        if isinstance(block, Figure | Chart):
            yield (f"### {escape(block.title)}",)
            yield (escape(block.caption),)
            if address := addresses.get(next(names)):
                yield (f"![{escape(block.title)}]({quote(address)})",)
            if isinstance(block, Chart) and block.table is not None:
                yield from _titled(block.table, 3)
        else:
            yield from _block(block)


def _block(block: Block) -> Iterator[Iterable[str]]:
    match block:
        case Heading():
            yield (f"{'#' * block.level} {' '.join(escape(part) for part in (block.key, block.text) if part)}",)
        case Paragraph():
            text = _line_start("".join(map(_inline, block.spans)))
            yield (f"**{text}**" if block.warning else text,)
        case Note():
            yield (f"*{escape(block.text)}*",)
        case Facts() if block.items:
            yield _facts(block)
        case Items():
            yield item_lines(block.items)
        case Table():
            yield from _titled(block, 3)
        case Numbers():
            yield from _titled(block.table, 3)


def _facts(facts: Facts) -> Iterator[str]:
    for label, content in facts.items:
        yield f"- **{escape(label)}**: {', '.join(map(_inline, spans(content)))}"


def item_lines(items: Iterable[Item], indent: str = "") -> Iterator[str]:
    """The items of a list, nested items indented."""
    for item in items:
        yield f"{indent}- {escape(item.text)}"
        yield from item_lines(item.below, f"{indent}  ")


def _titled(table: Table, level: int, *, linked: bool = True) -> Iterator[Iterable[str]]:
    if table.title:
        yield (f"{'#' * level} {escape(table.title)}",)
    yield table_lines(table, linked=linked)
    if table.note:
        yield (escape(table.note),)


def _cells(table: Table, number: int, texts: Iterable[str], *, linked: bool) -> str:
    columns = zip(texts, table.columns, strict=True)
    cells = [_cell(text, address_of(text, column) if linked else url_of(text)) for text, column in columns]
    if table.styles and table.styles[number].level:
        cells[0] = f"&nbsp;&nbsp;{cells[0]}"
    return _line(cells)


def _details(table: Table) -> Iterator[str]:
    styled: list[tuple[list[str], RowStyle]]
    styled = [(row, style) for row, style in zip(table.texts, table.styles, strict=False) if style.details]
    if styled:
        yield ""
    for row, style in styled:
        yield f"- **{', '.join(escape(row[key]) for key in table.keys if row[key])}**"
        for detail in style.details:
            first, *rest = detail.spans
            yield f"  - {escape(detail.label)}: {_inline(first)}"
            for span in rest:
                yield from ("", f"    {_line_start(_inline(span))}")


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str, url: str) -> str:
    if url:
        return f"[{escape(text)}]({_ADDRESS_MARKS.sub(lambda mark: f'%{ord(mark[0]):02X}', url)})"
    return "<br>".join(escape(line) for line in text.splitlines()) if "\n" in text else escape(text)


def _inline(text: str) -> str:
    """A piece of a sentence, with the blanks at its ends."""
    if url := url_of(text):
        return _cell(text, url)
    before, after = (" " if end.isspace() else "" for end in (text[:1], text[-1:]))
    marked = _marked(text)
    return f"{before}{marked}{after}" if marked else before
