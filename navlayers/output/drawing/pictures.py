"""Layers as SVG, PNG and PDF: the most detail that is legible on the page."""

from __future__ import annotations

import math
import string
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers._text import clean, shown
from navlayers.errors import Problem, UsageError
from navlayers.layer.colors import lightness
from navlayers.layer.matrix import Detail, Matrix, matrix_of
from navlayers.output.drawing import typeset
from navlayers.output.drawing.cells import compact_fit, draw_cells, draw_compact, groups_of, texts_of
from navlayers.output.drawing.fitting import best_fit, free_fit
from navlayers.output.drawing.header import Header, describe, header_of
from navlayers.output.drawing.options import SMALLEST, Frame, Rendered, frames
from navlayers.output.drawing.shapes import Drawing, Group, Text, to_svg
from navlayers.output.drawing.theme import THEMES, Look

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.layer.view import View
    from navlayers.output.drawing.fitting import Fit
    from navlayers.output.drawing.options import RenderOptions, Show
    from navlayers.output.drawing.theme import Theme

# A4 at 1,000 dpi has as many; more takes gigabytes of memory.
_MOST_PIXELS = 100_000_000

# The quality of an upright page is worth less, as people have wide screens: it is taken only where it is better.
_PORTRAIT = 0.93

# The share of names that must not be cut: where there is a way to draw with less detail, and where there is none.
_WHOLE, _CUT = 0.8, 0.5

# Grays whose lightness (L*, 0–100) is nearer to each other than this look the same in print.
_ALIKE = 15

# Widths of a free page in points: the least one, and that of a compact matrix.
_FREE_WIDTH, _FREE_COMPACT = 580, 760

# From this width on the header of a free page grows with it, up to so many times.
_HEADER_WIDTH, _HEADER_LARGEST = 800, 1.7


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
        raise UsageError(Problem("no layer to draw"))
    pages = draw_alike(views, options)
    drawings = [drawing for drawing, _ in pages]
    notices = [notice for _, notices in pages for notice in notices]
    return Rendered(typeset.to_pdf(drawings), (*notices, *_lacking(drawings)))


def _lacking(drawings: Sequence[Drawing]) -> Iterator[Problem]:
    hint = "--to svg uses the fonts of the machine that opens it"
    return typeset.lacking(drawings[0].title, typeset.texts(drawings), hint)


def draw(view: View, options: RenderOptions) -> tuple[Drawing, tuple[Problem, ...]]:
    """One page, and notices about what it leaves out.

    Raises:
        UsageError: nothing fits within the margins.
    """
    return draw_alike([view], options)[0]


def draw_alike(
    views: Sequence[View], options: RenderOptions, frame: Frame | None = None
) -> list[tuple[Drawing, tuple[Problem, ...]]]:
    """Pages of one size that are looked at one after the other: laid out in the same way as far as they can be.

    Args:
        views: the layers.
        options: the page, and what is on it.
        frame: the page, in place of that of the options.

    Raises:
        UsageError: nothing fits within the margins.
    """
    pages = [frame] if frame is not None else list(frames(options))
    plans = [_plan(view, options, pages, _Common()) for view in views]
    matrices = [plan for plan in plans if plan.step.detail != "mini"]
    if len(views) > 1 and options.page != "fit" and matrices:
        # All as the one for which there is the least room.
        tightest = min(matrices, key=lambda plan: plan.quality)
        step = max(plan.step.rank for plan in matrices)
        common = _Common(step, tightest.height > tightest.width, tightest.bands)
        plans = [
            plan if plan.step.detail == "mini" else _plan(view, options, pages, common)
            for view, plan in zip(views, plans, strict=True)
        ]
    return [_drawn(view, options, plan) for view, plan in zip(views, plans, strict=True)]


class _Step(NamedTuple):
    """A way to draw with less detail than the one before.

    Attributes:
        rank: its number.
        detail: which techniques there are.
        look: what stands in their cells.
        whole: the share of names that must not be cut.
        lost: what is missing, for people.
    """

    rank: int
    detail: Detail
    look: Look
    whole: float
    lost: str = ""


