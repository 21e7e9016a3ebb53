"""Tactics as layers name them, in the words of another release: they go by short name there, which may differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers import attack

if TYPE_CHECKING:
    from collections.abc import Iterable

    from navlayers.attack import Catalogue


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
            for word in _words(tactic.id, tactic.shortname, tactic.name):
                self._ids.setdefault(word, tactic.id)


def _words(*names: str) -> Iterable[str]:
    for name in names:
        folded = name.casefold()
        yield folded
        yield folded.replace("-", " ")
        yield folded.replace(" ", "-")
