"""Layers as SVG, PNG and PDF: the most detail that is legible on the page."""

from __future__ import annotations

import math
import string
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers._text.lines import single_line
from navlayers._text.wording import quoted
from navlayers.errors import Problem, UsageError
from navlayers.layer.contrast import falls, lightness
from navlayers.layer.matrix import Detail, Matrix, matrix_of
from navlayers.output.drawing import typeset
from navlayers.output.drawing.cells import compact_fit, draw_cells, draw_compact
from navlayers.output.drawing.header import Header, describe, header_of
from navlayers.output.drawing.layout import content_of, free_layout, page_layouts
from navlayers.output.drawing.options import SMALLEST, Frame, Rendered, frames
from navlayers.output.drawing.shapes import Drawing, Group, Text, to_svg
from navlayers.output.drawing.slide import draw_slide, is_slide
from navlayers.output.drawing.summary import explained, summary_of
from navlayers.output.drawing.theme import THEMES, Look

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.layer.view import View
    from navlayers.output.drawing.layout import Layout
    from navlayers.output.drawing.options import RenderOptions, Show
    from navlayers.output.drawing.theme import Theme

# The pixels of A4 at 1,000 dpi; more take gigabytes of memory.
_MOST_PIXELS = 100_000_000

# Most people read on wide screens: a portrait page has to be better by this factor to be chosen.
_PORTRAIT = 0.93

# The share of names that must not be cut: usually, and where less detail would lose more.
_WHOLE, _CUT = 0.8, 0.5

# Grays whose lightness (L*, 0–100) differs by less look the same in print.
_ALIKE = 15

# Widths of a free page in points: the minimum, and that of a compact matrix.
_FREE_WIDTH, _FREE_COMPACT = 580, 760

# The header of a free page grows with it from this width (in points) on, up to this factor.
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
        raise UsageError(Problem(message, expected="100 million at most", hint="a smaller --zoom, or --format svg"))
    return Rendered(typeset.to_png(drawing, options.ppi), (*notices, *_missing_letters([drawing])))


def render_pdf(views: Sequence[View], options: RenderOptions) -> Rendered:
    """The layers as PDF, a page each, in the given order.

    Raises:
        UsageError: nothing fits within the margins, or there is no layer.
    """
    if not views:
        raise UsageError(Problem("no layer to draw"))
    pages = draw_alike(views, options)
    drawings = [drawing for drawing, _ in pages]
    notices = [notice for _, notices in pages for notice in notices]
    return Rendered(typeset.to_pdf(drawings), (*notices, *_missing_letters(drawings)))


def _missing_letters(drawings: Sequence[Drawing]) -> Iterator[Problem]:
    hint = "--format svg uses the fonts of the machine that opens it"
    return typeset.missing_letters(drawings[0].title, typeset.texts(drawings), hint)


def draw(view: View, options: RenderOptions) -> tuple[Drawing, tuple[Problem, ...]]:
    """Draw one page, with notices about omitted parts.

    Raises:
        UsageError: nothing fits within the margins.
    """
    return draw_alike([view], options)[0]


def draw_alike(
    views: Sequence[View], options: RenderOptions, frame: Frame | None = None
) -> list[tuple[Drawing, tuple[Problem, ...]]]:
    """Draw pages that are read one after the other, with the same size, detail and, if possible, number of bands.

    Args:
        views: the layers.
        options: the page, and what is on it.
        frame: the page, in place of that of the options.

    Raises:
        UsageError: nothing fits within the margins.
    """
    if frame is None and is_slide(options):
        (page,) = frames(options)
        names = options.detail == "scored"
        summaries = map(summary_of, views)
        return [(draw_slide(each, _look(each.view, options), page, names=names), ()) for each in summaries]
    views = [explained(view) for view in views]
    pages = [frame] if frame is not None else list(frames(options))
    if pages[0].is_fit or not views:
        return [_page(view, options, _on_free_page(view, _steps(view, options)[0], pages[0])) for view in views]
    steps = [_steps(view, options) for view in views]
    for number in range(max(map(len, steps))):
        same_steps = [each[min(number, len(each) - 1)] for each in steps]
        best = max(
            (candidate for page in pages if (candidate := _alike(views, same_steps, page)) is not None),
            key=lambda candidate: candidate[0],
            default=None,
        )
        if best is not None:
            return [_page(view, options, plan) for view, plan in zip(views, best[1], strict=True)]
    raise UsageError(Problem("nothing fits between the margins", hint="a smaller --margin, or a larger --page"))


