"""The pages of threats: the groups and campaigns of a domain, and each with its techniques in every set."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from navlayers.attack.catalogue import SITE
from navlayers.layer.ramps import UNCOVERED, uncovered_item
from navlayers.scoring.options import WEAK
from navlayers.website.joint import Ratio
from navlayers.website.legend import legend_of
from navlayers.website.matrix import covered, overview_gradient, score_of
from navlayers.website.pages import Crumb, Page, World
from navlayers.website.set_pictures import score_colors

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.attack import Threat
    from navlayers.layer.colors import Gradient
    from navlayers.website.joint import Member, Threatened
    from navlayers.website.legend import Legend


_TITLES = {
    "uncovered": "Not covered",
    "unrated": "Mapped, not rated",
    "weak": f"Weak: best score below {WEAK:g}",
    "covered": "Covered",
}
"""The states of techniques in the order of a page, gaps first, and their headings."""


class _Base(NamedTuple):
    """A set that is no threat: the techniques that it covers, and the colors of its scores."""

    member: Member
    covered: frozenset[str]
    gradient: Gradient


def threat_pages(world: World, threatened: Threatened) -> Iterator[Page]:
    """The list of the threats of a domain, and a page for each."""
    bases = [
        _Base(member, frozenset(covered(member.there.scored.scores)), overview_gradient(member.there))
        for member in threatened.joint.covering
    ]
    legend = legend_of((base.member.site_set.title, base.member.there) for base in bases)
    yield _list(world, threatened, bases)
    for threat in threatened.threats:
        yield _threat(world, threatened, threat, bases, legend)


def _list(world: World, threatened: Threatened, bases: Sequence[_Base]) -> Page:
    joint = threatened.joint
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
                    for member, ids, _ in bases
                ],
            )
            for threat in threatened.threats
        ],
    }
    return Page(path, "threats", title, (world.home, Crumb("Threats")), context)


def _threat(world: World, threatened: Threatened, threat: Threat, bases: Sequence[_Base], legend: Legend) -> Page:
    joint = threatened.joint
    addresses = world.addresses.threats[joint.domain]
    techniques = [joint.catalogue.techniques[identifier] for identifier in sorted(threat.techniques)]
    states = {t.id: _state(bases, t.id) for t in techniques}
    open_ = [technique for technique, state in states.items() if state == "uncovered"]
    # A technique shows the worst of its sub-techniques, not the best, so that every gap is in the picture.
    gaps = {id_ for technique in open_ for id_ in (technique, joint.catalogue.techniques[technique].parent) if id_}
    colors = _colors(bases, threat.techniques) | dict.fromkeys(sorted(gaps), UNCOVERED)
    total = len(techniques)
    count = sum(state in ("weak", "covered") for state in states.values())
    names = {tactic.shortname: tactic for tactic in joint.catalogue.tactics}
    context = {
        "threat": threat,
        "url": f"{SITE}/{threat.kind}s/{threat.id}/",
        "release": joint.release,
        "shares": [
            Ratio(member.site_set, len(ids.intersection(threat.techniques)), total) for member, ids, _ in bases
        ],
        "total": total,
        "covered": count,
        "open": len(open_),
        "not_covered": uncovered_item(),
        "legend": legend,
        "picture": joint.squares.draw(colors, world.colors, f"Matrix: {count} of {total} techniques covered"),
        "groups": [
            {
                "state": state,
                "title": title,
                "shares": state != "uncovered",
                "lines": [
                    (
                        technique,
                        [names[name] for name in technique.tactics if name in names],
                        [score_of(technique.id, member.there) for member in joint.covering],
                    )
                    for technique in techniques
                    if states[technique.id] == state
                ],
            }
            for state, title in _TITLES.items()
            if state in states.values()
        ],
    }
    crumbs = (world.home, Crumb("Threats", addresses.page), Crumb(f"{threat.id} {threat.name}"))
    return Page(addresses[threat.id], "threat", f"{threat.id} {threat.name}", crumbs, context)


def _state(bases: Sequence[_Base], technique: str) -> str:
    """The state of a technique, one of `_TITLES`; where a set has no scores, nothing is weak, as in `gaps`."""
    covering = [base.member for base in bases if technique in base.covered]
    if not covering:
        unrated = any(technique in base.member.there.scored.scores for base in bases)
        return "unrated" if unrated else "uncovered"
    if any(base.member.site_set.head.counts for base in bases):
        return "covered"
    best = max(member.there.scored.scores[technique].overall or 0 for member in covering)
    return "weak" if best < WEAK else "covered"


def _colors(bases: Sequence[_Base], techniques: tuple[str, ...]) -> dict[str, str]:
    """Technique → the color of its best score; sets of values come before sets of counts."""
    colors: dict[str, str] = {}
    for base in sorted(bases, key=lambda one: one.member.site_set.head.counts):
        found = base.member.there.scored.scores
        best = score_colors({t: found[t].overall for t in techniques if t in base.covered}, base.gradient)
        for technique, color in best.items():
            colors.setdefault(technique, color)
    return colors
