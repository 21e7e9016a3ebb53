"""A file of Word as a strict reader takes it: parts, relations, the order of children that ECMA-376 asks for."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from xml.etree import ElementTree as ET

from navlayers.analysis.inputs import load_inputs
from navlayers.api.report import render_report
from navlayers.mapping.find import resolve
from navlayers.output.document import Document, Section
from navlayers.output.tables import Column, Table
from navlayers.pages.report.build import Report
from navlayers.pages.report.input import report_input

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from navlayers.pages.report.input import ReportInput

EMU, TWIPS = 914_400, 1440
"""Per inch."""

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
TYPES = "{http://schemas.openxmlformats.org/package/2006/content-types}"

ORDERS = {
    "body": "(p|tbl|sdt)* sectPr",
    "pPr": "pStyle keepNext keepLines pageBreakBefore framePr widowControl numPr pBdr shd tabs spacing ind "
    "contextualSpacing jc outlineLvl rPr sectPr",
    "rPr": "rStyle rFonts b bCs i iCs color spacing sz szCs u shd lang",
    "tbl": "tblPr tblGrid (tr)*",
    "tblPr": "tblStyle tblW jc tblInd tblBorders shd tblLayout tblCellMar tblLook tblCaption",
    "tr": "trPr (tc)*",
    "tcPr": "tcW gridSpan tcBorders shd vAlign",
    "tblBorders": "top left bottom right insideH insideV",
    "tblCellMar": "top left bottom right",
    "tcBorders": "top left bottom right",
    "sectPr": "(headerReference|footerReference)* type pgSz pgMar cols titlePg docGrid",
    "style": "name basedOn next link uiPriority semiHidden unhideWhenUsed qFormat rsid pPr rPr tblPr (tblStylePr)*",
    "tblStylePr": "pPr rPr tblPr trPr tcPr",
    "styles": "docDefaults latentStyles (style)*",
    "settings": "zoom proofState defaultTabStop characterSpacingControl savePreviewPicture compat rsids "
    "themeFontLang clrSchemeMapping doNotAutoCompressPictures shapeDefaults decimalSymbol listSeparator",
    "sdt": "sdtPr sdtContent",
    "font": "altName panose1 charset family notTrueType pitch sig",
}
"""Element → its children in the order of ECMA-376 part 1, as far as reports have them; in brackets: any times."""


class Relation(NamedTuple):
    kind: str
    target: str
    external: bool


class Word:
    """A package that has been read."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            assert file.testzip() is None
            self.dates = {info.date_time for info in file.infolist()}
            self.parts = {name: file.read(name) for name in file.namelist()}
        self.trees = {n: ET.fromstring(d) for n, d in self.parts.items() if n.endswith((".xml", ".rels"))}  # noqa: S314
        self.document = self.trees["word/document.xml"]
        self.relations = {
            relation.get("Id", ""): Relation(
                relation.get("Type", "").rpartition("/")[2],
                relation.get("Target", ""),
                relation.get("TargetMode") == "External",
            )
            for relation in self.trees["word/_rels/document.xml.rels"].iter(RELATION)
        }

    def texts(self, style: str) -> list[str]:
        """The paragraphs of a style."""
        return [text_of(p) for p in self.document.iter(f"{W}p") if style_of(p) == style]

    @property
    def tables(self) -> list[ET.Element]:
        """Tables of results."""
        return [t for t in self.document.iter(f"{W}tbl") if _style(t, "tblPr/tblStyle") == "ReportTable"]

    def table(self, caption: str) -> list[list[str]]:
        """The texts of the table of that name, its header first."""
        (found,) = (t for t in self.tables if _style(t, "tblPr/tblCaption") == caption)
        return rows_of(found)

    def targets(self, kind: str) -> list[str]:
        """What relations of a kind lead to."""
        return [relation.target for relation in self.relations.values() if relation.kind == kind]


def style_of(paragraph: ET.Element) -> str:
    return _style(paragraph, "pPr/pStyle")


def _style(element: ET.Element, path: str) -> str:
    found = element.find("/".join(f"{W}{name}" for name in path.split("/")))
    return "" if found is None else found.get(f"{W}val", "")


def text_of(element: ET.Element) -> str:
    parts = ("\n" if one.tag == f"{W}br" else one.text or "" for one in element.iter() if one.tag in _TEXT)
    return "".join(parts)


_TEXT = (f"{W}t", f"{W}br")


def rows_of(table: ET.Element) -> list[list[str]]:
    return [[text_of(cell) for cell in row.iter(f"{W}tc")] for row in table.iter(f"{W}tr")]


def pages(word: Word) -> list[dict[str, Any]]:
    """Per section of pages: which way round it is, how much room there is in inches, and what it shows."""
    found, sizes = [], []
    for element in word.document.iter():
        if element.tag == f"{WP}extent":
            sizes.append((int(element.get("cx", "0")) / EMU, int(element.get("cy", "0")) / EMU))
        if element.tag == f"{W}sectPr":
            (size,), (margins,) = list(element.iter(f"{W}pgSz")), list(element.iter(f"{W}pgMar"))
            side = {name: int(margins.get(f"{W}{name}", "0")) for name in ("left", "right", "top", "bottom")}
            width, height = int(size.get(f"{W}w", "0")), int(size.get(f"{W}h", "0"))
            assert (size.get(f"{W}orient") == "landscape") == (width > height)
            found.append(
                {
                    "paper": (width, height),
                    "landscape": width > height,
                    "pictures": len(sizes),
                    "sizes": sizes,
                    "width": (width - side["left"] - side["right"]) / TWIPS,
                    "height": (height - side["top"] - side["bottom"]) / TWIPS,
                }
            )
            sizes = []
    return found


