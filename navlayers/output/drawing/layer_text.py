"""Layers as Markdown that fits a pull request, and as CSV."""

from __future__ import annotations

import math
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from navlayers._text.lines import printable
from navlayers._text.numbers import rounded
from navlayers._text.wording import quantity
from navlayers.errors import Problem
from navlayers.layer.rows import facts_of, joint_of
from navlayers.output.csv_text import to_csv
from navlayers.output.drawing import facts, technique_table
from navlayers.output.drawing.facts import Tab, tabs_of, title_of
from navlayers.output.drawing.options import Rendered, RenderOptions
from navlayers.output.markdown import escape, table_lines
from navlayers.output.tables import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from navlayers.layer.matrix import Matrix
    from navlayers.layer.rows import TechniqueRow
    from navlayers.layer.view import View
    from navlayers.output.tables import Cell

LONGEST = 60_000
"""The most characters of the Markdown: GitHub takes 65,536 in a comment on a pull request."""

# Comments are cut to these lengths in turn until all techniques fit; after that, techniques are omitted.
_COMMENTS = (300, 200, 120, 80, 40, 0)

_UNCOMMENTED = "Comments are omitted because they would be too long."
_UNLISTED = "The techniques of each layer are omitted because they would be too long."
_MORE = "… and "

# The longest texts in letters, and the most facts, legend labels and layers to list.
_LONGEST_FACT, _TITLE = 400, 120
_MOST_FACTS = 30


def render_csv(views: Sequence[View], options: RenderOptions = RenderOptions()) -> Rendered:
    """Render the table of techniques as CSV; of several layers, with the layer's name in the first column."""
    return Rendered(to_csv(technique_table.techniques(tabs_of(views, options), linked=False)))


def render_markdown(views: Sequence[View], options: RenderOptions = RenderOptions()) -> Rendered:
    """Render layers as Markdown: coverage per tactic, then folded techniques.

    Several layers start with a table of all scores, which is cut last.
    """
    layers = tabs_of(views, options)
    part = _single(layers[0]) if len(layers) == 1 else _several(layers)
    return Rendered(part.text.encode("utf-8", "replace"), _notices(part))


class _Part(NamedTuple):
    """A text, and whether it is shortened."""

    text: str
    is_cut: bool


def _notices(part: _Part) -> tuple[Problem, ...]:
    if not part.is_cut:
        return ()
    message = f"the Markdown is cut to {LONGEST:,} characters, the limit of pull requests"
    return (Problem(message, hint="xlsx, html and csv are complete"),)


def _single(layer: Tab) -> _Part:
    start, end = _start(layer, 1), _about(layer.view)
    room = LONGEST - len(start) - len(end) - 2
    fitting = (_Part(text, is_cut=False) for n in _COMMENTS[:-1] if len(text := _folded_rows(layer, n)) <= room)
    note = _UNCOMMENTED if _longest_comment(layer) else ""
    details = next(fitting, None) or _fitted(_techniques(layer.rows, 0), _technique_count(layer), room, note)
    return _Part("\n".join([start, details.text, *([end] if end else [])]), details.is_cut)


def _several(layers: Sequence[Tab]) -> _Part:
    """All scores, then a section per layer with as much as fits of each."""
    start = f"# {_cut(title_of(layers), 2 * _TITLE)}\n\n{_overview(layers)}"
    heads = [_start(layer, 2) for layer in layers]
    needed = sum(len(head) + 3 for head in heads)
    room = LONGEST - len(start) - 200
    joint = _joint(layers, room, needed)
    room -= len(joint.text)
    for longest in _COMMENTS:
        tables = _tables(layers, longest, room - needed)
        if tables is not None:
            sections = [f"{head}\n{table}" for head, table in zip(heads, tables, strict=True)]
            is_cut = joint.is_cut or longest == 0 < max(map(_longest_comment, layers))
            return _Part("\n".join([start, joint.text, *sections]), is_cut)
    kept = sum(end <= room for end in accumulate(len(head) + 1 for head in heads))
    missing = [f"{_MORE}{len(heads) - kept} more layers\n"] if kept < len(heads) else []
    return _Part("\n".join([start, joint.text, f"{_UNLISTED}\n", *heads[:kept], *missing]), is_cut=True)


