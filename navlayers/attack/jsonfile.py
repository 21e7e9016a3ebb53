"""Reading a JSON file into types, every failure being an InputError that names the place."""

from __future__ import annotations

import re
import stat
from typing import TYPE_CHECKING, TypeVar

import msgspec

from navlayers.errors import InputError, Place, Problem

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")

_BOM = b"\xef\xbb\xbf"
_BYTE = re.compile(r"\(byte (\d+)\)")
_PATH = re.compile(r" - at `\$(.*)`$")


def read_bytes(path: Path, limit: int) -> bytes:
    """The whole file without its byte order mark.

    InputError where it cannot be read, is over `limit` bytes, or is no regular file: a pipe may never end.
    """
    place = Place(str(path))
    too_large = Problem(f"the file is larger than {limit / 1e6:.0f} MB", place)
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise InputError(Problem("this is a folder", place, expected="a file"))
        if not stat.S_ISREG(status.st_mode):
            raise InputError(Problem("this is not a regular file", place, expected="a file"))
        if status.st_size > limit:
            raise InputError(too_large)
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except FileNotFoundError:
        raise InputError(Problem("there is no such file", place)) from None
    except (OSError, ValueError) as error:
        raise InputError(Problem(f"the file cannot be read: {reason(error)}", place)) from None
    if len(data) > limit:
        raise InputError(too_large)
    return data.removeprefix(_BOM)


def reason(error: Exception) -> str:
    """Why the file system refused, in few words."""
    return (isinstance(error, OSError) and error.strerror) or str(error)


def decode(data: bytes, kind: type[T], path: Path, *, expected: str, hint: str = "") -> T:
    """Decode JSON into `kind`; InputError, with line and column where JSON ends or breaks off, where it is not."""
    name = str(path)
    if not data.strip():
        raise InputError(Problem("the file is empty", Place(name), expected, hint))
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        message = _PATH.sub(r" at \1", str(error)).replace("`", '"')
        problem = Problem(f"the JSON does not have the form expected: {message}", Place(name), expected, hint)
    except msgspec.DecodeError as error:
        found = _BYTE.search(str(error))
        offset = int(found[1]) if found else len(data)
        what = "malformed JSON" if found else "the JSON breaks off here"
        problem = Problem(what, _place(name, data, offset), expected, hint)
    except (UnicodeDecodeError, RecursionError) as error:
        what = "not UTF-8 text" if isinstance(error, UnicodeDecodeError) else "JSON nested too deeply"
        problem = Problem(what, Place(name), expected, hint)
    raise InputError(problem)


def _place(name: str, data: bytes, offset: int) -> Place:
    before = data[:offset]
    return Place(name, before.count(b"\n") + 1, len(before[before.rfind(b"\n") + 1 :].decode(errors="replace")) + 1)
