"""Write sets, their scores and ATT&CK as tables, as `navlayers export` does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Unpack, get_args

import msgspec

from navlayers._text.json_text import encode as encode_lines
from navlayers.analysis.inputs import together
from navlayers.api.inputs import read_files
from navlayers.api.sources import Input, named_twice, sources
from navlayers.attack import Scope
from navlayers.errors import Place, Problem, UsageError, by_ending, unknown
from navlayers.mapping.find import source_name
from navlayers.mapping.formats import ReadOptions
from navlayers.mapping.load import Prepared, prepare
from navlayers.mapping.replacements import Inactive, ReplacedId
from navlayers.output import files as output_files
from navlayers.output.folders import GENERATOR, INDEX, FileEntry, WrittenIndex, sha256, write_folder
from navlayers.scoring.options import ScoreOptions
from navlayers.tables.columns import TABLES
from navlayers.tables.files import Format, TableFile, database, table_file
from navlayers.tables.rows import OF_RELEASES, OF_SETS, ScoredSet, finding_rows, of_set

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence, Set

    from navlayers.api.mapping_set import Scoring
    from navlayers.attack import Catalogue
    from navlayers.mapping.find import Source
    from navlayers.tables.rows import Row

DEFAULT_TABLE = "scores"
"""The table of a file that holds one."""

STDOUT = "-"

_ENDINGS: dict[str, Format | None] = {".parquet": "parquet", ".duckdb": "duckdb", ".csv": "csv", "": None}
"""Ending → format of the file; None for a folder."""


class ExportedSet(msgspec.Struct, frozen=True):
    """A set in the tables: its releases, what remapping changed, and its notices."""

    name: str
    attack_version: str
    own_attack_version: str
    replaced: tuple[ReplacedId, ...]
    left_out: tuple[Inactive, ...]
    notices: tuple[Problem, ...]


class Export(msgspec.Struct, frozen=True):
    """Tables that were written.

    Attributes:
        output: The file or folder.
        rows: Table → number of its rows.
        sets: The sets.
        notices: Notices about several sets.
        written: Whether the output changed; a folder is always written.
        removed: The number of removed files of an earlier run.
        data: The table for standard output; empty for a file or folder.
    """

    output: str
    rows: dict[str, int]
    sets: tuple[ExportedSet, ...]
    notices: tuple[Problem, ...] = ()
    written: bool = True
    removed: int = 0
    data: bytes = b""


def export(
    *inputs: Input,
    output: str | Path,
    tables: Sequence[str] = (),
    format_: Format | None = None,
    attack_version: str | None = None,
    force: bool = False,
    reading: ReadOptions = ReadOptions(),
    on_set: Callable[[int], None] = lambda total: None,
    **options: Unpack[Scoring],
) -> Export:
    """Write tables of sets and layers: a folder of files, a database, or one file; all of it or nothing.

    Args:
        *inputs: Names, paths, sets or layers, each scored at its own release.
        output: A folder, a file that ends in .duckdb, or a .parquet or .csv file of one table.
        tables: The tables; none: all of them, or `scores` in a file of one table.
        format_: The format of the files of a folder, "parquet" or "csv"; None: Parquet.
        attack_version: Remap every set to this ATT&CK release; None: each at its own.
        force: Overwrite a file that holds something else, or write into a folder of other files.
        reading: How to read files, and the scope.
        on_set: Called after each set with the number of all sets, before anything is written.
        **options: How mappings become scores, as in `ScoreOptions`.

    Returns:
        What was written.

    Raises:
        NavlayersError: An input, an option or the output is invalid, or a package is missing; nothing was written.
    """
    scoring = ScoreOptions(**options)
    if not inputs:
        hint = "`navlayers sets` lists the shipped sets; for example: navlayers export aws azure gcp -o tables"
        raise UsageError(Problem("no input given", expected="one or more sets or layers", hint=hint))
    kind = _kind(output, format_)
    chosen = _selection(tables, one=kind is not None and kind != "duckdb")
    tables_ = _Tables(chosen, kind or format_ or "parquet")
    found = sources(inputs, reading)
    read = prepare(found, attack_version, reading, origins="mappings" in chosen)
    exported, notices = _add_sets(tables_, found, read, scoring, reading, on_set)
    if "findings" in chosen:  # after the sets, as `check` reads each again
        notices += _add_findings(tables_, found, {each.name for each in exported}, attack_version, reading)
    notices += named_twice(inputs, reading)
    keep = read_files((path for source in found for path in (source.path, *source.files)), reading)
    written, removed, data = _write(tables_, str(output), kind, force=force, keep=keep)
    return Export(str(output), tables_.rows, tuple(exported), tuple(notices), written, removed, data)


def _kind(output: str | Path, format_: Format | None) -> Format | None:
    """The format of the one file that the output is; None for a folder."""
    if problems := unknown("format", [format_] if format_ else [], get_args(Format)):
        raise UsageError(problems)
    text = str(output)
    if text == STDOUT:
        if format_ == "duckdb":
            raise UsageError(Problem("a database cannot go to standard output", expected="-o FILE.duckdb"))
        return format_ or "csv"
    folder = Path(text).is_dir() or text.endswith("/")
    ending = None if folder else by_ending(text, _ENDINGS, "a name without an ending is that of a folder")
    if ending is None and format_ == "duckdb":
        raise UsageError(Problem("a DuckDB file holds all tables", Place(text), expected="-o FILE.duckdb"))
    if ending and format_ and ending != format_:
        hint = "--format is for the files of a folder"
        raise UsageError(
            Problem(f"-o {text} is not {format_}", expected=f"a file that ends in .{format_}", hint=hint)
        )
    return ending


def _selection(tables: Sequence[str], *, one: bool) -> tuple[str, ...]:
    """The tables in the order of the schema."""
    if problems := unknown("table", tables, TABLES):
        raise UsageError(problems)
    chosen = tuple(name for name in TABLES if name in tables)
    if one and len(chosen) > 1:
        message = f"a file holds one table, not {len(chosen)}"
        raise UsageError(Problem(message, expected="one --table, a folder, or a .duckdb file"))
    return chosen or ((DEFAULT_TABLE,) if one else tuple(TABLES))


class _Tables:
    """The tables while they are filled."""

    def __init__(self, names: Sequence[str], format_: Format) -> None:
        self.format = format_
        self.files: dict[str, TableFile] = {name: table_file(TABLES[name], format_) for name in names}
        self.rows = dict.fromkeys(names, 0)
        self._releases: dict[tuple[str, str], Catalogue] = {}

    def fill(self, table: str, rows: Iterator[Row]) -> None:
        """Add rows to a table, and count them."""

        def counted() -> Iterator[Row]:
            for row in rows:
                self.rows[table] += 1
                yield row

        self.files[table].add(counted())

    def add(self, scored: ScoredSet) -> None:
        """Add a set, and its release if that is new.

        Raises:
            UsageError: another set has another scope at the same release.
        """
        catalogue = scored.prepared.catalogue
        first = self._releases.setdefault((catalogue.domain, catalogue.version), catalogue)
        if first.bounds != catalogue.bounds:
            message = (
                f"{scored.prepared.name} has another scope than sets before it: {catalogue.scope or 'everything'}"
            )
            raise UsageError(Problem(message, expected="one scope", hint="load all sets with the same scope"))
        for table in self.files:
            if table in OF_SETS:
                self.fill(table, OF_SETS[table](scored))

    def content(self) -> Iterator[tuple[str, bytes]]:
        """Table → its file, after the last set."""
        for table, file in self.files.items():
            if table in OF_RELEASES:
                for release in sorted(self._releases):
                    self.fill(table, OF_RELEASES[table](self._releases[release]))
            yield table, file.data()


def _add_sets(
    tables: _Tables,
    found: Sequence[Source],
    read: Iterator[Prepared | Problem],
    options: ScoreOptions,
    reading: ReadOptions,
    on_set: Callable[[int], None],
) -> tuple[list[ExportedSet], list[Problem]]:
    """Add the sets, one at a time, so that only one is held in memory; with the notices of all."""
    by_name = {source.name: source for source in found}
    exported: list[ExportedSet] = []
    notices: list[Problem] = []
    for prepared in read:
        if isinstance(prepared, Problem):
            notices.append(prepared)
            continue
        scored = _scored(prepared, by_name[prepared.name], options, reading)
        tables.add(scored)
        exported.append(_exported(scored))
        on_set(len(found))
    return exported, notices


def _scored(prepared: Prepared, source: Source, options: ScoreOptions, reading: ReadOptions) -> ScoredSet:
    """A set or layer, scored as `compare` does; scores of layers of other ranges stay on their own."""
    if prepared.format == "layer":
        (coverage,) = together([source], [prepared], (), reading.max_bytes).coverage(options)
        return ScoredSet(prepared, coverage, _file(source))
    return of_set(prepared, options)._replace(file=_file(source))


def _file(source: Source) -> str:
    """What tables name as the file of a set: the name of a shipped one; "" for the file itself."""
    return source_name(source.path) if source.origin == "shipped" else ""


def _add_findings(
    tables: _Tables, found: Sequence[Source], names: Set[str], attack_version: str | None, reading: ReadOptions
) -> Iterator[Problem]:
    """Add the findings of the files of sets; gives the notices of sets that have none."""
    from navlayers.checks.run import check  # noqa: PLC0415 - the rules are for findings alone

    scope = reading.scope or Scope()
    for source in found:
        if source.name not in names:
            continue
        if source.mapping_set is not None:
            yield Problem(f"{source.name}: no findings, as it is not a file")
            continue
        whole = msgspec.structs.replace(source, part="")
        report = check(
            [whole], attack_version=attack_version, reading=reading, as_of=scope.as_of or "", max_age=scope.max_age
        )
        tables.fill("findings", finding_rows(source.name, report.findings, _file(source)))


def _exported(scored: ScoredSet) -> ExportedSet:
    prepared, coverage = scored.prepared, scored.coverage
    return ExportedSet(
        prepared.name,
        prepared.catalogue.version,
        prepared.own_attack_version,
        prepared.replaced,
        coverage.left_out,
        coverage.notices,
    )


def _write(
    tables: _Tables, output: str, kind: Format | None, *, force: bool, keep: Sequence[Path]
) -> tuple[bool, int, bytes]:
    """Write the tables: whether one changed, the number of removed files, and what goes to standard output."""
    if kind is None:
        removed = write_folder(output, _folder(tables), command="export", force=force, keep=keep)
        return True, removed, b""
    if kind == "duckdb":
        data = database(dict(tables.content()), TABLES)
    else:
        ((_, data),) = tables.content()
    if output == STDOUT:
        return False, 0, data
    return output_files.write(data, output, force=force, keep=keep), 0, b""


def _folder(tables: _Tables) -> Iterator[tuple[str, bytes]]:
    """Path → bytes of the files of a folder, the index last."""
    entries = []
    for table, data in tables.content():
        path = f"{table}.{tables.format}"
        entries.append(FileEntry(path=path, kind="table", id=table, sha256=sha256(data)))
        yield path, data
    index = WrittenIndex(GENERATOR, tuple(entries), "export")
    yield INDEX, encode_lines(index) + b"\n"
