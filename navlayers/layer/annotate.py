"""Entries of a layer from technique scores: score, comment, metadata, links.

The comment fits the Navigator's tooltip, 300 pixels wide, and names the strongest capabilities. The metadata has
all of them, in order.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from navlayers._text.links import page_label, technique_url, web_links
from navlayers._text.numbers import rounded
from navlayers.layer.colors import Gradient
from navlayers.layer.document import Link, Metadata, Technique
from navlayers.layer.ramps import NOT_RATED
from navlayers.mapping.evidence import strongest
from navlayers.scoring.comments import comment, evidence_text, strength_name
from navlayers.scoring.options import OVERALL, UNSPECIFIED, Rules
from navlayers.scoring.segments import segment_scores

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from navlayers.mapping.evidence import Evidence
    from navlayers.scoring.scores import Contribution, TechniqueScore

NAMES_IN_COMMENT = 6
"""Maximum number of capabilities in a comment, over all categories: the Navigator's tooltip does not scroll."""

LINKS_IN_MENU = 5
"""Maximum number of references linked: the Navigator's context menu does not scroll."""

LABEL_LENGTH = 50

EXACT = "exact score"
"""Name of the metadata with the exact score, where the Navigator cannot show it."""


class Style(msgspec.Struct, frozen=True):
    """The style of a layer: one category, or all for None, and a gradient.

    `links` is the maximum number of references linked per technique; None for all.
    """

    rules: Rules
    category: str | None
    gradient: Gradient
    labels: dict[str, str]
    links: int | None = LINKS_IN_MENU

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories of the layer, in order."""
        return self.rules.categories if self.category is None else (self.category,)

    @property
    def measure(self) -> str:
        """The key of the layer's score in `TechniqueScore.rolled_up`."""
        return self.category or OVERALL


def _metadata(entry: TechniqueScore, style: Style) -> list[tuple[str, str]]:
    """All capabilities of the score per category, strongest first, as `id = value (number); …`."""
    rules, categories = style.rules, style.categories
    items = []
    for category in categories:
        contributions = entry.contributions.get(category, ())
        if contributions:
            name = "capabilities" if category == UNSPECIFIED else category
            items.append((name, "; ".join(_item(c, rules) for c in contributions)))
    if rules.evidenced:
        items += _evidence_facts([c for each in categories for c in entry.contributions.get(each, ())], rules)
    if rules.segments:
        items.append(("segments", "; ".join(map(" ".join, segment_scores(entry, rules, style.measure)))))
    if style.measure in entry.rolled_up:
        mapped, total = entry.rolled_up[style.measure]
        items.append(("rolled up", f"{rules.options.rollup} of {mapped} of {total} sub-techniques"))
    return items


def _evidence_facts(contributions: Sequence[Contribution], rules: Rules) -> Iterator[tuple[str, str]]:
    """The strongest evidence and the highest robustness of each capability."""
    found: dict[str, list[Evidence]] = {}
    for c in contributions:
        if c.evidence is not None:
            found.setdefault(c.capability, []).append(c.evidence)
    best = {capability: strongest(of) for capability, of in found.items()}
    texts = [f"{capability} = {evidence_text(one, rules)}" for capability, one in best.items() if one is not None]
    if texts:
        yield "evidence", "; ".join(texts)
    robust: dict[str, int] = {}
    for c in contributions:
        if c.robustness is not None:
            robust[c.capability] = max(c.robustness, robust.get(c.capability, 0))
    if robust:
        yield "robustness", "; ".join(f"{capability} = {step}" for capability, step in robust.items())


def _item(contribution: Contribution, rules: Rules) -> str:
    strength = strength_name(contribution, rules)
    text = f"{contribution.capability} = {strength}" if strength else contribution.capability
    if rules.counts or contribution.score is None:
        return text
    number = str(rounded(contribution.score))
    return text if strength == number else f"{text} ({number})"


def technique_links(
    entry: TechniqueScore, references: Iterable[str], limit: int | None
) -> tuple[tuple[Link, ...], int]:
    """Links to the technique's ATT&CK page and its references, and the number of references beyond the limit.

    Only http(s) links are written, because the Navigator opens any link.

    Args:
        entry: the scores of the technique.
        references: texts with addresses, in the order of the links.
        limit: the maximum number of references linked; None for all.
    """
    urls = web_links(references)
    shown = urls[:limit]
    return (_page_link(entry.technique), *map(_link, shown)), len(urls) - len(shown)


_ANY_PAGE = technique_url("")
"""An address at the site of all pages, which is taken apart once."""


@lru_cache(maxsize=2_000)
def _page_link(technique: str) -> Link:
    """The link to a technique's ATT&CK page, cached because many layers share it."""
    return Link(page_label(technique, _ANY_PAGE), technique_url(technique))


def with_own_pages(entries: Iterable[Technique], pages: Mapping[str, str]) -> Iterable[Technique]:
    """The entries with links to the pages of `Catalogue.own_pages`."""
    return (_with_own_page(entry, pages) for entry in entries) if pages else entries


def _with_own_page(entry: Technique, pages: Mapping[str, str]) -> Technique:
    page = pages.get(technique_url(entry.techniqueID))
    if page is None:
        return entry
    own = Link(page_label(entry.techniqueID, page), page)
    links = tuple(own if link == _page_link(entry.techniqueID) else link for link in entry.links)
    return msgspec.structs.replace(entry, links=links)


@lru_cache(maxsize=10_000)
def _link(url: str) -> Link:
    """A link, cached because many layers share it."""
    return Link(_shorten(url), url)


def _shorten(url: str) -> str:
    """The URL without its scheme; a long one is cut to its host and last parts."""
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
        score: any number, rounded to two decimals; None for none. A score that would empty the Navigator's matrix
            is lowered, and the metadata has the exact one.
        gradient: the gradient of the layer.
        comment: the text of the tooltip.
        color: `#rrggbb`, which replaces the color of the score; "" for none.
        facts: names and values of its metadata; empty values are omitted.
        links: None for the technique's ATT&CK page.
    """
    metadata = [Metadata(name, value) for name, value in facts if value]
    exact = score if score is None else rounded(score)
    shown = exact if exact is None else rounded(gradient.safe(exact))
    if shown != exact:
        metadata.append(Metadata(EXACT, f"{exact} (the Navigator shows nothing for it)"))
    return Technique(
        techniqueID=technique,
        score=shown,
        color=color,
        comment=comment,
        metadata=tuple(metadata),
        links=(_page_link(technique),) if links is None else tuple(links),
    )


def annotate(
    entry: TechniqueScore, style: Style, references: Iterable[str] = (), notes: Iterable[str] = ()
) -> Technique:
    """The entry of one technique in a layer of a set.

    Args:
        entry: its scores.
        style: the style of the layer.
        references: the references of its mappings, in the order of the links.
        notes: comments of its mappings to append to the comment, in the layer of one capability.
    """
    links, more = technique_links(entry, references, style.links)
    facts = _metadata(entry, style)
    if more:
        facts.append(("references", f"{more} more in the layers of the capabilities"))
    return make_entry(
        entry.technique,
        score := entry.measure(style.category),
        style.gradient,
        comment="\n".join([comment(entry, style.rules, style.labels, style.category, NAMES_IN_COMMENT), *notes]),
        color=NOT_RATED if score is None else "",
        facts=facts,
        links=links,
    )
