"""The data of a report: inputs at one release, their comparison, gaps, a plan; and words that sections share.

Its figures are those of `navlayers.scoring.coverage` (what an input covers) and `navlayers.scoring.stats`
(capabilities, non-mappable records), as in `stats`, `show` and the site.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers.analysis.compare import side_by_side
from navlayers.analysis.compare_result import Comparison, Threatened
from navlayers.analysis.gaps import check_weak
from navlayers.analysis.gaps_result import Gaps, biggest_gap
from navlayers.analysis.plan.result import Plan
from navlayers.errors import Problem
from navlayers.pages.results import Field
from navlayers.scoring.options import WEAK, ScoreOptions
from navlayers.scoring.stats import capability_stats

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from navlayers.analysis.history_result import History  # noqa: TC004 - never decoded, and few reports have one
    from navlayers.analysis.inputs import InputSet
    from navlayers.attack import Catalogue
    from navlayers.layer.weakest_tactic import Hole
    from navlayers.mapping.nouns import Noun
    from navlayers.output.tables import Cell, CellKind
    from navlayers.scoring.coverage import Coverage
    from navlayers.scoring.scores import Scored
    from navlayers.scoring.stats import CapabilityStats

TECHNIQUES = "techniques and sub-techniques"


class Ranked(NamedTuple):
    """A capability, and the techniques that no other covers: none of its input (`only`), none of any input."""

    stats: CapabilityStats
    label: str
    only: tuple[str, ...]
    only_of_all: tuple[str, ...]


class ReportInput(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """The data of a report: a comparison of the inputs, even of one; gaps, a plan and a history on request.

    Scores below `weak` (0–100) are weak.
    """

    comparison: Comparison
    gaps: Gaps | None = None
    plan: Plan | None = None
    history: History | None = None
    weak: float = WEAK
    notices: tuple[Problem, ...] = ()
    left_out: tuple[Problem, ...] = ()

    @property
    def catalogue(self) -> Catalogue:
        """The release of all inputs."""
        return self.comparison.catalogue

    @property
    def release(self) -> str:
        """The release in sentences, without "ATT&CK"."""
        return self.catalogue.title

    @property
    def inputs(self) -> tuple[Coverage, ...]:
        """The inputs in the given order."""
        return self.comparison.inputs

    @property
    def threats(self) -> tuple[Threatened, ...]:
        """The sets of threats that the inputs are to cover."""
        return self.comparison.threats

    @property
    def hole(self) -> Hole:
        """The biggest hole: against the threat if there are gaps."""
        return biggest_gap(self.gaps) if self.gaps is not None else self.comparison.hole

    @property
    def several(self) -> bool:
        """Whether there is more than one input."""
        return len(self.inputs) > 1

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the inputs in sentences, tables and charts."""
        return self.comparison.names

    @property
    def noun(self) -> Noun:
        """The word for the capabilities of the inputs."""
        return self.comparison.noun

    @cached_property
    def sets(self) -> tuple[int, ...]:
        """The numbers of the inputs that are mapping sets; layers do not name their capabilities."""
        return tuple(number for number, coverage in enumerate(self.inputs) if not coverage.is_layer)

    @property
    def unscored(self) -> bool:
        """Whether scores say no more than the number of capabilities."""
        return self.comparison.counts or self.comparison.covered_only

    def categories(self, coverage: Coverage) -> tuple[str, ...]:
        """The categories of an input, or the one that the report is restricted to."""
        wanted = self.comparison.category
        return coverage.categories if wanted is None else tuple(c for c in coverage.categories if c == wanted)

    def full_name(self, identifier: str) -> str:
        """The name of a technique, that of a sub-technique after its parent's."""
        return self.catalogue.full_name(identifier)

    def tactics(self, identifier: str) -> str:
        """The names of a technique's tactics in matrix order."""
        own = self.catalogue.techniques[identifier].tactics
        return ", ".join(tactic.name for tactic in self.catalogue.tactics if tactic.shortname in own)

    def capabilities(self, technique: str) -> int:
        """The number of capabilities of sets that cover a technique."""
        return sum(number in self.sets for number, _ in self.covering[technique])

    @cached_property
    def covering(self) -> dict[str, tuple[tuple[int, str], ...]]:
        """Covered technique → number of input and id of each capability that covers it, or a rolled-up sub."""
        covered = [coverage.scores for coverage in self.inputs]
        return {
            technique: tuple(
                (number, capability)
                for number, entries in enumerate(covered)
                if technique in entries
                for capability in sorted(self.inputs[number].scored.covering(technique, self.comparison.category))
            )
            for technique in self.comparison.rows
        }

    @cached_property
    def ranked(self) -> tuple[tuple[Ranked, ...], ...]:
        """Per input, its capabilities: those that cover most first, then those that cover most alone."""
        return tuple(map(self._ranked, range(len(self.inputs))))

    def _ranked(self, number: int) -> tuple[Ranked, ...]:
        coverage = self.inputs[number]
        only: dict[str, list[str]] = {}
        only_of_all: dict[str, list[str]] = {}
        for technique, every in self.covering.items():
            own = [capability for input_, capability in every if input_ == number]
            if len(own) == 1:
                only.setdefault(own[0], []).append(technique)
                if len(every) == 1:
                    only_of_all.setdefault(own[0], []).append(technique)
        ranked = [
            Ranked(
                stats,
                coverage.labels.get(stats.id, stats.id),
                tuple(only.get(stats.id, ())),
                tuple(only_of_all.get(stats.id, ())),
            )
            for stats in capability_stats(_covered(coverage, self.comparison.category))
            if stats.techniques or stats.subtechniques
        ]
        return tuple(
            sorted(ranked, key=lambda r: (-(r.stats.techniques + r.stats.subtechniques), -len(r.only), r.stats.id))
        )


