"""Navigator layers as documents, formats 3.0 to 4.5: decoded, checked, and located in their file.

Source of the fields: layers/spec of mitre-attack/attack-navigator.
"""

from __future__ import annotations

import math
import re
from functools import partial
from typing import TYPE_CHECKING, Any, TypeGuard

import msgspec

from navlayers._text.dates import iso_date
from navlayers._text.numbers import decimal
from navlayers._text.wording import bare, quantity, quoted
from navlayers.errors import InputError, OtherFileError, Place, Problem
from navlayers.mapping.formats import value_rules
from navlayers.mapping.formats._json import (
    JsonLocator,
    convert,
    kind,
    loads,
    may_repeat_keys,
    not_json,
    repeats,
    report_repeats,
)
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.model import HUNDRED
from navlayers.mapping.ranges import doubtful, range_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from navlayers.mapping.formats._json import Path
    from navlayers.mapping.formats.findings import Findings
    from navlayers.mapping.formats.source import Source
    from navlayers.mapping.model import Range

FORMAT = "Navigator layer JSON"
_EXPECTED = 'a Navigator layer: {"name": …, "domain": …, "techniques": […]}, or a list of them'
_LIKENESS = ("techniques", "versions", "gradient", "legendItems", "domain")
"""Fields of which a layer has two, unless it has techniques."""

_MOST_LAYERS = 20_000
"""Maximum number of layers in a list: twice what navlayers is measured with, far more than the Navigator opens."""

_FORMATS = frozenset({"3.0", "4.0", "4.1", "4.2", "4.3", "4.4", "4.5"})
_OLD_DOMAIN = "mitre-"
"""How domains begin in layer formats before 4.0."""

_CARRIED = frozenset({"name", "domain", "versions", "version", "techniques"})
_METADATA = {"framework version": "version"} | {name: name for name in ("framework", "role", "source", "licence")}
"""Metadata that navlayers writes into its layers → attribute of a layer."""

_NOT_IN_SHEETS = re.compile(r"[/:\\?*\[\]]")
_METADATA_ATTACK = "ATT&CK version"
_NOT_RATED = "not rated"
"""The label of the color of entries that are not rated, in the legend."""

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_raws = msgspec.json.Decoder(list[msgspec.Raw])


class _Versions(msgspec.Struct):
    attack: Any = None
    layer: Any = None


class _Gradient(msgspec.Struct, rename={"low": "minValue", "high": "maxValue"}):
    low: float | None = None
    high: float | None = None


class _Head(msgspec.Struct, rename={"legend": "legendItems"}):
    """The fields of a layer that are read; `version` is that of the format before 4.0."""

    name: str | None = None
    domain: str | None = None
    version: Any = None
    versions: _Versions | None = None
    gradient: _Gradient | None = None
    metadata: Any = None
    legend: Any = None
    techniques: list[Any] | None = None


def load_layers(source: Source, findings: Findings) -> list[Layer]:
    """The layers of a file: one, or those of a list.

    Args:
        source: JSON text, as `as_text` gives it.
        findings: for errors in layers.

    Raises:
        InputError: the text is not JSON, or an item of the list is not a layer.
        OtherFileError: it is JSON of another kind.
    """
    text, locator = source.data.strip(), JsonLocator(source)
    try:
        if not text.startswith(b"["):
            _refuse_other(_members.decode(text), locator)
            return [Layer(text, (), locator, findings)]
        texts = [bytes(raw) for raw in _raws.decode(text)]
        if not texts:
            place = Place(source.path, 1, 1)
            raise OtherFileError(Problem("the list of layers is empty", place, _EXPECTED, code="wrong-shape"))
        if len(texts) > _MOST_LAYERS:
            message = f"the list has {len(texts):,} layers"
            expected, hint = f"at most {_MOST_LAYERS:,}", "split it into several files"
            raise InputError(Problem(message, locator.place((_MOST_LAYERS,)), expected, hint, code="wrong-shape"))
        others = [number for number, text in enumerate(texts) if not text.startswith(b"{")]
        if others:
            message = "an item of the list is not a layer"
            places = [locator.place((number,)) for number in others]
            raise InputError(Problem(message, place, _EXPECTED, code="wrong-shape") for place in places)
        return [Layer(text, (number,), locator, findings) for number, text in enumerate(texts)]
    except msgspec.ValidationError:
        message, place = "the top level is neither a layer nor a list of layers", Place(source.path, 1, 1)
        raise OtherFileError(Problem(message, place, _EXPECTED, code="wrong-shape")) from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise not_json(source, error, FORMAT) from None


