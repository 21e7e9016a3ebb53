"""The data of the matrix that reports and sites let people explore, as compact JSON.

All scores and colors are computed here; the script only looks them up and takes maxima. It knows techniques,
capabilities and texts by their numbers in the lists of this data.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec
from markupsafe import Markup

from navlayers._text.lines import printable
from navlayers._text.numbers import rounded
from navlayers.layer.matrix import HEADING, release_columns
from navlayers.layer.ramps import NOT_RATED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from navlayers.attack import Catalogue
    from navlayers.layer.colors import Gradient, LegendItem
    from navlayers.layer.view import Ratios
    from navlayers.output.html import Colors

MatrixKind: TypeAlias = Literal["set", "union", "gap", "difference", "layer"]
Score: TypeAlias = float | bool | None
"""0–100 or a count; None: covered without a score; False: the view says that it is not covered."""

SCRIPTS = ("web/model.js", "web/matrix.js", "web/details.js", "web/controls.js", "web/explorer.js")
"""The script of the explorer, each part built on those before it."""


class Tactic(msgspec.Struct, frozen=True, omit_defaults=True):
    """A column: its techniques in the Navigator's order, each with its sub-techniques; some are only headings."""

    id: str
    name: str
    techniques: list[tuple[int, list[int]]]
    headings: list[int] = []


class Release(msgspec.Struct, frozen=True, omit_defaults=True):
    """A release: techniques as id, name, number of the parent or -1, numbers of platforms; tactics; platforms.

    `own` holds the addresses of pages that are not at attack.mitre.org, `heading` the words for techniques that are
    only headings.
    """

    techniques: list[tuple[str, str, int, list[int]]]
    tactics: list[Tactic]
    platforms: list[str]
    own: dict[str, str] = {}
    heading: str = ""


class Shown(msgspec.Struct, frozen=True):
    """A view under one measure: techniques, and per technique its score, color and words, -1 for none.

    `legend` holds labels and colors, strongest first.
    """

    technique: list[int]
    score: list[Score]
    color: list[int]
    words: list[int]
    legend: list[tuple[str, int]]


class View(msgspec.Struct, frozen=True):
    """A view of the matrix. `sets`: the numbers of its inputs; `shown`: an entry per measure, or a single one.

    `hidden`: the techniques that it leaves out. A layer of a threat or a plan has its own figures: `summary` of
    the whole layer, `ratios` of each tactic; `counted` is the unit of the figures.
    """

    id: str
    title: str
    kind: MatrixKind
    sets: list[int]
    shown: list[Shown]
    hidden: list[int] = []
    summary: str = ""
    ratios: list[str] = []
    counted: str = ""


class Measure(msgspec.Struct, frozen=True):
    """Overall or a category; `colors`: the color of each score that a mapping or a capability has."""

    name: str
    colors: dict[str, int] = {}


class Rows(msgspec.Struct, frozen=True):
    """Mappings, the strongest first, as columns: -1 for no category, None for no score (0–100).

    `value`, `type`, `comment` and each of `references` are numbers of texts.
    """

    technique: list[int] = []
    capability: list[int] = []
    category: list[int] = []
    value: list[int] = []
    score: list[float | None] = []
    type: list[int] = []
    comment: list[int] = []
    references: list[list[int]] = []


class Alone(msgspec.Struct, frozen=True):
    """The scores of one capability by itself: techniques, and a list of scores per measure, False for none."""

    techniques: list[int]
    scores: list[list[Score]]


class Input(msgspec.Struct, frozen=True):
    """An input: its mappings, the number of capabilities per technique, the scores of each capability alone."""

    title: str
    name: str
    layer: bool = False
    counts: dict[int, int] = {}
    rows: Rows = Rows()
    alone: dict[int, Alone] = {}


class Explorer(msgspec.Struct, frozen=True, kw_only=True):
    """The data of the script.

    Attributes:
        release: the matrix; None if a script of the site has it.
        measures: the choices of category, the default first.
        noun: the word for a capability, for one and for several.
        covered: what a technique with a score is, "covered" or "mapped".
        counts: scores are numbers of capabilities, not 0–100.
        capabilities: ids and labels.
        colors: the classes that fill with the colors.
        shared: number of a text → number of the cell of class "shared" in the tables of the page that has it.
        pages: the path from the page to the root of its site, whose techniques have pages; None for a report.
        compact: start without empty cells, with sub-techniques open.
    """

    release: Release | None
    measures: Sequence[Measure]
    views: Sequence[View]
    sets: Sequence[Input] = ()
    categories: Sequence[str] = ()
    noun: tuple[str, str]
    covered: str
    counts: bool
    capabilities: Sequence[tuple[str, str]] = ()
    colors: Sequence[str]
    texts: Sequence[str]
    shared: dict[int, int] = {}
    pages: str | None = None
    compact: bool = False


