"""The bytes of an input, and line and column of an offset. The only module of formats that reads files."""

from __future__ import annotations

import codecs
import os
import re
import stat
from array import array
from bisect import bisect_right
from functools import cached_property
from itertools import accumulate, chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from navlayers.errors import InputError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MAX_BYTES = 150_000_000
"""Largest file that is read unless the caller allows more."""

YAML = (".yml", ".yaml")
ENDINGS = (".yaml", ".yml", ".json", ".csv", ".tsv", ".xlsx", ".xlsm")
"""Suffixes of files that are considered in a folder of sets."""

LARGE = 20_000_000
"""Size of files that are read a line at a time where their format allows it."""

MAX_FOLDERS = 100
"""Maximum directory nesting depth."""

LINE_END = re.compile(r"\r\n?|\n")
"""The end of a line of text, as editors and all readers count them: `str.splitlines` knows more."""

_PART = 1 << 20
_DECODED = 1 << 16
"""Bytes of a text that are decoded at once: all of a large one would take four times its memory."""

_BLOCK = 1 << 12
_CONTINUATIONS = bytes(range(0x80, 0xC0))
_BOM = b"\xef\xbb\xbf"
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
UTF16 = (b"\xff\xfe", b"\xfe\xff")
"""The byte order marks of UTF-16."""

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""The start of old workbooks (.xls) and of encrypted ones (.xlsx, too); their reader says which."""


class Lines:
    """The lines of a text: `starts` are their offsets."""

    def __init__(self, text: str | bytes) -> None:
        ends: Iterable[re.Match[str]] | Iterable[re.Match[bytes]]
        if isinstance(text, str):
            ends = LINE_END.finditer(text) if "\r" in text else re.finditer("\n", text)
        else:
            ends = re.finditer(rb"\r\n?|\n" if b"\r" in text else b"\n", text)
        # Indented JSON has twenty lines for each mapping: half of the bytes are enough for files below 4 GB.
        self.starts = array("I" if len(text) < 1 << 32 else "Q", chain((0,), map(re.Match.end, ends)))

    def position(self, offset: int, likely: int = 0) -> tuple[int, int]:
        """Line and column of an offset, counted from 1; `likely` is the line that it probably is in."""
        starts, line = self.starts, likely
        if not 0 < line < len(starts) or not starts[line - 1] <= offset < starts[line]:
            line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1


def text_lines(text: str) -> list[str]:
    """The lines of a text without their ends."""
    lines = LINE_END.split(text)
    return lines if lines[-1] else lines[:-1]


class Source:
    """An input: its name as the user gave it, and its bytes. The bytes of `as_text` are UTF-8 text."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.data = data

    @cached_property
    def members(self) -> dict[str, msgspec.Raw]:
        """The last value of each key of a JSON object, not decoded.

        Raises:
            msgspec.DecodeError, RecursionError: this is not JSON, or not an object.
        """
        return _members.decode(self.data.removeprefix(_BOM))

    def lines(self) -> Iterator[bytes]:
        """The lines with their ends, one at a time."""
        start = 0
        while start < len(self.data):
            end = self.data.find(b"\n", start) + 1 or len(self.data)
            yield self.data[start:end]
            start = end

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self.data)

    @cached_property
    def _characters(self) -> array[int] | None:
        """The characters before each block of the text; None if each byte is one."""
        if self.data.isascii():
            return None
        blocks = (self.data[start : start + _BLOCK] for start in range(0, len(self.data), _BLOCK))
        return array("Q", accumulate(map(_count_characters, blocks), initial=0))

    def _characters_before(self, offset: int) -> int:
        if self._characters is None:
            return offset
        block = offset // _BLOCK
        return self._characters[block] + _count_characters(self.data[block * _BLOCK : offset])

    def place(self, offset: int) -> Place:
        """Line and column (in characters) of a byte offset."""
        line, column = self._lines.position(offset)
        # A line may have all of a file: its characters are not counted again for each place.
        characters = self._characters_before(offset) - self._characters_before(offset - column + 1)
        return Place(self.path, line, characters + 1)


def _count_characters(text: bytes) -> int:
    """The characters of UTF-8 text: all bytes but those that continue one."""
    return len(text.translate(None, _CONTINUATIONS))


