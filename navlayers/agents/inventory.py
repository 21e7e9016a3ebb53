"""The sets that an agent may read: those that ship with navlayers and those of the command line, nothing else."""

from __future__ import annotations

import contextlib
from pathlib import Path
from stat import S_ISDIR
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from navlayers import attack
from navlayers.analysis.threats.lookup import refuse_files
from navlayers.api.sources import sources
from navlayers.errors import InputError, NavlayersError, Place, Problem, UsageError, unknown
from navlayers.mapping.find import STDIN, Source, read, shipped
from navlayers.mapping.formats.context import ReadOptions
from navlayers.mapping.index import entry, facts, shipped_entries
from navlayers.mapping.load import Prepared, prepare_all
from navlayers.scoring.coverage import coverage_of
from navlayers.scoring.options import ScoreOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from navlayers.agents.answers import Answer

_MOST_CACHED = 32
"""Sets that are kept in memory: more than ship with navlayers."""

_FileState = tuple[int, ...] | None


class Settings(NamedTuple):
    """What the command line chose: how sets are read, remapped and scored. An agent cannot change it."""

    reading: ReadOptions = ReadOptions()
    scoring: ScoreOptions = ScoreOptions()
    attack_version: str | None = None
    today: Callable[[], str] = lambda: ""

    @property
    def options(self) -> dict[str, Any]:
        """Arguments of functions of `navlayers.api`."""
        scoring = msgspec.structs.asdict(self.scoring)
        return {"attack_version": self.attack_version, "reading": self.reading, **scoring}


