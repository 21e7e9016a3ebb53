"""What is known of a tenant that was read."""

from __future__ import annotations

import msgspec

from navlayers.errors import Problem


class TenantRecord(msgspec.Struct, frozen=True):
    """What is known of a tenant.

    Attributes:
        name: its name.
        frameworks: name and version of each of its sets.
        role: what its sets are.
        releases: domain → the release that its scores are about.
        own_releases: those that its sets were made for.
        scale: the scale of its scores; "" for a tenant without scores.
        capabilities: how many it has mapped.
        mappings: how many count.
        techniques_left_out: how many mapped techniques are not active in the release.
        scores: the categories that it scores; () if it has no scores.
        adjustments: what was brought to the scale and the release of the fleet.
        problems: why it is left out; () if it is scored.
        transient: whether its problems may be gone without a change of its content, as those of a network.
    """

    name: str
    frameworks: tuple[str, ...] = ()
    role: str = ""
    releases: dict[str, str] = {}
    own_releases: tuple[str, ...] = ()
    scale: str = ""
    capabilities: int = 0
    mappings: int = 0
    techniques_left_out: int = 0
    scores: tuple[str, ...] = ()
    adjustments: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    transient: bool = False
