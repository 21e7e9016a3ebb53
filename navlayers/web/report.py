"""The report as one HTML file: title page, contents and sections, with the explorer instead of heatmaps."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import msgspec

from navlayers._text.lines import single_line
from navlayers.output.drawing.options import Rendered
from navlayers.output.drawing.thumbnail import key_of, thumbnail_svg
from navlayers.output.html import Page, bundle, documents
from navlayers.output.tables import Column, Table, with_pages
from navlayers.pages.compare import score_cell
from navlayers.web.explorer import SCRIPTS, to_json
from navlayers.web.report_data import layers_of, report_data

if TYPE_CHECKING:
    from markupsafe import Markup

    from navlayers.output.document import Logo
    from navlayers.output.tables import CellKind
    from navlayers.pages.report.build import Report
    from navlayers.pages.report.input import ReportInput
    from navlayers.web.explorer import Explorer

# Texts of more characters than this are not repeated if a table of the page has them.
_SHARED = 60

_MIME = {"png": "image/png", "jpeg": "image/jpeg", "svg": "image/svg+xml"}


def render(report: Report) -> Rendered:
    """The report as one HTML file, which loads nothing from elsewhere."""
    document, subject = report.document, report.data
    picture = document.picture
    page = Page()
    data = table = None
    if document.figures:
        data = report_data(subject, layers_of(document), page.colors)
        table = _scores(subject)
        page = Page(
            page.colors,
            {technique.id for technique in subject.catalogue.techniques.values() if technique.active},
            filter(_is_shareable, data.texts),
        )
    template = documents().get_template("report.html.jinja")
    text = template.render(
        title=document.title,
        page=page,
        document=document,
        explorer=document.figures[0] if data else None,
        scores=table,
        key=key_of(picture.view, bars=bool(picture.marked)) if picture else None,
        thumbnail=thumbnail_svg(picture.view, page.colors, single_line(picture.caption), picture.marked)
        if picture
        else "",
        logo=_address(document.logo) if document.logo else "",
        data=lambda: _json(data, page.places) if data else "",
        scripts=bundle(*SCRIPTS) if data else "",
    )
    # JSON inputs may contain lone surrogates, which UTF-8 cannot encode.
    return Rendered(text.encode("utf-8", "replace"))


def _is_shareable(text: str) -> bool:
    """Whether a text is long, and the same in HTML."""
    return len(text) > _SHARED and text == text.strip() and not text.startswith("http")


def _json(data: Explorer, places: dict[str, int]) -> Markup:
    """The data, without texts that the tables of the page have."""
    shared = {number: places[text] for number, text in enumerate(data.texts) if text in places}
    texts = ["" if number in shared else text for number, text in enumerate(data.texts)]
    return to_json(msgspec.structs.replace(data, texts=texts, shared=shared))


def _scores(subject: ReportInput) -> Table:
    """The scores of every covered technique, for browsers without scripts."""
    comparison = subject.comparison
    kind: CellKind = "number" if comparison.counts else "score"
    scores = (Column(name, kind, range=comparison.range) for name in subject.names)
    columns = (Column("technique", "technique"), Column("name"), *scores)
    rows = []
    for technique, row in comparison.rows.items():
        cells = (score_cell(row, name, comparison.measure) for name in comparison.names)
        rows.append((technique, subject.catalogue.techniques[technique].name, *cells))
    table = Table("coverage", f"Scores of all {comparison.noun.covered} techniques", columns, tuple(rows))
    return with_pages(table, subject.catalogue.own_pages)


def _address(logo: Logo) -> str:
    return f"data:{_MIME[logo.kind]};base64,{base64.b64encode(logo.data).decode()}"
