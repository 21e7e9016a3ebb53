"""How the figures came to be, and the appendix: all that the sections tell the first of."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import msgspec

from navlayers._text import counted, joined
from navlayers.analysis.gaps import newer_than
from navlayers.attack.domain import DOMAIN_NAMES
from navlayers.attack.id_changes import reason
from navlayers.layer.annotate import Style, comment
from navlayers.layer.colors import value_gradient
from navlayers.output.document import Facts, Heading, Note, Paragraph
from navlayers.output.tables import Column, Table, columns
from navlayers.pages import compare as tables
from navlayers.pages import gaps as gap_tables
from navlayers.pages import plan as plan_tables
from navlayers.pages.plan import words as plan_words
from navlayers.pages.report.capabilities import MOST, capability_table, non_mappable_table
from navlayers.pages.report.wording import full_name, in_full, tactic_names, without

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.mapping.remap import Inactive
    from navlayers.output.document import Block
    from navlayers.output.tables import Cell, Kind
    from navlayers.pages.report.subject import Subject
    from navlayers.scoring.coverage import Coverage

_PEOPLE = ("author", "organization", "contact")
_WORDS = (
    ("covered", "a technique that a capability is mapped to, with a score above 0 or without any"),
    ("techniques", "the active techniques and sub-techniques of the release, each counted by itself"),
    ("of the matrix", "the share of all of them"),
)
_OF_PLAN = ("adds", "together", "only it", "instead")
_UNUSED = ("measure", "Jaccard index")
_OF_THREAT = (
    ("share, of the threat", "covered techniques of the threat, by all of its techniques"),
    ("by score", "the sum of weight × score / 100, by the weight of all: 100 % where every technique scores 100"),
    ("groups", "how many groups of ATT&CK use the technique"),
    ("related", "what is covered of its parent, or of its sub-techniques"),
    ("gap", "the weight of a technique × what its score lacks of 100, divided by 100"),
)


def method_blocks(subject: Subject) -> Iterator[Block]:
    """Scores, words, release, upgrade report, sources."""
    yield Heading("Scores")
    yield Facts(tuple(_methods(subject)))
    yield Heading("Words")
    yield Facts(tuple(_words(subject)))
    yield Heading("ATT&CK release")
    yield from _release(subject)
    yield Heading("Sources and licences")
    yield _sources(subject)
    yield Note(
        "Made with navlayers from the files of the inputs; the same inputs and options give the same report."
    )


def _words(subject: Subject) -> Iterator[tuple[str, str]]:
    yield from _WORDS
    if any(one.scored.rules.options.rollup != "none" for one in subject.inputs):
        yield "rolled up", "a technique without a score of its own is covered where its sub-techniques are"
    several = len(subject.inputs) > 1
    if several:
        yield from ((name, text) for name, text in tables.words(subject.comparison) if name not in _UNUSED)
    if subject.sets and several:
        yield "only it in the set", "techniques that no other capability of the same set covers"
        yield "only it of all", "techniques that no other capability and no other input covers"
    elif subject.sets:
        yield "only it", "techniques that no other capability of the set covers"
    if subject.gaps is not None:
        yield "weak", f"a technique of the threat that is covered below {subject.gaps.weak:g}"
        yield from _OF_THREAT
    if subject.plan is not None:
        yield from ((f"{name}, of a plan", text) for name, text in plan_words(subject.plan) if name in _OF_PLAN)


def _methods(subject: Subject) -> Iterator[tuple[str, str]]:
    by_method: dict[str, list[str]] = {}
    for one, title in zip(subject.inputs, subject.names, strict=True):
        by_method.setdefault(one.method, []).append(title)
    for how, names in by_method.items():
        yield ("scores" if len(by_method) == 1 else joined(names)), how
    category = subject.comparison.category
    if category is not None:
        yield "category", f"Only the scores of {category} count."


def _release(subject: Subject) -> Iterator[Block]:
    catalogue = subject.catalogue
    yield Paragraph(f"All figures are of ATT&CK {DOMAIN_NAMES[catalogue.domain]} {catalogue.version}.")
    rows: list[tuple[Cell, ...]] = []
    for one, title in zip(subject.inputs, subject.names, strict=True):
        if one.own_attack_version == catalogue.version:
            yield Paragraph(f"{title} was made for this release.")
        else:
            yield Paragraph(_carried(subject, one, title))
        rows += [(title, m.id, m.name, f"replaced by {m.successor} {m.successor_name}") for m in one.moved]
        rows += [(title, left.id, left.name, _fate(left)) for left in one.left_out]
    if rows:
        found = (Column("input"), Column("technique", "technique"), *columns("name", "what became of it"))
        yield Table("upgrade", "Mapped techniques that are not active in this release", found, tuple(rows))


def _carried(subject: Subject, one: Coverage, title: str) -> str:
    text = (
        f"{title} was made for ATT&CK {one.own_attack_version} and carried here along what ATT&CK says revoked what"
    )
    new = len(newer_than([one], subject.catalogue))
    if new:
        are = counted(new, "active technique is", "active techniques are")
        text += f"; {are} newer and could not be considered"
    return f"{text}."


def _fate(left: Inactive) -> str:
    successor = f"{left.successor} {left.successor_name}".rstrip()
    return f"left out: {reason(left.fate, successor, active=left.successor_active)}"


def _sources(subject: Subject) -> Table:
    """What the inputs are; columns that nobody has anything in are left out."""
    headers = ("input", "framework", "version", "made for ATT&CK", "mappings", "licence", "source", *_PEOPLE)
    rows: list[tuple[Cell, ...]] = []
    for one, title in zip(subject.inputs, subject.names, strict=True):
        made = one.set
        number = "" if one.is_layer else f"{len(made.mappings):,}"
        people = (made.details.get(name, "") for name in _PEOPLE)
        facts = ("layer" if one.is_layer else made.framework, made.version, one.own_attack_version, number)
        rows.append((title, *facts, made.licence, made.source, *people))
    used = [i for i in range(len(headers)) if any(row[i] for row in rows)]
    found = tuple(Column(headers[i], "number" if headers[i] == "mappings" else "text") for i in used)
    return Table("sources", "What the inputs are", found, tuple(tuple(row[i] for i in used) for row in rows))


_USERS = 5
"""So many users and capabilities of a technique stand in a cell."""


def appendix_blocks(subject: Subject) -> Iterator[Block]:
    """Mappings per technique, what is not covered, all capabilities, all that cannot be mapped."""
    return (msgspec.structs.replace(table, long=True) for table in _appendix_tables(subject))


def _appendix_tables(subject: Subject) -> Iterator[Table]:
    for number in range(len(subject.inputs)):
        yield mappings(subject, number)
    if subject.comparison.gaps:
        yield not_covered(subject)
    for number in subject.sets:
        whole = capability_table(subject, number)
        if len(whole.rows) > MOST:
            yield whole
    for number, one in enumerate(subject.inputs):
        if not one.is_layer:
            records = non_mappable_table(subject, number)
            if len(records.rows) > MOST:
                yield records
    if subject.gaps is not None:
        whole = in_full(gap_tables.techniques(subject.gaps, _USERS), subject.catalogue)
        yield without(whole, "weight", "used by", "best by")
    if subject.plan is not None:
        yield plan_tables.capabilities(subject.plan)


def mappings(subject: Subject, number: int) -> Table:
    """Every technique that an input covers: its score, and per category who gives what, strongest first."""
    one, title = subject.inputs[number], subject.names[number]
    category = subject.comparison.category
    view = Style(one.scored.rules, category, value_gradient(category, 100), one.labels)
    notes = _layer_comments(one) if one.is_layer else {}
    kind: Kind = "number" if one.counts else "score"
    found = (Column("technique", "technique"), Column("name"), Column("score", kind), Column("mappings"))
    rows: list[tuple[Cell, ...]] = []
    for technique, score in sorted(one.measures(category).items()):
        entry = one.entries[technique]
        text = notes.get(technique, "") if one.is_layer else comment(entry, view, sys.maxsize)
        name = full_name(subject.catalogue, technique)
        rows.append((technique, name, "not rated" if score is None else score, text))
    what = "what the layer says of each technique" if one.is_layer else "every technique with its mappings"
    return Table(f"mappings of {one.name}", f"{title}: {what}", found, tuple(rows))


def not_covered(subject: Subject) -> Table:
    """The active techniques that no input covers; sub-techniques by themselves where others beside them are."""
    catalogue = subject.catalogue
    looked_at = _recorded_by(subject)
    gaps = {gap.technique: gap for gap in subject.comparison.gaps}
    rows: list[tuple[Cell, ...]] = []
    for gap in gaps.values():
        above = gaps.get(catalogue.techniques[gap.technique].parent or "")
        if above is not None and not above.covered:
            continue
        below = (gap.covered, gap.total) if gap.total else (None, None)
        names = (full_name(catalogue, gap.technique), tactic_names(catalogue, gap.technique))
        rows.append((gap.technique, *names, *below, ", ".join(looked_at.get(gap.technique, ()))))
    found = (
        Column("technique", "technique"),
        *columns("name", "tactics"),
        *columns("sub-techniques covered", "of", kind="number"),
        Column("not mappable by"),
    )
    who = "no input covers" if len(subject.inputs) > 1 else f"{subject.names[0]} does not cover"
    note = "Where none of a technique's sub-techniques is covered, these are not listed by themselves."
    whole = Table("not covered", f"Active techniques that {who}", found, tuple(rows), note)
    return without(whole, *(() if looked_at else ("not mappable by",)))


def _recorded_by(subject: Subject) -> dict[str, list[str]]:
    """Technique id → the inputs that record it as looked at and not to be mapped."""
    found: dict[str, list[str]] = {}
    for one in subject.inputs:
        for technique in sorted({r.technique for r in one.set.non_mappable if r.technique and not r.capability}):
            found.setdefault(technique, []).append(one.name)
    return found


def _layer_comments(one: Coverage) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for mapping in one.scored.mappings:
        if mapping.comment:
            found.setdefault(mapping.technique, []).append(mapping.comment)
    return {technique: "\n".join(dict.fromkeys(texts)) for technique, texts in found.items()}