class LineFile(Source):
    """A file that is read a line at a time, as it is large; its bytes are not held."""

    def __init__(self, path: str) -> None:
        super().__init__(path, b"")

    @property
    def first(self) -> bytes:
        """The first line, or the start of a long one; b"" if the file cannot be read."""
        try:
            with open(self.path, "rb") as file:  # noqa: PTH123
                return file.readline(_PART)
        except OSError:
            return b""

    def lines(self) -> Iterator[bytes]:
        """The lines of the file with their ends.

        Raises:
            InputError: it cannot be read.
        """
        try:
            with open(self.path, "rb") as file:  # noqa: PTH123
                yield from file
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise _unusable(self.path, f"the file cannot be read: {reason}") from None


def large_file(name: str, max_bytes: int) -> LineFile | None:
    """A file that is too large to hold all of it; None for smaller ones, and for one that is too large to read."""
    try:
        status = os.stat(name)  # noqa: PTH116
    except (OSError, ValueError):
        return None
    fits = stat.S_ISREG(status.st_mode) and LARGE < status.st_size <= max_bytes
    return LineFile(name) if fits else None


class Folder(msgspec.Struct, frozen=True):
    """A folder that is one set, by the name that the user gave it: its files with these extensions."""

    path: str
    max_bytes: int
    endings: tuple[str, ...] = YAML

    def files(self) -> Iterator[Source | InputError]:
        """The files of the folder and those below in the order of their paths, without hidden ones.

        They are read one at a time; an error takes the place of a file that cannot be read.

        Raises:
            InputError: a folder cannot be read, or the files together are larger than one file may be.
        """
        room = self.max_bytes
        for path in sorted(walk(self.path, self.endings, _refuse_folder)):
            try:
                source = load(path, None, self.max_bytes)
            except InputError as error:
                yield error
                continue
            room -= len(source.data)
            if room < 0:
                message = "the files of this folder are too large in total"
                hint = "raise the limit with --max-size if this really is one mapping set"
                raise _unusable(self.path, message, f"at most {self.max_bytes / 1e6:,g} MB", hint)
            yield source


def walk(
    top: str | Path,
    endings: tuple[str, ...],
    on_error: Callable[[OSError], None] | None = None,
    most: int | None = None,
) -> Iterator[str]:
    """The paths of the files of a folder and those below, in the same order everywhere; hidden ones are left out.

    Links to folders are not followed, so that loops do no harm.

    Args:
        top: the folder.
        endings: file name extensions in lower case; "" is any.
        on_error: is called for each folder that cannot be read or is nested too deeply; None: these are skipped.
        most: maximum number of folders; None: no limit.
    """
    start = len(Path(top).parts)
    for folder, inner, names in islice(os.walk(top, onerror=on_error), most):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        if inner and len(Path(folder).parts) - start >= MAX_FOLDERS:
            if on_error is not None:
                on_error(OSError(0, f"folders are nested more than {MAX_FOLDERS} deep", folder))
            inner.clear()
        # Joined as text: a path object for each of thousands of files takes longer than reading it.
        start_of_path = str(Path(folder, "_"))[:-1]
        for name in sorted(names):
            if name.lower().endswith(endings) and not name.startswith("."):
                path = start_of_path + name
                if os.path.isfile(path):  # noqa: PTH113
                    yield path


def _refuse_folder(error: OSError) -> None:
    reason = (error.strerror or str(error)).lower()
    raise _unusable(str(error.filename), f"this folder cannot be read: {reason}") from error


def load(path: str | Path, data: bytes | None, max_bytes: int) -> Source:
    """The input with its bytes: those of a file, or those given.

    Args:
        path: the file, or the name of the input in messages.
        data: the content; None: that of the file.
        max_bytes: maximum size.

    Raises:
        InputError: the file is missing, a folder, not a regular file, not readable, too large, or empty.
    """
    name = str(path)
    if data is None:
        data = _read(name, max_bytes)
    if len(data) > max_bytes:
        raise _too_large(name, len(data), max_bytes)
    if not data or data.isspace():
        raise _unusable(name, "the file is empty", "a mapping set")
    return Source(name, data)


