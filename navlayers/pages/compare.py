"""The page of a comparison: technique × input, totals per input, tactic and pair; as tables, files and JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from navlayers._text.numbers import percent_text, rounded
from navlayers._text.wording import and_list
from navlayers.analysis.compare_layers import layers_of
from navlayers.analysis.compare_result import Relation
from navlayers.layer.view import View
from navlayers.output.document import Figure, Paragraph
from navlayers.pages.charts import shares_chart
from navlayers.pages.results import Field, about, release_entries, result_folder, table_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from navlayers.analysis.compare_result import ComparedTechnique, Comparison, Totals
    from navlayers.output.document import Block
    from navlayers.output.tables import Cell, CellKind, Table
    from navlayers.scoring.options import ScoreOptions


def brief(comparison: Comparison) -> Iterator[Block]:
    """The answer for a terminal: who covers most, what is open and where; the matrix; a row per input."""
    yield Paragraph(headline(comparison))
    if comparison.inputs:
        layers = {kind: layer for _, kind, layer in layers_of(comparison) if kind in ("input", "union")}
        shown = layers.get("union") or layers["input"]
        yield Figure(View.from_layer(shown, comparison.catalogue), "", "")
        yield short_inputs(comparison)
    if comparison.threats:
        yield short_threats(comparison)


def every(comparison: Comparison) -> Iterator[Block]:
    """The answer with all tables, in columns that fit a terminal."""
    yield Paragraph(headline(comparison))
    yield from (*summary(comparison, brief=True), techniques(comparison, brief=True))


def headline(comparison: Comparison) -> str:
    """The result in two or three sentences: who covers most, what is open and where, what threats say."""
    noun, active = comparison.noun, comparison.active
    ranked = sorted(zip(comparison.names, comparison.totals, strict=True), key=lambda pair: -pair[1].covered)
    sentences = [f"{each.threat.name}: {each.statement}." for each in comparison.threats]
    if not ranked:
        return " ".join(sentences)
    most = ranked[0][1].covered
    first = [name for name, total in ranked if total.covered == most]
    rest = [f"{name} {percent_text(total.covered, active)}" for name, total in ranked[len(first) :]]
    release = comparison.catalogue.title
    verb = f"{noun.cover}{'s' * (len(first) == 1)}{' most:' * bool(rest)}"
    of_matrix = f"{most:,} of the {active:,} techniques and sub-techniques of {release}"
    best = f"{and_list(first)} {verb} {of_matrix} ({percent_text(most, active)})"
    return " ".join([f"{', '.join([best, *rest])}.", _open(comparison), *sentences])


def _open(comparison: Comparison) -> str:
    """What the inputs cover together, what they leave open, and in which tactic most."""
    cover, covered, active = comparison.noun.cover, comparison.noun.covered, comparison.active
    union = comparison.union.covered
    where = f" {comparison.hole.text}." if comparison.hole.text else ""
    if len(comparison.inputs) == 1:
        return f"{active - union:,} are not {covered}.{where}"
    return f"Together they {cover} {percent_text(union, active)}; {active - union:,} are {covered} by none.{where}"


def short_inputs(comparison: Comparison) -> Table:
    """Per input for a terminal: covered techniques and their share, mean score, unique techniques."""
    totals, several = comparison.totals, len(comparison.inputs) > 1
    every = [*totals, *([comparison.union] if several else [])]
    fields = [
        Field("", [*comparison.names, *(["all inputs"] * several)]),
        Field(comparison.noun.covered, [total.covered for total in every], "number"),
        Field("of the matrix", [total.share for total in every], "percent", bar=True),
        Field("not rated", [total.unrated for total in every], "number", shown=any(t.unrated for t in every)),
        Field(
            f"mean {unit(comparison)}",
            [None if total.mean is None else rounded(total.mean, 1 if comparison.counts else 0) for total in every],
            "number",
            shown=not comparison.covered_only,
        ),
        Field("unique", [*(total.unique for total in totals), *([None] * several)], "number", shown=several),
    ]
    return table_of("inputs", "", fields)


def short_threats(comparison: Comparison) -> Table:
    """Per threat set for a terminal: how many of its techniques each input covers."""
    rows = comparison.threats
    fields = [
        Field("of the techniques of", [each.threat.name for each in rows]),
        Field("total", [len(each.techniques) for each in rows], "number"),
        *(Field(name, [each.covered(name) for each in rows], "number") for name in comparison.names),
        Field("any", [each.covered() for each in rows], "number"),
    ]
    return table_of("threats", "", fields)


def tables_of(comparison: Comparison) -> list[Table]:
    """All tables, the one of techniques last."""
    return [*summary(comparison), gaps(comparison), techniques(comparison)]


def summary(comparison: Comparison, *, brief: bool = False) -> list[Table]:
    """The totals; `brief`: tables that fit a terminal."""
    tables = [inputs(comparison), tactics(comparison, brief=brief)]
    tables += [overlaps(comparison)] if comparison.overlaps else []
    tables += [differences(comparison)] if comparison.differences else []
    return [*tables, threats(comparison)] if comparison.threats else tables


def unit(comparison: Comparison) -> str:
    """The unit of scores."""
    return "count" if comparison.counts else "score"


def terms(comparison: Comparison) -> list[tuple[str, str]]:
    """Definitions of the table headers."""
    name, cover, covered = unit(comparison), comparison.noun.cover, comparison.noun.covered
    scores = [
        (f"mean {name}", f"the mean {name} of the techniques and sub-techniques that the input {cover}s"),
        (
            f"{name} over all",
            f"the mean {name} over all active techniques, 0 for un{covered} ones",
        ),
        ("best alone", f"techniques for which only this input has the highest {name}"),
    ]
    return [
        ("measure", comparison.measure),
        *([] if comparison.covered_only else scores),
        ("unique", f"techniques that no other input {cover}s"),
        ("strongest", f"the input with the highest {name} over all techniques of the tactic"),
        ("Jaccard index", f"techniques that both inputs {cover}, divided by techniques that either {cover}s"),
        ("an empty cell", f"the input does not {cover} the technique"),
        ("not rated", f"the input maps the technique without a {name}, which does not {cover} it"),
    ]


def inputs(comparison: Comparison) -> Table:
    """Per input: covered techniques and sub-techniques, share of the matrix, scores, unique techniques."""
    name, scored = unit(comparison), not comparison.covered_only
    several = len(comparison.inputs) > 1
    totals = [*comparison.totals, *([comparison.union] if several else [])]
    rest = [None] * several
    fields = [
        Field("input", [*comparison.names, *(["all inputs"] * several)]),
        Field("techniques", [total.techniques for total in totals], "number"),
        Field("sub-techniques", [total.subtechniques for total in totals], "number"),
        Field("not rated", [total.unrated for total in totals], "number", shown=any(t.unrated for t in totals)),
        Field("of the matrix", [total.share for total in totals], "percent"),
        *_means(name, totals, shown=scored),
        Field(
            "best alone",
            [*(total.best_alone for total in comparison.totals), *rest],
            "number",
            shown=scored and several,
        ),
        Field("unique", [*(total.unique for total in comparison.totals), *rest], "number", shown=several),
    ]
    release = f"ATT&CK {comparison.catalogue.label}"
    matrix = f"{release} ({comparison.active:,} techniques and sub-techniques)"
    title = f"{comparison.noun.covered.capitalize()} at {matrix}, {comparison.measure}"
    methods = {coverage.method for coverage in comparison.inputs if coverage.set.mappings}
    same = comparison.category is None and len(methods) == 1
    return table_of("inputs", title, fields, methods.pop() if same else "")


def _means(name: str, totals: Sequence[Totals], input_: str = "", *, shown: bool) -> list[Field]:
    """The mean scores with one decimal."""
    means = [None if total.mean is None else rounded(total.mean, 1) for total in totals]
    over_all = [rounded(total.over_all, 1) for total in totals]
    return [
        Field(f"{input_}mean {name}", means, "number", shown=shown),
        Field(f"{input_}{name} over all", over_all, "number", shown=shown),
    ]


def tactics(comparison: Comparison, *, brief: bool = False) -> Table:
    """Per tactic and input: covered techniques, scores and unique ones unless `brief`; the strongest input."""
    name, scored = unit(comparison), not (brief or comparison.covered_only)
    rows = comparison.tactics
    fields = [
        Field("tactic", [tactic.name for tactic in rows]),
        Field("total", [tactic.total for tactic in rows], "number"),
        Field("any", [tactic.any for tactic in rows], "number"),
    ]
    for number, input_ in enumerate(comparison.names):
        totals = [tactic.inputs[number] for tactic in rows]
        fields += [
            Field(input_, [total.covered for total in totals], "number"),
            *_means(name, totals, f"{input_} ", shown=scored),
            Field(f"{input_} unique", [total.unique for total in totals], "number", shown=not brief),
        ]
    fields.append(Field("strongest", [", ".join(tactic.strongest) for tactic in rows]))
    note = f"strongest: the highest {name} over all techniques of the tactic"
    return table_of("tactics", f"Techniques and sub-techniques {comparison.noun.covered} per tactic", fields, note)


def overlaps(comparison: Comparison) -> Table:
    """Per pair of inputs: how many techniques both and either cover, and the Jaccard index."""
    pairs, cover = comparison.overlaps, comparison.noun.cover
    fields = [
        Field("input", [pair.inputs[0] for pair in pairs]),
        Field("and", [pair.inputs[1] for pair in pairs]),
        Field("both", [pair.both for pair in pairs], "number"),
        Field("either", [pair.either for pair in pairs], "number"),
        Field("Jaccard index", [pair.jaccard for pair in pairs], "number"),
    ]
    return table_of(
        "overlaps",
        f"Overlap of each pair: techniques that both {cover}, divided by techniques that either {cover}s",
        fields,
    )


def differences(comparison: Comparison) -> Table:
    """Per difference: number of techniques of each relation."""
    rows = comparison.differences
    fields = [
        Field("first", [difference.first for difference in rows]),
        Field("second", [difference.second for difference in rows]),
    ]
    for relation in get_args(Relation):
        header = relation.replace("stronger", "more") if comparison.counts else relation
        fields.append(Field(header, [difference.count(relation) for difference in rows], "number"))
    return table_of("differences", "Differences: number of techniques", fields)


def threats(comparison: Comparison) -> Table:
    """Per threat and input: how many of the threat's techniques the input covers."""
    rows = [
        (each, name or "any input", each.covered(name))
        for each in comparison.threats
        for name in (*comparison.names, *([None] * (len(comparison.inputs) > 1)))
    ]
    fields = [
        Field("to be covered", [each.threat.name for each, _, _ in rows]),
        Field("input", [name for _, name, _ in rows]),
        Field("covers", [covered for _, _, covered in rows], "number"),
        Field("of", [len(each.techniques) for each, _, _ in rows], "number"),
        Field(
            "share",
            [100 * part / len(each.techniques) if each.techniques else 0 for each, _, part in rows],
            "percent",
        ),
    ]
    note = "; ".join(f"{each.threat.name}: {each.statement}" for each in comparison.threats)
    return table_of("threats", "To be covered: how many of its techniques each input covers", fields, note)