class Inventory:
    """The sets by name, each read again when its file has changed.

    `answers` are the last ones, for their further pages.
    """

    def __init__(self, words: Sequence[str], settings: Settings) -> None:
        """Find the sets.

        Args:
            words: names, files and folders of the command line.
            settings: how to read them.

        Raises:
            NavlayersError: there is no such set, one is standard input, which has the protocol, or an option fits
                no set.
        """
        if STDIN in words:
            message = "standard input has the messages of the agent"
            raise UsageError(Problem(message, expected="names and files of sets", hint="write the set to a file"))
        self.settings = settings
        self._named = {each.name: each for each in (sources(words, settings.reading) if words else ())}
        if missing := [each for each in self._named.values() if _is_missing(each)]:
            prepare_all(missing)
        self._folders = {each.name for each in self._named.values() if each.path.is_dir()}
        self._every = {each.name: each for each in shipped()} | self._named
        self.answers: dict[object, Answer] = {}
        self._cache: dict[tuple[str, _FileState], tuple[Prepared | None, tuple[Problem, ...]]] = {}
        self._check_options()

    def _check_options(self) -> None:
        """Refuse options that the agent could not mend; a file that is wrong may become right later.

        Raises:
            NavlayersError: a release, a platform or another option is wrong.
        """
        settings = self.settings
        if not self._named:
            attack.restricted(attack.find("enterprise", settings.attack_version).catalogue, settings.reading.scope)
        for each in [*self._named.values()][:1]:
            with contextlib.suppress(InputError):
                loaded, _ = self.prepared([each])
                coverage_of(loaded[0], settings.scoring)

    @property
    def named(self) -> tuple[str, ...]:
        """The names of the sets of the command line."""
        return tuple(self._named)

    def get(self, names: Sequence[str], *, every: bool = False) -> tuple[Source, ...]:
        """The sets of these names; without names those of the command line, or else `every` shipped one.

        Raises:
            UsageError: a name is unknown, or there is none.
            InputError: the file of one was removed.
        """
        if problems := unknown("set", names, self._every):
            raise UsageError(map(_without_part, problems))
        chosen = names or self.named or (tuple(self._every) if every else ())
        if not chosen:
            raise UsageError(
                Problem("no set given", expected="`sets`, such as aws and gcp", hint="the tool sets lists them")
            )
        sets = tuple(self._every[name] for name in dict.fromkeys(chosen))
        if problems := [problem for each in sets for problem in self._absence(each)]:
            raise InputError(problems)
        return sets

    def _absence(self, source: Source) -> Iterator[Problem]:
        """A problem if the set of the start is gone; that of reading would name other files of the folder."""
        if source.data is not None or source.mapping_set is not None:
            return
        folder = source.name in self._folders
        try:
            there = source.path.is_dir() if folder else source.path.is_file()
        except OSError:  # the folder that it is in cannot be read
            there = False
        if not there:
            message = f"the {'folder' if folder else 'file'} is no longer there"
            hint = "put it back, or start navlayers mcp without it"
            yield Problem(message, Place(str(source.path)), hint=hint)

    def prepared(self, sets: Iterable[Source]) -> tuple[list[Prepared], list[Problem]]:
        """The sets at their releases, and notices; what was read before is used again while its file is the same.

        Raises:
            NavlayersError: one cannot be read.
        """
        chosen = [(each, (each.name, _stamp(each))) for each in sets]
        missing = [(each, key) for each, key in chosen if key not in self._cache]
        found = dict(self._cache)
        if missing:
            settings = self.settings
            prepared, skipped = prepare_all(
                [each for each, _ in missing], settings.attack_version, settings.reading
            )
            by_name = {each.name: each for each in prepared}
            of_file = {notice.place.path: notice for notice in skipped if notice.place}
            for each, key in missing:
                notice = of_file.get(str(each.path))
                found[key] = by_name.get(each.name), (notice,) if notice else ()
        self._cache |= {key: found[key] for _, key in missing if key[1] is not None}
        while len(self._cache) > _MOST_CACHED:
            self._cache.pop(next(iter(self._cache)))
        loaded = [one for _, key in chosen if (one := found[key][0]) is not None]
        notices = [notice for _, key in chosen for notice in found[key][1]]
        if not loaded:
            raise InputError(notices)
        return loaded, notices

    @property
    def state(self) -> tuple[_FileState, ...] | None:
        """What changes with the files; None if that cannot be seen."""
        stamps = tuple(map(_stamp, self._named.values()))
        return None if None in stamps else stamps

    def listing(self) -> tuple[list[dict[str, object]], list[Problem]]:
        """What `navlayers sets` tells of each set, those named first, and why others cannot be read."""
        entries = shipped_entries()
        found: list[dict[str, object]] = []
        broken: list[Problem] = []
        for each in sorted(self._every.values(), key=lambda source: source.name not in self._named):
            if problems := [*self._absence(each)]:
                broken += problems
                continue
            try:
                # A part of a shipped set is not in the index.
                known = entries.get(each.name) if each.origin == "shipped" else None
                found.append(facts(each, known or entry(read(each, self.settings.reading).mapping_set)))
            except NavlayersError as error:
                broken += error.problems
        return found, broken

    def threat(self, word: str, sets: Sequence[Source]) -> str:
        """The word for a threat that an agent named: of ATT&CK, or the path of a set that it may read.

        Raises:
            UsageError: it is neither, such as a path.
        """
        known = self._every.get(word)
        if known is not None and known.data is None and known.mapping_set is None:
            (set_of_threats,) = self.get([word])
            return str(set_of_threats.path)
        loaded, _ = self.prepared(sets[:1])
        refuse_files(word, loaded[0].set.domain, ())
        return word


def _without_part(problem: Problem) -> Problem:
    """The problem of an unknown set, which may be part of a known one."""
    if "@" not in problem.message:
        return problem
    hint = "a part of a set, such as nist_800_53@moderate, is an input of navlayers mcp"
    return msgspec.structs.replace(problem, hint=hint)


def _is_missing(source: Source) -> bool:
    return source.data is None and source.mapping_set is None and not source.path.exists()


def _stamp(source: Source) -> _FileState:
    """Time, size and mode of the file of a set, to see whether it changed.

    () of a set that cannot change; None of a folder or an unreadable file, which is read each time.
    """
    if source.origin == "shipped" or source.data is not None or source.mapping_set is not None:
        return ()
    try:
        status = source.path.stat()
    except OSError:
        return None
    return None if S_ISDIR(status.st_mode) else (status.st_mtime_ns, status.st_size, status.st_mode)


def csv_source(text: str) -> Source:
    """A text of the agent as an input, by the name of standard input."""
    return Source("text", Path(STDIN), data=text.encode("utf-8", "replace"))
