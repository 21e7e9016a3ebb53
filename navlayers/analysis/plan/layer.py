"""A plan → the layer of its coverage, with separate colors for techniques that it leaves uncovered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text.numbers import percent_figure, rounded
from navlayers._text.wording import first_few
from navlayers.analysis.gaps_layers import hidden_entries
from navlayers.analysis.plan.result import (
    amount,
    certainty,
    goal,
    label,
    summary,
    threat_coverage,
)
from navlayers.layer.annotate import NAMES_IN_COMMENT, make_entry
from navlayers.layer.build import count_facts, make_layer, release_fact, set_links
from navlayers.layer.colors import LegendItem
from navlayers.layer.ramps import UNCOVERED, count_gradient, count_legend, uncovered_item, value_gradient

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.analysis.plan.candidates import Candidate
    from navlayers.analysis.plan.result import Plan
    from navlayers.layer.colors import Gradient
    from navlayers.layer.document import Layer, Technique

LEFT = "#f48fbf"
"""The color of techniques that only capabilities outside the plan cover: of a hue that no ramp has."""

_TICKS = (100, 50, 10)
_OTHERS = 3


def plan_layer(plan: Plan) -> Layer:
    """The layer: the score of each technique under the plan, and who gives it."""
    titles = ", ".join(coverage.title for coverage in plan.inputs)
    numbers: list[float] = [len(plan.active_givers.get(technique, ())) for technique in plan.coverable]
    gradient = count_gradient(numbers) if plan.counts else value_gradient(plan.options.category, 100)
    legend = (
        count_legend(gradient, max(numbers), plan.noun)
        if plan.counts
        else tuple(LegendItem(f"{tick}", gradient.color(tick)) for tick in _TICKS)
    )
    techniques = sorted(_entries(plan, gradient), key=lambda entry: entry.techniqueID)
    covered = [entry.techniqueID for entry in techniques if entry.enabled and not entry.color]
    about = "overall" if plan.options.category is None else f"category {plan.options.category} only"
    counted = f"the number of {plan.noun.plural} of the plan that {plan.cover(2)} it"
    score = counted if plan.counts else f"the highest that the plan gives it, {about}"
    hidden = f" {threat_coverage(plan)}. Techniques that the threat does not use are hidden." if plan.threat else ""
    description = (
        f"{titles}. {summary(plan)}. A technique's score is {score}; techniques that the plan does not "
        f"{'map' if plan.counts else 'cover'} have separate colors.{hidden}"
    )
    return make_layer(
        f"Plan for {goal(plan)}: {titles}",
        plan.catalogue,
        techniques,
        gradient,
        [*legend, *_uncovered_legend(plan)],
        description=description,
        facts=[
            ("shows", "plan"),
            ("sets", titles),
            ("goal", goal(plan)),
            ("capabilities", ", ".join(sorted(plan.chosen))),
            ("in place", ", ".join(candidate.id for candidate in plan.had)),
            ("measure", plan.options.measure),
            ("category", plan.options.category or ""),
            ("minimum score", f"{rounded(plan.options.min_score):g}" if plan.options.min_score else ""),
            ("threat", plan.threat.title if plan.threat else ""),
            ("cost", amount(plan, plan.cost) if plan.prices else ""),
            ("share of the total", percent_figure(plan.value, plan.total, plan.options.least)),
            # The reader of layers recognizes counts by this fact.
            ("aggregate", "count" if plan.counts else ""),
            ("certainty", certainty(plan)),
            *count_facts(covered),
            release_fact(plan.catalogue),
            *((f"source of {coverage.name}", coverage.set.source) for coverage in plan.inputs),
            *((f"licence of {coverage.name}", coverage.set.licence) for coverage in plan.inputs),
        ],
        links=dict.fromkeys(link for coverage in plan.inputs for link in set_links(coverage.set)),
        hide_disabled=plan.threat is not None,
    )


def _uncovered_legend(plan: Plan) -> Iterator[LegendItem]:
    if len(plan.reached) < len(plan.coverable):
        yield LegendItem("not in plan", LEFT)
    if plan.threat and len(plan.coverable) < len(plan.threat.weights):
        yield uncovered_item(plan.covered_word)


def _entries(plan: Plan, gradient: Gradient) -> Iterator[Technique]:
    """Covered techniques, other coverable ones, uncoverable ones of the threat, and hidden ones.

    Uncovered techniques score 0, because an entry without a score means not rated.
    """
    labels = {appraisal.id: label(plan, appraisal) for appraisal in plan.appraisals}
    for technique in plan.coverable:
        yield _entry(plan, technique, gradient, labels)
    if plan.threat:
        used = {*plan.coverable, *plan.threat.weights}
        for technique in used.difference(plan.coverable):
            comment = f"No {plan.noun.singular} {plan.cover(1)} it"
            yield make_entry(
                technique, 0, gradient, comment=comment, color=UNCOVERED, facts=_weight(plan, technique)
            )
        yield from hidden_entries(plan.catalogue, used)


def _entry(plan: Plan, technique: str, gradient: Gradient, labels: dict[str, str]) -> Technique:
    def names(candidates: Sequence[Candidate], most: int = NAMES_IN_COMMENT) -> str:
        return first_few([labels[candidate.id] for candidate in candidates], most)

    def scores(candidates: Sequence[Candidate]) -> str:
        if plan.counts:
            return "; ".join(candidate.id for candidate in candidates)
        return "; ".join(f"{candidate.id} = {rounded(candidate.gives[technique]):g}" for candidate in candidates)

    mine, every = plan.active_givers.get(technique, []), plan.givers[technique]
    weight = _weight(plan, technique)
    if not mine:
        comment = f"Not {plan.covered_word} by the plan; can be {plan.covered_word} by {names(every)}"
        facts = [*weight, ("possible with", "; ".join(candidate.id for candidate in every))]
        return make_entry(technique, 0, gradient, comment=comment, color=LEFT, facts=facts)
    facts = [*weight, ("plan", scores(mine))]
    if plan.counts:
        number = len(mine)
        comment = f"Mapped by {plan.noun.counted(number)} of the plan\n{names(mine)}"
        return make_entry(technique, number, gradient, comment=comment, facts=facts)
    score, possible = mine[0].gives[technique], every[0].gives[technique]
    comment = f"{rounded(score):g} with the plan\n{names(mine)}"
    if possible > score:
        stronger = [candidate for candidate in every if candidate.gives[technique] == possible]
        comment += f"\n{rounded(possible):g} is possible with {names(stronger, _OTHERS)}"
        facts.append(
            ("possible", f"{rounded(possible):g} with {', '.join(candidate.id for candidate in stronger)}")
        )
    return make_entry(technique, score, gradient, comment=comment, facts=facts)


def _weight(plan: Plan, technique: str) -> list[tuple[str, str]]:
    return [("weight", f"{rounded(plan.weight(technique)):g}")] if plan.threat else []
