"""The page of a plan: curve, alternatives, capabilities, techniques; as tables, files and JSON."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import msgspec

from navlayers._text.numbers import percent
from navlayers._text.wording import first_few
from navlayers.analysis.plan.layer import plan_layer
from navlayers.analysis.plan.result import decimal, goal, label, summary, threat_coverage
from navlayers.layer.view import Ratios, View
from navlayers.output.document import Figure, Paragraph
from navlayers.pages.results import Field, about, release_entries, result_folder, table_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.analysis.plan.alternatives import Redundancy
    from navlayers.analysis.plan.result import Appraisal, Plan
    from navlayers.output.document import Block
    from navlayers.output.tables import Table

NAMED = 3
"""Maximum number of capabilities named in a cell."""

BRIEF = 8
"""Maximum rows of the plan on a terminal."""

NEAR = 5
"""Maximum rows in a report of the next best and of the replacements."""

NEARLY = Fraction(1, 100)
"""A replacement is nearly equal if it loses at most this share of the plan's value."""


def tables_of(plan: Plan) -> list[Table]:
    """All tables, the curve first."""
    return [curve(plan), next_best(plan), swaps(plan), capabilities(plan), redundant(plan), techniques(plan)]


def brief(plan: Plan) -> Iterator[Block]:
    """The answer for a terminal: the choice, the matrix of what it covers, the capabilities by gain per cost."""
    candidates = next_best(plan, brief=True)
    more = ""
    if candidates.rows:
        name, adds = candidates.rows[0][0], candidates.rows[0][-2]
        more = f" Next best: {name} (+{adds})."
    yield Paragraph(f"{_sentences(plan)}{more}")
    view = View.from_layer(plan_layer(plan), plan.catalogue)
    wanted = [id_ for id_ in plan.threat.weights if id_ in plan.catalogue.techniques] if plan.threat else []
    ratios = Ratios.of(
        plan.catalogue,
        wanted or [technique.id for technique in view.techniques],
        plan.reached,
        f"{plan.covered_word} by the plan",
    )
    unscored = "not of the threat" if plan.threat else f"not {plan.covered_word}"
    yield Figure(msgspec.structs.replace(view, ratios=ratios, unscored=unscored), "", "")
    table = curve(plan, brief=True)
    left_out = len(table.rows) - BRIEF
    note = f"… and {left_out:,} more; --all lists them" if left_out > 0 else ""
    yield msgspec.structs.replace(table, title="", rows=table.rows[:BRIEF], note=note)


def every(plan: Plan) -> Iterator[Block]:
    """The answer with the whole plan, the next best and replacements."""
    yield Paragraph(_sentences(plan))
    yield from short_tables(plan)


def _sentences(plan: Plan) -> str:
    return " ".join(f"{text}." for text in (summary(plan), threat_coverage(plan)) if text)


def short_tables(plan: Plan) -> Iterator[Table]:
    """Tables for a report or a terminal: the plan, the next best, replacements; empty ones are omitted."""
    tables = (curve(plan, brief=True), next_best(plan, brief=True), swaps(plan, brief=True))
    yield from (table for table in tables if table.rows)


def unit(plan: Plan) -> str:
    """The unit of values."""
    return "techniques" if plan.by_count else "weight"


def terms(plan: Plan) -> list[tuple[str, str]]:
    """Definitions of the table headers."""
    word, words = plan.noun.singular, plan.noun.plural
    weighed = "" if plan.threat is None else " × the technique's weight"
    value = "a technique counts" if plan.by_count else f"a technique counts its score / 100{weighed}"
    return [
        ("the plan", summary(plan)),
        *([] if plan.threat is None else [("threat", plan.threat.title)]),
        ("value", f"sum over the techniques of the {word} alone: {value}"),
        ("adds", f"value beyond the {words} before it, or beyond the plan, in {unit(plan)}"),
        ("together", f"value of the {word} and those before it"),
        ("share", f"together, in percent of the value of all {words}"),
        ("unique", f"techniques that no other {word} {plan.cover(1)} as well: of all, or of the plan"),
        ("replacement", "the best replacement within the budget or target; loses: the value lost"),
        (
            f"{plan.covered_word} by others",
            f"{words} that {plan.cover(2)} its techniques as well: each alone, or joined by +",
        ),
        ("state", "chosen, have (in place), excluded, no cost, not chosen"),
    ]


def _names(
    plan: Plan, candidates: Sequence[Appraisal], id_: str = "", name: str = "name", *, brief: bool = False
) -> list[Field]:
    """The columns of ids and names; on a terminal one column of labels."""
    ids = [label(plan, candidate) if brief else candidate.id for candidate in candidates]
    return [
        # Programs read files: their header is the same for all sets.
        Field(id_ or (plan.noun.singular if brief else "capability"), ids),
        Field(name, [candidate.name for candidate in candidates], shown=not brief),
    ]


def _percent(plan: Plan, value: Fraction) -> float:
    return percent(value, plan.total, plan.options.least)


