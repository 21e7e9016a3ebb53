"""Rules about techniques: each id is active in the set's release and domain, each name is the release's."""

from __future__ import annotations

import difflib
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers._text import wording
from navlayers._text.spelling import compact
from navlayers.attack.id_changes import reason
from navlayers.attack.ids import newer_than, suggestion
from navlayers.checks.finding import Edit, finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.attack import Catalogue, Technique
    from navlayers.checks.finding import Finding
    from navlayers.checks.subject import Subject
    from navlayers.errors import Place
    from navlayers.mapping.formats.context import PartKind
    from navlayers.mapping.model import Mapping, NonMappable

_STACK = "security-stack"
_LATER = frozenset({"revoked-technique", "deprecated-technique"})
# Smallest similarity (difflib ratio) of a name to the right one that counts as a typo.
_TYPO = 0.85


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
    advised: set[str] = set()
    own_release = cache(partial(_active_in, subject))
    for kind, index, row in subject.rows():
        technique = row.technique or ""
        if technique not in verdicts:
            verdicts[technique] = _verdict(technique, row.technique_name, catalogue, subject)
        verdict = verdicts[technique]
        # An older set is right to use what a later release revoked, deprecated or renamed.
        if verdict is None or (subject.older and verdict.code in _LATER):
            continue
        place = subject.place(kind, index, "technique")
        hint = verdict.hint
        fix: tuple[Edit, ...] = ()
        if verdict.successor is not None:
            if _already_mapped(row, verdict.successor, subject):
                hint += "; the capability is already mapped to it, merge the two"
            elif _means_another(row.technique_name, (technique, verdict.successor.id), subject):
                hint += f", unless the name {wording.quoted(row.technique_name or '')} is right and the id is wrong"
            elif not subject.assumes_release:  # the input may be right for its own release
                fix = _fix(subject, kind, index, row, verdict.successor, place)
        found = finding(verdict.code, place, verdict.message, hint=hint, fix=fix)
        own = own_release(technique) if subject.assumes_release else ""
        if subject.assumes_release and (own or verdict.code in _LATER):
            # The same advice for all of them: once is enough.
            if own not in advised:
                hint += f"; if the input is for {f'ATT&CK {own}' if own else 'another release'}, "
                hint += f"add --meta attack_version={own or '…'}"
                advised.add(own)
            found = msgspec.structs.replace(found, level="warning", hint=hint)
        yield found


def _active_in(subject: Subject, technique: str) -> str:
    """The newest other release in which a technique is active; "" for none."""
    return next((each.version for each in reversed(subject.releases) if each.is_active(technique)), "")


def named(technique: Technique, catalogue: Catalogue) -> str:
    """Id and name as ATT&CK shows them: `T1053.005 Scheduled Task/Job: Scheduled Task`."""
    return f"{technique.id} {catalogue.full_name(technique.id)}"


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
    if newer := newer_than(id_, catalogue.domain, subject.newest):
        hint = f"{reason('unknown', newer=newer)}; newer releases are added with: navlayers attack update"
        return _Verdict("unknown-technique", message, hint)
    return _Verdict("unknown-technique", message, suggestion(id_, catalogue, name or ""))


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
    plain, entries = compact(name), filter(None, map(subject.catalogue.get, ids))
    own = any(plain in subject.catalogue.spellings(entry) for entry in entries)
    return own or any(plain in subject.other_names(id_) for id_ in ids)


def _means_another(name: str | None, ids: tuple[str, str], subject: Subject) -> bool:
    """Whether the name belongs to another technique, so that the id may be wrong."""
    return name is not None and compact(name) in subject.by_name and not fits(name, ids, subject)


def _fix(
    subject: Subject, kind: PartKind, index: int, row: Mapping | NonMappable, successor: Technique, place: Place
) -> tuple[Edit, ...]:
    technique = row.technique or ""
    if subject.reading.format == _STACK and technique.partition(".")[0] != successor.id.partition(".")[0]:
        return ()  # that format nests sub-techniques under their technique
    edits = [Edit(place, technique, successor.id)]
    name_place = subject.place(kind, index, "technique_name")
    old = subject.catalogue.get(technique) if subject.catalogue is not None else None
    text = subject.texts.get(place.path)
    has_name = name_place not in {place, subject.place(kind, index)}
    kept = not fits(row.technique_name, (technique, successor.id), subject)
    if has_name and not kept and text is not None and not text.empty(name_place):
        edits.append(Edit(name_place, row.technique_name or (old.name if old else ""), successor.name))
    return tuple(edits)


