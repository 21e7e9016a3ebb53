"""A run over a fleet: read what changed, score it on an engine, and write what follows from the scores."""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from navlayers.errors import InputError, OutputError, Place, Problem, extra
from navlayers.fleet.changes import SCORES
from navlayers.fleet.engine import check_engine
from navlayers.fleet.last_run import FILE, LastRun, inputs_of, is_current, read_last_run, settings_of
from navlayers.fleet.options import FleetOptions, Progress
from navlayers.fleet.table_files import TableFiles, table_files
from navlayers.fleet.tenants import (
    STATE,
    Tenant,
    find_tenants,
    is_remote,
    local,
    skipped_notice,
    without_credentials,
)
from navlayers.mapping.assets import with_files
from navlayers.mapping.formats.source import ENDINGS
from navlayers.output.files import reported
from navlayers.output.folders import INDEX, ResultFolders

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.fleet.changes import TenantChange
    from navlayers.fleet.inputs import FleetInputs
    from navlayers.fleet.outputs import FleetFiles
    from navlayers.fleet.record import TenantRecord
    from navlayers.fleet.tenant_outputs import Written

_OWN = re.compile(
    r"[0-9a-f]{40}\.parquet(\.\d+)?|(scores|table)-[0-9a-f]{40}\.(parquet|json)(\.part)?"
    r"|(techniques|subtechniques|tenants)\.parquet|duckdb_temp.*"
)
"""Names of files of the state."""


class FleetResult(NamedTuple):
    """What a run did.

    Attributes:
        records: the tenants by name.
        covered: tenant → number of techniques and sub-techniques that it covers.
        releases: domain → the release that the scores are about.
        changed: the tenants whose scores changed since the last run; None without one.
        read: how many tenants were read.
        notices: what the user should know.
        removed: how many files of an earlier run were removed.
    """

    records: tuple[TenantRecord, ...]
    covered: dict[str, int]
    releases: dict[str, str]
    changed: tuple[TenantChange, ...] | None
    read: int
    notices: tuple[Problem, ...]
    removed: int


def run_fleet(
    text: str,
    output: Path,
    options: FleetOptions = FleetOptions(),
    *,
    force: bool = False,
    on_progress: Progress = lambda *_: None,
) -> FleetResult:
    """Score a fleet and write its folder.

    Args:
        text: a folder of tenants, a glob, a URL of either, or a table.
        output: the folder.
        options: how.
        force: write into a folder that contains other files.
        on_progress: called as the run goes on.

    Raises:
        NavlayersError: nothing can be read or written, or an option does not fit.
    """
    check_engine(options.engine)
    text = local(text)
    if output.resolve() == Path(text).resolve() or Path(text, STATE).is_dir():
        hint = "give -o a folder of its own, and the folder of the tenants as the input"
        raise InputError(Problem("this is the output of a fleet", Place(text), hint=hint))
    scope = options.reading.scope
    if scope is not None:
        reading = msgspec.structs.replace(options.reading, scope=with_files(scope))
        options = msgspec.structs.replace(options, reading=reading)
    with (
        ResultFolders(output, command="fleet", force=force) as folders,
        reported(output),
        _state(output) as state,
    ):
        table = table_files(text)
        found: TableFiles | list[Tenant]
        left_out: list[TenantRecord] = []
        if table is None:
            found, left_out, others = find_tenants(text)
            read = f"files ending in {', '.join(ENDINGS)}"
        else:
            found, others, read = table, [*table.skipped], "Parquet files"
        skipped = [skipped_notice(others, text, read)] if others else []
        content = inputs_of(options, found, left_out)
        last = read_last_run(state)
        if last and content and last.inputs == content and is_current(output):
            return FleetResult(last.records, last.covered, last.releases, (), 0, (*skipped, *last.notices), 0)
        notices, earlier = _earlier(output, last, options)
        inputs, files, tenants = _results(
            text, found, left_out, folders, output, options, last, earlier, on_progress
        )
        notices += tenants.notices
        keep = found.paths if isinstance(found, TableFiles) else [] if is_remote(text) else [text]
        removed = folders.commit([path for path in map(Path, keep) if path.is_file()]).get("", 0)
        content = "" if tenants.notices or any(record.passing for record in inputs.records) else content
        done = LastRun(
            settings_of(options),
            content,
            inputs.records,
            files.covered,
            files.releases,
            files.notices,
            tenants.keys,
        )
        (state / FILE).write_bytes(msgspec.json.encode(done))
        _clean(state, {*inputs.used, *(batch.file.name for batch in inputs.batches)})
    every = (*skipped, *files.notices, *notices)
    return FleetResult(inputs.records, files.covered, files.releases, files.changed, inputs.read, every, removed)


