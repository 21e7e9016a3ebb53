"""What an upgrade changed: a report per mapping set or layer, in whose lists every id of the input stands."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

import msgspec

from navlayers.attack.id_changes import Addition, IdChange

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from navlayers.upgrades.routes import Route

Kind = Literal["set", "layer"]
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

    `ids` are the old ids, `names` what they were called, `values` their scores as written ("" for none), `comments`
    what each of them said; `value` is the score of the result. `where` says which: capability and category of rows,
    the tactic of entries.
    """

    into: str
    name: str
    ids: tuple[str, ...]
    values: tuple[str, ...]
    value: str
    where: str = ""
    names: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()


class MovedEntry(msgspec.Struct, frozen=True):
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
    where that is not known, for the reason `why_not_new`. `elsewhere` is what is new, too, but has none of the
    platforms that a layer's filter shows. `tactics` are those of the release, in the order of the matrix. `other`
    are further changes, in sentences.
    """

    name: str
    kind: Kind
    domain: str
    attack_version: str
    to: str
    kept: tuple[str, ...] = ()
    renamed: tuple[IdChange, ...] = ()
    replaced: tuple[IdChange, ...] = ()
    removed: tuple[Removed, ...] = ()
    merged: tuple[Merged, ...] = ()
    moved: tuple[MovedEntry, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    platforms: Platforms | None = None
    other: tuple[str, ...] = ()
    new: tuple[Addition, ...] | None = None
    why_not_new: str = ""
    elsewhere: tuple[Addition, ...] = ()
    tactics: tuple[str, ...] = ()
    already: bool = False
    """Whether the input was of that release, so that nothing changed."""

    @property
    def total(self) -> int:
        """How many distinct ids the input has."""
        return len(self.kept) + len(self.renamed) + len(self.replaced) + len(self.removed)

    @property
    def title(self) -> str:
        """The releases: "ATT&CK enterprise 8.2 → 18.1"."""
        if self.already:
            return f"already at ATT&CK {self.domain} {self.to}"
        return f"ATT&CK {self.domain} {self.attack_version or 'of no known release'} → {self.to}"


class FileReport(msgspec.Struct, frozen=True):
    """What became of one input: a report for its set, or for each layer of a file, in their order.

    `path` is the file, or the name of a shipped set. `output` is where the result stands, "" where nothing was
    written, as of what is written in place and was of that release. `notices` tell what the reader and the writer
    found.
    """

    path: str
    output: str
    reports: tuple[Report, ...]
    notices: tuple[str, ...] = ()


class New(msgspec.Struct, frozen=True):
    """What is new for all layers of a file that come from one release, or for its set.

    `techniques` is None where that is not known, for the reason `why_not_known`; `elsewhere` are those that no
    layer's filter of platforms shows. `by_tactic` counts `techniques`, each under all of its tactics.
    """

    domain: str
    attack_version: str
    to: str
    kind: Kind
    layers: int
    techniques: tuple[Addition, ...] | None
    elsewhere: tuple[Addition, ...]
    by_tactic: dict[str, int]
    why_not_known: str


def new_since(reports: Iterable[Report]) -> list[New]:
    """What is new since each release that the reports come from, and considered by none of them."""
    groups: dict[tuple[str, str, str], list[Report]] = {}
    for report in reports:
        if not report.already:
            groups.setdefault((report.domain, report.attack_version, report.to), []).append(report)
    return [_new(*key, group) for key, group in groups.items()]


def _new(domain: str, attack_version: str, to: str, group: list[Report]) -> New:
    first = group[0]
    techniques: tuple[Addition, ...] | None = None
    elsewhere: tuple[Addition, ...] = ()
    by_tactic: dict[str, int] = {}
    if first.new is not None:
        shown = {addition.id for report in group for addition in report.new or ()}
        counted = Counter(one.id for report in group for one in (*(report.new or ()), *report.elsewhere))
        both = sorted((*first.new, *first.elsewhere), key=lambda addition: addition.id)
        open_ = [addition for addition in both if counted[addition.id] == len(group)]
        techniques = tuple(addition for addition in open_ if addition.id in shown)
        elsewhere = tuple(addition for addition in open_ if addition.id not in shown)
        under = Counter(tactic for addition in techniques for tactic in addition.tactics)
        by_tactic = {tactic: under[tactic] for tactic in first.tactics if under[tactic]}
    why = first.why_not_new
    return New(
        domain, attack_version, to, first.kind, len(group), techniques, elsewhere, by_tactic, why_not_known=why
    )


class Counts(msgspec.Struct, frozen=True):
    """How many ids, of one report or of several together, each id once; `new` is None where it is not known."""

    techniques: int
    kept: int
    renamed: int
    replaced: int
    removed: int
    merged: int
    moved: int
    new: int | None


def counts(reports: Iterable[Report]) -> Counts:
    """The figures of the reports of an input together; an id that several layers have is counted once."""
    listed = list(reports)
    kinds: dict[str, set[tuple[str, str, str]]]
    kinds = {"kept": set(), "renamed": set(), "replaced": set(), "removed": set()}
    for report in listed:
        of = report.domain, report.attack_version
        kinds["kept"].update((*of, identifier) for identifier in report.kept)
        kinds["renamed"].update((*of, change.id) for change in report.renamed)
        kinds["replaced"].update((*of, change.id) for change in report.replaced)
        kinds["removed"].update((*of, one.id) for one in report.removed)
    figures = {kind: len(ids) for kind, ids in kinds.items()}
    known = [new.techniques for new in new_since(listed)]
    return Counts(
        techniques=sum(figures.values()),
        **figures,
        merged=sum(len(report.merged) for report in listed),
        moved=sum(len(report.moved) for report in listed),
        new=None if None in known else sum(len(techniques or ()) for techniques in known),
    )


def unchanged_report(name: str, kind: Kind, route: Route, ids: Iterable[str], other: Iterable[str]) -> Report:
    """The report of an input that is of the release already."""
    kept = tuple(sorted(set(ids)))
    to = route.releases.new.version
    return Report(name, kind, route.domain, route.written, to, kept, other=tuple(other), new=(), already=True)


def report_of(
    name: str,
    kind: Kind,
    route: Route,
    changes: Iterable[IdChange],
    rows: Mapping[str, Sequence[Pairs]],
    platforms: Sequence[str] = (),
) -> Report:
    """The report of what became of ids, each list by id.

    Args:
        name: the name of the set or layer.
        kind: which of the two it is.
        route: from which release to which.
        changes: what became of each id of the input.
        rows: id → what the input said of it, for ids that are removed.
        platforms: those that a layer shows; () for all.
    """
    by_kind: dict[str, list[IdChange]] = {"kept": [], "renamed": [], "replaced": [], "removed": []}
    for change in sorted(changes, key=lambda change: change.id):
        by_kind[change.kind].append(change)
    present = {change.now for found in by_kind.values() for change in found if change.now}
    new, elsewhere = route.additions(present, platforms)
    return Report(
        name,
        kind,
        route.domain,
        route.written,
        route.releases.new.version,
        kept=tuple(change.id for change in by_kind["kept"]),
        renamed=tuple(by_kind["renamed"]),
        replaced=tuple(by_kind["replaced"]),
        removed=tuple(_removed(change, rows.get(change.id, ()), route) for change in by_kind["removed"]),
        new=new,
        why_not_new=route.why_not_new,
        elsewhere=elsewhere,
        tactics=route.tactics,
    )


def _removed(change: IdChange, rows: Sequence[Pairs], route: Route) -> Removed:
    named = next((str(row["technique_name"]) for row in rows if "technique_name" in row), "")
    return Removed(change.id, change.name or named, route.releases.why_removed(change), tuple(rows))