class _NameVerdict(NamedTuple):
    code: str
    message: str
    hint: str
    fixed: bool


def technique_names(subject: Subject) -> Iterator[Finding]:
    """Names that differ from the release's: renamed, misspelled, or of another technique."""
    catalogue = subject.catalogue
    if catalogue is None:
        return
    verdicts: dict[tuple[str, str], _NameVerdict | None] = {}
    for kind, index, row in subject.rows():
        entry = catalogue.get(row.technique or "")
        if entry is None:
            continue
        name = row.technique_name
        if not entry.active:
            if (
                name is not None
                and not subject.older
                and not fits(name, (entry.id, catalogue.resolve(entry.id)[-1]), subject)
            ):
                message = f"{entry.id} is named {wording.quoted(name)}, but {wording.quoted(entry.name)} in ATT&CK"
                place = subject.place(kind, index, "technique_name")
                yield finding("technique-name", place, message, hint="is the id or the name wrong?")
            continue
        if name is None:
            # Readers drop the name of the set's own release; it may differ from this release's.
            name = subject.own_name(entry.id)
            if name is None or name == entry.name or not subject.names_technique(kind, index):
                continue
        key = (entry.id, name)
        if key not in verdicts:
            verdicts[key] = _name_verdict(entry, name, catalogue, subject)
        verdict = verdicts[key]
        if verdict is not None and not (subject.older and verdict.code == "technique-renamed"):
            place = subject.place(kind, index, "technique_name")
            kept = subject.assumes_release and verdict.code == "technique-renamed"
            fix = (Edit(place, name.strip(), entry.name),) if verdict.fixed and not kept else ()
            yield finding(verdict.code, place, verdict.message, hint=verdict.hint, fix=fix)


def _name_verdict(entry: Technique, name: str, catalogue: Catalogue, subject: Subject) -> _NameVerdict | None:
    if name in {entry.name, catalogue.full_name(entry.id)}:
        return None
    written, right = wording.quoted(name), wording.quoted(entry.name)
    release = f"ATT&CK {catalogue.version}"
    if compact(name) in catalogue.spellings(entry):
        message = f"{entry.id} is named {written}, but {right} in {release}"
        return _NameVerdict("technique-spelling", message, "use the release's name", fixed=True)
    when = _elsewhere(entry.id, name, subject)
    if when:
        message = f"{entry.id} is named {written}, as in {when}, but {right} in {release}"
        return _NameVerdict("technique-renamed", message, "use the release's name", fixed=True)
    others = subject.by_name.get(compact(name), [])
    message = f"{entry.id} is named {written}, but {right} in {release}"
    if others:
        hint = f"{written} is the name of {wording.comma_list([named(other, catalogue) for other in others])}"
        return _NameVerdict("technique-name", message, f"{hint}; is the id or the name wrong?", fixed=False)
    if any(_similar(compact(name), text) for text in catalogue.spellings(entry)):
        return _NameVerdict("technique-spelling", message, "did you mean the release's name?", fixed=False)
    return _NameVerdict("technique-name", message, "is the id or the name wrong?", fixed=False)


def _similar(name: str, right: str) -> bool:
    """Whether a name is probably the right one with a mistake."""
    # No ratio is above that of the lengths, which takes no time.
    if 2 * min(len(name), len(right)) < _TYPO * (len(name) + len(right)):
        return False
    matcher = difflib.SequenceMatcher(None, name, right)
    return matcher.quick_ratio() >= _TYPO and matcher.ratio() >= _TYPO


def _elsewhere(id_: str, name: str, subject: Subject) -> str:
    """The release in which the technique, or one that it replaced, has that name."""
    plain = compact(name)
    if version := subject.other_names(id_).get(plain):
        return f"ATT&CK {version}"
    old = subject.former.get((plain, id_))
    return f"{old}, which it replaced" if old else ""
