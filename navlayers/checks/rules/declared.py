"""Rules about declarations and their use: groups, mapping types, capabilities and their ids."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from navlayers._text.spelling import Names
from navlayers._text.wording import comma_list, quoted
from navlayers.checks.finding import Edit, finding
from navlayers.checks.subject import lookalike
from navlayers.mapping.formats import FORMATS
from navlayers.mapping.formats.findings import MOST_HINTS
from navlayers.mapping.formats.value_rules import NON_MAPPABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from navlayers.checks.finding import Finding
    from navlayers.checks.subject import Subject
    from navlayers.errors import Place
    from navlayers.mapping.model import NonMappable

# Characters searched for a declaration after the start of its section.
_REACH = 1_000_000

_MOST_MISSED = 100
"""Declarations that are searched for and not found, as those that are spelled with escapes."""


def unused_groups(subject: Subject) -> Iterator[Finding]:
    """Groups without capabilities."""
    used = {group for capability in subject.set.capabilities for group in capability.groups}
    used |= {row.group for _, _, row in subject.everything() if row.group is not None}
    unused = [group for group in subject.set.groups if group not in used]
    for group, place in _declared_at(subject, unused):
        message = f"group {quoted(group)} is declared but has no capabilities"
        yield finding("unused-group", place, message, hint="remove it, or add capabilities to it")


def _declared_at(subject: Subject, groups: Iterable[str]) -> Iterator[tuple[str, Place]]:
    """Each of the groups with the place where it is declared, or else the start of the section."""
    start = subject.reading.place_of("groups")
    text = subject.texts.get(start.path)
    last: Place | None = None
    missed = 0
    for group in groups:
        found = None
        if text is not None and missed < _MOST_MISSED:
            # Groups are asked for in the order of their section, so the next one is usually behind the last.
            found = text.find(group, start, _REACH, last) if last is not None else None
            found = found or text.find(group, start, _REACH)
            missed += found is None
            last = found or last
        yield group, found or start


def types(subject: Subject) -> Iterator[Finding]:
    """Undeclared mapping types, in sets that declare any."""
    declared = {mapping_type.id: None for mapping_type in subject.set.mapping_types}
    if not declared:
        return
    names, expected = Names(declared), f"a declared mapping type: {comma_list(list(declared))}"
    similar = _by_lookalike(declared)
    hints: dict[str, str] = {}
    for kind, index, row in subject.everything():
        # Readers accept the status non_mappable in place of a type.
        if row.type is not None and row.type not in declared and row.type != NON_MAPPABLE:
            place = subject.place(kind, index, "type")
            matches = similar.get(lookalike(row.type), [])
            fix = (Edit(place, row.type, matches[0]),) if len(matches) == 1 else ()
            if row.type not in hints:
                hints[row.type] = names.suggestion(row.type) if len(hints) < MOST_HINTS else ""
            message = f"mapping type {quoted(row.type)} is not declared"
            yield finding("undeclared-type", place, message, expected, hints[row.type], fix)


def unmapped_capabilities(subject: Subject) -> Iterator[Finding]:
    """Capabilities with neither a mapping nor a non-mappable record; readers of detection rules count theirs."""
    if FORMATS[subject.reading.format].reader.startswith("rules."):
        return
    used = {row.capability for _, _, row in subject.everything()}
    for index, capability in enumerate(subject.set.capabilities):
        if capability.id not in used:
            message = f"capability {quoted(capability.id)} has no mappings"
            hint = "map it, or mark it as non-mappable"
            yield finding("capability-without-mapping", subject.place("capability", index), message, hint=hint)


def lookalikes(subject: Subject) -> Iterator[Finding]:
    """Capability and group ids that differ only in case, blanks, hyphens and underscores."""
    index = {capability.id: number for number, capability in enumerate(subject.set.capabilities)}
    for ids in _by_lookalike(index).values():
        first = ids[0]
        for id_ in ids[1:]:
            message = f"capability id {quoted(id_)} differs from {quoted(first)} only in case or punctuation"
            place = subject.place("capability", index[id_], "id")
            yield finding("lookalike-id", place, message, hint="write both the same way")
    firsts = {id_: ids[0] for ids in _by_lookalike(subject.declared).values() for id_ in ids[1:]}
    for id_, place in _declared_at(subject, filter(firsts.__contains__, subject.declared)):
        message = f"group id {quoted(id_)} differs from {quoted(firsts[id_])} only in case or punctuation"
        yield finding("lookalike-id", place, message, hint="write both the same way")


def _by_lookalike(ids: Iterable[str]) -> dict[str, list[str]]:
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for id_ in ids:
        groups[lookalike(id_)].append(id_)
    return dict(groups)


def contradictions(subject: Subject) -> Iterator[Finding]:
    """Non-mappable records of capabilities or techniques that have mappings."""
    mapped = {mapping.capability for mapping in subject.set.mappings}
    pairs = {(mapping.capability, mapping.technique) for mapping in subject.set.mappings}
    covered = {mapping.technique: mapping.capability for mapping in subject.set.mappings}
    for index, record in enumerate(subject.set.non_mappable):
        # Almost no record contradicts a mapping: the message is worked out for those that do.
        if record.technique is None:
            wrong, field = record.capability in mapped, "capability"
        elif record.capability is None:
            wrong, field = record.technique in covered, "technique"
        else:
            wrong, field = (record.capability, record.technique) in pairs, "technique"
        if wrong and _explicit(record):
            message = _contradiction(record, covered)
            place = subject.place("non_mappable", index, field)
            yield finding("mapped-non-mappable", place, message, hint="remove the record or the mappings")


def _contradiction(record: NonMappable, covered: dict[str, str]) -> str:
    capability = quoted(record.capability or "")
    if record.technique is None:
        return f"capability {capability} is marked non-mappable but has mappings"
    if record.capability is None:
        by = quoted(covered.get(record.technique, ""))
        return f"technique {record.technique} is marked non-mappable but capability {by} is mapped to it"
    return f"{record.technique} of capability {capability} is marked non-mappable and is also mapped"


def _explicit(record: NonMappable) -> bool:
    """Whether the input marks the record non-mappable; a row that only lacks its technique is another finding."""
    return record.type == NON_MAPPABLE or "status" not in dict(record.other)
