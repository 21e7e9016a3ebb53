"""Notices about threats: what was counted once, added, remapped or left out."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from navlayers import attack
from navlayers._text.wording import quantity
from navlayers.analysis.threats.model import losses
from navlayers.attack.id_changes import reason
from navlayers.errors import InputError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.analysis.threats.model import Member
    from navlayers.attack import Threat, Threats

_LISTED = 5
"""Maximum ids listed in a notice; the results list all."""


def same(named: dict[str, Threat]) -> Iterator[Problem]:
    """The notices of names that mean one threat."""
    names: dict[str, list[str]] = {}
    for name, threat in named.items():
        names.setdefault(threat.id, []).append(name)
    for id_, texts in names.items():
        if len(texts) > 1:
            yield Problem(f"{' and '.join(texts)} are the same threat ({id_}): counted once")


def from_older(known: Threats, release: str) -> Iterator[Problem]:
    """The notice that threats were remapped from an older release, and which techniques have no successor."""
    if known.source_version:
        own = attack.find(known.domain, known.source_version).catalogue
        lost = [f"{technique} {own.techniques[technique].name}" for technique in known.lost]
        without = f"; without a successor and left out: {_first(lost)}" if lost else ""
        message = f"{release} has no groups, software or campaigns installed; using those of {known.source_version}"
        yield Problem(f"{message}{without}", hint=f"add them with: navlayers attack add {known.version}")


def empty(
    members: Sequence[Member], known: Threats | None, release: str, paths: dict[str, str], *, everything: bool
) -> list[Problem]:
    """Notices of members without techniques.

    Args:
        members: the members of a threat.
        known: the threats of ATT&CK; None: no member is one.
        release: the title of the release.
        paths: id of a member that is not of ATT&CK → its file.
        everything: no member has any technique.

    Raises:
        InputError: no member has any.
    """
    without = []
    for member in members:
        if not member.weights:
            threat = known.get(member.id) if known is not None and member.of_attack else None
            hint = "--software-of adds what its software does" if threat and threat.software else ""
            what = (
                "uses no techniques in"
                if member.of_attack
                else "none of its techniques has a weight and is active in"
            )
            place = None if member.of_attack else Place(paths[member.id])
            without.append(Problem(f"{member.label}: {what} {release}", place, hint=hint))
    if everything:
        files = {paths.get(member.id) for member in members}
        place = Place(file) if len(files) == 1 and (file := files.pop()) else None
        whole = Problem("the threat has no techniques", place, "at least one with a weight above 0")
        raise InputError([*without, whole] if len(members) > 1 or not without else without)
    return without


def added(members: Sequence[Member], *, counted: bool, fading: bool = False) -> Iterator[Problem]:
    """The notice of added weights; not where these are `counted` as asked: the number of groups."""
    own = [member for member in members if not member.even and member.weights]
    if fading:
        # What weighed 1 before it faded has the scale of all others.
        own = [member for member in own if not member.is_actor or max(member.weights.values()) > 1]
    if own and len(members) > 1:
        parts = ["1 of each group, software, campaign and tactic"] if len(own) < len(members) else []
        parts += [f"up to {max(member.weights.values()):,g} of {member.label}" for member in own]
        message = f"weights are summed without rescaling: {', '.join(parts)}"
        yield Problem(message, hint="use one scale in all files")
    elif not counted and (
        several := sum(times > 1 for times in Counter(t for m in members for t in m.weights).values())
    ):
        verb = "weighs" if several == 1 else "weigh"
        yield Problem(f"{quantity(several, 'technique')} of several threats {verb} once for each of them")


def remapped(member: Member, version: str) -> Iterator[Problem]:
    """Changes by remapping a set or file to the release, and its inactive techniques."""
    if member.replaced:
        ids = [f"{one.id} {one.name} → {one.successor} {one.successor_name}" for one in member.replaced]
        yield Problem(f"{member.id}: remapped to ATT&CK {version}: {_first(ids)}")
    if member.left_out:
        bare = f"not active in ATT&CK {version} and left out, without a weight"
        lost = losses([member], member.weights, version) or bare
        left_out = [f"{t.id} {t.name}".rstrip() if t.why == reason("unknown") else str(t) for t in member.left_out]
        yield Problem(f"{member.id}: {lost}: {_first(left_out)}")


def _first(texts: Sequence[str]) -> str:
    more = len(texts) - _LISTED
    return f"{'; '.join(texts[:_LISTED])}{f'; … and {more:,} more' if more > 0 else ''}"
