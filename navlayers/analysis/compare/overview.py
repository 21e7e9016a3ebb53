"""The layer of one input of a comparison: what it covers, in the colours that all inputs share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from navlayers._text import tidy
from navlayers.layer import describe
from navlayers.layer.annotate import LINKS_IN_MENU, View, annotate, technique_links
from navlayers.layer.document import Layer, Metadata, Technique, Versions
from navlayers.scoring.scores import UNSPECIFIED

if TYPE_CHECKING:
    from navlayers.analysis.compare.comparison import Comparison
    from navlayers.layer.colors import Gradient, LegendItem
    from navlayers.scoring.coverage import Coverage


def overview(comparison: Comparison, number: int, gradient: Gradient, legend: tuple[LegendItem, ...]) -> Layer:
    """The layer of the input of that number."""
    one, category, catalogue = comparison.inputs[number], comparison.category, comparison.catalogue
    what = category or "overview"
    made = _of_layer(one, gradient) if one.is_layer else _of_set(one, category, gradient)
    rules = one.scored.rules
    if one.is_layer:
        says = (
            f"{one.title} at ATT&CK {describe.DOMAIN_NAMES[catalogue.domain]} {catalogue.version}: its own scores."
        )
        facts = [("ATT&CK version", f"{catalogue.domain} {catalogue.version}")]
        facts += [("aggregate", "count")] if one.counts else []
    else:
        says = describe.description(one.set, catalogue, rules, what, category, single=False)
        says = f"{describe.title(one.set)}: {one.method}" if one.covered_only else says
        facts = describe.set_facts(one.set, catalogue, rules)
    entries = [one.entries[entry.techniqueID] for entry in made]
    return Layer(
        name=f"{one.title}: {what}",
        versions=Versions(attack=catalogue.major),
        domain=f"{catalogue.domain}-attack",
        description=says,
        gradient=gradient,
        legendItems=legend,
        techniques=made,
        metadata=describe.metadata(facts, what, entries, len(one.left_out)),
        links=describe.links(one.set),
    )


def _of_set(one: Coverage, category: str | None, gradient: Gradient) -> tuple[Technique, ...]:
    view = View(one.scored.rules, category, gradient, one.labels)
    references: dict[str, set[str]] = {}
    for mapping in one.scored.mappings:
        if category is None or mapping.category == category:
            references.setdefault(mapping.technique, set()).update(mapping.references)
    made = (
        annotate(one.scored.scores[technique], view, sorted(references.get(technique, ())))
        for technique in one.measures(category)
    )
    return tuple(msgspec.structs.replace(entry, score=100) if one.covered_only else entry for entry in made)


def _of_layer(one: Coverage, gradient: Gradient) -> tuple[Technique, ...]:
    """The entries of a layer with their own comments and links, and the scores that count here."""
    comments: dict[str, list[str]] = {}
    links: dict[str, list[str]] = {}
    for mapping in one.scored.mappings:
        if mapping.comment:
            comments.setdefault(mapping.technique, []).append(mapping.comment)
        links.setdefault(mapping.technique, []).extend(mapping.references)
    made = []
    for technique, entry in one.scores.items():
        score = None if entry.overall is None else tidy(gradient.safe(tidy(entry.overall)))
        givers = [one.labels.get(c.capability, c.capability) for c in entry.contributions.get(UNSPECIFIED, ())]
        made.append(
            Technique(
                techniqueID=technique,
                score=score,
                comment="\n".join(dict.fromkeys(comments.get(technique, ()))),
                metadata=(Metadata("layers", ", ".join(givers)),) if len(one.labels) > 1 else (),
                links=technique_links(entry, links.get(technique, ()), LINKS_IN_MENU)[0],
            )
        )
    return tuple(made)
