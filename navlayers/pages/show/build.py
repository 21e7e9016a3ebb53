"""The pages of techniques, tactics, capabilities and groups, from sets that are indexed."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Literal

from navlayers import attack
from navlayers._text import technique_url, tidy
from navlayers.attack.catalogue import SITE
from navlayers.layer.annotate import Style, comment, strength_name
from navlayers.layer.colors import value_gradient
from navlayers.mapping.model import CATEGORIES
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
    Named,
    Row,
    TacticPage,
    TacticSection,
    TechniquePage,
    TechniqueSection,
)
from navlayers.scoring.scores import UNSPECIFIED, number
from navlayers.scoring.stats import base_techniques

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Sequence

    from navlayers.attack import Catalogue, Status, Technique
    from navlayers.mapping.model import Mapping, NonMappable
    from navlayers.pages.show.results import SetHead
    from navlayers.pages.show.set_index import IndexedSet, MatrixColumn
    from navlayers.scoring.scores import Contribution, Rules, TechniqueScore


def named(technique: str, catalogue: Catalogue, written: str | None = None) -> Named:
    """A technique with the name that the release gives it, or else the one that was written."""
    known = catalogue.get(technique)
    return Named(technique, known.name if known else written or technique)


def aggregate(entry: TechniqueScore, one: IndexedSet) -> Aggregate:
    """How the score of a technique came about; the sentences are those of the layers, with every name."""
    rules, labels = one.rules, one.labels
    style = Style(rules, None, value_gradient(None, 100), labels)
    categories = []
    for category in rules.categories:
        if category in entry.contributions or category in entry.categories:
            given = tuple(
                Given(c.capability, labels.get(c.capability, c.capability), strength_name(c, rules), c.score)
                for c in entry.contributions.get(category, ())
            )
            score = entry.categories.get(category)
            categories.append(CategoryScore(_category(category), score, given))
    says = tuple(line for line in comment(entry, style, sys.maxsize).split("\n") if line)
    return Aggregate(entry.overall, tuple(categories), len(entry.capabilities), says)


def _category(category: str) -> str:
    return "" if category == UNSPECIFIED else category


def record(row: NonMappable, one: IndexedSet) -> Row:
    """A record of what cannot be mapped."""
    return Row(
        capability_id=row.capability or "",
        capability_name=row.capability_name or one.names.get(row.capability or "", row.capability or ""),
        mapping_type=row.type or "non_mappable",
        attack_id=row.technique or "",
        attack_name=_technique_name(row, one.catalogue),
        notes=notes(row),
        comment=row.comment,
        references=row.references,
    )


def _technique_name(row: Mapping | NonMappable, catalogue: Catalogue) -> str:
    if row.technique is None:
        return ""
    return row.technique_name or named(row.technique, catalogue).name


def notes(row: Mapping | NonMappable) -> str:
    """The fields of a row that have no meaning here, as text."""
    return "; ".join(f"{name}: {text}" for name, text in row.other)


def by_tactic(
    one: IndexedSet, scores: dict[str, TechniqueScore], entry: Callable[[Technique], Entry]
) -> tuple[Column, ...]:
    """The scored techniques by tactic, those that have any, in matrix order."""
    columns = (tactic_column(one, tactic, scores, entry, only=scores) for tactic in one.columns)
    return tuple(column for column in columns if column.techniques)


def tactic_column(
    one: IndexedSet,
    tactic: MatrixColumn,
    scores: dict[str, TechniqueScore],
    entry: Callable[[Technique], Entry],
    only: Container[str] | None = None,
) -> Column:
    """The techniques of one tactic in the order of the matrix: all, or those of `only`."""
    covered = base_techniques(scores, one.catalogue)
    entries = (entry(technique) for technique in tactic.techniques if only is None or technique.id in only)
    return Column(tactic.tactic, len(tactic.bases & covered), len(tactic.bases), tuple(entries))


def plain_entry(technique: Technique, scores: dict[str, TechniqueScore], rules: Rules) -> Entry:
    """A technique with its aggregate scores and how many capabilities give them; without them if unmapped."""
    score = scores.get(technique.id)
    if score is None:
        return Entry(technique.id, technique.name)
    categories = {
        category: score.categories[category]
        for category in rules.categories
        if category != UNSPECIFIED and category in score.categories
    }
    return Entry(technique.id, technique.name, score.overall, categories, capabilities=len(score.capabilities))


def without(sets: Sequence[IndexedSet], sections: Iterable[SetHead]) -> tuple[str, ...]:
    """The names of the sets that have no section."""
    told = {section.name for section in sections}
    return tuple(one.name for one in sets if one.name not in told)


def technique_page(identifier: str, sets: Sequence[IndexedSet]) -> TechniquePage:
    """The page of the technique of that id.

    Its facts are those of the newest release of the sets that has it; where none has it, of the newest at hand.

    Raises:
        UsageError: the options do not fit a set.
    """
    catalogue = _release_of(identifier, sets)
    sections = [found for one in sets if (found := _section(identifier, one)) is not None]
    domain = catalogue.domain if catalogue else sections[0].set.domain
    technique = catalogue.get(identifier) if catalogue else None
    missing = without(sets, (section.set for section in sections))
    abroad = {one.name for one in sets if one.set.domain != domain}
    subs = catalogue.subtechniques(identifier) if catalogue else ()
    return TechniquePage(
        id=identifier,
        name=technique.name if technique else sections[0].technique.name,
        url=technique_url(identifier),
        domain=domain,
        attack_version=catalogue.version if catalogue else sections[0].set.attack_version,
        description=_description(identifier, sets, technique.description if technique else ""),
        tactics=tuple(t for t in catalogue.tactics if t.shortname in technique.tactics)
        if catalogue and technique
        else (),
        platforms=technique.platforms if technique else (),
        parent=named(technique.parent, catalogue) if catalogue and technique and technique.parent else None,
        subtechniques=tuple(Named(sub.id, sub.name) for sub in subs),
        status=technique.status if technique else "unknown",
        successor=_successor(identifier, catalogue),
        sections=tuple(sections),
        without=tuple(name for name in missing if name not in abroad),
        elsewhere=tuple(name for name in missing if name in abroad),
    )


def _release_of(identifier: str, sets: Sequence[IndexedSet]) -> Catalogue | None:
    known = [c for c in catalogues(sets) if identifier in c.techniques]
    if known:
        return known[0]
    for release in reversed(attack.releases()):
        catalogue = attack.load(release)
        if identifier in catalogue.techniques:
            return catalogue
    return None


def _description(identifier: str, sets: Sequence[IndexedSet], first: str) -> str:
    """The description of the page's release, or of another one of the sets: only added releases have any."""
    texts = (found.description for c in catalogues(sets) if (found := c.get(identifier)) is not None)
    return first or next(filter(None, texts), "")


