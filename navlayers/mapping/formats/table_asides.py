"""Rows of a table that map nothing: headers that are repeated, totals, scores alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers.mapping.formats.table_content import NO_VALUE, TOTALS
from navlayers.mapping.formats.table_header import repeats_header
from navlayers.mapping.formats.table_values import single_technique

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from navlayers.mapping.formats.table import Sheet
    from navlayers.mapping.formats.table_content import Wide

_TOTAL = "this row of totals is left out"


class Asides:
    """Finds the rows of a sheet that map nothing.

    Args:
        sheet: the table.
        wide: its columns of tools.
        is_name: tells whether a text is the name of a technique.
    """

    def __init__(self, sheet: Sheet, wide: Wide, is_name: Callable[[str], bool]) -> None:
        self._columns = columns = sheet.columns
        fields = columns.fields
        self._technique = technique = fields["attack_object_id"]
        self._further = {*columns.more, fields.get("subtechnique", technique)} - {technique}
        # A row without a technique repeats no header that names the technique.
        self._headed = all(technique < len(names) and names[technique] for names in columns.rows)
        self._name = fields.get("attack_object_name")
        self._capabilities = [fields[f] for f in ("capability_id", "capability_description") if f in fields]
        self._scores = dict.fromkeys(
            [*columns.categories.values(), *wide.tools, fields.get("score_value", technique)]
        )
        self._is_name = is_name

    def notice(self, cells: Sequence[str]) -> tuple[int, str]:
        """The notice of a row that maps nothing, and its column; no text for other rows."""
        technique = cells[self._technique]
        if single_technique(technique) is not None:
            return 0, ""  # as almost every row: an id is neither a header nor a total
        if (technique or not self._headed) and repeats_header(self._columns, cells):
            return 0, "the header is repeated; this row is left out"
        if _is_total(technique):
            return self._technique, _TOTAL
        if _has_value(technique) or any(_has_value(cells[column]) for column in self._further):
            return 0, ""
        if self._name is not None and self._is_name(cells[self._name]):
            return 0, ""
        for column in self._capabilities:
            if _is_total(cells[column]):
                return column, _TOTAL
        named = self._capabilities and cells[self._capabilities[0]].strip()
        if not named and any(_has_value(cells[column]) for column in self._scores):
            return self._technique, "this row has only a score; it is left out"
        return 0, ""


def _has_value(text: str) -> bool:
    return text.strip().lower() not in NO_VALUE


def _is_total(text: str) -> bool:
    return text.strip().rstrip(":").lower() in TOTALS
