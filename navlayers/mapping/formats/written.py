"""What a writer gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from navlayers.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable


class Written(msgspec.Struct, frozen=True):
    """The bytes of a set in a format, and notices of what the format cannot carry."""

    data: bytes
    notices: tuple[Problem, ...] = ()


def lost(what: str, why: str = "", *, hint: str = "") -> Problem:
    """The notice that something of the set is not in the output."""
    return Problem(f"{what} left out{f': {why}' if why else ''}", hint=hint, code="not-carried")


def joined(*notices: Problem | None, more: Iterable[Problem] = ()) -> tuple[Problem, ...]:
    """The notices that there are, each once."""
    return tuple(dict.fromkeys(notice for notice in (*notices, *more) if notice is not None))
