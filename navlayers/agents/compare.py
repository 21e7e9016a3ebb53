"""The tool compare: sets side by side at one release, or one technique in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, UnsetType

from navlayers.agents.answers import Answer, Data
from navlayers.agents.coverage import uncovered_state
from navlayers.agents.problems import remarks
from navlayers.agents.provenance import Reason, provenance, rule_of, rule_of_coverage, strongest
from navlayers.api.compare import compare as comparison_of
from navlayers.pages.compare import as_json
from navlayers.pages.show.lookup import find
from navlayers.scoring.options import UNSPECIFIED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.agents.arguments import CompareArguments
    from navlayers.agents.inventory import Inventory
    from navlayers.analysis.compare_result import Comparison
    from navlayers.attack import Catalogue
    from navlayers.scoring.coverage import Coverage

_MOST_STRONGEST = 2
"""Capabilities that a comparison names for a score, so that four sets fit."""


class CompareRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """A set, a tactic or a technique of a comparison.

    Of a set: numbers of covered techniques; with a technique, `score` and `categories` in this set, or `state`, why
    there is none. `scores`: of each set that covers a technique.
    """

    set: str = ""
    technique: str = ""
    tactic: str = ""
    name: str = ""
    state: str = ""
    score: float | UnsetType | None = UNSET
    best: float | UnsetType = UNSET
    best_by: tuple[str, ...] = ()
    categories: dict[str, float | None] | UnsetType = UNSET
    scores: dict[str, float | None] | UnsetType = UNSET
    not_rated_by: tuple[str, ...] = ()
    techniques: int | UnsetType = UNSET
    subtechniques: int | UnsetType = UNSET
    mean: float | UnsetType | None = UNSET
    unique: int | UnsetType = UNSET
    best_alone: int | UnsetType = UNSET
    unrated: int | UnsetType = UNSET
    total: int | UnsetType = UNSET
    any: int | UnsetType = UNSET
    strongest: tuple[str, ...] = ()
    covered: dict[str, int] | UnsetType = UNSET
    set_data: Data | UnsetType = UNSET


class CompareAnswer(Answer, frozen=True, kw_only=True):
    """Sets side by side; `active`: the techniques and sub-techniques of the release in scope."""

    active: int
    scores_are_counts: bool = False
    together: dict[str, float | None] | UnsetType = UNSET
    technique: str = ""
    name: str = ""
    best_by: tuple[str, ...] = ()
    rows: tuple[CompareRow, ...] = ()


def compare(inventory: Inventory, arguments: CompareArguments) -> CompareAnswer:
    """Sets side by side, as `navlayers compare` counts them."""
    sets = inventory.get(arguments.sets)
    covered_only = arguments.measure == "covered"
    comparison = comparison_of(
        *sets, category=arguments.category, covered_only=covered_only, **inventory.settings.options
    )
    every = comparison.every
    category = arguments.category
    how = rule_of_coverage(category) if covered_only else rule_of(every, inventory.settings.scoring, category)
    answer = CompareAnswer(
        active=comparison.active,
        scores_are_counts=comparison.counts,
        provenance=provenance(comparison.catalogue, every, how),
        set_data=remarks((*comparison.notices, *(notice for each in every for notice in each.notices))),
    )
    if arguments.technique:
        loaded, _ = inventory.prepared(sets)
        return _with_technique(answer, find(arguments.technique, loaded, "technique").id, comparison)
    numbers: Any = as_json(comparison)
    rows = tuple(_ROWS[arguments.rows](numbers, comparison))
    together = {name: numbers["together"][name] for name in ("techniques", "subtechniques", "mean")}
    empty = "every technique in scope is covered" if arguments.rows == "gap" else "nothing is covered"
    return msgspec.structs.replace(answer, together=together, rows=rows, empty=UNSET if rows else empty)


def _with_technique(answer: CompareAnswer, technique: str, comparison: Comparison) -> CompareAnswer:
    """The answer with the sets by their score of a technique, or why there is none."""
    known = comparison.catalogue.whole.techniques.get(technique)
    row = comparison.rows.get(technique)
    mapped = any(technique in each.entries for each in comparison.inputs)
    why = _absence(technique, comparison.catalogue) or f"none of the sets maps {technique}"
    return msgspec.structs.replace(
        answer,
        technique=technique,
        name=known.name if known else "",
        best_by=row.best_by if row else (),
        rows=tuple(_of_technique(technique, comparison)) if mapped else (),
        empty=UNSET if mapped else why,
    )


def _absence(technique: str, catalogue: Catalogue) -> str:
    """Why a technique is not in a release with its scope; "" if it is."""
    whole = catalogue.whole
    known = whole.techniques.get(technique)
    if known is None:
        return f"{technique} is not in {whole.title}"
    chain = whole.resolve(technique)
    if len(chain) > 1:
        last = chain[-1]
        return f"{technique} was revoked by {last} {whole.techniques[last].name}: ask for that"
    if not known.active:
        return f"{technique} is {known.status} in {whole.title}, without a successor"
    return "" if catalogue.is_active(technique) else f"{technique} is out of scope: {catalogue.scope}"


def _of_technique(technique: str, comparison: Comparison) -> Iterator[CompareRow]:
    """The sets by their score of a technique, the highest first, with the capabilities behind it."""
    row = comparison.rows.get(technique)
    scores = row.scores if row else {}
    measure = comparison.measure
    for each in sorted(comparison.inputs, key=lambda each: -(scores.get(each.name, {}).get(measure) or 0)):
        own = scores.get(each.name)
        if own is None:
            yield CompareRow(set=each.name, state=uncovered_state(technique, each, comparison.category))
            continue
        reasons = strongest(_reasons(each, technique, comparison.category), _MOST_STRONGEST)
        yield CompareRow(
            set=each.name,
            score=own.get(measure),
            categories={name: score for name, score in own.items() if name in each.categories},
            set_data={"strongest": reasons},
        )


def _reasons(coverage: Coverage, technique: str, category: str | None) -> Iterator[Reason]:
    names = {each.id: each.name for each in coverage.set.capabilities}
    for own, contributions in coverage.entries[technique].contributions.items():
        if category in (None, own):
            for each in contributions:
                name, shown = names.get(each.capability, ""), "" if own == UNSPECIFIED else own
                yield Reason(each.capability, name, shown, each.value or "", each.score)


def _sets(numbers: Any, _comparison: Comparison) -> Iterator[CompareRow]:
    for name, each in numbers["inputs"].items():
        own = {key: each[key] for key in ("techniques", "subtechniques", "mean", "unique", "best_alone", "unrated")}
        yield CompareRow(set=name, **own)
    for name, each in numbers["threats"].items():
        total = len(each["techniques"])
        yield CompareRow(set=name, state="to be covered", covered=each["covered"], total=total)


def _tactics(numbers: Any, comparison: Comparison) -> Iterator[CompareRow]:
    names = {each.tactic: each.name for each in comparison.tactics}
    for tactic, each in numbers["tactics"].items():
        own = {key: each[key] for key in ("total", "any", "strongest")}
        covered = {name: counts["covered"] for name, counts in each["inputs"].items()}
        yield CompareRow(tactic=tactic, name=names[tactic], covered=covered, **own)


def _techniques(_numbers: Any, comparison: Comparison) -> Iterator[CompareRow]:
    for technique, row in comparison.rows.items():
        yield CompareRow(
            technique=technique,
            name=comparison.catalogue.techniques[technique].name,
            best=row.best,
            best_by=row.best_by,
            scores={name: scores.get(comparison.measure) for name, scores in row.scores.items()},
            not_rated_by=row.unrated,
        )


def _gap(_numbers: Any, comparison: Comparison) -> Iterator[CompareRow]:
    for each in comparison.gaps:
        name = comparison.catalogue.techniques[each.technique].name
        yield CompareRow(technique=each.technique, name=name, not_rated_by=each.unrated)


_ROWS = {"sets": _sets, "tactics": _tactics, "techniques": _techniques, "gap": _gap}
