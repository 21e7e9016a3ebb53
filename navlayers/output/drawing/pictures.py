"""Layers as SVG, PNG and PDF: the most detail that is legible on the page."""

from __future__ import annotations

import math
import string
from typing import TYPE_CHECKING, NamedTuple

from navlayers._text import clean, shown
from navlayers.errors import Problem, UsageError
from navlayers.layer.colors import lightness
from navlayers.layer.matrix import Detail, Matrix, matrix_of
from navlayers.output.drawing import compact as mini
from navlayers.output.drawing import typeset
from navlayers.output.drawing.banner import Banner, banner_of, describe, empty
from navlayers.output.drawing.cells import Look, draw_cells, groups_of, texts_of
from navlayers.output.drawing.fitting import best_fit, free_fit
from navlayers.output.drawing.legend import legend_of
from navlayers.output.drawing.page_sizes import SMALLEST, Frame, frames
from navlayers.output.drawing.rendered import Rendered
from navlayers.output.drawing.shapes import Drawing, Group
from navlayers.output.drawing.svg import to_svg
from navlayers.output.drawing.theme import THEMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.layer.view import View
    from navlayers.output.drawing.fitting import Fit
    from navlayers.output.drawing.options import RenderOptions, Show
    from navlayers.output.drawing.theme import Theme

_MOST_PIXELS = 100_000_000
_PORTRAIT = 0.93
"""A page of the less usual way round has to be more legible by so much."""

_WHOLE, _CUT = 0.8, 0.5
"""The share of names that must not be cut: where there is a way to draw with less, and where there is none."""

_ALIKE = 15
"""Greys whose lightness (L*) is nearer to each other are taken for the same."""

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
    drawn = draw_alike(views, options) if len(views) > 1 else [draw(views[0], options)]
    notices = tuple(notice for _, told in drawn for notice in told)
    drawings = [drawing for drawing, _ in drawn]
    return Rendered(typeset.to_pdf(drawings), (*notices, *_lacking(drawings)))


def _lacking(drawings: Sequence[Drawing]) -> Iterator[Problem]:
    hint = "--to svg takes the fonts of who opens it"
    return typeset.lacking(drawings[0].title, typeset.texts(drawings), hint)


class _Step(NamedTuple):
    """A way to draw with less in it; `told` says what is missing, `rank` how much."""

    rank: int
    detail: Detail
    look: Look
    least: float
    told: str = ""


class _Alike(NamedTuple):
    """What pages have in common: at least so little in them, which way round they are, how many bands they have."""

    rank: int = 0
    upright: bool | None = None
    bands: int = 0


_ANY = _Alike()


def draw(view: View, options: RenderOptions) -> tuple[Drawing, tuple[Problem, ...]]:
    """One page, and what there is to know of it.

    Raises:
        UsageError: nothing fits within the margins.
    """
    return _drawn(view, options, *_planned(view, options, _ANY))


def draw_alike(
    views: Sequence[View], options: RenderOptions, frame: Frame | None = None
) -> list[tuple[Drawing, tuple[Problem, ...]]]:
    """Pages of one size that are looked at one after the other: laid out in the same way as far as they can be.

    `frame` takes the place of the page that the options name.

    Raises:
        UsageError: nothing fits within the margins.
    """
    plans = [_planned(view, options, _ANY, frame) for view in views]
    matrices = [plan for _, step, plan in plans if step.detail != "mini"]
    if options.page != "fit" and matrices:
        rank = max(step.rank for _, step, _ in plans if step.detail != "mini")
        # As those need it for which there is the least room.
        tightest = min(matrices, key=lambda plan: plan.quality)
        alike = _Alike(rank, tightest.height > tightest.width, tightest.bands)
        plans = [
            planned if planned[1].detail == "mini" else _planned(view, options, alike, frame)
            for view, planned in zip(views, plans, strict=True)
        ]
    return [_drawn(view, options, *planned) for view, planned in zip(views, plans, strict=True)]


def _planned(
    view: View, options: RenderOptions, alike: _Alike, frame: Frame | None = None
) -> tuple[Matrix, _Step, _Plan]:
    matrices: dict[Detail, Matrix] = {}
    for step in _steps(view, options):
        if step.rank < alike.rank:
            continue
        if step.detail not in matrices:
            matrices[step.detail] = matrix_of(view, step.detail)
        matrix = matrices[step.detail]
        pages = [frame] if frame is not None else list(frames(options))
        plan = _plan(matrix, step, pages, alike)
        if plan is None and alike != _ANY:
            plan = _plan(matrix, step, pages, _ANY)
        if plan is not None:
            return matrix, step, plan
    raise UsageError(Problem("nothing fits between the margins", hint="a smaller --margin, or a larger --page"))


