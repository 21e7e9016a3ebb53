"""Comparisons for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from navlayers.analysis.compare import Comparison


def as_json(comparison: Comparison) -> dict[str, object]:
    """All numbers of a comparison, inputs by their names."""
    names = [one.name for one in comparison.inputs]
    return {
        "domain": comparison.catalogue.domain,
        "attack_version": comparison.catalogue.version,
        "category": comparison.category,
        "scores_are_counts": comparison.counts,
        "active": comparison.active,
        "inputs": {
            one.name: {
                "title": one.title,
                "attack_version": one.own_attack_version,
                "techniques": total.techniques,
                "subtechniques": total.subtechniques,
                "mean": total.mean,
                "over_all": total.spread,
                "best_alone": total.best,
                "unique": total.unique,
                "carried": one.moved,
                "left_out": one.left_out,
            }
            for one, total in zip(comparison.inputs, comparison.totals, strict=True)
        },
        "together": {
            "techniques": comparison.union.techniques,
            "subtechniques": comparison.union.subtechniques,
            "mean": comparison.union.mean,
            "over_all": comparison.union.spread,
        },
        "techniques": {
            row.technique: {
                "best": row.best,
                "best_by": [names[number] for number in row.best_by],
                "scores": {names[number]: _scores(comparison, row.technique, number) for number in row.covering},
            }
            for row in comparison.rows
        },
        "gap": [gap.technique for gap in comparison.gaps],
        "tactics": {
            tactic.tactic: {
                "total": tactic.total,
                "any": tactic.any,
                "strongest": [names[number] for number in tactic.strongest],
                "inputs": {
                    name: {
                        "covered": total.covered,
                        "mean": total.mean,
                        "over_all": total.spread,
                        "unique": total.unique,
                    }
                    for name, total in zip(names, tactic.inputs, strict=True)
                },
            }
            for tactic in comparison.tactics
        },
        "overlaps": [
            {
                "inputs": [names[pair.first], names[pair.second]],
                "both": pair.both,
                "either": pair.either,
                "jaccard": pair.jaccard,
            }
            for pair in comparison.overlaps
        ],
        "differences": [
            {
                "first": names[found.first],
                "second": names[found.second],
                "techniques": {
                    technique: {"relation": relation, "difference": found.scores[technique]}
                    for technique, relation in found.relations.items()
                },
            }
            for found in comparison.differences
        ],
    }


def _scores(comparison: Comparison, technique: str, number: int) -> dict[str, float | None]:
    one = comparison.inputs[number]
    entry = one.entries[technique]
    own = {category: score for category, score in entry.categories.items() if category in one.categories}
    return {"overall": entry.overall, **own}
