"""Writer of native YAML. docs/native-yaml.md tells the format; the same set always gives the same text."""

from __future__ import annotations

from decimal import Decimal

from navlayers.errors import OutputError, Problem
from navlayers.mapping.formats.context import Written
from navlayers.mapping.formats.yaml_text import Block, Number, Value, document
from navlayers.mapping.model import (
    CATEGORIES,
    DEFAULT_SCALE,
    Capability,
    Mapping,
    MappingSet,
    MappingType,
    NonMappable,
    canonical,
)

EDITORS = "# yaml-language-server: $schema=navlayers.schema.json\n"
"""Where editors find the JSON Schema of native YAML: beside the file."""

_UNKNOWN = Capability("", "")


def dumps(mapping_set: MappingSet) -> str:
    """The set as native YAML: capabilities and techniques by id, each technique on a line where it fits.

    The first line tells editors which schema to check with. Reading the text gives `canonical(mapping_set)`.

    Raises:
        OutputError: the set holds what the reader would refuse: a non-mappable that names neither a capability nor
            a technique, a group that is not among those of the capability, nothing at all.
    """
    _check(mapping_set)
    return EDITORS + document(_Writer(mapping_set).tree())


def encode(mapping_set: MappingSet) -> Written:
    """The set as native YAML, which carries everything.

    Raises:
        OutputError: as `dumps`.
    """
    return Written(dumps(mapping_set).encode())


def _check(mapping_set: MappingSet) -> None:
    records = mapping_set.non_mappable
    if not (mapping_set.capabilities or mapping_set.mappings or records):
        raise OutputError(Problem("the set has no capabilities", expected="a set that maps something"))
    if any(record.capability is None and record.technique is None for record in records):
        message = "a non-mappable names neither a capability nor a technique"
        raise OutputError(Problem(message, hint="leave it out, or name what cannot be mapped"))
    groups = {capability.id: capability.groups for capability in mapping_set.capabilities}
    rows: list[Mapping | NonMappable] = [*mapping_set.mappings, *records]
    for row in rows:
        if row.group is not None and row.capability is not None and row.group not in groups.get(row.capability, ()):
            message = f"group {row.group!r} is not one of those of capability {row.capability!r}"
            raise OutputError(Problem(message, hint="add it to the groups of the capability"))


