"""A page as blocks of text, tables and links: what the renderers draw, whatever the page is about."""

from __future__ import annotations

import re
from typing import TypeAlias

import msgspec

from navlayers._text import web_links


class Cell(msgspec.Struct, frozen=True):
    """A piece of text. `url`: http(s) only. `colour`: `#rrggbb` behind a score, which is said in the text, too."""

    text: str
    url: str = ""
    colour: str = ""
    strong: bool = False


class Column(msgspec.Struct, frozen=True):
    """A column of a table. `keep`: never broken over lines. `under`: the column to go below in narrow tables."""

    name: str
    right: bool = False
    keep: bool = False
    under: int | None = None


class Below(msgspec.Struct, frozen=True):
    """What stands under a row: a label, and paragraphs or links."""

    label: str
    cells: tuple[Cell, ...]


class Line(msgspec.Struct, frozen=True):
    """A row of a table. `level`: 1 for a sub-technique below its technique. `quiet`: nothing is mapped there."""

    cells: tuple[Cell, ...]
    below: tuple[Below, ...] = ()
    level: int = 0
    quiet: bool = False


class Heading(msgspec.Struct, frozen=True):
    """A heading, 1 for the page, 2 for a section, 3 and 4 within; `key` is a code set apart from the text."""

    level: int
    text: str
    key: str = ""


class Paragraph(msgspec.Struct, frozen=True):
    """A paragraph of text and links."""

    cells: tuple[Cell, ...]
    warning: bool = False


class Facts(msgspec.Struct, frozen=True):
    """Labels, each with values."""

    items: tuple[tuple[str, tuple[Cell, ...]], ...]


class Table(msgspec.Struct, frozen=True):
    """A table; columns without any text may be left out where room matters."""

    columns: tuple[Column, ...]
    lines: tuple[Line, ...]


Block: TypeAlias = Heading | Paragraph | Facts | Table

_LINK = re.compile(r"\[([^\]\n]+)\]\((https?://[^)\s]+)\)")


def link(url: str) -> Cell:
    """A reference: a link where it is one, else text."""
    found = web_links([url])
    return Cell(url, found[0] if len(found) == 1 else "")


def paragraphs(text: str) -> tuple[Cell, ...]:
    """The paragraphs of a text."""
    return tuple(Cell(line.strip()) for line in text.splitlines() if line.strip())


def prose(text: str) -> tuple[Cell, ...]:
    """One paragraph of ATT&CK's Markdown as text and links."""
    cells = []
    at = 0
    for match in _LINK.finditer(text):
        cells.append(Cell(text[at : match.start()]))
        cells.append(Cell(match[1], link(match[2]).url))
        at = match.end()
    return tuple(cell for cell in (*cells, Cell(text[at:])) if cell.text)
