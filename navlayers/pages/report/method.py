"""The method of a report, its sources, and the appendix with all rows of shortened tables."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import msgspec

from navlayers._text.dates import iso_date
from navlayers._text.wording import and_list, quantity
from navlayers.analysis.inputs import newer_than
from navlayers.output.document import Facts, Heading, Note, Paragraph
from navlayers.output.tables import Column
from navlayers.pages import compare as tables
from navlayers.pages import gaps as gap_tables
from navlayers.pages import plan as plan_tables
from navlayers.pages.report.capabilities import LISTED, capability_table, non_mappable_table
from navlayers.pages.report.heatmaps import full_names
from navlayers.pages.report.input import optional
from navlayers.pages.results import Field, table_of
from navlayers.scoring.comments import comment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.output.document import Block
    from navlayers.output.tables import CellKind, Table
    from navlayers.pages.report.input import ReportInput
    from navlayers.scoring.coverage import Coverage

_USERS = 5
"""Users and capabilities of a technique in a cell."""

_TERMS = (
    ("techniques", "the active techniques and sub-techniques of the release, each counted separately"),
    ("of the matrix", "the share of all active techniques and sub-techniques"),
)
_OF_THREAT = (
    ("share, of the threat", "covered techniques of the threat, divided by all of its techniques"),
    (
        "by score",
        "the sum of weight × score / 100, divided by the sum of weights: 100% if every technique scores 100",
    ),
    ("groups", "number of ATT&CK groups that use the technique"),
    ("related", "coverage of its parent, or of its sub-techniques"),
    ("gap", "weight × (100 − score) / 100"),
)


def method_blocks(data: ReportInput) -> Iterator[Block]:
    """Scores, terms, release, remapped techniques, sources."""
    yield Heading("Scores")
    yield Facts(tuple(_methods(data)))
    yield Heading("Terms")
    yield Facts(tuple(_terms(data)))
    yield Heading("ATT&CK release")
    yield from _release(data)
    yield Heading("Sources and licenses")
    yield _sources(data)
    for notice in data.left_out:
        yield Paragraph(f"{notice.message[:1].upper()}{notice.message[1:]}.")
    yield Note("Made with navlayers. The same inputs and options give the same report.")


def _methods(data: ReportInput) -> Iterator[tuple[str, str]]:
    by_method: dict[str, list[str]] = {}
    for coverage in data.comparison.every:
        by_method.setdefault(coverage.method, []).append(coverage.name)
    for how, names in by_method.items():
        yield ("scores" if len(by_method) == 1 else and_list(names)), how
    if data.comparison.category is not None:
        yield "category", f"Only the scores of {data.comparison.category} count."


def _terms(data: ReportInput) -> Iterator[tuple[str, str]]:
    words = data.noun
    if words.threat:
        yield "mapped", f"a technique with a mapped {words.singular}; a set of threats covers nothing"
    else:
        yield "covered", f"a technique with a mapped {words.singular} whose score is above 0"
    yield from _TERMS
    if any(coverage.scored.rules.options.rollup != "none" for coverage in data.inputs):
        yield "rolled up", f"a technique without its own score is {words.covered} if one of its sub-techniques is"
    if data.several:
        unused = ("measure", "Jaccard index")
        yield from ((name, text) for name, text in tables.terms(data.comparison) if name not in unused)
    if data.sets and data.several:
        yield "unique in the set", f"techniques that no other {words.singular} of the same set {words.cover}s"
        yield "unique overall", f"techniques that no other {words.singular} and no other input {words.cover}s"
    elif data.sets:
        yield "unique", f"techniques that no other {words.singular} of the set {words.cover}s"
    if data.gaps is not None:
        yield "weak", f"a technique of the threat that is covered below {data.gaps.weak:g}"
        yield from _OF_THREAT
    if data.plan is not None:
        for name, text in plan_tables.terms(data.plan):
            if name in ("adds", "together", "unique", "replacement"):
                yield f"{name}, of a plan", text


def _release(data: ReportInput) -> Iterator[Block]:
    """The release of all numbers, and the remapped techniques of the inputs."""
    version = data.catalogue.version
    yield Paragraph(f"All numbers refer to {data.release}.")
    rows = []
    versions = {coverage.own_attack_version: coverage for coverage in data.comparison.every}
    newer = {own: len(newer_than([coverage], data.catalogue)) for own, coverage in versions.items()}
    for coverage in data.comparison.every:
        if coverage.own_attack_version == version:
            yield Paragraph(f"{coverage.name} was made for this release.")
        else:
            text = f"{coverage.name} was made for ATT&CK {coverage.own_attack_version}; "
            text += "revoked techniques are replaced by their successors"
            if new := newer[coverage.own_attack_version]:
                are = quantity(new, "active technique is", "active techniques are")
                text += f"; {are} newer than the input"
            yield Paragraph(f"{text}.")
        rows += [
            (coverage.name, m.id, m.name, f"replaced by {m.successor} {m.successor_name}")
            for m in coverage.replaced
        ]
        rows += [(coverage.name, left.id, left.name, f"left out: {left.why}") for left in coverage.left_out]
    if rows:
        names, ids, titles, fates = zip(*rows, strict=True)
        fields = [
            Field("input", names),
            Field("technique", ids, "technique"),
            Field("name", titles),
            Field("change", fates),
        ]
        yield table_of("upgrade", "Mapped techniques that are not active in this release", fields)


def _sources(data: ReportInput) -> Table:
    """The facts of the inputs; columns without any are left out."""
    inputs = data.comparison.every
    sets = [coverage.set for coverage in inputs]
    fields = [
        Field("input", [coverage.name for coverage in inputs]),
        Field("framework", ["layer" if coverage.is_layer else coverage.set.framework for coverage in inputs]),
        optional("version", [iso_date(mapping_set.version) for mapping_set in sets]),
        optional("made for ATT&CK", [coverage.own_attack_version for coverage in inputs]),
        optional(
            "mappings",
            ["" if coverage.is_layer else f"{len(coverage.set.mappings):,}" for coverage in inputs],
            "number",
        ),
        optional("license", [mapping_set.licence for mapping_set in sets]),
        optional("source", [mapping_set.source for mapping_set in sets]),
        *(
            optional(key, [mapping_set.details.get(key, "") for mapping_set in sets])
            for key in ("author", "organization", "contact")
        ),
    ]
    return table_of("sources", "Inputs", fields)


def appendix_blocks(data: ReportInput) -> Iterator[Block]:
    """Mappings per technique, uncovered techniques, all capabilities, all non-mappable records."""
    return (msgspec.structs.replace(table, long=True) for table in _appendix(data))


def _appendix(data: ReportInput) -> Iterator[Table]:
    for coverage in data.inputs:
        yield _mappings(data, coverage)
    if data.comparison.gaps:
        yield _not_covered(data)
    whole = [capability_table(data, number) for number in data.sets]
    whole += [non_mappable_table(data, number) for number in data.sets]
    yield from (table for table in whole if len(table.rows) > LISTED)
    if data.gaps is not None:
        table = full_names(gap_tables.techniques(data.gaps, _USERS), data)
        table = _joined(table, "by category", [*data.gaps.categories])
        yield _without_constant(table, "weight", "used by", "best by", "missing")
    if data.plan is not None:
        yield plan_tables.capabilities(data.plan)


def _without_constant(table: Table, *headers: str) -> Table:
    """A table without the columns of these headers that have the same value in every row."""
    kept = [
        i
        for i, header in enumerate(table.headers)
        if header not in headers or len({row[i] for row in table.rows}) > 1
    ]
    return table.only(kept)


def _joined(table: Table, header: str, headers: Sequence[str]) -> Table:
    """A table with one column instead of those of these headers, as "protect 50, detect 100"."""
    numbers = [i for i, each in enumerate(table.headers) if each in headers]
    if len(numbers) < 2:
        return table
    texts = [", ".join(f"{table.headers[i]} {row[i]}" for i in numbers if row[i]) for row in table.texts]
    at = numbers[0]
    columns = (*table.columns[:at], Column(header), *table.columns[at:])
    rows = tuple((*row[:at], text, *row[at:]) for row, text in zip(table.rows, texts, strict=True))
    joined = msgspec.structs.replace(table, columns=columns, rows=rows)
    return joined.only([i for i, each in enumerate(joined.headers) if each not in headers])


def _mappings(data: ReportInput, coverage: Coverage) -> Table:
    """Every technique that an input covers: its score, and its contributions, the strongest first."""
    category = data.comparison.category
    rules = coverage.scored.rules
    comments: dict[str, dict[str, None]] = {}
    for mapping in coverage.scored.mappings if coverage.is_layer else ():
        if mapping.comment:
            comments.setdefault(mapping.technique, {})[mapping.comment] = None
    measures = dict(sorted(coverage.measures(category).items()))
    kind: CellKind = "number" if coverage.counts else "score"
    fields = [
        Field("technique", measures, "technique"),
        Field("name", map(data.full_name, measures)),
        Field("score", ["not rated" if score is None else score for score in measures.values()], kind),
        Field(
            "mappings",
            [
                "\n".join(comments.get(t, ()))
                if coverage.is_layer
                else comment(coverage.entries[t], rules, coverage.labels, category, sys.maxsize)
                for t in measures
            ],
        ),
    ]
    what = "the comments of the layer" if coverage.is_layer else "every technique with its mappings"
    return table_of(
        f"mappings of {coverage.name}", f"{coverage.name}: {what}", fields, score_range=data.comparison.range
    )


def _not_covered(data: ReportInput) -> Table:
    """The active techniques that no input covers; sub-techniques only if others of their technique are covered."""
    words = data.noun
    recorded: dict[str, list[str]] = {}
    for coverage in data.inputs:
        for technique in sorted(
            {r.technique for r in coverage.set.non_mappable if r.technique and not r.capability}
        ):
            recorded.setdefault(technique, []).append(coverage.name)
    gaps = {gap.technique: gap for gap in data.comparison.gaps}
    listed = []
    for gap in gaps.values():
        above = gaps.get(data.catalogue.techniques[gap.technique].parent or "")
        if above is None or above.covered:
            listed.append(gap)
    fields = [
        Field("technique", [gap.technique for gap in listed], "technique"),
        Field("name", [data.full_name(gap.technique) for gap in listed]),
        Field("tactics", [data.tactics(gap.technique) for gap in listed]),
        Field(f"sub-techniques {words.covered}", [gap.covered if gap.total else None for gap in listed], "number"),
        Field("of", [gap.total or None for gap in listed], "number"),
        Field(
            "non-mappable in", [", ".join(recorded.get(gap.technique, ())) for gap in listed], shown=bool(recorded)
        ),
    ]
    who = f"no input {words.cover}s" if data.several else f"{data.names[0]} does not {words.cover}"
    note = (
        f"Sub-techniques are listed only if their technique, or another of its sub-techniques, is {words.covered}."
    )
    return table_of(f"not {words.covered}", f"Active techniques that {who}", fields, note)
