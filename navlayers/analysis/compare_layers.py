"""The layers of a comparison in reading order: inputs, union, best, agreement, gap, differences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from navlayers._text.numbers import number_text, rounded
from navlayers._text.slugs import slugs
from navlayers._text.wording import and_list, quantity
from navlayers.layer import build
from navlayers.layer.annotate import LINKS_IN_MENU, make_entry, technique_links
from navlayers.layer.colors import FEWEST_COLORS, Gradient, LegendItem, safe_maximum
from navlayers.layer.ramps import (
    DIVERGING,
    EQUAL,
    NOT_RATED,
    NOT_RATED_ITEM,
    ONLY_FIRST,
    ONLY_SECOND,
    PARTLY_COVERED,
    RAMPS,
    SEVERAL,
    UNCOVERED,
    WINNERS,
    count_gradient,
    count_legend,
    uncovered_item,
)
from navlayers.mapping.model import HUNDRED
from navlayers.scoring.options import OVERALL, UNSPECIFIED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from navlayers.analysis.compare_result import Comparison, Difference, Gap, Relation, Threatened
    from navlayers.layer.document import Layer, Technique
    from navlayers.mapping.nouns import Noun
    from navlayers.scoring.coverage import Coverage

_COLORS: dict[Relation, str] = {
    "only first": ONLY_FIRST,
    "equal": EQUAL,
    "only second": ONLY_SECOND,
}

_LABELS: dict[Relation, str] = {
    "only first": "only {first}",
    "first stronger": "{first} stronger by {by}",
    "equal": "equal",
    "second stronger": "{second} stronger by {by}",
    "only second": "only {second}",
}
_LABELS_OF_COUNTS = _LABELS | {
    "first stronger": "{first} has {by} more",
    "second stronger": "{second} has {by} more",
}
"""Wording for counts: more capabilities are not stronger."""

_ROUND = (100, 50, 10)
"""Scores that legends of values show: the numbers of the default scale."""


def layers_of(comparison: Comparison) -> Iterator[tuple[str, str, Layer]]:
    """Path, kind and layer of each file, in the order of the tabs."""
    names = slugs(comparison.names)
    for coverage in comparison.inputs:
        yield f"inputs/{names[coverage.name]}.json", "input", _input(comparison, coverage)
    if len(comparison.inputs) > 1:
        yield "union.json", "union", _union(comparison)
    if 1 < len(comparison.inputs) <= len(WINNERS):
        yield "best.json", "best", _best(comparison)
    if len(comparison.inputs) > 1:
        yield "agreement.json", "agreement", _agreement(comparison)
    yield "gap.json", "gap", _gap(comparison)
    threats = slugs(each.threat.name for each in comparison.threats)
    for each in comparison.threats:
        yield f"threats/{threats[each.threat.name]}.json", "threat", _threat(each)
    for difference in comparison.differences:
        path = f"differences/{names[difference.first]}--{names[difference.second]}.json"
        yield path, "difference", _difference(comparison, difference)


def common_gradient(comparison: Comparison) -> Gradient:
    """One gradient for every input and their union, so that colors mean the same in every tab."""
    if comparison.counts:
        return count_gradient([score for score in comparison.scores if score is not None], comparison.role)
    return build.scored_gradient(comparison.inputs[0].scored.rules, comparison.category, comparison.highest)


def legend_of(comparison: Comparison, gradient: Gradient) -> tuple[LegendItem, ...]:
    """The legend of the inputs' and the union's colors."""
    low, highest = gradient.minValue, gradient.maxValue
    if comparison.covered_only:
        return (LegendItem(comparison.noun.covered, gradient.color(100)),)
    if comparison.counts:
        return count_legend(gradient, comparison.highest, comparison.noun)
    marks: Iterable[float] = (
        _ROUND if highest == 100 else sorted({highest, low + (highest - low) // 2, max(low, 1)}, reverse=True)
    )
    return tuple(LegendItem(number_text(mark), gradient.color(mark)) for mark in marks if 0 < mark <= highest)


def _layer(
    comparison: Comparison,
    what: str,
    description: str,
    gradient: Gradient,
    legend: Iterable[LegendItem],
    entries: Sequence[Technique],
    aggregate: str = "",
) -> Layer:
    catalogue = comparison.catalogue
    titles = ", ".join(coverage.title for coverage in comparison.inputs)
    about = "overall" if comparison.category is None else f"category {comparison.category} only"
    release = catalogue.title
    return build.make_layer(
        what[:1].upper() + what[1:],
        catalogue,
        entries,
        gradient,
        legend,
        description=f"{description} Compared at {release}, {about}: {titles}.",
        facts=[
            ("shows", what),
            ("compared", titles),
            ("measure", about),
            *build.count_facts(entry.techniqueID for entry in entries),
            build.release_fact(catalogue),
            ("aggregate", aggregate),
        ],
    )


def _score(score: float | None) -> str:
    return "not rated" if score is None else number_text(score)


def _entry(
    comparison: Comparison,
    technique: str,
    first_line: str,
    score: float | None,
    gradient: Gradient,
    color: str = "",
    more: Sequence[tuple[str, str]] = (),
) -> Technique:
    """An entry: scores of the inputs in the comment, strongest first; scores of all categories in the metadata."""
    scores = comparison.rows[technique].scores
    measured = {name: own[comparison.measure] for name, own in scores.items()}
    strongest = sorted(measured, key=lambda name: -(measured[name] or 0))
    text = " · ".join(f"{name} {_score(measured[name])}" for name in strongest)
    facts = list(more)
    for name, own in scores.items():
        parts = [f"{category} {_score(number)}" for category, number in own.items() if category != OVERALL]
        facts.append((name, "; ".join([_score(measured[name]), *parts])))
    comment = f"{first_line}\n{text}"
    return make_entry(technique, score, gradient, comment=comment, color=color, facts=facts)


def _union(comparison: Comparison) -> Layer:
    gradient = common_gradient(comparison)
    entries = []
    for technique, row in comparison.rows.items():
        by = ", ".join(row.best_by)
        line = f"Best {_score(row.best)} by {by}"
        entries.append(_entry(comparison, technique, line, row.best, gradient, more=[("best by", by)]))
    description = "A technique's score is the highest that any input gives; the comment names it."
    aggregate = "count" if comparison.counts else "max"
    return _layer(comparison, "union", description, gradient, legend_of(comparison, gradient), entries, aggregate)


def _best(comparison: Comparison) -> Layer:
    gradient = common_gradient(comparison)
    colors = dict(zip(comparison.names, WINNERS, strict=False))
    entries = []
    for technique, row in comparison.rows.items():
        line = f"Best {_score(row.best)} by {', '.join(row.best_by)}"
        color = colors[row.best_by[0]] if len(row.best_by) == 1 else SEVERAL
        entries.append(_entry(comparison, technique, line, row.best, gradient, color))
    legend = [LegendItem(name, color) for name, color in colors.items()]
    legend.append(LegendItem("tie", SEVERAL))
    description = "The color is that of the input with the highest score for a technique; ties are gray."
    return _layer(
        comparison, "best by", description, gradient, legend, entries, "count" if comparison.counts else "max"
    )


def _agreement(comparison: Comparison) -> Layer:
    total = len(comparison.inputs)
    gradient = Gradient(RAMPS["count"], 0, total)
    entries = [
        _entry(
            comparison,
            technique,
            f"{comparison.noun.covered.capitalize()} by {len(row.scores)} of {total}",
            len(row.scores),
            gradient,
        )
        for technique, row in comparison.rows.items()
    ]
    legend = [LegendItem(quantity(n, "input"), gradient.color(n)) for n in range(total, 0, -1)]
    description = f"A technique's score is the number of inputs that {comparison.noun.cover} it."
    return _layer(comparison, "agreement", description, gradient, legend, entries, "count")


def _gap(comparison: Comparison) -> Layer:
    # All scores are 0, because an entry with a color and no score reads as covered.
    common, words = common_gradient(comparison), comparison.noun
    gradient = Gradient((UNCOVERED,) * FEWEST_COLORS, common.minValue, common.maxValue)
    entries = [
        make_entry(
            gap.technique,
            0,
            gradient,
            comment=gap_text(gap, words),
            color=NOT_RATED if gap.unrated else gap_color(gap),
            facts=[("sub-techniques", f"{gap.covered} of {gap.total} {words.covered}")] if gap.covered else (),
        )
        for gap in comparison.gaps
    ]
    description = (
        f"The active techniques that no input {words.cover}s; another color if some of their sub-techniques are "
        f"{words.covered}."
    )
    return _layer(comparison, "gap", description, gradient, gap_legend(comparison), entries)


def gap_text(gap: Gap, words: Noun) -> str:
    """What a technique that no input covers is, with its covered sub-techniques: "Not covered; 2 of 3 subs"."""
    parts = [f"Not {words.covered}"]
    if gap.covered:
        parts.append(f"{gap.covered} of {gap.total} subs")
    if gap.unrated:
        parts.append(f"mapped but not rated: {', '.join(gap.unrated)}")
    return "; ".join(parts)


def gap_color(gap: Gap) -> str:
    """The color of a technique that no input covers, lighter if sub-techniques are covered."""
    if not gap.covered:
        return UNCOVERED
    return PARTLY_COVERED[gap.covered == gap.total]


def gap_legend(comparison: Comparison) -> tuple[LegendItem, ...]:
    """The legend of the techniques that no input covers."""
    covered, gaps = comparison.noun.covered, comparison.gaps
    items = [uncovered_item(covered)]
    if any(0 < gap.covered < gap.total for gap in gaps):
        items.append(LegendItem(f"some subs {covered}", PARTLY_COVERED[0]))
    if any(0 < gap.covered == gap.total for gap in gaps):
        items.append(LegendItem(f"all subs {covered}", PARTLY_COVERED[1]))
    if any(gap.unrated for gap in gaps):
        items.append(NOT_RATED_ITEM)
    return tuple(items)


def _threat(each: Threatened) -> Layer:
    """The layer of a threat, as `build` makes it; each comment starts with the inputs that cover the technique."""
    scored = each.threat.scored
    layer = build.SetLayers(scored).layer("to be covered", scored.mappings, scores=scored.scores)
    entries = []
    for entry in layer.techniques:
        by = each.techniques.get(entry.techniqueID, ())
        line = f"Covered by {and_list(list(by))}" if by else "Not covered"
        entries.append(msgspec.structs.replace(entry, comment=f"{line}\n{entry.comment}"))
    return msgspec.structs.replace(layer, techniques=tuple(entries))


def _difference(comparison: Comparison, difference: Difference) -> Layer:
    first, second = difference.first, difference.second
    words = _LABELS_OF_COUNTS if comparison.counts else _LABELS
    gradient = difference_gradient(comparison)
    entries = []
    for technique, change in difference.techniques.items():
        score, scores = change.difference, comparison.rows[technique].scores
        text = words[change.relation].format(first=first, second=second, by=number_text(abs(score)))
        sides = (
            f"{name} {_score(scores[name][comparison.measure]) if name in scores else 'none'}"
            for name in (first, second)
        )
        line = f"{text[:1].upper()}{text[1:]}: {', '.join(sides)}"
        more = [("relation", text), ("difference", _score(score))]
        color = difference_color(change.relation)
        entries.append(_entry(comparison, technique, line, score, gradient, color, more))
    legend = difference_legend(difference, gradient, "more" if comparison.counts else "stronger")
    description = (
        f"A technique's score is the score of {second} minus the score of {first}. Techniques that only one of "
        f"them {comparison.noun.cover}s have a separate color; techniques that neither {comparison.noun.cover}s "
        f"have none."
    )
    return _layer(comparison, f"difference: {first} → {second}", description, gradient, legend, entries)


def difference_gradient(comparison: Comparison) -> Gradient:
    """From minus the maximum score to the maximum score, symmetric around 0.

    It has no more colors than there are integers in the range: mitreattack-python rejects other gradients.
    """
    highest = comparison.highest
    low, high = comparison.inputs[0].scored.rules.range or HUNDRED
    end = high - low if not comparison.counts and highest <= high else safe_maximum([highest])
    end = rounded(end)
    return Gradient(DIVERGING if end > 1 else DIVERGING[::2], -end, end)


def difference_color(relation: Relation) -> str:
    """The color of a relation; "" for the color of the gradient."""
    return _COLORS.get(relation, "")


def difference_legend(difference: Difference, gradient: Gradient, more: str) -> tuple[LegendItem, ...]:
    """The legend, from the first input to the second; `more` names the advantage of one over the other."""
    first, second = difference.first, difference.second
    return (
        LegendItem(f"only {first}", ONLY_FIRST),
        LegendItem(f"{first} {more}", gradient.color(gradient.minValue / 2)),
        LegendItem("equal", EQUAL),
        LegendItem(f"{second} {more}", gradient.color(gradient.maxValue / 2)),
        LegendItem(f"only {second}", ONLY_SECOND),
    )


def _input(comparison: Comparison, coverage: Coverage) -> Layer:
    """The layer of an input, as `build` makes it, in the common colors."""
    gradient = common_gradient(comparison)
    what = comparison.category or "overview"
    unrated = coverage.unrated(comparison.category)
    legend = (*legend_of(comparison, gradient), *([NOT_RATED_ITEM] if unrated else []))
    if coverage.is_layer:
        entries = list(_entries_of_layer(coverage, gradient))
        catalogue = comparison.catalogue
        release = catalogue.title
        scores = [coverage.entries[entry.techniqueID] for entry in entries]
        return build.make_layer(
            f"{coverage.title}: {what}",
            catalogue,
            entries,
            gradient,
            legend,
            description=f"{coverage.title} at {release}: its own scores.",
            facts=[
                *build.view_facts(what, scores, len(coverage.left_out)),
                build.release_fact(catalogue),
                ("aggregate", "count" if coverage.counts else ""),
            ],
            links=build.set_links(coverage.set),
        )
    layer = build.SetLayers(coverage.scored).layer(
        what,
        coverage.scored.mappings,
        comparison.category,
        left_out=len(coverage.left_out),
        scores={
            technique: coverage.scored.scores[technique]
            for technique in sorted(unrated.union(coverage.measures(comparison.category)))
        },
        colors=(gradient, legend),
    )
    if not coverage.covered_only:
        return layer
    return msgspec.structs.replace(
        layer,
        description=f"{build.set_title(coverage.set)}: {coverage.method}",
        techniques=tuple(
            msgspec.structs.replace(entry, score=100) if entry.techniqueID not in unrated else entry
            for entry in layer.techniques
        ),
    )


def _entries_of_layer(coverage: Coverage, gradient: Gradient) -> Iterator[Technique]:
    """The entries of a layer with their own comments and links, and the compared scores."""
    comments: dict[str, list[str]] = {}
    links: dict[str, list[str]] = {}
    for mapping in coverage.scored.mappings:
        comments.setdefault(mapping.technique, []).append(mapping.comment)
        links.setdefault(mapping.technique, []).extend(mapping.references)
    for technique in sorted(coverage.unrated().union(coverage.measures())):
        entry = coverage.entries[technique]
        givers = [coverage.labels.get(c.capability, c.capability) for c in entry.contributions.get(UNSPECIFIED, ())]
        yield make_entry(
            technique,
            entry.overall,
            gradient,
            comment="\n".join(dict.fromkeys(filter(None, comments.get(technique, ())))),
            color=NOT_RATED if entry.overall is None else "",
            facts=[("layers", ", ".join(givers))] if len(coverage.labels) > 1 else (),
            links=technique_links(entry, links.get(technique, ()), LINKS_IN_MENU)[0],
        )
