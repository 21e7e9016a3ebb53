"""Scores: many mappings of one technique → one number per category and overall.

The rules are those of docs/scoring.md. Nothing here knows files or layers, and the order of the mappings never
shows in the result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from navlayers.attack import Catalogue
from navlayers.errors import Problem, UsageError
from navlayers.mapping.model import CATEGORIES, DECIMAL, DEFAULT_SCALE, Mapping, MappingSet
from navlayers.mapping.remap import Inactive, inactive
from navlayers.scoring.aggregate import FUNCTIONS, exact, mean
from navlayers.scoring.options import ScoreOptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


UNSPECIFIED = "unspecified"
"""The category of a mapping that names none: every mapping of an unscored set."""


class Contribution(msgspec.Struct, frozen=True, gc=False):
    """What one capability gives one technique in one category.

    Attributes:
        capability: its id.
        score: 0–100; None where the mapping is not rated.
        value: the score value behind it; None where it has none.
        types: the mapping types of its rows, sorted.
    """

    capability: str
    score: float | None
    value: str | None
    types: tuple[str, ...] = ()


class TechniqueScore(msgspec.Struct, frozen=True):
    """The scores of one technique: 0–100, or numbers of capabilities; None where nothing gives a number.

    Attributes:
        technique: its id.
        overall: score across categories.
        categories: category → score.
        contributions: category → capabilities, strongest first.
        rolled_up: measures ("overall" or a category) that come from sub-techniques → number of sub-techniques that
            are mapped there, and of all.
    """

    technique: str
    overall: float | None
    categories: dict[str, float | None]
    contributions: dict[str, tuple[Contribution, ...]]
    rolled_up: dict[str, tuple[int, int]] = {}

    def measure(self, category: str | None) -> float | None:
        """The score in one category, or overall for None."""
        return self.overall if category is None else self.categories.get(category)

    @property
    def capabilities(self) -> tuple[str, ...]:
        """Ids of the capabilities that are mapped to the technique, sorted."""
        return tuple(sorted({c.capability for group in self.contributions.values() for c in group}))


class Rules(msgspec.Struct, frozen=True):
    """How the scores of one set are made: its own rules and the options together.

    Attributes:
        options: what the user asked for.
        scale: score value → number 0–100, weakest first.
        counts: scores are numbers of capabilities, not 0–100.
        categories: those of the set, in order.
        scored_categories: those that have a number somewhere, over which weights divide.
        used: the values of the scale that the set has.
        worth: of the options, where the set has a mapping without a value.
        several_types: the mappings are of more than one mapping type.
    """

    options: ScoreOptions
    scale: dict[str, float]
    counts: bool
    categories: tuple[str, ...]
    scored_categories: tuple[str, ...]
    used: tuple[str, ...]
    worth: float | None
    several_types: bool


def make_rules(mapping_set: MappingSet, options: ScoreOptions) -> Rules:
    """Work out how scores of `mapping_set` are made.

    Raises:
        UsageError: the weights leave out a category that the set scores, or weigh none of them.
    """
    scale = {**(mapping_set.scale or DEFAULT_SCALE), **options.scale}
    scale = dict(sorted(scale.items(), key=lambda item: (item[1], item[0])))
    present = {mapping.category or UNSPECIFIED for mapping in mapping_set.mappings}
    valued = {
        mapping.category or UNSPECIFIED
        for mapping in mapping_set.mappings
        if mapping.value is not None or options.worth is not None
    }
    values = {mapping.value for mapping in mapping_set.mappings}
    order = (*CATEGORIES, UNSPECIFIED)
    scored = tuple(category for category in order if category in valued)
    if options.weights:
        _check_weights(mapping_set.name, options.weights, [c for c in scored if c != UNSPECIFIED])
    return Rules(
        options=options,
        scale=scale,
        counts=options.aggregate == "count" or not valued,
        categories=tuple(category for category in order if category in present),
        scored_categories=scored,
        used=tuple(value for value in scale if value in values),
        worth=options.worth if None in values else None,
        several_types=len({mapping.type for mapping in mapping_set.mappings}) > 1,
    )


def _check_weights(name: str, weights: dict[str, float], scored: Sequence[str]) -> None:
    missing = [category for category in scored if category not in weights]
    if missing:
        raise UsageError(
            Problem(
                f"the weights leave out {', '.join(missing)}, which {name} scores",
                hint="add " + ",".join(f"{category}=0" for category in missing) + " or another number",
            )
        )
    if scored and not any(weights[category] for category in scored):
        raise UsageError(
            Problem(f"every category that {name} scores has weight 0", hint="give one of them a higher weight")
        )


def number(value: str | None, rules: Rules) -> float | None:
    """The number 0–100 that a score value stands for; `worth`, which may be None, where there is no value.

    Raises:
        UsageError: the value is neither on the scale nor a number.
    """
    if value is None:
        return rules.worth
    known = rules.scale.get(value)
    if known is not None:
        return known
    plain = DECIMAL.fullmatch(value)
    if plain and float(value) <= 100:
        return float(value)
    raise UsageError(
        Problem(
            f"score value {value!r} is not on the scale",
            expected=", ".join(rules.scale) + ", or a number from 0 to 100",
            hint="" if plain else f"add it with --scale {value}=NUMBER",
        )
    )


class Scored(msgspec.Struct, frozen=True):
    """A set scored at a release: all that layers, index and tables are made from.

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

    def of(self, mappings: Iterable[Mapping]) -> dict[str, TechniqueScore]:
        """The scores that some of the mappings give by themselves."""
        return roll_up(score(mappings, self.rules), self.rules, self.catalogue)


