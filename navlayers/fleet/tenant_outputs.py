"""The layers and reports of the tenants that are asked for, which are written as they come."""

from __future__ import annotations

import hashlib
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import pyarrow as pa

from navlayers._text.slugs import slugs
from navlayers._text.spelling import suggestion
from navlayers._text.wording import quoted
from navlayers.errors import MissingExtraError, Problem, UsageError
from navlayers.fleet.last_run import program
from navlayers.fleet.processes import spread
from navlayers.fleet.read import Job, rows_file
from navlayers.fleet.score import engine_errors
from navlayers.fleet.tenant_files import LAYER, REPORT, TenantWork, files_of_tenant
from navlayers.fleet.tenants import STATE
from navlayers.output.folders import FileEntry, read_index, sha256

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from navlayers.fleet.inputs import Batch, FleetInputs
    from navlayers.fleet.options import FleetOptions, Progress
    from navlayers.fleet.record import TenantRecord
    from navlayers.fleet.tenant_files import TenantFiles
    from navlayers.output.folders import ResultFolders

_FOLDER = "tenants"
_ENDINGS = {LAYER: "json", REPORT: "html"}
_COLUMNS = ("tenant", "capability", "technique", "category", "score")


class Written(NamedTuple):
    """The files of tenants in the index, tenant → what its files follow from, and tenants whose files failed."""

    entries: list[FileEntry]
    keys: dict[str, str]
    notices: list[Problem]


def wanted_tenants(options: FleetOptions, records: Sequence[TenantRecord]) -> dict[str, tuple[str, ...]]:
    """Tenant → `LAYER`, `REPORT` or both, of those that are asked for and scored.

    Raises:
        UsageError: a pattern fits no tenant.
    """
    names = [record.name for record in records]
    wanted: dict[str, list[str]] = {}
    problems = []
    for kind, option, patterns in ((LAYER, "--layers", options.layers), (REPORT, "--reports", options.reports)):
        for pattern in patterns:
            fitting = [name for name in names if name == pattern or fnmatchcase(name, pattern)]
            for name in fitting:
                kinds = wanted.setdefault(name, [])
                kinds += [kind] if kind not in kinds else []
            if not fitting:
                problem = Problem(
                    f"{option} {quoted(pattern)} fits no tenant", None, "a name or a glob, such as '*'"
                )
                problems.append(msgspec.structs.replace(problem, hint=suggestion(pattern, names)))
    if problems:
        raise UsageError(problems)
    return {
        record.name: tuple(wanted[record.name])
        for record in records
        if record.name in wanted and not record.problems
    }


