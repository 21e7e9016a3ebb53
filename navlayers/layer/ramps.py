"""The ramps and legends of navlayers' own layers, and the colors of techniques that are not covered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text.numbers import number_text, rounded
from navlayers.layer.colors import WHITE, Gradient, LegendItem, safe_maximum
from navlayers.mapping.model import HUNDRED
from navlayers.mapping.nouns import CAPABILITY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from navlayers.mapping.model import Range, Role
    from navlayers.mapping.nouns import Noun
    from navlayers.scoring.options import Rules


COVERED = WHITE
"""Covered techniques in a layer of the uncovered ones."""

UNCOVERED = "#99000d"
"""Techniques that are not covered, wherever they have a color: the darkest of the threat ramp."""

ANY_SCORE = "#4f6b8a"
"""Bars of what is covered, with whatever score: no color of a ramp."""

PARTLY_COVERED = ("#fb6a4a", "#fee5d9")
"""Uncovered techniques of which some, and all, sub-techniques are covered."""

DIVERGING = ("#e08214", "#fdb863", "#d9d9d9", "#b2abd2", "#8073ac")
"""Which of two inputs scores higher."""

ONLY_FIRST, ONLY_SECOND, EQUAL = "#b35806", "#542788", DIVERGING[2]
WINNERS = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7")
"""A color per input; more colors would not be distinguishable."""

SEVERAL = "#bdbdbd"
"""Several inputs have the highest score."""

NOT_RATED = "#bdbdbd"
"""Techniques that are mapped but not rated: gray, because they are neither covered nor open."""

NOT_RATED_ITEM = LegendItem("not rated", NOT_RATED)
"""The item of legends; readers of layers know entries that are not rated by its color."""


def uncovered_item(covered: str = "covered") -> LegendItem:
    """The item of legends for `UNCOVERED`; `covered` is the word for what covered techniques are."""
    return LegendItem(f"not {covered}", UNCOVERED)


def tells_uncovered(legend: Iterable[LegendItem]) -> bool:
    """Whether a layer with this legend gives techniques that are not covered a color of their own."""
    return any(item.color == UNCOVERED and item.label.startswith("not ") for item in legend)


# ColorBrewer's sequential schemes, one hue per category: monotonic in lightness, so they survive gray print and
# color blindness.
RAMPS: dict[str, tuple[str, str, str]] = {
    "overall": ("#e0ecf4", "#8c96c6", "#810f7c"),
    "protect": ("#deebf7", "#6baed6", "#08519c"),
    "detect": ("#fee6ce", "#fdae6b", "#d94801"),
    "respond": ("#e5f5e0", "#74c476", "#006d2c"),
    "count": ("#ffffcc", "#41b6c4", "#253494"),
    "threat": ("#fee5d9", "#fb6a4a", UNCOVERED),
}
# Aggregates with scores between the score values, whose legend needs round numbers.
_BETWEEN = ("mean", "median", "sum", "combined")


def ramp_of(role: Role, other: str) -> tuple[str, str, str]:
    """The ramp of a set: that of threats, else the ramp of this name, or that of overall scores."""
    return RAMPS["threat"] if role == "threat" else RAMPS.get(other, RAMPS["overall"])


def value_gradient(
    category: str | None, highest: float, score_range: Range = HUNDRED, role: Role = "control"
) -> Gradient:
    """The gradient over the range in the category's hue; beyond it only for larger sums of scores.

    Over a range up to 1 it has two colors, as in `count_gradient`.
    """
    ramp = ramp_of(role, category or "overall")
    low, high = map(rounded, score_range)
    end = high if highest <= high else safe_maximum([highest])
    return Gradient(ramp if end - low > 1 else (ramp[0], ramp[-1]), low, end)


def count_gradient(counts: list[float], role: Role = "control") -> Gradient:
    """The gradient from 0 to the highest count.

    With counts up to 1 it has two colors: mitreattack-python rejects gradients with more colors than whole numbers.
    """
    highest = safe_maximum(counts)
    low, middle, high = ramp_of(role, "count")
    return Gradient((low, middle, high) if highest > 1 else (low, high), 0, highest)


def value_legend(gradient: Gradient, rules: Rules) -> tuple[LegendItem, ...]:
    """The legend, strongest first: the set's score values, and round numbers between them.

    Labels start with the number, because the Navigator cuts them after about fourteen letters.

    Args:
        gradient: the gradient of the layer.
        rules: scale, score values in use and aggregate.
    """
    marks = {} if rules.is_share else {rules.scale[value]: value for value in rules.used}
    if rules.worth is not None:
        marks.setdefault(rules.worth, "mapped")
    if len(marks) < 2 or rules.options.aggregate in _BETWEEN or rules.options.weights:
        span = gradient.maxValue - gradient.minValue
        ticks = (gradient.maxValue, gradient.minValue + span / 2)
        marks |= {tick: "" for tick in ticks if all(abs(tick - mark) > span / 20 for mark in marks)}
    return tuple(
        LegendItem(f"{number_text(mark)} {name}".rstrip(), gradient.color(mark))
        for mark, name in sorted(marks.items(), reverse=True)
    )


def count_legend(gradient: Gradient, highest: float, noun: Noun = CAPABILITY) -> tuple[LegendItem, ...]:
    """The legend: the highest count, round numbers at two thirds and one third of it, and 1."""
    marks = {1, int(highest), *(_round_mark(highest * third / 3) for third in (1, 2))}
    return tuple(
        LegendItem(noun.counted(mark), gradient.color(mark))
        for mark in sorted(marks, reverse=True)
        if 1 <= mark <= max(highest, 1)
    )


def _round_mark(number: float) -> int:
    """A number rounded down to a multiple of 10, 5 or 1, by its size."""
    step = 10 if number >= 20 else 5 if number >= 10 else 1
    return int(number // step * step)
