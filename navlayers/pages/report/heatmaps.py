"""The layers that a report draws, and its sections about a threat and a plan."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers.analysis.compare_layers import layers_of as compared_layers
from navlayers.analysis.gaps_layers import layers_of
from navlayers.analysis.gaps_result import headline
from navlayers.analysis.plan.layer import plan_layer
from navlayers.analysis.plan.result import against, summary
from navlayers.layer.build import layers_of as built_layers
from navlayers.layer.view import COMMENTED, Ratios, View
from navlayers.output.document import Figure, Paragraph
from navlayers.pages import gaps as gap_tables
from navlayers.pages import plan as plan_tables
from navlayers.pages.report.wording import in_full

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.analysis.gaps_result import Gaps
    from navlayers.analysis.plan.result import Plan
    from navlayers.attack import Catalogue
    from navlayers.layer.document import Layer
    from navlayers.output.document import Block
    from navlayers.pages.report.subject import Subject

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


class Reading(NamedTuple):
    """How to read a heatmap: the figures of its tactics, what cells without a colour are, what stands in some."""

    ratios: Ratios | None = None
    unscored: str = "not covered"
    mark: str = COMMENTED


_OF_INPUTS = Reading()
_NOT_OF_THREAT = "not of the threat"


def heatmap_blocks(subject: Subject) -> Iterator[Figure]:
    """The heatmaps in reading order."""
    for title, caption, layer, reading in _layers(subject):
        yield heatmap(subject, layer, title, caption, reading)


def _layers(subject: Subject) -> Iterator[tuple[str, str, Layer, Reading]]:
    comparison = subject.comparison
    (first, *more) = comparison.inputs
    titles = _titles(subject)
    if not more and comparison.category is None and not (first.is_layer or first.covered_only):
        # By itself, a set has the colours and the legend of its own scale.
        (built,) = built_layers(first.scored, ["overview"])
        yield next(titles), "", built.layer, _OF_INPUTS
        return
    for _, kind, layer in compared_layers(comparison):
        if kind == "input":
            yield next(titles), "", layer, _OF_INPUTS
        elif more and kind in _OF_SEVERAL:
            title, caption = _OF_SEVERAL[kind]
            yield title or layer.name, caption, layer, _of_none(subject) if kind == "gap" else _OF_INPUTS


def _titles(subject: Subject) -> Iterator[str]:
    """What stands above the heatmaps of the inputs."""
    about = subject.comparison.category
    return (name if about is None else f"{name}: {about}" for name in subject.names)


def _of_none(subject: Subject) -> Reading:
    """How much of each tactic no input covers."""
    comparison = subject.comparison
    gaps, total = len(comparison.gaps), comparison.active
    ratios = Ratios(
        {tactic.tactic: (tactic.total - tactic.any, tactic.total) for tactic in comparison.tactics},
        f"{gaps:,} of {total:,} {_TECHNIQUES} covered by none",
        f"{_TECHNIQUES} covered by none",
    )
    return Reading(ratios, "covered")


def of_gaps(gaps: Gaps, kind: str) -> Reading:
    """How much of the threat is covered, or, for the layer "gap", how much of it is not covered well."""
    every = [row.technique for row in gaps.rows]
    if kind != "gap":
        found = [row.technique for row in gaps.rows if row.covered]
        return Reading(_counted(gaps.catalogue, every, found, "covered"), _NOT_OF_THREAT)
    what = "not covered, or weakly" if gaps.scored else "not covered"
    found = [row.technique for row in gaps.open]
    return Reading(_counted(gaps.catalogue, every, found, what), _NOT_OF_THREAT, "✓")


def of_plan(plan: Plan) -> Reading:
    """How much the plan covers of the threat, or else of all that any capability does."""
    every, unscored = plan.coverable, "nothing covers"
    if plan.threat is not None:
        every, unscored = tuple(filter(plan.weight, plan.threat.weights)), _NOT_OF_THREAT
    return Reading(_counted(plan.catalogue, every, plan.reached, "covered by the plan"), unscored)


def _counted(catalogue: Catalogue, every: Sequence[str], found: Sequence[str], what: str) -> Ratios:
    of, counted = (
        Counter(tactic for technique in techniques for tactic in catalogue.techniques[technique].tactics)
        for techniques in (every, found)
    )
    return Ratios(
        {tactic: (counted[tactic], total) for tactic, total in of.items()},
        f"{len(found):,} of {len(every):,} {_TECHNIQUES} {what}",
        f"{_TECHNIQUES} {what}",
    )


def heatmap(subject: Subject, layer: Layer, title: str, caption: str = "", reading: Reading = _OF_INPUTS) -> Figure:
    """A layer that is drawn below a title of its own, with the caption or else what the layer says of itself."""
    said = caption or layer.description
    view = msgspec.structs.replace(
        View.of(layer, subject.catalogue),
        description=said,
        ratios=reading.ratios,
        unscored=reading.unscored,
        mark=reading.mark,
    )
    return Figure(view, title, said)


UNRATED = "What is mapped counts in full there, for the sets do not say how well."
"""Said of a plan of unscored sets."""

_DRAWN = ("coverage", "gap")


def gaps_blocks(subject: Subject) -> Iterator[Block]:
    """How much of the threat is covered, what is not, and by which capabilities; heatmaps of coverage and gap."""
    gaps = subject.gaps
    if gaps is None:
        return
    yield Paragraph(headline(gaps))
    for table in gap_tables.brief_tables(gaps):
        # What a terminal is told of files is in the appendix here.
        note = "The appendix has all." if table.note.startswith("…") else table.note
        yield in_full(msgspec.structs.replace(table, note=note), subject.catalogue)
    for _, kind, layer in layers_of(gaps):
        if kind in _DRAWN:
            yield heatmap(subject, layer, layer.name, reading=of_gaps(gaps, kind))


def plan_blocks(subject: Subject) -> Iterator[Block]:
    """The chosen capabilities by what each adds, what comes next, who could take their place."""
    plan = subject.plan
    if plan is None:
        return
    sentences = [f"{sentence}." for sentence in (summary(plan), against(plan)) if sentence]
    yield Paragraph(" ".join([*sentences, *([UNRATED] if plan.counts else [])]))
    yield from plan_tables.brief_tables(plan)
    layer = plan_layer(plan)
    yield heatmap(subject, layer, layer.name, reading=of_plan(plan))
