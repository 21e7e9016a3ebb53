"""Pages → documents: in which order things stand, and what they are called."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from navlayers._text import figure, technique_url, tidy, web_links
from navlayers.attack.catalogue import SITE
from navlayers.layer.colors import RAMPS, Gradient
from navlayers.mapping.model import CATEGORIES
from navlayers.output.document import Document, Facts, Heading, Paragraph
from navlayers.output.tables import Column, Detail, RowStyle, Span, Table
from navlayers.pages.show.results import CapabilityPage, GroupPage, TacticPage, TechniquePage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from navlayers.output.document import Block
    from navlayers.output.tables import Cell
    from navlayers.pages.show import results as pages
    from navlayers.scoring.stats import CapabilityStats, CategoryStats

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
"""Names as the published mapping pages have them, then what those leave out."""

_RECORD_COLUMNS = (*_ROW_COLUMNS[:5], _ROW_COLUMNS[-1])
_MEMBER_COLUMNS = (
    Column("Capability ID", whole=True),
    Column("Name", under=0),
    *(Column(header, "number", whole=True) for header in ("Techniques", "Sub-techniques", "Only it")),
)
_ROW_KEYS, _RECORD_KEYS = (0, 3, 5), (0, 3)
_LINK = re.compile(r"\[([^\]\n]+)\]\((https?://[^)\s]+)\)")
NONE = "–"


def document(page: pages.Page) -> Document:
    """The page as a document."""
    name = page.name if page.name != page.id else ""
    if isinstance(page, TechniquePage):
        return Document(f"{name} Mappings".strip(), key=page.id, blocks=tuple(_technique(page)))
    if isinstance(page, TacticPage):
        return Document(page.name, key=page.id, blocks=tuple(_tactic(page)))
    blocks = _capability(page) if isinstance(page, CapabilityPage) else _group(page)
    return Document(name, key=page.id, blocks=tuple(blocks))


def link(url: str) -> Span:
    """A reference: a link where it is one, else text."""
    found = web_links([url])
    return Span(url, found[0] if len(found) == 1 else "")


def paragraphs(text: str) -> tuple[Span, ...]:
    """The paragraphs of a text."""
    return tuple(Span(line.strip()) for line in text.splitlines() if line.strip())


def prose(text: str) -> tuple[Span, ...]:
    """One paragraph of ATT&CK's Markdown as text and links."""
    found = []
    at = 0
    for match in _LINK.finditer(text):
        found += [Span(text[at : match.start()]), Span(match[1], link(match[2]).url)]
        at = match.end()
    return tuple(span for span in (*found, Span(text[at:])) if span)


def _technique(page: TechniquePage) -> Iterator[Block]:
    if page.status != "active":
        yield _inactive(page.status, page.successor, page.attack_version)
    for paragraph in page.description.splitlines():
        if paragraph.strip():
            yield Paragraph(prose(paragraph.strip()))
    yield _facts(
        ("View in MITRE ATT&CK®", [Span(page.url, page.url)] if page.status != "unknown" else []),
        ("Tactics", [Span(f"{t.id} {t.name}", f"{SITE}/tactics/{t.id}/") for t in page.tactics]),
        ("Platforms", list(page.platforms)),
        ("Sub-technique of", [_technique_link(page.parent)] if page.parent else []),
        ("Sub-techniques", [_technique_link(sub) for sub in page.subtechniques]),
        ("ATT&CK release", [f"{page.domain} {page.attack_version}"]),
    )
    for section in page.sections:
        yield from _technique_section(page, section)
    yield from _elsewhere("Sets that do not map it", page.without)
    yield from _elsewhere("Sets of another ATT&CK domain", page.elsewhere)


def _inactive(status: str, successor: pages.Named | None, version: str) -> Paragraph:
    if status == "unknown":
        return Paragraph(f"ATT&CK {version} has no technique of this id.", warning=True)
    if successor is None:
        return Paragraph(f"{status.capitalize()} in ATT&CK {version}, no successor.", warning=True)
    start = f"{status.capitalize()} in ATT&CK {version}; its successor is "
    return Paragraph((start, _technique_link(successor), "."), warning=True)


def _technique_link(named: pages.Named) -> Span:
    return Span(f"{named.id} {named.name}", technique_url(named.id))