def _successor(identifier: str, catalogue: Catalogue | None) -> Named | None:
    chain = catalogue.resolve(identifier) if catalogue else ()
    return named(chain[-1], catalogue) if catalogue and len(chain) > 1 else None


def _section(identifier: str, one: IndexedSet) -> TechniqueSection | None:
    catalogue = one.catalogue
    technique = catalogue.get(identifier)
    parent = technique.parent if technique else None
    subs = catalogue.subtechniques(identifier)
    own = one.mappings.get(identifier, [])
    records = one.records.get(identifier, [])
    below = any(sub.id in one.mappings for sub in subs)
    if not (own or records or below):
        return None
    rules, scores = one.rules, one.scored.scores
    entry = scores.get(identifier)
    status: Status | Literal["unknown"] = technique.status if technique else "unknown"
    above = catalogue.get(parent) if parent else None
    written = next((mapping.technique_name for mapping in own if mapping.technique_name), None)
    return TechniqueSection(
        set=one.head,
        technique=named(identifier, catalogue, written),
        status=status,
        successor=_successor(identifier, catalogue),
        aggregate=aggregate(entry, one) if entry else None,
        mappings=rows(identifier, one),
        non_mappable=tuple(record(row, one) for row in records),
        parent=plain_entry(above, scores, rules) if above else None,
        subtechniques=tuple(plain_entry(sub, scores, rules) for sub in subs),
        carried=tuple(Named(m.id, m.name) for m in one.prepared.moved if m.successor == identifier),
    )


