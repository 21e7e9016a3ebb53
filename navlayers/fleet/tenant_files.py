"""The layer and the report of a tenant, by the functions of every command."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import pyarrow as pa

from navlayers._text.numbers import decimal
from navlayers.analysis.inputs import together
from navlayers.api.report import render_report
from navlayers.attack.domains import Domain
from navlayers.errors import InputError, MissingExtraError, NavlayersError, Problem
from navlayers.fleet.read import Job, at_urls, local_paths, prepared_sets
from navlayers.fleet.record import TenantRecord
from navlayers.fleet.tenants import Tenant
from navlayers.layer.build import layers_of
from navlayers.layer.document import Layer, encode_layer
from navlayers.mapping.find import Source
from navlayers.mapping.formats.context import ReadOptions
from navlayers.mapping.load import Prepared, prepare_all
from navlayers.mapping.model import UNVERSIONED, Capability, Mapping, MappingSet
from navlayers.mapping.ranges import in_hundred
from navlayers.pages.report.build import make_report
from navlayers.pages.report.input import report_input
from navlayers.scoring.options import UNSPECIFIED, ScoreOptions
from navlayers.scoring.scores import score_set

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


LAYER, REPORT = "layer", "report"


class TenantWork(msgspec.Struct, frozen=True):
    """A tenant whose layer or report is made.

    Attributes:
        record: what is known of it.
        kinds: `LAYER`, `REPORT` or both.
        job: how it is read.
        releases: domain → the release of its scores.
        tenant: its files; None of a table.
        rows: its mappings with scores, as Arrow's stream; b"" of a tenant with one set, which is read again.
    """

    record: TenantRecord
    kinds: tuple[str, ...]
    job: Job
    releases: dict[Domain, str]
    tenant: Tenant | None = None
    rows: bytes = b""


class TenantFile(NamedTuple):
    """A layer or a report: its domain, its content, of a layer its name and its techniques and sub-techniques."""

    kind: str
    domain: str
    data: bytes
    name: str = ""
    techniques: int = 0
    subtechniques: int = 0


class TenantFiles(NamedTuple):
    """The files of a tenant, or why there are none: `missing` is true if a package is not installed."""

    tenant: str
    files: tuple[TenantFile, ...]
    problems: tuple[Problem, ...] = ()
    missing: bool = False


def files_of_tenant(work: TenantWork) -> TenantFiles:
    """Make the layer and the report of a tenant, of each domain that it has."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            sources, sets = _sets(work, Path(folder))
            return TenantFiles(work.record.name, tuple(_files(work, sources, sets)))
        except NavlayersError as error:
            problems = at_urls(error.problems, work.tenant, Path(folder)) if work.tenant else error.problems
            return TenantFiles(work.record.name, (), problems, isinstance(error, MissingExtraError))


def _sets(work: TenantWork, folder: Path) -> tuple[Sequence[Source], list[Prepared]]:
    if work.tenant is not None:
        return prepared_sets(local_paths(work.tenant, folder), work.job)
    sources = []
    for domain, release in work.releases.items():
        mapping_set = set_of_rows(work, domain, release)
        sources.append(Source(work.record.name, Path(work.record.name), mapping_set=mapping_set))
    found, notices = prepare_all(sources, None, ReadOptions(scope=work.job.reading.scope))
    found = [each for each in found if any(map(each.catalogue.is_active, _techniques(each.set)))]
    if not found:
        raise InputError(notices or [Problem(f"{work.record.name}: no mapping in scope")])
    return sources, found


def _techniques(mapping_set: MappingSet) -> set[str]:
    return {mapping.technique for mapping in mapping_set.mappings}


def _files(work: TenantWork, sources: Sequence[Source], sets: Sequence[Prepared]) -> Iterator[TenantFile]:
    for domain in dict.fromkeys(each.catalogue.domain for each in sets):
        inside = [each for each in sets if each.catalogue.domain == domain]
        if LAYER in work.kinds:
            layer = _layer(work, inside)
            subs = sum("." in entry.techniqueID for entry in layer.techniques if entry.enabled)
            count = sum(entry.enabled for entry in layer.techniques) - subs
            yield TenantFile(LAYER, domain, encode_layer(layer), layer.name, count, subs)
        if REPORT in work.kinds:
            inputs = together(sources, inside, (), work.job.reading.max_bytes).split_layers()
            report = make_report(report_input(inputs, _scoring(work)))
            yield TenantFile(REPORT, domain, render_report(report, "html").data, report.document.title)


def _layer(work: TenantWork, sets: Sequence[Prepared]) -> Layer:
    """The overview, with the scores of the fleet: of several sets, that of all their mappings."""
    catalogue = sets[0].catalogue
    if not work.rows:
        mapping_set, scoring = in_hundred(sets[0].set), work.job.scoring
    else:
        mapping_set = set_of_rows(work, catalogue.domain, catalogue.version)
        scoring = _of_rows(work.job.scoring)
    scored = score_set(mapping_set, catalogue, scoring)
    (built,) = layers_of(scored, ["overview"])
    return built.layer


def _scoring(work: TenantWork) -> ScoreOptions:
    return work.job.scoring if work.tenant is not None else _of_rows(work.job.scoring)


def _of_rows(scoring: ScoreOptions) -> ScoreOptions:
    """The options for rows, whose scores are numbers."""
    return msgspec.structs.replace(scoring, scale={}, worth=None)


def set_of_rows(work: TenantWork, domain: Domain, release: str) -> MappingSet:
    """The mappings of a tenant as a set, whose capabilities are named by their ids.

    It has those of other domains, as they say which categories the tenant scores.
    """
    rows = pa.ipc.open_stream(work.rows).read_all().to_pylist()
    mappings = tuple(
        Mapping(
            row["capability"],
            row["technique"],
            category=None if row["category"] == UNSPECIFIED else row["category"],
            value=None if row["score"] is None else decimal(row["score"]),
        )
        for row in rows
    )
    ids = sorted({mapping.capability for mapping in mappings})
    role = work.record.role
    return MappingSet(
        framework=work.record.name,
        version=UNVERSIONED,
        domain=domain,
        attack_version=release,
        capabilities=tuple(Capability(id_, id_) for id_ in ids),
        mappings=mappings,
        role="detection" if role == "detection" else "control",
    )
