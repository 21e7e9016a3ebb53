"""Moves of numbers in words: the headline of a history, and why a number moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from navlayers._text.numbers import number_text, percent_text
from navlayers._text.wording import and_list, first_few, quantity
from navlayers.analysis.history import GONE
from navlayers.attack.domains import DOMAIN_NAMES
from navlayers.mapping.git import SHORT_HASH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.analysis.history_result import Driver, History, Level, Move, Point, Series, Version

DRIVERS, TECHNIQUES = 3, 3
"""Maximum number of reasons of a move, and of techniques of a reason."""

UNCOMMITTED = "not committed"


class Row(NamedTuple):
    """A move of a version of a series."""

    series: Series
    point: Point
    move: Move

    @property
    def level(self) -> Level:
        """The numbers after the move."""
        return self.move.after


class Start(NamedTuple):
    """The first version of a series."""

    series: Series
    point: Point

    @property
    def level(self) -> Level:
        """Its numbers."""
        return self.point.level


def order(row: Row | Start) -> str:
    """What rows are sorted by: the time, and last what is not committed."""
    return row.point.version.time or "~"


def starts_of(history: History) -> list[Start]:
    """The first versions of the series that have moves."""
    moved = (series for series in history.series if any(point.moves for point in series.points))
    return [Start(series, series.points[0]) for series in moved]


def rows_of(history: History) -> list[Row]:
    """All moves, oldest first."""
    rows = [Row(series, p, move) for series in history.series for p in series.points for move in p.moves]
    return sorted(rows, key=order)


def label(version: Version) -> str:
    """The commit in seven letters, or the name of the dated file or folder."""
    return version.name[:SHORT_HASH] if version.subject else version.name or UNCOMMITTED


def headline(history: History) -> str:
    """What covers how much, since when, and the largest move."""
    rows = rows_of(history)
    every = [version for series in history.series for version in series.versions]
    unit = "commit" if all(version.subject for version in every) else "version"
    versions = {(version.name, version.time) for version in every}
    moved = {(row.point.version.name, row.point.version.time) for row in rows}
    total = quantity(len(versions), unit)
    none = f"none of {total} moved a number" if len(versions) > 1 else f"{total}, so nothing moved"
    how_many = f"{len(moved):,} of {total} moved a number" if moved else none
    start = f"{_of_one(history.series[0], how_many)}" if len(history.series) == 1 else _of_all(history, how_many)
    largest = max(rows, key=lambda row: (abs(row.move.change), row.point.version.seconds), default=None)
    if largest is None or not largest.move.change:
        return start
    name = "" if len(history.series) == 1 else f"{largest.series.name} "
    version = largest.point.version
    by = f" by {label(version)}" if version.subject else ""
    when = f"on {version.day}{by}" if version.day else UNCOMMITTED
    reason = why(largest.series, largest.move)
    return f"{start} The largest move: {name}{signed(largest.move.change)} {when}: {reason}."


def _of_one(series: Series, how_many: str) -> str:
    first, last = (series.points[number] for number in (0, -1))
    share = percent_text(last.level.covered, last.level.total)
    change, day = last.level.covered - first.level.covered, first.version.day
    since = f", {signed(change)} since {day}" if change else f", as on {day}"
    base = f"the {last.level.total:,} techniques and sub-techniques of ATT&CK "
    base += f"{DOMAIN_NAMES[series.domain]} {last.attack_version}{f', {last.scope}' if last.scope else ''}"
    what = f"{series.title} {series.noun.cover}s {last.level.covered:,} of {base} ({share})"
    return f"{what}{since if len(series.points) > 1 else ''}; {how_many}."


def _of_all(history: History, how_many: str) -> str:
    days = [point.version.day for series in history.series for point in series.points if point.version.day]
    since = f" since {min(days)}" if days else ""
    moved = [series.name for series in history.series if any(point.moves for point in series.points)]
    names = f": {and_list(moved)}" if moved and len(moved) < len(history.series) else ""
    scopes = {point.scope for series in history.series for point in series.points if point.scope}
    limits = f" In scope: {and_list(sorted(map(str, scopes)))}." if scopes else ""
    return f"{quantity(len(history.series), 'set')}{since}: {how_many}{names}.{limits}"


def signed(change: float) -> str:
    """A change with its sign: "+3", "−2", "±0"."""
    return f"{'+' if change > 0 else '−' if change else '±'}{number_text(abs(change))}"


def why(series: Series, move: Move) -> str:
    """What a cause changed, with the largest reasons."""
    if move.cause == "attack":
        return _why_attack(move)
    if move.cause == "options":
        return "; ".join(map(_option, move.drivers))
    pieces = [_reason(series, driver) for driver in move.drivers[:DRIVERS]]
    more = len(move.drivers) - len(pieces)
    unit = series.noun.singular if more == 1 else series.noun.plural
    return "; ".join([*pieces, *([f"and {more:,} more {unit}"] if more > 0 else [])]) or "no technique changed"


def _why_attack(move: Move) -> str:
    old, new = move.releases or ("", "")
    pieces = []
    for driver in move.drivers:
        if driver.name == GONE:
            pieces.append(f"{_named(driver.lost)} {GONE}")
        elif not driver.gained:
            covered = "one that was" if len(driver.lost) == 1 else "others that were"
            pieces.append(f"{_named(driver.lost)} replaced by {covered} covered")
        else:
            merged = len(driver.lost) - len(driver.gained)
            successor = "its successor" if len(driver.lost) == 1 else "their successors"
            pieces.append(
                f"{_named(driver.lost)} replaced by {successor}"
                + (f", {merged:,} of them by others that were covered" if merged else "")
            )
    if move.before.total != move.after.total:
        pieces.append(f"total {move.before.total:,} → {move.after.total:,}")
    return f"ATT&CK {old} → {new}: {'; '.join(pieces) or 'no technique changed'}"


def _named(techniques: Sequence[str]) -> str:
    return first_few(techniques, TECHNIQUES) if len(techniques) <= TECHNIQUES else f"{len(techniques):,} techniques"


def _option(driver: Driver) -> str:
    """The change of an option: "scale low 10 → 0 (3 lost)"."""
    counts = {"gained": driver.gained, "lost": driver.lost, "stronger": driver.stronger, "weaker": driver.weaker}
    numbers = ", ".join(f"{len(ids):,} {kind}" for kind, ids in counts.items() if ids)
    return f"{driver.name}{f' ({numbers})' if numbers else ''}"


def _reason(series: Series, driver: Driver) -> str:
    """A reason: "Cloud IDS now covers T1040, no longer T1041, raises T1110 40 → 100"."""
    cover = f"{series.noun.cover}s"
    texts = []
    if driver.gained:
        texts.append(f"now {cover} {first_few(driver.gained, TECHNIQUES)}")
    if driver.lost:
        texts.append(f"no longer {'' if texts else f'{cover} '}{first_few(driver.lost, TECHNIQUES)}")
    if driver.stronger:
        texts.append(f"raises {first_few(_scored(driver, driver.stronger), TECHNIQUES)}")
    if driver.weaker:
        texts.append(f"lowers {first_few(_scored(driver, driver.weaker), TECHNIQUES)}")
    return f"{driver.name or 'the layer'} {', '.join(texts)}"


def _scored(driver: Driver, techniques: Sequence[str]) -> list[str]:
    """Techniques with their scores before and after: "T1110 40 → 100"."""
    texts = []
    for technique in techniques:
        before, after = driver.scores.get(technique, (None, None))
        rated = before is not None or after is not None
        sides = ("not rated" if score is None else number_text(score) for score in (before, after))
        texts.append(f"{technique} {' → '.join(sides)}" if rated else technique)
    return texts
