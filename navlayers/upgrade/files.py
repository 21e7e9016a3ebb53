"""Inputs upgraded into files: what `navlayers upgrade` does, as one function."""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import msgspec

from navlayers.converting import NATIVE, format_for
from navlayers.errors import InputError, NavlayersError, OtherFileError, OutputError, Place, Problem, UsageError
from navlayers.readers import ReadOptions
from navlayers.sets import STDIN
from navlayers.upgrade.inputs import LAYER, Upgraded, upgraded
from navlayers.upgrade.releases import Releases
from navlayers.upgrade.rendering import form_for, render
from navlayers.upgrade.report import FileReport
from navlayers.wording import listed
from navlayers.writers import files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from navlayers.sets import Source

_READING = ReadOptions()
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


class Done(msgspec.Struct, frozen=True):
    """What was done: a report for each input, and its result, in their order.

    `notices` are of the whole call; `written` are the files that were written, but for those that held it already.
    """

    files: tuple[FileReport, ...]
    results: tuple[bytes, ...]
    notices: tuple[Problem, ...]
    written: tuple[str, ...] = ()


def upgrade_files(
    inputs: Sequence[Source],
    attack_version: str,
    *,
    output: str | None = None,
    in_place: bool = False,
    to: str | None = None,
    report: str | None = None,
    force: bool = False,
    reading: ReadOptions = _READING,
    on_input: Callable[[], None] = lambda: None,
) -> Done:
    """Upgrade mapping sets and layers; all of them are read and upgraded before the first is written.

    Args:
        inputs: sets and layers, as `navlayers.resolve` gives them.
        attack_version: the release to carry them to.
        output: the file to write to, or the folder where there are several inputs; None writes nothing, and neither
            does "-".
        in_place: write each result over its input.
        to: the format of the results of sets; None: that of each input, or native YAML where it cannot be written.
        report: the file to write the report to, as its ending says: .md, .json, .txt.
        force: overwrite files that hold something else; in place, write though something is lost.
        reading: what the user says of the inputs.
        on_input: called after each input that is upgraded.

    Raises:
        NavlayersError: an input, the release, an option or an output does not do; nothing was written.
    """
    _check(inputs, output, in_place=in_place)
    form = None if report is None else form_for(report)
    named = output is not None and output != STDIN and not _is_folder(inputs, output)
    choose = partial(_format, to=to, output=output if named else None)
    results, skipped = _all(inputs, Releases(attack_version), reading, choose, in_place=in_place, on_input=on_input)
    paths = _paths(results, output, in_place=in_place)
    reports = tuple(
        FileReport(_called(one.source), path, one.reports, tuple(map(str, one.notices)))
        for one, path in zip(results, paths, strict=True)
    )
    told = b"" if form is None else render(reports, form).encode("utf-8", "backslashreplace")
    _refuse(results, paths, in_place=in_place, force=force)
    if report is not None:
        _refuse_report(told, report, [*(str(one.source.path) for one in results), *paths], force=force)
    written = [
        path
        for one, path in zip(results, paths, strict=True)
        if path and files.write(one.data, path, force=force or in_place)
    ]
    if report is not None:
        files.write(told, report, force=force)
    return Done(reports, tuple(one.data for one in results), (*_not_entered(inputs), *skipped), tuple(written))


def named_again(names: Sequence[str]) -> list[str]:
    """The names that mean a file that another name before them means already, or one of a folder named, too."""
    folders = {path for name in names if name != STDIN and (path := _real(Path(name))) and path.is_dir()}
    seen: set[object] = set()
    again = []
    for name in names:
        path = None if name == STDIN else _real(Path(name))
        key = path or name
        if key in seen or (path and path.parent in folders):
            again.append(name)
        seen.add(key)
    return again


def _called(source: Source) -> str:
    """What a report calls an input: its path, or the name of a set that ships with navlayers."""
    return source.name if source.origin == "shipped" else str(source.path)


def _not_entered(inputs: Iterable[Source]) -> Iterator[Problem]:
    """What is to be said of folders that have folders in them."""
    for folder in dict.fromkeys(source.path.parent for source in inputs if source.origin == "folder"):
        below = sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
        if below:
            many = f"{len(below)} folders in it are" if len(below) > 1 else "a folder in it is"
            hint = "name them, too, to upgrade what they hold"
            yield Problem(f"{many} not looked into: {listed(below)}", Place(str(folder)), hint=hint)


def _check(inputs: Sequence[Source], output: str | None, *, in_place: bool) -> None:
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


