"""A document as PDF/UA: tagged, with bookmarks, each heatmap on a landscape page."""

from __future__ import annotations

import base64
from importlib.resources import files
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from navlayers._text.lines import joined_numbers, single_line
from navlayers._text.wording import quoted
from navlayers.errors import Problem
from navlayers.output.document import Figure, Heading
from navlayers.output.drawing import typeset
from navlayers.output.drawing.font import cut, ems
from navlayers.output.drawing.options import MM, PAPERS, Rendered
from navlayers.output.drawing.theme import THEMES
from navlayers.output.drawing.thumbnail import thumbnail
from navlayers.output.drawing.typeset import CompilerError
from navlayers.output.paper import NO_LETTERS, bad_logo, breakable_text, one_line
from navlayers.output.pdf.blocks import PART, SMALL, Materials, blocks, facts, fits, heatmap_pages, numbers
from navlayers.output.tables import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from navlayers.output.document import Document, Logo
    from navlayers.output.drawing.shapes import Drawing

_MARGIN, _MORE_ABOVE = 56.0, 8.0
_HEATMAP_MARGIN = {"x": 28.0, "top": 56.0, "bottom": 32.0}
"""Margins of the pages of heatmaps, in points."""

_TITLES = ((28.0, 3), (20.0, 4))
"""Sizes of the title, each with the most lines at that size."""

_BRIEF = 0.75
"""The width of the matrix on the only page of a report, as a share of the width of text."""

_FRESH = ("summary", "appendix")
"""Sections that start a new page."""

_LOGO, _LOGO_NAME = (200.0, 64.0), "logo.svg"
_RUNNING = 0.6
_CONTENTS, _ENTRY, _APART, _LEAST_APART = 40.0, 7.0, (20.0, 8.0), 0.5
"""In the table of contents: points for its heading, for an entry, above entries, the least share of it."""

_ACCESSIBLE = "ua-1"
"""PDF/UA-1: tagged, with alternative texts, headings in order, a title and a language."""

_NOT_ACCESSIBLE = "the file is tagged, but not PDF/UA"
_NO_FONT = "could not be displayed"
"""The compiler's message about text for which no font has letters; the standard forbids that."""


class _Paper(NamedTuple):
    """A portrait sheet, in points."""

    width: float
    height: float

    def inner(self, *, turned: bool) -> tuple[float, float]:
        """Width and height between the margins."""
        width, height = (self.height, self.width) if turned else self
        return width - 2 * _MARGIN, height - 2 * _MARGIN - _MORE_ABOVE


def render(document: Document) -> Rendered:
    """The document as PDF.

    Raises:
        UsageError: the logo cannot be drawn.
    """
    sides = PAPERS[document.paper]
    paper = _Paper(sides.short * MM, sides.long * MM)
    materials = Materials()
    runs = _runs(document, paper, materials)
    data = _front(document, paper, materials) | {"runs": runs, "contents": _contents(runs, paper)}
    if document.logo is not None:
        data["logo"] = _logo(document.logo, materials)
    pdf, is_accessible = _compile({"doc.json": msgspec.json.encode(data), **materials.files})
    texts = {*_strings(data), *materials.texts}
    notices = list(typeset.missing_letters(document.title, texts, NO_LETTERS))
    return Rendered(pdf, tuple(notices if is_accessible else _not_accessible(document.title, notices)))


def _not_accessible(title: str, notices: Sequence[Problem]) -> Iterator[Problem]:
    """The notices of a file that is not PDF/UA because the font lacks letters."""
    message = f"{quoted(title)}: the font has no letters for some of the text and draws boxes instead"
    for notice in notices or (Problem(message, hint=NO_LETTERS),):
        yield msgspec.structs.replace(notice, message=f"{notice.message}; {_NOT_ACCESSIBLE}")


def _front(document: Document, paper: _Paper, materials: Materials) -> dict[str, Any]:
    width, height = paper.inner(turned=False)
    title = single_line(document.title) or "Report"
    sizes = _TITLES[1:] if document.brief else _TITLES
    size = next((size for size, lines in sizes if ems(title) * size < lines * width), PART)
    author = single_line(document.author)
    about = facts(document.about, width)
    theme = THEMES["light"]
    return {
        "title": title,
        "shown_title": joined_numbers(one_line(title, size, width)),
        "title_size": size,
        "running": cut(title, width * _RUNNING / SMALL),
        "subtitle": breakable_text(document.subtitle, PART, width),
        "authors": [author] if author else [],
        "facts": about["items"],
        "facts_width": about["width"],
        "logo": None,
        "numbers": list(numbers(document.numbers, width)) if document.numbers else [],
        "picture": materials.add(_picture(document.picture, width * (_BRIEF if document.brief else 1)))
        if document.picture
        else None,
        "chart": next(blocks([document.chart], 1, width, height, materials)) if document.chart else None,
        "brief": document.brief,
        "theme": msgspec.to_builtins(theme),
        "paper": {"width": paper.width, "height": paper.height, "margin": _MARGIN},
        "heatmap_margin": _HEATMAP_MARGIN,
    }


