"""A mapping set → its layers: overview, one per category, capability and group, and all of them as one list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import msgspec

from navlayers._text import slugs
from navlayers.layer import describe
from navlayers.layer.annotate import LINKS_IN_MENU, View, annotate
from navlayers.layer.colors import count_gradient, count_legend, value_gradient, value_legend
from navlayers.layer.document import Layer, Versions
from navlayers.scoring import scores as scoring
from navlayers.scoring.labels import capability_labels, labels

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from navlayers.attack import Catalogue
    from navlayers.layer.colors import Gradient
    from navlayers.mapping.model import Mapping, MappingSet
    from navlayers.scoring.options import ScoreOptions

Kind = Literal["overview", "categories", "groups", "capabilities", "all"]
KINDS: tuple[Kind, ...] = get_args(Kind)


class BuiltLayer(msgspec.Struct, frozen=True):
    """A layer and where it goes: `path` is relative to the set's folder, with forward slashes."""

    kind: Kind
    id: str
    path: str
    layer: Layer


class _Builder:
    """What all layers of one set share, worked out once."""

    def __init__(self, scored: scoring.Scored) -> None:
        self.scored = scored
        self.set = scored.set
        self.rules = scored.rules
        self.labels = capability_labels(scored.set)
        self.facts = describe.set_facts(scored.set, scored.catalogue, scored.rules)

    def layer(
        self,
        what: str,
        mappings: Sequence[Mapping],
        category: str | None = None,
        *,
        shown: str = "",
        left_out: int = 0,
        scores: dict[str, scoring.TechniqueScore] | None = None,
        notes: bool = False,
    ) -> Layer:
        """The layer of some of the set's mappings: `what` ends its name, `shown` says more in its description."""
        if scores is None:
            scores = self.scored.of(mappings)
        entries = [e for e in scores.values() if category is None or category in e.categories]
        gradient = self.gradient(category, entries)
        # The layer of a capability is where all of its links and comments are.
        view = View(self.rules, category, gradient, self.labels, None if notes else LINKS_IN_MENU)
        references = _references(mappings, category)
        comments = _comments(mappings) if notes else {}
        techniques = tuple(
            annotate(entry, view, references.get(entry.technique, ()), comments.get(entry.technique, ()))
            for entry in entries
        )
        numbers = [e.measure(category) or 0 for e in entries]
        legend = (
            count_legend(gradient, max(numbers, default=1))
            if self.rules.counts
            else value_legend(gradient, self.rules, any(e.measure(category) is None for e in entries))
        )
        return Layer(
            name=f"{describe.title(self.set)}: {what}",
            versions=Versions(attack=self.scored.catalogue.major),
            domain=f"{self.set.domain}-attack",
            description=describe.description(
                self.set, self.scored.catalogue, self.rules, shown or what, category, notes
            ),
            gradient=gradient,
            legendItems=legend,
            techniques=techniques,
            metadata=describe.metadata(self.facts, what, entries, left_out),
            links=describe.links(self.set),
        )

    def gradient(self, category: str | None, entries: Sequence[scoring.TechniqueScore]) -> Gradient:
        numbers = [entry.measure(category) or 0 for entry in entries]
        if self.rules.counts:
            return count_gradient(numbers)
        return value_gradient(category, max(numbers, default=0))


def _references(mappings: Iterable[Mapping], category: str | None) -> dict[str, list[str]]:
    """Technique id → its references, sorted: the order of the rows must not show."""
    found: dict[str, set[str]] = {}
    for mapping in mappings:
        if mapping.references and (category is None or mapping.category == category):
            found.setdefault(mapping.technique, set()).update(mapping.references)
    return {technique: sorted(references) for technique, references in found.items()}


def _comments(mappings: Iterable[Mapping]) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for mapping in mappings:
        if mapping.comment:
            found.setdefault(mapping.technique, set()).add(mapping.comment)
    return {technique: sorted(comments) for technique, comments in found.items()}


def build(
    mapping_set: MappingSet,
    catalogue: Catalogue,
    options: ScoreOptions | None = None,
    only: Iterable[Kind] = KINDS,
) -> Iterator[BuiltLayer]:
    """Score a set and make its layers: `layers_of` for those who have no scores yet.

    Raises:
        UsageError: the options do not fit the set.
    """
    return layers_of(scoring.score_set(mapping_set, catalogue, options), only)


def layers_of(scored: scoring.Scored, only: Iterable[Kind] = KINDS) -> Iterator[BuiltLayer]:
    """Make the layers of a scored set, in reading order: overview, categories, groups, capabilities.

    "all" is the file that holds the other kinds as a list (`encode_layers` makes it): here it adds nothing.
    """
    builder = _Builder(scored)
    wanted = set(only)
    if "overview" in wanted:
        missing = len(scored.left_out)
        layer = builder.layer(
            "overview", scored.mappings, shown="all capabilities", left_out=missing, scores=scored.scores
        )
        yield BuiltLayer("overview", "overview", "overview.json", layer)
    if "categories" in wanted:
        for category in scored.rules.scored_categories:
            if category != scoring.UNSPECIFIED:
                layer = builder.layer(
                    category, scored.mappings, category, shown=f"{category} only", scores=scored.scores
                )
                yield BuiltLayer("categories", category, f"{category}.json", layer)
    if "groups" in wanted:
        yield from _groups(builder)
    if "capabilities" in wanted:
        yield from _capabilities(builder)


def _groups(builder: _Builder) -> Iterator[BuiltLayer]:
    members = {capability.id: capability.groups for capability in builder.set.capabilities}
    found: dict[str, list[Mapping]] = {}
    for mapping in builder.scored.mappings:
        for group in members.get(mapping.capability, ()) if mapping.group is None else (mapping.group,):
            found.setdefault(group, []).append(mapping)
    names = slugs(found)
    called = labels({group: builder.set.groups.get(group, group) for group in found})
    for group in sorted(found):
        layer = builder.layer(f"group {called[group]}", found[group])
        yield BuiltLayer("groups", group, f"groups/{names[group]}.json", layer)


def _capabilities(builder: _Builder) -> Iterator[BuiltLayer]:
    found: dict[str, list[Mapping]] = {}
    for mapping in builder.scored.mappings:
        found.setdefault(mapping.capability, []).append(mapping)
    names = slugs(found)
    for capability in sorted(found):
        layer = builder.layer(builder.labels.get(capability, capability), found[capability], notes=True)
        yield BuiltLayer("capabilities", capability, f"capabilities/{names[capability]}.json", layer)
