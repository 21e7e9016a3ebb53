"""Words of messages: values, quoted and cut; lists and quantities in sentences."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SHOWN = 60
_SENTENCE = 200
_LISTED = 12
_DATE = r"(?<![\w./-])\d{1,4}([./-])\d{1,2}\1\d{1,4}(?![\w/-])"


def bare(text: str) -> str:
    """A value as messages show it without quotes: cut when long, with control characters escaped."""
    # A text may have megabytes, and many messages about it.
    start = text[:_SHOWN]
    visible = start if start.isprintable() else start.encode("unicode_escape").decode()
    return f"{visible[:_SHOWN]}…" if max(len(text), len(visible)) > _SHOWN else visible


def quoted(text: str) -> str:
    """A value as messages quote it: cut when long, with control characters escaped."""
    return f'"{bare(text)}"'


def excerpt(text: str) -> str:
    """A message of another library, which may quote the file: on one line, cut when long."""
    plain = text if text.isprintable() else text.encode("unicode_escape").decode()
    return f"{plain[:_SENTENCE]}…" if len(plain) > _SENTENCE else plain


def comma_list(names: Sequence[str]) -> str:
    """`a, b, c`, cut after the first few."""
    return ", ".join([*(bare(name) for name in names[:_LISTED]), *(["…"] if len(names) > _LISTED else [])])


def first_few(texts: Sequence[str], most: int | None, separator: str = ", ") -> str:
    """`a, b, +3 more`: at most `most` texts; None: all of them."""
    more = 0 if most is None else len(texts) - most
    return separator.join([*texts[:most], *([f"+{more} more"] if more > 0 else [])])


def and_list(names: Sequence[str]) -> str:
    """`a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def or_list(names: Iterable[str]) -> str:
    """`a, b or c`."""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last


def quantity(number: int, what: str, many: str = "") -> str:
    """A number with its noun: "1 technique", "1,024 techniques"."""
    return f"{number:,} {what if number == 1 else many or f'{what}s'}"


def with_article(name: str) -> str:
    """A name after its indefinite article: "a Sigma rule", "an Elastic rule"."""
    return f"{'an' if re.match('[AEIOaeio]|HTML|SVG|XML', name) else 'a'} {name}"


def of_matrix(number: int) -> str:
    """A number of entries of the matrix: "1 technique or sub-technique", "469 techniques and sub-techniques"."""
    return quantity(number, "technique or sub-technique", "techniques and sub-techniques")


def techniques_text(techniques: int, subtechniques: int, separator: str = " and ") -> str:
    """Numbers of techniques and sub-techniques; ATT&CK ICS has no sub-techniques: "72 techniques"."""
    parts = [(techniques, "technique"), (subtechniques, "sub-technique")]
    return separator.join(quantity(*part) for part in parts if part[0]) or "no technique"


def undated(name: str) -> str:
    """A name without the dates in it; the name itself if it is nothing else."""
    return re.sub(r"\s([:,;])", r"\1", " ".join(re.sub(_DATE, " ", name).split())).strip(" :,;") or name.strip()
