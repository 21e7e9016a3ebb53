"""The result of a comparison: inputs at one release side by side."""

from __future__ import annotations

from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

from navlayers._text.wording import quantity
from navlayers.analysis.frames import Tabular
from navlayers.attack import Catalogue
from navlayers.errors import Problem
from navlayers.layer.weakest_tactic import NONE, Hole, weakest
from navlayers.mapping.model import HUNDRED
from navlayers.mapping.nouns import Noun, common_noun
from navlayers.scoring.coverage import Coverage
from navlayers.scoring.options import OVERALL
from navlayers.scoring.scores import capabilities_of

if TYPE_CHECKING:
    from collections.abc import Set

    from navlayers.mapping.model import Range, Role


Relation: TypeAlias = Literal["only first", "first stronger", "equal", "second stronger", "only second"]
"""How two inputs cover a technique."""

Measures: TypeAlias = dict[str, float]
"""Technique id → score of a covered technique."""


class ComparedTechnique(msgspec.Struct, frozen=True):
    """A technique that at least one input covers.

    Attributes:
        best: the highest score.
        best_by: names of the inputs with this score.
        scores: name of an input that covers it → `OVERALL` and categories → score; None: not rated there. With a
            category, `OVERALL` is that of the category, too.
        unrated: names of the inputs that map it without a rating, and so do not cover it.
    """

    best: float
    best_by: tuple[str, ...]
    scores: dict[str, dict[str, float | None]]
    unrated: tuple[str, ...] = ()


class Gap(msgspec.Struct, frozen=True):
    """An active technique that no input covers; of its `total` active sub-techniques, `covered` are.

    `unrated` are the names of the inputs that map it without a rating; () if another rates it 0.
    """

    technique: str
    covered: int
    total: int
    unrated: tuple[str, ...] = ()


class Change(msgspec.Struct, frozen=True):
    """The difference between two inputs for a technique.

    Attributes:
        relation: which input covers it, or is stronger.
        difference: score of the second input minus that of the first, 0 for one that does not cover the technique.
    """

    relation: Relation
    difference: float


class Difference(msgspec.Struct, frozen=True):
    """Two inputs, by their names, and their differences for the techniques that either covers, by id."""

    first: str
    second: str
    techniques: dict[str, Change]

    def count(self, relation: Relation) -> int:
        """Number of techniques with this relation."""
        return sum(change.relation == relation for change in self.techniques.values())


class Totals(msgspec.Struct, frozen=True):
    """The coverage of the matrix or of a tactic by one input.

    Attributes:
        techniques, subtechniques: number of those covered.
        total: number of active techniques and sub-techniques.
        mean: mean score of those covered with one; None where there is none.
        over_all: mean score over `total`, those not covered being 0.
        unique: number of those that no other input covers.
        best_alone: number of those to which it alone gives the highest score.
        unrated: number of those that are mapped but not rated, which do not count as covered.
    """

    techniques: int
    subtechniques: int
    total: int
    mean: float | None
    over_all: float
    unique: int
    best_alone: int
    unrated: int = 0

    @property
    def covered(self) -> int:
        """Number of techniques and sub-techniques covered."""
        return self.techniques + self.subtechniques

    @property
    def share(self) -> float:
        """The covered ones in percent of `total`."""
        return 100 * self.covered / self.total if self.total else 0


class TacticTotals(msgspec.Struct, frozen=True):
    """The coverage of a tactic.

    Attributes:
        tactic, name: its short name and its name.
        total: number of active techniques and sub-techniques.
        any: number of those that any input covers.
        strongest: names of the inputs with the highest scores over the whole tactic; () if all are 0.
        inputs: totals of each input.
    """

    tactic: str
    name: str
    total: int
    any: int
    strongest: tuple[str, ...]
    inputs: tuple[Totals, ...]


class Overlap(msgspec.Struct, frozen=True):
    """The overlap of two inputs, by their names.

    Attributes:
        both, either: number of techniques that both cover, and that either covers.
        jaccard: the Jaccard index both / either, 0–1; None if neither covers anything.
    """

    inputs: tuple[str, str]
    both: int
    either: int
    jaccard: float | None


class Threatened(msgspec.Struct, frozen=True):
    """A set of threats beside inputs that may cover them.

    Attributes:
        threat: the set.
        techniques: each of its techniques → names of the inputs that cover it.
    """

    threat: Coverage
    techniques: dict[str, tuple[str, ...]]

    def covered(self, name: str | None = None) -> int:
        """Number of its techniques that an input covers, or any input for None."""
        return sum(bool(by) if name is None else name in by for by in self.techniques.values())

    @property
    def statement(self) -> str:
        """What the set says."""
        number = len(self.techniques)
        if self.threat.is_layer:
            return f"{self.threat.title} has {quantity(number, 'technique')}"
        return self.threat.noun.statement(number, capabilities_of(self.threat.scores.values()))


