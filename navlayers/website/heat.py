"""What colours a matrix: the scores of techniques as a layer of the set shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from navlayers._text import figure, tidy
from navlayers.layer.colors import LegendItem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from navlayers.layer.colors import Gradient
    from navlayers.scoring.scores import TechniqueScore

UNRATED = "✓"
"""What stands for the score of a technique that is mapped without a score value."""


_WHITE = "#ffffff"


class Shade(NamedTuple):
    """A mapped technique in a matrix: its score as text, and the `#rrggbb` of it, "" where it has none."""

    text: str
    color: str


class Heat(NamedTuple):
    """One way to look at a matrix: its name, the techniques that are mapped in it, what its colours mean."""

    name: str
    shades: dict[str, Shade]
    legend: tuple[LegendItem, ...]
    tips: Mapping[str, str] = {}


def heat(
    name: str,
    shades: dict[str, Shade],
    legend: Sequence[LegendItem],
    tips: Mapping[str, str] | None = None,
) -> Heat:
    """One way to look at a matrix, the sign of what is mapped without a score explained where it is used."""
    unrated = any(shade.text == UNRATED for shade in shades.values())
    more = (LegendItem(f"{UNRATED} mapped, not rated", _WHITE),) if unrated else ()
    return Heat(name, shades, (*legend, *more), tips or {})


def shades_of(scores: Iterable[tuple[str, float | None]], gradient: Gradient) -> dict[str, Shade]:
    """Technique id → shade, of techniques and their scores."""
    found: dict[float | None, Shade] = {}
    made = {}
    for technique, score in scores:
        if score not in found:
            found[score] = _shade(score, gradient)
        made[technique] = found[score]
    return made


def _shade(score: float | None, gradient: Gradient) -> Shade:
    if score is None:
        return Shade(UNRATED, "")
    return Shade(figure(score), gradient.color(gradient.safe(tidy(score))))


def measured(scores: Mapping[str, TechniqueScore], category: str | None) -> list[tuple[str, float | None]]:
    """Technique id and score, overall or in the category, of what is mapped there."""
    return [
        (technique, entry.measure(category))
        for technique, entry in scores.items()
        if category is None or category in entry.categories
    ]
