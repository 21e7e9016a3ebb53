"""The changes of an upgrade: a report per mapping set or layer that accounts for every id of the input."""

from __future__ import annotations

from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import msgspec

from navlayers.attack.id_changes import Addition, Content, IdChange

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from navlayers.upgrades.routes import Route

InputKind = Literal["set", "layer"]
Pairs = dict[str, object]
"""A row of a set or an entry of a layer before the upgrade: its fields that have a value."""


class Removed(msgspec.Struct, frozen=True):
    """An id without a successor in the release, with the rows of the input."""

    id: str
    name: str
    why: str
    rows: tuple[Pairs, ...] = ()


class Merged(msgspec.Struct, frozen=True):
    """Several rows of a set, or entries of a layer, that became one.

    Attributes:
        into, name: The technique of the result.
        ids, names, values, comments: Those of the sources; scores as written, "" for none.
        value: The score of the result.
        where: Capability and category of rows, the tactic of entries.
        evidence: Level and date of each source, "" for none; of the result, the strongest; unset if none has any.
    """

    into: str
    name: str
    ids: tuple[str, ...]
    values: tuple[str, ...]
    value: str
    where: str = ""
    names: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()
    evidence: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET


class MovedEntry(msgspec.Struct, frozen=True):
    """An entry of a layer whose technique is not under `tactic`, and the tactics `to` which it was moved."""

    id: str
    name: str
    tactic: str
    to: tuple[str, ...]


class Dropped(msgspec.Struct, frozen=True):
    """An entry of a layer that was left out although the release has its technique."""

    id: str
    name: str
    why: str
    row: Pairs


