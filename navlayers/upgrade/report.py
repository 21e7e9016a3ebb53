"""What an upgrade changed: a report per mapping set or layer, in whose lists every id of the input stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from navlayers.upgrade.fates import Addition, Fate

if TYPE_CHECKING:
    from collections.abc import Iterable

Pairs = dict[str, object]
"""A row of a set or an entry of a layer, as it stood: its fields that say something."""


class Removed(msgspec.Struct, frozen=True):
    """An id that the release does not have and nothing replaces, and what the input said of it."""

    id: str
    name: str
    why: str
    rows: tuple[Pairs, ...] = ()


class Merged(msgspec.Struct, frozen=True):
    """What became one: several rows of a set, or several entries of a layer.

    `ids` are the old ids, `values` their scores as written ("" for none), `value` is that of the result. `where`
    says which: capability and category of a set's rows, the tactic of entries.
    """

    into: str
    name: str
    ids: tuple[str, ...]
    values: tuple[str, ...]
    value: str
    where: str = ""


class Moved(msgspec.Struct, frozen=True):
    """An entry of a layer whose tactic the technique does not have, and the tactics that it stands under now."""

    id: str
    name: str
    tactic: str
    to: tuple[str, ...]


class Dropped(msgspec.Struct, frozen=True):
    """An entry of a layer that is not in the result although its technique is: why, and what it said."""

    id: str
    name: str
    why: str
    row: Pairs


class Platforms(msgspec.Struct, frozen=True):
    """The filter of platforms before and after; `removed` are names that nothing stands for in the release."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    removed: tuple[str, ...] = ()


class Report(msgspec.Struct, frozen=True):
    """What became of one mapping set or layer.

    `attack_version` is the release that the input says it is of, "" where it says none, and `to` the one that it is
    of now. `kept` are ids; `new` what the release has that the old one had not and the input says nothing of, None
    where that is not known, for the reason `why_not_new`. `other` are further changes, in sentences.
    """

    name: str
    kind: Literal["set", "layer"]
    domain: str
    attack_version: str
    to: str
    kept: tuple[str, ...] = ()
    renamed: tuple[Fate, ...] = ()
    replaced: tuple[Fate, ...] = ()
    removed: tuple[Removed, ...] = ()
    merged: tuple[Merged, ...] = ()
    moved: tuple[Moved, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    platforms: Platforms | None = None
    other: tuple[str, ...] = ()
    new: tuple[Addition, ...] | None = None
    why_not_new: str = ""
    already: bool = False
    """Whether the input was of that release, so that nothing changed."""

    @property
    def total(self) -> int:
        """How many distinct ids the input has."""
        return len(self.kept) + len(self.renamed) + len(self.replaced) + len(self.removed)

    @property
    def title(self) -> str:
        """The releases: "ATT&CK enterprise 8.2 → 18.1"."""
        return f"ATT&CK {self.domain} {self.attack_version or 'of no known release'} → {self.to}"


class FileReport(msgspec.Struct, frozen=True):
    """What became of one input: a report for its set, or for each layer of a file, in their order.

    `output` is where the result was written, "" where nothing was. `notices` tell what the reader and the writer
    found.
    """

    path: str
    output: str
    reports: tuple[Report, ...]
    notices: tuple[str, ...] = ()


class Counts(msgspec.Struct, frozen=True):
    """How many ids, of one report or of several together."""

    techniques: int
    kept: int
    renamed: int
    replaced: int
    removed: int
    merged: int
    moved: int
    new: int | None


def counts(reports: Iterable[Report]) -> Counts:
    """The figures of some reports together; `new` is None where one of them does not know."""
    listed = list(reports)
    known = [len(report.new) for report in listed if report.new is not None]
    return Counts(
        sum(report.total for report in listed),
        sum(len(report.kept) for report in listed),
        sum(len(report.renamed) for report in listed),
        sum(len(report.replaced) for report in listed),
        sum(len(report.removed) for report in listed),
        sum(len(report.merged) for report in listed),
        sum(len(report.moved) for report in listed),
        sum(known) if len(known) == len(listed) else None,
    )


def sorted_fates(fates: Iterable[Fate]) -> tuple[tuple[str, ...], tuple[Fate, ...], tuple[Fate, ...], list[Fate]]:
    """Fates by kind, each by id: the ids kept, those renamed, those replaced, those removed."""
    by_kind: dict[str, list[Fate]] = {"kept": [], "renamed": [], "replaced": [], "removed": []}
    for fate in sorted(fates, key=lambda fate: fate.id):
        by_kind[fate.kind].append(fate)
    kept = tuple(fate.id for fate in by_kind["kept"])
    return kept, tuple(by_kind["renamed"]), tuple(by_kind["replaced"]), by_kind["removed"]
