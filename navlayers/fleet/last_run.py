"""What the last run left: its inputs and its results, so that one with nothing new ends without an engine."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from navlayers import attack
from navlayers.errors import Problem
from navlayers.fleet.changes import CHANGES, NO_CHANGES
from navlayers.fleet.record import TenantRecord
from navlayers.fleet.table_files import TableFiles
from navlayers.output.folders import read_index
from navlayers.version import version

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from navlayers.fleet.options import FleetOptions
    from navlayers.fleet.tenants import Tenant

FILE = "done.json"


class LastRun(msgspec.Struct, frozen=True):
    """A run that was completed.

    Attributes:
        settings: its options.
        inputs: the hash of all that its results follow from; "" if a tenant may be read again.
        records: its tenants.
        covered: tenant → number of techniques and sub-techniques that it covers.
        releases: domain → the release that the scores are about.
        notices: what the user was told.
        tenants: the tenants with layers or reports → hash of what these follow from.
    """

    settings: str
    inputs: str
    records: tuple[TenantRecord, ...]
    covered: dict[str, int]
    releases: dict[str, str]
    notices: tuple[Problem, ...]
    tenants: dict[str, str] = {}


def program() -> str:
    """The version of navlayers, and the installed releases."""
    return f"{version()} {' '.join(map(str, attack.releases()))}"


def settings_of(options: FleetOptions) -> str:
    """The options that scores follow from, as text."""
    return msgspec.json.encode([options.scoring, str(options.reading), options.attack_version]).decode()


def inputs_of(
    options: FleetOptions, found: TableFiles | Sequence[Tenant], left_out: Sequence[TenantRecord] = ()
) -> str:
    """The hash of the content of tenants, of the options and of the program; "" if a tenant may be read again."""
    if any(record.transient for record in left_out):
        return ""
    content = found.content if isinstance(found, TableFiles) else list(found)
    parts = [program(), settings_of(options), options.tenant, options.layers, options.reports, content, left_out]
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()


def read_last_run(state: Path) -> LastRun | None:
    """The last run that was completed; None without one."""
    try:
        return msgspec.json.decode((state / FILE).read_bytes(), type=LastRun)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None


def is_current(output: Path) -> bool:
    """Whether all results of the last run are there, and say that nothing changed."""
    index = read_index(output)
    if index is None or not all((output / file.path).is_file() for file in index.files):
        return False
    # Files that were edited are refused when the folder is looked at.
    changes = output / CHANGES
    return changes.is_file() and changes.read_bytes() == NO_CHANGES
