"""Layers as slides: a headline number, the matrix as squares, and the names that matter, for the back of a room."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from navlayers._text import percent_text, single_line
from navlayers.layer.colors import NOT_RATED, UNCOVERED, tells_uncovered
from navlayers.layer.matrix import matrix_of
from navlayers.output.drawing.cells import compact_fit, draw_cells, draw_compact
from navlayers.output.drawing.facts import short_name
from navlayers.output.drawing.font import CAP, cut, ems
from navlayers.output.drawing.header import describe, legend_of
from navlayers.output.drawing.layout import content_of, page_layouts
from navlayers.output.drawing.shapes import Drawing, Group, Rect, Shape, Text
from navlayers.output.drawing.theme import figure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.layer.matrix import Matrix
    from navlayers.layer.view import Annotation, View
    from navlayers.output.drawing.layout import Layout
    from navlayers.output.drawing.options import Frame, RenderOptions
    from navlayers.output.drawing.theme import Look

LEAST = 9.0
"""The smallest text of a name on a slide, in points."""

# Sizes of text in points: the number, its words, the title, the rest; the height of a line of the list.
_NUMBER, _WORDS, _TITLE, _SMALL, _ROW = 40.0, 17.0, 13.0, 10.5, 17.0

# The list's share of the width, and the space beside it and below the header in points.
_LIST, _SPACE = 0.29, 18.0

# Units of the named cells to try, the largest first: the largest text has 8.5 points each.
_UNITS = (2.4, 2.1, 1.8, 1.5, 1.3, 1.1)
# Other fonts than that of pictures set the number wider.
_WIDER = 1.1
_OF = re.compile(r"(\d+) of (\d+)")
_SEVERAL = ";"


class Headline(NamedTuple):
    """The share, what it is a share of, and its counts: "44%", "of Enterprise 16.1 covered", "290 of 656 …"."""

    number: str
    words: str
    counts: str


def is_slide(options: RenderOptions) -> bool:
    """Whether the options leave it to the slide what it shows."""
    return options.page == "16:9" and options.detail != "full" and options.show is None


def draw_slide(view: View, look: Look, frame: Frame, *, names: bool) -> Drawing:
    """Draw a slide.

    Args:
        view: the layer.
        look: the look of cells.
        frame: the page.
        names: draw the annotated techniques as cells with their names, if these are legible.
    """
    matrix = matrix_of(view, "scored" if names else "mini")
    x, y = frame.margin, frame.margin
    head, height = _head(matrix, look, frame)
    groups = [*head]
    top, room = y + height + _SPACE, frame.inner_height - height - _SPACE
    layout = _named_layout(matrix, look, frame.inner_width, room) if names else None
    if layout is not None:
        groups += draw_cells(matrix, look, layout, x, top)
    elif matrix.columns:
        width = frame.inner_width * (1 - _LIST) - _SPACE
        squares = matrix_of(view, "mini")
        fit = compact_fit(squares, width, room, frame.unit)
        if fit is not None:
            groups += draw_compact(squares, look, fit, x, top, LEAST)
        left = x + frame.inner_width - frame.inner_width * _LIST
        groups += _lists(view, look, left, top, frame.inner_width * _LIST, room)
    title = single_line(view.name) or "layer"
    return Drawing(
        round(frame.width, 2), round(frame.height, 2), title, describe(matrix), look.theme.page, tuple(groups)
    )


def _head(matrix: Matrix, look: Look, frame: Frame) -> tuple[list[Group], float]:
    """Title, headline and legend, and their height."""
    view, theme, x, y = matrix.view, look.theme, frame.margin, frame.margin
    legend = legend_of(matrix, look, _SMALL / 6.4)
    legend, rows = legend.within(frame.inner_width * 0.45, 4)
    room = frame.inner_width - legend.width(rows) - 2 * _SPACE
    title = Text(x, y + _TITLE * 0.8, cut(short_name(view), room / _TITLE), _TITLE, theme.muted, strong=True)
    line = headline(view)
    base = y + _TITLE + 8 + _NUMBER * CAP
    start = x + ems(line.number) * _NUMBER * _WIDER + 10
    words = Text(
        start, base - _SMALL * 1.5, cut(line.words, (room - start + x) / _WORDS), _WORDS, theme.ink, strong=True
    )
    counts = Text(start, base, cut(line.counts, (frame.inner_width - start + x) / _SMALL), _SMALL, theme.muted)
    number = Text(x, base, line.number, _NUMBER, theme.ink, strong=True)
    groups = [Group("header", "", (title, number, words, counts))]
    shapes = tuple(legend.shapes(x + frame.inner_width - legend.width(rows), y, rows))
    if shapes:
        groups.append(Group("legend", "", shapes))
    return groups, max(base - y, legend.height(rows))


def headline(view: View) -> Headline:
    """How much of its release a layer covers, is mapped to, or annotates, by what its metadata says it is."""
    facts = dict(view.metadata)
    whole = f"{single_line(view.release).removeprefix('ATT&CK ')}"
    of_threat = _OF.fullmatch(facts.get("covered", ""))
    if of_threat and facts.get("threat"):
        name = "the threats" if _SEVERAL in facts["threat"] else facts["threat"].partition(" (")[0]
        covered, total = map(int, of_threat.groups())
        counts = f"{covered} of the {total} techniques of {name} · ATT&CK {whole}"
        return Headline(percent_text(covered, total), f"of {name} covered", counts)
    word = _word(view, facts)
    chosen = _chosen(view, word)
    active = [t for t in view.catalogue.techniques.values() if t.active and t.tactics]
    bases, subs = [t for t in active if not t.parent], [t for t in active if t.parent]
    number = sum(t.id in chosen for t in active)
    counts = f"{sum(t.id in chosen for t in bases)} of {len(bases)} techniques"
    if subs:
        counts += f" and {sum(t.id in chosen for t in subs)} of {len(subs)} sub-techniques"
    return Headline(percent_text(number, len(active)), f"of {whole} {word}", counts)


def _word(view: View, facts: dict[str, str]) -> str:
    if facts.get("role") == "threat" or facts.get("aggregate") == "count":
        return "mapped"
    if "framework" not in facts and "compared" not in facts:
        return "annotated"
    only_uncovered = all(entry.score == 0 for entry in view.entries.values() if entry.color and entry.enabled)
    gap = tells_uncovered(view.legend) and not any(entry.score for entry in view.entries.values())
    return "not covered" if gap and only_uncovered else "covered"


def _chosen(view: View, word: str) -> set[str]:
    """The techniques that the headline counts."""
    if word == "annotated":
        return {technique for (technique, _), entry in view.entries.items() if entry.counted}
    if word == "not covered":
        return {technique for (technique, _), entry in view.entries.items() if entry.enabled and entry.color}
    return {technique for (technique, _), entry in view.entries.items() if _is_covered(entry)}


def _is_covered(entry: Annotation) -> bool:
    if not entry.enabled or entry.color in (NOT_RATED, UNCOVERED):
        return False
    return entry.score > 0 if entry.score is not None else bool(entry.color)


def _named_layout(matrix: Matrix, look: Look, width: float, height: float) -> Layout | None:
    """The layout of cells with names in the largest legible size; None if they do not fit."""
    if not matrix.columns:
        return None
    content = content_of(matrix, look)
    for unit in _UNITS:
        layouts = [each for each in page_layouts(content, width, height, unit, 1).values() if each.size >= LEAST]
        if layouts:
            return max(layouts, key=lambda each: each.quality)
    return None


def _lists(view: View, look: Look, x: float, y: float, width: float, height: float) -> Iterator[Group]:
    """The names of the strongest techniques, and of those that are open, as many as there is room for."""
    parts = [(title, rows) for title, rows in _rows_of(view) if rows]
    lines = int(height / _ROW) - 2 * len(parts) + 1
    for number, (title, rows) in enumerate(parts):
        share = max(lines // (len(parts) - number), 1)
        shown = rows[:share]
        lines -= len(shown)
        yield Group(f"list-{number}", "", tuple(_list(title, shown, len(rows), look, x, y, width)))
        y += (len(shown) + 2) * _ROW


_Row = tuple[str, str, str]


def _list(
    title: str, rows: Sequence[_Row], total: int, look: Look, x: float, y: float, width: float
) -> Iterator[Shape]:
    theme = look.theme
    base = y + _SMALL
    head = f"{title}, {len(rows)} of {total}" if len(rows) < total else title
    yield Text(x, base, cut(head, width / _SMALL), _SMALL, theme.muted, strong=True)
    for name, number, color in rows:
        base += _ROW
        side = _SMALL * 0.9
        yield Rect(x, base - side * 0.88, side, side, theme.paint(color) if color else theme.unscored, theme.rule)
        yield Text(x + width, base, number, _SMALL, theme.ink, "end")
        room = width - 1.6 * side - (ems(number) + 0.6) * _SMALL
        yield Text(x + 1.6 * side, base, cut(single_line(name), room / _SMALL), _SMALL, theme.ink)


def _rows_of(view: View) -> Iterator[tuple[str, list[_Row]]]:
    """Titles and rows: name, number, color."""
    entries = {technique: entry for (technique, _), entry in view.entries.items() if entry.enabled}
    known = [t for t in view.catalogue.techniques.values() if t.active and t.tactics]
    word = _word(view, dict(view.metadata))
    open_ones = [t for t in known if t.id in entries and entries[t.id].color == UNCOVERED]
    if tells_uncovered(view.legend):
        open_ones.sort(key=lambda t: (-_weight(entries[t.id]), t.id))
        yield "Not covered", [(t.name, t.id, UNCOVERED) for t in open_ones]
    scored = [t for t in known if t.id in entries and (entries[t.id].score or 0) > 0 and t not in open_ones]
    subs = _covered_subs(view, entries)
    scored.sort(key=lambda t: (-(entries[t.id].score or 0), -subs.get(t.id, 0), t.id))
    if dict(view.metadata).get("shows") != "gap":
        rows = [(t.name, entries[t.id]) for t in scored]
        yield "Highest scores", [(name, figure(e.score or 0), view.color(e, e.score)) for name, e in rows]
    if (
        not tells_uncovered(view.legend)
        and word in ("covered", "mapped")
        and dict(view.metadata).get("role") != "threat"
    ):
        families = [t for t in known if not t.parent and t.id not in entries and not subs.get(t.id)]
        families.sort(key=lambda t: (-len(view.catalogue.subtechniques(t.id)), t.id))
        yield f"Not {word}", [(t.name, _subs(view, t.id), "") for t in families]


def open_names(view: View) -> list[str]:
    """The names of the techniques that are not covered, as on the slide."""
    return [name for title, rows in _rows_of(view) if title.startswith("Not ") for name, _, _ in rows]


def _subs(view: View, technique: str) -> str:
    count = len(view.catalogue.subtechniques(technique))
    return f"+{count} subs" if count > 1 else "+1 sub" if count else ""


def _covered_subs(view: View, entries: dict[str, Annotation]) -> dict[str, int]:
    """Technique → the number of its sub-techniques that are annotated."""
    counts: dict[str, int] = {}
    for technique in entries:
        parent = technique.partition(".")[0]
        if parent != technique:
            counts[parent] = counts.get(parent, 0) + 1
    return counts


def _weight(entry: Annotation) -> float:
    """The weight that a layer of gaps notes for a technique."""
    text = dict(entry.metadata).get("weight", "").replace(",", "")
    return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else 0.0
