"""Parts that pages share: rows, aggregates, lists of techniques by tactic."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from navlayers.layer.annotate import Style, comment, strength_name
from navlayers.layer.colors import value_gradient
from navlayers.pages.show.results import Aggregate, CategoryScore, Column, Entry, Given, Named, Row
from navlayers.scoring.scores import UNSPECIFIED
from navlayers.scoring.stats import base_techniques

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from navlayers.attack import Catalogue, Technique
    from navlayers.mapping.model import Mapping, NonMappable
    from navlayers.pages.show.results import SetHead
    from navlayers.pages.show.set_index import IndexedSet, MatrixColumn
    from navlayers.scoring.scores import Rules, TechniqueScore


def named(technique: str, catalogue: Catalogue, written: str | None = None) -> Named:
    """A technique with the name that the release gives it, or else the one that was written."""
    known = catalogue.get(technique)
    return Named(technique, known.name if known else written or technique)


def aggregate(entry: TechniqueScore, one: IndexedSet) -> Aggregate:
    """How the score of a technique came about; the sentences are those of the layers, with every name."""
    rules, labels = one.rules, one.labels
    view = Style(rules, None, value_gradient(None, 100), labels)
    categories = []
    for category in rules.categories:
        if category in entry.contributions or category in entry.categories:
            given = tuple(
                Given(c.capability, labels.get(c.capability, c.capability), strength_name(c, rules), c.score)
                for c in entry.contributions.get(category, ())
            )
            score = entry.categories.get(category)
            categories.append(CategoryScore(_category(category), score, given))
    says = tuple(line for line in comment(entry, view, sys.maxsize).split("\n") if line)
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
    covered = base_techniques(scores, one.catalogue)
    listed = ((found, [t for t in found.techniques if t.id in scores]) for found in one.columns)
    return tuple(_column(found, covered, map(entry, inside)) for found, inside in listed if inside)


def column(
    one: IndexedSet, found: MatrixColumn, scores: dict[str, TechniqueScore], entry: Callable[[Technique], Entry]
) -> Column:
    """All techniques of one tactic in the order of the matrix."""
    return _column(found, base_techniques(scores, one.catalogue), map(entry, found.techniques))


def _column(found: MatrixColumn, covered: set[str], entries: Iterable[Entry]) -> Column:
    return Column(found.tactic, len(found.bases & covered), len(found.bases), tuple(entries))


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