class _Common(NamedTuple):
    """What pages have in common: the first step, whether they are upright (None: either), the bands (0: any)."""

    rank: int = 0
    is_upright: bool | None = None
    bands: int = 0


class _Plan(NamedTuple):
    """A page, and how legible it is; its body is drawn when it is asked for."""

    matrix: Matrix
    step: _Step
    quality: float
    width: float
    height: float
    header: Header
    body: Iterator[Group]
    bands: int = 1


def _plan(view: View, options: RenderOptions, pages: Sequence[Frame], common: _Common) -> _Plan:
    """The page with the most detail that fits; `common` is given up where it does not."""
    matrices: dict[Detail, Matrix] = {}
    for step in _steps(view, options):
        if step.rank < common.rank:
            continue
        if step.detail not in matrices:
            matrices[step.detail] = matrix_of(view, step.detail)
        for wanted in dict.fromkeys((common, _Common())):
            plan = _best(matrices[step.detail], step, pages, wanted)
            if plan is not None:
                return plan
    raise UsageError(Problem("nothing fits between the margins", hint="a smaller --margin, or a larger --page"))


def _drawn(view: View, options: RenderOptions, plan: _Plan) -> tuple[Drawing, tuple[Problem, ...]]:
    size = round(plan.width, 2), round(plan.height, 2)
    title, page = clean(view.name) or "layer", plan.step.look.theme.page
    drawing = Drawing(*size, title, describe(plan.matrix), page, (*plan.header.groups, *plan.body))
    if not plan.step.lost:
        return drawing, ()
    message = f"{shown(clean(view.name))}: too large for {options.page} with text of {SMALLEST:g} pt"
    return drawing, (Problem(f"{message}, so {plan.step.lost}", hint="a larger --page shows more"),)


def _steps(view: View, options: RenderOptions) -> Iterator[_Step]:
    """What is asked for, and then less and less."""
    detail = options.detail or ("mini" if view.layout.layout == "mini" else "full")
    look = _look(view, options)
    if detail != "mini":
        yield _Step(0, detail, look, _WHOLE)
        if look.id and look.name:
            look = msgspec.structs.replace(look, id=False)
            yield _Step(1, detail, look, _WHOLE, "ids are left out")
        squares = msgspec.structs.replace(look, squares=True, id=False)
        lost = "sub-techniques are small squares below their technique"
        if look.letters:
            # A square has no room for the letter that stands for its color in gray print.
            yield _Step(2, detail, look, _CUT, "names are cut short")
            lost += " without letters"
        if look.name:
            yield _Step(3, detail, squares, _WHOLE, lost)
            yield _Step(4, detail, squares, _CUT, f"{lost}, and names are cut short")
        yield _Step(5, "mini", look, 0, "techniques are squares without names")
    else:
        yield _Step(0, "mini", look, 0)


def _look(view: View, options: RenderOptions) -> Look:
    theme = THEMES[options.theme]
    asked = options.show
    if asked is None:
        layout = view.layout
        names = layout.show_name or layout.layout == "mini"
        wanted: dict[Show, bool] = {"score": True, "id": layout.show_id, "name": names}
        asked = tuple(part for part, is_wanted in wanted.items() if is_wanted)
    letters = dict(zip(_lettered(view, theme), string.ascii_uppercase, strict=False)) if theme.grays else {}
    return Look(
        theme, "score" in asked or theme.grays, "id" in asked, "name" in asked, letters=letters, mark=view.mark
    )


def _lettered(view: View, theme: Theme) -> dict[str, None]:
    """The colors that need a letter in gray: those without a score, or all where two look too much alike."""
    own = {entry.color: None for entry in view.entries.values() if entry.color}
    levels = {item.color: lightness(theme.paint(item.color)) for item in view.legend}
    is_alike = any(
        abs(level - levels[other]) < _ALIKE for color, level in levels.items() if color in own
        for other in levels if other != color
    )  # fmt: skip
    bare = {entry.color for entry in view.entries.values() if entry.score is None}
    return dict.fromkeys(c for c in levels if c in own and (is_alike or c in bare))


