"""Colours and legends of the views.

The ramps are ColorBrewer's sequential schemes: light to dark, monotonic in lightness, so that they survive grey
print and every colour vision. One hue per category, and the legend says in words what each colour means.
"""

from __future__ import annotations

from navlayers.aggregate import tidy
from navlayers.layers.document import LegendItem
from navlayers.layers.gradient import Gradient, safe_maximum

RAMPS: dict[str, tuple[str, str, str]] = {
    "overall": ("#e0ecf4", "#8c96c6", "#810f7c"),
    "protect": ("#deebf7", "#6baed6", "#08519c"),
    "detect": ("#fee6ce", "#fdae6b", "#d94801"),
    "respond": ("#e5f5e0", "#74c476", "#006d2c"),
    "count": ("#ffffcc", "#41b6c4", "#253494"),
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


def value_legend(gradient: Gradient, scale: dict[str, float]) -> tuple[LegendItem, ...]:
    """One item per score value, strongest first; the end of the gradient where that lies beyond the scale."""
    marks = sorted(((number, value) for value, number in scale.items()), reverse=True)
    items = [LegendItem(f"{value} ({tidy(number):g})", gradient.color(number)) for number, value in marks]
    if gradient.maxValue > 100:
        top = gradient.maxValue
        items.insert(0, LegendItem(f"sum of {tidy(top):g} or more", gradient.color(top)))
    return tuple(items)


def count_legend(gradient: Gradient, highest: float) -> tuple[LegendItem, ...]:
    """Round counts from the highest down to one."""
    marks = {1, int(highest)}
    marks.update(_round_mark(highest * share) for share in (0.25, 0.5, 0.75))
    return tuple(
        LegendItem("1 capability" if mark == 1 else f"{mark} capabilities", gradient.color(mark))
        for mark in sorted(marks, reverse=True)
        if 1 <= mark <= max(highest, 1)
    )


def _round_mark(number: float) -> int:
    """The number with one or two leading digits, the way people pick ticks."""
    for step in (100, 50, 20, 10, 5, 2):
        if number >= 4 * step:
            return int(number // step * step)
    return int(number)
