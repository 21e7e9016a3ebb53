"""The answers of the explorer: what it shows of some sets, and a plan. Nothing here knows of requests."""

from __future__ import annotations

from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

import msgspec

from navlayers import attack
from navlayers._text.lines import printable
from navlayers._text.numbers import percent_text
from navlayers._text.wording import or_list
from navlayers.analysis.gaps import find_gaps
from navlayers.analysis.history_result import History
from navlayers.analysis.plan.options import PlanOptions
from navlayers.analysis.plan.plan import ground_of, make_plan
from navlayers.analysis.plan.result import summary, threat_coverage
from navlayers.analysis.threats.lookup import ALL_GROUPS, refuse_files, with_threats
from navlayers.analysis.threats.resolve import with_threat
from navlayers.errors import NavlayersError, Problem
from navlayers.mapping.find import shipped
from navlayers.mapping.nouns import common_noun, noun
from navlayers.output.document import Figure, Paragraph
from navlayers.output.html import Colors
from navlayers.output.tables import Table
from navlayers.pages import plan as plan_tables
from navlayers.pages.report.heatmaps import gaps_blocks, plan_heatmap
from navlayers.pages.report.input import TECHNIQUES, report_input
from navlayers.web.explorer import Numbers
from navlayers.web.report_data import layer_views, report_data

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from navlayers.analysis.gaps_result import Gaps
    from navlayers.analysis.history_result import Series
    from navlayers.analysis.inputs import InputSet
    from navlayers.analysis.plan.plan import Ground
    from navlayers.analysis.plan.result import Plan
    from navlayers.analysis.threats.model import ThreatModel
    from navlayers.attack.domains import Domain
    from navlayers.mapping.model import MappingSet
    from navlayers.mapping.nouns import Noun
    from navlayers.output.document import Block
    from navlayers.pages.report.input import ReportInput
    from navlayers.serve.workspace import Settings

PLAN = "~plan"
"""The id of the view of a plan."""

_MOST_ROWS = 200
_MOST_NAMES = 3


class Subject:
    """What is shown: what a report tells about inputs, and those among which plans choose."""

    def __init__(
        self, data: ReportInput, planned: InputSet, settings: Settings, warnings: tuple[Problem, ...] = ()
    ) -> None:
        self.data = data
        self.planned = planned
        self.settings = settings
        self.warnings = warnings

    @cached_property
    def in_place(self) -> tuple[str, ...]:
        """The names of the user's own sets, where shipped ones are beside them to choose from."""
        paths = {source.path.resolve() for source in shipped()}
        own = tuple(each.name for each in self.planned.inputs if each.path.resolve() not in paths)
        return own if len(own) < len(self.planned.inputs) else ()

    @property
    def selectable(self) -> list[MappingSet]:
        """The sets among whose capabilities plans choose."""
        return [each.set for each in self.planned.inputs if each.name not in self.in_place]

    @property
    def noun(self) -> Noun:
        """The word for the capabilities among which plans choose."""
        return common_noun(map(noun, self.selectable)) if self.in_place else self.data.noun

    @property
    def threat(self) -> ThreatModel | None:
        """The threat, if one is named."""
        return self.data.gaps.threat if self.data.gaps else None

    @cached_property
    def ground(self) -> Ground:
        """What its plans share."""
        return ground_of(self.planned, PlanOptions(budget=0), self.settings.scoring, self.threat)

    def plan(self, budget: int, seconds: float) -> Plan:
        """The plan for a number of capabilities; the best that is found within the time.

        Raises:
            NavlayersError: the inputs give no plan.
        """
        # Ids, as the name of a set may be that of a capability.
        have = tuple(candidate.id for candidate in self.ground.candidates if candidate.set in self.in_place)
        options = PlanOptions(budget=budget, have=have, seconds=seconds)
        return make_plan(self.planned, options, self.settings.scoring, threat=self.threat, ground=self.ground)


def subject_of(inputs: InputSet, settings: Settings, threat: str = "") -> Subject:
    """Inputs, against a threat if one is named; without it, with a warning, where that is impossible.

    Raises:
        NavlayersError: the inputs do not go together.
    """
    inputs, gaps = inputs.split_layers(), None
    warnings: tuple[Problem, ...] = ()
    if threat:
        try:
            inputs, gaps = _against(inputs, threat, settings)
        except NavlayersError as error:
            warnings = error.problems
    data = _report_input(inputs, settings, gaps)
    # Threats cover nothing.
    planned = msgspec.structs.replace(inputs, inputs=tuple(i for i in inputs.inputs if i.set.role != "threat"))
    return Subject(data, planned, settings, warnings)


def _report_input(inputs: InputSet, settings: Settings, gaps: Gaps | None) -> ReportInput:
    """The data of a report; of scores beside numbers of capabilities, what is covered can be compared."""
    covering = [each for each in inputs.inputs if each.set.role != "threat" and each.set.mappings]
    if settings.scoring.worth is None and len({each.set.scored for each in covering}) > 1:
        data = report_input(inputs, settings.scoring, gaps=gaps, scores=False)
        note = Problem("some sets have scores, others none: shown is only whether techniques are covered")
        return msgspec.structs.replace(data, notices=(note, *data.notices))
    return report_input(inputs, settings.scoring, gaps=gaps)


def _against(inputs: InputSet, threat: str, settings: Settings) -> tuple[InputSet, Gaps]:
    """The inputs at the release of a threat, and their gaps with all notices."""
    known = {*settings.threats, *(source.name for source in shipped())}
    refuse_files(threat, inputs.catalogue.domain, known)
    inputs, model = with_threat(
        inputs,
        [threat],
        settings.attack_version,
        software_of=settings.software_of,
        reading=settings.reading,
    )
    gaps = find_gaps(inputs, model, settings.scoring)
    return inputs, msgspec.structs.replace(gaps, notices=(*model.notices, *gaps.notices))


