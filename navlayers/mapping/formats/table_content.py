"""The meaning of columns by what their cells hold: technique ids, ratings of tools, counts."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache, lru_cache
from itertools import islice, zip_longest
from typing import TYPE_CHECKING, Literal, NamedTuple

from navlayers import attack
from navlayers.attack.domains import DOMAINS, Domain
from navlayers.attack.ids import TECHNIQUE, likely_id
from navlayers.mapping.formats.table_values import NOT_A_NUMBER, REMEMBERED, amount, score, techniques

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from fractions import Fraction

Rating = Literal["number", "word", "dots", "mark"]

NO_VALUE = frozenset({"", "-", "–", "—", "n/a", "na", "none"})
"""Texts of a cell that does not apply."""

NOT_RATED = NO_VALUE - {"", "none"}
"""Texts of a cell of scores that is not rated; "none" may be a score."""

_FORMULA_ERROR = re.compile("#(?:N/A|GETTING_DATA|[A-Z][A-Z0-9/_]*[!?])|Err:[0-9]{3}")
"""What a cell shows if its formula fails, in Excel, Google Sheets and LibreOffice."""

TOTALS = frozenset({"total", "totals", "grand total", "subtotal", "sum", "average", "mean"})
"""Texts in place of a technique in rows that sum up others."""

_FILLED, _EMPTY = "●⬤⚫★■◆▮✪", "○◯⚪☆□◇▯✩"
_DOTS = re.compile(f"[{_FILLED}{_EMPTY}](?: ?[{_FILLED}{_EMPTY}])*")
_MARKS = frozenset({"x", "✓", "✔", "✗", "✘", "☑", "☒", "✅", "❌", "yes", "no", "y", "n", "true", "false"})
_NO = frozenset({"✗", "✘", "❌", "no", "n", "false"})
_RATINGS = {
    *(
        "minimal",
        "partial",
        "significant",
        "none",
        "low",
        "medium",
        "moderate",
        "high",
        "critical",
        "weak",
        "strong",
    ),
    *(
        "full",
        "fully",
        "partially",
        "poor",
        "fair",
        "good",
        "excellent",
        "limited",
        "complete",
        "basic",
        "advanced",
    ),
}
_COUNTS = {
    *("total", "totals", "count", "counts", "sum", "tests", "hits", "occurrences", "frequency", "number"),
    *("detections", "rules", "analytics"),
}
_ABOUT = {
    *("year", "version", "priority", "rank", "page", "id", "no", "weight", "level", "severity", "risk", "impact"),
    *("criticality", "likelihood", "tactic", "tactics", "platform", "status", "date", "confidence", "difficulty"),
    "complexity",
}
"""Words of headers of columns that say something about a technique, not how well a tool covers it."""

_SCORES = 100
_BATCH = 1024


class Wide(NamedTuple):
    """The columns of a table that has the ratings of a technique by several tools in a row, or counts.

    Attributes:
        tools: column → kind of its ratings.
        dots: the largest number of dots in a cell.
        counts: the columns whose numbers are counts.
        highest: the largest number of a column of totals.
    """

    tools: dict[int, Rating]
    dots: int = 0
    counts: frozenset[int] = frozenset()
    highest: float = 0

    def value(self, column: int, text: str) -> tuple[bool, str | None]:
        """Whether a cell relates its tool to the technique, and the score value that it gives, if any."""
        clean = text.strip()
        kind = self.tools[column]
        if clean.lower() in NO_VALUE:
            return False, None
        if column in self.counts:
            return bool(amount(clean)), None
        if kind == "dots":
            filled = sum(char in _FILLED for char in clean)
            return True, f"{_SCORES * filled / self.dots:.10g}"
        if kind == "mark":
            return clean.lower() not in _NO, None
        return True, score(clean)


def failed(cell: str) -> bool:
    """Whether a cell shows that its formula failed, as `#REF!`."""
    first = cell[:1]
    return (first in {"#", "E"} or first.isspace()) and _FORMULA_ERROR.fullmatch(cell.strip()) is not None


MOST_MARKS = len(_MARKS | NO_VALUE)
"""The number of texts that a column of yes and no may have."""


def denies(texts: Collection[str]) -> bool:
    """Whether the texts of a column, in lower case, say yes or no, and one says no."""
    words = {*texts} - NO_VALUE
    return words <= _MARKS and not words.isdisjoint(_NO)


def holds_ids(cell: str) -> bool:
    """Whether a cell holds ids of techniques and nothing else, in any spelling."""
    parts = techniques(cell.strip())
    return bool(parts) and all(TECHNIQUE.fullmatch(part.id) or likely_id(part.id) for part in parts)


def known_names(domains: Sequence[Domain] = DOMAINS) -> Callable[[str], bool]:
    """A test whether a text is the name of a technique of one of the domains; it finds their releases once."""
    newest = cache(attack.newest)
    return lru_cache(REMEMBERED)(lambda text: any(r.named(text) for domain in domains for r in newest(domain)))


def technique_columns(rows: Iterable[Sequence[str]]) -> list[int]:
    """The columns in which at least half of the cells with a text hold ids of techniques."""
    filled: dict[int, int] = {}
    ids: dict[int, int] = {}
    holds = lru_cache(REMEMBERED)(holds_ids)
    rows = iter(rows)
    while batch := [*islice(rows, _BATCH)]:
        for column, cells in enumerate(zip_longest(*batch, fillvalue="")):
            for cell, count in Counter(cells).items():  # most cells repeat
                if cell.strip().lower() not in NO_VALUE:
                    filled[column] = filled.get(column, 0) + count
                    ids[column] = ids.get(column, 0) + count * holds(cell)
    return [column for column, count in sorted(ids.items()) if count and 2 * count >= filled[column]]


def likely_fields(rows: Sequence[Sequence[str]], technique: int, others: Collection[int]) -> dict[str, int]:
    """The fields of a table without a header, given its technique column: capability, its name, and score."""
    fields = {"attack_object_id": technique}
    for column in others:
        cells = [row[column].strip() for row in rows if column < len(row) and row[column].strip()]
        numbers = [_number(cell) for cell in cells]
        if column > technique and NOT_A_NUMBER not in numbers:
            if all(isinstance(number, str) or number <= _SCORES for number in numbers):
                fields.setdefault("score_value", column)
        elif "capability_id" not in fields:
            fields["capability_id"] = column
        else:
            fields.setdefault("capability_description", column)
    return fields


def find_wide(rows: Iterable[Sequence[str]], headers: Mapping[int, str], scale: Iterable[str] = ()) -> Wide:
    """The tools and counts among columns without a meaning.

    A column of numbers named like a total has counts, and other columns of numbers are then its parts. A single
    column of numbers is not a tool. Numbers beyond 100 are counts.

    Args:
        rows: the rows below the header.
        headers: column → header.
        scale: words for which the user gives scores.
    """
    scored = {word.lower() for word in scale}

    @lru_cache(REMEMBERED)  # most cells repeat
    def meaning(cell: str) -> tuple[Rating | None, str, Fraction | None, int] | None:
        """The kind of a cell, its word, number and dots; None without a value."""
        text = cell.strip()
        word = text.lower()
        if word in NO_VALUE or failed(text):
            return None
        number = _number(text)
        return (
            "word" if word in scored else _kind(text),
            word,
            None if isinstance(number, str) else number,
            sum(char in _FILLED + _EMPTY for char in text),
        )

    kinds: dict[int, Rating | None] = {}
    most: dict[int, Fraction] = {}
    dots = 0
    for row in rows:
        for column in headers:
            known = meaning(row[column]) if column < len(row) else None
            if known is None:
                continue
            kind, word, number, size = known
            before = kinds.setdefault(column, kind)
            if before != kind:
                kinds[column] = "word" if {before, kind} == {"word", "mark"} and word in _RATINGS else None
            if kind == "dots":
                dots = max(dots, size)
            if number is not None:
                most[column] = max(most.get(column, number), number)
    words = {column: {*re.findall(r"[a-z]+|#", header.lower())} for column, header in headers.items()}
    rated = {column: kind for column, kind in kinds.items() if kind is not None and not words[column] & _ABOUT}
    numbers = [column for column, kind in rated.items() if kind == "number"]
    totals = [column for column in numbers if words[column] & _COUNTS]
    if totals:
        total = totals[-1]
        return Wide({total: "number"}, 0, frozenset({total}), float(most.get(total, 0)))
    if len(rated) == len(numbers) == 1:
        return Wide({})
    large = any(most.get(column, 0) > _SCORES for column in numbers)
    return Wide(dict(sorted(rated.items())), dots, frozenset(numbers if large else ()))


def _kind(text: str) -> Rating | None:
    if _DOTS.fullmatch(text):
        return "dots"
    if text.lower() in _MARKS:
        return "mark"
    if text.lower() in _RATINGS:
        return "word"
    return "number" if _number(text) != NOT_A_NUMBER else None


def _number(text: str) -> Fraction | str:
    return amount(text.removesuffix("%").rstrip())
