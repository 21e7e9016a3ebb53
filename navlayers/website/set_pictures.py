"""The matrix of scores as a small picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers.layer.ramps import NOT_RATED
from navlayers.output.drawing.thumbnail import Squares
from navlayers.website.matrix import overview_gradient

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from markupsafe import Markup

    from navlayers.layer.colors import Gradient
    from navlayers.layer.matrix import ReleaseColumn
    from navlayers.output.html import Colors
    from navlayers.website.sets import SiteSet


class Thumbnails:
    """Draws a matrix of these columns."""

    def __init__(self, columns: Sequence[ReleaseColumn]) -> None:
        self._squares = Squares.from_sizes(len(column.families) for column in columns)
        self._bases = [base.id for column in columns for base, _ in column.families]
        self._base_of = {sub.id: base.id for column in columns for base, subs in column.families for sub in subs}

    def draw(self, colors: Mapping[str, str], page: Colors, text: str, marked: Collection[int] = ()) -> Markup:
        """The matrix as SVG.

        Args:
            colors: technique → `#rrggbb`, the strongest first; a technique without one has that of its strongest
                sub-technique.
            page: gives colors their classes.
            text: what it shows, for those who cannot see it.
            marked: the numbers of the tactics with a bar below.
        """
        strongest: dict[str, str] = {}
        for technique, color in colors.items():
            strongest.setdefault(self._base_of.get(technique, technique), color)
        shown = [colors.get(base, strongest.get(base, "")) for base in self._bases]
        return self._squares.svg(shown, page, text, marked)


def set_picture(site_set: SiteSet, page: Colors) -> Markup:
    """The matrix of a set with its overall scores, and a bar below the tactics of its biggest hole."""
    item = site_set.indexed
    scores = {technique: entry.overall for technique, entry in item.scored.scores.items()}
    text = f"Matrix of {site_set.title}: {site_set.covered.percent}% {site_set.word}"
    hole = site_set.hole
    text += f". {hole.text}" if hole.text else ""
    marked = [number for number, column in enumerate(item.columns) if column.tactic.name in hole.tactics]
    return Thumbnails(item.columns).draw(score_colors(scores, overview_gradient(item)), page, text, marked)


def score_colors(scores: Mapping[str, float | None], gradient: Gradient) -> dict[str, str]:
    """Technique → color of its score, the strongest first; techniques that are not covered have none."""
    covered = [(technique, score) for technique, score in scores.items() if score is None or score > 0]
    covered.sort(key=lambda pair: (pair[1] is None, -(pair[1] or 0), pair[0]))
    return {
        technique: NOT_RATED if score is None else gradient.color(gradient.safe(score))
        for technique, score in covered
    }
