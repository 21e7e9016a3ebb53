"""Which cells of a sheet are shown as percentages: the library that reads workbooks tells only their numbers."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from xml.etree import ElementTree as ET

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_BUILT_IN = {9, 10}
_CELL = re.compile(rb"""<(?:\w+:)?c\b([^<>]*[^<>/])>""")
_PLACE = re.compile(rb"""\br=["']([A-Z]{1,3})([0-9]{1,7})["']""")
_STYLE = re.compile(rb"""\bs=["']([0-9]{1,6})["']""")
_LITERAL = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')

Cells = frozenset[tuple[int, int]]


def percent_cells(data: bytes, sheet: str) -> Cells:
    """Row and column, from 0, of the cells of a sheet with a percent format; none where that cannot be told."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            styles = _percent_styles(archive.read("xl/styles.xml"))
            if not styles:
                return frozenset()
            return frozenset(_cells(archive.read(_part_of(archive, sheet)), styles))
    except (KeyError, ValueError, ET.ParseError, zipfile.BadZipFile):
        return frozenset()


def _percent_styles(xml: bytes) -> set[int]:
    if b"<!" in xml:  # declarations may hold entities
        return set()
    tree = ET.fromstring(xml)  # noqa: S314
    formats = {int(fmt.get("numFmtId", "0")): fmt.get("formatCode", "") for fmt in tree.iter(f"{_MAIN}numFmt")}
    percent = _BUILT_IN | {number for number, code in formats.items() if "%" in _LITERAL.sub("", code)}
    uses = tree.find(f"{_MAIN}cellXfs")
    return {n for n, use in enumerate(uses if uses is not None else ()) if int(use.get("numFmtId", "0")) in percent}


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str:
    workbook, links = archive.read("xl/workbook.xml"), archive.read("xl/_rels/workbook.xml.rels")
    if b"<!" in workbook or b"<!" in links:
        raise ValueError(sheet)
    ids = {s.get("name"): s.get(_LINK) for s in ET.fromstring(workbook).iter(f"{_MAIN}sheet")}  # noqa: S314
    targets = {link.get("Id"): link.get("Target", "") for link in ET.fromstring(links)}  # noqa: S314
    return posixpath.normpath(posixpath.join("/xl", targets[ids[sheet]])).lstrip("/")


def _cells(xml: bytes, styles: set[int]) -> set[tuple[int, int]]:
    found = set()
    for cell in _CELL.finditer(xml):
        style = _STYLE.search(cell[1])
        if style is not None and int(style[1]) in styles and (place := _PLACE.search(cell[1])):
            column = 0
            for letter in place[1]:
                column = column * 26 + letter - 64
            found.add((int(place[2]) - 1, column - 1))
    return found
