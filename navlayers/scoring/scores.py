"""Scores: the mappings of a technique become one number per category and overall.

docs/scoring.md has the rules. The functions that aggregate are here. No result depends on the order of its input.
"""

from __future__ import annotations

import math
from collections import defaultdict
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING

import msgspec

from navlayers._text.wording import quantity
from navlayers.attack import Catalogue
from navlayers.errors import Problem
from navlayers.mapping.evidence import Evidence, strongest
from navlayers.mapping.model import Mapping, MappingSet
from navlayers.mapping.ranges import in_hundred
from navlayers.mapping.replacements import Inactive, inactive
from navlayers.mapping.segments import by_segment
from navlayers.mapping.trust import trust_of
from navlayers.scoring.options import OVERALL, UNSPECIFIED, Aggregate, Rules, ScoreOptions, make_rules, number
from navlayers.scoring.segments import across, segment_notices

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    _Rows = defaultdict[str, defaultdict[str, defaultdict[str, list[Mapping]]]]


def mean(scores: Sequence[float]) -> float:
    """Arithmetic mean; `fsum` makes it exact, so the order of the scores cannot show."""
    return math.fsum(scores) / len(scores)


def median(scores: Sequence[float]) -> float:
    """The middle score, or the mean of the middle two."""
    from statistics import median  # noqa: PLC0415 - slow to import, and seldom chosen

    return median(scores)


def combined(scores: Sequence[float]) -> float:
    """100·(1−∏(1−sᵢ/100)): the combined effect of independent capabilities.

    With every score within 0–100 the result lies within [max, 100].
    """
    # By logarithms, as engines have no products. There is none of 0.
    if any(score >= 100 for score in scores):
        return 100
    return 100 * (1 - math.exp(math.fsum(math.log(1 - score / 100) for score in scores)))


FUNCTIONS: dict[Aggregate, Callable[[Sequence[float]], float]] = {
    "max": max,
    "mean": mean,
    "median": median,
    "min": min,
    "sum": math.fsum,
    "count": len,
    "combined": combined,
}


LARGEST_EXACT = 900_000
"""Larger scores have no ten decimals in a float."""


def exact(score: float) -> float:
    """The score without floating-point noise, to ten decimals; whole numbers as int.

    It is plain arithmetic, so that every engine gets the same number; see `navlayers.fleet.rule`. The first step
    takes the noise away, which would decide halves in the second.
    """
    if abs(score) < LARGEST_EXACT:
        score = math.floor(math.floor(score * 1e12 + 0.5) / 100 + 0.5) / 1e10
    else:
        score = round(score, 10)
    return int(score) if score == int(score) else score


class Contribution(msgspec.Struct, frozen=True, gc=False):
    """The contribution of one capability to one technique in one category.

    Attributes:
        capability: the id of the capability.
        score: 0–100; None if the mapping is not rated.
        value: the score value; None if there is none.
        types: the mapping types of its rows, sorted.
        evidence: the strongest evidence of the rows that count; None for none.
        robustness: their highest robustness; None for none.
    """

    capability: str
    score: float | None
    value: str | None
    types: tuple[str, ...] = ()
    evidence: Evidence | None = None
    robustness: int | None = None


