"""The data of the explorer, the matrix that the HTML report lets people walk through: as compact JSON.

Every number that it shows is made here; the script looks numbers up, and of several takes the highest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from navlayers._text import figure, slugs
from navlayers.analysis.compare import side_by_side
from navlayers.layer.matrix import matrix_of
from navlayers.layer.view import View
from navlayers.mapping.model import CATEGORIES
from navlayers.output.document import Figure
from navlayers.web.explorer_rows import Alone, Interned, Rows, Texts, alone, clean, rows
from navlayers.web.explorer_views import Drawn, Shown, drawn, gradient_at, layer_hidden, layer_shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from navlayers.analysis.compare import Comparison
    from navlayers.attack import Technique
    from navlayers.layer.matrix import Column
    from navlayers.output.document import Document
    from navlayers.pages.report.subject import Subject
    from navlayers.scoring.coverage import Coverage
    from navlayers.web.explorer_views import Colors

OVERALL = "overall"


class Tactic(msgspec.Struct, frozen=True):
    """A column: its name, and its techniques in the Navigator's order, each with its sub-techniques."""

    name: str
    techniques: list[tuple[int, list[int]]]


class Known(msgspec.Struct, frozen=True):
    """The release: techniques as id, name, number of the parent or -1, numbers of platforms; tactics; platforms."""

    techniques: list[tuple[str, str, int, list[int]]]
    tactics: list[Tactic]
    platforms: list[str]


class Input(msgspec.Struct, frozen=True):
    """An input: how many capabilities are mapped per technique, its mappings, its capabilities."""

    title: str
    name: str
    layer: bool
    counts: dict[int, int]
    rows: Rows
    alone: dict[int, Alone]


class ShownData(msgspec.Struct, frozen=True):
    """A view under one measure: techniques, and per technique a score, a colour (-1 for none) and words.

    A score is None where something is covered without one, False where the view tells that it is not covered.
    `legend` is label and colour, `ramp` colours from `low` to `high`.
    """

    technique: list[int]
    score: list[float | bool | None]
    color: list[int]
    words: list[int]
    legend: tuple[tuple[str, int], ...]
    ramp: tuple[int, ...]
    low: str
    high: str


class ViewData(msgspec.Struct, frozen=True):
    """A view of the explorer.

    `hidden` are techniques that it leaves out. A layer tells its own figures: `told` of all of it, `ratios` of each
    tactic, which count what `counted` says.
    """

    id: str
    title: str
    kind: str
    sets: tuple[int, ...]
    shown: list[ShownData]
    hidden: list[int]
    told: str
    ratios: list[str]
    counted: str


class Measure(msgspec.Struct, frozen=True):
    """Overall or a category; `colors`: the number of the colour of each score that a mapping or capability has."""

    name: str
    colors: dict[str, int]


class Explorer(msgspec.Struct, frozen=True):
    """All that the script is given; `measures` are the choices of category, the report's own first.

    `told` are the numbers of texts that stand in tables of the page, and their places there.
    """

    release: Known
    measures: list[Measure]
    categories: list[str]
    counts: bool
    capabilities: list[tuple[str, str]]
    sets: list[Input]
    views: list[ViewData]
    texts: list[str]
    told: dict[int, int] = {}

    def without(self, told: dict[int, int]) -> Explorer:
        """The same without the texts that stand in tables of the page."""
        texts = ["" if number in told else text for number, text in enumerate(self.texts)]
        return msgspec.structs.replace(self, texts=texts, told=told)

    @property
    def json(self) -> str:
        """As JSON that no text in it can end: what means something to HTML is escaped."""
        text = msgspec.json.encode(self).decode()
        for char in "<>&\u2028\u2029":
            text = text.replace(char, f"\\u{ord(char):04x}")
        return text


def view_ids(inputs: Iterable[Coverage]) -> tuple[str, ...]:
    """What addresses call the views of the inputs."""
    names = [one.name for one in inputs]
    found = slugs(names)
    return tuple(found[name] for name in names)


def explorer(subject: Subject, document: Document, colors: Colors) -> Explorer:
    """Work out what the explorer shows; the numbers of colours are those of `colors`."""
    comparisons = tuple(_comparisons(subject))
    measures = [comparison.category for comparison in comparisons]
    techniques = [t for t in subject.catalogue.techniques.values() if t.active]
    numbers = {technique.id: number for number, technique in enumerate(techniques)}
    named = {(c, one.labels.get(c, c)) for one in subject.inputs for c in _mapped(one)}
    capabilities = sorted(named, key=lambda pair: (pair[1].casefold(), pair[1], pair[0]))
    named_categories = {mapping.category for one in subject.inputs for mapping in one.set.mappings}
    categories: list[str] = [category for category in CATEGORIES if category in named_categories]
    lists = Interned(numbers, {pair: number for number, pair in enumerate(capabilities)}, categories, Texts())
    inputs = [_input(one, measures, lists) for one in subject.inputs]
    columns = matrix_of(View(name="", catalogue=subject.catalogue)).columns
    views = [*drawn(comparisons, subject.names, view_ids(subject.inputs), colors), *_layers(document, colors)]
    return Explorer(
        release=_known(columns, techniques, numbers),
        measures=[_measure(comparison, inputs, at, colors) for at, comparison in enumerate(comparisons)],
        categories=categories,
        counts=subject.comparison.counts,
        capabilities=[(clean(one), clean(label)) for one, label in capabilities],
        sets=inputs,
        views=[_view(view, columns, lists, colors) for view in views],
        texts=lists.texts.all,
    )


