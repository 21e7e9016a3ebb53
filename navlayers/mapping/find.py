"""Find mapping sets: shipped ones, those of the project, and files and folders that users name."""

from __future__ import annotations

import os
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from navlayers._text.slugs import slugs
from navlayers._text.wording import and_list, bare
from navlayers.attack.domains import DOMAINS, Domain
from navlayers.attack.scope import Scope
from navlayers.errors import InputError, Place, Problem, UsageError
from navlayers.mapping import formats
from navlayers.mapping.formats import FORMATS, READS, TABLE_FORMATS, Reading, ReadOptions
from navlayers.mapping.formats.context import Places
from navlayers.mapping.formats.detect import likely_set, sniff_folder
from navlayers.mapping.formats.findings import FIRST_FILE
from navlayers.mapping.formats.source import ENDINGS
from navlayers.mapping.model import MappingSet

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

HERE = "mappings"
"""The folder that holds a project's own sets."""

STDIN = "-"
SCHEMA_FILE = "navlayers.schema.json"
"""The JSON Schema of native YAML, where editors look for it: in the folder of the sets."""

INDEX_FILE = "navlayers.index.json"
"""The index of the shipped sets, in their folder, see `navlayers.mapping.index`."""

RECIPE = "navlayers.yaml"
"""The file of `navlayers run`, which is not a set."""

