"""What a layer says about itself: name, description, metadata, links."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text import web_links
from navlayers.layer.document import Link, Metadata
from navlayers.scoring.aggregate import DESCRIPTIONS, figure
from navlayers.scoring.scores import UNSPECIFIED

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
    return " ".join([subject, *_how(rules, category, single), *_rollup(rules)])


def method(rules: Rules) -> tuple[str, ...]:
    """How the overall scores of a set are made, in sentences."""
    return (*_how(rules, None, single=False), *_rollup(rules))


def _how(rules: Rules, category: str | None, single: bool) -> list[str]:
    options = rules.options
    if not rules.scored_categories:
        return [f"A technique's score is {DESCRIPTIONS['count']}."]
    scale = ", ".join(f"{value} {figure(number)}" for value, number in rules.scale.items())
    several = category is None and rules.scored_categories != (UNSPECIFIED,)
    subject = "Per category, a technique's score is" if several else "A technique's score is"
    basis = "" if rules.counts else f" ({scale})"
    how = "what the capability gives it" if single and not rules.counts else DESCRIPTIONS[options.aggregate]
    sentences = [f"{subject} {how}{basis}."]
    if rules.worth is not None and not rules.counts:
        sentences.append(f"A mapping without a score value is worth {figure(rules.worth)}.")
    if several:
        names = _join([c for c in rules.scored_categories if c != UNSPECIFIED])
        if options.weights:
            shares = ", ".join(
                f"{c} {figure(options.weights[c])}" for c in rules.scored_categories if c in options.weights
            )
            sentences.append(f"The overall score is the mean across {names}, weighted {shares}.")
        else:
            sentences.append(f"The overall score is the highest across {names}.")
        if UNSPECIFIED in rules.scored_categories:
            sentences.append("A value without a category counts overall as it stands.")
    return sentences


def _rollup(rules: Rules) -> list[str]:
    how = rules.options.rollup
    if how == "none":
        return []
    means = "highest score" if how == "max" else "mean score, unmapped ones as 0,"
    return [f"A technique without a score of its own shows the {means} of its sub-techniques."]


def _join(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


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
