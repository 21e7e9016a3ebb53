"""The page of a plan: its curve, what lies near it, capabilities, techniques; as tables, files and JSON."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from navlayers._text import percent
from navlayers.analysis.plan.layer import plan_layer
from navlayers.analysis.plan.result import best
from navlayers.analysis.plan.summary import asked, figure, label, summary
from navlayers.output.tables import Column, Table, columns
from navlayers.pages.results import about, folder_of, layer_files, table_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.analysis.plan.alternatives import Redundancy
    from navlayers.analysis.plan.candidates import Candidate
    from navlayers.analysis.plan.result import Appraisal, Plan
    from navlayers.output.tables import Cell

NAMED = 3
"""So many others are named in a cell."""

NEAR = 5
"""So many capabilities of the next best, and so many that others could replace, stand on the terminal."""

NEARLY = Fraction(1, 100)
"""Another capability does nearly as well where no more of the plan's value is lost with it."""


def tables_of(plan: Plan) -> list[Table]:
    """All tables, the curve first."""
    return [curve(plan), next_best(plan), swaps(plan), capabilities(plan), redundant(plan), techniques(plan)]


def brief_tables(plan: Plan) -> Iterator[Table]:
    """What a terminal has room for; tables without a row are left out."""
    found = (curve(plan, brief=True), next_best(plan, brief=True), swaps(plan, brief=True))
    yield from (table for table in found if table.rows)


def unit(plan: Plan) -> str:
    """What values are counted in."""
    return "techniques" if plan.by_count else "weight"


def words(plan: Plan) -> list[tuple[str, str]]:
    """What the headers of the tables mean."""
    weighed = "" if plan.threat is None else " × the technique's weight"
    value = "a technique counts" if plan.by_count else f"a technique counts its score / 100{weighed}"
    return [
        ("the plan", summary(plan)),
        *([] if plan.threat is None else [("threat", plan.threat.title)]),
        ("value", f"what a capability gives by itself: {value}"),
        ("adds", f"what it gives beyond those before it, or beyond the plan, in {unit(plan)}"),
        ("together", "what there is with it and those before it"),
        ("share", "that, of what all capabilities give"),
        ("only it", "techniques to which no other gives as much: of all candidates, or of the plan"),
        ("instead", "who could best take its place in the plan, for what is asked; loses: what is lost then"),
        ("others that give it all", "each by itself; joined by +, all of them together"),
        ("state", "chosen, have (in place), excluded, no cost, not chosen"),
    ]


def curve(plan: Plan, *, brief: bool = False) -> Table:
    """The capabilities of the plan by what each adds per cost to those before it, what was had first.

    `brief` is for a terminal: what people call them, in one column.
    """
    only = {a.candidate.id: len(a.beside_plan.only) for a in plan.appraisals}
    rows: list[tuple[Cell, ...]] = []
    for number, step in enumerate(plan.steps, 0 if plan.had else 1):
        one = step.candidate
        ours: tuple[Cell, ...] = (number or None, *_called(plan, one, brief=brief))
        cost, spent = ((figure(step.cost),), (figure(step.spent),)) if plan.prices else ((), ())
        figures = (figure(step.gain), figure(step.value), _percent(plan, step.value))
        rows.append((*ours, None if one is None else only[one.id], *cost, *figures, *spent))
    headers = (
        Column("#", "number"),
        *columns("capability", *(() if brief else ("name",))),
        *columns("only it", *_priced(plan), f"adds ({unit(plan)})", "together", kind="number"),
        Column("share", "percent"),
        *(columns("spent", kind="number") if plan.prices else ()),
    )
    note = "only it: techniques to which no other of the plan gives as much"
    if not plan.by_count:
        note += f"; weight: a score of 100 counts {'1' if plan.threat is None else 'the weight of its technique'}"
    return Table("plan", "The plan", headers, tuple(rows), note)


def _called(plan: Plan, one: Candidate | None, *, brief: bool) -> tuple[str, ...]:
    """The cells that name a capability; None is what was had."""
    if one is not None:
        return (label(plan, one),) if brief else (one.id, one.name)
    had = [label(plan, candidate, briefly=True) if brief else candidate.id for candidate in plan.had]
    more = len(had) - NAMED if brief else 0
    text = f"in place: {', '.join(had[:NAMED] if more > 0 else had)}" + (f", +{more} more" if more > 0 else "")
    return (text,) if brief else ("", text)


def _priced(plan: Plan) -> tuple[str, ...]:
    """The header of costs, where there are any."""
    return (plan.prices,) if plan.prices else ()


def _percent(plan: Plan, value: Fraction) -> float:
    return percent(value / plan.total, plan.options.least)


def next_best(plan: Plan, *, brief: bool = False) -> Table:
    """Those that were not chosen and would add something, by what each would add per cost; `brief`: the first."""
    found = [one for one in plan.appraisals if one.state == "not chosen" and one.adds]
    found.sort(key=lambda one: (bool(one.cost), -one.adds / (one.cost or 1), -one.adds))
    rows: list[tuple[Cell, ...]] = []
    for one in found[: NEAR if brief else None]:
        cost = (figure(one.cost or Fraction(0)),) if plan.prices else ()
        figures = (figure(one.adds), _percent(plan, plan.value + one.adds))
        rows.append((*_called(plan, one.candidate, brief=brief), *cost, *figures))
    headers = (
        *columns("capability", *(() if brief else ("name",))),
        *columns(*_priced(plan), f"adds ({unit(plan)})", kind="number"),
        Column("share", "percent"),
    )
    how = ", most per cost first" if plan.prices else ""
    note = "" if rows else "Nothing that could be chosen would add anything."
    return Table("next best", f"Next best: what one more would add{how}", headers, tuple(rows), note)


