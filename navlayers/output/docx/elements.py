"""What python-docx has no methods for: fields, links, bookmarks, texts for pictures, the same bytes every time."""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from docx.image.exceptions import InvalidImageStreamError, UnexpectedEndOfFileError, UnrecognizedImageError
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt

from navlayers._text import plain, web_links

if TYPE_CHECKING:
    from docx.document import Document
    from docx.oxml.xmlchemy import BaseOxmlElement
    from docx.text.paragraph import Paragraph
    from docx.text.run import Run

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The date of every part: the first that a zip file can name."""

_LONGEST_ADDRESS = 2079
"""Word refuses longer ones."""

_HOST = re.compile(r"[A-Za-z0-9_.-]+(?::\d+)?")
_KEPT = "!$%&'()*+,/:;=?@~"
_LOOSE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UNREADABLE = (InvalidImageStreamError, UnexpectedEndOfFileError, UnrecognizedImageError)


def element(tag: str, *children: BaseOxmlElement, **attributes: object) -> BaseOxmlElement:
    """An element of WordprocessingML; the names of its attributes are in the same namespace."""
    made = OxmlElement(f"w:{tag}", {qn(f"w:{name}"): str(value) for name, value in attributes.items()})
    made.extend(children)
    return made


def safe(text: str) -> str:
    """A text whose line ends are kept, without what XML cannot hold: that becomes blanks."""
    return "\n".join(map(plain, text.splitlines()))


def add_field(paragraph: Paragraph, code: str, result: str) -> None:
    """Add a field that Word works out by itself, and what stands there until it does."""
    _wrapped(paragraph.add_run(result), "fldSimple", instr=f" {code} ")


def bookmark(paragraph: Paragraph, name: str, number: int) -> None:
    """Make a target for links of a whole paragraph."""
    properties = paragraph._p.get_or_add_pPr()
    properties.addnext(element("bookmarkStart", id=number, name=name))
    paragraph._p.append(element("bookmarkEnd", id=number))


class Links:
    """The addresses of the web that a document leads to, each there once."""

    def __init__(self, document: Document) -> None:
        self._part = document.part
        self._known: dict[str, str] = {}

    def add(self, run: Run, url: str) -> None:
        """Make a run lead to an address; one that Word might not take leads nowhere."""
        address = _address(url)
        if not address:
            return
        if address not in self._known:
            # `relate_to` looks through all relationships each time: there are thousands.
            self._known[address] = f"rIdLink{len(self._known) + 1}"
            self._part.load_rel(RELATIONSHIP_TYPE.HYPERLINK, address, self._known[address], is_external=True)
        link = _wrapped(run, "hyperlink", history=1)
        link.set(qn("r:id"), self._known[address])
        run._r.style = "Hyperlink"


def add_reference(paragraph: Paragraph, text: str, bookmark: str) -> None:
    """Add a text that leads to a bookmark."""
    _wrapped(paragraph.add_run(text), "hyperlink", anchor=bookmark, history=1)


def _wrapped(run: Run, tag: str, **attributes: object) -> BaseOxmlElement:
    outer = element(tag, **attributes)
    run._r.addprevious(outer)
    outer.append(run._r)
    return outer


def _address(url: str) -> str:
    """An address as a relationship can hold it: of the web, without what a URI may not hold; "" for no such one."""
    if web_links((url,)) != (url,):
        return ""
    base, mark, fragment = url.partition("#")
    try:
        parts = urlsplit(base)
        _ = parts.port  # raises where it is no number
    except ValueError:
        return ""
    if not _HOST.fullmatch(parts.netloc):
        return ""
    address = _LOOSE_PERCENT.sub("%25", f"{quote(base, safe=_KEPT)}{mark}{quote(fragment, safe=_KEPT)}")
    return address if len(address) <= _LONGEST_ADDRESS else ""


def add_picture(paragraph: Paragraph, data: bytes, size: tuple[float, float], title: str, alt: str) -> None:
    """Add a picture (PNG or JPEG) of a width and height in points, and the text that says what it shows."""
    width, height = map(Pt, size)
    run = paragraph.add_run()
    try:
        shape = run.add_picture(io.BytesIO(data), width, height)
    except _UNREADABLE:  # python-docx knows fewer kinds of JPEG than Pillow
        shape = run.add_picture(io.BytesIO(_as_png(data)), width, height)
    properties = shape._inline.docPr
    properties.set("descr", plain(alt))
    properties.set("title", plain(title))


def _as_png(data: bytes) -> bytes:
    from PIL import Image  # noqa: PLC0415 - for odd logos alone

    stream = io.BytesIO()
    with Image.open(io.BytesIO(data)) as image:
        image.convert("RGB").save(stream, "PNG")
    return stream.getvalue()


def saved(document: Document, title: str, author: str) -> bytes:
    """The bytes of a document, which are the same whenever it is made."""
    about = document.core_properties
    for child in list(about._element):
        about._element.remove(child)
    about.title, about.author, about.language = title[:255], author[:255], "en-US"  # as long as they may be
    stream, made = io.BytesIO(), io.BytesIO()
    document.save(stream)
    with zipfile.ZipFile(stream) as parts, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for part in parts.infolist():
            file.writestr(zipfile.ZipInfo(part.filename, _EPOCH), parts.read(part), zipfile.ZIP_DEFLATED)
    return made.getvalue()
