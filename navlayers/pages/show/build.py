"""The pages of techniques, tactics, capabilities and groups, built from indexed sets."""

from __future__ import annotations

import sys
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING

import msgspec

from navlayers import attack
from navlayers._text.links import technique_url
from navlayers.attack.catalogue import SITE
from navlayers.pages.show.lookup import catalogues
from navlayers.pages.show.results import (
    Aggregate,
    CapabilityPage,
    CapabilitySection,
    CategoryScore,
    Column,
    Entry,
    Given,
    GroupPage,
    GroupSection,
    Member,
    Replacement,
    TacticPage,
    TacticSection,
    TechniquePage,
    TechniqueSection,
)
from navlayers.pages.show.rows import mapped_rows, named, record, status_of
from navlayers.pages.show.set_index import indexed
from navlayers.scoring.comments import IdAndName, comment, strength_name
from navlayers.scoring.options import OVERALL, UNSPECIFIED, ScoreOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Sequence

    from navlayers.attack import Catalogue, Technique
    from navlayers.layer.matrix import ReleaseColumn
    from navlayers.mapping.load import Prepared
    from navlayers.pages.show.lookup import Subject
    from navlayers.pages.show.results import Page, Section
    from navlayers.pages.show.set_index import IndexedSet
    from navlayers.scoring.options import Rules
    from navlayers.scoring.scores import TechniqueScore


def page(subject: Subject, sets: Sequence[Prepared], options: ScoreOptions | None = None) -> Page:
    """The page of a subject.

    Raises:
        UsageError: The options do not fit a set.
    """
    ready = indexed(sets, options or ScoreOptions())
    match subject.kind:
        case "technique":
            return technique_page(subject.id, ready)
        case "tactic":
            return tactic_page(subject.id, ready)
        case "capability":
            return capability_page(subject.ids, ready)
        case "group":
            return group_page(subject.ids, ready)


def technique_page(identifier: str, sets: Sequence[IndexedSet]) -> TechniquePage:
    """The page of a technique.

    Args:
        identifier: Its id, which a set or an available release has.
        sets: The sets to look into. The newest of their releases that has the id gives the facts of the page; if
            none has it, the newest available release that does.

    Returns:
        The page, with a section per set that maps the technique, a sub-technique, or has a record of it.

    Raises:
        UsageError: The options do not fit a set.
    """
    sections = tuple(section for index in sets if (section := _technique_section(identifier, index)) is not None)
    catalogue = next((release for release in _releases(sets) if identifier in release.techniques), None)
    head = TechniquePage(identifier, url=technique_url(identifier), sections=sections)
    if catalogue is None:
        first = sections[0]
        name, domain, version = first.technique.name, first.set.domain, first.set.attack_version
        page = msgspec.structs.replace(head, name=name, domain=domain, attack_version=version)
    else:
        technique = catalogue.techniques[identifier]
        # Only added releases have descriptions.
        texts = (t.description for c in (catalogue, *catalogues(sets)) if (t := c.get(identifier)) is not None)
        page = msgspec.structs.replace(
            head,
            name=technique.name,
            domain=catalogue.domain,
            attack_version=catalogue.version,
            description=next(filter(None, texts), ""),
            tactics=tuple(
                t for t in catalogue.tactics if t.shortname in (*technique.tactics, *technique.heading_tactics)
            ),
            platforms=technique.platforms,
            parent=named(technique.parent, catalogue) if technique.parent else None,
            subtechniques=tuple(IdAndName(sub.id, sub.name) for sub in catalogue.subtechniques(identifier)),
            url=technique.url,
            status=technique.status,
            successor=_successor(identifier, catalogue),
        )
    other_domains = {index.name for index in sets if index.set.domain != page.domain}
    replacements = tuple(r for index in sets if (r := _replacement(identifier, index)) is not None)
    replaced_in = {replacement.set for replacement in replacements}
    missing = [name for name in _without(sets, sections) if name not in replaced_in]
    return msgspec.structs.replace(
        page,
        replacements=replacements,
        without=tuple(name for name in missing if name not in other_domains),
        elsewhere=tuple(name for name in missing if name in other_domains),
        out_of_scope=next((c.scope for c in map(attrgetter("catalogue"), sets) if _leaves_out(identifier, c)), ""),
    )


def _leaves_out(identifier: str, catalogue: Catalogue) -> bool:
    """Whether an active technique of the whole release is out of scope; a heading is, too."""
    return catalogue.whole.is_active(identifier) and not catalogue.is_active(identifier)


