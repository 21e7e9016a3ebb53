"""A layer at its ATT&CK release, ready to draw: annotations per technique and tactic, layout, filters, colors."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from navlayers.attack import Catalogue
from navlayers.errors import Problem
from navlayers.layer.colors import DEFAULT_COLORS, Gradient, LegendItem

if TYPE_CHECKING:
    from collections.abc import Collection

    from navlayers.attack import Technique
    from navlayers.layer import document

Expanded: TypeAlias = Literal["none", "annotated", "all"]
TECHNIQUES = "techniques and sub-techniques"
"""What counts of a release that has sub-techniques."""

COMMENTED = "•"
"""Text of cells that are annotated without a score."""


class Annotation(msgspec.Struct, frozen=True):
    """The annotation of a technique under one tactic.

    `score` is any number; `color` is `#rrggbb` or ""; `metadata` are names and values; `links` labels and http(s)
    URLs. `opened`: the sub-techniques are expanded.
    """

    score: float | None = None
    color: str = ""
    comment: str = ""
    enabled: bool = True
    metadata: tuple[tuple[str, str], ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    opened: bool = False

    @property
    def annotated(self) -> bool:
        """Whether it has any content about the technique itself."""
        return (
            self.score is not None
            or not self.enabled
            or bool(self.color or self.comment or self.metadata or self.links)
        )

    @property
    def counted(self) -> bool:
        """Whether it counts as annotated; a disabled technique does not."""
        return self.enabled and self.annotated


_UNANNOTATED = Annotation()


class Layout(msgspec.Struct, frozen=True):
    """The layout of a layer; `aggregate` is the function over a technique and its sub-techniques."""

    layout: str = "side"
    show_name: bool = True
    show_id: bool = False
    aggregate: str = "average"
    show_aggregate: bool = False
    count_unscored: bool = False
    expanded: Expanded = "none"


class Ratios(msgspec.Struct, frozen=True):
    """Ratios below the tactic names that replace the number of annotated techniques.

    `tactics` has short name → (number, total), or None for no ratio, as for missing tactics. `sentence` is the text
    about the whole layer, `counted` names what is counted, and `whole` what the totals are.
    """

    tactics: dict[str, tuple[int, int] | None]
    sentence: str
    counted: str
    whole: str = "all"

    @classmethod
    def of(cls, catalogue: Catalogue, every: Collection[str], part: Collection[str], what: str) -> Ratios:
        """The share of some techniques in others, of all and per tactic; `what` they are, such as "covered"."""
        total, counted = (
            Counter(tactic for technique in techniques for tactic in catalogue.techniques[technique].tactics)
            for techniques in (every, part)
        )
        return cls(
            {tactic: (counted[tactic], number) for tactic, number in total.items()},
            f"{len(part):,} of {len(every):,} {TECHNIQUES} {what}",
            f"{TECHNIQUES} {what}",
        )


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A layer at its ATT&CK release.

    Attributes:
        name: the name of the layer.
        catalogue: the release; `entries` are of its active techniques only.
        entries: (technique id, tactic short name) → annotation.
        platforms: the platform filter; empty for all.
        sorting: 0 A–Z, 1 Z–A, 2 score ascending, 3 descending.
        tactic_background: `#rrggbb`, or "" for none.
        notices: problems with parts that cannot be drawn as written.
        ratios: replacement for the tactics' counts of annotated techniques.
        unscored: the legend's label for cells without a color; "" for the default.
        mark: text of cells that are annotated without score and color.
    """

    name: str
    description: str = ""
    catalogue: Catalogue
    gradient: Gradient = Gradient(DEFAULT_COLORS)
    legend: tuple[LegendItem, ...] = ()
    entries: dict[tuple[str, str], Annotation] = {}
    layout: Layout = Layout()
    platforms: tuple[str, ...] = ()
    sorting: int = 0
    hide_disabled: bool = False
    tactic_background: str = ""
    metadata: tuple[tuple[str, str], ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    notices: tuple[Problem, ...] = ()
    ratios: Ratios | None = None
    unscored: str = ""
    mark: str = COMMENTED

    @classmethod
    def from_layer(cls, layer: document.Layer, catalogue: Catalogue) -> View:
        """The view of a typed layer of this release."""
        entries: dict[tuple[str, str], Annotation] = {}
        for entry in layer.techniques:
            technique = catalogue.get(entry.techniqueID)
            if technique is None or not technique.active:
                continue
            annotation = Annotation(
                score=entry.score,
                color=entry.color,
                comment=entry.comment,
                enabled=entry.enabled,
                metadata=tuple((item.name, item.value) for item in entry.metadata),
                links=tuple((link.label, link.url) for link in entry.links),
            )
            entries |= {(technique.id, tactic): annotation for tactic in technique.tactics}
        return cls(
            name=layer.name,
            description=layer.description,
            catalogue=catalogue,
            gradient=layer.gradient,
            legend=layer.legendItems,
            entries=entries,
            layout=Layout(
                layout=layer.layout.layout,
                show_name=layer.layout.showName,
                show_id=layer.layout.showID,
                expanded=layer.layout.expandedSubtechniques,
            ),
            hide_disabled=layer.hideDisabled,
            metadata=tuple((item.name, item.value) for item in layer.metadata),
            links=tuple((link.label, link.url) for link in layer.links),
        )

    @property
    def release(self) -> str:
        """The ATT&CK release as text, such as "ATT&CK Enterprise 16.1"."""
        return self.catalogue.title

    @property
    def techniques(self) -> list[Technique]:
        """The active techniques of the release that are on the layer's platforms, if it has any."""
        platforms = set(self.platforms)
        active = [t for t in self.catalogue.techniques.values() if t.active and t.tactics]
        return [t for t in active if not platforms or platforms & set(t.platforms or ("None",))]

    @property
    def has_subtechniques(self) -> bool:
        """Whether the release has sub-techniques."""
        return any(technique.parent for technique in self.catalogue.techniques.values())

    def annotation(self, technique: str, tactic: str) -> Annotation:
        """The annotation of a technique under a tactic."""
        return self.entries.get((technique, tactic), _UNANNOTATED)

    def color(self, entry: Annotation, score: float | None) -> str:
        """The `#rrggbb` of a cell that shows the score; "" for none."""
        if not entry.enabled:
            return ""
        return entry.color or ("" if score is None else self.gradient.color(score))
