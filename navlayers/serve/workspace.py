"""The sets that the explorer shows: each as it was last read well, and what is wrong with its file now."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers.analysis.inputs import InputSet, together
from navlayers.analysis.threats.lookup import file_and_part
from navlayers.api.sources import sources
from navlayers.checks.finding import Finding
from navlayers.checks.run import check
from navlayers.errors import InputError, NavlayersError, Place, Problem, ReleaseError, UsageError
from navlayers.mapping.find import HERE, STDIN, Source, shipped
from navlayers.mapping.formats import source as files
from navlayers.mapping.formats.context import ReadOptions
from navlayers.mapping.load import Prepared, prepare_all
from navlayers.scoring.options import ScoreOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_WATCHED = ("file", "folder", "here")
"""Origins of sets that can change."""

_SEGMENTS = "segments"
"""The origin of sets that are joined of files, which are not checked as one."""

_MOST_REMEMBERED = 8
_MOST_SHOWN = 8
_MOST_FOLDERS = 1_000

_Signature = tuple[int, int, int]


class Settings(msgspec.Struct, frozen=True):
    """How sets are read, remapped and scored; and threats that the user named, which may be files."""

    reading: ReadOptions = ReadOptions()
    scoring: ScoreOptions = ScoreOptions()
    attack_version: str | None = None
    threats: tuple[str, ...] = ()
    software_of: tuple[str, ...] = ()


class Held(msgspec.Struct, frozen=True):
    """A set of the workspace.

    Attributes:
        source: as it was found, with the bytes of its file.
        stamp: changes with what is shown; "" before the first good reading.
        prepared: the set as last read well.
        skipped: notices of that reading.
        problems: why it cannot be read now; empty if it can.
        findings: the findings of `check`.
        checked: whether they are about the file as it is now.
        offered: a shipped set that was not named, for pages to add.
    """

    source: Source
    stamp: str = ""
    prepared: tuple[Prepared, ...] = ()
    skipped: tuple[Problem, ...] = ()
    problems: tuple[Problem, ...] = ()
    findings: tuple[Finding, ...] = ()
    checked: bool = True
    offered: bool = False

    @property
    def watched(self) -> bool:
        """Whether its file can change."""
        return self.source.origin in _WATCHED


class _Seen(NamedTuple):
    """A file as it was seen last, to tell whether it changed."""

    signature: _Signature | None
    digest: str


class Workspace:
    """The named sets, and those that ship with navlayers, which are read when they are first shown."""

    def __init__(self, words: Sequence[str], settings: Settings) -> None:
        """Find the sets.

        Args:
            words: names, files and folders, as the user gave them.
            settings: how to read them.

        Raises:
            NavlayersError: there is no such set.
        """
        self.settings = settings
        self._words = words
        self._held = {source.name: Held(source) for source in self._find()}
        for source in shipped():
            self._held.setdefault(source.name, Held(source, offered=True))
        self._seen: dict[str, _Seen] = {}
        # Why the words could not be read when they were looked at last; segments are read then.
        self._unread: tuple[Problem, ...] = ()
        self._signatures: object = None
        threats = (Path(file_and_part(word)[0]) for word in settings.threats)
        self._threats = tuple(path for path in threats if path.is_file())
        self._threats_changed()
        self._input_sets: dict[tuple[tuple[str, str], ...], InputSet] = {}

    @property
    def held(self) -> tuple[Held, ...]:
        """The sets in their order, the named ones first."""
        return tuple(sorted(self._held.values(), key=lambda held: held.offered))

    @property
    def named(self) -> tuple[Held, ...]:
        """The sets that were named, or are there without a name."""
        return tuple(held for held in self._held.values() if not held.offered)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files and folders to watch: those named, and those of the sets."""
        named = [Path(word) for word in self._words or (HERE,) if word != STDIN]
        found = [held.source.path for held in self.held if held.watched]
        found += [path for held in self.held for path in held.source.files]
        return tuple(dict.fromkeys((*(path for path in named if path.is_dir()), *found, *self._threats)))

    def get(self, name: str) -> Held:
        """The set of this name, read.

        Raises:
            NavlayersError: there is none, or it was never read well.
        """
        held = self._held.get(name)
        if held is None:
            raise UsageError(Problem(f"no set {name!r}", expected=", ".join(self._held)))
        if not held.prepared:
            held = self._held[name] = self._read(held)
        if not held.prepared:
            raise InputError(held.problems)
        return held

    def first(self, on_set: Callable[[int], None] = lambda total: None) -> tuple[str, ...]:
        """The names of the sets to show at first: those named that are of one domain, or one of those that ship.

        `on_set` is called after each set that is read, with the number of sets.
        """
        every = self.named
        if not self._words and all(held.source.origin == "shipped" for held in every):
            every = every[:1]
        domains: dict[str, str] = {}
        for held in every[:_MOST_SHOWN]:
            # A file that cannot be read yet will be shown as soon as it can.
            domains[held.source.name] = ""
            with contextlib.suppress(InputError, ReleaseError):
                domains[held.source.name] = self.get(held.source.name).prepared[0].set.domain
            on_set(min(len(every), _MOST_SHOWN))
        first = next(filter(None, domains.values()), "")
        return tuple(name for name, domain in domains.items() if domain in ("", first))

    def inputs(self, names: Sequence[str]) -> tuple[InputSet, tuple[str, ...]]:
        """Sets at one ATT&CK release, and their stamps.

        Raises:
            NavlayersError: a set is unknown or was never read well, or they are of different domains.
        """
        chosen = [self.get(name) for name in dict.fromkeys(names)]
        key = tuple((held.source.name, held.stamp) for held in chosen)
        if key not in self._input_sets:
            while len(self._input_sets) >= _MOST_REMEMBERED:
                self._input_sets.pop(next(iter(self._input_sets)))
            read = [prepared for held in chosen for prepared in held.prepared]
            skipped = [notice for held in chosen for notice in held.skipped]
            maximum = self.settings.reading.max_bytes
            self._input_sets[key] = together([held.source for held in chosen], read, skipped, maximum)
        return self._input_sets[key], tuple(stamp for _, stamp in key)

    def refresh(self, publish: Callable[[], None]) -> None:
        """Read again what changed on disk; `publish` is called after each set that changed.

        A set keeps its last good reading while its file is broken or away. Why it is broken is told with it; what
        `check` finds in a file that can be read is for `check_changed`.
        """
        signatures = [(path, _signature(path)) for path in self.paths]
        if signatures == self._signatures:
            return
        self._signatures = signatures
        if self._threats_changed():
            # All that is shown may differ.
            for name, held in self._held.items():
                self._held[name] = msgspec.structs.replace(held, stamp=f"{held.stamp}+" if held.stamp else "")
            publish()
        for source in self._found():
            known = self._held.get(source.name)
            if known is None or known.source.path != source.path:
                known = Held(source)
            elif source.origin == _SEGMENTS:
                now = source.mapping_set, self._unread
                if known.stamp and now == (known.source.mapping_set, known.problems):
                    continue
                known = msgspec.structs.replace(known, source=source)
            elif not known.watched or not self._changed(known.source):
                continue
            unread = self._unread if source.origin == _SEGMENTS else ()
            read = msgspec.structs.replace(known, problems=unread) if unread else self._read(known)
            self._held[source.name] = self._check(read) if read.problems else read
            publish()

    def check_changed(self, publish: Callable[[], None]) -> None:
        """Check the files that were read since they were checked last."""
        for held in self.held:
            if not held.checked and held.watched:
                checked = self._check(held)
                # Another save may have come in between.
                if self._held[held.source.name] is held:
                    self._held[held.source.name] = checked
                    publish()

    def _find(self) -> tuple[Source, ...]:
        return sources(self._words, self.settings.reading)

    def _found(self) -> Iterator[Source]:
        """The sets that are there now, and those that were: a folder may be away for a moment."""
        try:
            # The name of a folder that is away could be that of a file.
            now = {each.name: each for each in self._find() if each.name in self._held or each.path.exists()}
            self._unread = ()
        except NavlayersError as error:
            now = {}
            self._unread = error.problems
        yield from now.values()
        yield from (held.source for held in self.held if held.source.name not in now)

    def _threats_changed(self) -> bool:
        changed = [self._changed(Source(f"threat {path}", path)) for path in self._threats]
        return any(changed)

    def _changed(self, source: Source) -> bool:
        """Whether the content of a file or folder differs from when it was seen last."""
        seen = self._seen.get(source.name)
        signature = _signature(source.path)
        if seen and seen.signature == signature:
            return False
        digest = _digest(source.path, self.settings.reading.max_bytes)
        self._seen[source.name] = _Seen(signature, digest)
        return seen is None or seen.digest != digest

    def _read(self, held: Held) -> Held:
        """The set read again, or why that is impossible."""
        settings = self.settings
        try:
            source = _with_bytes(held.source, settings.reading.max_bytes)
            read, skipped = prepare_all([source], settings.attack_version, settings.reading)
        except NavlayersError as error:
            return msgspec.structs.replace(held, problems=error.problems)
        stamp = hashlib.sha256(source.data or os.urandom(16)).hexdigest()[:16]
        return msgspec.structs.replace(
            held,
            source=source,
            stamp=stamp,
            prepared=tuple(read),
            skipped=tuple(skipped),
            problems=(),
            checked=False,
        )

    def _check(self, held: Held) -> Held:
        if held.source.origin == _SEGMENTS:
            return msgspec.structs.replace(held, checked=True)
        # What cannot be read is checked as it is on disk, what was read is checked as read.
        source = msgspec.structs.replace(held.source, data=None) if held.problems else held.source
        return msgspec.structs.replace(held, findings=findings_of(source, self.settings), checked=True)


