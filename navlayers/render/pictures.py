"""Layers as SVG, PNG and PDF: the most detail that is legible on the page."""

from __future__ import annotations

import math
import string
from typing import TYPE_CHECKING, NamedTuple

from navlayers.errors import Problem, UsageError
from navlayers.render import mini, typeset
from navlayers.render.banner import Banner, banner_of, describe, empty
from navlayers.render.cells import Look, draw_cells, groups_of, texts_of
from navlayers.render.drawing import Drawing, Group
from navlayers.render.fitting import best_fit, free_fit
from navlayers.render.font import clean
from navlayers.render.legend import legend_of
from navlayers.render.matrix import Detail, Matrix, matrix_of
from navlayers.render.pages import SMALLEST, Frame, frames
from navlayers.render.rendered import Rendered
from navlayers.render.svg import to_svg
from navlayers.render.theme import THEMES
from navlayers.wording import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.render.fitting import Fit
    from navlayers.render.options import RenderOptions, Show
    from navlayers.render.view import View

_MOST_PIXELS = 100_000_000
_PORTRAIT = 0.93
"""A page of the less usual way round has to be more legible by so much."""

_LEAST_READ, _LEAST_READ_LESS, _LEAST_READ_GREY = 0.7, 0.45, 0.4
"""The share of names that has to be readable: as asked for, with less in a cell, in print that has no colours."""

_FIT_WIDTH = 580
_FIT_MINI = 760
_FIT_USUAL, _FIT_LARGEST = 800, 1.7
"""Points of width from which on the header of a free page grows, and how many times at most."""


def render_svg(view: View, options: RenderOptions) -> Rendered:
    """The layer as SVG.

    Raises:
        UsageError: nothing fits within the margins.
    """
    drawing, notices = draw(view, options)
    return Rendered(to_svg(drawing), notices)


def render_png(view: View, options: RenderOptions) -> Rendered:
    """The layer as PNG.

    Raises:
        UsageError: nothing fits within the margins, or the picture would have too many pixels.
    """
    drawing, notices = draw(view, options)
    pixels = drawing.width * drawing.height * (options.ppi / 72) ** 2
    if pixels > _MOST_PIXELS:
        message = f"a PNG of {pixels / 1e6:.0f} million pixels is too large"
        raise UsageError(Problem(message, expected="100 million at most", hint="a smaller --scale, or --to svg"))
    return Rendered(typeset.to_png(drawing, options.ppi), (*notices, *_lacking([drawing])))


def render_pdf(views: Sequence[View], options: RenderOptions) -> Rendered:
    """The layers as PDF, a page each, in the order in which they are given.

    Raises:
        UsageError: nothing fits within the margins, or there is no layer.
    """
    if not views:
        raise UsageError(Problem("there is no layer to draw"))
    drawn = [draw(view, options) for view in views]
    notices = tuple(notice for _, told in drawn for notice in told)
    drawings = [drawing for drawing, _ in drawn]
    return Rendered(typeset.to_pdf(drawings), (*notices, *_lacking(drawings)))


def _lacking(drawings: Sequence[Drawing]) -> Iterator[Problem]:
    if typeset.lacks(drawings):
        message = f"{shown(drawings[0].title)}: the font has no letters for some of the text, which are boxes"
        yield Problem(message, hint="--to svg takes the fonts of who opens it")


class _Step(NamedTuple):
    """A way to draw with less in it; `told` says what is missing."""

    detail: Detail
    look: Look
    least: float
    told: str = ""


def draw(view: View, options: RenderOptions) -> tuple[Drawing, tuple[Problem, ...]]:
    """One page, and what there is to know of it.

    Raises:
        UsageError: nothing fits within the margins.
    """
    matrices: dict[Detail, Matrix] = {}
    for step in _steps(view, options):
        if step.detail not in matrices:
            matrices[step.detail] = matrix_of(view, step.detail)
        drawing = _draw(matrices[step.detail], step, options)
        if drawing is not None:
            if not step.told:
                return drawing, ()
            message = f"{shown(clean(view.name))}: too much for {options.page} with text of {SMALLEST:g} pt"
            return drawing, (Problem(f"{message}, so {step.told}", hint="a larger --page shows more"),)
    raise UsageError(Problem("nothing fits between the margins", hint="a smaller --margin, or a larger --page"))


def _steps(view: View, options: RenderOptions) -> Iterator[_Step]:
    """What is asked for, and then less and less."""
    detail = options.detail or ("mini" if view.layout.layout == "mini" else "full")
    look = _look(view, options)
    if detail != "mini":
        yield _Step(detail, look, _LEAST_READ)
        if look.id and look.name:
            without = _look(view, options, without_id=True)
            yield _Step(detail, without, _LEAST_READ, "ids are left out")
            look = without
        if look.theme.greys:
            yield _Step(detail, look, _LEAST_READ_GREY, "names are cut short")
        elif look.name:
            squares = _look(view, options, without_id=True, squares=True)
            told = "sub-techniques are small squares below their technique"
            yield _Step(detail, squares, _LEAST_READ_LESS, told)
        if detail == "full":
            yield _Step("scored", look, _LEAST_READ_LESS, "only annotated techniques are drawn")
        yield _Step("mini", look, 0, "techniques are squares without names")
    yield _Step("mini", look, 0)


