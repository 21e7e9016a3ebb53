"""The scoring method in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text.numbers import number_text
from navlayers._text.wording import and_list
from navlayers.mapping.evidence import LEVELS
from navlayers.mapping.model import HUNDRED
from navlayers.scoring.options import UNSPECIFIED
from navlayers.scoring.segments import how_across

if TYPE_CHECKING:
    from navlayers.scoring.options import Aggregate, Rules

DESCRIPTIONS: dict[Aggregate, str] = {
    "max": "that of its strongest {0.singular}",
    "mean": "the mean of its {0.plural}' scores",
    "median": "the median of its {0.plural}' scores",
    "min": "that of its weakest {0.singular}",
    "sum": "the sum of its {0.plural}' scores",
    "count": "the number of {0.plural} that are mapped to it",
    "combined": "that of its {0.plural} combined as if they were independent",
}
"""The end of the sentence "A technique's score is …", per function, to format with the noun of the capabilities."""


def method(rules: Rules) -> tuple[str, ...]:
    """Sentences about the overall scores of a set."""
    return (*how_scored(rules, None, single=False), *how_rolled_up(rules))


def how_scored(rules: Rules, category: str | None, single: bool) -> list[str]:
    """Sentences about the scores of a set.

    Args:
        rules: how they were worked out.
        category: the category of the scores; None for overall.
        single: the scores are those of one capability.
    """
    if rules.is_share:
        return [how_across(rules)]
    if rules.segments:
        return [*_how_scored(rules, category, single), how_across(rules)]
    return _how_scored(rules, category, single)


def _how_scored(rules: Rules, category: str | None, single: bool) -> list[str]:
    options = rules.options
    if not rules.scored_categories:
        return [f"A technique's score is {DESCRIPTIONS['count'].format(rules.noun)}."]
    scale = ", ".join(f"{value} {number_text(number)}" for value, number in rules.scale.items())
    several = category is None and rules.scored_categories != (UNSPECIFIED,)
    subject = "Per category, a technique's score is" if several else "A technique's score is"
    if not scale:
        low, high = rules.range or HUNDRED
        scale = f"from {number_text(low)} to {number_text(high)}"
    basis = "" if rules.counts else f" ({scale})"
    how = "what the {0.singular} gives it" if single and not rules.counts else DESCRIPTIONS[options.aggregate]
    sentences = [f"{subject} {how.format(rules.noun)}{basis}."]
    if rules.worth is not None and not rules.counts:
        sentences.append(f"A mapping without a score value is worth {number_text(rules.worth)}.")
    if discount := rules.trust.discount:
        shares = ", ".join(f"{level} ×{number_text(discount[level])}" for level in LEVELS if level in discount)
        sentences.append(f"The score of a mapping is multiplied by its evidence: {shares}.")
    if rules.trust.by_level:
        sentences.append("A mapping without a score value has that of the severity level of its rule.")
    if several:
        names = and_list([c for c in rules.scored_categories if c != UNSPECIFIED])
        if options.weights:
            shares = ", ".join(
                f"{c} {number_text(options.weights[c])}" for c in rules.scored_categories if c in options.weights
            )
            sentences.append(f"The overall score is the mean across {names}, weighted {shares}.")
        else:
            sentences.append(f"The overall score is the highest across {names}.")
        if UNSPECIFIED in rules.scored_categories:
            sentences.append("A value without a category counts for the overall score unchanged.")
    return sentences


def how_rolled_up(rules: Rules) -> list[str]:
    """The sentence about rolled-up scores of parents, if they are rolled up."""
    how = rules.options.rollup
    if how == "none":
        return []
    means = "highest score" if how == "max" else "mean score, unmapped ones as 0,"
    return [f"A technique without a score of its own shows the {means} of its sub-techniques."]
