"""The coverage of an input, a mapping set or a layer: a score per technique at the inputs' common release."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from navlayers._text.numbers import rounded
from navlayers._text.wording import quantity
from navlayers.errors import Problem, UsageError
from navlayers.mapping.model import CATEGORIES, HUNDRED, MappingSet
from navlayers.mapping.nouns import CAPABILITY, Noun, noun
from navlayers.mapping.ranges import range_text, written
from navlayers.mapping.replacements import Inactive, ReplacedId
from navlayers.scoring.comments import capability_labels
from navlayers.scoring.method import method
from navlayers.scoring.options import UNSPECIFIED
from navlayers.scoring.scores import Scored, TechniqueScore, options_without_effect, score_set
from navlayers.scoring.segments import across_words, segment_notices

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from navlayers.mapping.load import Prepared
    from navlayers.scoring.options import ScoreOptions


class Coverage(msgspec.Struct, frozen=True):
    """The coverage of an input: techniques with a score above 0, overall or in a category.

    Attributes:
        name: its unique name among the inputs.
        title: its title for readers.
        set: the mapping set, also for a layer.
        scored: the scored set.
        is_layer: the input is a layer, or a list of layers.
        own_attack_version: its own release.
        counts: scores are numbers of capabilities, not 0–100.
        categories: its categories, in order; () for a layer.
        entries: technique id → scores, for all mapped techniques that are active in the release.
        labels: capability id → its label.
        replaced, left_out: changes by remapping it to the common release.
        notices: messages for the user.
        covered_only: every covered technique has the score 100.
    """

    name: str
    title: str
    set: MappingSet
    scored: Scored
    is_layer: bool
    own_attack_version: str
    counts: bool
    categories: tuple[str, ...]
    entries: dict[str, TechniqueScore]
    labels: dict[str, str]
    replaced: tuple[ReplacedId, ...] = ()
    left_out: tuple[Inactive, ...] = ()
    notices: tuple[Problem, ...] = ()
    covered_only: bool = False

    @property
    def noun(self) -> Noun:
        """The word for its capabilities; those of a layer are layers, unless they are of threats."""
        word = noun(self.set)
        return word if word.threat or not self.is_layer else CAPABILITY

    @property
    def method(self) -> str:
        """Sentences about its scoring."""
        if self.covered_only:
            return "Every covered technique counts as 100, whatever its score."
        if self.is_layer:
            return (
                "The layer's own numbers of capabilities." if self.counts else f"The layer's own scores{self._of}."
            )
        return " ".join(method(self.scored.rules))

    @property
    def _of(self) -> str:
        """The range of a layer's scores, where it is not 0–100."""
        own = self.scored.rules.range
        return f", {range_text(own)}" if own not in (None, HUNDRED) else ""

    @property
    def scores(self) -> dict[str, TechniqueScore]:
        """The entries of the techniques covered overall."""
        return {technique: self.entries[technique] for technique in self.measures()}

    def measures(self, category: str | None = None) -> dict[str, float]:
        """Technique id → score overall (None) or in one category, for the techniques covered there."""
        return {t: score for t, entry in self.entries.items() if (score := entry.measure(category) or 0) > 0}

    def unrated(self, category: str | None = None) -> frozenset[str]:
        """The techniques that are mapped and not rated, overall (None) or in one category; never covered."""
        return frozenset(
            technique
            for technique, entry in self.entries.items()
            if entry.measure(category) is None and (category is None or category in entry.categories)
        )


def unrated_by_all(inputs: Iterable[Coverage], category: str | None = None) -> frozenset[str]:
    """The techniques that inputs map and none rates, also not with 0."""
    unrated: set[str] = set()
    rated: set[str] = set()
    for coverage in inputs:
        unrated |= coverage.unrated(category)
        rated |= {t for t, e in coverage.entries.items() if e.measure(category) is not None}
    return frozenset(unrated - rated)


def without_scores(coverage: Coverage) -> Coverage:
    """The coverage with 100 for covered techniques and 0 for others, so that counts and scores are comparable."""
    entries = {
        technique: msgspec.structs.replace(
            entry,
            overall=_full(entry.overall),
            categories={category: _full(score) for category, score in entry.categories.items()},
        )
        for technique, entry in coverage.entries.items()
    }
    return msgspec.structs.replace(coverage, entries=entries, counts=False, covered_only=True)


def _full(score: float | None) -> float | None:
    return None if score is None else 100 if score > 0 else 0


