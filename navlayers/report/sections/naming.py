"""What techniques are called where people read of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from navlayers.attack import Catalogue


def full_name(catalogue: Catalogue, identifier: str) -> str:
    """A sub-technique by the name of its parent, too, which it hardly says anything without."""
    technique = catalogue.techniques[identifier]
    parent = catalogue.techniques.get(technique.parent or "")
    return f"{parent.name}: {technique.name}" if parent else technique.name


def tactics(catalogue: Catalogue, identifier: str) -> str:
    """The names of its tactics, in the order of the matrix."""
    own = catalogue.techniques[identifier].tactics
    return ", ".join(tactic.name for tactic in catalogue.tactics if tactic.shortname in own)
