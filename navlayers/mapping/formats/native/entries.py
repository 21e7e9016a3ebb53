"""Read the entries of a technique in native YAML: one entry, a list, or a bare mapping type."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from navlayers import _text as wording
from navlayers.mapping.formats import checks
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.yaml_tree import Listing, Node, Refused, Scalar
from navlayers.mapping.formats.yaml_values import Values, is_null, kind
from navlayers.mapping.model import (
    CATEGORIES,
    DEFAULT_SCALE,
    Capability,
    Category,
    Mapping,
    MappingSet,
    NonMappable,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from navlayers.mapping.formats.context import Kind

ENTRY_KEYS = (
    *CATEGORIES,
    "value",
    "type",
    "comment",
    "references",
    "group",
    "name",
    "capability_name",
    "non_mappable",
    "other",
)
"""Keys of an entry, in the order in which they are written."""

RECORD_KEYS = ("type", "comment", "references", "group", "name", "capability_name", "other")
"""Keys of a non-mappable."""

ENTRY = "a mapping type, an entry such as {protect: partial}, or a list of entries"
_NUMBER = re.compile(r"[0-9.]+")


class Spot(NamedTuple):
    """Where a part of a set stands: what marks its place, the node of its fields, the key of its technique."""

    where: Node
    entry: Node
    technique: Scalar | None = None


class Found(NamedTuple):
    """Mappings and non-mappables in reading order, and where each stands."""

    mappings: list[Mapping]
    non_mappable: list[NonMappable]
    spots: dict[Kind, list[Spot]]


class Entries:
    """Reads entries of one set into `found`."""

    def __init__(self, head: MappingSet, values: Values, technique_name: Callable[[str], str | None]) -> None:
        self.found = Found([], [], {"mapping": [], "non_mappable": [], "capability": []})
        self._values = values
        self._technique_name = technique_name
        self._default_type = head.default_type
        self._types = {mapping_type.id for mapping_type in head.mapping_types}
        self._declared = wording.listed(sorted(self._types))
        self._scale = checks.Scale(head.scale or DEFAULT_SCALE)
        self._techniques: dict[str, str] = {}
        scores = {*CATEGORIES, *(name.lower() for name in self._scale.names)}
        self._scores = wording.Names(scores - self._types)
        self._checked: dict[str, Issue | None] = {}

    @property
    def count(self) -> int:
        """How many mappings and non-mappables were read so far, sound or not."""
        return len(self.found.mappings) + len(self.found.non_mappable)

    def technique(self, capability: Capability | None, key: Scalar, node: Node) -> None:
        """Read what stands under one technique of a capability, or under one of those no capability covers."""
        technique = self._techniques.get(key.text)
        if technique is None:
            technique, issue = checks.technique(key.text)
            if technique is None and issue is None:
                issue = Issue(
                    "a technique id is empty",
                    "a technique id such as T1059 or T1059.001",
                    code="malformed-technique",
                )
            self._values.report(key, issue)
            technique = self._techniques[key.text] = technique or key.text
        nodes = node.items if isinstance(node, Listing) else [node]
        if not nodes:
            self._values.wrong(node, f"technique {wording.shown(technique)[1:-1]} has an empty list", ENTRY)
        for entry in nodes:
            if capability is None:
                self.record(None, technique, key, entry)
            elif isinstance(entry, Scalar):
                self._bare(
                    capability, technique, Spot(entry if isinstance(node, Listing) else key, entry, key), entry
                )
            elif not isinstance(entry, Refused):
                self._entry(capability, technique, key, entry)

    def _bare(self, capability: Capability, technique: str, spot: Spot, node: Scalar) -> None:
        type_: str | None
        if is_null(node):
            type_ = self._default_type
        else:
            type_ = node.text
            self._refuse_non_mappable(node, type_)
            if node.plain and type_ not in self._types and not checks.says_non_mappable(type_):
                self._check_type(node, type_)
                self._values.warn(node)
        self._add(spot, capability=capability.id, technique=technique, type=type_, references=capability.references)

    def _refuse_non_mappable(self, node: Node, type_: str | None) -> None:
        """Refuse a mapping of type non_mappable, declared or not, quoted or not: it must not score."""
        if type_ is not None and checks.says_non_mappable(type_):
            hint = "write {non_mappable: true}"
            self._values.wrong(
                node, f"{wording.shown(type_)} is not a mapping type", ENTRY, hint, code="not-a-type"
            )

    def _check_type(self, node: Scalar, type_: str) -> None:
        """Refuse a bare word that is, or nearly is, a score; report undeclared mapping types."""
        if type_ not in self._checked:
            self._checked[type_] = self._type_issue(type_)
        self._values.report(node, self._checked[type_])

    def _type_issue(self, type_: str) -> Issue | None:
        near = self._scores.closest(type_, 0.75)
        if near or _NUMBER.fullmatch(type_):
            meant = wording.shown(near or type_)[1:-1]
            hint = f"write {{protect: {meant}}}, {{detect: …}} or {{respond: …}}"
            if meant in CATEGORIES:
                hint = f"write {{{meant}: {wording.shown(self._scale.names[0])[1:-1]}}}"
            return Issue(f"{wording.shown(type_)} is not a mapping type", ENTRY, hint, code="not-a-type")
        if self._types:
            declared = f"one of the mapping types that the set declares: {self._declared}"
            return Issue(
                f"mapping type {wording.shown(type_)} is not declared",
                declared,
                fatal=False,
                code="undeclared-type",
            )
        return None

    def _entry(self, capability: Capability, technique: str, key: Scalar, node: Node) -> None:
        fields = self._values.known(node, "an entry", ENTRY_KEYS, ENTRY)
        flag = fields.get("non_mappable")
        if flag is not None and self._values.flag(flag, "non_mappable"):
            self._record(capability, technique, Spot(node, node, key), fields)
            return
        common = self._common(capability, technique, fields)
        common["capability"] = capability.id
        if "type" in fields:
            self._refuse_non_mappable(fields["type"], common["type"])
        else:
            common["type"] = self._default_type
        named = [name for name in fields if name in CATEGORIES]
        if named and "value" in fields:
            message = f'an entry has both "value" and {wording.shown(named[0])}'
            self._values.wrong(
                fields["value"], message, "the value behind its category", code="contradictory-entry"
            )
        items = self._values.items(node, "an entry", ENTRY)
        for name in named:
            value = self._score(fields[name], name)
            self._add(Spot(items[name][0], node, key), category=name, value=value, **common)
        if not named:
            value = self._score(fields["value"], "value") if "value" in fields else None
            self._add(Spot(node, node, key), value=value, **common)

    def record(self, capability: Capability | None, technique: str | None, key: Scalar, node: Node) -> None:
        """Read a non-mappable: true, nothing, or an entry without scores."""
        if isinstance(node, Scalar):
            if (is_null(node) and technique is not None) or self._values.flag(node, "non_mappable"):
                self._record(capability, technique, Spot(key, node), {})
            return
        keys = tuple(
            name for name in ENTRY_KEYS if name not in CATEGORIES and name not in {"value", "non_mappable"}
        )
        expected = "true, or an entry such as {comment: …}"
        fields = self._values.known(node, "a non-mappable", keys, expected)
        self._record(capability, technique, Spot(node, node), fields)

    def _record(
        self, capability: Capability | None, technique: str | None, spot: Spot, fields: dict[str, Node]
    ) -> None:
        for name in (*CATEGORIES, "value"):
            if name in fields:
                message = f"a non-mappable has a {name} score"
                self._values.wrong(
                    fields[name], message, "no scores beside non_mappable", code="contradictory-entry"
                )
        common = self._common(capability, technique, fields)
        self.found.non_mappable.append(NonMappable(capability=capability.id if capability else None, **common))
        self.found.spots["non_mappable"].append(spot)

    def _common(
        self, capability: Capability | None, technique: str | None, fields: dict[str, Node]
    ) -> dict[str, Any]:
        values: dict[str, Any] = {"technique": technique}
        if "references" in fields:
            values["references"] = self._values.texts(fields["references"], "references")
        elif capability is not None:
            values["references"] = capability.references
        for name in ("type", "comment", "name", "capability_name"):
            if name in fields:
                values[name] = self._values.text(fields[name], name)
        if "group" in fields:
            values["group"] = self._group(capability, fields["group"])
        if "comment" in values:
            values["comment"] = values["comment"] or ""
        if "name" in values:
            spelled = values.pop("name")
            known = self._technique_name(technique) if technique is not None else None
            values["technique_name"] = None if spelled == known else spelled
        if "other" in fields:
            pairs = self._values.items(fields["other"], "other", "a mapping of text to text").values()
            for key, _ in pairs:
                self._values.warn(key)
            values["other"] = tuple(
                (key.text, self._values.text(value, f"other {wording.shown(key.text)}") or "")
                for key, value in pairs
            )
        return values

    def _group(self, capability: Capability | None, node: Node) -> str | None:
        """The group that an entry is filed under, which has to be one of its capability's."""
        group = self._values.trimmed(node, self._values.text(node, "group"))
        if group is not None and capability is not None and group not in capability.groups:
            message = (
                f"group {wording.shown(group)} is not one of those of capability {wording.shown(capability.id)}"
            )
            among = (
                f"one of {wording.listed(capability.groups)}" if capability.groups else "no group, for it has none"
            )
            hint = partial(_among_groups, group, capability.groups)
            self._values.report(node, Issue(message, among, hint, code="foreign-group"))
        return group

    def _score(self, node: Node, what: str) -> str | None:
        if not isinstance(node, Scalar):
            self._values.wrong(node, f"{what} is {kind(node)}", self._scale.expected)
            return None
        if is_null(node):
            return None
        value, issue = checks.score_value(node.text, self._scale)
        self._values.report(node, issue)
        return value

    def _add(self, spot: Spot, *, category: str | None = None, **fields: Any) -> None:
        known: Category | None = next((name for name in CATEGORIES if name == category), None)
        self.found.mappings.append(Mapping(category=known, **fields))
        self.found.spots["mapping"].append(spot)


def _among_groups(group: str, groups: tuple[str, ...]) -> str:
    return wording.nearest(group, groups) or "add it to the groups of the capability"
