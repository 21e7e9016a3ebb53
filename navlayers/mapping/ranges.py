"""Scales and ranges of scores: the numbers of a set as written, and as 0–100 where ranges differ or none fits."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import msgspec

from navlayers._text.numbers import decimal
from navlayers.errors import Problem, UsageError
from navlayers.mapping.model import DEFAULT_SCALE, HUNDRED, Mapping, MappingSet, Range

if TYPE_CHECKING:
    from collections.abc import Iterable

LEAST = 0.01
"""The number 0–100 of a score that is above 0 and at the low end of its range: what is covered stays covered."""

WRITTEN = "score"
"""The other field of a mapping that holds its score as written, where that is not the value."""

_USUAL = (1.0, 5.0, 10.0)
"""Highest scores of the usual scales below 100."""

_NUMBER = r"[-+]?[0-9]+(?:\.[0-9]+)?"
_RANGE = rf"\s*({_NUMBER})\s*(?:-|–|to|\.\.)\s*({_NUMBER})\s*"


def parse_range(text: str) -> Range:
    """`0-5` → (0.0, 5.0).

    Raises:
        UsageError: the text is not a range.
    """
    ends = re.fullmatch(_RANGE, text)
    if ends is None or not float(ends[1]) < float(ends[2]):
        expected = "LOW-HIGH, such as 0-5, with HIGH above LOW"
        raise UsageError(Problem(f"--score-range {text!r} is not a range", expected=expected))
    return float(ends[1]), float(ends[2])


def range_text(score_range: Range) -> str:
    """The range as messages have it: "0–5"."""
    low, high = score_range
    return f"{decimal(low)}–{decimal(high)}"


def hundred(score: float, score_range: Range) -> float:
    """The number 0–100 of a score by its range; numbers beyond an end count as that end."""
    low, high = score_range
    return round(100 * (min(max(score, low), high) - low) / (high - low), 4)


def covering(score: float, score_range: Range) -> float:
    """Like `hundred`, but at least `LEAST` for a score above 0, which covers, and 0 for others, which do not."""
    return max(hundred(score, score_range), LEAST) if score > 0 else 0


def written(mapping: Mapping) -> float | None:
    """The score in the file, on the range of the file; None if there is none."""
    text = dict(mapping.other).get(WRITTEN, mapping.value)
    return None if text is None else float(text)


def in_hundred(mapping_set: MappingSet) -> MappingSet:
    """The set with its scores as numbers 0–100; mappings keep the score as written."""
    score_range = mapping_set.range
    if score_range is None:
        return mapping_set
    mappings = tuple(with_number(mapping, score_range) for mapping in mapping_set.mappings)
    return msgspec.structs.replace(mapping_set, mappings=mappings, range=HUNDRED)


def with_number(mapping: Mapping, score_range: Range) -> Mapping:
    """The mapping with its score as a number 0–100."""
    if mapping.value is None:
        return mapping
    value = decimal(covering(float(mapping.value), score_range))
    if value == mapping.value:
        return mapping
    other = ((WRITTEN, mapping.value), *mapping.other)
    return msgspec.structs.replace(mapping, value=value, other=other)


def with_words(scale: dict[str, float], given: dict[str, float]) -> dict[str, float]:
    """A scale with the numbers of words that the user gives; a word in another case is the same word.

    Args:
        scale: score value → number 0–100; empty for the default scale.
        given: the same, of the user.
    """
    result = dict(scale or DEFAULT_SCALE)
    spelled = {word.lower(): word for word in result}
    for word, number in given.items():
        result[word if word in result else spelled.setdefault(word.lower(), word)] = number
    return result


def unused_words(scale: dict[str, float], mapping_set: MappingSet) -> list[tuple[str, str]]:
    """What `--scale` gives a number without effect, as the option and the reason."""
    if not mapping_set.scored:
        return [("--scale", "the set has no score values")] if scale else []
    used = {mapping.value.lower() for mapping in mapping_set.mappings if mapping.value is not None}
    return [(f"--scale {word}", "no mapping has this score value") for word in scale if word.lower() not in used]


def doubtful(numbers: Iterable[float]) -> Range | None:
    """The range that numbers read as 0–100 probably have; None where they may well be 0–100."""
    highest = max(numbers, default=math.inf)
    return next(((0.0, high) for high in _USUAL if 0 < highest <= high), None)


def range_of(mapping_set: MappingSet) -> Range:
    """The range of the set's scores; 0–100 unless it has another."""
    return mapping_set.range or HUNDRED


def as_unscored(mapping_set: MappingSet) -> MappingSet:
    """A set of layers of counts as an unscored set, which keeps the counts for `counts`.

    Args:
        mapping_set: the set as read; counts of 0 are not mappings.
    """
    mappings = []
    for mapping in mapping_set.mappings:
        if mapping.value is None:
            mappings.append(mapping)
        elif float(mapping.value) > 0:
            other = dict(mapping.other) | {WRITTEN: mapping.value}
            mappings.append(msgspec.structs.replace(mapping, value=None, other=tuple(other.items())))
    return msgspec.structs.replace(mapping_set, mappings=tuple(mappings), range=None)


def counts(mapping_set: MappingSet) -> dict[str, float]:
    """Technique id → the score that the layers give it, the highest of several.

    Args:
        mapping_set: a set read from layers.
    """
    scores: dict[str, float] = {}
    for mapping in mapping_set.mappings:
        number = written(mapping)
        if number is not None:
            scores[mapping.technique] = max(number, scores.get(mapping.technique, number))
    return scores
