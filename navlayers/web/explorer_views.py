"""What the views of the explorer show, per measure: scores, colors and legends, worked out here once for all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from navlayers._text import figure, tidy
from navlayers.analysis import compare_layers
from navlayers.analysis.compare_layers import legend_of
from navlayers.layer.colors import Gradient, LegendItem, text_color, value_gradient, value_legend
from navlayers.layer.view import Ratios

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from navlayers.analysis.compare import Comparison, Difference, Gap
    from navlayers.layer.view import View
    from navlayers.scoring.coverage import Coverage


class Colors:
    """Colours in the order in which they were first asked for; a class `k7` fills with the eighth of them."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, color: str) -> int:
        """The number of `#rrggbb`."""
        return self._numbers.setdefault(color, len(self._numbers))

    def name(self, color: str) -> str:
        """The class that fills with `#rrggbb`, the text upon it black or white."""
        return f"k{self.number(color)}"

    @property
    def rules(self) -> str:
        """The rules of the classes; `fill` is for shapes."""
        return "".join(
            f".k{number} {{ background: {color}; color: {text_color(color)}; fill: {color}; }}\n"
            for color, number in self._numbers.items()
        )


_RAMP = 10
"""Into so many steps a gradient is divided to be shown."""

_SCORE_AGAIN = re.compile(r"Gap [\d.,]+|[\d.,]+ under the plan")


class Legend(msgspec.Struct, frozen=True):
    """What colours mean: labels with the numbers of their colours; a ramp of colours between two figures."""

    items: tuple[tuple[str, int], ...]
    ramp: tuple[int, ...] = ()
    low: str = ""
    high: str = ""


class Entry(msgspec.Struct, frozen=True):
    """What a view shows of a technique: its score, its colour, and a few words.

    The score is None where it is covered without one, False where the view tells that it is not covered.
    """

    technique: str
    score: float | bool | None
    color: str
    words: str = ""


class Shown(msgspec.Struct, frozen=True):
    """One view under one measure."""

    entries: tuple[Entry, ...]
    legend: Legend


class Drawn(msgspec.Struct, frozen=True):
    """A view: `kind` is "set", "union", "gap", "difference" or "layer", `sets` are the numbers of the inputs in it.

    `shown` are its measures; a "layer" has one, whatever category is asked for. `hidden` are the techniques that
    it leaves out, `ratios` its own figures.
    """

    id: str
    title: str
    kind: str
    sets: tuple[int, ...]
    shown: tuple[Shown, ...]
    hidden: tuple[str, ...] = ()
    ratios: Ratios | None = None


def gradient_at(comparison: Comparison) -> Gradient:
    """The gradient of the inputs: that which their layers have."""
    return compare_layers.common_gradient(comparison)


def input_shown(comparison: Comparison, number: int, colors: Colors) -> Shown:
    """What one input covers; of a single set, what it scores 0, too, as its layer does."""
    one, gradient, category = comparison.inputs[number], gradient_at(comparison), comparison.category
    alone = len(comparison.inputs) == 1 and not (one.is_layer or one.covered_only)
    if alone:
        measures: dict[str, float | None] = {
            technique: entry.measure(category)
            for technique, entry in one.entries.items()
            if category is None or category in entry.categories
        }
    else:
        measures = one.measures(category)
    legend = legend_of(comparison, gradient)
    if alone and not one.counts:
        unrated = any(score is None for score in measures.values())
        legend = value_legend(value_gradient(category, comparison.highest), one.scored.rules, unrated)
    entries = tuple(
        _entry(technique, score, gradient, _rolled_up(one, technique, category))
        for technique, score in sorted(measures.items())
    )
    return Shown(entries, _legend(legend, gradient, colors, ramp=not comparison.covered_only))


def _rolled_up(one: Coverage, technique: str, category: str | None) -> str:
    found = one.entries[technique].rolled_up.get(category or "overall")
    return f"from {found[0]} of {found[1]} sub-techniques" if found else ""


def union_shown(comparison: Comparison, colors: Colors) -> Shown:
    """The best that any input gives, and who gives it."""
    gradient = gradient_at(comparison)
    entries = tuple(
        _entry(row.technique, row.best, gradient, "best by " + _names(comparison, row.best_by))
        if row.best_by and len(row.best_by) < len(comparison.inputs)
        else _entry(row.technique, row.best, gradient)
        for row in comparison.rows
    )
    legend = legend_of(comparison, gradient)
    return Shown(entries, _legend(legend, gradient, colors, ramp=not comparison.covered_only))


def _names(comparison: Comparison, numbers: Iterable[int]) -> str:
    return ", ".join(comparison.inputs[number].name for number in numbers)


