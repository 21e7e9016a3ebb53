"""The releases that an upgrade is from and to, found and read once for all inputs of a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from navlayers import attack
from navlayers.attack.id_changes import Addition, ReleaseChange
from navlayers.errors import Problem, ReleaseError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.attack.domain import Domain


class Route(NamedTuple):
    """From the release of an input to the one asked for.

    `written` is the old release as the input names it, "" for none. `already`: it is the one asked for. `notices`
    tell where another minor stands in for the release that was meant, `why_not_new` why the old one is not known.
    """

    releases: ReleaseChange
    domain: Domain
    written: str
    already: bool
    notices: tuple[Problem, ...] = ()
    why_not_new: str = ""

    def additions(
        self, considered: set[str], platforms: Sequence[str] = ()
    ) -> tuple[tuple[Addition, ...] | None, tuple[Addition, ...]]:
        """What is new since the old release and not among the ids; None where the old release is not at hand.

        Apart from it stands what has none of the platforms of a filter, if there is one.
        """
        if self.releases.additions is None:
            return None, ()
        wanted = set(platforms)
        new: list[Addition] = []
        elsewhere: list[Addition] = []
        for addition in self.releases.additions:
            if addition.id not in considered:
                shown = not wanted or not addition.platforms or not wanted.isdisjoint(addition.platforms)
                (new if shown else elsewhere).append(addition)
        return tuple(new), tuple(elsewhere)

    @property
    def tactics(self) -> tuple[str, ...]:
        """The short names of the new release's tactics in the order of the matrix."""
        return tuple(tactic.shortname for tactic in self.releases.new.tactics)


class Routes:
    """Finds the route for each domain and old release."""

    def __init__(self, wanted: str) -> None:
        self.wanted = wanted
        self._targets: dict[Domain, attack.Found] = {}
        self._routes: dict[tuple[Domain, str], Route] = {}

    def route(self, domain: Domain, written: str) -> Route:
        """The route from a release as an input names it ("" for none).

        Raises:
            ReleaseError: the release that is asked for is not at hand for this domain.
        """
        key = (domain, written)
        if key not in self._routes:
            self._routes[key] = self._find(domain, written)
        return self._routes[key]

    def _find(self, domain: Domain, written: str) -> Route:
        if domain not in self._targets:
            self._targets[domain] = attack.find(domain, self.wanted)
        target = self._targets[domain]
        notices = [target.notice] if target.notice else []
        new = attack.load(target.release)
        old, already, why = None, False, ""
        if written:
            try:
                own = attack.find(domain, written)
            except ReleaseError:
                why = f"ATT&CK {domain} {written} is not installed"
            else:
                notices += [own.notice] if own.notice else []
                already = own.release.version == target.release.version and own.notice is None
                old = attack.load(own.release)
        else:
            why = "the input does not say of which release it is"
        return Route(ReleaseChange(old, new), domain, written, already, tuple(notices), why)
