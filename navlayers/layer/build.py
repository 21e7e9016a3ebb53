"""Scores → layers: `make_layer` makes any layer, `layers_of` those of a set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import msgspec

from navlayers._text import figure, slugs, web_links
from navlayers.attack.domain import DOMAIN_NAMES
from navlayers.layer.annotate import LINKS_IN_MENU, Style, annotate
from navlayers.layer.colors import count_gradient, count_legend, value_gradient, value_legend
from navlayers.layer.document import ATTACK, Layer, Link, Metadata, Versions
from navlayers.scoring import scores as scoring
from navlayers.scoring.labels import capability_labels, labels
from navlayers.scoring.method import how_rolled_up, how_scored

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from navlayers.attack import Catalogue
    from navlayers.layer.colors import Gradient, LegendItem
    from navlayers.layer.document import Technique
    from navlayers.mapping.model import Mapping, MappingSet
    from navlayers.scoring.options import ScoreOptions

Kind = Literal["overview", "categories", "groups", "capabilities", "all"]
KINDS: tuple[Kind, ...] = get_args(Kind)


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
        name: the title of its tab.
        catalogue: the ATT&CK release that it is of.
        techniques: its entries, as `navlayers.layer.annotate.make_entry` makes them, in id order.
        gradient: the colors of their scores.
        legend: what the colors mean, in reading order.
        description: what it shows and how its scores were made, in a few sentences.
        facts: names and values of its metadata; those with an empty value are left out.
        links: where its data comes from.
        hide_disabled: hide entries that are not enabled, instead of graying them out.
    """
    return Layer(
        name=name,
        versions=Versions(attack=catalogue.major),
        domain=f"{catalogue.domain}-attack",
        description=description,
        gradient=gradient,
        legendItems=tuple(legend),
        techniques=tuple(techniques),
        metadata=tuple(Metadata(label, value) for label, value in facts if value),
        links=tuple(links),
        hideDisabled=hide_disabled,
    )


def release_fact(catalogue: Catalogue) -> tuple[str, str]:
    """Domain and full release for the metadata: the layer format itself knows the major number only."""
    return ATTACK, f"{catalogue.domain} {catalogue.version}"


def count_facts(techniques: Iterable[str]) -> list[tuple[str, str]]:
    """How many techniques and sub-techniques there are among the ids, for the metadata."""
    subs = ["." in technique for technique in techniques]
    return [("techniques", str(len(subs) - sum(subs))), ("sub-techniques", str(sum(subs)))]


def set_title(mapping_set: MappingSet) -> str:
    """Framework and version, with which the names of a set's layers begin."""
    return f"{mapping_set.name} {mapping_set.version}".strip()


def set_description(
    mapping_set: MappingSet,
    catalogue: Catalogue,
    rules: scoring.Rules,
    shown: str,
    category: str | None,
    single: bool,
) -> str:
    """What a layer shows and how its scores were made, in a few sentences; `single`: of one capability."""
    domain = DOMAIN_NAMES[mapping_set.domain]
    subject = f"{set_title(mapping_set)} mapped to ATT&CK {domain} {catalogue.version}: {shown}."
    return " ".join([subject, *how_scored(rules, category, single), *how_rolled_up(rules)])


def set_links(mapping_set: MappingSet) -> tuple[Link, ...]:
    """Where the mappings come from."""
    return tuple(Link("Source of the mappings", url) for url in web_links([mapping_set.source]))


def set_facts(mapping_set: MappingSet, catalogue: Catalogue, rules: scoring.Rules) -> list[tuple[str, str]]:
    """Names and values of the metadata that all layers of a set share."""
    options = rules.options
    scale = {} if rules.counts else rules.scale
    return [
        ("framework", mapping_set.framework),
        ("framework version", mapping_set.version),
        release_fact(catalogue),
        ("aggregate", "count" if rules.counts else options.aggregate),
        ("weights", _pairs(options.weights)),
        ("scale", _pairs(scale)),
        ("worth of a bare relation", "" if rules.worth is None else figure(rules.worth)),
        ("roll-up", "" if options.rollup == "none" else options.rollup),
        ("source", mapping_set.source),
        ("licence", mapping_set.licence),
    ]


def _pairs(numbers: dict[str, float]) -> str:
    return ", ".join(f"{name} {figure(number)}" for name, number in numbers.items())


def view_facts(what: str, entries: Iterable[scoring.TechniqueScore], left_out: int) -> list[tuple[str, str]]:
    """Names and values of the metadata of one layer of a set: what it shows, and its counts."""
    entries = list(entries)
    capabilities = {c.capability for e in entries for group in e.contributions.values() for c in group}
    return [
        ("shows", what),
        ("capabilities", str(len(capabilities))),
        *count_facts(entry.technique for entry in entries),
        ("techniques left out", str(left_out) if left_out else ""),
    ]


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
    ) -> Layer:
        """The layer of some of the set's mappings.

        Args:
            what: the end of its name.
            mappings: those that it shows.
            category: the one category that it shows; None for all.
            shown: what it shows, where the description says more than `what`.
            left_out: how many techniques the release does not have.
            scores: of the mappings, where they are at hand.
            notes: of one capability: with its comments and all of its links.
        """
        if scores is None:
            scores = self.scored.of(mappings)
        entries = [e for e in scores.values() if category is None or category in e.categories]
        numbers = [e.measure(category) or 0 for e in entries]
        if self.rules.counts:
            gradient = count_gradient(numbers)
            legend = count_legend(gradient, max(numbers, default=1))
        else:
            gradient = value_gradient(category, max(numbers, default=0))
            legend = value_legend(gradient, self.rules, any(e.measure(category) is None for e in entries))
        style = Style(self.rules, category, gradient, self.labels, None if notes else LINKS_IN_MENU)
        references = _references(mappings, category)
        comments = _comments(mappings) if notes else {}
        return make_layer(
            f"{set_title(self.set)}: {what}",
            self.scored.catalogue,
            (annotate(e, style, references.get(e.technique, ()), comments.get(e.technique, ())) for e in entries),
            gradient,
            legend,
            description=set_description(
                self.set, self.scored.catalogue, self.rules, shown or what, category, single=notes
            ),
            facts=[*view_facts(what, entries, left_out), *self.facts],
            links=set_links(self.set),
        )


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
