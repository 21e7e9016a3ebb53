"""Pieces of WordprocessingML as text: runs, paragraphs, links, fields. All that is said goes through `escaped`.

The order of children within their parents is that of ECMA-376, which Word insists on.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from navlayers._text import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

NAMESPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"'
)
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_QUOTE = {'"': "&quot;"}
_TWIPS = 20


def root(name: str, inner: str) -> bytes:
    """A part of the package: its only element of the first level."""
    return f"{_HEAD}<w:{name} {NAMESPACES}>{inner}</w:{name}>".encode()


def twips(points: float) -> int:
    """Points in twentieths, which is how lengths are written."""
    return round(points * _TWIPS)


def escaped(text: str) -> str:
    """Text on one line, within an element or an attribute: no markup, nothing that XML cannot hold.

    What XML 1.0 excludes are control characters, surrogates and non-characters, which `plain` shows as blanks.
    """
    return escape(plain(text), _QUOTE)


def run(text: str, properties: str = "") -> str:
    """Text; its line ends are kept."""
    return f"<w:r>{_properties('rPr', properties)}{_lines(text)}</w:r>"


def _lines(text: str) -> str:
    return "<w:br/>".join(f'<w:t xml:space="preserve">{escaped(line)}</w:t>' for line in text.splitlines() or [""])


def _properties(name: str, inner: str) -> str:
    return f"<w:{name}>{inner}</w:{name}>" if inner else ""


def paragraph(style: str, inner: str, properties: str = "") -> str:
    """A paragraph of a style, by its id; `properties` are what differs from the style."""
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{properties}</w:pPr>{inner}</w:p>'


def said(style: str, text: str, properties: str = "") -> str:
    """A paragraph of nothing but text."""
    return paragraph(style, run(text), properties)


def ending(last: str, section: str) -> str:
    """A paragraph that ends a section of the document, whose properties it holds as the last of its own."""
    return last.replace("</w:pPr>", f"{section}</w:pPr>", 1)


def linked(text: str, relation: str) -> str:
    """Text that leads to the address of a relation."""
    return f'<w:hyperlink r:id="{relation}" w:history="1">{run(text, _LINK)}</w:hyperlink>'


_LINK = '<w:rStyle w:val="Hyperlink"/><w:color w:val="0550AE"/>'


def field(code: str, result: str) -> str:
    """What Word works out by itself, and what stands there until it does."""
    return f'<w:fldSimple w:instr=" {code} ">{run(result)}</w:fldSimple>'


def sized(points: float) -> str:
    """The property of a run whose text has another size than its style; Word knows half points."""
    return f'<w:sz w:val="{round(points * 2)}"/><w:szCs w:val="{round(points * 2)}"/>'


class Headings:
    """The headings of a document as they come, and the table of contents that they make."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._found: list[tuple[int, str, str]] = []

    def heading(self, level: int, text: str, properties: str = "") -> str:
        """A heading that the table of contents leads to."""
        number = next(self._numbers)
        name = f"_Toc{number:08d}"
        text = " ".join(text.split())
        self._found.append((level, text, name))
        inner = f'<w:bookmarkStart w:id="{number}" w:name="{name}"/>{run(text)}<w:bookmarkEnd w:id="{number}"/>'
        return paragraph(f"Heading{level}", inner, properties)

    def contents(self, levels: int = 2) -> str:
        """The table of contents, filled in; Word adds the pages when it is asked to update it."""
        code = f'TOC \\o "1-{levels}" \\h \\z'
        start = (
            '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
            f'<w:r><w:instrText xml:space="preserve"> {code} </w:instrText></w:r>'
            '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        )
        end = '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
        entries = [
            (level, f'<w:hyperlink w:anchor="{name}" w:history="1">{run(text)}</w:hyperlink>')
            for level, text, name in self._found
            if level <= levels
        ]
        made = [
            paragraph(f"TOC{level}", f"{'' if number else start}{entry}")
            for number, (level, entry) in enumerate(entries)
        ]
        return (
            "<w:sdt><w:sdtPr><w:docPartObj>"
            '<w:docPartGallery w:val="Table of Contents"/><w:docPartUnique/>'
            "</w:docPartObj></w:sdtPr><w:sdtContent>"
            f"{said('TOCHeading', 'Contents')}{''.join(made) or paragraph('TOC1', start)}{paragraph('End', end)}"
            "</w:sdtContent></w:sdt>"
        )


def body(items: Iterable[str], section: str) -> bytes:
    """The document: what it holds, and the properties of its last section."""
    return root("document", f"<w:body>{''.join(items)}{section}</w:body>")
