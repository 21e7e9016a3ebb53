"""Tables of what layers say of techniques: one row per technique, and one of the scores of several layers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from navlayers.output.tables import Cell, Column, Span, Table, columns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from navlayers.layer.rows import Joint, Row
    from navlayers.output.drawing.facts import Tab

# More names of metadata share one column; more links of a technique do, too.
_MOST_COLUMNS = 12
_MOST_LINKS = 5


def techniques(layers: Sequence[Tab], *, linked: bool) -> Table:
    """All that the layers say of techniques; `linked`: in columns of links, else addresses in one column.

    Columns that would say nothing, or the same of all, are left out; with several layers their names come first.
    What is read comes before what programs filter by: the table is printed up to the comment.
    """
    rows = [row for layer in layers for row in layer.rows]
    fields = _Fields()
    fields.add(Column("technique", "technique"), lambda row: row.id)
    fields.add(Column("name"), lambda row: row.name)
    fields.add(Column("tactics"), lambda row: ", ".join(row.tactics))
    fields.add(Column("score", "number"), lambda row: row.score)
    if any(row.aggregate is not None for row in rows):
        fields.add(Column("aggregate", "number"), lambda row: row.aggregate)
    fields.add(Column("comment"), lambda row: on_a_line(row.annotation.comment))
    fields.add(Column("parent"), lambda row: row.parent)
    fields.add(Column("color", "color"), lambda row: row.color or None)
    fields.add(Column("enabled"), lambda row: "yes" if row.annotation.enabled else "no")
    if any(row.where != "shown" for row in rows):
        fields.add(Column("matrix"), lambda row: row.where)
    _add_metadata(fields, rows)
    most = max((len(row.links) for row in rows), default=0)
    if most and not linked:
        fields.add(Column("links"), lambda row: " ".join(url for _, url in row.links))
    elif most:
        _add_links(fields, most)
    heads, body = fields.columns, (fields.of(row) for row in rows)
    if len(layers) > 1:
        names = (layer.name for layer in layers for _ in layer.rows)
        return Table(
            "Techniques",
            "Techniques",
            (Column("layer"), *heads),
            tuple((name, *cells) for name, cells in zip(names, body, strict=True)),
        )
    return Table("Techniques", "Techniques", tuple(heads), tuple(body))


class _Fields:
    """Columns, and what each of them takes from a row."""

    def __init__(self) -> None:
        self.columns: list[Column] = []
        self._take: list[Callable[[Row], Cell]] = []

    def add(self, column: Column, take: Callable[[Row], Cell]) -> None:
        self.columns.append(column)
        self._take.append(take)

    def of(self, row: Row) -> tuple[Cell, ...]:
        return tuple(take(row) for take in self._take)


def _add_metadata(fields: _Fields, rows: Sequence[Row]) -> None:
    """A column per name of metadata where these are few, else one for all."""
    names = list(dict.fromkeys(name for row in rows for name, _ in row.annotation.metadata))
    if len(names) > _MOST_COLUMNS:
        fields.add(Column("metadata"), lambda row: joined(row.annotation.metadata))
        return
    taken = {column.header for column in fields.columns} | {"layer", "link", "links"}
    for name in names:
        fields.add(Column(f"{name} (metadata)" if name in taken else name), partial(_values, name))


def _values(name: str, row: Row) -> str:
    return "; ".join(value for called, value in row.annotation.metadata if called == name)


def on_a_line(comment: str) -> str:
    """A comment on one line, its own lines told apart where no mark does."""
    lines = [line.strip() for line in comment.splitlines() if line.strip()]
    ends = (" · " if line[-1:].isalnum() or line[-1:] in ")]%\"'" else " " for line in lines)
    return "".join(line + end for line, end in zip(lines, ends, strict=True)).removesuffix(" · ").rstrip()


def joined(metadata: Sequence[tuple[str, str]]) -> str:
    """Metadata in one line."""
    return "; ".join(f"{name}: {value}" for name, value in metadata)


def _add_links(fields: _Fields, most: int) -> None:
    """A column per link, as many as a row has at most; a few, and a last one with the addresses of further ones."""
    for number in range(min(most, _MOST_LINKS)):
        fields.add(Column(f"link {number + 1}" if most > 1 else "link"), partial(_link, number))
    if most > _MOST_LINKS:
        fields.add(Column("more links"), lambda row: " ".join(url for _, url in row.links[_MOST_LINKS:]))


def _link(number: int, row: Row) -> Span | None:
    return Span(*row.links[number]) if number < len(row.links) else None


def joint(layers: Sequence[Tab], rows: Sequence[Joint]) -> Table:
    """The scores of several layers beside each other."""
    heads = (Column("technique", "technique"), *columns("name", "tactics"))
    scores = columns(*(layer.name for layer in layers), kind="number")
    body = tuple((row.id, row.name, ", ".join(row.tactics), *row.scores) for row in rows)
    return Table("All layers", "Scores of all layers", (*heads, *scores), body)
