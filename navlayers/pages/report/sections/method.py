"""How the figures came to be: scores, scale, release, what carrying the sets there changed, sources, licences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text import joined
from navlayers.analysis.gaps import newer_than
from navlayers.attack.id_changes import reason
from navlayers.layer.describe import DOMAIN_NAMES
from navlayers.output.document import Facts, Heading, Note, Paragraph
from navlayers.output.tables import Column, Table, columns
from navlayers.pages import compare_tables as tables
from navlayers.pages.plan_tables import words as plan_words
from navlayers.pages.report.sections.numbers import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.mapping.remap import Inactive
    from navlayers.output.document import Block
    from navlayers.output.tables import Cell
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


def blocks(subject: Subject) -> Iterator[Block]:
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
