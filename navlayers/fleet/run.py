"""A run over a fleet: read what changed, score it on an engine, and write what follows from the scores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from navlayers.errors import InputError, NavlayersError, OutputError, Place, Problem
from navlayers.fleet import rule, table
from navlayers.fleet.engine import connect, parquet
from navlayers.fleet.inputs import Batch, FleetInputs, FleetOptions, of_table, of_tenants
from navlayers.fleet.outputs import CHANGES, GROUP, SCORES, changes_csv, fleet_files
from navlayers.fleet.tenants import is_remote, without_credentials
from navlayers.mapping.assets import with_files
from navlayers.mapping.model import CATEGORIES
from navlayers.output.files import reported
from navlayers.output.folders import ResultFolders, read_index
from navlayers.scoring.options import UNSPECIFIED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from navlayers.attack import Catalogue
    from navlayers.fleet.read import TenantRecord

STATE = ".fleet"
"""The folder in the output with what later runs use again."""

_DONE = "done.json"


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
    changed: tuple[tuple[Any, ...], ...] | None
    read: int
    notices: tuple[Problem, ...]
    removed: int


def run_fleet(
    text: str,
    output: Path,
    options: FleetOptions = FleetOptions(),
    *,
    force: bool = False,
    on_progress: Callable[[str, int, int, int], None] = lambda *_: None,
) -> FleetResult:
    """Score a fleet and write its folder.

    Args:
        text: a folder of tenants, a glob, a URL of either, or a table.
        output: the folder.
        options: how.
        force: write into a folder that contains other files.
        on_progress: called with the stage, how many tenants are done, how many there are, and the mappings done.

    Raises:
        NavlayersError: nothing can be read or written, or an option does not fit.
    """
    scope = options.reading.scope
    if scope is not None:
        reading = msgspec.structs.replace(options.reading, scope=with_files(scope))
        options = msgspec.structs.replace(options, reading=reading)
    with ResultFolders(output, command="fleet", force=force) as folders, reported(output):
        state = output / STATE
        state.mkdir(parents=True, exist_ok=True)
        engine: Any = None
        files = table.files_of(text)
        if files:
            engine = connect(options.engine, state)
            inputs = of_table(engine, files, state, options)
        else:
            inputs = of_tenants(text, state, options, on_progress)
        if same := _same_as_before(inputs, output, state, options):
            return same
        engine = engine or connect(options.engine, state)
        if not inputs.batches:
            problems = [problem for record in inputs.records for problem in record.problems]
            raise InputError(problems or Problem("no mapping of a tenant", Place(without_credentials(text))))
        _score(engine, inputs, state, options, on_progress)
        notices, earlier = _earlier(output, state, options)
        made = fleet_files(inputs, state, options.scoring, earlier)
        for path, data in made.files.items():
            folders.add("", path, data)
        keep = [Path(path) for path in files] if files else [] if is_remote(text) else [Path(text)]
        removed = folders.commit([path for path in keep if path.is_file()]).get("", 0)
        done = _Done(_settings(options), _batches(inputs), made.covered, made.releases, list(made.notices))
        (state / _DONE).write_bytes(msgspec.json.encode(done))
        _clean(state, {*inputs.used, *(batch.file.name for batch in inputs.batches), _DONE})
    return FleetResult(
        inputs.records, made.covered, made.releases, made.changed, inputs.read, (*made.notices, *notices), removed
    )


class _Done(msgspec.Struct, frozen=True):
    """The last run that was completed: its options, its batches, and what was told of them."""

    settings: str
    batches: list[str]
    covered: dict[str, int]
    releases: dict[str, str]
    notices: list[Problem]


def _done(state: Path) -> _Done | None:
    try:
        return msgspec.json.decode((state / _DONE).read_bytes(), type=_Done)
    except (OSError, msgspec.MsgspecError):
        return None


def _batches(inputs: FleetInputs) -> list[str]:
    """What the results follow from: the batches, and why tenants are left out."""
    left_out = (f"{record.name} {problem}" for record in inputs.records for problem in record.problems)
    return [*(batch.file.name for batch in inputs.batches), *left_out, *map(str, inputs.notices)]


def _same_as_before(inputs: FleetInputs, output: Path, state: Path, options: FleetOptions) -> FleetResult | None:
    """The result of the last run, if it had the same inputs and options and listed no changes."""
    done, index = _done(state), read_index(output)
    if done is None or index is None or (done.settings, done.batches) != (_settings(options), _batches(inputs)):
        return None
    changes = output / CHANGES
    # Files that were edited are refused when the folder is looked at.
    whole = all((output / file.path).is_file() for file in index.files) and changes.is_file()
    if not whole or changes.read_bytes() != changes_csv(()):
        return None
    return FleetResult(inputs.records, done.covered, done.releases, (), inputs.read, tuple(done.notices), 0)


def _settings(options: FleetOptions) -> str:
    return msgspec.json.encode([options.scoring, str(options.reading), options.attack_version]).decode()


def _earlier(output: Path, state: Path, options: FleetOptions) -> tuple[list[Problem], Path | None]:
    """The scores of an earlier run, if it had the same options, or a notice."""
    scores, done = output / SCORES, _done(state)
    if done is None or not scores.is_file():
        return [], None
    if done.settings == _settings(options):
        return [], scores
    return [Problem("the options differ from those of the last run: changes are not listed")], None


def _score(engine: Any, inputs: FleetInputs, state: Path, options: FleetOptions, on_progress: Any) -> None:
    """Write the scores of the batches that have none yet."""
    subtechniques = None
    if options.scoring.rollup != "none":
        path = state / "subtechniques.parquet"
        pq.write_table(subtechnique_rows(inputs.catalogues), path)
        inputs.used.add(path.name)
        subtechniques = parquet(engine, [path])
    done = rows = 0
    total = sum(len(batch.tenants) for batch in inputs.batches)
    for batch in inputs.batches:
        if not batch.file.exists():
            try:
                scores = _scored(engine, batch, state, options, subtechniques)
            except (NavlayersError, OSError, KeyboardInterrupt):
                raise
            except Exception as error:
                reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
                raise OutputError(Problem(f"{options.engine} stopped: {reason}", Place(str(state)))) from error
            part = batch.file.with_name(f"{batch.file.name}.part")
            pq.write_table(scores, part, compression="zstd", row_group_size=GROUP)
            part.replace(batch.file)
        done, rows = done + len(batch.tenants), rows + batch.rows
        on_progress("Scoring", done, total, rows)


def _scored(engine: Any, batch: Batch, state: Path, options: FleetOptions, subtechniques: Any) -> pa.Table:
    path = state / "tenants.parquet"
    marks = {
        rule.scored_column(c): pa.array([c in record.scores for record in batch.tenants]) for c in rule.MEASURES
    }
    pq.write_table(pa.table({"tenant": pa.array([r.name for r in batch.tenants], pa.string()), **marks}), path)
    mappings = batch.mappings(engine)
    scores = rule.scores(mappings, parquet(engine, [path]), options.scoring, subtechniques)
    found = scores.to_pyarrow()
    path.unlink()
    return found.sort_by([("tenant", "ascending"), ("technique", "ascending")]).cast(_SCORES)


_SCORES = pa.schema(
    [
        ("tenant", pa.string()),
        ("technique", pa.string()),
        ("overall", pa.float64()),
        *((category, pa.float64()) for category in (*CATEGORIES, UNSPECIFIED)),
        ("capabilities", pa.int64()),
    ]
)


def subtechnique_rows(catalogues: Iterable[Catalogue]) -> pa.Table:
    """The active sub-techniques of releases, as `navlayers.fleet.rule.scores` takes them."""
    rows = [
        (sub.id, technique.id, len(subs))
        for catalogue in catalogues
        for technique in catalogue.techniques.values()
        if catalogue.is_active(technique.id) and (subs := catalogue.subtechniques(technique.id))
        for sub in subs
    ]
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    types = (pa.string(), pa.string(), pa.int64())
    arrays = [pa.array(column, type_) for column, type_ in zip(columns, types, strict=True)]
    return pa.table(arrays, names=["technique", "parent", "siblings"])


def _clean(state: Path, used: set[str]) -> None:
    """Remove what no later run can use."""
    for path in state.iterdir():
        if path.is_file() and path.name not in used:
            path.unlink()
