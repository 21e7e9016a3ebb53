"""Texts that a spreadsheet would run as a formula: made harmless on the way out, as they were on the way in."""

from __future__ import annotations

import re

_RUNS = re.compile(r"""['" ]*[=+\-@\t\r\n＝＋－＠]""")
"""How a cell begins that a spreadsheet may run (OWASP's list, with quotes and blanks that importers drop)."""

MARK = "'"
"""What spreadsheets put before a cell that is text whatever it looks like."""


def neutralise(text: str) -> str:
    """The text with a mark before it where a spreadsheet would run it; any other text as it is."""
    return MARK + text if _RUNS.match(text) else text


def restore(text: str) -> str:
    """What `neutralise` was given: `restore(neutralise(text)) == text` for every text."""
    return text[1:] if text.startswith(MARK) and _RUNS.match(text, 1) else text
