"""Cells that a spreadsheet might run as a formula, as text."""

from __future__ import annotations

import re

_RUNS = re.compile(r"""['" ]*[=+\-@\t\r\n＝＋－＠]""")
"""Start of a cell that a spreadsheet may run as a formula (OWASP's list; importers drop quotes and blanks)."""

MARK = "'"
"""The mark with which spreadsheets declare a cell to be text."""


def neutralize(text: str) -> str:
    """The text, with a mark before it if a spreadsheet might run it as a formula."""
    return MARK + text if _RUNS.match(text) else text


def restore(text: str) -> str:
    """The inverse of `neutralize`: `restore(neutralize(text)) == text`."""
    return text[1:] if text.startswith(MARK) and _RUNS.match(text, 1) else text