def as_text(source: Source) -> Source:
    """The same input without a byte order mark, once it is known to be UTF-8 text.

    Raises:
        InputError: it is not.
    """
    if isinstance(source, LineFile):
        # Its lines are checked as they are decoded.
        return source
    name, data = source.path, source.data
    if data.startswith(_BOM):
        data = data[len(_BOM) :]
        source = Source(name, data)
    if data.startswith(_BOM):
        place = Place(name, 1, 1)
        raise InputError(Problem("a second byte order mark", place, "one at most", "remove it", code="encoding"))
    _check_text(name, data)
    return source


def _read(name: str, max_bytes: int) -> bytes:
    try:
        status = os.stat(name)  # noqa: PTH116 - of thousands of files
        if stat.S_ISDIR(status.st_mode):
            raise _unusable(name, "this is a folder", "one file that holds a mapping set", _inside(Path(name)))
        if not stat.S_ISREG(status.st_mode):
            hint = "use - to read standard input"
            raise _unusable(name, "this is not a regular file", "a file that holds a mapping set", hint)
        if status.st_size > max_bytes:
            raise _too_large(name, status.st_size, max_bytes)
        with open(name, "rb", buffering=0) as file:  # noqa: PTH123
            return file.read()
    except FileNotFoundError:
        if os.path.islink(name):  # noqa: PTH114
            raise _unusable(name, f"the link leads to no file: {os.readlink(name)}") from None  # noqa: PTH115
        raise _unusable(name, "no such file", "", _near(Path(name))) from None
    except PermissionError:
        raise _unusable(name, "the file cannot be read: permission denied", "", "check its permissions") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise _unusable(name, f"the file cannot be read: {reason.lower()}") from None


def _unusable(name: str, message: str, expected: str = "", hint: str = "") -> InputError:
    return InputError(Problem(message, Place(name), expected, hint, code="unreadable"))


def _too_large(name: str, size: int, max_bytes: int) -> InputError:
    hint = "raise the limit with --max-size if this really is a mapping set"
    return _unusable(name, f"the file is {size / 1e6:,.1f} MB", f"at most {max_bytes / 1e6:,g} MB", hint)


def _names(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in folder.iterdir())
    except OSError:
        return []


def _near(path: Path) -> str:
    import difflib  # noqa: PLC0415 - for this error alone

    close = difflib.get_close_matches(path.name, _names(path.parent), 3, 0.6)
    if close:
        return f"did you mean {' or '.join(str(Place(str(path.with_name(name)))) for name in close)}?"
    return "" if path.parent.is_dir() else f"the folder {Place(str(path.parent))} does not exist either"


def _inside(path: Path) -> str:
    fit = [name for name in _names(path) if name.lower().endswith(ENDINGS)]
    if not fit:
        return f"it holds no files that end in {', '.join(ENDINGS)}"
    more = f" and {len(fit) - 3} more" if len(fit) > 3 else ""
    return f"it holds {', '.join(fit[:3])}{more}"


def _check_text(name: str, data: bytes) -> None:
    if not data or data.isspace():
        raise _unusable(name, "the file is empty", "a mapping set")
    # Without a byte order mark, NUL bytes among the first letters show UTF-16 and UTF-32.
    if data.startswith(UTF16) or b"\0" in data[:4]:
        place = Place(name, 1, 1)
        raise InputError(Problem("this is UTF-16 or UTF-32 text", place, "UTF-8", _save(name), code="encoding"))
    if data.isascii():
        return
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(data), _DECODED):
            decoder.decode(data[start : start + _DECODED], start + _DECODED >= len(data))
    except UnicodeDecodeError:
        _refuse_text(name, data)


def _refuse_text(name: str, data: bytes) -> None:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        message = f"byte {error.start} (0x{data[error.start]:02x}) is not UTF-8"
        place = Source(name, data).place(error.start)
        raise InputError(Problem(message, place, "UTF-8", _save(name), code="encoding")) from None


def _save(name: str) -> str:
    return "save it as UTF-8, for example with: iconv -f ENCODING -t UTF-8 " + (name if name != "-" else "FILE")
