"""Ids that a release does not know: where else they are known, or which id may be meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers import attack
from navlayers._text import one_of

if TYPE_CHECKING:
    from navlayers.attack import Catalogue
    from navlayers.attack.id_changes import Fate, Step

_SUGGESTED = 2
"""Of more ids that are as close, none is more likely than another."""


def why_removed(fate: Fate, step: Step) -> str:
    """Why an id is not in the result, in words; where the old release lacks it, too, others are looked at."""
    if fate.why != "unknown" or (step.old is not None and step.old.get(fate.id) is not None):
        return fate.reason
    domain = step.new.domain
    newest_first = attack.releases()[::-1]
    for release in sorted(newest_first, key=lambda release: release.domain != domain):
        if attack.load(release).get(fate.id) is not None:
            return f"not in this release, but in ATT&CK {release.domain} {release.version}"
    near = _near(fate.id, step.new)
    question = f" did you mean {one_of(f'{id_} {step.full_name(id_)}' for id_ in near)}?" if near else ""
    return f"unknown in every release at hand: a typo?{question}"


def _near(identifier: str, catalogue: Catalogue) -> list[str]:
    """Active ids that differ in two neighbours that changed places or a number too many, else in one digit."""
    places = range(1, len(identifier))
    swapped = {
        f"{identifier[: at - 1]}{identifier[at]}{identifier[at - 1]}{identifier[at + 1 :]}" for at in places[1:]
    }
    changed = {f"{identifier[:at]}{digit}{identifier[at + 1 :]}" for at in places for digit in "0123456789"}
    for likely in (swapped | {identifier.partition(".")[0]}, changed):
        if found := sorted(filter(catalogue.is_active, likely)):
            return found if len(found) <= _SUGGESTED else []
    return []
