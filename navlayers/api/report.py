"""Reports as files: which formats there are, how each is made, what lies beside a file."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from navlayers._text import shown
from navlayers.errors import Problem, UsageError
from navlayers.output.files import Output, write_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from navlayers.output.drawing.options import Rendered
    from navlayers.pages.report.build import Report


FORMATS = {"pdf": "output.pdf", "html": "web.report", "md": "output.markdown", "docx": "output.docx"}
"""Name, which is the ending of files, too → the module of `navlayers` whose `render(report)` makes them."""

STDOUT = "-"
_SYNONYMS = {"markdown": "md", "htm": "html"}


class Target(NamedTuple):
    """A file to write, and its format; None is standard output."""

    path: Path | None
    format: str


class Made(NamedTuple):
    """One file: its path, or None for standard output; what it holds, and what there is to know of it."""

    path: Path | None
    rendered: Rendered


def targets_of(outputs: Sequence[str]) -> tuple[Target, ...]:
    """The files that `-o` names, each in the format of its ending; `-` is Markdown.

    Raises:
        UsageError: none is named, an ending says nothing, or two are the same.
    """
    endings = ", ".join(f".{name}" for name in FORMATS)
    if not outputs:
        hint = "for example: -o report.pdf"
        raise UsageError(
            Problem("no file is named to write to", expected=f"-o FILE that ends in {endings}", hint=hint)
        )
    targets = []
    for output in outputs:
        if not output:
            raise UsageError(Problem("-o is empty", expected="a file to write to, or - for standard output"))
        ending = Path(output).suffix.lower().lstrip(".")
        format_ = "md" if output == STDOUT else _SYNONYMS.get(ending, ending)
        if format_ not in FORMATS:
            message = f"the ending of {shown(output)} does not say which format to write"
            raise UsageError(Problem(message, expected=endings))
        targets.append(Target(None if output == STDOUT else Path(output), format_))
    again = [target for target in targets if targets.count(target) > 1]
    if again:
        raise UsageError(Problem(f"-o {again[0].path or STDOUT} is named twice", expected="different files"))
    return tuple(targets)


def render_report(report: Report, format_: str) -> Rendered:
    """The report in a format, one of `FORMATS`; in Markdown, without the pictures that stand beside a file.

    Raises:
        UsageError: there is no such format.
    """
    if format_ not in FORMATS:
        raise UsageError(Problem(f"there is no format {shown(format_)}", expected=", ".join(FORMATS)))
    if format_ == "md":
        return _markdown(report, {})
    made: Rendered = importlib.import_module(f"navlayers.{FORMATS[format_]}").render(
        report if format_ == "html" else report.document
    )
    return made


def _markdown(report: Report, pictures: Mapping[str, str]) -> Rendered:
    """The report in Markdown; `pictures` says where its pictures are, by their names."""
    from navlayers.output import markdown  # noqa: PLC0415 - each format pays for its own
    from navlayers.output.drawing.options import Rendered  # noqa: PLC0415

    return Rendered(markdown.render(report.document, pictures).encode("utf-8", "replace"))


def report_files(report: Report, targets: Iterable[Target]) -> list[Made]:
    """The files of a report; beside one of Markdown, its heatmaps as pictures in a folder of its name."""
    made = []
    for target in targets:
        if target.path is None or target.format != "md":
            made.append(Made(target.path, render_report(report, target.format)))
            continue
        from navlayers.output import markdown  # noqa: PLC0415 - each format pays for its own

        folder = target.path.with_name(f"{target.path.stem}-files")
        pictures = markdown.pictures(report.document)
        made.append(Made(target.path, _markdown(report, {name: f"{folder.name}/{name}" for name in pictures})))
        made += [Made(folder / name, picture) for name, picture in pictures.items()]
    return made


class Written(NamedTuple):
    """What was written: the files, which of them changed, notices. `data` is for standard output."""

    files: tuple[Path, ...]
    changed: frozenset[Path]
    data: bytes
    notices: tuple[Problem, ...]


def write_report(
    report: Report, outputs: Sequence[str], *, force: bool = False, keep: Sequence[Path] = ()
) -> Written:
    """Write a report to files, in the formats of their endings; all of them or none.

    `outputs` may hold "-", whose bytes are given back. `force` allows to replace files that hold something else;
    `keep`, such as the inputs, never are.

    Raises:
        UsageError: an ending says no format, or a format cannot hold the report.
        OutputError: a file holds something else and not `force`, is one to keep, or cannot be written.
    """
    made = report_files(report, targets_of(outputs))
    files = tuple(one.path for one in made if one.path is not None)
    changed = write_all(
        (Output(one.path, one.rendered.data, force) for one in made if one.path is not None), keep=keep
    )
    return Written(
        files,
        frozenset(path for path in files if str(path) in set(changed)),
        b"".join(one.rendered.data for one in made if one.path is None),
        tuple(notice for one in made for notice in one.rendered.notices),
    )
