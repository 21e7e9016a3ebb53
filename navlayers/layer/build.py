"""Scores → layers: `make_layer` makes any layer, `layers_of` those of a set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import msgspec
from msgspec import UNSET

from navlayers._text.links import web_links
from navlayers._text.numbers import number_text
from navlayers._text.slugs import slugs
from navlayers.layer.annotate import LINKS_IN_MENU, Style, annotate, with_own_pages
from navlayers.layer.colors import LegendItem
from navlayers.layer.document import ATTACK, Filters, Layer, Link, Metadata, Technique, Versions, tab_name
from navlayers.layer.ramps import NOT_RATED_ITEM, count_gradient, count_legend, value_gradient, value_legend
from navlayers.mapping.model import HUNDRED
from navlayers.mapping.segments import segments_of
from navlayers.scoring import scores as scoring
from navlayers.scoring.comments import capability_labels, labels
from navlayers.scoring.method import how_rolled_up, how_scored
from navlayers.scoring.options import UNSPECIFIED

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from navlayers.attack import Catalogue
    from navlayers.layer.colors import Gradient
    from navlayers.mapping.model import Mapping, MappingSet
    from navlayers.scoring.options import Rules

LayerKind = Literal["overview", "categories", "groups", "capabilities", "all"]
NOT_IN_ALL = "0: not in every segment"
"""The label of techniques that some segment does not cover."""

KINDS: tuple[LayerKind, ...] = get_args(LayerKind)


def make_layer(
    name: str,
    catalogue: Catalogue,
    techniques: Iterable[Technique],
    gradient: Gradient,
    legend: Iterable[LegendItem],
    *,
    description: str,
    facts: Iterable[tuple[str, str]] = (),
    links: Iterable[Link] = (),
    hide_disabled: bool = False,
) -> Layer:
    """A layer of annotated techniques.

    Args:
        name: the title of its tab, see `tab_name`.
        catalogue: its ATT&CK release.
        techniques: its entries from `navlayers.layer.annotate.make_entry`, in id order.
        gradient: the colors of their scores.
        legend: the meaning of the colors, in reading order.
        description: a few sentences about its content and scoring.
        facts: names and values of its metadata; empty values are omitted.
        links: the sources of its data.
        hide_disabled: hide disabled entries instead of graying them out.
    """
    outside = [*_outside(catalogue)]
    entries = sorted((*techniques, *outside), key=lambda entry: entry.techniqueID) if outside else techniques
    return Layer(
        name=tab_name(name),
        versions=Versions(attack=catalogue.major),
        domain=f"{catalogue.domain}-attack",
        description=description,
        gradient=gradient,
        legendItems=tuple(legend),
        techniques=tuple(with_own_pages(entries, catalogue.own_pages)),
        metadata=tuple(Metadata(label, value) for label, value in (*facts, *_scope_facts(catalogue)) if value),
        links=tuple(links),
        hideDisabled=hide_disabled or bool(outside),
        filters=Filters(catalogue.bounds.platforms) if catalogue.bounds and catalogue.bounds.platforms else UNSET,
    )


def _scope_facts(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    yield "scope", catalogue.scope
    for asset in catalogue.bounds.scope.assets if catalogue.bounds else ():
        yield f"asset {asset.name}", asset.limits


def _outside(catalogue: Catalogue) -> Iterator[Technique]:
    """Disabled entries of the techniques out of scope, unless the filter of platforms alone hides them.

    The Navigator grays out disabled parents of enabled sub-techniques, as headings are, and hides the others.
    """
    scope = catalogue.bounds.scope if catalogue.bounds else None
    if scope is not None and (scope.include or scope.exclude or scope.presets):
        for technique in catalogue.whole.techniques.values():
            if technique.active and not catalogue.is_active(technique.id):
                yield Technique(technique.id, enabled=False)


def release_fact(catalogue: Catalogue) -> tuple[str, str]:
    """The metadata with domain and full release; the layer format itself has the major version only."""
    return ATTACK, f"{catalogue.domain} {catalogue.version}"


def count_facts(techniques: Iterable[str]) -> list[tuple[str, str]]:
    """The metadata with the numbers of techniques and sub-techniques among the ids."""
    subs = ["." in technique for technique in techniques]
    return [("techniques", str(len(subs) - sum(subs))), ("sub-techniques", str(sum(subs)))]


def set_title(mapping_set: MappingSet) -> str:
    """Framework and version, the start of the names of a set's layers."""
    return mapping_set.name_and_version


