"""The page of a tactic: its techniques in matrix order, and what each set covers of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from navlayers import attack
from navlayers.attack.catalogue import SITE
from navlayers.pages.show import parts
from navlayers.pages.show.lookup import catalogues
from navlayers.pages.show.results import TacticPage, TacticSection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.attack import Catalogue, Tactic, Technique
    from navlayers.pages.show.results import Entry
    from navlayers.pages.show.set_index import IndexedSet


def tactic_page(identifier: str, sets: Sequence[IndexedSet]) -> TacticPage:
    """The page of the tactic of that id.

    Raises:
        UsageError: the options do not fit a set.
    """
    at_hand = [*catalogues(sets), *map(attack.load, reversed(attack.releases()))]
    catalogue, tactic = next((c, t) for c in at_hand if (t := _tactic(identifier, c)) is not None)
    sections = []
    for one in sets:
        own = next((column for column in one.columns if column.tactic.id == identifier), None)
        if own is not None:
            entry = partial(_entry, one)
            column = parts.column(one, own, one.scored.scores, entry)
            sections.append(TacticSection(one.head, column))
    return TacticPage(
        identifier,
        tactic.name,
        f"{SITE}/tactics/{identifier}/",
        catalogue.domain,
        catalogue.version,
        tuple(sections),
        parts.without(sets, (section.set for section in sections)),
    )


def _tactic(identifier: str, catalogue: Catalogue) -> Tactic | None:
    return next((tactic for tactic in catalogue.tactics if tactic.id == identifier), None)


def _entry(one: IndexedSet, technique: Technique) -> Entry:
    return parts.plain_entry(technique, one.scored.scores, one.rules)