class _Step(NamedTuple):
    """How much of a layer is drawn.

    Attributes:
        detail: which techniques there are.
        look: the content of cells, and their colors.
        whole: the share of names that must not be cut.
        lost: a clause for a notice about missing parts.
    """

    detail: Detail
    look: Look
    whole: float
    lost: str = ""


class _Plan(NamedTuple):
    """A page and its quality; the body is drawn on demand."""

    matrix: Matrix
    step: _Step
    quality: float
    width: float
    height: float
    header: Header
    body: Iterator[Group]


def _alike(views: Sequence[View], steps: Sequence[_Step], page: Frame) -> tuple[float, list[_Plan]] | None:
    """The pages with the number of bands that suits the least legible one best, and the quality of that one."""
    candidates = [_on_page(view, step, page) for view, step in zip(views, steps, strict=True)]
    if not all(candidates):
        return None
    best: tuple[float, list[_Plan]] | None = None
    for bands in sorted({number for plans in candidates for number in plans}):
        pages = [plans[min(plans, key=lambda number: abs(number - bands))] for plans in candidates]
        quality = min(plan.quality for plan in pages)
        if best is None or quality > best[0]:
            best = quality, pages
    if best is not None and page.height > page.width:
        return best[0] * _PORTRAIT, best[1]
    return best


def _page(view: View, options: RenderOptions, plan: _Plan) -> tuple[Drawing, tuple[Problem, ...]]:
    size = round(plan.width, 2), round(plan.height, 2)
    title, page = single_line(view.name) or "layer", plan.step.look.theme.page
    drawing = Drawing(*size, title, describe(plan.matrix), page, (*plan.header.groups, *plan.body))
    if not plan.step.lost:
        return drawing, ()
    message = f"{quoted(single_line(view.name))} does not fit {options.page} at {SMALLEST:g} pt"
    return drawing, (Problem(f"{message}; {plan.step.lost}", hint="a larger --page shows more"),)


def _steps(view: View, options: RenderOptions) -> list[_Step]:
    """The steps of detail, most first: full, compact, mini; only mini if the options or the layer say so."""
    detail = options.detail or ("mini" if view.layout.layout == "mini" else "full")
    look = _look(view, options)
    if detail == "mini":
        return [_Step("mini", look, 0)]
    # A square has no room for the letter that marks its color in gray print, so rather cut names.
    full = _Step(detail, look, _CUT if look.letters else _WHOLE)
    lost = "sub-techniques are drawn as small squares"
    if look.id and look.name:
        lost = f"ids are left out and {lost}"
    squares = msgspec.structs.replace(look, squares=True, id=look.id and not look.name)
    compact = _Step(detail, squares, _CUT, f"{lost}{' without letters' if look.letters else ''}")
    return [full, compact, _Step("mini", look, 0, "techniques are drawn as squares without names")]


def _look(view: View, options: RenderOptions) -> Look:
    theme = THEMES[options.theme]
    if theme.dark and not falls(view.gradient):
        theme = msgspec.structs.replace(theme, dark=False)
    parts = options.show
    if parts is None:
        layout = view.layout
        names = layout.show_name or layout.layout == "mini"
        wanted: dict[Show, bool] = {"score": True, "id": layout.show_id, "name": names}
        parts = tuple(part for part, is_wanted in wanted.items() if is_wanted)
    letters = dict(zip(_marked_colors(view, theme), string.ascii_uppercase, strict=False)) if theme.grays else {}
    return Look(
        theme, "score" in parts or theme.grays, "id" in parts, "name" in parts, letters=letters, mark=view.mark
    )


