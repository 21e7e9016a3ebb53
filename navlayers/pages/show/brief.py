"""The pages of `show` in short, for a terminal: a row per set, capability or technique."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text.numbers import number_text
from navlayers._text.wording import comma_list, first_few, of_matrix
from navlayers.mapping.model import CATEGORIES
from navlayers.output.document import Paragraph
from navlayers.output.tables import Span
from navlayers.pages.results import Field, table_of
from navlayers.pages.show.layout import score_cell
from navlayers.pages.show.results import CapabilityPage, GroupPage, TacticPage, TechniquePage

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from navlayers.output.document import Block
    from navlayers.output.tables import Cell, Table
    from navlayers.pages.show import results

ROWS = 12
"""Maximum rows of a table."""

NAMED = 2
"""Maximum number of capabilities named in a cell."""


def brief(page: results.Page, threats: Collection[str] = ()) -> Iterator[Block]:
    """The answer for a terminal; `threats` are the names of the sets that list threats."""
    if isinstance(page, TechniquePage):
        yield from _technique(page, threats)
    elif isinstance(page, TacticPage):
        release = page.sections[0].set.release if page.sections else page.attack_version
        yield Paragraph(f"{page.id} {page.name}: techniques of ATT&CK {page.domain} {release}")
        for listed in page.sections:
            yield _entries(listed.set, [listed.column])
    elif isinstance(page, CapabilityPage):
        for section in page.sections:
            yield from _capability(section)
    elif isinstance(page, GroupPage):
        for group in page.sections:
            yield _members(group)


def _technique(page: TechniquePage, threats: Collection[str]) -> Iterator[Block]:
    tactics = ", ".join(tactic.name for tactic in page.tactics)
    about = f" ({tactics})" if tactics else ""
    mapped = [section for section in page.sections if section.mappings and section.set.name not in threats]
    leading = [section for section in page.sections if section.mappings and section.set.name in threats]
    without = [name for name in page.without if name not in threats]
    every = sum(section.set.name not in threats for section in page.sections) + len(without)
    of = f" of {every}" if len(mapped) < every else ""
    sets = "set maps" if len(mapped) == 1 and not of else "sets maps" if len(mapped) == 1 else "sets map"
    none = "" if leading else f": out of scope ({page.out_of_scope})" if page.out_of_scope else ": no set maps it"
    many = f": {len(mapped)}{of} {sets} it" if mapped else none
    yield Paragraph(f"{page.id} {page.name}{about}{many}.")
    if page.status != "active":
        successor = f"; its successor is {page.successor.id} {page.successor.name}" if page.successor else ""
        yield Paragraph(f"{page.status.capitalize()} in ATT&CK {page.attack_version}{successor}.", warning=True)
    for replacement in page.replacements:
        other = f"{replacement.technique.id} {replacement.technique.name}"
        yield Paragraph(f"{replacement.set}: its mappings count for its replacement {other}.")
    recorded = [section.set.name for section in page.sections if section.non_mappable]
    if recorded:
        yield Paragraph(f"Recorded as non-mappable in {comma_list(recorded)}.")
    if mapped:
        yield _sets(mapped)
    if without and not page.out_of_scope:
        yield Paragraph(f"Not in {comma_list(without)}.")
    for section in leading:
        noun, number = section.set.noun, len({row.capability_id for row in section.mappings})
        yield Paragraph(f"{section.set.name}: it {noun.relation[0]} {noun.described(number)}.")


def _sets(sections: Sequence[results.TechniqueSection]) -> Table:
    """A row per set: scores, and the strongest capabilities; sets that rate the technique come first."""
    ranked = sorted(sections, key=lambda section: (section.set.counts, -_overall(section)))

    def scores(category: str) -> list[Cell]:
        return [_score(section, category) for section in ranked]

    columns = [(category, scores(category)) for category in CATEGORIES]
    fields = [
        Field("set", [section.set.name for section in ranked]),
        Field("score", [_score(section, "") for section in ranked], "number"),
        *(Field(category, cells, "number", shown=any(cells)) for category, cells in columns),
        Field("strongest", [_strongest(section) for section in ranked]),
    ]
    counts = any(section.set.counts for section in ranked)
    notes = ["×: number of capabilities mapped to it, of sets without scores"] if counts else []
    notes += [f"In scope: {section.set.scope}" for section in ranked[:1] if section.set.scope]
    return table_of("sets", "", fields, "; ".join(notes))


def _overall(section: results.TechniqueSection) -> float:
    return (section.aggregate and section.aggregate.overall) or 0


def _score(section: results.TechniqueSection, category: str) -> Cell:
    aggregate, head = section.aggregate, section.set
    if aggregate is None:
        return ""
    if not category:
        if head.counts:
            return Span(f"×{aggregate.capabilities}")
        return score_cell(aggregate.overall, "", head) or "not rated"
    score = next((each.score for each in aggregate.categories if each.category == category), None)
    return score_cell(None if head.counts else score, category, head)


def _strongest(section: results.TechniqueSection) -> str:
    """The capabilities that give most; of several categories, those of the highest score."""
    if section.aggregate is None:
        return ""
    given = [each for category in section.aggregate.categories for each in category.given]
    ranked = sorted(given, key=lambda each: -(each.score or 0))
    return first_few(list(dict.fromkeys(each.name or each.capability for each in ranked)), NAMED)


def _capability(section: results.CapabilitySection) -> Iterator[Block]:
    stats, head = section.stats, section.set
    name = f"{section.id} {section.name}" if section.name != section.id else section.id
    if stats is None:
        yield Paragraph(f"{name} ({_title(head)}) is recorded as non-mappable.")
        return
    number = stats.techniques + stats.subtechniques
    unique = f"{f', {len(section.unique)} of them' if number > 1 else ''} alone" if section.unique else ""
    verb = f"{head.noun.cover}s" if head.scored else "maps"
    yield Paragraph(f"{name} ({_title(head)}) {verb} {of_matrix(number)} of ATT&CK {head.release}{unique}.")
    yield _entries(head, section.tactics)


def _entries(head: results.SetHead, columns: Sequence[results.Column]) -> Table:
    """The mapped techniques, the highest score first, then by id."""
    by_id = {entry.id: entry for column in columns for entry in column.techniques if entry.capabilities}
    ranked = sorted(by_id.values(), key=lambda entry: (-(entry.overall or 0), entry.id))
    rows, more = ranked[:ROWS], len(ranked) - ROWS
    scored = any(entry.overall is not None for entry in rows) and not head.counts
    fields = [
        Field("technique", [entry.id for entry in rows], "technique"),
        Field("name", [entry.name for entry in rows]),
        Field("score", [score_cell(entry.overall, "", head) for entry in rows], "number", shown=scored),
        *(
            Field(
                category,
                [score_cell(entry.categories.get(category), category, head) for entry in rows],
                "number",
                shown=scored and any(entry.categories.get(category) is not None for entry in rows),
            )
            for category in CATEGORIES
        ),
        Field(head.noun.plural, [entry.capabilities for entry in rows], "number", shown=len(columns) == 1),
        Field("", ["alone" * entry.only for entry in rows], shown=any(entry.only for entry in rows)),
    ]
    return table_of("techniques", "" if len(columns) > 1 else _title(head), fields, _more(more))


def _members(section: results.GroupSection) -> Table:
    """The capabilities of a group, most techniques first."""
    ranked = sorted(section.capabilities, key=lambda each: -(each.techniques + each.subtechniques))
    rows, more = ranked[:ROWS], len(ranked) - ROWS
    fields = [
        Field(section.set.noun.singular, [each.id for each in rows]),
        Field("name", [each.name for each in rows]),
        Field("techs", [each.techniques for each in rows], "number"),
        Field("subs", [each.subtechniques for each in rows], "number"),
        Field("unique", [each.unique for each in rows], "number"),
    ]
    return table_of("capabilities", f"{section.id} {section.name} ({_title(section.set)})", fields, _more(more))


def _title(head: results.SetHead) -> str:
    """The title of a set, or its framework if the file has none."""
    title = head.title or head.framework
    return f"{title}, {head.scope}" if head.scope else title


def _more(number: int) -> str:
    return f"… and {number_text(number)} more; --full lists them" if number > 0 else ""
