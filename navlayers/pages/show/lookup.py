"""What a word on the command line means: a technique, a tactic, a capability or a group; by id, or by name."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

import msgspec

from navlayers import attack
from navlayers._text import one_of, shown
from navlayers.attack import versions
from navlayers.errors import Problem, UsageError
from navlayers.pages.show import KINDS, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from navlayers.attack import Catalogue
    from navlayers.mapping.load import Prepared
    from navlayers.mapping.model import Mapping, NonMappable
    from navlayers.pages.show.set_index import IndexedSet

MOST = 8
_TECHNIQUE = re.compile(r"T[0-9]{4}(?:\.[0-9]{3})?")
_NEARLY = re.compile(r"T([0-9]{4})[.,/ -]?([0-9]{1,3})")
_NUMBER = re.compile(r"[0-9]+|[^\W_0-9]+")


class Thing(msgspec.Struct, frozen=True):
    """Something that has a page. `where` is its set, or the domain of ATT&CK; `active`: the release uses it."""

    kind: Kind
    id: str
    name: str
    where: str
    names: tuple[str, ...] = ()
    active: bool = True

    def __str__(self) -> str:
        what = f"{self.kind}, {self.where}" if self.active else f"{self.kind}, {self.where}, no longer used"
        name = "" if self.name == self.id else f" {shown(self.name)[1:-1]}"
        return f"{shown(self.id)[1:-1]}{name} ({what})"


class Subject(msgspec.Struct, frozen=True):
    """What is to be shown: a technique or tactic by id; a capability or group by its id in each set that has it.

    `also` are things of the same name that were passed over.
    """

    kind: Kind
    id: str
    ids: dict[str, str] = {}
    also: tuple[Thing, ...] = ()


def find(asked: str, sets: Sequence[Prepared], kind: Kind | None = None) -> Subject:
    """What `asked` means among the sets and their releases.

    What is spelled alike counts before what differs in case, and that before what differs in blanks, signs and
    leading zeros; each time, an id before a name. A capability counts before its group of the same name, a
    technique that is in use before one that is not. The same id or name in several sets is one subject.

    Raises:
        UsageError: nothing is called so, or several different things are; the message lists which.
    """
    things = [thing for thing in _things(sets) if kind in (None, thing.kind)]
    found = _matching(asked, things)
    if not found and kind in (None, "technique", "tactic"):
        others = [thing for thing in _in_other_releases(sets) if kind in (None, thing.kind)]
        found = _matching(asked, others)
    if not found:
        raise UsageError(_nothing(asked, things, kind))
    return _one(asked, found)


def catalogues(sets: Iterable[Prepared | IndexedSet]) -> list[Catalogue]:
    """The releases of the sets, each once, the newest of a domain before its older ones."""
    found = {(one.catalogue.domain, one.catalogue.version): one.catalogue for one in sets}
    return sorted(found.values(), key=lambda c: versions.number(c.version), reverse=True)


def _things(sets: Sequence[Prepared]) -> list[Thing]:
    return [*_of_releases(catalogues(sets)), *_mapped_only(sets), *(t for one in sets for t in _of_set(one))]


def _of_releases(found: Iterable[Catalogue]) -> Iterator[Thing]:
    techniques: dict[str, Thing] = {}
    tactics: dict[str, Thing] = {}
    for catalogue in found:
        for tactic in catalogue.tactics:
            thing = Thing("tactic", tactic.id, tactic.name, catalogue.domain, (tactic.shortname, tactic.name))
            tactics.setdefault(tactic.id, thing)
        for technique in catalogue.techniques.values():
            parent = catalogue.get(technique.parent) if technique.parent else None
            names = (technique.name, f"{parent.name}: {technique.name}") if parent else (technique.name,)
            first = techniques.get(technique.id)
            if first is None:
                techniques[technique.id] = Thing(
                    "technique", technique.id, technique.name, catalogue.domain, names, technique.active
                )
            elif first.name != technique.name:
                techniques[technique.id] = msgspec.structs.replace(first, names=(*first.names, *names))
    yield from techniques.values()
    yield from tactics.values()


def _mapped_only(sets: Iterable[Prepared]) -> Iterator[Thing]:
    """Techniques that a set names and its release does not know."""
    for one in sets:
        rows: tuple[Mapping | NonMappable, ...] = (*one.set.mappings, *one.set.non_mappable)
        for row in rows:
            if row.technique and row.technique not in one.catalogue.techniques:
                name = row.technique_name or row.technique
                yield Thing("technique", row.technique, name, one.set.domain, active=False)


def _of_set(one: Prepared) -> Iterator[Thing]:
    for capability in one.set.capabilities:
        yield Thing("capability", capability.id, capability.name, one.name, (capability.name,))
    for group, name in one.set.groups.items():
        yield Thing("group", group, name, one.name, (name,))


def _in_other_releases(sets: Sequence[Prepared]) -> list[Thing]:
    """What the newest release at hand of each domain has."""
    newest = {release.domain: release for release in attack.releases()}
    used = {one.set.domain for one in sets}
    ordered = sorted(newest.values(), key=lambda release: release.domain not in used)
    return list(_of_releases([attack.load(release) for release in ordered]))


def _matching(asked: str, things: Sequence[Thing]) -> list[Thing]:
    """The things that the word fits best, by the first way of comparing that finds any."""
    wanted = " ".join(asked.split())
    ways: tuple[tuple[Callable[[str], str], bool], ...] = (
        (str, True),
        (str, False),
        (_folded, True),
        (_folded, False),
        (_loose, True),
        (_loose, False),
    )
    for key, by_id in ways:
        aim = key(wanted)
        if not aim:
            continue
        found = [t for t in things if aim in ((key(t.id),) if by_id else map(key, t.names))]
        if found:
            return found
    return []


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _loose(text: str) -> str:
    """The letters and numbers of a text: "ac 2" of both "AC-02" and "ac_2"."""
    return " ".join(part.lstrip("0") or "0" for part in _NUMBER.findall(text.casefold()))


def _one(asked: str, found: Sequence[Thing]) -> Subject:
    in_use = [thing for thing in found if thing.active] or list(found)
    kinds = [kind for kind in KINDS if any(thing.kind == kind for thing in in_use)]
    also: tuple[Thing, ...] = ()
    if kinds == ["capability", "group"]:
        also = tuple(thing for thing in in_use if thing.kind == "group")
        in_use = [thing for thing in in_use if thing.kind == "capability"]
    first = in_use[0]
    if first.kind in ("technique", "tactic"):
        if {(thing.kind, thing.id) for thing in in_use} == {(first.kind, first.id)}:
            return Subject(first.kind, first.id)
        raise UsageError(_several(asked, in_use))
    ids = {thing.where: thing.id for thing in in_use}
    if len(ids) < len(in_use) or any(thing.kind != first.kind for thing in in_use):
        raise UsageError(_several(asked, in_use))
    return Subject(first.kind, first.id, ids, also)


def _several(asked: str, found: Sequence[Thing]) -> Problem:
    by_id = len({thing.id for thing in found}) == len(found)
    how = "say which by its id" if by_id else "say which by its id, with --kind, or with --set"
    return Problem(f"{shown(asked)} means {len(found)} things{_list(found)}", hint=how)


def _list(things: Sequence[Thing]) -> str:
    lines = [f"\n  {thing}" for thing in things[:MOST]]
    more = len(things) - MOST
    return ":" + "".join(lines) + (f"\n  … and {more} more" if more > 0 else "") + "\n "


def _nothing(asked: str, things: Sequence[Thing], kind: Kind | None) -> Problem:
    near = _near(asked, things)
    what = f"no {kind} is called {shown(asked)}" if kind else f"nothing is called {shown(asked)}"
    if near:
        return Problem(f"{what}; did you mean{_list(near)}".rstrip())
    return Problem(
        what,
        expected=f"the id or name of a {one_of(KINDS)}" if kind is None else f"the id or name of a {kind}",
        hint="`navlayers sets` lists the sets, --set names others",
    )


def _near(asked: str, things: Sequence[Thing]) -> list[Thing]:
    """What may have been meant: the id written fully, what has all the words, what is spelled nearly so."""
    found: dict[tuple[Kind, str, str], Thing] = {}

    def keep(thing: Thing) -> None:
        found.setdefault((thing.kind, thing.id, thing.where), thing)

    in_use = [thing for thing in things if thing.active]
    nearly = _NEARLY.fullmatch(asked.strip().upper())
    if nearly:
        padded = f"T{nearly[1]}.{nearly[2].zfill(3)}"
        for thing in in_use:
            if thing.id in (padded, f"T{nearly[1]}"):
                keep(thing)
    words = _loose(asked).split()
    if words and len(_loose(asked)) > 2:
        for thing in in_use:
            texts = _loose(" ".join((thing.id, *thing.names)))
            if all(word in texts for word in words):
                keep(thing)
                if len(found) >= MOST:
                    break
    spelled: dict[str, list[Thing]] = {}
    for thing in in_use:
        for name in dict.fromkeys((thing.id, *thing.names)):
            if abs(len(name) - len(asked)) <= max(3, len(asked) // 3):
                spelled.setdefault(_folded(name), []).append(thing)
    for name in difflib.get_close_matches(_folded(asked)[:100], spelled, MOST, 0.7):
        for thing in spelled[name]:
            keep(thing)
    return list(found.values())[:MOST]


def is_technique(text: str) -> bool:
    """Whether the text is written as the id of a technique."""
    return _TECHNIQUE.fullmatch(text) is not None
