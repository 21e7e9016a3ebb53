"""Parts of Word documents that python-docx has no methods for: fields, links, bookmarks, alt texts of pictures."""

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

from navlayers._text.lines import printable
from navlayers._text.links import web_links
from navlayers.output.drawing import typeset
from navlayers.output.paper import bad_logo

if TYPE_CHECKING:
    from docx.document import Document
    from docx.oxml.text.run import CT_R
    from docx.oxml.xmlchemy import BaseOxmlElement
    from docx.text.paragraph import Paragraph

    from navlayers.output.document import Logo
    from navlayers.output.drawing.shapes import Drawing

# The date of every part, for the same bytes every time: the first that a zip file can name.
_EPOCH = (1980, 1, 1, 0, 0, 0)

# Word refuses longer addresses.
_LONGEST_ADDRESS = 2079
_HOST = re.compile(r"[A-Za-z0-9_.-]+(?::\d+)?")
_SAFE = "!$%&'()*+,/:;=?@~"
_LOOSE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")

# Pixels per inch of pictures: sharp in print, where text of 5 points needs about 200.
_PPI, _LOGO_PPI = 200, 300

# The largest logo, and a pixel of one that is shown at its own size, in points.
_LOGO_WIDTH, _LOGO_HEIGHT, _LOGO_PIXEL = 200.0, 72.0, 0.75
_UNREADABLE = (InvalidImageStreamError, UnexpectedEndOfFileError, UnrecognizedImageError)


def element(tag: str, *children: BaseOxmlElement, **attributes: object) -> BaseOxmlElement:
    """An element of WordprocessingML; the names of its attributes are in the same namespace."""
    created = OxmlElement(f"w:{tag}", {qn(f"w:{name}"): str(value) for name, value in attributes.items()})
    created.extend(children)
    return created


def safe(text: str) -> str:
    """A text with its line ends; blanks replace characters that XML cannot hold."""
    return "\n".join(map(printable, text.splitlines()))


def add_field(paragraph: Paragraph, code: str, result: str) -> None:
    """Add a field, with a result to show until Word updates it."""
    _wrap(paragraph.add_run(result)._r, element("fldSimple", instr=f" {code} "))


def add_bookmark(paragraph: Paragraph, name: str, number: int) -> None:
    """Make a whole paragraph a target of links."""
    properties = paragraph._p.get_or_add_pPr()
    properties.addnext(element("bookmarkStart", id=number, name=name))
    paragraph._p.append(element("bookmarkEnd", id=number))


def add_reference(paragraph: Paragraph, text: str, bookmark: str) -> None:
    """Add a text that leads to a bookmark."""
    _wrap(paragraph.add_run(text)._r, element("hyperlink", anchor=bookmark, history=1))


def _wrap(run: CT_R, outer: BaseOxmlElement) -> None:
    run.addprevious(outer)
    outer.append(run)


class Links:
    """The web addresses that a document leads to, each there once."""

    def __init__(self, document: Document) -> None:
        self._part = document.part
        self._known: dict[str, str] = {}

    def add(self, run: CT_R, url: str) -> None:
        """Make a run lead to an address; one that Word might refuse leads nowhere."""
        address = _address(url)
        if not address:
            return
        if address not in self._known:
            # `relate_to` looks through all relationships each time, and reports have thousands.
            self._known[address] = f"rIdLink{len(self._known) + 1}"
            self._part.load_rel(RELATIONSHIP_TYPE.HYPERLINK, address, self._known[address], is_external=True)
        link = element("hyperlink", history=1)
        link.set(qn("r:id"), self._known[address])
        _wrap(run, link)
        # Not `run.style`, which takes ten times as long.
        style = element("rStyle", val="Hyperlink")
        if run.rPr is None:
            run.insert(0, element("rPr", style))
        else:
            run.rPr.insert(0, style)