def _technique_section(page: TechniquePage, section: pages.TechniqueSection) -> Iterator[Block]:
    yield _set_heading(section.set)
    if (section.status, section.successor) != (page.status, page.successor):
        if section.status == "active":
            yield Paragraph(f"Active in ATT&CK {section.set.attack_version}.")
        else:
            yield _inactive(section.status, section.successor, section.set.attack_version)
    if section.technique.name != page.name:
        name = f"Called {section.technique.name} in ATT&CK {section.set.attack_version}."
        yield Paragraph(name)
    for moved in section.carried:
        yield Paragraph(f"Mappings of {moved.id} {moved.name} were carried here.")
    aggregate = section.aggregate
    if aggregate is not None:
        overall = score_cell(aggregate.overall, "", section.set)
        yield _facts(
            ("Score", [overall or "not rated"]),
            *(
                (c.category.capitalize(), [score_cell(c.score, c.category, section.set)])
                for c in aggregate.categories
                if c.category
            ),
        )
        for line in aggregate.says[1:] if len(aggregate.says) > 1 else aggregate.says:
            yield Paragraph(line)
        yield Paragraph(" ".join(section.set.method))
    elif section.mappings:
        yield Paragraph("It has no score, for layers hold only techniques that the release uses.")
    yield Heading("Mappings")
    if section.mappings:
        yield _mappings(section.mappings, section.set)
    else:
        yield Paragraph("None of its own.")
    yield from _records(section.non_mappable)
    if section.parent is not None:
        yield Heading("The technique that it belongs to")
        yield _entries([section.parent], section.set)
    if section.subtechniques:
        yield Heading("Sub-techniques")
        yield _entries(section.subtechniques, section.set)


def _mappings(rows: Sequence[pages.Row], head: pages.SetHead) -> Table:
    cells = []
    for row in rows:
        score = score_cell(None if head.counts else row.score, row.category, head)
        cells.append((*_start(row), row.category, row.value, score, row_notes(row)))
    return _table(_ROW_COLUMNS, cells, map(_row_style, rows), _ROW_KEYS)


def _table(
    columns: Sequence[Column],
    rows: Iterable[tuple[Cell, ...]],
    styles: Iterable[RowStyle] = (),
    keys: tuple[int, ...] = (0,),
) -> Table:
    return Table("", "", tuple(columns), tuple(rows), styles=tuple(styles), keys=keys)


def row_notes(row: pages.Row) -> str:
    """What is noted of a mapping, and why it does not count where it does not."""
    return "; ".join(part for part in (row.notes, row.why_not and f"does not count: {row.why_not}") if part)


def _start(row: pages.Row) -> tuple[str, ...]:
    return (
        Span(row.capability_id, strong=True),
        row.capability_name,
        row.mapping_type,
        Span(row.attack_id, technique_url(row.attack_id) if row.attack_id else ""),
        row.attack_name,
    )


def _row_style(row: pages.Row) -> RowStyle:
    found = (Detail("Comments", paragraphs(row.comment)), Detail("References", tuple(map(link, row.references))))
    return RowStyle(details=tuple(detail for detail in found if detail.spans))


def _records(rows: Sequence[pages.Row]) -> Iterator[Block]:
    if rows:
        yield Heading("Non-mappable")
        cells = ((*_start(row), row.notes) for row in rows)
        yield _table(_RECORD_COLUMNS, cells, map(_row_style, rows), _RECORD_KEYS)


def _capability(page: CapabilityPage) -> Iterator[Block]:
    for section in page.sections:
        head = section.set
        yield _set_heading(head)
        if (section.id, section.name) != (page.id, page.name):
            yield Paragraph(f"Here it is {section.id}: {section.name}.")
        stats = section.stats
        yield _facts(
            ("Groups", [_both(group) for group in section.groups]),
            ("References", [link(reference) for reference in section.references]),
            ("Techniques", [str(stats.techniques)] if stats else ["0"]),
            ("Sub-techniques", [str(stats.subtechniques)] if stats else []),
            ("Share of the matrix", [f"{stats.share:g} %"] if stats else []),
            ("Covered by it alone", [str(stats.unique)] if stats else []),
            *(
                (category.capitalize(), [f"mean {one.mean:g}, sum {one.sum:g}"])
                for category, one in _categories(stats)
            ),
        )
        if section.unique:
            yield Heading("What only it covers")
            yield Paragraph(tuple(_joined([_technique_link(named) for named in section.unique])))
        for column in section.tactics:
            yield Heading(_column_title(column))
            yield _given(column.techniques, head)
        if section.not_active:
            yield Heading(f"Not active in ATT&CK {head.attack_version}")
            for text in section.not_active:
                yield Paragraph(text)
        yield from _records(section.non_mappable)
    yield from _elsewhere("Not in", page.without)


def _categories(stats: CapabilityStats | None) -> Iterable[tuple[str, CategoryStats]]:
    return stats.categories.items() if stats else ()