def gaps(comparison: Comparison) -> Table:
    """The active techniques that no input covers."""
    rows, words = comparison.gaps, comparison.noun
    of_matrix = [comparison.catalogue.techniques[gap.technique] for gap in rows]
    fields = [
        Field("technique", [technique.id for technique in of_matrix], "technique"),
        Field("name", [technique.name for technique in of_matrix]),
        Field("tactics", [", ".join(technique.tactics) for technique in of_matrix]),
        Field(
            f"sub-techniques {comparison.noun.covered}",
            [gap.covered if gap.total else None for gap in rows],
            "number",
        ),
        Field("of", [gap.total or None for gap in rows], "number"),
        Field("not rated by", [", ".join(gap.unrated) for gap in rows], shown=any(gap.unrated for gap in rows)),
    ]
    fields += _threatened(comparison, [gap.technique for gap in rows])
    return table_of("gap", f"Active techniques that no input {words.cover}s", fields)


def _threatened(comparison: Comparison, techniques: Iterable[str]) -> list[Field]:
    """A column per threat: the number of its capabilities for each technique."""
    measures = [(each.threat.name, each.threat.measures()) for each in comparison.threats]
    techniques = list(techniques)
    return [Field(f"{name} (to be covered)", [own.get(t) for t in techniques], "number") for name, own in measures]


