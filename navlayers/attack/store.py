"""The ATT&CK releases at hand: those that ship with navlayers and those in the user's data folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from navlayers._text import shown
from navlayers.attack import files, versions
from navlayers.attack.release import Release, builtin, order, read
from navlayers.attack.userdata import file_names, unusable, user_folder
from navlayers.errors import InputError, Problem, ReleaseError

if TYPE_CHECKING:
    from pathlib import Path

    from navlayers.attack.catalogue import Catalogue
    from navlayers.attack.domain import Domain
    from navlayers.attack.threat import Threats


class Found(NamedTuple):
    """The release that a wish came to; `notice` says where that is not quite what was asked."""

    release: Release
    notice: Problem | None = None


def releases() -> tuple[Release, ...]:
    """Every release at hand, by domain and then version, oldest first; an added one replaces a built-in one.

    Added files that cannot be used are left out; `check_added` tells of them.
    """
    folder = user_folder()
    return _merged([name for name in file_names()[0] if unusable(folder / name) is None])


def find(domain: Domain, wanted: str) -> Found:
    """The release at hand that `wanted` means.

    "16.1" and "v16.1" mean that release; where it is not at hand, the nearest minor of the same major, with a
    notice. "16" means the newest 16.x at hand, "latest" the newest of all. Raises ReleaseError, which names the
    releases at hand and the command that adds one, where there is no such release or `wanted` is no version.
    """
    parsed = versions.parse_wanted(wanted)
    names, _ = file_names()
    broken: Problem | None = None
    while True:
        candidates = {release.version: release for release in _merged(names) if release.domain == domain}
        version = parsed and versions.choose(parsed, list(candidates))
        if parsed is None or version is None:
            missing = _not_found(domain, wanted, list(candidates), malformed=parsed is None)
            raise ReleaseError(missing if broken is None else (missing, broken))
        release = candidates[version]
        problem = None if release.builtin else unusable(release.path)
        if problem is None:
            return Found(release, _notice(parsed, release, broken))
        broken = problem
        names.remove(release.path.name)


def load(release: Release) -> Catalogue:
    """The tactics and techniques of a release; read once per process. Raises InputError."""
    if not release.builtin and (problem := unusable(release.path)):
        raise InputError(problem)
    return read(files.read_catalogue, release.path)


def has_threats(release: Release) -> bool:
    """Whether groups, software and campaigns of the release are at hand, in a file that can be used."""
    path = _threats_path(release)
    return _is_file(path) and (release.builtin or unusable(path) is None)


def threats(release: Release) -> Threats:
    """The groups, software and campaigns of a release; read once per process.

    Raises ReleaseError where they are not at hand for this release, InputError where their file is broken.
    """
    path = _threats_path(release)
    if _is_file(path):
        if not release.builtin and (problem := unusable(path)):
            raise InputError(problem)
        return read(files.read_threats, path)
    others = [other.version for other in releases() if other.domain == release.domain and has_threats(other)]
    raise ReleaseError(
        Problem(
            f"the groups, software and campaigns of {release} are not at hand",
            expected=f"one of {', '.join(others)}" if others else "",
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
    """The built-in releases and those that the files of these names in the user's folder hold."""
    folder = user_folder()
    at_hand = {(release.domain, release.version): release for release in builtin()}
    for name in names:
        parsed = files.parse_name(name)
        if parsed and not parsed.threats:
            release = Release(parsed.domain, parsed.version, folder / name, builtin=False)
            at_hand[parsed.domain, parsed.version] = release
    return tuple(sorted(at_hand.values(), key=order))


def _not_found(domain: Domain, wanted: str, at_hand: list[str], *, malformed: bool) -> Problem:
    listing = ", ".join(at_hand)
    if malformed:
        return Problem(
            f"{shown(wanted)} is not an ATT&CK version",
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
    asked = f"{wanted.major}.{wanted.minor}"
    if broken is not None:
        return Problem(f"{broken.message}; {release} is used instead", broken.place, hint=broken.hint)
    if wanted.minor is None or asked == release.version:
        return None
    message = f"ATT&CK {release.domain} {asked} is not at hand, {release.version} is used instead"
    return Problem(message, hint=f"to use {asked}: navlayers attack add {asked}")
