"""Types that all readers and writers share: options, context, places, output."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import msgspec

from navlayers.attack.domains import Domain
from navlayers.attack.scope import Scope
from navlayers.errors import Place, Problem, ReleaseError
from navlayers.mapping.formats.findings import Findings
from navlayers.mapping.formats.source import MAX_BYTES
from navlayers.mapping.model import DETAILS, Range

if TYPE_CHECKING:
    from navlayers.mapping.model import MappingSet


METADATA = (*("framework", "version", "domain", "attack_version", "title", "source", "licence", "role"), *DETAILS)
"""Metadata that users can set or override with `--meta`."""


PartKind = Literal["mapping", "non_mappable", "capability"]


class Places(msgspec.Struct, frozen=True):
    """The places of the parts of a set in its file.

    `part` gives the place of a mapping, non-mappable or capability by its kind and index in the set, or of the
    value of the field named last, where that is not "". `head` gives the place of a field of the set itself.
    """

    part: Callable[[PartKind, int, str], Place]
    head: Callable[[str], Place]


class ReadOptions(msgspec.Struct, frozen=True):
    """How to read an input.

    Attributes:
        format: a name of `navlayers.mapping.formats.FORMATS`; None: the content decides.
        columns: content of a column of a table ("technique", "score", …) → its header.
        metadata: name of `METADATA` → value that overrides that of the file.
        parts: the domains of a table of several, the largest first; its rows of the domain of `metadata` are read.
        max_bytes: inputs larger than this are refused.
        lenient: leave out, with a notice, rows, entries and rules with errors, and files of a folder that cannot be
            read.
        score_range: lowest and highest of scores that are numbers; None: those of a layer's gradient, else 0–100.
        scale: score value → number 0–100, in addition to the scale of the file.
        scope: which techniques and mappings count wherever sets are scored; None: all.
        half_life: days in which the weights of a threat with dates halve; None: they do not fade.
        as_of: the day at which these count in full, as 2025-01-31; "": the newest of the threat.
        today: the day of the run; without `as_of`, a notice counts what such threats have after it; "": none does.
    """

    format: str | None = None
    columns: dict[str, str] = {}
    metadata: dict[str, str] = {}
    parts: tuple[Domain, ...] = ()
    max_bytes: int = MAX_BYTES
    lenient: bool = False
    score_range: Range | None = None
    scale: dict[str, float] = {}
    scope: Scope | None = None
    half_life: float | None = None
    as_of: str = ""
    today: str = ""


class Context(msgspec.Struct, frozen=True):
    """The arguments of a reader in addition to its source."""

    findings: Findings
    options: ReadOptions


class Written(msgspec.Struct, frozen=True):
    """The bytes of a set in a format, and notices of what the format cannot hold."""

    data: bytes
    notices: tuple[Problem, ...] = ()


def lost(what: str, why: str, *, hint: str = "") -> Problem:
    """The notice that the output lacks part of the set."""
    return Problem(f"{what} left out: {why}", hint=hint, code="not-carried")


def technique_names(head: MappingSet) -> Callable[[str], str | None]:
    """A function from technique id to its name in the set's own release, None for an id that this does not have.

    Where that release is not installed, or only a neighbor of it is, every name is unknown: names in the file are
    then kept as written.

    Args:
        head: a set, or its metadata alone.
    """
    # ATT&CK catalogues are loaded only when a file is read.
    from navlayers import attack  # noqa: PLC0415

    names: dict[str, str] = {}
    try:
        match = attack.find(head.domain, head.attack_version)
    except ReleaseError:
        return names.get
    if match.notice is None:
        names = {technique.id: technique.name for technique in match.catalogue.techniques.values()}
    return names.get
