"""What a cell of a table looks like and leads to, in every format alike."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from navlayers._text import technique_url, web_links
from navlayers.layer.colors import value_gradient
from navlayers.output.tables import Span

if TYPE_CHECKING:
    from navlayers.output.tables import Cell, Column

_TECHNIQUE = re.compile(r"T\d{4}(\.\d{3})?")
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


def fill_of(cell: Cell, column: Column) -> str:
    """The colour of a cell as `#rrggbb`: that of its score, in the hue of its category, or the one that it names.

    "" for none.
    """
    if isinstance(cell, str):
        return cell.lower() if column.kind == "color" and _COLOR.fullmatch(cell) else ""
    if column.kind != "score" or cell is None:
        return ""
    return value_gradient(column.category or None, 100).color(cell)


def address_of(cell: Cell, column: Column) -> str:
    """Where a cell leads to: the page of a technique, or an address of the web; "" for nowhere."""
    if not isinstance(cell, str):
        return ""
    if column.kind == "technique" and not isinstance(cell, Span):
        return technique_url(cell) if _TECHNIQUE.fullmatch(cell) else ""
    url = cell.url if isinstance(cell, Span) else cell
    return url if "://" in url and web_links([url]) == (url,) else ""
