"""The page of a comparison: technique × input, totals per input, tactic and pair; as tables, files and JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from navlayers.analysis.compare import Relation
from navlayers.analysis.compare_layers import layers_of
from navlayers.pages.results import Field, about, result_folder, table_of

if TYPE_CHECKING:
    from navlayers.analysis.compare import Comparison
    from navlayers.output.tables import Cell, Kind, Table
    from navlayers.scoring.options import ScoreOptions


def tables_of(comparison: Comparison) -> list[Table]:
    """All tables, the one of techniques last."""
    return [*summary(comparison), gaps(comparison), techniques(comparison)]


def summary(comparison: Comparison, *, brief: bool = False) -> list[Table]:
    """The totals; `brief`: tables that fit a terminal."""
    tables = [inputs(comparison), tactics(comparison, brief=brief), overlaps(comparison)]
    return [*tables, differences(comparison)] if comparison.differences else tables


def unit(comparison: Comparison) -> str:
    """The meaning of scores."""
    return "count" if comparison.counts else "score"


def words(comparison: Comparison) -> list[tuple[str, str]]:
    """Definitions of the table headers."""
    name = unit(comparison)
    overall = "overall" if comparison.category is None else comparison.category
    scores = [
        (f"mean {name}", f"the mean {name} of the techniques and sub-techniques that the input covers"),
        (
            f"{name} over all",
            f"the mean {name} over all active techniques, 0 for uncovered ones",
        ),
        ("best alone", f"techniques for which only this input has the highest {name}"),
    ]
    return [
        ("measure", overall),
        *([] if comparison.covered_only else scores),
        ("unique", "techniques that no other input covers"),
        ("strongest", f"the input with the highest {name} over all techniques of the tactic"),
        ("Jaccard index", "techniques that both inputs cover, divided by techniques that either covers"),
        ("an empty cell", "the input does not cover the technique"),
        ("not rated", f"the input covers the technique without a {name}"),
    ]


def inputs(comparison: Comparison) -> Table:
    """Per input: techniques and sub-techniques covered, share of the matrix, scores, what it alone does."""
    name, scored = unit(comparison), not comparison.covered_only
    totals = [*comparison.totals, comparison.union]
    fields = [
        Field("input", [*(one.name for one in comparison.inputs), "all inputs"]),
        Field("techniques", [total.techniques for total in totals], "number"),
        Field("sub-techniques", [total.subtechniques for total in totals], "number"),
        Field("of the matrix", [total.share for total in totals], "percent"),
        Field(f"mean {name}", [total.mean for total in totals], "number", shown=scored),
        Field(f"{name} over all", [total.over_all for total in totals], "number", shown=scored),
        Field("best alone", [*(one.best_alone for one in comparison.totals), None], "number", shown=scored),
        Field("unique", [*(one.unique for one in comparison.totals), None], "number"),
    ]
    about = "overall" if comparison.category is None else comparison.category
    title = f"Covered at ATT&CK {comparison.catalogue.domain} {comparison.catalogue.version}, {about}"
    methods = {one.method for one in comparison.inputs if one.set.mappings}
    same = comparison.category is None and len(methods) == 1
    return table_of("inputs", title, fields, methods.pop() if same else "")


def tactics(comparison: Comparison, *, brief: bool = False) -> Table:
    """Per tactic and input: what it covers, with scores and unique ones unless `brief`; and the strongest input."""
    name, scored = unit(comparison), not (brief or comparison.covered_only)
    rows = comparison.tactics
    names = [one.name for one in comparison.inputs]
    fields = [
        Field("tactic", [tactic.name for tactic in rows]),
        Field("total", [tactic.total for tactic in rows], "number"),
        Field("any", [tactic.any for tactic in rows], "number"),
    ]
    for number, input_ in enumerate(names):
        totals = [tactic.inputs[number] for tactic in rows]
        fields += [
            Field(input_, [total.covered for total in totals], "number"),
            Field(f"{input_} mean {name}", [total.mean for total in totals], "number", shown=scored),
            Field(f"{input_} {name} over all", [total.over_all for total in totals], "number", shown=scored),
            Field(f"{input_} unique", [total.unique for total in totals], "number", shown=not brief),
        ]
    fields.append(Field("strongest", [", ".join(names[number] for number in tactic.strongest) for tactic in rows]))
    note = f"strongest: the highest {name} over all techniques of the tactic"
    return table_of("tactics", "Techniques and sub-techniques covered per tactic", fields, note)


def overlaps(comparison: Comparison) -> Table:
    """Per pair of inputs: how many techniques both and either cover, and the Jaccard index."""
    pairs = comparison.overlaps
    fields = [
        Field("input", [comparison.inputs[pair.first].name for pair in pairs]),
        Field("and", [comparison.inputs[pair.second].name for pair in pairs]),
        Field("both", [pair.both for pair in pairs], "number"),
        Field("either", [pair.either for pair in pairs], "number"),
        Field("Jaccard index", [pair.jaccard for pair in pairs], "number"),
    ]
    return table_of(
        "overlaps",
        "Overlap of each pair: techniques that both cover, divided by techniques that either covers",
        fields,
    )


def differences(comparison: Comparison) -> Table:
    """Per difference: how many techniques are related in which way."""
    rows = comparison.differences
    fields = [
        Field("first", [comparison.inputs[one.first].name for one in rows]),
        Field("second", [comparison.inputs[one.second].name for one in rows]),
    ]
    for relation in get_args(Relation):
        header = relation.replace("stronger", "more") if comparison.counts else relation
        fields.append(Field(header, [one.count(relation) for one in rows], "number"))
    return table_of("differences", "Differences: number of techniques", fields)


def gaps(comparison: Comparison) -> Table:
    """The active techniques that no input covers."""
    rows = comparison.gaps
    of_matrix = [comparison.catalogue.techniques[gap.technique] for gap in rows]
    fields = [
        Field("technique", [technique.id for technique in of_matrix], "technique"),
        Field("name", [technique.name for technique in of_matrix]),
        Field("tactics", [", ".join(technique.tactics) for technique in of_matrix]),
        Field("sub-techniques covered", [gap.covered if gap.total else None for gap in rows], "number"),
        Field("of", [gap.total or None for gap in rows], "number"),
    ]
    return table_of("gap", "Active techniques that no input covers", fields)


def techniques(comparison: Comparison, *, brief: bool = False) -> Table:
    """Technique × input: scores overall and, unless `brief`, per category; who gives the best; differences.

    An empty cell is a technique that the input does not cover; "not rated" one that it covers without a score.
    """
    rows = comparison.rows
    of_matrix = [comparison.catalogue.techniques[row.technique] for row in rows]
    names = [one.name for one in comparison.inputs]
    kind: Kind = "number" if comparison.counts else "score"
    fields = [
        Field("technique", [technique.id for technique in of_matrix], "technique"),
        Field("name", [technique.name for technique in of_matrix]),
        Field("tactics", [", ".join(technique.tactics) for technique in of_matrix], shown=not brief),
        Field("covered by", [len(row.covering) for row in rows], "number", shown=not brief),
        Field("best", [row.best for row in rows], kind, shown=not brief),
        Field("best by", [", ".join(names[number] for number in row.best_by) for row in rows], shown=not brief),
    ]
    for number, one in enumerate(comparison.inputs):
        covered = [number in row.covering for row in rows]
        scores = [
            "not rated" if is_covered and row.scores[number] is None else row.scores[number]
            for row, is_covered in zip(rows, covered, strict=True)
        ]
        fields.append(Field(one.name, scores, kind))
        for category in () if brief or comparison.category else one.categories:
            cells: list[Cell] = []
            for row, is_covered in zip(rows, covered, strict=True):
                own = one.entries[row.technique].categories if is_covered else {}
                score = own.get(category)
                cells.append("not rated" if category in own and score is None else score)
            fields.append(Field(f"{one.name} {category}", cells, kind))
    for difference in comparison.differences:
        header = f"{names[difference.first]} → {names[difference.second]}"
        changes = [difference.scores.get(row.technique) for row in rows]
        fields.append(Field(header, changes, "number", shown=not brief))
    about = "" if comparison.category is None else f", {comparison.category}"
    measure = "number of capabilities" if comparison.counts else "score"
    return table_of("techniques", f"Techniques that any input covers, {measure} per input{about}", fields)


def comparison_folder(comparison: Comparison, options: ScoreOptions) -> dict[str, bytes]:
    """Path → bytes of every file, the index included; `options` are the scoring options of the inputs."""
    tables = tables_of(comparison)
    baseline = comparison.inputs[comparison.differences[0].first].name if comparison.differences else None
    return result_folder(
        "compare",
        comparison.catalogue,
        comparison.inputs,
        {"scores": options, "category": comparison.category, "differences from": baseline},
        layers=layers_of(comparison),
        tables_name="comparison",
        heading=f"Comparison of {', '.join(one.title for one in comparison.inputs)}",
        workbook=[about(comparison.catalogue, comparison.inputs, words(comparison)), *tables],
        main=tables[-1],
    )


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
                **_numbers(total, "techniques", "subtechniques", "mean", "over_all", "best_alone", "unique"),
                "carried": one.moved,
                "left_out": one.left_out,
            }
            for one, total in zip(comparison.inputs, comparison.totals, strict=True)
        },
        "together": _numbers(comparison.union, "techniques", "subtechniques", "mean", "over_all"),
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
                    name: _numbers(total, "covered", "mean", "over_all", "unique")
                    for name, total in zip(names, tactic.inputs, strict=True)
                },
            }
            for tactic in comparison.tactics
        },
        "overlaps": [
            {"inputs": [names[pair.first], names[pair.second]], **_numbers(pair, "both", "either", "jaccard")}
            for pair in comparison.overlaps
        ],
        "differences": [
            {
                "first": names[difference.first],
                "second": names[difference.second],
                "techniques": {
                    technique: {"relation": relation, "difference": difference.scores[technique]}
                    for technique, relation in difference.relations.items()
                },
            }
            for difference in comparison.differences
        ],
    }


def _numbers(totals: object, *names: str) -> dict[str, object]:
    return {name: getattr(totals, name) for name in names}


def _scores(comparison: Comparison, technique: str, number: int) -> dict[str, float | None]:
    one = comparison.inputs[number]
    entry = one.entries[technique]
    own = {category: score for category, score in entry.categories.items() if category in one.categories}
    return {"overall": entry.overall, **own}
