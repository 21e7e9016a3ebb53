"""Reader of CTID's security-stack mappings: YAML, one control of a platform in a file, a folder of them a set.

The format is that of docs/mapping_format.md in CTID's repository security-stack-mappings.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers import _text as wording
from navlayers.errors import InputError, OtherFileError, Place, Problem
from navlayers.mapping.formats import checks
from navlayers.mapping.formats.checks import NON_MAPPABLE
from navlayers.mapping.formats.findings import Findings, Issue
from navlayers.mapping.formats.folder_sets import (
    Fields,
    FolderPlaces,
    absorb,
    name_id,
    passed_over,
    sources,
    too_many_references,
)
from navlayers.mapping.formats.metadata import make_head
from navlayers.mapping.formats.source import Source, as_text
from navlayers.mapping.formats.yaml_tree import Branch, Node, parse
from navlayers.mapping.model import (
    DEFAULT_SCALE,
    Capability,
    Category,
    Mapping,
    MappingSet,
    MappingType,
    NonMappable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.mapping.formats.context import Context
    from navlayers.mapping.formats.source import Folder

_TYPE = "technique_scores"
"""The mapping type that these mappings have where they are published as Mappings Explorer JSON."""

_VERSION = "ATT&CK version"
_CONTROL = (
    *("version", _VERSION, "creation date", "last update", "name", "author", "contact", "organization"),
    *("platform", "tags", "description", "techniques", "comments", "references"),
)
_MARKS = frozenset({_VERSION, "platform", "techniques"})
"""A file that has none of these keys is no control."""

_TECHNIQUE = ("id", "name", "technique-scores", "sub-techniques-scores")
_GROUP = ("sub-techniques", "scores")
_SCORE = ("category", "value", "comments")
_SUB = ("id", "name")
MOST_SCORES = 1_000
"""So many scores one entry may give to its sub-techniques, each of which has all of them."""

_SCALE = checks.Scale(DEFAULT_SCALE)
_SHARED = ("author", "contact", "organization")
_KEPT = ("description", "comments", "creation date", "last update", "version")
"""What a file says of its control that a capability has no room for; kept beside its first mapping."""

_DATE = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class _Control(NamedTuple):
    """One file. `said` is what it says of the whole set, with the nodes."""

    fields: Fields
    top: Branch
    capability: Capability
    said: dict[str, tuple[str, Node]]


def read(source: Source | Folder, context: Context) -> tuple[MappingSet, FolderPlaces]:
    """Read a folder of controls, or one control.

    Raises:
        InputError: a file is not YAML or wrong in the places listed, or none is a control.
    """
    findings = context.findings
    places = FolderPlaces(source.path)
    reader = _Reader(findings, places)
    for file, top in _files(source, findings):
        reader.control(file, top)
    findings.raise_errors()
    head = reader.head(context, source.path)
    mapping_set = reader.finish(head, context)
    findings.raise_errors()
    return mapping_set, places


def _files(source: Source | Folder, findings: Findings) -> Iterator[tuple[Source, Branch]]:
    """The controls among the files, with their trees; what is none is told."""
    total = found = 0
    other: list[tuple[str, str]] = []
    for file in sources(source):
        total += 1
        if isinstance(file, InputError):
            absorb(file.problems, findings)
            continue
        inner = Findings()
        try:
            root = parse(as_text(file), inner)
        except InputError as error:
            absorb(error.problems, findings)
            continue
        if not isinstance(root, Branch) or not root.items.keys() & _MARKS:
            if isinstance(source, Source):
                message = "this is not a security stack control"
                expected = "name, platform and techniques"
                other_kind = Problem(message, Place(file.path, 1, 1), expected, code="wrong-shape")
                raise OtherFileError(inner.errors() or other_kind)
            other.append((file.path, ""))
            continue
        absorb(inner.errors(), findings)
        absorb(inner.notices(), findings, fatal=False)
        found += 1
        yield file, root
    if other:
        findings.add(passed_over(other, total, "security stack controls"), Place(source.path))
    if not found and not findings.failed:
        message = "no file in this folder is a security stack control"
        expected = "YAML files with name, platform and techniques"
        raise OtherFileError(Problem(message, Place(source.path), expected, code="wrong-shape"))


class _Reader:
    def __init__(self, findings: Findings, places: FolderPlaces) -> None:
        self._findings = findings
        self._places = places
        self._controls: dict[str, _Control] = {}
        self._groups: dict[str, str] = {}
        self._mappings: list[Mapping] = []
        self._records: list[NonMappable] = []

    def control(self, file: Source, top: Branch) -> None:
        """Read one file."""
        fields = Fields(file.path, self._findings)
        extra = fields.unknown(top, _CONTROL, "a control")
        name = fields.text(top, "name")
        id_ = name_id(name)
        if not id_:
            expected = "the name of the control, such as Azure Key Vault"
            what = "empty" if "name" in top.items else "missing"
            node = fields.value(top, "name") or top
            fields.report(node, Issue(f'"name" is {what}', expected, code="missing-metadata"))
            return
        node = fields.value(top, "name") or top
        if id_ in self._controls:
            earlier = self._controls[id_].fields.path
            message = f"duplicate control {wording.shown(name)}, first in {earlier}"
            fields.report(node, Issue(message, "one file for a control", "merge the two", code="duplicate-id"))
            return
        references = tuple(dict.fromkeys(text for text, _ in fields.texts(top, "references")))
        capability = Capability(id_, name, self._tags(fields, top), references)
        said = {}
        for key in (_VERSION, "platform", "creation date", "last update", *_SHARED):
            text, value = fields.text(top, key), fields.value(top, key)
            if text and value is not None:
                said[key] = (text, value)
        self._controls[id_] = _Control(fields, top, capability, said)
        self._places.keep(
            *("capability", file.path, node),
            id=node,
            name=node,
            groups=fields.value(top, "tags"),
            references=fields.value(top, "references"),
        )
        self._techniques(fields, top, capability, extra)

    def _tags(self, fields: Fields, top: Branch) -> tuple[str, ...]:
        ids = []
        for tag, _ in fields.texts(top, "tags"):
            id_ = name_id(tag) or tag
            self._groups.setdefault(id_, tag)
            ids.append(id_)
        return tuple(dict.fromkeys(ids))

    def _techniques(
        self, fields: Fields, top: Branch, capability: Capability, extra: list[tuple[str, str]]
    ) -> None:
        kept = [(key, fields.text(top, key)) for key in _KEPT]
        other = tuple((f"control {key}", text) for key, text in [*kept, *extra] if text)
        before = len(self._mappings)
        for entry in fields.branches(top, "techniques", "a technique: id, name, technique-scores"):
            fields.unknown(entry, _TECHNIQUE, "a technique")
            scores = fields.branches(entry, "technique-scores", "a score: category, value")
            groups = fields.branches(entry, "sub-techniques-scores", "sub-techniques and their scores")
            if scores or not groups:
                self._scores(fields, entry, scores, capability)
            for group in groups:
                fields.unknown(group, _GROUP, "scores of sub-techniques")
                scores = fields.branches(group, "scores", "a score: category, value")
                subs = fields.branches(group, "sub-techniques", "a sub-technique: id, name")
                if not subs:
                    issue = Issue("scores without sub-techniques", "sub-techniques: id, name", code="no-technique")
                    fields.report(group, issue)
                if len(subs) * len(scores) > MOST_SCORES:
                    message = f"{len(scores):,} scores of {len(subs):,} sub-techniques"
                    expected = f"at most {MOST_SCORES:,} scores together"
                    fields.report(group, Issue(message, expected, "split the entry", code="wrong-shape"))
                    continue
                for sub in subs:
                    fields.unknown(sub, _SUB, "a sub-technique")
                    self._scores(fields, sub, scores, capability)
        many = too_many_references(len(capability.references), len(self._mappings) - before)
        fields.report(fields.value(top, "references") or top, many)
        if len(self._mappings) > before:
            first = self._mappings[before]
            self._mappings[before] = msgspec.structs.replace(first, other=other)
            return
        record = NonMappable(
            capability.id,
            type=NON_MAPPABLE,
            comment=fields.text(top, "comments"),
            references=capability.references,
            other=tuple(pair for pair in other if pair[0] != "control comments"),
        )
        self._records.append(record)
        node = fields.value(top, "name") or top
        self._places.keep("non_mappable", fields.path, node, capability=node, comment=fields.value(top, "comments"))

    def _scores(self, fields: Fields, entry: Branch, scores: list[Branch], capability: Capability) -> None:
        """The mappings of one technique or sub-technique: one for each score, one without where there is none."""
        id_ = fields.value(entry, "id")
        text = fields.text(entry, "id")
        technique, issue = checks.technique(text)
        if technique is None and issue is None:
            issue = Issue("a technique has no id", "a technique id such as T1059 or T1059.001")
        fields.report(id_ or entry, issue, "malformed-technique" if technique is None else "blanks")
        name = fields.text(entry, "name") or None
        if not scores:
            message = f"technique {wording.shown(text)[1:-1]} has no score"
            fields.report(entry, Issue(message, "category and value", fatal=False, code="unrated-technique"))
        for score in scores or [Branch({}, entry.line, entry.column)]:
            fields.unknown(score, _SCORE, "a score")
            category, value = self._rated(fields, score)
            mapping = Mapping(
                capability.id,
                technique or text,
                _TYPE,
                category,
                value,
                fields.text(score, "comments"),
                capability.references,
                technique_name=name,
            )
            self._mappings.append(mapping)
            self._places.keep(
                *("mapping", fields.path, id_ or entry),
                technique=id_,
                technique_name=fields.value(entry, "name"),
                category=fields.value(score, "category"),
                value=fields.value(score, "value"),
                comment=fields.value(score, "comments"),
            )

    @staticmethod
    def _rated(fields: Fields, score: Branch) -> tuple[Category | None, str | None]:
        category, issue = checks.category(fields.text(score, "category"))
        fields.report(fields.value(score, "category") or score, issue, "unknown-category")
        value, issue = checks.score_value(fields.text(score, "value"), _SCALE)
        fields.report(fields.value(score, "value") or score, issue, "unknown-value")
        known: dict[str, Category] = {"protect": "protect", "detect": "detect", "respond": "respond"}
        return known.get(category or ""), value

    def head(self, context: Context, path: str) -> MappingSet:
        """What the files together say of the set."""
        found: dict[str, str] = {}
        platform = self._agreed("platform", fatal=True)
        if platform:
            found["framework"] = name_id(platform)
            found["title"] = f"{platform} security stack"
        found["attack_version"] = self._agreed(_VERSION, fatal=False)
        for key in _SHARED:
            texts = sorted({control.said[key][0] for control in self._controls.values() if key in control.said})
            found[key] = ", ".join(texts)
        dates = sorted(date for control in self._controls.values() for date in self._dates(control))
        if dates:
            found |= {"version": dates[-1], "created": dates[0], "updated": dates[-1]}
        for field, key in (("framework", "platform"), ("title", "platform"), ("attack_version", _VERSION)):
            self._keep_head(field, key)
        for key in _SHARED:
            self._keep_head(key, key)
        techniques = (mapping.technique for mapping in self._mappings)
        return make_head(context, {"domain": "enterprise", **found}, techniques, Place(path))

    def _keep_head(self, field: str, key: str) -> None:
        for control in self._controls.values():
            if key in control.said:
                self._places.keep_head(field, control.fields.place(control.said[key][1]))
                return

    def _agreed(self, key: str, *, fatal: bool) -> str:
        """What most files say; those that say something else are told, once for each other text."""
        said = Counter(control.said[key][0] for control in self._controls.values() if key in control.said)
        if not said:
            return ""
        most = min(said, key=lambda text: (-said[text], text))
        told = {most}
        for control in self._controls.values():
            text, node = control.said.get(key, (most, control.top))
            if text not in told:
                told.add(text)
                message = f"{key} {_counted(text, said)}, where {_counted(most, said)}"
                hint = "read the folder of each platform by itself" if fatal else f"it is read as {most}"
                code = "wrong-shape" if fatal else "files-disagree"
                control.fields.report(node, Issue(message, f"one {key} in a set", hint, fatal, code))
        return most

    @staticmethod
    def _dates(control: _Control) -> Iterator[str]:
        """The dates of a file, month first as the format has them, as year-month-day."""
        for key in ("creation date", "last update"):
            if key in control.said:
                text, node = control.said[key]
                date = _DATE.fullmatch(text)
                if date is not None and 1 <= int(date[1]) <= 12:
                    yield f"{date[3]}-{date[1]:0>2}-{date[2]:0>2}"
                elif _ISO.fullmatch(text):
                    yield text
                else:
                    message = f"invalid {key} {wording.shown(text)}"
                    issue = Issue(message, "month/day/year, such as 1/21/2021", fatal=False, code="unknown-term")
                    control.fields.report(node, issue)

    def finish(self, head: MappingSet, context: Context) -> MappingSet:
        """The whole set; names of techniques are kept where they are not those of its release."""
        name_of = context.technique_names(head)
        mappings = tuple(
            msgspec.structs.replace(mapping, technique_name=None)
            if mapping.technique_name is not None and mapping.technique_name == name_of(mapping.technique)
            else mapping
            for mapping in self._mappings
        )
        return msgspec.structs.replace(
            head,
            groups=dict(sorted(self._groups.items())),
            mapping_types=(MappingType(_TYPE, _TYPE),),
            capabilities=tuple(control.capability for control in self._controls.values()),
            mappings=mappings,
            non_mappable=tuple(self._records),
        )


def _counted(text: str, said: Counter[str]) -> str:
    count = said[text]
    return f"{wording.shown(text)[1:-1]} in {count:,} file{'s' if count > 1 else ''}"
