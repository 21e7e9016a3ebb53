"""Where the numbers of an answer come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text.numbers import number_text
from navlayers.agents.answers import EVERYTHING, Data, Provenance, SetFacts
from navlayers.mapping.nouns import CAPABILITY
from navlayers.scoring.method import DESCRIPTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.attack import Catalogue
    from navlayers.scoring.coverage import Coverage
    from navlayers.scoring.options import ScoreOptions

_MOST = 4
"""Sets that provenance describes, so that there is room for rows."""


def provenance(catalogue: Catalogue, inputs: Sequence[Coverage], rule: str, *, method: bool = False) -> Provenance:
    """The release, rule and scope of an answer, and its sets; `method`: how one set is scored."""
    return Provenance(
        attack=catalogue.title.removesuffix(f", {catalogue.scope}"),
        rule=rule,
        scope=catalogue.scope or EVERYTHING,
        sets=tuple(_facts(each, method=method and len(inputs) == 1) for each in inputs[:_MOST]),
        more_sets=max(0, len(inputs) - _MOST),
    )


RULE_OF_COVERAGE = "a technique is covered or not; scores do not count"
RULE_OF_PLANS = "a technique counts by the highest score that a capability in place or chosen gives it"
COUNTS = "sets without score values have numbers of capabilities"


def rule(scoring: ScoreOptions, *, counts: bool = False) -> str:
    """How scores come about, whatever the set; with `counts`, those of sets without score values, too."""
    how = DESCRIPTIONS[scoring.aggregate].format(CAPABILITY)
    weights = ", ".join(f"{name} {number_text(each)}" for name, each in scoring.weights.items())
    overall = f"the mean across categories, weighted {weights}" if weights else "the highest across categories"
    worth = (
        f"; a mapping without a value is worth {number_text(scoring.worth)}" if scoring.worth is not None else ""
    )
    text = f"per category {how}; overall {overall}{worth}; not rated is not covered"
    return f"{text}; {COUNTS}" if counts else text


def rule_of(inputs: Sequence[Coverage], scoring: ScoreOptions) -> str:
    """The rule of scored inputs."""
    return rule(scoring, counts=any(each.counts for each in inputs))


def set_data(coverage: Coverage) -> Data:
    """What the file of a set says of itself."""
    return {"title": coverage.set.name, "version": coverage.set.shown_version}


def _facts(coverage: Coverage, *, method: bool) -> SetFacts:
    return SetFacts(
        coverage.name,
        coverage.own_attack_version,
        set_data(coverage) | ({"method": coverage.method} if method else {}),
        len(coverage.unrated()),
        len(coverage.replaced),
        len(coverage.left_out),
    )
