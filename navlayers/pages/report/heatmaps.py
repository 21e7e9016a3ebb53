"""The heatmaps of a report, and its sections about a threat and a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from navlayers._text.numbers import percent_text
from navlayers._text.wording import and_list
from navlayers.analysis import compare_layers, gaps_layers
from navlayers.analysis.gaps_result import headline
from navlayers.analysis.plan.layer import plan_layer
from navlayers.analysis.plan.result import summary, threat_coverage
from navlayers.layer.build import layers_of
from navlayers.layer.view import Ratios, View
from navlayers.output.document import Figure, Paragraph
from navlayers.pages import compare as compare_tables
from navlayers.pages import gaps as gap_tables
from navlayers.pages import plan as plan_tables
from navlayers.pages.report.input import TECHNIQUES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.analysis.compare_result import Threatened
    from navlayers.analysis.gaps_result import Gaps
    from navlayers.analysis.plan.result import Plan
    from navlayers.layer.document import Layer
    from navlayers.output.document import Block
    from navlayers.output.tables import Cell, Table
    from navlayers.pages.report.input import ReportInput

UNRATED = "The sets have no scores, so the plan counts each mapping in full."
"""A sentence about plans of unscored sets."""

TOGETHER = "All together"
"""The title of the heatmap of all inputs together."""

# Layer of a comparison → its title ("": the layer's name) and caption: a picture cannot show comments.
_COMPARED = {
    "union": (TOGETHER, "The score of a technique is its highest score in any input."),
    "difference": (
        "",
        "The score of a technique is its score in the second input minus that in the first. Techniques that only "
        "one of them {0.cover}s have a separate color, techniques that neither {0.cover}s have none.",
    ),
    "gap": (
        "What none {0.cover}s",
        "The active techniques that no input {0.cover}s; another color: some sub-techniques are {0.covered}.",
    ),
}
_NOT_OF_THREAT = "not used by the threat"


def heatmap_blocks(data: ReportInput) -> Iterator[Figure]:
    """A heatmap per input, and of several those of their comparison."""
    comparison = data.comparison
    category = comparison.category
    titles = iter(name if category is None else f"{name}: {category}" for name in data.names)
    first = data.inputs[0]
    if not (data.several or category or first.is_layer or first.covered_only):
        # A single set has the colors and the legend of its own scale.
        (built,) = layers_of(first.scored, ["overview"])
        yield _heatmap(data, built.layer, next(titles))
        return
    for _, kind, layer in compare_layers.layers_of(comparison):
        if kind == "input":
            yield _heatmap(data, layer, next(titles))
        elif kind in _COMPARED and data.several:
            title, caption = (text.format(data.noun) for text in _COMPARED[kind])
            view = {"ratios": _uncovered(data), "unscored": data.noun.covered} if kind == "gap" else {}
            yield _heatmap(data, layer, title or layer.name, caption, **view)


def overview(data: ReportInput, figures: Sequence[Figure]) -> Figure:
    """The heatmap that shows the result: against the threat, or of all inputs together, or of the only one."""
    if data.gaps is not None:
        return next(_gaps_figures(data, data.gaps))
    return next((figure for figure in figures if figure.title == TOGETHER), figures[0])


def _uncovered(data: ReportInput) -> Ratios:
    """The share of each tactic that no input covers."""
    comparison = data.comparison
    return Ratios(
        {tactic.tactic: (tactic.total - tactic.any, tactic.total) for tactic in comparison.tactics},
        f"{len(comparison.gaps):,} of {comparison.active:,} {TECHNIQUES} {data.noun.covered} by none",
        f"{TECHNIQUES} {data.noun.covered} by none",
    )


def _heatmap(data: ReportInput, layer: Layer, title: str, caption: str = "", **view: Any) -> Figure:
    """A layer as a figure, with a caption or else its description; `view` are further fields of the view."""
    caption = caption or layer.description
    fields = {"unscored": f"not {data.noun.covered}", "description": caption, **view}
    return Figure(msgspec.structs.replace(View.from_layer(layer, data.catalogue), **fields), title, caption)


def gaps_blocks(data: ReportInput) -> Iterator[Block]:
    """The coverage of the threat, its gaps and the capabilities that cover it; heatmaps of coverage and gaps."""
    yield from _threat_blocks(data)
    gaps = data.gaps
    if gaps is None:
        return
    yield Paragraph(headline(gaps))
    for table in gap_tables.short_tables(gaps):
        # The note of a shortened table names an option of the command `gaps`.
        note = table.note.removesuffix("; --all lists them")
        yield full_names(msgspec.structs.replace(table, note=note), data)
    yield from _gaps_figures(data, gaps)


def _gaps_figures(data: ReportInput, gaps: Gaps) -> Iterator[Figure]:
    """The heatmaps of the coverage of a threat, and of its gaps."""
    for _, kind, layer in gaps_layers.layers_of(gaps):
        if kind in ("coverage", "gap"):
            yield _heatmap(data, layer, layer.name, **_gaps_view(data, gaps, kind))


def _threat_blocks(data: ReportInput) -> Iterator[Block]:
    """The coverage of each set of threats by the inputs, and its heatmap."""
    if not data.threats:
        return
    yield Paragraph(" ".join(f"{threat_sentence(data, each)}." for each in data.threats))
    yield msgspec.structs.replace(compare_tables.threats(data.comparison), note="")
    layers = (layer for _, kind, layer in compare_layers.layers_of(data.comparison) if kind == "threat")
    for each, layer in zip(data.threats, layers, strict=True):
        covered = [technique for technique, by in each.techniques.items() if by]
        ratios = Ratios.of(data.catalogue, list(each.techniques), covered, "covered")
        yield _heatmap(data, layer, layer.name, ratios=ratios, unscored=_NOT_OF_THREAT)


def threat_sentence(data: ReportInput, each: Threatened) -> str:
    """The statement of a set of threats, and the share of it that the inputs cover."""
    covered, every = each.covered(), len(each.techniques)
    part = f"{'cover' if data.several else 'covers'} {covered:,} of them ({percent_text(covered, every)})"
    return f"{each.statement}; {and_list(list(data.names))} {part}"


def _gaps_view(data: ReportInput, gaps: Gaps, kind: str) -> dict[str, Any]:
    every = [row.technique for row in gaps.rows]
    if kind == "coverage":
        covered = [row.technique for row in gaps.rows if row.covered]
        return {"ratios": Ratios.of(data.catalogue, every, covered, "covered"), "unscored": _NOT_OF_THREAT}
    what = "not covered, or weakly" if gaps.scored else "not covered"
    ratios = Ratios.of(data.catalogue, every, [row.technique for row in gaps.open], what)
    return {"ratios": ratios, "unscored": _NOT_OF_THREAT, "mark": "✓"}


def plan_blocks(data: ReportInput) -> Iterator[Block]:
    """The chosen capabilities, the next best, possible replacements; a heatmap."""
    plan = data.plan
    if plan is None:
        return
    sentences = [f"{sentence}." for sentence in (summary(plan), threat_coverage(plan)) if sentence]
    yield Paragraph(" ".join([*sentences, *([UNRATED] if plan.counts else [])]))
    yield from plan_tables.short_tables(plan)
    yield plan_heatmap(data, plan)


def plan_heatmap(data: ReportInput, plan: Plan) -> Figure:
    """The heatmap of what a plan covers."""
    layer = plan_layer(plan)
    return _heatmap(data, layer, layer.name, **_plan_view(data, plan))


def _plan_view(data: ReportInput, plan: Plan) -> dict[str, Any]:
    active = (technique.id for technique in data.catalogue.techniques.values() if technique.active)
    every, unscored = tuple(active), f"not {plan.covered_word}"
    if plan.threat is not None:
        every, unscored = tuple(filter(plan.weight, plan.threat.weights)), _NOT_OF_THREAT
    return {
        "ratios": Ratios.of(data.catalogue, every, plan.reached, f"{plan.covered_word} by the plan"),
        "unscored": unscored,
    }


def full_names(table: Table, data: ReportInput) -> Table:
    """A table of techniques with the full names of techniques and tactics."""
    kinds = [column.kind for column in table.columns]
    if "technique" not in kinds:
        return table
    rows = []
    for row in table.rows:
        cells: list[Cell] = list(row)
        identifier = str(row[kinds.index("technique")])
        for header, text in (("name", data.full_name), ("tactics", data.tactics)):
            if header in table.headers and identifier in data.catalogue.techniques:
                cells[table.headers.index(header)] = text(identifier)
        rows.append(tuple(cells))
    return msgspec.structs.replace(table, rows=tuple(rows))
