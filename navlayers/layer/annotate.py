"""One technique's score → its entry in a layer: score, comment, metadata, links.

The comment is made for the Navigator's tooltip of 300 pixels and names the strongest capabilities; the metadata
holds all of them, in order.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from navlayers._text import figure, technique_url, tidy, web_links
from navlayers.layer.colors import Gradient
from navlayers.layer.document import Link, Metadata, Technique
from navlayers.scoring.scores import UNSPECIFIED, Rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from navlayers.scoring.scores import Contribution, TechniqueScore

NAMES_IN_COMMENT = 6
"""Shared by the categories: the Navigator's tooltip shows some thirty short lines and does not scroll."""

LINKS_IN_MENU = 5
"""The Navigator's context menu does not scroll; its own entries fill half a screen."""

LABEL_LENGTH = 50

EXACT = "exact score"
"""The metadata that holds a score that the Navigator cannot show."""


class Style(msgspec.Struct, frozen=True):
    """How one layer shows scores: all categories (`category` None) or one, under one gradient.

    `links` is how many references a technique is linked to; None: all.
    """

    rules: Rules
    category: str | None
    gradient: Gradient
    labels: dict[str, str]
    links: int | None = LINKS_IN_MENU

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories that the layer tells of, in order."""
        return self.rules.categories if self.category is None else (self.category,)

    @property
    def measure(self) -> str:
        """What the layer's score is called among the measures that are rolled up."""
        return self.category or "overall"


