"""The explorer's data of a report: views of its comparison, threat and plan, and the mappings of its inputs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from navlayers._text.links import web_links
from navlayers._text.numbers import number_text, rounded
from navlayers._text.slugs import slugs
from navlayers.analysis import compare_layers
from navlayers.analysis.compare import side_by_side
from navlayers.analysis.compare_layers import common_gradient, legend_of
from navlayers.layer.ramps import NOT_RATED_ITEM, UNCOVERED, value_legend
from navlayers.mapping.model import CATEGORIES
from navlayers.output.document import Figure
from navlayers.scoring.options import OVERALL, number
from navlayers.web.explorer import (
    Alone,
    Explorer,
    Input,
    Measure,
    Numbers,
    Rows,
    Score,
    View,
    clean,
    not_rated_colors,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.analysis.compare_result import Comparison, Difference
    from navlayers.layer import view
    from navlayers.mapping.model import Mapping
    from navlayers.output.document import Document
    from navlayers.output.html import Colors
    from navlayers.pages.report.input import ReportInput
    from navlayers.scoring.coverage import Coverage
    from navlayers.web.explorer import Shown

# Lines of comments that repeat the score, or the mappings that the details list.
_AGAIN = re.compile(r"(Gap|Weight|Used by) [\d.,]+|[\d.,]+ with the plan|Covered( [\d.]+)? by .*|Used by .*")


def report_data(subject: ReportInput, figures: Sequence[Figure], colors: Colors) -> Explorer:
    """The data of a report; `figures` are the heatmaps of its threat and its plan."""
    own = subject.comparison
    comparisons = (own, *_categories(own))
    names = {
        (c, coverage.labels.get(c, c))
        for coverage in own.inputs
        for c in {m.capability for m in coverage.scored.mappings}
    }
    capabilities = sorted(names, key=lambda pair: (pair[1].casefold(), pair[1], pair[0]))
    used = {mapping.category for coverage in own.inputs for mapping in coverage.set.mappings}
    data = _Data(
        Numbers(own.catalogue, colors),
        comparisons,
        {pair: number for number, pair in enumerate(capabilities)},
        [category for category in CATEGORIES if category in used],
    )
    sets = [data.input(coverage) for coverage in own.inputs]
    views = [*data.views(subject.names), *layer_views(data.numbers, figures)]
    return Explorer(
        release=data.numbers.release(),
        measures=[data.measure(comparison, at, sets) for at, comparison in enumerate(comparisons)],
        categories=data.categories,
        noun=(own.noun.singular, own.noun.plural),
        covered=own.noun.covered,
        counts=own.counts,
        capabilities=[(clean(identifier), clean(label)) for identifier, label in capabilities],
        sets=sets,
        views=views,
        colors=data.numbers.colors,
        texts=data.numbers.texts,
    )


def layers_of(document: Document) -> tuple[Figure, ...]:
    """The figures of a threat or a plan: all outside the section of heatmaps."""
    others = (section for section in document.sections if section.id != "heatmaps")
    return tuple(block for section in others for block in section.blocks if isinstance(block, Figure))


def _categories(own: Comparison) -> Iterator[Comparison]:
    """The comparison for each single category, if it is about all of them."""
    if own.category is not None or any(coverage.is_layer for coverage in own.inputs):
        return
    baselines = {difference.first for difference in own.differences}
    baseline = own.names.index(baselines.pop()) if len(baselines) == 1 and len(own.inputs) > 1 else None
    for category in CATEGORIES:
        if any(category in coverage.categories for coverage in own.inputs):
            yield side_by_side(own.catalogue, own.inputs, category=category, baseline=baseline)


class _Data(NamedTuple):
    """`comparisons` differ by their category alone; capabilities are known by id and label."""

    numbers: Numbers
    comparisons: Sequence[Comparison]
    capabilities: dict[tuple[str, str], int]
    categories: list[str]

    def views(self, titles: Sequence[str]) -> Iterator[View]:
        """The views of inputs, union, gap and differences."""
        first = self.comparisons[0]
        names = slugs(first.names)
        ids = [names[name] for name in first.names]
        for n, title in enumerate(titles):
            yield View(ids[n], clean(title), "set", [n], [self._input(c, n) for c in self.comparisons])
        if len(ids) == 1:
            return
        every = list(range(len(ids)))
        yield View("~all", "All together", "union", every, [self._union(c) for c in self.comparisons])
        title = f"What none {first.noun.cover}s"
        yield View("~none", title, "gap", every, [self._gap(c) for c in self.comparisons])
        for n, difference in enumerate(first.differences):
            yield View(
                f"~{names[difference.first]}~{names[difference.second]}",
                clean(f"Difference: {difference.first} → {difference.second}"),
                "difference",
                [first.names.index(difference.first), first.names.index(difference.second)],
                [self._difference(c, c.differences[n]) for c in self.comparisons],
            )

    def _input(self, comparison: Comparison, n: int) -> Shown:
        """The coverage of one input; of a single set also techniques scored 0, as in its layer."""
        coverage, category = comparison.inputs[n], comparison.category
        gradient = common_gradient(comparison)
        scores: dict[str, Score] = coverage.measures(category) | dict.fromkeys(coverage.unrated(category))
        legend = legend_of(comparison, gradient)
        unrated = bool(coverage.unrated(category))
        if len(comparison.inputs) == 1 and not (coverage.is_layer or coverage.covered_only):
            entries = coverage.entries.items()
            scores = {t: e.measure(category) for t, e in entries if category is None or category in e.categories}
            if not coverage.counts:
                legend = value_legend(gradient, coverage.scored.rules)
        legend = (*legend, *([NOT_RATED_ITEM] if unrated else []))
        words = {}
        for technique in scores:
            if result := coverage.entries[technique].rolled_up.get(category or OVERALL):
                words[technique] = f"from {result[0]} of {result[1]} sub-techniques"
        return self.numbers.shown(scores, gradient, legend, words=words, colors=not_rated_colors(scores))

    def _union(self, comparison: Comparison) -> Shown:
        """The highest score of all inputs, and the inputs that have it."""
        gradient = common_gradient(comparison)
        words = {
            technique: f"best: {', '.join(row.best_by)}"
            for technique, row in comparison.rows.items()
            if row.best_by and len(row.best_by) < len(comparison.inputs)
        }
        scores = {technique: row.best for technique, row in comparison.rows.items()}
        legend = legend_of(comparison, gradient)
        return self.numbers.shown(scores, gradient, legend, words=words)

    def _gap(self, comparison: Comparison) -> Shown:
        """The techniques that no input covers; colors show the coverage of their sub-techniques."""
        noun = comparison.noun
        return self.numbers.shown(
            {gap.technique: False for gap in comparison.gaps},
            common_gradient(comparison),
            compare_layers.gap_legend(comparison),
            words={gap.technique: compare_layers.gap_text(gap, noun) for gap in comparison.gaps},
            colors={gap.technique: compare_layers.gap_color(gap) for gap in comparison.gaps},
        )

    def _difference(self, comparison: Comparison, difference: Difference) -> Shown:
        """Scores of the second input minus scores of the first."""
        gradient = compare_layers.difference_gradient(comparison)
        first, second, changes = difference.first, difference.second, difference.techniques
        more = "more" if comparison.counts else "stronger"
        words = {
            "only first": f"only {first}",
            "first stronger": f"{first} {more}",
            "equal": "equal",
            "second stronger": f"{second} {more}",
            "only second": f"only {second}",
        }
        return self.numbers.shown(
            {technique: change.difference for technique, change in changes.items()},
            gradient,
            compare_layers.difference_legend(difference, gradient, more),
            words={technique: words[change.relation] for technique, change in changes.items()},
            colors={t: compare_layers.difference_color(change.relation) for t, change in changes.items()},
        )

    def measure(self, comparison: Comparison, at: int, sets: Sequence[Input]) -> Measure:
        """A choice of category, with the colors of the scores of single mappings and capabilities."""
        gradient = common_gradient(comparison)
        every = {score for entry in sets for alone in entry.alone.values() for score in alone.scores[at]}
        every |= {score for entry in sets for score in entry.rows.score}
        scores = sorted(score for score in every if score is not None and type(score) is not bool)
        colors = {number_text(score): self.numbers.color(gradient.color(gradient.safe(score))) for score in scores}
        return Measure(comparison.category or OVERALL, colors)

    def input(self, coverage: Coverage) -> Input:
        """An input with its mappings."""
        category = self.comparisons[0].category
        counts = {}
        for technique, entry in coverage.entries.items():
            groups = [group for c, group in entry.contributions.items() if category in (None, c)]
            if capabilities := {contribution.capability for group in groups for contribution in group}:
                counts[self.numbers.techniques[technique]] = len(capabilities)
        return Input(
            clean(coverage.title),
            clean(coverage.name),
            coverage.is_layer,
            counts,
            self._rows(coverage),
            self._alone(coverage),
        )

    def _rows(self, coverage: Coverage) -> Rows:
        """The mappings of an input to techniques of the release."""
        rules, text = coverage.scored.rules, self.numbers.text
        types = {declared.id: declared.name or declared.id for declared in coverage.set.mapping_types}
        if len({mapping.type for mapping in coverage.set.mappings}) < 2:
            types = {mapping.type or "": "" for mapping in coverage.set.mappings}
        rows = []
        for mapping in coverage.scored.mappings:
            # Counts of capabilities give no score to a single mapping.
            one = None if rules.counts else number(mapping, rules)
            score = None if one is None else rounded(one)
            label = coverage.labels.get(mapping.capability, mapping.capability)
            category = self.categories.index(mapping.category) if mapping.category else -1
            technique = self.numbers.techniques[mapping.technique]
            # Sorted by comment last, so that the order of the file has no effect.
            key = (
                technique,
                category,
                -(-1 if score is None else score),
                label,
                mapping.capability,
                mapping.comment,
            )
            rows.append((key, mapping, score))
        rows.sort(key=lambda row: row[0])
        return Rows(
            technique=[key[0] for key, _, _ in rows],
            capability=[self.capabilities[key[4], key[3]] for key, _, _ in rows],
            category=[key[1] for key, _, _ in rows],
            value=[text(mapping.value or "") for _, mapping, _ in rows],
            score=[score for _, _, score in rows],
            type=[text(types.get(mapping.type or "", mapping.type or "")) for _, mapping, _ in rows],
            comment=[text(mapping.comment) for _, mapping, _ in rows],
            references=[[text(reference) for reference in _references(mapping)] for _, mapping, _ in rows],
        )

    def _alone(self, coverage: Coverage) -> dict[int, Alone]:
        """Capability → the scores of its own layer; empty for layers of counts, which cannot be split."""
        if coverage.is_layer and coverage.counts:
            return {}
        categories = [comparison.category for comparison in self.comparisons]
        result = {}
        for capability, entries in coverage.scored.alone.items():
            scores = {
                technique: [_score(entry.measure(c), full=coverage.covered_only) for c in categories]
                for technique, entry in entries.items()
            }
            techniques = [technique for technique, measures in scores.items() if any(measures)]
            result[self.capabilities[capability, coverage.labels.get(capability, capability)]] = Alone(
                [self.numbers.techniques[technique] for technique in techniques],
                [[scores[technique][at] for technique in techniques] for at in range(len(categories))],
            )
        return result


def layer_views(numbers: Numbers, figures: Sequence[Figure]) -> Iterator[View]:
    """The views of the layers of a threat or a plan."""
    for n, figure_ in enumerate(figures, 1):
        ratios = figure_.view.ratios
        yield View(
            f"~layer{n}",
            clean(figure_.title),
            "layer",
            [],
            [_shown_layer(numbers, figure_.view)],
            hidden=[numbers.techniques[technique] for technique in _hidden(figure_.view)],
            summary=ratios.sentence if ratios else "",
            ratios=numbers.ratios(ratios),
            counted=ratios.counted if ratios else "",
        )


def _shown_layer(numbers: Numbers, layer: view.View) -> Shown:
    """A layer; of a technique whose entries differ by tactic, the first."""
    scores: dict[str, Score] = {}
    words, colors = {}, {}
    for (technique, _), entry in layer.entries.items():
        if technique in scores or not entry.counted:
            continue
        # Layers mark uncovered techniques with a score of 0 and a color, those of gaps by the color alone.
        is_open = entry.color == UNCOVERED or (entry.score == 0 and entry.color)
        scores[technique] = False if is_open else entry.score
        colors[technique] = entry.color
        facts = dict(entry.metadata)
        if entry.score and not is_open and facts.get("state") == "weak":
            # The score says more than its gap.
            scores[technique] = float(facts["score"])
            colors[technique] = entry.color or layer.gradient.color(entry.score)
        lines = entry.comment.split("\n")
        words[technique] = next((line for line in lines if not _AGAIN.fullmatch(line)), "")
    return numbers.shown(scores, layer.gradient, layer.legend, words=words, colors=colors)


def _hidden(layer: view.View) -> list[str]:
    """The techniques that a layer hides in every tactic."""
    if not layer.hide_disabled:
        return []
    enabled = {technique for (technique, _), entry in layer.entries.items() if entry.enabled}
    return sorted({technique for technique, _ in layer.entries} - enabled)


def _references(mapping: Mapping) -> dict[str, None]:
    """The web addresses of the references, and references without one as they are."""
    if not mapping.references:
        return {}
    return dict.fromkeys(url for reference in mapping.references for url in web_links([reference]) or (reference,))


def _score(score: float | None, *, full: bool) -> Score:
    """The score of a covered technique, 100 if every one is `full`; else False."""
    return (100 if full else rounded(score)) if score and score > 0 else False
