"""A page as GitHub-flavoured Markdown; nothing in the data is taken for markup."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from navlayers._text import plain
from navlayers.pages.show.blocks import Facts, Heading, Paragraph, Table
from navlayers.pages.show.layout import blocks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.pages.show.blocks import Block, Cell
    from navlayers.pages.show.results import Page

_SIGNS = re.compile(r"[\\`*{}\[\]|~$]|(?<![^\W_])_|_(?![^\W_])")
_START = re.compile(r"^(?:([-+#=:])|([0-9]+)([.)]))")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_SAFE = ":/?#@!$&'+,;=%-._~"


def render(page: Page) -> str:
    """The page as Markdown."""
    return "\n\n".join("\n".join(_block(block)) for block in blocks(page)) + "\n"


def escape(text: str) -> str:
    """The text as Markdown that shows it as it stands, on one line."""
    text = " ".join(plain(text).split())
    text = _SIGNS.sub(lambda match: f"\\{match[0]}", text)
    text = "".join(_ENTITIES.get(char, char) for char in text)
    return _START.sub(lambda match: f"\\{match[1]}" if match[1] else f"{match[2]}\\{match[3]}", text)


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Heading):
        text = " ".join(escape(part) for part in (block.key, block.text) if part)
        yield f"{'#' * block.level} {text}"
    elif isinstance(block, Paragraph):
        text = "".join(_inline(cell) for cell in block.cells)
        yield f"**{text}**" if block.warning else text
    elif isinstance(block, Facts):
        for label, cells in block.items:
            yield f"- **{escape(label)}**: {', '.join(map(_inline, cells))}"
    else:
        yield from _table(block)


def _inline(cell: Cell) -> str:
    # Blanks around a piece of a sentence part it from the next.
    before, after = (" " if part else "" for part in (cell.text[:1].isspace(), cell.text[-1:].isspace()))
    text = escape(cell.text)
    if cell.url:
        return f"[{text}]({quote(cell.url, safe=_SAFE)})"
    return f"{before}{text}{after}" if text else before


def _table(table: Table) -> Iterator[str]:
    yield _line([escape(column.name) for column in table.columns])
    yield _line(["---:" if column.right else "---" for column in table.columns])
    for line in table.lines:
        cells = [_inline(cell) for cell in line.cells]
        if line.level:
            cells[0] = f"&nbsp;&nbsp;{cells[0]}"
        yield _line(cells)
    told = [line for line in table.lines if line.below]
    if not told:
        return
    yield ""
    keys = [
        index
        for index, column in enumerate(table.columns)
        if column.name in ("Capability ID", "ATT&CK ID", "Category")
    ]
    for line in told:
        name = ", ".join(escape(line.cells[index].text) for index in keys if line.cells[index].text)
        yield f"- **{name}**"
        for below in line.below:
            yield f"  - {escape(below.label)}: {_inline(below.cells[0])}"
            for cell in below.cells[1:]:
                yield ""
                yield f"    {_inline(cell)}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
