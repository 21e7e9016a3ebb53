"""Dates as people write them, in ISO 8601."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

_DAY = r"(?s)(?P<y>[0-9]{4})([-/])(?P<m>[0-9]{1,2})\2(?P<d>[0-9]{1,2})(?:[Tt ].*)?"
_AMERICAN_DAY = r"(?P<m>[0-9]{1,2})/(?P<d>[0-9]{1,2})/(?P<y>[0-9]{4})"


@lru_cache(maxsize=4096)
def day(text: str) -> str | None:
    """The day of a date as 2025-01-31; None if the text is not a date.

    The text is 2025-01-31 or 2025/1/31, with or without a time, or 1/31/2025, as MITRE writes dates.
    """
    match = re.fullmatch(_DAY, text.strip()) or re.fullmatch(_AMERICAN_DAY, text.strip())
    try:
        return str(date(int(match["y"]), int(match["m"]), int(match["d"]))) if match else None
    except ValueError:
        return None


def iso_day(text: str) -> str | None:
    """The day of a date that has its year first, as 2025-01-31; None if the text is none, or may be of two days."""
    return day(text) if re.match(r"[0-9]{4}[-/]", text.strip()) else None


def wrong_day(text: str) -> str:
    """What is wrong with a text that `iso_day` refuses."""
    match = re.match(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2[0-9]{4}(?![0-9])", text.strip())
    return "is ambiguous" if match and max(int(match[1]), int(match[3])) <= 12 else "is not a date"


def iso_date(text: str) -> str:
    """A date as Mappings Explorer writes versions, month first, as "2025-03-06"; any other text as it is."""
    return (day(text) if re.fullmatch(_AMERICAN_DAY, text) else None) or text
