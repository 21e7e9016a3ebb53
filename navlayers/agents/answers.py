"""Answers of tools: their types, their pages, and the one place where their text is cleaned.

Text that files contain stands in members named `set_data` alone, so that an agent can tell it from what navlayers
says.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from navlayers._text.lines import single_line
from navlayers.errors import Problem, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from navlayers.agents.arguments import Paged
    from navlayers.errors import NavlayersError

EVERYTHING = "everything"
"""The scope of an answer without one."""

SMALL = 2_048
"""Bytes of an answer without a limit."""

LARGE = 32_000
"""Bytes of any answer."""

LONGEST = 160
"""Characters of a text of a file."""

LONGER = 400
"""Characters of a sentence, which may quote files."""

ROWS = "rows"
SET_DATA = "set_data"
"""The member that has what files say."""

_SHRINKS = (1, 4, 16)
_SENTENCES = frozenset({"summary", "notices", "method", "message", "expected", "hint", "comment"})
_MOST_LISTED = 25
_MOST_OF_SET = 8

MOST_NOTICES = 3
MOST_PROBLEMS = 5
_DIGITS = 8
_CURSOR = 40
"""Bytes of a cursor with its name."""

Unset = msgspec.UnsetType
UNSET = msgspec.UNSET
Data = dict[str, Any]


class SetFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """A set behind an answer: the release it was made for, and what of it is not in the numbers.

    `not_rated`: techniques that are mapped without a rating. `replaced`: revoked ids that were followed.
    `left_out`: mapped ids that the release of the answer does not have.
    """

    set: str
    attack_version: str
    set_data: Data
    not_rated: int = 0
    replaced: int = 0
    left_out: int = 0


class Provenance(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where the numbers come from: release, rule, scope, sets."""

    attack: str
    rule: str
    scope: str
    sets: tuple[SetFacts, ...] = ()
    more_sets: int = 0


class Answer(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What every answer has: `set_data` quotes files, and `empty` says why there are no rows."""

    provenance: Provenance | Unset = UNSET
    set_data: Data | Unset = UNSET
    empty: str | Unset = UNSET
    total_rows: int = 0
    next_cursor: str | Unset = UNSET


def page(answer: Any, arguments: Paged) -> dict[str, Any]:
    """The members of an answer with the rows that were asked for and fit, its text cleaned.

    Raises:
        UsageError: the cursor is not one of this answer.
    """
    made = msgspec.to_builtins(answer, enc_hook=float)
    digest = hashlib.sha256(msgspec.json.encode(made.get(ROWS))).hexdigest()[:_DIGITS]
    total = len(made.get(ROWS, ()))
    start = _offset(arguments.cursor, digest, total)
    most, room = (total, SMALL) if arguments.limit is None else (arguments.limit, LARGE)
    for shrink in _SHRINKS:
        whole: dict[str, Any] = cleaned({name: each for name, each in made.items() if name != ROWS}, shrink)
        kept: list[Any] = []
        whole |= {"total_rows": total, ROWS: kept}
        size = len(msgspec.json.encode(whole))
        for row in made.get(ROWS, ())[start : start + most]:
            found = cleaned(row, shrink)
            size += len(msgspec.json.encode(found)) + 1
            last = start + len(kept) + 1 == total
            if kept and size + (0 if last else _CURSOR) > room:
                break
            kept.append(found)
        # Only odd files have texts of which not even one row fits.
        if len(kept) > 1 or size + _CURSOR <= room:
            break
    if start + len(kept) < total:
        whole["next_cursor"] = f"{start + len(kept)}-{digest}"
    return whole


def _offset(cursor: str, digest: str, total: int) -> int:
    number, _, of = cursor.partition("-")
    if not cursor:
        return 0
    if number.isascii() and number.isdecimal() and of and of != digest:
        hint = "ask again without a cursor"
        raise UsageError(Problem("the cursor is of another answer: arguments or sets changed", hint=hint))
    if not (number.isascii() and number.isdecimal() and int(number[:9]) < total):
        raise UsageError(Problem(f"unknown cursor {cursor!r}", expected="the next_cursor of the answer before"))
    return int(number[:9])


def cleaned(value: Any, shrink: int = 1, *, of_set: bool = False, long: bool = False) -> Any:
    """An answer with its text on one line each, without control characters and marks of direction.

    Text and lists are cut where they are long, those of files first; with `shrink`, to a fraction of that.
    """
    if isinstance(value, str):
        plain = single_line(value, 10 * LONGER)
        longest = (LONGEST if of_set and not long else LONGER) // shrink
        return f"{plain[:longest]}…" if len(plain) > longest else plain
    if isinstance(value, dict):
        return {
            cleaned(name, of_set=of_set): cleaned(
                each, shrink, of_set=of_set or name == SET_DATA, long=name in _SENTENCES
            )
            for name, each in value.items()
        }
    if isinstance(value, list | tuple):
        most = max((_MOST_OF_SET if of_set else _MOST_LISTED) // shrink, 1)
        more = [f"and {len(value) - most} more"] if len(value) > most and isinstance(value[0], str) else []
        return [*(cleaned(each, shrink, of_set=of_set, long=long) for each in value[:most]), *more]
    return value


def told(problems: Iterable[Problem], summary: str = "") -> Data | Unset:
    """A result in a sentence and the first of its notices, each once: both may quote files."""
    texts = list(dict.fromkeys(map(str, problems)))
    more = len(texts) - MOST_NOTICES
    shown = [*texts[:MOST_NOTICES], *([f"and {more} more"] if more > 0 else [])]
    return {**({"summary": summary} if summary else {}), **({"notices": shown} if shown else {})} or UNSET


def refusal(error: NavlayersError) -> dict[str, Any]:
    """The problems of an error with places and hints, the first few."""
    problems: Sequence[Problem] = error.problems[:MOST_PROBLEMS]
    found = [
        {
            name: text
            for name, text in (
                ("place", str(each.place) if each.place else ""),
                ("message", each.message),
                ("expected", each.expected),
                ("hint", each.hint),
            )
            if text
        }
        for each in problems
    ]
    more = sum(each.count for each in error.problems[MOST_PROBLEMS:])
    count = {"more": more} if more else {}
    answers = ({"problems": cleaned(found, shrink), **count} for shrink in _SHRINKS)
    return next((each for each in answers if len(msgspec.json.encode(each)) <= SMALL), {"problems": [], **count})
