"""The page of an upgrade: what changed in each input, what needs a look first; as text, Markdown and JSON."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import msgspec

from navlayers._text import columns, json_text, listed, shown
from navlayers.attack.versions import canonical, number
from navlayers.errors import Problem, UsageError
from navlayers.output.document import Document, Heading, Item, Items, Paragraph
from navlayers.output.tables import Column, Table
from navlayers.upgrades.report import counts, new_since

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from navlayers.attack.id_changes import Addition
    from navlayers.output.document import Block
    from navlayers.upgrades.report import FileReport, Merged, New, Report

Format = Literal["text", "md", "json"]
FORMATS: tuple[Format, ...] = get_args(Format)

_ENDINGS: dict[str, Format] = {"": "text", ".txt": "text", ".md": "md", ".json": "json"}
_OF_FILE = frozenset(("new", "why_not_new", "elsewhere", "tactics"))
"""Fields of reports that JSON tells once for a file."""

_WIDTH = 80
_FILES = 10
"""So many of several inputs are told of in detail."""

_IDS = 10
"""So many ids of a merger are named."""

_NAMED = 3
"""So many layers are named; of more, the number is told."""

_MORE = "--format md lists all"


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


class _Most(NamedTuple):
    """How many changes of a kind are listed, and how many lines below each."""

    items: int
    below: int


_OF_ONE = _Most(50, 10)
_OF_SEVERAL = _Most(5, 3)


def render(files: Sequence[FileReport], format_: Format = "text", *, width: int | None = None) -> str:
    """The reports of a call; nothing in the data is taken for markup or for orders to the terminal.

    `width`: columns of the window that the text is for.
    """
    # Each form is loaded where it is written.
    if format_ == "json":
        return json_text([_machine(file) for file in files])
    if format_ == "md":
        from navlayers.output import markdown  # noqa: PLC0415

        return markdown.render(_document(files))
    from navlayers.output.text import item_lines, table_lines  # noqa: PLC0415

    if len(files) == 1:
        return "\n".join(item_lines([_one(files[0], width or _WIDTH)], width)) + "\n"
    parts = [table_lines(_table(files, _shortened([called(file) for file in files])), width)]
    parts += [list(item_lines(items, width)) for items in _several(files)]
    return "\n\n".join(map("\n".join, parts)) + "\n"


def form_for(path: str) -> Format:
    """The form of report that a file's ending asks for; text where it has none.

    Raises:
        UsageError: there is none for that ending, or it is standard output.
    """
    if path == "-":
        hint = "the report is on standard output anyway; --format says in which form"
        raise UsageError(Problem("--report is the name of a file, and - is none", hint=hint))
    ending = PurePath(path).suffix.lower()
    if not path or ending not in _ENDINGS:
        message = f"the ending of {shown(path)} does not say which form of report to write"
        raise UsageError(Problem(message, expected=", ".join(known for known in _ENDINGS if known)))
    return _ENDINGS[ending]


def _machine(file: FileReport) -> dict[str, object]:
    return {
        "path": file.path,
        "output": file.output,
        "counts": counts(file.reports),
        "notices": file.notices,
        "new": new_since(file.reports),
        "reports": [_report(report) for report in file.reports],
    }


def _report(report: Report) -> dict[str, object]:
    fields = msgspec.structs.asdict(report)
    return {"counts": counts([report]), **{name: fields[name] for name in fields if name not in _OF_FILE}}


def _document(files: Sequence[FileReport]) -> Document:
    """All changes of all inputs."""
    return Document("Upgrade", blocks=tuple(_blocks(files)))


def _blocks(files: Sequence[FileReport]) -> Iterator[Block]:
    if len(files) > 1:
        yield _table(files, [called(file) for file in files])
    for file in files:
        found = sections(file)
        review = to_review(found)
        yield Heading(f"{called(file)}: {headline(file)}", 2)
        yield Paragraph(f"{summary(file)}.{f' To review: {review}.' if review else ''}")
        for section in found:
            yield Heading(section.heading)
            yield Items(section.items)
        for new in new_since(file.reports):
            if heading := new_heading(new):
                yield Heading(heading)
                if items := new_items(new):
                    yield Items(tuple(items))


def called(file: FileReport) -> str:
    """What an input is called."""
    return "standard input" if file.path == "-" else file.path


def _table(files: Sequence[FileReport], names: Sequence[str]) -> Table:
    """The figures of each input."""
    kinds = ("kept", "renamed", "replaced", "removed", "review", "new")
    heads = (Column("input", "path"), Column("from"), *(Column(name, "number") for name in ("ids", *kinds)))
    rows = []
    for name, file in zip(names, files, strict=True):
        figures = counts(file.reports)
        releases = {report.to if report.already else report.attack_version or "?" for report in file.reports}
        rows.append(
            (
                name,
                "mixed" if len(releases) > 1 else "".join(releases),
                *(figures.techniques, figures.kept, figures.renamed, figures.replaced, figures.removed),
                sum(len(section.items) for section in sections(file) if section.review),
                "?" if figures.new is None else figures.new,
            )
        )
    return Table("inputs", "", heads, tuple(rows))


def _one(file: FileReport, width: int) -> Item:
    """All that matters of the one input."""
    found = sections(file)
    below = [_shortened_section(section, _OF_ONE) for section in found]
    for new in new_since(file.reports):
        if heading := new_heading(new):
            below.append(Item(heading, tuple(map(Item, _filled(new.by_tactic, width - 4)))))
    return _head(file, found, below)


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
    """What to review of each of the first inputs, and what else there is."""
    told = [item for file in files if (item := _to_tell(file)) is not None]
    yield from ([item] for item in told[:_FILES])
    if all(report.already for file in files for report in file.reports):
        return
    left = len(told) - _FILES
    rest = f"{left} more of the inputs {'has' if left == 1 else 'have'} changes to look at."
    hint = f"Of several inputs, text shows the start; {_MORE}, also what is renamed and new."
    yield [Item(text) for text in ((rest, hint) if left > 0 else (hint,))]


def _to_tell(file: FileReport) -> Item | None:
    found = [one for one in sections(file) if one.review or one.short in ("replaced", "other")]
    unknown = [new_heading(new) for new in new_since(file.reports) if new.techniques is None]
    below = [*(_shortened_section(section, _OF_SEVERAL) for section in found), *map(Item, unknown)]
    return _head(file, found, below) if below else None


def _head(file: FileReport, found: Sequence[Section], below: Sequence[Item]) -> Item:
    review = to_review(found)
    start = (Item(summary(file)), *([Item(f"To review: {review}")] if review else []))
    return Item(f"{called(file)}: {headline(file)}", (*start, *below))


def _shortened_section(section: Section, most: _Most) -> Item:
    items = tuple(Item(item.text, _start_of(item.below, most.below)) for item in section.items[: most.items])
    return Item(section.heading, (*items, *_left(len(section.items) - most.items)))


def _start_of(items: Sequence[Item], most: int) -> tuple[Item, ...]:
    first = (Item(item.text, _start_of(item.below, most)) for item in items[:most])
    return (*first, *_left(len(items) - most))


def _left(number: int) -> list[Item]:
    return [Item(f"… and {number} more: {_MORE}")] if number > 0 else []


def _shortened(names: Sequence[str]) -> Sequence[str]:
    """Paths without the folder that they have in common; all stay as they are where some are in none."""
    parents = [PurePath(name).parent.parts for name in names]
    common = 0
    while all(len(parts) > common and parts[common] == parents[0][common] for parts in parents):
        common += 1
    return [str(PurePath(*PurePath(name).parts[common:])) for name in names] if common else names


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
            layers.setdefault(change.text, {})[at] = None
            notes = told.setdefault(change.text, {})
            for note in change.below:
                notes.setdefault(note, {})[at] = None
    for line, within in sorted(layers.items()) if len(reports) > 1 else layers.items():
        where = _where(within, names)
        notes = told[line]
        if len(notes) == 1:
            (note,) = notes
            yield Item(f"{line}{where}{f' ({note.text})' if note.text else ''}", note.below)
        else:
            yield Item(f"{line}{where}", tuple(_notes(notes, names if len(within) > 1 else ())))


def _notes(notes: dict[Item, dict[int, None]], names: Sequence[str]) -> Iterator[Item]:
    for note, within in notes.items():
        yield Item(f"{note.text or 'no score, no comment'}{_where(within, names)}", note.below)


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