def swaps(plan: Plan, *, brief: bool = False) -> Table:
    """Those of the plan whose place another one could take, and what is lost then; `brief`: nearly nothing."""
    found = [(one, one.swap) for one in plan.appraisals if one.swap is not None]
    if brief:
        most = NEARLY * plan.value
        found = sorted((pair for pair in found if pair[1].loss <= most), key=lambda pair: pair[1].loss)[:NEAR]
    by_id = {one.candidate.id: one.candidate for one in plan.appraisals}
    rows: list[tuple[Cell, ...]] = []
    for one, swap in found:
        both = (one.candidate, by_id[swap.by])
        rows.append((*(cell for c in both for cell in _called(plan, c, brief=brief)), figure(swap.loss)))
    names = ("capability", "instead") if brief else ("capability", "name", "instead", "name of that")
    headers = (*columns(*names), Column(f"loses ({unit(plan)})", "number"))
    title = "Nearly as good: another one instead" if brief else "Who could take the place of those chosen"
    note = "" if rows else "Nothing that could be chosen could take the place of one, for what is asked."
    return Table("instead", title, headers, tuple(rows), note)


def redundant(plan: Plan) -> Table:
    """The capabilities all of whose scores others give as well, be they chosen or not."""
    found = [one for one in plan.appraisals if one.beside_all.redundant]
    headers = columns("capability", "name", "state", "others that give it all", "the plan gives it all by")
    rows = tuple(
        (one.candidate.id, one.candidate.name, one.state, by(one.beside_all), by(one.beside_plan)) for one in found
    )
    title = "Of all candidates, whether chosen or not: what others give as well"
    note = f"others give all that {len(found)} of {len(plan.appraisals)} capabilities give"
    return Table("redundant", title, headers, rows, note)


def by(overlap: Redundancy, most: int = NAMED) -> str:
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
    headers = (
        *columns("capability", "name", "state"),
        *columns(*_priced(plan), "techniques", f"value ({unit(plan)})", f"adds ({unit(plan)})", kind="number"),
        *columns("only it of all", "only it in the plan", kind="number"),
        *columns("techniques that only it gives", "others that give it all", "the plan gives it all by"),
    )
    rows = tuple(_capability(plan, one) for one in plan.appraisals)
    title = f"All {len(plan.appraisals)} capabilities"
    note = "techniques: those that count in the plan; adds: to the plan as it is"
    return Table("capabilities", title, headers, rows, note)


def _capability(plan: Plan, one: Appraisal) -> tuple[Cell, ...]:
    cost: list[Cell] = [None if one.cost is None else figure(one.cost)] if plan.prices else []
    active = one.state in ("chosen", "have")
    return (
        one.candidate.id,
        one.candidate.name,
        one.state,
        *cost,
        len(plan.covered([one.candidate])),
        figure(one.value),
        None if active else figure(one.adds),
        len(one.beside_all.only),
        len(one.beside_plan.only) if active else None,
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
        active = plan.active_givers.get(id_, [])
        mine = best(id_, active)
        givers = [one.id for one in active if one.gives[id_] == mine]
        weight: list[Cell] = [plan.weight(id_)] if weighed else []
        rows.append(
            (
                id_,
                technique.name,
                ", ".join(technique.tactics),
                *weight,
                _score(mine, givers),
                ", ".join(givers),
                best(id_, plan.givers.get(id_, [])),
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


def plan_folder(plan: Plan) -> dict[str, bytes]:
    """Path → bytes of every file, the index included."""
    options = plan.options
    heading = f"Plan for {asked(plan)}: {', '.join(one.title for one in plan.inputs)}"
    found = [about(plan.catalogue, plan.inputs, words(plan)), *tables_of(plan)]
    files = [
        *layer_files([("plan.json", "plan", plan_layer(plan))]),
        *table_files("plan", heading, found, curve(plan)),
    ]
    return folder_of(
        files,
        command="plan",
        domain=plan.catalogue.domain,
        attack_version=plan.catalogue.version,
        options={
            "budget": None if options.most is None else figure(options.most),
            "target": None if options.least is None else float(options.least),
            "measure": options.measure,
            "category": options.category,
            "min_score": options.min_score,
            "have": [a.candidate.id for a in plan.appraisals if a.state == "have"],
            "exclude": [a.candidate.id for a in plan.appraisals if a.state == "excluded"],
            "costs": plan.prices or None,
            "threat": None if plan.threat is None else plan.threat.title,
            "scale": plan.scoring.scale,
            "worth": plan.scoring.worth,
            "summary": summary(plan),
        },
        inputs=plan.inputs,
    )


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
        "capabilities": [_appraisal(plan, appraisal) for appraisal in plan.appraisals],
    }


def _appraisal(plan: Plan, one: Appraisal) -> dict[str, object]:
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
