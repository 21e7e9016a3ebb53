"""Changes of a technique between two ATT&CK releases: kept, renamed, replaced or removed."""

from __future__ import annotations

import re
from functools import cache, cached_property
from typing import TYPE_CHECKING, Literal

import msgspec

from navlayers import attack
from navlayers._text.spelling import compact
from navlayers._text.wording import comma_list
from navlayers.attack import ids, versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from navlayers.attack import Catalogue, Technique

ChangeKind = Literal["kept", "renamed", "replaced", "removed"]
Why = Literal["revoked", "deprecated", "unknown"]
Became = Literal["sub-technique", "technique"]
Content = Literal["major", "minor"]

_WORD = "[a-z0-9]+"
_SMALL = frozenset(("a", "and", "by", "for", "from", "in", "of", "on", "or", "over", "the", "to", "via"))


class IdChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """The change of one id.

    `name` is what the old release calls it, or the new one where the old one is not installed. `now` and `now_name`
    are the id that stands for it in the new release, None and "" where it is removed. `became` tells a technique
    that became a sub-technique, or the other way round. `why` says why the new release does not have the id as an
    active one; `end` is then where revoked-by ends, if that is elsewhere. `doubt` says why one that is renamed may
    mean something else now. `gained` and `lost` are the names of the tactics that a kept or renamed technique is
    under only in the new or only in the old release. `content` says whether its `x_mitre_version` rose by a major
    number (a new definition or scope, which a mapper has to read again) or by a minor one.
    """

    id: str
    kind: ChangeKind
    name: str = ""
    now: str | None = None
    now_name: str = ""
    became: Became | None = None
    why: Why | None = None
    end: str | None = None
    doubt: str = ""
    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    content: Content | None = None

    def __str__(self) -> str:
        name = f"{self.id} {self.name}".rstrip()
        if self.kind == "kept":
            return name
        if self.kind == "renamed":
            return f"{name} → {self.now_name}"
        if self.kind == "replaced":
            became = f", now a {self.became}" if self.became else ""
            return f"{name} → {self.now} {self.now_name}{became}"
        return f"{name}: {self.reason}"

    @property
    def reason(self) -> str:
        """Why it is removed, in words."""
        return reason(self.why or "unknown", self.end or "")


def reason(why: Why, end: str = "", *, active: bool = False, newer: str = "", domain: str = "") -> str:
    """Why a release does not have an id as an active one, in words.

    `end` is where revoked-by ends, if that is elsewhere; `active` says whether that is. `newer` is the release that
    an unknown id is newer than, `domain` the name of the domain that has it.
    """
    if domain:
        return f"a technique of ATT&CK {domain}"
    if newer:
        return f"newer than ATT&CK {newer}, or not an id of ATT&CK"
    if why == "unknown":
        return "not in this release"
    if end:
        return f"revoked by {end}" if active else f"revoked by {end}, which is not active either"
    return f"{why}, no successor"


class Addition(msgspec.Struct, frozen=True, omit_defaults=True):
    """A technique that the new release has as an active one and the old one does not.

    `replaces` are ids of the old release that it took the place of.
    """

    id: str
    name: str
    tactics: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()


