"""The page of a technique: what the release says of it, and every set's mappings with how they make its score."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from navlayers import attack
from navlayers._text import technique_url, tidy
from navlayers.mapping.model import CATEGORIES
from navlayers.pages.show import parts
from navlayers.pages.show.lookup import catalogues
from navlayers.pages.show.results import Named, Row, TechniquePage, TechniqueSection
from navlayers.scoring.scores import UNSPECIFIED, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.attack import Catalogue, Status
    from navlayers.mapping.model import Mapping
    from navlayers.pages.show.set_index import IndexedSet
    from navlayers.scoring.scores import Contribution, Rules


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
    missing = parts.without(sets, (section.set for section in sections))
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
        parent=parts.named(technique.parent, catalogue) if catalogue and technique and technique.parent else None,
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
    return parts.named(chain[-1], catalogue) if catalogue and len(chain) > 1 else None


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
        technique=parts.named(identifier, catalogue, written),
        status=status,
        successor=_successor(identifier, catalogue),
        aggregate=parts.aggregate(entry, one) if entry else None,
        mappings=rows(identifier, one),
        non_mappable=tuple(parts.record(row, one) for row in records),
        parent=parts.plain_entry(above, scores, rules) if above else None,
        subtechniques=tuple(parts.plain_entry(sub, scores, rules) for sub in subs),
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
            attack_name=mapping.technique_name or parts.named(mapping.technique, one.catalogue).name,
            category=mapping.category or "",
            value=mapping.value or "",
            score=number(mapping.value, rules),
            counts=not why,
            why_not=why,
            notes=parts.notes(mapping),
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