def _releases(sets: Sequence[IndexedSet]) -> Iterator[Catalogue]:
    """The releases of the sets, then all available ones, the newest first; each is loaded when it is reached."""
    yield from catalogues(sets)
    yield from map(attack.load, reversed(attack.releases()))


def _technique_section(identifier: str, index: IndexedSet) -> TechniqueSection | None:
    catalogue, rules = index.catalogue, index.rules
    subs = catalogue.subtechniques(identifier)
    mappings = index.mappings.get(identifier, [])
    records = index.records.get(identifier, [])
    if not (mappings or records or any(sub.id in index.mappings for sub in subs)):
        return None
    scores = index.scores_near(identifier)
    technique = catalogue.get(identifier)
    parent = catalogue.get(technique.parent) if technique and technique.parent else None
    written = next((mapping.technique_name for mapping in mappings if mapping.technique_name), None)
    return TechniqueSection(
        set=index.head,
        technique=named(identifier, catalogue, written),
        status=status_of(technique),
        successor=_successor(identifier, catalogue),
        aggregate=_aggregate(scores[identifier], index) if identifier in scores else None,
        mappings=tuple(row for _, row in mapped_rows(identifier, index)),
        non_mappable=tuple(record(row, index) for row in records),
        parent=_entry(parent, scores, rules) if parent else None,
        subtechniques=tuple(_entry(sub, scores, rules) for sub in subs),
        replaced=tuple(IdAndName(m.id, m.name) for m in index.prepared.replaced if m.successor == identifier),
    )


def _replacement(identifier: str, index: IndexedSet) -> Replacement | None:
    """The technique that has a set's mappings of a revoked one; a set may have been remapped twice."""
    replaced = {m.id: IdAndName(m.successor, m.successor_name) for m in index.prepared.replaced}
    if identifier not in replaced:
        return None
    technique = replaced[identifier]
    while technique.id in replaced:
        technique = replaced[technique.id]
    return Replacement(index.name, technique)


def _successor(identifier: str, catalogue: Catalogue) -> IdAndName | None:
    chain = catalogue.resolve(identifier)
    return named(chain[-1], catalogue) if len(chain) > 1 else None


def _without(sets: Sequence[IndexedSet], sections: Sequence[Section]) -> tuple[str, ...]:
    """The names of the sets that have no section."""
    names = {section.set.name for section in sections}
    return tuple(index.name for index in sets if index.name not in names)


def _aggregate(entry: TechniqueScore, index: IndexedSet) -> Aggregate:
    """How the score of a technique came about; the sentences are those of the layers, with every name."""
    rules, labels = index.rules, index.labels
    categories = tuple(
        CategoryScore(
            "" if category == UNSPECIFIED else category,
            entry.categories.get(category),
            tuple(
                Given(c.capability, labels.get(c.capability, c.capability), strength_name(c, rules), c.score)
                for c in entry.contributions.get(category, ())
            ),
        )
        for category in rules.categories
        if category in entry.contributions or category in entry.categories
    )
    says = tuple(line for line in comment(entry, rules, labels, None, sys.maxsize).split("\n") if line)
    there = entry.segments.get(OVERALL, {})
    segments = {segment: there.get(segment) for segment in rules.segments} or msgspec.UNSET
    return Aggregate(entry.overall, categories, len(entry.capabilities), says, segments)


def _entry(technique: Technique, scores: dict[str, TechniqueScore], rules: Rules) -> Entry:
    """A technique with its aggregate scores and its number of capabilities; without them if it is not mapped."""
    score = scores.get(technique.id)
    if score is None:
        return Entry(technique.id, technique.name)
    categories = {c: score.categories[c] for c in rules.categories if c in score.categories and c != UNSPECIFIED}
    return Entry(technique.id, technique.name, score.overall, categories, capabilities=len(score.capabilities))


def _columns(
    index: IndexedSet, scores: dict[str, TechniqueScore], entry: Callable[[Technique], Entry] | None = None
) -> tuple[Column, ...]:
    """The scored techniques by tactic, without the tactics that have none."""
    entry = entry or partial(_entry, scores=scores, rules=index.rules)
    columns = ((column, [t for t in column.techniques if t.id in scores]) for column in index.columns)
    return tuple(_column(column, scores, map(entry, scored)) for column, scored in columns if scored)


