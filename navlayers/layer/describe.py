"""What a layer says about itself: name, description, metadata, links."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text import figure, web_links
from navlayers.layer.document import Link, Metadata
from navlayers.scoring.method import how_rolled_up, how_scored

if TYPE_CHECKING:
    from collections.abc import Iterable

    from navlayers.attack import Catalogue
    from navlayers.mapping.model import MappingSet
    from navlayers.scoring.scores import Rules, TechniqueScore

DOMAIN_NAMES = {"enterprise": "Enterprise", "mobile": "Mobile", "ics": "ICS"}


def title(mapping_set: MappingSet) -> str:
    """Framework and version, as every layer's name begins."""
    return f"{mapping_set.name} {mapping_set.version}".strip()


def description(
    mapping_set: MappingSet, catalogue: Catalogue, rules: Rules, shown: str, category: str | None, single: bool
) -> str:
    """What the layer shows and how its scores were made, in a few sentences; `single`: of one capability."""
    domain = DOMAIN_NAMES[mapping_set.domain]
    subject = f"{title(mapping_set)} mapped to ATT&CK {domain} {catalogue.version}: {shown}."
    return " ".join([subject, *how_scored(rules, category, single), *how_rolled_up(rules)])


def set_facts(mapping_set: MappingSet, catalogue: Catalogue, rules: Rules) -> list[tuple[str, str]]:
    """Name and value of the metadata that all layers of a set share."""
    options = rules.options
    scale = {} if rules.counts else rules.scale
    return [
        ("framework", mapping_set.framework),
        ("framework version", mapping_set.version),
        ("ATT&CK version", f"{mapping_set.domain} {catalogue.version}"),
        ("aggregate", "count" if rules.counts else options.aggregate),
        ("weights", _pairs(options.weights)),
        ("scale", _pairs(scale)),
        ("worth of a bare relation", "" if rules.worth is None else f"{figure(rules.worth)}"),
        ("roll-up", "" if options.rollup == "none" else options.rollup),
        ("source", mapping_set.source),
        ("licence", mapping_set.licence),
    ]


def _pairs(numbers: dict[str, float]) -> str:
    return ", ".join(f"{name} {figure(number)}" for name, number in numbers.items())


def metadata(
    facts: Iterable[tuple[str, str]], what: str, entries: Iterable[TechniqueScore], left_out: int
) -> tuple[Metadata, ...]:
    """The layer's metadata: what it shows, its counts, and the facts of the set; empty values are left out."""
    entries = list(entries)
    capabilities = {c.capability for e in entries for group in e.contributions.values() for c in group}
    subs = sum("." in entry.technique for entry in entries)
    counts = [
        ("shows", what),
        ("capabilities", str(len(capabilities))),
        ("techniques", str(len(entries) - subs)),
        ("sub-techniques", str(subs)),
        ("techniques left out", str(left_out) if left_out else ""),
    ]
    return tuple(Metadata(name, value) for name, value in [*counts, *facts] if value)


def links(mapping_set: MappingSet) -> tuple[Link, ...]:
    """Where the mappings come from."""
    return tuple(Link("Source of the mappings", url) for url in web_links([mapping_set.source]))
