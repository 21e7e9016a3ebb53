"""The tools that analyze: compare, gaps, plan, and check of a text."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import msgspec

from navlayers._text.wording import quoted
from navlayers.agents.answers import EVERYTHING, UNSET, Answer, Data, Provenance, Unset, told
from navlayers.agents.look import MOST_REASONS, reason
from navlayers.agents.provenance import RULE_OF_COVERAGE, RULE_OF_PLANS, provenance, rule_of
from navlayers.agents.shelf import text_source
from navlayers.analysis.plan.candidates import FILE
from navlayers.analysis.plan.options import PlanOptions
from navlayers.api.compare import compare as compare_sets
from navlayers.api.gaps import gaps as find_gaps
from navlayers.api.inputs import against, input_set, plan_for
from navlayers.api.maintenance import check as check_sets
from navlayers.errors import Problem, UsageError
from navlayers.mapping.formats.context import ReadOptions
from navlayers.pages import compare as compare_page
from navlayers.pages import gaps as gaps_page
from navlayers.pages import plan as plan_page
from navlayers.pages.show.lookup import find
from navlayers.scoring.options import UNSPECIFIED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from navlayers.agents.arguments import CheckArguments, CompareArguments, GapsArguments, PlanArguments
    from navlayers.agents.shelf import Shelf
    from navlayers.analysis.compare_result import Comparison
    from navlayers.attack import Catalogue
    from navlayers.mapping.find import Source
    from navlayers.scoring.coverage import Coverage

_MOST_BYTES = 1_000_000
"""Of a text that is checked, in UTF-8: more than its characters can take."""


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
    score: float | Unset | None = UNSET
    best: float | Unset = UNSET
    best_by: tuple[str, ...] = ()
    categories: dict[str, float | None] | Unset = UNSET
    scores: dict[str, float | None] | Unset = UNSET
    not_rated_by: tuple[str, ...] = ()
    techniques: int | Unset = UNSET
    subtechniques: int | Unset = UNSET
    mean: float | Unset | None = UNSET
    unique: int | Unset = UNSET
    best_alone: int | Unset = UNSET
    unrated: int | Unset = UNSET
    total: int | Unset = UNSET
    any: int | Unset = UNSET
    strongest: tuple[str, ...] = ()
    covered: dict[str, int] | Unset = UNSET
    set_data: Data | Unset = UNSET


class CompareAnswer(Answer, frozen=True, kw_only=True):
    """Sets side by side; `active`: the techniques and sub-techniques of the release in scope."""

    active: int
    scores_are_counts: bool = False
    together: dict[str, float | None] | Unset = UNSET
    technique: str = ""
    name: str = ""
    best_by: tuple[str, ...] = ()
    rows: tuple[CompareRow, ...] = ()


def compare(shelf: Shelf, arguments: CompareArguments) -> CompareAnswer:
    """Sets side by side, as `navlayers compare` counts them."""
    settings = shelf.settings
    chosen = shelf.get(arguments.sets)
    covered_only = arguments.measure == "covered"
    comparison = compare_sets(
        *chosen,
        category=arguments.category,
        attack_version=settings.attack_version,
        covered_only=covered_only,
        reading=settings.reading,
        **msgspec.structs.asdict(settings.scoring),
    )
    found: Any = compare_page.as_json(comparison)
    technique, empty = "", ""
    if arguments.technique:
        technique, empty = _technique(arguments.technique, shelf, chosen, comparison)
        rows = () if empty else tuple(_of_technique(technique, comparison))
    else:
        rows = tuple(_ROWS[arguments.rows](found, comparison))
        empty = (
            ""
            if rows
            else "every technique in scope is covered"
            if arguments.rows == "gap"
            else "nothing is covered"
        )
    every = comparison.every
    release = comparison.catalogue
    return CompareAnswer(
        active=found["active"],
        scores_are_counts=found["scores_are_counts"],
        together=UNSET
        if technique
        else {name: found["together"][name] for name in ("techniques", "subtechniques", "mean")},
        technique=technique,
        name=release.whole.techniques[technique].name if technique in release.whole.techniques else "",
        best_by=comparison.rows[technique].best_by if technique in comparison.rows else (),
        rows=rows,
        empty=empty or UNSET,
        provenance=provenance(
            release, every, RULE_OF_COVERAGE if covered_only else rule_of(every, settings.scoring)
        ),
        set_data=told((*comparison.notices, *(n for each in every for n in each.notices))),
    )


def _technique(word: str, shelf: Shelf, chosen: Sequence[Source], comparison: Comparison) -> tuple[str, str]:
    """The id that a word means, and why the comparison has nothing on it; "" if it has."""
    loaded, _ = shelf.prepared(chosen)
    technique = find(word, loaded, "technique").id
    if any(technique in each.entries for each in comparison.inputs):
        return technique, ""
    return technique, absence(technique, comparison.catalogue) or f"none of the sets maps {technique}"


def absence(technique: str, catalogue: Catalogue) -> str:
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
    inputs = sorted(
        comparison.inputs,
        key=lambda each: -((row.scores.get(each.name, {}).get(comparison.measure) or 0) if row else 0),
    )
    for each in inputs:
        scores = row.scores.get(each.name) if row else None
        if scores is None:
            yield CompareRow(set=each.name, state=_state(technique, each, comparison.category))
            continue
        yield CompareRow(
            set=each.name,
            score=scores.get(comparison.measure),
            categories={name: score for name, score in scores.items() if name in each.categories},
            set_data={"strongest": _strongest(each, technique, comparison.category)},
        )


def _state(technique: str, coverage: Coverage, category: str | None) -> str:
    """Why a set does not cover a technique."""
    entry = coverage.entries.get(technique)
    if entry is None:
        return "not mapped"
    if category is not None and category not in entry.categories:
        return f"not mapped in {category}"
    return "not rated" if entry.measure(category) is None else "scored 0"


def _strongest(coverage: Coverage, technique: str, category: str | None) -> list[Data]:
    given = [
        (own, one)
        for own, all_given in coverage.entries[technique].contributions.items()
        for one in all_given
        if category in (None, own)
    ]
    given.sort(key=lambda pair: -(pair[1].score or 0))
    names = {each.id: each.name for each in coverage.set.capabilities}
    return [
        reason(g.capability, names.get(g.capability, ""), "" if own == UNSPECIFIED else own, g.value, g.score)
        for own, g in given[:_MOST_STRONGEST]
    ]


def _sets(found: Any, comparison: Comparison) -> Iterator[CompareRow]:
    own = ("techniques", "subtechniques", "mean", "unique", "best_alone", "unrated")
    for each in comparison.inputs:
        numbers = found["inputs"][each.name]
        yield CompareRow(set=each.name, **{name: numbers[name] for name in own})
    for name, numbers in found["threats"].items():
        yield CompareRow(
            set=name, state="to be covered", covered=numbers["covered"], total=len(numbers["techniques"])
        )


def _tactics(found: Any, comparison: Comparison) -> Iterator[CompareRow]:
    names = {each.tactic: each.name for each in comparison.tactics}
    for tactic, each in found["tactics"].items():
        covered = {name: numbers["covered"] for name, numbers in each["inputs"].items()}
        yield CompareRow(
            tactic=tactic,
            name=names[tactic],
            total=each["total"],
            any=each["any"],
            strongest=each["strongest"],
            covered=covered,
        )


def _techniques(found: Any, comparison: Comparison) -> Iterator[CompareRow]:
    for technique, row in found["techniques"].items():
        yield CompareRow(
            technique=technique,
            name=comparison.catalogue.techniques[technique].name,
            best=row.best,
            best_by=row.best_by,
            scores={name: scores.get(comparison.measure) for name, scores in row.scores.items()},
            not_rated_by=row.unrated,
        )


def _gap(found: Any, comparison: Comparison) -> Iterator[CompareRow]:
    for technique in found["gap"]:
        name = comparison.catalogue.techniques[technique].name
        yield CompareRow(technique=technique, name=name, not_rated_by=found["unrated"].get(technique, ()))


_ROWS = {"sets": _sets, "tactics": _tactics, "techniques": _techniques, "gap": _gap}


class GapsRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """A technique or tactic of the threat, or a capability that covers some of it."""

    technique: str = ""
    tactic: str = ""
    set: str = ""
    name: str = ""
    state: str = ""
    score: float | Unset | None = UNSET
    weight: float | Unset = UNSET
    gap: float | Unset = UNSET
    best_by: tuple[str, ...] = ()
    groups: int | Unset | None = UNSET
    related: str = ""
    techniques: int | Unset = UNSET
    covered: int | Unset = UNSET
    weak: int | Unset | None = UNSET
    unrated: int | Unset = UNSET
    only: int | Unset = UNSET
    set_data: Data | Unset = UNSET


class GapsAnswer(Answer, frozen=True, kw_only=True):
    """Sets against a threat: numbers of its techniques, and percentages plain, by weight and by score."""

    techniques: int
    covered: int
    weak: int | None
    weak_below: float
    unrated: int
    percent: dict[str, float | None]
    rows: tuple[GapsRow, ...] = ()


def gaps(shelf: Shelf, arguments: GapsArguments) -> GapsAnswer:
    """What of a threat sets do not cover, as `navlayers gaps` counts it."""
    settings = shelf.settings
    chosen = shelf.get(arguments.sets)
    result = find_gaps(
        *chosen,
        threat=_threat(arguments.threat, shelf, chosen),
        category=arguments.category,
        attack_version=settings.attack_version,
        reading=settings.reading,
        **msgspec.structs.asdict(settings.scoring),
    )
    found: Any = gaps_page.as_json(result)
    total = found["total"]
    rows: Iterable[GapsRow]
    if arguments.rows == "tactics":
        own = ("name", "techniques", "covered", "weak", "unrated")
        rows = (GapsRow(tactic=tactic, **{n: each[n] for n in own}) for tactic, each in found["tactics"].items())
    elif arguments.rows == "capabilities":
        rows = (
            GapsRow(
                set=c.input, techniques=c.techniques, only=c.only, set_data={"capability": c.id, "name": c.name}
            )
            for c in found["capabilities"]
        )
    else:
        rows = (
            GapsRow(
                technique=each.technique,
                name=each.name,
                state=each.state,
                score=each.score,
                weight=each.weight,
                gap=each.gap,
                best_by=each.best_by,
                groups=each.groups,
                related=each.related,
                set_data={"covered_by": [one.capability for one in each.covered_by[:MOST_REASONS]]}
                if each.covered_by
                else UNSET,
            )
            for each in found["techniques"]
        )
    listed = tuple(rows)
    return GapsAnswer(
        techniques=total["techniques"],
        covered=total["covered"],
        weak=total["weak"],
        weak_below=found["weak_below"],
        unrated=total["unrated"],
        percent=total["percent"],
        rows=listed,
        empty=UNSET if listed else "no capability covers a technique of the threat",
        provenance=provenance(
            result.catalogue, result.inputs, rule_of(result.inputs, settings.scoring), method=True
        ),
        set_data=told((*result.notices, *(n for each in result.inputs for n in each.notices)), found["summary"]),
    )


class PlanRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """A chosen capability in the order of gain, and the value and share of it and those before."""

    adds: float
    together: float
    share: float
    cost: float
    set_data: Data


class PlanAnswer(Answer, frozen=True, kw_only=True):
    """A plan. `proven_optimal`: no plan is better; `bound`: the best that any plan can reach."""

    proven_optimal: bool
    bound: float
    value: float
    value_of_all: float
    share: float
    cost: float
    techniques: int
    techniques_of_all: int
    rows: tuple[PlanRow, ...] = ()


def plan(shelf: Shelf, arguments: PlanArguments) -> PlanAnswer:
    """Which capabilities to choose, as `navlayers plan` does."""
    settings = shelf.settings
    chosen = shelf.get(arguments.sets)
    for word in (*arguments.have, *arguments.exclude):
        if word.startswith(FILE):
            hint = "only the command line names files"
            raise UsageError(Problem(f"no capability {quoted(word)}", expected="ids or names", hint=hint))
    if (arguments.budget is None) == (arguments.target is None):
        expected = "budget, a number of capabilities, or target, a percentage"
        raise UsageError(Problem("a plan needs a budget or a target, one of them", expected=expected))
    target = None if arguments.target is None else Fraction(str(arguments.target)) / 100
    options = PlanOptions(
        budget=arguments.budget,
        target=target,
        category=arguments.category,
        have=tuple(arguments.have),
        exclude=tuple(arguments.exclude),
        seconds=arguments.seconds,
    )
    together, model = input_set(chosen, settings.attack_version, settings.reading), None
    if arguments.threat:
        threat = _threat(arguments.threat, shelf, chosen)
        together, model = against(together, threat, (), settings.attack_version, settings.reading)
    result = plan_for(together, options, settings.scoring, model, None)
    found: Any = plan_page.as_json(result)
    names = {each["id"]: each["name"] for each in found["capabilities"]}
    rows = tuple(
        PlanRow(
            adds=step["adds"],
            together=step["together"],
            share=step["share"],
            cost=step["cost"],
            set_data={"capability": step["capability"], "name": names[step["capability"]]},
        )
        for step in found["steps"]
        if step["capability"] is not None
    )
    own = ("proven_optimal", "bound", "value", "value_of_all", "share", "cost", "techniques", "techniques_of_all")
    return PlanAnswer(
        **{name: found[name] for name in own},
        rows=rows,
        empty=UNSET if rows else "no capability adds anything to those in place, or the budget buys none",
        provenance=provenance(result.catalogue, result.inputs, RULE_OF_PLANS),
        set_data=told(result.notices, found["summary"]),
    )


def _threat(word: str, shelf: Shelf, chosen: Sequence[Source]) -> str:
    """The word of a threat for the domain of the sets."""
    loaded, _ = shelf.prepared(chosen[:1])
    return shelf.threat(word, loaded[0].set.domain)


class Found(msgspec.Struct, frozen=True):
    """A finding at a line and column of the text; `set_data` has its message, which quotes the text."""

    line: int
    column: int
    code: str
    level: str
    fixable: bool
    set_data: Data


class CheckAnswer(Answer, frozen=True, kw_only=True):
    """The findings of a text."""

    errors: int
    warnings: int
    format: str
    rows: tuple[Found, ...] = ()


def check(shelf: Shelf, arguments: CheckArguments) -> CheckAnswer:
    """The mistakes of a mapping set that an agent wrote, as `navlayers check -` finds them."""
    report = check_sets(
        text_source(arguments.text), reading=ReadOptions(max_bytes=_MOST_BYTES), as_of=shelf.settings.today()
    )
    rows = tuple(
        Found(
            each.place.line,
            each.place.column,
            each.code,
            each.level,
            bool(each.fix),
            {n: t for n, t in (("message", each.message), ("expected", each.expected), ("hint", each.hint)) if t},
        )
        for each in report.findings
    )
    return CheckAnswer(
        errors=report.errors,
        warnings=report.warnings,
        format=report.inputs[0].format if report.inputs else "",
        rows=rows,
        empty=UNSET if rows else "no findings: the text is a valid mapping set",
        provenance=Provenance("the release that the text names", "navlayers check", EVERYTHING),
    )