def _is_folder(inputs: Sequence[Source], output: str) -> bool:
    """Whether an output is a folder: there are several inputs, or one is of a folder, or it looks like one."""
    several = len(inputs) > 1 or any(source.origin == "folder" for source in inputs)
    return several or output.endswith("/") or Path(output).is_dir()


def _format(own: str, *, to: str | None, output: str | None) -> str:
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


def _all(
    inputs: Iterable[Source],
    releases: Releases,
    reading: ReadOptions,
    choose: Callable[[str], str],
    *,
    in_place: bool,
    on_input: Callable[[], None],
) -> tuple[list[Upgraded], tuple[Problem, ...]]:
    """Every input upgraded, and what is to be said of files of folders that are none.

    Raises:
        NavlayersError: with the problems of all inputs.
    """
    results: list[Upgraded] = []
    skipped: list[Problem] = []
    problems: list[Problem] = []
    kinds: set[type[NavlayersError]] = set()
    for source in inputs:
        try:
            one = upgraded(source, releases, reading, choose, in_place=in_place)
        except OtherFileError as error:
            if source.origin == "folder":
                problem = error.problems[0]
                message = f"passed over, for it is no mapping set and no layer: {problem.message}"
                skipped.append(Problem(message, Place(str(source.path)), hint=problem.hint))
                continue
            problems += error.problems
            kinds.add(InputError)
        except NavlayersError as error:
            here = Place(_called(source))
            problems += [msgspec.structs.replace(p, place=p.place or here) for p in error.problems]
            kinds.add(type(error))
        else:
            results.append(one)
        on_input()
    if not (results or problems):
        problems = skipped
    if problems:
        raise (kinds.pop() if len(kinds) == 1 else InputError)(problems)
    return results, tuple(skipped)


def _paths(results: Sequence[Upgraded], output: str | None, *, in_place: bool) -> list[str]:
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
    if not _is_folder([one.source for one in results], output):
        return [output]
    paths = [str(Path(output) / _name(one)) for one in results]
    same = sorted(path for path, times in Counter(paths).items() if times > 1)
    if same:
        hint = "upgrade them one at a time"
        raise OutputError(
            Problem("several inputs would be written to this file", Place(p), hint=hint) for p in same
        )
    return paths


def _name(one: Upgraded) -> str:
    """The name of a result in a folder: the input's, with an ending of the format."""
    path = Path("stdin") if str(one.source.path) == STDIN else one.source.path.absolute()
    endings = _ENDINGS[one.to]
    if one.to == one.format and (path.suffix.lower() in endings or one.to == LAYER):
        return path.name if path.suffix else f"{path.name}{endings[0]}"
    return f"{path.name if path.is_dir() else path.stem}{endings[0]}"


def _refuse(results: Sequence[Upgraded], paths: Sequence[str], *, in_place: bool, force: bool) -> None:
    """Refuse what would lose anything, before the first file is written.

    Raises:
        OutputError: with all that is refused.
    """
    inputs = {_real(one.source.path) for one in results} - {None}
    problems: list[Problem] = []
    for one, path in zip(results, paths, strict=True):
        if not path:
            continue
        place = Place(path)
        if in_place:
            if one.lost and not force:
                from navlayers.upgrade.losses import way_out  # noqa: PLC0415 - only where something would be lost

                lost = "; ".join(one.lost)
                hint = way_out(one.before or b"", one.format)
                problems.append(Problem(f"written in place it would lose {lost}", place, hint=hint))
            if one.before is not None and one.source.path.read_bytes() != one.before:
                hint = "nothing is written; run it again"
                problems.append(Problem("the file has changed meanwhile", place, hint=hint))
        elif _real(Path(path)) in inputs:
            hint = "choose another name with -o, or use --in-place"
            problems.append(Problem("this is an input", place, "another file", hint))
        else:
            try:
                files.to_write(one.data, path, force=force)
            except OutputError as error:
                problems += error.problems
    if problems:
        raise OutputError(problems)


def _refuse_report(data: bytes, report: str, others: Iterable[str], *, force: bool) -> None:
    """Refuse a report that would stand in the place of an input or a result, or of something else.

    Raises:
        OutputError: it would.
    """
    target = Path(report).absolute()
    if any(path and Path(path).absolute() in (target, _real(target)) for path in others):
        hint = "choose another name with --report"
        raise OutputError(Problem("this is an input or a result", Place(report), "another file", hint))
    files.to_write(data, report, force=force)


def _real(path: Path) -> Path | None:
    """The file itself; None where there is none of that name."""
    try:
        return path.resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        return None
