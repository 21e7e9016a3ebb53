"""The tenants whose scores changed since the last run, as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from navlayers.output.csv_text import to_csv
from navlayers.output.tables import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable

SCORES, CHANGES = "scores.parquet", "changes.csv"


def changes_csv(changes: Iterable[tuple[Any, ...]]) -> bytes:
    """The tenants whose scores changed, as CSV."""
    columns = tuple(Column(name) for name in ("tenant", "change", "gained", "lost", "higher", "lower"))
    return to_csv(Table("", "", columns, tuple(changes)))


NO_CHANGES = changes_csv(())
