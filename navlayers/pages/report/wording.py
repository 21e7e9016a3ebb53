"""How a report writes figures and names, and how it trims tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from navlayers.output.tables import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.attack import Catalogue
    from navlayers.output.tables import Cell, Table
    from navlayers.pages.report.subject import Subject
    from navlayers.scoring.coverage import Coverage


def percent(part: float, whole: float) -> str:
    """A share as people read it, with one decimal."""
    return shown(100 * part / whole if whole else 0, "percent")


def categories_of(subject: Subject, one: Coverage) -> tuple[str, ...]:
    """The categories to tell of: those of the input, or the one that the report is about."""
    asked = subject.comparison.category
    return one.categories if asked is None else tuple(c for c in one.categories if c == asked)


def names_of(found: Sequence[str], most: int) -> str:
    """Some ids, and how many more there are."""
    more = len(found) - most
    return ", ".join(found[:most]) + (f", +{more} more" if more > 0 else "")


def full_name(catalogue: Catalogue, identifier: str) -> str:
    """A sub-technique by the name of its parent, too, which it hardly says anything without."""
    technique = catalogue.techniques[identifier]
    parent = catalogue.techniques.get(technique.parent or "")
    return f"{parent.name}: {technique.name}" if parent else technique.name


def tactic_names(catalogue: Catalogue, identifier: str) -> str:
    """The names of its tactics, in the order of the matrix."""
    own = catalogue.techniques[identifier].tactics
    return ", ".join(tactic.name for tactic in catalogue.tactics if tactic.shortname in own)


def in_full(table: Table, catalogue: Catalogue) -> Table:
    """A table with techniques and tactics by their names in full, wherever its columns hold these."""
    heads = [column.header for column in table.columns]
    at = next((i for i, column in enumerate(table.columns) if column.kind == "technique"), None)
    if at is None:
        return table
    rows = []
    for row in table.rows:
        cells: list[Cell] = list(row)
        identifier = str(row[at])
        for header, text in (("name", full_name), ("tactics", tactic_names)):
            if header in heads and identifier in catalogue.techniques:
                cells[heads.index(header)] = text(catalogue, identifier)
        rows.append(tuple(cells))
    return msgspec.structs.replace(table, rows=tuple(rows))


def without(table: Table, *headers: str) -> Table:
    """A table without the columns of these headers that say the same in every row."""
    idle = {
        i
        for i, column in enumerate(table.columns)
        if column.header in headers and len({row[i] for row in table.rows}) <= 1
    }
    return msgspec.structs.replace(
        table,
        columns=tuple(column for i, column in enumerate(table.columns) if i not in idle),
        rows=tuple(tuple(cell for i, cell in enumerate(row) if i not in idle) for row in table.rows),
    )