def _address(url: str) -> str:
    """A web address as a relationship can hold it, characters that a URI cannot have escaped; "" for any other."""
    if web_links((url,)) != (url,):
        return ""
    base, mark, fragment = url.partition("#")
    try:
        parts = urlsplit(base)
        _ = parts.port  # raises where it is not a number
    except ValueError:
        return ""
    if not _HOST.fullmatch(parts.netloc):
        return ""
    address = _LOOSE_PERCENT.sub("%25", f"{quote(base, safe=_SAFE)}{mark}{quote(fragment, safe=_SAFE)}")
    return address if len(address) <= _LONGEST_ADDRESS else ""


def add_drawing(paragraph: Paragraph, drawing: Drawing) -> None:
    """Add a drawing in its size, with an alt text."""
    # A palette keeps letters as sharp and colors within 4%, in less than half of the bytes.
    data = _as_png(typeset.to_png(drawing, _PPI), colors=256)
    alt = f"{drawing.title}. {drawing.description}"
    _add_picture(paragraph, data, (drawing.width, drawing.height), drawing.title, alt)


def add_logo(paragraph: Paragraph, logo: Logo) -> None:
    """Add a logo in its size, or smaller if it does not fit the title page.

    Raises:
        UsageError: the logo cannot be drawn.
    """
    share = min(_LOGO_WIDTH / logo.width, _LOGO_HEIGHT / logo.height)
    if logo.kind != "svg":
        share = min(share, _LOGO_PIXEL)
    size = logo.width * share, logo.height * share
    data = _svg_as_png(logo.data, *size) if logo.kind == "svg" else logo.data
    _add_picture(paragraph, data, size, "Logo", "Logo")


def _add_picture(paragraph: Paragraph, data: bytes, size: tuple[float, float], title: str, alt: str) -> None:
    """Add a picture (PNG or JPEG) of a width and height in points, with its alternative text."""
    width, height = map(Pt, size)
    run = paragraph.add_run()
    try:
        shape = run.add_picture(io.BytesIO(data), width, height)
    except _UNREADABLE:  # python-docx knows fewer kinds of JPEG than Pillow
        shape = run.add_picture(io.BytesIO(_as_png(data)), width, height)
    # Without distances, LibreOffice moves pictures 9 points to the right.
    for side in "TBLR":
        shape._inline.set(f"dist{side}", "0")
    properties = shape._inline.docPr
    properties.set("descr", printable(alt))
    properties.set("title", printable(title))


def _as_png(data: bytes, colors: int = 0) -> bytes:
    from PIL import Image  # noqa: PLC0415 - for pictures alone

    stream = io.BytesIO()
    with Image.open(io.BytesIO(data)) as image:
        picture = image.convert("RGB")
        if colors:
            picture = picture.quantize(colors, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
            # Its palette is a little darker: white becomes 254, which shows on a white page.
            picture.putpalette([255 if channel > 251 else channel for channel in picture.getpalette() or ()])
        picture.save(stream, "PNG", dpi=image.info.get("dpi"))
    return stream.getvalue()


def _svg_as_png(svg: bytes, width: float, height: float) -> bytes:
    source = (
        f"#set page(width: {width:.3f}pt, height: {height:.3f}pt, margin: 0pt, fill: none)\n"
        '#set text(font: "Helvetica")\n'
        '#image(bytes(sys.inputs.logo), format: "svg", width: 100%, height: 100%, fit: "contain")'
    )
    inputs = {"logo": svg.decode("utf-8", "replace")}
    try:
        return typeset.typst(source.encode(), format="png", ppi=_LOGO_PPI, sys_inputs=inputs)
    except typeset.CompilerError as error:
        if error.reason != "error":
            raise
        raise bad_logo() from error


def saved(document: Document, title: str, author: str) -> bytes:
    """The bytes of a document, the same every time."""
    about = document.core_properties
    for child in list(about._element):
        about._element.remove(child)
    about.title, about.author, about.language = title[:255], author[:255], "en-US"  # python-docx takes no more
    stream, result = io.BytesIO(), io.BytesIO()
    document.save(stream)
    with zipfile.ZipFile(stream) as parts, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as file:
        for part in parts.infolist():
            file.writestr(zipfile.ZipInfo(part.filename, _EPOCH), parts.read(part), zipfile.ZIP_DEFLATED)
    return result.getvalue()
