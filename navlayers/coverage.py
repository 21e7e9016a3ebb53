"""What one input covers, be it a mapping set or a layer: a score per technique, at the release of all inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from navlayers.carry import Inactive, Moved
from navlayers.errors import Problem
from navlayers.layers.describe import method
from navlayers.layers.labels import capability_labels
from navlayers.model import MappingSet
from navlayers.scoring import UNSPECIFIED, Scored, TechniqueScore, score_set

if TYPE_CHECKING:
    from navlayers.options import ScoreOptions
    from navlayers.pipeline import Prepared


class Coverage(msgspec.Struct, frozen=True):
    """What an input covers.

    `name` tells it from the other inputs, `title` is what people call it. `scores` holds the techniques that it
    covers, by id: those that are active in the release and have a score above 0, or are mapped without one.
    `scored` is what they come from. `counts`: scores are numbers of capabilities, not 0–100. `is_layer`: the input
    is a layer, or a list of them. `covered_only`: every score is 100, whatever it was. `categories`: those that it
    has, in order; none of a layer. `labels`: capability id → what people call it. `moved` and `left_out` say what
    carrying it to the release changed; `own_attack_version` is the release that it was made for.
    """

    name: str
    title: str
    set: MappingSet
    scored: Scored
    is_layer: bool
    own_attack_version: str
    counts: bool
    categories: tuple[str, ...]
    scores: dict[str, TechniqueScore]
    labels: dict[str, str]
    moved: tuple[Moved, ...] = ()
    left_out: tuple[Inactive, ...] = ()
    notices: tuple[Problem, ...] = ()
    covered_only: bool = False

    @property
    def method(self) -> str:
        """How its scores are made, in sentences."""
        if self.covered_only:
            return "What is covered at all counts as 100, how well it is covered does not count."
        if self.is_layer:
            return "A layer's own numbers of capabilities." if self.counts else "A layer's own scores."
        return " ".join(method(self.scored.rules))

    def measures(self, category: str | None = None) -> dict[str, float | None]:
        """Technique id → score overall (None) or in one category, for the techniques covered there."""
        if category is None:
            return {technique: entry.overall for technique, entry in self.scores.items()}
        return {
            technique: entry.categories[category]
            for technique, entry in self.scores.items()
            if category in entry.categories and entry.categories[category] != 0
        }


def without_scores(coverage: Coverage) -> Coverage:
    """The same by what it covers alone, 100 for every technique and category: so counts and scores can meet."""
    scores = {
        technique: msgspec.structs.replace(entry, overall=100, categories=dict.fromkeys(entry.categories, 100))
        for technique, entry in coverage.scores.items()
    }
    return msgspec.structs.replace(coverage, scores=scores, counts=False, covered_only=True)


def coverage_of(prepared: Prepared, options: ScoreOptions, counted: dict[str, float] | None = None) -> Coverage:
    """What a set covers; `counted` gives technique id → number where it is a layer of counts.

    Raises:
        UsageError: the options do not fit the set.
    """
    scored = score_set(prepared.set, prepared.catalogue, options)
    scores = scored.scores
    counts = scored.rules.counts and bool(prepared.set.mappings)
    if counted is not None and options.worth is None:
        counts = True
        scores = {
            technique: msgspec.structs.replace(entry, overall=counted.get(technique), categories={})
            for technique, entry in scores.items()
        }
    elif counted is not None:
        scores = {t: msgspec.structs.replace(entry, overall=options.worth) for t, entry in scores.items()}
    covered = {
        technique: entry for technique, entry in scores.items() if entry.overall is None or entry.overall > 0
    }
    nothing = len(scores) - len(covered)
    notices = list(prepared.notices)
    if not prepared.set.mappings:
        notices.append(Problem(f"{prepared.name}: it has no mappings"))
    if nothing:
        what = f"{nothing} technique{'s' * (nothing > 1)} scored 0"
        notices.append(Problem(f"{prepared.name}: {what} count as not covered"))
    return Coverage(
        name=prepared.name,
        title=f"{prepared.set.name} {prepared.set.version}".strip(),
        set=prepared.set,
        scored=scored,
        is_layer=prepared.format == "layer",
        own_attack_version=prepared.own_attack_version,
        counts=counts,
        categories=tuple(c for c in scored.rules.categories if c != UNSPECIFIED),
        scores=covered,
        labels=capability_labels(prepared.set),
        moved=prepared.moved,
        left_out=scored.left_out,
        notices=tuple(notices),
    )
