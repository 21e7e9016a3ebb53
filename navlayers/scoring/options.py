"""Scoring options: checked, parsed from command-line text, and combined with the scale of a set to its rules."""

from __future__ import annotations

import math
from operator import attrgetter
from typing import TYPE_CHECKING, Literal, get_args

import msgspec

from navlayers.errors import Problem, UsageError, unknown
from navlayers.mapping.evidence import has_evidence
from navlayers.mapping.model import CATEGORIES, DECIMAL, Range, Role
from navlayers.mapping.nouns import Noun, noun
from navlayers.mapping.ranges import with_words
from navlayers.mapping.segments import segments_of
from navlayers.mapping.trust import Trust

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from navlayers.mapping.model import Mapping, MappingSet


Aggregate = Literal["max", "mean", "median", "min", "sum", "count", "combined"]
AGGREGATES: tuple[Aggregate, ...] = get_args(Aggregate)

Rollup = Literal["none", "max", "mean"]
ROLLUPS: tuple[Rollup, ...] = get_args(Rollup)

AcrossSegments = Literal["merged", "worst", "mean", "share"]
ACROSS_SEGMENTS: tuple[AcrossSegments, ...] = get_args(AcrossSegments)

OVERALL = "overall"
"""The name of the score across categories, where that of a category may stand."""

UNSPECIFIED = "unspecified"
"""The category of mappings without one, such as all mappings of an unscored set."""

WEAK = 50.0
"""Default of `--weak`: a technique that is covered below this score is weak."""

HEAVIEST = 1_000_000
"""Maximum weight; floats still add such numbers exactly."""


class ScoreOptions(msgspec.Struct, frozen=True):
    """The scoring options.

    Attributes:
        aggregate: function across capabilities, per category.
        weights: category → weight ≥ 0 of a weighted mean across categories; empty: the maximum.
        scale: score value → number 0–100; overrides the set's scale.
        worth: score 0–100 of a mapping without a value; None for no score.
        rollup: how unscored parents get a score from their sub-techniques.
        across_segments: the score of a technique from those in each segment; "merged": from all mappings.
    """

    aggregate: Aggregate = "max"
    weights: dict[str, float] = {}
    scale: dict[str, float] = {}
    worth: float | None = None
    rollup: Rollup = "none"
    across_segments: AcrossSegments = "merged"

    def __post_init__(self) -> None:
        """Check the options.

        Raises:
            UsageError: an unknown aggregate, roll-up or category, or a number out of range.
        """
        problems = [
            *unknown("aggregate", [self.aggregate], AGGREGATES),
            *unknown("roll-up", [self.rollup], ROLLUPS),
            *unknown("combination of segments", [self.across_segments], ACROSS_SEGMENTS),
            *unknown("category", self.weights, CATEGORIES),
            *(p for value, number in self.scale.items() for p in _bounds(f"scale {value}", number)),
        ]
        if self.worth is not None:
            problems += _bounds("worth", self.worth)
        for category, weight in self.weights.items():
            if not 0 <= weight <= HEAVIEST:
                problems.append(
                    Problem(f"weight {weight:g} of {category}", expected=f"a number from 0 to {HEAVIEST:,}")
                )
        if self.weights and not any(self.weights.values()):
            problems.append(Problem("every weight is 0", hint="give at least one category a weight above 0"))
        if problems:
            raise UsageError(problems)
        # Sorted, so that the order on the command line makes no difference.
        ordered = {category: self.weights[category] for category in CATEGORIES if category in self.weights}
        msgspec.structs.force_setattr(self, "weights", ordered)
        msgspec.structs.force_setattr(self, "scale", dict(sorted(self.scale.items())))


def _bounds(what: str, number: float) -> list[Problem]:
    if math.isfinite(number) and 0 <= number <= 100:
        return []
    return [Problem(f"{what} is {number:g}", expected="a number from 0 to 100")]


def parse_numbers(option: str, text: str) -> dict[str, float]:
    """`protect=2,detect=1` → {"protect": 2.0, "detect": 1.0}.

    Args:
        option: its name for messages, such as "--weights".
        text: the text of the option.

    Raises:
        UsageError: a part is not `name=number`, or a name is repeated, or has two numbers in two spellings.
    """
    numbers: dict[str, float] = {}
    spelled: dict[str, float] = {}
    problems = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, number = (piece.strip() for piece in part.partition("="))
        try:
            value = float(number)
        except ValueError:
            equals = ""
        if not (name.isprintable() and name and equals):
            problems.append(Problem(f"{option}: {part!r}", expected="NAME=NUMBER, separated by commas"))
        elif name in numbers or spelled.get(name.lower(), value) != value:
            problems.append(Problem(f"{option}: duplicate name {name}"))
        else:
            spelled[name.lower()] = numbers[name] = value
    if not (numbers or problems):
        problems.append(Problem(f"{option} is empty", expected="NAME=NUMBER, separated by commas"))
    if problems:
        raise UsageError(problems)
    return numbers


