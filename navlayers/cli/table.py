"""Plain aligned tables for the terminal, 80 columns wide where they can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text import columns, plain

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
    cells = [*map(list, zip(*heading, strict=True)), *([plain(str(cell)) for cell in row] for row in rows)]
    widths = [max(columns(row[i]) for row in cells) for i in range(len(headers))]
    text = [i for i in range(len(headers)) if i not in right]
    while width and text and sum(widths) + 2 * (len(widths) - 1) > width:
        widest = max(text, key=lambda i: widths[i])
        if widths[widest] <= SHORTEST:
            break
        widths[widest] -= 1
    lines = ("  ".join(_fit(cell, widths[i], i in right) for i, cell in enumerate(row)) for row in cells)
    return "\n".join(line.rstrip() for line in lines)


def _fit(text: str, width: int, right: bool) -> str:
    if columns(text) > width:
        while columns(text) > width - 1:
            text = text[:-1]
        text += "…"
    padding = " " * (width - columns(text))
    return padding + text if right else text + padding
