"""Every error and notice that navlayers raises or returns: what is wrong, where, what was expected, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable


class Place(msgspec.Struct, frozen=True, order=True):
    """A spot in an input: the path as the user gave it, line and column counted from 1 (0: not known).

    Prints as `file:line:column`, the form that editors and terminals make clickable; control characters of the
    file's name, which terminals would obey, as escapes.
    """

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        path = self.path
        if not path.isprintable():
            path = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in path)
        if not self.line:
            return path
        return f"{path}:{self.line}:{self.column}" if self.column else f"{path}:{self.line}"


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong (or, as a notice, worth knowing).

    `message` says what is wrong, `expected` what should stand there, `hint` what to do about it; the last two
    may be empty. `place` is None where no input is to blame. `count` is how many problems this one stands for,
    where it is the line that says how many more there are. `code` is a key of check/codes.toml, the kind of
    problem, where it is about the content of an input.
    """

    message: str
    place: Place | None = None
    expected: str = ""
    hint: str = ""
    count: int = 1
    code: str = ""

    def __str__(self) -> str:
        text = f"{self.place}: {self.message}" if self.place else self.message
        if self.expected:
            text += f"; expected {self.expected}"
        return f"{text} ({self.hint})" if self.hint else text


class NavlayersError(Exception):
    """Base of all errors that navlayers raises on purpose; `problems` has at least one entry."""

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class InputError(NavlayersError):
    """An input cannot be used: not readable, not the format, or wrong in the places that the problems name."""


class OtherFileError(InputError):
    """The input is a readable file of another kind; in a folder it may be skipped."""


class UsageError(NavlayersError):
    """The options of a call do not make sense, alone or together with the input."""


class ReleaseError(NavlayersError):
    """An ATT&CK release is not at hand, or a bundle does not hold one."""


class OutputError(NavlayersError):
    """A result cannot be written where it was asked for; nothing was written."""