class ReleaseChange:
    """From one release (None where it is not installed) to another of the same domain.

    `newest` gives the newest releases of a domain, listed once.
    """

    def __init__(self, old: Catalogue | None, new: Catalogue) -> None:
        self.old = old
        self.new = new
        self._changes: dict[str, IdChange] = {}
        self.newest = cache(attack.newest)

    def id_change(self, identifier: str) -> IdChange:
        """The change of an id, even of one that the new release does not have."""
        if identifier not in self._changes:
            self._changes[identifier] = self._find(identifier)
        return self._changes[identifier]

    def _find(self, identifier: str) -> IdChange:
        before = self.old.get(identifier) if self.old else None
        technique = self.new.get(identifier)
        name = before.name if before else technique.name if technique else ""
        if technique is None:
            return IdChange(identifier, "removed", name, why="unknown")
        if technique.active:
            kind: ChangeKind = "kept" if name == technique.name else "renamed"
            if not (self.old and before and before.active):
                return IdChange(identifier, kind, name, identifier, technique.name)
            gained, lost = _tactic_changes(self.old, before, self.new, technique)
            return IdChange(
                identifier,
                kind,
                name,
                identifier,
                technique.name,
                doubt="; ".join(self._doubts(self.old, before, technique, lost)) if kind == "renamed" else "",
                gained=gained,
                lost=lost,
                content=_content_change(before.version, technique.version),
            )
        why: Why = "deprecated" if technique.status == "deprecated" else "revoked"
        last = self.new.resolve(identifier)[-1]
        end = self.new.techniques[last]
        if not end.active:
            return IdChange(identifier, "removed", name, why=why, end=last if last != identifier else None)
        became: Became | None = None
        if ("." in identifier) != ("." in last):
            became = "sub-technique" if "." in last else "technique"
        return IdChange(identifier, "replaced", name, last, end.name, became, why, last)

    def _doubts(self, old: Catalogue, before: Technique, after: Technique, lost: tuple[str, ...]) -> Iterator[str]:
        """Signs that a renamed technique has another meaning, in words: see docs/upgrade.md, "The report"."""
        if merged := self._merged.get(after.id):
            yield f"it now includes {comma_list([f'{one} {old.techniques[one].name}' for one in merged])}"
        if split := self._split.get(after.id):
            yield f"it no longer includes {comma_list([f'{one} {self.new.techniques[one].name}' for one in split])}"
        name = before.name.casefold()
        others = (t for t in self.new.techniques.values() if t.active and t.id != after.id)
        if heirs := [other.id for other in others if other.name.casefold() == name]:
            yield f"{comma_list(heirs)} has its old name"
        elif self.new.subtechniques(after.id) and not old.subtechniques(after.id):
            yield "it now has sub-techniques"
        if lost:
            yield f"it is no longer under {comma_list(lost)}"
        if not _words(before.name) & _words(after.name):
            yield "no word of its name is left"

    @cached_property
    def _merged(self) -> dict[str, list[str]]:
        return _replaced(self.old, self.new) if self.old else {}

    @cached_property
    def _split(self) -> dict[str, list[str]]:
        """Techniques that the old release had replaced, after a downgrade."""
        return _replaced(self.new, self.old) if self.old else {}

    @cached_property
    def tactics(self) -> Tactics:
        """The tactics of both releases by all their names."""
        return Tactics(self.old, self.new)

    @cached_property
    def old_tactics(self) -> Tactics | None:
        """The tactics of the old release by all their names; None if it is not installed."""
        return Tactics(None, self.old) if self.old else None

    @cached_property
    def additions(self) -> tuple[Addition, ...] | None:
        """Techniques only in the new release, by id; None if the old release is not installed."""
        if self.old is None:
            return None
        return tuple(
            Addition(
                technique.id,
                self.new.full_name(technique.id),
                technique.tactics,
                tuple(self._merged.get(technique.id, ())),
                technique.platforms,
            )
            for technique in sorted(self.new.techniques.values(), key=lambda technique: technique.id)
            if technique.active and not self.old.is_active(technique.id)
        )

    @cached_property
    def _installed(self) -> tuple[attack.Release, ...]:
        """The installed releases, newest first, listed once for all ids."""
        return attack.releases()[::-1]

    def why_removed(self, change: IdChange) -> str:
        """Why an id is not in the result, in words; where the old release lacks it, too, others are looked at."""
        if change.why != "unknown" or (self.old is not None and self.old.get(change.id) is not None):
            return change.reason
        if change.id.startswith("PRE-"):
            return "of PRE-ATT&CK, which became part of ATT&CK 8 with other ids"
        domain = self.new.domain
        for release in sorted(self._installed, key=lambda release: release.domain != domain):
            if attack.load(release).get(change.id) is not None:
                return f"not in this release, but in ATT&CK {release.domain} {release.version}"
        if newer := ids.newer_than(change.id, domain, self.newest):
            return reason("unknown", newer=newer)
        return f"unknown in every installed release: a typo? {ids.suggestion(change.id, self.new)}".rstrip()

    def in_order(self, sources: list[str]) -> list[int]:
        """The places of ids that all become one, in the order in which they are merged.

        That is their own order; but what came by way of another id stands together with that one, so that stopping
        at a release between merges in the same order.
        """
        chains = [self.new.resolve(source) for source in sources]
        passed = {through for chain in chains for through in chain[1:-1]}
        units = [chain[-2] if len(chain) > 1 and chain[-2] in passed else "" for chain in chains]
        first = {unit: units.index(unit) for unit in units}
        return sorted(range(len(sources)), key=lambda at: (first[units[at]], at))


def _replaced(before: Catalogue, after: Catalogue) -> dict[str, list[str]]:
    """Id → active techniques of one release that another has replaced by it."""
    ends: dict[str, list[str]] = {}
    for technique in before.techniques.values():
        if technique.active and not after.is_active(technique.id):
            chain = after.resolve(technique.id)
            if len(chain) > 1:
                ends.setdefault(chain[-1], []).append(technique.id)
    return ends


def _tactic_changes(
    old: Catalogue, before: Technique, new: Catalogue, after: Technique
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the tactics that a technique gained and lost; a renamed tactic is the same by its id."""
    was = {tactic.id: tactic.name for tactic in old.tactics if tactic.shortname in before.tactics}
    now = {tactic.id: tactic.name for tactic in new.tactics if tactic.shortname in after.tactics}
    gained = tuple(name for id_, name in now.items() if id_ not in was)
    return gained, tuple(name for id_, name in was.items() if id_ not in now)


def _content_change(before: str, after: str) -> Content | None:
    """Whether a technique's own version ("1.2") rose by a major or a minor number; None if not, or unknown."""
    old, new = versions.canonical(before), versions.canonical(after)
    if old is None or new is None or versions.number(old) >= versions.number(new):
        return None
    return "major" if versions.number(old)[0] < versions.number(new)[0] else "minor"


def _words(name: str) -> set[str]:
    return set(re.findall(_WORD, name.casefold())) - _SMALL


class Tactics:
    """Finds tactics by short name, name or id, in any case: in the old release, the new one, then all others."""

    def __init__(self, old: Catalogue | None, new: Catalogue) -> None:
        self._old = old
        self._domain = new.domain
        self._short = {tactic.id: tactic.shortname for tactic in new.tactics}
        self._new = new
        self._ids: dict[str, str] = {}
        self._complete = False

    def find(self, text: str) -> str | None:
        """The short name in the new release; None: it has no such tactic."""
        key = compact(text)
        if not self._ids:
            self._add([self._old, self._new] if self._old else [self._new])
        if key not in self._ids and not self._complete:
            self._complete = True
            self._add(attack.load(release) for release in attack.releases() if release.domain == self._domain)
        return self._short.get(self._ids.get(key, ""))

    def of(self, identifier: str) -> tuple[str, ...]:
        """The tactics of a technique in the old release, by their short names in the new one; () if unknown."""
        before = self._old.get(identifier) if self._old else None
        return tuple(short for name in (before.tactics if before else ()) if (short := self.find(name)))

    def _add(self, catalogues: Iterable[Catalogue]) -> None:
        for tactic in (tactic for catalogue in catalogues for tactic in catalogue.tactics):
            for name in (tactic.id, tactic.shortname, tactic.name):
                self._ids.setdefault(compact(name), tactic.id)
