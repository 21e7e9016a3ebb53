"""What a table is to its readers, whatever file it is in: rows of text cells, each with a place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.errors import Place


class Grid(Protocol):
    """The rows of a table, from the first of the file on; blank cells are "".

    Rows may be read again; cells keep what neutralises formulas. `strict`: a row with more cells than the header is
    a slip, as a separator within a cell makes it.
    """

    path: str
    strict: bool

    def rows(self) -> Iterator[list[str]]:
        """Each row, as long as it is written."""

    def numbers(self, column: int) -> frozenset[int]:
        """The rows whose cell in a column is kept as a number, not as the text of one."""

    def place(self, row: int, column: int, offset: int = 0) -> Place:
        """Where the character `offset` of a cell stands; row and column count from 0."""