class TechniqueScore(msgspec.Struct, frozen=True):
    """The scores of one technique: 0–100, or numbers of capabilities; None if no mapping has a number.

    Attributes:
        technique: its id.
        overall: score across categories.
        categories: category → score.
        contributions: category → capabilities, strongest first.
        rolled_up: measure ("overall" or a category) taken from sub-techniques → (number of mapped sub-techniques,
            number of all).
        segments: measure → segment in which it is mapped → score there; empty if segments are merged.
    """

    technique: str
    overall: float | None
    categories: dict[str, float | None]
    contributions: dict[str, tuple[Contribution, ...]]
    rolled_up: dict[str, tuple[int, int]] = {}
    segments: dict[str, dict[str, float | None]] = {}

    def measure(self, category: str | None) -> float | None:
        """The score in one category, or overall for None."""
        return self.overall if category is None else self.categories.get(category)

    @property
    def capabilities(self) -> tuple[str, ...]:
        """The sorted ids of the capabilities mapped to the technique."""
        return tuple(sorted({c.capability for group in self.contributions.values() for c in group}))

    def covering(self, rules: Rules, category: str | None = None) -> frozenset[str]:
        """The ids of the capabilities that cover it: rated above 0, or mapped in a set without scores.

        None do if the segments together do not cover it.
        """
        if self.segments and not self.measure(category):
            return frozenset()
        return frozenset(
            c.capability
            for name, group in self.contributions.items()
            for c in group
            if category in (None, name) and (not rules.scored_categories if c.score is None else c.score > 0)
        )


def capabilities_of(entries: Iterable[TechniqueScore]) -> int:
    """The number of capabilities that are mapped to techniques."""
    return len({c.capability for entry in entries for group in entry.contributions.values() for c in group})


class Scored(msgspec.Struct, frozen=True, dict=True):
    """A scored set at a release, from which layers, index and tables are made.

    Attributes:
        set: the mapping set.
        catalogue: the release.
        rules: how the scores are made.
        mappings: those to techniques that are active in the release.
        scores: technique id → scores of those mappings, by id.
        left_out: techniques that are mapped and not active.
    """

    set: MappingSet
    catalogue: Catalogue
    rules: Rules
    mappings: tuple[Mapping, ...]
    scores: dict[str, TechniqueScore]
    left_out: tuple[Inactive, ...]

    def covering(self, technique: str, category: str | None = None) -> frozenset[str]:
        """The ids of the capabilities that cover a technique, or the sub-techniques that it is rolled up from.

        Args:
            technique: its id.
            category: the category; None for any.
        """
        entry = self.scores[technique]
        own = entry.covering(self.rules, category)
        if own or not entry.rolled_up:
            return own
        subs = (self.scores.get(sub.id) for sub in self.catalogue.subtechniques(technique))
        return own.union(*(sub.covering(self.rules, category) for sub in subs if sub is not None))

    def scores_of(self, mappings: Iterable[Mapping]) -> dict[str, TechniqueScore]:
        """Technique id → its scores from some of the mappings alone."""
        return all_scores(list(mappings), self.rules, self.catalogue)

    @cached_property
    def alone(self) -> dict[str, dict[str, TechniqueScore]]:
        """Capability → technique id → its scores from the mappings of that capability alone, both by id."""
        found: dict[str, dict[str, dict[str, Contribution]]] = {}
        for technique, entry in sorted(self.scores.items()):
            for category, group in entry.contributions.items():
                for contribution in group:
                    of_capability = found.setdefault(contribution.capability, {})
                    of_capability.setdefault(technique, {})[category] = contribution
        return {
            capability: roll_up(
                {
                    technique: _technique_score(technique, {c: (one,) for c, one in categories.items()}, self.rules)
                    for technique, categories in found[capability].items()
                },
                self.rules,
                self.catalogue,
            )
            for capability in sorted(found)
        }


def score_set(mapping_set: MappingSet, catalogue: Catalogue, options: ScoreOptions | None = None) -> Scored:
    """The scores of a whole set at a release.

    Args:
        mapping_set: the set; a mapping to a technique that is not active in the release counts for nothing.
        catalogue: the release.
        options: aggregate, weights, scale, worth and roll-up; docs/scoring.md has their rules.

    Raises:
        UsageError: the options do not fit the set.
    """
    options = options or ScoreOptions()
    if options.aggregate == "combined":  # defined for shares of 100 only
        mapping_set = in_hundred(mapping_set)
    rules = rules_at(mapping_set, catalogue, options)
    active = catalogue.active
    mappings = tuple([mapping for mapping in mapping_set.mappings if mapping.technique in active])
    scores = all_scores(mappings, rules, catalogue)
    return Scored(mapping_set, catalogue, rules, mappings, scores, inactive(mapping_set, catalogue))