def set_links(mapping_set: MappingSet) -> tuple[Link, ...]:
    """The link to the source of the mappings."""
    return tuple(Link("Source of the mappings", url) for url in web_links([mapping_set.source]))


def set_facts(mapping_set: MappingSet, catalogue: Catalogue, rules: Rules) -> list[tuple[str, str]]:
    """The metadata that all layers of a set share."""
    options = rules.options
    scale = {} if rules.counts else rules.scale
    return [
        ("framework", mapping_set.framework),
        ("framework version", mapping_set.version),
        ("role", "" if mapping_set.role == "control" else mapping_set.role),
        release_fact(catalogue),
        ("aggregate", "count" if rules.counts else options.aggregate),
        ("weights", _pairs(options.weights)),
        ("scale", _pairs(scale)),
        ("range", "" if rules.counts or rules.range is None else "–".join(map(number_text, rules.range))),
        ("worth of a bare relation", "" if rules.worth is None else number_text(rules.worth)),
        ("roll-up", "" if options.rollup == "none" else options.rollup),
        ("segments", ", ".join(segments_of(mapping_set))),
        ("across segments", options.across_segments if segments_of(mapping_set) else ""),
        ("source", mapping_set.source),
        ("licence", mapping_set.licence),
    ]


def _pairs(numbers: dict[str, float]) -> str:
    return ", ".join(f"{name} {number_text(number)}" for name, number in numbers.items())


def scored_gradient(rules: Rules, category: str | None, highest: float) -> Gradient:
    """The gradient of scores; beyond the range of a layer, those that are not sums have the colors of its ends."""
    if rules.range is not None and rules.options.aggregate != "sum":
        highest = 0
    return value_gradient(category, highest, rules.range or HUNDRED, rules.role)


def view_facts(what: str, entries: Iterable[scoring.TechniqueScore], left_out: int) -> list[tuple[str, str]]:
    """The metadata of one layer of a set: its content and counts."""
    entries = list(entries)
    return [
        ("shows", what),
        ("capabilities", str(scoring.capabilities_of(entries))),
        *count_facts(entry.technique for entry in entries),
        ("techniques left out", str(left_out) if left_out else ""),
    ]


class BuiltLayer(msgspec.Struct, frozen=True):
    """A layer with its path relative to the set's folder, with forward slashes."""

    kind: LayerKind
    id: str
    path: str
    layer: Layer


