"""A report as PDF: tagged, with bookmarks, its heatmaps on pages of their own."""

from __future__ import annotations

import base64
from importlib.resources import files
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from navlayers.errors import Problem, UsageError
from navlayers.render import font, typeset
from navlayers.render.font import clean, cut, ems
from navlayers.render.pages import MM, PAPERS
from navlayers.render.rendered import Rendered
from navlayers.render.theme import THEMES
from navlayers.report.document import Bars, Heatmap, Rows, Subheading
from navlayers.report.pdf_blocks import PART, SMALL, Materials, blocks, facts, fits
from navlayers.report.pdf_heatmaps import heatmap_pages
from navlayers.report.pdf_text import one_line, said

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from navlayers.report.document import Block, Document, Logo
    from navlayers.report.make import Report
    from navlayers.report.options import Paper

_MARGIN, _MORE_ABOVE = 56.0, 8.0
_TITLES = ((28.0, 3), (20.0, 4))
"""Sizes of the title and in how many lines it has to stand to be so large."""

_FRESH = ("summary", "appendix")
"""Sections that begin on a page of their own."""

_LOGO, _LOGO_NAME = (200.0, 64.0), "logo.svg"
_RUNNING = 0.6
_CONTENTS, _ENTRY, _APART, _LEAST_APART = 40.0, 7.0, (20.0, 8.0), 0.5
"""In the table of contents: points for its heading, for an entry, above entries, the least share of it."""

_ACCESSIBLE = "ua-1"
"""PDF/UA-1: tagged, with alternative texts, headings in order, a title and a language."""

_NO_LETTERS = "-o report.html takes the fonts of who opens it"


class _Paper(NamedTuple):
    """A sheet in points, the longer side of which is the height of most pages."""

    width: float
    height: float

    def inner(self, *, turned: bool) -> tuple[float, float]:
        """Width and height between the margins."""
        width, height = (self.height, self.width) if turned else self
        return width - 2 * _MARGIN, height - 2 * _MARGIN - _MORE_ABOVE


def render(report: Report) -> Rendered:
    """The report as PDF.

    Raises:
        UsageError: the logo is no picture that the PDF can hold.
    """
    document = report.document
    found = PAPERS[report.options.paper]
    paper = _Paper(found.short * MM, found.long * MM)
    materials = Materials()
    runs = _runs(document, paper, report.options.paper, materials)
    data = _front(document, paper) | {"runs": runs, "contents": _contents(runs, paper)}
    if document.logo is not None:
        data["logo"] = _logo(document.logo, materials)
    made = _compile({"doc.json": msgspec.json.encode(data), **materials.files})
    notices = typeset.lacking(document.title, {*_strings(data), *materials.texts}, _NO_LETTERS)
    return Rendered(made, tuple(notices))


def _front(document: Document, paper: _Paper) -> dict[str, Any]:
    width, _ = paper.inner(turned=False)
    title = clean(document.title) or "Report"
    size = next((size for size, lines in _TITLES if ems(title) * size < lines * width), PART)
    author, date = clean(document.author), clean(document.date)
    known = [(name, value) for name, value in (("Author", author), ("Date", date)) if value]
    told = facts([*known, *document.facts], width)
    theme = THEMES["light"]
    return {
        "title": title,
        "shown_title": one_line(title, size, width),
        "title_size": size,
        "running": cut(title, width * _RUNNING / SMALL),
        "subtitle": said(document.subtitle, PART, width),
        "authors": [author] if author else [],
        "facts": told["items"],
        "facts_width": told["width"],
        "logo": None,
        "theme": msgspec.to_builtins(theme),
        "paper": {"width": paper.width, "height": paper.height, "margin": _MARGIN},
    }


def _contents(runs: Sequence[dict[str, Any]], paper: _Paper) -> dict[str, float]:
    """Space above the entries of the table of contents: less where that makes it fit one page."""
    found = [block for run in runs for block in run["blocks"]]
    sections = sum(block["kind"] == "section" or block.get("section", "") != "" for block in found)
    others = sum(block["kind"] == "subheading" or block.get("level") == 2 for block in found)
    _, height = paper.inner(turned=False)
    room = height - _CONTENTS - (sections + others) * _ENTRY
    share = min(max(room / (sections * _APART[0] + others * _APART[1] or 1), _LEAST_APART), 1)
    return {"above": _APART[0] * share, "between": _APART[1] * share}


