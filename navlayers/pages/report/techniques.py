"""Coverage per tactic, and the techniques with the highest and the lowest scores."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from navlayers._text.numbers import percent_text
from navlayers._text.wording import and_list, techniques_text
from navlayers.layer.ramps import value_gradient
from navlayers.mapping.model import HUNDRED
from navlayers.output.document import Paragraph
from navlayers.output.tables import Span
from navlayers.pages import compare as tables
from navlayers.pages.charts import shares_chart
from navlayers.pages.results import Field, table_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.layer.colors import Gradient
    from navlayers.output.document import Block
    from navlayers.output.tables import Cell, CellKind, Table
    from navlayers.pages.report.input import ReportInput

_LISTED = 10
"""Rows of a list of techniques; the appendix has all."""


def tactic_blocks(data: ReportInput) -> Iterator[Block]:
    """The tactics that are covered most and least, the shares of several inputs, and the table of all."""
    yield Paragraph(_extremes(data))
    if (chart := shares_chart(data.comparison)) is not None:
        yield chart
    yield tactic_table(data)


def tactic_table(data: ReportInput) -> Table:
    """Tactic × input: how many techniques are covered, colored by their share; of one input, by category."""
    comparison, words = data.comparison, data.noun
    category = comparison.category
    columns: list[tuple[str, str | None, set[str]]] = []
    if data.several:
        columns = [
            (name, category, set(c.measures(category))) for name, c in zip(data.names, data.inputs, strict=True)
        ]
    elif len(categories := data.categories(data.inputs[0])) > 1:
        columns = [(each, each, set(data.inputs[0].measures(each))) for each in categories]
    every = "all together" if data.several else category or ("mapped" if comparison.counts else words.covered)
    columns.insert(0, (every, category, set(comparison.rows)))
    active = [technique for technique in data.catalogue.techniques.values() if technique.active]
    members = {
        tactic.name: {t.id for t in active if tactic.shortname in t.tactics} for tactic in data.catalogue.tactics
    }
    members["all tactics, each technique once"] = {t.id for t in active}

    def cells(own: str | None, covered: set[str]) -> list[Cell]:
        gradient = value_gradient(own, HUNDRED[1], role=comparison.role)
        return [_share(len(ids & covered), len(ids), gradient) for ids in members.values()]

    fields = [
        Field("tactic", members),
        *(Field(header, cells(own, covered), "score", category=own or "") for header, own, covered in columns),
    ]
    title = f"{words.covered.capitalize()} techniques and sub-techniques per tactic"
    return table_of("tactics", title, fields)


def _share(part: int, whole: int, gradient: Gradient) -> Cell:
    """A part of a whole, as "12/45 27%", on the color of its share; nothing of nothing."""
    if not whole:
        return None
    color = gradient.color(100 * part / whole) if part else ""
    return Span(f"{part}/{whole} {percent_text(part, whole)}", color=color)


def _extremes(data: ReportInput) -> str:
    """The tactics with the highest and the lowest share of covered techniques."""
    shares = {tactic.name: Fraction(tactic.any, tactic.total) for tactic in data.comparison.tactics if tactic.total}
    if not any(shares.values()):
        return f"No tactic is {data.noun.covered}."
    highest, lowest = max(shares.values()), min(shares.values())
    most = and_list([name for name, share in shares.items() if share == highest])
    least = and_list([name for name, share in shares.items() if share == lowest])
    cover = data.noun.cover
    who = f"Together, the inputs {cover}" if data.several else f"{data.names[0]} {cover}s"
    if highest == lowest:
        return f"{who} {percent_text(highest, 1)} of the techniques and sub-techniques of every tactic."
    return (
        f"{who} the largest share of {most} ({percent_text(highest, 1)} of its techniques and sub-techniques) "
        f"and the smallest of {least} ({percent_text(lowest, 1)})."
    )


def technique_blocks(data: ReportInput) -> Iterator[Block]:
    """Both lists if anything is covered, and how much is not covered at all."""
    words = data.noun
    rated = {id_: row.best for id_, row in data.comparison.rows.items() if row.best is not None}
    if rated:
        yield _ranked(data, "Most mapped" if words.threat else "Strongest", rated, -1)
        if weak := {id_: best for id_, best in rated.items() if data.unscored or best < data.weak}:
            yield _ranked(data, "Least mapped" if words.threat else "Weakest covered techniques", weak, 1)
        else:
            yield Paragraph(f"No {words.covered} technique scores below {data.weak:g}.")
    yield Paragraph(_not_covered(data))


def _ranked(data: ReportInput, title: str, scores: dict[str, float], sign: int) -> Table:
    """The first techniques by score, then by number of capabilities; `sign` is -1 for the highest first."""

    def rank(technique: str) -> tuple[float, float]:
        score = 0 if data.unscored and data.sets else scores[technique]
        return sign * score, sign * data.capabilities(technique)

    order = sorted(scores, key=lambda technique: (*rank(technique), technique))
    first = order[:_LISTED]
    which, number = ("highest", "most") if sign < 0 else ("lowest", "fewest")
    parts = [] if data.unscored and data.sets else [f"{which} score"]
    parts += [f"{number} {data.noun.plural}"] if data.sets else []
    note = f"{', then '.join(parts)} first"
    if more := sum(rank(technique) == rank(first[-1]) for technique in order[_LISTED:]):
        note += f", then by id: {more:,} more {'is' if more == 1 else 'are'} equal to the last of these"
    note = f"{note[:1].upper()}{note[1:]}."
    comparison = data.comparison
    kind: CellKind = "number" if comparison.counts else "score"
    # The number of capabilities of a single unscored set is in the last column.
    bare = comparison.covered_only or (comparison.counts and not data.several and bool(data.sets))
    categories = () if data.several or comparison.covered_only else data.categories(data.inputs[0])
    rows = [comparison.rows[technique] for technique in first]

    def scored(name: str) -> list[Cell]:
        return [tables.score_cell(row, name, comparison.measure) for row in rows]

    own = [row.scores.get(data.names[0], {}) for row in rows]
    fields = [
        Field("technique", first, "technique"),
        Field("name", map(data.full_name, first)),
        Field("tactics", map(data.tactics, first)),
        *(Field(name if data.several else "score", scored(name), kind, shown=not bare) for name in data.names),
        *(Field(c, [scores.get(c) for scores in own], kind, len(categories) > 1, c) for c in categories),
        Field(data.noun.plural, map(data.capabilities, first), "number", bool(data.sets)),
    ]
    return table_of(title.lower(), title, fields, note, score_range=comparison.range)


def _not_covered(data: ReportInput) -> str:
    gaps, words = data.comparison.gaps, data.noun
    if not gaps:
        return f"Every active technique is {words.covered}."
    subs = sum("." in gap.technique for gap in gaps)
    partly = sum(gap.covered > 0 for gap in gaps)
    who = f"No input {words.cover}s" if data.several else f"{data.names[0]} does not {words.cover}"
    has = "One of them has" if partly == 1 else f"{partly:,} of them have"
    below = f" {has} sub-techniques that are {words.covered}." if partly else ""
    return f"{who} {techniques_text(len(gaps) - subs, subs)}.{below}"
