"""What is covered of a release: techniques and sub-techniques, and their share of all that are active in it."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from navlayers._text import percent, tidy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from navlayers.scoring.scores import TechniqueScore


class Share(NamedTuple):
    """So many techniques and sub-techniques, of as many as are active in the release."""

    techniques: int
    subtechniques: int
    total: int

    @classmethod
    def of(cls, ids: Iterable[str], total: int) -> Share:
        """The share of these ids."""
        subs = ["." in identifier for identifier in ids]
        return cls(len(subs) - sum(subs), sum(subs), total)

    @property
    def number(self) -> int:
        """Techniques and sub-techniques together."""
        return self.techniques + self.subtechniques

    @property
    def percent(self) -> str:
        """The share in per cent, with one decimal."""
        return f"{percent(Fraction(self.number, self.total)):.1f}" if self.total else "0.0"


def covered(scores: Mapping[str, TechniqueScore]) -> list[str]:
    """The ids of what is covered, which is what has a score above 0 or is mapped without one."""
    return [t for t, entry in scores.items() if entry.overall is None or tidy(entry.overall) > 0]
