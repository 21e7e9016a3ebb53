"""A comparison → its layers, in reading order: each input, the best of all, agreement, the gap, differences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text import figure, slugs, tidy
from navlayers.analysis.compare import colors as colours
from navlayers.analysis.compare.overview import overview
from navlayers.layer.annotate import page_link
from navlayers.layer.colors import UNSCORED, Gradient, LegendItem, count_legend
from navlayers.layer.describe import DOMAIN_NAMES
from navlayers.layer.document import Layer, Metadata, Technique, Versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from navlayers.analysis.compare.comparison import Comparison, Difference, Relation, Row

_WORDS: dict[Relation, str] = {
    "only first": "only {first}",
    "first stronger": "{first} stronger by {by}",
    "equal": "equal",
    "second stronger": "{second} stronger by {by}",
    "only second": "only {second}",
    "not rated": "both, one of them without a score",
}
_OF_COUNTS: dict[Relation, str] = {
    "first stronger": "{first} has {by} more",
    "second stronger": "{second} has {by} more",
}
"""The words for numbers of capabilities, which are not strength."""

_ROUND = (100, 50, 10)
"""Scores that legends of values show: the numbers of the default scale."""


def layers_of(comparison: Comparison) -> Iterator[tuple[str, str, Layer]]:
    """Path, kind and layer of each file, in the order of the tabs."""
    gradient = colours.common_gradient(comparison)
    names = slugs(one.name for one in comparison.inputs)
    for number, one in enumerate(comparison.inputs):
        layer = overview(comparison, number, gradient, legend_of(comparison, gradient))
        yield f"inputs/{names[one.name]}.json", "input", layer
    yield "union.json", "union", _union(comparison, gradient)
    if colours.winner_colors(comparison.inputs):
        yield "best.json", "best", _best(comparison)
    yield "agreement.json", "agreement", _agreement(comparison)
    yield "gap.json", "gap", _gap(comparison)
    for found in comparison.differences:
        first, second = (names[comparison.inputs[number].name] for number in (found.first, found.second))
        yield f"differences/{first}--{second}.json", "difference", _difference(comparison, found)


def legend_of(comparison: Comparison, gradient: Gradient) -> tuple[LegendItem, ...]:
    """What the colours of the inputs and of the union mean."""
    highest = gradient.maxValue
    if comparison.covered_only:
        return (LegendItem("covered", gradient.color(100)),)
    if comparison.counts:
        return count_legend(gradient, comparison.highest)
    marks: Iterable[float] = _ROUND if highest == 100 else sorted({highest, highest // 2, 1}, reverse=True)
    items = [LegendItem(f"{figure(mark)}", gradient.color(mark)) for mark in marks if 0 < mark <= highest]
    unrated = any(row.scores[number] is None for row in comparison.rows for number in row.covering)
    return (*items, LegendItem("not rated", UNSCORED)) if unrated else tuple(items)


def _layer(
    comparison: Comparison,
    what: str,
    says: str,
    gradient: Gradient,
    legend: tuple[LegendItem, ...],
    techniques: Iterable[Technique],
    *more: tuple[str, str],
) -> Layer:
    catalogue = comparison.catalogue
    domain = catalogue.domain
    titles = ", ".join(one.title for one in comparison.inputs)
    entries = tuple(techniques)
    subs = sum("." in entry.techniqueID for entry in entries)
    about = "overall" if comparison.category is None else f"category {comparison.category} only"
    facts = [
        ("shows", what),
        ("compared", titles),
        ("measure", about),
        ("techniques", str(len(entries) - subs)),
        ("sub-techniques", str(subs)),
        ("ATT&CK version", f"{domain} {catalogue.version}"),
        *more,
    ]
    return Layer(
        name=what[:1].upper() + what[1:],
        versions=Versions(attack=catalogue.major),
        domain=f"{domain}-attack",
        description=f"{says} Compared at ATT&CK {DOMAIN_NAMES[domain]} {catalogue.version}, {about}: {titles}.",
        gradient=gradient,
        legendItems=legend,
        techniques=entries,
        metadata=tuple(Metadata(name, value) for name, value in facts if value),
    )


def _score(score: float | None) -> str:
    return "not rated" if score is None else f"{figure(score)}"


def _all(comparison: Comparison, row: Row) -> list[tuple[str, str]]:
    """Name and score of the inputs that cover a technique, the strongest first."""
    order = sorted(row.covering, key=lambda n: (-(row.scores[n] or 0), n))
    return [(comparison.inputs[n].name, _score(row.scores[n])) for n in order]


def _told(comparison: Comparison, row: Row) -> tuple[str, tuple[Metadata, ...]]:
    """What a tooltip says of all inputs, and the same as metadata, with every category."""
    found = _all(comparison, row)
    text = " · ".join(f"{name} {score}" for name, score in found)
    items = []
    for number in row.covering:
        one = comparison.inputs[number]
        entry = one.entries[row.technique]
        own = ((c, score) for c, score in entry.categories.items() if c in one.categories)
        parts = [f"{category} {_score(score)}" for category, score in own]
        items.append(Metadata(one.name, "; ".join([_score(row.scores[number]), *parts])))
    return text, tuple(items)


def _by(comparison: Comparison, row: Row) -> str:
    return ", ".join(comparison.inputs[number].name for number in row.best_by)


def _entry(
    comparison: Comparison,
    row: Row,
    first_line: str,
    score: float | None,
    gradient: Gradient,
    color: str = "",
    more: tuple[Metadata, ...] = (),
) -> Technique:
    text, items = _told(comparison, row)
    shown = None if score is None else tidy(gradient.safe(tidy(score)))
    exact = () if score is None or shown == tidy(score) else (Metadata("exact score", f"{figure(score)}"),)
    return Technique(
        techniqueID=row.technique,
        score=shown,
        color=color,
        comment=f"{first_line}\n{text}",
        metadata=(*more, *items, *exact),
        links=(page_link(row.technique),),
    )


def _best_entry(
    comparison: Comparison, row: Row, gradient: Gradient, color: str = "", more: tuple[Metadata, ...] = ()
) -> Technique:
    first_line = f"Best {_score(row.best)} by {_by(comparison, row)}"
    return _entry(comparison, row, first_line, row.best, gradient, color, more)


def _highest(comparison: Comparison) -> tuple[str, str]:
    """How the scores of a layer came to be, of the highest of the inputs."""
    return "aggregate", "count" if comparison.counts else "max"


def _union(comparison: Comparison, gradient: Gradient) -> Layer:
    entries = (
        _best_entry(comparison, row, gradient, more=(Metadata("best by", _by(comparison, row)),))
        for row in comparison.rows
    )
    says = "A technique's score is the highest that any input gives; the comment says which one does."
    legend = legend_of(comparison, gradient)
    return _layer(comparison, "union", says, gradient, legend, entries, _highest(comparison))


def _best(comparison: Comparison) -> Layer:
    palette = colours.winner_colors(comparison.inputs) or ()
    gradient = colours.common_gradient(comparison)
    entries = (
        _best_entry(
            comparison,
            row,
            gradient,
            palette[row.best_by[0]] if len(row.best_by) == 1 else colours.SEVERAL,
        )
        for row in comparison.rows
    )
    legend = [LegendItem(one.name, color) for one, color in zip(comparison.inputs, palette, strict=True)]
    says = "The colour says which input gives a technique its highest score; several that give the same are grey."
    items = (*legend, LegendItem("several alike", colours.SEVERAL))
    return _layer(comparison, "best by", says, gradient, items, entries, _highest(comparison))


def _agreement(comparison: Comparison) -> Layer:
    total = len(comparison.inputs)
    gradient = colours.agreement_gradient(total)
    entries = (
        _entry(comparison, row, f"Covered by {len(row.covering)} of {total}", len(row.covering), gradient)
        for row in comparison.rows
    )
    legend = tuple(LegendItem(f"{n} of {total}", gradient.color(n)) for n in range(total, 0, -1))
    says = "A technique's score is the number of inputs that cover it."
    return _layer(comparison, "agreement", says, gradient, legend, entries, ("aggregate", "count"))


def _gap(comparison: Comparison) -> Layer:
    gradient = Gradient(colours.GAP, 0, 100)
    entries = []
    for gap in comparison.gaps:
        comment = "No input covers it"
        if gap.covered:
            comment += f"; {gap.covered} of its {gap.total} sub-techniques are covered"
        entries.append(
            Technique(
                techniqueID=gap.technique,
                score=tidy(gradient.safe(gap.missing)),
                comment=comment,
                links=(page_link(gap.technique),),
            )
        )
    found = {gap.missing for gap in comparison.gaps}
    legend = [LegendItem("not covered", gradient.color(100))]
    if any(0 < missing < 100 for missing in found):
        legend.append(LegendItem("subs: some are", gradient.color(50)))
    if 0 in found:
        legend.append(LegendItem("subs: all are", gradient.color(0)))
    says = (
        "The active techniques that no input covers. The score is 100; of a technique with sub-techniques that "
        "some input covers, the share of them in per cent that none does."
    )
    return _layer(comparison, "gap", says, gradient, tuple(legend), entries)


def _difference(comparison: Comparison, found: Difference) -> Layer:
    first, second = (comparison.inputs[number].name for number in (found.first, found.second))
    gradient = colours.difference_gradient(comparison)
    entries = []
    for row in comparison.rows:
        relation = found.relations.get(row.technique)
        if relation is None:
            continue
        score = found.scores[row.technique]
        by = "" if score is None else f"{figure(abs(score))}"
        pattern = _OF_COUNTS.get(relation, _WORDS[relation]) if comparison.counts else _WORDS[relation]
        words = pattern.format(first=first, second=second, by=by)
        a, b = row.scores[found.first], row.scores[found.second]
        more = (Metadata("relation", words), Metadata("difference", _score(score)))
        sides = f"{first} {_side(a, found.first, row)}, {second} {_side(b, found.second, row)}"
        line = f"{words[:1].upper()}{words[1:]}: {sides}"
        color = colours.difference_color(relation)
        entries.append(_entry(comparison, row, line, score, gradient, color, more))
    legend = colours.difference_legend(
        found, (first, second), gradient, "more" if comparison.counts else "stronger"
    )
    says = (
        f"A technique's score is that of {second} minus that of {first}; one that only one of them covers has a "
        f"colour of its own, one that neither covers has none."
    )
    return _layer(comparison, f"difference: {first} → {second}", says, gradient, legend, entries)


def _side(score: float | None, number: int, row: Row) -> str:
    return _score(score) if number in row.covering else "none"
