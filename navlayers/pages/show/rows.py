"""The mappings and non-mappable records of a set as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from navlayers._text.numbers import rounded
from navlayers.mapping.evidence import evidence_fields
from navlayers.mapping.model import CATEGORIES, NonMappable
from navlayers.pages.show.results import MappingRow
from navlayers.scoring.comments import IdAndName
from navlayers.scoring.options import UNSPECIFIED, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.attack import Catalogue, Technique
    from navlayers.mapping.model import Mapping
    from navlayers.pages.show.results import Status
    from navlayers.pages.show.set_index import IndexedSet
    from navlayers.scoring.options import Rules
    from navlayers.scoring.scores import Contribution


def named(technique: str, catalogue: Catalogue, written: str | None = None) -> IdAndName:
    """A technique with its name in the release, or else the name in the file."""
    known = catalogue.get(technique)
    return IdAndName(technique, known.name if known else written or technique)


def status_of(technique: Technique | None) -> Status:
    """The status of a technique in its release; None is one that it does not have."""
    return technique.status if technique else "unknown"


def record(row: NonMappable, index: IndexedSet) -> MappingRow:
    """A non-mappable record as a row."""
    return _row(row, index, mapping_type=row.type or "non_mappable")


def _row(row: Mapping | NonMappable, index: IndexedSet, *, mapping_type: str) -> MappingRow:
    capability, technique = row.capability or "", row.technique or ""
    name = row.technique_name or (named(technique, index.catalogue).name if technique else "")
    return MappingRow(
        capability_id=capability,
        capability_name=row.capability_name or index.names.get(capability, capability),
        mapping_type=mapping_type,
        attack_id=technique,
        attack_name=name if technique else "",
        notes="; ".join(f"{field}: {text}" for field, text in (*_evidence(row), *row.other)),
        comment=row.comment,
        references=row.references,
    )


def _evidence(row: Mapping | NonMappable) -> Iterator[tuple[str, str]]:
    if not isinstance(row, NonMappable):
        yield from ((name.replace("_", " "), text) for name, text in evidence_fields(row))


def mapped_rows(identifier: str, index: IndexedSet) -> Iterator[tuple[Mapping, MappingRow]]:
    """Every mapping of a technique with its row: by capability and category, the strongest first."""
    rules = index.rules
    entry = index.scores_near(identifier).get(identifier)
    status = status_of(index.catalogue.get(identifier))
    best = (
        {(c.capability, category): c for category, group in entry.contributions.items() for c in group}
        if entry
        else {}
    )
    counted: set[tuple[str, ...]] = set()
    everywhere = tuple(segment.casefold() for segment in rules.segments) or ("",)
    for mapping in sorted(index.mappings.get(identifier, ()), key=lambda m: _row_order(m, rules)):
        key = (mapping.capability, mapping.category or UNSPECIFIED)
        # A row counts in each segment in which no stronger one does.
        own = tuple(map(str.casefold, mapping.segments)) if rules.segments else ()
        there = {(*key, segment) for segment in own or everywhere}
        score = number(mapping, rules)
        why = ""
        if entry is None or status != "active":
            why = f"{'not' if status == 'unknown' else status} in ATT&CK {index.catalogue.version}"
        elif there <= counted:
            which = " in each segment" if rules.segments else _strength(best[key])
            why = f"another row of the same {index.head.noun.singular} and category{which} counts"
        elif score is None and not rules.counts:
            why = "it has no score value"
        else:
            counted |= there
        row = _row(mapping, index, mapping_type=mapping.type or "")
        yield (
            mapping,
            msgspec.structs.replace(
                row,
                category=mapping.category or "",
                value=mapping.value or "",
                score=score,
                counts=not why,
                why_not=why,
            ),
        )


def _strength(best: Contribution) -> str:
    return "" if best.score is None else f", {best.value or rounded(best.score)},"


def _row_order(mapping: Mapping, rules: Rules) -> tuple[object, ...]:
    category = CATEGORIES.index(mapping.category) if mapping.category else len(CATEGORIES)
    score = number(mapping, rules)
    # Of two values with the same score, scoring names the one that is last in the alphabet.
    name = [-ord(char) for char in mapping.value or ""]
    rest = (mapping.type or "", mapping.comment, mapping.references, mapping.other, evidence_fields(mapping))
    return (mapping.capability, category, -1 if score is None else -score, name, *rest)
