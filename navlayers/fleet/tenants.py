"""The tenants of a fleet: a file or subfolder each, on disk or on any file system that fsspec knows."""

from __future__ import annotations

import errno
import glob
import hashlib
import os
import re
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import msgspec

from navlayers.errors import InputError, NavlayersError, Place, Problem, extra
from navlayers.fleet.record import TenantRecord
from navlayers.mapping.find import may_be_set
from navlayers.mapping.formats.source import ENDINGS
from navlayers.mapping.load import MOST_SKIPPED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_GLOB = re.compile(r"[*?\[]")
_QUERY = re.compile(r"(?<!\w)(\w++://[^\s?]*+)(?:\?\S*+)?")
_USER = re.compile(r"(?<!\w)(\w++://)(?:[^/\s]*@)?")
_LOGIN = re.compile(r"\w+://([^/\s]*)@")
_SECONDS = 2
"""To wait for a connection to an object store, which is tried twice."""

_ANSWER, _PART = 5, 20
"""Seconds to wait for the list of an object store, and for a part of a file."""

_WITHOUT_LOGIN = ("s3", "s3a", "gs", "gcs")

_CHUNK = 1 << 20

STATE = ".fleet"
"""The folder in the output with what later runs use again."""

_HASHES = ("ETag", "etag", "md5Hash", "content_md5", "checksum", "version_id", "generation")
_TIMES = ("LastModified", "last_modified", "mtime", "modified", "updated", "created")
"""What file systems know of a file, by the names of fsspec's."""


class Tenant(msgspec.Struct, frozen=True):
    """A tenant to read.

    Attributes:
        name: the name of its file or folder.
        paths: its files; more than one if it is a folder.
        content: hash of the content of its files.
    """

    name: str
    paths: tuple[str, ...]
    content: str


def local(text: str) -> str:
    """The path of a `file://` URL, so that content tells changes; another text as it is."""
    return url2pathname(urlsplit(text).path) if text.lower().startswith(("file://", "local://")) else text


def is_remote(text: str) -> bool:
    """Whether the input is a URL of a file system."""
    return "://" in text


def without_credentials(text: str) -> str:
    """A URL, or a message with URLs, without user, password and query."""
    return _USER.sub(r"\1", _QUERY.sub(r"\1", text))


def find_tenants(text: str) -> tuple[list[Tenant], list[TenantRecord], list[str]]:
    """The tenants of a folder, a glob or a URL of either, by name, those that are left out, and other files.

    Left out are those that are there twice or unreadable.

    Raises:
        InputError: there are none, or the place cannot be read.
    """
    groups: dict[str, list[list[str]]] = {}
    files = _Remote(text) if is_remote(text) else _Local(text)
    place = Place(without_credentials(text))
    for name, paths in files.entries():
        groups.setdefault(name, []).append(paths)
    if not groups:
        hint = "each file or subfolder is a tenant; a table of all tenants is one file: .parquet, .csv or .duckdb"
        raise InputError(Problem("no mapping set here", place, "a folder or a glob of mapping sets", hint))
    tenants, left_out = [], []
    for name, found in sorted(groups.items()):
        if (text_name := _utf8(name)) != name:
            problem = Problem("the name is not UTF-8", Place(_utf8(found[0][0])), hint="rename it")
            left_out.append(TenantRecord(text_name, problems=(problem,)))
            continue
        if len(found) > 1:
            where = " and ".join(without_credentials(paths[0]) for paths in found[:3])
            hint = f"put the files of one tenant into a folder {name}, or rename one"
            problem = Problem(f"is there {len(found)} times: {where}", place, hint=hint)
            left_out.append(TenantRecord(name, problems=(problem,)))
            continue
        try:
            tenants.append(Tenant(name, tuple(found[0]), files.content(found[0])))
        except OSError as error:
            problem = _unreadable(str(error.filename or found[0][0]), error)
            left_out.append(TenantRecord(name, problems=(problem,), transient=True))
    return tenants, left_out, files.skipped


def skipped_notice(names: Sequence[str], text: str, read: str) -> Problem:
    """The notice of files that are not read.

    Args:
        names: their names.
        text: the input.
        read: what is read.
    """
    more = f" and {len(names) - MOST_SKIPPED:,} more" if len(names) > MOST_SKIPPED else ""
    message = f"skipped: {', '.join(map(_utf8, sorted(names)[:MOST_SKIPPED]))}{more}"
    return Problem(message, Place(without_credentials(text)), hint=f"{read} are read")


def _utf8(name: str) -> str:
    """The name with a question mark for each byte that is not UTF-8."""
    return name.encode("utf-8", "replace").decode()


def _unreadable(path: str, error: Exception) -> Problem:
    text = getattr(error, "strerror", None) or " ".join(str(error).split())
    user = _LOGIN.match(path)
    for secret in re.split(":", user[1]) if user else ():
        text = re.sub(re.escape(secret), "…", text, flags=re.IGNORECASE) if secret else text
    reason = without_credentials(text) or type(error).__name__
    message = f"cannot be read: {reason[0].lower()}{reason[1:]}"
    return Problem(message, Place(without_credentials(path)), code="unreadable")


