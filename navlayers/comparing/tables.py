"""A comparison as tables: technique × input, and totals per input, per tactic and per pair."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers.tables import Column, Table, columns

if TYPE_CHECKING:
    from navlayers.comparing.comparison import Comparison, Relation
    from navlayers.tables import Cell

_RELATIONS: tuple[Relation, ...] = (
    "only first", "first stronger", "equal", "second stronger", "only second", "not rated"
)  # fmt: skip


def tables_of(comparison: Comparison) -> list[Table]:
    """All tables, the one of techniques last."""
    return [*summary(comparison), gaps(comparison), techniques(comparison)]


def summary(comparison: Comparison, *, brief: bool = False) -> list[Table]:
    """The totals; `brief` leaves out per tactic what does not fit a terminal."""
    found = [inputs(comparison), tactics(comparison, brief=brief), overlaps(comparison)]
    return [*found, differences(comparison)] if comparison.differences else found


def _score_header(comparison: Comparison) -> str:
    return "mean count" if comparison.counts else "mean score"


def inputs(comparison: Comparison) -> Table:
    """Per input: techniques and sub-techniques covered, share of the matrix, mean score, what only it covers."""
    rows: list[tuple[Cell, ...]] = [
        (one.name, t.techniques, t.subtechniques, 100 * t.covered / comparison.active, t.mean, t.unique)
        for one, t in zip(comparison.inputs, comparison.totals, strict=True)
    ]
    union = comparison.union
    share = 100 * union.covered / comparison.active
    rows.append(("all together", union.techniques, union.subtechniques, share, union.mean, None))
    found = (
        Column("input"),
        *columns("techniques", "sub-techniques", kind="number"),
        Column("of the matrix", "percent"),
        *columns(_score_header(comparison), "only it", kind="number"),
    )
    about = "overall" if comparison.category is None else comparison.category
    title = f"Covered at ATT&CK {comparison.catalogue.domain} {comparison.catalogue.version}, {about}"
    return Table("inputs", title, found, tuple(rows))


def tactics(comparison: Comparison, *, brief: bool = False) -> Table:
    """Per tactic and input: what it covers, with mean score and unique ones unless `brief`."""
    found = [Column("tactic"), *columns("in all", "any", kind="number")]
    for one in comparison.inputs:
        more = () if brief else (f"{one.name} {_score_header(comparison)}", f"only {one.name}")
        found += columns(one.name, *more, kind="number")
    rows = []
    for tactic in comparison.tactics:
        cells: list[Cell] = [tactic.name, tactic.total, tactic.any]
        for total in tactic.inputs:
            cells += [total.covered] if brief else [total.covered, total.mean, total.unique]
        rows.append(tuple(cells))
    return Table("tactics", "Techniques and sub-techniques covered per tactic", tuple(found), tuple(rows))


def overlaps(comparison: Comparison) -> Table:
    """Per pair of inputs: how many techniques both and either cover, and the Jaccard index."""
    names = [one.name for one in comparison.inputs]
    rows = tuple(
        (names[pair.first], names[pair.second], pair.both, pair.either, pair.jaccard)
        for pair in comparison.overlaps
    )
    found = (*columns("input", "and"), *columns("both", "either", "Jaccard index", kind="number"))
    return Table(
        "overlaps", "Overlap of each pair: techniques that both cover, by those that either does", found, rows
    )


def differences(comparison: Comparison) -> Table:
    """Per difference: how many techniques are related in which way."""
    names = [one.name for one in comparison.inputs]
    found = (
        *columns("first", "second"),
        *columns(
            "only first", "first stronger", "equal", "second stronger", "only second", "not rated", kind="number"
        ),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (names[one.first], names[one.second], *(one.count(relation) for relation in _RELATIONS))
        for one in comparison.differences
    )
    return Table("differences", "Differences: number of techniques", found, rows)


def gaps(comparison: Comparison) -> Table:
    """The active techniques that no input covers."""
    catalogue = comparison.catalogue
    rows: list[tuple[Cell, ...]] = []
    for gap in comparison.gaps:
        technique = catalogue.techniques[gap.technique]
        covered, total = (gap.covered, gap.total) if gap.total else (None, None)
        rows.append((technique.id, technique.name, ", ".join(technique.tactics), covered, total))
    found = (
        Column("technique", "technique"),
        *columns("name", "tactics"),
        *columns("sub-techniques covered", "of", kind="number"),
    )
    return Table("gap", "Active techniques that no input covers", found, tuple(rows))


def techniques(comparison: Comparison, *, brief: bool = False) -> Table:
    """Technique × input: scores overall and, unless `brief`, per category; who gives the best; differences.

    An empty cell is a technique that the input does not cover; "not rated" one that it covers without a score.
    """
    names = [one.name for one in comparison.inputs]
    shown = [() if brief or comparison.category else one.categories for one in comparison.inputs]
    found = [Column("technique", "technique"), Column("name")]
    if not brief:
        found += [Column("tactics"), Column("covered by", "number"), Column("best", "number"), Column("best by")]
    for name, categories in zip(names, shown, strict=True):
        found += columns(name, *(f"{name} {category}" for category in categories), kind="number")
    if not brief:
        found += columns(*(f"{names[d.first]} → {names[d.second]}" for d in comparison.differences), kind="number")
    rows = []
    for row in comparison.rows:
        technique = comparison.catalogue.techniques[row.technique]
        cells: list[Cell] = [technique.id, technique.name]
        if not brief:
            best_by = ", ".join(names[number] for number in row.best_by)
            cells += [", ".join(technique.tactics), len(row.covering), row.best, best_by]
        for number, categories in enumerate(shown):
            covered = number in row.covering
            cells.append(_cell(row.scores[number], covered=covered))
            entry = comparison.inputs[number].scores[row.technique] if covered else None
            cells += [
                _cell(entry.categories[c], covered=True) if entry and c in entry.categories else None
                for c in categories
            ]
        if not brief:
            cells += [difference.scores.get(row.technique) for difference in comparison.differences]
        rows.append(tuple(cells))
    about = "" if comparison.category is None else f", {comparison.category}"
    unit = "number of capabilities" if comparison.counts else "score"
    return Table(
        "techniques", f"Techniques that any input covers, {unit} per input{about}", tuple(found), tuple(rows)
    )


def _cell(score: float | None, *, covered: bool) -> Cell:
    return "not rated" if covered and score is None else score
