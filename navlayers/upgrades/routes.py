"""The releases that an upgrade is from and to; each is found and loaded once for all inputs of a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from navlayers import attack
from navlayers.attack.id_changes import Addition, ReleaseChange
from navlayers.errors import Problem, ReleaseError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.attack.domain import Domain


class Route(NamedTuple):
    """From the release of an input to the requested one.

    `written` is the old release as the input names it, "" for none; `already`: it is the requested one. `notices`
    name the minor release that is used for another, `why_not_new` says why the old release is not known.
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
        """New techniques that are not among `considered`: those that a platform filter shows, and the others.

        The first are None where the old release is not available.
        """
        if self.releases.additions is None:
            return None, ()
        new = [addition for addition in self.releases.additions if addition.id not in considered]
        hidden = {one.id for one in new if platforms and one.platforms and not {*platforms} & {*one.platforms}}
        return (
            tuple(one for one in new if one.id not in hidden),
            tuple(one for one in new if one.id in hidden),
        )


class Routes:
    """The routes to one release, by domain and old release."""

    def __init__(self, wanted: str) -> None:
        self._wanted = wanted
        self._targets: dict[Domain, attack.Found] = {}
        self._routes: dict[tuple[Domain, str], Route] = {}

    def route(self, domain: Domain, written: str) -> Route:
        """The route from a release as an input names it, "" for none.

        Raises:
            ReleaseError: The requested release is not available for this domain.
        """
        key = (domain, written)
        if key not in self._routes:
            self._routes[key] = self._find(domain, written)
        return self._routes[key]

    def _find(self, domain: Domain, written: str) -> Route:
        if domain not in self._targets:
            self._targets[domain] = attack.find(domain, self._wanted)
        target = self._targets[domain]
        new = attack.load(target.release)
        notices: tuple[Problem, ...] = (target.notice,) if target.notice else ()
        if not written:
            why = "the input does not name its ATT&CK release"
            return Route(ReleaseChange(None, new), domain, written, False, notices, why)
        try:
            own = attack.find(domain, written)
        except ReleaseError:
            why = f"ATT&CK {domain} {written} is not installed"
            return Route(ReleaseChange(None, new), domain, written, False, notices, why)
        already = own.release.version == target.release.version and own.notice is None
        notices += (own.notice,) if own.notice else ()
        return Route(ReleaseChange(attack.load(own.release), new), domain, written, already, notices)
