"""Catalogue files: one release as JSON, one technique or threat per line, for readable diffs."""

import re
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, TypeVar, cast

import msgspec

from navlayers.attack.catalogue import Catalogue, Tactic, Technique, Threat, Threats
from navlayers.attack.domains import Domain
from navlayers.errors import InputError, Place, Problem

SOURCE = "MITRE ATT&CK, https://attack.mitre.org"
LICENCE = (
    "© 2025 The MITRE Corporation. This work is reproduced and distributed with the permission of "
    "The MITRE Corporation. Terms: https://attack.mitre.org/resources/legal-and-branding/terms-of-use/"
)

MAX_BYTES = 1 << 27

F = TypeVar("F", bound="_Header")
T = TypeVar("T")

_BOM = b"\xef\xbb\xbf"
_BYTE = r"\(byte (\d+)\)"
_PATH = r" - at `\$([^`]*)`$"
"""The end of msgspec's messages: the byte offset, or the path of the value in the document."""

_NUMBER = "(?:0|[1-9][0-9]{0,3})"
_NAME = re.compile(rf"(enterprise|mobile|ics)-({_NUMBER}\.{_NUMBER})(\.threats)?\.json")


class Name(msgspec.Struct, frozen=True):
    """The release in the name of a catalogue file, and whether the file holds its threats."""

    domain: Domain
    version: str
    threats: bool


class _Header(msgspec.Struct, frozen=True):
    """The first fields of every file: version of the file format, source, licence and release."""

    form: Literal[1]
    source: str
    licence: str
    domain: Domain
    version: str


class _CatalogueFile(_Header, frozen=True):
    tactics: tuple[Tactic, ...]
    techniques: list[Technique]


class _ThreatsFile(_Header, frozen=True):
    threats: list[Threat]


def catalogue_name(domain: Domain, version: str) -> str:
    """The name of the file with a release's tactics and techniques."""
    return f"{domain}-{version}.json"


def threats_name(domain: Domain, version: str) -> str:
    """The name of the file with a release's groups, software and campaigns."""
    return f"{domain}-{version}.threats.json"


def parse_name(name: str) -> Name | None:
    """The release that a file name names; None for any other name."""
    match = _NAME.fullmatch(name)
    return match and Name(cast("Domain", match[1]), match[2], threats=match[3] is not None)


def encode_catalogue(catalogue: Catalogue) -> bytes:
    """The catalogue as a file's bytes, the same for equal catalogues."""
    body = _rows("tactics", catalogue.tactics), _rows("techniques", catalogue.techniques.values())
    return _encode(catalogue.domain, catalogue.version, *body)


def encode_threats(threats: Threats) -> bytes:
    """The threats as a file's bytes, the same for equal threats."""
    return _encode(threats.domain, threats.version, _rows("threats", threats.threats.values()))


def read_catalogue(path: Path) -> Catalogue:
    """The catalogue of a file.

    Raises:
        InputError: the file is not a catalogue file, or holds another release than its name says.
    """
    file = _read(path, _CatalogueFile)
    techniques = {technique.id: technique for technique in file.techniques}
    return Catalogue(file.domain, file.version, file.tactics, techniques)


def read_threats(path: Path) -> Threats:
    """The threats of a file.

    Raises:
        InputError: the file is not a threats file, or holds another release than its name says.
    """
    file = _read(path, _ThreatsFile)
    return Threats(file.domain, file.version, {threat.id: threat for threat in file.threats})


def _rows(key: str, rows: Iterable[msgspec.Struct]) -> str:
    lines = ",\n".join(msgspec.json.encode(row).decode() for row in rows)
    return f'"{key}": [\n{lines}\n]'


def _encode(domain: Domain, version: str, *body: str) -> bytes:
    head = {"form": 1, "source": SOURCE, "licence": LICENCE, "domain": domain, "version": version}
    fields = [f'"{key}": {msgspec.json.encode(value).decode()}' for key, value in head.items()]
    return ("{\n" + ",\n".join([*fields, *body]) + "\n}\n").encode()


def _read(path: Path, kind: type[F]) -> F:
    file = decode(read_bytes(path, MAX_BYTES), kind, path, expected="an ATT&CK release stored by navlayers")
    name = parse_name(path.name)
    if name and (name.domain, name.version) != (file.domain, file.version):
        held = f"{file.domain} {file.version}"
        message = f"the file holds ATT&CK {held}, unlike its name"
        raise InputError(Problem(message, Place(str(path)), expected=f"{name.domain} {name.version}"))
    return file


def read_bytes(path: Path, limit: int) -> bytes:
    """The content of a file without its byte order mark.

    Raises:
        InputError: the file cannot be read, is larger than `limit` bytes, or is not a regular file, since reading a
            pipe may never end.
    """
    place = Place(str(path))
    too_large = Problem(f"the file is larger than {limit / 1e6:.0f} MB", place)
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise InputError(Problem("is a folder", place, expected="a file"))
        if not stat.S_ISREG(status.st_mode):
            raise InputError(Problem("not a regular file", place, expected="a file"))
        if status.st_size > limit:
            raise InputError(too_large)
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except FileNotFoundError:
        raise InputError(Problem("no such file", place)) from None
    except (OSError, ValueError) as error:
        raise InputError(Problem(f"cannot read the file: {reason(error)}", place)) from None
    if len(data) > limit:
        raise InputError(too_large)
    return data.removeprefix(_BOM)


def reason(error: Exception) -> str:
    """The operating system's reason for an error."""
    return (isinstance(error, OSError) and error.strerror) or str(error)


def decode(data: bytes, kind: type[T], path: Path, *, expected: str, hint: str = "") -> T:
    """JSON decoded into a type.

    Raises:
        InputError: the data is not such JSON, with line and column of a syntax error.
    """
    name = str(path)
    if not data.strip():
        raise InputError(Problem("the file is empty", Place(name), expected, hint))
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        message = re.sub(_PATH, r" at \1", str(error)).replace("`", '"')
        problem = Problem(f"unexpected JSON content: {message}", Place(name), expected, hint)
    except msgspec.DecodeError as error:
        byte = re.search(_BYTE, str(error))
        offset = int(byte[1]) if byte else len(data)
        what = "malformed JSON" if byte else "the JSON ends unexpectedly here"
        problem = Problem(what, _place(name, data, offset), expected, hint)
    except (UnicodeDecodeError, RecursionError) as error:
        what = "not UTF-8 text" if isinstance(error, UnicodeDecodeError) else "JSON nested too deeply"
        problem = Problem(what, Place(name), expected, hint)
    raise InputError(problem)


def _place(name: str, data: bytes, offset: int) -> Place:
    before = data[:offset]
    return Place(name, before.count(b"\n") + 1, len(before[before.rfind(b"\n") + 1 :].decode(errors="replace")) + 1)
