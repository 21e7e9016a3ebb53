"""The documents of `show`: the order and the headings of what a page holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from navlayers._text.dates import iso_date
from navlayers._text.links import technique_url, web_links
from navlayers._text.numbers import number_text, percent_figure, rounded
from navlayers._text.wording import of_matrix
from navlayers.attack.catalogue import SITE
from navlayers.layer.ramps import value_gradient
from navlayers.mapping.model import CATEGORIES
from navlayers.output.document import Document, Facts, Heading, Paragraph
from navlayers.output.tables import Column, Detail, RowStyle, Span, Table
from navlayers.pages.show.results import CapabilityPage, GroupPage, TacticPage, TechniquePage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from navlayers.output.document import Block
    from navlayers.output.tables import Cell
    from navlayers.pages.show import results
    from navlayers.scoring.comments import IdAndName

# The headers of the published mapping pages, then columns that these lack.
_ROW_COLUMNS = (
    Column("Capability ID", whole=True),
    Column("Capability Description", under=0),
    Column("Mapping Type", whole=True, under=3),
    Column("ATT&CK ID", whole=True),
    Column("ATT&CK Name", under=3),
    Column("Category", whole=True),
    Column("Value", whole=True, under=5),
    Column("Score", "number", whole=True),
    Column("Notes", under=0),
)
_RECORD_COLUMNS = (*_ROW_COLUMNS[:5], _ROW_COLUMNS[-1])
_MEMBER_COLUMNS = (
    Column("Capability ID", whole=True),
    Column("Name", under=0),
    *(Column(header, "number", whole=True) for header in ("Techniques", "Sub-techniques", "Unique")),
)
_ENTRY_COLUMNS = (Column("ATT&CK ID", whole=True), Column("ATT&CK Name"))

# Descriptions of ATT&CK have links in Markdown.
_LINK = re.compile(r"\[([^\[\]\n]+)\]\((https?://[^)\[\s]+)\)")


def document(page: results.Page) -> Document:
    """The page as a document."""
    name = page.name if page.name != page.id else ""
    match page:
        case TechniquePage():
            return Document(f"{name} Mappings".strip(), key=page.id, blocks=tuple(_technique(page)))
        case TacticPage():
            return Document(page.name, key=page.id, blocks=tuple(_tactic(page)))
        case CapabilityPage():
            return Document(name, key=page.id, blocks=tuple(_capability(page)))
        case GroupPage():
            return Document(name, key=page.id, blocks=tuple(_group(page)))


def link(reference: str) -> Span:
    """A reference: with its address where it is one, else plain."""
    addresses = web_links([reference])
    return Span(reference, addresses[0] if len(addresses) == 1 else "")


def paragraphs(text: str) -> tuple[Span, ...]:
    """The paragraphs of a text."""
    return tuple(Span(line.strip()) for line in text.splitlines() if line.strip())


def prose(text: str) -> tuple[Span, ...]:
    """One paragraph of ATT&CK's Markdown as text and links."""
    spans = []
    start = 0
    for match in _LINK.finditer(text):
        spans += [Span(text[start : match.start()]), Span(match[1], link(match[2]).url)]
        start = match.end()
    return tuple(span for span in (*spans, Span(text[start:])) if span)


def row_notes(row: results.MappingRow) -> str:
    """The notes of a mapping, and why it does not count."""
    return "; ".join(part for part in (row.notes, row.why_not and f"does not count: {row.why_not}") if part)


def score_cell(score: float | None, category: str, head: results.SetHead) -> Span:
    """A score with its color; counts, which have no maximum, have none.

    Args:
        score: 0–100, or a count of capabilities; None: an empty cell.
        category: "" for the overall score.
        head: the set.
    """
    if score is None:
        return Span("")
    color = "" if head.counts else value_gradient(category or None, 0, head.range, head.role).color(score)
    return Span(number_text(score), color=color)


def _technique(page: TechniquePage) -> Iterator[Block]:
    if page.status != "active":
        yield _inactive(page.status, page.successor, page.attack_version)
    if page.out_of_scope:
        yield Paragraph(f"Out of scope ({page.out_of_scope}): mappings of it do not count.", warning=True)
    for paragraph in paragraphs(page.description):
        yield Paragraph(prose(paragraph))
    yield _facts(
        ("View in MITRE ATT&CK®", [Span(page.url, page.url)] if page.status != "unknown" else []),
        ("Tactics", [Span(f"{t.id} {t.name}", f"{SITE}/tactics/{t.id}/") for t in page.tactics]),
        ("Platforms", page.platforms),
        ("Sub-technique of", [_technique_link(page.parent)] if page.parent else []),
        ("Sub-techniques", [_technique_link(sub) for sub in page.subtechniques]),
        ("ATT&CK release", [f"{page.domain} {page.attack_version}"]),
    )
    for section in page.sections:
        yield from _technique_section(page, section)
    for replacement in page.replacements:
        start = f"{replacement.set}: mappings of this technique count for its replacement "
        yield Paragraph((start, _technique_link(replacement.technique), "."))
    yield from _without("Sets that do not map it", page.without)
    yield from _without("Sets of another ATT&CK domain", page.elsewhere)


