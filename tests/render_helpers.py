"""Layers as views, and the shapes of pictures as a reader of SVG finds them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree import ElementTree as ET

from navlayers import attack
from navlayers.api.render_load import load
from navlayers.mapping.find import Source
from navlayers.output.drawing import pictures
from navlayers.output.drawing.font import ems
from navlayers.output.drawing.options import RenderOptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from navlayers.attack import Technique
    from navlayers.attack.domains import Domain
    from navlayers.layer.view import View

DOMAINS: dict[Domain, str] = {"enterprise": "16.1", "mobile": "16.1", "ics": "16.1"}
_SVG = "{http://www.w3.org/2000/svg}"
_CELL = re.compile(r"(T\d{4}(?:\.\d{3})?)--([a-z-]+)")


def techniques(domain: Domain = "enterprise") -> list[Technique]:
    """The active techniques of a release, in id order."""
    found = attack.find(domain, DOMAINS[domain]).catalogue
    return [technique for technique in found.techniques.values() if technique.active and technique.tactics]


def layer(entries: Iterable[dict[str, Any]], domain: Domain = "enterprise", **keys: Any) -> dict[str, Any]:
    """A layer of format 4.5."""
    return {
        "name": "a layer",
        "versions": {"attack": DOMAINS[domain].partition(".")[0], "navigator": "5.1.0", "layer": "4.5"},
        "domain": f"{domain}-attack",
        "description": "what it shows",
        "techniques": list(entries),
        "layout": {"layout": "side", "expandedSubtechniques": "all"},
        **keys,
    }


def scored(domain: Domain = "enterprise", scores: Iterable[float] = range(101), **keys: Any) -> dict[str, Any]:
    """A layer that scores every technique of a domain, with the scores in turn."""
    values = list(scores)
    return layer(
        (
            {"techniqueID": technique.id, "score": values[number * 37 % len(values)]}
            for number, technique in enumerate(techniques(domain))
        ),
        domain,
        **keys,
    )


def view(document: dict[str, Any]) -> View:
    """The layer as drawing has it."""
    data = json.dumps(document).encode()
    return load(Source("a-layer", Path("a-layer.json"), data=data)).views[0]


class Box(NamedTuple):
    """A rectangle or a text, by its edges; `fill` as `#rrggbb`."""

    left: float
    top: float
    right: float
    bottom: float
    fill: str
    size: float = 0
    text: str = ""


class Found(NamedTuple):
    """A group of a picture."""

    id: str
    title: str
    rects: tuple[Box, ...]
    texts: tuple[Box, ...]

    @property
    def cell(self) -> tuple[str, str] | None:
        """Technique and tactic, where it is a cell."""
        found = _CELL.fullmatch(self.id)
        return (found[1], found[2]) if found else None


class Picture(NamedTuple):
    """An SVG as read."""

    root: ET.Element
    width: float
    height: float
    background: str
    groups: tuple[Found, ...]
    notices: tuple[str, ...]

    @property
    def cells(self) -> dict[tuple[str, str], Found]:
        """Technique and tactic → its cell."""
        return {group.cell: group for group in self.groups if group.cell is not None}

    @property
    def texts(self) -> Iterator[Box]:
        """All texts."""
        return (text for group in self.groups for text in group.texts)


def picture(document: dict[str, Any], **options: Any) -> Picture:
    """A layer, drawn and read again."""
    made = pictures.render_svg(view(document), RenderOptions(**options))
    return read(made.data, tuple(map(str, made.notices)))


def read(data: bytes, notices: tuple[str, ...] = ()) -> Picture:
    """An SVG of the library's own."""
    root = ET.fromstring(data)  # noqa: S314 - just made
    _, _, wide, high = (float(part) for part in root.attrib["viewBox"].split())
    background = root.find(f"{_SVG}rect")
    assert background is not None
    groups = tuple(_group(element) for element in root.iter(f"{_SVG}g"))
    return Picture(root, wide, high, background.attrib["fill"], groups, notices)


def _group(element: ET.Element) -> Found:
    rects = tuple(
        Box(x := float(e.attrib["x"]), y := float(e.attrib["y"]), x + float(e.attrib["width"]),
            y + float(e.attrib["height"]), e.attrib["fill"])
        for e in element.iter(f"{_SVG}rect")
    )  # fmt: skip
    title = element.findtext(f"{_SVG}title") or ""
    return Found(element.attrib["id"], title, rects, tuple(map(_text, element.iter(f"{_SVG}text"))))


def _text(element: ET.Element) -> Box:
    size, text = float(element.attrib["font-size"]), element.text or ""
    wide = ems(text) * size
    shift = {"start": 0.0, "middle": wide / 2, "end": wide}[element.attrib.get("text-anchor", "start")]
    left, base = float(element.attrib["x"]) - shift, float(element.attrib["y"])
    return Box(left, base - 0.73 * size, left + wide, base + 0.02 * size, element.attrib["fill"], size, text)
