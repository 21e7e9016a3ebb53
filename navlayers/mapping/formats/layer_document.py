"""A Navigator layer as a document: its text, where things stand in it, and what it says beside its entries.

That is its name, domain, versions and gradient, and the set that it was made of.
"""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, TypeGuard

import msgspec

from navlayers import _text as wording
from navlayers.errors import InputError, OtherFileError, Place, Problem
from navlayers.mapping.formats import checks
from navlayers.mapping.formats._json import not_json, repeats, stands_twice
from navlayers.mapping.formats._locate import JsonLocator
from navlayers.mapping.formats.findings import Issue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from navlayers.mapping.formats._json import Repeat
    from navlayers.mapping.formats._locate import Path
    from navlayers.mapping.formats.context import Kind
    from navlayers.mapping.formats.findings import Findings
    from navlayers.mapping.formats.source import Source

FORMAT = "Navigator layer JSON"
_EXPECTED = 'a Navigator layer: {"name": …, "domain": …, "techniques": […]}, or a list of them'
_LIKENESS = ("techniques", "versions", "gradient", "legendItems", "domain")
_FIELDS = {"technique": "techniqueID", "value": "score", "references": "links"}
"""Field of the model → field of an entry, where they differ."""

_HEAD = {"attack_version": ("versions", "attack"), "framework": ("name",), "title": ("name",)}
"""Field of the set → where a layer says it."""

_OLD_DOMAIN = "mitre-"
"""How domains begin in layer formats before 4.0."""

_FORMATS = frozenset({"3.0", "4.0", "4.1", "4.2", "4.3", "4.4", "4.5"})
_TAKEN = frozenset({"name", "domain", "versions", "version", "techniques"})
_OWN = {"framework": "framework", "framework version": "version", "source": "source", "licence": "licence"}
"""Metadata that navlayers writes into its layers → field of the set."""

_OWN_ATTACK = "ATT&CK version"
_LOWEST, _HIGHEST = 0.0, 100.0

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_raws = msgspec.json.Decoder(list[msgspec.Raw])


class Places:
    """Where layers, their entries and their fields stand in a file; found only when asked for."""

    def __init__(self, source: Source) -> None:
        self._locator = JsonLocator(source)
        self._listed = source.data.lstrip().startswith(b"[")
        self._of: dict[Kind, array[int]] = {"mapping": array("L"), "non_mappable": array("L")}

    def keep(self, kind_: Kind, layer: int, entry: int) -> None:
        """Remember which entry the next mapping or non-mappable was read from."""
        self._of[kind_].extend((layer, entry))

    def part(self, kind_: Kind, index: int, field: str = "") -> Place:
        """The place of a mapping or non-mappable by its index in the set; a capability's is its layer's name."""
        if kind_ == "capability":
            return self.layer(index, "name")
        layer, entry = self._of[kind_][2 * index : 2 * index + 2]
        return self.entry(layer, entry, _FIELDS.get(field, field))

    def head(self, field: str) -> Place:
        """The place of the value of a field of the set itself: that of the first layer."""
        return self.layer(0, field)

    def layer(self, layer: int, *fields: str) -> Place:
        """The place of the value of a field of a layer, or of a field of that; as near as it is written."""
        path = _HEAD.get(fields[0], fields) if len(fields) == 1 else fields
        return self._locator.place((*self._top(layer), *filter(None, path)))

    def entry(self, layer: int, entry: int, field: str = "") -> Place:
        """The place of a field of an entry, or of the entry where it lacks the field."""
        path = (*self._top(layer), "techniques", entry)
        return self._locator.place((*path, field) if field else path)

    def at(self, offset: int, layer: int, entry: int | None = None) -> Place:
        """The place of what stands so many bytes behind the start of a layer, or of one of its entries."""
        within = () if entry is None else ("techniques", entry)
        return self._locator.inside((*self._top(layer), *within), offset)

    def _top(self, layer: int) -> Path:
        return (layer,) if self._listed else ()


def layer_texts(source: Source) -> list[bytes]:
    """The text of each layer of a file.

    Raises:
        InputError: the text is not JSON, or an item of the list is not a layer.
        OtherFileError: it is sound JSON of another kind.
    """
    text = source.data.strip()
    try:
        if not text.startswith(b"["):
            _check_shape(_members.decode(text), source)
            return [text]
        raws = [bytes(raw) for raw in _raws.decode(text)]
    except msgspec.ValidationError:
        problem = Problem(
            "the top level is neither a layer nor a list of layers", Place(source.path, 1, 1), _EXPECTED
        )
        raise OtherFileError(msgspec.structs.replace(problem, code="wrong-shape")) from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise not_json(source, error, FORMAT) from None
    if not raws:
        problem = Problem("the list of layers is empty", Place(source.path, 1, 1), _EXPECTED, code="wrong-shape")
        raise OtherFileError(problem)
    places = Places(source)
    odd = [number for number, raw in enumerate(raws) if not raw.startswith(b"{")]
    if odd:
        raise InputError(
            Problem("an item of the list is not a layer", places.layer(number), _EXPECTED, code="wrong-shape")
            for number in odd
        )
    return raws