def _group(page: GroupPage) -> Iterator[Block]:
    for section in page.sections:
        yield _set_heading(section.set)
        yield Heading(f"Capabilities: {len(section.capabilities)}")
        rows = (
            (Span(one.id, strong=True), one.name, str(one.techniques), str(one.subtechniques), str(one.unique))
            for one in section.capabilities
        )
        yield _table(_MEMBER_COLUMNS, rows)
        for column in section.tactics:
            yield Heading(_column_title(column))
            yield _entries(column.techniques, section.set)
    yield from _elsewhere("Not in", page.without)


def _tactic(page: TacticPage) -> Iterator[Block]:
    yield _facts(
        ("View in MITRE ATT&CK®", [Span(page.url, page.url)]),
        ("ATT&CK release", [f"{page.domain} {page.attack_version}"]),
    )
    for section in page.sections:
        yield _set_heading(section.set)
        column = section.column
        yield Paragraph(
            f"{column.mapped} of {column.total} techniques are mapped, themselves or by a sub-technique."
        )
        yield _entries(column.techniques, section.set)
    yield from _elsewhere("Sets whose ATT&CK release does not have it", page.without)


def _set_heading(head: pages.SetHead) -> Heading:
    title = " ".join(part for part in (head.title or head.framework, head.version) if part)
    return Heading(f"{title}, ATT&CK {head.domain} {head.attack_version}", 2, head.name)


def _column_title(column: pages.Column) -> str:
    return f"{column.tactic.name} {column.mapped}/{column.total}"


def _entries(entries: Sequence[pages.Entry], head: pages.SetHead) -> Table:
    """Techniques with their aggregate scores."""
    categories = [c for c in CATEGORIES if any(c in entry.categories for entry in entries)]
    columns = (
        Column("ATT&CK ID", whole=True),
        Column("ATT&CK Name"),
        *(Column(category.capitalize(), "number", whole=True) for category in categories),
        Column("Score", "number", whole=True),
        Column("Capabilities", "number", whole=True),
    )
    rows, styles = [], []
    for entry in entries:
        mapped = entry.capabilities > 0 or entry.overall is not None
        scores = [score_cell(entry.categories.get(category), category, head) for category in categories]
        overall = score_cell(entry.overall, "", head)
        total = overall if overall or not mapped else "not rated"
        rows.append((*_named(entry, strong=mapped), *scores, total, str(entry.capabilities) if mapped else NONE))
        styles.append(RowStyle(level=int("." in entry.id), quiet=not mapped))
    return _table(columns, rows, styles)


def _given(entries: Sequence[pages.Entry], head: pages.SetHead) -> Table:
    """Techniques with what one capability gives them."""
    categories = [c for c in (*CATEGORIES, "") if any(c in entry.strengths for entry in entries)]
    columns = (
        Column("ATT&CK ID", whole=True),
        Column("ATT&CK Name"),
        *(Column(category.capitalize() or "Mapping", whole=True) for category in categories),
        Column("Capabilities", "number", whole=True),
    )
    rows, styles = [], []
    for entry in entries:
        cells = [_strength(entry, category, head) for category in categories]
        alone = Span("only it" if entry.only else str(entry.capabilities), strong=entry.only)
        rows.append((*_named(entry), *cells, alone))
        comments = tuple(span for text in entry.comments for span in paragraphs(text))
        details = (Detail("Comments", comments),) if comments else ()
        styles.append(RowStyle(level=int("." in entry.id), details=details))
    return _table(columns, rows, styles)


def _strength(entry: pages.Entry, category: str, head: pages.SetHead) -> str:
    strength = entry.strengths.get(category, "")
    score = entry.categories.get(category, entry.overall) if strength else None
    if head.counts or score is None:
        return strength
    cell = score_cell(score, category, head)
    return Span(strength if strength == cell else f"{strength} {cell}", color=cell.color)


def _named(entry: pages.Entry, *, strong: bool = True) -> tuple[str, ...]:
    return Span(entry.id, technique_url(entry.id), strong=strong), entry.name


def score_cell(score: float | None, category: str, head: pages.SetHead) -> Span:
    """A score with its colour; counts have none, for there is no end to them."""
    if score is None:
        return Span("")
    text = f"{figure(score)}" if score < 1_000_000 else str(tidy(score))
    if head.counts:
        return Span(text)
    return Span(text, color=Gradient(RAMPS[category or "overall"]).color(score))


def _facts(*items: tuple[str, Sequence[str]]) -> Facts:
    return Facts(tuple((label, tuple(values)) for label, values in items if values))


def _joined(spans: Sequence[str]) -> Iterator[str]:
    for index, span in enumerate(spans):
        yield from ((", ",) if index else ())
        yield span


def _both(named: pages.Named) -> str:
    return named.id if named.id == named.name else f"{named.id} {named.name}"


def _elsewhere(label: str, names: Sequence[str]) -> Iterator[Block]:
    if names:
        yield Paragraph(f"{label}: {', '.join(names)}.")
