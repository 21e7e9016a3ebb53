"""Write mapping sets: `encode` gives the bytes of a format, `write` puts bytes into a file.

One module per format; `FORMATS` lists them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from navlayers.errors import Problem, UsageError
from navlayers.writers.files import write

if TYPE_CHECKING:
    from navlayers.model import MappingSet
    from navlayers.writers.written import Written

__all__ = ["FORMATS", "encode", "write"]

FORMATS = {
    "native": "navlayers.writers.native",
    "mapex-json": "navlayers.writers.explorer_json",
    "mapex-yaml": "navlayers.writers.explorer_yaml",
    "csv": "navlayers.writers.csv_table",
    "xlsx": "navlayers.writers.xlsx_table",
    "stix": "navlayers.writers.stix",
}
"""Format → the module whose `encode(mapping_set)` gives a `Written`."""


def encode(mapping_set: MappingSet, to: str = "native") -> Written:
    """A set in a format, and what the format cannot carry of it.

    Raises:
        UsageError: there is no such format.
        OutputError: the format cannot hold the set.
    """
    if to not in FORMATS:
        raise UsageError(Problem(f"unknown format {to!r}", expected=", ".join(FORMATS)))
    written: Written = importlib.import_module(FORMATS[to]).encode(mapping_set)
    return written
