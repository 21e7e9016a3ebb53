"""Reading a tenant: its mapping sets become rows of numbers in a file, which later runs use again."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from navlayers import attack
from navlayers._text.numbers import number_text
from navlayers._text.wording import quantity
from navlayers.api.sources import sources
from navlayers.errors import InputError, NavlayersError, Problem, ReleaseError, UsageError
from navlayers.fleet.arrow import arrow_table
from navlayers.fleet.record import TenantRecord
from navlayers.fleet.tenants import Tenant, file_system, is_remote, store_errors, without_credentials
from navlayers.mapping.formats.context import ReadOptions
from navlayers.mapping.load import Prepared, prepare
from navlayers.mapping.model import HUNDRED
from navlayers.mapping.ranges import in_hundred
from navlayers.mapping.replacements import inactive
from navlayers.scoring.options import UNSPECIFIED, ScoreOptions, number
from navlayers.scoring.scores import rules_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from navlayers.mapping.find import Source

ROWS = pa.schema(
    [
        ("tenant", pa.string()),
        ("capability", pa.string()),
        ("technique", pa.string()),
        ("category", pa.string()),
        ("score", pa.float64()),
    ]
)
"""The mappings of tenants, as `navlayers.fleet.rule.scores` takes them."""

_Row: TypeAlias = tuple[str, str, str, float | None]
"""Capability, technique, category and score of a mapping."""

_RECORD = b"navlayers.tenant"

_UNSAFE = re.compile(r"[\\:\0]")


class Job(msgspec.Struct, frozen=True):
    """How the tenants of a fleet are read.

    Attributes:
        folder: the folder of the files with rows.
        reading: reading options.
        scoring: scoring options.
        requested: the release to remap all tenants to; None: each at its own.
        releases: domain → the release to bring sets to; empty for none.
        program: the version of navlayers, and the installed releases.
    """

    folder: str
    reading: ReadOptions
    scoring: ScoreOptions
    requested: str | None = None
    releases: dict[str, str] = {}
    program: str = ""


def rows_file(tenant: Tenant, job: Job) -> Path:
    """The file with the rows of a tenant, whose name changes with its content and with how it is read."""
    plain = msgspec.structs.replace(job, folder="")
    text = msgspec.json.encode([tenant.name, tenant.content, plain], order="deterministic")
    return Path(job.folder, f"{hashlib.sha256(text).hexdigest()[:40]}.parquet")


def read_record(tenant: Tenant, job: Job) -> TenantRecord | None:
    """The record in the file of a tenant's rows; None if there is none, or it is not whole."""
    try:
        metadata = pq.read_schema(rows_file(tenant, job)).metadata or {}
        record = msgspec.json.decode(metadata[_RECORD], type=TenantRecord)
    except (OSError, KeyError, pa.ArrowException, msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return record if record.name == tenant.name else None


def read_tenant(tenant: Tenant, job: Job) -> TenantRecord:
    """Read a tenant and write the file of its rows.

    A tenant that cannot be read has problems in its record, which is written if they follow from its content.
    """
    rows: list[_Row] = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            record, rows = _read(tenant, local_paths(tenant, Path(folder)), job)
        except NavlayersError as error:
            problems = at_urls(error.problems, tenant, Path(folder))
            record = TenantRecord(tenant.name, problems=problems, transient=_is_transient(error))
            if record.transient:
                return record
    schema = ROWS.with_metadata({_RECORD: msgspec.json.encode(record)})
    path = rows_file(tenant, job)
    # Renamed when it is whole, so that a run that is killed leaves no half of it.
    part = path.with_name(f"{path.name}.{os.getpid()}")
    pq.write_table(arrow_table([(tenant.name, *row) for row in rows], schema), part, compression="zstd")
    part.replace(path)
    return record


def _is_transient(error: NavlayersError) -> bool:
    """Whether a failure may be gone without a change of the content: one of the file system, a missing package."""
    if not isinstance(error, InputError | UsageError | ReleaseError):
        return True
    return any(each.code == "unreadable" and "cannot be read" in each.message for each in error.problems)


def local_paths(tenant: Tenant, folder: Path) -> list[str]:
    """The files or the folder of a tenant, fetched into a folder if they are not on this machine."""
    if not is_remote(tenant.paths[0]):
        if len(tenant.paths) == 1:
            return [_path(tenant.paths[0])]
        return [_path(os.path.commonpath([Path(path).parent for path in tenant.paths]))]
    for path, local in _copies(tenant, folder).items():
        system, inner = file_system(path)
        local.parent.mkdir(parents=True, exist_ok=True)
        with store_errors(path):
            system.get_file(inner, str(local))
    return [str(folder / tenant.name if len(tenant.paths) > 1 else folder / Path(tenant.paths[0]).name)]


def _copies(tenant: Tenant, folder: Path) -> dict[str, Path]:
    """The URLs of a tenant's files, and the files that they are copied to."""
    copies: dict[str, Path] = {}
    for path in tenant.paths:
        inner = path.partition("://")[2]
        after = inner.partition(f"/{tenant.name}/")[2] if len(tenant.paths) > 1 else ""
        # Keys of a store are any text: "a//etc/b", "..", "C:\\b" lead elsewhere.
        parts = [_UNSAFE.sub("_", part) for part in after.split("/") if part.strip(".")]
        local = folder.joinpath(tenant.name, *parts) if parts else folder / Path(inner).name
        while local in copies.values():
            local = local.with_name(f"_{local.name}")
        copies[path] = local
    return copies


def at_urls(problems: Iterable[Problem], tenant: Tenant, folder: Path) -> tuple[Problem, ...]:
    """Problems with the URLs of the files that were copied to a folder."""
    if not is_remote(tenant.paths[0]):
        return tuple(problems)
    urls = {str(local): without_credentials(url) for url, local in _copies(tenant, folder).items()}
    found = []
    for problem in problems:
        message, place = problem.message, problem.place
        for local, url in urls.items():
            message = message.replace(local, url)
        if place is not None and place.path in urls:
            place = msgspec.structs.replace(place, path=urls[place.path])
        found.append(msgspec.structs.replace(problem, message=message, place=place))
    return tuple(found)


def _path(path: str) -> str:
    """A path that cannot be the name of a shipped set."""
    return path if os.sep in path else os.path.join(os.curdir, path)  # noqa: PTH118 - Path drops the "."


def _read(tenant: Tenant, paths: Sequence[str], job: Job) -> tuple[TenantRecord, list[_Row]]:
    """The record of a tenant, and its mappings.

    Raises:
        NavlayersError: a set cannot be read, or lists what is attacked.
    """
    _, prepared = prepared_sets(paths, job)
    if any(each.set.role == "threat" for each in prepared):
        names = ", ".join(each.set.name_and_version for each in prepared if each.set.role == "threat")
        message = f"{names} lists what is attacked, so it covers nothing"
        raise InputError(Problem(message, hint="--meta role=control reads it as controls"))
    rows: list[_Row] = []
    adjustments: list[str] = []
    categories: set[str] = set()
    capabilities: set[str] = set()
    scales: set[str] = set()
    left_out = 0
    many = len(prepared) > 1
    for each in prepared:
        mapping_set = in_hundred(each.set)
        rules = rules_at(mapping_set, each.catalogue, job.scoring)
        adjustments += _adjustments(each)
        categories.update(rules.scored_categories)
        if rules.scored_categories:
            words = ", ".join(f"{word} {number_text(score)}" for word, score in rules.scale.items())
            scales.add("0–100" if each.set.range or not words else words)
        elif many and any(other.set.scored for other in prepared):
            adjustments.append(f"{each.name} has no scores: its mappings are not rated")
        left_out += len(inactive(mapping_set, each.catalogue))
        start = f"{each.name}/" if many else ""
        for mapping in mapping_set.mappings:
            if not each.catalogue.is_active(mapping.technique):
                continue
            capability = start + mapping.capability
            capabilities.add(capability)
            rows.append((capability, mapping.technique, mapping.category or UNSPECIFIED, number(mapping, rules)))
    record = TenantRecord(
        name=tenant.name,
        frameworks=tuple(each.set.name_and_version for each in prepared),
        role=", ".join(sorted({each.set.role for each in prepared})),
        releases={each.catalogue.domain: each.catalogue.version for each in prepared},
        own_releases=tuple(dict.fromkeys(each.own_attack_version for each in prepared)),
        scale="; ".join(sorted(scales)),
        capabilities=len(capabilities),
        mappings=len(rows),
        techniques_left_out=left_out,
        scores=tuple(sorted(categories)),
        adjustments=tuple(dict.fromkeys(adjustments)),
    )
    return record, rows


def _adjustments(prepared: Prepared) -> Iterator[str]:
    """What brings a set to the release and the scale of the fleet."""
    own, release = prepared.own_attack_version, prepared.catalogue.version
    if own.removeprefix("v") != release:
        replaced = quantity(len(prepared.replaced), "technique")
        yield f"ATT&CK {prepared.catalogue.domain} {own} to {release}, {replaced} replaced"
    if prepared.set.range not in (None, HUNDRED):
        low, high = map(number_text, prepared.set.range)
        yield f"scores of {low}–{high} to 0–100"


def prepared_sets(paths: Sequence[str], job: Job) -> tuple[Sequence[Source], list[Prepared]]:
    """The sets of a tenant at their releases, and their sources."""
    found = sources(paths, job.reading)
    prepared = []
    for each in prepare(found, job.requested, job.reading):
        if isinstance(each, Problem):
            continue
        target = job.releases.get(each.set.domain)
        prepared.append(each if target is None else each.at(attack.find(each.set.domain, target).catalogue))
    return found, prepared
