"""What a plan comes to, in words."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

from navlayers._text import percent, tidy
from navlayers.attack.domain import DOMAIN_NAMES

if TYPE_CHECKING:
    from navlayers.analysis.plan.candidates import Candidate
    from navlayers.analysis.plan.result import Plan

UNITS = frozenset(
    ["days", "hours", "weeks", "months", "fte", "eur", "euro", "euros", "usd", "gbp", "chf", "dollars", "$", "€"]
)
"""Headers of costs that are written after a number: "35 days"."""


def figure(number: Fraction) -> float:
    """A number with at most two decimals."""
    return tidy(float(number))


def share(plan: Plan, part: Fraction) -> str:
    """A share 0–1 of what all give as per cent, never rounded up to the target or to 100 %."""
    return f"{percent(part, plan.options.least):.1f} %"


def amount(plan: Plan, cost: Fraction) -> str:
    """A cost with its unit or header: "35 days", "price 1,200"."""
    number = f"{figure(cost):,}"
    return f"{number}{_unit(plan)}" if _unit(plan) else f"{plan.prices} {number}"


def _unit(plan: Plan) -> str:
    return f" {plan.prices}" if plan.prices.casefold() in UNITS else ""


def asked(plan: Plan) -> str:
    """The budget or target: "a budget of 10", "a target of 95 %"."""
    if plan.options.most is None:
        return f"a target of {float(100 * (plan.options.least or 0)):g} %"
    return f"a budget of {figure(plan.options.most):,}{_unit(plan)}"


def summary(plan: Plan) -> str:
    """The plan in a sentence.

    "Choose 13 of 109 capabilities for a target of 100 % at ATT&CK Enterprise 16.1: together they cover 469 of 469
    techniques; proven optimal".
    """
    release = f"ATT&CK {DOMAIN_NAMES[plan.catalogue.domain]} {plan.catalogue.version}"
    return f"{_choice(plan)} for {asked(plan)} at {release}: {_reached(plan)}; {certainty(plan)}"


def _choice(plan: Plan) -> str:
    chosen, every, had = len(plan.chosen), len(plan.appraisals), len(plan.had)
    details = [amount(plan, plan.cost)] if plan.prices and chosen else []
    without = sum(appraisal.state == "no cost" for appraisal in plan.appraisals)
    if 2 * without >= every:
        free = sum(appraisal.state in ("chosen", "not chosen") for appraisal in plan.appraisals)
        details.append(f"only {free} could be chosen, {without} have no cost")
    told = f" ({'; '.join(details)})" if details else ""
    if had:
        return f"Add {chosen or 'nothing'}{told} to the {had} in place"
    return f"Choose {chosen or 'none'} of {every} capabilities{told}"


def _reached(plan: Plan) -> str:
    had, every = len(plan.had), len(plan.appraisals)
    active = len(plan.chosen) + had
    they, s = ("together they", "") if active > 1 else ("it" if active else "that", "s")
    both = f"{len(plan.reached)} of {len(plan.coverable)}"
    if not plan.by_count:
        all_ = f"all {every}" if had else "all"
        values = f"{figure(plan.value):,} of {figure(plan.total):,}"
        return (
            f"{they} give{s} {share(plan, plan.share)} of what {all_} give ({values}), covering {both} techniques"
        )
    if plan.threat is not None:
        return f"{they} give{s} {share(plan, plan.share)} of what can be covered ({both})"
    if had:
        both = f"{len(plan.reached)} of the {len(plan.coverable)}"
    that = f" that all {every} cover" if had else ""
    part = f" ({share(plan, plan.share)})" if plan.share < 1 else ""
    return f"{they} cover{s} {both} techniques{that}{part}"


def certainty(plan: Plan) -> str:
    """Whether a better plan is possible, in words."""
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
    """How much of the threat the plan covers, and how much no candidate does; "" without a threat."""
    if plan.threat is None:
        return ""
    covered, every = len(plan.reached), len(plan.threat.weights)
    part = f"{percent(Fraction(covered, every)):.1f} % of the threat's {every} technique{'s' * (every != 1)}"
    uncovered = every - len(plan.coverable)
    none = f"no capability covers {uncovered} of them" if uncovered else "some capability covers each of them"
    return f"Against {plan.threat.title}: {part} {'is' if covered == 1 else 'are'} covered ({covered}); {none}"


def label(plan: Plan, candidate: Candidate, *, briefly: bool = False) -> str:
    """The label of a capability, with its set where there are several: "Cloud IDS (gcp)".

    With `briefly`, "AC-02" of "AC-02 Account Management".
    """
    coverage = next(coverage for coverage in plan.inputs if coverage.name == candidate.set)
    text = coverage.labels.get(candidate.capability, candidate.capability)
    if briefly and text.startswith(f"{candidate.capability} "):
        text = candidate.capability
    return f"{text} ({candidate.set})" if len(plan.inputs) > 1 else text