def curve(plan: Plan, *, brief: bool = False) -> Table:
    """The capabilities of the plan by gain per cost, those in place first.

    `brief` is for a terminal: labels, in one column.
    """
    steps = plan.steps
    by_id = {appraisal.id: appraisal for appraisal in plan.appraisals}
    chosen = [by_id[id_] for id_ in plan.chosen]
    ids, names = _names(plan, chosen, brief=brief)
    numbers: list[int | None] = list(range(1, len(chosen) + 1))
    alone: list[int | None] = [len(appraisal.beside_plan.only) for appraisal in chosen]
    if plan.had:
        numbers, alone = [None, *numbers], [None, *alone]
        had = [label(plan, appraisal, short=True) if brief else appraisal.id for appraisal in plan.had]
        text = f"in place: {first_few(had, NAMED if brief else None)}"
        ids = ids._replace(cells=[text if brief else "", *ids.cells])
        names = names._replace(cells=[text, *names.cells])
    note = f"unique: techniques that no other {plan.noun.singular} of the plan {plan.cover(1)} as well"
    if not plan.by_count:
        note += f"; weight: a score of 100 counts {'1' if plan.threat is None else 'the weight of its technique'}"
    fields = [
        Field("#", numbers, "number"),
        ids,
        names,
        Field("unique", alone, "number"),
        Field(plan.prices, [decimal(step.cost) for step in steps], "number", shown=bool(plan.prices)),
        Field(f"adds ({unit(plan)})", [decimal(step.adds) for step in steps], "number"),
        Field("together", [decimal(step.together) for step in steps], "number"),
        Field("share", [_percent(plan, step.together) for step in steps], "percent"),
        Field("spent", [decimal(step.spent) for step in steps], "number", shown=bool(plan.prices)),
    ]
    return table_of("plan", "The plan", fields, note)


def next_best(plan: Plan, *, brief: bool = False) -> Table:
    """Capabilities outside the plan by gain per cost; `brief`: the first ones."""
    rows = [appraisal for appraisal in plan.appraisals if appraisal.state == "not chosen" and appraisal.adds]
    rows.sort(
        key=lambda appraisal: (bool(appraisal.cost), -appraisal.adds / (appraisal.cost or 1), -appraisal.adds)
    )
    rows = rows[: NEAR if brief else None]
    fields = [
        *_names(plan, rows, brief=brief),
        Field(
            plan.prices,
            [decimal(appraisal.cost or Fraction(0)) for appraisal in rows],
            "number",
            shown=bool(plan.prices),
        ),
        Field(f"adds ({unit(plan)})", [decimal(appraisal.adds) for appraisal in rows], "number"),
        Field("share", [_percent(plan, plan.value + appraisal.adds) for appraisal in rows], "percent"),
    ]
    how = ", most per cost first" if plan.prices else ""
    note = "" if rows else f"No other {plan.noun.singular} adds anything."
    return table_of("next best", f"Next best: value that one more {plan.noun.singular} adds{how}", fields, note)


def swaps(plan: Plan, *, brief: bool = False) -> Table:
    """Replaceable chosen capabilities, with the loss of value; `brief`: those with almost none."""
    pairs = [(appraisal, appraisal.instead) for appraisal in plan.appraisals if appraisal.instead is not None]
    if brief:
        most = NEARLY * plan.value
        pairs = sorted((pair for pair in pairs if pair[1].loses <= most), key=lambda pair: pair[1].loses)[:NEAR]
    by_id = {appraisal.id: appraisal for appraisal in plan.appraisals}
    others = [by_id[replacement.capability] for _, replacement in pairs]
    fields = [
        *_names(plan, [appraisal for appraisal, _ in pairs], brief=brief),
        *_names(plan, others, "replacement", "name of replacement", brief=brief),
        Field(f"loses ({unit(plan)})", [decimal(replacement.loses) for _, replacement in pairs], "number"),
    ]
    title = "Replacements that lose almost nothing" if brief else f"Replacements for the chosen {plan.noun.plural}"
    note = "" if pairs else f"No chosen {plan.noun.singular} can be replaced within the budget or target."
    return table_of("instead", title, fields, note)


def redundant(plan: Plan) -> Table:
    """The redundant capabilities: others reach their scores, too."""
    rows = [appraisal for appraisal in plan.appraisals if appraisal.beside_all.redundant]
    fields = [
        *_names(plan, rows),
        Field("state", [appraisal.state for appraisal in rows]),
        *_others(plan, rows),
    ]
    title = f"Redundant {plan.noun.plural}: others {plan.cover(2)} their techniques as well"
    note = f"{len(rows)} of {plan.noun.counted(len(plan.appraisals))} are redundant"
    return table_of("redundant", title, fields, note)


def _others(plan: Plan, appraisals: Sequence[Appraisal]) -> list[Field]:
    return [
        Field(f"{plan.covered_word} by others", [by(appraisal.beside_all) for appraisal in appraisals]),
        Field(f"{plan.covered_word} by the plan", [by(appraisal.beside_plan) for appraisal in appraisals]),
    ]


