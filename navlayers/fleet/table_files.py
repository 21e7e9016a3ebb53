"""The files of a fleet as one table."""

from __future__ import annotations

import glob
import hashlib
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from navlayers.errors import InputError, Place, Problem
from navlayers.fleet.tenants import STATE

if TYPE_CHECKING:
    from collections.abc import Sequence

PARQUET = (".parquet", ".pq")
TEXT = (".csv", ".tsv")
DATABASES = (".duckdb", ".db")

_CHUNK = 1 << 22


class TableFiles:
    """The files of a table, all of one kind."""

    def __init__(self, paths: Sequence[str], skipped: Sequence[str] = ()) -> None:
        """Take the files, and the names of others that are beside them."""
        self.paths, self.skipped = paths, skipped

    @cached_property
    def content(self) -> str:
        """The hash of their names and contents.

        Raises:
            InputError: one cannot be read.
        """
        digest = hashlib.sha256()
        # What was not yet written into a database is beside it.
        logs = [log for path in self.paths if Path(log := f"{path}.wal").is_file()]
        for path in [*self.paths, *logs]:
            digest.update(f"\0{path}\0".encode("utf-8", "surrogateescape"))
            try:
                with Path(path).open("rb") as stream:
                    while chunk := stream.read(_CHUNK):
                        digest.update(chunk)
            except OSError as error:
                reason = (error.strerror or str(error)).lower()
                raise InputError(Problem(f"cannot be read: {reason}", Place(path), code="unreadable")) from error
        return digest.hexdigest()


def table_files(text: str) -> TableFiles | None:
    """The files of the table that the input names; None if it is not a table."""
    path = Path(text)
    paths: list[str] = []
    others: list[str] = []
    if path.is_file() and path.suffix.lower() in (*PARQUET, *TEXT, *DATABASES):
        paths = [text]
    elif path.is_dir():
        # Spark marks a whole folder by a file _SUCCESS.
        entries = [each for each in path.iterdir() if not each.name.startswith((".", "_"))]
        paths = sorted(str(each) for each in entries if each.suffix.lower() in PARQUET)
        others = [
            each.name for each in entries if each.suffix.lower() not in PARQUET and not (each / STATE).is_dir()
        ]
    elif not path.exists() and path.suffix.lower() in PARQUET and "://" not in text:
        paths = sorted(glob.glob(text, recursive=True))  # noqa: PTH207 - an absolute glob
    return TableFiles(paths, others) if paths else None
