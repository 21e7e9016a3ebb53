"""Repair of layers that the Navigator cannot show: faults that empty its matrix are fixed, others reported.

Source: the behavior of Navigator 5.1. It shows an empty matrix for a score just below the end of the gradient, and
for a gradient without two colors or without an end; it drops incomplete metadata and links.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from navlayers._text.wording import bare, comma_list
from navlayers.layer.annotate import EXACT
from navlayers.layer.colors import DEFAULT_COLORS, FEWEST_COLORS, Gradient, parse_color
from navlayers.mapping.formats.value_rules import numeric

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from navlayers.layer.format_versions import Document

_ENDS = {"minValue": 0, "maxValue": 100}
_EMPTY = "for which the Navigator shows an empty matrix"

_SCORES = f"scores just below the end of the gradient, {_EMPTY}"
_SCRIPTS = "links that run a script when they are opened"
_ADDRESSES = "links without a protocol, which lead nowhere"
_LINKS = "links without a label or a url, which the Navigator drops"
_METADATA = "metadata whose name or value is missing, empty or not text, which the Navigator drops"
_COLORS = "invalid colors, which the Navigator does not show"
# The repair of a fault; all others are kept.
_REPAIRS = {_SCORES: "are lowered, with the exact ones in metadata", _SCRIPTS: "are left out"}

_SCRIPT = re.compile(r"[\x00-\x20]*" + r"[\t\n\r]*".join("javascript:"), re.IGNORECASE)
_PROTOCOL = re.compile(r"[\x00-\x20]*(?:[a-z][a-z0-9+.-]*://|mailto:)", re.IGNORECASE)
# Colors that are accepted without parsing.
_FUNCTION = re.compile(r"\s*(?:rgb|hsl|hsv)a?\b.*\d.*|\s*transparent\s*", re.IGNORECASE)


class Repair:
    """The repair of one layer; with `mend` false, only a report of its faults."""

    def __init__(self, layer: Document, *, mend: bool = True) -> None:
        self._mend = mend
        self._gradient_faults: list[str] = []
        self._faults: dict[str, dict[str, None]] = {}
        written: Document | None = layer.get("gradient")
        complete = _ENDS if written is None else self._completed(written)
        self.gradient = Gradient((), complete["minValue"], complete["maxValue"])
        self._completed_gradient = None if written is None else complete

    def layer(self, layer: Document) -> None:
        """Repair everything except the entries; parts of the layer are replaced, not modified."""
        if self._mend and self._completed_gradient is not None:
            layer["gradient"] = self._completed_gradient
        self._metadata("the layer", layer.get("metadata") or ())
        links = layer.get("links") or []
        kept = self._links("the layer", links)
        if self._mend and len(kept) < len(links):
            layer["links"] = kept
        for whose, color in _colors(layer):
            self._color(whose, color)

    def entry(self, fields: Document) -> Document:
        """The fields of an entry, repaired; the argument is not modified."""
        identifier: str = fields["techniqueID"]
        score = fields.get("score")
        metadata = fields.get("metadata") or ()
        links = fields.get("links") or ()
        self._metadata(identifier, metadata)
        kept = self._links(identifier, links)
        if fields.get("color"):
            self._color(identifier, fields["color"])
        changes: Document = {}
        if len(kept) < len(links):
            changes["links"] = kept
        if score is not None and self.gradient.empties(score):
            lowered = _number(self.gradient.safe(score))
            text = f"{identifier} {as_json(score)}"
            self._report(_SCORES, f"{text} → {as_json(lowered)}" if self._mend else text)
            exact = {"name": EXACT, "value": f"{as_json(score)} (the Navigator shows nothing for it)"}
            others = [item for item in metadata if item.get("name") != EXACT]
            changes |= {"score": lowered, "metadata": [*others, exact]}
        return {**fields, **changes} if changes and self._mend else fields

    def meant(self, fields: Document) -> float | None:
        """The score of an entry, or the exact one if an earlier run lowered it."""
        score: float | None = fields.get("score")
        if score is None:
            return None
        for item in fields.get("metadata") or ():
            if item.get("name") == EXACT and isinstance(item.get("value"), str):
                number = item["value"].partition(" ")[0]
                exact = float(number) if numeric(number) else score
                return _number(exact) if exact != score and self.gradient.safe(exact) == score else score
        return score

    @property
    def sentences(self) -> list[str]:
        """Sentences about the faults and their repair."""
        sentences = list(self._gradient_faults)
        for what, places in self._faults.items():
            repair = f", {_REPAIRS.get(what, 'are kept')}" if self._mend else ""
            many = f" ({len(places)})" if len(places) > 1 else ""
            sentences.append(f"{what}{repair}{many}: {comma_list(list(places))}")
        return sentences

    def _completed(self, written: Document) -> Document:
        """A gradient with all fields that the Navigator needs."""
        complete = dict(written)
        colors = written.get("colors")
        if not isinstance(colors, list) or len(colors) < FEWEST_COLORS:
            complete["colors"] = list(DEFAULT_COLORS)
            self._report_gradient(f"has fewer than two colors, {_EMPTY}", "replaced by the default ones")
        for key, end in _ENDS.items():
            if written.get(key) is None:
                complete[key] = end
                self._report_gradient(f"has no {key}, {_EMPTY}", f"set to {end}")
        low, high = complete["minValue"], complete["maxValue"]
        if low >= high:
            self._report_gradient(
                f"runs from {as_json(low)} to {as_json(high)}: every score has the color of one end", "kept"
            )
        return complete

    def _report_gradient(self, what: str, repair: str) -> None:
        self._gradient_faults.append(f"the gradient {what}{f'; {repair}' if self._mend else ''}")

    def _report(self, what: str, place: str) -> None:
        self._faults.setdefault(what, {})[place] = None

    def _metadata(self, whose: str, items: Iterable[Document]) -> None:
        for item in items:
            if not _has(item, "name", "value"):
                name = item.get("name")
                self._report(_METADATA, f"{whose} {bare(name)}" if isinstance(name, str) and name else whose)

    def _links(self, whose: str, items: Iterable[Document]) -> list[Document]:
        """The links without scripts."""
        kept = []
        for item in items:
            url = item.get("url")
            if isinstance(url, str) and _SCRIPT.match(url):
                self._report(_SCRIPTS, f"{whose} {bare(url)}")
                continue
            kept.append(item)
            if not _has(item, "label", "url"):
                self._report(_LINKS, f"{whose} {bare(url)}" if isinstance(url, str) and url else whose)
            elif isinstance(url, str) and not _PROTOCOL.match(url):
                self._report(_ADDRESSES, f"{whose} {bare(url)}")
        return kept

    def _color(self, whose: str, color: Any) -> None:
        if not (isinstance(color, str) and (_FUNCTION.fullmatch(color) or parse_color(color))):
            self._report(_COLORS, f"{whose} {bare(color) if isinstance(color, str) else as_json(color)}")


def as_json(value: Any) -> str:
    """A value as JSON text."""
    return msgspec.json.encode(value).decode()


def _has(item: Document, *keys: str) -> bool:
    """Whether an item is a divider, or all of these fields are non-empty text."""
    return "divider" in item or all(isinstance(item.get(key), str) and item[key] for key in keys)


def _colors(layer: Document) -> Iterator[tuple[str, Any]]:
    """The colors of a layer outside its entries, with their owners."""
    gradient = layer.get("gradient")
    colors = gradient.get("colors") if isinstance(gradient, dict) else None
    if isinstance(colors, list) and len(colors) >= FEWEST_COLORS:
        yield from (("the gradient", color) for color in colors)
    items = layer.get("legendItems")
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and item.get("color"):
            yield "the legend", item["color"]
    if layer.get("tacticRowBackground"):
        yield "the tactic row", layer["tacticRowBackground"]


def _number(score: float) -> float:
    """A score, as an int if it is whole."""
    return int(score) if float(score).is_integer() else score
