"""The tables as Parquet, CSV and DuckDB. Rows come in any number, and are kept in the form of their file alone."""

from __future__ import annotations

import io
import tempfile
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from navlayers.errors import OutputError, Problem, extra
from navlayers.output.csv_text import CsvText
from navlayers.tables import sql

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from navlayers.tables.columns import Table
    from navlayers.tables.rows import Cell, Row

Format = Literal["parquet", "csv", "duckdb"]

_BATCH = 65_536
"""Rows of a row group, and so the most that wait in memory as Python objects."""


class TableFile(Protocol):
    """A table that is written row by row."""

    def add(self, rows: Iterable[Row]) -> None:
        """Add rows."""

    def data(self) -> bytes:
        """The file, after the last row."""


def table_file(table: Table, format_: Format) -> TableFile:
    """An empty table: as CSV, or as Parquet, which a DuckDB file is made of.

    Raises:
        MissingExtraError: a package for the format is not installed.
    """
    if format_ == "csv":
        return _Csv(table)
    with extra("tables"):
        import pyarrow  # noqa: F401, PLC0415 - large, and for these files alone

        if format_ == "duckdb":
            import duckdb  # noqa: F401, PLC0415
    return _Parquet(table)


class _Csv:
    def __init__(self, table: Table) -> None:
        self._text = CsvText(table.names)

    def add(self, rows: Iterable[Row]) -> None:
        self._text.add([*map(_csv_cell, row)] for row in rows)

    def data(self) -> bytes:
        return self._text.data()


def _csv_cell(cell: Cell) -> str | float | None:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return cell.isoformat() if isinstance(cell, date) else cell


class _Parquet:
    """Snappy and dictionaries of plain strings: what every reader of Parquet reads."""

    def __init__(self, table: Table) -> None:
        import pyarrow as pa  # noqa: PLC0415
        from pyarrow import parquet  # noqa: PLC0415

        types = {
            "text": pa.string(),
            "integer": pa.int64(),
            "number": pa.float64(),
            "boolean": pa.bool_(),
            "date": pa.date32(),
        }
        fields = [
            pa.field(c.name, types[c.type], metadata={"description": c.description, "unit": c.unit})
            for c in table.columns
        ]
        self._schema = pa.schema(fields, metadata={"description": table.description})
        self._buffer = io.BytesIO()
        self._writer = parquet.ParquetWriter(self._buffer, self._schema, compression="snappy")
        self._waiting: list[Row] = []

    def add(self, rows: Iterable[Row]) -> None:
        for row in rows:
            self._waiting.append(row)
            if len(self._waiting) == _BATCH:
                self._flush()

    def data(self) -> bytes:
        if self._waiting:
            self._flush()
        self._writer.close()
        return self._buffer.getvalue()

    def _flush(self) -> None:
        import pyarrow as pa  # noqa: PLC0415

        columns = zip(*self._waiting, strict=True)
        arrays = [_array(cells, field.type, pa) for cells, field in zip(columns, self._schema, strict=True)]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
        self._waiting = []


def _array(cells: tuple[Cell, ...], type_: Any, pa: Any) -> Any:
    try:
        return pa.array(cells, type_)
    except UnicodeEncodeError:  # half of a surrogate pair, as names of files may have
        return pa.array(
            [each.encode("utf-8", "replace").decode() if isinstance(each, str) else each for each in cells]
        )


def database(tables: Mapping[str, bytes], schemas: Mapping[str, Table]) -> bytes:
    """A DuckDB file.

    Args:
        tables: name → the table as Parquet.
        schemas: name → its schema, whose descriptions become comments.

    Raises:
        OutputError: it cannot be made in the folder of temporary files.
    """
    import duckdb  # noqa: PLC0415

    try:
        return _database(tables, schemas)
    except (OSError, duckdb.Error) as error:
        message = f"the database cannot be made: {' '.join(str(error).split())}"
        hint = "it is made in the folder of temporary files, which TMPDIR names"
        raise OutputError(Problem(message, hint=hint)) from error


def _database(tables: Mapping[str, bytes], schemas: Mapping[str, Table]) -> bytes:
    import duckdb  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="navlayers-") as temporary:
        folder = Path(temporary)
        # One thread, so that rows and blocks have one order.
        config: dict[str, Any] = {**sql.NO_EXTENSIONS, "threads": 1}
        with duckdb.connect(":memory:", config=config) as connection:
            # FSST samples texts at random, and makes these files larger.
            connection.execute("SET disabled_compression_methods = 'fsst'")
            path = sql.string(str(folder / "tables.duckdb"))
            # The format that every release since 1.0 reads.
            connection.execute(f"ATTACH {path} AS tables (STORAGE_VERSION 'v1.0.0')")
            connection.execute("USE tables")
            connection.execute("BEGIN")  # else each comment waits for the disk
            for table, data in tables.items():
                parquet = folder / f"{table}.parquet"
                parquet.write_bytes(data)
                connection.execute(f"CREATE TABLE {table} AS FROM {sql.parquet_files([parquet])}")
                schema = schemas[table]
                connection.execute(f"COMMENT ON TABLE {table} IS {sql.string(schema.description)}")
                for column in schema.columns:
                    name = f"{table}.{sql.identifier(column.name)}"
                    connection.execute(f"COMMENT ON COLUMN {name} IS {sql.string(column.description)}")
            connection.execute("COMMIT")
            connection.execute("USE memory")
            connection.execute("DETACH tables")
        return (folder / "tables.duckdb").read_bytes()
