"""The coverage of sets over time: versions, their levels, and what moved each."""

from __future__ import annotations

import math
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

from navlayers._text.numbers import percent
from navlayers.analysis.frames import Tabular
from navlayers.attack.domains import Domain
from navlayers.errors import Problem
from navlayers.mapping.nouns import Noun
from navlayers.scoring.stats import TacticStats

if TYPE_CHECKING:
    from collections.abc import Iterator


Cause: TypeAlias = Literal["attack", "mapping", "options"]

CAUSES: dict[Cause, str] = {"attack": "ATT&CK", "mapping": "mapping", "options": "options"}
"""Causes of moves in the order in which they are told apart → their names in sentences."""


class Version(msgspec.Struct, frozen=True):
    """A version of a file.

    Attributes:
        name: the hash of the commit in git, or the name of a dated file or folder; "" for the file that is not
            committed.
        time: when it was committed, or its date, in ISO 8601; "" if it is not committed.
        subject: the subject of the commit; "" for none.
        path: the file, in git from the top folder of the repository; "" where the commit deletes it.
    """

    name: str
    time: str
    subject: str = ""
    path: str = ""

    @property
    def day(self) -> str:
        """The date as 2025-01-31."""
        return self.time[:10]

    @property
    def seconds(self) -> float:
        """The time in seconds since 1970, a month at its first day; infinite if it is not committed."""
        if not self.time:
            return math.inf
        time = datetime.fromisoformat(self.time if len(self.time) > len("2025-01") else f"{self.time}-01")
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


class Level(msgspec.Struct, frozen=True):
    """The numbers of a version.

    Attributes:
        covered: number of covered techniques and sub-techniques.
        total: number of those that are active in the release.
        mean: mean score of the covered ones; None if none has a score.
        tactics: the numbers of covered and active ones per tactic, in the order of the matrix.
    """

    covered: int
    total: int
    mean: float | None
    tactics: tuple[TacticStats, ...]


class Driver(msgspec.Struct, frozen=True, omit_defaults=True):
    """What moved numbers: a capability, a change of ids or of an option, and the techniques that it changed.

    Attributes:
        name: the capability's label, `REPLACED`, `GONE`, or the change of the option; "" for entries of a layer.
        gained, lost: techniques whose coverage begins or ends.
        stronger, weaker: techniques whose score rises or falls.
        scores: of those, technique → score before and after; none where only a score of a category moves.
    """

    name: str
    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    stronger: tuple[str, ...] = ()
    weaker: tuple[str, ...] = ()
    scores: dict[str, tuple[float | None, float | None]] = {}


class Move(msgspec.Struct, frozen=True):
    """What one cause changed from one version to the next; the moves of a version add up to its change.

    Attributes:
        cause: "attack": the old mappings at the new release; "mapping": the new mappings with the old options;
            "options": the new options.
        before, after: the numbers; those after the last move are the version's.
        drivers: the reasons, largest first.
        releases: the releases, if they differ.
    """

    cause: Cause
    before: Level
    after: Level
    drivers: tuple[Driver, ...]
    releases: tuple[str, str] | None = None

    @property
    def change(self) -> int:
        """The change of the number of covered techniques and sub-techniques."""
        return self.after.covered - self.before.covered


class Point(msgspec.Struct, frozen=True):
    """A version with its numbers, and what moved them since the version before.

    Attributes:
        version: the version.
        level: its numbers.
        attack_version: its release.
        scope: that of its numbers in words, if they have one.
        moves: one per cause that moved a number, in the order of `CAUSES`; () for the first version.
    """

    version: Version
    level: Level
    attack_version: str
    moves: tuple[Move, ...] = ()
    scope: str | msgspec.UnsetType = msgspec.UNSET


class Unread(msgspec.Struct, frozen=True):
    """A version without numbers, and why: the next version is compared with the one before it."""

    version: Version
    problem: Problem


class Series(msgspec.Struct, frozen=True):
    """The versions of one set or layer, oldest first.

    Attributes:
        name: its name among the inputs.
        title: its title for readers.
        domain: its ATT&CK domain.
        counts: scores are numbers of capabilities, not 0–100.
        points: its versions that have numbers, at least one.
        unread: the others.
        noun: the word for its capabilities.
    """

    name: str
    title: str
    domain: Domain
    counts: bool
    points: tuple[Point, ...]
    unread: tuple[Unread, ...]
    noun: Noun

    @property
    def versions(self) -> tuple[Version, ...]:
        """All versions."""
        return (*(point.version for point in self.points), *(each.version for each in self.unread))


class History(msgspec.Struct, Tabular, frozen=True):
    """The coverage of sets and layers over time.

    Attributes:
        series: the versions of each.
        since: the date or revision from which on they are; "" for all.
        category: the category that the numbers are restricted to; None for overall.
        notices: messages for the user.
        files: the files that were read.
    """

    series: tuple[Series, ...]
    since: str = ""
    category: str | None = None
    notices: tuple[Problem, ...] = ()
    files: tuple[Path, ...] = ()

    def __repr__(self) -> str:
        """The numbers of sets and versions in one line."""
        names = ", ".join(series.name for series in self.series)
        return f"<History of {names}: {sum(len(series.versions) for series in self.series)} versions>"

    def to_dicts(self) -> list[dict[str, Any]]:
        """One row per version and tactic, "" for all tactics: numbers, their change, and its parts by cause."""
        return [row for series in self.series for point in series.points for row in _rows(series, point)]


def _rows(series: Series, point: Point) -> Iterator[dict[str, Any]]:
    moved = {move.cause: _changes(move) for move in point.moves}
    every = TacticStats("", "", point.level.covered, point.level.total)
    for tactic in (every, *point.level.tactics):
        by_cause = {f"by_{cause}": moved[cause][tactic.tactic] if cause in moved else 0 for cause in CAUSES}
        yield {
            "set": series.name,
            "date": point.version.day,
            "version": point.version.name,
            "attack_version": point.attack_version,
            "tactic": tactic.name,
            "covered": tactic.mapped,
            "total": tactic.total,
            "percent": percent(tactic.mapped, tactic.total),
            "mean": point.level.mean if tactic is every else None,
            "change": sum(by_cause.values()),
            **by_cause,
        }


def _changes(move: Move) -> Counter[str]:
    """Tactic, "" for all → the change of its number of covered techniques."""
    changes = Counter({"": move.change})
    changes.update({tactic.tactic: tactic.mapped for tactic in move.after.tactics})
    changes.subtract({tactic.tactic: tactic.mapped for tactic in move.before.tactics})
    return changes