def to_json(data: object) -> Markup:
    """The data as JSON within a script element: no text can end the element."""
    text = msgspec.json.encode(data).decode()
    # U+2028 and U+2029 end a line in scripts of older browsers, and the site has the data in scripts, too.
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup(text)  # noqa: S704 - just escaped


def not_rated_colors(scores: Mapping[str, Score]) -> dict[str, str]:
    """The colors of the techniques that are not rated, for `Numbers.shown`."""
    return {technique: NOT_RATED for technique, score in scores.items() if score is None}


class Numbers:
    """Numbers of the techniques of a release, and of the texts and colors of a page in the order of their use."""

    def __init__(self, catalogue: Catalogue, colors: Colors) -> None:
        self.catalogue = catalogue
        shown = (technique for technique in catalogue.techniques.values() if technique.in_matrix)
        self.techniques = {technique.id: number for number, technique in enumerate(shown)}
        self._page = colors
        self._colors: dict[str, int] = {}
        self._texts: dict[str, int] = {}

    def color(self, color: str) -> int:
        """The number of `#rrggbb`, -1 for ""."""
        return self._colors.setdefault(self._page.name(color), len(self._colors)) if color else -1

    def text(self, text: str) -> int:
        """The number of a text."""
        number = self._texts.get(text)
        return self._texts.setdefault(clean(text), len(self._texts)) if number is None else number

    @property
    def colors(self) -> list[str]:
        """The classes of the colors."""
        return list(self._colors)

    @property
    def texts(self) -> list[str]:
        """The texts."""
        return list(self._texts)

    def shown(
        self,
        scores: Mapping[str, Score],
        gradient: Gradient,
        legend: Iterable[LegendItem],
        *,
        words: Mapping[str, str] | None = None,
        colors: Mapping[str, str] | None = None,
    ) -> Shown:
        """Scores in the colors of a gradient.

        Args:
            scores: technique → score.
            gradient: gives scores their colors.
            legend: the labels of colors.
            words: technique → text for its tooltip.
            colors: technique → `#rrggbb`, instead of the color of the gradient.
        """
        words, colors = words or {}, colors or {}
        rows = [(self.techniques[t], t, scores[t]) for t in sorted(scores) if t in self.techniques]
        return Shown(
            technique=[number for number, _, _ in rows],
            score=[score if score is None or score is False else rounded(score) for _, _, score in rows],
            color=[self._color(colors.get(t), score, gradient) for _, t, score in rows],
            words=[self.text(words[t]) if words.get(t) else -1 for _, t, _ in rows],
            legend=[(clean(item.label), self.color(item.color)) for item in legend],
        )

    def _color(self, own: str | None, score: Score, gradient: Gradient) -> int:
        if own or score is None:
            return self.color(own or "")
        return self.color(gradient.color(gradient.safe(rounded(score))))

    def ratios(self, ratios: Ratios | None) -> list[str]:
        """The figures of each tactic."""
        if ratios is None:
            return []
        rows = (ratios.tactics.get(tactic.shortname) for tactic in self.catalogue.tactics)
        return [f"{ratio[0]}/{ratio[1]}" if ratio else "" for ratio in rows]

    def release(self) -> Release:
        """The matrix of the release."""
        shown = [technique for technique in self.catalogue.techniques.values() if technique.in_matrix]
        platforms = sorted({platform for technique in shown for platform in technique.platforms})
        places = {platform: number for number, platform in enumerate(platforms)}
        number = self.techniques
        has_headings = any(technique.heading_tactics for technique in shown)
        return Release(
            [
                (t.id, clean(t.name), number.get(t.parent or "", -1), sorted(places[p] for p in t.platforms))
                for t in shown
            ],
            [
                Tactic(
                    tactic.id,
                    tactic.name,
                    [(number[f.technique.id], [number[sub.id] for sub in f.subtechniques]) for f in families],
                    [number[f.technique.id] for f in families if tactic.shortname in f.technique.heading_tactics],
                )
                for tactic, families in ((one.tactic, one.families) for one in release_columns(self.catalogue))
            ],
            platforms,
            {t.id: t.page for t in shown if t.page},
            HEADING.comment if has_headings else "",
        )


def clean(text: str) -> str:
    """The text without control characters other than line feeds."""
    return text if text.isprintable() else "\n".join(map(printable, text.splitlines()))