def _check_shape(members: dict[str, msgspec.Raw], source: Source) -> None:
    if sum(key in members for key in _LIKENESS) < 2 and "techniques" not in members:
        hint = "this looks like the index that navlayers writes beside its layers" if "generator" in members else ""
        place = source.place(len(source.data) - len(source.data.lstrip()))
        raise OtherFileError(Problem('there is no "techniques"', place, _EXPECTED, hint, code="wrong-shape"))


def kind(value: Any) -> str:
    """What a JSON value is, for messages."""
    if isinstance(value, str):
        return f"the text {wording.shown(value)}"
    names = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return names.get(type(value), "null")


def members_of(
    text: bytes, number: int, source: Source, places: Places, findings: Findings
) -> dict[str, msgspec.Raw]:
    """The members of a layer; those that stand twice go to the findings.

    Raises:
        InputError: the text is not JSON.
    """
    try:
        members = _members.decode(text)
        found = repeats(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise not_json(source, error, FORMAT) from None
    for repeat in found:
        findings.add(twice(repeat, number, places), places.at(repeat.again, number))
    return members


def twice(repeat: Repeat, layer: int, places: Places, entry: int | None = None) -> Issue:
    """What to say of a key of a layer, or of one of its entries, that stands again."""
    return stands_twice(repeat.key, places.at(repeat.first, layer, entry))


class Head(msgspec.Struct):
    """What a layer says of itself; "" for what it does not. `gradient` is minimum and maximum."""

    name: str = ""
    domain: str = ""
    attack_version: str = ""
    framework: str = ""
    version: str = ""
    title: str = ""
    source: str = ""
    licence: str = ""
    gradient: tuple[float, float] | None = None
    techniques: Sequence[msgspec.Raw] = ()

    def scale(
        self, scores: Sequence[float], number: int, places: Places, findings: Findings
    ) -> Callable[[float], tuple[str, str]]:
        """The function from a score to its score value and to itself as text.

        Scores from 0 to 100 stand as they are; where any is beyond, the gradient tells which are 0 and 100.
        """
        low, high = self.gradient or (_LOWEST, _HIGHEST)
        called = wording.shown(self.name) if self.name else "the layer"
        place = partial(places.layer, number, "gradient")
        if all(_LOWEST <= score <= _HIGHEST for score in scores):
            if scores and (low, high) != (_LOWEST, _HIGHEST):
                message = f"the gradient of {called} runs from {plain(low)} to {plain(high)}"
                hint = "its scores are used as they are, on a scale from 0 to 100"
                findings.add(Issue(message, hint=hint, fatal=False, code="other-scale"), place)
            return lambda score: (plain(score), plain(score))
        if low >= high:
            message = f"the gradient of {called} runs from {plain(low)} to {plain(high)}"
            expected = "a maxValue above minValue, because some scores are outside 0 to 100"
            findings.add(Issue(message, expected, code="other-scale"), place)
            return lambda score: (plain(score), plain(score))
        beyond = sum(not low <= score <= high for score in scores)
        cut = (
            f"; {wording.counted(beyond, 'score')} outside it {'are' if beyond > 1 else 'is'} clamped"
            if beyond
            else ""
        )
        message = f"scores of {called} range from {plain(min(scores))} to {plain(max(scores))}"
        hint = f"its gradient from {plain(low)} to {plain(high)} is mapped to 0 to 100{cut}"
        findings.add(Issue(message, hint=hint, fatal=False, code="other-scale"), place)

        def rescaled(score: float) -> tuple[str, str]:
            share = (min(max(score, low), high) - low) / (high - low)
            return plain(round(share * 100, 4)), plain(score)

        return rescaled


def head_of(members: Mapping[str, msgspec.Raw], number: int, places: Places, findings: Findings) -> Head:
    """What a layer says of itself, checked."""
    head = Head()
    values = {key: _value(bytes(raw)) for key, raw in members.items() if key != "techniques"}

    def wrong(message: str, expected: str, *fields: str, hint: str = "") -> None:
        findings.add(Issue(message, expected, hint, code="wrong-type"), places.layer(number, *fields))

    for key in ("name", "domain"):
        value = values.get(key)
        if isinstance(value, str):
            setattr(head, key, value.strip())
        elif value is not None:
            wrong(f"{key} is {kind(value)}", "text", key)
    _read_own(head, values.get("metadata"))
    _read_domain(head, number, places, findings)
    _read_versions(head, values, number, places, findings)
    gradient = values.get("gradient")
    if isinstance(gradient, dict):
        ends = [gradient.get(key) for key in ("minValue", "maxValue")]
        for key, end in zip(("minValue", "maxValue"), ends, strict=True):
            if end is not None and not _is_number(end):
                wrong(f"{key} is {kind(end)}", "a number", "gradient", key)
        low, high = (
            float(end) if _is_number(end) else default
            for end, default in zip(ends, (_LOWEST, _HIGHEST), strict=True)
        )
        head.gradient = (low, high)
    elif gradient is not None:
        wrong(f"gradient is {kind(gradient)}", "an object with colors, minValue and maxValue", "gradient")
    raw = bytes(members.get("techniques", b"null"))
    if raw.startswith(b"["):
        head.techniques = _raws.decode(raw)
    elif raw != b"null":
        wrong(f"techniques is {kind(_value(raw))}", "a list of entries", "techniques")
    if not head.name:
        message = 'the layer has no "name"'
        hint = "it is named layer"
        findings.add(Issue(message, hint=hint, fatal=False, code="assumed-metadata"), places.layer(number, "name"))
    left = sorted(key for key, value in values.items() if key not in _TAKEN and _says(value))
    if left:
        message = f"layer fields not carried over: {', '.join(map(_short, left))}"
        hint = "a mapping set has no fields for them"
        findings.add(Issue(message, hint=hint, fatal=False, code="not-carried"), places.layer(number, left[0]))
    return head


def _short(key: str) -> str:
    return wording.shown(key)[1:-1]


def _says(value: Any) -> bool:
    """Whether a value is not what the format takes for granted."""
    return bool(value)


def _value(raw: bytes) -> Any:
    """A JSON value; the decoder has found it sound already."""
    return json.loads(raw, parse_int=_integer, strict=False)


def _integer(digits: str) -> float:
    return int(digits) if len(digits) < 300 else math.inf


def _is_number(value: Any) -> TypeGuard[float]:
    return type(value) in (int, float) and math.isfinite(value)


def _read_own(head: Head, metadata: Any) -> None:
    """Take what navlayers says of a set in the metadata of its layers."""
    for item in metadata if isinstance(metadata, list) else ():
        if not (isinstance(item, dict) and isinstance(item.get("value"), str)):
            continue
        name, value = item.get("name"), item["value"].strip()
        if isinstance(name, str) and name in _OWN:
            setattr(head, _OWN[name], value)
        elif name == _OWN_ATTACK:
            head.attack_version = value.rpartition(" ")[2]
    if head.version and head.framework:
        title, mark, _ = head.name.partition(f" {head.version}: ")
        head.title = title if mark and title != head.framework else ""


def _read_domain(head: Head, number: int, places: Places, findings: Findings) -> None:
    if not head.domain:
        return
    text = head.domain.lower().removeprefix(_OLD_DOMAIN)
    known, issue = checks.domain(text)
    if issue is not None:
        known, issue = checks.domain(head.domain)
        if issue is not None:
            findings.add(issue, places.layer(number, "domain"))
    head.domain = known or ""


def _read_versions(head: Head, values: dict[str, Any], number: int, places: Places, findings: Findings) -> None:
    own, head.attack_version = head.attack_version, ""
    versions = values.get("versions")
    layer = values.get("version")
    if isinstance(versions, dict):
        attack, layer = versions.get("attack"), versions.get("layer", layer)
        if isinstance(attack, str):
            head.attack_version = attack.strip()
        elif _is_number(attack):
            head.attack_version = plain(attack)
            message = f"versions.attack is the number {plain(attack)}"
            hint = f'it is read as "{plain(attack)}"; the Navigator would use the newest release'
            place = places.layer(number, "versions", "attack")
            findings.add(Issue(message, "text", hint, fatal=False, code="wrong-type"), place)
        elif attack is not None:
            issue = Issue(f"versions.attack is {kind(attack)}", 'text such as "16"', code="wrong-type")
            findings.add(issue, places.layer(number, "versions", "attack"))
    elif versions is not None:
        issue = Issue(
            f"versions is {kind(versions)}", "an object with attack, navigator and layer", code="wrong-type"
        )
        findings.add(issue, places.layer(number, "versions"))
    if own.partition(".")[0] == head.attack_version:
        # The layer format knows majors only.
        head.attack_version = own
    if isinstance(layer, str) and layer not in _FORMATS:
        issue = Issue(
            f"unknown layer format {wording.shown(layer)[1:-1]}",
            "3.0 to 4.5",
            "it is read like those",
            fatal=False,
            code="wrong-shape",
        )
        findings.add(issue, places.layer(number, "versions" if isinstance(versions, dict) else "version"))


@lru_cache(maxsize=4096)
def plain(number: float) -> str:
    """A number in plain decimal digits, as mapping sets write them."""
    written = format(Decimal(repr(float(number))), "f")
    written = written.rstrip("0").rstrip(".") if "." in written else written
    return "0" if written == "-0" else written
