"""Colours of comparisons: differences diverge around a grey that is not the white of what nobody covers.

The hues are ColorBrewer's; those that tell inputs apart are Okabe and Ito's, made for every colour vision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers.layer.colors import RAMPS, Gradient, LegendItem, count_gradient, safe_maximum, value_gradient

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.analysis.compare.comparison import Comparison, Difference, Relation

DIVERGING = ("#e08214", "#fdb863", "#d9d9d9", "#b2abd2", "#8073ac")
ONLY_FIRST, ONLY_SECOND, EQUAL, NOT_RATED = "#b35806", "#542788", DIVERGING[2], "#f7f7f7"
GAP = ("#fee5d9", "#fb6a4a")
WINNERS = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7")
SEVERAL = "#bdbdbd"

_COLOURS: dict[Relation, str] = {
    "only first": ONLY_FIRST,
    "equal": EQUAL,
    "only second": ONLY_SECOND,
    "not rated": NOT_RATED,
}


def common_gradient(comparison: Comparison) -> Gradient:
    """One gradient for every input and their union, so that colours mean the same in every tab."""
    if comparison.counts:
        scores = [row.scores for row in comparison.rows]
        return count_gradient([score for found in scores for score in found if score is not None])
    return value_gradient(comparison.category, comparison.highest)


def difference_gradient(comparison: Comparison) -> Gradient:
    """From the first input by as much as can be to the second by as much, around 0.

    With as many colours as there are whole numbers at the most: mitreattack-python reads no gradient that has more.
    """
    highest = comparison.highest
    end = safe_maximum([highest]) if comparison.counts or highest > 100 else 100
    return Gradient(DIVERGING if end > 1 else DIVERGING[::2], -end, end)


def difference_color(relation: Relation) -> str:
    """The colour of a relation, "" where the gradient gives it."""
    return _COLOURS.get(relation, "")


def difference_legend(
    found: Difference, names: tuple[str, str], gradient: Gradient, more: str
) -> tuple[LegendItem, ...]:
    """What the colours mean, from the first input to the second; `more` is what one has that beats the other."""
    first, second = names
    items = [
        LegendItem(f"only {first}", ONLY_FIRST),
        LegendItem(f"{first} {more}", gradient.color(gradient.minValue / 2)),
        LegendItem("equal", EQUAL),
        LegendItem(f"{second} {more}", gradient.color(gradient.maxValue / 2)),
        LegendItem(f"only {second}", ONLY_SECOND),
    ]
    return (*items, LegendItem("not rated", NOT_RATED)) if found.count("not rated") else tuple(items)


def agreement_gradient(inputs: int) -> Gradient:
    """From none to all inputs."""
    low, middle, high = RAMPS["count"]
    return Gradient((low, middle, high), 0, inputs)


def winner_colors(inputs: Sequence[object]) -> tuple[str, ...] | None:
    """A colour per input; None where there are more inputs than colours that can be told apart."""
    return WINNERS[: len(inputs)] if len(inputs) <= len(WINNERS) else None