def techniques(comparison: Comparison, *, brief: bool = False) -> Table:
    """Technique × input: scores overall; unless `brief`, also per category, the best inputs, differences.

    An empty cell is a technique that the input does not cover; "not rated" one that it maps without a rating.
    """
    rows, words = comparison.rows.values(), comparison.noun
    of_matrix = [comparison.catalogue.techniques[technique] for technique in comparison.rows]
    kind: CellKind = "number" if comparison.counts else "score"
    fields = [
        Field("technique", [technique.id for technique in of_matrix], "technique"),
        Field("name", [technique.name for technique in of_matrix]),
        Field("tactics", [", ".join(technique.tactics) for technique in of_matrix], shown=not brief),
        Field(f"{words.covered} by", [len(row.scores) for row in rows], "number", shown=not brief),
        Field("best", [row.best for row in rows], kind, shown=not brief),
        Field("best by", [", ".join(row.best_by) for row in rows], shown=not brief),
    ]
    for coverage in comparison.inputs:
        name = coverage.name
        fields.append(Field(name, [score_cell(row, name, comparison.measure) for row in rows], kind))
        for category in () if brief or comparison.category else coverage.categories:
            fields.append(Field(f"{name} {category}", [score_cell(row, name, category) for row in rows], kind))
    for difference in comparison.differences:
        header = f"{difference.first} → {difference.second}"
        changes = [
            difference.techniques[technique].difference if technique in difference.techniques else None
            for technique in comparison.rows
        ]
        fields.append(Field(header, changes, "number", shown=not brief))
    fields += [] if brief else _threatened(comparison, comparison.rows)
    about = "" if comparison.category is None else f", {comparison.category}"
    measure = f"number of {words.plural}" if comparison.counts else "score"
    title = f"Techniques that any input {words.cover}s, {measure} per input{about}"
    return table_of("techniques", title, fields, score_range=comparison.range)


