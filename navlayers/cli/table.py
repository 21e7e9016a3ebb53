"""Plain aligned tables for the terminal, 80 columns wide where they can be."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

SHORTEST = 12


def render(
    headers: Sequence[str], rows: Sequence[Sequence[object]], right: Collection[int] = (), width: int | None = None
) -> str:
    """A table with two blanks between columns; `right` holds the columns of figures.

    A header may have several lines, which stand at the bottom of the heading. Where the table would be wider than
    `width`, the widest column of text is cut with an ellipsis: names give way before figures.
    """
    depth = max(header.count("\n") for header in headers)
    heading = [[""] * (depth - header.count("\n")) + header.split("\n") for header in headers]
    cells = [*map(list, zip(*heading, strict=True)), *([_plain(str(cell)) for cell in row] for row in rows)]
    widths = [max(_cells(row[i]) for row in cells) for i in range(len(headers))]
    text = [i for i in range(len(headers)) if i not in right]
    while width and text and sum(widths) + 2 * (len(widths) - 1) > width:
        widest = max(text, key=lambda i: widths[i])
        if widths[widest] <= SHORTEST:
            break
        widths[widest] -= 1
    lines = ("  ".join(_fit(cell, widths[i], i in right) for i, cell in enumerate(row)) for row in cells)
    return "\n".join(line.rstrip() for line in lines)


def _plain(text: str) -> str:
    """Control characters would move the cursor: they are shown as blanks."""
    return "".join(" " if unicodedata.category(char).startswith("C") else char for char in text)


def _cells(text: str) -> int:
    """How many columns a terminal needs for the text."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) > 0 for char in text)


def _fit(text: str, width: int, right: bool) -> str:
    if _cells(text) > width:
        while _cells(text) > width - 1:
            text = text[:-1]
        text += "…"
    padding = " " * (width - _cells(text))
    return padding + text if right else text + padding
