"""The explorer's data of a report: views of its comparison, threat and plan, and the mappings of its inputs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers._text import figure, slugs, tidy, web_links
from navlayers.analysis import compare_layers
from navlayers.analysis.compare import side_by_side
from navlayers.analysis.compare_layers import common_gradient, legend_of
from navlayers.layer.colors import Gradient, LegendItem, value_gradient, value_legend
from navlayers.mapping.model import CATEGORIES
from navlayers.output.document import Figure
from navlayers.scoring.coverage import without_scores
from navlayers.scoring.scores import number
from navlayers.web.explorer import OVERALL, Alone, Explorer, Input, Measure, Numbers, Rows, Score, View, clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.analysis.compare import Comparison, Difference, Gap
    from navlayers.layer import view
    from navlayers.mapping.model import Mapping
    from navlayers.output.document import Document
    from navlayers.output.html import Colors
    from navlayers.pages.report.input import ReportInput
    from navlayers.scoring.coverage import Coverage
    from navlayers.web.explorer import Shown

_SCORE_AGAIN = re.compile(r"Gap [\d.,]+|[\d.,]+ under the plan")


def report_data(subject: ReportInput, document: Document, colors: Colors) -> Explorer:
    """The data of a report."""
    own = subject.comparison
    comparisons = (own, *_categories(own))
    names = {(c, one.labels.get(c, c)) for one in own.inputs for c in {m.capability for m in one.scored.mappings}}
    capabilities = sorted(names, key=lambda pair: (pair[1].casefold(), pair[1], pair[0]))
    used = {mapping.category for one in own.inputs for mapping in one.set.mappings}
    data = _Data(
        Numbers(own.catalogue, colors),
        comparisons,
        {pair: number for number, pair in enumerate(capabilities)},
        [category for category in CATEGORIES if category in used],
    )
    sets = [data.input(one) for one in own.inputs]
    views = [*data.views(subject.names), *data.layers(layers_of(document))]
    return Explorer(
        release=data.numbers.release(),
        measures=[data.measure(comparison, at, sets) for at, comparison in enumerate(comparisons)],
        categories=data.categories,
        counts="Capabilities" if own.counts else "",
        capabilities=[(clean(one), clean(label)) for one, label in capabilities],
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
    if own.category is not None or any(one.is_layer for one in own.inputs):
        return
    baselines = {found.first for found in own.differences}
    baseline = baselines.pop() if len(baselines) == 1 and len(own.inputs) > 1 else None
    for category in CATEGORIES:
        if any(category in one.categories for one in own.inputs):
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
        names = slugs(one.name for one in first.inputs)
        ids = [names[one.name] for one in first.inputs]
        for n, title in enumerate(titles):
            yield View(ids[n], clean(title), "set", [n], [self._input(c, n) for c in self.comparisons])
        if len(ids) == 1:
            return
        every = list(range(len(ids)))
        yield View("~all", "All together", "union", every, [self._union(c) for c in self.comparisons])
        yield View("~none", "What none covers", "gap", every, [self._gap(c) for c in self.comparisons])
        for n, found in enumerate(first.differences):
            yield View(
                f"~{ids[found.first]}~{ids[found.second]}",
                clean(f"{first.inputs[found.first].name} → {first.inputs[found.second].name}"),
                "difference",
                [found.first, found.second],
                [self._difference(c, c.differences[n]) for c in self.comparisons],
            )

    def _input(self, comparison: Comparison, n: int) -> Shown:
        """The coverage of one input; of a single set also techniques scored 0, as in its layer."""
        one, category = comparison.inputs[n], comparison.category
        gradient = common_gradient(comparison)
        scores, legend = one.measures(category), legend_of(comparison, gradient)
        if len(comparison.inputs) == 1 and not (one.is_layer or one.covered_only):
            entries = one.entries.items()
            scores = {t: e.measure(category) for t, e in entries if category is None or category in e.categories}
            if not one.counts:
                unrated = None in scores.values()
                legend = value_legend(value_gradient(category, comparison.highest), one.scored.rules, unrated)
        words = {}
        for technique in scores:
            if found := one.entries[technique].rolled_up.get(category or OVERALL):
                words[technique] = f"from {found[0]} of {found[1]} sub-techniques"
        return self.numbers.shown(scores, gradient, legend, words=words, ramp=not comparison.covered_only)

    def _union(self, comparison: Comparison) -> Shown:
        """The highest score of all inputs, and the inputs that have it."""
        gradient = common_gradient(comparison)
        words = {
            row.technique: f"best by {', '.join(comparison.inputs[n].name for n in row.best_by)}"
            for row in comparison.rows
            if row.best_by and len(row.best_by) < len(comparison.inputs)
        }
        scores = {row.technique: row.best for row in comparison.rows}
        legend = legend_of(comparison, gradient)
        return self.numbers.shown(scores, gradient, legend, words=words, ramp=not comparison.covered_only)

    def _gap(self, comparison: Comparison) -> Shown:
        """The techniques that no input covers; colors show the coverage of their sub-techniques."""
        gradient = Gradient(compare_layers.GAP, 0, 100)
        scores = {gap.technique: gap.missing for gap in comparison.gaps}
        legend = [LegendItem("not covered", gradient.color(100))]
        if any(0 < missing < 100 for missing in scores.values()):
            legend.append(LegendItem("some sub-techniques are", gradient.color(50)))
        if 0 in scores.values():
            legend.append(LegendItem("all sub-techniques are", gradient.color(0)))
        words = {gap.technique: _missing(gap) for gap in comparison.gaps}
        return self.numbers.shown(scores, gradient, legend, words=words, ramp=False)

    def _difference(self, comparison: Comparison, found: Difference) -> Shown:
        """The scores of the second input minus those of the first."""
        gradient = compare_layers.difference_gradient(comparison)
        first, second = (comparison.inputs[n].name for n in (found.first, found.second))
        more = "more" if comparison.counts else "stronger"
        words = {
            "only first": f"only {first}",
            "first stronger": f"{first} {more}",
            "equal": "equal",
            "second stronger": f"{second} {more}",
            "only second": f"only {second}",
            "not rated": "both, one of them without a score",
        }
        return self.numbers.shown(
            found.scores,
            gradient,
            compare_layers.difference_legend(found, (first, second), gradient, more),
            words={technique: words[relation] for technique, relation in found.relations.items()},
            colors={t: compare_layers.difference_color(relation) for t, relation in found.relations.items()},
            ramp=not comparison.covered_only,
        )

    def layers(self, figures: Sequence[Figure]) -> Iterator[View]:
        """The layers of a threat or a plan."""
        for n, one in enumerate(figures, 1):
            ratios = one.view.ratios
            yield View(
                f"~layer{n}",
                clean(one.title),
                "layer",
                [],
                [self._layer(one.view)],
                hidden=[self.numbers.techniques[technique] for technique in _hidden(one.view)],
                summary=ratios.told if ratios else "",
                ratios=self.numbers.ratios(ratios),
                counted=ratios.counted if ratios else "",
            )

    def _layer(self, layer: view.View) -> Shown:
        """A layer; of a technique whose entries differ by tactic, the first."""
        scores: dict[str, Score] = {}
        words, colors = {}, {}
        for (technique, _), entry in layer.entries.items():
            if technique in scores or not entry.counted:
                continue
            # Layers mark uncovered techniques with a score of 0 and a color.
            scores[technique] = False if entry.score == 0 and entry.color else entry.score
            colors[technique] = entry.color
            lines = entry.comment.split("\n")
            words[technique] = next((line for line in lines if not _SCORE_AGAIN.fullmatch(line)), "")
        return self.numbers.shown(scores, layer.gradient, layer.legend, words=words, colors=colors, ramp=False)

    def measure(self, comparison: Comparison, at: int, sets: Sequence[Input]) -> Measure:
        """A choice of category, with the colors of the scores of single mappings and capabilities."""
        gradient = common_gradient(comparison)
        every = {score for one in sets for own in one.alone.values() for score in own.scores[at]}
        every |= {score for one in sets for score in one.rows.score}
        scores = sorted(score for score in every if score is not None and type(score) is not bool)
        colors = {figure(score): self.numbers.color(gradient.color(gradient.safe(score))) for score in scores}
        return Measure(comparison.category or OVERALL, colors)

    def input(self, one: Coverage) -> Input:
        """An input with its mappings."""
        category = self.comparisons[0].category
        counts = {}
        for technique, entry in one.entries.items():
            groups = [group for c, group in entry.contributions.items() if category in (None, c)]
            if capabilities := {contribution.capability for group in groups for contribution in group}:
                counts[self.numbers.techniques[technique]] = len(capabilities)
        return Input(clean(one.title), clean(one.name), one.is_layer, counts, self._rows(one), self._alone(one))

    def _rows(self, one: Coverage) -> Rows:
        """The mappings of an input to techniques of the release."""
        rules, text = one.scored.rules, self.numbers.text
        types = {declared.id: declared.name or declared.id for declared in one.set.mapping_types}
        if len({mapping.type for mapping in one.set.mappings}) < 2:
            types = {mapping.type or "": "" for mapping in one.set.mappings}
        found = []
        for mapping in one.scored.mappings:
            # Counts of capabilities give no score to a single mapping.
            score = None if rules.counts else number(mapping.value, rules)
            score = None if score is None else tidy(score)
            label = one.labels.get(mapping.capability, mapping.capability)
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
            found.append((key, mapping, score))
        found.sort(key=lambda row: row[0])
        return Rows(
            technique=[key[0] for key, _, _ in found],
            capability=[self.capabilities[key[4], key[3]] for key, _, _ in found],
            category=[key[1] for key, _, _ in found],
            value=[text(mapping.value or "") for _, mapping, _ in found],
            score=[score for _, _, score in found],
            type=[text(types.get(mapping.type or "", mapping.type or "")) for _, mapping, _ in found],
            comment=[text(mapping.comment) for _, mapping, _ in found],
            references=[[text(one) for one in _references(mapping)] for _, mapping, _ in found],
        )

    def _alone(self, one: Coverage) -> dict[int, Alone]:
        """Capability → the scores of its own layer; empty for layers of counts, which cannot be split."""
        if one.is_layer and one.counts:
            return {}
        by_capability: dict[str, list[Mapping]] = {}
        for mapping in one.scored.mappings:
            by_capability.setdefault(mapping.capability, []).append(mapping)
        found = {}
        for capability, mappings in sorted(by_capability.items()):
            own = msgspec.structs.replace(one, entries=one.scored.of(mappings), covered_only=False)
            own = without_scores(own) if one.covered_only else own
            measures = [own.measures(comparison.category) for comparison in self.comparisons]
            techniques = sorted(set().union(*measures))
            found[self.capabilities[capability, one.labels.get(capability, capability)]] = Alone(
                [self.numbers.techniques[technique] for technique in techniques],
                [[_score(measure, technique) for technique in techniques] for measure in measures],
            )
        return found


def _missing(gap: Gap) -> str:
    return f"not covered; {gap.covered} of its {gap.total} sub-techniques are" if gap.covered else "not covered"


def _hidden(layer: view.View) -> list[str]:
    """The techniques that a layer hides in every tactic."""
    if not layer.hide_disabled:
        return []
    enabled = {technique for (technique, _), entry in layer.entries.items() if entry.enabled}
    return sorted({technique for technique, _ in layer.entries} - enabled)


def _references(mapping: Mapping) -> dict[str, None]:
    """The web addresses of the references, and references without one as they are."""
    return dict.fromkeys(url for one in mapping.references for url in web_links([one]) or (one,))


def _score(measure: dict[str, float | None], technique: str) -> Score:
    if technique not in measure:
        return False
    score = measure[technique]
    return None if score is None else tidy(score)
