"""Layers as one self-contained HTML file without scripts: matrices, legends, tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text.lines import printable
from navlayers.layer.rows import joint_of, metadata_of
from navlayers.output import html
from navlayers.output.drawing import facts
from navlayers.output.drawing.facts import Tab, tabs_of, title_of
from navlayers.output.drawing.options import Rendered, RenderOptions
from navlayers.output.drawing.theme import tip_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.layer.matrix import Cell
    from navlayers.layer.rows import TechniqueRow
    from navlayers.layer.view import View

_LONGEST_TIP = 600


def render_html(views: Sequence[View], options: RenderOptions = RenderOptions()) -> Rendered:
    """Render layers as one page; a page of several layers starts with their names and a table of all scores."""
    layers = tabs_of(views, options)
    shown = [_Layer(layer, f"layer-{number}") for number, layer in enumerate(layers, 1)]
    joint = joint_of([layer.rows for layer in layers]) if len(layers) > 1 else ()
    colors = html.Colors()
    page = (
        html.documents()
        .get_template("page.html.jinja")
        .render(
            title=title_of(layers),
            colors=colors,
            fill=colors.name,
            figure=_figure,
            layers=shown,
            joint=joint,
            own_pages={url: page for layer in layers for url, page in layer.view.catalogue.own_pages.items()},
        )
    )
    return Rendered(page.encode("utf-8", "replace"))


class _ShownRow:
    """A row of the table of techniques; `anchor` is the target of cells, "" except in a technique's first row."""

    def __init__(self, row: TechniqueRow, anchor: str, view: View) -> None:
        entry = row.annotation
        self.id, self.name, self.anchor = row.id, row.name, anchor
        self.tactics = ", ".join(row.tactics)
        self.score = row.score if row.aggregate is None else row.aggregate
        self.color = row.color
        self.states = [*([] if entry.enabled else ["disabled"]), *([] if row.where == "shown" else [row.where])]
        if row.aggregate is not None:
            own = "none" if row.score is None else _figure(row.score)
            self.states.append(f"own score: {own}")
        self.comment = "\n".join(printable(line) for line in entry.comment.splitlines())
        self.metadata = metadata_of(view, entry)
        self.links = row.links
        self.has_details = bool(self.states or self.comment or self.metadata or self.links)


class _Layer:
    """A layer as the template takes it."""

    def __init__(self, layer: Tab, anchor: str) -> None:
        self._view = view = layer.view
        self.name, self.anchor, self.description = layer.name, anchor, view.description
        self.metadata, self.links = view.metadata, view.links
        self.summary = facts.summary(view)
        self.ticks = facts.ticks(view)
        self.legend = facts.legend(view) if view.legend else ()
        self.reading = facts.reading(layer)
        self.background = view.tactic_background
        self.columns = layer.matrix.columns
        self.anchors = {row.id: f"{anchor}-{row.id}" for row in layer.rows}
        seen: set[str] = set()
        self.rows = []
        for row in layer.rows:
            self.rows.append(_ShownRow(row, "" if row.id in seen else self.anchors[row.id], view))
            seen.add(row.id)

    def text(self, cell: Cell) -> str:
        """The text of a cell."""
        return f"{cell.id} {cell.name}" if self._view.layout.show_id else cell.name

    def tip(self, cell: Cell) -> str:
        """The tooltip of a cell."""
        entry = cell.annotation
        lines = tip_lines(cell, _figure)
        lines += [printable(line) for line in entry.comment[:_LONGEST_TIP].splitlines()]
        lines += [printable(f"{name}: {value}"[:_LONGEST_TIP]) for name, value in metadata_of(self._view, entry)]
        text = "\n".join(lines)
        return text if len(text) <= _LONGEST_TIP else f"{text[: _LONGEST_TIP - 1]}…"


def _figure(number: float) -> str:
    """A score with a minus sign as wide as digits."""
    return facts.figure(number).replace("-", "\N{MINUS SIGN}")
