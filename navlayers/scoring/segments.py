"""Scores across segments: the worst, the mean, or the share of the segments that cover a technique."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from navlayers._text.numbers import number_text, rounded
from navlayers._text.wording import and_list, quantity
from navlayers.errors import Problem
from navlayers.mapping.segments import segments_of
from navlayers.scoring.options import OVERALL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from navlayers.mapping.model import MappingSet
    from navlayers.scoring.options import Rules
    from navlayers.scoring.scores import TechniqueScore

_FUNCTIONS: dict[str, Callable[[Sequence[float]], float]] = {
    "worst": min,
    "mean": lambda scores: math.fsum(scores) / len(scores),
    "share": lambda scores: 100 * sum(score > 0 for score in scores) / len(scores),
}
_IN_COMMENT = 6
"""Maximum number of segments in a comment, which has to fit the Navigator's tooltip."""


def across(
    merged: dict[str, TechniqueScore], parts: dict[str, dict[str, TechniqueScore]], rules: Rules
) -> dict[str, TechniqueScore]:
    """Technique id → its scores across segments.

    Args:
        merged: its scores from the mappings of all segments.
        parts: segment → technique id → its scores there.
        rules: how segments are combined.
    """
    return {technique: _across(entry, parts, rules) for technique, entry in merged.items()}


def _across(merged: TechniqueScore, parts: dict[str, dict[str, TechniqueScore]], rules: Rules) -> TechniqueScore:
    there = {segment: scores[merged.technique] for segment, scores in parts.items() if merged.technique in scores}
    overall = {segment: entry.overall for segment, entry in there.items()}
    by_category = {
        category: {s: entry.categories[category] for s, entry in there.items() if category in entry.categories}
        for category in merged.categories
    }
    return msgspec.structs.replace(
        merged,
        overall=_combined(overall, rules),
        categories={category: _combined(scores, rules) for category, scores in by_category.items()},
        segments={OVERALL: overall, **by_category},
    )


def _combined(scores: dict[str, float | None], rules: Rules) -> float | None:
    """The score across all segments: 0 in those without a rated mapping; None if no segment has one."""
    rated = [score for score in scores.values() if score is not None]
    if not rated:
        return None
    padded = [*rated, *[0.0] * (len(rules.segments) - len(rated))]
    number = round(_FUNCTIONS[rules.options.across_segments](padded), 10)
    return int(number) if number == int(number) else number


def how_across(rules: Rules) -> str:
    """The sentence about segments in the description of scores; "" without them."""
    if not rules.segments:
        return ""
    count, names = quantity(len(rules.segments), "segment"), and_list(rules.segments)
    how = rules.options.across_segments
    if how == "share":
        verb = "cover" if rules.scored_categories else "map"
        return f"A technique's score is the percentage of the {count} that {verb} it: {names}."
    return f"Scored per segment, it is the {'lowest' if how == 'worst' else 'mean'} of the {count}, {names}."


def across_words(rules: Rules) -> str:
    """How segments are combined, for titles: " (worst of segments)"; "" without them."""
    return f" ({rules.options.across_segments} of segments)" if rules.segments else ""


def segment_scores(entry: TechniqueScore, rules: Rules, measure: str) -> Iterator[tuple[str, str]]:
    """Each segment with the score of a technique there, the lowest first: a number, "not rated" or "none"."""
    scores = entry.segments.get(measure, {})

    def rank(segment: str) -> tuple[float, str]:
        return scores.get(segment) or 0, segment

    for segment in sorted(rules.segments, key=rank):
        score = scores.get(segment)
        text = "none" if segment not in scores else "not rated" if score is None else number_text(rounded(score))
        yield segment, text


def segment_comment(entry: TechniqueScore, rules: Rules, measure: str) -> str:
    """The line of a comment: "Worst of 3 segments: APAC none, US 50, EMEA 100"."""
    each = [f"{segment} {text}" for segment, text in segment_scores(entry, rules, measure)]
    more = f", +{len(each) - _IN_COMMENT} more" if len(each) > _IN_COMMENT else ""
    what = "Share" if rules.options.across_segments == "share" else rules.options.across_segments.capitalize()
    return f"{what} of {quantity(len(each), 'segment')}: {', '.join(each[:_IN_COMMENT])}{more}"


def segment_notices(name: str, mapping_set: MappingSet, rules: Rules) -> Iterator[Problem]:
    """The notice that segments are merged, or that there are none to combine."""
    segments = segments_of(mapping_set)
    how = rules.options.across_segments
    if how != "merged" and not segments:
        yield Problem(f"{name}: --across-segments {how} has no effect: the set has no segments")
    elif how == "merged" and len(segments) > 1:
        message = f"{name}: merging {quantity(len(segments), 'segment')}: what one covers counts as covered"
        yield Problem(
            message, hint="--segment counts one alone; except in plans, --across-segments combines their scores"
        )
