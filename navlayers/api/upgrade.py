"""Upgrade files, as `navlayers upgrade` does."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers._text.wording import comma_list
from navlayers.api import upgrade_outputs as outputs
from navlayers.errors import InputError, NavlayersError, OtherFileError, OutputError, Place, Problem
from navlayers.mapping import find
from navlayers.mapping import formats as readers
from navlayers.mapping.convert import encode_and_read
from navlayers.mapping.find import STDIN, Source, read
from navlayers.mapping.formats import ReadOptions, detect
from navlayers.mapping.formats import source as sources
from navlayers.mapping.formats.findings import Assumed, LeftOut
from navlayers.mapping.load import MOST_SKIPPED, nothing_read
from navlayers.output.files import Output, write_all
from navlayers.output.stage import recover_all
from navlayers.pages.upgrade import form_for, render
from navlayers.upgrades import sets
from navlayers.upgrades.report import FileReport, Report
from navlayers.upgrades.routes import Routes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from navlayers.mapping.formats import Reading
    from navlayers.upgrades.routes import Route


class Upgraded(msgspec.Struct, frozen=True):
    """An input and its result.

    Attributes:
        source: The input.
        before: The content of the input; None for a folder that is one set.
        format, to: Formats of the input and of the result.
        data: The result.
        reports: The changes of the set, or of each layer.
        notices: Those of the reader and the writer.
        lost: Content that the file would lose if the result replaced it.
        idle: The reading options that do not matter to it.
    """

    source: Source
    before: bytes | None
    format: str
    to: str
    data: bytes
    reports: tuple[Report, ...]
    notices: tuple[Problem, ...]
    lost: tuple[str, ...] = ()
    idle: tuple[readers.Idle, ...] = ()

    @property
    def unchanged(self) -> bool:
        """Whether the input was of the requested release."""
        return all(report.already for report in self.reports)


class UpgradeResult(msgspec.Struct, frozen=True):
    """The outcome of a call: a report and a result per input, in their order.

    `notices` are about the whole call; `written` are the paths of the results that changed.
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
    reading: ReadOptions = ReadOptions(),
    on_input: Callable[[], None] = lambda: None,
) -> UpgradeResult:
    """Upgrade mapping sets and layers; nothing is written before all of them are upgraded.

    Args:
        inputs: Sets and layers, as `navlayers.mapping.find.resolve` returns them.
        attack_version: The release to upgrade to.
        output: The file to write to, or the folder where there are several inputs; None and "-" write nothing.
        in_place: Replace each input by its result.
        to: The format of upgraded sets; None: that of each input, native YAML if it cannot be written.
        report: The file to write the report to: .md, .json or .txt.
        force: Overwrite files with other content; in place, write even if something is lost.
        reading: How to read the inputs.
        on_input: Called after each input.

    Raises:
        NavlayersError: An input, the release, an option or an output is invalid; nothing was written.
    """
    find.refuse_in_memory(inputs)
    outputs.check(inputs, output, in_place=in_place)
    if in_place:
        recover_all(source.path for source in inputs if source.data is None)
    form = None if report is None else form_for(report)
    named = output is not None and output != STDIN and not outputs.is_folder(inputs, output)
    upgrader = _Upgrader(Routes(attack_version), reading, to, output if named else None, in_place)
    results, skipped = upgrader.all(inputs, on_input)
    paths = outputs.paths_of(results, output, in_place=in_place)
    reports = tuple(
        FileReport(_label(one.source), path, one.reports, tuple(map(str, one.notices)))
        for one, path in zip(results, paths, strict=True)
    )
    to_write = [Output(path, one.data, force or in_place) for one, path in zip(results, paths, strict=True) if path]
    own = [str(one.source.path) for one in results]
    if in_place:
        outputs.check_in_place((one for one, path in zip(results, paths, strict=True) if path), force=force)
    if report is not None and form is not None:
        if os.path.realpath(report) in map(os.path.realpath, (*own, *filter(None, paths))):
            hint = "choose another name with --report"
            raise OutputError(
                Problem("the report would replace an input or a result", Place(report), "another file", hint)
            )
        to_write.insert(0, Output(report, render(reports, form).encode("utf-8", "backslashreplace"), force))
    changed = write_all(to_write, keep=() if in_place else [Path(path) for path in own])
    written = tuple(path for path in paths if path in changed)
    return UpgradeResult(reports, tuple(one.data for one in results), (*_subfolders(inputs), *skipped), written)


def _label(source: Source) -> str:
    """The name of an input in reports: its path, or the name of a shipped set."""
    return source.name if source.origin == "shipped" or source.parts or source.part else str(source.path)