def _results(
    text: str,
    found: TableFiles | list[Tenant],
    left_out: Sequence[TenantRecord],
    folders: ResultFolders,
    output: Path,
    options: FleetOptions,
    last: LastRun | None,
    earlier: Path | None,
    on_progress: Progress,
) -> tuple[FleetInputs, FleetFiles, Written]:
    """The tenants and their results, which are staged."""
    with extra("fleet"):
        from navlayers.fleet import inputs as reading  # noqa: PLC0415 - engines are slow to import
        from navlayers.fleet import outputs, score  # noqa: PLC0415
        from navlayers.fleet.engine import connect  # noqa: PLC0415
        from navlayers.fleet.tenant_outputs import TenantOutputs  # noqa: PLC0415

    state = output / STATE
    engine: Any = None
    if isinstance(found, TableFiles):
        engine = connect(options.engine, state)
        with score.engine_errors(options.engine, state):
            inputs = reading.of_table(engine, found, state, options)
    else:
        inputs = reading.of_tenants(found, left_out, state, options, on_progress)
        engine = connect(options.engine, state)
    if not inputs.batches:
        problems = [problem for record in inputs.records for problem in record.problems]
        raise InputError(problems or Problem("no mapping of a tenant", Place(without_credentials(text))))
    single = TenantOutputs(inputs, engine, options, folders, output, state)
    score.score(engine, inputs, state, options, on_progress)
    with score.engine_errors(options.engine, state):
        files = outputs.fleet_files(inputs, state, options.scoring, earlier)
    written = single.write(last.tenants if last else {}, on_progress)
    for path, data in files.files.items():
        folders.add("", path, data)
    scored = sum(not record.problems for record in inputs.records)
    folders.add("", INDEX, outputs.fleet_index(files, scored, written.entries))
    return inputs, files, written


@contextmanager
def _state(output: Path) -> Iterator[Path]:
    """The folder of the state, which is made; a run that keeps nothing leaves none.

    Raises:
        OutputError: it is a link.
    """
    state = output / STATE
    if state.is_symlink():
        raise OutputError(Problem("is a link", Place(str(state)), "a folder of navlayers", "remove the link"))
    state.mkdir(parents=True, exist_ok=True)
    for path in state.iterdir():
        if path.is_symlink():  # what is written there would go elsewhere
            path.unlink()
    try:
        yield state
    finally:
        with suppress(OSError):  # there is something in them
            state.rmdir()
            output.rmdir()


def _earlier(output: Path, last: LastRun | None, options: FleetOptions) -> tuple[list[Problem], Path | None]:
    """The scores of an earlier run, if it had the same options, or a notice."""
    scores = output / SCORES
    if last is None or not scores.is_file():
        return [], None
    if last.settings == settings_of(options):
        return [], scores
    return [Problem("the options differ from those of the last run: changes are not listed")], None


def _clean(state: Path, used: set[str]) -> None:
    """Remove what no later run can use."""
    for path in state.iterdir():
        if path.is_file() and path.name not in used and _OWN.fullmatch(path.name):
            path.unlink()
