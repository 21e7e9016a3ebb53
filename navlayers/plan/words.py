"""What a plan comes to, in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from navlayers.aggregate import tidy

if TYPE_CHECKING:
    from fractions import Fraction

    from navlayers.plan.model import Plan


def figure(number: Fraction) -> float:
    """A number as it is written: two decimals at most."""
    return tidy(float(number))


def percent(share: Fraction) -> str:
    """A share of 1 in per cent, with one decimal; rounded down, so that 100 is all."""
    return f"{math.floor(share * 1000) / 10:.1f} %"


def summary(plan: Plan) -> str:
    """The plan in a sentence: "13 of 109 capabilities cover 469 of 469 techniques; proven optimal"."""
    return f"{_reached(plan)}{_spent(plan)}; {certainty(plan)}"


def _reached(plan: Plan) -> str:
    chosen, candidates = len(plan.chosen), len(plan.appraisals)
    had = sum(appraisal.state == "have" for appraisal in plan.appraisals)
    subject = f"{chosen} of {candidates} capabilities" + (f", with {had} in place," * bool(had))
    one = chosen + had == 1
    of = f"{len(plan.covered(plan.active))} of {len(plan.coverable)} techniques"
    if plan.by_count:
        return f"{subject} cover{'s' * one} {of}"
    both = f"{figure(plan.value):,} of {figure(plan.total):,}"
    return f"{subject} give{'s' * one} {percent(plan.share)} of what all give ({both}), covering {of}"


def _spent(plan: Plan) -> str:
    if not plan.prices:
        return ""
    limit = "" if plan.options.most is None else f" of {figure(plan.options.most):,}"
    return f", for {figure(plan.cost):,}{limit} ({plan.prices})"


def certainty(plan: Plan) -> str:
    """How sure it is that no plan is better."""
    if plan.proven:
        ties = "" if plan.settled else ", though of plans as good it may not be the first"
        return f"proven optimal{ties}"
    seconds = f"the time limit of {plan.options.seconds:g} s ended the search"
    if plan.options.most is None:
        least = f"{figure(plan.bound):,}"
        what = f"costs less than {least}" if plan.prices else f"has fewer than {least} capabilities"
        return f"{seconds}: no plan {what}"
    more = plan.bound / plan.value - 1 if plan.value else None
    if more is None:
        return f"{seconds}: at most {figure(plan.bound):,} is possible"
    return f"{seconds}: at most {math.ceil(more * 1000) / 10:g} % more is possible"


def against(plan: Plan) -> str:
    """What the threat is, and how much of it no candidate covers; "" without a threat."""
    if plan.threat is None:
        return ""
    uncovered = len(plan.threat.weights) - len(plan.coverable)
    techniques = len(plan.threat.weights)
    none = f"{uncovered} of them covered by no capability" if uncovered else "all covered by some capability"
    return f"Against {plan.threat.title}: {techniques} technique{'s' * (techniques != 1)}, {none}"


def asked(plan: Plan) -> str:
    """What was asked for: "a budget of 10", "a target of 95 %"."""
    if plan.options.most is not None:
        return f"a budget of {figure(plan.options.most):,}"
    return f"a target of {float(100 * (plan.options.least or 0)):g} %"