def rows(identifier: str, one: IndexedSet) -> tuple[Row, ...]:
    """Every row of a technique, by capability and category, the strongest first; and which of them count."""
    return tuple(row for _, row in mapped_rows(identifier, one))


def mapped_rows(identifier: str, one: IndexedSet) -> Iterator[tuple[Mapping, Row]]:
    """The rows of a technique with the mappings that they tell of."""
    rules = one.rules
    entry = one.scored.scores.get(identifier)
    technique = one.catalogue.get(identifier)
    status: Status | Literal["unknown"] = technique.status if technique else "unknown"
    groups = entry.contributions.values() if entry else ()
    best = {
        (contribution.capability, category): contribution
        for category, group in zip(entry.contributions if entry else (), groups, strict=True)
        for contribution in group
    }
    # Roll-up may leave a technique with scores and no rows of its own; rows always have theirs.
    counted: set[tuple[str, str]] = set()
    for mapping in sorted(one.mappings.get(identifier, ()), key=lambda m: _order(m, rules)):
        key = (mapping.capability, mapping.category or UNSPECIFIED)
        why = (
            _why_not(mapping, best.get(key), rules, again=key in counted)
            if entry and status == "active"
            else f"{'not' if status == 'unknown' else status} in ATT&CK {one.catalogue.version}"
        )
        if not why:
            counted.add(key)
        row = Row(
            capability_id=mapping.capability,
            capability_name=mapping.capability_name or one.names.get(mapping.capability, mapping.capability),
            mapping_type=mapping.type or "",
            attack_id=mapping.technique,
            attack_name=mapping.technique_name or named(mapping.technique, one.catalogue).name,
            category=mapping.category or "",
            value=mapping.value or "",
            score=number(mapping.value, rules),
            counts=not why,
            why_not=why,
            notes=notes(mapping),
            comment=mapping.comment,
            references=mapping.references,
        )
        yield mapping, row


def _order(mapping: Mapping, rules: Rules) -> tuple[object, ...]:
    category = CATEGORIES.index(mapping.category) if mapping.category else len(CATEGORIES)
    worth = number(mapping.value, rules)
    # Of two values that are worth the same, the one that scoring names comes first.
    name = [-ord(char) for char in mapping.value or ""]
    rest = (mapping.type or "", mapping.comment, mapping.references, mapping.other)
    return (mapping.capability, category, -1 if worth is None else -worth, name, *rest)


def _why_not(mapping: Mapping, best: Contribution | None, rules: Rules, *, again: bool) -> str:
    """Why a row is no part of the score; empty where it is."""
    if again and best is not None:
        strongest = "" if best.score is None else f", {best.value or tidy(best.score)},"
        return f"another row of the same capability and category{strongest} counts"
    if not rules.counts and number(mapping.value, rules) is None:
        return "it has no score value"
    return ""


def capability_page(ids: dict[str, str], sets: Sequence[IndexedSet]) -> CapabilityPage:
    """The page of a capability; `ids` is its id by the name of the set.

    Raises:
        UsageError: the options do not fit a set.
    """
    sections = tuple(_capability(ids[one.name], one) for one in sets if one.name in ids)
    first = sections[0]
    return CapabilityPage(first.id, first.name, sections, without(sets, (s.set for s in sections)))


def group_page(ids: dict[str, str], sets: Sequence[IndexedSet]) -> GroupPage:
    """The page of a capability group; `ids` is its id by the name of the set.

    Raises:
        UsageError: the options do not fit a set.
    """
    sections = tuple(_group(ids[one.name], one) for one in sets if one.name in ids)
    first = sections[0]
    return GroupPage(first.id, first.name, sections, without(sets, (s.set for s in sections)))


