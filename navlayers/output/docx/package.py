"""The package that a DOCX file is: its parts and how they refer to each other; the same parts, the same bytes."""

from __future__ import annotations

import io
import re
import zipfile
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlsplit

from navlayers._text import web_links
from navlayers.output.docx.xml import escaped

if TYPE_CHECKING:
    from docx.opc.part import Part

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_CORE = "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"
_PACKAGE = "application/vnd.openxmlformats-package"
_OFFICE_PART = "application/vnd.openxmlformats-officedocument"
_WORD = f"{_OFFICE_PART}.wordprocessingml"
_MADE = (1980, 1, 1, 0, 0, 0)
"""When all parts say that they were made: the first moment that a zip file can name."""

_LONGEST_ADDRESS = 2079
_HOST = re.compile(r"[A-Za-z0-9_.-]+(?::\d+)?")
_KEPT = "!$%&'()*+,/:;=?@~"
_LOOSE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CORE_XML = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/">'
    "<dc:creator>{author}</dc:creator><dc:language>en-US</dc:language><dc:title>{title}</dc:title>"
    "</cp:coreProperties>"
)


class _Relation(NamedTuple):
    """What the document refers to: a part, or an address of the web."""

    id: str
    kind: str
    target: Part | str


class Package:
    """The parts around the document, as they come; ids of relations are what the document refers to them by."""

    def __init__(self) -> None:
        # The library is imported where a document of Word is made.
        from docx.opc.package import OpcPackage  # noqa: PLC0415
        from docx.opc.packuri import PackURI  # noqa: PLC0415
        from docx.opc.part import Part  # noqa: PLC0415

        # Parts of the library have no types.
        self._package: Any = OpcPackage()
        self._types: tuple[Any, Any] = (Part, PackURI)
        self._relations: list[_Relation] = []
        self._links: dict[str, str] = {}
        self._pictures: dict[bytes, str] = {}
        for kind in ("styles", "settings", "fontTable"):
            self.part(kind, _read(kind))
        self._related("theme", self._part("/word/theme/theme1.xml", f"{_OFFICE_PART}.theme+xml", _read("theme")))

    def _part(self, name: str, kind: str, data: bytes) -> Part:
        part, uri = self._types
        made: Part = part(uri(name), kind, data)
        return made

    def part(self, kind: str, data: bytes) -> str:
        """Add a part of XML that the document refers to; the id by which it does."""
        return self._related(kind, self._part(f"/word/{kind}.xml", f"{_WORD}.{kind}+xml", data))

    def picture(self, data: bytes, kind: str) -> str:
        """The id of a picture, "png" or "jpeg"; the same one is there once."""
        if data not in self._pictures:
            name = f"/word/media/image{len(self._pictures) + 1}.{kind}"
            self._pictures[data] = self._related("image", self._part(name, f"image/{kind}", data))
        return self._pictures[data]

    def link(self, url: str) -> str | None:
        """The id of an address of the web, each there once; None where Word might not take it for one."""
        address = _address(url)
        if address is None:
            return None
        if address not in self._links:
            self._links[address] = self._related("hyperlink", address)
        return self._links[address]

    def _related(self, kind: str, target: Part | str) -> str:
        relation = _Relation(f"rId{len(self._relations) + 1}", f"{_OFFICE}/{kind}", target)
        self._relations.append(relation)
        return relation.id

    def save(self, document: bytes, title: str, author: str) -> bytes:
        """The bytes of the file."""
        main = self._part("/word/document.xml", f"{_WORD}.document.main+xml", document)
        for relation in self._relations:
            main.load_rel(relation.kind, relation.target, relation.id, isinstance(relation.target, str))
        told = _CORE_XML.format(title=escaped(title), author=escaped(author)).encode()
        core = self._part("/docProps/core.xml", f"{_PACKAGE}.core-properties+xml", told)
        self._package.relate_to(main, f"{_OFFICE}/officeDocument")
        self._package.relate_to(core, _CORE)
        stream = io.BytesIO()
        self._package.save(stream)
        return _undated(stream)


def _read(name: str) -> bytes:
    return resources.files(__package__).joinpath(f"{name}.xml").read_bytes()


def _undated(package: io.BytesIO) -> bytes:
    """The package without the time at which it was made."""
    made = io.BytesIO()
    with zipfile.ZipFile(package) as parts, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for part in parts.infolist():
            file.writestr(zipfile.ZipInfo(part.filename, _MADE), parts.read(part), zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _address(url: str) -> str | None:
    """An address as a relation can hold it: of the web, without what a URI may not hold."""
    if web_links((url,)) != (url,):
        return None
    base, mark, fragment = url.partition("#")
    try:
        parts = urlsplit(base)
        _ = parts.port  # raises where it is no number
    except ValueError:
        return None
    if not _HOST.fullmatch(parts.netloc):
        return None
    address = _LOOSE_PERCENT.sub("%25", f"{quote(base, safe=_KEPT)}{mark}{quote(fragment, safe=_KEPT)}")
    return address if len(address) <= _LONGEST_ADDRESS else None
