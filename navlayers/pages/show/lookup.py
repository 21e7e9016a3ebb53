"""Look up a technique, tactic, capability or group by its id or name."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import msgspec

from navlayers import attack
from navlayers._text.spelling import folded, letters
from navlayers._text.wording import bare, or_list, quoted
from navlayers.attack import versions
from navlayers.attack.id_changes import reason
from navlayers.attack.ids import likely_id, newer_than
from navlayers.errors import Problem, UsageError
from navlayers.pages.show import KINDS, SubjectKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from navlayers.attack import Catalogue
    from navlayers.mapping.load import Prepared
    from navlayers.mapping.model import Mapping, NonMappable
    from navlayers.pages.show.set_index import IndexedSet

_LISTED = 8
"""Candidates that an error message lists."""


class Candidate(msgspec.Struct, frozen=True):
    """Something that has a page.

    Attributes:
        where: its set, or the ATT&CK domain.
        names: its names and shorter forms for the lookup, in addition to its id.
        active: the release has it as an active technique.
    """

    kind: SubjectKind
    id: str
    name: str
    where: str
    names: tuple[str, ...] = ()
    active: bool = True

    def __str__(self) -> str:
        what = f"{self.kind}, {self.where}" if self.active else f"{self.kind}, {self.where}, not active"
        name = "" if self.name == self.id else f" {bare(self.name)}"
        return f"{bare(self.id)}{name} ({what})"


class Subject(msgspec.Struct, frozen=True):
    """The subject of a page: a technique or tactic by its id; a capability or group by its id in each set.

    `also` are groups of the same name as a capability.
    """

    kind: SubjectKind
    id: str
    ids: dict[str, str] = {}
    also: tuple[Candidate, ...] = ()


def find(word: str, sets: Sequence[Prepared], kind: SubjectKind | None = None) -> Subject:
    """Find the subject that a word names, in the sets and their releases, then in the newest releases.

    An exact match comes before one that ignores case, and that before one that ignores blanks, signs and leading
    zeros; in each step, ids come before names. A capability comes before a group of the same name, an active
    technique before one that is not. The same id or name in several sets is one subject.

    Args:
        word: an id or name.
        sets: the sets to look into.
        kind: look for this kind of subject only.

    Raises:
        UsageError: Nothing has this id or name, or several different candidates do; the message lists them.
    """
    candidates = [candidate for candidate in _candidates(sets) if kind in (None, candidate.kind)]
    matches = _matches(word, candidates)
    if not matches and kind in (None, "technique", "tactic"):
        newest = {release.domain: release for release in attack.releases()}
        used = {mapping_set.set.domain for mapping_set in sets}
        ordered = sorted(newest.values(), key=lambda release: release.domain not in used)
        others = _of_releases(map(attack.load, ordered))
        matches = _matches(word, [candidate for candidate in others if kind in (None, candidate.kind)])
    if not matches:
        raise UsageError(_unknown(word, candidates, kind))
    return _subject(word, matches)


def catalogues(sets: Iterable[Prepared | IndexedSet]) -> list[Catalogue]:
    """The releases of the sets, each once, the newest first."""
    releases = {
        (mapping_set.catalogue.domain, mapping_set.catalogue.version): mapping_set.catalogue for mapping_set in sets
    }
    return sorted(releases.values(), key=lambda c: versions.number(c.version), reverse=True)


def _candidates(sets: Sequence[Prepared]) -> Iterator[Candidate]:
    yield from _of_releases(catalogues(sets))
    for mapping_set in sets:
        rows: tuple[Mapping | NonMappable, ...] = (*mapping_set.set.mappings, *mapping_set.set.non_mappable)
        for row in rows:
            if row.technique and row.technique not in mapping_set.catalogue.techniques:
                name = row.technique_name or row.technique
                yield Candidate("technique", row.technique, name, mapping_set.set.domain, active=False)
    for mapping_set in sets:
        for capability in mapping_set.set.capabilities:
            yield Candidate("capability", capability.id, capability.name, mapping_set.name, (capability.name,))
        for group, name in mapping_set.set.groups.items():
            yield Candidate("group", group, name, mapping_set.name, (name,))


def _of_releases(releases: Iterable[Catalogue]) -> Iterator[Candidate]:
    """Techniques and tactics, each as the first release that has it says, techniques with their later names too."""
    techniques: dict[str, Candidate] = {}
    tactics: dict[str, Candidate] = {}
    for catalogue in releases:
        for tactic in catalogue.tactics:
            names: tuple[str, ...] = (tactic.shortname, tactic.name)
            tactics.setdefault(tactic.id, Candidate("tactic", tactic.id, tactic.name, catalogue.domain, names))
        for technique in catalogue.techniques.values():
            names = tuple(dict.fromkeys((technique.name, catalogue.full_name(technique.id))))
            first = techniques.get(technique.id)
            if first is None:
                techniques[technique.id] = Candidate(
                    "technique", technique.id, technique.name, catalogue.domain, names, technique.in_matrix
                )
            elif first.name != technique.name:
                techniques[technique.id] = msgspec.structs.replace(first, names=(*first.names, *names))
    yield from techniques.values()
    yield from tactics.values()


def _matches(word: str, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates that match in the first way of comparing that finds any."""
    wanted = " ".join(word.split())
    keys: tuple[Callable[[str], str], ...] = (str, folded, letters)
    for key in keys:
        aim = key(wanted)
        if aim:
            by_id = [candidate for candidate in candidates if key(candidate.id) == aim]
            if by_id:
                return by_id
            by_name = [candidate for candidate in candidates if aim in map(key, candidate.names)]
            if by_name:
                return by_name
    return []