def _column(column: ReleaseColumn, mapped: Container[str], entries: Iterable[Entry]) -> Column:
    """One tactic with entries of its techniques, and how many of its techniques and sub-techniques are mapped."""
    number = sum(technique.id in mapped for technique in column.techniques)
    return Column(column.tactic, number, len(column.techniques), tuple(entries))


def _whole_column(index: IndexedSet, column: ReleaseColumn) -> Column:
    """One tactic with all of its techniques."""
    scores = index.scored.scores
    entries = (_entry(technique, scores, index.rules) for technique in column.techniques)
    return _column(column, scores, entries)


def capability_page(ids: dict[str, str], sets: Sequence[IndexedSet]) -> CapabilityPage:
    """The page of a capability; `ids` has its id by the name of the set.

    Raises:
        UsageError: The options do not fit a set.
    """
    sections = tuple(_capability(ids[index.name], index) for index in sets if index.name in ids)
    return CapabilityPage(sections[0].id, sections[0].name, sections, _without(sets, sections))


def _capability(identifier: str, index: IndexedSet) -> CapabilitySection:
    capability = index.capabilities[identifier]
    mappings = index.active.get(identifier, [])
    scores = index.scored.scores_of(mappings)
    unique = index.unique.get(identifier, [])
    texts: dict[str, set[str]] = {}
    for mapping in mappings:
        if mapping.comment:
            texts.setdefault(mapping.technique, set()).add(mapping.comment)

    def entry(technique: Technique) -> Entry:
        return msgspec.structs.replace(
            _entry(technique, scores, index.rules),
            strengths={
                "" if category == UNSPECIFIED else category: strength
                for category, given in scores[technique.id].contributions.items()
                for contribution in given
                if (strength := strength_name(contribution, index.rules) or ", ".join(contribution.types))
            },
            capabilities=len(index.scored.scores[technique.id].capabilities),
            only=technique.id in unique,
            # A technique of several tactics has its comments under the first.
            comments=tuple(sorted(texts.pop(technique.id, ()))),
        )

    return CapabilitySection(
        set=index.head,
        id=identifier,
        name=capability.name,
        groups=tuple(IdAndName(group, index.set.groups.get(group, group)) for group in capability.groups),
        references=capability.references,
        stats=index.stats.get(identifier),
        tactics=_columns(index, scores, entry),
        not_active=tuple(str(left) for left in index.scored.left_out if identifier in left.capabilities),
        unique=tuple(named(technique, index.catalogue) for technique in unique),
        non_mappable=tuple(record(row, index) for row in index.capability_records.get(identifier, ())),
    )


def group_page(ids: dict[str, str], sets: Sequence[IndexedSet]) -> GroupPage:
    """The page of a capability group; `ids` has its id by the name of the set.

    Raises:
        UsageError: The options do not fit a set.
    """
    sections = tuple(_group(ids[index.name], index) for index in sets if index.name in ids)
    return GroupPage(sections[0].id, sections[0].name, sections, _without(sets, sections))


def _group(identifier: str, index: IndexedSet) -> GroupSection:
    mappings = index.grouped.get(identifier, [])
    scores = index.scored.scores_of(mappings)
    covered: dict[str, set[str]] = {}
    own = msgspec.structs.replace(index.scored, scores=scores)
    for technique in scores:
        for capability in own.covering(technique):
            covered.setdefault(capability, set()).add(technique)
    members = []
    for member in index.members.get(identifier, ()):
        ids = covered.get(member, set())
        subs = sum("." in technique for technique in ids)
        unique = len(ids.intersection(index.unique.get(member, ())))
        members.append(Member(member, index.names[member], len(ids) - subs, subs, unique))
    name = index.set.groups.get(identifier, identifier)
    return GroupSection(index.head, identifier, name, tuple(members), _columns(index, scores))


def tactic_page(identifier: str, sets: Sequence[IndexedSet]) -> TacticPage:
    """The page of a tactic: its techniques in matrix order, and what each set covers of them.

    Raises:
        UsageError: The options do not fit a set.
    """
    catalogue, tactic = next(
        (release, tactic) for release in _releases(sets) for tactic in release.tactics if tactic.id == identifier
    )
    sections = tuple(
        TacticSection(index.head, _whole_column(index, column))
        for index in sets
        for column in index.columns
        if column.tactic.id == identifier
    )
    return TacticPage(
        identifier,
        tactic.name,
        f"{SITE}/tactics/{identifier}/",
        catalogue.domain,
        catalogue.version,
        sections,
        _without(sets, sections),
    )