def _drawn(
    view: View, options: RenderOptions, matrix: Matrix, step: _Step, plan: _Plan
) -> tuple[Drawing, tuple[Problem, ...]]:
    groups = (*plan.banner.groups, *plan.body)
    size = round(plan.width, 2), round(plan.height, 2)
    title = clean(view.name) or "layer"
    drawing = Drawing(*size, title, describe(matrix), step.look.theme.page, groups)
    if not step.told:
        return drawing, ()
    message = f"{shown(clean(view.name))}: too much for {options.page} with text of {SMALLEST:g} pt"
    return drawing, (Problem(f"{message}, so {step.told}", hint="a larger --page shows more"),)


def _steps(view: View, options: RenderOptions) -> Iterator[_Step]:
    """What is asked for, and then less and less."""
    detail = options.detail or ("mini" if view.layout.layout == "mini" else "full")
    look = _look(view, options)
    if detail != "mini":
        yield _Step(0, detail, look, _WHOLE)
        if look.id and look.name:
            look = _look(view, options, without_id=True)
            yield _Step(1, detail, look, _WHOLE, "ids are left out")
        squares = _look(view, options, without_id=True, squares=True)
        told = "sub-techniques are small squares below their technique"
        if look.letters:
            # A square has no room for the letter that says what its colour does not.
            yield _Step(2, detail, look, _CUT, "names are cut short")
            told += " without letters"
        if look.name:
            yield _Step(3, detail, squares, _WHOLE, told)
            yield _Step(4, detail, squares, _CUT, f"{told}, and names are cut short")
        if detail == "full":
            annotated = "only annotated techniques are drawn"
            yield _Step(5, "scored", look, _WHOLE, annotated)
            if look.name:
                yield _Step(6, "scored", squares, _WHOLE, f"{annotated}, and {told}")
            yield _Step(7, "scored", look, _CUT, f"{annotated}, and names are cut short")
        yield _Step(8, "mini", look, 0, "techniques are squares without names")
    yield _Step(9, "mini", look, 0)


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
        letters = list(zip(_lettered(view, theme), string.ascii_uppercase, strict=False))
    return Look(
        theme,
        score="score" in asked or theme.greys,
        id="id" in asked and not without_id,
        name="name" in asked,
        squares=squares,
        letters=tuple(letters),
        mark=view.mark,
    )


def _lettered(view: View, theme: Theme) -> dict[str, None]:
    """The colours that need a letter in grey: those without a score, or all where two are too much alike."""
    own = {entry.color: None for entry in view.entries.values() if entry.color}
    levels = {item.color: lightness(theme.paint(item.color)) for item in view.legend}
    is_alike = any(
        abs(level - levels[other]) < _ALIKE for color, level in levels.items() if color in own
        for other in levels if other != color
    )  # fmt: skip
    bare = {entry.color for entry in view.entries.values() if entry.score is None}
    return dict.fromkeys(c for c in levels if c in own and (is_alike or c in bare))


def _plan(matrix: Matrix, step: _Step, pages: Sequence[Frame], alike: _Alike) -> _Plan | None:
    """The page, the better way round; None where it cannot hold the matrix."""
    plans = [
        _on_fit(matrix, step, frame) if frame.is_fit else _on_page(matrix, step, frame, alike.bands)
        for frame in pages
        if alike.upright in (None, frame.height > frame.width)
    ]
    found = [(plan, 1 if number == 0 else _PORTRAIT) for number, plan in enumerate(plans) if plan is not None]
    return max(found, key=lambda pair: pair[0].quality * pair[1])[0] if found else None


class _Plan(NamedTuple):
    """A page, and how legible it is; its body is drawn when it is asked for."""

    quality: float
    width: float
    height: float
    banner: Banner
    body: Iterator[Group]
    bands: int = 1


def _on_page(matrix: Matrix, step: _Step, frame: Frame, bands: int) -> _Plan | None:
    margin, unit, theme = frame.margin, frame.unit, step.look.theme
    legend = legend_of(matrix, step.look, unit)
    note = _note(matrix, step)
    banner = banner_of(matrix, legend, theme, margin, margin, frame.inner_width, unit, note, headed=frame.headed)
    top, room = margin + banner.height, frame.inner_height - banner.height
    if room <= 0 or frame.inner_width <= 0:
        return None
    body: Iterator[Group]
    made = 1
    if not matrix.columns:
        quality, body = 1.0, iter([Group("empty", "", (empty(theme, margin, top, 8 * unit),))])
    elif step.detail == "mini":
        plan = mini.plan(matrix, frame.inner_width, room, unit)
        if plan is None:
            return None
        quality, body = plan.side, mini.draw(matrix, step.look, plan, margin, top)
    else:
        groups, texts = groups_of(matrix, step.look), texts_of(matrix, step.look)
        fit = best_fit(groups, texts, frame.inner_width, room, unit, step.least, bands)
        if fit is None:
            return None
        made = len(fit.packing.bands)
        quality, body = fit.quality, draw_cells(matrix, step.look, fit, margin, top)
    return _Plan(quality, frame.width, frame.height, banner, body, made)


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
