"""The page of a comparison: technique × input, totals per input, tactic and pair; as tables, files and JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers.analysis.compare_layers import layers_of
from navlayers.layer.document import encode_layer, encode_layers
from navlayers.output.tables import Column, Table, columns
from navlayers.pages.results import about, folder_of, layer_files, table_files

if TYPE_CHECKING:
    from navlayers.analysis.compare import Comparison, Relation
    from navlayers.output.tables import Cell, Kind
    from navlayers.scoring.options import ScoreOptions

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


def comparison_folder(comparison: Comparison, options: ScoreOptions) -> dict[str, bytes]:
    """Path → bytes of every file, the index included; `options` are those that the inputs were scored with."""
    found = [about(comparison.catalogue, comparison.inputs, words(comparison)), *tables_of(comparison)]
    heading = f"Comparison of {', '.join(one.title for one in comparison.inputs)}"
    files = [*layer_files(layers_of(comparison)), *table_files("comparison", heading, found, found[-1])]
    baseline = comparison.inputs[comparison.differences[0].first].name if comparison.differences else None
    return folder_of(
        files,
        command="compare",
        domain=comparison.catalogue.domain,
        attack_version=comparison.catalogue.version,
        options={"scores": options, "category": comparison.category, "differences from": baseline},
        inputs=comparison.inputs,
    )


def comparison_document(comparison: Comparison) -> bytes:
    """All layers as one list, which the Navigator opens as tabs in reading order."""
    return encode_layers(encode_layer(layer) for _, _, layer in layers_of(comparison))


def as_json(comparison: Comparison) -> dict[str, object]:
    """All numbers of a comparison, inputs by their names."""
    names = [one.name for one in comparison.inputs]
    return {
        "domain": comparison.catalogue.domain,
        "attack_version": comparison.catalogue.version,
        "category": comparison.category,
        "scores_are_counts": comparison.counts,
        "active": comparison.active,
        "inputs": {
            one.name: {
                "title": one.title,
                "attack_version": one.own_attack_version,
                "techniques": total.techniques,
                "subtechniques": total.subtechniques,
                "mean": total.mean,
                "over_all": total.spread,
                "best_alone": total.best,
                "unique": total.unique,
                "carried": one.moved,
                "left_out": one.left_out,
            }
            for one, total in zip(comparison.inputs, comparison.totals, strict=True)
        },
        "together": {
            "techniques": comparison.union.techniques,
            "subtechniques": comparison.union.subtechniques,
            "mean": comparison.union.mean,
            "over_all": comparison.union.spread,
        },
        "techniques": {
            row.technique: {
                "best": row.best,
                "best_by": [names[number] for number in row.best_by],
                "scores": {names[number]: _scores(comparison, row.technique, number) for number in row.covering},
            }
            for row in comparison.rows
        },
        "gap": [gap.technique for gap in comparison.gaps],
        "tactics": {
            tactic.tactic: {
                "total": tactic.total,
                "any": tactic.any,
                "strongest": [names[number] for number in tactic.strongest],
                "inputs": {
                    name: {
                        "covered": total.covered,
                        "mean": total.mean,
                        "over_all": total.spread,
                        "unique": total.unique,
                    }
                    for name, total in zip(names, tactic.inputs, strict=True)
                },
            }
            for tactic in comparison.tactics
        },
        "overlaps": [
            {
                "inputs": [names[pair.first], names[pair.second]],
                "both": pair.both,
                "either": pair.either,
                "jaccard": pair.jaccard,
            }
            for pair in comparison.overlaps
        ],
        "differences": [
            {
                "first": names[found.first],
                "second": names[found.second],
                "techniques": {
                    technique: {"relation": relation, "difference": found.scores[technique]}
                    for technique, relation in found.relations.items()
                },
            }
            for found in comparison.differences
        ],
    }


def _scores(comparison: Comparison, technique: str, number: int) -> dict[str, float | None]:
    one = comparison.inputs[number]
    entry = one.entries[technique]
    own = {category: score for category, score in entry.categories.items() if category in one.categories}
    return {"overall": entry.overall, **own}
