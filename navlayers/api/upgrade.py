"""Inputs upgraded into files: what `navlayers upgrade` does, as one function."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from navlayers._text import listed
from navlayers.api import upgrade_outputs as outputs
from navlayers.errors import InputError, NavlayersError, OtherFileError, OutputError, Place, Problem
from navlayers.layer import formats
from navlayers.mapping import formats as readers
from navlayers.mapping.find import STDIN, Source
from navlayers.mapping.formats import ReadOptions, detect
from navlayers.mapping.formats import source as sources
from navlayers.output.files import Output, write_all
from navlayers.pages.upgrade import form_for, render
from navlayers.upgrades import layers, sets
from navlayers.upgrades.report import FileReport, Report
from navlayers.upgrades.routes import Routes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from navlayers.mapping.formats import Reading
    from navlayers.upgrades.routes import Route

_READING = ReadOptions()


class Upgraded(msgspec.Struct, frozen=True):
    """An input and what it became.

    `before` is the content of a file, None where the input is a folder or a stream. `format` is that of the input,
    `to` that of `data`, the result; `lost` is what the file would lose if the result stood in its place.
    """

    source: Source
    before: bytes | None
    format: str
    to: str
    data: bytes
    reports: tuple[Report, ...]
    notices: tuple[Problem, ...]
    lost: tuple[str, ...] = ()

    @property
    def unchanged(self) -> bool:
        """Whether the input is of that release already and is left as it is."""
        return all(report.already for report in self.reports)


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
    results, skipped = _upgrade_all(
        inputs, Routes(attack_version), reading, choose, in_place=in_place, on_input=on_input
    )
    paths = outputs.paths_of(results, output, in_place=in_place)
    reports = tuple(
        FileReport(_label(one.source), path, one.reports, tuple(map(str, one.notices)))
        for one, path in zip(results, paths, strict=True)
    )
    told = b"" if form is None else render(reports, form).encode("utf-8", "backslashreplace")
    outputs.refuse(results, paths, report, in_place=in_place, force=force)
    notices = (*_not_entered(inputs), *skipped)
    to_write = [] if report is None else [Output(report, told, force)]
    placed = zip(results, paths, strict=True)
    to_write += [Output(path, one.data, force or in_place) for one, path in placed if path]
    changed = write_all(to_write)
    written = tuple(path for path in paths if path in changed)
    return Done(reports, tuple(one.data for one in results), notices, written)


def named_again(names: Sequence[str]) -> list[str]:
    """The names that mean a file that another name before them means already, or one of a folder named, too."""
    folders = {path for name in names if name != STDIN and (path := outputs.real(Path(name))) and path.is_dir()}
    seen: set[object] = set()
    again = []
    for name in names:
        path = None if name == STDIN else outputs.real(Path(name))
        key = path or name
        if key in seen or (path and path.parent in folders):
            again.append(name)
        seen.add(key)
    return again


def _label(source: Source) -> str:
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


def _upgrade_all(
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
            one = upgrade_input(source, releases, reading, choose, in_place=in_place)
        except OtherFileError as error:
            if source.origin == "folder":
                problem = error.problems[0]
                message = f"passed over, for it is no mapping set and no layer: {problem.message}"
                skipped.append(Problem(message, Place(str(source.path)), hint=problem.hint))
                continue
            problems += error.problems
            kinds.add(InputError)
        except NavlayersError as error:
            here = Place(_label(source))
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


def upgrade_input(
    source: Source,
    routes: Routes,
    reading: ReadOptions,
    choose: Callable[[str], str],
    *,
    in_place: bool = False,
) -> Upgraded:
    """Upgrade one input; `choose` gives the format to write for that of the input.

    Raises:
        InputError: the input cannot be read.
        ReleaseError: the release is not at hand for its domain.
        OutputError: the format cannot hold the result.
        UsageError: the format that is asked for is none for this input.
    """
    path = str(source.path)
    if source.data is None and Path(path).is_dir():
        read = readers.read(path, reading=reading)
        return _upgrade_set(source, None, read, routes, choose, reading)
    loaded = sources.load(path, source.data, reading.max_bytes)
    if (reading.format or detect.sniff(loaded)) == outputs.LAYER:
        choose(outputs.LAYER)
        return _upgrade_layers(source, loaded, routes, reading)
    read = readers.read(path, data=loaded.data, reading=reading)
    return _upgrade_set(source, loaded.data, read, routes, choose, reading, in_place=in_place)


def _upgrade_layers(source: Source, loaded: sources.Source, routes: Routes, reading: ReadOptions) -> Upgraded:
    read = formats.read(loaded, reading.metadata)
    results = []
    reports = []
    notices = [*read.notices]
    for one in read.layers:
        route = routes.route(one.domain, one.attack_version)
        layer, report = layers.upgraded_layer(one.layer, route)
        results.append(layer)
        reports.append(report)
        notices += _placed(route, source)
        if not one.layer.get("techniques"):
            notices.append(Problem("a layer has no entries", Place(str(source.path)), code="empty-set"))
    unchanged = all(report.already for report in reports)
    data = loaded.data if unchanged else layers.encode(results, single=read.single)
    return Upgraded(
        source,
        loaded.data,
        outputs.LAYER,
        outputs.LAYER,
        data,
        tuple(reports),
        tuple(dict.fromkeys(notices)),
        lost=(),
    )


def _upgrade_set(
    source: Source,
    before: bytes | None,
    read: Reading,
    routes: Routes,
    choose: Callable[[str], str],
    reading: ReadOptions,
    *,
    in_place: bool = False,
) -> Upgraded:
    mapping_set = read.mapping_set
    assumed = "attack_version" not in reading.metadata and _assumes_release(read)
    route = routes.route(mapping_set.domain, "" if assumed else mapping_set.attack_version)
    result, report = sets.upgraded_set(mapping_set, route)
    format_ = choose(read.format)
    notices = [*read.notices, *_placed(route, source)]
    if not mapping_set.mappings and all(notice.code != "empty-set" for notice in read.notices):
        notices.append(Problem("the set has no mappings", Place(str(source.path)), code="empty-set"))
    if report.already and format_ == read.format and before is not None:
        return Upgraded(source, before, read.format, format_, before, (report,), tuple(notices))
    try:
        written = readers.encode(result, format_)
    except OutputError as error:
        here = Place(str(source.path))
        raise OutputError(
            p if p.place else msgspec.structs.replace(p, place=here) for p in error.problems
        ) from None
    lost: tuple[str, ...] = ()
    if in_place and before is not None and format_ == read.format:
        from navlayers.api.upgrade_losses import losses  # noqa: PLC0415 - only where something may be lost

        lost = losses(before, read, reading)
    notices += written.notices
    return Upgraded(source, before, read.format, format_, written.data, (report,), tuple(notices), lost)


def _assumes_release(read: Reading) -> bool:
    """Whether the file does not say of which release it is, so that the reader took the newest for granted."""
    taken = f"attack version {read.mapping_set.attack_version}"
    return any(n.code == "assumed-metadata" and n.message.endswith(taken) for n in read.notices)


def _placed(route: Route, source: Source) -> list[Problem]:
    here = Place(_label(source))
    return [msgspec.structs.replace(notice, place=notice.place or here) for notice in route.notices]
