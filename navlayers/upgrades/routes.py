"""The releases that an upgrade is from and to; each is found and loaded once for all inputs of a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from navlayers import attack
from navlayers.attack.id_changes import ReleaseChange
from navlayers.errors import Problem, ReleaseError

if TYPE_CHECKING:
    from navlayers.attack.domains import Domain


class Route(NamedTuple):
    """From the release of an input to the requested one.

    `written` is the old release as the input names it, "" for none; `already`: it is the requested one. `notices`
    name the minor release that replaces another one, `why_not_new` says why the old release is not known.
    """

    releases: ReleaseChange
    domain: Domain
    written: str
    already: bool
    notices: tuple[Problem, ...] = ()
    why_not_new: str = ""


class Routes(dict[tuple["Domain", str], Route]):
    """Domain and old release, as an input names it ("" for none) → the route to one release.

    Raises:
        ReleaseError: The release is not available for a domain.
    """

    def __init__(self, wanted: str) -> None:
        super().__init__()
        self._wanted = wanted

    def __missing__(self, key: tuple[Domain, str]) -> Route:
        domain, written = key
        self[key] = self._find(domain, written)
        return self[key]

    def _find(self, domain: Domain, written: str) -> Route:
        target = attack.find(domain, self._wanted)
        new = target.catalogue
        notices: tuple[Problem, ...] = (target.notice,) if target.notice else ()
        if not written:
            why = "the input does not name its ATT&CK release; name it with --meta attack_version=VERSION"
            return Route(ReleaseChange(None, new), domain, written, False, notices, why)
        try:
            own = attack.find(domain, written)
        except ReleaseError as error:
            problem = error.problems[0]
            why = "; ".join(filter(None, (problem.message, problem.hint)))
            return Route(ReleaseChange(None, new), domain, written, False, notices, why)
        already = own.release.version == target.release.version and own.notice is None
        notices += (own.notice,) if own.notice else ()
        return Route(ReleaseChange(own.catalogue, new), domain, written, already, notices)
