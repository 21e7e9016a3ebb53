"""The tenants whose scores changed since the last run, as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from navlayers.output.csv_text import to_csv
from navlayers.output.tables import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable

SCORES, CHANGES = "scores.parquet", "changes.csv"


class TenantChange(NamedTuple):
    """A tenant with other scores than in the last run.

    Attributes:
        tenant: its name.
        change: new, changed, removed, or left out.
        gained: the number of techniques that it covers now.
        lost: of those that it covered then.
        higher: of covered techniques whose score rose.
        lower: of those whose score fell.
    """

    tenant: str
    change: str
    gained: int
    lost: int
    higher: int
    lower: int


def changes_csv(changes: Iterable[TenantChange]) -> bytes:
    """The changes as CSV."""
    return to_csv(Table("", "", tuple(map(Column, TenantChange._fields)), tuple(changes)))


NO_CHANGES = changes_csv(())