class TenantOutputs:
    """Writes the layers and reports of tenants."""

    def __init__(
        self,
        inputs: FleetInputs,
        engine: Any,
        options: FleetOptions,
        folders: ResultFolders,
        output: Path,
    ) -> None:
        """Take the tenants.

        Args:
            inputs: the tenants, whose batches are scored.
            engine: what reads their mappings.
            options: which tenants, and how they are scored.
            folders: where the files go.
            output: the folder, with files of the last run and the state.
        """
        self._inputs, self._engine, self._options = inputs, engine, options
        self._folders, self._output, self._state = folders, output, output / STATE
        self._wanted = wanted_tenants(options, inputs.records)
        index = read_index(output)
        self._earlier: dict[str, list[FileEntry]] = {}
        for entry in index.files if index else ():
            if isinstance(entry.id, str):
                self._earlier.setdefault(entry.id, []).append(entry)

    def write(self, known: Mapping[str, str], on_progress: Progress) -> Written:
        """Write the files; those that follow from the same as in the last run stay.

        Args:
            known: tenant → what its files of the last run followed from.
            on_progress: as for `navlayers.fleet.run.run_fleet`.
        """
        found = Written([], {}, [])
        done, total = 0, len(self._wanted)
        names = slugs(self._ids())
        for batch in self._inputs.batches if self._wanted else ():
            work = []
            for piece, key in self._work(batch):
                name = piece.record.name
                found.keys[name] = key
                kept = self._kept(piece, names) if known.get(name) == key else []
                for entry in kept:
                    self._folders.retain("", entry.path)
                found.entries.extend(kept)
                if kept:
                    done += 1
                else:
                    work.append(piece)
            for result in spread(files_of_tenant, work, self._options.processes):
                self._put(result, names, found)
                done += 1
                on_progress("Writing tenants", done, total, 0)
        found.entries.sort(key=lambda entry: entry.path)
        return found

    def _ids(self) -> Iterator[str]:
        for name in self._wanted:
            for domain in ("", *(str(each.domain) for each in self._inputs.catalogues)):
                yield _id(name, domain)

    def _work(self, batch: Batch) -> Iterator[tuple[TenantWork, str]]:
        """The tenants of a batch that are asked for, with the hash of what their files follow from."""
        chosen = [record for record in batch.tenants if record.name in self._wanted]
        jobs, options = self._inputs.jobs, self._options
        releases = {each.domain: each.version for each in self._inputs.catalogues}
        several = [record.name for record in chosen if not jobs or len(record.frameworks) > 1]
        rows = self._rows(batch, several) if several else {}
        for record in chosen:
            kinds = self._wanted[record.name]
            if jobs:
                tenant, job = jobs[record.name]
                content = rows_file(tenant, job).name
                yield (
                    TenantWork(record, kinds, job, {}, tenant, rows.get(record.name, b"")),
                    _key(kinds, content),
                )
            else:
                job = Job("", options.reading, options.scoring, options.attack_version, {}, program())
                data = rows.get(record.name, b"")
                plain = msgspec.json.encode([record.name, job, releases], order="deterministic").decode()
                yield TenantWork(record, kinds, job, releases, None, data), _key(kinds, plain, sha256(data))

    def _rows(self, batch: Batch, names: Sequence[str]) -> dict[str, bytes]:
        """Tenant → its mappings as Arrow's stream, in one order."""
        mappings = batch.mappings(self._engine)
        if len(names) < len(batch.tenants):
            mappings = mappings.filter(mappings.tenant.isin(list(names)))
        with engine_errors(self._options.engine, self._state):
            table = mappings.select(*_COLUMNS).to_pyarrow()
        table = table.sort_by([(name, "ascending") for name in _COLUMNS]).combine_chunks()
        found = {}
        start = 0
        counts = table.column("tenant").value_counts().to_pylist()
        for name, count in ((each["values"], each["counts"]) for each in counts):
            sink = pa.BufferOutputStream()
            part = table.slice(start, count).drop_columns(["tenant"])
            with pa.ipc.new_stream(sink, part.schema) as writer:
                writer.write_table(part)
            found[name] = sink.getvalue().to_pybytes()
            start += count
        return found

    def _kept(self, piece: TenantWork, names: Mapping[str, str]) -> list[FileEntry]:
        """The files of the last run, if all are there."""
        earlier = [entry for entry in self._earlier.get(piece.record.name, ()) if entry.kind in piece.kinds]
        domains = {entry.path for entry in earlier}
        own = {
            _path(names, piece.record.name, domain, kind)
            for domain in ("", *(str(each.domain) for each in self._inputs.catalogues))
            for kind in piece.kinds
        }
        whole = {entry.kind for entry in earlier} == set(piece.kinds) and domains <= own
        return earlier if whole and all(self._is_same(entry) for entry in earlier) else []

    def _is_same(self, entry: FileEntry) -> bool:
        try:
            return sha256((self._output / entry.path).read_bytes()) == entry.sha256
        except OSError:
            return False

    def _put(self, result: TenantFiles, names: Mapping[str, str], found: Written) -> None:
        if result.missing:
            raise MissingExtraError(result.problems)
        if result.problems:
            found.keys.pop(result.tenant)
            problem = result.problems[0]
            message = f"tenant {result.tenant} has no layer and report: {problem.message}"
            found.notices.append(msgspec.structs.replace(problem, message=message))
        several = len({file.domain for file in result.files}) > 1
        for file in result.files:
            path = _path(names, result.tenant, file.domain if several else "", file.kind)
            counts = {"techniques": file.techniques, "subtechniques": file.subtechniques}
            entry = FileEntry(
                path=path,
                kind=file.kind,
                id=result.tenant,
                name=file.name,
                sha256=sha256(file.data),
                **(counts if file.kind == LAYER else {}),
            )
            self._folders.add("", path, file.data)
            found.entries.append(entry)


def _id(tenant: str, domain: str) -> str:
    return f"{tenant}\0{domain}" if domain else tenant


def _path(names: Mapping[str, str], tenant: str, domain: str, kind: str) -> str:
    return f"{_FOLDER}/{names[_id(tenant, domain)]}.{_ENDINGS[kind]}"


def _key(kinds: Iterable[str], *parts: str) -> str:
    return hashlib.sha256("\0".join((*kinds, *parts)).encode()).hexdigest()