class _Local:
    def __init__(self, text: str) -> None:
        self._text = text
        self.skipped: list[str] = []

    def entries(self) -> Iterator[tuple[str, list[str]]]:
        """Each tenant with its files."""
        path = Path(self._text)
        if path.is_dir():
            found: Iterable[Path] = path.iterdir()
        elif _GLOB.search(self._text):
            found = map(Path, glob.glob(self._text, recursive=True))  # noqa: PTH207 - an absolute glob
        else:
            missing = not path.exists()
            message = "no such file or folder" if missing else "one file of another kind is not a fleet"
            expected = "a folder or glob of mapping sets, a URL of one, or a table: .parquet, .csv or .duckdb"
            raise InputError(Problem(message, Place(self._text), expected))
        for entry in sorted(found):
            # Results of a fleet are no tenants of it.
            if entry.name.startswith(".") or any((each / STATE).is_dir() for each in (entry, entry.parent)):
                continue
            if entry.is_dir():
                if files := sorted(
                    str(each) for each in entry.rglob("*") if each.is_file() and _visible(each, entry)
                ):
                    yield entry.name, files
            elif may_be_set(entry):
                yield entry.stem, [str(entry)]
            elif entry.suffix.lower() not in ENDINGS:
                self.skipped.append(entry.name)

    def content(self, paths: list[str]) -> str:
        """The hash of the content of files."""
        digest = hashlib.sha256()
        for path in paths:
            if Path(path).exists() and not Path(path).is_file():  # a pipe or a device may have no end
                raise OSError(errno.EINVAL, "not a regular file", path)
            digest.update(os.fsencode(f"\0{path}\0"))
            with Path(path).open("rb") as stream:
                while chunk := stream.read(_CHUNK):
                    digest.update(chunk)
        return digest.hexdigest()


def _visible(path: Path, folder: Path) -> bool:
    return not any(part.startswith(".") for part in path.relative_to(folder).parts)


class _Remote:
    """Tenants in an object store, whose own hashes say what changed, so that nothing is read twice."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.skipped: list[str] = []
        self._system, self._path = file_system(url, _ANSWER)
        self._infos: dict[str, dict[str, Any]] = {}

    def entries(self) -> Iterator[tuple[str, list[str]]]:
        """Each tenant with its files."""
        protocol = self._url.partition("://")[0]
        with store_errors(self._url):
            if _GLOB.search(self._path):
                self._infos = self._system.glob(self._path, detail=True)
                root = None
            else:
                self._infos = self._system.find(self._path, detail=True)
                root = self._path.rstrip("/")
        folders: dict[str, list[str]] = {}
        for path, info in sorted(self._infos.items()):
            inner = PurePosixPath(path)
            if root is not None:
                inner = inner.relative_to(root) if path.startswith(f"{root}/") else PurePosixPath(inner.name)
            if info.get("type") == "directory" or any(part.startswith(".") for part in inner.parts):
                continue
            if root is not None and len(inner.parts) > 1:
                folders.setdefault(inner.parts[0], []).append(f"{protocol}://{path}")
            elif may_be_set(Path(inner.name)):
                yield inner.stem, [f"{protocol}://{path}"]
            elif inner.suffix.lower() not in ENDINGS:
                self.skipped.append(inner.name)
        yield from folders.items()

    def content(self, paths: list[str]) -> str:
        """The hash of the hashes that the store has of the files."""
        digest = hashlib.sha256()
        for path in paths:
            info = self._infos[path.partition("://")[2]]
            known = [(key, str(info[key])) for key in (*_HASHES, *_TIMES, "size") if info.get(key)]
            if {key for key, _ in known} <= {"size"}:
                with store_errors(path):
                    known = [
                        ("sha256", hashlib.sha256(self._system.cat_file(path.partition("://")[2])).hexdigest())
                    ]
            digest.update(f"\0{path}\0{known}".encode())
        return digest.hexdigest()


def file_system(url: str, seconds: int = _PART) -> tuple[Any, str]:
    """The file system of a URL, and the path in it.

    Args:
        url: the URL.
        seconds: how long to wait for its answers.

    Raises:
        MissingExtraError: fsspec is not installed.
        InputError: the file system is unknown, or its package is not installed.
    """
    with extra("fleet"):
        import fsspec  # noqa: PLC0415 - for URLs alone
    protocol = url.partition("://")[0]
    options: dict[str, Any] = {}
    place = Place(without_credentials(url))
    if protocol in _WITHOUT_LOGIN and _LOGIN.match(url):
        hint = "set them in the environment, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        raise InputError(Problem(f"{protocol}:// takes no user and password", place, "a bucket", hint))
    if protocol in ("s3", "s3a"):
        timeouts = {"connect_timeout": _SECONDS, "read_timeout": seconds, "retries": {"max_attempts": 1}}
        options = {"config_kwargs": timeouts}
    try:
        system, path = fsspec.core.url_to_fs(url, **options)
    except ImportError as error:
        package = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs"}
        hint = f"pip install {package.get(protocol, 'the package of fsspec for it')}"
        raise InputError(
            Problem(f"{protocol}:// needs a package that is not installed", place, hint=hint)
        ) from error
    except Exception as error:
        raise InputError(_unreadable(url, error)) from error
    # s3fs would try five times what botocore tries twice.
    system.retries = 1
    return system, str(path)


@contextmanager
def store_errors(url: str) -> Iterator[None]:
    """Turn what an object store raises into an InputError, without its credentials."""
    try:
        yield
    except NavlayersError:
        raise
    except Exception as error:
        hint = "check the address, the network, and the credentials in the environment"
        raise InputError(msgspec.structs.replace(_unreadable(url, error), hint=hint)) from None