def _subject(word: str, matches: Sequence[Candidate]) -> Subject:
    active = [candidate for candidate in matches if candidate.active] or list(matches)
    also: tuple[Candidate, ...] = ()
    if {candidate.kind for candidate in active} == {"capability", "group"}:
        also = tuple(candidate for candidate in active if candidate.kind == "group")
        active = [candidate for candidate in active if candidate.kind == "capability"]
    first = active[0]
    ids: dict[str, str] = {}
    if first.kind in ("capability", "group"):
        ids = {candidate.where: candidate.id for candidate in active}
        ambiguous = len(ids) < len(active) or any(candidate.kind != first.kind for candidate in active)
    else:
        ambiguous = {(candidate.kind, candidate.id) for candidate in active} != {(first.kind, first.id)}
    if ambiguous:
        different = len({candidate.id for candidate in active}) == len(active)
        hint = "use its id" if different else "use its id, --kind or --set"
        raise UsageError(Problem(f"{quoted(word)} is ambiguous{_list(active)}", hint=hint))
    return Subject(first.kind, first.id, ids, also)


def _list(candidates: Sequence[Candidate]) -> str:
    lines = [f"\n  {candidate}" for candidate in candidates[:_LISTED]]
    more = len(candidates) - _LISTED
    return ":" + "".join(lines) + (f"\n  … and {more} more" if more > 0 else "") + "\n "


def _unknown(word: str, candidates: Sequence[Candidate], kind: SubjectKind | None) -> Problem:
    id_ = likely_id(word)
    if id_ and (newer := newer_than(id_, "enterprise")):
        hint = f"{reason('unknown', newer=newer)}; newer releases are added with: navlayers attack update"
        return Problem(f"unknown {kind or 'id or name'} {quoted(word)}", hint=hint)
    near = _near(word, [candidate for candidate in candidates if candidate.active])
    message = f"unknown {kind or 'id or name'} {quoted(word)}"
    if near:
        return Problem(f"{message}; did you mean{_list(near)}".rstrip())
    expected = f"the id or name of a {kind or or_list(KINDS)}"
    return Problem(message, expected=expected, hint="`navlayers sets` lists the shipped sets; --set selects others")


def _near(word: str, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Candidates whose id is spelled out, that have all the words, and whose id or name is spelled alike."""
    near: list[Candidate] = []
    if id_ := likely_id(word):
        near += [candidate for candidate in candidates if candidate.id in (id_.partition(".")[0], id_)]
    loose = letters(word)
    if len(loose) > 2:
        for candidate in candidates:
            texts = letters(" ".join((candidate.id, *candidate.names)))
            if all(part in texts for part in loose.split()):
                near.append(candidate)
    spelled: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        for name in dict.fromkeys((candidate.id, *candidate.names)):
            # Comparing all names would take seconds.
            if abs(len(name) - len(word)) <= max(3, len(word) // 3):
                spelled.setdefault(folded(name), []).append(candidate)
    for name in difflib.get_close_matches(folded(word)[:100], spelled, _LISTED, 0.7):
        near += spelled[name]
    return list({(candidate.kind, candidate.id, candidate.where): candidate for candidate in near}.values())[
        :_LISTED
    ]
