"""The mappings of a set as tables list them, by technique, capability and group."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from navlayers.pages.show.layout import link, paragraphs, row_notes, score_cell
from navlayers.pages.show.technique import mapped_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from navlayers.mapping.model import Mapping
    from navlayers.output.tables import Span
    from navlayers.pages.show.results import Row, SetHead
    from navlayers.pages.show.set_index import IndexedSet


class RowView(NamedTuple):
    """A mapping, or a record of what cannot be mapped, ready to be shown."""

    row: Row
    score: Span
    notes: str
    comments: tuple[Span, ...]
    references: tuple[Span, ...]


class Table(NamedTuple):
    """Rows of one set, named `set`; `scored`: with columns for categories, values and scores."""

    set: str
    rows: tuple[RowView, ...]
    scored: bool


def row_view(row: Row, head: SetHead) -> RowView:
    """A row ready to be shown."""
    score = score_cell(None if head.counts else row.score, row.category, head)
    return RowView(row, score, row_notes(row), paragraphs(row.comment), tuple(map(link, row.references)))


def table(head: SetHead, rows: Iterable[RowView]) -> Table:
    """A table of rows."""
    rows = tuple(rows)
    scored = any(view.row.category or view.row.value or view.score for view in rows)
    return Table(head.name, rows, scored)


class SetRows:
    """All mappings of a set, by technique, then as `navlayers.pages.show.technique` orders them."""

    def __init__(self, one: IndexedSet) -> None:
        self._head = one.head
        self._by_technique: dict[str, list[RowView]] = {}
        self._by_capability: dict[str, list[RowView]] = {}
        self._by_group: dict[str, list[RowView]] = {}
        for technique in sorted(one.mappings):
            for mapping, row in mapped_rows(technique, one):
                view = row_view(row, one.head)
                self._by_technique.setdefault(technique, []).append(view)
                self._by_capability.setdefault(mapping.capability, []).append(view)
                for group in groups_of(mapping, one):
                    self._by_group.setdefault(group, []).append(view)

    def of_technique(self, identifier: str) -> Table:
        """The mappings of a technique."""
        return table(self._head, self._by_technique.get(identifier, ()))

    def of_capability(self, identifier: str) -> Table:
        """The mappings of a capability."""
        return table(self._head, self._by_capability.get(identifier, ()))

    def of_group(self, identifier: str) -> Table:
        """The mappings of the capabilities of a group."""
        return table(self._head, self._by_group.get(identifier, ()))

    def of_all(self) -> Table:
        """Every mapping, capability by capability."""
        ordered = sorted(self._by_capability.items())
        return table(self._head, (view for _, views in ordered for view in views))


def groups_of(mapping: Mapping, one: IndexedSet) -> tuple[str, ...]:
    """The groups that a mapping is filed under, each once."""
    if mapping.group is not None:
        return (mapping.group,)
    capability = one.capabilities.get(mapping.capability)
    return tuple(dict.fromkeys(capability.groups)) if capability else ()