def _picture(figure: Figure, width: float) -> Drawing:
    drawing = thumbnail(figure.view, width, single_line(figure.caption), figure.marked)
    return msgspec.structs.replace(drawing, background="none")


def _contents(runs: Sequence[dict[str, Any]], paper: _Paper) -> dict[str, float]:
    """Space above the entries of the table of contents: less if that makes it fit one page."""
    all_blocks = [block for run in runs for block in run["blocks"]]
    sections = sum(block["kind"] == "section" or block.get("section", "") != "" for block in all_blocks)
    subheadings = sum(block["kind"] == "subheading" or block.get("level") == 2 for block in all_blocks)
    _, height = paper.inner(turned=False)
    room = height - _CONTENTS - (sections + subheadings) * _ENTRY
    share = min(max(room / (sections * _APART[0] + subheadings * _APART[1] or 1), _LEAST_APART), 1)
    return {"above": _APART[0] * share, "between": _APART[1] * share}


def _logo(logo: Logo, materials: Materials) -> dict[str, Any]:
    materials.files[_LOGO_NAME] = logo.data if logo.kind == "svg" else _within_svg(logo)
    scale = min(room / side for room, side in zip(_LOGO, (logo.width, logo.height), strict=True))
    return {"file": _LOGO_NAME, "width": logo.width * scale, "height": logo.height * scale}


def _within_svg(logo: Logo) -> bytes:
    """A logo as SVG, because the compiler takes only text from memory."""
    size = f'width="{logo.width:g}" height="{logo.height:g}"'
    href = f"data:image/{logo.kind};base64,{base64.b64encode(logo.data).decode()}"
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {size}><image {size} href="{href}"/></svg>'
    return svg.encode()


def _runs(document: Document, paper: _Paper, materials: Materials) -> list[dict[str, Any]]:
    """Runs of blocks on pages of one orientation, and heatmaps."""
    runs: list[dict[str, Any]] = []
    for run in _flows(document, paper, materials):
        if run["turned"] and runs and runs[-1]["turned"]:
            runs[-1]["blocks"] += run["blocks"]
            continue
        if run["turned"]:
            # A new page starts anyway; a page break would add an empty one.
            run["blocks"][0]["fresh"] = False
        runs.append(run)
    return runs


def _flows(document: Document, paper: _Paper, materials: Materials) -> Iterator[dict[str, Any]]:
    width, _ = paper.inner(turned=False)
    for section in document.sections:
        # Alike within a section only: heatmaps of a threat have fewer techniques, so room for more detail.
        room = (
            paper.height - 2 * _HEATMAP_MARGIN["x"],
            paper.width - _HEATMAP_MARGIN["top"] - _HEATMAP_MARGIN["bottom"],
        )
        heatmaps = heatmap_pages(section.figures, *room, materials)
        title, is_first, level = one_line(section.title, PART, paper.width), True, 2 if section.title else 1
        for is_heatmap, flow in groupby(section.blocks, lambda block: isinstance(block, Figure)):
            if is_heatmap:
                for _ in flow:
                    yield {"turned": False, "blocks": [next(heatmaps) | {"section": title if is_first else ""}]}
                    is_first = False
                continue
            part = list(flow)
            wide = any(isinstance(block, Table) and not fits(block, width, materials) for block in part)
            turned = wide and not document.brief
            data = list(blocks(part, level, *paper.inner(turned=turned), materials))
            level = 3 if any(isinstance(block, Heading) for block in part) else level
            heading = (
                [{"kind": "section", "title": title, "fresh": section.id in _FRESH}] if is_first and title else []
            )
            yield {"turned": turned, "blocks": heading + data}
            is_first = False


def _strings(data: object) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict | list | tuple):
        parts: Iterable[object] = data.values() if isinstance(data, dict) else data
        for part in parts:
            yield from _strings(part)


def _compile(inputs: dict[str, bytes]) -> tuple[bytes, bool]:
    """The file, and whether it is PDF/UA."""
    source = {"main": files("navlayers.output.pdf").joinpath("report.typ").read_bytes(), **inputs}
    try:
        return typeset.typst(source, format="pdf", pdf_standards=[_ACCESSIBLE]), True
    except CompilerError as error:
        if _is_of_logo(error, inputs):
            raise bad_logo() from error
        if not _lacks_letters(error):
            raise
    return typeset.typst(source, format="pdf", pdf_standards=[]), False


def _lacks_letters(error: CompilerError) -> bool:
    """Whether the only errors are about text for which no font has letters."""
    lines = error.diagnostic.splitlines()
    errors = [line for line in lines if line.startswith("error:")]
    return bool(errors) and all(_NO_FONT in line for line in errors)


def _is_of_logo(error: CompilerError, inputs: dict[str, bytes]) -> bool:
    """Whether the logo is the cause; not all errors of the compiler name a file."""
    if _LOGO_NAME not in inputs or _lacks_letters(error) or error.reason != "error":
        return False
    return not error.diagnostic or _LOGO_NAME in error.diagnostic