def coverage_of(prepared: Prepared, options: ScoreOptions, counted: dict[str, float] | None = None) -> Coverage:
    """The coverage of a set or layer.

    Args:
        prepared: the input, at the common release.
        options: the scoring options.
        counted: technique id → count, for a layer of counts that was read as an unscored set.

    Raises:
        UsageError: the options do not fit the set.
    """
    key = "coverage", msgspec.json.encode((options, counted))
    known: Coverage | None = prepared.results.get(key)
    if known is None:
        known = prepared.results[key] = _coverage_of(prepared, options, counted)
    return known


def _coverage_of(prepared: Prepared, options: ScoreOptions, counted: dict[str, float] | None) -> Coverage:
    if prepared.format == "layer" and options.aggregate == "count" and counted is None:
        prepared = _countable(prepared)
    scored = score_set(prepared.set, prepared.catalogue, options)
    entries = {technique: rounded_entry(entry) for technique, entry in scored.scores.items()}
    counts = scored.rules.counts and bool(prepared.set.mappings)
    if counted is not None and counts:
        entries = {
            technique: msgspec.structs.replace(entry, overall=counted.get(technique), categories={})
            for technique, entry in entries.items()
        }
    coverage = Coverage(
        name=prepared.name,
        title=f"{prepared.set.name_and_version}{across_words(scored.rules)}",
        set=prepared.set,
        scored=scored,
        is_layer=prepared.format == "layer",
        own_attack_version=prepared.own_attack_version,
        counts=counts,
        categories=tuple(c for c in scored.rules.categories if c != UNSPECIFIED),
        entries=entries,
        labels=capability_labels(prepared.set),
        replaced=prepared.replaced,
        left_out=scored.left_out,
    )
    notices = (*prepared.notices, *_notices(coverage))
    return msgspec.structs.replace(coverage, notices=notices)


def rounded_entry(entry: TechniqueScore) -> TechniqueScore:
    """Scores rounded as in layers and tables, so that comparisons ignore further decimals."""
    overall = None if entry.overall is None else rounded(entry.overall)
    categories = {
        category: None if score is None else rounded(score) for category, score in entry.categories.items()
    }
    if (overall, categories) == (entry.overall, entry.categories):
        return entry
    return msgspec.structs.replace(entry, overall=overall, categories=categories)


def _countable(prepared: Prepared) -> Prepared:
    """A layer for counting entries, without those that score 0."""
    kept = tuple(m for m in prepared.set.mappings if m.value is None or float(m.value) > 0)
    note = Problem(f"{prepared.name}: --aggregate count counts the entries of a layer and ignores its scores")
    counted = msgspec.structs.replace(prepared.set, mappings=kept)
    return msgspec.structs.replace(prepared, set=counted, notices=(*prepared.notices, note))


def _notices(coverage: Coverage) -> Iterator[Problem]:
    if not coverage.set.mappings:
        yield Problem(f"{coverage.name}: no mappings")
    for option, why in options_without_effect(coverage.scored):
        if option == "--discount":
            yield Problem(f"{coverage.name}: {option} has no effect: {why}")
    yield from segment_notices(coverage.name, coverage.set, coverage.scored.rules)
    below = [
        entry.overall for entry in coverage.entries.values() if entry.overall is not None and entry.overall <= 0
    ]
    # Scores that were brought to 0–100 are 0 where the layer has a negative one.
    as_written = [written(mapping) for mapping in coverage.set.mappings] if coverage.set.range else below
    nothing, zero = len(below), "0 or less" if any(score is not None and score < 0 for score in as_written) else "0"
    if nothing:
        what = f"{quantity(nothing, 'technique')} scored {zero} {'count' if nothing > 1 else 'counts'}"
        yield Problem(f"{coverage.name}: {what} as not covered")


def check_category(inputs: Iterable[Coverage], category: str | None) -> None:
    """Check that an input has a category.

    Raises:
        UsageError: no input has it.
    """
    layers = [coverage.name for coverage in inputs if coverage.is_layer]
    if category is not None and layers:
        message = f"layers have no categories: {', '.join(layers)}"
        raise UsageError(Problem(message, hint="omit --category, or use the mapping set instead of the layer"))
    own = {name for coverage in inputs for name in coverage.categories}
    if category is not None and category not in own:
        there = [name for name in CATEGORIES if name in own]
        message = f"no input has the category {category}"
        raise UsageError(Problem(message, expected=" or ".join(there), hint="" if there else "omit --category"))
