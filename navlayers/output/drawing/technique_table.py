"""Tables of layers: all facts about each technique, and the scores of several layers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from navlayers.output.tables import Cell, Column, Span, Table, columns, with_pages

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from navlayers.layer.rows import Joint, TechniqueRow
    from navlayers.output.drawing.facts import Tab

# More metadata names than these share one column; so do more links.
_MOST_COLUMNS, _MOST_LINKS = 12, 5

_Field: TypeAlias = "tuple[Column, Callable[[TechniqueRow], Cell]]"
"""A column, and what it takes from a row."""


def techniques(layers: Sequence[Tab], *, linked: bool) -> Table:
    """All facts about the techniques of layers; `linked`: a column per link, else one column of addresses.

    Columns that would say nothing, or the same of all, are left out; with several layers their names come first.
    Columns for readers come before columns for filters: the table is printed up to the comment.
    """
    rows = [row for layer in layers for row in layer.rows]
    fields: list[_Field] = [
        (Column("technique", "technique"), lambda row: row.id),
        (Column("name"), lambda row: row.name),
        (Column("tactics"), lambda row: ", ".join(row.tactics)),
        (Column("score", "number"), lambda row: row.score),
    ]
    if any(row.aggregate is not None for row in rows):
        fields.append((Column("aggregate", "number"), lambda row: row.aggregate))
    fields += [
        (Column("comment"), lambda row: on_a_line(row.annotation.comment)),
        (Column("parent"), lambda row: row.parent),
        (Column("color", "color"), lambda row: row.color or None),
        (Column("enabled"), lambda row: "yes" if row.annotation.enabled else "no"),
    ]
    if any(row.where != "shown" for row in rows):
        fields.append((Column("matrix"), lambda row: row.where))
    fields += _metadata(rows, {column.header for column, _ in fields} | {"layer", "link", "links"})
    most = max((len(row.links) for row in rows), default=0)
    if linked:
        fields += _links(most)
    elif most:
        fields.append((Column("links"), lambda row: " ".join(url for _, url in row.links)))
    heads = tuple(column for column, _ in fields)
    body = tuple(tuple(take(row) for _, take in fields) for row in rows)
    if len(layers) > 1:
        names = [layer.name for layer in layers for _ in layer.rows]
        heads = (Column("layer"), *heads)
        body = tuple((name, *cells) for name, cells in zip(names, body, strict=True))
    table = Table("Techniques", "Techniques", heads, body)
    return _linked(table, layers) if linked else table


def _metadata(rows: Sequence[TechniqueRow], taken: set[str]) -> list[_Field]:
    """A column per metadata name, or one for all if there are many."""
    names = list(dict.fromkeys(name for row in rows for name, _ in row.annotation.metadata))
    if len(names) > _MOST_COLUMNS:
        return [(Column("metadata"), lambda row: joined(row.annotation.metadata))]
    return [(Column(f"{name} (metadata)" if name in taken else name), partial(_values, name)) for name in names]


def _values(name: str, row: TechniqueRow) -> str:
    return "; ".join(value for key, value in row.annotation.metadata if key == name)


def on_a_line(comment: str) -> str:
    """A comment on one line, with a dot between lines that do not end with a punctuation mark."""
    lines = [line.strip() for line in comment.splitlines() if line.strip()]
    ends = (" · " if line[-1:].isalnum() or line[-1:] in ")]%\"'" else " " for line in lines)
    return "".join(line + end for line, end in zip(lines, ends, strict=True)).removesuffix(" · ").rstrip()


def joined(metadata: Sequence[tuple[str, str]]) -> str:
    """Metadata in one line."""
    return "; ".join(f"{name}: {value}" for name, value in metadata)


def _links(most: int) -> list[_Field]:
    """A column per link of the row with the most links; from the sixth on, one column of addresses."""
    fields: list[_Field] = [
        (Column(f"link {number + 1}" if most > 1 else "link"), partial(_link, number))
        for number in range(min(most, _MOST_LINKS))
    ]
    if most > _MOST_LINKS:
        fields.append((Column("more links"), lambda row: " ".join(url for _, url in row.links[_MOST_LINKS:])))
    return fields


def _link(number: int, row: TechniqueRow) -> Span | None:
    return Span(*row.links[number]) if number < len(row.links) else None


def joint(layers: Sequence[Tab], rows: Sequence[Joint]) -> Table:
    """The scores of several layers, a column per layer."""
    heads = (Column("technique", "technique"), *columns("name", "tactics"))
    scores = columns(*(layer.name for layer in layers), kind="number")
    body = tuple((row.id, row.name, ", ".join(row.tactics), *row.scores) for row in rows)
    return _linked(Table("All layers", "Scores of all layers", (*heads, *scores), body), layers)


def _linked(table: Table, layers: Sequence[Tab]) -> Table:
    """The table with links to an organization's own pages of its techniques."""
    return with_pages(table, {url: page for tab in layers for url, page in tab.view.catalogue.own_pages.items()})
