"""Formats that navlayers does not read, recognized by their content so that messages can name them."""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice
from pathlib import Path

import msgspec

from navlayers._text.wording import quantity, with_article
from navlayers.mapping.formats.detect import json_keys, yaml_keys
from navlayers.mapping.formats.source import OLE, UTF16, walk

_HEAD = 1 << 16
_MOST_FILES = 5_000
_MOST_FOLDERS = 1_000

_OTHER = "other file"
BINARY = "binary file of unknown format"
_TABLE = "table without techniques"
_NESTED = "table in a folder inside it"
_PLURALS = {
    _NESTED: "tables in folders inside it",
    _TABLE: "tables without techniques",
    "workbook without techniques": "workbooks without techniques",
    BINARY: "binary files of unknown format",
}
"""Name of a format → its plural, unless that ends in "s"."""

_PLANNED = frozenset({"YARA rule file"})
"""Formats with techniques, which navlayers may read one day."""

_THREATS = frozenset({"DeTT&CT group administration file", "SCYTHE threat"})
"""Formats that are read with `--threat` only."""

_SIGNATURES = {
    b"%PDF-": "PDF file",
    b"\x89PNG": "PNG image",
    b"\xff\xd8\xff": "JPEG image",
    b"GIF8": "GIF image",
    b"\x1f\x8b": "gzip file",
}
_CONTROLS = bytes(set(range(1, 32)) - set(b"\t\n\v\f\r\x1a\x1b"))
"""Control characters that texts do not have; NUL is not among them, as texts in UTF-16 have it."""

_MOST_CONTROLS, _LARGEST_SHARE = 8, 0.02
"""Maximum of control characters in a text that is merely damaged: their number, or their share."""

# Keys at the top that files of a format have; where there is a second set, one of its keys in addition.
_BY_KEYS: tuple[tuple[str, set[str], set[str]], ...] = (
    ("DeTT&CT group administration file", {"file_type", "groups"}, set()),
    ("SCYTHE threat", {"threat"}, set()),
    ("Azure template", {"$schema", "contentVersion", "resources"}, set()),
    ("Kubernetes manifest", {"apiVersion", "kind"}, set()),
    ("OSCAL catalog", {"catalog"}, set()),
    ("OSCAL assessment results file", {"assessment-results"}, set()),
    ("OSCAL assessment plan", {"assessment-plan"}, set()),
    ("JSON Schema", {"$schema"}, {"properties", "$defs"}),
)
_BY_ENDING = {
    **dict.fromkeys((".md", ".markdown", ".rst"), "Markdown file"),
    **dict.fromkeys((".yml", ".yaml"), "other YAML file"),
    ".json": "other JSON file",
    **dict.fromkeys((".ndjson", ".jsonl"), "JSON Lines file"),
    ".toml": "TOML file",
    ".xml": "XML file",
    **dict.fromkeys((".htm", ".html"), "HTML file"),
    **dict.fromkeys((".csv", ".tsv"), "table without techniques"),
    **dict.fromkeys((".xlsx", ".xlsm"), "workbook without techniques"),
    **dict.fromkeys((".yar", ".yara", ".yaral"), "YARA rule file"),
}
"""File name extension → format of files that their content does not tell."""

# XLSX workbooks are ZIP archives, too, so the extension of a ZIP archive decides.
_ARCHIVES = {
    **dict.fromkeys((".docx", ".pptx", ".odt", ".odp", ".docm", ".pptm"), "Office document"),
    **dict.fromkeys((".zip", ".jar", ".kmz"), "ZIP archive"),
}
_TABLE_HEADER = re.compile(r"\[{1,2}[A-Za-z_][\w.-]*\]{1,2}[ \t]*(?:#.*)?")
_ASSIGNMENT = re.compile(r"[A-Za-z_][\w.-]*[ \t]*=[ \t]*(?:[\"'\[{0-9]|true|false).*")
_YARA_RULE = re.compile(r"(?:private |global )*rule\s+\w+(?:\s*:[\w\s]+|\s*)\{")


def format_of(data: bytes, name: str) -> str | None:
    """The format of a file that navlayers does not read, such as "Elastic rule"; None if it may read the file.

    Args:
        data: the content, or its first 64 KB.
        name: the name of the file.
    """
    for signature, format_ in _SIGNATURES.items():
        if data.startswith(signature):
            return format_
    if data.startswith(b"PK\x03\x04"):
        return _ARCHIVES.get(Path(name).suffix.lower())
    if _is_binary(data[:_HEAD]):
        return BINARY
    text = data[:_HEAD].removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").lstrip()
    if text.startswith("<"):
        return _markup(text[:500].lower())
    if text.startswith("{"):
        return _json(data)
    lines = [line.strip() for line in text.split("\n") if line.strip() and not line.startswith("#")]
    if lines and (_TABLE_HEADER.fullmatch(lines[0]) or _ASSIGNMENT.fullmatch(lines[0])):
        return "TOML file"
    if lines and _YARA_RULE.match("\n".join(lines[:2])):
        return "YARA rule file"
    return _by_keys(yaml_keys(text.encode()))


def _is_binary(data: bytes) -> bool:
    # Workbooks of OLE are refused by their reader, and letters of UTF-16 may have bytes like control characters.
    if data.startswith((OLE, *UTF16)):
        return False
    # A table whose cells have control characters has a header without any.
    header, end, _ = data.partition(b"\n")
    if end and b"\0" not in data and not set(header) & set(_CONTROLS):
        return False
    controls = len(data) - len(data.translate(None, _CONTROLS))
    return controls > max(_MOST_CONTROLS, _LARGEST_SHARE * len(data))


def described(name: str) -> str:
    """A file of a format in words: `a PNG image`, or `a YARA rule file: not supported yet`."""
    if name in _THREATS:
        return f"{with_article(name)}, which covers nothing: use it with --threat"
    return f"{with_article(name)}{': not supported yet' if name in _PLANNED else ''}"


def _markup(start: str) -> str:
    if "<svg" in start:
        return "SVG image"
    return "HTML file" if "<html" in start or "<!doctype html" in start else "XML file"


def _json(data: bytes) -> str | None:
    first, _, rest = data.removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")
    try:
        # JSON Lines have an object in each line.
        if rest.lstrip().startswith(b"{"):
            return _by_keys(json_keys(first)) or "JSON Lines file"
        return _by_keys(json_keys(data))
    except (msgspec.DecodeError, RecursionError):
        return None


def _by_keys(keys: frozenset[str]) -> str | None:
    return next((name for name, every, some in _BY_KEYS if every <= keys and (not some or some & keys)), None)


def contents(folder: Path) -> list[str]:
    """The files of a folder and those below, counted by format, the most frequent first: `12 PNG images`."""
    times: Counter[str] = Counter()
    for path in islice(walk(folder, ("",), most=_MOST_FOLDERS), _MOST_FILES):
        file = Path(path)
        format_ = _format_of_file(file)
        # Those of the folder itself were read already, and have no techniques.
        times[_NESTED if format_ == _TABLE and file.parent != folder else format_] += 1
    ranked = sorted(times.items(), key=lambda item: (item[0] == _OTHER, -item[1], item[0]))
    return [
        f"{quantity(count, name, _PLURALS.get(name, ''))}{' (not supported yet)' if name in _PLANNED else ''}"
        for name, count in ranked
    ]


def _format_of_file(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            data = stream.read(_HEAD)
    except OSError:
        return _OTHER
    by_ending = _BY_ENDING.get(path.suffix.lower(), _OTHER)
    return by_ending if by_ending == "Markdown file" else format_of(data, path.name) or by_ending
