"""The sets of a domain at one release, to be shown side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from navlayers import attack
from navlayers._text.numbers import percent_text
from navlayers.attack import versions
from navlayers.attack.domains import DOMAINS
from navlayers.errors import ReleaseError
from navlayers.layer.colors import Gradient
from navlayers.layer.matrix import ReleaseColumn, release_columns
from navlayers.layer.ramps import RAMPS
from navlayers.website.set_pictures import Thumbnails

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.attack import Catalogue, Threat
    from navlayers.attack.domains import Domain
    from navlayers.pages.show.set_index import IndexedSet
    from navlayers.website.sets import SiteSet


class Member(NamedTuple):
    """A set, and the same set at the release of a `Joint`."""

    site_set: SiteSet
    there: IndexedSet


SHARES = Gradient(RAMPS["overall"], 0, 100)
"""The colors of shares in per cent."""


class Ratio(NamedTuple):
    """How many of some techniques a set covers."""

    site_set: SiteSet
    number: int
    total: int

    @property
    def text(self) -> str:
        """The share in per cent."""
        return percent_text(self.number, self.total)

    @property
    def color(self) -> str:
        """The color of the share; "" for none."""
        return SHARES.color(100 * self.number / self.total) if self.number else ""


class Joint(NamedTuple):
    """The sets of a domain at one release; `squares` draws its matrix."""

    domain: Domain
    catalogue: Catalogue
    members: tuple[Member, ...]
    squares: Thumbnails

    @property
    def release(self) -> str:
        """The release."""
        return self.catalogue.title

    @property
    def columns(self) -> tuple[ReleaseColumn, ...]:
        """The columns of its matrix."""
        return release_columns(self.catalogue)

    @property
    def active(self) -> int:
        """The number of active techniques and sub-techniques of the release."""
        return sum(technique.active for technique in self.catalogue.techniques.values())

    @property
    def covering(self) -> tuple[Member, ...]:
        """The sets that are no threats."""
        return tuple(member for member in self.members if not member.site_set.head.noun.threat)

    @property
    def counted(self) -> tuple[Member, ...]:
        """The sets that are no threats; all if all are."""
        return self.covering or self.members


def joints(sets: Sequence[SiteSet]) -> Iterator[Joint]:
    """The sets of each domain at the newest release of the sets."""
    for domain in DOMAINS:
        inside = [item for item in sets if item.indexed.set.domain == domain]
        if inside:
            first = max(inside, key=lambda item: versions.number(item.indexed.catalogue.version))
            yield joint_of(domain, first.indexed.catalogue, inside)


def joint_of(domain: Domain, catalogue: Catalogue, sets: Sequence[SiteSet]) -> Joint:
    """The sets of a domain at a release, in their scope."""
    catalogue = sets[0].indexed.prepared.in_scope(catalogue)
    members = tuple(Member(item, item.indexed.at(catalogue)) for item in sets)
    return Joint(domain, catalogue, members, Thumbnails(release_columns(catalogue)))


class Threatened(NamedTuple):
    """The sets of a domain at a release with threats, and its groups and campaigns that use a technique."""

    joint: Joint
    threats: tuple[Threat, ...]


def threatened(joint: Joint) -> Threatened | None:
    """The threats of the release, or of the newest that has some; None without threats or sets against them."""
    if not joint.covering:
        return None
    domain = joint.domain
    try:
        known = attack.threats(attack.find(domain, joint.catalogue.version).release)
        there = joint
    except ReleaseError:
        from navlayers.analysis.threats.lookup import with_threats  # noqa: PLC0415 - for old releases alone

        releases = with_threats(domain)
        if not releases:
            return None
        known = attack.threats(releases[0])
        there = joint_of(domain, attack.load(releases[0]), [member.site_set for member in joint.members])
    known = known.carried_to(there.catalogue) if there.catalogue.bounds else known
    threats = tuple(threat for threat in (*known.groups, *known.campaigns) if threat.techniques)
    return Threatened(there, threats) if threats else None
