"""Writer of CSV: commas, quotes as RFC 4180 has them, lines that end in LF.

A byte order mark stands before the text only if it is not all ASCII: spreadsheets need it then, and no tool minds.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from navlayers._text import neutralise
from navlayers.mapping.formats.context import Written
from navlayers.mapping.formats.roundtrip import json_cell
from navlayers.mapping.formats.table_columns import SET_METADATA
from navlayers.mapping.formats.write_table_cells import sheet_of

if TYPE_CHECKING:
    from navlayers.mapping.model import MappingSet

_QUOTED = re.compile(r'[",\r\n]|^\s|\s$')
_BOM = "\ufeff"


def encode(mapping_set: MappingSet) -> Written:
    """The set as CSV, which carries everything; what it says beside its rows stands in the last cell of the first.

    Raises:
        OutputError: the set holds what the reader would refuse.
    """
    sheet = sheet_of(mapping_set)
    header = [*sheet.header, SET_METADATA]
    first = sheet.rows[0] if sheet.rows else [""] * len(sheet.header)
    rows = [header, [*first, json_cell(sheet.said)], *([*row, ""] for row in sheet.rows[1:])]
    text = "".join(f"{','.join(map(_cell, row))}\n" for row in rows)
    return Written((text if text.isascii() else _BOM + text).encode())


def _cell(text: str) -> str:
    if not text:
        return ""
    text = neutralise(text)
    if _QUOTED.search(text) is None:
        return text
    doubled = text.replace('"', '""')
    return f'"{doubled}"'
