"""Facts about a layer that all formats share: names, counts, round numbers of the gradient, legend."""

from __future__ import annotations

import math
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from navlayers._text.lines import single_line
from navlayers._text.numbers import rounded
from navlayers._text.wording import and_list, undated
from navlayers.layer.document import tab_name
from navlayers.layer.matrix import Matrix, matrix_of
from navlayers.layer.rows import TechniqueRow, rows_of
from navlayers.output.drawing.summary import explained

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from navlayers.layer.colors import Gradient
    from navlayers.layer.view import View
    from navlayers.output.drawing.options import RenderOptions

# The longest title that names several layers, in letters.
_LONGEST_TITLE = 120

_MOST_TICKS = 6
# Below it, a span divided by the ticks underflows.
_SMALLEST_SPAN = 1e-300

AGGREGATES = {
    "average": "the average of its own and those of its sub-techniques",
    "min": "the lowest of its own and those of its sub-techniques",
    "max": "the highest of its own and those of its sub-techniques",
    "sum": "the sum of its own and those of its sub-techniques",
}
"""Aggregate function of a layer → the meaning of a technique's score."""


class Tab(NamedTuple):
    """A layer of a file; `name` is unique in the file."""

    name: str
    matrix: Matrix
    rows: tuple[TechniqueRow, ...]

    @property
    def view(self) -> View:
        """The layer itself."""
        return self.matrix.view


def tabs_of(views: Iterable[View], options: RenderOptions) -> list[Tab]:
    """The layers in order, each with its matrix in the detail of the options."""
    tabs: list[Tab] = []
    names: set[str] = set()
    numbers: dict[str, int] = {}
    for view in views:
        number, name = numbers.get(view.name, 1), view.name
        while name in names:
            number += 1
            name = f"{view.name} ({number})"
        names.add(name)
        numbers[view.name] = number
        matrix = matrix_of(explained(view), options.detail or "full")
        tabs.append(Tab(name, matrix, rows_of(matrix)))
    return tabs


def short_name(view: View) -> str:
    """The name of a layer without version and date, which make names long."""
    name = view.name
    for label, value in view.metadata:
        if label == "framework version" and len(value) > 1:
            name = name.replace(value, " ").replace(tab_name(value), " ")
    return undated(name) or view.name


def title_of(tabs: Sequence[Tab]) -> str:
    """The title of a file: the names of its layers, cut after 120 letters."""
    if len(tabs) == 1:
        return tabs[0].name
    names = [short_name(tab.view) for tab in tabs]
    if len(set(names)) < len(names):
        names = [tab.name for tab in tabs]
    ends = list(accumulate(len(name) + 2 for name in names))
    kept = max(sum(end <= _LONGEST_TITLE for end in ends), 1)
    if kept == len(names):
        return and_list(names)
    return and_list([*names[:kept], f"{len(names) - kept} more"])


def counts(view: View) -> str:
    """The share of its release that a layer annotates and has enabled, or its ratios, in words."""
    if view.ratios is not None:
        return single_line(view.ratios.sentence)
    annotated = {identifier for (identifier, _), entry in view.entries.items() if entry.counted}
    active = [t for t in view.catalogue.techniques.values() if t.active and t.tactics]
    subs = [t.id for t in active if t.parent]
    text = f"{_ratio(annotated, [t.id for t in active if not t.parent])} techniques"
    return f"{text}{f' and {_ratio(annotated, subs)} sub-techniques' if subs else ''} annotated"


def _ratio(annotated: set[str], techniques: Sequence[str]) -> str:
    return f"{sum(technique in annotated for technique in techniques)} of {len(techniques)}"


def short(view: View) -> tuple[str, ...]:
    """Release, counts and filters, for the header of a picture."""
    parts = [view.release, counts(view)]
    if view.platforms:
        parts.append(f"platforms: {single_line(', '.join(view.platforms))}")
    if view.hide_disabled and view.ratios is None:
        parts.append("disabled techniques hidden")
    return tuple(parts)


def summary(view: View) -> tuple[str, ...]:
    """Release, counts and filters, for the line below a layer's name."""
    filters = _filters(view)
    return (view.release, counts(view), *([f"filters: {filters}"] if filters else []))


def facts(view: View) -> tuple[tuple[str, str], ...]:
    """Labels and texts about a layer, from its release to its metadata."""
    parts = [("release", view.release), ("holds", counts(view))]
    if _filters(view):
        parts.append(("filters", _filters(view)))
    if view.layout.show_aggregate:
        parts.append(("score of a technique", AGGREGATES[view.layout.aggregate]))
    return (*parts, *view.metadata)


def _filters(view: View) -> str:
    return ", ".join([*view.platforms, *(["disabled techniques hidden"] if view.hide_disabled else [])])


class Mark(NamedTuple):
    """A color of the legend and its meaning."""

    label: str
    color: str


def ticks(view: View) -> tuple[Mark, ...]:
    """Round numbers on the gradient from end to end, low to high; none if the layer has no score."""
    if all(entry.score is None for entry in view.entries.values()):
        return ()
    gradient = view.gradient
    return tuple(Mark(figure(number), gradient.color(number)) for number in _round_numbers(gradient))


def legend(view: View) -> tuple[Mark, ...]:
    """The meaning of colors: the legend of the layer, or else numbers of the gradient."""
    return tuple(Mark(item.label, item.color) for item in view.legend) or ticks(view)


def figure(number: float) -> str:
    """A score with two decimals at most, very large and very small ones by their power of ten."""
    return f"{rounded(number)}" if number == 0 or 0.01 <= abs(number) < 1e9 else f"{number:.4g}"


def _round_numbers(gradient: Gradient) -> list[float]:
    low, high = gradient.minValue, gradient.maxValue
    span = high - low
    if not _SMALLEST_SPAN < span < math.inf:
        return [low]
    power = 10.0 ** math.floor(math.log10(span / _MOST_TICKS))
    step = next(
        step for step in (power, 2 * power, 2.5 * power, 5 * power, 10 * power) if span / step <= _MOST_TICKS
    )
    first, last = math.ceil(low / step), math.floor(high / step)
    # A number too near an end would overlap the end's own.
    between = [n * step for n in range(first, last + 1) if low + step / 2 < n * step < high - step / 2]
    return [low, *between, high]


def reading(tab: Tab) -> tuple[str, ...]:
    """Sentences on how to read the colors of a layer."""
    view, rows = tab.view, tab.rows
    sentences = []
    if ticks(view):
        own = any(row.annotation.color and row.annotation.enabled for row in rows)
        sentences.append(f"The color of a cell shows its score{' unless it has its own color' if own else ''}.")
        without = f"are {single_line(view.unscored)}" if view.unscored else "have no score"
        sentences.append(f"Cells without a color {without}.")
    if view.layout.show_aggregate:
        sentences.append(f"The score of a technique is {AGGREGATES[view.layout.aggregate]}.")
    if any(not row.annotation.enabled for row in rows) and not view.hide_disabled:
        sentences.append("Gray cells are disabled.")
    if any(row.where == "collapsed" for row in rows):
        sentences.append("Sub-techniques that the layer does not expand are only in the table.")
    if any(row.where == "left out" for row in rows):
        sentences.append("Techniques hidden by the layer's filters are only in the table.")
    return tuple(sentences)
