"""The matrix of a release, shaded by scores, and what is covered of it."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from navlayers._text import figure, percent, tidy
from navlayers.layer.colors import LegendItem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from navlayers.attack import Tactic, Technique
    from navlayers.layer.colors import Gradient
    from navlayers.layer.matrix import ReleaseColumn
    from navlayers.scoring.scores import TechniqueScore


class Share(NamedTuple):
    """So many techniques and sub-techniques, of as many as are active in the release."""

    techniques: int
    subtechniques: int
    total: int

    @classmethod
    def of(cls, ids: Iterable[str], total: int) -> Share:
        """The share of these ids."""
        subs = ["." in identifier for identifier in ids]
        return cls(len(subs) - sum(subs), sum(subs), total)

    @property
    def number(self) -> int:
        """Techniques and sub-techniques together."""
        return self.techniques + self.subtechniques

    @property
    def percent(self) -> str:
        """The share in per cent, with one decimal."""
        return f"{percent(Fraction(self.number, self.total)):.1f}" if self.total else "0.0"


def covered(scores: Mapping[str, TechniqueScore]) -> list[str]:
    """The ids of what is covered, which is what has a score above 0 or is mapped without one."""
    return [t for t, entry in scores.items() if entry.overall is None or tidy(entry.overall) > 0]


UNRATED = "✓"
"""What stands for the score of a technique that is mapped without a score value."""


_WHITE = "#ffffff"


class Shade(NamedTuple):
    """A mapped technique in a matrix: its score as text, and the `#rrggbb` of it, "" where it has none."""

    text: str
    color: str


class Heat(NamedTuple):
    """One way to look at a matrix: its name, the techniques that are mapped in it, what its colours mean."""

    name: str
    shades: dict[str, Shade]
    legend: tuple[LegendItem, ...]
    tips: Mapping[str, str] = {}


def heat(
    name: str,
    shades: dict[str, Shade],
    legend: Sequence[LegendItem],
    tips: Mapping[str, str] | None = None,
) -> Heat:
    """One way to look at a matrix, the sign of what is mapped without a score explained where it is used."""
    unrated = any(shade.text == UNRATED for shade in shades.values())
    more = (LegendItem(f"{UNRATED} mapped, not rated", _WHITE),) if unrated else ()
    return Heat(name, shades, (*legend, *more), tips or {})


def shades_of(scores: Iterable[tuple[str, float | None]], gradient: Gradient) -> dict[str, Shade]:
    """Technique id → shade, of techniques and their scores."""
    found: dict[float | None, Shade] = {}
    made = {}
    for technique, score in scores:
        if score not in found:
            found[score] = _shade(score, gradient)
        made[technique] = found[score]
    return made


def _shade(score: float | None, gradient: Gradient) -> Shade:
    if score is None:
        return Shade(UNRATED, "")
    return Shade(figure(score), gradient.color(gradient.safe(tidy(score))))


def measured(scores: Mapping[str, TechniqueScore], category: str | None) -> list[tuple[str, float | None]]:
    """Technique id and score, overall or in the category, of what is mapped there."""
    return [
        (technique, entry.measure(category))
        for technique, entry in scores.items()
        if category is None or category in entry.categories
    ]


class Cell(NamedTuple):
    """A technique; `shade` is None where it is not mapped. `views` are its shades in all heats, for the script."""

    id: str
    name: str
    shade: Shade | None
    views: str
    tip: str


class Base(NamedTuple):
    """A technique with its sub-techniques."""

    cell: Cell
    subs: tuple[Cell, ...]


class Column(NamedTuple):
    """A tactic; `mapped` and `total` count techniques, mapped themselves or by a sub-technique."""

    tactic: Tactic
    mapped: int
    total: int
    bases: tuple[Base, ...]


def matrix(release: Sequence[ReleaseColumn], heats: Sequence[Heat], *, whole: bool) -> tuple[Column, ...]:
    """The matrix shaded by the first heat.

    Args:
        release: the columns of its release.
        heats: the ways to look at it, one at least.
        whole: with all techniques, not only those that are mapped, themselves or by a sub-technique.
    """
    shaded = {technique for heat in heats for technique in heat.shades}
    columns = (_column(column, heats, shaded, whole=whole) for column in release)
    return tuple(column for column in columns if column.bases)


def _column(column: ReleaseColumn, heats: Sequence[Heat], shaded: set[str], *, whole: bool) -> Column:
    bases = []
    mapped = 0
    for family in column.families:
        found = [sub for sub in family.subtechniques if sub.id in shaded]
        if found or family.technique.id in shaded:
            mapped += 1
        elif not whole:
            continue
        cells = tuple(_cell(sub, heats) for sub in (family.subtechniques if whole else found))
        bases.append(Base(_cell(family.technique, heats), cells))
    return Column(column.tactic, mapped, len(column.families), tuple(bases))


def _cell(technique: Technique, heats: Sequence[Heat]) -> Cell:
    first = heats[0].shades.get(technique.id)
    views = ""
    if len(heats) > 1:
        found = [heat.shades.get(technique.id) for heat in heats]
        views = "|".join(map(_view, found)) if any(found) else ""
    return Cell(technique.id, technique.name, first, views, heats[0].tips.get(technique.id, ""))


def _view(shade: Shade | None) -> str:
    return f"{shade.color[1:]}={shade.text}" if shade else ""
