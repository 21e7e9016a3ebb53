"""Errors and notices: what is wrong, where, what was expected, and what to do."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import PurePath
from typing import TYPE_CHECKING, TypeVar

import msgspec

from navlayers._text.spelling import suggestion
from navlayers._text.wording import quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

_Format = TypeVar("_Format")


class Place(msgspec.Struct, frozen=True, order=True, gc=False):
    """A place in an input: the path as the user gave it, line and column counted from 1 (0: unknown).

    Prints as `file:line:column`, which editors and terminals make clickable, with control characters of the path
    escaped.
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

    @property
    def position(self) -> str:
        """Line and column in a sentence: "line 3, column 7"."""
        return f"line {self.line}, column {self.column}"


class Problem(msgspec.Struct, frozen=True):
    """A problem, or as a notice, a fact that the user should know.

    Attributes:
        message: what is wrong.
        place: where; None if the problem is not in an input.
        expected: what is valid instead; may be empty.
        hint: what the user can do; may be empty.
        count: number of problems that this one sums up; 0 for a remark on the others.
        code: key of checks/codes.toml if the problem is in the content of an input; else "".
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

    def at(self, place: Place) -> Problem:
        """The problem with this place, unless it has one."""
        return msgspec.structs.replace(self, place=self.place or place)


MOST_PROBLEMS = 1_000
"""Problems after which further words of a list or option are not looked up, each of which takes time."""

FURTHER_WORDS = "further words were not looked up"
"""The message that ends such problems; it counts for none."""


class NavlayersWarning(UserWarning):
    """A notice of a function of the library whose result has no `notices`: what it assumed, skipped or left out."""


class NavlayersError(Exception):
    """Base of all errors that navlayers raises on purpose; `problems` has at least one entry."""

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class InputError(NavlayersError):
    """An input cannot be read, has another format, or is wrong at the places of the problems."""


class OtherFileError(InputError):
    """The input is a readable file of another kind; in a folder it may be skipped."""


class UsageError(NavlayersError):
    """An option is invalid, by itself or for the input."""


class ScopeError(UsageError):
    """A release lacks what a scope names, or nothing is in scope."""


class ReleaseError(NavlayersError):
    """An ATT&CK release is not installed, or a bundle contains none."""


class OutputError(NavlayersError):
    """A result cannot be written; nothing was written."""


class MissingExtraError(NavlayersError):
    """A package is not installed that comes with an extra of navlayers, such as `navlayers[pictures]`."""


_DISTRIBUTIONS = {
    "docx": "python-docx",
    "ibis": "ibis-framework",
    "loguru": "mitreattack-python",
    "mitreattack": "mitreattack-python",
    "pptx": "python-pptx",
}
"""Import name → package, where they differ; mitreattack-python brings loguru."""


_APART = frozenset({"fleet", "mcp"})
"""Extras that `navlayers[all]` does not have."""


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Import packages of an extra.

    Args:
        name: the extra in pyproject.toml.

    Raises:
        MissingExtraError: one of them is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("", "navlayers"):
            raise
        message = f"this needs the package {_DISTRIBUTIONS.get(package, package)}, which is not installed"
        every = "" if name in _APART else ", or 'navlayers[all]' for every command"
        hint = f"pip install 'navlayers[{name}]'{every}"
        raise MissingExtraError(Problem(message, hint=hint)) from error


def unknown(what: str, words: Iterable[str], known: Collection[str]) -> list[Problem]:
    """A problem for each unknown word, with the most similar known one as the hint.

    Args:
        what: the kind of word, such as "section".
        words: the words of the user.
        known: the valid words, in the order of the message.
    """
    return [
        Problem(f"unknown {what} {quoted(word)}", expected=", ".join(known), hint=suggestion(word, known))
        for word in words
        if word not in known
    ]


def by_ending(path: str, formats: Mapping[str, _Format], hint: str = "") -> _Format:
    """The output format for a file name extension, regardless of case.

    Args:
        path: the name of the file.
        formats: ending → format: ".md" → "md"; "" is a name without an ending.
        hint: another way to name the format, for the message.

    Raises:
        UsageError: the ending is unknown.
    """
    ending = PurePath(path).suffix.lower()
    if ending not in formats:
        message = f"the ending of {quoted(path)} does not name a format"
        raise UsageError(Problem(message, expected=", ".join(filter(None, formats)), hint=hint))
    return formats[ending]
