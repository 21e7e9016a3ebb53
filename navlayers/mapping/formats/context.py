"""What every reader is given beside its source: the user's options, where findings go, and names of techniques."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers.mapping.formats.source import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from navlayers.mapping.formats.findings import Findings
    from navlayers.mapping.model import MappingSet

METADATA = (
    *("framework", "version", "domain", "attack_version", "title", "source", "licence"),
    *("mapping_version", "created", "updated", "author", "contact", "organization"),
)
"""What a user can say of a set where its file does not, or says it wrongly."""


class ReadOptions(msgspec.Struct, frozen=True):
    """How to read an input.

    `format` is a name of `FORMATS`; None lets the content decide. `columns` maps what a table's column holds
    ("technique", "score", …) to its header. `metadata` maps names of `METADATA` to what counts
    instead of what the file says. Inputs larger than `max_bytes` are refused.
    """

    format: str | None = None
    columns: dict[str, str] = {}
    metadata: dict[str, str] = {}
    max_bytes: int = MAX_BYTES


class Context(NamedTuple):
    """What a reader is given beside its source.

    `technique_names` gives, for the metadata of a set, the function from technique id to its name in that release.
    """

    findings: Findings
    options: ReadOptions
    technique_names: Callable[[MappingSet], Callable[[str], str | None]]
