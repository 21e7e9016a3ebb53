"""Signs that a technique means something else under its new name; names alone say little of that."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from navlayers._text import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.attack import Catalogue

_WORD = re.compile(r"[a-z0-9]+")
_SMALL = frozenset(("a", "and", "by", "for", "from", "in", "of", "on", "or", "over", "the", "to", "via"))


class Meaning:
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