def _refuse_other(members: dict[str, msgspec.Raw], locator: JsonLocator) -> None:
    if sum(key in members for key in _LIKENESS) < 2 and "techniques" not in members:
        hint = "this looks like the index that navlayers writes with its layers" if "generator" in members else ""
        message = 'there is no "techniques"'
        raise OtherFileError(Problem(message, locator.place(), _EXPECTED, hint, code="wrong-shape"))


class Layer:
    """One layer of a file. Attributes are "" where it has no value.

    Attributes:
        text: its JSON.
        is_count: whether its scores count capabilities, as in navlayers' layers of unscored sets.
        is_own: whether navlayers made it.
        not_rated: the color that its legend labels "not rated"; "" for none.
        entries: the items of `techniques`, decoded; not checked.
        left_out: indexes of entries with different duplicate keys, if the reading is lenient.
        attack_version: the release, with its minor version if navlayers' metadata have it.
        gradient: the lowest and the highest score of the gradient.
    """

    def __init__(self, text: bytes, path: Path, locator: JsonLocator, findings: Findings) -> None:
        self.text = text
        self._path = path
        self._locator = locator
        self.findings = findings
        self.left_out: set[int] = set()
        members = _members.decode(text)
        self._fields: dict[str, Any] = loads(text)
        head = convert(self._fields, _Head, lambda path, issue: self.report(issue, *path)) or _Head()
        self.entries = head.techniques or []
        if may_repeat_keys(text, keys_in(self._fields)):
            self._report_repeats(members)
        self.name = (head.name or "").strip()
        self.domain = (head.domain or "").strip()
        self.attack_version = self.framework = self.version = self.title = ""
        self.source = self.licence = self.role = ""
        self.is_count = self.is_own = False
        self._read_metadata(head.metadata)
        self._read_domain()
        self._read_versions(head.versions, head.version)
        legend = head.legend if isinstance(head.legend, list) else []
        colors = (
            item.get("color") for item in legend if isinstance(item, dict) and item.get("label") == _NOT_RATED
        )
        self.not_rated = next((color for color in colors if isinstance(color, str)), "")
        self.gradient = self._ends(head.gradient) if head.gradient is not None else None
        if not self.name:
            message, hint = 'the layer has no "name"', 'it gets the name "layer"'
            self.report(Issue(message, hint=hint, fatal=False, code="assumed-metadata"), "name")
        rest = sorted(key for key, value in self._fields.items() if key not in _CARRIED and value)
        if rest:
            message = f"layer fields not carried over: {', '.join(bare(key) for key in rest)}"
            hint = "a mapping set has no fields for them"
            self.report(Issue(message, hint=hint, fatal=False, code="not-carried"), rest[0])

    def place(self, *path: str | int) -> Place:
        """The place of a value, or of the nearest one around it."""
        return self._locator.place((*self._path, *path))

    def report(self, issue: Issue | Callable[[], Issue], *path: str | int) -> None:
        """Report an issue of the value at a path."""
        self.findings.add(issue, partial(self.place, *path))

    def range_of(self, scores: Sequence[float], given: Range | None) -> Range:
        """The range of the layer's scores: as given, or its gradient; reports scores that do not fit it.

        A gradient without a span, as the Navigator writes it where a merge gives one score, begins at 0.
        """
        low, high = given or self.gradient or HUNDRED
        if low >= high:
            low, high = min(0.0, low), high if high > 0 else HUNDRED[1]
        score_range, called = (low, high), quoted(self.name) if self.name else "the layer"
        beyond = [score for score in scores if not low <= score <= high]
        if beyond:
            verb = "are" if len(beyond) > 1 else "is"
            ends = decimal(min(beyond)) + (f" to {decimal(max(beyond))}" if min(beyond) < max(beyond) else "")
            message = f"{quantity(len(beyond), 'score')} of {called} {verb} outside its range "
            message += f"{range_text(score_range)}: {ends}"
            hint = "scores stay as written; --score-range sets another range, such as --score-range "
            hint += f"{decimal(min(0, *scores))}-{decimal(max(scores))}"
            self.report(Issue(message, hint=hint, fatal=False, code="other-scale"), "gradient")
        known = given is not None or score_range != HUNDRED or beyond or self.is_own
        likely = None if known else doubtful(scores)
        if likely is not None:
            message = f"no score of {called} is above {decimal(likely[1])}, and its range is 0–100"
            hint = f"set the range that they have, such as --score-range {decimal(likely[0])}-{decimal(likely[1])}"
            self.report(Issue(message, hint=hint, fatal=False, code="suspicious-scale"), "gradient")
        return score_range

    def _report_repeats(self, members: dict[str, msgspec.Raw]) -> None:
        """Report duplicate keys of the layer and of its entries; some may only look so to `may_repeat_keys`."""
        objects: list[tuple[bytes, Path]] = [(self.text, self._path)]
        for index, raw in enumerate(_raws.decode(members["techniques"]) if self.entries else ()):
            if may_repeat_keys(bytes(raw), keys_in(self.entries[index])):
                objects.append((bytes(raw), (*self._path, "techniques", index)))
        for text, path in objects:
            mark = self.findings.mark
            report_repeats(repeats(text), self.findings, partial(self._locator.inside, path))
            if path[-2:-1] == ("techniques",) and self.findings.left_out(mark, "entry"):
                self.left_out.add(int(path[-1]))

    def _read_metadata(self, metadata: Any) -> None:
        """Read the metadata of the set that navlayers writes into its layers."""
        for item in metadata if isinstance(metadata, list) else ():
            if isinstance(item, dict) and isinstance(item.get("value"), str):
                name, value = item.get("name"), item["value"].strip()
                if isinstance(name, str) and name in _METADATA:
                    setattr(self, _METADATA[name], value)
                elif name == _METADATA_ATTACK:
                    self.attack_version = value.rpartition(" ")[2]
                self.is_own = self.is_own or name == "shows"
                self.is_count = self.is_count or (name, item["value"]) == ("aggregate", "count")
        if self.version and self.framework:
            # Names of layers are names of sheets, too, which have no slash and no colon.
            written = dict.fromkeys((iso_date(self.version), self.version, _NOT_IN_SHEETS.sub("-", self.version)))
            marks = [f" {version}{mark}" for version in written for mark in (": ", " – ")]
            title = next((self.name.partition(mark)[0] for mark in marks if mark in self.name), "")
            self.title = title if title != self.framework else ""

    def _read_domain(self) -> None:
        if self.domain:
            known, issue = value_rules.domain(self.domain.lower().removeprefix(_OLD_DOMAIN))
            if issue is not None:
                known, issue = value_rules.domain(self.domain)
            if issue is not None:
                self.report(issue, "domain")
            self.domain = known or ""

    def _read_versions(self, versions: _Versions | None, written: Any) -> None:
        own, self.attack_version = self.attack_version, ""
        attack = versions.attack if versions is not None else None
        path = ("versions", "attack")
        if isinstance(attack, str):
            self.attack_version = attack.strip()
        elif _is_number(attack):
            self.attack_version = decimal(attack)
            message = f"versions.attack is the number {decimal(attack)}"
            hint = f'it is read as "{decimal(attack)}"; the Navigator would use the newest release'
            self.report(Issue(message, "text", hint, fatal=False, code="wrong-type"), *path)
        elif attack is not None:
            self.report(Issue(f"versions.attack is {kind(attack)}", 'text such as "16"', code="wrong-type"), *path)
        if attack is None or own.partition(".")[0] == self.attack_version:
            # The layer format has major versions only, and none before 4.0.
            self.attack_version = own
        if versions is not None and versions.layer is not None:
            written = versions.layer
        if isinstance(written, str) and written not in _FORMATS:
            message, hint = f"unknown layer format {bare(written)}", "it is read like these"
            issue = Issue(message, "3.0 to 4.5", hint, fatal=False, code="wrong-shape")
            self.report(issue, "versions" if versions is not None else "version")

    def _ends(self, gradient: _Gradient) -> tuple[float, float]:
        ends = []
        for key, end, default in (("minValue", gradient.low, HUNDRED[0]), ("maxValue", gradient.high, HUNDRED[1])):
            if end is not None and not math.isfinite(end):
                self.report(Issue(f"{key} is too large a number", "a number", code="wrong-type"), "gradient", key)
            ends.append(end if end is not None and math.isfinite(end) else default)
        return ends[0], ends[1]


def keys_in(value: Any) -> int:
    """The number of keys in a decoded JSON value, at all levels."""
    if isinstance(value, dict):
        return len(value) + sum(map(keys_in, value.values()))
    return sum(map(keys_in, value)) if isinstance(value, list) else 0


def _is_number(value: Any) -> TypeGuard[float]:
    return type(value) in (int, float) and math.isfinite(value)
