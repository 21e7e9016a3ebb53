"""Figures in words, as several sections write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text import counted
from navlayers.output.tables import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.pages.report.subject import Subject
    from navlayers.scoring.coverage import Coverage

__all__ = ["categories", "counted", "names_of", "percent"]


def percent(part: float, whole: float) -> str:
    """A share as people read it, with one decimal."""
    return shown(100 * part / whole if whole else 0, "percent")


def categories(subject: Subject, one: Coverage) -> tuple[str, ...]:
    """The categories to tell of: those of the input, or the one that the report is about."""
    asked = subject.comparison.category
    return one.categories if asked is None else tuple(c for c in one.categories if c == asked)


def names_of(found: Sequence[str], most: int) -> str:
    """Some ids, and how many more there are."""
    more = len(found) - most
    return ", ".join(found[:most]) + (f", +{more} more" if more > 0 else "")