def by(overlap: Redundancy) -> str:
    """The capabilities that make one redundant: "AC-03, CM-06" each alone, "AC-03 + CM-06" together."""
    if not overlap.redundant:
        return ""
    if not overlap.by:
        return "several together"
    return " + ".join(overlap.by) if overlap.together else first_few(overlap.by, NAMED)


def capabilities(plan: Plan) -> Table:
    """Every candidate: state, cost, techniques, value, unique techniques, capabilities that make it redundant."""
    every = plan.appraisals
    active = [appraisal.state in ("chosen", "have") for appraisal in every]
    costs = [None if appraisal.cost is None else decimal(appraisal.cost) for appraisal in every]
    adds = [None if had else decimal(appraisal.adds) for appraisal, had in zip(every, active, strict=True)]
    alone = [len(appraisal.beside_plan.only) if had else None for appraisal, had in zip(every, active, strict=True)]
    fields = [
        *_names(plan, every),
        Field("state", [appraisal.state for appraisal in every]),
        Field(plan.prices, costs, "number", shown=bool(plan.prices)),
        Field("techniques", [appraisal.techniques for appraisal in every], "number"),
        Field(f"value ({unit(plan)})", [decimal(appraisal.value) for appraisal in every], "number"),
        Field(f"adds ({unit(plan)})", adds, "number"),
        Field("unique", [len(appraisal.beside_all.only) for appraisal in every], "number"),
        Field("unique in the plan", alone, "number"),
        Field("unique techniques", [", ".join(appraisal.beside_all.only) for appraisal in every]),
        *_others(plan, every),
    ]
    note = "techniques: techniques that count in the plan; adds: value added to this plan"
    return table_of("capabilities", f"All {plan.noun.counted(len(every))}", fields, note)


def techniques(plan: Plan) -> Table:
    """Every technique that counts: its score under the plan, the capabilities, and the best possible score."""
    ids = sorted({*plan.coverable, *(plan.threat.weights if plan.threat else ())})
    of_release = [plan.catalogue.techniques[id_] for id_ in ids]
    scores, possible = (
        [givers[id_][0].gives[id_] if id_ in givers else None for id_ in ids]
        for givers in (plan.active_givers, plan.givers)
    )
    strongest = [
        ", ".join(candidate.id for candidate in plan.active_givers.get(id_, []) if candidate.gives[id_] == score)
        for id_, score in zip(ids, scores, strict=True)
    ]
    fields = [
        Field("technique", ids, "technique"),
        Field("name", [technique.name for technique in of_release]),
        Field("tactics", [", ".join(technique.tactics) for technique in of_release]),
        Field("weight", [plan.weight(id_) for id_ in ids], "number", shown=plan.threat is not None),
        Field("score", scores, "number"),
        Field(f"{plan.covered_word} by", strongest),
        Field("best possible", possible, "number"),
    ]
    return table_of("techniques", "Techniques and their scores with the plan", fields)


def plan_folder(plan: Plan) -> dict[str, bytes]:
    """Path → bytes of every file, the index included."""
    options = plan.options
    return result_folder(
        "plan",
        plan.catalogue,
        plan.inputs,
        {
            "budget": None if options.most is None else decimal(options.most),
            "target": None if options.least is None else float(options.least),
            "measure": options.measure,
            "category": options.category,
            "min_score": options.min_score,
            "have": [appraisal.id for appraisal in plan.had],
            "exclude": [appraisal.id for appraisal in plan.appraisals if appraisal.state == "excluded"],
            "costs": plan.prices or None,
            "threat": None if plan.threat is None else plan.threat.title,
            "scale": plan.scoring.scale,
            "worth": plan.scoring.worth,
            "summary": summary(plan),
        },
        layers=[("plan.json", "plan", plan_layer(plan))],
        tables_name="plan",
        heading=f"Plan for {goal(plan)}: {', '.join(coverage.title for coverage in plan.inputs)}",
        workbook=[about(plan.catalogue, plan.inputs, terms(plan)), *tables_of(plan)],
        main=curve(plan),
    )


def as_json(plan: Plan) -> object:
    """All numbers of a plan; shares are in percent, numbers rounded to two decimals."""
    options = plan.options
    result = {
        **release_entries(plan.catalogue),
        "sets": [coverage.name for coverage in plan.inputs],
        "summary": summary(plan),
        "budget": options.most,
        "target": None if options.least is None else float(100 * options.least),
        "measure": options.measure,
        "category": options.category,
        "min_score": options.min_score,
        "threat": None if plan.threat is None else plan.threat.title,
        "techniques_of_threat": None if plan.threat is None else len(plan.threat.weights),
        "costs": plan.prices or None,
        "proven_optimal": plan.proven,
        "ties_settled": plan.settled,
        "bound": plan.bound,
        "chosen": plan.chosen,
        "cost": plan.cost,
        "value": plan.value,
        "value_of_all": plan.total,
        "share": float(100 * plan.share),
        "techniques": len(plan.reached),
        "techniques_of_all": len(plan.coverable),
        "steps": plan.steps,
        "capabilities": plan.appraisals,
    }
    # The only type that msgspec does not know are the exact fractions.
    return msgspec.to_builtins(result, enc_hook=decimal)