class _Writer:
    def __init__(self, mapping_set: MappingSet) -> None:
        self._set = canonical(mapping_set)
        self._default_type = self._set.default_type
        scale = self._set.scale or DEFAULT_SCALE
        self._not_types = {*CATEGORIES, *(name.lower() for name in scale)}

    def tree(self) -> dict[str, Value]:
        whole = self._set
        tree: dict[str, Value] = {"framework": whole.framework}
        texts = {
            "title": whole.title,
            "version": whole.version,
            "domain": whole.domain,
            "attack_version": whole.attack_version,
            "source": whole.source,
            "licence": whole.licence,
            **whole.details,
        }
        tree.update((key, value) for key, value in texts.items() if value)
        if whole.mapping_types:
            tree["mapping_types"] = _mapping_types(whole.mapping_types)
        if whole.scale:
            tree["scale"] = {name: _number(number) for name, number in whole.scale.items()}
        if whole.groups:
            tree["groups"] = Block(whole.groups)
        if whole.capabilities:
            tree["capabilities"] = Block(self._by_capability())
        alone = [record for record in whole.non_mappable if record.capability is None]
        if alone:
            tree["non_mappable"] = Block(self._techniques(_UNKNOWN, [], alone))
        return tree

    def _by_capability(self) -> dict[str, Value]:
        mappings: dict[str, list[Mapping]] = {}
        for mapping in self._set.mappings:
            mappings.setdefault(mapping.capability, []).append(mapping)
        records: dict[str, list[NonMappable]] = {}
        for record in self._set.non_mappable:
            if record.capability is not None:
                records.setdefault(record.capability, []).append(record)
        return {
            capability.id: self._capability(
                capability, mappings.get(capability.id, []), records.get(capability.id, [])
            )
            for capability in self._set.capabilities
        }

    def _capability(
        self, capability: Capability, mappings: list[Mapping], records: list[NonMappable]
    ) -> dict[str, Value]:
        fields = Block()
        if capability.name != capability.id:
            fields["name"] = capability.name
        if capability.groups:
            fields["groups"] = list(capability.groups)
        if capability.references:
            fields["references"] = list(capability.references)
        whole = [self._record(capability, record) for record in records if record.technique is None]
        if whole:
            fields["non_mappable"] = whole[0] or True if len(whole) == 1 else [entry or True for entry in whole]
        rest = [record for record in records if record.technique is not None]
        if mappings or rest:
            fields["techniques"] = Block(self._techniques(capability, mappings, rest))
        return fields

    def _techniques(
        self, capability: Capability, mappings: list[Mapping], records: list[NonMappable]
    ) -> dict[str, Value]:
        entries: dict[str, list[Value]] = {}
        previous: Mapping | None = None
        for mapping in mappings:
            listed = entries.setdefault(mapping.technique, [])
            last = listed[-1] if listed else None
            if previous is not None and isinstance(last, dict) and _joins(previous, mapping, last):
                # Scores come first in an entry.
                listed[-1] = {**_scores(last), str(mapping.category): mapping.value, **_but_scores(last)}
            else:
                listed.append(self._entry(capability, mapping))
            previous = mapping
        for record in records:
            entry = self._record(capability, record)
            marked: Value = entry or None if record.capability is None else {"non_mappable": True, **entry}
            entries.setdefault(str(record.technique), []).append(marked)
        return {
            technique: listed[0] if len(listed) == 1 else listed for technique, listed in sorted(entries.items())
        }

    def _entry(self, capability: Capability, mapping: Mapping) -> Value:
        scores: dict[str, Value] = {}
        if mapping.category is not None:
            scores[mapping.category] = mapping.value
        elif mapping.value is not None:
            scores["value"] = mapping.value
        entry = self._common(capability, mapping)
        if not scores and not entry:
            if mapping.type is None:
                return None if self._default_type is None else {"type": None}
            if mapping.type and mapping.type.lower() not in self._not_types and mapping.type[0].isalpha():
                return mapping.type
        if mapping.type != self._default_type or not (scores or entry):
            scores["type"] = mapping.type
        return {**scores, **entry}

    def _record(self, capability: Capability, record: NonMappable) -> dict[str, Value]:
        typed: dict[str, Value] = {} if record.type is None else {"type": record.type}
        return {**typed, **self._common(capability, record)}

    @staticmethod
    def _common(capability: Capability, row: Mapping | NonMappable) -> dict[str, Value]:
        entry: dict[str, Value] = {}
        if row.group is not None:
            entry["group"] = row.group
        if row.technique_name is not None:
            entry["name"] = row.technique_name
        if row.capability_name is not None:
            entry["capability_name"] = row.capability_name
        if row.comment:
            entry["comment"] = row.comment
        if row.references != capability.references:
            entry["references"] = list(row.references)
        if row.other:
            entry["other"] = dict(row.other)
        return entry


def _mapping_types(kinds: tuple[MappingType, ...]) -> Value:
    """Their ids, where that is all; else id → name."""
    if all(kind.name == kind.id and not kind.description for kind in kinds):
        return [kind.id for kind in kinds]
    return Block((kind.id, _mapping_type(kind)) for kind in kinds)


def _mapping_type(kind: MappingType) -> Value:
    if kind.description:
        return Block({"name": kind.name, "description": kind.description})
    return kind.name or None


def _number(number: float) -> Number:
    written = format(Decimal(repr(float(number))), "f")
    return Number(written.rstrip("0").rstrip(".") if "." in written else written)


def _scores(entry: dict[str, Value]) -> dict[str, Value]:
    return {key: value for key, value in entry.items() if key in CATEGORIES}


def _but_scores(entry: dict[str, Value]) -> dict[str, Value]:
    return {key: value for key, value in entry.items() if key not in CATEGORIES}


def _joins(previous: Mapping, mapping: Mapping, entry: dict[str, Value]) -> bool:
    """Whether a mapping can join the entry of the previous one: it differs only in category and value."""
    if mapping.category is None or previous.category is None or mapping.category in entry:
        return False
    here = (mapping.technique, mapping.type, mapping.comment, mapping.references)
    there = (previous.technique, previous.type, previous.comment, previous.references)
    if here != there or mapping.group != previous.group or mapping.other != previous.other:
        return False
    names = (mapping.technique_name, mapping.capability_name)
    return names == (previous.technique_name, previous.capability_name)
