"""Coverage per tactic as bars, and the techniques that are covered best and least."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text import counted, joined
from navlayers.analysis.compare_layers import WINNERS
from navlayers.layer.colors import RAMPS
from navlayers.output.document import BarRow, Bars, Paragraph, Series
from navlayers.output.tables import Column, Table, columns
from navlayers.pages import compare as tables
from navlayers.pages.report.wording import categories_of, full_name, percent, tactic_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.analysis.compare import Row
    from navlayers.output.document import Block
    from navlayers.output.tables import Cell, Kind
    from navlayers.pages.report.subject import Subject
    from navlayers.scoring.coverage import Coverage

_ALL = "All tactics, each once"
_COUNTED = "Active techniques and sub-techniques of the tactic that are covered, with whatever score."


def tactic_blocks(subject: Subject) -> Iterator[Block]:
    """One chart of all inputs where there are several, one per input, and the figures as a table."""
    yield Paragraph(_extremes(subject))
    if 1 < len(subject.inputs) <= len(WINNERS):
        series = [Series(title, color) for title, color in zip(subject.names, WINNERS, strict=False)]
        measures = [set(one.measures(subject.comparison.category)) for one in subject.inputs]
        yield _bars(subject, "Side by side", series, measures)
    for one, title in zip(subject.inputs, subject.names, strict=True):
        series, measures = _of_input(subject, one)
        yield _bars(subject, title, series, measures)
    if len(subject.inputs) > 1:
        yield tables.tactics(subject.comparison, brief=True)


def _of_input(subject: Subject, one: Coverage) -> tuple[list[Series], list[set[str]]]:
    """Protect, detect, respond; or what is covered at all where there are no categories."""
    categories = categories_of(subject, one)
    if categories:
        series = [Series(category, RAMPS[category][2]) for category in categories]
        return series, [set(one.measures(category)) for category in categories]
    ramp = "count" if one.counts else "overall"
    name = subject.comparison.category or ("mapped" if one.counts else "covered")
    return [Series(name, RAMPS[ramp][2])], [set(one.measures(subject.comparison.category))]


def _bars(subject: Subject, title: str, series: Sequence[Series], measures: Sequence[set[str]]) -> Bars:
    catalogue = subject.catalogue
    active = {technique.id: technique for technique in catalogue.techniques.values() if technique.active}
    members = [
        (tactic.name, {i for i, technique in active.items() if tactic.shortname in technique.tactics})
        for tactic in catalogue.tactics
    ]
    rows = [
        BarRow(name, len(inside), tuple(len(inside & covered) for covered in measures))
        for name, inside in [*members, (_ALL, set(active))]
    ]
    return Bars(title, tuple(series), tuple(rows), _COUNTED)


def _extremes(subject: Subject) -> str:
    """The tactics that are covered most and least, of all inputs together."""
    found = [one for one in subject.comparison.tactics if one.total]
    if not any(one.any for one in found):
        return "No tactic is covered."
    shares = {one.name: one.any / one.total for one in found}
    highest, lowest = max(shares.values()), min(shares.values())
    most = joined([name for name, share in shares.items() if share == highest])
    least = joined([name for name, share in shares.items() if share == lowest])
    who = "Together, the inputs cover" if len(subject.inputs) > 1 else f"{subject.names[0]} covers"
    if highest == lowest:
        return f"{who} {percent(highest, 1)} of the techniques of every tactic."
    return (
        f"{who} most of {most} ({percent(highest, 1)} of its techniques and sub-techniques) "
        f"and least of {least} ({percent(lowest, 1)})."
    )


_MOST = 10
"""So many of either kind are told of; the appendix has all."""

_WEAK = 50
"""What scores as much is not among the weakest."""


def technique_blocks(subject: Subject) -> Iterator[Block]:
    """Both lists where anything is covered, and how much is not covered at all."""
    rated = [row for row in subject.comparison.rows if row.best is not None]
    if rated:
        yield _ranked(subject, "Strongest", rated, -1)
        weak = [row for row in rated if _by_number(subject) or (row.best or 0) < _WEAK]
        if weak:
            yield _ranked(subject, "Weakest of what is covered", weak, 1)
        else:
            yield Paragraph(f"Nothing that is covered scores below {_WEAK:g}.")
    yield Paragraph(_not_covered(subject))


def _by_number(subject: Subject) -> bool:
    """Whether scores say nothing beyond how many capabilities there are."""
    return subject.comparison.counts or subject.comparison.covered_only


def _ranked(subject: Subject, title: str, rows: Sequence[Row], sign: int) -> Table:
    """The first by score, then by number of capabilities; `sign`: from the highest -1, from the lowest 1."""

    def rank(row: Row) -> tuple[float, float]:
        score = 0 if _by_number(subject) and subject.sets else row.best or 0
        return sign * score, sign * subject.capabilities(row.technique)

    order = sorted(rows, key=lambda row: (*rank(row), row.technique))
    told = order[:_MOST]
    which, number = ("highest", "most") if sign < 0 else ("lowest", "fewest")
    parts = [f"{number} capabilities"] if subject.sets else []
    parts = parts if _by_number(subject) and parts else [f"{which} score", *parts]
    note = f"{', then '.join(parts)} first"
    more = sum(rank(row) == rank(told[-1]) for row in order[_MOST:])
    if more:
        note += f", then by id: {more:,} more {'is' if more == 1 else 'are'} like the last of these"
    return _ranked_table(subject, title, told, f"{note[:1].upper()}{note[1:]}.")


def _ranked_table(subject: Subject, title: str, rows: Sequence[Row], note: str) -> Table:
    comparison = subject.comparison
    several = len(subject.inputs) > 1
    names = [one.name for one in subject.inputs]
    kind: Kind = "number" if comparison.counts else "score"
    # A single input's numbers of capabilities are in the last column.
    bare = comparison.covered_only or (comparison.counts and not several and bool(subject.sets))
    scores = () if bare else columns(*(names if several else ["score"]), kind=kind)
    by_category = () if several or comparison.covered_only else categories_of(subject, subject.inputs[0])
    by_category = by_category if len(by_category) > 1 else ()
    found = (Column("technique", "technique"), *columns("name", "tactics"), *scores)
    found += tuple(Column(category, kind, category) for category in by_category)
    found += (Column("capabilities", "number"),) if subject.sets else ()
    made = []
    for row in rows:
        technique = subject.catalogue.techniques[row.technique]
        cells: list[Cell] = [
            technique.id,
            full_name(subject.catalogue, technique.id),
            tactic_names(subject.catalogue, technique.id),
        ]
        if scores:
            cells += [("not rated" if n in row.covering and s is None else s) for n, s in enumerate(row.scores)]
        entry = subject.inputs[0].entries.get(row.technique)
        cells += [entry.categories.get(category) if entry else None for category in by_category]
        cells += [subject.capabilities(row.technique)] if subject.sets else []
        made.append(tuple(cells))
    return Table(title.lower(), title, found, tuple(made), note)


def _not_covered(subject: Subject) -> str:
    gaps = subject.comparison.gaps
    subs = sum("." in gap.technique for gap in gaps)
    who = "No input covers" if len(subject.inputs) > 1 else f"{subject.names[0]} does not cover"
    if not gaps:
        return "Every active technique is covered."
    partly = sum(gap.covered > 0 for gap in gaps)
    has = "One of them has" if partly == 1 else f"{partly:,} of them have"
    below = f" {has} sub-techniques that are covered." if partly else ""
    return (
        f"{who} {counted(len(gaps) - subs, 'technique')} and {counted(subs, 'sub-technique')}; "
        f"the appendix lists them.{below}"
    )
