"""What becomes of a technique between two ATT&CK releases: kept, renamed, replaced or removed."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import msgspec

from navlayers import attack
from navlayers._text import listed, one_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from navlayers.attack import Catalogue

Kind = Literal["kept", "renamed", "replaced", "removed"]
Why = Literal["revoked", "deprecated", "unknown"]
Became = Literal["sub-technique", "technique"]

_WORD = re.compile(r"[a-z0-9]+")
_SMALL = frozenset(("a", "and", "by", "for", "from", "in", "of", "on", "or", "over", "the", "to", "via"))
_SUGGESTED = 2
"""Of more ids that are as close, none is more likely than another."""


class IdChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """What becomes of one id.

    `name` is what the old release calls it, or the new one where the old one is not installed. `now` and `now_name`
    are the id that stands for it in the new release, None and "" where it is removed. `became` tells a technique
    that became a sub-technique, or the other way round. `why` says why the new release does not have the id as an
    active one; `end` is then where revoked-by ends, if that is elsewhere. `doubt` says why one that is renamed may
    mean something else now.
    """

    id: str
    kind: Kind
    name: str = ""
    now: str | None = None
    now_name: str = ""
    became: Became | None = None
    why: Why | None = None
    end: str | None = None
    doubt: str = ""

    def __str__(self) -> str:
        name = f"{self.id} {self.name}".rstrip()
        if self.kind == "kept":
            return name
        if self.kind == "renamed":
            return f"{name} → {self.now_name}"
        if self.kind == "replaced":
            became = f", a {self.became} now" if self.became else ""
            return f"{name} → {self.now} {self.now_name}{became}"
        return f"{name}: {self.reason}"

    @property
    def reason(self) -> str:
        """Why it is removed, in words."""
        return reason(self.why or "unknown", self.end or "")


def reason(why: Why, end: str = "", *, active: bool = False) -> str:
    """Why a release does not have an id as an active one, in words.

    `end` is where revoked-by ends, if that is elsewhere; `active` says whether that is.
    """
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
    """From one release (None where it is not installed) to another of the same domain."""

    def __init__(self, old: Catalogue | None, new: Catalogue) -> None:
        self.old = old
        self.new = new
        self._changes: dict[str, IdChange] = {}
        self._meaning = _Meaning(old, new) if old else None

    def id_change(self, identifier: str) -> IdChange:
        """What becomes of an id; of one that the new release does not know, too."""
        known = self._changes.get(identifier)
        if known is None:
            known = self._changes[identifier] = self._find(identifier)
        return known

    def _find(self, identifier: str) -> IdChange:
        before = self.old.get(identifier) if self.old else None
        technique = self.new.get(identifier)
        name = before.name if before else technique.name if technique else ""
        if technique is None:
            return IdChange(identifier, "removed", name, why="unknown")
        if technique.active:
            kind: Kind = "kept" if name == technique.name else "renamed"
            was_active = before is not None and before.active
            doubt = self._meaning.doubt(identifier) if self._meaning and was_active and kind == "renamed" else ""
            return IdChange(identifier, kind, name, identifier, technique.name, doubt=doubt)
        why: Why = "deprecated" if technique.status == "deprecated" else "revoked"
        last = self.new.resolve(identifier)[-1]
        end = self.new.techniques[last]
        if not end.active:
            return IdChange(identifier, "removed", name, why=why, end=last if last != identifier else None)
        became: Became | None = None
        if ("." in identifier) != ("." in last):
            became = "sub-technique" if "." in last else "technique"
        return IdChange(identifier, "replaced", name, last, end.name, became, why, last)

    @cached_property
    def tactics(self) -> Tactics:
        """The tactics of both releases by all their names."""
        return Tactics(self.old, self.new)

    @cached_property
    def additions(self) -> tuple[Addition, ...] | None:
        """What the new release has and the old one had not, by id; None where the old one is not installed."""
        if self.old is None:
            return None
        replaced: dict[str, list[str]] = {}
        for technique in self.old.techniques.values():
            if technique.active:
                now = self.id_change(technique.id).now
                if now is not None and now != technique.id:
                    replaced.setdefault(now, []).append(technique.id)
        return tuple(
            Addition(
                technique.id,
                self.full_name(technique.id),
                technique.tactics,
                tuple(replaced.get(technique.id, ())),
                technique.platforms,
            )
            for technique in sorted(self.new.techniques.values(), key=lambda technique: technique.id)
            if technique.active and not self.old.is_active(technique.id)
        )

    def full_name(self, identifier: str) -> str:
        """The name of a technique in the new release, that of a sub-technique behind its parent's."""
        technique = self.new.get(identifier)
        if technique is None:
            return ""
        parent = self.new.get(technique.parent) if technique.parent else None
        return f"{parent.name}: {technique.name}" if parent else technique.name

    def why_removed(self, change: IdChange) -> str:
        """Why an id is not in the result, in words; where the old release lacks it, too, others are looked at."""
        if change.why != "unknown" or (self.old is not None and self.old.get(change.id) is not None):
            return change.reason
        domain = self.new.domain
        newest_first = attack.releases()[::-1]
        for release in sorted(newest_first, key=lambda release: release.domain != domain):
            if attack.load(release).get(change.id) is not None:
                return f"not in this release, but in ATT&CK {release.domain} {release.version}"
        near = _near(change.id, self.new)
        question = f" did you mean {one_of(f'{id_} {self.full_name(id_)}' for id_ in near)}?" if near else ""
        return f"unknown in every installed release: a typo?{question}"

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


