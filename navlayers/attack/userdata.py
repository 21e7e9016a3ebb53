"""The user's data folder: the ATT&CK releases that were added to those that ship."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from navlayers._text import shown
from navlayers.attack import files, versions
from navlayers.attack.domain import DOMAINS, Domain
from navlayers.attack.release import Release, builtin, read
from navlayers.errors import InputError, OutputError, Place, Problem, ReleaseError, UsageError

if TYPE_CHECKING:
    from navlayers.attack.stix import Bundle

DATA_DIR_VARIABLE = "NAVLAYERS_DATA_DIR"


def user_folder() -> Path:
    """The folder for releases that the user adds; it need not exist.

    `attack` in the folder that the environment variable NAVLAYERS_DATA_DIR names, else in the one that the
    operating system has for data of a user's programs. Raises UsageError where it is in the home of nobody.
    """
    if chosen := os.environ.get(DATA_DIR_VARIABLE):
        try:
            return Path(chosen).expanduser() / "attack"
        except RuntimeError:
            message = f"{DATA_DIR_VARIABLE} names {shown(chosen)}, and there is no such home folder"
            raise UsageError(Problem(message, expected="a folder for added ATT&CK releases")) from None
    from platformdirs import user_data_path  # noqa: PLC0415 - costs time, and is not always needed

    return user_data_path("navlayers", appauthor=False) / "attack"


def file_names() -> tuple[list[str], Problem | None]:
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


def check_added() -> tuple[Problem, ...]:
    """A notice for each file in the user's folder that cannot be used: broken, or not of navlayers."""
    names, trouble = file_names()
    notices = [] if trouble is None else [trouble]
    problems = (unusable(user_folder() / name) for name in names)
    return (*notices, *(problem for problem in problems if problem is not None))


def unusable(path: Path) -> Problem | None:
    """Why a file in the user's folder cannot be used, and how to remove it; None where it can."""
    name = files.parse_name(path.name)
    if name is None or _is_folder(path):
        return _foreign(path)
    try:
        read(files.read_threats if name.threats else files.read_catalogue, path)
    except InputError as error:
        problem = error.problems[0]
        message = f"this added ATT&CK release cannot be used: {problem.message}"
        command = f"navlayers attack remove {name.version} --domain {name.domain}"
        return Problem(message, problem.place, hint=f"remove it with: {command}")
    return None


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
        contents = {path: files.encode_catalogue(catalogue)}
        if bundle.threats.threats:
            contents[other] = files.encode_threats(bundle.threats)
        else:
            other.unlink(missing_ok=True)
        _write(contents)
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
        file = path
        pair = []
        try:
            for file in (path, folder / files.threats_name(domain, number or "")):
                if _exists(file):
                    file.unlink()
                    pair.append(file)
        except OSError as error:
            raise OutputError(Problem(f"cannot be deleted: {error.strerror or error}", Place(str(file)))) from None
        if pair:
            gone.append(Release(domain, number or "", path, builtin=False))
    if not gone:
        kept = any(release.version == number and release.domain in domains for release in builtin())
        what = "is built in and cannot be removed" if kept else "is not among the added releases"
        raise ReleaseError(
            Problem(f"ATT&CK {shown(version)[1:-1]} {what}", hint="list the releases with: navlayers attack list")
        )
    return tuple(gone)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # told when it is read
        return False


def _exists(path: Path) -> bool:
    """Whether anything but a folder is there, be it a link to nowhere or a pipe."""
    return path.is_symlink() or (path.exists() and not path.is_dir())


def _foreign(path: Path) -> Problem:
    message = "not a file of navlayers, ignored"
    if path.suffix == ".json":
        hint = f'to add a bundle: navlayers attack add "{path}"; then move the file out of this folder'
    else:
        hint = "move it out of this folder"
    return Problem(message, Place(str(path)), hint=hint)


def _write(contents: dict[Path, bytes]) -> None:
    """Replace files whole or not at all: all are on the disk before the first takes its place."""
    made = {path: path.with_name(f".{path.name}.{os.getpid()}") for path in contents}
    try:
        for path, data in contents.items():
            made[path].write_bytes(data)
        for path, temporary in made.items():
            temporary.replace(path)
    finally:
        for temporary in made.values():
            temporary.unlink(missing_ok=True)
