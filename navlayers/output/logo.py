"""A logo from a file."""

from __future__ import annotations

import base64
import io
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, ParseError

from navlayers.errors import InputError, Place, Problem
from navlayers.output.document import Logo

if TYPE_CHECKING:
    from navlayers.output.document import LogoKind

_EXPECTED = "a picture: PNG, JPEG or SVG"
_MOST_BYTES = 2_000_000
_MOST_PIXELS = 25_000_000
_LONGEST_SIDE = 100_000
_SVG = "{http://www.w3.org/2000/svg}"
_LENGTH = re.compile(r"\s*+([0-9]+(?:\.[0-9]+)?)\s*+(?:px|pt)?\s*")
_MOST_SECONDS = 2
"""Logos of brands take a tenth of a second to draw, 1 MB of shapes one second, a filter of a few bytes hours."""

_LIMITS = {
    "elements": 20_000,
    "attributes of an element": 100,
    "letters": 10_000,
    "text spans": 1_000,
    "characters of CSS": 50_000,
    "filters": 100,
    "characters of paths with markers": 50_000,
}
"""What takes the compiler much time or memory, some by its square, and the maximum of each.

Real logos and sprites of 2,000 icons have a quarter of it or less, but for CSS.
"""

_SPANS = frozenset({"tspan", "textPath", "tref"})

_DRAW = b'#image(bytes(sys.inputs.logo), format: "svg")'
_KINDS: dict[str, LogoKind] = {"PNG": "png", "JPEG": "jpeg"}
_DOCTYPE = re.compile(rb"<!DOCTYPE\s+svg(?:\s+(?:PUBLIC\s+)?\"[^\"<>]*\"){0,2}(?:\s+SYSTEM\s+\"[^\"<>]*\")?\s*>")
"""The declaration that Illustrator writes, which names the definition of SVG and declares nothing."""

_DECLARATION = re.compile(rb"<!(?:DOCTYPE|ENTITY)|<\?xml-stylesheet", re.IGNORECASE)
_INTERNAL = re.compile(r"#|data:image/(?:png|jpeg);base64,")
_PICTURE = re.compile(r"\s*data:image/(?:png|jpeg);base64,")
_URL = re.compile(r"""url\(\s*["']?\s*""", re.IGNORECASE)
_LOADS = ("@import", "image(", "image-set(", "cross-fade(", "src(")
"""What loads files in CSS beside `url(…)`."""

_STATIC = re.compile(
    "svg|g|a|defs|symbol|use|switch|view|title|desc|metadata|style|path|rect|circle|ellipse|line|polyline|polygon|"
    "text|tspan|textPath|tref|image|linearGradient|radialGradient|stop|pattern|clipPath|mask|marker|filter|font-face|"
    "fe(?:Blend|ColorMatrix|ComponentTransfer|Composite|DropShadow|Flood|Func[ABGR]|GaussianBlur|Merge|MergeNode|Offset)"
)
"""The elements of SVG that a logo may have: shapes, text, colors, and the filters of shadows."""

_W3C, _RDF = "{http://www.w3.org/", "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"


def read_logo(path: str | Path) -> Logo:
    """Read a logo; its content decides on its kind.

    Raises:
        InputError: there is no such file, it is not a PNG, JPEG or SVG, it is too large, or it is
            an SVG with scripts or references to other files.
    """
    place = Place(str(path))
    try:
        with Path(path).open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(Problem(f"the logo cannot be read: {reason}", place, _EXPECTED)) from error
    if len(data) > _MOST_BYTES:
        raise InputError(Problem("the logo is too large", place, f"{_MOST_BYTES / 1e6:g} megabytes at most"))
    return _svg(data, place) if b"<svg" in data[:4096] else _pixels(data, place)


def _pixels(data: bytes, place: Place, *, whole: bool = True) -> Logo:
    """A picture of pixels, all of which are read if `whole`."""
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - for logos alone

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a picture that is too large raises below
            with Image.open(io.BytesIO(data), formats=tuple(_KINDS)) as image:
                kind, (width, height) = _KINDS[str(image.format)], image.size
                if whole and width * height <= _MOST_PIXELS:
                    # Checks the sums of PNG, which `load` does not and the compiler of PDF does.
                    Image.open(io.BytesIO(data), formats=tuple(_KINDS)).verify()
                    image.load()
    except Image.DecompressionBombError as error:
        raise InputError(_too_many_pixels(place)) from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise InputError(Problem("the logo is not a readable picture", place, _EXPECTED)) from error
    if width * height > _MOST_PIXELS:
        raise InputError(_too_many_pixels(place))
    return Logo(data, kind, width, height)


def _too_many_pixels(place: Place) -> Problem:
    return Problem("the logo has too many pixels", place, f"{_MOST_PIXELS / 1e6:g} million at most")


