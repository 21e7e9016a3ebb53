"""What `check` finds: findings with their places and fixes, and the report of a run."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers.checks.codes import Level, codes
from navlayers.errors import Place, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable


class Edit(msgspec.Struct, frozen=True):
    """Text at a place of a file, without quotes and the blanks around it, and what is to stand there."""

    place: Place
    old: str
    new: str


class Finding(msgspec.Struct, frozen=True):
    """One thing that is wrong or doubtful.

    `code` is a key of codes.toml; `expected` and `hint` may be empty. `fix` holds the edits that
    mend it where there is one right answer.
    """

    code: str
    level: Level
    place: Place
    message: str
    expected: str = ""
    hint: str = ""
    fix: tuple[Edit, ...] = ()

    @property
    def text(self) -> str:
        """The message with what was expected and the hint."""
        expected = f"; expected {self.expected}" if self.expected else ""
        return f"{self.message}{expected}{f' ({self.hint})' if self.hint else ''}"

    def __str__(self) -> str:
        return f"{self.place}: {self.code} {self.text}"


def finding(
    code: str,
    place: Place,
    message: str,
    expected: str = "",
    hint: str = "",
    fix: Iterable[Edit] = (),
) -> Finding:
    """A finding of the level that its code has."""
    return Finding(code, codes()[code].level, place, message, expected, hint, tuple(fix))


class Checked(NamedTuple):
    """One input: its path, the name of its format ("" where none reads it), and where it was found."""

    path: str
    format: str
    origin: str


class Report(msgspec.Struct, frozen=True):
    """The findings of a run by file and place, and the inputs that were looked at.

    `passed_over` tells the files of folders that are no mapping sets.
    """

    findings: tuple[Finding, ...]
    checked: tuple[Checked, ...]
    passed_over: tuple[Problem, ...] = ()

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return sum(finding.level == "error" for finding in self.findings)

    @property
    def warnings(self) -> int:
        """How many findings are warnings."""
        return sum(finding.level == "warning" for finding in self.findings)

    @property
    def unreadable(self) -> bool:
        """Whether an input could not be opened."""
        return any(finding.code == "unreadable" for finding in self.findings)

    def by_code(self) -> dict[str, int]:
        """How many findings of each code, the most frequent first."""
        counts = Counter(finding.code for finding in self.findings)
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    def failed(self, *, strict: bool = False) -> bool:
        """Whether the inputs do not pass: errors fail, with `strict` warnings too."""
        return self.errors > 0 or (strict and self.warnings > 0)