def _tables(layers: Sequence[Tab], longest: int, room: int) -> list[str] | None:
    """The techniques of each layer with comments up to a length; None if they do not fit."""
    tables = []
    for layer in layers:
        tables.append(_folded_rows(layer, longest))
        room -= len(tables[-1])
        if room < 0:
            return None
    return tables


def _overview(layers: Sequence[Tab]) -> str:
    """A line per layer: how much it annotates, and its mean score."""
    heads = (Column("layer"), Column("annotated"), Column("mean score", "number"))
    rows: list[tuple[Cell, ...]] = [
        (_short(layer.name, _TITLE), facts.counts(layer.view).removesuffix(" annotated"), _mean(_scores(layer)))
        for layer in layers[:_MOST_FACTS]
    ]
    lines = table_lines(Table("Layers", "Layers", heads, tuple(rows)))
    if len(layers) > _MOST_FACTS:
        lines += ["", f"{_MORE}{len(layers) - _MOST_FACTS} more layers"]
    return "\n".join([*lines, ""])


def _joint(layers: Sequence[Tab], room: int, others: int) -> _Part:
    """The scores of all layers, of as many techniques as fit.

    Tactics are omitted if the `others` characters below would not fit otherwise.
    """
    rows = joint_of([layer.rows for layer in layers])
    table = technique_table.joint(layers, rows)
    title = f"## {table.title}\n\n"
    ids = {row.id for row in rows}
    part = _fitted(table, quantity(len(ids), "technique"), room - len(title))
    if len(part.text) + others > room and len(ids) == len(rows):
        heads, body = table.columns, table.rows
        short = Table(table.name, table.title, (*heads[:2], *heads[3:]), tuple((*r[:2], *r[3:]) for r in body))
        part = _fitted(short, quantity(len(ids), "technique"), room - len(title))
    return _Part(title + part.text, part.is_cut)


def _start(layer: Tab, level: int) -> str:
    """The part above the techniques: the layer's name, its result, and its coverage per tactic."""
    view = layer.view
    lines = [f"{'#' * level} {_cut(layer.name, _TITLE)}", ""]
    if view.description:
        lines += [_cut(view.description), ""]
    release, counts, *filters = facts.summary(view)
    result = [f"**{counts}**", *_range(layer), *(_cut(text) for text in (release, *filters))]
    lines += [" · ".join(result), ""]
    if layer.matrix.columns:
        lines += [*table_lines(_tactics(layer.matrix)), ""]
    reading = _reading(view)
    return "\n".join([*lines, *([reading, ""] if reading else [])])


def _range(layer: Tab) -> list[str]:
    scores = _scores(layer)
    if not scores:
        return ["no scores"]
    low, high = facts.figure(min(scores)), facts.figure(max(scores))
    if low == high:
        return [f"all scores {low}"]
    return [f"scores {low} to {high}, mean {facts.figure(_mean(scores) or 0)}"]


def _scores(layer: Tab) -> list[float]:
    """The scores in the matrix, one per technique unless they differ by tactic."""
    rows = (row for row in layer.rows if row.annotation.enabled and row.where != "left out")
    return [row.score for row in rows if row.score is not None]


def _mean(scores: Sequence[float]) -> float | None:
    if not scores:
        return None
    mean = math.fsum(score / len(scores) for score in scores)
    return rounded(mean, 1)


def _tactics(matrix: Matrix) -> Table:
    """The coverage per tactic, with the counts of the pictures."""
    rows: list[tuple[Cell, ...]] = []
    every = True
    for column in matrix.columns:
        entries = [each.annotation for cell in column.cells for each in (cell, *cell.subtechniques)]
        counted = [entry for entry in entries if entry.counted]
        scores = [entry.score for entry in counted if entry.score is not None]
        every = every and len(scores) == len(counted)
        rows.append((column.name, f"{column.mapped} of {column.total}", _mean(scores)))
    what = Column("techniques scored" if every else "techniques annotated", "number")
    heads = (Column("tactic"), what, Column("mean score", "number"))
    return Table("Tactics", "Tactics", heads, tuple(rows))