class Platforms(msgspec.Struct, frozen=True):
    """The platform filter of a layer before and after; `removed` are names without an equivalent in the release."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    removed: tuple[str, ...] = ()


class Changed(msgspec.Struct, frozen=True, omit_defaults=True):
    """A kept or renamed technique to read again: it gained or lost tactics, or its content changed.

    `content` is the part of its `x_mitre_version` that rose; `capabilities` are the ids of a set mapped to it.
    """

    id: str
    name: str
    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    content: Content | None = None
    capabilities: tuple[str, ...] = ()


class Report(msgspec.Struct, frozen=True):
    """The changes of one mapping set or layer.

    Attributes:
        name, kind, domain: Of the input.
        attack_version: The release that the input names, "" for none.
        to: The release of the result.
        kept: Ids that did not change.
        renamed, replaced, removed, merged, moved, dropped, platforms: Changes by kind.
        changed: Techniques whose tactics or content changed.
        other: Further changes, in sentences.
        new: Techniques that the old release did not have and the input does not consider; None: not known.
        why_not_new: Why `new` is not known.
        elsewhere: Other new techniques, which a layer's platform filter hides.
        tactics: Short names of the release's tactics in matrix order.
        already: The input was of that release, so that nothing changed.
    """

    name: str
    kind: InputKind
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
    changed: tuple[Changed, ...] = ()
    other: tuple[str, ...] = ()
    new: tuple[Addition, ...] | None = None
    why_not_new: str = ""
    elsewhere: tuple[Addition, ...] = ()
    tactics: tuple[str, ...] = ()
    already: bool = False

    @property
    def title(self) -> str:
        """The releases: "ATT&CK enterprise 8.2 → 18.1"."""
        if self.already:
            return f"already at ATT&CK {self.domain} {self.to}"
        return f"ATT&CK {self.domain} {self.attack_version or '(unknown release)'} → {self.to}"


class FileReport(msgspec.Struct, frozen=True):
    """The reports of one input: of its set, or of each layer of a file in their order.

    `path` is the file, or the name of a shipped set; `output` the file of the result, "" if none was written.
    """

    path: str
    output: str
    reports: tuple[Report, ...]
    notices: tuple[str, ...] = ()


class New(msgspec.Struct, frozen=True):
    """New techniques for the layers of a file of one release, or for its set.

    `techniques`: not considered by any layer (None: not known, see `why_not_known`). `elsewhere`: hidden by every
    filter. `by_tactic` counts `techniques`, each under all of its tactics.
    """

    domain: str
    attack_version: str
    to: str
    kind: InputKind
    layers: int
    techniques: tuple[Addition, ...] | None
    elsewhere: tuple[Addition, ...]
    by_tactic: dict[str, int]
    why_not_known: str


def new_since(reports: Iterable[Report]) -> list[New]:
    """New techniques since each release of the reports."""
    groups: dict[tuple[str, str, str], list[Report]] = {}
    for report in reports:
        if not report.already:
            groups.setdefault((report.domain, report.attack_version, report.to), []).append(report)
    return [_new(group) for group in groups.values()]


def _new(group: Sequence[Report]) -> New:
    first = group[0]
    shown = {addition.id for report in group for addition in report.new or ()}
    times = Counter(new.id for report in group for new in (*(report.new or ()), *report.elsewhere))
    every = sorted((*(first.new or ()), *first.elsewhere), key=lambda addition: addition.id)
    ignored = [addition for addition in every if times[addition.id] == len(group)]
    techniques = tuple(addition for addition in ignored if addition.id in shown)
    by_tactic = Counter(tactic for addition in techniques for tactic in addition.tactics)
    return New(
        first.domain,
        first.attack_version,
        first.to,
        first.kind,
        len(group),
        None if first.new is None else techniques,
        tuple(addition for addition in ignored if addition.id not in shown),
        {tactic: by_tactic[tactic] for tactic in first.tactics if by_tactic[tactic]},
        first.why_not_new,
    )


class Counts(msgspec.Struct, frozen=True):
    """Numbers of distinct ids, of one report or of several; `new` is None where it is not known."""

    techniques: int
    kept: int
    renamed: int
    replaced: int
    removed: int
    merged: int
    moved: int
    new: int | None


def counts(reports: Iterable[Report]) -> Counts:
    """The counts of the reports of one input; an id of several layers counts once."""
    reports = list(reports)
    ids: dict[str, set[tuple[str, ...]]] = {"kept": set(), "renamed": set(), "replaced": set(), "removed": set()}
    for report in reports:
        of = report.domain, report.attack_version
        ids["kept"].update((*of, identifier) for identifier in report.kept)
        for kind in ("renamed", "replaced", "removed"):
            ids[kind].update((*of, change.id) for change in getattr(report, kind))
    figures = {kind: len(members) for kind, members in ids.items()}
    new = [since.techniques for since in new_since(reports)]
    return Counts(
        techniques=sum(figures.values()),
        **figures,
        merged=sum(len(report.merged) for report in reports),
        moved=sum(len(report.moved) for report in reports),
        new=None if None in new else sum(len(techniques or ()) for techniques in new),
    )


def unchanged_report(name: str, kind: InputKind, route: Route, ids: Iterable[str], other: Iterable[str]) -> Report:
    """The report of an input that already has the requested release."""
    kept, to = tuple(sorted(set(ids))), route.releases.new.version
    return Report(name, kind, route.domain, route.written, to, kept, other=tuple(other), new=(), already=True)


def report_of(
    name: str,
    kind: InputKind,
    route: Route,
    ids: Iterable[str],
    rows: Mapping[str, Sequence[Pairs]],
    platforms: Sequence[str] = (),
    capabilities: Mapping[str, Iterable[str]] = MappingProxyType({}),
) -> Report:
    """The report of the ids of an input, each list sorted by id.

    Args:
        name: The name of the set or layer.
        kind: Its kind.
        route: The releases.
        ids: The distinct ids of the input.
        rows: Id → rows of the input, of removed ids.
        platforms: The platforms that a layer shows; () for all.
        capabilities: Id → the capabilities of a set that are mapped to it.
    """
    changes = [route.releases.id_change(identifier) for identifier in sorted(ids)]
    considered = {change.now for change in changes}
    new = [added for added in route.releases.additions or () if added.id not in considered]
    hidden = [added for added in new if platforms and added.platforms and not {*platforms} & {*added.platforms}]
    removed = []
    for change in changes:
        if change.kind == "removed":
            lost = rows.get(change.id, ())
            named = next((str(row["technique_name"]) for row in lost if "technique_name" in row), "")
            why = route.releases.why_removed(change)
            removed.append(Removed(change.id, change.name or named, why, tuple(lost)))
    return Report(
        name,
        kind,
        route.domain,
        route.written,
        route.releases.new.version,
        kept=tuple(change.id for change in changes if change.kind == "kept"),
        renamed=tuple(change for change in changes if change.kind == "renamed"),
        replaced=tuple(change for change in changes if change.kind == "replaced"),
        removed=tuple(removed),
        changed=tuple(
            Changed(
                change.now or "",
                route.releases.new.full_name(change.now or ""),
                change.gained,
                change.lost,
                change.content,
                tuple(sorted(set(capabilities.get(change.id, ())))),
            )
            for change in changes
            if change.gained or change.lost or change.content
        ),
        new=None if route.releases.additions is None else tuple(added for added in new if added not in hidden),
        why_not_new=route.why_not_new,
        elsewhere=tuple(hidden),
        tactics=tuple(tactic.shortname for tactic in route.releases.new.tactics),
    )
