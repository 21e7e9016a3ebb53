"""What every format says of a layer: names and matrices, counts, the gradient with round numbers, the legend."""

from __future__ import annotations

import math
import re
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from navlayers._text import clean, joined, tidy
from navlayers.layer.matrix import Matrix, matrix_of
from navlayers.layer.rows import Row, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from navlayers.layer.colors import Gradient
    from navlayers.layer.view import View
    from navlayers.output.drawing.options import RenderOptions

# Letters of a title that names several layers.
_LONGEST_TITLE = 120
_DATE = re.compile(r"(?<![\w./-])\d{1,4}([./-])\d{1,2}\1\d{1,4}(?![\w/-])")

_MOST_TICKS = 6
# Below it, a span divided by the ticks underflows.
_SMALLEST_SPAN = 1e-300

AGGREGATES = {
    "average": "the average of its own and those of its sub-techniques",
    "min": "the lowest of its own and those of its sub-techniques",
    "max": "the highest of its own and those of its sub-techniques",
    "sum": "the sum of its own and those of its sub-techniques",
}
"""What a technique's score is, by the name of the layer's aggregate function."""


class Tab(NamedTuple):
    """A layer of a file that may hold several; `name` differs from those of the others."""

    name: str
    matrix: Matrix
    rows: tuple[Row, ...]

    @property
    def view(self) -> View:
        """The layer itself."""
        return self.matrix.view


def tabs_of(views: Iterable[View], options: RenderOptions) -> list[Tab]:
    """The layers in order, each with as much of its matrix as the options ask for."""
    tabs: list[Tab] = []
    names: set[str] = set()
    for view in views:
        number, name = 1, view.name
        while name in names:
            number += 1
            name = f"{view.name} ({number})"
        names.add(name)
        matrix = matrix_of(view, options.detail or "full")
        tabs.append(Tab(name, matrix, rows_of(matrix)))
    return tabs


def short_name(view: View) -> str:
    """The name of a layer without the version or the date of what it shows, which make names long."""
    name = view.name
    for label, value in view.metadata:
        if label == "framework version" and len(value) > 1:
            name = name.replace(value, " ")
    bare = re.sub(r"\s+([:,;])", r"\1", " ".join(_DATE.sub(" ", name).split())).strip(" :,;")
    return bare or view.name


def title_of(tabs: Sequence[Tab]) -> str:
    """The title of a file: the names of its layers, the first few of many."""
    if len(tabs) == 1:
        return tabs[0].name
    names = [short_name(tab.view) for tab in tabs]
    if len(set(names)) < len(names):
        names = [tab.name for tab in tabs]
    ends = list(accumulate(len(name) + 2 for name in names))
    kept = max(sum(end <= _LONGEST_TITLE for end in ends), 1)
    if kept == len(names):
        return joined(names)
    return joined([*names[:kept], f"{len(names) - kept} more"])


def counts(view: View) -> str:
    """How much of its release a layer annotates and has enabled, or its ratios."""
    if view.ratios is not None:
        return clean(view.ratios.told)
    annotated = {identifier for (identifier, _), entry in view.entries.items() if entry.counted}
    active = [t for t in view.catalogue.techniques.values() if t.active and t.tactics]
    subs = [t.id for t in active if t.parent]
    text = f"{_of(annotated, [t.id for t in active if not t.parent])} techniques"
    return f"{text}{f' and {_of(annotated, subs)} sub-techniques' if subs else ''} annotated"


def _of(annotated: set[str], techniques: Sequence[str]) -> str:
    return f"{sum(one in annotated for one in techniques)} of {len(techniques)}"


def short(view: View) -> tuple[str, ...]:
    """Release, counts and filters, for the header of a picture."""
    found = [view.release, counts(view)]
    if view.platforms:
        found.append(f"platforms: {clean(', '.join(view.platforms))}")
    if view.hide_disabled and view.ratios is None:
        found.append("disabled techniques hidden")
    return tuple(found)


def summary(view: View) -> tuple[str, ...]:
    """Release, counts and filters, for the line below a layer's name."""
    filters = _filters(view)
    return (view.release, counts(view), *([f"filters: {filters}"] if filters else []))


def facts(view: View) -> tuple[tuple[str, str], ...]:
    """Labels and texts about a layer, from its release to its metadata."""
    found = [("release", view.release), ("holds", counts(view))]
    if _filters(view):
        found.append(("filters", _filters(view)))
    if view.layout.show_aggregate:
        found.append(("score of a technique", AGGREGATES[view.layout.aggregate]))
    return (*found, *view.metadata)


def _filters(view: View) -> str:
    return ", ".join([*view.platforms, *(["disabled techniques hidden"] if view.hide_disabled else [])])


class Mark(NamedTuple):
    """A color of the legend and what it means."""

    label: str
    color: str


def ticks(view: View) -> tuple[Mark, ...]:
    """Round numbers on the gradient, its ends among them, low to high; none where the layer has no score."""
    if all(entry.score is None for entry in view.entries.values()):
        return ()
    gradient = view.gradient
    return tuple(Mark(figure(number), gradient.color(number)) for number in _round_numbers(gradient))


def legend(view: View) -> tuple[Mark, ...]:
    """What colors mean: the legend of the layer, or else the gradient's numbers."""
    return tuple(Mark(item.label, item.color) for item in view.legend) or ticks(view)


def figure(number: float) -> str:
    """A score with two decimals at most, very large and very small ones by their power of ten."""
    return f"{tidy(number)}" if number == 0 or 0.01 <= abs(number) < 1e9 else f"{number:.4g}"


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
    """How to read the colors of a layer, a sentence each."""
    view, rows = tab.view, tab.rows
    told = []
    if ticks(view):
        own = any(row.annotation.color and row.annotation.enabled for row in rows)
        told.append(f"The color of a cell shows its score{' unless it has its own color' if own else ''}.")
        told.append("Cells without a color have no score.")
    if view.layout.show_aggregate:
        told.append(f"The score of a technique is {AGGREGATES[view.layout.aggregate]}.")
    if any(not row.annotation.enabled for row in rows) and not view.hide_disabled:
        told.append("Gray cells are disabled.")
    if any(row.where == "collapsed" for row in rows):
        told.append("Sub-techniques that the layer does not expand are only in the table.")
    if any(row.where == "left out" for row in rows):
        told.append("Techniques hidden by the layer's filters are only in the table.")
    return tuple(told)
