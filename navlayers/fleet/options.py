"""How a fleet is scored."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from navlayers.fleet.engine import DUCKDB
from navlayers.mapping.formats.context import ReadOptions
from navlayers.scoring.options import ScoreOptions

Progress: TypeAlias = Callable[[str, int, int, int], None]
"""Takes the stage, how many of its tenants are done, how many there are, and how many mappings are done."""


class FleetOptions(msgspec.Struct, frozen=True):
    """How a fleet is scored.

    Attributes:
        scoring: scoring options.
        reading: reading options; of a table, its scope, columns and domain.
        attack_version: the release to bring all tenants to; None: the newest of
            theirs, of a table the newest installed.
        engine: a name of `navlayers.fleet.engine.ENGINES`.
        tenant: the column of tenants in a table; None finds it.
        processes: how many read tenants; 0 for one per processor.
        layers: names or globs of the tenants whose layers are written.
        reports: the same, of reports.
    """

    scoring: ScoreOptions = ScoreOptions()
    reading: ReadOptions = ReadOptions()
    attack_version: str | None = None
    engine: str = DUCKDB
    tenant: str | None = None
    processes: int = 0
    layers: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()
