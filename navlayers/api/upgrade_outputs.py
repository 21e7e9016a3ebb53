"""Where the results of an upgrade go: in which format, under which name, and what is not written over."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from navlayers.errors import OutputError, Place, Problem, UsageError
from navlayers.mapping.convert import NATIVE, format_for
from navlayers.mapping.find import STDIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.api.upgrade import Upgraded
    from navlayers.mapping.find import Source

LAYER = "layer"
_AGAIN = "nothing is written; run it again"
_ENDINGS = {
    "native": (".yaml", ".yml"),
    "mapex-json": (".json",),
    "mapex-yaml": (".yaml", ".yml"),
    "csv": (".csv", ".tsv"),
    "xlsx": (".xlsx",),
    "stix": (".json",),
    LAYER: (".json",),
}
"""Format → how its files end, the first if they are named anew."""


def check(inputs: Sequence[Source], output: str | None, *, in_place: bool) -> None:
    """Refuse options that make no sense together, or for these inputs.

    Raises:
        UsageError: with all that is refused.
    """
    if in_place and output is not None:
        raise UsageError(Problem("--in-place and -o exclude each other", hint="leave one of them out"))
    if output == STDIN and len(inputs) > 1:
        raise UsageError(Problem(f"{len(inputs)} inputs are no one document", hint="name a folder with -o"))
    if not in_place:
        return
    problems = []
    for source in inputs:
        if source.origin == "shipped":
            problems.append(
                Problem(f"{source.name} ships with navlayers and is not changed in place", hint="use -o")
            )
        elif str(source.path) == STDIN:
            problems.append(Problem("standard input cannot be changed in place", hint="use -o -"))
        elif source.path.is_dir():
            message = "this folder is one set, which is not written as such"
            problems.append(Problem(message, Place(str(source.path)), hint="use -o"))
    if problems:
        raise UsageError(problems)


def is_folder(inputs: Sequence[Source], output: str) -> bool:
    """Whether an output is a folder: there are several inputs, or one is of a folder, or it looks like one."""
    several = len(inputs) > 1 or any(source.origin == "folder" for source in inputs)
    return several or output.endswith("/") or Path(output).is_dir()


def format_of(own: str, *, to: str | None, output: str | None) -> str:
    """The format to write: the one asked for, else that of the input if the output may end so, else as it ends.

    Raises:
        UsageError: it is a layer, and something else is asked for; or no format ends so.
    """
    ending = PurePath(output or "").suffix.lower()
    if to is None and own in _ENDINGS and (not ending or ending in _ENDINGS[own]):
        return own
    asked = to or (format_for(output) if output is not None else NATIVE)
    if own == LAYER:
        hint = "navlayers convert makes a mapping set of it"
        raise UsageError(Problem(f"a layer is not written as {asked}", expected="layer JSON", hint=hint))
    return asked


def paths_of(results: Sequence[Upgraded], output: str | None, *, in_place: bool) -> list[str]:
    """Where each result goes, "" for nowhere.

    Raises:
        OutputError: two would go to the same file.
        UsageError: the format of an input cannot be written in place.
    """
    if in_place:
        odd = [one for one in results if one.to != one.format]
        if odd:
            raise UsageError(
                Problem(
                    f"{one.format} is not written", Place(str(one.source.path)), hint="use -o, which gives YAML"
                )
                for one in odd
            )
        return ["" if one.unchanged else str(one.source.path) for one in results]
    if output is None or output == STDIN:
        return ["" for _ in results]
    if not is_folder([one.source for one in results], output):
        return [output]
    paths = [str(Path(output) / path) for path in _apart(results)]
    same = sorted(path for path, times in Counter(paths).items() if times > 1)
    if same:
        hint = "upgrade them one at a time, or copies of them with --in-place"
        raise OutputError(
            Problem("several inputs would be written to this file", Place(p), hint=hint) for p in same
        )
    return paths


def _apart(results: Sequence[Upgraded]) -> Iterator[Path]:
    """Paths in a folder: those of one name stay in the folders that their inputs are in, below what these share."""
    names = [_name(one) for one in results]
    times = Counter(names)
    folders = [one.source.path.absolute().parent for one in results]
    shared = {
        name: os.path.commonpath([folder for folder, other in zip(folders, names, strict=True) if other == name])
        for name, number in times.items()
        if number > 1 and len({folder.anchor for folder in folders}) == 1
    }
    for name, folder in zip(names, folders, strict=True):
        yield folder.relative_to(shared[name]) / name if name in shared else Path(name)


def _name(one: Upgraded) -> str:
    """The name of a result in a folder: the input's, with an ending of the format."""
    path = Path("stdin") if str(one.source.path) == STDIN else one.source.path.absolute()
    endings = _ENDINGS[one.to]
    if one.to == one.format and (path.suffix.lower() in endings or one.to == LAYER):
        return path.name if path.suffix else f"{path.name}{endings[0]}"
    return f"{path.name if path.is_dir() else path.stem}{endings[0]}"


def refuse(
    results: Sequence[Upgraded], paths: Sequence[str], report: str | None, *, in_place: bool, force: bool
) -> None:
    """Refuse what would lose anything, before the first file is written; files that exist are left to the writer.

    Raises:
        OutputError: with all that is refused.
    """
    inputs = {real(one.source.path) for one in results} - {None}
    problems: list[Problem] = []
    for one, path in zip(results, paths, strict=True):
        if path and in_place:
            problems += _in_place(one, Place(path), force=force)
        elif path and real(Path(path)) in inputs:
            hint = "choose another name with -o, or use --in-place"
            problems.append(Problem("this is an input", Place(path), "another file", hint))
    if report is not None and not problems:
        target = Path(report).absolute()
        others = [*(str(one.source.path) for one in results), *paths]
        if any(path and Path(path).absolute() in (target, real(target)) for path in others):
            hint = "choose another name with --report"
            problems.append(Problem("this is an input or a result", Place(report), "another file", hint))
    if problems:
        raise OutputError(problems)


def _in_place(one: Upgraded, place: Place, *, force: bool) -> Iterator[Problem]:
    if one.lost and not force:
        from navlayers.api.upgrade_losses import way_out  # noqa: PLC0415 - only where something would be lost

        lost = "; ".join(one.lost)
        hint = way_out(one.before or b"", one.format)
        yield Problem(f"written in place it would lose {lost}", place, hint=hint)
    try:
        if one.before is not None and one.source.path.read_bytes() != one.before:
            yield Problem("the file has changed meanwhile", place, hint=_AGAIN)
    except OSError as error:
        reason = error.strerror or str(error)
        yield Problem(f"the file cannot be read any more: {reason}", place, hint=_AGAIN)


def real(path: Path) -> Path | None:
    """The file itself; None where there is none of that name."""
    try:
        return path.resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        return None
