"""A report as Markdown, for pull requests, wikis and tickets; heatmaps are pictures that lie beside the file."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from navlayers._text import slug
from navlayers.output import tables
from navlayers.output.cell_styles import address_of
from navlayers.output.document import Bars, Facts, Figure, Heading, Note, Numbers, Paragraph
from navlayers.output.drawing.options import RenderOptions
from navlayers.output.drawing.pictures import render_svg
from navlayers.output.drawing.rendered import Rendered
from navlayers.output.tables import Column, Span, Table, escape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from navlayers.output.document import Block, Document

_STEPS = 20
_NONE: dict[str, str] = {}


def pictures(document: Document) -> dict[str, Rendered]:
    """File name → picture of every heatmap, in their order."""
    return {
        name: render_svg(block.view, RenderOptions())
        for name, block in zip(_names(document), document.figures, strict=True)
    }


def _names(document: Document) -> Iterator[str]:
    for number, block in enumerate(document.figures, 1):
        yield f"{number:02d}-{slug(block.title)[:60] or 'heatmap'}.svg"


def render(document: Document, addresses: Mapping[str, str] = _NONE) -> Rendered:
    """The report; `addresses` says where its pictures are, by their names; without them, there are but captions."""
    lines = [f"# {escape(document.title)}", "", escape(document.subtitle), ""]
    byline = " · ".join(escape(text) for text in (document.author, document.date) if text)
    lines += [byline, ""] if byline else []
    lines += [*_facts(document.facts), ""]
    found = iter(_names(document))
    for section in document.sections:
        lines += [f"## {escape(section.title)}", ""]
        for block in section.blocks:
            if isinstance(block, Figure):
                lines += _heatmap(block, addresses.get(next(found)))
            else:
                lines += [*_lines(block), ""]
    text = "\n".join(lines).rstrip("\n") + "\n"
    return Rendered(text.encode("utf-8", "replace"))


def _heatmap(block: Figure, address: str | None) -> list[str]:
    heading = [f"### {escape(block.title)}", "", escape(block.caption), ""]
    return heading if address is None else [*heading, f"![{escape(block.title)}]({quote(address)})", ""]


def _facts(items: tuple[tuple[str, str], ...]) -> list[str]:
    return [f"- {escape(name)}: {escape(text)}" for name, text in items]


@singledispatch
def _lines(block: Block) -> list[str]:
    raise NotImplementedError(type(block))


@_lines.register
def _(block: Paragraph) -> list[str]:
    return [escape(block.text)]


@_lines.register
def _(block: Note) -> list[str]:
    return [f"*{escape(block.text)}*"]


@_lines.register
def _(block: Heading) -> list[str]:
    return [f"### {escape(block.text)}"]


@_lines.register
def _(block: Facts) -> list[str]:
    return _facts(block.texts)


@_lines.register
def _(block: Numbers) -> list[str]:
    found = (Column("figure"), Column("value", "number"), Column("of what"))
    rows = tuple((item.label, item.value, item.note) for item in block.items)
    return tables.markdown_lines(Table("", "", found, rows))


@_lines.register
def _(block: Table) -> list[str]:
    table = _linked(block)
    note = ["", escape(table.note)] if table.note else []
    return [f"### {escape(table.title)}", "", *tables.markdown_lines(table), *note]


def _linked(table: Table) -> Table:
    """A table whose ids of techniques and addresses lead somewhere."""
    rows = tuple(
        tuple(
            Span(cell, address) if isinstance(cell, str) and (address := address_of(cell, column)) else cell
            for cell, column in zip(row, table.columns, strict=True)
        )
        for row in table.rows
    )
    return msgspec.structs.replace(table, rows=rows)


@_lines.register
def _(block: Bars) -> list[str]:
    found = [Column("tactic"), Column("techniques", "number")]
    for series in block.series:
        found += [Column(series.name, "number"), Column("share")]
    rows = []
    for row in block.rows:
        cells: list[tables.Cell] = [row.label, row.total]
        for covered, share in zip(row.covered, row.shares, strict=True):
            cells += [covered, f"{_bar(share)} {tables.shown(share, 'percent')}"]
        rows.append(tuple(cells))
    lines = tables.markdown_lines(Table("", "", tuple(found), tuple(rows)))
    return [f"### {escape(block.title)}", "", *lines, "", escape(block.note)]


def _bar(share: float) -> str:
    """A share as a bar of squares, so that rows can be compared at a glance."""
    full = min(round(share * _STEPS / 100), _STEPS)
    return "█" * full + "░" * (_STEPS - full)