def score_set(mapping_set: MappingSet, catalogue: Catalogue, options: ScoreOptions | None = None) -> Scored:
    """Score a whole set at a release.

    Raises:
        UsageError: the options do not fit the set.
    """
    rules = make_rules(mapping_set, options or ScoreOptions())
    mappings = tuple(mapping for mapping in mapping_set.mappings if catalogue.is_active(mapping.technique))
    scores = roll_up(score(mappings, rules), rules, catalogue)
    return Scored(mapping_set, catalogue, rules, mappings, scores, inactive(mapping_set, catalogue))


def score(mappings: Iterable[Mapping], rules: Rules) -> dict[str, TechniqueScore]:
    """Score every technique that the mappings name; keys are technique ids, sorted."""
    found: dict[str, dict[str, dict[str, list[Mapping]]]] = {}
    for mapping in mappings:
        by_category = found.setdefault(mapping.technique, {})
        by_capability = by_category.setdefault(mapping.category or UNSPECIFIED, {})
        by_capability.setdefault(mapping.capability, []).append(mapping)
    numbers: dict[str | None, float | None] = {}
    return {technique: _score_one(technique, found[technique], rules, numbers) for technique in sorted(found)}


def _score_one(
    technique: str,
    found: dict[str, dict[str, list[Mapping]]],
    rules: Rules,
    numbers: dict[str | None, float | None],
) -> TechniqueScore:
    categories: dict[str, float | None] = {}
    contributions: dict[str, tuple[Contribution, ...]] = {}
    for category in rules.categories:
        if category not in found:
            continue
        best = [_best(capability, rows, rules, numbers) for capability, rows in found[category].items()]
        best.sort(key=_strongest_first)
        contributions[category] = tuple(best)
        categories[category] = _aggregate(best, rules)
    if not rules.scored_categories:
        overall: float | None = len({c.capability for group in contributions.values() for c in group})
    else:
        overall = _overall(categories, rules)
    return TechniqueScore(technique, overall, categories, contributions)


def _strongest_first(contribution: Contribution) -> tuple[float, str]:
    return -(-1 if contribution.score is None else contribution.score), contribution.capability


def _best(
    capability: str, rows: Sequence[Mapping], rules: Rules, numbers: dict[str | None, float | None]
) -> Contribution:
    """Several rows of one capability, technique and category count once: the highest value."""
    best: tuple[float, str] | None = None
    for row in rows:
        value = row.value
        if value not in numbers:
            numbers[value] = number(value, rules)
        worth = numbers[value]
        if worth is not None and (best is None or (worth, value or "") > best):
            best = (worth, value or "")
    types = tuple(sorted({row.type for row in rows if row.type})) if len(rows) > 1 else _types(rows[0])
    if best is None:
        return Contribution(capability, None, None, types)
    return Contribution(capability, best[0], best[1] or None, types)


def _types(row: Mapping) -> tuple[str, ...]:
    return (row.type,) if row.type else ()


def _aggregate(best: Sequence[Contribution], rules: Rules) -> float | None:
    if rules.counts:
        return len(best)
    scores = [contribution.score for contribution in best if contribution.score is not None]
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
    """Give parents that lack a score one from their sub-techniques, per category and overall.

    `max` takes the highest, `mean` divides by all active sub-techniques of the release, unmapped ones as 0. The
    result is sorted by technique id; parents that have a score of their own keep it.
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
                taken[category or "overall"] = (len(values), len(subs))
        overall = measures.pop(None)
        categories = {c: measures[c] for c in rules.categories if c in measures}
        rolled[parent] = TechniqueScore(parent, overall, categories, own.contributions, taken)
    return dict(sorted(rolled.items()))


def _without_effect(rules: Rules) -> tuple[tuple[str, str], ...]:
    """Options that were given and cannot change the scores of the set, each with the reason."""
    options = rules.options
    if not rules.scored_categories:
        reason = "the set has no score values; --worth sets one"
        idle = ["--scale"] if options.scale else []
        idle += ["--weights"] if options.weights else []
        idle += [] if options.aggregate in ("max", "count") else [f"--aggregate {options.aggregate}"]
        return tuple((option, reason) for option in idle)
    found = [(f"--scale {v}", "no mapping has this score value") for v in options.scale if v not in rules.used]
    if options.worth is not None and rules.worth is None:
        found.append(("--worth", "every mapping has a score value"))
    return tuple(found)


def odd_scores(name: str, scored: Scored) -> Iterator[Problem]:
    """Notices of options without effect, and of mappings that give no score."""
    for option, why in _without_effect(scored.rules):
        yield Problem(f"{name}: {option} without effect: {why}")
    if scored.rules.options.worth is None:
        yield from unrated_mappings(name, scored.set)


def unrated_mappings(name: str, mapping_set: MappingSet) -> Iterator[Problem]:
    """The notice of a scored set that some of its mappings have no score value."""
    unrated = sum(mapping.value is None for mapping in mapping_set.mappings)
    if unrated and mapping_set.scored:
        some = f"{unrated} mapping{'s have' if unrated > 1 else ' has'} no score value and so no score"
        yield Problem(f"{name}: {some}", hint="--worth sets their score")