def _look(view: View, options: RenderOptions, *, without_id: bool = False, squares: bool = False) -> Look:
    theme = THEMES[options.theme]
    asked = options.show
    if asked is None:
        layout = view.layout
        names = layout.show_name or layout.layout == "mini"
        wanted: dict[Show, bool] = {"score": True, "id": layout.show_id, "name": names}
        asked = tuple(part for part, is_wanted in wanted.items() if is_wanted)
    letters = []
    if theme.greys:
        bare = {entry.color for entry in view.entries.values() if entry.score is None}
        colors = dict.fromkeys(item.color for item in view.legend if item.color in bare)
        letters = list(zip(colors, string.ascii_uppercase, strict=False))
    return Look(
        theme,
        score="score" in asked or theme.greys,
        id="id" in asked and not without_id,
        name="name" in asked,
        squares=squares,
        letters=tuple(letters),
    )


def _draw(matrix: Matrix, step: _Step, options: RenderOptions) -> Drawing | None:
    """The page, the better way round; None where it cannot hold the matrix."""
    plans = [
        _on_fit(matrix, step, frame) if frame.is_fit else _on_page(matrix, step, frame) for frame in frames(options)
    ]
    found = [(plan, 1 if number == 0 else _PORTRAIT) for number, plan in enumerate(plans) if plan is not None]
    if not found:
        return None
    best, _ = max(found, key=lambda pair: pair[0].quality * pair[1])
    groups = (*best.banner.groups, *best.body)
    title = clean(matrix.view.name) or "layer"
    size = round(best.width, 2), round(best.height, 2)
    return Drawing(*size, title, describe(matrix), step.look.theme.page, groups)


class _Plan(NamedTuple):
    """A page, and how legible it is; its body is drawn when it is asked for."""

    quality: float
    width: float
    height: float
    banner: Banner
    body: Iterator[Group]


def _on_page(matrix: Matrix, step: _Step, frame: Frame) -> _Plan | None:
    margin, unit, theme = frame.margin, frame.unit, step.look.theme
    legend = legend_of(matrix, step.look, unit)
    banner = banner_of(matrix, legend, theme, margin, margin, frame.inner_width, unit, _note(matrix, step))
    top, room = margin + banner.height, frame.inner_height - banner.height
    if room <= 0 or frame.inner_width <= 0:
        return None
    body: Iterator[Group]
    if not matrix.columns:
        quality, body = 1.0, iter([Group("empty", "", (empty(theme, margin, top, 8 * unit),))])
    elif step.detail == "mini":
        plan = mini.plan(matrix, frame.inner_width, room, unit)
        if plan is None:
            return None
        quality, body = plan.side, mini.draw(matrix, step.look, plan, margin, top)
    else:
        fit = best_fit(
            groups_of(matrix, step.look), texts_of(matrix, step.look), frame.inner_width, room, unit, step.least
        )
        if fit is None:
            return None
        quality, body = fit.quality, draw_cells(matrix, step.look, fit, margin, top)
    return _Plan(quality, frame.width, frame.height, banner, body)


def _on_fit(matrix: Matrix, step: _Step, frame: Frame) -> _Plan:
    """A page as large as the matrix needs."""
    margin, unit, theme = frame.margin, frame.unit, step.look.theme
    fit: Fit | None = None
    if step.detail == "mini" or not matrix.columns:
        width = _FIT_MINI * unit
    else:
        fit = free_fit(groups_of(matrix, step.look), texts_of(matrix, step.look), unit, frame.aspect)
        width = max(fit.total_width, _FIT_WIDTH * unit)
    # What stands above a wide matrix is read from as far as all of it is.
    larger = unit * min(max(math.sqrt(width / _FIT_USUAL), 1), _FIT_LARGEST)
    legend = legend_of(matrix, step.look, larger)
    banner = banner_of(matrix, legend, theme, margin, margin, width, larger, _note(matrix, step))
    top = margin + banner.height
    body: Iterator[Group]
    if fit is not None:
        body, height = draw_cells(matrix, step.look, fit, margin, top), fit.total_height
    elif matrix.columns:
        plan = mini.plan(matrix, width, 0, unit)
        assert plan is not None  # noqa: S101 - the height is free
        body, height = mini.draw(matrix, step.look, plan, margin, top), plan.height
    else:
        body, height = iter([Group("empty", "", (empty(theme, margin, top, 8 * unit),))]), 12 * unit
    return _Plan(1, width + 2 * margin, top + height + margin, banner, body)


def _note(matrix: Matrix, step: _Step) -> str:
    """How to read what does not look like a matrix."""
    if step.detail == "mini":
        return "large squares are techniques, small ones their sub-techniques"
    any_closed = any(cell.closed for column in matrix.columns for cell in column.cells)
    return "small squares are sub-techniques" if step.look.squares or any_closed else ""