def _marked_colors(view: View, theme: Theme) -> dict[str, None]:
    """The legend colors that need a letter in gray: those without a score, or all if two grays look the same."""
    entry_colors = {entry.color: None for entry in view.entries.values() if entry.color}
    levels = {item.color: lightness(theme.paint(item.color)) for item in view.legend}
    is_alike = any(
        abs(level - levels[other]) < _ALIKE for color, level in levels.items() if color in entry_colors
        for other in levels if other != color
    )  # fmt: skip
    bare = {entry.color for entry in view.entries.values() if entry.score is None}
    return dict.fromkeys(c for c in levels if c in entry_colors and (is_alike or c in bare))


def _on_page(view: View, step: _Step, frame: Frame) -> dict[int, _Plan]:
    """Number of bands → the page; 0 for a page without bands."""
    margin, unit, look = frame.margin, frame.unit, step.look
    matrix = matrix_of(view, step.detail)
    header = header_of(
        matrix, look, margin, margin, frame.inner_width, unit, _note(matrix, step), headed=frame.headed
    )
    top, room = margin + header.height, frame.inner_height - header.height
    if room <= 0 or frame.inner_width <= 0:
        return {}

    def plan(quality: float, body: Iterator[Group]) -> _Plan:
        return _Plan(matrix, step, quality, frame.width, frame.height, header, body)

    if not matrix.columns:
        return {0: plan(math.inf, _empty(look.theme, margin, top, unit))}
    if step.detail == "mini":
        compact = compact_fit(matrix, frame.inner_width, room, unit)
        return {} if compact is None else {0: plan(compact.side, draw_compact(matrix, look, compact, margin, top))}
    layouts = page_layouts(content_of(matrix, look), frame.inner_width, room, unit, step.whole, frame.smallest)
    return {
        bands: plan(layout.quality, draw_cells(matrix, look, layout, margin, top))
        for bands, layout in layouts.items()
    }


def _on_free_page(view: View, step: _Step, frame: Frame) -> _Plan:
    """A page as large as the matrix needs."""
    margin, unit, look = frame.margin, frame.unit, step.look
    matrix = matrix_of(view, step.detail)
    layout: Layout | None = None
    width = _FREE_COMPACT * unit
    if step.detail != "mini" and matrix.columns:
        layout = free_layout(content_of(matrix, look), unit, frame.aspect)
        width = max(layout.total_width, _FREE_WIDTH * unit)
    # A wide picture is shown smaller, so its header is larger.
    larger = unit * min(max(math.sqrt(width / _HEADER_WIDTH), 1), _HEADER_LARGEST)
    beside = width <= _HEADER_WIDTH * unit
    header = header_of(matrix, look, margin, margin, width, larger, _note(matrix, step), beside=beside)
    top = margin + header.height
    body: Iterator[Group]
    if layout is not None:
        body, height = draw_cells(matrix, look, layout, margin, top), layout.total_height
    elif compact := compact_fit(matrix, width, 0, unit) if matrix.columns else None:
        body, height = draw_compact(matrix, look, compact, margin, top), compact.height
    else:
        body, height = _empty(look.theme, margin, top, unit), 12 * unit
    return _Plan(matrix, step, 1, width + 2 * margin, top + height + margin, header, body)


def _empty(theme: Theme, x: float, y: float, unit: float) -> Iterator[Group]:
    text = Text(x, y + 8 * unit, "No technique is left to show.", 8 * unit, theme.muted)
    yield Group("empty", "", (text,))


def _note(matrix: Matrix, step: _Step) -> str:
    """A hint on reading small squares; "" if there are none."""
    if step.detail == "mini":
        return "large squares are techniques, small ones their sub-techniques"
    any_closed = any(cell.closed for column in matrix.columns for cell in column.cells)
    return "small squares are sub-techniques" if step.look.squares or any_closed else ""
