"""The page that compares two sets over one matrix, at the same ATT&CK release or at two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from navlayers import attack
from navlayers.attack import versions
from navlayers.layer.ramps import ONLY_FIRST, ONLY_SECOND, UNCOVERED
from navlayers.mapping.nouns import common_noun
from navlayers.web.explorer import Explorer, Input, Numbers, View, clean, not_rated_colors, to_json
from navlayers.website.joint import joint_of
from navlayers.website.matrix import Matrix, explorer, overview_gradient, overview_legend, release_script
from navlayers.website.pages import Crumb, Page, World

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.output.html import Colors
    from navlayers.website.joint import Joint
    from navlayers.website.pages import Addresses


class ReleaseSets(msgspec.Struct, frozen=True):
    """Sets at one release, to compare any two.

    `script` holds the release; `replaced` has the techniques that it does not have, with their successors in it, ""
    for none; `absent` has the ids that have no page on the site.
    """

    version: str
    script: str
    data: Explorer
    replaced: dict[str, str]
    absent: list[str]


def releases(joint: Joint) -> Iterator[Joint]:
    """The sets at the release of the joint, at the newest one if that is newer, and at their own older ones."""
    yield joint
    sets = [member.site_set for member in joint.members]
    newest = attack.find(joint.domain).catalogue
    if versions.number(newest.version) > versions.number(joint.catalogue.version):
        yield joint_of(joint.domain, newest, sets)
    own = {item.indexed.catalogue.version: item.indexed.catalogue for item in sets}
    for version in sorted(own.keys() - {joint.catalogue.version}, key=versions.number, reverse=True):
        of_version = [item for item in sets if item.indexed.catalogue.version == version]
        yield joint_of(joint.domain, own[version], of_version)


def compare_page(world: World, joints: Sequence[Joint]) -> Page:
    """The page that compares any two sets of a domain, at the same release or at two, over one matrix.

    Args:
        world: all that pages are made of.
        joints: the sets at each release, as `releases` gives them.
    """
    joint, path = joints[0], world.addresses.compare[joints[0].domain]
    context = {
        "release": joint.release,
        "versions": [one.catalogue.version for one in joints[1:]],
        "domain": joint.domain,
        "others": world.addresses.compare,
        "matrix": _matrix(joints, world.addresses, path, world.colors),
        "marks": (ONLY_FIRST, ONLY_SECOND),
        "neither": UNCOVERED,
    }
    return Page(path, "compare", f"Compare sets of {joint.release}", (world.home, Crumb("Compare")), context)


def _matrix(joints: Sequence[Joint], addresses: Addresses, page: str, colors: Colors) -> Matrix:
    """The matrices of the sets of a domain at some releases."""
    data = [_release_sets(joint, addresses, page, colors) for joint in joints]
    catalogue = joints[0].catalogue
    return Matrix(to_json(data), release_script(catalogue), catalogue.tactics)


def _release_sets(joint: Joint, addresses: Addresses, page: str, colors: Colors) -> ReleaseSets:
    """The overall scores of the sets at one release, each in the colors of its set."""
    catalogue = joint.catalogue
    numbers = Numbers(catalogue, colors)
    views, sets = [], []
    for at, (site_set, there) in enumerate(joint.members):
        scores = {technique: entry.overall for technique, entry in there.scored.scores.items()}
        gradient = overview_gradient(there)
        legend = overview_legend(there, gradient, scores)
        shown = numbers.shown(scores, gradient, legend, colors=not_rated_colors(scores))
        title = clean(site_set.title)
        views.append(View(f"{site_set.addresses.name}@{catalogue.version}", title, "set", [at], [shown]))
        entries = there.scored.scores.items()
        sets.append(Input(title, title, counts={numbers.techniques[t]: len(e.capabilities) for t, e in entries}))
    noun = common_noun(member.site_set.head.noun for member in joint.members)
    replaced: dict[str, str] = {}
    for _, there in joint.members:
        replaced |= {one.id: "" for one in there.scored.left_out}
        replaced |= {one.id: one.successor for one in there.prepared.replaced}
    ids = (*numbers.techniques, *(tactic.id for tactic in catalogue.tactics))
    known = addresses.techniques.keys() | addresses.tactics.keys()
    return ReleaseSets(
        version=catalogue.version,
        script=release_script(catalogue),
        data=explorer(numbers, views, page, sets=sets, noun=noun, counts=False),
        replaced=dict(sorted(replaced.items())),
        absent=sorted(set(ids) - known),
    )
