"""What was read of a set or file as a threat: each technique with its weight, and the day on which it was seen."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import msgspec

from navlayers._text.wording import quantity
from navlayers.analysis.threats.model import Member, MemberKind, summed
from navlayers.errors import Problem
from navlayers.mapping.model import MappingSet
from navlayers.mapping.replacements import inactive, remap
from navlayers.scoring.scores import exact, score, score_set

if TYPE_CHECKING:
    from collections.abc import Callable  # noqa: TC004 - never decoded

    from navlayers.attack import Catalogue
    from navlayers.errors import Place  # noqa: TC004 - never decoded


class Weighted(msgspec.Struct, frozen=True):
    """A file or set that was read as a threat, or one of several threats of a file; not yet at a release.

    Attributes:
        name, title: how results identify it, and how they call it.
        set: its techniques, as mappings.
        weights: of each mapping, None for one without; empty if scores or counts of capabilities are the weights.
        days: of each mapping, when it was seen, as 2025-01-31, "" for unknown; empty: weights do not fade.
        first_seen, last_seen: days that a file of threats states; "": unknown.
        newest: gives the place of the newest of `days`; None without one.
    """

    kind: MemberKind
    name: str
    title: str
    path: str
    set: MappingSet
    weights: tuple[float | None, ...] = ()
    notices: tuple[Problem, ...] = ()
    days: tuple[str, ...] = ()
    first_seen: str = ""
    last_seen: str = ""
    newest: Callable[[], Place] | None = None

    def member(self, catalogue: Catalogue) -> tuple[Member, tuple[Problem, ...]]:
        """The member of a threat at a release, and notices about its techniques."""
        remapped, replaced = remap(self.set, catalogue)
        notices = list(self.notices)
        weights, repeated = self._weights(remapped) if self.weights else (_scores(remapped, catalogue), 0)
        active = {technique: weight for technique, weight in weights.items() if catalogue.is_active(technique)}
        kept = {technique: weight for technique, weight in active.items() if weight}
        lost = {technique: weight for technique, weight in weights.items() if weight and technique not in active}
        if len(kept) < len(active):
            skipped = quantity(len(active) - len(kept), "technique")
            notices.append(Problem(f"{self.name}: skipped {skipped} without a weight above 0"))
        if repeated:
            message = f"{self.name}: adding the weights of {quantity(repeated, 'technique')} in several rows"
            notices.append(Problem(message))
        left_out = inactive(remapped, catalogue)
        member = Member(
            self.kind,
            self.name,
            self.title,
            kept,
            replaced=replaced,
            left_out=left_out,
            lost=lost,
            file=self.name,
            first_seen=self.first_seen,
            last_seen=self.last_seen,
        )
        return member, tuple(notices)

    def _weights(self, remapped: MappingSet) -> tuple[dict[str, float], int]:
        """Technique id → weight, 0 if it has none; and how many techniques have several rows in a table."""
        weights: dict[str, list[float]] = {}
        for mapping, weight in zip(remapped.mappings, self.weights, strict=True):
            weights.setdefault(mapping.technique, []).extend([] if weight is None else [weight])
        if self.kind == "layer":
            return {technique: exact(max(weights[technique], default=0)) for technique in sorted(weights)}, 0
        rows = [{technique: weight} for technique, several in weights.items() for weight in several]
        of_table = self.kind == "table"
        return summed(rows), sum(len(several) > 1 for several in weights.values()) if of_table else 0

    def faded(self, half_life: float, as_of: str) -> Weighted:
        """The same with weights that halve every `half_life` days before `as_of`; what is later does not count."""
        if not self.days:
            return self
        end = date.fromisoformat(as_of)
        later = sum(day > as_of for day in self.days)
        weights = tuple(
            weight and (weight if not day else 0 if day > as_of else _halved(weight, end, day, half_life))
            for weight, day in zip(self.weights, self.days, strict=True)
        )
        notices = self.notices
        if later:
            message = f"{self.name}: left out {quantity(later, 'sighting')} after {as_of}"
            notices += (Problem(message, self.newest and self.newest()),)
        if undated := self.days.count(""):
            those = "use" if undated == 1 else "uses"
            notices += (Problem(f"{self.name}: {undated:,} {those} of a technique without a date: full weight"),)
        return msgspec.structs.replace(self, weights=weights, notices=notices)


def _halved(weight: float, end: date, day: str, half_life: float) -> float:
    age = (end - date.fromisoformat(day)).days
    return float(weight * 2.0 ** (-age / half_life))


def _scores(remapped: MappingSet, catalogue: Catalogue) -> dict[str, float]:
    """Technique id → overall score, 0 if it has none; techniques that are not active included."""
    scores = score_set(remapped, catalogue)
    gone = (mapping for mapping in remapped.mappings if not catalogue.is_active(mapping.technique))
    entries = scores.scores | score(gone, scores.rules)
    return {technique: entry.overall or 0 for technique, entry in sorted(entries.items())}
