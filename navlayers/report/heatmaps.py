"""The layers that a report draws: each input, and of several their union, differences and the gap."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from navlayers.comparing.layers import layers_of as compared_layers
from navlayers.layers.build import layers_of as built_layers
from navlayers.layers.document import Layer, encode_layer
from navlayers.render.view import Ratios, view_of
from navlayers.report.document import Heatmap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.attack import Catalogue
    from navlayers.gaps.model import Gaps
    from navlayers.plan.model import Plan
    from navlayers.report.subject import Subject

_TECHNIQUES = "techniques and sub-techniques"

_OF_SEVERAL = {
    "union": ("All together", "The score of a technique is the highest that any input gives it."),
    "difference": (
        "",
        "The score of a technique is that of the second minus that of the first; what only one of them covers has "
        "a colour of its own, what neither covers has none.",
    ),
    "gap": (
        "What none covers",
        "The active techniques that no input covers. The score is 100; of one with sub-techniques of which some "
        "are covered, the share of them in per cent that none covers.",
    ),
}
"""Kind of layer → its title, "" for its own, and its caption: a picture has no comments that could say more."""


def heatmaps(subject: Subject) -> Iterator[Heatmap]:
    """The heatmaps in reading order."""
    for title, caption, layer, ratios in _layers(subject):
        yield heatmap(subject, layer, title, caption, ratios)


def _layers(subject: Subject) -> Iterator[tuple[str, str, Layer, Ratios | None]]:
    comparison = subject.comparison
    (first, *more) = comparison.inputs
    titles = _titles(subject)
    if not more and comparison.category is None and not (first.is_layer or first.covered_only):
        # By itself, a set has the colours and the legend of its own scale.
        (built,) = built_layers(first.scored, ["overview"])
        yield next(titles), "", built.layer, None
        return
    for _, kind, layer in compared_layers(comparison):
        if kind == "input":
            yield next(titles), "", layer, None
        elif more and kind in _OF_SEVERAL:
            title, caption = _OF_SEVERAL[kind]
            yield title or layer.name, caption, layer, _of_none(subject) if kind == "gap" else None


def _titles(subject: Subject) -> Iterator[str]:
    """What stands above the heatmaps of the inputs."""
    about = subject.comparison.category
    return (name if about is None else f"{name}: {about}" for name in subject.names)


def _of_none(subject: Subject) -> Ratios:
    """How much of each tactic no input covers."""
    comparison = subject.comparison
    gaps, total = len(comparison.gaps), comparison.active
    return Ratios(
        {tactic.tactic: (tactic.total - tactic.any, tactic.total) for tactic in comparison.tactics},
        f"{gaps:,} of {total:,} {_TECHNIQUES} covered by none",
        f"{_TECHNIQUES} covered by none",
    )


def gaps_ratios(gaps: Gaps, kind: str) -> Ratios:
    """How much of the threat is covered, beneath its tactics, or for the layer "gap" how much of it is not well."""
    every = [row.technique for row in gaps.rows]
    if kind == "gap":
        what = "not covered, or weakly" if gaps.scored else "not covered"
        return _of_threat(gaps.catalogue, every, [row.technique for row in gaps.open], what)
    return _of_threat(gaps.catalogue, every, [row.technique for row in gaps.rows if row.covered], "covered")


def plan_ratios(plan: Plan) -> Ratios:
    """How much of the threat the plan covers, or else of all that any capability does."""
    every = plan.coverable if plan.threat is None else [t for t in plan.threat.weights if plan.weight(t)]
    return _of_threat(plan.catalogue, every, plan.reached, "covered by the plan")


def _of_threat(catalogue: Catalogue, every: Sequence[str], found: Sequence[str], what: str) -> Ratios:
    of, counted = (
        Counter(tactic for technique in techniques for tactic in catalogue.techniques[technique].tactics)
        for techniques in (every, found)
    )
    return Ratios(
        {tactic: (counted[tactic], total) for tactic, total in of.items()},
        f"{len(found):,} of {len(every):,} {_TECHNIQUES} {what}",
        f"{_TECHNIQUES} {what}",
    )


def heatmap(subject: Subject, layer: Layer, title: str, caption: str = "", ratios: Ratios | None = None) -> Heatmap:
    """A layer that is drawn below a title of its own, with the caption or else what the layer says of itself.

    `ratios` stand beneath the tactics in place of how much of them the layer annotates.
    """
    view = view_of(msgspec.json.decode(encode_layer(layer)), subject.catalogue, title)
    said = caption or layer.description
    return Heatmap(msgspec.structs.replace(view, description=said, ratios=ratios), title, said)
