"""Reports as text for a terminal, as Markdown, and as JSON."""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import TYPE_CHECKING, Literal, get_args

import msgspec

from navlayers.attack.versions import canonical, number
from navlayers.errors import Problem, UsageError
from navlayers.textwidth import columns, plain
from navlayers.upgrade.report import FileReport, Report, counts
from navlayers.wording import listed, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.upgrade.fates import Addition
    from navlayers.upgrade.report import Merged

Format = Literal["text", "md", "json"]
FORMATS: tuple[Format, ...] = get_args(Format)

_ENDINGS: dict[str, Format] = {"": "text", ".txt": "text", ".md": "md", ".json": "json"}
_LISTED = 10
"""So many new techniques are listed as text; Markdown and JSON list all."""

_SHORTEST = 12
_HEADINGS = ("input", "ATT&CK", "techniques", "kept", "renamed", "replaced", "removed", "merged", "new")


def render(files: Sequence[FileReport], format_: Format = "text", *, width: int | None = None) -> str:
    """The reports of a call; nothing in the data is taken for markup or for orders to the terminal.

    `width`: names in the table of text are cut, where they are long, so that it fits so many columns.
    """
    if format_ == "json":
        return _json(files)
    lines = _markdown(files) if format_ == "md" else _text(files, width)
    return "\n".join(lines).lstrip("\n") + "\n"


def form_for(path: str) -> Format:
    """The form of report that a file's ending asks for; text where it has none.

    Raises:
        UsageError: there is none for that ending.
    """
    ending = PurePath(path).suffix.lower()
    if not path or ending not in _ENDINGS:
        message = f"the ending of {shown(path)} does not say which form of report to write"
        raise UsageError(Problem(message, expected=", ".join(known for known in _ENDINGS if known)))
    return _ENDINGS[ending]


def _json(files: Sequence[FileReport]) -> str:
    shown = [
        {
            "path": file.path,
            "output": file.output,
            "notices": file.notices,
            "reports": [
                {"counts": counts([report]), **{name: getattr(report, name) for name in report.__struct_fields__}}
                for report in file.reports
            ],
        }
        for file in files
    ]
    try:
        return msgspec.json.format(msgspec.json.encode(shown), indent=2).decode() + "\n"
    except UnicodeEncodeError:  # a file name that is no text: only escapes can write it
        return json.dumps(msgspec.to_builtins(shown), indent=2) + "\n"


def _sections(report: Report) -> Iterator[tuple[str, list[str]]]:
    """What changed, as headings with their lines; a heading without lines says all there is to say."""
    yield "Renamed", [str(fate) for fate in report.renamed]
    yield "Replaced", [str(fate) for fate in report.replaced]
    yield "Removed", [f"{f'{one.id} {one.name}'.rstrip()}: {one.why}{_said(one.rows)}" for one in report.removed]
    yield "Merged", [_merged(one) for one in report.merged]
    yield (
        "Moved to tactics that the technique has",
        [f"{one.id} {one.name}: {shown(one.tactic)[1:-1]} → {', '.join(one.to)}" for one in report.moved],
    )
    yield "Entries left out", [f"{f'{one.id} {one.name}'.rstrip()}: {one.why}" for one in report.dropped]
    yield "Filter of platforms", list(_platforms(report))
    yield "Other changes", list(report.other)


def _said(rows: Sequence[dict[str, object]]) -> str:
    """What the input said of a technique that is removed: by which capabilities it was mapped, or its scores."""
    capabilities = list(dict.fromkeys(str(row["capability"]) for row in rows if "capability" in row))
    if capabilities:
        return f" ({len(rows)} row{'s' if len(rows) > 1 else ''} of {listed(capabilities)})"
    scores = listed([str(row["score"]) for row in rows if "score" in row])
    return f" (score {scores})" if scores else ""


def _merged(one: Merged) -> str:
    parts = [f"{id_} {value}".rstrip() for id_, value in zip(one.ids, one.values, strict=True)]
    if len(parts) > _LISTED:
        parts = [*parts[:_LISTED], f"{len(parts) - _LISTED} more"]
    result = f"{one.into} {one.value}".rstrip()
    return f"{' + '.join(parts)} → {result}{f' ({one.where})' if one.where else ''}"


def _platforms(report: Report) -> Iterator[str]:
    change = report.platforms
    if change is None:
        return
    yield f"{listed(change.before)} → {listed(change.after) or 'all'}"
    if change.removed:
        yield f"nothing stands for {listed(change.removed)}"


