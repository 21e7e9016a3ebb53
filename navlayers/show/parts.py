"""Parts that pages share: the head of a section, rows, lists of techniques by tactic."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from navlayers.layers import describe
from navlayers.layers.annotate import View, comment, strength_name
from navlayers.layers.labels import capability_labels
from navlayers.layers.palette import value_gradient
from navlayers.scoring import UNSPECIFIED
from navlayers.show.pages import Aggregate, CategoryScore, Column, Entry, Given, Named, Row, SetHead
from navlayers.stats import base_techniques

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from navlayers.attack import Catalogue, Technique
    from navlayers.model import Mapping, MappingSet, NonMappable
    from navlayers.pipeline import Prepared
    from navlayers.scoring import Rules, TechniqueScore


def head(one: Prepared, rules: Rules) -> SetHead:
    """What a section says of its set."""
    return SetHead(
        name=one.name,
        title=one.set.title,
        framework=one.set.framework,
        version=one.set.version,
        domain=one.set.domain,
        attack_version=one.catalogue.version,
        scored=one.set.scored,
        counts=rules.counts,
        method=describe.method(rules),
    )


def named(technique: str, catalogue: Catalogue, written: str | None = None) -> Named:
    """A technique with the name that the release gives it, or else the one that was written."""
    known = catalogue.get(technique)
    return Named(technique, known.name if known else written or technique)


def aggregate(entry: TechniqueScore, mapping_set: MappingSet, rules: Rules) -> Aggregate:
    """How the score of a technique came about; the sentences are those of the layers, with every name."""
    labels = capability_labels(mapping_set)
    view = View(rules, None, value_gradient(None, 100), labels)
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


def record(row: NonMappable, one: Prepared) -> Row:
    """A record of what cannot be mapped."""
    return Row(
        capability_id=row.capability or "",
        capability_name=row.capability_name or _capability_name(row.capability, one.set),
        mapping_type=row.type or "non_mappable",
        attack_id=row.technique or "",
        attack_name=_technique_name(row, one.catalogue),
        notes=notes(row),
        comment=row.comment,
        references=row.references,
    )


def _capability_name(identifier: str | None, mapping_set: MappingSet) -> str:
    if identifier is None:
        return ""
    return next((c.name for c in mapping_set.capabilities if c.id == identifier), identifier)


def _technique_name(row: Mapping | NonMappable, catalogue: Catalogue) -> str:
    if row.technique is None:
        return ""
    return row.technique_name or named(row.technique, catalogue).name


def notes(row: Mapping | NonMappable) -> str:
    """The fields of a row that have no meaning here, as text."""
    return "; ".join(f"{name}: {text}" for name, text in row.other)


def by_tactic(
    catalogue: Catalogue, scores: dict[str, TechniqueScore], entry: Callable[[Technique], Entry]
) -> tuple[Column, ...]:
    """The scored techniques by tactic, those that have any, in matrix order."""
    columns = (column(catalogue, tactic.shortname, scores, entry, mapped_only=True) for tactic in catalogue.tactics)
    return tuple(one for one in columns if one.techniques)


def column(
    catalogue: Catalogue,
    tactic: str,
    scores: dict[str, TechniqueScore],
    entry: Callable[[Technique], Entry],
    *,
    mapped_only: bool,
) -> Column:
    """The techniques of one tactic as the matrix has them: by name, sub-techniques by id below their parent."""
    found = next(one for one in catalogue.tactics if one.shortname == tactic)
    inside = [t for t in catalogue.techniques.values() if t.active and tactic in t.tactics]
    bases = [t for t in inside if t.parent is None]
    covered = base_techniques(scores, catalogue)
    names = {t.id: t.name for t in bases}
    inside.sort(key=lambda t: (names.get(t.parent or t.id, t.name), t.parent or t.id, t.parent is not None, t.id))
    listed = [t for t in inside if not mapped_only or t.id in scores]
    return Column(found, sum(t.id in covered for t in bases), len(bases), tuple(entry(t) for t in listed))


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


def without(sets: Sequence[Prepared], sections: Iterable[SetHead]) -> tuple[str, ...]:
    """The names of the sets that have no section."""
    told = {section.name for section in sections}
    return tuple(one.name for one in sets if one.name not in told)
