"""A plan as tables: the curve, the capabilities, what is redundant, the techniques."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from navlayers.plan.words import figure, summary
from navlayers.tables import Column, Table, columns

if TYPE_CHECKING:
    from fractions import Fraction

    from navlayers.plan.candidates import Candidate
    from navlayers.plan.model import Appraisal, Plan
    from navlayers.plan.overlap import Overlap
    from navlayers.tables import Cell

NAMED = 3
"""So many others are named in a cell."""

BRIEFLY, REDUNDANT = 2, 20
"""So many others are named, and so many redundant capabilities listed, on the terminal."""


def tables_of(plan: Plan) -> list[Table]:
    """All tables, the curve first."""
    return [curve(plan), redundant(plan), capabilities(plan), techniques(plan)]


def curve(plan: Plan, *, brief: bool = False) -> Table:
    """The capabilities of the plan by what each adds per cost to those before it, what was had first.

    `brief` is for a terminal: id and name in one column.
    """
    only = {a.candidate.id: len(a.beside_plan.only) for a in plan.appraisals}
    had = f"{sum(appraisal.state == 'have' for appraisal in plan.appraisals)} in place"
    rows: list[tuple[Cell, ...]] = []
    for number, step in enumerate(plan.steps, plan.steps[0].candidate is not None if plan.steps else 0):
        one = step.candidate
        if one is None:
            ours: tuple[Cell, ...] = (None, had, None) if brief else (None, "", had, None)
        elif brief:
            ours = (number, label(one), only[one.id])
        else:
            ours = (number, one.id, one.name, only[one.id])
        cost, spent = ((figure(step.cost),), (figure(step.spent),)) if plan.prices else ((), ())
        rows.append(
            (*ours, *cost, figure(step.gain), figure(step.value), _percent(step.value / plan.total), *spent)
        )
    headers = (
        Column("#", "number"),
        *columns("capability", *(() if brief else ("name",))),
        *columns("only it", *((plan.prices,) if plan.prices else ()), "adds", "together", kind="number"),
        Column("of all", "percent"),
        *(columns("spent", kind="number") if plan.prices else ()),
    )
    note = "only it: techniques to which no other of the plan gives as much"
    if not brief:
        unit = "techniques" if plan.by_count else "scores times weights, a score of 100 being 1"
        note += f"; adds, together: {unit}"
    return Table("plan", "The plan" if brief else summary(plan), headers, tuple(rows), note)


def label(candidate: Candidate) -> str:
    """A capability in one cell: its id, and its name where that says more."""
    own, name = (re.sub(r"[\W_]+", "", text).casefold() for text in (candidate.capability, candidate.name))
    return candidate.id if own == name else f"{candidate.id} {candidate.name}"


def _percent(share: Fraction) -> float:
    """Rounded down, so that 100 is all."""
    return math.floor(share * 1000) / 10


def redundant(plan: Plan, *, brief: bool = False) -> Table:
    """The capabilities all of whose scores others give as well; `brief` is what a terminal has room for."""
    found = [one for one in plan.appraisals if one.beside_all.redundant]
    title = f"Redundant: others give all that {len(found)} of {len(plan.appraisals)} capabilities give"
    if brief:
        rows = tuple((one.candidate.id, by(one.beside_all, BRIEFLY)) for one in found[:REDUNDANT])
        more = len(found) - len(rows)
        note = f"… and {more} more, with -o or --json" if more else ""
        return Table("redundant", title, columns("capability", "others that give it all"), rows, note)
    headers = columns("capability", "name", "state", "others that give it all", "the plan gives it all by")
    every = tuple(
        (one.candidate.id, one.candidate.name, one.state, by(one.beside_all), by(one.beside_plan)) for one in found
    )
    return Table("redundant", title, headers, every)


def by(overlap: Overlap, most: int = NAMED) -> str:
    """Which others give all of it: "AC-03, CM-06" each by itself, "AC-03 + CM-06" together."""
    if not overlap.redundant:
        return ""
    if not overlap.by:
        return "several together"
    if overlap.together:
        return " + ".join(overlap.by)
    more = len(overlap.by) - most
    return ", ".join(overlap.by[:most]) + (f", +{more} more" if more > 0 else "")


def capabilities(plan: Plan) -> Table:
    """Every candidate: its state, cost, techniques, value, what only it gives, who makes it redundant."""
    priced = bool(plan.prices)
    headers = (
        *columns("capability", "name", "state"),
        *columns(*((plan.prices,) if priced else ()), "techniques", "value", kind="number"),
        *columns("only it of all", "only it in the plan", kind="number"),
        *columns("techniques that only it gives", "others that give it all", "the plan gives it all by"),
    )
    rows = tuple(_capability(plan, one, priced=priced) for one in plan.appraisals)
    title = f"All {len(plan.appraisals)} capabilities"
    return Table("capabilities", title, headers, rows, "techniques: those that count in the plan")


def _capability(plan: Plan, one: Appraisal, *, priced: bool) -> tuple[Cell, ...]:
    cost: list[Cell] = [None if one.cost is None else figure(one.cost)] if priced else []
    return (
        one.candidate.id,
        one.candidate.name,
        one.state,
        *cost,
        len(plan.covered([one.candidate])),
        figure(one.value),
        len(one.beside_all.only),
        len(one.beside_plan.only) if one.state in ("chosen", "have") else None,
        ", ".join(one.beside_all.only),
        by(one.beside_all),
        by(one.beside_plan),
    )


def techniques(plan: Plan) -> Table:
    """Every technique that counts: its score under the plan, who gives it, and the best score that any gives."""
    weighed = plan.threat is not None
    listed = plan.coverable if plan.threat is None else tuple(sorted({*plan.coverable, *plan.threat.weights}))
    rows: list[tuple[Cell, ...]] = []
    for id_ in listed:
        technique = plan.catalogue.techniques[id_]
        mine, best = plan.best(id_, plan.active), plan.best(id_, [a.candidate for a in plan.appraisals])
        givers = [c.id for c in plan.active if id_ in c.gives and c.gives[id_] == mine]
        weight: list[Cell] = [plan.weight(id_)] if weighed else []
        rows.append(
            (
                id_,
                technique.name,
                ", ".join(technique.tactics),
                *weight,
                _score(mine, givers),
                ", ".join(givers),
                best,
            )
        )
    headers = (
        Column("technique", "technique"),
        *columns("name", "tactics"),
        *(columns("weight", kind="number") if weighed else ()),
        Column("under the plan", "number"),
        Column("given by"),
        Column("best of all", "number"),
    )
    return Table("techniques", "Techniques and their scores under the plan", headers, tuple(rows))


def _score(score: float | None, givers: list[str]) -> Cell:
    return "not rated" if score is None and givers else score
