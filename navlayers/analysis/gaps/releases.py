"""What ATT&CK's releases say of the techniques of a threat: how many groups use them, which are new."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from navlayers import attack
from navlayers.attack.id_changes import Step
from navlayers.errors import NavlayersError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from navlayers.attack import Catalogue
    from navlayers.scoring.coverage import Coverage


def using_groups(catalogue: Catalogue) -> Counter[str] | None:
    """Technique id → how many groups of the release use it themselves; None where its groups are not at hand."""
    try:
        release = attack.find(catalogue.domain, catalogue.version).release
        if not attack.has_threats(release):
            return None
        return Counter(technique for group in attack.threats(release).groups for technique in group.techniques)
    except NavlayersError:
        return None


def newer_than(inputs: Iterable[Coverage], catalogue: Catalogue) -> frozenset[str]:
    """The techniques that none of the releases had that the inputs were made for, under another id neither."""
    versions = {one.own_attack_version for one in inputs}
    found = [_new(version, catalogue) for version in sorted(versions)]
    return frozenset.intersection(*found) if found else frozenset()


def _new(version: str, catalogue: Catalogue) -> frozenset[str]:
    try:
        old = attack.load(attack.find(catalogue.domain, version).release)
    except NavlayersError:
        return frozenset()
    return frozenset(one.id for one in Step(old, catalogue).additions or () if not one.replaces)