def _subfolders(inputs: Iterable[Source]) -> Iterator[Problem]:
    """A notice for each input folder that has folders in it."""
    for folder in dict.fromkeys(source.path.parent for source in inputs if source.origin == "folder"):
        try:
            below = sorted(p.name for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
        except OSError:  # The folder was removed after its files were read.
            continue
        if below:
            hint = "name them as well to upgrade their files"
            yield Problem(f"skipped subfolders: {comma_list(below)}", Place(str(folder)), hint=hint)


class _Upgrader(NamedTuple):
    """Upgrades inputs; `to` and `output` decide the format of each result, see `upgrade_outputs.format_of`."""

    routes: Routes
    reading: ReadOptions
    to: str | None
    output: str | None
    in_place: bool

    def all(
        self, inputs: Iterable[Source], on_input: Callable[[], None]
    ) -> tuple[list[Upgraded], tuple[Problem, ...]]:
        """Upgrade every input; also returns a notice for each skipped file of a folder.

        Raises:
            NavlayersError: With the problems of all inputs.
        """
        inputs = list(inputs)
        results: list[Upgraded] = []
        skipped: list[Problem] = []
        problems: list[Problem] = []
        kinds: set[type[NavlayersError]] = set()
        for source in inputs:
            try:
                results.append(self._one(source))
            except OtherFileError as error:
                if source.origin == "folder":
                    skipped.append(find.skipped(error.problems[0]))
                    continue
                problems += error.problems
                kinds.add(InputError)
            except NavlayersError as error:
                problems += _placed(error.problems, _label(source))
                kinds.add(type(error))
            on_input()
        if not (results or problems):
            problems = [*nothing_read(inputs), *skipped[:MOST_SKIPPED]]
        if problems:
            raise (kinds.pop() if len(kinds) == 1 else InputError)(problems)
        return results, (*skipped, *readers.idle_options([each.idle for each in results]))

    def _one(self, source: Source) -> Upgraded:
        path = str(source.path)
        if source.data is None and source.path.is_dir():
            return self._set(source, None, read(source, self.reading))
        loaded = sources.load(path, source.data, self.reading.max_bytes)
        if (self.reading.format or detect.sniff(loaded).format) == outputs.LAYER:
            self._format(outputs.LAYER)
            return self._layers(source, loaded)
        reading = read(msgspec.structs.replace(source, data=loaded.data), self.reading)
        return self._set(source, None if source.parts or source.part else loaded.data, reading)

    def _format(self, own: str) -> str:
        return outputs.format_of(own, to=self.to, output=self.output)

    def _layers(self, source: Source, loaded: sources.Source) -> Upgraded:
        from navlayers.layer import format_versions  # noqa: PLC0415 - for layers alone
        from navlayers.upgrades import layers  # noqa: PLC0415

        read = format_versions.read(loaded, self.reading.metadata, lenient=self.reading.lenient)
        results, reports, notices = [], [], [*read.notices]
        for old in read.layers:
            route = self.routes[old.domain, old.attack_version]
            layer, report = layers.upgraded_layer(old.layer, route)
            results.append(layer)
            reports.append(report)
            notices += _placed(route.notices, _label(source))
            if not old.layer.get("techniques"):
                notices.append(Problem("a layer has no entries", Place(str(source.path)), code="empty-set"))
        unchanged = all(report.already for report in reports)
        data = loaded.data if unchanged else layers.encode(results, single=read.single)
        messages = tuple(dict.fromkeys(notices))
        left_out = () if unchanged else messages
        idle = readers.without_effect(source.name, self.reading, outputs.LAYER)
        lost = tuple(notice.message for notice in left_out if isinstance(notice, LeftOut))
        return Upgraded(
            source, loaded.data, outputs.LAYER, outputs.LAYER, data, tuple(reports), messages, lost, idle
        )

    def _set(self, source: Source, before: bytes | None, read: Reading) -> Upgraded:
        route = self._route(read)
        part = read.mapping_set
        if source.parts and part.title == source.name:  # The title of a part is none of the file.
            part = msgspec.structs.replace(part, title="")
        result, report = sets.upgraded_set(part, route)
        format_ = self._format(read.format)
        notices = [*map(_without_release, read.notices), *_placed(route.notices, _label(source))]
        idle = readers.without_effect(source.name, self.reading, read.format, read.mapping_set)
        if not read.mapping_set.mappings and all(notice.code != "empty-set" for notice in read.notices):
            notices.append(Problem("the set has no mappings", Place(str(source.path)), code="empty-set"))
        if report.already and format_ == read.format and before is not None:
            return Upgraded(source, before, read.format, format_, before, (report,), tuple(notices), idle=idle)
        try:
            written = encode_and_read(result, format_)
        except OutputError as error:
            raise OutputError(_placed(error.problems, str(source.path))) from None
        replaces = self.in_place and before is not None and format_ == read.format
        lost = outputs.losses(before or b"", read, self.reading) if replaces else ()
        notices += written.notices
        return Upgraded(source, before, read.format, format_, written.data, (report,), tuple(notices), lost, idle)

    def _route(self, read: Reading) -> Route:
        """The route from the release of a set; from an unknown one where the reader assumed the newest."""
        assumed = any(isinstance(notice, Assumed) and "attack_version" in notice.assumed for notice in read.notices)
        return self.routes[read.mapping_set.domain, "" if assumed else read.mapping_set.attack_version]


def _without_release(notice: Problem) -> Problem:
    """A notice of assumed metadata without the release: an upgrade from an assumed one would say nothing."""
    if not isinstance(notice, Assumed) or "attack_version" not in notice.assumed:
        return notice
    message = notice.message.rpartition("attack version")[0].rstrip(", ")
    if len(notice.assumed) == 1:
        message = message.partition(";")[0]
    return msgspec.structs.replace(notice, message=f"{message}; its ATT&CK release is unknown")


def _placed(problems: Iterable[Problem], path: str) -> list[Problem]:
    return [problem.at(Place(path)) for problem in problems]
