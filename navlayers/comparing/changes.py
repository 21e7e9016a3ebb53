"""Two versions of one set or layer: what was gained and lost, per technique and capability."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from navlayers.attack import Catalogue
from navlayers.coverage import Coverage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.model import Mapping, MappingSet

Change: TypeAlias = Literal["gained", "lost", "stronger", "weaker"]
CHANGES: tuple[Change, ...] = ("lost", "weaker", "gained", "stronger")
"""In the order in which people want to hear of them."""

OVERALL = "overall"


class Step(msgspec.Struct, frozen=True):
    """One measure of a technique, "overall" or a category, before and after; "covered" says whether it was at all.

    A score is None where it is not covered, or covered without a score.
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


class TechniqueChange(msgspec.Struct, frozen=True):
    """A technique whose coverage changed. `steps` are the measures that did, overall first."""

    technique: str
    name: str
    change: Change
    steps: tuple[Step, ...]


class Renamed(msgspec.Struct, frozen=True):
    """A capability whose name or id changed: the ids are the same, or else the names."""

    before_id: str
    before_name: str
    after_id: str
    after_name: str


class Named(msgspec.Struct, frozen=True):
    """A capability: id and name."""

    id: str
    name: str


class Diff(msgspec.Struct, frozen=True):
    """What changed from `before` to `after`, both at the catalogue's release.

    A technique is lost or gained where coverage ends or begins; it is weaker where any measure fell, stronger where
    some rose and none fell. `facts` are (name, before, after) of what the inputs say of themselves.
    """

    catalogue: Catalogue
    before: Coverage
    after: Coverage
    techniques: tuple[TechniqueChange, ...]
    added: tuple[Named, ...]
    removed: tuple[Named, ...]
    renamed: tuple[Renamed, ...]
    facts: tuple[tuple[str, str, str], ...]

    def of(self, change: Change) -> tuple[TechniqueChange, ...]:
        """The techniques that changed in this way, by id."""
        return tuple(technique for technique in self.techniques if technique.change == change)

    @property
    def lost_coverage(self) -> bool:
        """Whether any technique is lost or weaker."""
        return bool(self.of("lost") or self.of("weaker"))

    @property
    def empty(self) -> bool:
        """Whether nothing changed."""
        return not (self.techniques or self.added or self.removed or self.renamed or self.facts)


def diff(catalogue: Catalogue, before: Coverage, after: Coverage, *, category: str | None = None) -> Diff:
    """Tell two versions apart, overall and per category, or in one category alone.

    A layer has neither categories nor capabilities to tell apart.
    """
    a_layer = before.is_layer or after.is_layer
    added, removed, renamed = ((), (), ()) if a_layer else _capabilities(before.set, after.set)
    there = () if a_layer else dict.fromkeys((*before.categories, *after.categories))
    measures = [found for found in there if category in (None, found)]
    changes = []
    for technique in sorted(before.scores.keys() | after.scores.keys()):
        steps = list(_steps(technique, before, after, measures, overall=category is None))
        change = _change(steps, technique, before, after, category)
        if change is not None:
            moved = tuple(step for step in steps if step.direction)
            changes.append(TechniqueChange(technique, catalogue.techniques[technique].name, change, moved))
    return Diff(catalogue, before, after, tuple(changes), added, removed, renamed, tuple(_facts(before, after)))


def _steps(
    technique: str, before: Coverage, after: Coverage, categories: Sequence[str], *, overall: bool
) -> Iterator[Step]:
    old, new = before.scores.get(technique), after.scores.get(technique)
    if overall:
        a, b = (None if entry is None else entry.overall for entry in (old, new))
        yield Step(OVERALL, a, b, old is not None, new is not None)
    for category in categories:
        had, has = (entry is not None and category in entry.categories for entry in (old, new))
        a = old.categories[category] if old and had else None
        b = new.categories[category] if new and has else None
        yield Step(category, a, b, had, has)


def _change(
    steps: Sequence[Step], technique: str, before: Coverage, after: Coverage, category: str | None
) -> Change | None:
    directions = {step.direction for step in steps} - {0}
    if not directions:
        return None
    if category is None:
        was, now = technique in before.scores, technique in after.scores
    else:
        was, now = steps[0].covered_before, steps[0].covered_after
    if was != now:
        return "gained" if now else "lost"
    return "weaker" if -1 in directions else "stronger"


def _capabilities(
    before: MappingSet, after: MappingSet
) -> tuple[tuple[Named, ...], tuple[Named, ...], tuple[Renamed, ...]]:
    """Added, removed and renamed ones. A new id with the name of one that went is that one renamed."""
    old = {capability.id: capability.name for capability in before.capabilities}
    new = {capability.id: capability.name for capability in after.capabilities}
    renamed = [Renamed(i, old[i], i, new[i]) for i in sorted(old.keys() & new.keys()) if old[i] != new[i]]
    gone, come = sorted(old.keys() - new.keys()), sorted(new.keys() - old.keys())
    by_name = {_key(new[i]): i for i in reversed(come)}
    for identifier in list(gone):
        successor = by_name.pop(_key(old[identifier]), None)
        if successor is not None:
            gone.remove(identifier)
            come.remove(successor)
            renamed.append(Renamed(identifier, old[identifier], successor, new[successor]))
    return (
        tuple(Named(i, new[i]) for i in come),
        tuple(Named(i, old[i]) for i in gone),
        tuple(sorted(renamed, key=lambda one: one.before_id)),
    )


def _key(name: str) -> str:
    return " ".join(name.split()).casefold()


def _facts(before: Coverage, after: Coverage) -> Iterator[tuple[str, str, str]]:
    """What the inputs say of themselves that differs; the name of a layer is not a framework."""
    yield from _fact("ATT&CK version", before.own_attack_version, after.own_attack_version)
    if before.is_layer or after.is_layer:
        return
    for what in ("framework", "version"):
        yield from _fact(what, getattr(before.set, what), getattr(after.set, what))
    yield from _fact("mappings", f"{len(before.set.mappings)}", f"{len(after.set.mappings)}")
    old, new = (Counter(map(_gist, one.set.mappings)) for one in (before, after))
    if old != new:
        yield "mappings that the other has not", f"{(old - new).total()}", f"{(new - old).total()}"
    yield from _fact("non-mappable", f"{len(before.set.non_mappable)}", f"{len(after.set.non_mappable)}")


def _gist(mapping: Mapping) -> tuple[str | None, ...]:
    return mapping.capability, mapping.technique, mapping.type, mapping.category, mapping.value


def _fact(what: str, before: str, after: str) -> Iterator[tuple[str, str, str]]:
    if before != after:
        yield what, before, after
