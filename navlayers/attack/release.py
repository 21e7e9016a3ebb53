"""The installed ATT&CK releases: built-in ones, and those that the user added."""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

import msgspec

from navlayers._text.wording import bare, quoted
from navlayers.attack import files, versions
from navlayers.attack.domains import DOMAINS, Domain
from navlayers.errors import InputError, Place, Problem, ReleaseError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from navlayers.attack.catalogue import Catalogue, Threats

T = TypeVar("T")

_BUILTIN = Path(__file__).with_name("data")
DATA_DIR_VARIABLE = "NAVLAYERS_DATA_DIR"


class Release(msgspec.Struct, frozen=True):
    """One release of one domain and its catalogue file; `version` is "major.minor"."""

    domain: Domain
    version: str
    path: Path
    builtin: bool

    def __str__(self) -> str:
        return f"ATT&CK {self.domain} {self.version}"


class Found(msgspec.Struct, frozen=True):
    """An installed release, with a notice if it is not exactly the requested one."""

    release: Release
    notice: Problem | None = None

    @property
    def catalogue(self) -> Catalogue:
        """Its tactics and techniques."""
        return load(self.release)


def releases() -> tuple[Release, ...]:
    """Every installed release, by domain and then version, oldest first.

    An added release replaces a built-in one of the same version. Unusable added files are left out; `check_added`
    reports them.
    """
    folder = user_folder()
    return _merged([name for name in _file_names()[0] if _unusable(folder / name) is None])


def find(domain: Domain, requested: str | None = None, *, own: str = versions.LATEST) -> Found:
    """The installed release for a version: the one that the user requests, or else that of a file.

    Args:
        domain: its domain.
        requested: "16.1" or "v16.1" for that release or, with a notice, the nearest minor of the same major; "16"
            for the newest installed 16.x; "latest" for the newest of all.
        own: the version that a file names, without a requested one: where no release of the same major is
            installed, the newest is used, with a notice.

    Raises:
        ReleaseError: no installed release matches, or the text is not a version. The message lists the installed
            releases and the command that adds one.
    """
    nearest, wanted = requested is None, own if requested is None else requested
    parsed = versions.parse_wanted(wanted)
    names, _ = _file_names()
    broken: Problem | None = None
    while True:
        candidates = {release.version: release for release in _merged(names) if release.domain == domain}
        version = None if parsed is None else versions.choose(parsed, list(candidates))
        if parsed and version is None and nearest:
            version = versions.choose(versions.Wanted(), list(candidates))
        if parsed is None or version is None:
            missing = _not_found(domain, wanted, list(candidates), malformed=parsed is None)
            raise ReleaseError(missing if broken is None else (missing, broken))
        release = candidates[version]
        problem = None if release.builtin else _unusable(release.path)
        if problem is None:
            return Found(release, _notice(parsed, release, broken))
        broken = problem
        names.remove(release.path.name)


def newest(domain: Domain) -> tuple[Catalogue, ...]:
    """The newest release and, where a user added that, the newest built-in one.

    Together they know the ids of older releases, too, as revoked or deprecated ones. An added bundle alone may not:
    it may hold a company's few techniques under any version.
    """
    latest = find(domain)
    builtin = [release for release in _builtin() if release.domain == domain]
    return (latest.catalogue, *(load(release) for release in builtin[-1:] if release != latest.release))


def load(release: Release) -> Catalogue:
    """The tactics and techniques of a release; read once per process.

    Raises:
        InputError: the file of an added release is not valid.
    """
    if not release.builtin and (problem := _unusable(release.path)):
        raise InputError(problem)
    return _read(files.read_catalogue, release.path)


def has_threats(release: Release) -> bool:
    """Whether the groups, software and campaigns of a release are installed, in a valid file."""
    path = _threats_path(release)
    return _is_file(path) and (release.builtin or _unusable(path) is None)