def _best(matrix: Matrix, step: _Step, pages: Sequence[Frame], common: _Common) -> _Plan | None:
    """The more legible of the pages; None where none of them can hold the matrix."""
    best: tuple[float, _Plan] | None = None
    for number, frame in enumerate(pages):
        if common.is_upright not in (None, frame.height > frame.width):
            continue
        plan = _on_free_page(matrix, step, frame) if frame.is_fit else _on_page(matrix, step, frame, common.bands)
        if plan is not None:
            quality = plan.quality * (1 if number == 0 else _PORTRAIT)
            if best is None or quality > best[0]:
                best = quality, plan
    return None if best is None else best[1]


def _on_page(matrix: Matrix, step: _Step, frame: Frame, bands: int) -> _Plan | None:
    margin, unit, look = frame.margin, frame.unit, step.look
    note = _note(matrix, step)
    header = header_of(matrix, look, margin, margin, frame.inner_width, unit, note, headed=frame.headed)
    top, room = margin + header.height, frame.inner_height - header.height
    if room <= 0 or frame.inner_width <= 0:
        return None
    body: Iterator[Group]
    found_bands = 1
    if not matrix.columns:
        quality, body = 1.0, _empty(look.theme, margin, top, unit)
    elif step.detail == "mini":
        compact = compact_fit(matrix, frame.inner_width, room, unit)
        if compact is None:
            return None
        quality, body = compact.side, draw_compact(matrix, look, compact, margin, top)
    else:
        groups, texts = groups_of(matrix, look), texts_of(matrix, look)
        fit = best_fit(groups, texts, frame.inner_width, room, unit, step.whole, bands)
        if fit is None:
            return None
        found_bands = len(fit.packing.bands)
        quality, body = fit.quality, draw_cells(matrix, look, fit, margin, top)
    return _Plan(matrix, step, quality, frame.width, frame.height, header, body, found_bands)


def _on_free_page(matrix: Matrix, step: _Step, frame: Frame) -> _Plan:
    """A page as large as the matrix needs."""
    margin, unit, look = frame.margin, frame.unit, step.look
    fit: Fit | None = None
    if step.detail == "mini" or not matrix.columns:
        width = _FREE_COMPACT * unit
    else:
        fit = free_fit(groups_of(matrix, look), texts_of(matrix, look), unit, frame.aspect)
        width = max(fit.total_width, _FREE_WIDTH * unit)
    # A wide picture is shown smaller, so its header is larger.
    larger = unit * min(max(math.sqrt(width / _HEADER_WIDTH), 1), _HEADER_LARGEST)
    header = header_of(matrix, look, margin, margin, width, larger, _note(matrix, step))
    top = margin + header.height
    body: Iterator[Group]
    if fit is not None:
        body, height = draw_cells(matrix, look, fit, margin, top), fit.total_height
    elif matrix.columns:
        compact = compact_fit(matrix, width, 0, unit)
        assert compact is not None  # noqa: S101 - the height is free
        body, height = draw_compact(matrix, look, compact, margin, top), compact.height
    else:
        body, height = _empty(look.theme, margin, top, unit), 12 * unit
    return _Plan(matrix, step, 1, width + 2 * margin, top + height + margin, header, body)


def _empty(theme: Theme, x: float, y: float, unit: float) -> Iterator[Group]:
    text = Text(x, y + 8 * unit, "No technique is left to show.", 8 * unit, theme.muted)
    yield Group("empty", "", (text,))


def _note(matrix: Matrix, step: _Step) -> str:
    """How to read what does not look like a matrix."""
    if step.detail == "mini":
        return "large squares are techniques, small ones their sub-techniques"
    any_closed = any(cell.closed for column in matrix.columns for cell in column.cells)
    return "small squares are sub-techniques" if step.look.squares or any_closed else ""
