"""The pages of threats: the groups and campaigns of a domain, and each with its techniques in every set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text.numbers import rounded
from navlayers.attack.catalogue import SITE
from navlayers.layer.ramps import UNCOVERED
from navlayers.website.joint import Ratio
from navlayers.website.matrix import covered, overview_gradient, score_of
from navlayers.website.pages import Crumb, Page, World
from navlayers.website.set_pictures import score_colors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.attack import Threat
    from navlayers.website.joint import Member, Threatened


def threat_pages(world: World, threatened: Threatened) -> Iterator[Page]:
    """The list of the threats of a domain, and a page for each."""
    yield _list(world, threatened)
    for threat in threatened.threats:
        yield _threat(world, threatened, threat)


def _list(world: World, threatened: Threatened) -> Page:
    joint = threatened.joint
    bases = [(member, set(covered(member.there.scored.scores))) for member in joint.covering]
    path = world.addresses.threats[joint.domain].page
    title = f"Threats of {joint.release}"
    context = {
        "domain": joint.domain,
        "sets": [member.site_set for member in joint.covering],
        "lines": [
            (
                threat,
                [
                    Ratio(member.site_set, len(ids.intersection(threat.techniques)), len(threat.techniques))
                    for member, ids in bases
                ],
            )
            for threat in threatened.threats
        ],
    }
    return Page(path, "threats", title, (world.home, Crumb("Threats")), context)


def _threat(world: World, threatened: Threatened, threat: Threat) -> Page:
    joint = threatened.joint
    addresses = world.addresses.threats[joint.domain]
    techniques = sorted(
        (joint.catalogue.techniques[identifier] for identifier in threat.techniques),
        key=lambda one: (joint.catalogue.techniques[one.parent or one.id].name, one.id),
    )
    open_ = [t.id for t in techniques if not any(_is_covered(member, t.id) for member in joint.covering)]
    colors = _colors(joint.covering, threat.techniques) | dict.fromkeys(open_, UNCOVERED)
    total = len(techniques)
    names = {tactic.shortname: tactic for tactic in joint.catalogue.tactics}
    context = {
        "threat": threat,
        "url": f"{SITE}/{threat.kind}s/{threat.id}/",
        "release": joint.release,
        "shares": [
            Ratio(member.site_set, sum(_is_covered(member, t.id) for t in techniques), total)
            for member in joint.covering
        ],
        "open": len(open_),
        "uncovered": UNCOVERED,
        "picture": joint.squares.draw(
            colors, world.colors, f"Matrix: {total - len(open_)} of {total} techniques covered"
        ),
        "lines": [
            (
                technique,
                [names[name] for name in technique.tactics if name in names],
                [score_of(technique.id, member.there) for member in joint.covering],
                technique.id in open_,
            )
            for technique in techniques
        ],
    }
    crumbs = (world.home, Crumb("Threats", addresses.page), Crumb(f"{threat.id} {threat.name}"))
    return Page(addresses[threat.id], "threat", f"{threat.id} {threat.name}", crumbs, context)


def _is_covered(member: Member, technique: str) -> bool:
    entry = member.there.scored.scores.get(technique)
    return entry is not None and rounded(entry.overall or 0) > 0


def _colors(members: tuple[Member, ...], techniques: tuple[str, ...]) -> dict[str, str]:
    """Technique → the color of its best score; sets of values come before sets of counts."""
    colors: dict[str, str] = {}
    for member in sorted(members, key=lambda one: one.site_set.head.counts):
        scores = {t: member.there.scored.scores[t].overall for t in techniques if _is_covered(member, t)}
        best = score_colors(scores, overview_gradient(member.there))
        for technique, color in best.items():
            colors.setdefault(technique, color)
    return colors
