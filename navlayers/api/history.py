"""The history of sets and layers: their versions in git, or in dated files and folders."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Unpack

import msgspec

from navlayers._text.json_text import json_text
from navlayers._text.wording import quoted
from navlayers.analysis.history import series_of
from navlayers.analysis.history_result import History, Version
from navlayers.analysis.inputs import load_inputs
from navlayers.errors import InputError, NavlayersError, Place, Problem, UsageError, extra
from navlayers.mapping.find import HERE, STDIN, Source, refuse_parts, resolve, source_name
from navlayers.mapping.formats import ReadOptions
from navlayers.mapping.formats.detect import sniff_folder
from navlayers.mapping.formats.source import ENDINGS
from navlayers.mapping.git import DATE, SHORT_HASH, Revision, content, log
from navlayers.mapping.table_domains import by_domain
from navlayers.pages import history as pages
from navlayers.pages.history import FORMATS, Format
from navlayers.scoring.options import ScoreOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from navlayers.analysis.history_result import Series
    from navlayers.analysis.inputs import InputSet
    from navlayers.api.mapping_set import Scoring
    from navlayers.api.sources import Input
    from navlayers.output.drawing.options import Rendered

MOST = 200
"""The number of commits of a file that are read, newest first."""

ENDINGS_OF_FORMATS: dict[str, Format] = {
    "": "text",
    ".txt": "text",
    ".markdown": "md",
    ".htm": "html",
    **{f".{name}": name for name in FORMATS if name != "text"},
}
"""Ending → format."""

BINARY = ("pdf", "docx")

_MODULES = {"text": "text", "md": "markdown", "html": "html", "pdf": "pdf", "docx": "docx"}

_DATE = re.compile(
    r"(?<![0-9])((?:19|20)[0-9]{2})(?:([-_.])(0[1-9]|1[0-2])(?:\2(0[1-9]|[12][0-9]|3[01]))?"
    r"|(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01]))(?![0-9])"
)
"""A date in a name: 2025-01-31, 2025-01, 20250131."""


class _Versions(NamedTuple):
    """The versions of one set, oldest first, what reads one of them, and the files that are there.

    The first is compared with the last of those `before` it that can be read.
    """

    name: str
    before: tuple[Version, ...]
    versions: tuple[Version, ...]
    source: Callable[[Version], Source]
    files: tuple[Path, ...]


def history(
    *inputs: Input,
    since: str = "",
    commits: int = MOST,
    category: str | None = None,
    attack_version: str | None = None,
    reading: ReadOptions = ReadOptions(),
    today: str = "",
    on_version: Callable[[int], None] = lambda _: None,
    **options: Unpack[Scoring],
) -> History:
    """The coverage of sets or layers over time, and why it moved.

    Args:
        *inputs: Names and paths of files in git, of folders of such files, or of folders with dated files or
            folders; none: the folder `mappings`.
        since: A day, month or year such as "2025-03-01", or a revision of git: the versions from then on, after the
            last one before; "": all.
        commits: The number of commits of a file to read, newest first.
        category: Count the scores of this category only.
        attack_version: Remap all versions to this ATT&CK release; None: each at its own.
        reading: How to read files. Without `as_of`, the ages of evidence are counted to the day of each version.
        today: The day of a version that is not committed, such as "2026-01-31"; ages of evidence need it.
        on_version: Called with the number of all versions after each of them.
        **options: How mappings become scores, as in `ScoreOptions`.

    Returns:
        The history: per set its versions, and per version its numbers and what moved them.

    Raises:
        NavlayersError: An input has no history, no version can be read, or an option does not fit.
    """
    if not (inputs or Path(HERE).is_dir()):
        expected = "a file in git, a folder of such files, or a folder of dated copies"
        raise UsageError(
            Problem("no input given", None, expected, "for example: navlayers history my-controls.yaml")
        )
    notices: list[Problem] = []
    found = [each for item in inputs or (HERE,) for each in _versions_of(item, since, commits, reading, notices)]
    total = sum(len(each.versions) for each in found)
    series: list[Series] = []
    unread: list[Problem] = []
    for each in found:
        read = _Reader(each, attack_version, reading, today, lambda: on_version(total))
        one = series_of(each.name, read, ScoreOptions(**options), category)
        if one is None:
            unread += read.problems[-1:]
        else:
            series.append(one)
            notices += read.notices
    if not series:
        raise InputError(unread)
    files = tuple(path for each in found for path in each.files)
    return History(tuple(series), since, category, tuple(dict.fromkeys((*notices, *unread))), files)


def render(history: History, format_: Format) -> bytes:
    """The history in a format.

    Args:
        history: The history.
        format_: One of `FORMATS`.

    Returns:
        The bytes of the file.

    Raises:
        UsageError: A picture is asked for, and the history has one version.
    """
    if format_ == "json":
        return json_text(pages.as_json(history)).encode()
    # Each format is loaded where it is used.
    if format_ == "svg":
        from navlayers.output.markdown import chart_svg  # noqa: PLC0415
        from navlayers.pages.trend import trend_chart  # noqa: PLC0415

        trend = trend_chart(history)
        if trend is None:
            raise UsageError(Problem("the history has one version", expected="two or more for a picture"))
        return chart_svg(trend)
    if format_ == "csv":
        from navlayers.output.csv_text import to_csv  # noqa: PLC0415

        return to_csv(pages.lines_table(history))
    with extra("office" if format_ == "docx" else "pictures"):
        render_ = importlib.import_module(f"navlayers.output.{_MODULES[format_]}").render
    rendered: Rendered | str = render_(pages.document(history))
    return rendered.encode("utf-8", "replace") if isinstance(rendered, str) else rendered.data


class _Reader:
    """Reads versions one at a time; then `problems` of those without numbers, and the `notices` of the newest."""

    def __init__(
        self,
        versions: _Versions,
        attack_version: str | None,
        reading: ReadOptions,
        today: str,
        on_version: Callable[[], None],
    ) -> None:
        self.problems: list[Problem] = []
        self.notices: tuple[Problem, ...] = ()
        self._versions, self._on_version = versions, on_version
        self._attack_version, self._reading, self._today = attack_version, reading, today

    def __iter__(self) -> Iterator[tuple[Version, InputSet | Problem]]:
        for version in reversed(self._versions.before):
            with contextlib.suppress(NavlayersError):
                yield version, self._read(version)
                break
        for version in self._versions.versions:
            try:
                inputs = self._read(version)
            except NavlayersError as error:
                self.problems.append(error.problems[0])
                yield version, error.problems[0]
            else:
                self.notices = (*inputs.notices, *(notice for each in inputs.inputs for notice in each.notices))
                yield version, inputs
            self._on_version()

    def _read(self, version: Version) -> InputSet:
        if not version.path:
            raise InputError(Problem("deleted", Place(f"{version.name[:SHORT_HASH]}:{self._versions.name}")))
        source = self._versions.source(version)
        reading = self._reading
        if reading.scope is not None and reading.scope.max_age is not None and not reading.scope.as_of:
            # A month counts from its first day.
            day = f"{version.day}-01"[:10] if version.day else self._today
            reading = msgspec.structs.replace(reading, scope=msgspec.structs.replace(reading.scope, as_of=day))
        return load_inputs(by_domain((source,), reading), self._attack_version, reading)


def _versions_of(
    item: Input, since: str, commits: int, reading: ReadOptions, notices: list[Problem]
) -> Iterator[_Versions]:
    """The sets of an input with their versions; notices of files without any are added."""
    if not isinstance(item, str | os.PathLike):
        raise UsageError(Problem(f"{item!r:.60} has no history", expected="a file or folder"))
    folder = Path(item)
    dated = _dated_entries(folder) if folder.is_dir() else {}
    if len(set(dated.values())) > 1 and not (
        # Rules may have dates in their names.
        all(path.is_file() for path in dated) and sniff_folder(folder) is not None
    ):
        yield from _dated_versions(folder, dated, since, reading, notices)
        return
    found = resolve((os.fspath(item),), reading.format)
    refuse_parts(found, "history")
    problems: list[Problem] = []
    for source in found:
        if source.path.is_dir() or source.data is not None or str(source.path) == STDIN:
            message = "a folder that is one set has no history" if source.path.is_dir() else "has no history"
            hint = "name a file in git, or a folder of dated copies, such as 2025-01-31/…"
            raise UsageError(Problem(message, Place(str(source.path)), "a file or a folder of sets", hint))
        try:
            yield _git_versions(source, since, commits, notices)
        except InputError as error:
            absent = Problem("no such file", Place(os.fspath(item)))
            problems += error.problems if source.path.exists() else (absent,)
    if problems and len(problems) == len(found):
        place = problems[0].place and Place(os.fspath(item))
        raise InputError(msgspec.structs.replace(problems[0], place=place))
    notices += problems


def _git_versions(source: Source, since: str, commits: int, notices: list[Problem]) -> _Versions:
    """The versions of a file in git, and the file that is there if it differs."""
    known = log(source.path, since, commits)
    place = Place(str(source.path))
    if known.cut:
        notices.append(
            Problem(f"commits before the newest {commits} are left out", place, hint="--commits sets the number")
        )
    if known.shallow:
        message = "the clone is shallow: it lacks older commits"
        notices.append(Problem(message, hint="`git fetch --unshallow` gets them"))
    versions = [Version(each.hash, each.time, each.subject or "(no subject)", each.path) for each in known.commits]
    newest = versions[-1]
    if source.path.exists() and (
        not newest.path or _differs(source.path, content(Revision(newest.name, newest.path), known.top))
    ):
        versions.append(Version("", "", "", str(source.path)))

    def source_of(version: Version) -> Source:
        if not version.name:
            return source
        data = content(Revision(version.name, version.path), known.top)
        path = Path(f"{version.name[:SHORT_HASH]}:{version.path}")
        return Source(source.name, path, "git", data)

    return _Versions(
        source.name, tuple(versions[: known.first]), tuple(versions[known.first :]), source_of, (source.path,)
    )


def _differs(path: Path, committed: bytes) -> bool:
    """Whether a file is another than the committed one; other ends of lines are those of git's own settings."""
    try:
        return path.read_bytes().replace(b"\r\n", b"\n") != committed.replace(b"\r\n", b"\n")
    except OSError:  # reading it reports the reason
        return True


