"""The ATT&CK releases at hand: those that ship with navlayers and those in the user's data folder."""

from __future__ import annotations

import os
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar, cast

from navlayers.attack import files, versions
from navlayers.errors import InputError, OutputError, Place, Problem, ReleaseError
from navlayers.model import DOMAINS, Domain

if TYPE_CHECKING:
    from collections.abc import Callable

    from navlayers.attack.catalogue import Catalogue
    from navlayers.attack.stix import Bundle
    from navlayers.attack.threat import Threats

T = TypeVar("T")

BUILTIN = Path(__file__).with_name("data")
DATA_DIR_VARIABLE = "NAVLAYERS_DATA_DIR"


class Release(NamedTuple):
    """One release of one domain and the file that holds it; `version` is "major.minor"."""

    domain: Domain
    version: str
    path: Path
    builtin: bool

    def __str__(self) -> str:
        return f"ATT&CK {self.domain} {self.version}"


class Found(NamedTuple):
    """The release that a wish came to; `notice` says where that is not quite what was asked."""

    release: Release
    notice: Problem | None = None


def user_folder() -> Path:
    """The folder for releases that the user adds; it need not exist.

    `attack` in the folder that the environment variable NAVLAYERS_DATA_DIR names, else in the one that the
    operating system has for data of a user's programs.
    """
    if chosen := os.environ.get(DATA_DIR_VARIABLE):
        return Path(chosen).expanduser() / "attack"
    from platformdirs import user_data_path  # noqa: PLC0415 - costs time, and is not always needed

    return user_data_path("navlayers", appauthor=False) / "attack"


def releases() -> tuple[Release, ...]:
    """Every release at hand, by domain and then version, oldest first; an added one replaces a built-in one.

    Goes by file names alone: an added file may turn out to be unusable, which `find` copes with and
    `check_added` tells.
    """
    return _merged(_names()[0])


def check_added() -> tuple[Problem, ...]:
    """A notice for each file in the user's folder that cannot be used: broken, or not of navlayers."""
    names, trouble = _names()
    notices = [] if trouble is None else [trouble]
    for name in names:
        path = user_folder() / name
        parsed = files.parse_name(name)
        problem = _foreign(path) if parsed is None else _unusable(path)
        if problem is not None:
            notices.append(problem)
    return tuple(notices)


def find(domain: Domain, wanted: str) -> Found:
    """The release at hand that `wanted` means.

    "16.1" and "v16.1" mean that release; where it is not at hand, the nearest minor of the same major, with a
    notice. "16" means the newest 16.x at hand, "latest" the newest of all. Raises ReleaseError, which names the
    releases at hand and the command that adds one, where there is no such release or `wanted` is no version.
    """
    parsed = versions.parse_wanted(wanted)
    names, _ = _names()
    broken: Problem | None = None
    while True:
        candidates = {release.version: release for release in _merged(names) if release.domain == domain}
        version = parsed and versions.choose(parsed, list(candidates))
        if parsed is None or version is None:
            raise ReleaseError(_not_found(domain, wanted, list(candidates), malformed=parsed is None))
        release = candidates[version]
        problem = None if release.builtin else _unusable(release.path)
        if problem is None:
            return Found(release, _notice(parsed, release, broken))
        broken = problem
        names.remove(release.path.name)


def load(release: Release) -> Catalogue:
    """The tactics and techniques of a release; read once per process. Raises InputError."""
    return _read(files.read_catalogue, release.path)


def has_threats(release: Release) -> bool:
    """Whether groups, software and campaigns of the release are at hand."""
    return _threats_path(release).is_file()


def threats(release: Release) -> Threats:
    """The groups, software and campaigns of a release; read once per process.

    Raises ReleaseError where they are not at hand for this release, InputError where their file is broken.
    """
    path = _threats_path(release)
    if path.is_file():
        return _read(files.read_threats, path)
    others = [other.version for other in releases() if other.domain == release.domain and has_threats(other)]
    raise ReleaseError(
        Problem(
            f"the groups, software and campaigns of {release} are not at hand",
            expected=f"one of {', '.join(others)}" if others else "",
            hint=f"add them with: navlayers attack add {release.version}",
        )
    )


def add(bundle: Bundle) -> Release:
    """Keep a release in the user's folder, in place of any of the same domain and version there.

    Raises OutputError where it cannot be written; the release that was there before is then still there.
    """
    catalogue = bundle.catalogue
    folder = user_folder()
    path = folder / files.catalogue_name(catalogue.domain, catalogue.version)
    other = folder / files.threats_name(catalogue.domain, catalogue.version)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if bundle.threats.threats:
            _write(other, files.encode_threats(bundle.threats))
        else:
            other.unlink(missing_ok=True)
        _write(path, files.encode_catalogue(catalogue))
    except OSError as error:
        message = f"ATT&CK releases cannot be stored here: {error.strerror or error}"
        hint = f"make room, or name another folder in {DATA_DIR_VARIABLE}"
        raise OutputError(Problem(message, Place(str(folder)), hint=hint)) from None
    return Release(catalogue.domain, catalogue.version, path, builtin=False)


