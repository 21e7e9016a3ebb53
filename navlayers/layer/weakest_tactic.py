"""The biggest hole of a matrix: the tactic with the smallest share, or with most open techniques of a threat."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from navlayers._text.numbers import percent_text
from navlayers._text.wording import and_list, first_few

if TYPE_CHECKING:
    from collections.abc import Iterable

    Share: TypeAlias = tuple[str, int, int]
    """A tactic: its name, how many of its techniques are covered, and how many it has."""

_NAMED = 3
"""Maximum number of tactics named."""


class Hole(NamedTuple):
    """The biggest hole of a matrix.

    Attributes:
        tactics: the names of its tactics; () for none.
        text: a sentence without its full stop; "" for none.
        label, name, note: the same in three parts: what it is, where, how much is open.
    """

    tactics: tuple[str, ...]
    text: str
    label: str = ""
    name: str = ""
    note: str = ""


NONE = Hole((), "")
"""No hole."""


def weakest(shares: Iterable[Share], word: str = "covered") -> Hole:
    """The tactics in which nothing is covered, or else the one with the smallest share.

    Args:
        shares: of the tactics, in the order of the matrix.
        word: what covered techniques are.
    """
    if not (lacking := _lacking(shares)):
        return NONE
    bare = tuple(name for name, covered, _ in lacking if not covered)
    if len(bare) > 1:
        listed = and_list(list(bare)) if len(bare) <= _NAMED else f"{len(bare)} tactics: {first_few(bare, _NAMED)}"
        return Hole(
            bare, f"Nothing {word} in {listed}", f"Nothing {word} in", f"{len(bare)} tactics", and_list(list(bare))
        )
    name, covered, total = min(lacking, key=lambda share: (share[1] / share[2], -share[2]))
    note = _open(covered, total, word)
    return Hole((name,), f"Weakest tactic: {name}, {covered} of {total}", "Weakest tactic", name, note)


def most_open(shares: Iterable[Share], word: str = "covered") -> Hole:
    """The tactic with most techniques of a threat that are not covered: of few techniques, a share says little.

    Args:
        shares: of the tactics, in the order of the matrix.
        word: what covered techniques are.
    """
    if not (lacking := _lacking(shares)):
        return NONE
    name, covered, total = max(lacking, key=lambda share: share[2] - share[1])
    note = _open(covered, total, word)
    return Hole((name,), f"Most gaps: {name}, {note}", "Most gaps", name, note)


def _open(covered: int, total: int, word: str) -> str:
    """How much of a tactic is not covered."""
    return f"{total - covered} of {total} not {word} ({percent_text(total - covered, total)})"


def _lacking(shares: Iterable[Share]) -> list[Share]:
    """The tactics that are not covered whole."""
    return [share for share in shares if share[1] < share[2]]
