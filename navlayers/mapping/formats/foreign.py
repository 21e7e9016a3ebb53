"""Formats that navlayers does not read, recognized by their content so that messages can name them."""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec

from navlayers._text import quantity
from navlayers.mapping.formats.source import walk

_HEAD = 1 << 16
_MOST_FILES = 5_000
_MOST_FOLDERS = 1_000


class Kind(NamedTuple):
    """The name of a format: of one file, of several."""

    one: str
    many: str


class _Keys(NamedTuple):
    """A format by the keys at its top: all of them, and one of `either`."""

    kind: Kind
    keys: frozenset[str]
    either: frozenset[str] = frozenset()


_ELASTIC = Kind("Elastic rule", "Elastic rules")
_SENTINEL = Kind("Sentinel rule", "Sentinel rules")
_JSON_LINES = Kind("JSON Lines file", "JSON Lines files")
_XML = Kind("XML file", "XML files")
_HTML = Kind("HTML file", "HTML files")
_TOML = Kind("TOML file", "TOML files")
_PDF = Kind("PDF file", "PDF files")
_IMAGE = Kind("picture", "pictures")
_OFFICE = Kind("Office document", "Office documents")
_ZIP = Kind("ZIP archive", "ZIP archives")
_GZIP = Kind("gzip file", "gzip files")
_SPLUNK = Kind("Splunk detection", "Splunk detections")
_YARA = Kind("YARA or YARA-L rule file", "YARA or YARA-L rule files")
_MARKDOWN = Kind("Markdown file", "Markdown files")
_OTHER = Kind("other file", "other files")

_SIGNATURES = (
    (b"%PDF-", _PDF),
    (b"\x89PNG", _IMAGE),
    (b"\xff\xd8\xff", _IMAGE),
    (b"GIF8", _IMAGE),
    (b"\x1f\x8b", _GZIP),
)
_BY_KEYS = (
    _Keys(_ELASTIC, frozenset({"rule_id", "threat"})),
    _Keys(_ELASTIC, frozenset({"rule", "metadata"}), frozenset({"threat"})),
    _Keys(_SENTINEL, frozenset({"relevantTechniques"})),
    _Keys(_SENTINEL, frozenset({"query", "tactics", "severity"})),
    _Keys(_SPLUNK, frozenset({"search", "tags"})),
    _Keys(_SPLUNK, frozenset({"search", "how_to_implement"})),
    _Keys(Kind("Atomic Red Team test", "Atomic Red Team tests"), frozenset({"attack_technique", "atomic_tests"})),
    _Keys(Kind("CAR analytic", "CAR analytics"), frozenset({"coverage", "implementations"})),
    _Keys(Kind("Azure template", "Azure templates"), frozenset({"$schema", "contentVersion", "resources"})),
    _Keys(Kind("Kubernetes manifest", "Kubernetes manifests"), frozenset({"apiVersion", "kind"})),
    _Keys(Kind("JSON Schema", "JSON Schemas"), frozenset({"$schema"}), frozenset({"properties", "$defs"})),
)
_YAML_KEY = re.compile(r"""^["']?([A-Za-z$][\w$ -]*?)["']?[ \t]*:(?:[ \t\r\n]|$)""", re.MULTILINE)
_TABLE_HEADER = re.compile(r"\[{1,2}[A-Za-z_][\w.-]*\]{1,2}[ \t]*(?:#.*)?")
_ASSIGNMENT = re.compile(r"[A-Za-z_][\w.-]*[ \t]*=[ \t]*(?:[\"'\[{0-9]|true|false).*")
_YARA_RULE = re.compile(r"(?:private |global )*rule\s+\w+(?:\s*:[\w\s]+)?\s*\{")

_objects = msgspec.json.Decoder(dict[str, msgspec.Raw])


def kind_of(data: bytes, name: str = "") -> Kind | None:
    """The format of a file that navlayers does not read; None if it may be one that it reads."""
    for signature, kind in _SIGNATURES:
        if data.startswith(signature):
            return kind
    if data.startswith(b"PK\x03\x04"):
        return _archive(name)
    text = data[:_HEAD].removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").lstrip()
    if text.startswith("<"):
        return _markup(text)
    if text.startswith("{"):
        return _json(data)
    lines = [line.strip() for line in text.split("\n") if line.strip() and not line.startswith("#")]
    if lines and (_TABLE_HEADER.fullmatch(lines[0]) or _ASSIGNMENT.fullmatch(lines[0])):
        elastic = "rule_id" in text and any(line.startswith("[rule") for line in lines)
        return _ELASTIC if elastic else _TOML
    if lines and _YARA_RULE.match("\n".join(lines[:2])):
        return _YARA
    return _of_keys({match[1] for match in _YAML_KEY.finditer(text)})


def _archive(name: str) -> Kind | None:
    ending = Path(name).suffix.lower()
    if ending in {".docx", ".pptx", ".odt", ".odp", ".docm", ".pptm"}:
        return _OFFICE
    return _ZIP if ending in {".zip", ".jar", ".kmz"} else None


def _markup(text: str) -> Kind:
    start = text[:500].lower()
    if "<svg" in start:
        return _IMAGE
    return _HTML if "<html" in start or "<!doctype html" in start else _XML


def _json(data: bytes) -> Kind | None:
    first, _, rest = data.removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")
    try:
        if rest.lstrip().startswith(b"{"):
            return _of_keys(set(_objects.decode(first))) or _JSON_LINES
        return _of_keys(set(_objects.decode(data)))
    except (msgspec.DecodeError, RecursionError):
        return None


def _of_keys(keys: set[str]) -> Kind | None:
    return next((f.kind for f in _BY_KEYS if f.keys <= keys and (not f.either or f.either & keys)), None)


def contents(folder: Path) -> list[str]:
    """The files of a folder and those below, counted by format, the most frequent first: `12 Elastic rules`."""
    times: Counter[Kind] = Counter()
    for path in islice(walk(folder, ("",), most=_MOST_FOLDERS), _MOST_FILES):
        times[_kind_of_file(Path(path))] += 1
    ranked = sorted(times.items(), key=lambda item: (item[0] == _OTHER, -item[1], item[0].many))
    return [quantity(count, *kind) for kind, count in ranked]


def _kind_of_file(path: Path) -> Kind:
    try:
        with path.open("rb") as stream:
            data = stream.read(_HEAD)
    except OSError:
        return _OTHER
    if path.suffix.lower() in {".md", ".markdown", ".rst"}:
        return _MARKDOWN
    return kind_of(data, path.name) or _by_ending(path)


def _by_ending(path: Path) -> Kind:
    """The format that a file name extension stands for, for messages."""
    endings = {
        **dict.fromkeys((".yml", ".yaml"), Kind("other YAML file", "other YAML files")),
        ".json": Kind("other JSON file", "other JSON files"),
        **dict.fromkeys((".ndjson", ".jsonl"), _JSON_LINES),
        ".toml": _TOML,
        ".xml": _XML,
        **dict.fromkeys((".htm", ".html"), _HTML),
        **dict.fromkeys((".csv", ".tsv"), Kind("table without techniques", "tables without techniques")),
        **dict.fromkeys((".xlsx", ".xlsm"), Kind("workbook without techniques", "workbooks without techniques")),
        **dict.fromkeys((".yar", ".yara", ".yaral"), _YARA),
    }
    return endings.get(path.suffix.lower(), _OTHER)
