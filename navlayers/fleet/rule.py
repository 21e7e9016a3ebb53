"""The scoring rule as one Ibis expression, which runs on any engine of Ibis and equals `navlayers.scoring.scores`.

docs/scoring.md has the rule. A grouping per capability and one per technique make a row per tenant and technique;
an engine reads the mappings once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis

from navlayers.mapping.model import CATEGORIES
from navlayers.scoring.options import UNSPECIFIED, ScoreOptions
from navlayers.scoring.scores import LARGEST_EXACT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MEASURES = (*CATEGORIES, UNSPECIFIED)
"""The columns of scores per category."""

KEYS = ("tenant", "technique")


def scored_column(category: str) -> str:
    """The column that says whether a tenant scores a category anywhere."""
    return f"scores_{category}"


def tenants_of(mappings: Any) -> Any:
    """Which categories each tenant scores anywhere: a table with its columns `tenant` and `scores_CATEGORY`.

    Args:
        mappings: as for `scores`, with the mappings to techniques that are not active.
    """
    rated = mappings.score.notnull()
    marks = {scored_column(c): _any(rated & (mappings.category == c)) for c in MEASURES}
    return mappings.group_by("tenant").agg(**marks)


def scores(mappings: Any, tenants: Any, options: ScoreOptions, subtechniques: Any = None) -> Any:
    """The scores per tenant and technique.

    Args:
        mappings: a table with the columns `tenant`, `capability`, `technique` and `category` ("unspecified" for
            none) as text, and `score`, 0–100, null where a mapping is not rated; without the mappings to techniques
            that are not active.
        tenants: as `tenants_of`.
        options: aggregate, weights and roll-up. Scale and worth are in the scores.
        subtechniques: for a roll-up, a table with the active sub-techniques: `technique`, `parent`, and `siblings`,
            the number of sub-techniques that the parent has.

    Returns:
        A table with `tenant`, `technique`, `overall`, a column per category (null: not mapped or not rated), and
        `capabilities`, the number of those that are mapped; 0 for a parent that is rolled up.
    """
    best = mappings.group_by(*KEYS, "capability").agg(
        **{f"best_{c}": mappings.score.max(where=mappings.category == c) for c in MEASURES},
        **{f"maps_{c}": _any(mappings.category == c) for c in MEASURES},
    )
    per = best.group_by(*KEYS).agg(
        capabilities=best.count(),
        **{f"rated_{c}": best[f"best_{c}"].count() for c in MEASURES},
        **{f"maps_{c}": best[f"maps_{c}"].sum() for c in MEASURES},
        **{f"score_{c}": _aggregate(best[f"best_{c}"], options.aggregate) for c in MEASURES},
    )
    per = per.join(tenants, "tenant")
    scored = per[scored_column(MEASURES[0])]
    for category in MEASURES[1:]:
        scored |= per[scored_column(category)]
    columns = {c: _category(per, c, scored, options) for c in MEASURES}
    per = per.mutate(**columns, scored=scored)
    overall = ibis.ifelse(per.scored, _overall(per, options.weights), per.capabilities.cast("float64"))
    per = per.mutate(overall=overall)
    result = per.select(*KEYS, "overall", *MEASURES, "capabilities")
    if options.rollup == "none" or subtechniques is None:
        return result
    return _rolled_up(result, subtechniques, options.rollup)


def exact(number: Any) -> Any:
    """The number without floating-point noise, as `navlayers.scoring.scores.exact`: the engines' `round` differ."""
    tenth = ((number * 1e12 + 0.5).floor().cast("float64") / 100 + 0.5).floor().cast("float64") / 1e10
    return ibis.ifelse(number.abs() < LARGEST_EXACT, tenth, number)


def _any(condition: Any) -> Any:
    return condition.cast("int64").max() > 0


def _aggregate(best: Any, how: str) -> Any:
    if how == "count":
        # What scores 0 does not cover.
        return (best > 0).cast("int64").sum().cast("float64")
    if how == "combined":
        # The logarithm of 0 is an error in some engines.
        logarithm = (1 - ibis.ifelse(best < 100, best, 0.0) / 100).ln()
        return ibis.ifelse(best.max() >= 100, 100.0, 100 * (1 - logarithm.sum().exp()))
    return {"max": best.max, "mean": best.mean, "median": best.median, "min": best.min, "sum": best.sum}[how]()


def _category(per: Any, category: str, scored: Any, options: ScoreOptions) -> Any:
    """The score in a category: null without a mapping or a rating; of a tenant without scores, the capabilities."""
    nothing = ibis.null("float64")
    score = per[f"score_{category}"]
    score = score if options.aggregate == "count" else exact(score)
    rated = ibis.ifelse(per[f"rated_{category}"] > 0, score, nothing)
    maps = per[f"maps_{category}"]
    counted = ibis.ifelse(maps > 0, maps.cast("float64"), nothing)
    return ibis.ifelse(scored, rated, counted)


def _overall(per: Any, weights: Mapping[str, float]) -> Any:
    """The score across categories of a tenant with scores: the highest, or the weighted mean."""
    highest = _highest(per[c] for c in MEASURES)
    if not weights:
        return highest
    total: Any = ibis.literal(0.0)
    weighted: Any = ibis.literal(0.0)
    named: Any = ibis.literal(False)
    for category in CATEGORIES:
        has, weight = per[scored_column(category)], float(weights.get(category, 0))
        named |= has
        total += ibis.ifelse(has, weight, 0.0)
        weighted += ibis.ifelse(has, weight * per[category].fill_null(0.0), 0.0)
    mean = exact(weighted / ibis.ifelse(total > 0, total, 1.0))
    rest = per[UNSPECIFIED].fill_null(0.0)
    weighted_mean = ibis.ifelse(mean > rest, mean, rest)
    return ibis.ifelse(highest.isnull(), ibis.null("float64"), ibis.ifelse(named, weighted_mean, highest))


def _highest(columns: Iterator[Any]) -> Any:
    """The highest of columns, of those that are not null: engines disagree about nulls in `greatest`."""
    found = next(columns)
    for column in columns:
        found = ibis.ifelse(found.isnull() | (column > found), column.fill_null(found), found)
    return found


def _rolled_up(result: Any, subtechniques: Any, how: str) -> Any:
    """The result with the scores of parents that have none, each measure by itself."""
    measures = ("overall", *MEASURES)
    subs = result.select(*KEYS, *measures).join(subtechniques, "technique")
    taken = subs.group_by("tenant", "parent").agg(
        **{f"up_{m}": subs[m].max() if how == "max" else subs[m].sum() / subs.siblings.max() for m in measures}
    )
    taken = taken.select("tenant", *(f"up_{m}" for m in measures), technique="parent")
    both = result.outer_join(taken, [*KEYS], rname="up_{name}")
    columns = {m: both[m].coalesce(exact(both[f"up_{m}"])) for m in measures}
    return both.select(
        tenant=both.tenant.coalesce(both.up_tenant),
        technique=both.technique.coalesce(both.up_technique),
        **columns,
        capabilities=both.capabilities.fill_null(0),
    )
