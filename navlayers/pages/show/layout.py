"""Pages → blocks: in which order things stand, and what they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text import figure, technique_url, tidy
from navlayers.attack.catalogue import SITE
from navlayers.layer.colors import RAMPS, Gradient
from navlayers.mapping.model import CATEGORIES
from navlayers.pages.show.blocks import (
    Below,
    Block,
    Cell,
    Column,
    Facts,
    Heading,
    Line,
    Paragraph,
    Table,
    link,
    paragraphs,
    prose,
)
from navlayers.pages.show.results import CapabilityPage, GroupPage, TacticPage, TechniquePage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from navlayers.pages.show import results as pages
    from navlayers.scoring.stats import CapabilityStats, CategoryStats

_ROW_COLUMNS = (
    Column("Capability ID", keep=True),
    Column("Capability Description", under=0),
    Column("Mapping Type", keep=True, under=3),
    Column("ATT&CK ID", keep=True),
    Column("ATT&CK Name", under=3),
    Column("Category", keep=True),
    Column("Value", keep=True, under=5),
    Column("Score", right=True, keep=True),
    Column("Notes", under=0),
)
"""Names as the published mapping pages have them, then what those leave out."""

_RECORD_COLUMNS = (*_ROW_COLUMNS[:5], _ROW_COLUMNS[-1])
NONE = "–"


def blocks(page: pages.Page) -> list[Block]:
    """The page as blocks."""
    if isinstance(page, TechniquePage):
        return list(_technique(page))
    if isinstance(page, CapabilityPage):
        return list(_capability(page))
    if isinstance(page, GroupPage):
        return list(_group(page))
    return list(_tactic(page))


def title(page: pages.Page) -> str:
    """What a page is called."""
    name = page.id if page.name == page.id else f"{page.id} {page.name}"
    return f"{name} Mappings" if isinstance(page, TechniquePage) else name


def _technique(page: TechniquePage) -> Iterator[Block]:
    yield Heading(1, f"{page.name} Mappings" if page.name != page.id else "Mappings", page.id)
    if page.status != "active":
        yield _inactive(page.status, page.successor, page.attack_version)
    for paragraph in page.description.splitlines():
        if paragraph.strip():
            yield Paragraph(prose(paragraph.strip()))
    yield _facts(
        ("View in MITRE ATT&CK®", [Cell(page.url, page.url)] if page.status != "unknown" else []),
        ("Tactics", [Cell(f"{t.id} {t.name}", f"{SITE}/tactics/{t.id}/") for t in page.tactics]),
        ("Platforms", [Cell(platform) for platform in page.platforms]),
        ("Sub-technique of", [_technique_link(page.parent)] if page.parent else []),
        ("Sub-techniques", [_technique_link(sub) for sub in page.subtechniques]),
        ("ATT&CK release", [Cell(f"{page.domain} {page.attack_version}")]),
    )
    for section in page.sections:
        yield from _technique_section(page, section)
    yield from _elsewhere("Sets that do not map it", page.without)
    yield from _elsewhere("Sets of another ATT&CK domain", page.elsewhere)


def _inactive(status: str, successor: pages.Named | None, version: str) -> Paragraph:
    if status == "unknown":
        return Paragraph((Cell(f"ATT&CK {version} has no technique of this id."),), warning=True)
    if successor is None:
        return Paragraph((Cell(f"{status.capitalize()} in ATT&CK {version}, no successor."),), warning=True)
    start = Cell(f"{status.capitalize()} in ATT&CK {version}; its successor is ")
    return Paragraph((start, _technique_link(successor), Cell(".")), warning=True)


def _technique_link(named: pages.Named) -> Cell:
    return Cell(f"{named.id} {named.name}", technique_url(named.id))


def _technique_section(page: TechniquePage, section: pages.TechniqueSection) -> Iterator[Block]:
    yield _set_heading(section.set)
    if (section.status, section.successor) != (page.status, page.successor):
        if section.status == "active":
            yield Paragraph((Cell(f"Active in ATT&CK {section.set.attack_version}."),))
        else:
            yield _inactive(section.status, section.successor, section.set.attack_version)
    if section.technique.name != page.name:
        name = f"Called {section.technique.name} in ATT&CK {section.set.attack_version}."
        yield Paragraph((Cell(name),))
    for moved in section.carried:
        yield Paragraph((Cell(f"Mappings of {moved.id} {moved.name} were carried here."),))
    aggregate = section.aggregate
    if aggregate is not None:
        overall = score_cell(aggregate.overall, "", section.set)
        yield _facts(
            ("Score", [overall if overall.text else Cell("not rated")]),
            *(
                (c.category.capitalize(), [score_cell(c.score, c.category, section.set)])
                for c in aggregate.categories
                if c.category
            ),
        )
        for line in aggregate.says[1:] if len(aggregate.says) > 1 else aggregate.says:
            yield Paragraph((Cell(line),))
        yield Paragraph((Cell(" ".join(section.set.method)),))
    elif section.mappings:
        yield Paragraph((Cell("It has no score, for layers hold only techniques that the release uses."),))
    yield Heading(3, "Mappings")
    if section.mappings:
        yield Table(_ROW_COLUMNS, tuple(_row(row, section.set) for row in section.mappings))
    else:
        yield Paragraph((Cell("None of its own."),))
    yield from _records(section.non_mappable)
    if section.parent is not None:
        yield Heading(3, "The technique that it belongs to")
        yield _entries([section.parent], section.set)
    if section.subtechniques:
        yield Heading(3, "Sub-techniques")
        yield _entries(section.subtechniques, section.set)


def _row(row: pages.Row, head: pages.SetHead) -> Line:
    score = score_cell(None if head.counts else row.score, row.category, head)
    cells = (*_start(row), Cell(row.category), Cell(row.value), score, Cell(row_notes(row)))
    return Line(cells, _below(row))


def row_notes(row: pages.Row) -> str:
    """What is noted of a mapping, and why it does not count where it does not."""
    return "; ".join(part for part in (row.notes, row.why_not and f"does not count: {row.why_not}") if part)


def _start(row: pages.Row) -> tuple[Cell, ...]:
    return (
        Cell(row.capability_id, strong=True),
        Cell(row.capability_name),
        Cell(row.mapping_type),
        Cell(row.attack_id, technique_url(row.attack_id) if row.attack_id else ""),
        Cell(row.attack_name),
    )


def _below(row: pages.Row) -> tuple[Below, ...]:
    found = (Below("Comments", paragraphs(row.comment)), Below("References", tuple(map(link, row.references))))
    return tuple(below for below in found if below.cells)


def _records(rows: Sequence[pages.Row]) -> Iterator[Block]:
    if rows:
        yield Heading(3, "Non-mappable")
        yield Table(_RECORD_COLUMNS, tuple(Line((*_start(row), Cell(row.notes)), _below(row)) for row in rows))


def _capability(page: CapabilityPage) -> Iterator[Block]:
    yield Heading(1, page.name if page.name != page.id else "", page.id)
    for section in page.sections:
        head = section.set
        yield _set_heading(head)
        if (section.id, section.name) != (page.id, page.name):
            yield Paragraph((Cell(f"Here it is {section.id}: {section.name}."),))
        stats = section.stats
        yield _facts(
            ("Groups", [Cell(_both(group)) for group in section.groups]),
            ("References", [link(reference) for reference in section.references]),
            ("Techniques", [Cell(str(stats.techniques))] if stats else [Cell("0")]),
            ("Sub-techniques", [Cell(str(stats.subtechniques))] if stats else []),
            ("Share of the matrix", [Cell(f"{stats.share:g} %")] if stats else []),
            ("Covered by it alone", [Cell(str(stats.unique))] if stats else []),
            *(
                (category.capitalize(), [Cell(f"mean {one.mean:g}, sum {one.sum:g}")])
                for category, one in _categories(stats)
            ),
        )
        if section.unique:
            yield Heading(3, "What only it covers")
            yield Paragraph(tuple(_joined([_technique_link(named) for named in section.unique])))
        for column in section.tactics:
            yield Heading(3, _column_title(column))
            yield _given(column.techniques, head)
        if section.not_active:
            yield Heading(3, f"Not active in ATT&CK {head.attack_version}")
            for text in section.not_active:
                yield Paragraph((Cell(text),))
        yield from _records(section.non_mappable)
    yield from _elsewhere("Not in", page.without)


def _categories(stats: CapabilityStats | None) -> Iterable[tuple[str, CategoryStats]]:
    return stats.categories.items() if stats else ()


def _group(page: GroupPage) -> Iterator[Block]:
    yield Heading(1, page.name if page.name != page.id else "", page.id)
    for section in page.sections:
        yield _set_heading(section.set)
        yield Heading(3, f"Capabilities: {len(section.capabilities)}")
        yield Table(
            (
                Column("Capability ID", keep=True),
                Column("Name", under=0),
                Column("Techniques", right=True, keep=True),
                Column("Sub-techniques", right=True, keep=True),
                Column("Only it", right=True, keep=True),
            ),
            tuple(
                Line(
                    (
                        Cell(one.id, strong=True),
                        Cell(one.name),
                        Cell(str(one.techniques)),
                        Cell(str(one.subtechniques)),
                        Cell(str(one.unique)),
                    )
                )
                for one in section.capabilities
            ),
        )
        for column in section.tactics:
            yield Heading(3, _column_title(column))
            yield _entries(column.techniques, section.set)
    yield from _elsewhere("Not in", page.without)


def _tactic(page: TacticPage) -> Iterator[Block]:
    yield Heading(1, page.name, page.id)
    yield _facts(
        ("View in MITRE ATT&CK®", [Cell(page.url, page.url)]),
        ("ATT&CK release", [Cell(f"{page.domain} {page.attack_version}")]),
    )
    for section in page.sections:
        yield _set_heading(section.set)
        column = section.column
        yield Paragraph(
            (Cell(f"{column.mapped} of {column.total} techniques are mapped, themselves or by a sub-technique."),)
        )
        yield _entries(column.techniques, section.set)
    yield from _elsewhere("Sets whose ATT&CK release does not have it", page.without)


def _set_heading(head: pages.SetHead) -> Heading:
    title = " ".join(part for part in (head.title or head.framework, head.version) if part)
    return Heading(2, f"{title}, ATT&CK {head.domain} {head.attack_version}", head.name)


def _column_title(column: pages.Column) -> str:
    return f"{column.tactic.name} {column.mapped}/{column.total}"


def _entries(entries: Sequence[pages.Entry], head: pages.SetHead) -> Table:
    """Techniques with their aggregate scores."""
    categories = [c for c in CATEGORIES if any(c in entry.categories for entry in entries)]
    columns = (
        Column("ATT&CK ID", keep=True),
        Column("ATT&CK Name"),
        *(Column(category.capitalize(), right=True, keep=True) for category in categories),
        Column("Score", right=True, keep=True),
        Column("Capabilities", right=True, keep=True),
    )
    lines = []
    for entry in entries:
        mapped = entry.capabilities > 0 or entry.overall is not None
        scores = [score_cell(entry.categories.get(category), category, head) for category in categories]
        overall = score_cell(entry.overall, "", head)
        cells = (
            *scores,
            overall if overall.text or not mapped else Cell("not rated"),
            Cell(str(entry.capabilities) if mapped else NONE),
        )
        lines.append(_technique_line(entry, cells, quiet=not mapped))
    return Table(columns, tuple(lines))


def _given(entries: Sequence[pages.Entry], head: pages.SetHead) -> Table:
    """Techniques with what one capability gives them."""
    categories = [c for c in (*CATEGORIES, "") if any(c in entry.strengths for entry in entries)]
    columns = (
        Column("ATT&CK ID", keep=True),
        Column("ATT&CK Name"),
        *(Column(category.capitalize() or "Mapping", keep=True) for category in categories),
        Column("Capabilities", right=True, keep=True),
    )
    lines = []
    for entry in entries:
        cells = [_strength(entry, category, head) for category in categories]
        alone = Cell("only it" if entry.only else str(entry.capabilities), strong=entry.only)
        notes = Below("Comments", tuple(cell for text in entry.comments for cell in paragraphs(text)))
        lines.append(_technique_line(entry, (*cells, alone), below=(notes,) if notes.cells else ()))
    return Table(columns, tuple(lines))


def _strength(entry: pages.Entry, category: str, head: pages.SetHead) -> Cell:
    strength = entry.strengths.get(category, "")
    score = entry.categories.get(category, entry.overall) if strength else None
    if head.counts or score is None:
        return Cell(strength)
    cell = score_cell(score, category, head)
    return Cell(strength if strength == cell.text else f"{strength} {cell.text}", colour=cell.colour)


def _technique_line(
    entry: pages.Entry, cells: Iterable[Cell], *, below: tuple[Below, ...] = (), quiet: bool = False
) -> Line:
    start = (Cell(entry.id, technique_url(entry.id), strong=not quiet), Cell(entry.name))
    return Line((*start, *cells), below, level=int("." in entry.id), quiet=quiet)


def score_cell(score: float | None, category: str, head: pages.SetHead) -> Cell:
    """A score with its colour; counts have none, for there is no end to them."""
    if score is None:
        return Cell("")
    text = f"{figure(score)}" if score < 1_000_000 else str(tidy(score))
    if head.counts:
        return Cell(text)
    return Cell(text, colour=Gradient(RAMPS[category or "overall"]).color(score))


def _facts(*items: tuple[str, Sequence[Cell]]) -> Facts:
    return Facts(tuple((label, tuple(cells)) for label, cells in items if cells))


def _joined(cells: Sequence[Cell]) -> Iterator[Cell]:
    for index, cell in enumerate(cells):
        if index:
            yield Cell(", ")
        yield cell


def _both(named: pages.Named) -> str:
    return named.id if named.id == named.name else f"{named.id} {named.name}"


def _elsewhere(label: str, names: Sequence[str]) -> Iterator[Block]:
    if names:
        yield Paragraph((Cell(f"{label}: {', '.join(names)}."),))
