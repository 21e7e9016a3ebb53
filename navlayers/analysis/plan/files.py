"""Files beside the sets: tables of costs, lists of capabilities."""

from __future__ import annotations

import msgspec

from navlayers.errors import InputError, Problem, UsageError
from navlayers.mapping.find import STDIN
from navlayers.mapping.formats.source import MAX_BYTES, Source, load

_SETS = "mapping set"


def read_file(path: str, option: str, what: str) -> Source:
    """The bytes of a file that an option names; `what` it should hold.

    Raises:
        InputError: it cannot be read, or is empty.
        UsageError: it is standard input.
    """
    if path == STDIN:
        message = f"{option} does not read standard input"
        raise UsageError(Problem(message, expected=f"a file that holds {what}", hint="only sets and threats do"))
    try:
        return load(path, None, MAX_BYTES)
    except InputError as error:
        raise InputError(_about(problem, what) for problem in error.problems) from None


def _about(problem: Problem, what: str) -> Problem:
    """The problem in words of this file: what is said of sets does not help."""
    expected = f"a file that holds {what}" if _SETS in problem.expected else problem.expected
    near = problem.hint if problem.hint.startswith(("did you mean", "the folder", "check")) else ""
    return msgspec.structs.replace(problem, expected=expected, hint=near)
