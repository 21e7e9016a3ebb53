"""What stands above a layer's matrix: the facts about it, its gradient with round numbers, and its legend."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from navlayers._text import clean, tidy
from navlayers.layer.colors import WHITE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.layer.colors import Gradient
    from navlayers.layer.technique_rows import Row
    from navlayers.layer.view import View

_DOMAINS = {"enterprise": "Enterprise", "mobile": "Mobile", "ics": "ICS"}
_MOST_TICKS = 6
_SMALLEST = 1e-300
DISABLED = "#d9d9d9"
"""The fill of what a layer disables, which the Navigator greys out."""

AGGREGATES = {
    "average": "the average of its own and those of its sub-techniques",
    "min": "the lowest of its own and those of its sub-techniques",
    "max": "the highest of its own and those of its sub-techniques",
    "sum": "the sum of its own and those of its sub-techniques",
}
"""What a technique's score is, by the name of the layer's aggregate function."""


class Mark(NamedTuple):
    """A colour of the legend and what it means."""

    label: str
    color: str


def release(view: View) -> str:
    """The release as people say it: "ATT&CK Enterprise 16.1"."""
    domain = view.catalogue.domain
    return f"ATT&CK {_DOMAINS.get(domain, domain)} {view.catalogue.version}"


def counts(view: View) -> str:
    """How much of its release a layer annotates and has enabled, or its ratios; the same in all formats."""
    if view.ratios is not None:
        return clean(view.ratios.told)
    annotated = {identifier for (identifier, _), entry in view.entries.items() if entry.counted}
    active = [t for t in view.catalogue.techniques.values() if t.active and t.tactics]
    subs = [t.id for t in active if t.parent]
    text = f"{_of(annotated, [t.id for t in active if not t.parent])} techniques"
    return f"{text}{f' and {_of(annotated, subs)} sub-techniques' if subs else ''} annotated"


def _of(annotated: set[str], all_: Sequence[str]) -> str:
    return f"{sum(one in annotated for one in all_)} of {len(all_)}"


def facts(view: View) -> tuple[tuple[str, str], ...]:
    """Labels and texts about a layer, from its release to the metadata that it names."""
    found = [("release", release(view)), ("holds", counts(view))]
    if _filters(view):
        found.append(("filters", _filters(view)))
    if view.layout.show_aggregate:
        found.append(("score of a technique", AGGREGATES[view.layout.aggregate]))
    return (*found, *view.metadata)


def summary(view: View) -> tuple[str, ...]:
    """What a layer holds, for the line below its name."""
    filters = _filters(view)
    return (release(view), counts(view), *([f"filters: {filters}"] if filters else []))


def _filters(view: View) -> str:
    return ", ".join([*view.platforms, *(["what is disabled is hidden"] if view.hide_disabled else [])])


def ticks(view: View) -> tuple[Mark, ...]:
    """Round numbers on the gradient, its ends among them, low to high; none where the layer has no score."""
    if all(entry.score is None for entry in view.entries.values()):
        return ()
    gradient = view.gradient
    return tuple(Mark(figure(number), gradient.color(number)) for number in _round_numbers(gradient))


def figure(number: float) -> str:
    """A score as people read it: two decimals at most, very large and very small ones by their power of ten."""
    return f"{tidy(number)}" if number == 0 or 0.01 <= abs(number) < 1e9 else f"{number:.4g}"


def _round_numbers(gradient: Gradient) -> list[float]:
    low, high = gradient.minValue, gradient.maxValue
    span = high - low
    if not _SMALLEST < span < math.inf:
        return [low]
    power = 10.0 ** math.floor(math.log10(span / _MOST_TICKS))
    step = next(
        step for step in (power, 2 * power, 2.5 * power, 5 * power, 10 * power) if span / step <= _MOST_TICKS
    )
    first, last = math.ceil(low / step), math.floor(high / step)
    # A number too near an end would stand upon the end's own.
    between = [n * step for n in range(first, last + 1) if low + step / 2 < n * step < high - step / 2]
    return [low, *between, high]


def legend(view: View) -> tuple[Mark, ...]:
    """What colours mean: as the layer says, and, where it does not, the gradient's numbers."""
    return tuple(Mark(item.label, item.color) for item in view.legend) or ticks(view)


def reading(view: View, rows: Sequence[Row]) -> tuple[str, ...]:
    """How to read the colours of a layer, a sentence each."""
    told = []
    if ticks(view):
        own = any(row.annotation.color and row.annotation.enabled for row in rows)
        told.append(f"A cell has the colour of its score{', or one of its own' if own else ''}.")
        told.append("Cells without a colour have no score.")
    if view.layout.show_aggregate:
        told.append(f"The score of a technique is {AGGREGATES[view.layout.aggregate]}.")
    if any(not row.annotation.enabled for row in rows) and not view.hide_disabled:
        told.append("Grey cells are disabled.")
    if any(row.where == "collapsed" for row in rows):
        told.append("Sub-techniques that the layer keeps closed are in the table alone.")
    if any(row.where == "left out" for row in rows):
        told.append("Techniques that the layer's filters leave out are in the table alone.")
    return tuple(told)


def fill(color: str, *, enabled: bool) -> str:
    """The `#rrggbb` of a cell on paper."""
    return (color or WHITE) if enabled else DISABLED
