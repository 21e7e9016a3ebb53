"""Plans for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers.analysis.plan.summary import figure, summary

if TYPE_CHECKING:
    from navlayers.analysis.plan.alternatives import Redundancy
    from navlayers.analysis.plan.result import Appraisal, Plan


def as_json(plan: Plan) -> dict[str, object]:
    """All numbers of a plan; shares are in per cent."""
    options = plan.options
    return {
        "domain": plan.catalogue.domain,
        "attack_version": plan.catalogue.version,
        "sets": [one.name for one in plan.inputs],
        "summary": summary(plan),
        "budget": None if options.most is None else figure(options.most),
        "target": None if options.least is None else float(100 * options.least),
        "measure": options.measure,
        "category": options.category,
        "min_score": options.min_score,
        "threat": None if plan.threat is None else plan.threat.title,
        "techniques_of_threat": None if plan.threat is None else len(plan.threat.weights),
        "costs": plan.prices or None,
        "proven_optimal": plan.proven,
        "ties_settled": plan.settled,
        "bound": figure(plan.bound),
        "chosen": list(plan.chosen),
        "cost": figure(plan.cost),
        "value": figure(plan.value),
        "value_of_all": figure(plan.total),
        "share": float(100 * plan.share),
        "techniques": len(plan.reached),
        "techniques_of_all": len(plan.coverable),
        "steps": [
            {
                "capability": None if step.candidate is None else step.candidate.id,
                "cost": figure(step.cost),
                "adds": figure(step.gain),
                "together": figure(step.value),
                "share": float(100 * step.value / plan.total),
                "spent": figure(step.spent),
            }
            for step in plan.steps
        ],
        "capabilities": [_capability(plan, appraisal) for appraisal in plan.appraisals],
    }


def _capability(plan: Plan, one: Appraisal) -> dict[str, object]:
    return {
        "id": one.candidate.id,
        "set": one.candidate.set,
        "capability": one.candidate.capability,
        "name": one.candidate.name,
        "state": one.state,
        "cost": None if one.cost is None else figure(one.cost),
        "techniques": len(plan.covered([one.candidate])),
        "value": figure(one.value),
        "adds": figure(one.adds),
        "instead": None if one.swap is None else {"capability": one.swap.by, "loses": figure(one.swap.loss)},
        "beside_all": _overlap(one.beside_all),
        "beside_plan": _overlap(one.beside_plan),
    }


def _overlap(overlap: Redundancy) -> dict[str, object]:
    return {
        "only_it": list(overlap.only),
        "redundant": overlap.redundant,
        "by": list(overlap.by),
        "by_all_of_them_together": overlap.together,
    }