def _inactive(status: str, successor: IdAndName | None, version: str) -> Paragraph:
    if status == "unknown":
        return Paragraph(f"ATT&CK {version} has no technique of this id.", warning=True)
    if successor is None:
        return Paragraph(f"{status.capitalize()} in ATT&CK {version}, no successor.", warning=True)
    start = f"{status.capitalize()} in ATT&CK {version}; its successor is "
    return Paragraph((start, _technique_link(successor), "."), warning=True)


def _technique_link(named: IdAndName) -> Span:
    return Span(f"{named.id} {named.name}", technique_url(named.id))


def _technique_section(page: TechniquePage, section: results.TechniqueSection) -> Iterator[Block]:
    head = section.set
    yield _set_heading(head)
    if (section.status, section.successor) != (page.status, page.successor):
        if section.status == "active":
            yield Paragraph(f"Active in ATT&CK {head.attack_version}.")
        else:
            yield _inactive(section.status, section.successor, head.attack_version)
    if section.technique.name != page.name:
        yield Paragraph(f"Called {section.technique.name} in ATT&CK {head.attack_version}.")
    for replaced in section.replaced:
        yield Paragraph(f"Includes the mappings of {replaced.id} {replaced.name}, which it replaced.")
    aggregate = section.aggregate
    if aggregate is not None:
        scores = [(c.category, [score_cell(c.score, c.category, head)]) for c in aggregate.categories if c.category]
        overall = score_cell(aggregate.overall, "", head) or "not rated"
        parts = [
            f"{s} {'none' if x is None else number_text(rounded(x))}" for s, x in (aggregate.segments or {}).items()
        ]
        by_category = ((category.capitalize(), cells) for category, cells in scores)
        yield _facts(("Score", [overall]), *by_category, ("Segments", parts))
        # The first line repeats the score, after one of segments.
        for line in aggregate.says[2 if parts else 1 :] or aggregate.says:
            yield Paragraph(line)
        yield Paragraph(" ".join(head.method))
    elif section.mappings:
        yield Paragraph("It has no score: layers contain only active techniques.")
    yield Heading("Mappings")
    if section.mappings:
        yield _rows(_ROW_COLUMNS, section.mappings, head)
    else:
        yield Paragraph("None.")
    yield from _records(section.non_mappable, head)
    if section.parent is not None:
        yield Heading("Parent technique")
        yield _entries([section.parent], head)
    if section.subtechniques:
        yield Heading("Sub-techniques")
        yield _entries(section.subtechniques, head)


def _rows(columns: Sequence[Column], rows: Sequence[results.MappingRow], head: results.SetHead) -> Table:
    """Mappings, or with fewer columns non-mappable records, with comments and references below each."""
    cells, styles = [], []
    for row in rows:
        names: tuple[Cell, ...] = (
            Span(row.capability_id, strong=True),
            row.capability_name,
            row.mapping_type,
            Span(row.attack_id, technique_url(row.attack_id) if row.attack_id else ""),
            row.attack_name,
        )
        score = score_cell(None if head.counts else row.score, row.category, head)
        values = (row.category, row.value, score) if columns is _ROW_COLUMNS else ()
        cells.append((*names, *values, row_notes(row) if values else row.notes))
        details = (
            Detail("Comments", paragraphs(row.comment)),
            Detail("References", tuple(map(link, row.references))),
        )
        styles.append(RowStyle(details=tuple(detail for detail in details if detail.spans)))
    keys = (0, 3, 5) if columns is _ROW_COLUMNS else (0, 3)
    return _table(columns, cells, styles, keys)


def _table(
    columns: Iterable[Column],
    rows: Iterable[tuple[Cell, ...]],
    styles: Iterable[RowStyle] = (),
    keys: tuple[int, ...] = (0,),
) -> Table:
    return Table("", "", tuple(columns), tuple(rows), styles=tuple(styles), keys=keys)


def _records(rows: Sequence[results.MappingRow], head: results.SetHead) -> Iterator[Block]:
    if rows:
        yield Heading("Non-mappable")
        yield _rows(_RECORD_COLUMNS, rows, head)


def _capability(page: CapabilityPage) -> Iterator[Block]:
    for section in page.sections:
        head, stats, words = section.set, section.stats, section.set.noun
        yield _set_heading(head)
        if (section.id, section.name) != (page.id, page.name):
            yield Paragraph(f"Called {section.id}: {section.name} in this set.")
        groups = list(map(str, section.groups))
        yield _facts(
            ("Groups", groups),
            ("References", list(map(link, section.references))),
            ("Techniques", [str(stats.techniques)] if stats else ["0"]),
            ("Sub-techniques", [str(stats.subtechniques)] if stats else []),
            ("Share of the matrix", [percent_figure(stats.share, 100)] if stats else []),
            (f"{words.covered.capitalize()} by no other", [str(stats.unique)] if stats else []),
            *(
                (category.capitalize(), [f"mean {rounded(numbers.mean, 1)}, sum {rounded(numbers.sum)}"])
                for category, numbers in (stats.categories.items() if stats else ())
            ),
        )
        if section.unique:
            yield Heading(f"{words.covered.capitalize()} by no other {words.singular}")
            first, *more = map(_technique_link, section.unique)
            yield Paragraph((first, *(part for span in more for part in (", ", span))))
        for column in section.tactics:
            yield _tactic_heading(column)
            yield _strengths(column.techniques, head)
        if section.not_active:
            yield Heading(f"Not active in ATT&CK {head.attack_version}")
            yield from map(Paragraph, section.not_active)
        yield from _records(section.non_mappable, head)
    yield from _without("Not in", page.without)