class Rules(msgspec.Struct, frozen=True):
    """The scoring rules of one set: its scale combined with the options.

    Attributes:
        options: the options of the user.
        scale: score value → number 0–100, weakest first.
        counts: scores are numbers of capabilities, not 0–100.
        categories: the categories of the set, in order.
        scored_categories: the categories with numbers, to which weights apply.
        used: the values of the scale in use.
        worth: the score of mappings without a value, if the set has any.
        several_types: the mappings are of more than one mapping type.
        evidenced: some mapping has evidence or a robustness.
        role: what the set's capabilities are.
        noun: the word for them.
        range: of the scores of a layer, which are as written; None: scores are 0–100.
        trust: which evidence counts, and for how much.
        segments: those whose scores are combined; () if they are merged.
    """

    options: ScoreOptions
    scale: dict[str, float]
    counts: bool
    categories: tuple[str, ...]
    scored_categories: tuple[str, ...]
    used: tuple[str, ...]
    worth: float | None
    several_types: bool
    evidenced: bool
    role: Role
    noun: Noun
    range: Range | None = None
    trust: Trust = Trust()
    segments: tuple[str, ...] = ()

    @property
    def is_share(self) -> bool:
        """Whether scores are percentages of segments."""
        return bool(self.segments) and self.options.across_segments == "share"

    def is_number(self, value: str | None) -> bool:
        """Whether a score value is on the scale or a number, or there is none."""
        try:
            _plain_number(value, self)
        except UsageError:
            return False
        return True


def make_rules(mapping_set: MappingSet, options: ScoreOptions, trust: Trust = Trust()) -> Rules:
    """The scoring rules of a set.

    Args:
        mapping_set: the set.
        options: the options of the user.
        trust: which evidence counts, and for how much.

    Raises:
        UsageError: the weights lack a category of the set, or are all 0.
    """
    score_range, worth = mapping_set.range, options.worth
    scale = with_words(mapping_set.scale, options.scale) if score_range is None else {}
    if score_range is not None and worth is not None:
        low, high = score_range
        worth = low + worth * (high - low) / 100
    scale = dict(sorted(scale.items(), key=lambda item: (item[1], item[0])))
    values = mapping_set.values
    pairs = {*map(attrgetter("category", "value"), mapping_set.mappings)}
    present = {category or UNSPECIFIED for category, _ in pairs}
    valued = {
        category or UNSPECIFIED for category, value in pairs if value is not None or options.worth is not None
    }
    if mapping_set.scored and not valued:
        valued = present  # nothing is rated yet, which is not the same as a set without ratings
    if not (mapping_set.scale or options.scale) and _only_numbers(values):
        scale = {}  # the words of the default scale would explain nothing
    order = (*CATEGORIES, UNSPECIFIED)
    scored = tuple(category for category in order if category in valued)
    if options.weights:
        _check_weights(mapping_set.name, options.weights, [c for c in scored if c != UNSPECIFIED])
    segments = segments_of(mapping_set) if options.across_segments != "merged" else ()
    is_share = bool(segments) and options.across_segments == "share"
    return Rules(
        options=options,
        scale=scale,
        counts=not is_share and (options.aggregate == "count" or not valued),
        categories=tuple(category for category in order if category in present),
        scored_categories=scored,
        used=tuple(value for value in scale if value in values),
        worth=worth if None in values else None,
        several_types=len({*map(attrgetter("type"), mapping_set.mappings)}) > 1,
        evidenced=has_evidence(mapping_set),
        role=mapping_set.role,
        noun=noun(mapping_set),
        range=score_range,
        trust=trust,
        segments=segments,
    )


def _only_numbers(values: Iterable[str | None]) -> bool:
    """Whether there are values, and all of them are numbers."""
    texts = [value for value in values if value is not None]
    return bool(texts) and all(map(DECIMAL.fullmatch, texts))


def _check_weights(name: str, weights: dict[str, float], scored: Sequence[str]) -> None:
    missing = [category for category in scored if category not in weights]
    if missing:
        raise UsageError(
            Problem(
                f"the weights lack {', '.join(missing)}, which {name} scores",
                hint="add " + ",".join(f"{category}=0" for category in missing) + " or another number",
            )
        )
    if scored and not any(weights[category] for category in scored):
        raise UsageError(
            Problem(f"every category that {name} scores has weight 0", hint="give one of them a higher weight")
        )


def number(mapping: Mapping, rules: Rules) -> float | None:
    """The score of a mapping, 0–100 or on `rules.range`, discounted by its evidence; None without a score.

    Raises:
        UsageError: its value is neither on the scale nor a number.
    """
    plain = _plain_number(mapping.value, rules)
    factor = rules.trust.factor(mapping.evidence)
    if plain is None or factor == 1:
        return plain
    low = rules.range[0] if rules.range else 0
    # Without the noise of floats: 10 × 0.7 is 7.
    return round(low + (plain - low) * factor, 10)


def _plain_number(value: str | None, rules: Rules) -> float | None:
    """The number of a score value, 0–100 or on `rules.range`; without a value, `rules.worth`, which may be None.

    Raises:
        UsageError: the value is neither on the scale nor a number.
    """
    if value is None:
        return rules.worth
    if rules.range is not None:
        return float(value)
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
