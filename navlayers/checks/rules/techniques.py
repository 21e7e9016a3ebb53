"""Rules about technique ids: each must be an active technique of the set's release and domain."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from navlayers import _text
from navlayers.checks.finding import Edit, finding
from navlayers.checks.subject import letters, spellings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.attack import Catalogue, Technique
    from navlayers.checks.finding import Finding
    from navlayers.checks.subject import Subject
    from navlayers.errors import Place
    from navlayers.mapping.formats.context import Kind
    from navlayers.mapping.model import Mapping, NonMappable

_STACK = "security-stack"


class _Verdict(NamedTuple):
    code: str
    message: str
    hint: str
    successor: Technique | None = None


def techniques(subject: Subject) -> Iterator[Finding]:
    """Techniques that are unknown, revoked, deprecated or of another domain."""
    catalogue = subject.catalogue
    if catalogue is None:
        return
    verdicts: dict[str, _Verdict | None] = {}
    for kind, index, row in subject.rows():
        technique = row.technique or ""
        if technique not in verdicts:
            verdicts[technique] = _verdict(technique, row.technique_name, catalogue, subject)
        verdict = verdicts[technique]
        if verdict is None:
            continue
        place = subject.place(kind, index, "technique")
        hint = verdict.hint
        fix: tuple[Edit, ...] = ()
        if verdict.successor is not None:
            if _already_mapped(row, verdict.successor, subject):
                hint += "; the capability is already mapped to it, merge the two"
            elif _means_another(row.technique_name, (technique, verdict.successor.id), subject):
                hint += f", unless the name {_text.quoted(row.technique_name or '')} is right and the id is wrong"
            else:
                fix = _fix(subject, kind, index, row, verdict.successor, place)
        yield finding(verdict.code, place, verdict.message, hint=hint, fix=fix)


def named(technique: Technique, catalogue: Catalogue) -> str:
    """Id and name as ATT&CK shows them: `T1053.005 Scheduled Task/Job: Scheduled Task`."""
    parent = catalogue.get(technique.parent) if technique.parent else None
    return f"{technique.id} {parent.name}: {technique.name}" if parent else f"{technique.id} {technique.name}"


def _verdict(id_: str, name: str | None, catalogue: Catalogue, subject: Subject) -> _Verdict | None:
    technique = catalogue.get(id_)
    release = f"ATT&CK {catalogue.version}"
    if technique is None:
        return _absent(id_, name, catalogue, subject)
    if technique.active:
        return None
    what = f"technique {named(technique, catalogue)}"
    if technique.status == "deprecated":
        return _Verdict("deprecated-technique", f"{what} is deprecated in {release}", "ATT&CK names no replacement")
    end = catalogue.get(catalogue.resolve(id_)[-1])
    if end is None or end.id == id_:
        hint = f"{release} names no replacement"
        return _Verdict("revoked-technique", f"{what} is revoked in {release}", hint)
    message = f"{what} is revoked in {release} by {named(end, catalogue)}"
    if not end.active:
        return _Verdict("revoked-technique", message, f"which is {end.status} as well")
    return _Verdict("revoked-technique", message, f"use {end.id}", end)


def _absent(id_: str, name: str | None, catalogue: Catalogue, subject: Subject) -> _Verdict:
    for domain, other in subject.others.items():
        entry = other.get(id_)
        if entry is not None:
            where = f"the {domain} domain, not the {catalogue.domain} domain"
            return _Verdict(
                "other-domain-technique",
                f"technique {named(entry, other)} belongs to {where}",
                f"use a technique of {catalogue.domain}, or move the mapping to a set of {domain}",
            )
    message = f"technique {id_} is not in ATT&CK {catalogue.domain} {catalogue.version}"
    for release in reversed(subject.releases):
        entry = release.get(id_)
        if entry is not None:
            hint = f"ATT&CK {release.version} has {named(entry, release)}; is attack_version right?"
            return _Verdict("unknown-technique", message, hint)
    return _Verdict("unknown-technique", message, _nearest(id_, name, catalogue))


def _nearest(id_: str, name: str | None, catalogue: Catalogue) -> str:
    wanted = (name or "").strip().casefold()
    every = catalogue.techniques.values() if wanted else ()
    matches = [entry for entry in every if entry.active and entry.name.casefold() == wanted]
    if len(matches) == 1:
        return f"did you mean {named(matches[0], catalogue)}?"
    parent = catalogue.get(id_.partition(".")[0])
    if parent is not None and parent.active and "." in id_:
        children = catalogue.subtechniques(parent.id)
        if not children:
            return f"{named(parent, catalogue)} has no sub-techniques"
        return f"{named(parent, catalogue)} has {children[0].id[5:]} to {children[-1].id[5:]}"
    swapped = (catalogue.get(other) for other in _swapped(id_))
    near = [entry for entry in swapped if entry is not None and entry.active]
    return f"did you mean {named(near[0], catalogue)}?" if len(near) == 1 else ""


def _swapped(id_: str) -> set[str]:
    """The ids with two adjacent characters of this one swapped."""
    pairs = (id_[:at] + id_[at + 1] + id_[at] + id_[at + 2 :] for at in range(len(id_) - 1))
    return {other for other in pairs if other != id_}


def _already_mapped(row: Mapping | NonMappable, successor: Technique, subject: Subject) -> bool:
    """Whether the capability is mapped to the replacement already, or will be when its other mappings are fixed."""
    catalogue = subject.catalogue
    if catalogue is None or (row.capability, successor.id) in subject.pairs:
        return True
    same = subject.replaced.get((row.capability, successor.id), frozenset())
    return len(same) > 1


def fits(name: str | None, ids: tuple[str, str], subject: Subject) -> bool:
    """Whether any release gives one of the techniques this name."""
    if name is None or subject.catalogue is None:
        return True
    releases = (subject.catalogue, *subject.releases)
    entries = ((release.get(id_), release) for release in releases for id_ in ids)
    return any(entry is not None and letters(name) in spellings(entry, release) for entry, release in entries)


def _means_another(name: str | None, ids: tuple[str, str], subject: Subject) -> bool:
    """Whether the name belongs to another technique, so that the id may be wrong."""
    return name is not None and letters(name) in subject.by_name and not fits(name, ids, subject)


def _fix(
    subject: Subject, kind: Kind, index: int, row: Mapping | NonMappable, successor: Technique, place: Place
) -> tuple[Edit, ...]:
    technique = row.technique or ""
    if subject.reading.format == _STACK and technique.partition(".")[0] != successor.id.partition(".")[0]:
        return ()  # that format nests sub-techniques under their technique
    edits = [Edit(place, technique, successor.id)]
    name_place = subject.place(kind, index, "technique_name")
    old = subject.catalogue.get(technique) if subject.catalogue is not None else None
    text = subject.texts.of(place.path)
    has_name = name_place not in {place, subject.place(kind, index)}
    kept = not fits(row.technique_name, (technique, successor.id), subject)
    if has_name and not kept and text is not None and not text.empty(name_place):
        edits.append(Edit(name_place, row.technique_name or (old.name if old else ""), successor.name))
    return tuple(edits)


def malformed(subject: Subject, text: str) -> str:
    """A question that names the technique with the digits of a malformed id; "" if the release has none."""
    digits = "".join(filter(str.isdigit, text))
    catalogue = subject.catalogue
    if catalogue is None or not 4 <= len(digits) <= 7:
        return ""
    id_ = f"T{digits[:4]}" + (f".{digits[4:]:0>3}" if digits[4:] else "")
    entry = catalogue.get(id_)
    return f"did you mean {_text.excerpt(named(entry, catalogue))}?" if entry is not None and entry.active else ""
