"""Which capabilities cover a technique, and how well each does by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers.analysis.gaps.model import FULL, Giver

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from navlayers.mapping.model import Mapping
    from navlayers.scoring.coverage import Coverage


def givers_of(
    inputs: Iterable[Coverage], category: str | None, techniques: Iterable[str]
) -> dict[str, tuple[Giver, ...]]:
    """Technique id → the capabilities of all inputs that cover it, the strongest first, then by input and id."""
    wanted = frozenset(techniques)
    found: dict[str, list[Giver]] = {}
    for number, one in enumerate(inputs):
        for capability, technique, score in _alone(one, category):
            if technique in wanted:
                found.setdefault(technique, []).append(Giver(number, capability, score))
    return {technique: tuple(sorted(givers, key=_strongest_first)) for technique, givers in found.items()}


def _strongest_first(giver: Giver) -> tuple[float, int, str]:
    return -(-1 if giver.score is None else giver.score), giver.input, giver.capability


def _alone(one: Coverage, category: str | None) -> Iterator[tuple[str, str, float | None]]:
    """Capability, technique and score, as if each capability were the whole set."""
    covered = one.measures(category)
    by_capability: dict[str, list[Mapping]] = {}
    for mapping in one.scored.mappings:
        by_capability.setdefault(mapping.capability, []).append(mapping)
    whole = one.is_layer and len(by_capability) == 1
    for capability in sorted(by_capability):
        for technique, entry in one.scored.of(by_capability[capability]).items():
            if technique not in covered:
                continue
            score = covered[technique] if whole else entry.measure(category)
            if score == 0 or (category is not None and category not in entry.categories):
                continue
            yield capability, technique, bounded(score, counts=one.counts)


def bounded(score: float | None, *, counts: bool) -> float | None:
    """A score as part of 100: sums end at 100, and what is only counted has none."""
    return None if score is None or counts else min(score, FULL)