def _capability(identifier: str, one: IndexedSet) -> CapabilitySection:
    capability = one.capabilities[identifier]
    own = one.active.get(identifier, [])
    scores = one.scored.of(own)
    columns = by_tactic(one, scores, partial(_entry, one, scores, _comments(own), set()))
    return CapabilitySection(
        set=one.head,
        id=identifier,
        name=capability.name,
        groups=tuple(Named(group, one.set.groups.get(group, group)) for group in capability.groups),
        references=capability.references,
        stats=one.stats.get(identifier),
        tactics=columns,
        not_active=tuple(str(left) for left in one.scored.left_out if identifier in left.capabilities),
        unique=tuple(named(technique, one.catalogue) for technique in one.alone.get(identifier, ())),
        non_mappable=tuple(record(row, one) for row in one.capability_records.get(identifier, ())),
    )


def _comments(mappings: Sequence[Mapping]) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for mapping in mappings:
        if mapping.comment:
            found.setdefault(mapping.technique, set()).add(mapping.comment)
    return {technique: tuple(sorted(comments)) for technique, comments in found.items()}


def _entry(
    one: IndexedSet,
    scores: dict[str, TechniqueScore],
    comments: dict[str, tuple[str, ...]],
    told: set[str],
    technique: Technique,
) -> Entry:
    """What the capability gives one technique; its comments where the technique comes first."""
    own = scores[technique.id]
    strengths = {
        "" if category == UNSPECIFIED else category: strength
        for category, given in own.contributions.items()
        for contribution in given
        if (strength := strength_name(contribution, one.rules) or ", ".join(contribution.types))
    }
    plain = plain_entry(technique, scores, one.rules)
    first = technique.id not in told
    told.add(technique.id)
    everyone = one.mapped_to[technique.id]
    return Entry(
        id=plain.id,
        name=plain.name,
        overall=plain.overall,
        categories=plain.categories,
        strengths=strengths,
        capabilities=len(everyone),
        only=len(everyone) == 1,
        comments=comments.get(technique.id, ()) if first else (),
    )


def _group(identifier: str, one: IndexedSet) -> GroupSection:
    own = one.grouped.get(identifier, [])
    scores = one.scored.of(own)
    covered: dict[str, set[str]] = {}
    for mapping in own:
        covered.setdefault(mapping.capability, set()).add(mapping.technique)
    members = []
    for member in one.members.get(identifier, ()):
        ids = covered.get(member, set())
        subs = sum("." in technique for technique in ids)
        unique = len(ids.intersection(one.alone.get(member, ())))
        members.append(Member(member, one.names[member], len(ids) - subs, subs, unique))
    columns = by_tactic(one, scores, partial(plain_entry, scores=scores, rules=one.rules))
    return GroupSection(
        one.head,
        identifier,
        one.set.groups.get(identifier, identifier),
        tuple(members),
        columns,
    )


def tactic_page(identifier: str, sets: Sequence[IndexedSet]) -> TacticPage:
    """The page of the tactic of that id: its techniques in matrix order, and what each set covers of them.

    Raises:
        UsageError: the options do not fit a set.
    """
    at_hand = [*catalogues(sets), *map(attack.load, reversed(attack.releases()))]
    found = (
        (catalogue, tactic) for catalogue in at_hand for tactic in catalogue.tactics if tactic.id == identifier
    )
    catalogue, tactic = next(found)
    sections = []
    for one in sets:
        own = next((column for column in one.columns if column.tactic.id == identifier), None)
        if own is not None:
            scores = one.scored.scores
            entry = partial(plain_entry, scores=scores, rules=one.rules)
            sections.append(TacticSection(one.head, tactic_column(one, own, scores, entry)))
    return TacticPage(
        identifier,
        tactic.name,
        f"{SITE}/tactics/{identifier}/",
        catalogue.domain,
        catalogue.version,
        tuple(sections),
        without(sets, (section.set for section in sections)),
    )