def rules_at(mapping_set: MappingSet, catalogue: Catalogue, options: ScoreOptions) -> Rules:
    """The scoring rules of a set at a release.

    Raises:
        UsageError: the options do not fit the set.
    """
    return make_rules(mapping_set, options, trust_of(catalogue.bounds.scope if catalogue.bounds else None))


def all_scores(mappings: Sequence[Mapping], rules: Rules, catalogue: Catalogue) -> dict[str, TechniqueScore]:
    """The scores of mappings, rolled up and across segments."""
    merged = roll_up(score(mappings, rules), rules, catalogue)
    if not rules.segments:
        return merged
    own, of_all = by_segment(mappings, rules.segments)
    parts = {segment: roll_up(score([*each, *of_all], rules), rules, catalogue) for segment, each in own.items()}
    return across(merged, parts, rules)


def score(mappings: Iterable[Mapping], rules: Rules) -> dict[str, TechniqueScore]:
    """The scores of all mapped techniques, by sorted technique id."""
    rows: _Rows = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for mapping in mappings:
        rows[mapping.technique][mapping.category or UNSPECIFIED][mapping.capability].append(mapping)
    # Most capabilities have one row for a technique, and rate many alike.
    known: dict[tuple[object, ...], Contribution] = {}
    return {technique: _score_technique(technique, rows[technique], rules, known) for technique in sorted(rows)}


def _score_technique(
    technique: str,
    rows: dict[str, defaultdict[str, list[Mapping]]],
    rules: Rules,
    known: dict[tuple[object, ...], Contribution],
) -> TechniqueScore:
    contributions: dict[str, tuple[Contribution, ...]] = {}
    for category in rules.categories:
        if category not in rows:
            continue
        best: list[Contribution] = []
        for group in rows[category].values():
            if len(group) > 1:
                best.append(_best(group, rules))
                continue
            facts = _facts(group[0])
            contribution = known.get(facts)
            if contribution is None:
                contribution = known[facts] = _best(group, rules)
            best.append(contribution)
        best.sort(key=lambda c: (1 if c.score is None else -c.score, c.capability))
        contributions[category] = tuple(best)
    return _technique_score(technique, contributions, rules)


def _technique_score(
    technique: str, contributions: dict[str, tuple[Contribution, ...]], rules: Rules
) -> TechniqueScore:
    categories = {category: _aggregate(best, rules) for category, best in contributions.items()}
    if not rules.scored_categories:
        overall: float | None = len({c.capability for group in contributions.values() for c in group})
    else:
        overall = _overall(categories, rules)
    return TechniqueScore(technique, overall, categories, contributions)


_facts = attrgetter("capability", "value", "type", "evidence", "robustness")
"""What a mapping contributes to the scores of a technique in a category."""


def _best(rows: Sequence[Mapping], rules: Rules) -> Contribution:
    """The contribution of a capability: the highest value of its rows for one technique and category."""
    best: tuple[float, str] | None = None
    rows = [*{_facts(row): row for row in rows}.values()]
    for row in rows:
        worth = number(row, rules)
        if worth is not None and (best is None or (worth, row.value or "") > best):
            best = (worth, row.value or "")
    types = {row.type for row in rows if row.type}
    worth, value = best or (None, "")
    counted = [row for row in rows if best is None or (row.value or "") == value]
    evidence = strongest(row.evidence for row in counted)
    robustness = max((row.robustness for row in counted if row.robustness is not None), default=None)
    types_ = tuple(sorted(types) if len(types) > 1 else types)
    return Contribution(rows[0].capability, worth, value or None, types_, evidence, robustness)


