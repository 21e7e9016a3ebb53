"""The legend of pictures of matrices: what the colors of several sets mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from navlayers._text.wording import and_list, or_list
from navlayers.layer.colors import LegendItem
from navlayers.layer.ramps import NOT_RATED_ITEM
from navlayers.website.matrix import overview_gradient, overview_legend

if TYPE_CHECKING:
    from collections.abc import Iterable

    from navlayers.pages.show.set_index import IndexedSet

_LEVELS = ("low", "middle", "high")


class Ramp(NamedTuple):
    """A title, and the colors from the lowest score to the highest, with their labels."""

    title: str
    marks: tuple[LegendItem, ...]


class Legend(NamedTuple):
    """A ramp for each scale of the sets; `unrated`: a set has techniques without a score value."""

    ramps: tuple[Ramp, ...]
    unrated: bool


def legend_of(sets: Iterable[tuple[str, IndexedSet]]) -> Legend:
    """The legend of the pictures of some sets.

    Args:
        sets: the title of each, and the set.

    Returns:
        One ramp for all sets with the same scale. Numbers of capabilities share a ramp without figures, because
        its end is the highest number of each set.
    """
    scored: dict[tuple[LegendItem, ...], list[str]] = {}
    counted: dict[tuple[str, str, str], dict[str, None]] = {}
    unrated = False
    for title, item in sets:
        scores = {technique: entry.overall for technique, entry in item.scored.scores.items()}
        gradient = overview_gradient(item)
        unrated |= None in scores.values()
        if item.rules.counts:
            colors = gradient.colors
            steps = (colors[0], colors[len(colors) // 2], colors[-1])
            counted.setdefault(steps, {})[item.rules.noun.plural] = None
        elif scores:
            items = overview_legend(item, gradient, scores)
            scored.setdefault(tuple(mark for mark in reversed(items) if mark != NOT_RATED_ITEM), []).append(title)
    ramps = [
        Ramp(f"Score of {and_list(titles)}" if len(scored) > 1 else "Score", marks)
        for marks, titles in scored.items()
    ]
    for steps, nouns in counted.items():
        ramps.append(Ramp(f"Number of {or_list(list(nouns))}", tuple(map(LegendItem, _LEVELS, steps))))
    return Legend(tuple(ramps), unrated)