class _Meaning:
    """What two releases say of a technique that both have as an active one."""

    def __init__(self, old: Catalogue, new: Catalogue) -> None:
        self._old = old
        self._new = new

    def doubt(self, identifier: str) -> str:
        """Why the technique may mean something else in the new release, in words; "" where nothing says so."""
        return "; ".join(self._signs(identifier))

    def _signs(self, identifier: str) -> Iterator[str]:
        before, after = self._old.techniques[identifier], self._new.techniques[identifier]
        if taken := self._taken.get(identifier):
            yield f"it took in {listed([f'{one} {self._old.techniques[one].name}' for one in taken])}"
        if parted := self._parted.get(identifier):
            yield f"without {listed([f'{one} {self._new.techniques[one].name}' for one in parted])}"
        heirs = [one for one in self._named.get(before.name.casefold(), ()) if one != identifier]
        if heirs:
            yield f"its old name is that of {listed(heirs)}"
        elif self._new.subtechniques(identifier) and not self._old.subtechniques(identifier):
            yield "it has sub-techniques now"
        tactics = {tactic.shortname: tactic.id for tactic in self._new.tactics}
        has = {tactics.get(name) for name in after.tactics}
        lost = [t.name for t in self._old.tactics if t.shortname in before.tactics and t.id not in has]
        if lost:
            yield f"no longer under {listed(lost)}"
        if not _words(before.name) & _words(after.name):
            yield "no word of its name is the same"

    @cached_property
    def _taken(self) -> dict[str, list[str]]:
        """Id → active techniques of the old release that the new one has replaced by it."""
        return _ends(self._old, self._new)

    @cached_property
    def _parted(self) -> dict[str, list[str]]:
        """Id → active techniques of the new release that the old one has replaced by it: after a downgrade."""
        return _ends(self._new, self._old)

    @cached_property
    def _named(self) -> dict[str, list[str]]:
        """Name → the active techniques of the new release that are called so."""
        found: dict[str, list[str]] = {}
        for technique in self._new.techniques.values():
            if technique.active:
                found.setdefault(technique.name.casefold(), []).append(technique.id)
        return found


def _ends(active: Catalogue, revoked: Catalogue) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for technique in active.techniques.values():
        if technique.active and not revoked.is_active(technique.id):
            chain = revoked.resolve(technique.id)
            if len(chain) > 1:
                found.setdefault(chain[-1], []).append(technique.id)
    return found


def _words(name: str) -> set[str]:
    return set(_WORD.findall(name.casefold())) - _SMALL


class Tactics:
    """Finds tactics by short name, name or id, in any case: in the old release, the new one, then all others."""

    def __init__(self, old: Catalogue | None, new: Catalogue) -> None:
        self._old = old
        self._domain = new.domain
        self._short = {tactic.id: tactic.shortname for tactic in new.tactics}
        self._ids: dict[str, str] = {}
        for catalogue in (old, new):
            self._take(catalogue)
        self._all = False

    def find(self, text: str) -> str | None:
        """The short name in the new release; None where there is no such tactic."""
        key = " ".join(text.split()).casefold()
        if key not in self._ids and not self._all:
            self._all = True
            for release in attack.releases():
                if release.domain == self._domain:
                    self._take(attack.load(release))
        return self._short.get(self._ids.get(key, ""))

    def of(self, identifier: str) -> tuple[str, ...]:
        """The tactics of a technique in the old release, as the new one calls them; none where it is not known."""
        before = self._old.get(identifier) if self._old else None
        return tuple(found for name in (before.tactics if before else ()) if (found := self.find(name)))

    def _take(self, catalogue: Catalogue | None) -> None:
        for tactic in catalogue.tactics if catalogue else ():
            for word in _spellings(tactic.id, tactic.shortname, tactic.name):
                self._ids.setdefault(word, tactic.id)


def _spellings(*names: str) -> Iterable[str]:
    for name in names:
        folded = name.casefold()
        yield folded
        yield folded.replace("-", " ")
        yield folded.replace(" ", "-")


def _near(identifier: str, catalogue: Catalogue) -> list[str]:
    """Active ids that differ in two neighbours that changed places or a number too many, else in one digit."""
    places = range(1, len(identifier))
    swapped = {
        f"{identifier[: at - 1]}{identifier[at]}{identifier[at - 1]}{identifier[at + 1 :]}" for at in places[1:]
    }
    changed = {f"{identifier[:at]}{digit}{identifier[at + 1 :]}" for at in places for digit in "0123456789"}
    for likely in (swapped | {identifier.partition(".")[0]}, changed):
        if found := sorted(filter(catalogue.is_active, likely)):
            return found if len(found) <= _SUGGESTED else []
    return []
