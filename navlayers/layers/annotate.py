"""One technique's score → its entry in a layer: score, comment, metadata, links.

The comment is made for the Navigator's tooltip of 300 pixels and names the strongest capabilities; the metadata
holds all of them, in order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from navlayers.aggregate import tidy
from navlayers.attack import Catalogue, technique_url
from navlayers.layers.document import Link, Metadata, Technique
from navlayers.layers.gradient import Gradient
from navlayers.scoring import UNSPECIFIED, Rules
from navlayers.weblinks import web_links

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from navlayers.scoring import Contribution, TechniqueScore

NAMES_IN_COMMENT = 8
LINKS_PER_TECHNIQUE = 20
LABEL_LENGTH = 60


class View(msgspec.Struct, frozen=True):
    """What one layer shows: all categories (`category` None) or one, under one gradient."""

    rules: Rules
    category: str | None
    gradient: Gradient
    labels: dict[str, str]
    catalogue: Catalogue

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories that the layer tells of, in order."""
        return self.rules.categories if self.category is None else (self.category,)

    @property
    def measure(self) -> str:
        """What the layer's score is called among the measures that are rolled up."""
        return self.category or "overall"


def comment(entry: TechniqueScore, view: View) -> str:
    """What the tooltip says: per category its score, and who gives it, strongest first, "+n more" past a limit."""
    given, labels = view.rules, view.labels
    lines: list[str] = []
    for category in view.categories:
        contributions = entry.contributions.get(category, ())
        if contributions:
            lines.append(_heading(entry, given, category, len(contributions)))
            lines += _bullets(contributions, given, labels)
    if view.measure in entry.rolled_up:
        mapped, total = entry.rolled_up[view.measure]
        lines.append(f"Rolled up from {mapped} of {total} sub-techniques")
    return "\n".join(lines)


def _heading(entry: TechniqueScore, given: Rules, category: str, number: int) -> str:
    name = "Mapped" if category == UNSPECIFIED else category.capitalize()
    score = entry.categories.get(category)
    if given.counts:
        return f"{name} by {number} capabilit{'y' if number == 1 else 'ies'}"
    return f"{name}: not rated" if score is None else f"{name}: {tidy(score)}"


def _bullets(contributions: Sequence[Contribution], given: Rules, labels: dict[str, str]) -> list[str]:
    """One line per strength, the capabilities behind it."""
    lines: list[str] = []
    shown = contributions[:NAMES_IN_COMMENT]
    strength = None
    for contribution in shown:
        name = labels.get(contribution.capability, contribution.capability)
        now = strength_name(contribution, given)
        if lines and now == strength:
            lines[-1] += f", {name}"
        else:
            lines.append(f"• {now}: {name}" if now else f"• {name}")
        strength = now
    if len(contributions) > len(shown):
        lines[-1] += f", +{len(contributions) - len(shown)} more"
    return lines


def strength_name(contribution: Contribution, given: Rules) -> str:
    """How a mapping says how well it holds: the score value, or else its mapping types."""
    if contribution.value is not None:
        return contribution.value
    types = ", ".join(contribution.types)
    return types if given.counts or contribution.score is not None else types or "not rated"


def metadata(entry: TechniqueScore, view: View) -> tuple[Metadata, ...]:
    """All capabilities behind the score, by id, per category, strongest first, as `id = value (number); …`."""
    given = view.rules
    items = []
    for category in view.categories:
        contributions = entry.contributions.get(category, ())
        if contributions:
            name = "capabilities" if category == UNSPECIFIED else category
            items.append(Metadata(name, "; ".join(_item(c, given) for c in contributions)))
    if view.measure in entry.rolled_up:
        mapped, total = entry.rolled_up[view.measure]
        items.append(Metadata("rolled up", f"{given.options.rollup} of {mapped} of {total} sub-techniques"))
    return tuple(items)


def _item(contribution: Contribution, given: Rules) -> str:
    strength = strength_name(contribution, given)
    text = f"{contribution.capability} = {strength}" if strength else contribution.capability
    if given.counts or contribution.score is None:
        return text
    number = str(tidy(contribution.score))
    return text if strength == number else f"{text} ({number})"


def technique_links(page: str, technique: str, references: Iterable[str]) -> tuple[tuple[Link, ...], int]:
    """The technique's ATT&CK page, then its references; and how many references found no place.

    Only http(s) links are written: the Navigator opens whatever a layer holds.
    """
    urls = web_links(references)
    shown = urls[:LINKS_PER_TECHNIQUE]
    links = [Link(f"{technique} at attack.mitre.org", page), *(Link(_shorten(url), url) for url in shown)]
    return tuple(links), len(urls) - len(shown)


def _shorten(url: str) -> str:
    text = url.partition("://")[2].rstrip("/")
    return text if len(text) <= LABEL_LENGTH else text[: LABEL_LENGTH - 1] + "…"


def annotate(
    entry: TechniqueScore, view: View, references: Iterable[str] = (), notes: Iterable[str] = ()
) -> Technique:
    """The entry of one technique in the layer of a view.

    `notes` are the comments of its mappings, put below the comment where a layer is about one capability.
    """
    score = entry.measure(view.category)
    links, more = technique_links(technique_url(entry.technique), entry.technique, references)
    items = metadata(entry, view)
    shown = None if score is None else tidy(view.gradient.safe(score))
    if shown != score:
        items = (*items, Metadata("exact score", f"{score:g} (the Navigator shows nothing for it)"))
    if more:
        items = (*items, Metadata("references", f"{more} more in the layers of the capabilities"))
    return Technique(
        techniqueID=entry.technique,
        score=shown,
        comment="\n".join([comment(entry, view), *notes]),
        metadata=items,
        links=links,
    )