def findings_of(source: Source, settings: Settings) -> tuple[Finding, ...]:
    """What `check` finds in a file."""
    try:
        # Of a part, the whole file is checked.
        whole = msgspec.structs.replace(source, part="")
        return check([whole], attack_version=settings.attack_version, reading=settings.reading).findings
    except NavlayersError as error:
        return tuple(
            Finding(
                "unreadable", "error", each.place or Place(str(source.path)), each.message, each.expected, each.hint
            )
            for each in error.problems
        )


def _with_bytes(source: Source, max_bytes: int) -> Source:
    """The source with the bytes of its file, so that all who read it see the same."""
    if source.origin not in _WATCHED or source.path.is_dir():
        return source
    return msgspec.structs.replace(source, data=files.load(source.path, None, max_bytes).data)


def _entries(path: Path) -> Iterator[str]:
    yield str(path)
    if path.is_dir():
        yield from files.walk(path, files.ENDINGS, most=_MOST_FOLDERS)


def _signature(path: Path) -> _Signature | None:
    """Number of files, and the sums of their times and sizes and identities; None if there is nothing."""
    total = count = 0
    newest = 0
    for entry in _entries(path):
        try:
            status = Path(entry).stat()
        except OSError:
            continue
        count += 1
        newest = max(newest, status.st_mtime_ns)
        total += hash((entry, status.st_mtime_ns, status.st_size, status.st_ino))
    return (count, newest, total) if count else None


def _digest(path: Path, max_bytes: int) -> str:
    """The hash of the content of a file, or of the files of a folder; "" if there is nothing to read."""
    whole = hashlib.sha256()
    try:
        for entry in _entries(path):
            if not Path(entry).is_dir():
                whole.update(entry.encode("utf-8", "surrogateescape"))
                whole.update(files.load(entry, None, max_bytes).data)
    except NavlayersError as error:
        return str(error)
    return whole.hexdigest()
