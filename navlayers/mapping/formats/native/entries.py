"""Read the entries of a technique in native YAML: one entry, a list, or a bare mapping type."""

from __future__ import annotations

import re
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, Any

from navlayers._text.spelling import Names
from navlayers._text.wording import bare, comma_list, quoted
from navlayers.mapping.evidence import FIELDS, parse_evidence
from navlayers.mapping.formats import value_rules
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.metadata import naming_release
from navlayers.mapping.formats.yaml_fields import Fields, Parts, is_null, kind
from navlayers.mapping.formats.yaml_tree import Branch, Listing, Node, Scalar
from navlayers.mapping.model import CATEGORIES, SEGMENT, Capability, Mapping, MappingSet, NonMappable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from navlayers.mapping.formats.context import ReadOptions

RECORD_KEYS = ("type", "comment", "references", "group", "name", "capability_name", "other")
"""Keys of a non-mappable."""

ENTRY_KEYS = (*CATEGORIES, "value", *RECORD_KEYS[:-1], "evidence", "robustness", "segment", "non_mappable", "other")
"""Keys of an entry, in the order of the schema."""

EVIDENCE_KEYS = ("level", "date", "note")
"""Keys of evidence that is more than a level."""

_ENTRY = "a mapping type, an entry such as {protect: partial}, or a list of entries"
_RECORD = "true, or an entry such as {comment: …}"
_NUMBER = re.compile(r"[0-9.]+")


LIKE_A_SCORE = 0.75
"""From this similarity on, a bare word is a misspelled score rather than a mapping type."""


def score_names(types: Collection[str], scale: Iterable[str]) -> Names:
    """The categories and score values that are not declared as mapping types."""
    return Names({*CATEGORIES, *(name.lower() for name in scale)} - set(types))