def _group(page: GroupPage) -> Iterator[Block]:
    for section in page.sections:
        yield _set_heading(section.set)
        yield Heading(f"{section.set.noun.plural.capitalize()}: {len(section.capabilities)}")
        yield _table(
            _MEMBER_COLUMNS,
            (
                (Span(m.id, strong=True), m.name, str(m.techniques), str(m.subtechniques), str(m.unique))
                for m in section.capabilities
            ),
        )
        for column in section.tactics:
            yield _tactic_heading(column)
            yield _entries(column.techniques, section.set)
    yield from _without("Not in", page.without)


def _tactic(page: TacticPage) -> Iterator[Block]:
    yield _facts(
        ("View in MITRE ATT&CK®", [Span(page.url, page.url)]),
        ("ATT&CK release", [f"{page.domain} {page.attack_version}"]),
    )
    for section in page.sections:
        column = section.column
        yield _set_heading(section.set)
        are = "is" if column.mapped == 1 else "are"
        yield Paragraph(f"{column.mapped} of {of_matrix(column.total)} {are} mapped.")
        yield _entries(column.techniques, section.set)
    yield from _without("Sets whose ATT&CK release does not have it", page.without)


def _set_heading(head: results.SetHead) -> Heading:
    title = " ".join(part for part in (head.title or head.framework, iso_date(head.version)) if part)
    return Heading(f"{title}, ATT&CK {head.domain} {head.release}", 2, head.name)


def _tactic_heading(column: results.Column) -> Heading:
    return Heading(f"{column.tactic.name} {column.mapped}/{column.total}")


def _entries(entries: Sequence[results.Entry], head: results.SetHead) -> Table:
    """Techniques with their aggregate scores."""
    categories = [c for c in CATEGORIES if any(c in entry.categories for entry in entries)]
    scores = (Column(header, "number", whole=True) for header in (*map(str.capitalize, categories), "Score"))
    rows, styles = [], []
    for entry in entries:
        mapped = entry.capabilities > 0 or entry.overall is not None
        cells = [score_cell(entry.categories.get(category), category, head) for category in categories]
        overall = score_cell(entry.overall, "", head) or ("not rated" if mapped else "")
        count = str(entry.capabilities) if mapped else "–"
        rows.append((*_named(entry, strong=mapped), *cells, overall, count))
        styles.append(RowStyle(level=int("." in entry.id), quiet=not mapped))
    return _table((*_ENTRY_COLUMNS, *scores, _number_column(head)), rows, styles)


def _number_column(head: results.SetHead) -> Column:
    return Column(head.noun.plural.capitalize(), "number", whole=True)


def _strengths(entries: Sequence[results.Entry], head: results.SetHead) -> Table:
    """Techniques with the score values that one capability gives them."""
    categories = [c for c in (*CATEGORIES, "") if any(c in entry.strengths for entry in entries)]
    strengths = (Column(category.capitalize() or "Mapping", whole=True) for category in categories)
    rows, styles = [], []
    for entry in entries:
        cells = [_strength(entry, category, head) for category in categories]
        count = Span("unique" if entry.only else str(entry.capabilities), strong=entry.only)
        rows.append((*_named(entry), *cells, count))
        comments = tuple(span for text in entry.comments for span in paragraphs(text))
        details = (Detail("Comments", comments),) if comments else ()
        styles.append(RowStyle(level=int("." in entry.id), details=details))
    return _table((*_ENTRY_COLUMNS, *strengths, _number_column(head)), rows, styles)


def _strength(entry: results.Entry, category: str, head: results.SetHead) -> str:
    strength = entry.strengths.get(category, "")
    score = entry.categories.get(category, entry.overall) if strength else None
    if head.counts or score is None:
        return strength
    cell = score_cell(score, category, head)
    return Span(strength if strength == cell else f"{strength} {cell}", color=cell.color)


def _named(entry: results.Entry, *, strong: bool = True) -> tuple[str, ...]:
    return Span(entry.id, technique_url(entry.id), strong=strong), entry.name


def _facts(*items: tuple[str, Sequence[str]]) -> Facts:
    return Facts(tuple((label, tuple(values)) for label, values in items if values))


def _without(label: str, names: Sequence[str]) -> Iterator[Block]:
    if names:
        yield Paragraph(f"{label}: {', '.join(names)}.")