def _covered(coverage: Coverage, category: str | None) -> Scored:
    """The scores of the covered techniques of an input, without other categories."""
    kept = {}
    for technique in coverage.measures(category):
        entry = coverage.scored.scores[technique]
        groups = {c: group for c, group in entry.contributions.items() if category in (None, c)}
        kept[technique] = msgspec.structs.replace(entry, contributions=groups)
    return msgspec.structs.replace(coverage.scored, scores=kept)


def report_input(
    together: InputSet,
    scoring: ScoreOptions = ScoreOptions(),
    *,
    scores: bool = True,
    category: str | None = None,
    baseline: int | None = None,
    gaps: Gaps | None = None,
    plan: Plan | None = None,
    history: History | None = None,
    weak: float | None = None,
) -> ReportInput:
    """The data of a report about inputs at one release.

    Args:
        together: The inputs, as `navlayers.analysis.inputs.load_inputs` returns them.
        scoring: How mappings become scores.
        scores: Whether scores count, or only what is covered.
        category: Restrict the report to this score category.
        baseline: The number of the input that the others are compared with; None: only two inputs are compared.
        gaps: The gaps of the same inputs.
        plan: A plan of the same inputs.
        history: Their history.
        weak: Scores below it, 0–100, are weak; None: as in the gaps, else 50.

    Raises:
        UsageError: `weak` is not from 0 to 100, the options do not fit an input, or some inputs have counts and
            others scores.
    """
    if weak is None:
        weak = gaps.weak if gaps else WEAK
    check_weak(weak)
    inputs = together.coverage(scoring, scores=scores)
    notices = tuple(notice for coverage in inputs for notice in coverage.notices)
    names = _short_names(inputs)
    compared = side_by_side(together.catalogue, _renamed(inputs, names), category=category, baseline=baseline)
    return ReportInput(
        comparison=compared,
        gaps=gaps and _gaps_renamed(gaps, names),
        plan=plan,
        history=history,
        weak=weak,
        notices=(*together.notices, *notices),
        left_out=together.left_out,
    )


def _short_names(inputs: Sequence[Coverage]) -> list[str]:
    """The names of the sets, or with versions, or those of the files: the first that are all different."""
    for names in ([coverage.set.name for coverage in inputs], [coverage.title for coverage in inputs]):
        if len(set(names)) == len(names) and all(names):
            return names
    return [coverage.name for coverage in inputs]


def _renamed(inputs: Sequence[Coverage], names: Sequence[str]) -> tuple[Coverage, ...]:
    return tuple(msgspec.structs.replace(coverage, name=name) for coverage, name in zip(inputs, names, strict=True))


def _gaps_renamed(gaps: Gaps, names: Sequence[str]) -> Gaps:
    replace = msgspec.structs.replace
    new = dict(zip(gaps.names, names, strict=True))
    rows = []
    for row in gaps.rows:
        covered_by = tuple(replace(contributor, input=new[contributor.input]) for contributor in row.covered_by)
        rows.append(replace(row, best_by=tuple(map(new.__getitem__, row.best_by)), covered_by=covered_by))
    capabilities = tuple(replace(share, input=new[share.input]) for share in gaps.capabilities)
    return replace(gaps, inputs=_renamed(gaps.inputs, names), rows=tuple(rows), capabilities=capabilities)


def optional(header: str, cells: Iterable[Cell], kind: CellKind = "text") -> Field:
    """A column that is left out if all of its cells are empty."""
    cells = list(cells)
    return Field(header, cells, kind, shown=any(cells))
