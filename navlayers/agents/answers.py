"""Answers of tools: their types, their pages, and the one place where their text is cleaned.

Text that files contain stands in members named `set_data` alone, so that an agent can tell it from what navlayers
says.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, UnsetType

from navlayers._text.lines import single_line
from navlayers._text.numbers import rounded
from navlayers.errors import Problem, UsageError

if TYPE_CHECKING:
    from navlayers.agents.arguments import Paged

EVERYTHING = "everything"
"""The scope of an answer without one."""

DEFAULT_SIZE = 2_048
"""Bytes of an answer without a limit."""

MAX_SIZE = 32_000
"""Bytes of any answer."""

TEXT_LENGTH = 160
"""Characters of a text of a file."""

SENTENCE_LENGTH = 400
"""Characters of a sentence, which may quote files."""

ROWS = "rows"
SET_DATA = "set_data"
"""The member that has what files say."""

SHRINKS = (1, 4, 16)
"""Divisors of the lengths of texts and lists, tried until an answer fits."""

_SENTENCES = frozenset({"summary", "notices", "method", "message", "expected", "hint", "comment"})
_MOST_LISTED = 25
_MOST_OF_SET = 8
"""Items of a list, and of one that a file gives."""

_DIGITS = 8
_CURSOR = 40
"""Bytes of a cursor with its name."""

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

    provenance: Provenance | UnsetType = UNSET
    set_data: Data | UnsetType = UNSET
    empty: str | UnsetType = UNSET
    total_rows: int = 0
    next_cursor: str | UnsetType = UNSET


def page(answer: Any, arguments: Paged) -> dict[str, Any]:
    """The members of an answer with the rows that were asked for and fit, its text cleaned.

    Raises:
        UsageError: the cursor is not one of this answer.
    """
    content = msgspec.to_builtins(answer, enc_hook=float)
    digest = hashlib.sha256(msgspec.json.encode(content.get(ROWS))).hexdigest()[:_DIGITS]
    total = len(content.get(ROWS, ()))
    start = _offset(arguments.cursor, digest, total)
    most, room = (total, DEFAULT_SIZE) if arguments.limit is None else (arguments.limit, MAX_SIZE)
    for shrink in SHRINKS:
        whole: dict[str, Any] = clean({name: each for name, each in content.items() if name != ROWS}, shrink)
        page_rows: list[Any] = []
        whole |= {"total_rows": total, ROWS: page_rows}
        size = len(msgspec.json.encode(whole))
        for row in content.get(ROWS, ())[start : start + most]:
            entry = clean(row, shrink)
            size += len(msgspec.json.encode(entry)) + 1
            last = start + len(page_rows) + 1 == total
            if page_rows and size + (0 if last else _CURSOR) > room:
                break
            page_rows.append(entry)
        # Only odd files have texts of which not even one row fits.
        if len(page_rows) > 1 or size + _CURSOR <= room:
            break
    if start + len(page_rows) < total:
        whole["next_cursor"] = f"{start + len(page_rows)}-{digest}"
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


def clean(value: Any, shrink: int = 1, *, of_set: bool = False, long: bool = False) -> Any:
    """An answer with its text on one line each, without control characters and marks of direction.

    Numbers have two decimals, as on the command line.
    Text and lists are cut where they are long, those of files first; with `shrink`, to a fraction of that.
    """
    if isinstance(value, str):
        plain = single_line(value, 10 * SENTENCE_LENGTH)
        longest = (TEXT_LENGTH if of_set and not long else SENTENCE_LENGTH) // shrink
        return f"{plain[:longest]}…" if len(plain) > longest else plain
    if isinstance(value, float):
        return rounded(value)
    if isinstance(value, dict):
        return {
            clean(name, of_set=of_set): clean(
                each, shrink, of_set=of_set or name == SET_DATA, long=name in _SENTENCES
            )
            for name, each in value.items()
        }
    if isinstance(value, list | tuple):
        most = max((_MOST_OF_SET if of_set else _MOST_LISTED) // shrink, 1)
        more = [f"and {len(value) - most} more"] if len(value) > most and isinstance(value[0], str) else []
        return [*(clean(each, shrink, of_set=of_set, long=long) for each in value[:most]), *more]
    return value
