"""Coverage per tactic, as bars: each category of an input beside the others, and inputs beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text import joined
from navlayers.analysis.compare_layers import WINNERS
from navlayers.layer.colors import RAMPS
from navlayers.output.document import BarRow, Bars, Paragraph, Series
from navlayers.pages import compare_tables as tables
from navlayers.pages.report.sections import numbers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.output.document import Block
    from navlayers.pages.report.subject import Subject
    from navlayers.scoring.coverage import Coverage

_ALL = "All tactics, each once"
_COUNTED = "Active techniques and sub-techniques of the tactic that are covered, with whatever score."


def blocks(subject: Subject) -> Iterator[Block]:
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
    categories = numbers.categories(subject, one)
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
        return f"{who} {numbers.percent(highest, 1)} of the techniques of every tactic."
    return (
        f"{who} most of {most} ({numbers.percent(highest, 1)} of its techniques and sub-techniques) "
        f"and least of {least} ({numbers.percent(lowest, 1)})."
    )