class SetLayers:
    """The data that all layers of a set share."""

    def __init__(self, scored: scoring.Scored) -> None:
        self.scored = scored
        self.set = scored.set
        self.rules = scored.rules
        self.labels = capability_labels(scored.set)
        self.facts = set_facts(scored.set, scored.catalogue, scored.rules)

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
        colors: tuple[Gradient, Sequence[LegendItem]] | None = None,
    ) -> Layer:
        """The layer of some of the set's mappings.

        Args:
            what: the end of its name.
            mappings: the mappings to show.
            category: the only category to show; None for all.
            shown: the content in the description, if it differs from `what`.
            left_out: number of techniques that the release lacks.
            scores: the scores of the mappings, if known.
            notes: add comments and all links, for the layer of one capability.
            colors: gradient and legend; None: by the scores.
        """
        if scores is None:
            scores = self.scored.scores_of(mappings)
        entries = [e for e in scores.values() if category is None or category in e.categories]
        numbers = [e.measure(category) or 0 for e in entries]
        legend: Sequence[LegendItem]
        if colors is not None:
            gradient, legend = colors
        elif self.rules.counts:
            gradient = count_gradient(numbers, self.rules.role)
            legend = count_legend(gradient, max(numbers, default=1), self.rules.noun)
        else:
            gradient = scored_gradient(self.rules, category, max(numbers, default=0))
            legend = value_legend(gradient, self.rules)
        if any(e.measure(category) is None for e in entries):
            legend = (*legend, NOT_RATED_ITEM)
        worst = self.rules.segments and self.rules.options.across_segments == "worst"
        if worst and any(e.measure(category) == 0 for e in entries):
            legend = (*legend, LegendItem(NOT_IN_ALL, gradient.color(0)))
        style = Style(self.rules, category, gradient, self.labels, None if notes else LINKS_IN_MENU)
        title, release = set_title(self.set), self.scored.catalogue
        statement = self.rules.noun.statement(len(entries), scoring.capabilities_of(entries))
        sentences = [
            f"{title} mapped to {release.title}: {shown or what}.",
            *([f"{statement}."] if statement else []),
            *how_scored(self.rules, category, single=notes),
            *how_rolled_up(self.rules),
        ]
        references = _by_technique(
            (mapping.technique, mapping.references)
            for mapping in mappings
            if category is None or mapping.category == category
        )
        comments = _by_technique((mapping.technique, [mapping.comment]) for mapping in mappings if notes)
        return make_layer(
            f"{title}: {what}",
            release,
            (annotate(e, style, references.get(e.technique, ()), comments.get(e.technique, ())) for e in entries),
            gradient,
            legend,
            description=" ".join(sentences),
            facts=[*view_facts(what, entries, left_out), *self.facts],
            links=set_links(self.set),
        )


def _by_technique(pairs: Iterable[tuple[str, Collection[str]]]) -> dict[str, list[str]]:
    """Technique id → its texts, sorted so that the order of the rows makes no difference."""
    by_technique: dict[str, set[str]] = {}
    for technique, texts in pairs:
        if texts:
            by_technique.setdefault(technique, set()).update(filter(None, texts))
    return {technique: sorted(texts) for technique, texts in by_technique.items()}


def layers_of(scored: scoring.Scored, only: Iterable[LayerKind] = KINDS) -> Iterator[BuiltLayer]:
    """The layers of a scored set, in reading order: overview, categories, groups, capabilities.

    The kind "all" adds none: it is a file with all other layers, which `encode_layers` makes.
    """
    builder = SetLayers(scored)
    wanted = set(only)
    if "overview" in wanted:
        layer = builder.layer(
            "overview",
            scored.mappings,
            shown=f"all {scored.rules.noun.plural}",
            left_out=len(scored.left_out),
            scores=scored.scores,
        )
        yield BuiltLayer("overview", "overview", "overview.json", layer)
    if "categories" in wanted:
        for category in scored.rules.scored_categories:
            if category != UNSPECIFIED:
                layer = builder.layer(
                    category, scored.mappings, category, shown=f"{category} only", scores=scored.scores
                )
                yield BuiltLayer("categories", category, f"{category}.json", layer)
    if "groups" in wanted:
        yield from _groups(builder)
    if "capabilities" in wanted:
        yield from _capabilities(builder)


def _groups(builder: SetLayers) -> Iterator[BuiltLayer]:
    members = {capability.id: capability.groups for capability in builder.set.capabilities}
    by_group: dict[str, list[Mapping]] = {}
    for mapping in builder.scored.mappings:
        for group in members.get(mapping.capability, ()) if mapping.group is None else (mapping.group,):
            by_group.setdefault(group, []).append(mapping)
    names = slugs(by_group)
    titles = labels({group: builder.set.groups.get(group, group) for group in by_group})
    for group in sorted(by_group):
        layer = builder.layer(f"group {titles[group]}", by_group[group])
        yield BuiltLayer("groups", group, f"groups/{names[group]}.json", layer)


def _capabilities(builder: SetLayers) -> Iterator[BuiltLayer]:
    by_capability: dict[str, list[Mapping]] = {}
    for mapping in builder.scored.mappings:
        by_capability.setdefault(mapping.capability, []).append(mapping)
    names = slugs(by_capability)
    for capability in sorted(by_capability):
        layer = builder.layer(builder.labels.get(capability, capability), by_capability[capability], notes=True)
        yield BuiltLayer("capabilities", capability, f"capabilities/{names[capability]}.json", layer)