def _mapped(one: Coverage) -> set[str]:
    return {mapping.capability for mapping in one.scored.mappings}


def _comparisons(subject: Subject) -> Iterator[Comparison]:
    """The report's own, and of each category where that is about all of them."""
    own = subject.comparison
    yield own
    if own.category is None and not any(one.is_layer for one in own.inputs):
        differences = {found.first for found in own.differences}
        baseline = differences.pop() if len(differences) == 1 and len(own.inputs) > 1 else None
        for category in CATEGORIES:
            if any(category in one.categories for one in own.inputs):
                yield side_by_side(own.catalogue, own.inputs, category=category, baseline=baseline)


def _known(columns: Sequence[Column], techniques: Sequence[Technique], numbers: dict[str, int]) -> Known:
    platforms = sorted({platform for technique in techniques for platform in technique.platforms})
    places = {platform: number for number, platform in enumerate(platforms)}
    return Known(
        techniques=[
            (t.id, clean(t.name), numbers.get(t.parent or "", -1), sorted(places[p] for p in t.platforms))
            for t in techniques
        ],
        tactics=[
            Tactic(
                column.name,
                [(numbers[cell.id], [numbers[sub.id] for sub in cell.subtechniques]) for cell in column.cells],
            )
            for column in columns
        ],
        platforms=platforms,
    )


def _input(one: Coverage, measures: Sequence[str | None], lists: Interned) -> Input:
    return Input(
        title=clean(one.title),
        name=clean(one.name),
        layer=one.is_layer,
        counts=_counts(one, measures[0], lists),
        rows=rows(one, lists),
        alone=alone(one, measures, lists),
    )


def _counts(one: Coverage, measure: str | None, lists: Interned) -> dict[int, int]:
    found = {}
    for technique, entry in one.entries.items():
        groups = [group for category, group in entry.contributions.items() if measure in (None, category)]
        number = len({contribution.capability for group in groups for contribution in group})
        if number:
            found[lists.techniques[technique]] = number
    return found


def _measure(comparison: Comparison, inputs: Sequence[Input], at: int, colors: Colors) -> Measure:
    gradient = gradient_at(comparison)
    found = [score for one in inputs for own in one.alone.values() for score in own.scores[at]]
    found += [score for one in inputs for score in one.rows.score]
    scores = {score for score in found if score is not None and type(score) is not bool}
    return Measure(
        comparison.category or OVERALL,
        {figure(score): colors.number(gradient.color(gradient.safe(score))) for score in sorted(scores)},
    )


def _layers(document: Document, colors: Colors) -> Iterator[Drawn]:
    """The layers of the other sections, of a threat or a plan."""
    found = layers_of(document)
    for number, heatmap in enumerate(found, 1):
        view = heatmap.view
        shown = (layer_shown(view, colors),)
        yield Drawn(f"~layer{number}", heatmap.title, "layer", (), shown, layer_hidden(view), view.ratios)


def layers_of(document: Document) -> tuple[Figure, ...]:
    """The heatmaps that are not of the section of heatmaps."""
    return tuple(
        block
        for section in document.sections
        if section.id != "heatmaps"
        for block in section.blocks
        if isinstance(block, Figure)
    )


def _view(view: Drawn, columns: Sequence[Column], lists: Interned, colors: Colors) -> ViewData:
    found = view.ratios.tactics if view.ratios else {}
    ratios = [found.get(column.shortname) for column in columns] if found else []
    return ViewData(
        view.id,
        clean(view.title),
        view.kind,
        view.sets,
        [_shown(one, lists, colors) for one in view.shown],
        hidden=[lists.techniques[technique] for technique in view.hidden],
        told=view.ratios.told if view.ratios else "",
        ratios=[f"{ratio[0]}/{ratio[1]}" if ratio else "" for ratio in ratios],
        counted=view.ratios.counted if view.ratios else "",
    )


def _shown(shown: Shown, lists: Interned, colors: Colors) -> ShownData:
    entries = [entry for entry in shown.entries if entry.technique in lists.techniques]
    legend = shown.legend
    return ShownData(
        technique=[lists.techniques[entry.technique] for entry in entries],
        score=[entry.score for entry in entries],
        color=[colors.number(entry.color) if entry.color else -1 for entry in entries],
        words=[lists.texts.number(entry.words) for entry in entries],
        legend=tuple((clean(label), color) for label, color in legend.items),
        ramp=legend.ramp,
        low=legend.low,
        high=legend.high,
    )
