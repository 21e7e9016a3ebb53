"""A plan → the layer of its coverage, with what the plan leaves uncovered in colors of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text import tidy
from navlayers.analysis.gaps_layers import UNCOVERED, hidden_entries
from navlayers.analysis.plan.result import best as best_of
from navlayers.analysis.plan.summary import against, amount, asked, certainty, label, share, summary
from navlayers.layer.annotate import NAMES_IN_COMMENT, make_entry
from navlayers.layer.build import count_facts, make_layer, release_fact, set_links
from navlayers.layer.colors import UNSCORED, LegendItem, count_gradient, count_legend, value_gradient

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from navlayers.analysis.plan.candidates import Candidate
    from navlayers.analysis.plan.result import Plan
    from navlayers.layer.colors import Gradient
    from navlayers.layer.document import Layer, Technique

LEFT = "#d9d9d9"
"""A technique that capabilities cover which the plan does not choose."""

_TICKS = (100, 50, 10)
_OTHERS = 3


def plan_layer(plan: Plan) -> Layer:
    """The layer: the score of each technique under the plan, and who gives it."""
    titles = ", ".join(one.title for one in plan.inputs)
    maker = _Maker(plan)
    techniques = maker.techniques()
    return make_layer(
        f"Plan for {asked(plan)}: {titles}",
        plan.catalogue,
        techniques,
        maker.gradient,
        maker.legend(),
        description=_description(plan, titles),
        facts=_facts(plan, titles, techniques),
        links=dict.fromkeys(link for one in plan.inputs for link in set_links(one.set)),
        hide_disabled=plan.threat is not None,
    )


def _description(plan: Plan, titles: str) -> str:
    about = "overall" if plan.options.category is None else f"category {plan.options.category} only"
    score = (
        "the number of capabilities of the plan that cover it"
        if plan.counts
        else f"the best that a capability of the plan gives it, {about}"
    )
    weighed = f" {against(plan)}. What the threat does not do is hidden." if plan.threat else ""
    return (
        f"{titles}. {summary(plan)}. A technique's score is {score}; those that the plan does not cover have "
        f"colours of their own.{weighed}"
    )


def _facts(plan: Plan, titles: str, techniques: Sequence[Technique]) -> list[tuple[str, str]]:
    covered = [entry.techniqueID for entry in techniques if entry.enabled and not entry.color]
    return [
        ("shows", "plan"),
        ("sets", titles),
        ("asked for", asked(plan)),
        ("capabilities", ", ".join(sorted(plan.chosen))),
        ("in place", ", ".join(candidate.id for candidate in plan.had)),
        ("measure", plan.options.measure),
        ("category", plan.options.category or ""),
        ("least score", f"{tidy(plan.options.min_score):g}" if plan.options.min_score else ""),
        ("threat", plan.threat.title if plan.threat else ""),
        ("cost", amount(plan, plan.cost) if plan.prices else ""),
        ("of what all give", share(plan, plan.share)),
        # Readers of layers know by it that the scores are numbers.
        ("aggregate", "count" if plan.counts else ""),
        ("certainty", certainty(plan)),
        *count_facts(covered),
        release_fact(plan.catalogue),
        *((f"source of {one.name}", one.set.source) for one in plan.inputs),
        *((f"licence of {one.name}", one.set.licence) for one in plan.inputs),
    ]


class _Maker:
    """What the entries of the layer share."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.labels = {a.candidate.id: label(plan, a.candidate) for a in plan.appraisals}
        self.numbers: list[float] = [len(plan.active_givers.get(technique, ())) for technique in plan.coverable]
        self.gradient: Gradient = (
            count_gradient(self.numbers) if plan.counts else value_gradient(plan.options.category, 100)
        )

    def techniques(self) -> tuple[Technique, ...]:
        """The entries by id: covered, left out by the plan, those of the threat that nobody covers, and all others.

        What is not covered scores 0: an entry without a score tells that it is covered, though not how well.
        What the threat does not do is hidden, but not the parent of what it does, with which that would go.
        """
        plan = self.plan
        found = {technique: self._entry(technique) for technique in plan.coverable}
        for technique in plan.threat.weights if plan.threat else ():
            if technique not in found:
                found[technique] = make_entry(
                    technique,
                    0,
                    self.gradient,
                    comment="No capability covers it",
                    color=UNCOVERED,
                    facts=self._weight(technique),
                )
        if plan.threat:
            found |= {entry.techniqueID: entry for entry in hidden_entries(plan.catalogue, tuple(found))}
        return tuple(found[technique] for technique in sorted(found))

    def legend(self) -> tuple[LegendItem, ...]:
        plan, gradient = self.plan, self.gradient
        unrated = any(s is None for one in plan.active for s in one.gives.values()) and not plan.counts
        items = (
            count_legend(gradient, max(self.numbers))
            if plan.counts
            else tuple(LegendItem(f"{tick}", gradient.color(tick)) for tick in _TICKS)
        )
        more = [LegendItem("not rated", UNSCORED)] if unrated else []
        if len(plan.reached) < len(plan.coverable):
            more.append(LegendItem("not in plan", LEFT))
        if plan.threat and len(plan.coverable) < len(plan.threat.weights):
            more.append(LegendItem("nothing covers", UNCOVERED))
        return (*items, *more)

    def _entry(self, technique: str) -> Technique:
        mine, every = self.plan.active_givers.get(technique, []), self.plan.givers[technique]
        if not mine:
            return make_entry(
                technique,
                0,
                self.gradient,
                comment=f"Not covered by the plan; it would be by {self._names(every, len(every) > 1)}",
                color=LEFT,
                facts=(*self._weight(technique), ("possible with", self._listed(every))),
            )
        score = len(mine) if self.plan.counts else best_of(technique, mine)
        best = None if self.plan.counts else best_of(technique, every)
        lines = [self._first_line(mine, score), self._names(mine, several=True)]
        more: tuple[tuple[str, str], ...] = ()
        if best is not None and best > (score or 0):
            stronger = [candidate for candidate in every if candidate.gives[technique] == best]
            lines.append(f"{tidy(best):g} is possible with {self._names(stronger, several=True, most=_OTHERS)}")
            more = (("possible", f"{tidy(best):g} with {', '.join(c.id for c in stronger)}"),)
        return make_entry(
            technique,
            score,
            self.gradient,
            comment="\n".join(lines),
            facts=(*self._weight(technique), ("plan", self._listed(mine, technique)), *more),
        )

    def _first_line(self, mine: Sequence[Candidate], score: float | None) -> str:
        if self.plan.counts:
            return f"Covered by {len(mine)} capabilit{'y' if len(mine) == 1 else 'ies'} of the plan"
        return "Covered by the plan, not rated" if score is None else f"{tidy(score):g} under the plan"

    def _names(self, candidates: Sequence[Candidate], several: bool, most: int = NAMES_IN_COMMENT) -> str:
        names = [self.labels[candidate.id] for candidate in candidates]
        more = len(names) - most
        return ", ".join(names[:most]) + (f", +{more} more" if several and more > 0 else "")

    def _listed(self, candidates: Iterable[Candidate], technique: str | None = None) -> str:
        """Ids, with the scores that they give a technique."""
        parts = []
        for candidate in candidates:
            score = None if technique is None or self.plan.counts else candidate.gives[technique]
            parts.append(candidate.id if score is None else f"{candidate.id} = {tidy(score):g}")
        return "; ".join(parts)

    def _weight(self, technique: str) -> tuple[tuple[str, str], ...]:
        return (("weight", f"{tidy(self.plan.weight(technique)):g}"),) if self.plan.threat else ()
