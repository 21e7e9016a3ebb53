"""A comparison → its layers, in reading order: each input, the best of all, agreement, the gap, differences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from navlayers._text import figure, slugs
from navlayers.attack.domain import DOMAIN_NAMES
from navlayers.layer.annotate import LINKS_IN_MENU, Style, annotate, make_entry, technique_links
from navlayers.layer.build import (
    count_facts,
    make_layer,
    release_fact,
    set_description,
    set_facts,
    set_links,
    set_title,
    view_facts,
)
from navlayers.layer.colors import (
    RAMPS,
    UNSCORED,
    Gradient,
    LegendItem,
    count_gradient,
    count_legend,
    safe_maximum,
    value_gradient,
)
from navlayers.scoring.scores import UNSPECIFIED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from navlayers.analysis.compare import Comparison, Difference, Relation, Row
    from navlayers.layer.document import Layer, Technique
    from navlayers.scoring.coverage import Coverage


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
    gradient = common_gradient(comparison)
    names = slugs(one.name for one in comparison.inputs)
    for number, one in enumerate(comparison.inputs):
        layer = overview(comparison, number, gradient, legend_of(comparison, gradient))
        yield f"inputs/{names[one.name]}.json", "input", layer
    yield "union.json", "union", _union(comparison, gradient)
    if winner_colors(comparison.inputs):
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
    legend: Iterable[LegendItem],
    techniques: Iterable[Technique],
    *more: tuple[str, str],
) -> Layer:
    catalogue = comparison.catalogue
    titles = ", ".join(one.title for one in comparison.inputs)
    entries = tuple(techniques)
    about = "overall" if comparison.category is None else f"category {comparison.category} only"
    release = f"{DOMAIN_NAMES[catalogue.domain]} {catalogue.version}"
    return make_layer(
        what[:1].upper() + what[1:],
        catalogue,
        entries,
        gradient,
        legend,
        description=f"{says} Compared at ATT&CK {release}, {about}: {titles}.",
        facts=[
            ("shows", what),
            ("compared", titles),
            ("measure", about),
            *count_facts(entry.techniqueID for entry in entries),
            release_fact(catalogue),
            *more,
        ],
    )


def _score(score: float | None) -> str:
    return "not rated" if score is None else f"{figure(score)}"


def _all(comparison: Comparison, row: Row) -> list[tuple[str, str]]:
    """Name and score of the inputs that cover a technique, the strongest first."""
    order = sorted(row.covering, key=lambda n: (-(row.scores[n] or 0), n))
    return [(comparison.inputs[n].name, _score(row.scores[n])) for n in order]


def _told(comparison: Comparison, row: Row) -> tuple[str, list[tuple[str, str]]]:
    """What a tooltip says of all inputs, and the same as metadata, with every category."""
    found = _all(comparison, row)
    text = " · ".join(f"{name} {score}" for name, score in found)
    items = []
    for number in row.covering:
        one = comparison.inputs[number]
        entry = one.entries[row.technique]
        own = ((c, score) for c, score in entry.categories.items() if c in one.categories)
        parts = [f"{category} {_score(score)}" for category, score in own]
        items.append((one.name, "; ".join([_score(row.scores[number]), *parts])))
    return text, items


def _by(comparison: Comparison, row: Row) -> str:
    return ", ".join(comparison.inputs[number].name for number in row.best_by)


def _entry(
    comparison: Comparison,
    row: Row,
    first_line: str,
    score: float | None,
    gradient: Gradient,
    color: str = "",
    more: tuple[tuple[str, str], ...] = (),
) -> Technique:
    text, items = _told(comparison, row)
    return make_entry(
        row.technique, score, gradient, comment=f"{first_line}\n{text}", color=color, facts=(*more, *items)
    )


def _best_entry(
    comparison: Comparison, row: Row, gradient: Gradient, color: str = "", more: tuple[tuple[str, str], ...] = ()
) -> Technique:
    first_line = f"Best {_score(row.best)} by {_by(comparison, row)}"
    return _entry(comparison, row, first_line, row.best, gradient, color, more)


def _highest(comparison: Comparison) -> tuple[str, str]:
    """How the scores of a layer came to be, of the highest of the inputs."""
    return "aggregate", "count" if comparison.counts else "max"


def _union(comparison: Comparison, gradient: Gradient) -> Layer:
    entries = (
        _best_entry(comparison, row, gradient, more=(("best by", _by(comparison, row)),)) for row in comparison.rows
    )
    says = "A technique's score is the highest that any input gives; the comment says which one does."
    legend = legend_of(comparison, gradient)
    return _layer(comparison, "union", says, gradient, legend, entries, _highest(comparison))


def _best(comparison: Comparison) -> Layer:
    palette = winner_colors(comparison.inputs) or ()
    gradient = common_gradient(comparison)
    entries = (
        _best_entry(
            comparison,
            row,
            gradient,
            palette[row.best_by[0]] if len(row.best_by) == 1 else SEVERAL,
        )
        for row in comparison.rows
    )
    legend = [LegendItem(one.name, color) for one, color in zip(comparison.inputs, palette, strict=True)]
    says = "The colour says which input gives a technique its highest score; several that give the same are grey."
    items = (*legend, LegendItem("several alike", SEVERAL))
    return _layer(comparison, "best by", says, gradient, items, entries, _highest(comparison))


def _agreement(comparison: Comparison) -> Layer:
    total = len(comparison.inputs)
    gradient = agreement_gradient(total)
    entries = (
        _entry(comparison, row, f"Covered by {len(row.covering)} of {total}", len(row.covering), gradient)
        for row in comparison.rows
    )
    legend = tuple(LegendItem(f"{n} of {total}", gradient.color(n)) for n in range(total, 0, -1))
    says = "A technique's score is the number of inputs that cover it."
    return _layer(comparison, "agreement", says, gradient, legend, entries, ("aggregate", "count"))


def _gap(comparison: Comparison) -> Layer:
    gradient = Gradient(GAP, 0, 100)
    entries = []
    for gap in comparison.gaps:
        comment = "No input covers it"
        if gap.covered:
            comment += f"; {gap.covered} of its {gap.total} sub-techniques are covered"
        entries.append(make_entry(gap.technique, gap.missing, gradient, comment=comment))
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
    return _layer(comparison, "gap", says, gradient, legend, entries)


def _difference(comparison: Comparison, found: Difference) -> Layer:
    first, second = (comparison.inputs[number].name for number in (found.first, found.second))
    gradient = difference_gradient(comparison)
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
        more = (("relation", words), ("difference", _score(score)))
        sides = f"{first} {_side(a, found.first, row)}, {second} {_side(b, found.second, row)}"
        line = f"{words[:1].upper()}{words[1:]}: {sides}"
        color = difference_color(relation)
        entries.append(_entry(comparison, row, line, score, gradient, color, more))
    legend = difference_legend(found, (first, second), gradient, "more" if comparison.counts else "stronger")
    says = (
        f"A technique's score is that of {second} minus that of {first}; one that only one of them covers has a "
        f"colour of its own, one that neither covers has none."
    )
    return _layer(comparison, f"difference: {first} → {second}", says, gradient, legend, entries)


def _side(score: float | None, number: int, row: Row) -> str:
    return _score(score) if number in row.covering else "none"


def overview(comparison: Comparison, number: int, gradient: Gradient, legend: tuple[LegendItem, ...]) -> Layer:
    """The layer of the input of that number."""
    one, category, catalogue = comparison.inputs[number], comparison.category, comparison.catalogue
    what = category or "overview"
    made = _of_layer(one, gradient) if one.is_layer else _of_set(one, category, gradient)
    rules = one.scored.rules
    if one.is_layer:
        says = f"{one.title} at ATT&CK {DOMAIN_NAMES[catalogue.domain]} {catalogue.version}: its own scores."
        facts = [release_fact(catalogue), *([("aggregate", "count")] if one.counts else [])]
    else:
        says = set_description(one.set, catalogue, rules, what, category, single=False)
        says = f"{set_title(one.set)}: {one.method}" if one.covered_only else says
        facts = set_facts(one.set, catalogue, rules)
    entries = [one.entries[entry.techniqueID] for entry in made]
    return make_layer(
        f"{one.title}: {what}",
        catalogue,
        made,
        gradient,
        legend,
        description=says,
        facts=[*view_facts(what, entries, len(one.left_out)), *facts],
        links=set_links(one.set),
    )


def _of_set(one: Coverage, category: str | None, gradient: Gradient) -> tuple[Technique, ...]:
    style = Style(one.scored.rules, category, gradient, one.labels)
    references: dict[str, set[str]] = {}
    for mapping in one.scored.mappings:
        if category is None or mapping.category == category:
            references.setdefault(mapping.technique, set()).update(mapping.references)
    made = (
        annotate(one.scored.scores[technique], style, sorted(references.get(technique, ())))
        for technique in one.measures(category)
    )
    return tuple(msgspec.structs.replace(entry, score=100) if one.covered_only else entry for entry in made)


def _of_layer(one: Coverage, gradient: Gradient) -> tuple[Technique, ...]:
    """The entries of a layer with their own comments and links, and the scores that count here."""
    comments: dict[str, list[str]] = {}
    links: dict[str, list[str]] = {}
    for mapping in one.scored.mappings:
        if mapping.comment:
            comments.setdefault(mapping.technique, []).append(mapping.comment)
        links.setdefault(mapping.technique, []).extend(mapping.references)
    made = []
    for technique, entry in one.scores.items():
        givers = [one.labels.get(c.capability, c.capability) for c in entry.contributions.get(UNSPECIFIED, ())]
        made.append(
            make_entry(
                technique,
                entry.overall,
                gradient,
                comment="\n".join(dict.fromkeys(comments.get(technique, ()))),
                facts=[("layers", ", ".join(givers))] if len(one.labels) > 1 else (),
                links=technique_links(entry, links.get(technique, ()), LINKS_IN_MENU)[0],
            )
        )
    return tuple(made)


DIVERGING = ("#e08214", "#fdb863", "#d9d9d9", "#b2abd2", "#8073ac")
ONLY_FIRST, ONLY_SECOND, EQUAL, NOT_RATED = "#b35806", "#542788", DIVERGING[2], "#f7f7f7"
GAP = ("#fee5d9", "#fb6a4a")
WINNERS = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7")
SEVERAL = "#bdbdbd"

_COLOURS: dict[Relation, str] = {
    "only first": ONLY_FIRST,
    "equal": EQUAL,
    "only second": ONLY_SECOND,
    "not rated": NOT_RATED,
}


def common_gradient(comparison: Comparison) -> Gradient:
    """One gradient for every input and their union, so that colours mean the same in every tab."""
    if comparison.counts:
        scores = [row.scores for row in comparison.rows]
        return count_gradient([score for found in scores for score in found if score is not None])
    return value_gradient(comparison.category, comparison.highest)


def difference_gradient(comparison: Comparison) -> Gradient:
    """From the first input by as much as can be to the second by as much, around 0.

    With as many colours as there are whole numbers at the most: mitreattack-python reads no gradient that has more.
    """
    highest = comparison.highest
    end = safe_maximum([highest]) if comparison.counts or highest > 100 else 100
    return Gradient(DIVERGING if end > 1 else DIVERGING[::2], -end, end)


def difference_color(relation: Relation) -> str:
    """The colour of a relation, "" where the gradient gives it."""
    return _COLOURS.get(relation, "")


def difference_legend(
    found: Difference, names: tuple[str, str], gradient: Gradient, more: str
) -> tuple[LegendItem, ...]:
    """What the colours mean, from the first input to the second; `more` is what one has that beats the other."""
    first, second = names
    items = [
        LegendItem(f"only {first}", ONLY_FIRST),
        LegendItem(f"{first} {more}", gradient.color(gradient.minValue / 2)),
        LegendItem("equal", EQUAL),
        LegendItem(f"{second} {more}", gradient.color(gradient.maxValue / 2)),
        LegendItem(f"only {second}", ONLY_SECOND),
    ]
    return (*items, LegendItem("not rated", NOT_RATED)) if found.count("not rated") else tuple(items)


def agreement_gradient(inputs: int) -> Gradient:
    """From none to all inputs."""
    low, middle, high = RAMPS["count"]
    return Gradient((low, middle, high), 0, inputs)


def winner_colors(inputs: Sequence[object]) -> tuple[str, ...] | None:
    """A colour per input; None where there are more inputs than colours that can be told apart."""
    return WINNERS[: len(inputs)] if len(inputs) <= len(WINNERS) else None
