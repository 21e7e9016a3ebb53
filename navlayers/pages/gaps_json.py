"""Gaps for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers.analysis.gaps import headline

if TYPE_CHECKING:
    from navlayers.analysis.gaps import Gaps, Share, TechniqueGap


def as_json(gaps: Gaps) -> dict[str, object]:
    """All numbers, inputs by their names, techniques with the largest gap first."""
    return {
        "domain": gaps.catalogue.domain,
        "attack_version": gaps.catalogue.version,
        "summary": headline(gaps),
        "category": gaps.category,
        "weak_below": gaps.weak,
        "scored": gaps.scored,
        "threat": {
            "title": gaps.threat.title,
            "weight": gaps.threat.total,
            "left_out": {"weights": gaps.threat.lost, "percent_of_weight": round(gaps.threat.lost_share, 4)},
        },
        "inputs": {
            one.name: {
                "title": one.title,
                "attack_version": one.own_attack_version,
                "counts": one.counts,
                "carried": one.moved,
                "left_out": one.left_out,
            }
            for one in gaps.inputs
        },
        "total": _share(gaps.total),
        "tactics": {one.tactic: {"name": one.name, **_share(one.share)} for one in gaps.tactics},
        "categories": {name: _share(share) for name, share in gaps.categories.items()},
        "threats": [
            {
                "kind": member.kind,
                "id": member.id,
                "name": member.name,
                "by_software_alone": member.through,
                "carried": member.moved,
                "left_out": member.left_out,
                **_share(share),
            }
            for member, share in zip(gaps.threat.members, gaps.members, strict=True)
        ],
        "techniques": [_row(gaps, row) for row in gaps.ranked],
        "capabilities": [
            {
                "input": gaps.inputs[one.input].name,
                "id": one.capability,
                "name": one.label,
                "techniques": one.techniques,
                "only": one.only,
                "weight": one.weight,
                "by_score": one.by_score,
            }
            for one in gaps.capabilities
        ],
    }


def _share(share: Share) -> dict[str, object]:
    return {
        "techniques": share.techniques,
        "covered": share.covered,
        "weak": share.weak,
        "weight": share.weight,
        "covered_weight": share.covered_weight,
        "scored_weight": share.scored_weight,
        "percent": {
            "plain": round(share.plain, 4),
            "by_weight": round(share.weighted, 4),
            "by_score": None if share.by_score is None else round(share.by_score, 4),
        },
    }


def _row(gaps: Gaps, row: TechniqueGap) -> dict[str, object]:
    return {
        "id": row.technique,
        "name": row.name,
        "tactics": gaps.catalogue.techniques[row.technique].tactics,
        "weight": row.weight,
        "state": row.state,
        "score": row.score,
        "categories": row.categories,
        "missing": row.missing,
        "gap": row.gap,
        "best_by": [gaps.inputs[number].name for number in row.best_by],
        "used_by": {member.id: member.weights[row.technique] for member in gaps.threat.users(row.technique)},
        "covered_by": [
            {
                "input": gaps.inputs[contributor.input].name,
                "capability": contributor.capability,
                "score": contributor.score,
            }
            for contributor in row.contributors
        ],
        "groups": row.groups,
        "related": row.related,
        "newer_than_inputs": row.newer,
    }
