"""Findings of `check`: their codes, read from codes.toml, their places and fixes, and the report of a run."""

from __future__ import annotations

import tomllib
from collections import Counter
from functools import cache, cached_property
from importlib import resources
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import msgspec

from navlayers._text import spelling, wording
from navlayers.errors import Place, Problem, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from navlayers.mapping.formats import ReadOptions

Level = Literal["error", "warning", "note"]

_PAGE_HEAD = """\
# Findings

The findings of `navlayers check`, by code. An error means that layers made from the set are incomplete or wrong. A
warning needs a person to look. The level shown here is the usual one; some formats report another level.

`navlayers check --explain all` prints this page.

| code | level | finding |
| --- | --- | --- |
"""


_UNREADABLE = frozenset({"unreadable", "encoding"})
"""Codes of inputs in which nothing was checked."""


class Code(msgspec.Struct, frozen=True):
    """One kind of finding, with the fields of codes.toml."""

    level: Level
    title: str
    why: str = ""
    fix: str = ""
    example: str = ""


@cache
def codes() -> dict[str, Code]:
    """Every code with its explanation.

    Returns:
        Code → explanation, in the order of codes.toml.
    """
    text = resources.files(__package__).joinpath("codes.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Code])


def require_code(code: str) -> None:
    """Check that a code exists.

    Raises:
        UsageError: the code is unknown.
    """
    if code not in codes():
        hint = spelling.suggestion(code, codes()) or "list all codes with: navlayers check --explain all"
        raise UsageError(Problem(f"unknown code {wording.quoted(code)}", hint=hint))


def explanation(code: str) -> str:
    """The meaning of a code, why it matters and what to do, as Markdown."""
    kind = codes()[code]
    title = kind.title[:1].lower() + kind.title[1:]
    example = f"Example: {kind.example}" if kind.example else ""
    parts = (f"## {code}", f"{kind.level.capitalize()}: {title}.", kind.why, kind.fix, example)
    return "\n\n".join(filter(None, parts)) + "\n"


def explanations() -> str:
    """The explanations of all codes as Markdown: docs/findings.md."""
    kinds = sorted(codes().items())
    rows = "\n".join(f"| [`{code}`](#{code}) | {kind.level} | {kind.title} |" for code, kind in kinds)
    return "\n".join([f"{_PAGE_HEAD}{rows}", "", *(explanation(code) for code, _ in kinds)])


class Edit(msgspec.Struct, frozen=True, gc=False):
    """A replacement of text in a file: `old`, without quotes and surrounding blanks, becomes `new`."""

    place: Place
    old: str
    new: str


class Finding(msgspec.Struct, frozen=True, gc=False):
    """An error, a warning or a note about one place of an input.

    `code` is a key of codes.toml. `expected` and `hint` may be empty. `fix` holds edits where there is exactly one
    right correction.
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
        """The message with the expected value and the hint."""
        expected = f"; expected {self.expected}" if self.expected else ""
        return f"{self.message}{expected}{f' ({self.hint})' if self.hint else ''}"

    def __str__(self) -> str:
        return f"{self.place}: {self.code} {self.text}"


def finding(
    code: str, place: Place, message: str, expected: str = "", hint: str = "", fix: Iterable[Edit] = ()
) -> Finding:
    """A finding with the level of its code."""
    return Finding(code, codes()[code].level, place, message, expected, hint, tuple(fix))


class CheckedInput(NamedTuple):
    """An input of a run: its path, its format ("" if no reader accepts it), and its origin.

    `part` has the options of a part of a table of several domains; None for other inputs.
    """

    path: str
    format: str
    origin: str
    part: ReadOptions | None = None


class Report(msgspec.Struct, frozen=True, dict=True):
    """The findings of a run, ordered by file and place, and the inputs.

    `skipped` holds a problem for each file of a folder that is not a mapping set, `option_notices`
    one for each reading option without effect. `foreign`: an input is of no format of mapping sets.
    """

    findings: tuple[Finding, ...]
    inputs: tuple[CheckedInput, ...]
    skipped: tuple[Problem, ...] = ()
    option_notices: tuple[Problem, ...] = ()
    foreign: bool = False

    @property
    def errors(self) -> int:
        """Number of errors."""
        return self._number("error")

    @property
    def warnings(self) -> int:
        """Number of warnings."""
        return self._number("warning")

    def _number(self, level: Level) -> int:
        return sum(number for (_, other), number in self._kinds.items() if other == level)

    @cached_property
    def _kinds(self) -> Counter[tuple[str, Level]]:
        """(code, level) → number of findings."""
        return Counter((finding.code, finding.level) for finding in self.findings)

    @property
    def unreadable(self) -> bool:
        """Whether an input could not be opened or decoded, or is a file of another kind, such as an image."""
        return self.foreign or any(level == "error" and code in _UNREADABLE for code, level in self._kinds)

    @property
    def worst(self) -> str:
        """The code to explain first: of the most serious level, the most frequent one; "" without findings."""
        codes = self.by_code()
        return next((code for level in get_args(Level) for code in codes if (code, level) in self._kinds), "")

    def by_code(self) -> dict[str, int]:
        """Number of findings per code, most frequent first."""
        counts: Counter[str] = Counter()
        for (code, _), number in self._kinds.items():
            counts[code] += number
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    def failed(self, *, strict: bool = False) -> bool:
        """Whether there are errors or, with `strict`, warnings."""
        return self.errors > 0 or (strict and self.warnings > 0)
