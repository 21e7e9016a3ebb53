"""Write mapping sets: `encode` gives the bytes of a format, `write` puts bytes into a file.

One module per format; `FORMATS` lists them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from navlayers.errors import Problem, UsageError

if TYPE_CHECKING:
    from navlayers.mapping.formats.written import Written
    from navlayers.mapping.model import MappingSet

__all__ = ["FORMATS", "encode"]

FORMATS = {
    "native": "navlayers.mapping.formats.write_native",
    "mapex-json": "navlayers.mapping.formats.write_explorer_json",
    "mapex-yaml": "navlayers.mapping.formats.write_explorer_yaml",
    "csv": "navlayers.mapping.formats.write_csv",
    "xlsx": "navlayers.mapping.formats.write_xlsx",
    "stix": "navlayers.mapping.formats.write_stix",
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
