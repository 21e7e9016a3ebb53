"""The report of an upgrade, in short and complete, as text, Markdown and JSON: changes to review first."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Literal

import msgspec

from navlayers._text.json_text import json_text
from navlayers._text.wording import first_few, quantity
from navlayers.errors import Problem, UsageError, by_ending
from navlayers.output.document import Document, Heading, Items, Paragraph
from navlayers.output.tables import Column, Table
from navlayers.pages.upgrade_sections import new_sections, news, sections_of, since
from navlayers.upgrades.report import counts, new_since

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.output.document import Block
    from navlayers.output.tables import Cell
    from navlayers.pages.upgrade_sections import Section
    from navlayers.upgrades.report import FileReport

Format = Literal["text", "md", "json"]

_ENDINGS: dict[str, Format] = {"": "text", ".txt": "text", ".md": "md", ".json": "json"}
# Fields of the report of a layer that JSON has once per file, in `new`.
_OF_FILE = frozenset(("new", "why_not_new", "elsewhere", "tactics"))

ROWS = 12
"""Maximum rows of the answer in short."""

_NAMED = 3
"""Maximum number of changes of a kind, and of tactics, in a row."""

_MORE = "--all lists every change"


def render(files: Sequence[FileReport], format_: Format = "text") -> str:
    """The complete reports of a call.

    Nothing in the data can act as markup or as an escape sequence of the terminal.
    """
    if format_ == "json":
        return json_text([_json(file) for file in files])
    # Each writer is loaded where it is used.
    if format_ == "md":
        from navlayers.output import markdown  # noqa: PLC0415

        return markdown.render(Document("Upgrade", blocks=tuple(every(files))))
    from navlayers.output import text  # noqa: PLC0415

    return text.render(Document("", blocks=tuple(every(files))))


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


def brief(files: Sequence[FileReport]) -> Iterator[Block]:
    """The answer for a terminal: of one input what changes, a row per kind; of several a row each."""
    if len(files) == 1:
        (file,) = files
        yield Paragraph(f"{_name(file)}: {_headline(file)}. {_answer(files)}")
        kinds = _kinds(file)
        yield from [kinds] if kinds.rows else []
        return
    yield Paragraph(f"{len(files)} inputs. {_answer(files)}")
    table = _table(files, _shortened(list(map(_name, files))), brief=True)
    more = len(files) - ROWS
    unknown = [new.why_not_known for file in files for new in news(file) if new.techniques is None]
    parts = [f"… and {more} more"] if more > 0 else []
    parts += [f"?: {why}" for why in unknown[:1]]
    note = "; ".join([*parts, _MORE])
    yield msgspec.structs.replace(table, rows=table.rows[:ROWS], note=note)


def _answer(files: Sequence[FileReport]) -> str:
    """What becomes of the techniques of all inputs, and how many changes are to review."""
    figures = [counts(file.reports) for file in files]
    kept, renamed, replaced, removed = (
        sum(getattr(each, kind) for each in figures) for kind in ("kept", "renamed", "replaced", "removed")
    )
    many = quantity(kept + renamed + replaced + removed, "technique")
    if all(report.already for file in files for report in file.reports):
        return f"{many}: nothing changes."
    review = sum(len(section.items) for file in files for section in sections_of(file) if section.review)
    sentence = f"{many}: {kept} kept, {renamed} renamed, {replaced} replaced, {removed} removed."
    return f"{sentence} {quantity(review, 'change')} to review." if review else f"{sentence} Nothing to review."


def _kinds(file: FileReport) -> Table:
    """A row per kind of change, those to review first: its number and the first changes; then new techniques."""
    rows: list[tuple[Cell, ...]] = [
        (
            section.name,
            len(section.items),
            "yes" * section.review,
            first_few([item.text for item in section.items], _NAMED, "; "),
        )
        for section in sections_of(file)
    ]
    for new in news(file):
        if new.techniques is None:
            rows.append(("new", "?", "", new.why_not_known))
            continue
        what = since(new)
        tactics = first_few([f"{name} {count}" for name, count in new.by_tactic.items()], _NAMED)
        rows.append((f"{what[0].lower()}{what[1:]}", len(new.techniques), "", tactics))
    heads = (Column("change"), Column("number", "number"), Column("to review"), Column("which"))
    return Table("changes", "", heads, tuple(rows), _MORE)


def every(files: Sequence[FileReport]) -> Iterator[Block]:
    """All changes of all inputs."""
    if len(files) > 1:
        yield _table(files, list(map(_name, files)))
    for file in files:
        sections = sections_of(file)
        review = _to_review(sections)
        yield Heading(f"{_name(file)}: {_headline(file)}", 2)
        yield Paragraph(f"{_summary(file)}.{f' To review: {review}.' if review else ''}")
        for section in (*sections, *new_sections(file)):
            yield Heading(section.heading)
            if section.items:
                yield Items(section.items)


def _name(file: FileReport) -> str:
    return "standard input" if file.path == "-" else file.path


def _table(files: Sequence[FileReport], names: Sequence[str], *, brief: bool = False) -> Table:
    """The counts of each input; `brief`: without those of ids that need no review."""
    shown = (
        ("techniques", "replaced", "removed") if brief else ("techniques", "kept", "renamed", "replaced", "removed")
    )
    rows = []
    for name, file in zip(names, files, strict=True):
        figures = counts(file.reports)
        releases = {report.to if report.already else report.attack_version or "?" for report in file.reports}
        rows.append(
            (
                name,
                "mixed" if len(releases) > 1 else "".join(releases),
                *(getattr(figures, kind) for kind in shown),
                sum(len(section.items) for section in sections_of(file) if section.review),
                "?" if figures.new is None else figures.new,
            )
        )
    kinds = ("ids", *shown[1:], "review", "new")
    heads = (Column("input", "path"), Column("from"), *(Column(name, "number") for name in kinds))
    return Table("inputs", "", heads, tuple(rows))


def _shortened(names: Sequence[str]) -> Sequence[str]:
    """Paths without their common folder."""
    parents = [PurePath(name).parent.parts for name in names]
    common = 0
    while all(len(parts) > common and parts[common] == parents[0][common] for parts in parents):
        common += 1
    return [str(PurePath(*PurePath(name).parts[common:])) for name in names] if common else names


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