def _aggregate(best: Sequence[Contribution], rules: Rules) -> float | None:
    scores = [contribution.score for contribution in best if contribution.score is not None]
    if rules.counts:
        if not rules.scored_categories:
            return len(best)
        # What scores 0 does not cover.
        return sum(score > 0 for score in scores) if scores else None
    return exact(FUNCTIONS[rules.options.aggregate](scores)) if scores else None


def _overall(categories: dict[str, float | None], rules: Rules) -> float | None:
    scores = [value for value in categories.values() if value is not None]
    if not scores:
        return None
    weights = rules.options.weights
    named = [category for category in rules.scored_categories if category != UNSPECIFIED]
    if not (weights and named):
        return max(scores)
    weighted = sum(weights[category] * (categories.get(category) or 0) for category in named)
    mean_score = exact(weighted / sum(weights[category] for category in named))
    return max(mean_score, categories.get(UNSPECIFIED) or 0)


def roll_up(scores: dict[str, TechniqueScore], rules: Rules, catalogue: Catalogue) -> dict[str, TechniqueScore]:
    """The scores with those of unscored parents rolled up from their sub-techniques, per category and overall.

    `max` takes the highest score; `mean` is over all active sub-techniques of the release, with 0 for unmapped
    ones. Parents with a score keep it. The result is sorted by technique id.
    """
    how = rules.options.rollup
    if how == "none":
        return scores
    parents = {t.rpartition(".")[0] for t in scores if "." in t and catalogue.is_active(t)}
    rolled = dict(scores)
    for parent in parents:
        if not catalogue.is_active(parent):
            continue
        subs = [sub.id for sub in catalogue.subtechniques(parent)]
        own = scores.get(parent) or TechniqueScore(parent, None, {}, {})
        measures: dict[str | None, float | None] = {None: own.overall}
        measures.update(own.categories)
        taken: dict[str, tuple[int, int]] = {}
        for category in (None, *rules.categories):
            if own.measure(category) is not None:
                continue
            values = [v for sub in subs if sub in scores and (v := scores[sub].measure(category)) is not None]
            if values:
                padded = values + [0] * (len(subs) - len(values))
                measures[category] = exact(max(values) if how == "max" else mean(padded))
                taken[category or OVERALL] = (len(values), len(subs))
        overall = measures.pop(None)
        categories = {c: measures[c] for c in rules.categories if c in measures}
        rolled[parent] = TechniqueScore(parent, overall, categories, own.contributions, taken)
    return dict(sorted(rolled.items()))


def options_without_effect(scored: Scored) -> tuple[tuple[str, str], ...]:
    """Scoring options that cannot change the scores of the set, each with the reason."""
    rules = scored.rules
    options = rules.options
    if not rules.scored_categories:
        unused = ["--weights"] if options.weights else []
        unused += ["--discount"] if rules.trust.discount else []
        unused += [] if options.aggregate in ("max", "count") else [f"--aggregate {options.aggregate}"]
        return tuple((option, "the set has no score values; set one with --worth") for option in unused)
    if options.worth is not None and rules.worth is None:
        return (("--worth", "every mapping has a score value"),)
    return ()


def odd_scores(name: str, scored: Scored) -> Iterator[Problem]:
    """Notices of scoring options without effect, and of mappings without a score."""
    for option, why in options_without_effect(scored):
        yield Problem(f"{name}: {option} has no effect: {why}")
    yield from segment_notices(name, scored.set, scored.rules)
    if scored.rules.options.worth is None:
        yield from unrated_mappings(name, scored.set)


def unrated_mappings(name: str, mapping_set: MappingSet) -> Iterator[Problem]:
    """The notice that some mappings of a scored set have no score value."""
    if None in mapping_set.values and mapping_set.scored:
        unrated = sum(mapping.value is None for mapping in mapping_set.mappings)
        some = quantity(unrated, "mapping")
        yield Problem(f"{name}: {some} without a score value, not rated", hint="set a score for them with --worth")
