"""Reader of CTID's security-stack mappings: YAML, one control of a platform in a file, a folder of them a set.

The format is that of docs/mapping_format.md in CTID's repository security-stack-mappings.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple, cast

import msgspec

from navlayers._text.dates import day
from navlayers._text.wording import bare, quoted
from navlayers.errors import Place
from navlayers.mapping.formats import value_rules
from navlayers.mapping.formats.findings import Findings, Issue
from navlayers.mapping.formats.metadata import dated, make_head
from navlayers.mapping.formats.yaml_fields import Fields, Parts
from navlayers.mapping.formats.yaml_files import FileKind, read_files
from navlayers.mapping.formats.yaml_tree import Branch, Node, parse
from navlayers.mapping.model import Capability, Category, Mapping, MappingSet, MappingType, NonMappable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.mapping.formats.context import Context, Places
    from navlayers.mapping.formats.source import Folder, Source

_TYPE = "technique_scores"
"""The mapping type that these mappings have where they are published as Mappings Explorer JSON."""

_VERSION = "ATT&CK version"
_CONTROL = (
    *("version", _VERSION, "creation date", "last update", "name", "author", "contact", "organization"),
    *("platform", "tags", "description", "techniques", "comments", "references"),
)
_KIND = FileKind(
    *("security stack control", "YAML with name, platform and techniques"),
    frozenset({_VERSION, "platform", "techniques"}),
    skip_broken=False,
)
_TECHNIQUE = ("id", "name", "technique-scores", "sub-techniques-scores")
_GROUP = ("sub-techniques", "scores")
_SCORE = ("category", "value", "comments")
_SUB = ("id", "name")
MOST_SCORES = 1_000
"""Maximum scores of one entry for its sub-techniques, each of which has all of them."""

_SHARED = ("author", "contact", "organization")
_KEPT = ("description", "comments", "creation date", "last update", "version")
"""Keys of a control that a capability has no field for; kept with its first mapping."""


class _Control(NamedTuple):
    """One file, and its metadata of the whole set."""

    fields: Fields
    metadata: dict[str, str]


def read(source: Source | Folder, context: Context) -> tuple[MappingSet, Places]:
    """Read a folder of controls, or one control.

    Raises:
        InputError: a file is not YAML or wrong in the places listed, or none is a control.
    """
    findings = context.findings
    reader = _Reader(context, source.path)

    def tree(file: Source, inner: Findings) -> list[Node]:
        return [parse(file, inner)]

    for path, (top, *_) in read_files(source, _KIND, tree, findings, lenient=context.options.lenient):
        if isinstance(top, Branch):
            reader.control(Fields(path, top, findings))
    findings.raise_errors()
    head = reader.head(context, source.path)
    mapping_set = reader.parts.in_set(
        head, groups=dict(sorted(reader.groups.items())), mapping_types=(MappingType(_TYPE, _TYPE),)
    )
    return mapping_set, reader.parts.places


class _Reader:
    def __init__(self, context: Context, path: str) -> None:
        self.parts = Parts(path, context.findings)
        self.groups: dict[str, str] = {}
        self._scale = value_rules.scale_of({}, context.options)
        self._controls: dict[str, _Control] = {}

    def control(self, top: Fields) -> None:
        """Read one file."""
        extra = top.unknown(_CONTROL, "a control")
        name = top.text("name")
        id_ = _id(name)
        if not id_:
            expected = "the name of the control, such as Azure Key Vault"
            message = f'"name" is {"empty" if "name" in top else "missing"}'
            top.report(Issue(message, expected, code="missing-metadata"), "name")
            return
        if id_ in self._controls:
            message = f"duplicate control {quoted(name)}, first in {self._controls[id_].fields.path}"
            top.report(Issue(message, "one file per control", "merge the files", code="duplicate-id"), "name")
            return
        references = tuple(dict.fromkeys(text for text, _ in top.texts("references")))
        tags = {_id(tag) or tag: tag for tag, _ in reversed(top.texts("tags"))}
        capability = Capability(id_, name, tuple(reversed(tags)), references)
        self.groups = {**tags, **self.groups}
        keys = (_VERSION, "platform", "creation date", "last update", *_SHARED)
        self._controls[id_] = _Control(top, {key: text for key in keys if (text := top.text(key))})
        where = {"id": "name", "name": "name", "groups": "tags", "references": "references"}
        self.parts.add(capability, top, "name", **where)
        self._techniques(top, capability, extra)

    def _techniques(self, top: Fields, capability: Capability, extra: list[tuple[str, str]]) -> None:
        kept = [(key, top.text(key)) for key in _KEPT]
        other = tuple((f"control {key}", text) for key, text in [*kept, *extra] if text)
        mappings = self.parts.mappings
        before = len(mappings)
        for entry in top.children("techniques", "a technique: id, name, technique-scores"):
            with self.parts.left_out_with_errors("entry"):
                entry.unknown(_TECHNIQUE, "a technique")
                scores = entry.children("technique-scores", "a score: category, value")
                groups = entry.children("sub-techniques-scores", "sub-techniques and their scores")
                if scores or not groups:
                    self._scores(entry, scores, capability)
                for group in groups:
                    self._group(group, capability)
        top.report_references(len(capability.references), len(mappings) - before, "references")
        if len(mappings) > before:
            # Only the first: a control has up to hundreds of mappings.
            mappings[before] = msgspec.structs.replace(mappings[before], other=other)
            return
        other = tuple(pair for pair in other if pair[0] != "control comments")
        comment, references = top.text("comments"), capability.references
        record = NonMappable(capability.id, None, value_rules.NON_MAPPABLE, comment, references, other=other)
        self.parts.add(record, top, "name", capability="name", comment="comments")

    def _group(self, group: Fields, capability: Capability) -> None:
        """Read scores that several sub-techniques share."""
        group.unknown(_GROUP, "scores of sub-techniques")
        scores = group.children("scores", "a score: category, value")
        subs = group.children("sub-techniques", "a sub-technique: id, name")
        if not subs:
            issue = Issue("scores without sub-techniques", "sub-techniques: id, name", code="no-technique")
            group.report(issue)
        if len(subs) * len(scores) > MOST_SCORES:
            message = f"{len(scores):,} scores of {len(subs):,} sub-techniques"
            expected = f"at most {MOST_SCORES:,} scores together"
            group.report(Issue(message, expected, "split the entry", code="wrong-shape"))
            return
        for sub in subs:
            sub.unknown(_SUB, "a sub-technique")
            self._scores(sub, scores, capability)

    def _scores(self, entry: Fields, scores: list[Fields], capability: Capability) -> None:
        """The mappings of one technique or sub-technique: one for each score, or one without a score."""
        text = entry.text("id")
        technique, issue = value_rules.technique(text, "a technique has no id")
        entry.report(issue, "id")
        if not scores:
            message = f"technique {bare(text)} has no score"
            entry.report(Issue(message, "category and value", fatal=False, code="unrated-technique"))
            scores = [entry.inner(Branch({}, entry.branch.line, entry.branch.column))]
        for score in scores:
            score.unknown(_SCORE, "a score")
            category, issue = value_rules.category(score.text("category"))
            score.report(issue, "category")
            value, issue = value_rules.score_value(score.text("value"), self._scale)
            score.report(issue, "value")
            about = (_TYPE, cast("Category | None", category), value, score.text("comments"), capability.references)
            name = entry.text("name") or None
            self.parts.add(
                Mapping(capability.id, technique or text, *about, technique_name=name),
                entry,
                "id",
                technique="id",
                technique_name="name",
                category=score.branch.get("category"),
                value=score.branch.get("value"),
                comment=score.branch.get("comments"),
            )

    def head(self, context: Context, path: str) -> MappingSet:
        """The metadata that the files together give the set."""
        metadata: dict[str, str] = {"domain": "enterprise"}
        platform = self._agreed("platform", fatal=True)
        if platform:
            metadata["framework"], metadata["title"] = _id(platform), f"{platform} security stack"
        metadata["attack_version"] = self._agreed(_VERSION, fatal=False)
        controls = self._controls.values()
        for key in _SHARED:
            metadata[key] = ", ".join(sorted({c.metadata[key] for c in controls if key in c.metadata}))
        metadata |= dated(date for control in controls for date in self._dates(control))
        fields = {"framework": "platform", "title": "platform", "attack_version": _VERSION}
        for field, key in (fields | {key: key for key in _SHARED}).items():
            for control in controls:
                if key in control.metadata:
                    self.parts.keep_head(field, control.fields.place(key))
        techniques = (mapping.technique for mapping in self.parts.mappings)
        return make_head(context, metadata, techniques, Place(path))

    def _agreed(self, key: str, *, fatal: bool) -> str:
        """The text of most files; each other text is reported once."""
        controls = [control for control in self._controls.values() if key in control.metadata]
        times = Counter(control.metadata[key] for control in controls)
        if not times:
            return ""
        most = min(times, key=lambda text: (-times[text], text))

        def counted(text: str) -> str:
            return f"{bare(text)} in {times[text]:,} file{'s' if times[text] > 1 else ''}"

        first = {control.metadata[key]: control for control in reversed(controls)}
        for text, control in first.items():
            if text != most:
                message = f"{key} is {counted(text)}, but {counted(most)}"
                hint = "read the folder of each platform separately" if fatal else f"{most} is used"
                code = "wrong-shape" if fatal else "files-disagree"
                control.fields.report(Issue(message, f"one {key} in a set", hint, fatal, code), key)
        return most

    @staticmethod
    def _dates(control: _Control) -> Iterator[str]:
        """The days of a file. CTID's mapping format has American dates; some files have ISO dates all the same."""
        for key in ("creation date", "last update"):
            text = control.metadata.get(key, "")
            date = day(text)
            if date is not None:
                yield date
            elif text:
                message, expected = f"invalid {key} {quoted(text)}", "month/day/year, such as 1/21/2021"
                control.fields.report(Issue(message, expected, fatal=False, code="unknown-term"), key)


def _id(name: str) -> str:
    """The id for a name, as the Mappings Explorer makes it: `azure_key_vault`."""
    return re.sub(r"[^\w.-]+", "_", name.strip().lower()).strip("_")
