"""Layers as Markdown that fits a pull request, and as CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers.errors import Problem
from navlayers.render import head, technique_table
from navlayers.render.laid import DEFAULTS, Laid, lay_out
from navlayers.render.rendered import Rendered
from navlayers.render.rows import joint_of
from navlayers.tables import Column, Link, Table, columns, escape, to_csv, to_markdown
from navlayers.textwidth import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.render.options import RenderOptions
    from navlayers.render.rows import Row
    from navlayers.render.view import View
    from navlayers.tables import Cell

LONGEST = 60_000
"""So many characters a comment of a pull request holds, with some to spare."""


class _Step(NamedTuple):
    """How long comments, and metadata and addresses, may be; `note` tells what is left out."""

    comment: int
    others: int
    note: str = ""


_STEPS = (
    _Step(240, 240),
    _Step(120, 120),
    _Step(60, 60),
    _Step(120, 0, "Metadata and links are left out, for they would be too long."),
    _Step(40, 0, "Metadata and links are left out, for they would be too long."),
    _Step(0, 0, "Comments, metadata and links are left out, for they would be too long."),
)
"""From the most to the least; techniques are left out after that."""

_MORE = "… and "

_LONGEST_FACT = 400
_MOST_FACTS = 30
_LEAST_SECTION = 1000


def render_csv(views: Sequence[View], options: RenderOptions = DEFAULTS) -> Rendered:
    """What the layers say of techniques as CSV; of several, with the layer's name first."""
    return Rendered(to_csv(technique_table.techniques(lay_out(views, options), linked=False)))


def render_markdown(views: Sequence[View], options: RenderOptions = DEFAULTS) -> Rendered:
    """The layers as Markdown, a section each, those of several below their scores beside each other."""
    layers = lay_out(views, options)
    sections: list[str] = []
    room = LONGEST - 100
    if len(layers) > 1:
        joint = _joint(layers, room * 2 // 3)
        sections.append(joint)
        room -= len(joint)
    for number, layer in enumerate(layers):
        share = room // (len(layers) - number)
        if share < _LEAST_SECTION:
            left_out = len(layers) - number
            sections.append(f"{_MORE}{left_out} more layers\n")
            break
        section = _section(layer, share, level=1 if len(layers) == 1 else 2)
        sections.append(section)
        room -= len(section) + 1
    text = "\n".join(sections)
    return Rendered(text.encode("utf-8", "replace"), _notices(text))


def _notices(text: str) -> tuple[Problem, ...]:
    lines = text.splitlines()
    notes = {step.note for step in _STEPS if step.note}
    if not any(line in notes or line.startswith(_MORE) for line in lines):
        return ()
    message = f"the Markdown is cut to the {LONGEST:,} characters that pull requests take"
    return (Problem(message, hint="xlsx, html and csv hold all"),)


def _joint(layers: Sequence[Laid], room: int) -> str:
    """The scores of all layers; where their table would be too long, of as many techniques as there is room for."""
    rows = joint_of([layer.rows for layer in layers])
    table = technique_table.joint(layers, rows)
    start = f"# {len(layers)} layers\n\n" + "".join(
        f"- {_cut(layer.name, 120)}\n" for layer in layers[:_MOST_FACTS]
    )
    if len(layers) > _MOST_FACTS:
        start += f"- … and {len(layers) - _MOST_FACTS} more\n"
    return f"{start}\n{_fitted(table, room - len(start), 2)}"


def _section(layer: Laid, room: int, level: int) -> str:
    lines = [f"{'#' * level} {_cut(layer.name, 120)}", ""]
    view = layer.view
    if view.description:
        lines += [_cut(view.description), ""]
    facts = [*head.facts(view), *((label, url) for label, url in view.links)]
    lines += [f"- {_cut(label, 60)}: {_cut(value)}" for label, value in facts[:_MOST_FACTS]]
    if len(facts) > _MOST_FACTS:
        lines.append(f"- … and {len(facts) - _MOST_FACTS} more")
    marks = head.legend(view)
    if marks:
        lines += ["", f"{'#' * (level + 1)} Legend", ""]
        lines += [f"- {_cut(mark.label, 60)}: {mark.color}" for mark in marks[:_MOST_FACTS]]
        lines += [f"- … and {len(marks) - _MOST_FACTS} more"] if len(marks) > _MOST_FACTS else []
        lines += ["", " ".join(head.reading(view, layer.rows))]
    start = "\n".join(lines)[: room // 2] + "\n\n"
    for step in _STEPS[:-1]:
        table = to_markdown([_techniques(layer.rows, step)], level + 1)
        if len(start) + len(table) <= room:
            return start + table
    return start + _fitted(_techniques(layer.rows, _STEPS[-1]), room - len(start), level + 1)


def _cut(text: str, longest: int = _LONGEST_FACT) -> str:
    """Text as it stands, on one line, cut when long."""
    return escape(_short(text, longest))


def _short(text: str, longest: int) -> str:
    line = " ".join(plain(text[: 20 * longest]).split())
    return line if len(line) <= longest else line[: max(longest - 1, 0)].rstrip() + "…" * (longest > 0)


def _techniques(rows: Sequence[Row], step: _Step) -> Table:
    """What the layer says, short: columns that would be empty are left out."""
    table: list[tuple[Column, list[Cell]]] = [
        (Column("technique"), [row.id for row in rows]),
        (Column("name"), [row.name for row in rows]),
        (Column("tactics"), [", ".join(row.tactics) for row in rows]),
        (Column("score", "number"), [row.score for row in rows]),
        (Column("aggregate", "number"), [row.aggregate for row in rows]),
        (Column("enabled"), ["" if row.annotation.enabled else "no" for row in rows]),
        (Column("comment"), [_short(row.annotation.comment, step.comment) for row in rows]),
        (
            Column("metadata"),
            [_short(technique_table.joined(row.annotation.metadata), step.others) for row in rows],
        ),
    ]
    most = max((len(row.links) for row in rows), default=0) if step.others else 0
    for number in range(min(most, 2)):
        links: list[Cell] = [_link(row, number, step.others) for row in rows]
        table.append((columns("link", "link 2")[number], links))
    always = ("technique", "name", "tactics", "score")
    kept = [
        (column, cells)
        for column, cells in table
        if column.header in always or any(c not in ("", None) for c in cells)
    ]
    heads = tuple(column for column, _ in kept)
    return Table(
        "Techniques", "Techniques", heads, tuple(zip(*(cells for _, cells in kept), strict=True)), step.note
    )


def _link(row: Row, number: int, longest: int) -> Cell:
    """A link, unless its address alone would take the room of many."""
    if number >= len(row.links):
        return None
    label, url = row.links[number]
    return Link(_short(label, 60), url) if len(url) <= longest else None


def _fitted(table: Table, room: int, level: int) -> str:
    """The table in as many characters, its last rows left out where need be."""
    text = to_markdown([table], level)
    if len(text) <= room:
        return text
    lines = to_markdown([msgspec.structs.replace(table, note="")], level).splitlines(keepends=True)
    head_lines = len(lines) - len(table.rows)
    used, kept = sum(map(len, lines[:head_lines])), 0
    for line in lines[head_lines:]:
        used += len(line)
        if used > room - 40 - len(table.note):
            break
        kept += 1
    more = f"{_MORE}{len(table.rows) - kept} more"
    if not kept:
        return f"{more}\n"
    text = to_markdown([msgspec.structs.replace(table, rows=table.rows[:kept], note="")], level)
    return "\n".join([text, more, *([table.note] if table.note else []), ""])
