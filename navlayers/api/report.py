"""The files of a report: its inputs, which may be folders that navlayers wrote, and its outputs by format."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from navlayers.errors import Place, Problem, UsageError, by_ending, extra
from navlayers.output.drawing.options import Rendered
from navlayers.output.files import Written, write_rendered
from navlayers.output.folders import read_index
from navlayers.pages.results import ALL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from navlayers.pages.report.build import Report

FORMATS = {"pdf": "output.pdf", "html": "web.report", "md": "output.markdown", "docx": "output.docx"}
"""Format, which is also the ending of its files → the module with its `render`."""

STDOUT = "-"
_ENDINGS = {**{f".{name}": name for name in FORMATS}, ".markdown": "md", ".htm": "html"}
_AGAIN = {
    "gaps": "name the sets, and the threat with --threat",
    "plan": "name the sets, and --budget or --target",
}


def inputs_of(names: Iterable[str]) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
    """Names of inputs with folders of results replaced: a comparison by its inputs, a built set by its overview.

    Args:
        names: names and paths, as the user gives them.

    Returns:
        The names, and a notice per folder.

    Raises:
        UsageError: A folder holds other results.
    """
    inputs: list[str] = []
    notices = []
    for name in names:
        folder = Path(name).parent if Path(name).name == ALL else Path(name)
        index = read_index(folder) if name and folder.is_dir() else None
        if index is None:
            inputs.append(name)
            continue
        layers = [
            file.path for file in index.files if file.path.startswith("inputs/") or file.path == "overview.json"
        ]
        if not layers:
            command = index.command
            what = f"the results of navlayers {command}" if command else "layers without an overview"
            hint = _AGAIN.get(command, "name the sets")
            raise UsageError(Problem(f"contains {what}", Place(str(folder)), "sets, layers or a comparison", hint))
        inputs += [str(folder / path) for path in layers]
        hint = "name the sets to include their mappings"
        notices.append(
            Problem("using the layers of this folder, which have scores but no mappings", Place(name), hint=hint)
        )
    return tuple(inputs), tuple(notices)


def targets_of(outputs: Sequence[str]) -> list[tuple[Path | None, str]]:
    """The path and format of each output; the file name extension sets the format, "-" is Markdown without a path.

    Raises:
        UsageError: There is none, an ending is unknown, or two are the same.
    """
    if not outputs:
        expected = f"-o FILE that ends in {', '.join(f'.{name}' for name in FORMATS)}"
        raise UsageError(Problem("no output file given", None, expected, "for example: -o report.pdf"))
    targets: list[tuple[Path | None, str]] = []
    for output in outputs:
        if not output:
            raise UsageError(Problem("-o is empty", expected="a file to write to, or - for standard output"))
        format_ = "md" if output == STDOUT else by_ending(output, _ENDINGS)
        path = None if output == STDOUT else Path(output)
        if (path, format_) in targets:
            raise UsageError(Problem(f"duplicate output: -o {path or STDOUT}", expected="different files"))
        targets.append((path, format_))
    return targets


def render_report(report: Report, format_: str) -> Rendered:
    """The report in a format, one of `FORMATS`; in Markdown without pictures."""
    # Each format is loaded where it is used.
    with extra("office" if format_ == "docx" else "pictures"):
        render = importlib.import_module(f"navlayers.{FORMATS[format_]}").render
    rendered: Rendered | str = render(report if format_ == "html" else report.document)
    return Rendered(rendered.encode("utf-8", "replace")) if isinstance(rendered, str) else rendered


def report_files(
    report: Report, targets: Iterable[tuple[Path | None, str]], on_file: Callable[[], None] = lambda: None
) -> list[tuple[Path | None, Rendered]]:
    """The path (None: standard output) and content of each file; the pictures of Markdown are in a folder."""
    files = []
    for number, (path, format_) in enumerate(targets):
        if number:
            on_file()
        if path is None or format_ != "md":
            files.append((path, render_report(report, format_)))
            continue
        from navlayers.output import markdown  # noqa: PLC0415

        folder = path.with_name(f"{path.stem}-files")
        pictures = markdown.pictures(report.document)
        text = markdown.render(report.document, {name: f"{folder.name}/{name}" for name in pictures})
        files.append((path, Rendered(text.encode("utf-8", "replace"))))
        files += [(folder / name, picture) for name, picture in pictures.items()]
    return files


def write_report(
    report: Report,
    outputs: Sequence[str],
    *,
    force: bool = False,
    keep: Sequence[Path] = (),
    on_file: Callable[[], None] = lambda: None,
) -> Written:
    """Write a report to files, in the formats of their endings; all of them or none.

    Args:
        report: The report.
        outputs: Paths; "-" is returned as data.
        force: Overwrite files with other content.
        keep: Files that are never overwritten, such as the inputs.
        on_file: Called after each file.

    Returns:
        The paths of the files, and their notices.

    Raises:
        UsageError: An ending is unknown, or a format cannot hold the report.
        OutputError: A file has other content (without `force`), is one to keep, or cannot be written.
    """
    files = report_files(report, targets_of(outputs), on_file)
    on_file()
    written = write_rendered([(path, file) for path, file in files if path is not None], force=force, keep=keep)
    return msgspec.structs.replace(written, data=b"".join(file.data for path, file in files if path is None))