def score_cell(row: ComparedTechnique, name: str, measure: str) -> Cell:
    """The score of an input, overall or in a category: empty where it does not cover, "not rated" without one."""
    if name in row.unrated:
        return "not rated"
    scores = row.scores.get(name, {})
    score = scores.get(measure)
    return "not rated" if measure in scores and score is None else score


def comparison_folder(comparison: Comparison, options: ScoreOptions) -> dict[str, bytes]:
    """Path → bytes of every file, the index included; `options` are the scoring options of the inputs."""
    tables = tables_of(comparison)
    baseline = comparison.differences[0].first if comparison.differences else None
    return result_folder(
        "compare",
        comparison.catalogue,
        comparison.every,
        {"scores": options, "category": comparison.category, "differences from": baseline},
        layers=layers_of(comparison),
        tables_name="comparison",
        heading=f"Comparison of {', '.join(coverage.title for coverage in comparison.every)}",
        workbook=[about(comparison.catalogue, comparison.every, terms(comparison)), *tables],
        main=tables[-1],
        chart=shares_chart(comparison),
    )


def as_json(comparison: Comparison) -> dict[str, object]:
    """All numbers of a comparison, inputs by their names."""
    return {
        **release_entries(comparison.catalogue),
        "category": comparison.category,
        "scores_are_counts": comparison.counts,
        "active": comparison.active,
        "inputs": {
            coverage.name: {
                "title": coverage.title,
                "role": coverage.set.role,
                "attack_version": coverage.own_attack_version,
                **_numbers(
                    total, "techniques", "subtechniques", "mean", "over_all", "best_alone", "unique", "unrated"
                ),
                "replaced": coverage.replaced,
                "left_out": coverage.left_out,
            }
            for coverage, total in zip(comparison.inputs, comparison.totals, strict=True)
        },
        "together": _numbers(comparison.union, "techniques", "subtechniques", "mean", "over_all", "unrated"),
        "techniques": comparison.rows,
        "gap": [gap.technique for gap in comparison.gaps],
        "unrated": {gap.technique: gap.unrated for gap in comparison.gaps if gap.unrated},
        "tactics": {
            tactic.tactic: {
                "total": tactic.total,
                "any": tactic.any,
                "strongest": tactic.strongest,
                "inputs": {
                    name: _numbers(total, "covered", "mean", "over_all", "unique")
                    for name, total in zip(comparison.names, tactic.inputs, strict=True)
                },
            }
            for tactic in comparison.tactics
        },
        "threats": {
            each.threat.name: {
                "title": each.threat.title,
                "attack_version": each.threat.own_attack_version,
                "techniques": each.techniques,
                "covered": {name: each.covered(name) for name in comparison.names},
                "covered_together": each.covered(),
                "replaced": each.threat.replaced,
                "left_out": each.threat.left_out,
            }
            for each in comparison.threats
        },
        "overlaps": comparison.overlaps,
        "differences": comparison.differences,
    }


def _numbers(totals: Totals, *names: str) -> dict[str, object]:
    return {name: getattr(totals, name) for name in names}
