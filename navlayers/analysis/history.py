"""Coverage over time: the numbers of each version of a set or layer, and why they moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from navlayers._text.numbers import number_text
from navlayers.analysis.diff import CoverageTotal, diff, total_of
from navlayers.analysis.history_result import Driver, Level, Move, Point, Series, Unread, Version
from navlayers.attack.id_changes import ReleaseChange
from navlayers.errors import Problem
from navlayers.mapping.model import DEFAULT_SCALE
from navlayers.mapping.nouns import noun
from navlayers.scoring.coverage import check_category
from navlayers.scoring.options import OVERALL
from navlayers.scoring.stats import tactic_stats

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from navlayers.analysis.diff import Change
    from navlayers.analysis.inputs import InputSet
    from navlayers.attack import Catalogue
    from navlayers.mapping.model import MappingSet
    from navlayers.scoring.coverage import Coverage
    from navlayers.scoring.options import ScoreOptions

_KINDS: tuple[Change, ...] = ("gained", "lost", "stronger", "weaker")

REPLACED = "replaced by a successor"
GONE = "no longer active"


def series_of(
    name: str,
    versions: Iterable[tuple[Version, InputSet | Problem]],
    options: ScoreOptions,
    category: str | None = None,
) -> Series | None:
    """The numbers of the versions of one set or layer, and what moved them.

    Args:
        name: its name.
        versions: the versions, oldest first: read, or the problem that prevents it.
        options: how mappings become scores.
        category: count only this category.

    Returns:
        The series; None if no version has numbers.

    Raises:
        UsageError: the options do not fit a version.
    """
    points: list[Point] = []
    unread: list[Unread] = []
    categories: set[str] = set()
    last: tuple[InputSet, Coverage, Level] | None = None
    for version, read in versions:
        if isinstance(read, Problem):
            unread.append(Unread(version, read))
            continue
        (coverage,) = read.coverage(options)
        categories |= set(coverage.categories)
        level = _level(coverage, read.catalogue, category)
        moves = _moves(last, (read, coverage, level), options, category) if last else ()
        points.append(
            Point(version, level, read.catalogue.version, tuple(moves), read.catalogue.scope or msgspec.UNSET)
        )
        last = read, coverage, level
    if last is None:
        return None
    read, coverage, _ = last
    if category not in categories:
        check_category((coverage,), category)
    mapping_set = coverage.set
    return Series(
        name,
        mapping_set.name,
        mapping_set.domain,
        coverage.counts,
        tuple(points),
        tuple(unread),
        noun(mapping_set),
    )


def _level(coverage: Coverage, catalogue: Catalogue, category: str | None) -> Level:
    total: CoverageTotal = total_of(coverage, category)
    active = sum(technique.active for technique in catalogue.techniques.values())
    return Level(total.covered, active, total.mean, tactic_stats(coverage.measures(category), catalogue))


def _moves(
    old: tuple[InputSet, Coverage, Level],
    new: tuple[InputSet, Coverage, Level],
    options: ScoreOptions,
    category: str | None,
) -> Iterator[Move]:
    """The moves from one version to the next: by the new release, then the new mappings, then the new options."""
    before, was, level = old
    after, now, end = new
    catalogue = after.catalogue
    remapped = was
    if before.catalogue is not catalogue:
        (remapped,) = before.at_release(catalogue).coverage(options)
        reached = _level(remapped, catalogue, category)
        drivers = _id_drivers(was.measures(category), remapped.measures(category), before.catalogue, catalogue)
        if reached != level or drivers:
            releases = before.catalogue.version, catalogue.version
            yield Move("attack", level, reached, tuple(drivers), releases)
        level = reached
    mapped = now
    scale = _other_scale(was.set, now.set)
    if scale:
        (mapped,) = _with_scale(after, {**scale[1], **scale[0]}).coverage(options)
    reached = _level(mapped, catalogue, category) if scale else end
    drivers = _mapping_drivers(catalogue, remapped, mapped, category)
    if reached != level or drivers:
        yield Move("mapping", level, reached, tuple(drivers))
    if scale:
        drivers = [_option_driver(catalogue, mapped, now, _scale_text(*scale), category)]
        if end != reached or drivers != [Driver(drivers[0].name)]:
            yield Move("options", reached, end, tuple(drivers))


def _other_scale(old: MappingSet, new: MappingSet) -> tuple[dict[str, float], dict[str, float]] | None:
    """The scales of two versions, if both are scored and a value that the new one uses has another number."""
    if not (old.scored and new.scored):
        return None
    scales = tuple(each.scale or DEFAULT_SCALE for each in (old, new))
    used = {mapping.value for mapping in new.mappings}
    changed = any(value in used and scales[1].get(value, number) != number for value, number in scales[0].items())
    return (scales[0], scales[1]) if changed else None


def _with_scale(inputs: InputSet, scale: dict[str, float]) -> InputSet:
    (prepared,) = inputs.inputs
    changed = msgspec.structs.replace(prepared, set=msgspec.structs.replace(prepared.set, scale=scale))
    return msgspec.structs.replace(inputs, inputs=(changed,))


def _scale_text(old: dict[str, float], new: dict[str, float]) -> str:
    changes = (
        f"{value} {number_text(number)} → {number_text(new[value])}"
        for value, number in old.items()
        if new.get(value, number) != number
    )
    return f"scale {', '.join(changes)}"


def _id_drivers(before: Iterable[str], after: Iterable[str], old: Catalogue, new: Catalogue) -> list[Driver]:
    """The covered techniques that the new release has under another id, or not as active ones."""
    had, has = set(before), set(after)
    changes = ReleaseChange(old, new)
    lost = sorted(had - has)
    replaced = tuple(technique for technique in lost if changes.id_change(technique).kind == "replaced")
    gone = tuple(technique for technique in lost if technique not in replaced)
    drivers = [Driver(REPLACED, tuple(sorted(has - had)), replaced), Driver(GONE, (), gone)]
    return sorted((each for each in drivers if each.gained or each.lost), key=lambda each: -len(each.lost))


def _mapping_drivers(catalogue: Catalogue, before: Coverage, after: Coverage, category: str | None) -> list[Driver]:
    """The capabilities behind the techniques whose coverage changed, those of most techniques first."""
    has_category = category is None or category in (*before.categories, *after.categories)
    if before.entries == after.entries or not has_category:
        return []
    changed: dict[str, dict[Change, list[str]]] = {}
    scores: dict[str, tuple[float | None, float | None]] = {}
    for kind, techniques in diff(catalogue, before, after, category=category).techniques.items():
        for technique in techniques:
            for step in technique.steps:
                if step.measure == (category or OVERALL) and kind in ("stronger", "weaker"):
                    scores[technique.id] = step.before, step.after
            for capability in dict.fromkeys(reason.capability for reason in technique.reasons) or ("",):
                changed.setdefault(capability, {}).setdefault(kind, []).append(technique.id)
    labels = before.labels | after.labels
    drivers = [
        _driver(
            labels.get(capability, capability),
            kinds,
            {technique: scores[technique] for of in kinds.values() for technique in of if technique in scores},
        )
        for capability, kinds in changed.items()
    ]
    return sorted(drivers, key=_rank)


def _rank(driver: Driver) -> tuple[int, int, str]:
    """The order of drivers: most techniques gained or lost, then most changed."""
    return (
        -len(driver.gained) - len(driver.lost),
        -len(driver.stronger) - len(driver.weaker),
        driver.name,
    )


def _option_driver(
    catalogue: Catalogue, before: Coverage, after: Coverage, name: str, category: str | None
) -> Driver:
    techniques = diff(catalogue, before, after, category=category).techniques
    return _driver(name, {kind: [each.id for each in of] for kind, of in techniques.items()})


def _driver(
    name: str,
    kinds: Mapping[Change, Sequence[str]],
    scores: Mapping[str, tuple[float | None, float | None]] = {},
) -> Driver:
    gained, lost, stronger, weaker = (tuple(kinds.get(kind, ())) for kind in _KINDS)
    return Driver(name, gained, lost, stronger, weaker, dict(scores))