class Entries:
    """Reads the mappings and non-mappables of a set into its `parts`."""

    def __init__(self, head: MappingSet, top: Fields, options: ReadOptions) -> None:
        self.parts = Parts(top.path, top.findings)
        self._top = top
        self._blank = top.inner(Branch({}, 0, 0))
        self._default_type = head.default_type
        self._types = {mapping_type.id for mapping_type in head.mapping_types}
        self._groups = _Groups(())
        self._known_types = comma_list(sorted(self._types))
        self._scale = value_rules.scale_of(head.scale, options)
        self._scores = score_names(self._types, self._scale.names)
        self._release = cache(partial(naming_release, head))
        self._techniques: dict[str, str] = {}
        self._type_issues: dict[str, Issue | None] = {}

    @property
    def count(self) -> int:
        """The number of mappings and non-mappables that were read so far, sound or not."""
        return len(self.parts.mappings) + len(self.parts.non_mappable)

    def technique(self, capability: Capability | None, key: Scalar, node: Node) -> None:
        """Read the value of a technique: of a capability, or of the techniques that no capability covers."""
        # Many capabilities map the same technique.
        findings, mark = self._top.findings, self._top.findings.mark
        technique = self._techniques.get(key.text)
        if technique is None:
            technique, issue = value_rules.technique(key.text, "a technique id is empty", self._release)
            self._top.report(issue, key)
            if findings.left_out(mark, "entry"):
                return
            technique = technique or key.text
            if issue is None:  # an issue is reported at each of its places
                self._techniques[key.text] = technique
        entries = node.items if isinstance(node, Listing) else [node]
        if not entries:
            self._top.wrong(node, f"technique {bare(technique)} has an empty list", _ENTRY)
        findings.left_out(mark, "entry")
        for entry in entries:
            with self.parts.left_out_with_errors("entry"):
                if capability is None:
                    self.record(None, technique, key, entry)
                elif isinstance(entry, Scalar):
                    self._bare(capability, technique, key, entry, key if entry is node else entry)
                elif isinstance(entry, Branch):
                    self._entry(capability, technique, key, self._top.inner(entry))
                else:
                    self._top.wrong(entry, f"an entry is {kind(entry)}", _ENTRY)

    def _bare(self, capability: Capability, technique: str, key: Scalar, node: Scalar, start: Scalar) -> None:
        type_ = self._default_type
        if not is_null(node):
            type_ = node.text
            self._refuse_non_mappable(node, type_)
            if node.plain and type_ not in self._types and not value_rules.says_non_mappable(type_):
                if type_ not in self._type_issues:
                    self._type_issues[type_] = self._type_issue(type_)
                self._top.report(self._type_issues[type_], node)
                self._top.warn(node)
        mapping = Mapping(capability.id, technique, type_, references=capability.references)
        self.parts.add(mapping, self._blank, start, technique=key, value=node)

    def _refuse_non_mappable(self, node: Node, type_: str) -> None:
        """Refuse a mapping of type non_mappable, declared or not, quoted or not: it must not score."""
        if value_rules.says_non_mappable(type_):
            message, hint = f"{quoted(type_)} is not a mapping type", "write {non_mappable: true}"
            self._top.wrong(node, message, _ENTRY, hint, "not-a-type")

    def _type_issue(self, type_: str) -> Issue | None:
        """An error for a bare word that is, or nearly is, a score; a notice for an undeclared mapping type."""
        near = self._scores.closest(type_, LIKE_A_SCORE)
        if near or _NUMBER.fullmatch(type_):
            meant = bare(near or type_)
            hint = f"write {{protect: {meant}}}, {{detect: …}} or {{respond: …}}"
            if meant in CATEGORIES:
                hint = f"write {{{meant}: {bare(self._scale.names[0])}}}"
            return Issue(f"{quoted(type_)} is not a mapping type", _ENTRY, hint, code="not-a-type")
        if not self._types:
            return None
        expected = f"one of the mapping types that the set declares: {self._known_types}"
        return Issue(f"mapping type {quoted(type_)} is not declared", expected, fatal=False, code="undeclared-type")

    def _entry(self, capability: Capability, technique: str, key: Scalar, fields: Fields) -> None:
        node = fields.branch
        fields.unknown(ENTRY_KEYS, "an entry")
        if "non_mappable" in fields and self._flag(fields.node("non_mappable")):
            self._add_record(capability, technique, fields, node, key)
            return
        common = self._common(capability, technique, fields)
        if segments := ", ".join(text for text, _ in fields.texts("segment")):
            common["other"] = ((SEGMENT, segments), *common["other"])
        if "type" not in fields:
            common["type"] = self._default_type
        elif common["type"] is not None:
            self._refuse_non_mappable(fields.node("type"), common["type"])
        common |= self._evidence(fields)
        # In the order of the file: each category is a mapping.
        scored = [name for name in node.items if name in CATEGORIES]
        if scored and "value" in fields:
            message = f'an entry has both "value" and {quoted(scored[0])}'
            fields.wrong("value", message, "the value after its category", code="contradictory-entry")
        for category in scored:
            value = self._score(fields.node(category), category)
            mapping = Mapping(capability.id, category=category, value=value, **common)
            start, rating = node.items[category]
            written = node.get("value") or rating
            self.parts.add(mapping, fields, start, technique=key, technique_name="name", value=written)
        if not scored:
            value = self._score(fields.node("value"), "value") if "value" in fields else None
            mapping = Mapping(capability.id, value=value, **common)
            self.parts.add(mapping, fields, node, technique=key, technique_name="name")

    def _evidence(self, fields: Fields) -> dict[str, Any]:
        """The evidence of an entry, a level or {level, date, note}, and its robustness."""
        if not ("evidence" in fields or "robustness" in fields):
            return {}
        texts: dict[str, str] = {"robustness": fields.text("robustness")}
        nodes: dict[str, Node] = {}
        written = fields.branch.get("evidence")
        if isinstance(written, Branch):
            inner = fields.inner(written)
            inner.unknown(EVIDENCE_KEYS, "evidence")
            for key, name in zip(EVIDENCE_KEYS, FIELDS, strict=False):
                if (node := written.get(key)) is not None:
                    nodes[name] = node
                    # `text` warns of dates without quotes, and this one is a date for every reader.
                    is_date = key == "date" and isinstance(node, Scalar) and not is_null(node)
                    texts[name] = node.text if is_date and isinstance(node, Scalar) else inner.text(key)
        else:
            texts["evidence"] = fields.text("evidence")
        values, wrong = parse_evidence(texts)
        for name, message, expected, hint in wrong:
            place = nodes.get(name) or ("robustness" if name == "robustness" else "evidence")
            fields.wrong(place, message, expected, hint, "wrong-evidence")
        return values

    def record(self, capability: Capability | None, technique: str | None, key: Scalar, node: Node) -> None:
        """Read a non-mappable: true, nothing, or an entry without scores."""
        if isinstance(node, Listing):
            self._top.wrong(node, f"a non-mappable is {kind(node)}", _RECORD)
        elif isinstance(node, Branch):
            fields = self._top.inner(node)
            fields.unknown(RECORD_KEYS, "a non-mappable")
            self._add_record(capability, technique, fields, node, node)
        elif (is_null(node) and technique is not None) or self._flag(node):
            self._add_record(capability, technique, self._blank, key, key)

    def _flag(self, node: Node) -> bool:
        """True or false as written in YAML; everything else is an error, and false."""
        if isinstance(node, Scalar) and node.text in {"true", "false"}:
            return node.text == "true"
        self._top.wrong(node, f"non_mappable is {kind(node)}", "true or false")
        return False

    def _add_record(
        self, capability: Capability | None, technique: str | None, fields: Fields, start: Node, key: Node
    ) -> None:
        for name in (*CATEGORIES, "value"):
            if name in fields:
                message, expected = f"a non-mappable has a {name} score", "no score in a non-mappable"
                fields.wrong(name, message, expected, code="contradictory-entry")
        common = self._common(capability, technique, fields)
        record = NonMappable(capability.id if capability else None, **common)
        self.parts.add(record, fields, start, technique=key, technique_name="name")

    def _common(self, capability: Capability | None, technique: str | None, fields: Fields) -> dict[str, Any]:
        """The fields that mappings and non-mappables share."""
        references = capability.references if capability else ()
        if "references" in fields:
            references = tuple(text for text, _ in fields.texts("references"))
        other = fields.child("other", "a mapping of text to text")
        for key, _ in other.branch.items.values():
            fields.warn(key)
        return {
            "technique": technique,
            "type": fields.optional("type"),
            "comment": fields.text("comment"),
            "references": references,
            "group": self._group(capability, fields),
            "technique_name": fields.optional("name"),
            "capability_name": fields.optional("capability_name"),
            "other": tuple((name, other.text(name)) for name in other.branch.items),
        }

    def _group(self, capability: Capability | None, fields: Fields) -> str | None:
        """The group that an entry is filed under, which has to be one of its capability's."""
        text = fields.optional("group")
        group = fields.identifier(text, "group") if text is not None else None
        if group is None or capability is None:
            return group
        if self._groups.ids is not capability.groups:
            self._groups = _Groups(capability.groups)
        if group not in self._groups.every:
            message = f"capability {quoted(capability.id)} is not in group {quoted(group)}"
            known = capability.groups
            expected = f"one of {comma_list(known)}" if known else "no group: it has none"
            hint = partial(self._groups.nearest, group)
            fields.report(Issue(message, expected, hint, code="foreign-group"), "group")
        return group

    def _score(self, node: Node, what: str) -> str | None:
        if not isinstance(node, Scalar):
            self._top.wrong(node, f"{what} is {kind(node)}", self._scale.expected)
            return None
        if is_null(node):
            return None
        value, issue = value_rules.score_value(node.text, self._scale)
        self._top.report(issue, node)
        return value


class _Groups:
    """The groups of a capability, which may be thousands, for as many entries that are filed under them."""

    def __init__(self, ids: tuple[str, ...]) -> None:
        self.ids = ids
        self.every = frozenset(ids)

    @cached_property
    def _names(self) -> Names:
        return Names(self.ids)

    def nearest(self, group: str) -> str:
        """The hint about a group that is none of them."""
        return self._names.suggestion(group) or "add the group to the capability"