def comment(entry: TechniqueScore, style: Style, most: int = NAMES_IN_COMMENT) -> str:
    """What the tooltip says: the scores, then per category who gives them, strongest first, "+n more" past a limit.

    Protect 100 · Detect 50
    Protect – significant: VPC Service Controls; partial: Artifact Analysis, Cloud Identity, +7 more
    Detect – partial: Cloud Asset Inventory
    """
    told = [category for category in style.categories if entry.contributions.get(category)]
    lines = [" · ".join(_score(entry, style.rules, category) for category in told)] if told else []
    for category in told:
        names = _names(entry.contributions[category], style, most // len(told))
        lines.append(f"{category.capitalize()} – {names}" if len(told) > 1 else names)
    if style.measure in entry.rolled_up:
        mapped, total = entry.rolled_up[style.measure]
        lines.append(f"Rolled up from {mapped} of {total} sub-techniques")
    return "\n".join(lines)


def _score(entry: TechniqueScore, rules: Rules, category: str) -> str:
    name = "Mapped" if category == UNSPECIFIED else category.capitalize()
    if rules.counts:
        number = len(entry.contributions[category])
        return f"{name} by {number} capabilit{'y' if number == 1 else 'ies'}"
    score = entry.categories.get(category)
    return f"{name} {'not rated' if score is None else tidy(score)}"


def _names(contributions: Sequence[Contribution], style: Style, most: int) -> str:
    """The strongest capabilities, those of the same strength together behind it."""
    groups: list[tuple[str, list[str]]] = []
    for contribution in contributions[:most]:
        strength = strength_name(contribution, style.rules)
        if not groups or groups[-1][0] != strength:
            groups.append((strength, []))
        groups[-1][1].append(style.labels.get(contribution.capability, contribution.capability))
    text = "; ".join(
        f"{strength}: {', '.join(names)}" if strength else ", ".join(names) for strength, names in groups
    )
    more = len(contributions) - most
    return f"{text}, +{more} more" if more > 0 else text


def strength_name(contribution: Contribution, rules: Rules) -> str:
    """How a mapping says how well it holds: the score value, or else its mapping types."""
    if contribution.value is not None:
        return contribution.value
    types = ", ".join(contribution.types) if rules.several_types else ""
    return types if rules.counts or contribution.score is not None else types or "not rated"


def metadata(entry: TechniqueScore, style: Style) -> list[tuple[str, str]]:
    """All capabilities behind the score, by id, per category, strongest first, as `id = value (number); …`."""
    rules = style.rules
    items = []
    for category in style.categories:
        contributions = entry.contributions.get(category, ())
        if contributions:
            name = "capabilities" if category == UNSPECIFIED else category
            items.append((name, "; ".join(_item(c, rules) for c in contributions)))
    if style.measure in entry.rolled_up:
        mapped, total = entry.rolled_up[style.measure]
        items.append(("rolled up", f"{rules.options.rollup} of {mapped} of {total} sub-techniques"))
    return items


def _item(contribution: Contribution, rules: Rules) -> str:
    strength = strength_name(contribution, rules)
    text = f"{contribution.capability} = {strength}" if strength else contribution.capability
    if rules.counts or contribution.score is None:
        return text
    number = str(tidy(contribution.score))
    return text if strength == number else f"{text} ({number})"


def technique_links(
    entry: TechniqueScore, references: Iterable[str], limit: int | None
) -> tuple[tuple[Link, ...], int]:
    """The technique's ATT&CK page, then its references; and how many references found no place within `limit`.

    Only http(s) links are written: the Navigator opens whatever a layer holds.
    """
    urls = web_links(references)
    shown = urls[:limit]
    return (page_link(entry.technique), *map(_link, shown)), len(urls) - len(shown)


@lru_cache(maxsize=2_000)
def page_link(technique: str) -> Link:
    """The link to a technique's ATT&CK page; remembered, for it stands in many layers."""
    return Link(f"{technique} at attack.mitre.org", technique_url(technique))


@lru_cache(maxsize=10_000)
def _link(url: str) -> Link:
    """A link; remembered, for the same addresses stand in many layers."""
    return Link(_shorten(url), url)


def _shorten(url: str) -> str:
    """The address without its scheme; of a long one the host and the last parts, which tell it from others."""
    text = url.partition("://")[2].rstrip("/")
    if len(text) <= LABEL_LENGTH:
        return text
    host, _, path = text.partition("/")
    start = f"{host[: LABEL_LENGTH // 2]}/…"
    end = path[len(start) - LABEL_LENGTH :]
    return start + end[max(end.find("/"), 0) :]


def make_entry(
    technique: str,
    score: float | None,
    gradient: Gradient,
    *,
    comment: str = "",
    color: str = "",
    facts: Iterable[tuple[str, str]] = (),
    links: Iterable[Link] | None = None,
) -> Technique:
    """The entry of a technique in a layer.

    Args:
        technique: its id.
        score: any number, written with two decimals at most; None for none. Scores for which the Navigator shows
            an empty matrix are lowered, and the metadata holds the exact one.
        gradient: that of the layer.
        comment: the text of the tooltip.
        color: `#rrggbb`, which replaces the color of the score; "" for none.
        facts: names and values of its metadata; those with an empty value are left out.
        links: None for the technique's ATT&CK page.
    """
    metadata = [Metadata(name, value) for name, value in facts if value]
    shown = score if score is None else tidy(gradient.safe(tidy(score)))
    if score is not None and shown != tidy(score):
        metadata.append(Metadata(EXACT, f"{figure(score)} (the Navigator shows nothing for it)"))
    return Technique(
        techniqueID=technique,
        score=shown,
        color=color,
        comment=comment,
        metadata=tuple(metadata),
        links=(page_link(technique),) if links is None else tuple(links),
    )


def annotate(
    entry: TechniqueScore, style: Style, references: Iterable[str] = (), notes: Iterable[str] = ()
) -> Technique:
    """The entry of one technique in a layer of a set.

    Args:
        entry: its scores.
        style: what the layer shows.
        references: of its mappings, in the order in which they become links.
        notes: the comments of its mappings, added to the comment where a layer is about one capability.
    """
    links, more = technique_links(entry, references, style.links)
    facts = metadata(entry, style)
    if more:
        facts.append(("references", f"{more} more in the layers of the capabilities"))
    return make_entry(
        entry.technique,
        entry.measure(style.category),
        style.gradient,
        comment="\n".join([comment(entry, style), *notes]),
        facts=facts,
        links=links,
    )
