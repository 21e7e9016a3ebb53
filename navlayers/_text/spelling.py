"""Spellings: forms of a text that are compared, and the name closest to a misspelled word."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from typing import TYPE_CHECKING

from navlayers._text.wording import bare

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST = 60
"""Letters of a misspelled word that are compared."""

_AROUND = 50
"""Names of about the same length that are compared, on each side."""

_WORD = r"[0-9]+|[^\W_0-9]+"
_NOT_LETTERS = re.compile(r"[\W_]+")


class Names:
    """A possibly large list of names, searched for the one closest to a misspelled word."""

    def __init__(self, names: Iterable[str]) -> None:
        self._lower = {name.lower(): name for name in names}
        self._by_length = sorted((len(name), name) for name in self._lower)

    def closest(self, text: str, cutoff: float = 0.6) -> str | None:
        """The name most similar to the text, among those of about its length; None if none is similar."""
        text = text.strip().lower()[:_LONGEST]
        if text in self._lower:
            return self._lower[text]
        import difflib  # noqa: PLC0415 - for misspelled words alone

        place = bisect_left(self._by_length, (len(text), text))
        matcher = difflib.SequenceMatcher(b=text)
        bounds = []
        for _, name in self._by_length[max(place - _AROUND, 0) : place + _AROUND]:
            matcher.set_seq1(name)
            bounds.append((matcher.quick_ratio(), name))
        best = (cutoff, "")
        # The slow ratio of few: `difflib.get_close_matches` works it out for all.
        for bound, name in sorted(bounds, reverse=True):
            if bound < best[0]:
                break
            matcher.set_seq1(name)
            best = max(best, (matcher.ratio(), name))
        return self._lower[best[1]] if best[1] else None

    def suggestion(self, text: str) -> str:
        """A question with the most similar name, or "" if none is similar."""
        close = self.closest(text)
        return f"did you mean {bare(close)}?" if close else ""


def suggestion(text: str, names: Iterable[str]) -> str:
    """A question with the most similar name, or "" if none is similar."""
    return Names(names).suggestion(text)


def folded(text: str) -> str:
    """The text for comparisons that ignore case and the number of blanks."""
    return " ".join(text.split()).casefold()


def letters(text: str) -> str:
    """The letters and numbers of a text: "ac 2" for both "AC-02" and "ac_2"."""
    return " ".join(word.lstrip("0") or "0" for word in re.findall(_WORD, text.casefold()))


def compact(text: str) -> str:
    """The letters and digits of a text in one case, without anything between: "sideloading" of "Side-Loading"."""
    return _NOT_LETTERS.sub("", unicodedata.normalize("NFKC", text)).casefold()