def gap_shown(comparison: Comparison, colors: Colors) -> Shown:
    """What no input covers; the colour says how much of its sub-techniques."""
    gradient = Gradient(compare_layers.GAP, 0, 100)
    entries = tuple(_entry(gap.technique, gap.missing, gradient, _missing(gap)) for gap in comparison.gaps)
    found = {gap.missing for gap in comparison.gaps}
    items = [LegendItem("not covered", gradient.color(100))]
    if any(0 < missing < 100 for missing in found):
        items.append(LegendItem("some sub-techniques are", gradient.color(50)))
    if 0 in found:
        items.append(LegendItem("all sub-techniques are", gradient.color(0)))
    return Shown(entries, Legend(tuple((item.label, colors.number(item.color)) for item in items)))


def _missing(gap: Gap) -> str:
    return f"not covered; {gap.covered} of its {gap.total} sub-techniques are" if gap.covered else "not covered"


def difference_shown(comparison: Comparison, found: Difference, colors: Colors) -> Shown:
    """By how much the second input is above the first."""
    gradient = compare_layers.difference_gradient(comparison)
    first, second = (comparison.inputs[number].name for number in (found.first, found.second))
    more = "more" if comparison.counts else "stronger"
    legend = compare_layers.difference_legend(found, (first, second), gradient, more)
    words = {
        "only first": f"only {first}",
        "first stronger": f"{first} {more}",
        "equal": "equal",
        "second stronger": f"{second} {more}",
        "only second": f"only {second}",
        "not rated": "both, one of them without a score",
    }
    entries = []
    for technique, relation in sorted(found.relations.items()):
        score = found.scores[technique]
        color = compare_layers.difference_color(relation)
        shown = None if score is None else tidy(score)
        entries.append(Entry(technique, shown, color or gradient.color(gradient.safe(shown or 0)), words[relation]))
    return Shown(tuple(entries), _legend(legend, gradient, colors, ramp=not comparison.covered_only))


def layer_shown(view: View, colors: Colors) -> Shown:
    """A layer as it is drawn; of a technique that differs by tactic, the first."""
    entries: dict[str, Entry] = {}
    for (technique, _), annotation in view.entries.items():
        if not annotation.annotated or not annotation.enabled:
            continue
        score: float | bool | None = annotation.score
        color = annotation.color or ("" if score is None else view.gradient.color(score))
        # What nobody covers scores 0 and has a colour of its own, for a layer has no other way to tell.
        uncovered = score == 0 and annotation.color
        entries.setdefault(
            technique, Entry(technique, False if uncovered else score, color, _first_words(annotation.comment))
        )
    return Shown(
        tuple(entries[technique] for technique in sorted(entries)),
        Legend(tuple((item.label, colors.number(item.color)) for item in view.legend)),
    )


def _first_words(comment: str) -> str:
    """The first line that says more than the score does."""
    return next((line for line in comment.split("\n") if not _SCORE_AGAIN.fullmatch(line)), "")


def layer_hidden(view: View) -> tuple[str, ...]:
    """The techniques that a layer hides beneath each tactic that they are of."""
    if not view.hide_disabled:
        return ()
    shown = {technique for (technique, _), annotation in view.entries.items() if annotation.enabled}
    return tuple(sorted({technique for technique, _ in view.entries} - shown))


def _entry(technique: str, score: float | None, gradient: Gradient, words: str = "") -> Entry:
    if score is None:
        return Entry(technique, None, "", words)
    shown = tidy(score)
    return Entry(technique, shown, gradient.color(gradient.safe(shown)), words)


def _legend(items: Sequence[LegendItem], gradient: Gradient, colors: Colors, *, ramp: bool) -> Legend:
    """`ramp`: there are scores between the ends of the gradient, or could be."""
    found = tuple((item.label, colors.number(item.color)) for item in items)
    if not ramp:
        return Legend(found)
    low, high = gradient.minValue, gradient.maxValue
    steps = [gradient.color(low + (high - low) * step / _RAMP) for step in range(_RAMP + 1)]
    return Legend(
        found,
        tuple(map(colors.number, steps)),
        figure(low).replace("-", "\N{MINUS SIGN}"),
        figure(high),
    )


def drawn(
    comparisons: Sequence[Comparison], titles: Sequence[str], ids: Sequence[str], colors: Colors
) -> Iterator[Drawn]:
    """The views of comparisons that differ by their category alone: inputs, union, gap, differences."""
    first = comparisons[0]
    for number, (title, id_) in enumerate(zip(titles, ids, strict=True)):
        yield Drawn(id_, title, "set", (number,), tuple(input_shown(c, number, colors) for c in comparisons))
    if len(ids) == 1:
        return
    every = tuple(range(len(ids)))
    yield Drawn("~all", "All together", "union", every, tuple(union_shown(c, colors) for c in comparisons))
    yield Drawn("~none", "What none covers", "gap", every, tuple(gap_shown(c, colors) for c in comparisons))
    for number, found in enumerate(first.differences):
        pair = (found.first, found.second)
        yield Drawn(
            "~" + "~".join(ids[one] for one in pair),
            " → ".join(first.inputs[one].name for one in pair),
            "difference",
            pair,
            tuple(difference_shown(c, c.differences[number], colors) for c in comparisons),
        )
