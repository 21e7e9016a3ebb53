"""How messages quote what a user wrote, list names, and ask whether another one was meant."""

from __future__ import annotations

import difflib
import math
from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from fractions import Fraction

_SHOWN = 60
_SENTENCE = 200
_AROUND = 50
_LISTED = 12


def shown(text: str) -> str:
    """A value as messages quote it: cut when long, control characters made visible."""
    visible = text if text.isprintable() else text.encode("unicode_escape").decode()
    return f'"{visible[:_SHOWN]}…"' if len(visible) > _SHOWN else f'"{visible}"'


def visible(text: str) -> str:
    """What another library says, which may hold parts of the file: on one line, cut when long."""
    plain = text if text.isprintable() else text.encode("unicode_escape").decode()
    return f"{plain[:_SENTENCE]}…" if len(plain) > _SENTENCE else plain


class Names:
    """Names among which the one that is meant by a misspelt one is looked for; there may be very many."""

    def __init__(self, names: Iterable[str]) -> None:
        self._lower = {name.lower(): name for name in names}
        self._by_length = sorted((len(name), name) for name in self._lower)

    def closest(self, text: str, cutoff: float = 0.6) -> str | None:
        """The name closest to the text, of those about as long; None when none is close."""
        text = text.strip().lower()[:_SHOWN]
        if text in self._lower:
            return self._lower[text]
        at = bisect_left(self._by_length, (len(text), text))
        around = [name for _, name in self._by_length[max(at - _AROUND, 0) : at + _AROUND]]
        close = difflib.get_close_matches(text, around, 1, cutoff)
        return self._lower[close[0]] if close else None

    def question(self, text: str) -> str:
        """A question that names the closest of the names, or nothing when none is close."""
        close = self.closest(text)
        return f"did you mean {shown(close)[1:-1]}?" if close else ""


def nearest(text: str, names: Iterable[str]) -> str:
    """A question that names the closest of the names, or nothing when none is close."""
    return Names(names).question(text)


def listed(names: Sequence[str]) -> str:
    """`a, b, c`, the first few of many."""
    return ", ".join([*(shown(name)[1:-1] for name in names[:_LISTED]), *(["…"] if len(names) > _LISTED else [])])


def joined(names: Sequence[str]) -> str:
    """`a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def one_of(names: Iterable[str]) -> str:
    """`a, b or c`."""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last


def counted(number: int, what: str, many: str = "") -> str:
    """A number with its noun: "1 technique", "1,024 techniques"."""
    return f"{number:,} {what if number == 1 else many or f'{what}s'}"


def percent(share: Fraction, least: Fraction | None = None) -> float:
    """A share of 1 in per cent, rounded to the one decimal that is shown.

    What is not all is not shown as 100, and what is below `least` not as that: such a share is cut, to 99.9.
    """
    rounded = round(float(100 * share), 1)
    missed = (goal for goal in (least, 1) if goal is not None and share < goal)
    return math.floor(1000 * share) / 10 if any(rounded >= 100 * goal for goal in missed) else rounded