def threats(release: Release) -> Threats:
    """The groups, software and campaigns of a release; read once per process.

    Those of a release without any are remapped from the newest older release that has them (`source_version`).

    Raises:
        ReleaseError: neither this release nor an older one has them.
        InputError: their file is not valid.
    """
    path = _threats_path(release)
    if _is_file(path):
        if not release.builtin and (problem := _unusable(path)):
            raise InputError(problem)
        return _read(files.read_threats, path)
    with_threats = [other for other in releases() if other.domain == release.domain and has_threats(other)]
    older = [other for other in with_threats if _order(other) < _order(release)]
    if older:
        return threats(older[-1]).carried_to(load(release))
    raise ReleaseError(
        Problem(
            f"the groups, software and campaigns of {release} are not installed",
            expected=f"one of {', '.join(other.version for other in with_threats)}" if with_threats else "",
            hint=f"add them with: navlayers attack add {release.version}",
        )
    )


def _threats_path(release: Release) -> Path:
    return release.path.with_name(files.threats_name(release.domain, release.version))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _merged(names: list[str]) -> tuple[Release, ...]:
    """The built-in releases, and those in the user's folder with these file names."""
    folder = user_folder()
    installed = {(release.domain, release.version): release for release in _builtin()}
    for name in names:
        parsed = files.parse_name(name)
        if parsed and not parsed.threats:
            release = Release(parsed.domain, parsed.version, folder / name, builtin=False)
            installed[parsed.domain, parsed.version] = release
    return tuple(sorted(installed.values(), key=_order))


def _not_found(domain: Domain, wanted: str, installed: list[str], *, malformed: bool) -> Problem:
    listing = ", ".join(installed)
    if malformed:
        return Problem(
            f"{quoted(wanted)} is not an ATT&CK version",
            expected=f"an installed {domain} release ({listing}), a major version such as 16, or latest",
            hint="add another release, for example: navlayers attack add 20.0",
        )
    asked = wanted.strip().lower().removeprefix("v")
    return Problem(
        f"ATT&CK {domain} {asked} is not installed",
        expected=f"one of {listing}" if listing else "",
        hint=_how_to_add(asked, max(installed, key=versions.number, default="")),
    )


def _notice(wanted: versions.Wanted, release: Release, broken: Problem | None) -> Problem | None:
    """The notice that `release` is used in place of the requested minor version, or of an invalid file."""
    if broken is not None:
        return Problem(f"{broken.message}; using {release}", broken.place, hint=broken.hint)
    asked = f"{wanted.major}" if wanted.minor is None else f"{wanted.major}.{wanted.minor}"
    if wanted.major is None or asked in (release.version, release.version.partition(".")[0]):
        return None
    message = f"ATT&CK {release.domain} {asked} is not installed; using {release.version}"
    return Problem(message, hint=_how_to_add(asked, release.version))


def _how_to_add(asked: str, newest: str) -> str:
    """The command that adds a release, given the newest one that is installed."""
    number = versions.canonical(asked) or ""
    if not newest or versions.number(number) > versions.number(newest):
        return f"add it with: navlayers attack update, or navlayers attack add {asked}"
    return f"add it with: navlayers attack add {asked}"


def user_folder() -> Path:
    """The folder for added releases, which may not exist yet.

    It is `attack` in the folder that the environment variable NAVLAYERS_DATA_DIR names or, without it, in the
    operating system's folder for user data.

    Raises:
        UsageError: the variable names the home folder of an unknown user.
    """
    if chosen := os.environ.get(DATA_DIR_VARIABLE):
        try:
            return Path(chosen).expanduser() / "attack"
        except RuntimeError:
            message = f"{DATA_DIR_VARIABLE} is {quoted(chosen)}, whose home folder does not exist"
            raise UsageError(Problem(message, expected="a folder for added ATT&CK releases")) from None
    return _user_data() / "navlayers" / "attack"


def _user_data() -> Path:
    """The operating system's folder for user data, as platformdirs gives it."""
    if sys.platform == "linux":  # whose rule is short, and importing platformdirs slower than reading a release
        chosen = os.environ.get("XDG_DATA_HOME", "")
        return Path(chosen if Path(chosen).is_absolute() else os.path.expanduser("~/.local/share"))  # noqa: PTH111 - never raises
    from platformdirs import user_data_path  # noqa: PLC0415

    return user_data_path()


