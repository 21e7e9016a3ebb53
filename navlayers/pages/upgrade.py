"""The report of an upgrade as text, Markdown and JSON: changes to review first, then all others."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from navlayers._text.json_text import json_text
from navlayers._text.lines import columns
from navlayers._text.wording import bare, comma_list, quantity, quoted
from navlayers.attack.versions import canonical, number
from navlayers.errors import Problem, UsageError, by_ending
from navlayers.output.document import Document, Heading, Item, Items, Paragraph
from navlayers.output.tables import Column, Table
from navlayers.upgrades.report import counts, new_since

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from navlayers.output.document import Block
    from navlayers.upgrades.report import FileReport, Merged, New, Pairs, Report

Format = Literal["text", "md", "json"]

_ENDINGS: dict[str, Format] = {"": "text", ".txt": "text", ".md": "md", ".json": "json"}
# Fields of the report of a layer that JSON has once per file, in `new`.
_OF_FILE = frozenset(("new", "why_not_new", "elsewhere", "tactics"))

_WIDTH = 80
# Limits of text; Markdown and JSON have all.
_FILES = 10
_IDS = 10
_LAYERS = 3
_OF_ONE = (50, 10)
_OF_SEVERAL = (5, 3)
"""Items per section, and lines below each item, of a single input and of several."""

_MORE = "--format md lists all"


class Section(NamedTuple):
    """Changes of one kind: its name in sentences, and whether the user should review them."""

    heading: str
    name: str
    review: bool
    items: tuple[Item, ...]


def render(files: Sequence[FileReport], format_: Format = "text", *, width: int | None = None) -> str:
    """The reports of a call; text fits into `width` columns.

    Nothing in the data can act as markup or as an escape sequence of the terminal.
    """
    if format_ == "json":
        return json_text([_json(file) for file in files])
    # Each writer is loaded where it is used.
    if format_ == "md":
        from navlayers.output import markdown  # noqa: PLC0415

        return markdown.render(Document("Upgrade", blocks=tuple(_blocks(files))))
    from navlayers.output.terminal import Terminal  # noqa: PLC0415
    from navlayers.output.text import item_lines, table_lines  # noqa: PLC0415

    if len(files) == 1:
        return "\n".join(item_lines([_single(files[0], width or _WIDTH)], width)) + "\n"
    parts = [table_lines(_table(files, _shortened(list(map(_name, files)))), Terminal(width))]
    parts += [list(item_lines(items, width)) for items in _several(files)]
    return "\n\n".join(map("\n".join, parts)) + "\n"


def form_for(path: str) -> Format:
    """The report format for a file name extension; text if there is none.

    Raises:
        UsageError: No format has that ending, or the path is "-".
    """
    if path in ("", "-"):
        hint = "the report is always on standard output; --format sets its format"
        raise UsageError(Problem("--report needs the name of a file, not -", hint=hint))
    return by_ending(path, _ENDINGS)


def _json(file: FileReport) -> dict[str, object]:
    reports = []
    for report in file.reports:
        fields = {name: value for name, value in msgspec.structs.asdict(report).items() if name not in _OF_FILE}
        reports.append({"counts": counts([report]), **fields})
    return {
        "path": file.path,
        "output": file.output,
        "counts": counts(file.reports),
        "notices": file.notices,
        "new": new_since(file.reports),
        "reports": reports,
    }


def _blocks(files: Sequence[FileReport]) -> Iterator[Block]:
    """All changes of all inputs."""
    if len(files) > 1:
        yield _table(files, list(map(_name, files)))
    for file in files:
        sections = _sections(file)
        review = _to_review(sections)
        yield Heading(f"{_name(file)}: {_headline(file)}", 2)
        yield Paragraph(f"{_summary(file)}.{f' To review: {review}.' if review else ''}")
        for section in (*sections, *_new_sections(file)):
            yield Heading(section.heading)
            if section.items:
                yield Items(section.items)


def _name(file: FileReport) -> str:
    return "standard input" if file.path == "-" else file.path


def _table(files: Sequence[FileReport], names: Sequence[str]) -> Table:
    """The counts of each input."""
    kinds = ("ids", "kept", "renamed", "replaced", "removed", "review", "new")
    rows = []
    for name, file in zip(names, files, strict=True):
        figures = counts(file.reports)
        releases = {report.to if report.already else report.attack_version or "?" for report in file.reports}
        rows.append(
            (
                name,
                "mixed" if len(releases) > 1 else "".join(releases),
                *(figures.techniques, figures.kept, figures.renamed, figures.replaced, figures.removed),
                sum(len(section.items) for section in _sections(file) if section.review),
                "?" if figures.new is None else figures.new,
            )
        )
    heads = (Column("input", "path"), Column("from"), *(Column(name, "number") for name in kinds))
    return Table("inputs", "", heads, tuple(rows))


def _shortened(names: Sequence[str]) -> Sequence[str]:
    """Paths without their common folder."""
    parents = [PurePath(name).parent.parts for name in names]
    common = 0
    while all(len(parts) > common and parts[common] == parents[0][common] for parts in parents):
        common += 1
    return [str(PurePath(*PurePath(name).parts[common:])) for name in names] if common else names


def _single(file: FileReport, width: int) -> Item:
    """The report of a single input; new techniques are counted by tactic."""
    sections = _sections(file)
    below = [_limited(section, _OF_ONE) for section in sections]
    for section, new in zip(_new_sections(file), _news(file), strict=True):
        below.append(Item(section.heading, tuple(map(Item, _filled(new.by_tactic, width - 4)))))
    return _head(file, sections, below)


def _filled(figures: dict[str, int], width: int) -> Iterator[str]:
    """Names with their figures, as many on a line as fit."""
    line = ""
    for name, figure in figures.items():
        part = f"{name} {figure}"
        if line and columns(line) + columns(part) + len(", ,") > width:
            yield f"{line},"
            line = part
        else:
            line = f"{line}, {part}" if line else part
    if line:
        yield line


def _several(files: Sequence[FileReport]) -> Iterator[list[Item]]:
    """Changes to review in each of the first inputs, and how to see the rest."""
    items = []
    for file in files:
        sections = _sections(file)
        below = [
            _limited(section, _OF_SEVERAL)
            for section in sections
            if section.review or section.name in ("replaced", "other")
        ]
        below += [Item(_new_heading(new)) for new in new_since(file.reports) if new.techniques is None]
        if below:
            items.append(_head(file, sections, below))
    yield from ([item] for item in items[:_FILES])
    if all(report.already for file in files for report in file.reports):
        return
    left = len(items) - _FILES
    rest = f"{left} more {'input has' if left == 1 else 'inputs have'} changes to review."
    hint = f"Text shows the first changes of several inputs; {_MORE}, including renamed and new techniques."
    yield [Item(text) for text in ((rest, hint) if left > 0 else (hint,))]


def _head(file: FileReport, sections: Sequence[Section], below: Sequence[Item]) -> Item:
    review = _to_review(sections)
    start = (Item(_summary(file)), *([Item(f"To review: {review}")] if review else []))
    return Item(f"{_name(file)}: {_headline(file)}", (*start, *below))


def _limited(section: Section, most: tuple[int, int]) -> Item:
    items, below = most
    return Item(section.heading, _start_of(section.items, items, below))


def _start_of(items: Sequence[Item], most: int, below: int) -> tuple[Item, ...]:
    first = (Item(item.text, _start_of(item.below, below, below)) for item in items[:most])
    left = len(items) - most
    return (*first, *([Item(f"… and {left} more: {_MORE}")] if left > 0 else []))


def _to_review(sections: Sequence[Section]) -> str:
    """Number of changes to review per kind, in words; "" for none."""
    return ", ".join(f"{len(section.items)} {section.name}" for section in sections if section.review)


def _headline(file: FileReport) -> str:
    """The releases of an input, and its number of layers."""
    titles = dict.fromkeys(report.title for report in file.reports)
    many = [f"{len(file.reports)} layers"] if len(file.reports) != 1 else []
    return "; ".join([*titles, *many])


def _summary(file: FileReport) -> str:
    """The number of techniques, and what became of them."""
    figures = counts(file.reports)
    many = quantity(figures.techniques, "technique")
    if all(report.already for report in file.reports):
        return f"{many}: nothing changes"
    kinds = (f"{figures.kept} kept", f"{figures.renamed} renamed", f"{figures.replaced} replaced")
    return f"{many}: {', '.join(kinds)}, {figures.removed} removed"


def _news(file: FileReport) -> list[New]:
    """New techniques, without releases that have none."""
    return [new for new in new_since(file.reports) if new.techniques is None or new.techniques or new.elsewhere]


def _new_sections(file: FileReport) -> list[Section]:
    """New techniques by tactic; a technique is listed under each of its tactics."""
    sections = []
    for new in _news(file):
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


def _new_heading(new: New) -> str:
    if new.techniques is None:
        return f"New techniques are not known: {new.why_not_known}"
    whom = "the mapping set" if new.kind == "set" else "the layer"
    whom = f"any of its {new.layers} layers" if new.layers > 1 else whom
    before, after = canonical(new.attack_version), canonical(new.to)
    downgrade = before and after and number(before) > number(after)
    since = f"In {new.to} and not in" if downgrade else "New since"
    heading = f"{since} ATT&CK {new.attack_version}, not considered by {whom}: {len(new.techniques)}"
    hidden = f"; {len(new.elsewhere)} more are hidden by the platform filter" if new.elsewhere else ""
    return heading + hidden


def _sections(file: FileReport) -> list[Section]:
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