def remove(version: str, domains: tuple[Domain, ...] = DOMAINS) -> tuple[Release, ...]:
    """Delete the added releases of a version, broken files of that name included; return what was deleted.

    Built-in releases stay. Raises ReleaseError where there is none to delete, OutputError where it cannot be.
    """
    number = versions.canonical(version)
    folder = user_folder()
    gone = []
    for domain in domains if number else ():
        path = folder / files.catalogue_name(domain, number or "")
        pair = [file for file in (path, folder / files.threats_name(domain, number or "")) if _exists(file)]
        try:
            for file in pair:
                file.unlink()
        except OSError as error:
            raise OutputError(Problem(f"cannot be deleted: {error.strerror or error}", Place(str(file)))) from None
        if pair:
            gone.append(Release(domain, number or "", path, builtin=False))
    if not gone:
        kept = any(release.version == number and release.domain in domains for release in _builtin())
        what = "is built in and cannot be removed" if kept else "is not among the added releases"
        raise ReleaseError(
            Problem(f"ATT&CK {version} {what}", hint="list the releases with: navlayers attack list")
        )
    return tuple(gone)


def _exists(path: Path) -> bool:
    return path.is_file() or path.is_symlink()


def _order(release: Release) -> tuple[int, tuple[int, int]]:
    return DOMAINS.index(release.domain), versions.number(release.version)


@lru_cache(maxsize=1)
def _builtin() -> tuple[Release, ...]:
    found = []
    for path in BUILTIN.iterdir():
        name = files.parse_name(path.name)
        if name and not name.threats:
            found.append(Release(name.domain, name.version, path, builtin=True))
    return tuple(sorted(found, key=_order))


def _threats_path(release: Release) -> Path:
    return release.path.with_name(files.threats_name(release.domain, release.version))


def _names() -> tuple[list[str], Problem | None]:
    """The names of the files in the user's folder, and why there are none where it cannot be read."""
    folder = user_folder()
    try:
        return sorted(entry.name for entry in folder.iterdir() if not entry.name.startswith(".")), None
    except FileNotFoundError:
        return [], None
    except OSError as error:
        message = f"the folder of added ATT&CK releases cannot be read: {error.strerror or error}"
        hint = f"make it readable, or name another folder in {DATA_DIR_VARIABLE}"
        return [], Problem(message, Place(str(folder)), hint=hint)


def _merged(names: list[str]) -> tuple[Release, ...]:
    """The built-in releases and those that the files of these names in the user's folder hold."""
    folder = user_folder()
    at_hand = {(release.domain, release.version): release for release in _builtin()}
    for name in names:
        parsed = files.parse_name(name)
        if parsed and not parsed.threats:
            release = Release(parsed.domain, parsed.version, folder / name, builtin=False)
            at_hand[parsed.domain, parsed.version] = release
    return tuple(sorted(at_hand.values(), key=_order))


def _not_found(domain: Domain, wanted: str, at_hand: list[str], *, malformed: bool) -> Problem:
    listing = ", ".join(at_hand)
    if malformed:
        return Problem(
            f'"{wanted}" is not an ATT&CK version',
            expected=f"one of those at hand for {domain} ({listing}), a number such as 16, or latest",
            hint="to add another, for example: navlayers attack add 20.0",
        )
    asked = wanted.strip().lower().removeprefix("v")
    return Problem(
        f"ATT&CK {domain} {asked} is not at hand",
        expected=f"one of {listing}" if listing else "",
        hint=f"add it with: navlayers attack add {asked}",
    )


def _notice(wanted: versions.Wanted, release: Release, broken: Problem | None) -> Problem | None:
    """Why `release` is not quite what was asked for: another minor, or in place of a broken file."""
    if wanted.minor is None or versions.number(release.version)[1] == wanted.minor:
        return broken
    asked = f"{wanted.major}.{wanted.minor}"
    message = f"ATT&CK {release.domain} {asked} is not at hand, {release.version} is used instead"
    if broken is not None:
        return Problem(f"{message}: {broken.message}", broken.place, hint=broken.hint)
    return Problem(message, hint=f"to use {asked}: navlayers attack add {asked}")


def _unusable(path: Path) -> Problem | None:
    """Why a release's file in the user's folder cannot be used, and how to remove it."""
    name = files.parse_name(path.name)
    try:
        _read(files.read_threats if name and name.threats else files.read_catalogue, path)
    except InputError as error:
        problem = error.problems[0]
        message = f"this added ATT&CK release cannot be used: {problem.message}"
        command = f"navlayers attack remove {name.version} --domain {name.domain}" if name else ""
        return Problem(message, problem.place, hint=f"remove it with: {command}")
    return None


def _read(read: Callable[[Path], T], path: Path) -> T:
    """Read a file once for as long as it does not change."""
    try:
        stat = path.stat()
    except OSError as error:
        raise InputError(Problem(f"the file cannot be read: {error.strerror or error}", Place(str(path)))) from None
    return cast("T", _read_once(read, path, stat.st_mtime_ns, stat.st_size))


@lru_cache(maxsize=64)
def _read_once(read: Callable[[Path], object], path: Path, _changed: int, _size: int) -> object:
    return read(path)


def _foreign(path: Path) -> Problem:
    message = "not a file of navlayers, ignored"
    if path.suffix == ".json":
        hint = f'to add a bundle: navlayers attack add "{path}"; then move the file out of this folder'
    else:
        hint = "move it out of this folder"
    return Problem(message, Place(str(path)), hint=hint)


def _write(path: Path, data: bytes) -> None:
    """Replace a file whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