class Comparison(msgspec.Struct, Tabular, frozen=True, dict=True):
    """Inputs side by side, overall or in one category.

    Attributes:
        catalogue: the ATT&CK release.
        inputs: the sets and layers, scored; of threats only if all are.
        category: only its scores count; None: the overall ones.
        rows: technique id → the technique, for those that any input covers, sorted.
        gaps: the active techniques that no input covers, by id.
        active: number of active techniques and sub-techniques.
        totals: those of each input.
        union: those of all inputs together, by the best score.
        tactics: totals per tactic, in the order of the matrix.
        differences: of two inputs, or of each input from the baseline.
        threats: sets of threats beside inputs that are not: what is to be covered. They count nowhere else.
        notices: what to tell the user, in addition to the notices of each input.
        files: the files that were read.
    """

    catalogue: Catalogue
    inputs: tuple[Coverage, ...]
    category: str | None
    rows: dict[str, ComparedTechnique]
    gaps: tuple[Gap, ...]
    active: int
    totals: tuple[Totals, ...]
    union: Totals
    tactics: tuple[TacticTotals, ...]
    differences: tuple[Difference, ...]
    threats: tuple[Threatened, ...] = ()
    notices: tuple[Problem, ...] = ()
    files: tuple[Path, ...] = ()

    def __repr__(self) -> str:
        """Inputs and release in one line."""
        names = ", ".join(self.names)
        return f"<Comparison of {names}, ATT&CK {self.catalogue.domain} {self.catalogue.version}>"

    @property
    def hole(self) -> Hole:
        """The tactic of which the inputs together cover least; none for threats, and where all is covered."""
        shares = ((tactic.name, tactic.any, tactic.total) for tactic in self.tactics)
        return NONE if self.noun.threat else weakest(shares, self.noun.covered)

    def to_dicts(self) -> list[dict[str, Any]]:
        """One row per technique that any input covers: id, name, a score per input, the best score and by whom."""
        return [
            {
                "technique": technique,
                "name": self.catalogue.techniques[technique].name,
                **{name: row.scores.get(name, {}).get(self.measure) for name in self.names},
                "best": row.best,
                "best_by": row.best_by,
            }
            for technique, row in self.rows.items()
        ]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the inputs."""
        return tuple(coverage.name for coverage in self.inputs)

    @property
    def every(self) -> tuple[Coverage, ...]:
        """The inputs, then the threats."""
        return (*self.inputs, *(each.threat for each in self.threats))

    @property
    def role(self) -> Role:
        """The role that gives colors: threat if the inputs are threats."""
        return "threat" if self.noun.threat else "control"

    @cached_property
    def noun(self) -> Noun:
        """The word for the capabilities of the inputs."""
        return common_noun(coverage.noun for coverage in self.inputs)

    @property
    def measure(self) -> str:
        """The category, or `OVERALL`."""
        return self.category or OVERALL

    @cached_property
    def scores(self) -> list[float | None]:
        """The score of each input for each technique that it covers; None: not rated."""
        return [scores[self.measure] for row in self.rows.values() for scores in row.scores.values()]

    @cached_property
    def counts(self) -> bool:
        """Whether scores are numbers of capabilities, not 0–100."""
        return any(coverage.counts for coverage in self.inputs)

    @cached_property
    def covered_only(self) -> bool:
        """Whether only coverage is compared: every covered technique has the score 100."""
        return any(coverage.covered_only for coverage in self.inputs)

    @property
    def range(self) -> Range:
        """The range of the scores, which all inputs have."""
        return self.inputs[0].scored.rules.range or HUNDRED

    @cached_property
    def overlaps(self) -> tuple[Overlap, ...]:
        """Each pair of inputs."""
        covered = [(coverage.name, coverage.measures(self.category).keys()) for coverage in self.inputs]
        return tuple(_overlap(*first, *second) for first, second in combinations(covered, 2))

    @cached_property
    def highest(self) -> float:
        """The highest score of any input; 0 where there is none."""
        return max((row.best for row in self.rows.values()), default=0)


def _overlap(first: str, of_first: Set[str], second: str, of_second: Set[str]) -> Overlap:
    both, either = len(of_first & of_second), len(of_first | of_second)
    return Overlap((first, second), both, either, both / either if either else None)
