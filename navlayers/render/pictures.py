"""Layers as SVG, PNG and PDF: the most detail that is legible on the page."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, NamedTuple

from navlayers.errors import Problem, UsageError
from navlayers.render import mini, typeset
from navlayers.render.banner import banner_of, describe, empty
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
    from navlayers.render.options import RenderOptions
    from navlayers.render.view import View

_MOST_PIXELS = 100_000_000
_PORTRAIT = 0.93
"""A page of the less usual way round has to be more legible by so much."""

_LEAST_READ, _LEAST_READ_LESS = 0.6, 0.45
"""The share of names that has to be readable, as asked for and with less in a cell."""

_FIT_WIDTH = 440
_FIT_MINI = 760


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
    return Rendered(typeset.to_png(drawing, options.ppi), notices)


def render_pdf(views: Sequence[View], options: RenderOptions) -> Rendered:
    """The layers as PDF, a page each, in the order in which they are given.

    Raises:
        UsageError: nothing fits within the margins, or there is no layer.
    """
    if not views:
        raise UsageError(Problem("there is no layer to draw"))
    drawn = [draw(view, options) for view in views]
    notices = tuple(notice for _, told in drawn for notice in told)
    return Rendered(typeset.to_pdf([drawing for drawing, _ in drawn]), notices)


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
            message = f"{shown(clean(view.name))}: text would be smaller than {SMALLEST:g} pt on {options.page}"
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
        if not look.theme.greys and look.name:
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
        asked = ("score", *(["id"] if layout.show_id else []), *(["name"] if names else []))
    letters = []
    if theme.greys:
        colors = dict.fromkeys(item.color for item in view.legend)
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
    best: tuple[float, Drawing] | None = None
    for number, frame in enumerate(frames(options)):
        drawn = _on_fit(matrix, step, frame) if frame.is_fit else _on_page(matrix, step, frame)
        if drawn is not None:
            quality = drawn[0] * (_PORTRAIT if number else 1)
            if best is None or quality > best[0]:
                best = quality, drawn[1]
    return best[1] if best is not None else None


def _on_page(matrix: Matrix, step: _Step, frame: Frame) -> tuple[float, Drawing] | None:
    margin, unit, theme = frame.margin, frame.unit, step.look.theme
    legend = legend_of(matrix, step.look, unit)
    banner = banner_of(matrix, legend, theme, margin, margin, frame.inner_width, unit)
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
    return quality, _drawing(matrix, theme.page, frame.width, frame.height, (*banner.groups, *body))


def _on_fit(matrix: Matrix, step: _Step, frame: Frame) -> tuple[float, Drawing]:
    """A page as large as the matrix needs."""
    margin, unit, theme = frame.margin, frame.unit, step.look.theme
    fit: Fit | None = None
    if step.detail == "mini" or not matrix.columns:
        width = _FIT_MINI * unit
    else:
        fit = free_fit(groups_of(matrix, step.look), texts_of(matrix, step.look), unit, frame.aspect)
        width = max(fit.total_width, _FIT_WIDTH * unit)
    legend = legend_of(matrix, step.look, unit)
    banner = banner_of(matrix, legend, theme, margin, margin, width, unit)
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
    return 1.0, _drawing(
        matrix, theme.page, width + 2 * margin, top + height + margin, (*banner.groups, *body)
    )


def _drawing(matrix: Matrix, background: str, width: float, height: float, groups: tuple[Group, ...]) -> Drawing:
    title = clean(matrix.view.name) or "layer"
    return Drawing(round(width, 2), round(height, 2), title, describe(matrix), background, groups)
