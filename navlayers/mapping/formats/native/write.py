"""Write native YAML. docs/native-yaml.md describes the format; the same set always gives the same text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from navlayers._text.numbers import decimal
from navlayers.errors import OutputError, Problem
from navlayers.mapping.formats.context import Written
from navlayers.mapping.formats.native.entries import LIKE_A_SCORE, score_names
from navlayers.mapping.formats.yaml_text import Block, Number, document
from navlayers.mapping.model import CATEGORIES, DEFAULT_SCALE, SEGMENT, Capability, NonMappable, canonical

if TYPE_CHECKING:
    from navlayers.mapping.formats.yaml_text import Value
    from navlayers.mapping.model import Mapping, MappingSet, MappingType

# Read by yaml-language-server, which VS Code, Neovim and others use.
EDITORS = "# yaml-language-server: $schema=navlayers.schema.json\n"
"""Tells editors where the JSON Schema of native YAML is: in the folder of the file."""

_OUTSIDE = Capability("", "")
"""Stands for the capability of techniques that no capability covers."""


def dumps(mapping_set: MappingSet) -> str:
    """The set as native YAML: capabilities and techniques by id, each technique on a line where it fits.

    The first line tells editors which schema to check with. Reading the text gives `canonical(mapping_set)`.

    Args:
        mapping_set: the set, in any order.

    Raises:
        OutputError: the set holds what the reader would refuse: a non-mappable that names neither a capability nor
            a technique, a group that is not among those of the capability, nothing at all.
    """
    _check(mapping_set)
    return EDITORS + document(_tree(canonical(mapping_set)))


def encode(mapping_set: MappingSet) -> Written:
    """The set as native YAML, which holds everything.

    Raises:
        OutputError: as `dumps`.
    """
    return Written(dumps(mapping_set).encode())


def _check(mapping_set: MappingSet) -> None:
    rows: list[Mapping | NonMappable] = [*mapping_set.mappings, *mapping_set.non_mappable]
    if not (mapping_set.capabilities or rows):
        raise OutputError(Problem("the set has no capabilities", expected="a set that maps something"))
    groups = {capability.id: {*capability.groups} for capability in mapping_set.capabilities}
    for row in rows:
        if row.capability is None and row.technique is None:
            message = "a non-mappable names neither a capability nor a technique"
            raise OutputError(Problem(message, hint="leave it out, or name what cannot be mapped"))
        if row.group is not None and row.capability is not None and row.group not in groups.get(row.capability, ()):
            message = f"capability {row.capability!r} is not in group {row.group!r}"
            raise OutputError(Problem(message, hint="add the group to the capability"))


def _tree(mapping_set: MappingSet) -> dict[str, Value]:
    texts = {
        "title": mapping_set.title,
        "version": mapping_set.version,
        "domain": mapping_set.domain,
        "attack_version": mapping_set.attack_version,
        "source": mapping_set.source,
        "licence": mapping_set.licence,
        "role": mapping_set.role if mapping_set.role != "control" else "",
        **mapping_set.details,
    }
    tree: dict[str, Value] = {"framework": mapping_set.framework, **{k: text for k, text in texts.items() if text}}
    if mapping_set.mapping_types:
        tree["mapping_types"] = _mapping_types(mapping_set.mapping_types)
    if mapping_set.scale:
        tree["scale"] = {name: Number(decimal(number)) for name, number in mapping_set.scale.items()}
    if mapping_set.segments:
        tree["segments"] = list(mapping_set.segments)
    if mapping_set.groups:
        tree["groups"] = Block(mapping_set.groups)
    mappings: dict[str, list[Mapping]] = {}
    for mapping in mapping_set.mappings:
        mappings.setdefault(mapping.capability, []).append(mapping)
    records: dict[str | None, list[NonMappable]] = {}
    for record in mapping_set.non_mappable:
        records.setdefault(record.capability, []).append(record)
    entries = _Entries(mapping_set)
    if mapping_set.capabilities:
        tree["capabilities"] = Block(
            (c.id, entries.capability(c, mappings.get(c.id, []), records.get(c.id, [])))
            for c in mapping_set.capabilities
        )
    if None in records:
        tree["non_mappable"] = Block(entries.techniques(_OUTSIDE, [], records[None]))
    return tree


def _mapping_types(kinds: tuple[MappingType, ...]) -> Value:
    """Their ids, where that is all; else id → name."""
    if all(kind.name == kind.id and not kind.description for kind in kinds):
        return [kind.id for kind in kinds]
    return Block(
        (
            kind.id,
            Block({"name": kind.name, "description": kind.description}) if kind.description else kind.name or None,
        )
        for kind in kinds
    )


class _Entries:
    """Makes the entries of the techniques of a set, without the values that are the default."""

    def __init__(self, mapping_set: MappingSet) -> None:
        self._default_type = mapping_set.default_type
        scale = mapping_set.scale or DEFAULT_SCALE
        self._types = {mapping_type.id for mapping_type in mapping_set.mapping_types}
        self._scores = score_names(self._types, scale)

    def capability(
        self, capability: Capability, mappings: list[Mapping], records: list[NonMappable]
    ) -> dict[str, Value]:
        fields = Block()
        if capability.name != capability.id:
            fields["name"] = capability.name
        if capability.groups:
            fields["groups"] = list(capability.groups)
        if capability.references:
            fields["references"] = list(capability.references)
        whole: list[Value] = [_record(capability, record) or True for record in records if record.technique is None]
        if whole:
            fields["non_mappable"] = whole[0] if len(whole) == 1 else whole
        techniques = self.techniques(
            capability, mappings, [record for record in records if record.technique is not None]
        )
        if techniques:
            fields["techniques"] = Block(techniques)
        return fields

    def techniques(
        self, capability: Capability, mappings: list[Mapping], records: list[NonMappable]
    ) -> dict[str, Value]:
        entries: dict[str, list[Value]] = {}
        scores: dict[str, Value] = {}
        rest: dict[str, Value] = {}
        previous: tuple[object, ...] = ()
        for mapping in mappings:
            listed = entries.setdefault(mapping.technique, [])
            fields = msgspec.structs.astuple(mapping)
            alike = (*fields[:3], *fields[5:])  # all but category and value
            if mapping.category is not None and alike == previous and mapping.category not in scores:
                scores[mapping.category] = mapping.value
                listed[-1] = {**scores, **rest}
                continue
            previous = alike if mapping.category is not None else ()
            scores, rest = {}, _common(capability, mapping)
            if mapping.category is not None or mapping.value is not None:
                scores[mapping.category or "value"] = mapping.value
            if (scores or rest) and mapping.type != self._default_type:
                rest = {"type": mapping.type, **rest}
            listed.append({**scores, **rest} or self._bare(mapping.type))
        for record in records:
            entry = _record(capability, record)
            listed = entries.setdefault(str(record.technique), [])
            listed.append({"non_mappable": True, **entry} if record.capability is not None else entry or None)
        return {id_: listed[0] if len(listed) == 1 else listed for id_, listed in sorted(entries.items())}

    def _bare(self, type_: str | None) -> Value:
        """The entry of a mapping that has nothing but a type."""
        if type_ is None and self._default_type is None:
            return None
        # A reader takes an undeclared word that is nearly a score for a mistake.
        known = type_ in self._types or (type_ is not None and not self._scores.closest(type_, LIKE_A_SCORE))
        if type_ and type_[0].isalpha() and type_.lower() not in CATEGORIES and known:
            return type_
        return {"type": type_}


def _record(capability: Capability, record: NonMappable) -> dict[str, Value]:
    common = _common(capability, record)
    return common if record.type is None else {"type": record.type, **common}


def _evidence(mapping: Mapping) -> dict[str, Value]:
    """Evidence as a level where that is all of it, and robustness."""
    entry: dict[str, Value] = {}
    evidence = mapping.evidence
    if evidence is not None and (evidence.date or evidence.note):
        parts = {"level": evidence.level, "date": evidence.date, "note": evidence.note}
        entry["evidence"] = {name: text for name, text in parts.items() if text}
    elif evidence is not None:
        entry["evidence"] = evidence.level
    if mapping.robustness is not None:
        entry["robustness"] = Number(str(mapping.robustness))
    return entry


def _common(capability: Capability, row: Mapping | NonMappable) -> dict[str, Value]:
    """The fields that mappings and non-mappables share, without the type."""
    fields: dict[str, Value] = {
        "group": row.group,
        "name": row.technique_name,
        "capability_name": row.capability_name,
        "comment": row.comment or None,
    }
    entry: dict[str, Value] = {key: value for key, value in fields.items() if value is not None}
    if row.references != capability.references:
        entry["references"] = list(row.references)
    if not isinstance(row, NonMappable):
        entry |= _evidence(row)
    other: dict[str, Value] = dict(row.other)
    if not isinstance(row, NonMappable) and row.other[:1] and row.other[0][0] == SEGMENT and row.segments:
        names = row.segments
        if ", ".join(names) == row.other[0][1]:
            entry[SEGMENT] = names[0] if len(names) == 1 else [*names]
            del other[SEGMENT]
    if other:
        entry["other"] = other
    return entry
