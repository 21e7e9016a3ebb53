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
    from collections.abc import Iterator

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
        source = _find(text)
        return _Run(source, output, options, read_last_run(state), folders, on_progress).result()


class _Source(NamedTuple):
    """The input of a run.

    Attributes:
        text: its path or URL.
        content: the files of a table, or the tenants to read.
        left_out: the tenants that cannot be read.
        notices: the files beside them.
    """

    text: str
    content: TableFiles | list[Tenant]
    left_out: list[TenantRecord]
    notices: list[Problem]

    def files(self) -> list[Path]:
        """The files of this machine that it names, which are no results."""
        if isinstance(self.content, TableFiles):
            named = [*self.content.paths]
        else:
            named = [] if is_remote(self.text) else [self.text]
        return [path for path in map(Path, named) if path.is_file()]


def _find(text: str) -> _Source:
    table = table_files(text)
    if table is None:
        tenants, left_out, others = find_tenants(text)
        notices = [skipped_notice(others, text, f"files ending in {', '.join(ENDINGS)}")] if others else []
        return _Source(text, tenants, left_out, notices)
    notices = [skipped_notice(table.skipped, text, "Parquet files")] if table.skipped else []
    return _Source(text, table, [], notices)


class _Results(NamedTuple):
    """What a run has scored and staged: its tenants, the files about all of them, and those of single ones."""

    inputs: FleetInputs
    files: FleetFiles
    written: Written


class _Run(NamedTuple):
    """A run.

    Attributes:
        source: the input.
        output: the folder.
        options: how.
        last: the last run into the folder that was completed; None without one.
        folders: where results are staged.
        on_progress: called as the run goes on.
    """

    source: _Source
    output: Path
    options: FleetOptions
    last: LastRun | None
    folders: ResultFolders
    on_progress: Progress

    @property
    def state(self) -> Path:
        """The folder of the state."""
        return self.output / STATE

    def result(self) -> FleetResult:
        """Score what changed and write the folder; nothing if all is as the last run left it."""
        source, last = self.source, self.last
        content = inputs_of(self.options, source.content, source.left_out)
        if last and content and last.inputs == content and is_current(self.output):
            notices = (*source.notices, *last.notices)
            return FleetResult(last.records, last.covered, last.releases, (), 0, notices, 0)
        others, earlier = self._earlier()
        results = self._results(earlier)
        inputs, files, written = results
        removed = self.folders.commit(source.files()).get("", 0)
        self._keep(results, content)
        notices = (*source.notices, *files.notices, *others, *written.notices)
        return FleetResult(
            inputs.records, files.covered, files.releases, files.changed, inputs.read, notices, removed
        )

    def _earlier(self) -> tuple[list[Problem], Path | None]:
        """The scores of the last run, if it had the same options, or a notice."""
        scores = self.output / SCORES
        if self.last is None or not scores.is_file():
            return [], None
        if self.last.settings == settings_of(self.options):
            return [], scores
        return [Problem("the options differ from those of the last run: changes are not listed")], None

    def _results(self, earlier: Path | None) -> _Results:
        """Score the tenants and stage the results, with what changed since the earlier scores."""
        with extra("fleet"):
            from navlayers.fleet import outputs, score  # noqa: PLC0415 - engines are slow to import
            from navlayers.fleet.tenant_outputs import TenantOutputs  # noqa: PLC0415

        inputs, engine = self._inputs()
        options, folders = self.options, self.folders
        single = TenantOutputs(inputs, engine, options, folders, self.output)
        score.score(engine, inputs, self.state, options, self.on_progress)
        with score.engine_errors(options.engine, self.state):
            files = outputs.fleet_files(inputs, self.state, options.scoring, earlier)
        written = single.write(self.last.tenants if self.last else {}, self.on_progress)
        for path, data in files.files.items():
            folders.add("", path, data)
        scored = sum(not record.problems for record in inputs.records)
        folders.add("", INDEX, outputs.fleet_index(files, scored, written.entries))
        return _Results(inputs, files, written)

    def _inputs(self) -> tuple[FleetInputs, Any]:
        """The tenants, and the engine, which starts after files of tenants are read.

        Raises:
            InputError: no tenant can be scored.
        """
        with extra("fleet"):
            from navlayers.fleet import inputs as tenants  # noqa: PLC0415 - engines are slow to import
            from navlayers.fleet import table_inputs as table  # noqa: PLC0415
            from navlayers.fleet.engine import connect  # noqa: PLC0415
            from navlayers.fleet.score import engine_errors  # noqa: PLC0415

        source, options, state = self.source, self.options, self.state
        if isinstance(source.content, TableFiles):
            engine = connect(options.engine, state)
            with engine_errors(options.engine, state):
                inputs = table.of_table(engine, source.content, state, options)
        else:
            inputs = tenants.of_tenants(source.content, source.left_out, state, options, self.on_progress)
            engine = connect(options.engine, state)
        if not inputs.batches:
            problems = [problem for record in inputs.records for problem in record.problems]
            raise InputError(problems or Problem("no mapping of a tenant", Place(without_credentials(source.text))))
        return inputs, engine

    def _keep(self, results: _Results, content: str) -> None:
        """Write what the next run compares itself with, and remove what none can use."""
        inputs, files, written = results
        again = bool(written.notices) or any(record.transient for record in inputs.records)
        done = LastRun(
            settings_of(self.options),
            "" if again else content,
            inputs.records,
            files.covered,
            files.releases,
            files.notices,
            written.keys,
        )
        (self.state / FILE).write_bytes(msgspec.json.encode(done))
        _clean(self.state, {*inputs.used, *(batch.file.name for batch in inputs.batches)})


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


def _clean(state: Path, used: set[str]) -> None:
    """Remove what no later run can use."""
    for path in state.iterdir():
        if path.is_file() and path.name not in used and _OWN.fullmatch(path.name):
            path.unlink()