def _reading(view: View) -> str:
    """The meaning of scores in words, because Markdown has no colors."""
    sentences = []
    labels = [mark.label for mark in view.legend]
    if not all(label.strip().isdigit() for label in labels):
        shown = [*labels[:_MOST_FACTS], *(["…"] if len(labels) > _MOST_FACTS else [])]
        sentences.append(f"Legend: {_cut(', '.join(shown))}.")
    if view.layout.show_aggregate:
        sentences.append(f"The score of a technique is {facts.AGGREGATES[view.layout.aggregate]}.")
    return " ".join(sentences)


def _about(view: View) -> str:
    """Metadata and links of the layer on one line."""
    metadata = facts_of(view)
    values = {value for _, value in metadata}
    entries = [*metadata, *((label, url) for label, url in view.links if url not in values)]
    parts = [f"{_cut(label, 60)}: {_cut(value, 120)}" for label, value in entries[:_MOST_FACTS]]
    more = [f"{_MORE}{len(entries) - _MOST_FACTS} more"] if len(entries) > _MOST_FACTS else []
    return f"{' · '.join([*parts, *more])}\n" if parts else ""


def _cut(text: str, longest: int = _LONGEST_FACT) -> str:
    """Escaped text on one line, cut if it is long."""
    return escape(_short(text, longest))


def _short(text: str, longest: int) -> str:
    """Text on one line, cut between words if it is long."""
    line = " ".join(printable(text[: 20 * longest]).split())
    if len(line) <= longest:
        return line
    start = line[: max(longest - 1, 0)]
    words = start.rpartition(" ")[0].rstrip(" ,;·–-")
    return (words if len(words) > longest * 2 // 3 else start.rstrip()) + "…" * (longest > 0)


def _comment(row: TechniqueRow, longest: int) -> str:
    return _short(technique_table.on_a_line(row.annotation.comment[: 20 * longest]), longest)


def _longest_comment(layer: Tab) -> int:
    return max((len(row.annotation.comment) for row in layer.rows), default=0)


def _folded_rows(layer: Tab, longest: int) -> str:
    """The folded techniques of a layer, comments cut to a length."""
    return _folded(_techniques(layer.rows, longest), _technique_count(layer))


def _technique_count(layer: Tab) -> str:
    return quantity(len({row.id for row in layer.rows}), "technique")


def _techniques(rows: Sequence[TechniqueRow], longest: int) -> Table:
    """A short table of a layer's techniques without empty columns."""
    table: list[tuple[Column, list[Cell]]] = [
        (Column("technique"), [row.id for row in rows]),
        (Column("name"), [row.name for row in rows]),
        (Column("tactics"), [", ".join(row.tactics) for row in rows]),
        (Column("score", "number"), [row.score for row in rows]),
        (Column("aggregate", "number"), [row.aggregate for row in rows]),
        (Column("enabled"), ["" if row.annotation.enabled else "no" for row in rows]),
        (Column("comment"), [_comment(row, longest) for row in rows]),
    ]
    always = ("technique", "name", "tactics", "score")
    kept = [
        (column, cells)
        for column, cells in table
        if column.header in always or any(c not in ("", None) for c in cells)
    ]
    heads = tuple(column for column, _ in kept)
    return Table("Techniques", "Techniques", heads, tuple(zip(*(cells for _, cells in kept), strict=True)))


def _folded(table: Table, summary: str, note: str = "") -> str:
    return _wrapped(table_lines(table), summary, note)


def _wrapped(lines: Iterable[str], summary: str, *below: str) -> str:
    """Folded lines; GitHub renders Markdown in there only between blank lines."""
    parts = [f"<details>\n<summary>{summary}</summary>\n", *lines, *(f"\n{text}" for text in below if text)]
    return "\n".join([*parts, "\n</details>\n"])


def _fitted(table: Table, summary: str, room: int, note: str = "") -> _Part:
    """The table in at most `room` characters; the last rows are omitted if necessary."""
    text = _folded(table, summary, note)
    if len(text) <= room:
        return _Part(text, is_cut=bool(note))
    lines = table_lines(table)
    space = room - len(_folded(Table("", "", table.columns, ()), summary, note)) - 40
    kept = sum(end <= space for end in accumulate(len(line) + 1 for line in lines[2:]))
    more = f"{_MORE}{len(table.rows) - kept} more"
    return _Part(_wrapped(lines[: kept + 2], summary, more, note) if kept else f"{more}\n", is_cut=True)
