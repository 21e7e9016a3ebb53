"""Results as dictionaries, as a pandas DataFrame, and as a table in a notebook."""

from __future__ import annotations

from abc import abstractmethod
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas  # type: ignore[import-untyped]

# A notebook keeps every output in its file, so a table there is cut; to_frame() has all rows.
_NOTEBOOK_ROWS = 30


class Tabular:
    """A result that has rows."""

    @abstractmethod
    def to_dicts(self) -> list[dict[str, Any]]:
        """One dictionary per row, all with the same keys."""

    def to_frame(self) -> pandas.DataFrame:
        """The rows of `to_dicts` as a DataFrame, with the types of docs/tables.md where it has the table.

        Raises:
            ImportError: pandas is not installed.
        """
        import pandas  # noqa: PLC0415 - 0.5 s that only frames need

        return pandas.DataFrame(self.to_dicts()).astype(self._dtypes())

    def _dtypes(self) -> dict[str, str]:
        """Column → its type in pandas, of those that the rows do not show: empty ones, whole numbers."""
        return {}

    def _repr_html_(self) -> str:
        rows = self.to_dicts()
        body = "".join(_row("td", row.values()) for row in rows[:_NOTEBOOK_ROWS])
        more = len(rows) - _NOTEBOOK_ROWS
        note = f"<p>{more} more rows: see to_frame().</p>" if more > 0 else ""
        head = _row("th", rows[0]) if rows else ""
        return f"<p>{escape(repr(self))}</p><table><thead>{head}</thead><tbody>{body}</tbody></table>{note}"


def _row(tag: str, cells: Any) -> str:
    return f"<tr>{''.join(f'<{tag}>{escape(_text(cell))}</{tag}>' for cell in cells)}</tr>"


def _text(cell: object) -> str:
    if cell is None:
        return ""
    return ", ".join(map(str, cell)) if isinstance(cell, tuple | list) else str(cell)