def _dated_entries(folder: Path) -> dict[Path, str]:
    """The folders and files in a folder that have a date in their names → the date as 2025-01-31 or 2025-01."""
    dated = {}
    for path in sorted(folder.iterdir()):
        match = _DATE.search(path.stem if path.is_file() else path.name)
        if match and not path.name.startswith(".") and (path.is_dir() or path.suffix.lower() in ENDINGS):
            year, _, month, day, other_month, other_day = match.groups()
            text = "-".join(filter(None, (year, month or other_month, day or other_day)))
            with contextlib.suppress(ValueError):  # such as February 31
                Version("", text).seconds  # noqa: B018
                dated[path] = text
    return dated


def _dated_versions(
    folder: Path, dated: dict[Path, str], since: str, reading: ReadOptions, notices: list[Problem]
) -> Iterator[_Versions]:
    """The sets of dated files and folders; those of one name are versions of one set; notices of empty ones.

    Raises:
        InputError: all are empty.
    """
    own = source_name(folder.resolve())
    entries = sorted(dated, key=lambda path: (dated[path], path.name))
    per_entry: dict[Path, Sequence[Source]] = {}
    problems: list[Problem] = []
    for entry in entries:
        try:
            per_entry[entry] = resolve((os.fspath(entry),), reading.format)
        except InputError as error:
            problems += error.problems
    if not per_entry:
        raise InputError(problems)
    notices += problems
    single = all(entry.is_dir() and len(found) == 1 for entry, found in per_entry.items())
    by_name: dict[str, list[tuple[Version, Source]]] = {}
    for entry, found in per_entry.items():
        for source in found:
            name = own if single else _DATE.sub("", source.name).strip("-_. ") or own
            version = Version(entry.name, dated[entry], path=str(source.path))
            by_name.setdefault(name, []).append((version, source))
    for name, pairs in sorted(by_name.items()):
        sources = {version.path: source for version, source in pairs}
        versions = tuple(version for version, _ in pairs)
        first = _first(versions, since, folder)
        files = tuple(map(Path, sources))
        yield _Versions(name, versions[:first], versions[first:], partial(_source_at, sources), files)


def _source_at(sources: dict[str, Source], version: Version) -> Source:
    return sources[version.path]


def _first(versions: Sequence[Version], since: str, folder: Path) -> int:
    """The number of the first version after a name, or of a date or later; 0 if there is neither."""
    names = [version.name for version in versions]
    if since in names:
        return names.index(since) + 1
    if since and not DATE.fullmatch(since):
        expected = "a date such as 2025-03-01, or the name of a dated file or folder"
        raise UsageError(Problem(f"--since {quoted(since)} is not in {folder}", expected=expected))
    later = (number for number, version in enumerate(versions) if version.time[: len(since)] >= since)
    return next(later, len(versions))