def _svg(data: bytes, place: Place) -> Logo:
    from xml.etree import ElementTree  # noqa: PLC0415 - for logos alone

    data = _DOCTYPE.sub(b"", data, count=1)
    if _DECLARATION.search(data):
        raise InputError(_more_than_a_picture(place))
    try:
        root = ElementTree.fromstring(data)  # noqa: S314 - without declarations, entities cannot be blown up
    except (ParseError, ValueError, LookupError) as error:
        raise InputError(Problem(f"the logo is not valid SVG: {error}", place, _EXPECTED)) from error
    if root.tag not in ("svg", f"{_SVG}svg"):
        raise InputError(Problem("the logo is not an SVG", place, _EXPECTED))
    if not all(map(_is_static, root.iter())):
        raise InputError(_more_than_a_picture(place))
    width, height = _size(root)
    if not (0 < width < _LONGEST_SIDE and 0 < height < _LONGEST_SIDE):
        hint = "give its svg element a viewBox"
        raise InputError(Problem("the logo has no size", place, "width and height", hint))
    _refuse_much(root, place)
    _refuse_undrawable(data, place)
    return Logo(data, "svg", width, height)


def _refuse_much(root: Element, place: Place) -> None:
    """Refuse what would take the compiler much time or memory, and no logo has."""
    counts = dict.fromkeys(_LIMITS, 0)
    pixels, paths, marked = 0.0, 0, False
    for element in root.iter():
        name, attributes = element.tag.rpartition("}")[2], element.attrib
        style = (element.text or "") if name == "style" else ""
        counts["elements"] += 1
        counts["attributes of an element"] = max(counts["attributes of an element"], len(attributes))
        counts["characters of CSS"] += len(style)
        if name == "text" or name in _SPANS:
            counts["letters"] += len(element.text or "") + len(element.tail or "")
            counts["text spans"] += name != "text"
        paths += len(attributes.get("d", "")) + len(attributes.get("points", ""))
        styles = (style, attributes.get("style", ""))
        marked |= any(key.startswith("marker-") or key == "marker" for key in attributes) or "marker" in "".join(
            styles
        )
        counts["filters"] += "filter" in attributes or "filter" in styles[1]
        for value in attributes.values():
            if picture := _PICTURE.match(value):
                inside = _pixels(_decoded(value[picture.end() :]), place, whole=False)
                pixels += inside.width * inside.height
    counts["characters of paths with markers"] = paths if marked else 0
    if pixels > _MOST_PIXELS:
        raise InputError(_too_many_pixels(place))
    for what, count in counts.items():
        if count > _LIMITS[what]:
            hint = "save it as a plain SVG, with its text as paths, or as a PNG"
            message, expected = f"the logo has {count:,} {what}", f"at most {_LIMITS[what]:,}"
            raise InputError(Problem(message, place, expected, hint))


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except ValueError:
        return b""  # not a readable picture


def _refuse_undrawable(data: bytes, place: Place) -> None:
    from navlayers.output.drawing.typeset import CompilerError, typst  # noqa: PLC0415 - for logos alone

    message, hint = "the logo cannot be drawn", "save it as a plain SVG or a PNG"
    try:
        typst(_DRAW, format="pdf", sys_inputs={"logo": data.decode("utf-8", "replace")}, seconds=_MOST_SECONDS)
    except CompilerError as error:
        if error.reason == "time":
            message = f"the logo takes more than {_MOST_SECONDS} seconds to draw"
            raise InputError(Problem(message, place, "a simple picture", hint)) from error
        raise InputError(Problem(message, place, hint=hint)) from error


def _more_than_a_picture(place: Place) -> Problem:
    message = "the logo has scripts or loads other files"
    return Problem(message, place, "an SVG with only shapes and text", "save it as a plain SVG or a PNG")


def _is_static(element: Element) -> bool:
    """Whether an element is a shape that refers to no other file, or a note of a drawing program to itself."""
    space, _, name = element.tag.rpartition("}")
    if not space or f"{space}}}" == _SVG:
        if not _STATIC.fullmatch(name):
            return False
    elif space.startswith(_W3C) and f"{space}}}" != _RDF:
        return False  # HTML, MathML
    # Attributes of drawing programs have namespaces, as `inkscape:export-filename`; of those of SVG, links do.
    attributes = {key: value for key, value in element.attrib.items() if key[0] != "{" or key.startswith(_W3C)}
    for key, value in attributes.items():
        local = key.rpartition("}")[2].lower()
        if local.startswith("on") or (local in ("href", "src") and not _INTERNAL.match(value.strip())):
            return False
    style = (element.text or "") if name == "style" else ""
    return all(_is_self_contained(text) for text in (*attributes.values(), style))


def _is_self_contained(style: str) -> bool:
    """Whether possible CSS refers only to the picture itself; escapes, which could hide references, are refused."""
    if any(word in style.lower() for word in _LOADS) or ("\\" in style and ":" in style):
        return False
    return all(_INTERNAL.match(style, match.end()) for match in _URL.finditer(style))


def _size(root: Element) -> tuple[float, float]:
    sides = [_LENGTH.fullmatch(root.get(name) or "") for name in ("width", "height")]
    if all(sides):
        return tuple(float(side[1]) for side in sides if side)  # type: ignore[return-value]
    try:
        box = [float(part) for part in re.split(r"[\s,]+", (root.get("viewBox") or "").strip())]
    except ValueError:
        box = []
    return (box[2], box[3]) if len(box) == 4 else (0, 0)