def threat_names(domain: Domain) -> list[str]:
    """The word for all groups, and the names of groups, campaigns and software with their ids."""
    releases = with_threats(domain)[:1]
    threats = [threat for release in releases for threat in attack.threats(release).threats.values()]
    order = {"group": 0, "campaign": 1, "software": 2}
    threats.sort(key=lambda threat: (order[threat.kind], threat.name.casefold(), threat.id))
    return [ALL_GROUPS, *(f"{threat.name} ({threat.id})" for threat in threats if threat.techniques)]


def explorer_answer(subject: Subject, known: str = "") -> dict[str, Any]:
    """The data of the explorer, and what is said about it.

    Args:
        subject: what is shown.
        known: the release whose matrix the page has already.
    """
    data = subject.data
    colors = Colors()
    blocks = list(gaps_blocks(data))
    figures = [block for block in blocks if isinstance(block, Figure)]
    explorer = report_data(data, figures, colors)
    release = data.catalogue.label
    return {
        "data": msgspec.structs.replace(explorer, release=None) if release == known else explorer,
        "release": release,
        "domain": data.catalogue.domain,
        "releaseTitle": data.catalogue.title,
        "titles": [coverage.title for coverage in data.inputs],
        "style": colors.rules,
        "verdict": _verdict(data),
        # The heatmap of the gaps against a threat is the last.
        "against": explorer.views[-1].id if data.gaps else "",
        "capabilities": sum(len({m.capability for m in each.mappings}) for each in subject.selectable),
        "noun": (subject.noun.singular, subject.noun.plural),
        "notices": _texts(data.notices, data.gaps.notices if data.gaps else ()),
        "warnings": _texts(subject.warnings),
        **_told(blocks),
    }


def _verdict(data: ReportInput) -> dict[str, str]:
    """The share that the inputs cover, of the threat if there is one, and the biggest hole."""
    names, gaps = list(data.names), data.gaps
    if gaps is not None:
        covered, every, word = gaps.total.covered, gaps.total.techniques, "covered"
        whole, what = gaps.threat.title, "techniques"
        if gaps.total.scored_weight is not None:
            what += f", {percent_text(gaps.total.scored_weight, gaps.total.weight)} by score"
    else:
        comparison = data.comparison
        covered, every, word = comparison.active - len(comparison.gaps), comparison.active, data.noun.covered
        whole, what = data.release, TECHNIQUES
    by = or_list(names) if len(names) <= _MOST_NAMES else f"{len(names)} sets"
    return {
        "number": percent_text(covered, every),
        "words": printable(f"of {whole} {word} by {by}: {covered:,} of {every:,} {what}"),
        "hole": data.hole.text,
    }


def plan_answer(subject: Subject, plan: Plan) -> dict[str, Any]:
    """A plan as a view for the explorer, with a table of its capabilities."""
    colors = Colors()
    numbers = Numbers(plan.catalogue, colors)
    (view,) = layer_views(numbers, [plan_heatmap(subject.data, plan)])
    sentences = [printable(f"{text}.") for text in (summary(plan), threat_coverage(plan)) if text]
    return {
        "view": msgspec.structs.replace(view, id=PLAN, title=f"Plan: {subject.noun.counted(len(plan.chosen))}"),
        "colors": numbers.colors,
        "texts": numbers.texts,
        "style": colors.rules,
        "chosen": len(plan.chosen),
        "share": float(plan.share),
        "proven": plan.proven,
        "sentences": sentences,
        "tables": [_table(plan_tables.curve(plan, brief=True))],
    }


def history_answer(paths: Iterable[Path], settings: Settings) -> dict[str, Any]:
    """What moved the numbers of files over time; a sentence about each that has no history."""
    # A page asks for it when somebody opens its section.
    from navlayers.api.history import history  # noqa: PLC0415
    from navlayers.pages.history import moves_table, unread_table  # noqa: PLC0415
    from navlayers.pages.moves import headline  # noqa: PLC0415

    series: list[Series] = []
    without: list[str] = []
    for path in paths:
        try:
            scores = msgspec.structs.asdict(settings.scoring)
            found = history(path, attack_version=settings.attack_version, reading=settings.reading, **scores)
            series += found.series
        except NavlayersError as error:
            without.append(printable(str(error.problems[0])))
    if not series:
        return {"sentences": [], "tables": [], "notices": without}
    found = History(tuple(series))
    tables = [table for table in (moves_table(found), unread_table(found)) if table.rows]
    return {"sentences": [headline(found)], "tables": list(map(_table, tables)), "notices": without}


def _told(blocks: Iterable[Block]) -> dict[str, Any]:
    """The sentences and tables among blocks, as plain text."""
    blocks = list(blocks)
    return {
        "sentences": ["".join(block.spans) for block in blocks if isinstance(block, Paragraph)],
        "tables": [_table(block) for block in blocks if isinstance(block, Table)],
    }


def _table(table: Table) -> dict[str, Any]:
    """A table as texts, cut where it is long."""
    more = len(table.rows) - _MOST_ROWS
    note = f"… and {more:,} more" if more > 0 else ""
    return {
        "title": table.title,
        "columns": [
            {"name": printable(column.header), "right": column.right, "whole": column.whole}
            for column in table.columns
        ],
        "rows": [list(map(_clean, row)) for row in table.texts[:_MOST_ROWS]],
        "note": " · ".join(filter(None, (table.note, note))),
    }


def _texts(*problems: tuple[Problem, ...]) -> list[str]:
    return [printable(str(problem)) for problem in dict.fromkeys(chain(*problems))]


def _clean(text: str) -> str:
    return "\n".join(map(printable, text.split("\n")))
