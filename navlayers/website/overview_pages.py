"""The pages that list all of a kind: sets (the start page), techniques, tactics."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from navlayers._text.wording import or_list
from navlayers.mapping.model import ROLES
from navlayers.scoring.stats import tactic_stats
from navlayers.website.joint import Ratio
from navlayers.website.legend import legend_of
from navlayers.website.matrix import covered
from navlayers.website.pages import HOME, TACTICS, TECHNIQUES, Crumb, Page, World
from navlayers.website.set_pictures import set_picture

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.website.joint import Joint


def home_page(world: World, title: str) -> Page:
    """The start page: a card for each set."""
    present = {site_set.head.role for site_set in world.sets}
    words = {site_set.word for site_set in world.sets}
    context = {
        "cards": [(site_set, set_picture(site_set, world.colors)) for site_set in world.sets],
        "roles": [f"{role}s" for role in ROLES if role in present],
        "legend": legend_of((site_set.title, site_set.indexed) for site_set in world.sets),
        "bare": f"not {or_list(sorted(words))}",
    }
    return Page(HOME, "home", title, (), context)


def techniques_page(world: World, names: dict[str, str], joints: Sequence[Joint]) -> Page:
    """All techniques, and how many sets map each."""
    counted = [member.there.scored.scores for joint in joints for member in joint.counted]
    mapped = Counter(technique for scores in counted for technique in covered(scores))
    tactics: dict[str, list[str]] = {}
    for joint in joints:
        named = {tactic.shortname: tactic.name for tactic in joint.catalogue.tactics}
        for technique in joint.catalogue.techniques.values():
            tactics[technique.id] = [named[name] for name in technique.tactics if name in named]
    every = [technique for item in world.indexed for technique in item.catalogue.techniques.values()]
    headings = {t.id for t in every if t.in_matrix} - {t.id for t in every if t.active}
    context = {
        "lines": [
            (technique, name, tactics.get(technique, []), mapped[technique])
            for technique, name in names.items()
            if technique not in headings
        ],
        "counted_sets": sum(len(joint.counted) for joint in joints),
    }
    return Page(TECHNIQUES, "techniques", "Techniques", (world.home, Crumb("Techniques")), context)


def tactics_page(world: World, joints: Sequence[Joint]) -> Page:
    """The tactics of each domain, and the share of their techniques and sub-techniques that each set maps."""
    return Page(
        TACTICS,
        "tactics",
        "Tactics",
        (world.home, Crumb("Tactics")),
        {"joints": [(joint, list(_shares(joint))) for joint in joints]},
    )


def _shares(joint: Joint) -> Iterator[tuple[str, str, list[Ratio]]]:
    """Per tactic its id, its name and the share of each set in its techniques and sub-techniques."""
    shares = [tactic_stats(set(covered(member.there.scored.scores)), joint.catalogue) for member in joint.members]
    for tactic, *of_sets in zip(joint.catalogue.tactics, *shares, strict=True):
        ratios = zip(joint.members, of_sets, strict=True)
        yield tactic.id, tactic.name, [Ratio(member.site_set, one.mapped, one.total) for member, one in ratios]
