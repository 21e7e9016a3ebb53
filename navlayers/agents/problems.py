"""Problems as an agent gets them: with what it can do itself apart from what only its user can."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, UnsetType

from navlayers.agents.answers import DEFAULT_SIZE, SHRINKS, Data, clean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from navlayers.checks.finding import Finding
    from navlayers.errors import NavlayersError, Problem

_MOST_NOTICES = 3
_MOST_PROBLEMS = 5
_MOST_NAMES = 4
"""Names that a message lists in lines of their own on a terminal."""

FOR_THE_USER = "for the user: "
"""Before a hint that names a command, or an option that is no argument of a tool."""

_ARGUMENTS = {
    **{f"--{name}": f"`{name}`" for name in ("budget", "category", "have", "measure", "target", "threat")},
    "--have and --exclude": "`have` and `exclude`",
    "--set": "`sets`",
    "--time-limit": "`seconds`",
}
"""Options that are arguments of tools."""

_ARGUMENT = re.compile("|".join(rf"{option}(?![\w-])" for option in sorted(_ARGUMENTS, key=len, reverse=True)))
_OPTION = re.compile(r"(?<![\w-])--?[a-z]")
_COMMAND = re.compile(r"(?<![\w-])(?:navlayers [a-z]|pip install |git )")
_LISTS_SETS = re.compile(r"`navlayers sets` lists the \w+ sets")


def texts(problem: Problem | Finding) -> dict[str, str]:
    """What is wrong, what was expected and what to do, in words of the tools; empty ones are left out."""
    found = {
        "message": _named(_one_line(problem.message)),
        "expected": _named(problem.expected),
        "hint": "; ".join(map(_clause, problem.hint.split("; "))),
    }
    return {name: text for name, text in found.items() if text}


def _one_line(text: str) -> str:
    """The text with names in lines of their own as a list."""
    first, *lines = (line.strip() for line in text.splitlines() or [""])
    names = [line for line in lines if line]
    more = ["…"] if len(names) > _MOST_NAMES else []
    return f"{first} {', '.join([*names[:_MOST_NAMES], *more])}".rstrip()


def _named(text: str) -> str:
    return _ARGUMENT.sub(lambda match: _ARGUMENTS[match[0]], text)


def _clause(hint: str) -> str:
    text = _LISTS_SETS.sub("the tool sets lists the sets", hint)
    # A command that the user can paste keeps its options.
    text = text if _COMMAND.search(text) else _named(text)
    return f"{FOR_THE_USER}{text}" if _OPTION.search(text) or _COMMAND.search(text) else text


def remarks(problems: Iterable[Problem], summary: str = "") -> Data | UnsetType:
    """A result in a sentence and the first of its notices, each once: both may quote files."""
    every = list(dict.fromkeys(str(msgspec.structs.replace(each, **texts(each))) for each in problems))
    more = len(every) - _MOST_NOTICES
    notices = [*every[:_MOST_NOTICES], *([f"and {more} more"] if more > 0 else [])]
    data = {"summary": summary, "notices": notices}
    return {name: value for name, value in data.items() if value} or UNSET


def refusal(error: NavlayersError) -> dict[str, Any]:
    """The problems of an error with places and hints, the first few."""
    problems = [
        {**({"place": str(each.place)} if each.place else {}), **texts(each)}
        for each in error.problems[:_MOST_PROBLEMS]
    ]
    more = sum(each.count for each in error.problems[_MOST_PROBLEMS:])
    count = {"more": more} if more else {}
    for shrink in SHRINKS:
        answer = {"problems": clean(problems, shrink), **count}
        if len(msgspec.json.encode(answer)) <= DEFAULT_SIZE:
            return answer
    return {"problems": [], **count}
