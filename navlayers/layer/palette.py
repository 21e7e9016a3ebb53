"""Colours and legends of the views.

The ramps are ColorBrewer's sequential schemes: light to dark, monotonic in lightness, so that they survive grey
print and every colour vision. One hue per category, and the legend says in words what each colour means.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text import figure
from navlayers.layer.document import LegendItem
from navlayers.layer.gradient import Gradient, safe_maximum

if TYPE_CHECKING:
    from navlayers.scoring.scores import Rules

UNSCORED = "#ffffff"
BETWEEN = ("mean", "median", "sum", "combined")
"""Aggregates whose scores lie between the score values, so that the legend needs round numbers."""

RAMPS: dict[str, tuple[str, str, str]] = {
    "overall": ("#e0ecf4", "#8c96c6", "#810f7c"),
    "protect": ("#deebf7", "#6baed6", "#08519c"),
    "detect": ("#fee6ce", "#fdae6b", "#d94801"),
    "respond": ("#e5f5e0", "#74c476", "#006d2c"),
    "count": ("#ffffcc", "#41b6c4", "#253494"),
    "threat": ("#fee5d9", "#fb6a4a", "#99000d"),
}


def value_gradient(category: str | None, highest: float) -> Gradient:
    """0–100 in the category's hue; further only where a sum of scores goes beyond 100."""
    ramp = RAMPS.get(category or "overall", RAMPS["overall"])
    return Gradient(ramp, 0, 100 if highest <= 100 else safe_maximum([highest]))


def count_gradient(counts: list[float]) -> Gradient:
    """0 to the highest count.

    Where that is 1, the ends of the ramp are all there is: mitreattack-python reads no gradient that has more
    colours than whole numbers.
    """
    highest = safe_maximum(counts)
    low, middle, high = RAMPS["count"]
    return Gradient((low, middle, high) if highest > 1 else (low, high), 0, highest)


def value_legend(gradient: Gradient, rules: Rules, unrated: bool) -> tuple[LegendItem, ...]:
    """What the colours mean, strongest first: the score values that the set uses, and round numbers between them.

    Numbers come first in a label: the Navigator cuts what is longer than some fourteen letters. `unrated`: cells
    without a score are in the layer.
    """
    marks = {rules.scale[value]: value for value in rules.used}
    if rules.worth is not None:
        marks.setdefault(rules.worth, "mapped")
    if len(marks) < 2 or rules.options.aggregate in BETWEEN or rules.options.weights:
        ticks = (gradient.maxValue, gradient.maxValue / 2)
        marks |= {tick: "" for tick in ticks if all(abs(tick - mark) > gradient.maxValue / 20 for mark in marks)}
    items = [
        LegendItem(f"{figure(mark)} {name}".rstrip(), gradient.color(mark))
        for mark, name in sorted(marks.items(), reverse=True)
    ]
    return (*items, LegendItem("not rated", UNSCORED)) if unrated else tuple(items)


def count_legend(gradient: Gradient, highest: float) -> tuple[LegendItem, ...]:
    """The highest count, round ones at two thirds and a third of it, and one."""
    marks = {1, int(highest), *(_round_mark(highest * third / 3) for third in (1, 2))}
    return tuple(
        LegendItem("1 capability" if mark == 1 else f"{mark} capabilities", gradient.color(mark))
        for mark in sorted(marks, reverse=True)
        if 1 <= mark <= max(highest, 1)
    )


def _round_mark(number: float) -> int:
    """The number, rounded down the way people pick ticks: to tens, fives, or ones."""
    step = 10 if number >= 20 else 5 if number >= 10 else 1
    return int(number // step * step)
