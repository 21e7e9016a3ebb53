"""The mapping sets that are available, and the resolution of names on the command line."""

from __future__ import annotations

import difflib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from navlayers._text import slugs
from navlayers.errors import InputError, Place, Problem, UsageError
from navlayers.mapping.formats import FORMATS
from navlayers.mapping.formats.detect import sniff_folder
from navlayers.mapping.formats.source import ENDINGS
from navlayers.mapping.model import MappingSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HERE = "mappings"
"""The folder that holds a project's own sets."""

STDIN = "-"
SCHEMA_FILE = "navlayers.schema.json"
"""The JSON Schema of native YAML, which editors look for beside the sets."""

_SCHEMA = ".schema.json"
"""How the names of JSON Schemas end."""


class Source(msgspec.Struct, frozen=True):
    """A mapping set to be read: the name that its results go by, where it is, and where it was found.

    `origin` is "shipped", "here", "folder" (among the files of a folder) or "file" (or a folder that is one set).
    `data` is the content where it does not come from the path, `mapping_set` the set where it is read already.
    """

    name: str
    path: Path
    origin: str = "file"
    data: bytes | None = None
    mapping_set: MappingSet | None = None


def shipped() -> tuple[Source, ...]:
    """The sets that come with navlayers, by name."""
    return _in_folder(_shipped_folder(), "shipped")


def schema_text() -> str:
    """The JSON Schema of native YAML, as it comes with navlayers."""
    return (_shipped_folder() / SCHEMA_FILE).read_text(encoding="utf-8")


def _shipped_folder() -> Path:
    package = Path(__file__).parents[1]
    # In the wheel the folder stands in the package, in a checkout beside it.
    folders = (package / "mappings", package.parent / "mappings")
    return next((folder for folder in folders if folder.is_dir()), folders[0])


def here() -> tuple[Source, ...]:
    """The sets in the folder `mappings` of the current folder, by name; none where there is no such folder."""
    try:
        return _in_folder(Path(HERE), "here")
    except OSError:
        return ()


def _in_folder(folder: Path, origin: str) -> tuple[Source, ...]:
    """Files that may hold a set, by name: hidden ones and other endings are none."""
    entries = sorted(folder.iterdir(), key=lambda path: path.name)
    paths = [p for p in entries if _may_be_set(p) and p.is_file()]
    return tuple(Source(source_name(path), path, origin) for path in paths)


def _may_be_set(path: Path) -> bool:
    name = path.name
    return path.suffix.lower() in ENDINGS and not name.startswith((".", "~$")) and not name.endswith(_SCHEMA)


def source_name(path: Path) -> str:
    """The name of a file's set: the file name without its suffix, made safe as a folder name."""
    return slugs([path.stem])[path.stem]


def resolve(names: Sequence[str], format_: str | None = None, *, distinct: bool = True) -> tuple[Source, ...]:
    """The sets that `names` mean: each a set here, a shipped one, a file, a folder, or `-`.

    A folder is one set where it holds files of a folder format (`format_`, or else by their content), such as
    Sigma rules; of any other folder, each file is a set.

    With no name: the folder `mappings` here if there is one, else all shipped sets. A bare name means the set
    here before the shipped one, and both before a file or folder of that name.

    Not `distinct`: different files of the same name get the names of their folders as a prefix, the shortest that
    is distinct.

    Raises:
        InputError: a name means nothing, or a folder holds no file that could be a set.
        UsageError: two different files would go by the same name, and names are to be distinct.
    """
    if not (names or Path(HERE).is_dir()):
        return shipped()
    known = {source.name: source for source in (*shipped(), *here())}
    found: dict[Path, Source] = {}
    problems: list[Problem] = []
    for name in names or (HERE + "/",):
        try:
            for source in _resolve_one(name, known, format_):
                found.setdefault(source.path.resolve(), source)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    if distinct:
        _refuse_same_names(found.values())
        return tuple(found.values())
    times = Counter(source.name for source in found.values())
    return tuple(
        msgspec.structs.replace(source, name=_brief(source, found.values())) if times[source.name] > 1 else source
        for source in found.values()
    )


def repeated(names: Sequence[str], format_: str | None = None) -> tuple[str, ...]:
    """The names that add no set to those that earlier names resolve to."""
    seen: set[Path] = set()
    again = []
    for name in names:
        paths = {source.path.resolve() for source in resolve((name,), format_, distinct=False)}
        if paths <= seen:
            again.append(name)
        seen |= paths
    return tuple(again)


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
        raise InputError(Problem(f"cannot be looked at: {reason}", Place(name))) from error


def _at_path(name: str, path: Path, known: dict[str, Source], format_: str | None) -> tuple[Source, ...]:
    if path.is_dir():
        whole = format_ if format_ is not None else sniff_folder(path)
        if whole in FORMATS and FORMATS[whole].folder:
            return (Source(source_name(path.resolve()), path),)
        sources = _in_folder(path, "folder")
        if not sources:
            endings = ", ".join(ENDINGS)
            below = any(entry.is_dir() for entry in path.iterdir() if not entry.name.startswith("."))
            hint = "folders in it are not looked into: name them" if below else ""
            raise InputError(
                Problem("no mapping set in this folder", Place(name), f"files that end in {endings}", hint)
            )
        return sources
    if path.exists() or (path.stem not in known and (path.suffix or len(path.parts) > 1)):
        return (Source(source_name(path), path),)
    near = difflib.get_close_matches(path.stem.lower(), known, 3, 0.5)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    raise InputError(
        Problem(
            f"no mapping set {name!r}",
            expected="a shipped name, a file or a folder",
            hint=f"{hint}`navlayers sets` lists what there is",
        )
    )


def _brief(source: Source, sources: Iterable[Source]) -> str:
    """The shortest distinct name: the end of the path without suffix."""
    if source.origin in ("shipped", "here"):
        return source_name(source.path)
    parts = _parts(source.path)
    others = [_parts(other.path) for other in sources if other is not source]
    for length in range(2, len(parts)):
        tail = "/".join(parts[-length:])
        if all("/".join(other[-length:]).casefold() != tail.casefold() for other in others):
            return tail
    return "/".join(parts).removeprefix("//") or str(source.path)


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
