"""One ATT&CK release at hand, the built-in ones, and the reading of their files."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar, cast

from navlayers.attack import files, versions
from navlayers.attack.domain import DOMAINS, Domain
from navlayers.attack.jsonfile import reason
from navlayers.errors import InputError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

BUILTIN = Path(__file__).with_name("data")


class Release(NamedTuple):
    """One release of one domain and the file that holds it; `version` is "major.minor"."""

    domain: Domain
    version: str
    path: Path
    builtin: bool

    def __str__(self) -> str:
        return f"ATT&CK {self.domain} {self.version}"


def order(release: Release) -> tuple[int, tuple[int, int]]:
    """Sorts releases by domain and then version."""
    return DOMAINS.index(release.domain), versions.number(release.version)


@lru_cache(maxsize=1)
def builtin() -> tuple[Release, ...]:
    """The releases that ship with navlayers."""
    found = []
    for path in BUILTIN.iterdir():
        name = files.parse_name(path.name)
        if name and not name.threats:
            found.append(Release(name.domain, name.version, path, builtin=True))
    return tuple(sorted(found, key=order))


def read(reader: Callable[[Path], T], path: Path) -> T:
    """Read a file once for as long as it does not change."""
    try:
        stat = path.stat()
    except (OSError, ValueError) as error:
        raise InputError(Problem(f"the file cannot be read: {reason(error)}", Place(str(path)))) from None
    return cast("T", _read_once(reader, path, stat.st_mtime_ns, stat.st_size))


@lru_cache(maxsize=64)
def _read_once(reader: Callable[[Path], object], path: Path, _changed: int, _size: int) -> object:
    return reader(path)
