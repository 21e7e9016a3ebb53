"""Where the numbers of an answer come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from navlayers._text.dates import iso_date
from navlayers._text.numbers import number_text
from navlayers.agents.answers import EVERYTHING, Data, Provenance, SetFacts
from navlayers.mapping.model import UNVERSIONED
from navlayers.mapping.nouns import CAPABILITY
from navlayers.scoring.method import DESCRIPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from navlayers.attack import Catalogue
    from navlayers.scoring.coverage import Coverage
    from navlayers.scoring.options import ScoreOptions

MOST_REASONS = 3
"""Capabilities that a row names for a score."""

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


_COUNTS = "sets without score values have numbers of capabilities"


def rule(scoring: ScoreOptions, category: str | None = None, *, counts: bool = False) -> str:
    """How scores come about, whatever the set; with `counts`, those of sets without score values, too.

    Args:
        scoring: the options.
        category: the one that counts; None: all.
        counts: a set has numbers of capabilities.
    """
    how = DESCRIPTIONS[scoring.aggregate].format(CAPABILITY)
    weights = ", ".join(f"{name} {number_text(each)}" for name, each in scoring.weights.items())
    overall = f"the mean across categories, weighted {weights}" if weights else "the highest across categories"
    total = _only(category) or f"; overall {overall}"
    worth = (
        f"; a mapping without a value is worth {number_text(scoring.worth)}" if scoring.worth is not None else ""
    )
    text = f"per category {how}{total}{worth}; not rated is not covered"
    return f"{text}; {_COUNTS}" if counts else text


def rule_of_coverage(category: str | None = None) -> str:
    """The rule of a comparison that counts what is covered."""
    return f"a technique is covered or not; scores do not count{_only(category)}"


def rule_of_plans(category: str | None = None) -> str:
    """The rule of a plan."""
    best = "a technique counts by the highest score that a capability in place or chosen gives it"
    return f"{best}{_only(category)}"


def _only(category: str | None) -> str:
    return f"; only {category} counts" if category else ""


def rule_of(inputs: Sequence[Coverage], scoring: ScoreOptions, category: str | None = None) -> str:
    """The rule of scored inputs, of one category or of all."""
    return rule(scoring, category, counts=any(each.counts for each in inputs))


def names_of(title: str, version: str) -> Data:
    """The title and the version of a set, of those that it has."""
    data = {"title": title, "version": "" if version == UNVERSIONED else iso_date(version)}
    return {name: text for name, text in data.items() if text}


def _facts(coverage: Coverage, *, method: bool) -> SetFacts:
    data = names_of(coverage.set.name, coverage.set.version)
    return SetFacts(
        set=coverage.name,
        attack_version=coverage.own_attack_version,
        set_data={**data, "method": coverage.method} if method else data,
        not_rated=len(coverage.unrated()),
        replaced=len(coverage.replaced),
        left_out=len(coverage.left_out),
    )


class Reason(NamedTuple):
    """A capability behind a score: what it gives in a category."""

    id: str
    name: str
    category: str
    value: str
    score: float | None


def strongest(reasons: Iterable[Reason], most: int) -> list[Data]:
    """The reasons that give most, over all categories, each without what it does not have."""
    ordered = sorted(reasons, key=lambda each: -(each.score or 0))
    return [
        {name: value for name, value in each._asdict().items() if value not in ("", None)}
        for each in ordered[:most]
    ]
