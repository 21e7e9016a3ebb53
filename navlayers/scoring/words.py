"""Words for scores: labels of capabilities and groups, and sentences about the scoring method."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from navlayers._text.numbers import number_text
from navlayers._text.spelling import compact
from navlayers._text.wording import and_list
from navlayers.mapping.model import HUNDRED
from navlayers.scoring.options import DESCRIPTIONS
from navlayers.scoring.scores import UNSPECIFIED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from navlayers.mapping.model import MappingSet
    from navlayers.scoring.scores import Rules


def method(rules: Rules) -> tuple[str, ...]:
    """Sentences about the overall scores of a set."""
    return (*how_scored(rules, None, single=False), *how_rolled_up(rules))


def how_scored(rules: Rules, category: str | None, single: bool) -> list[str]:
    """Sentences about the scores of one category, or overall for None; `single`: of one capability."""
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


class IdAndName(msgspec.Struct, frozen=True):
    """An id and its name."""

    id: str
    name: str

    def __str__(self) -> str:
        return self.id if self.name in ("", self.id) else f"{self.id} {self.name}"


def capability_labels(mapping_set: MappingSet) -> dict[str, str]:
    """Capability id → label."""
    return labels({capability.id: capability.name for capability in mapping_set.capabilities})


def labels(names: Mapping[str, str]) -> dict[str, str]:
    """Id → label, from id → name.

    "Cloud IDS" for `cloud_ids`, "AC-02 Account Management" for `AC-02`. A name shared by several ids is
    preceded by the id.
    """
    times = Counter(names.values())
    return {identifier: _label(identifier, name, times[name] == 1) for identifier, name in names.items()}


def _label(identifier: str, name: str, unique: bool) -> str:
    plain, own = compact(name), compact(identifier)
    if plain == own:
        return name
    if own.endswith(plain):
        return name if unique else identifier
    if unique and not re.search(r"[A-Z0-9]", identifier):
        return name
    return f"{identifier} {name}"
