"""The engines that score a fleet, and how they are reached."""

from __future__ import annotations

import hashlib
import os
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from navlayers.errors import MissingExtraError, Problem, UsageError, extra
from navlayers.fleet.tenants import without_credentials
from navlayers.tables.sql import NO_EXTENSIONS, exact_path

if TYPE_CHECKING:
    from collections.abc import Sequence

Engine: TypeAlias = Any
"""A connection of Ibis."""

DUCKDB = "duckdb"
LOCAL_SPARK = "local-spark"
ENGINES = (DUCKDB, LOCAL_SPARK, "spark://HOST:PORT")

_UNKNOWN = "the scoring rule is navlayers.fleet.rule, an Ibis expression for engines of your own"

_HADOOP = re.compile(r"[][{}*?\\]")
"""What Spark takes for a pattern in a path."""

_SECONDS = 10
"""To wait for a connection to a master."""

_LAST_PORT = 65_535

MEMORY = "1GB"
"""What DuckDB may hold before it writes to disk; with what it does not count, the process stays below 2 GB."""


def check_engine(name: str) -> None:
    """Refuse the name of no engine.

    Raises:
        UsageError: it is not one of `ENGINES`.
    """
    if name not in ENGINES[:2] and not name.startswith("spark://"):
        raise UsageError(Problem(f"unknown engine {name}", expected=", ".join(ENGINES), hint=_UNKNOWN))


def settings(folder: Path) -> dict[str, Any]:
    """The settings of DuckDB: its memory, the folder for the rest, and no code or file from elsewhere."""
    return {"memory_limit": MEMORY, "temp_directory": str(folder), **NO_EXTENSIONS}


def error_reason(error: Exception) -> str:
    """The first line of what an engine raised, without credentials; its type if it says nothing."""
    text = without_credentials(str(error).strip())
    return text.splitlines()[0] if text else type(error).__name__


def connect(name: str, folder: Path) -> Engine:
    """The engine of a name in `ENGINES`.

    Args:
        name: the name.
        folder: where it writes what does not fit in memory.

    Raises:
        MissingExtraError: it is not installed.
    """
    with extra("fleet"):
        import duckdb  # noqa: F401, PLC0415 - the backend would name no extra
        import ibis  # noqa: PLC0415
    if name == DUCKDB:
        engine = ibis.duckdb.connect(**settings(folder), preserve_insertion_order=True)
        engine.raw_sql("SET enable_progress_bar = false")
        return engine
    return _spark("local[*]" if name == LOCAL_SPARK else name)


def _spark(master: str) -> Engine:
    import ibis  # noqa: PLC0415 - the caller has checked that it is installed

    try:
        from pyspark.sql import SparkSession  # noqa: PLC0415
    except ImportError as error:
        message = "this needs the package pyspark, which is not installed"
        raise MissingExtraError(
            Problem(message, hint="pip install pyspark 'pandas<3', and a Java runtime")
        ) from error
    if not master.startswith("local"):
        _reach(master)
    # Spark explains itself on standard error otherwise.
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1" if master.startswith("local") else "")
    builder = SparkSession.builder.master(master).appName("navlayers")
    builder = builder.config("spark.ui.showConsoleProgress", "false")
    if master.startswith("local"):
        builder = builder.config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", "8")
    try:
        session = builder.getOrCreate()
    except Exception as error:
        hint = "Spark needs Java: set JAVA_HOME, or apt install default-jre-headless"
        raise MissingExtraError(Problem(f"Spark does not start: {error_reason(error)}", hint=hint)) from error
    session.sparkContext.setLogLevel("ERROR")
    return ibis.pyspark.connect(session)


def _reach(master: str) -> None:
    """Refuse a master that does not answer, which Spark would try for minutes.

    Raises:
        UsageError: it is no address, or none of its hosts can be reached.
    """
    reason = ""
    for address in master.removeprefix("spark://").split(","):
        host, _, port = address.rpartition(":")
        if not host or not port.isdecimal() or int(port) > _LAST_PORT:
            raise UsageError(Problem(f"--engine {master} has no host and port", expected=ENGINES[2]))
        try:
            with socket.create_connection((host.strip("[]"), int(port)), _SECONDS):
                return
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
    hint = "check that the master runs, and the address that its page shows"
    raise UsageError(Problem(f"{master} cannot be reached: {reason}", hint=hint))


def parquet(engine: Engine, paths: Sequence[str | Path]) -> Any:
    """A table of Parquet files, whatever the names of the folders that they are in."""
    if engine.name == DUCKDB:
        return engine.read_parquet([exact_path(path) for path in paths], hive_partitioning=False)
    files = [_HADOOP.sub(r"\\\g<0>", str(Path(path).resolve())) for path in paths]
    if len(files) > 1:
        # Ibis passes one path to Spark.
        from pyspark.sql import SparkSession  # noqa: PLC0415 - of the engine

        session = SparkSession.getActiveSession()
        name = f"files_{hashlib.sha256(str(files).encode()).hexdigest()[:16]}"
        session.read.parquet(*files).createOrReplaceTempView(name)
        return engine.table(name)
    return engine.read_parquet(files[0])
