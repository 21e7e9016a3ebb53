"""The matrices of the pages, as data for the explorer that reports share."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from navlayers._text.numbers import rounded
from navlayers._text.wording import quantity
from navlayers.layer.build import scored_gradient
from navlayers.layer.colors import LegendItem
from navlayers.layer.ramps import NOT_RATED_ITEM, count_gradient, count_legend, value_legend
from navlayers.mapping.model import CATEGORIES
from navlayers.mapping.nouns import Noun
from navlayers.output.tables import Span
from navlayers.pages.show.layout import score_cell
from navlayers.scoring.options import OVERALL
from navlayers.web.explorer import (
    Explorer,
    Input,
    Measure,
    Numbers,
    View,
    clean,
    not_rated_colors,
    to_json,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from markupsafe import Markup

    from navlayers.attack import Catalogue, Tactic
    from navlayers.layer.colors import Gradient
    from navlayers.output.html import Colors
    from navlayers.pages.show.set_index import IndexedSet
    from navlayers.scoring.scores import TechniqueScore
    from navlayers.website.downloads import LayerFile
    from navlayers.website.sets import SiteSet

_UNRATED = "✓"
"""Shown instead of a score for a technique that is mapped without a score value."""


# Sets of a domain map techniques, whether they are of threats or not.
_SET = Noun("set", "sets", threat=True)


class Matrix(NamedTuple):
    """A matrix: the data of the explorer, the name of the script with its release, the tactics of the release."""

    data: Markup
    script: str
    tactics: tuple[Tactic, ...]


def release_script(catalogue: Catalogue) -> str:
    """The name of the script that holds a release."""
    return f"{catalogue.domain}-{catalogue.version}.js"


def release_data(catalogue: Catalogue, colors: Colors) -> bytes:
    """The script that holds a release."""
    return f"globalThis.navlayersRelease = {to_json(Numbers(catalogue, colors).release())};\n".encode()


def covered(scores: Mapping[str, TechniqueScore]) -> list[str]:
    """The ids of the techniques with a score above 0, or a number of capabilities."""
    return [t for t, entry in scores.items() if rounded(entry.overall or 0) > 0]


def score_of(technique: str, item: IndexedSet) -> Span:
    """The overall score of a technique in a set, with its color; empty if the set does not map it."""
    entry = item.scored.scores.get(technique)
    if entry is None:
        return Span("")
    return score_cell(entry.overall, "", item.head) or Span(_UNRATED)


def overview_gradient(item: IndexedSet) -> Gradient:
    """The gradient of the overall scores of a set."""
    numbers = [entry.overall or 0 for entry in item.scored.scores.values()]
    if item.rules.counts:
        return count_gradient(numbers, item.rules.role)
    return scored_gradient(item.rules, None, max(numbers, default=0))


def overview_legend(item: IndexedSet, gradient: Gradient, scores: Mapping[str, float | None]) -> list[LegendItem]:
    """The legend of the overall scores of a set, strongest first."""
    if item.rules.counts:
        highest = max((score or 0 for score in scores.values()), default=1)
        legend = count_legend(gradient, highest, item.rules.noun)
    else:
        legend = value_legend(gradient, item.rules)
    return [*legend, *([NOT_RATED_ITEM] if None in scores.values() else [])]


def set_matrix(site_set: SiteSet, colors: Colors) -> Matrix:
    """The matrix of a set: overall and each scored category. Tooltips have the comments of the layers."""
    scores, title = site_set.indexed.scored.scores, clean(site_set.title)
    numbers = Numbers(site_set.indexed.catalogue, colors)
    measures, shown = [], []
    for category in (None, *CATEGORIES):
        layer = site_set.layer("categories" if category else "overview", category or "overview")
        if layer is None:
            continue
        given = {t: e.measure(category) for t, e in scores.items() if category is None or category in e.categories}
        legend = _legend(layer, given)
        measures.append(Measure(category or OVERALL))
        shown.append(
            numbers.shown(given, layer.gradient, legend, words=layer.comments, colors=not_rated_colors(given))
        )
    mapped = {numbers.techniques[technique]: len(entry.capabilities) for technique, entry in scores.items()}
    view = View(site_set.addresses.name, title, "set", [0], shown)
    sets, head, page = [Input(title, title, counts=mapped)], site_set.head, site_set.addresses.page
    data = explorer(numbers, [view], page, measures, sets, noun=head.noun, counts=head.counts)
    return _matrix(numbers, data)


def part_matrix(
    site_set: SiteSet, title: str, layer: LayerFile, scores: Mapping[str, float | None], page: str, colors: Colors
) -> Matrix:
    """The matrix of a capability or group, without empty cells."""
    numbers = Numbers(site_set.indexed.catalogue, colors)
    legend = _legend(layer, scores)
    shown = numbers.shown(scores, layer.gradient, legend, colors=not_rated_colors(scores))
    view, head = View("part", clean(title), "layer", [], [shown]), site_set.head
    data = explorer(numbers, [view], page, noun=head.noun, counts=head.counts, compact=True)
    return _matrix(numbers, data)


def domain_matrix(
    catalogue: Catalogue,
    mapped: Mapping[str, Sequence[str]],
    threats: Mapping[str, Sequence[str]],
    page: str,
    colors: Colors,
) -> Matrix:
    """Number of sets per technique, named in tooltips; `mapped` and `threats` are technique → titles of sets."""
    numbers = Numbers(catalogue, colors)
    counts = {technique: float(len(titles)) for technique, titles in mapped.items()}
    gradient = count_gradient([*counts.values()])
    highest = int(max(counts.values(), default=1))
    marks = {1, highest, *(max(1, highest * third // 3) for third in (1, 2))}
    legend = [LegendItem(quantity(mark, "set"), gradient.color(mark)) for mark in sorted(marks, reverse=True)]
    words = {
        technique: "\n".join([*titles, *(f"threat: {title}" for title in threats.get(technique, ()))])
        for technique, titles in mapped.items()
    }
    shown = numbers.shown(counts, gradient, legend, words=words)
    view = View("sets", "Mapping sets", "layer", [], [shown])
    return _matrix(numbers, explorer(numbers, [view], page, noun=_SET, counts=True))


def _legend(layer: LayerFile, scores: Mapping[str, float | None]) -> tuple[LegendItem, ...]:
    unrated = None in scores.values() and NOT_RATED_ITEM not in layer.legend
    return (*layer.legend, NOT_RATED_ITEM) if unrated else layer.legend


def explorer(
    numbers: Numbers,
    views: Sequence[View],
    page: str,
    measures: Sequence[Measure] = (Measure(OVERALL),),
    sets: Sequence[Input] = (),
    *,
    noun: Noun,
    counts: bool,
    compact: bool = False,
) -> Explorer:
    """The data of the explorer of a page.

    Args:
        numbers: of the techniques of a release, and of texts and colors.
        views: what it shows.
        page: the path of the page within the site.
        measures: what scores may be of.
        sets: the sets of the views.
        noun: the word for capabilities.
        counts: scores are numbers of capabilities.
        compact: it starts without empty cells.
    """
    return Explorer(
        release=None,
        measures=measures,
        views=views,
        sets=sets,
        noun=(noun.singular, noun.plural),
        covered=noun.covered,
        counts=counts,
        colors=numbers.colors,
        texts=numbers.texts,
        pages="../" * page.count("/"),
        compact=compact,
    )


def _matrix(numbers: Numbers, data: Explorer) -> Matrix:
    return Matrix(to_json(data), release_script(numbers.catalogue), numbers.catalogue.tactics)