def subject(*names: str | Path) -> ReportInput:
    return report_input(load_inputs(resolve([str(name) for name in names])))


def written(document: Document) -> Word:
    """A document by itself, whatever it is about."""
    report = Report(document, cast("Any", None))
    return Word(render_report(report, "docx").data)


def document(*blocks: Any, **fields: Any) -> Document:
    section = Section("summary", "Summary", blocks)
    made: dict[str, Any] = {
        "title": "Title", "subtitle": "Subtitle", "author": "", "date": "", "logo": None, "facts": (),
        "sections": (section,),
    }  # fmt: skip
    return Document(**(made | fields))


def table(*rows: tuple[Any, ...], kinds: Iterable[str] = (), long: bool = False, note: str = "") -> Table:
    found = tuple(
        Column(f"column {n}", cast("Any", kind)) for n, kind in enumerate(kinds or ["text"] * len(rows[0]))
    )
    return Table("name", "What it tells", found, rows, note, long)


def check(word: Word) -> None:
    """Everything for which Word calls a file broken, as far as it is known."""
    assert list(_faults(word)) == []


def _faults(word: Word) -> Iterator[str]:
    yield from _package_faults(word)
    for name, tree in word.trees.items():
        if name.startswith("word/") and name.endswith(".xml"):
            for element in tree.iter():
                yield from _order_faults(name, element)
    numbers = [one.get("id") for one in word.document.iter(f"{WP}docPr")]
    if len(set(numbers)) < len(numbers):
        yield "pictures share a number"
    starts = list(word.document.iter(f"{W}bookmarkStart"))
    ends = [one.get(f"{W}id") for one in word.document.iter(f"{W}bookmarkEnd")]
    bookmarks = {one.get(f"{W}name") for one in starts}
    if len(bookmarks) < len(starts) or [one.get(f"{W}id") for one in starts] != ends:
        yield "bookmarks are not paired"
    for link in word.document.iter(f"{W}hyperlink"):
        if link.get(f"{W}anchor") not in (None, *bookmarks):
            yield f"a link leads to {link.get(f'{W}anchor')}"
    kinds = [one.get(f"{W}fldCharType") for one in word.document.iter(f"{W}fldChar")]
    if kinds != ["begin", "separate", "end"] * (len(kinds) // 3):
        yield f"fields are {kinds}"
    yield from _table_faults(word)


def _package_faults(word: Word) -> Iterator[str]:
    types = word.trees["[Content_Types].xml"]
    overrides = {one.get("PartName", "").lstrip("/") for one in types.iter(f"{TYPES}Override")}
    defaults = {one.get("Extension") for one in types.iter(f"{TYPES}Default")}
    for name in word.parts:
        if name != "[Content_Types].xml" and name not in overrides and name.rpartition(".")[2] not in defaults:
            yield f"{name} has no type"
    for name, tree in word.trees.items():
        if name.endswith(".rels"):
            folder = posixpath.dirname(posixpath.dirname(name))
            for one in tree.iter(RELATION):
                target = one.get("Target", "")
                if one.get("TargetMode") == "External":
                    if not re.fullmatch(r"https?://[A-Za-z0-9._-]+(:\d+)?([/?#][!-~]*)?", target):
                        yield f"{target!r} is no address of the web"
                elif posixpath.normpath(posixpath.join(folder, target.lstrip("/"))) not in word.parts:
                    yield f"{name} leads to {target}, which is not there"
    used = {
        value for one in word.document.iter() for key, value in one.attrib.items() if key in (f"{R}id", f"{R}embed")
    }
    yield from (f"{one} is no relation" for one in used - set(word.relations))
    implied = ("styles", "settings", "fontTable", "theme")
    unused = {name for name, relation in word.relations.items() if relation.kind not in implied} - used
    yield from (f"{one} is not used" for one in unused)


def _order_faults(part: str, element: ET.Element) -> Iterator[str]:
    name = element.tag.removeprefix(W)
    if name == "document" or name not in ORDERS or not element.tag.startswith(W):
        return
    pattern = "".join(
        f"(?:(?:{word[1:-2]}) )*" if word.endswith(")*") else f"(?:{word} )?" for word in ORDERS[name].split(" ")
    )
    children = "".join(f"{child.tag.removeprefix(W)} " for child in element if child.tag.startswith(W))
    if not re.fullmatch(pattern, children):
        yield f"{part}: {name} holds {children}"


def _table_faults(word: Word) -> Iterator[str]:
    for parent in word.document.iter():
        tags = [child.tag for child in parent]
        below = [*tags[1:], ""]
        if any(tag == f"{W}tbl" and after != f"{W}p" for tag, after in zip(tags, below[: len(tags)], strict=True)):
            yield "no paragraph stands below a table"
    for table in word.document.iter(f"{W}tbl"):
        grid = [int(one.get(f"{W}w", "0")) for one in table.iter(f"{W}gridCol")]
        width = table.find(f"{W}tblPr/{W}tblW")
        if width is None or int(width.get(f"{W}w", "0")) != sum(grid):
            yield "a table is not as wide as its columns"
        if not 1 <= len(grid) <= 63 or min(grid) <= 0:
            yield f"a table has the columns {grid}"
        for row in table.iter(f"{W}tr"):
            cells = row.findall(f"{W}tc")
            if [int(one.get(f"{W}w", "0")) for one in row.iter(f"{W}tcW")] != grid:
                yield "cells are not as wide as the columns"
            if any(len(cell) < 2 or cell[-1].tag != f"{W}p" for cell in cells):
                yield "a cell does not end with a paragraph"
