"""Two versions of a set or layer: gained and lost coverage, per technique and capability."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

from navlayers._text.spelling import folded
from navlayers.analysis.frames import Tabular
from navlayers.analysis.inputs import newer_than
from navlayers.attack import Catalogue
from navlayers.errors import Problem
from navlayers.mapping.model import CATEGORIES
from navlayers.scoring.coverage import Coverage, check_category
from navlayers.scoring.options import OVERALL, UNSPECIFIED
from navlayers.scoring.scores import exact, mean
from navlayers.scoring.stats import evidence_counts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.mapping import model
    from navlayers.mapping.model import MappingSet
    from navlayers.mapping.trust import Trust
    from navlayers.scoring.scores import TechniqueScore

Change: TypeAlias = Literal["gained", "lost", "stronger", "weaker"]
CHANGES: tuple[Change, ...] = ("lost", "weaker", "gained", "stronger")
"""Kinds of changes in the order of reports: losses first."""

_ORDER = (*CATEGORIES, UNSPECIFIED)


class MeasureChange(msgspec.Struct, frozen=True):
    """One measure of a technique before and after.

    Attributes:
        measure: "overall" or a category.
        before, after: the score; None if it is not covered, or not rated.
        covered_before, covered_after: whether it was covered.
    """

    measure: str
    before: float | None
    after: float | None
    covered_before: bool
    covered_after: bool

    @property
    def direction(self) -> int:
        """1 for more, -1 for less, 0 for neither."""
        if self.covered_before != self.covered_after:
            return 1 if self.covered_after else -1
        before, after = self.before or 0, self.after or 0
        return (after > before) - (after < before)


class Reason(msgspec.Struct, frozen=True):
    """A capability whose rating of a technique changed: score value, "mapped" without one, None for no mapping."""

    capability: str
    category: str
    before: str | None
    after: str | None


class TechniqueChange(msgspec.Struct, frozen=True):
    """A technique whose coverage changed; also a technique in the JSON.

    Attributes:
        id, name: its id and name.
        steps: the measures that changed; of a weaker technique, first those that fell.
        reasons: the capabilities behind the change; () for layers.
        missing_in: the release of the version that does not cover it, if that release does not have it; else "".
    """

    id: str
    name: str
    steps: tuple[MeasureChange, ...]
    reasons: tuple[Reason, ...] = ()
    missing_in: str = ""


class CommentChange(msgspec.Struct, frozen=True):
    """A mapping whose comment changed, but not its rating."""

    capability: str
    technique: str
    category: str
    before: str
    after: str


class CoverageTotal(msgspec.Struct, frozen=True):
    """Number of covered techniques and sub-techniques, and their mean score; None if none has a score."""

    covered: int
    mean: float | None


class RenamedCapability(msgspec.Struct, frozen=True):
    """A capability whose name changed, or whose id changed while its name did not."""

    before_id: str
    before_name: str
    after_id: str
    after_name: str


class CapabilityName(msgspec.Struct, frozen=True):
    """A capability that was added or removed."""

    id: str
    name: str


class FactChange(msgspec.Struct, frozen=True):
    """Metadata that changed, such as the ATT&CK release; "" for none."""

    name: str
    before: str
    after: str


class Diff(msgspec.Struct, Tabular, frozen=True):
    """The changes from one version to another.

    A technique is lost if coverage ends and gained if it begins; it is weaker if any measure fell, stronger if some
    rose and none fell.

    Attributes:
        catalogue: the ATT&CK release of both.
        before, after: the versions, scored.
        techniques: kind of change → the techniques whose coverage changed, by id.
        added, removed: mapped capabilities, by id.
        renamed: capabilities, by id.
        comments: mappings whose comment alone changed.
        facts: other metadata that changed.
        totals: those of both versions.
        notices, files: as of a `Comparison`.
    """

    catalogue: Catalogue
    before: Coverage
    after: Coverage
    techniques: dict[Change, tuple[TechniqueChange, ...]]
    added: tuple[CapabilityName, ...]
    removed: tuple[CapabilityName, ...]
    renamed: tuple[RenamedCapability, ...]
    comments: tuple[CommentChange, ...]
    facts: tuple[FactChange, ...]
    totals: tuple[CoverageTotal, CoverageTotal]
    notices: tuple[Problem, ...] = ()
    files: tuple[Path, ...] = ()

    def __repr__(self) -> str:
        """Inputs and number of changes in one line."""
        changed = sum(map(len, self.techniques.values()))
        return f"<Diff of {self.before.name} and {self.after.name}: {changed} techniques changed>"

    def to_dicts(self) -> list[dict[str, Any]]:
        """One row per measure of a technique that changed, losses first: technique, change, scores."""
        return [
            {
                "technique": technique.id,
                "name": technique.name,
                "change": change,
                "measure": step.measure,
                "before": step.before,
                "after": step.after,
            }
            for change, techniques in self.techniques.items()
            for technique in techniques
            for step in technique.steps
        ]

    @property
    def lost_coverage(self) -> bool:
        """Whether any technique is lost or weaker."""
        return bool(self.techniques["lost"] or self.techniques["weaker"])

    @property
    def empty(self) -> bool:
        """Whether nothing changed."""
        capabilities = self.added or self.removed or self.renamed
        return not (any(self.techniques.values()) or capabilities or self.comments or self.facts)


def diff(catalogue: Catalogue, before: Coverage, after: Coverage, *, category: str | None = None) -> Diff:
    """The changes between two versions, overall and per category.

    Layers have neither categories nor capabilities that could change.

    Args:
        catalogue: the release that both versions are at.
        before: the older version, scored.
        after: the newer version, scored alike.
        category: compare only this category; None: all categories and overall.

    Raises:
        UsageError: neither has that category.
    """
    check_category((before, after), category)
    is_layer = before.is_layer or after.is_layer
    added, removed, renamed = ((), (), ()) if is_layer else _capabilities(before.set, after.set)
    categories = () if is_layer else dict.fromkeys((*before.categories, *after.categories))
    named = [category_name for category_name in categories if category in (None, category_name)]
    measured = [None, *named] if category is None else named
    measures = [(name or OVERALL, before.measures(name), after.measures(name)) for name in measured]
    changes: dict[Change, list[TechniqueChange]] = {change: [] for change in CHANGES}
    without: dict[Change, Coverage] = {"gained": before, "lost": after}
    newer = {change: newer_than([version], catalogue) for change, version in without.items()}
    for technique in sorted({t for _, old, new in measures for t in (*old, *new)}):
        steps = [
            MeasureChange(name, old.get(technique), new.get(technique), technique in old, technique in new)
            for name, old, new in measures
        ]
        change = _change(steps)
        if change is not None:
            moved = [step for step in steps if step.direction]
            if change == "weaker":
                moved.sort(key=lambda step: step.direction)
            reasons = () if is_layer else tuple(_reasons(technique, before, after, category))
            name = catalogue.techniques[technique].name
            missing_in = without[change].own_attack_version if technique in newer.get(change, ()) else ""
            changes[change].append(TechniqueChange(technique, name, tuple(moved), reasons, missing_in))
    return Diff(
        catalogue=catalogue,
        before=before,
        after=after,
        techniques={change: tuple(techniques) for change, techniques in changes.items()},
        added=added,
        removed=removed,
        renamed=renamed,
        comments=() if is_layer else tuple(_comments(before.set, after.set)),
        facts=tuple(_facts(before, after)),
        totals=(total_of(before, category), total_of(after, category)),
    )


def total_of(coverage: Coverage, category: str | None) -> CoverageTotal:
    """What a version covers, overall (None) or in one category."""
    measures = coverage.measures(category)
    scores = [score for score in measures.values() if score is not None]
    return CoverageTotal(len(measures), exact(mean(scores)) if scores else None)


def _reasons(technique: str, before: Coverage, after: Coverage, only: str | None) -> Iterator[Reason]:
    discounted = any(version.scored.rules.trust.discount for version in (before, after))
    old, new = (
        _ratings(version.entries.get(technique), version.scored.rules.trust if discounted else None)
        for version in (before, after)
    )
    for category, capability in sorted(old.keys() | new.keys(), key=lambda key: (_ORDER.index(key[0]), key[1])):
        had, has = old.get((category, capability)), new.get((category, capability))
        if had != has and only in (None, category):
            yield Reason(capability, category, had, has)


def _ratings(entry: TechniqueScore | None, trust: Trust | None) -> dict[tuple[str, str], str]:
    """(category, capability) → how it rates the technique, with its evidence where scores depend on it."""
    by_category = entry.contributions if entry else {}
    return {
        (category, c.capability): ", ".join(
            (c.value or "mapped", *([trust.level_of(c.evidence)] if trust is not None else ()))
        )
        for category, of in by_category.items()
        for c in of
    }


def _comments(before: MappingSet, after: MappingSet) -> Iterator[CommentChange]:
    old, new = _comments_by_mapping(before), _comments_by_mapping(after)
    for key in sorted(old.keys() & new.keys(), key=str):
        if old[key] != new[key]:
            capability, technique, _, category, _ = key
            yield CommentChange(capability or "", technique or "", category or UNSPECIFIED, old[key], new[key])


def _comments_by_mapping(mapping_set: MappingSet) -> dict[tuple[str | None, ...], str]:
    """Rating of a mapping → its comment; several mappings may have one rating."""
    comments: dict[tuple[str | None, ...], list[str]] = {}
    for mapping in mapping_set.mappings:
        comments.setdefault(_rating(mapping), []).append(mapping.comment)
    return {rating: "\n".join(sorted(filter(None, texts))) for rating, texts in comments.items()}


def _change(steps: Sequence[MeasureChange]) -> Change | None:
    """The kind of change of a technique, from its measures; the first one decides whether it is covered."""
    directions = {step.direction for step in steps} - {0}
    if not directions:
        return None
    was, now = steps[0].covered_before, steps[0].covered_after
    if was != now:
        return "gained" if now else "lost"
    return "weaker" if -1 in directions else "stronger"


def _capabilities(
    before: MappingSet, after: MappingSet
) -> tuple[tuple[CapabilityName, ...], tuple[CapabilityName, ...], tuple[RenamedCapability, ...]]:
    """Added and removed capabilities that are mapped, and all renamed ones.

    A new id with the name of a removed one is a renamed capability.
    """
    old = {capability.id: capability.name for capability in before.capabilities}
    new = {capability.id: capability.name for capability in after.capabilities}
    renamed = [RenamedCapability(i, old[i], i, new[i]) for i in sorted(old.keys() & new.keys()) if old[i] != new[i]]
    added = dict.fromkeys(sorted(new.keys() - old.keys()))
    by_name = {folded(new[i]): i for i in reversed(added)}
    removed = []
    for identifier in sorted(old.keys() - new.keys()):
        successor = by_name.pop(folded(old[identifier]), None)
        if successor is None:
            removed.append(identifier)
        else:
            del added[successor]
            renamed.append(RenamedCapability(identifier, old[identifier], successor, new[successor]))
    had, has = _mapped(before), _mapped(after)
    return (
        tuple(CapabilityName(i, new[i]) for i in added if i in has),
        tuple(CapabilityName(i, old[i]) for i in removed if i in had),
        tuple(sorted(renamed, key=lambda capability: capability.before_id)),
    )


def _mapped(mapping_set: MappingSet) -> frozenset[str]:
    return frozenset(mapping.capability for mapping in mapping_set.mappings)


def _facts(before: Coverage, after: Coverage) -> Iterator[FactChange]:
    """Metadata that differs between the inputs; a layer's name is not a framework."""
    facts = [("ATT&CK version", before.own_attack_version, after.own_attack_version)]
    if not (before.is_layer or after.is_layer):
        old, new = before.set, after.set
        facts += [("framework", old.framework, new.framework), ("version", old.version, new.version)]
        facts.append(("mappings", f"{len(old.mappings)}", f"{len(new.mappings)}"))
        before_rows, after_rows = (Counter(map(_rating, of.mappings)) for of in (old, new))
        if before_rows != after_rows:
            rows = f"{(before_rows - after_rows).total()} before", f"{(after_rows - before_rows).total()} after"
            facts.append(("mappings in one version only", *rows))
        facts += _evidence_facts(before, after)
        had, has = (f"{len(version.capabilities) - len(_mapped(version))}" for version in (old, new))
        facts.append(("capabilities without mappings", had, has))
        facts.append(("non-mappable", f"{len(old.non_mappable)}", f"{len(new.non_mappable)}"))
    yield from (FactChange(*fact) for fact in facts if fact[1] != fact[2])


def _evidence_facts(before: Coverage, after: Coverage) -> Iterator[tuple[str, str, str]]:
    """Mappings per level of evidence, and those with the same rating and other evidence or robustness."""
    levels = [evidence_counts(version.set, version.scored.catalogue) for version in (before, after)]
    if any(levels):
        had, has = (", ".join(f"{number:,} {level}" for level, number in counts.items()) for counts in levels)
        yield "evidence of mappings", had, has
    old, new = (version.set.mappings for version in (before, after))
    rated = Counter(map(_rating, old)) & Counter(map(_rating, new))
    same = Counter(map(_with_evidence, old)) & Counter(map(_with_evidence, new))
    if other := rated.total() - same.total():
        yield "mappings with other evidence", f"{other:,} before", f"{other:,} after"


def _with_evidence(mapping: model.Mapping) -> tuple[object, ...]:
    return (*_rating(mapping), mapping.evidence, mapping.robustness)


def _rating(mapping: model.Mapping) -> tuple[str | None, ...]:
    return mapping.capability, mapping.technique, mapping.type, mapping.category, mapping.value
