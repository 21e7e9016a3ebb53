"""Write mapping sets: `dumps` gives the text of a format, `write` puts text into a file.

One module per format; `FORMATS` lists them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from navlayers.errors import Problem, UsageError
from navlayers.writers.files import write

if TYPE_CHECKING:
    from navlayers.model import MappingSet

__all__ = ["FORMATS", "dumps", "write"]

FORMATS = {"native": "navlayers.writers.native"}
"""Format → the module whose `dumps(mapping_set)` gives its text."""


def dumps(mapping_set: MappingSet, to: str = "native") -> str:
    """The text of a set in a format.

    Raises:
        UsageError: there is no such format.
        OutputError: the format cannot hold the set.
    """
    if to not in FORMATS:
        raise UsageError(Problem(f"unknown format {to!r}", expected=", ".join(FORMATS)))
    text: str = importlib.import_module(FORMATS[to]).dumps(mapping_set)
    return text
