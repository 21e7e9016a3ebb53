"""Rules about what a set declares and what it uses: groups, mapping types, capabilities and their ids."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from navlayers import _text as wording
from navlayers.checks.finding import Edit, finding
from navlayers.checks.subject import lookalike
from navlayers.mapping.formats.checks import NON_MAPPABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from navlayers.checks.finding import Finding
    from navlayers.checks.subject import Subject
    from navlayers.errors import Place
    from navlayers.mapping.model import NonMappable

_REACH = 1_000_000


def unused_groups(subject: Subject) -> Iterator[Finding]:
    """Groups that no capability is in."""
    used = {group for capability in subject.set.capabilities for group in capability.groups}
    used |= {row.group for _, _, row in subject.everything() if row.group is not None}
    unused = [group for group in subject.set.groups if group not in used]
    for group in unused:
        message = f"group {wording.shown(group)} is declared but no capability is in it"
        place = _declared_at(subject, "groups", group)
        yield finding("unused-group", place, message, hint="remove it, or put its capabilities into it")


def _declared_at(subject: Subject, field: str, id_: str) -> Place:
    """Where an id is declared in the metadata, or the metadata that declares it."""
    start = subject.reading.place_of(field)
    text = subject.texts.of(start.path)
    if text is None:
        return start
    return text.find(id_, start, _REACH) or start


def types(subject: Subject) -> Iterator[Finding]:
    """Mapping types that the set does not declare, where it declares any."""
    declared = {mapping_type.id: None for mapping_type in subject.set.mapping_types}
    if not declared:
        return
    names = wording.Names(declared)
    twins = _by_look(declared)
    for kind, index, row in subject.everything():
        # A status that stands where the type should is read as the status that it is.
        if row.type is not None and row.type not in declared and row.type != NON_MAPPABLE:
            place = subject.place(kind, index, "type")
            meant = twins.get(lookalike(row.type), [])
            fix = (Edit(place, row.type, meant[0]),) if len(meant) == 1 else ()
            yield finding(
                "undeclared-type",
                place,
                f"mapping type {wording.shown(row.type)} is not declared",
                f"one of the mapping types that the set declares: {wording.listed(list(declared))}",
                names.question(row.type),
                fix,
            )


def lone_capabilities(subject: Subject) -> Iterator[Finding]:
    """Capabilities with neither a mapping nor a record."""
    used = {row.capability for _, _, row in subject.everything()}
    for index, capability in enumerate(subject.set.capabilities):
        if capability.id not in used:
            message = f"capability {wording.shown(capability.id)} has no mappings"
            hint = "map it, or record it as non-mappable"
            yield finding("capability-without-mapping", subject.place("capability", index), message, hint=hint)


def lookalikes(subject: Subject) -> Iterator[Finding]:
    """Capability and group ids that differ from another only by case, blanks, hyphens and underscores."""
    index = {capability.id: at for at, capability in enumerate(subject.set.capabilities)}
    for ids in _by_look(index).values():
        first = ids[0]
        for id_ in ids[1:]:
            message = (
                f"capability id {wording.shown(id_)} differs from {wording.shown(first)} only in case or marks"
            )
            place = subject.place("capability", index[id_], "id")
            yield finding("lookalike-id", place, message, hint="write both the same way")
    for ids in _by_look(subject.declared).values():
        for id_ in ids[1:]:
            message = f"group id {wording.shown(id_)} differs from {wording.shown(ids[0])} only in case or marks"
            yield finding(
                "lookalike-id", _declared_at(subject, "groups", id_), message, hint="write both the same way"
            )


def _by_look(ids: Iterable[str]) -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for id_ in ids:
        found[lookalike(id_)].append(id_)
    return dict(found)


def denied(subject: Subject) -> Iterator[Finding]:
    """Records that say non-mappable of what has mappings."""
    mapped = {mapping.capability for mapping in subject.set.mappings}
    pairs = {(mapping.capability, mapping.technique) for mapping in subject.set.mappings}
    covered = {mapping.technique: mapping.capability for mapping in subject.set.mappings}
    for index, record in enumerate(subject.set.non_mappable):
        capability = wording.shown(record.capability or "")
        if record.technique is None:
            message = f"capability {capability} is recorded as non-mappable but has mappings"
            wrong, field = record.capability in mapped, "capability"
        elif record.capability is None:
            by = wording.shown(covered.get(record.technique, ""))
            message = (
                f"technique {record.technique} is recorded as non-mappable but capability {by} is mapped to it"
            )
            wrong, field = record.technique in covered, "technique"
        else:
            message = f"{record.technique} of capability {capability} is recorded as non-mappable and mapped"
            wrong, field = (record.capability, record.technique) in pairs, "technique"
        if wrong and _says_so(record):
            place = subject.place("non_mappable", index, field)
            yield finding("mapped-non-mappable", place, message, hint="remove the record or the mappings")


def _says_so(record: NonMappable) -> bool:
    """Whether a record was meant as one: a row that only lacks its technique is another finding."""
    return record.type == NON_MAPPABLE or "status" not in dict(record.other)
