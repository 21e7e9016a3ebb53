"""The biggest hole of a matrix: the tactics without coverage, or else the one with least of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from navlayers._text.numbers import percent_text
from navlayers._text.wording import and_list, first_few

if TYPE_CHECKING:
    from collections.abc import Iterable

    Share: TypeAlias = tuple[str, int, int]
    """A tactic: its name, how many of its techniques are covered, and how many it has."""

_NAMED = 2
"""Maximum number of tactics named."""

_FEWEST = 3
"""Of fewer techniques, a share says little: such a tactic is no hole while others are."""


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
    if bare := _bare(shares := _lacking(shares), word):
        return bare
    if not (lacking := [share for share in shares if share[2] >= _FEWEST] or shares):
        return NONE
    name, covered, total = min(lacking, key=lambda share: (share[1] / share[2], -share[2]))
    note = _open(covered, total, word)
    return Hole((name,), f"Weakest tactic: {name}, {covered} of {total}", "Weakest tactic", name, note)


def most_open(shares: Iterable[Share], word: str = "covered") -> Hole:
    """The tactics in which no technique of a threat is covered, or else the one with most that are not.

    Args:
        shares: of the tactics, in the order of the matrix.
        word: what covered techniques are.
    """
    if bare := _bare(lacking := _lacking(shares), word):
        return bare
    if not lacking:
        return NONE
    name, covered, total = max(lacking, key=lambda share: share[2] - share[1])
    note = _open(covered, total, word)
    return Hole((name,), f"Most gaps: {name}, {note}", "Most gaps", name, note)


def _bare(lacking: list[Share], word: str) -> Hole | None:
    """The tactics with enough techniques in which nothing is covered, those with most techniques first."""
    bare = sorted((share for share in lacking if not share[1] and share[2] >= _FEWEST), key=lambda share: -share[2])
    if not bare:
        return None
    names = tuple(name for name, _, _ in bare)
    sized = [f"{name} (0 of {total})" for name, _, total in bare]
    label = f"Nothing {word} in"
    if len(bare) == 1:
        return Hole(names, f"{label} {sized[0]}", label, names[0], f"0 of {bare[0][2]}")
    listed = and_list(sized) if len(bare) <= _NAMED else f"{len(bare)} tactics: {first_few(sized, _NAMED)}"
    return Hole(names, f"{label} {listed}", label, f"{len(bare)} tactics", and_list(list(names)))


def _open(covered: int, total: int, word: str) -> str:
    """How much of a tactic is not covered."""
    return f"{total - covered} of {total} not {word} ({percent_text(total - covered, total)})"


def _lacking(shares: Iterable[Share]) -> list[Share]:
    """The tactics that are not covered whole."""
    return [share for share in shares if share[1] < share[2]]