def _new(report: Report) -> str:
    """The heading of what is new, or why that is not known; "" where nothing is to be said."""
    if report.new is None:
        return f"What is new since is not known: {report.why_not_new}"
    if report.already or not report.new:
        return ""
    kind = "mapping set" if report.kind == "set" else "layer"
    before, after = canonical(report.attack_version), canonical(report.to)
    down = before and after and number(before) > number(after)
    since = f"In {report.to} and not in" if down else "New since"
    return f"{since} ATT&CK {report.attack_version}, and not considered by the {kind}: {len(report.new)}"


def _addition(addition: Addition) -> str:
    replaces = f", in place of {', '.join(addition.replaces)}" if addition.replaces else ""
    return f"{addition.id} {addition.name} ({', '.join(addition.tactics)}){replaces}"


def _summary(report: Report) -> str:
    if report.already:
        return f"already at ATT&CK {report.domain} {report.to}: nothing changes"
    figures = counts([report])
    parts = [f"{figures.kept} kept", f"{figures.renamed} renamed", f"{figures.replaced} replaced"]
    parts.append(f"{figures.removed} removed")
    many = f"{figures.techniques} technique{'' if figures.techniques == 1 else 's'}"
    return f"{many}: {', '.join(parts)}"


def _text(files: Sequence[FileReport], width: int | None) -> Iterator[str]:
    if sum(len(file.reports) for file in files) > 1:
        yield from _table(files, width)
    for file, report in _each(files):
        if report.already and len(files) > 1 and not report.other:
            continue
        yield ""
        yield plain(f"{_called(file, report)}: {report.title}")
        yield f"  {_summary(report)}"
        for heading, lines in _sections(report):
            if lines:
                yield f"  {heading}"
                yield from (f"    {plain(line)}" for line in lines)
        if heading := _new(report):
            yield f"  {heading}"
            new = report.new or ()
            yield from (f"    {plain(_addition(addition))}" for addition in new[:_LISTED])
            if len(new) > _LISTED:
                yield f"    … and {len(new) - _LISTED} more: --format md or json lists them"


def _each(files: Sequence[FileReport]) -> Iterator[tuple[FileReport, Report]]:
    return ((file, report) for file in files for report in file.reports)


def _called(file: FileReport, report: Report) -> str:
    """What a report is about: the file, and of a list of layers the layer."""
    path = "standard input" if file.path == "-" else file.path
    return f"{path}: {report.name}" if len(file.reports) > 1 else path


def _rows(files: Sequence[FileReport]) -> Iterator[tuple[str, ...]]:
    for file, report in _each(files):
        one = counts([report])
        new = "?" if one.new is None else str(one.new)
        numbers = (one.techniques, one.kept, one.renamed, one.replaced, one.removed, one.merged)
        releases = f"{report.attack_version or '?'} → {report.to}"
        yield (plain(_called(file, report)), releases, *map(str, numbers), new)


def _table(files: Sequence[FileReport], width: int | None) -> Iterator[str]:
    rows = [_HEADINGS, *_rows(files)]
    if width is not None:
        others = sum(2 + max(columns(row[i]) for row in rows) for i in range(1, len(_HEADINGS)))
        rows = [(_end(row[0], max(width - others, _SHORTEST)), *row[1:]) for row in rows]
    widths = [max(columns(row[i]) for row in rows) for i in range(len(_HEADINGS))]
    for row in rows:
        cells = [
            cell + " " * (width - columns(cell)) if i < 2 else " " * (width - columns(cell)) + cell
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def _end(text: str, width: int) -> str:
    """The end of a text, which tells paths from each other, in so many columns."""
    if columns(text) <= width:
        return text
    while columns(text) > width - 1:
        text = text[1:]
    return f"…{text}"


def _markdown(files: Sequence[FileReport]) -> Iterator[str]:
    from navlayers.show.markdown import escape  # noqa: PLC0415 - for Markdown alone

    yield "# Upgrade"
    yield ""
    yield f"| {' | '.join(map(escape, _HEADINGS))} |"
    yield f"|{' --- |' * 2}{' ---: |' * (len(_HEADINGS) - 2)}"
    for row in _rows(files):
        yield f"| {' | '.join(map(escape, row))} |"
    for file, report in _each(files):
        yield ""
        yield f"## {escape(_called(file, report))}"
        yield ""
        summary = _summary(report)
        yield escape(f"{report.title}. {summary[:1].upper()}{summary[1:]}.")
        for heading, lines in (*_sections(report), (_new(report), list(map(_addition, report.new or ())))):
            if heading and (lines or heading == _new(report)):
                yield ""
                yield f"### {escape(heading)}"
                yield ""
                yield from (f"- {escape(line)}" for line in lines)