def _logo(logo: Logo, materials: Materials) -> dict[str, Any]:
    materials.files[_LOGO_NAME] = logo.data if logo.kind == "svg" else _within_svg(logo)
    scale = min(room / side for room, side in zip(_LOGO, (logo.width, logo.height), strict=True))
    return {"file": _LOGO_NAME, "width": logo.width * scale, "height": logo.height * scale}


def _within_svg(logo: Logo) -> bytes:
    """The compiler takes only text from memory."""
    size = f'width="{logo.width:g}" height="{logo.height:g}"'
    href = f"data:image/{logo.kind};base64,{base64.b64encode(logo.data).decode()}"
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {size}><image {size} href="{href}"/></svg>'
    return svg.encode()


def _runs(document: Document, paper: _Paper, name: Paper, materials: Materials) -> list[dict[str, Any]]:
    """Blocks that flow over pages of one kind, and heatmaps, which have pages of their own."""
    runs: list[dict[str, Any]] = []
    for run in _flows(document, paper, name, materials):
        if run["turned"] and runs and runs[-1]["turned"]:
            runs[-1]["blocks"] += run["blocks"]
            continue
        if run["turned"]:
            # Another page begins anyway, and one more would be empty.
            run["blocks"][0]["fresh"] = False
        runs.append(run)
    return runs


def _flows(document: Document, paper: _Paper, name: Paper, materials: Materials) -> Iterator[dict[str, Any]]:
    for section in document.sections:
        # Alike within a section: a threat has fewer techniques than a set, so they have room for more.
        heatmaps = heatmap_pages(section.heatmaps, name, materials)
        title, is_first, level = one_line(section.title, PART, paper.width), True, 2
        for is_heatmap, flow in groupby(section.blocks, lambda block: isinstance(block, Heatmap)):
            if is_heatmap:
                for _ in flow:
                    yield {"turned": False, "blocks": [next(heatmaps) | {"section": title if is_first else ""}]}
                    is_first = False
                continue
            for turned, found in _turns(list(flow), paper, materials):
                made = list(blocks(found, level, *paper.inner(turned=turned), materials))
                level = 3 if any(isinstance(block, Subheading) for block in found) else level
                heading = [{"kind": "section", "title": title, "fresh": section.id in _FRESH}] if is_first else []
                yield {"turned": turned, "blocks": heading + made}
                is_first = False


def _turns(flow: Sequence[Block], paper: _Paper, materials: Materials) -> Iterator[tuple[bool, list[Block]]]:
    """Blocks, and whether they need the longer side across; what does not care goes with what follows."""
    width, _ = paper.inner(turned=False)
    wanted: list[bool | None] = [
        False
        if isinstance(block, Bars)
        else True
        if isinstance(block, Rows) and not fits(block, width, materials)
        else None
        for block in flow
    ]
    turned = next((one for one in reversed(wanted) if one is not None), False)
    ways = []
    for one in reversed(wanted):
        turned = turned if one is None else one
        ways.append(turned)
    for way, found in groupby(zip(reversed(ways), flow, strict=True), lambda pair: pair[0]):
        yield way, [block for _, block in found]


def _strings(data: object) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict | list | tuple):
        parts: Iterable[object] = data.values() if isinstance(data, dict) else data
        for part in parts:
            yield from _strings(part)


def _compile(given: dict[str, bytes]) -> bytes:
    # The compiler is large, and only paper needs it.
    import typst  # noqa: PLC0415

    template = files("navlayers.report").joinpath("report.typ").read_bytes()

    def made(standards: list[str]) -> bytes:
        data: bytes = typst.compile(  # type: ignore[call-overload]
            {"main": template, **given},
            format="pdf",
            font_paths=[str(font.folder())],
            ignore_system_fonts=True,
            pdf_standards=standards,
            timestamp=0,
        )
        return data

    # Not all of its errors have a class of their own.
    try:
        return made([_ACCESSIBLE])
    except RuntimeError:
        pass
    try:
        # The standard does not allow text for which no font has letters.
        return made([])
    except RuntimeError as error:
        if _LOGO_NAME not in given:
            raise
        problem = Problem("the logo cannot be drawn", hint="save it as a plain SVG or a PNG")
        raise UsageError(problem) from error
