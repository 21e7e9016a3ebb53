"""A comparison as tables: technique × input, and totals per input, per tactic and per pair."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers.output.tables import Column, Table, columns

if TYPE_CHECKING:
    from navlayers.analysis.compare import Comparison, Relation
    from navlayers.output.tables import Cell, Kind

_RELATIONS: tuple[Relation, ...] = (
    "only first", "first stronger", "equal", "second stronger", "only second", "not rated"
)  # fmt: skip


def tables_of(comparison: Comparison) -> list[Table]:
    """All tables, the one of techniques last."""
    return [*summary(comparison), gaps(comparison), techniques(comparison)]


def summary(comparison: Comparison, *, brief: bool = False) -> list[Table]:
    """The totals; `brief` leaves out what does not fit a terminal."""
    found = [inputs(comparison), tactics(comparison, brief=brief), overlaps(comparison)]
    return [*found, differences(comparison)] if comparison.differences else found


def unit(comparison: Comparison) -> str:
    """What a score is here."""
    return "count" if comparison.counts else "score"


def words(comparison: Comparison) -> list[tuple[str, str]]:
    """What the headers of the tables mean."""
    name = unit(comparison)
    overall = "overall" if comparison.category is None else comparison.category
    scores = [
        (f"mean {name}", f"the mean {name} of the techniques and sub-techniques that the input covers"),
        (f"{name} over all", f"the mean {name} over all active ones, those that it does not cover being 0"),
        ("best alone", f"techniques to which no other input gives as high a {name}"),
    ]
    return [
        ("measure", overall),
        *([] if comparison.covered_only else scores),
        ("only it", "techniques that no other input covers"),
        ("strongest", f"the input with the highest {name} over all techniques of the tactic"),
        ("Jaccard index", "techniques that both inputs cover, divided by those that either covers"),
        ("an empty cell", "the input does not cover the technique"),
        ("not rated", f"the input covers the technique without a {name}"),
    ]


def inputs(comparison: Comparison) -> Table:
    """Per input: techniques and sub-techniques covered, share of the matrix, scores, what it alone does."""
    name = unit(comparison)
    scored = not comparison.covered_only
    found = (
        Column("input"),
        *columns("techniques", "sub-techniques", kind="number"),
        Column("of the matrix", "percent"),
        *columns(*((f"mean {name}", f"{name} over all", "best alone") if scored else ()), "only it", kind="number"),
    )
    names = [*(one.name for one in comparison.inputs), "all together"]
    rows: list[tuple[Cell, ...]] = []
    for called, total in zip(names, [*comparison.totals, comparison.union], strict=True):
        alone: tuple[Cell, Cell] = (None, None) if total is comparison.union else (total.best, total.unique)
        scores: tuple[Cell, ...] = (total.mean, total.spread, alone[0]) if scored else ()
        rows.append((called, total.techniques, total.subtechniques, total.share, *scores, alone[1]))
    about = "overall" if comparison.category is None else comparison.category
    title = f"Covered at ATT&CK {comparison.catalogue.domain} {comparison.catalogue.version}, {about}"
    return Table("inputs", title, found, tuple(rows), _how(comparison))


def _how(comparison: Comparison) -> str:
    """How scores are made, where it is the same for all inputs."""
    methods = {one.method for one in comparison.inputs if one.set.mappings}
    if comparison.category is not None or len(methods) != 1:
        return ""
    return methods.pop()


def tactics(comparison: Comparison, *, brief: bool = False) -> Table:
    """Per tactic and input: what it covers, with scores and unique ones unless `brief`; and the strongest input."""
    name = unit(comparison)
    found = [Column("tactic"), *columns("in all", "any", kind="number")]
    for one in comparison.inputs:
        scores = () if comparison.covered_only else (f"{one.name} mean {name}", f"{one.name} {name} over all")
        found += columns(one.name, *(() if brief else (*scores, f"only {one.name}")), kind="number")
    found.append(Column("strongest"))
    names = [one.name for one in comparison.inputs]
    rows: list[tuple[Cell, ...]] = []
    for tactic in comparison.tactics:
        cells: list[Cell] = [tactic.name, tactic.total, tactic.any]
        for total in tactic.inputs:
            cells.append(total.covered)
            if not brief:
                cells += [] if comparison.covered_only else [total.mean, total.spread]
                cells.append(total.unique)
        rows.append((*cells, ", ".join(names[number] for number in tactic.strongest)))
    note = f"strongest: the highest {name} over all techniques of the tactic"
    return Table("tactics", "Techniques and sub-techniques covered per tactic", tuple(found), tuple(rows), note)


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
    more = "more" if comparison.counts else "stronger"
    found = (
        *columns("first", "second"),
        *columns(
            *("only first", f"first {more}", "equal", f"second {more}", "only second", "not rated"), kind="number"
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
    kind: Kind = "number" if comparison.counts else "score"
    if not brief:
        found += [Column("tactics"), Column("covered by", "number"), Column("best", kind), Column("best by")]
    for name, categories in zip(names, shown, strict=True):
        found += columns(name, *(f"{name} {category}" for category in categories), kind=kind)
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
            entry = comparison.inputs[number].entries[row.technique] if covered else None
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
