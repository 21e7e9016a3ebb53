"""The tool check: mistakes in the text of a mapping set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET

from navlayers.agents.answers import EVERYTHING, Answer, Data, Provenance
from navlayers.agents.inventory import csv_source
from navlayers.agents.problems import texts
from navlayers.api.maintenance import check as check_of_sets
from navlayers.mapping.formats.context import ReadOptions

if TYPE_CHECKING:
    from navlayers.agents.arguments import CheckArguments
    from navlayers.agents.inventory import Inventory
    from navlayers.checks.finding import Finding

_MOST_BYTES = 1_000_000
"""Of a text that is checked, in UTF-8: more than its characters can take."""


class CheckRow(msgspec.Struct, frozen=True):
    """A finding at a line and column of the text; `set_data` has its message, which quotes the text."""

    line: int
    column: int
    code: str
    level: str
    fixable: bool
    set_data: Data


class CheckAnswer(Answer, frozen=True, kw_only=True):
    """The findings of a text."""

    errors: int
    warnings: int
    format: str
    rows: tuple[CheckRow, ...] = ()


def check(inventory: Inventory, arguments: CheckArguments) -> CheckAnswer:
    """The mistakes of a mapping set that an agent wrote, as `navlayers check -` finds them."""
    reading = ReadOptions(max_bytes=_MOST_BYTES)
    report = check_of_sets(csv_source(arguments.text), reading=reading, as_of=inventory.settings.today())
    rows = tuple(map(_row, report.findings))
    return CheckAnswer(
        errors=report.errors,
        warnings=report.warnings,
        format=report.inputs[0].format if report.inputs else "",
        rows=rows,
        empty=UNSET if rows else "no findings: the text is a valid mapping set",
        provenance=Provenance("the release that the text names", "navlayers check", EVERYTHING),
    )


def _row(finding: Finding) -> CheckRow:
    return CheckRow(
        line=finding.place.line,
        column=finding.place.column,
        code=finding.code,
        level=finding.level,
        fixable=bool(finding.fix),
        set_data=texts(finding),
    )
