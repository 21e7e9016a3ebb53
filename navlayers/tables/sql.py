"""SQL of DuckDB: texts, names, Parquet files, and settings without code from elsewhere."""

from __future__ import annotations

import glob
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

NO_EXTENSIONS = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
"""Settings with which DuckDB neither downloads nor loads an extension by itself."""


def string(text: str) -> str:
    """A text in quotes."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """The name of a table or column in quotes."""
    return '"' + name.replace('"', '""') + '"'


def exact_path(path: str | Path) -> str:
    """A path for DuckDB, which takes one with brackets, asterisks or question marks for a pattern."""
    return glob.escape(str(Path(path).resolve()))


def parquet_files(paths: Iterable[str | Path]) -> str:
    """Parquet files as one table; a folder with a name such as "set=1" adds no column."""
    return f"read_parquet([{', '.join(string(exact_path(path)) for path in paths)}], hive_partitioning = false)"