_TABLES = frozenset({".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".md", ".markdown"})

_SCHEMA = ".schema.json"
"""The suffix of JSON Schemas."""


class Source(msgspec.Struct, frozen=True):
    """A mapping set to read.

    Attributes:
        name: the name of its results.
        path: the file or folder; only a name if `data` or `mapping_set` is given.
        origin: "shipped", "here" (of the project), "folder" (a file of a folder), "git" (a file of a commit),
            "segments" (a set in memory that was joined from files), or "file" (or folder of one set).
        data: the content, if it does not come from the path.
        mapping_set: the set, if it is in memory.
        domain: the ATT&CK domain whose mappings to take from a table of several; "" for all.
        parts: the names of the sets of that table, the largest first; empty for other inputs.
        scope: that of a set in memory, which has its mappings in scope alone.
        notices: of how the set in memory was made.
        files: the files and folders that the set in memory was made of.
        part: the part of the set that the user names after "@", a capability group or a condition; "" for all.
        known: the options and the result of a reading that was needed to find the source; None for most.
    """

    name: str
    path: Path
    origin: str = "file"
    data: bytes | None = None
    mapping_set: MappingSet | None = None
    domain: Domain | Literal[""] = ""
    parts: tuple[str, ...] = ()
    scope: Scope | None = None
    notices: tuple[Problem, ...] = ()
    files: tuple[Path, ...] = ()
    part: str = ""
    known: tuple[ReadOptions, Reading] | None = None


def read(source: Source, options: ReadOptions) -> Reading:
    """The set of a source: of a table of several domains, the one that it names; of a set, the part that it names.

    Raises:
        InputError: it cannot be read, or has no such part.
    """
    if source.mapping_set is not None:
        place = Place(source.name)
        nowhere = Places(lambda *_: place, lambda _: place)
        return formats.Reading(source.mapping_set, source.notices, "native", nowhere)
    if source.parts:
        from navlayers.mapping import table_domains  # noqa: PLC0415 - for such tables alone

        reading = table_domains.read(source, options)
    else:
        reading = formats.read(source.path, data=source.data, reading=options)
    if not source.part:
        return reading
    from navlayers.mapping.scope import part  # noqa: PLC0415 - for parts alone

    return reading.only(part(reading.mapping_set, source.part, source.name))


def refuse_in_memory(sources: Iterable[Source]) -> None:
    """Refuse sets that are no files, such as joined segments.

    Raises:
        UsageError: there is one.
    """
    for source in sources:
        if source.mapping_set is not None:
            expected = "the files themselves, or what `convert` writes"
            raise UsageError(Problem(f"{source.name} is not a file", expected=expected))


def may_be_table(source: Source, options: ReadOptions) -> bool:
    """Whether an input may be a table: by its file name extension or `--from`; standard input always may."""
    return source.data is not None or source.path.suffix.lower() in _TABLES or options.format in TABLE_FORMATS


def part_options(source: Source, options: ReadOptions) -> ReadOptions:
    """The options, with the domain of a source that is a part of a table."""
    if not source.domain:
        return options
    parts = tuple(domain for name in source.parts for domain in DOMAINS if name.endswith(f"-{domain}"))
    return msgspec.structs.replace(options, metadata={**options.metadata, "domain": source.domain}, parts=parts)


def shipped() -> tuple[Source, ...]:
    """The sets that come with navlayers, by name."""
    return _in_folder(shipped_folder(), "shipped")


def schema_text() -> str:
    """The JSON Schema of native YAML."""
    return (shipped_folder() / SCHEMA_FILE).read_text(encoding="utf-8")


def shipped_folder() -> Path:
    """The folder of the shipped sets."""
    package = Path(__file__).parents[1]
    # The wheel has the folder in the package, a checkout has it next to the package.
    folders = (package / "mappings", package.parent / "mappings")
    return next((folder for folder in folders if folder.is_dir()), folders[0])


def here() -> tuple[Source, ...]:
    """The sets in the folder `mappings` of the current folder, by name; none if there is no such folder."""
    try:
        return _in_folder(Path(HERE), "here")
    except OSError:
        return ()


def _in_folder(folder: Path, origin: str) -> tuple[Source, ...]:
    """Files that may hold a set, by name: without hidden files and other endings."""
    entries = sorted(folder.iterdir(), key=lambda path: path.name)
    paths = [p for p in entries if may_be_set(p) and p.is_file()]
    times = Counter(map(source_name, paths))
    sources = []
    for path in paths:
        name = source_name(path)
        # A file that is not a set is skipped later; until then its name must not be that of a set.
        unlike = times[name] > 1 and not likely_set(path)
        sources.append(Source(f"{name}-{path.suffix[1:]}" if unlike else name, path, origin))
    return tuple(sources)


def may_be_set(path: Path) -> bool:
    """Whether a file may hold a set, by its name."""
    name = path.name
    # "~$" starts the lock files of Excel.
    other = name.startswith((".", "~$")) or name.endswith(_SCHEMA) or name in {RECIPE, INDEX_FILE}
    return path.suffix.lower() in ENDINGS and not other


def source_name(path: Path) -> str:
    """The name of the set in a file: the file name without its suffix, safe as the name of a folder."""
    return _slug(path.stem)


@lru_cache(maxsize=1 << 10)  # every command looks through the shipped sets
def _slug(stem: str) -> str:
    return slugs([stem])[stem]


def resolve(names: Sequence[str], format_: str | None = None, *, distinct: bool = True) -> tuple[Source, ...]:
    """Find sets by name, file or folder.

    Args:
        names: set names, files, folders, `REVISION:PATH` for a file in git, or `-` for standard input. A name is
            first that of a set in the folder `mappings`, then of a shipped set, then of a file or folder, then
            `SET@PART` for a part of one of these. No names: the folder `mappings` if there is one, else all
            shipped sets.
        format_: the format of the inputs; None detects it. A folder of a folder format, such as Sigma rules, is one
            set; of other folders, each file is a set.
        distinct: refuse different files with the same name. Otherwise the names of their folders are added as a
            prefix, as few as make them distinct.

    Raises:
        InputError: a name is unknown, or a folder has no file that could be a set.
        UsageError: two different files have the same name and `distinct` is set.
    """
    if not (names or Path(HERE).is_dir()):
        return shipped()
    known = {source.name: source for source in (*shipped(), *here())}
    sources: dict[tuple[str, str], Source] = {}
    problems: list[Problem] = []
    for name in names or (HERE + "/",):
        try:
            for source in _resolve_one(name, known, format_):
                sources.setdefault(_identity(source), source)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    if distinct:
        _refuse_same_names(sources.values())
        return tuple(sources.values())
    times = Counter(source.name for source in sources.values())
    return tuple(
        msgspec.structs.replace(source, name=_brief(source, sources.values())) if times[source.name] > 1 else source
        for source in sources.values()
    )


def repeated(names: Sequence[str], format_: str | None = None) -> tuple[str, ...]:
    """The names whose sets earlier names include."""
    seen: set[tuple[str, str]] = set()
    again = []
    for name in names:
        found = {_identity(source) for source in resolve((name,), format_, distinct=False)}
        if found <= seen:
            again.append(name)
        seen |= found
    return tuple(again)


def _identity(source: Source) -> tuple[str, str]:
    # Path.resolve() raises an error for a loop of links, which the reader reports.
    return os.path.realpath(source.path), source.part


def _resolve_one(name: str, known: dict[str, Source], format_: str | None) -> tuple[Source, ...]:
    if name in known:
        return (known[name],)
    path = Path(name)
    if name == STDIN:
        return (Source("stdin", path),)
    if not name:
        raise InputError(Problem("the name of a set is empty", expected="a shipped name, a file or a folder"))
    try:
        return _at_path(name, path, known, format_)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        hint = "check its permissions" if isinstance(error, PermissionError) else ""
        raise InputError(Problem(f"cannot be read: {reason}", Place(name), hint=hint, code="unreadable")) from error


def _at_path(name: str, path: Path, known: dict[str, Source], format_: str | None) -> tuple[Source, ...]:
    if path.is_dir():
        whole = format_ if format_ is not None else sniff_folder(path)
        if whole in FORMATS and FORMATS[whole].folder:
            return (Source(source_name(path.resolve()), path),)
        sources = _in_folder(path, "folder")
        if not sources:
            raise InputError(nothing_in(path))
        return sources
    if not path.exists() and (whole := whole_of(name, known)):
        return tuple(_part(source, name[len(whole) + 1 :]) for source in _resolve_one(whole, known, format_))
    if ":" in name and not path.exists():
        from navlayers.mapping.git import content, revision_of  # noqa: PLC0415 - for files in git alone

        if file := revision_of(name):
            return (Source(f"{source_name(Path(file.path))}@{file.revision}", path, "git", content(file)),)
    if path.exists() or path.is_symlink() or (path.stem not in known and (path.suffix or len(path.parts) > 1)):
        return (Source(source_name(path), path),)
    import difflib  # noqa: PLC0415 - for this error alone

    near = difflib.get_close_matches(path.stem.lower(), known, 3, 0.5)
    hint = f"did you mean {' or '.join(map(bare, near))}? " if near else ""
    raise InputError(
        Problem(
            f"no mapping set {name!r}",
            expected="a shipped name, a file or a folder",
            hint=f"{hint}`navlayers sets` lists the available sets",
        )
    )


def whole_of(name: str, known: Container[str]) -> str:
    """The set of a name `SET@PART`; "" for another name.

    Args:
        name: the name.
        known: the names of sets that are not files.
    """
    places = (place for place, letter in enumerate(name) if letter == "@" and place)
    wholes = (name[:place] for place in places)
    return next((whole for whole in wholes if whole in known or whole == STDIN or Path(whole).exists()), "")


def _part(source: Source, chosen: str) -> Source:
    if not chosen.strip():
        message = f"{source.name}@: no part is given after @"
        raise InputError(
            Problem(message, expected=f"a capability group or a condition, such as {source.name}@GROUP")
        )
    return msgspec.structs.replace(source, name=name_of_part(f"{source.name}@{chosen}"), part=chosen.strip())


def name_of_part(text: str) -> str:
    """The name of the results of `SET@PART`."""
    name, mark, chosen = text.partition("@")
    return f"{name}@{slugs([chosen])[chosen]}" if mark else text


def refuse_parts(sources: Iterable[Source], command: str) -> None:
    """Refuse parts of sets where whole files are asked for.

    Raises:
        UsageError: there are some.
    """
    if parts := [source for source in sources if source.part]:
        message = f"{command} is about whole sets, and {parts[0].name} is a part of one"
        raise UsageError(Problem(message, hint="name the set without @"))


def nothing_in(folder: Path) -> Problem:
    """The problem of a folder in which nothing is a mapping set: what was found there, and what is read."""
    from navlayers.mapping.formats.foreign import contents  # noqa: PLC0415 - for messages alone

    found = contents(folder)
    message = f"no mapping set in this folder{f': found {and_list(found)}' if found else ''}"
    below = any(entry.is_dir() for entry in folder.iterdir() if not entry.name.startswith("."))
    segments = f"name them, or read each as a segment with segments:{folder}"
    hint = f"; of folders inside it, only those of rules are searched: {segments}" if below else ""
    # What `build` writes: a folder of layers for each set.
    built = next((index.parent for index in sorted(folder.glob("*/index.json"))), None)
    if built:
        return Problem("no mapping set in this folder", Place(str(folder)), "a folder with layers", f"name {built}")
    expected = "" if found else f"files ending in {', '.join(ENDINGS)}"
    return Problem(message, Place(str(folder)), expected, f"{READS}{hint}")


def skipped(problem: Problem) -> Problem:
    """The notice of a file of a folder that is not a mapping set."""
    place = problem.place and Place(problem.place.path)
    # What is read is said once, by the message about the folder, whose other files need no first one.
    hint = "" if problem.hint in {READS, FIRST_FILE} else problem.hint
    return Problem(f"skipped, not a mapping set: {problem.message}", place, hint=hint)


def _brief(source: Source, sources: Iterable[Source]) -> str:
    """The shortest end of the path, without suffix, that no other source has; else the path with its suffix."""
    if source.origin in ("shipped", "here"):
        return source_name(source.path)
    parts = _parts(source.path)
    others = [_parts(other.path) for other in sources if other is not source]
    for length in range(2, len(parts)):
        tail = "/".join(parts[-length:])
        if all("/".join(other[-length:]).casefold() != tail.casefold() for other in others):
            return tail
    # Files of one folder may differ in their suffix alone.
    return source.path.as_posix() if parts in others else "/".join(parts).removeprefix("//") or str(source.path)


def _parts(path: Path) -> tuple[str, ...]:
    return (path.with_suffix("") if path.suffix.lower() in ENDINGS else path).parts


def _refuse_same_names(sources: Iterable[Source]) -> None:
    by_name: dict[str, list[Source]] = {}
    for source in sources:
        by_name.setdefault(source.name, []).append(source)
    problems = [
        Problem(
            f"{' and '.join(str(source.path) for source in same)} would be written to the same folder, {name}",
            hint="build them one at a time into different folders, or rename one",
        )
        for name, same in by_name.items()
        if len(same) > 1
    ]
    if problems:
        raise UsageError(problems)
