"""The changes of an upgrade as sections: a section per kind, with an item per change, equal changes once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from navlayers._text.wording import bare, comma_list, quoted
from navlayers.attack.versions import canonical, number
from navlayers.output.document import Item
from navlayers.upgrades.report import new_since

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from navlayers.upgrades.report import FileReport, Merged, New, Pairs, Report

_IDS = 10
_LAYERS = 3
"""Maximum number of ids of a merge, and of layers of a change, that are named."""


class Section(NamedTuple):
    """Changes of one kind: its name in sentences, and whether the user should review them."""

    heading: str
    name: str
    review: bool
    items: tuple[Item, ...]


def sections_of(file: FileReport) -> list[Section]:
    """The changes by kind, those to review first; kinds without any are left out."""
    names = [report.name for report in file.reports]
    layers = [
        quoted(name) if name and names.count(name) == 1 else f"layer {at}{f' {quoted(name)}' if name else ''}"
        for at, name in enumerate(names, 1)
    ]
    sections = (
        Section(heading, name, review, tuple(_united([list(items(report)) for report in file.reports], layers)))
        for heading, name, review, items in _KINDS
    )
    return [section for section in sections if section.items]


def _united(changes: Sequence[Sequence[Item]], layers: Sequence[str]) -> Iterator[Item]:
    """The changes of all layers, equal ones once; what differs between layers or rows is listed below."""
    places: dict[str, dict[int, None]] = {}
    details: dict[str, dict[Item, dict[int, None]]] = {}
    for at, items in enumerate(changes):
        for item in items:
            places.setdefault(item.text, {})[at] = None
            for detail in item.below or (Item(""),):
                details.setdefault(item.text, {}).setdefault(detail, {})[at] = None
    for text, within in sorted(places.items()) if len(changes) > 1 else places.items():
        line = f"{text}{_where(within, layers)}"
        if len(details[text]) == 1:
            (detail,) = details[text]
            yield Item(f"{line} ({detail.text})" if detail.text else line, detail.below)
            continue
        of = layers if len(within) > 1 else ()
        below = (
            Item(f"{detail.text or 'no score, no comment'}{_where(at, of)}", detail.below)
            for detail, at in details[text].items()
        )
        yield Item(line, tuple(below))


def _where(within: Iterable[int], layers: Sequence[str]) -> str:
    """The layers of a change, in words; "" if the file has one layer only."""
    names = [layers[at] for at in within] if len(layers) > 1 else []
    if len(names) > 1 and len(names) == len(layers):
        return f", in all {len(names)} layers"
    return f", in {len(names)} layers" if len(names) > _LAYERS else f", in {' and '.join(names)}" if names else ""


def _removed(report: Report) -> Iterator[Item]:
    for entry in report.removed:
        yield Item(
            f"{f'{entry.id} {entry.name}'.rstrip()}: {entry.why}", tuple(Item(_excerpt(row)) for row in entry.rows)
        )


def _excerpt(row: Pairs) -> str:
    """A row or an entry in short: where it was, its score, the start of its comment."""
    where = ", ".join(bare(str(row[key])) for key in ("capability", "category", "tactic") if row.get(key))
    what = [bare(str(row["value"]))] if "value" in row else []
    what += [f"score {row['score']}"] if row.get("score") is not None else []
    what += [_quoted(str(row["comment"]))] if row.get("comment") else []
    return ": ".join(part for part in (where, ", ".join(what)) if part)


def _quoted(comment: str) -> str:
    """The start of a comment on one line."""
    return quoted(" ".join(comment.split()))


def _merged(report: Report) -> Iterator[Item]:
    for entry in report.merged:
        comments = []
        if len({comment for comment in entry.comments if comment.strip()}) > 1:
            for identifier, name, comment in zip(entry.ids, entry.names, entry.comments, strict=True):
                if comment.strip():
                    comments.append(Item(f"{f'{identifier} {name}'.rstrip()}: {_quoted(comment)}"))
        ids = " + ".join(_first(entry.ids))
        yield Item(f"{ids} → {entry.into} {entry.name}", (Item(_values(entry), tuple(comments)),))


def _values(merged: Merged) -> str:
    values = _first([bare(value) if value else "none" for value in merged.values])
    scores = f"{' + '.join(values)} → {bare(merged.value)}" if any(merged.values) else ""
    return ": ".join(part for part in (merged.where, scores) if part)


def _first(texts: Sequence[str]) -> list[str]:
    return [*texts[:_IDS], *([f"{len(texts) - _IDS} more"] if len(texts) > _IDS else [])]


def _dropped(report: Report) -> Iterator[Item]:
    for entry in report.dropped:
        yield Item(f"{f'{entry.id} {entry.name}'.rstrip()}: {entry.why}", (Item(_excerpt(entry.row)),))


def _filter(report: Report) -> Iterator[Item]:
    change = report.platforms
    if change is not None:
        lost = f"; no equivalent of {comma_list(change.removed)}" if change.removed else ""
        yield Item(f"platforms {comma_list(change.before)} → {comma_list(change.after) or 'all'}{lost}")


def _tactics(report: Report) -> Iterator[Item]:
    for entry in report.changed:
        parts = [f"gained {comma_list(entry.gained)}"] if entry.gained else []
        parts += [f"lost {comma_list(entry.lost)}"] if entry.lost else []
        if parts:
            yield Item(f"{entry.id} {entry.name}: {', '.join(parts)}")


def _content(report: Report, content: str) -> Iterator[Item]:
    return (Item(f"{entry.id} {entry.name}") for entry in report.changed if entry.content == content)


def _read_again(report: Report) -> Iterator[Item]:
    """The work list: capability → its techniques with other tactics or a new major version."""
    work: dict[str, list[str]] = {}
    for entry in report.changed:
        if entry.gained or entry.lost or entry.content == "major":
            for capability in entry.capabilities:
                work.setdefault(capability, []).append(entry.id)
    return (Item(f"{bare(capability)}: {', '.join(ids)}") for capability, ids in sorted(work.items()))


# The kinds of changes: heading, name in sentences, whether to review them, items.
_KINDS: tuple[tuple[str, str, bool, Callable[[Report], Iterable[Item]]], ...] = (
    ("Removed", "removed", True, _removed),
    ("Merged", "merged", True, _merged),
    (
        "Moved to other tactics",
        "moved",
        True,
        lambda report: (
            Item(f"{entry.id} {entry.name}: {bare(entry.tactic)} → {', '.join(entry.to)}") for entry in report.moved
        ),
    ),
    ("Entries left out", "left out", True, _dropped),
    ("Platform filter", "filter changed", True, _filter),
    (
        "Renamed, possibly with another meaning",
        "possibly with another meaning",
        True,
        lambda report: (Item(f"{change}: {change.doubt}") for change in report.renamed if change.doubt),
    ),
    ("Under other tactics", "under other tactics", True, _tactics),
    ("Replaced", "replaced", False, lambda report: (Item(str(change)) for change in report.replaced)),
    (
        "Renamed",
        "renamed",
        False,
        lambda report: (Item(str(change)) for change in report.renamed if not change.doubt),
    ),
    ("New major version of the content", "with a new major version", False, lambda of: _content(of, "major")),
    ("Mappings to read again, by capability", "capabilities to read again", False, _read_again),
    ("New minor version of the content", "with a new minor version", False, lambda of: _content(of, "minor")),
    ("Other changes", "other", False, lambda report: map(Item, report.other)),
)


def news(file: FileReport) -> list[New]:
    """New techniques, without releases that have none."""
    return [new for new in new_since(file.reports) if new.techniques is None or new.techniques or new.elsewhere]


def new_sections(file: FileReport) -> list[Section]:
    """New techniques by tactic; a technique is listed under each of its tactics."""
    sections = []
    for new in news(file):
        items = []
        for tactic, count in new.by_tactic.items():
            below = []
            for technique in new.techniques or ():
                if tactic in technique.tactics:
                    replaces = f", replacing {', '.join(technique.replaces)}" if technique.replaces else ""
                    below.append(Item(f"{technique.id} {technique.name}{replaces}"))
            items.append(Item(f"{tactic}: {count}", tuple(below)))
        sections.append(Section(_new_heading(new), "new", False, tuple(items)))
    return sections


def since(new: New) -> str:
    """What new techniques are: "New since ATT&CK 16.1"."""
    before, after = canonical(new.attack_version), canonical(new.to)
    if before and after and number(before) > number(after):
        return f"In {new.to} and not in ATT&CK {new.attack_version}"
    return f"New since ATT&CK {new.attack_version}"


def _new_heading(new: New) -> str:
    if new.techniques is None:
        return f"New techniques are not known: {new.why_not_known}"
    whom = "the mapping set" if new.kind == "set" else "the layer"
    whom = f"any of its {new.layers} layers" if new.layers > 1 else whom
    heading = f"{since(new)}, not considered by {whom}: {len(new.techniques)}"
    hidden = f"; {len(new.elsewhere)} more are hidden by the platform filter" if new.elsewhere else ""
    return heading + hidden
