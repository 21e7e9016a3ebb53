"""What changed in one input, for people: what needs their look first; what is so in several layers is said once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers._text import listed, shown
from navlayers.attack.versions import canonical, number
from navlayers.upgrades.report import counts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from navlayers.attack.id_changes import Addition
    from navlayers.upgrades.report import FileReport, Merged, New, Report

_IDS = 10
"""So many ids of a merger are named."""

_NAMED = 3
"""So many layers are named; of more, the number is told."""


class Item(msgspec.Struct, frozen=True):
    """A change in words; `below` tells rows, entries or layers apart."""

    line: str
    below: tuple[Item, ...] = ()


class Section(msgspec.Struct, frozen=True):
    """Changes of one kind: `short` is what one of them is called, `review` whether a human has to look at them."""

    heading: str
    short: str
    review: bool
    items: tuple[Item, ...]


class _Kind(NamedTuple):
    heading: str
    short: str
    review: bool
    of: Callable[[Report], Iterable[Item]]


def sections(file: FileReport) -> list[Section]:
    """The changes by kind, those first that a human has to look at; kinds without any are left out."""
    names = _layer_names(file.reports)
    made = [
        Section(kind.heading, kind.short, kind.review, tuple(_items(kind.of, file.reports, names)))
        for kind in _KINDS
    ]
    return [section for section in made if section.items]


def to_review(found: Sequence[Section]) -> str:
    """How many changes of each kind a human has to look at, in words; "" for none."""
    return ", ".join(f"{len(one.items)} {one.short}" for one in found if one.review)


def headline(file: FileReport) -> str:
    """The releases of an input, and how many layers it has."""
    titles = dict.fromkeys(report.title for report in file.reports)
    many = [f"{len(file.reports)} layers"] if len(file.reports) != 1 else []
    return "; ".join([*titles, *many])


def summary(file: FileReport) -> str:
    """How many techniques there are, and what became of them."""
    figures = counts(file.reports)
    many = f"{figures.techniques} technique{'' if figures.techniques == 1 else 's'}"
    if all(report.already for report in file.reports):
        return f"{many}: nothing changes"
    kinds = (f"{figures.kept} kept", f"{figures.renamed} renamed", f"{figures.replaced} replaced")
    return f"{many}: {', '.join(kinds)}, {figures.removed} removed"


def new_heading(new: New) -> str:
    """The heading of what is new, or why that is not known; "" where nothing is to be said."""
    if new.techniques is None:
        return f"What is new since is not known: {new.why_not_known}"
    if not (new.techniques or new.elsewhere):
        return ""
    whom = "mapping set" if new.kind == "set" else "layer"
    whom = f"any of its {new.layers} layers" if new.layers > 1 else f"the {whom}"
    before, after = canonical(new.attack_version), canonical(new.to)
    down = before and after and number(before) > number(after)
    since = f"In {new.to} and not in" if down else "New since"
    said = f"{since} ATT&CK {new.attack_version}, and not considered by {whom}: {len(new.techniques)}"
    return f"{said}; and {len(new.elsewhere)} that the filter of platforms hides" if new.elsewhere else said


def new_items(new: New) -> list[Item]:
    """What is new, by tactic; a technique stands under each of its tactics."""
    techniques = new.techniques or ()
    return [
        Item(f"{tactic}: {count}", tuple(Item(_addition(one)) for one in techniques if tactic in one.tactics))
        for tactic, count in new.by_tactic.items()
    ]


def _addition(addition: Addition) -> str:
    replaces = f", in place of {', '.join(addition.replaces)}" if addition.replaces else ""
    return f"{addition.id} {addition.name}{replaces}"


def _layer_names(reports: Sequence[Report]) -> list[str]:
    """What the layers of a file go by: their names, with their numbers where these do not tell them apart."""
    names = [report.name for report in reports]
    return [
        shown(name) if name and names.count(name) == 1 else f"layer {at}{f' {shown(name)}' if name else ''}"
        for at, name in enumerate(names, 1)
    ]


def _items(
    of: Callable[[Report], Iterable[Item]], reports: Sequence[Report], names: Sequence[str]
) -> Iterator[Item]:
    """Changes of all layers, the same one once; what differs between layers or rows stands below it."""
    layers: dict[str, dict[int, None]] = {}
    told: dict[str, dict[Item, dict[int, None]]] = {}
    for at, report in enumerate(reports):
        for change in of(report):
            layers.setdefault(change.line, {})[at] = None
            notes = told.setdefault(change.line, {})
            for note in change.below:
                notes.setdefault(note, {})[at] = None
    for line, within in sorted(layers.items()) if len(reports) > 1 else layers.items():
        where = _where(within, names)
        notes = told[line]
        if len(notes) == 1:
            (note,) = notes
            yield Item(f"{line}{where}{f' ({note.line})' if note.line else ''}", note.below)
        else:
            yield Item(f"{line}{where}", tuple(_notes(notes, names if len(within) > 1 else ())))


def _notes(notes: dict[Item, dict[int, None]], names: Sequence[str]) -> Iterator[Item]:
    for note, within in notes.items():
        yield Item(f"{note.line or 'no score, no comment'}{_where(within, names)}", note.below)


def _where(within: Iterable[int], names: Sequence[str]) -> str:
    """In which layers something is so; "" where there is but one layer."""
    found = [names[at] for at in within] if len(names) > 1 else []
    if len(found) > 1 and len(found) == len(names):
        return f", in all {len(found)} layers"
    return f", in {len(found)} layers" if len(found) > _NAMED else f", in {' and '.join(found)}" if found else ""


def _removed(report: Report) -> Iterator[Item]:
    for one in report.removed:
        yield Item(f"{f'{one.id} {one.name}'.rstrip()}: {one.why}", tuple(Item(_said(row)) for row in one.rows))


def _said(row: dict[str, object]) -> str:
    """What a row or an entry says, short: where it stands, its score, the start of its comment."""
    where = ", ".join(shown(str(row[key]))[1:-1] for key in ("capability", "category", "tactic") if row.get(key))
    what = [shown(str(row["value"]))[1:-1]] if "value" in row else []
    what += [f"score {row['score']}"] if row.get("score") is not None else []
    what += [_start(str(row["comment"]))] if row.get("comment") else []
    return ": ".join(part for part in (where, ", ".join(what)) if part)


def _start(comment: str) -> str:
    """The start of a comment on one line, quoted."""
    return shown(" ".join(comment.split()))


def _merged(report: Report) -> Iterator[Item]:
    for one in report.merged:
        ids = [*one.ids[:_IDS], *([f"{len(one.ids) - _IDS} more"] if len(one.ids) > _IDS else [])]
        yield Item(f"{' + '.join(ids)} → {one.into} {one.name}", (Item(_values(one), tuple(_comments(one))),))


def _values(one: Merged) -> str:
    values = [shown(value)[1:-1] if value else "none" for value in one.values[:_IDS]]
    more = [f"{len(one.values) - _IDS} more"] if len(one.values) > _IDS else []
    scores = f"{' + '.join([*values, *more])} → {shown(one.value)[1:-1]}" if any(one.values) else ""
    return ": ".join(part for part in (one.where, scores) if part)


def _comments(one: Merged) -> Iterator[Item]:
    """Which comment came from which id, where they differ."""
    if len({comment for comment in one.comments if comment.strip()}) > 1:
        for identifier, name, comment in zip(one.ids, one.names, one.comments, strict=True):
            if comment.strip():
                yield Item(f"{f'{identifier} {name}'.rstrip()}: {_start(comment)}")


def _moved(report: Report) -> Iterator[Item]:
    for one in report.moved:
        yield Item(f"{one.id} {one.name}: {shown(one.tactic)[1:-1]} → {', '.join(one.to)}")


def _dropped(report: Report) -> Iterator[Item]:
    for one in report.dropped:
        yield Item(f"{f'{one.id} {one.name}'.rstrip()}: {one.why}", (Item(_said(one.row)),))


def _filter(report: Report) -> Iterator[Item]:
    change = report.platforms
    if change is not None:
        lost = f"; nothing stands for {listed(change.removed)}" if change.removed else ""
        yield Item(f"platforms {listed(change.before)} → {listed(change.after) or 'all'}{lost}")


def _doubtful(report: Report) -> Iterator[Item]:
    return (Item(f"{fate}: {fate.doubt}") for fate in report.renamed if fate.doubt)


def _replaced(report: Report) -> Iterator[Item]:
    return (Item(str(fate)) for fate in report.replaced)


def _renamed(report: Report) -> Iterator[Item]:
    return (Item(str(fate)) for fate in report.renamed if not fate.doubt)


def _other(report: Report) -> Iterator[Item]:
    return map(Item, report.other)


_KINDS = (
    _Kind("Removed", "removed", True, _removed),
    _Kind("Merged", "merged", True, _merged),
    _Kind("Moved to tactics that the technique has", "moved", True, _moved),
    _Kind("Entries left out", "left out", True, _dropped),
    _Kind("Filter of platforms", "filter changed", True, _filter),
    _Kind("Renamed, and perhaps of another meaning", "perhaps of another meaning", True, _doubtful),
    _Kind("Replaced", "replaced", False, _replaced),
    _Kind("Renamed", "renamed", False, _renamed),
    _Kind("Other changes", "other", False, _other),
)
