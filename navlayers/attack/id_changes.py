"""What becomes of a technique between two ATT&CK releases: kept, renamed, replaced or removed."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal

import msgspec

from navlayers.attack.rename_warnings import Meaning
from navlayers.attack.tactic_names import Tactics

if TYPE_CHECKING:
    from navlayers.attack import Catalogue

Kind = Literal["kept", "renamed", "replaced", "removed"]
Why = Literal["revoked", "deprecated", "unknown"]
Became = Literal["sub-technique", "technique"]


class Fate(msgspec.Struct, frozen=True, omit_defaults=True):
    """What becomes of one id.

    `name` is what the old release calls it, or the new one where the old one is not at hand. `now` and `now_name`
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


class Step:
    """From one release (None where it is not at hand) to another of the same domain."""

    def __init__(self, old: Catalogue | None, new: Catalogue) -> None:
        self.old = old
        self.new = new
        self._fates: dict[str, Fate] = {}
        self._meaning = Meaning(old, new) if old else None

    def fate(self, identifier: str) -> Fate:
        """What becomes of an id; of one that the new release does not know, too."""
        known = self._fates.get(identifier)
        if known is None:
            known = self._fates[identifier] = self._fate(identifier)
        return known

    def _fate(self, identifier: str) -> Fate:
        before = self.old.get(identifier) if self.old else None
        technique = self.new.get(identifier)
        name = before.name if before else technique.name if technique else ""
        if technique is None:
            return Fate(identifier, "removed", name, why="unknown")
        if technique.active:
            kind: Kind = "kept" if name == technique.name else "renamed"
            was_active = before is not None and before.active
            doubt = self._meaning.doubt(identifier) if self._meaning and was_active and kind == "renamed" else ""
            return Fate(identifier, kind, name, identifier, technique.name, doubt=doubt)
        why: Why = "deprecated" if technique.status == "deprecated" else "revoked"
        last = self.new.resolve(identifier)[-1]
        end = self.new.techniques[last]
        if not end.active:
            return Fate(identifier, "removed", name, why=why, end=last if last != identifier else None)
        became: Became | None = None
        if ("." in identifier) != ("." in last):
            became = "sub-technique" if "." in last else "technique"
        return Fate(identifier, "replaced", name, last, end.name, became, why, last)

    @cached_property
    def tactics(self) -> Tactics:
        """The tactics of both releases by all their names."""
        return Tactics(self.old, self.new)

    @cached_property
    def additions(self) -> tuple[Addition, ...] | None:
        """What the new release has and the old one had not, by id; None where the old one is not at hand."""
        if self.old is None:
            return None
        replaced: dict[str, list[str]] = {}
        for technique in self.old.techniques.values():
            if technique.active:
                now = self.fate(technique.id).now
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

    def in_order(self, sources: list[str]) -> list[int]:
        """The places of ids that all become one, in the order in which they are merged.

        That is their own order; but what came by way of another id stands together with that one, so that stopping
        at a release between merges in the same order.
        """
        chains = [self.new.resolve(source) for source in sources]
        passed = {step for chain in chains for step in chain[1:-1]}
        units = [chain[-2] if len(chain) > 1 and chain[-2] in passed else "" for chain in chains]
        first = {unit: units.index(unit) for unit in units}
        return sorted(range(len(sources)), key=lambda at: (first[units[at]], at))