def _file_names() -> tuple[list[str], Problem | None]:
    """The names of the files in the user's folder, or the problem that it cannot be read."""
    folder = user_folder()
    try:
        return sorted(entry.name for entry in folder.iterdir() if not entry.name.startswith(".")), None
    except FileNotFoundError:
        return [], None
    except OSError as error:
        message = f"cannot read the folder of added ATT&CK releases: {error.strerror or error}"
        hint = f"make it readable, or set {DATA_DIR_VARIABLE} to another folder"
        return [], Problem(message, Place(str(folder)), hint=hint)


def check_added() -> tuple[Problem, ...]:
    """A notice for each unusable file in the user's folder: not valid, or not written by navlayers."""
    names, trouble = _file_names()
    notices = [] if trouble is None else [trouble]
    problems = (_unusable(user_folder() / name) for name in names)
    return (*notices, *(problem for problem in problems if problem is not None))


def _unusable(path: Path) -> Problem | None:
    """The problem of an unusable file in the user's folder, with the command that removes it, or None."""
    name = files.parse_name(path.name)
    if name is None or _is_folder(path):
        return _foreign(path)
    try:
        _read(files.read_threats if name.threats else files.read_catalogue, path)
    except InputError as error:
        problem = error.problems[0]
        message = f"invalid added ATT&CK release: {problem.message}"
        command = f"navlayers attack remove {name.version} --domain {name.domain}"
        return Problem(message, problem.place, hint=f"remove it with: {command}")
    return None


def user_releases(version: str, domains: tuple[Domain, ...] = DOMAINS) -> dict[Release, tuple[Path, ...]]:
    """The releases of a version in the user's folder, each with its files; they may be invalid.

    Raises:
        ReleaseError: no added release has this version.
    """
    number = versions.canonical(version) or ""
    folder = user_folder()
    found = {}
    for domain in domains if number else ():
        path, other = folder / files.catalogue_name(domain, number), folder / files.threats_name(domain, number)
        if paths := tuple(filter(_exists, (path, other))):
            found[Release(domain, number, path, builtin=False)] = paths
    if not found:
        builtin = any(release.version == number and release.domain in domains for release in _builtin())
        what = "is built in and cannot be removed" if builtin else "is not an added release"
        raise ReleaseError(
            Problem(f"ATT&CK {bare(version)} {what}", hint="list releases with: navlayers attack list")
        )
    return found


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # reported when it is read
        return False


def _exists(path: Path) -> bool:
    """Whether a path exists and is not a folder; it may be a dangling link or a pipe."""
    return path.is_symlink() or (path.exists() and not path.is_dir())


def _foreign(path: Path) -> Problem:
    message = "ignored: not a file written by navlayers"
    if path.suffix == ".json":
        hint = f'if it is a bundle, run: navlayers attack add "{path}"; then move it out of this folder'
    else:
        hint = "move it out of this folder"
    return Problem(message, Place(str(path)), hint=hint)


def _order(release: Release) -> tuple[int, tuple[int, int]]:
    """The sort key of releases: domain, then version."""
    return DOMAINS.index(release.domain), versions.number(release.version)


@lru_cache(maxsize=1)
def _builtin() -> tuple[Release, ...]:
    """The releases that ship with navlayers."""
    found = []
    for path in _BUILTIN.iterdir():
        name = files.parse_name(path.name)
        if name and not name.threats:
            found.append(Release(name.domain, name.version, path, builtin=True))
    return tuple(sorted(found, key=_order))


def _read(reader: Callable[[Path], T], path: Path) -> T:
    """Read a file once for as long as it does not change."""
    try:
        stat = path.stat()
    except (OSError, ValueError) as error:
        raise InputError(Problem(f"cannot read the file: {files.reason(error)}", Place(str(path)))) from None
    return cast("T", _read_once(reader, path, stat.st_mtime_ns, stat.st_size))


@lru_cache(maxsize=64)
def _read_once(reader: Callable[[Path], object], path: Path, _changed: int, _size: int) -> object:
    return reader(path)
