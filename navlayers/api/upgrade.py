"""Inputs upgraded into files: what `navlayers upgrade` does, as one function."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from navlayers._text import listed
from navlayers.api import upgrade_outputs as outputs
from navlayers.api.upgrade_inputs import Upgraded, upgraded
from navlayers.api.upgrade_overwrite import real, refuse, refuse_report
from navlayers.errors import InputError, NavlayersError, OtherFileError, Place, Problem
from navlayers.mapping.find import STDIN
from navlayers.mapping.formats import ReadOptions
from navlayers.output.files import Output, write_all
from navlayers.pages.upgrade import form_for, render
from navlayers.upgrades.report import FileReport
from navlayers.upgrades.routes import Routes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from navlayers.mapping.find import Source

_READING = ReadOptions()


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
    """Upgrade mapping sets and layers; all of them are read and upgraded before anything is written.

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
        NavlayersError: an input, the release, an option or an output does not do. Nothing was written, but for what
            it names.
    """
    outputs.check(inputs, output, in_place=in_place)
    form = None if report is None else form_for(report)
    named = output is not None and output != STDIN and not outputs.is_folder(inputs, output)
    choose = partial(outputs.format_of, to=to, output=output if named else None)
    results, skipped = _all(inputs, Routes(attack_version), reading, choose, in_place=in_place, on_input=on_input)
    paths = outputs.paths_of(results, output, in_place=in_place)
    reports = tuple(
        FileReport(_called(one.source), path, one.reports, tuple(map(str, one.notices)))
        for one, path in zip(results, paths, strict=True)
    )
    told = b"" if form is None else render(reports, form).encode("utf-8", "backslashreplace")
    refuse(results, paths, in_place=in_place, force=force)
    if report is not None:
        refuse_report(told, report, [*(str(one.source.path) for one in results), *paths], force=force)
    notices = (*_not_entered(inputs), *skipped)
    to_write = [] if report is None else [Output(report, told, force)]
    placed = zip(results, paths, strict=True)
    to_write += [Output(path, one.data, force or in_place) for one, path in placed if path]
    changed = write_all(to_write)
    written = tuple(path for path in paths if path in changed)
    return Done(reports, tuple(one.data for one in results), notices, written)


def named_again(names: Sequence[str]) -> list[str]:
    """The names that mean a file that another name before them means already, or one of a folder named, too."""
    folders = {path for name in names if name != STDIN and (path := real(Path(name))) and path.is_dir()}
    seen: set[object] = set()
    again = []
    for name in names:
        path = None if name == STDIN else real(Path(name))
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
        try:
            below = sorted(p.name for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
        except OSError:  # it is gone meanwhile, or may not be looked into: what was in it is read already
            continue
        if below:
            many = f"{len(below)} folders in it are" if len(below) > 1 else "a folder in it is"
            hint = "name them, too, to upgrade what they hold"
            yield Problem(f"{many} not looked into: {listed(below)}", Place(str(folder)), hint=hint)


def _all(
    inputs: Iterable[Source],
    releases: Routes,
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
