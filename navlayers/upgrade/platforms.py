"""The filter of platforms of a layer at another release.

The Navigator shows an empty matrix where the filter names a platform that the release does not have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers.attack.versions import canonical, number
from navlayers.upgrade.report import Platforms

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from navlayers.attack import Catalogue
    from navlayers.upgrade.releases import Way

_RENAMES: dict[str, tuple[tuple[tuple[int, int], dict[str, str]], ...]] = {
    "enterprise": (
        ((9, 0), {"AWS": "IaaS", "Azure": "IaaS", "GCP": "IaaS"}),
        (
            (16, 0),
            {"Azure AD": "Identity Provider", "Office 365": "Office Suite", "Google Workspace": "Office Suite"},
        ),
        ((17, 0), {"Network": "Network Devices"}),
    )
}
"""By domain, the first release that has other names, and old name → new name. Releases name them so."""

_OLD_SPELLING = {"mac": "macOS"}
"""As layers before format 3.0 write it; other names of theirs differ in case alone."""

_ALL_OF_FORMAT_3 = {
    "enterprise": frozenset({"Windows", "Linux", "macOS", "AWS", "GCP", "Azure", "Azure AD", "Office 365", "SaaS"}),
    "mobile": frozenset({"Android", "iOS"}),
}
"""All platforms that layer format 3.0 knows, and so all of the releases that it was for."""


def carried(before: Sequence[str], way: Way) -> Platforms:
    """The names that the new release has for those of a filter; all of its names where the filter listed all."""
    new = platforms_of(way.step.new)
    if not before:
        return Platforms((), ())
    if set(before) >= _all(way):
        return Platforms(tuple(before), new)
    by_case = {name.casefold(): name for name in new}
    after: dict[str, None] = {}
    removed = []
    for name in before:
        found = [one for one in _names(name, way) if one in new] or [
            by_case[spelt] for spelt in (name.strip().casefold(),) if spelt in by_case
        ]
        after.update(dict.fromkeys(found))
        if not found:
            removed.append(name)
    return Platforms(tuple(before), tuple(after), tuple(removed))


def platforms_of(catalogue: Catalogue) -> tuple[str, ...]:
    """The platforms of a release's active techniques, in the order in which they first stand."""
    techniques = catalogue.techniques.values()
    return tuple(dict.fromkeys(name for one in techniques if one.active for name in one.platforms))


def _all(way: Way) -> frozenset[str]:
    """All platforms of the old release; of one that is not at hand, those of the layer format of its time."""
    if way.step.old is not None:
        return frozenset(platforms_of(way.step.old))
    return _ALL_OF_FORMAT_3.get(way.domain, frozenset({""}))


def _names(name: str, way: Way) -> Iterable[str]:
    """What a name has become, or what became it, from the old release to the new one."""
    new = number(way.step.new.version)
    written = canonical(way.step.old.version if way.step.old else way.written)
    old = new if written is None else number(written)
    steps = _RENAMES.get(way.domain, ())
    names = [_OLD_SPELLING.get(name, name)]
    if old <= new:
        for since, renames in steps:
            if since <= new:
                names = [renames.get(one, one) for one in names]
        return names
    for since, renames in reversed(steps):
        if new < since <= old:
            sources = {one: [before for before, after in renames.items() if after == one] for one in names}
            names = [source for one in names for source in sources[one] or [one]]
    return names
