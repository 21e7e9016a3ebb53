"""Detect the format of an input by its content."""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from navlayers.mapping.formats.source import ENDINGS, MAX_BYTES, OLE, UTF16, YAML, Source, walk

if TYPE_CHECKING:
    from collections.abc import Iterable

_ZIP = b"PK\x03\x04"
_COMMENTS = (b"//", b"/*")
"""JavaScript comments: JSON has none, and the reader of JSON reports them."""

_TOML = re.compile(rb"\[{1,2}[A-Za-z_][A-Za-z0-9_.-]{,80}\]")
"""The header of a table at the start of TOML, which JSON does not have."""

_HEAD = 1 << 18
_NEXT_LINE = 1 << 10
# Bounded: a key of blanks without end would take the square of its length.
_KEY = rb"""(?m)^["']?([A-Za-z$][A-Za-z0-9_$& -]{,80}?)["']?[ \t]*:(?:[ \t\r\n]|$)"""
_SECURITY_STACK = frozenset({"ATT&CK version", "platform", "tags"})
_SEPARATORS = (b",", b";", b"\t", b"|")
_TITLES = 20
_TECHNIQUE = rb"(?i)\bT[0-9]{4}\b"
_LISTED = rb"(?i)\W*T[ _-]?[0-9]{4}\b(?!\.?[0-9]*:[ \t]*$)"
"""A line of a bare list of techniques: an id, maybe after a bullet or before a name."""
_MARKDOWN = rb"(?m:^)[^\n|]*+\|[^\n]*+\n[ \t]{,3}\|?[ \t]{,20}:?-+:?[ \t]{,20}\|[-:| \t]{,2000}\r?(?:\n|\Z)"
"""The header of a table in Markdown, and the line below it."""

_SIGMA = frozenset({"logsource", "detection"})
_SIGMA_PARTS = _SIGMA | {"correlation"}


_JSON_KEYS = {
    "mapping_objects": "mapex-json",
    "objects": "stix",
    "techniques": "layer",
    **dict.fromkeys(("system-security-plan", "component-definition", "profile"), "oscal"),
}
_YAML_KEYS = (
    (frozenset({"mapping_objects"}), "mapex-yaml"),
    (frozenset({"file_type", "techniques"}), "dettect"),
    (_SECURITY_STACK, "security-stack"),
    (frozenset({"ATT&CK version", "techniques"}), "security-stack"),
    (_SIGMA, "sigma"),
    (frozenset({"framework", "capabilities"}), "native"),
    (frozenset({"search", "tags"}), "splunk"),
    (frozenset({"search", "how_to_implement"}), "splunk"),
    (frozenset({"AnalysisType"}), "panther"),
    (frozenset({"attack_technique", "atomic_tests"}), "atomic"),
    (frozenset({"relevantTechniques"}), "sentinel"),
    (frozenset({"query", "tactics", "severity"}), "sentinel"),
    (frozenset({"coverage", "implementations"}), "car"),
    (frozenset({"coverage", "information_domain"}), "car"),
)
"""Keys at the top that only files of a format have, all of them; the first match counts."""

_CONTENT: dict[str, tuple[bytes, tuple[bytes, ...]]] = {
    "falco": (b"rule:", (rb"^-[ \t]{1,20}(?:rule|macro|list|required_engine_version):", rb"^-[ \t]{1,20}rule:")),
    "caldera": (
        b"tactic:",
        (rb"^-[ \t]{1,20}id:", rb"^[ \t]{1,20}tactic:", rb"^[ \t]{1,20}(?:attack_id|technique_id):"),
    ),
    "capa": (b"features:", (rb"^rule:[ \t]{,20}\r?$", rb"^[ \t]{1,20}meta:", rb"^[ \t]{1,20}features:")),
    "elastic": (b"[rule]", (rb"^\[{1,2}(?:metadata|transform|rule)", rb"^\[rule\]", rb"^rule_id[ \t]{,20}=")),
    "yara-l": (
        b"events",
        (rb"^[ \t]{,20}rule[ \t]{1,20}\w+\s{,20}\{", rb"\bmeta[ \t]{,20}:", rb"^[ \t]{,20}events[ \t]{,20}:"),
    ),
    "suricata": (
        b"sid:",
        (
            rb"^(?:#[ \t]{,20})?(?:alert|drop|reject\w{,6}|pass)[ \t]{1,20}\w(?:\\\r?\n|[^\n(]){,500}\(",
            rb";[ \t\\\r\n#]{,60}sid:[ \t]{,20}[0-9]",
        ),
    ),
    "wazuh": (b"<rule", (rb"\A\s{,1000}<", rb"<rule\s[^>]{,500}\bid=")),
    "sysmon": (b"<Sysmon", (rb"\A\s{,1000}<", rb"<Sysmon\b")),
}
"""How detection content looks that keys at the top do not tell: each pattern is found; the first format counts.

Before them, a word that one of them has: other inputs have none of these, and to look for a word takes a hundredth
of the time.
"""

_top = msgspec.json.Decoder(dict[str, msgspec.Raw])
_tops = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])


class Sniffed(msgspec.Struct, frozen=True):
    """The format of an input, a name of `FORMATS`; unless `certain`, the one whose errors help most."""

    format: str
    certain: bool = False


def sniff(source: Source) -> Sniffed:
    """The format of an input.

    Args:
        source: the input; its content counts, and its name only where that is text without a known form.
    """
    data = source.data
    if data.startswith((_ZIP, OLE)):
        return Sniffed("xlsx")
    start = data[:_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")
    if (start[:1] in {b"{", b"["} and not _TOML.match(start)) or start.startswith(_COMMENTS):
        return _json(source)
    sniffed = _text(start)
    named_table = sniffed == Sniffed("native") and source.path.lower().endswith((".csv", ".tsv"))
    return Sniffed("csv") if named_table else sniffed


def first_line(data: bytes) -> tuple[bytes, bytes]:
    """The first line of a text that is not blank, and the start of the next; the text is not copied."""
    start = len(data) - len(data.lstrip()) if data[:1].isspace() else 0
    end = data.find(b"\n", start) + 1 or len(data)
    return data[start:end], data[end : end + _NEXT_LINE].lstrip()


def is_export(line: bytes) -> bool:
    """Whether the first line of a file is a rule as Kibana exports it."""
    try:
        return {"rule_id", "name"} <= json_keys(line)
    except (msgspec.DecodeError, RecursionError):
        return False


def json_keys(text: bytes) -> frozenset[str]:
    """The keys of a JSON object.

    Raises:
        msgspec.DecodeError, RecursionError: the text is not JSON, or not an object.
    """
    return frozenset(_top.decode(text))


def yaml_keys(text: bytes) -> frozenset[str]:
    """The keys at the start of a line: in YAML, those of the top level."""
    return frozenset(match[1].decode() for match in re.finditer(_KEY, text))


def _json(source: Source) -> Sniffed:
    data = source.data.removeprefix(b"\xef\xbb\xbf")
    first, more = first_line(data)
    try:
        if data.lstrip()[:1] == b"[":
            tops = _tops.decode(data)
            layers = any("techniques" in top and "displayName" not in top for top in tops)
            if not layers and any(map(_is_sentinel, tops)):
                return Sniffed("sentinel", certain=True)
            return Sniffed("layer", certain=True) if layers else Sniffed("mapex-json")
        # Kibana exports a rule in each line.
        if more.startswith(b"{") and is_export(first):
            return Sniffed("elastic", certain=True)
        top = source.members
    except (msgspec.DecodeError, RecursionError):
        # Not JSON, or not UTF-8: its head shows the intended format.
        head = data[:_HEAD]
        if b'"mapping_objects"' in head:
            return Sniffed("mapex-json")
        if b'"objects"' in head and b'"bundle"' in head:
            return Sniffed("stix")
        if b'"system-security-plan"' in head or b'"component-definition"' in head:
            return Sniffed("oscal")
        return Sniffed("layer" if b'"techniques"' in head or b'"techniqueID"' in head else "mapex-json")
    if _is_sentinel(top):
        return Sniffed("sentinel", certain=True)
    if {"rule_id", "risk_score"} <= top.keys():
        return Sniffed("elastic", certain=True)
    for key, format_ in _JSON_KEYS.items():
        if key in top:
            return Sniffed(format_, certain=True)
    # A layer without techniques.
    if "domain" in top and bytes(top.get("versions", b"")).startswith(b"{"):
        return Sniffed("layer", certain=True)
    return Sniffed("mapex-json")


def _is_sentinel(top: dict[str, msgspec.Raw]) -> bool:
    """Whether an object is a template with rules of Sentinel, a rule, or a custom detection of Defender."""
    if "resources" in top:
        return re.search(rb"(?i)SecurityInsights|/alertRules", bytes(top["resources"])) is not None
    return "displayName" in top and not top.keys().isdisjoint({"detectionAction", "query", "techniques"})


def _text(start: bytes) -> Sniffed:
    if start[:2] in UTF16:
        # Spreadsheets save "Unicode text" in this way, as tables with tabs.
        start = start.decode("utf-16", "replace").encode()
        if start[:1] in {b"{", b"["}:
            return _json(Source("", start))
    for format_, (word, patterns) in _CONTENT.items():
        if word in start and all(re.search(pattern, start, re.MULTILINE) for pattern in patterns):
            return Sniffed(format_, certain=True)
    keys = yaml_keys(start)
    if b"|" in start and re.search(_MARKDOWN, start) and not any(keys >= every for every, _ in _YAML_KEYS):
        return Sniffed("markdown", certain=True)
    if _is_table(start):
        return Sniffed("csv")
    for every, format_ in _YAML_KEYS:
        if keys >= every:
            return Sniffed(format_, certain=True)
    if "metadata" in keys and "capabilities" not in keys:
        return Sniffed("mapex-yaml")
    return Sniffed("sigma" if "title" in keys and keys & _SIGMA_PARTS else "native")


def _is_table(start: bytes) -> bool:
    """Whether cells are separated in the first line; or below a title, where techniques follow."""
    lines = [line for line in start.splitlines()[:_TITLES] if line.strip()]
    lines = [line for line in lines if not line.startswith((b"#", b"---"))]
    if lines and all(re.match(_LISTED, line) for line in lines):
        return True
    if not lines or re.match(_KEY, lines[0]) or lines[0].lstrip().startswith((b"- ", b"%", b"&", b"*", b"!")):
        return False
    if any(mark in lines[0] for mark in _SEPARATORS):
        return True
    rows = (line for line in lines if not re.match(_KEY, line) and not line.lstrip().startswith(b"- "))
    return any(re.search(_TECHNIQUE, row) for row in rows)


_LOOKED_AT = 200
_HEAD_OF_FILE = 1 << 14
_CONTENT_ENDINGS = (*ENDINGS, ".toml", ".ndjson", ".jsonl", ".xml", ".yaral", ".yara-l", ".yl2", ".rules")
_FILE_IS_SET = frozenset(
    {"mapex-yaml", "native", "dettect", "csv", "mapex-json", "layer", "stix", "", "json", "table"}
)
"""What a file of a folder is whose format is not one of whole folders."""

_ID = rb"(?i)(?<![A-Za-z0-9])T[ -]?[0-9]{4}(?![0-9])"
_JSON_SETS = (b'"mapping_objects"', b'"techniques"', b'"spec_version"')


def sniff_folder(path: Path) -> str | None:
    """The format of a folder that is one set; None if each of its files is a set, or none is.

    The first files decide; other files, such as settings, do not matter. If no file at the top is a set, folders
    below decide, as rules are often filed in them: the format of most files.

    Args:
        path: the folder.

    Returns:
        The name of a folder format, such as "sigma"; None: read each file by itself.
    """
    try:
        top = sorted(path.iterdir())
    except OSError:  # reading its files reports it
        return None
    kinds = [_kind_of(file) for file in top[: 10 * _LOOKED_AT]]
    if not {"mapex-yaml", "native", "dettect"}.isdisjoint(kinds):
        return None
    whole = _most(kinds)
    if whole is not None or "table" in kinds or "json" in kinds:
        return whole
    below = (_kind_of(Path(file)) for file in islice(walk(path, _CONTENT_ENDINGS), 10 * _LOOKED_AT))
    return _most(islice((kind for kind in below if kind not in _FILE_IS_SET), _LOOKED_AT))


def _most(kinds: Iterable[str]) -> str | None:
    """The folder format of most files; of several, the first by name."""
    times = Counter(kind for kind in kinds if kind not in _FILE_IS_SET)
    return min(times, key=lambda kind: (-times[kind], kind)) if times else None


def likely_set(file: Path) -> bool:
    """Whether a file of a folder looks like a mapping set."""
    return bool(_kind_of(file))


def _kind_of(file: Path) -> str:
    """The likely format of a file in a folder, or "table" or "json"; "" if it is not a set."""
    ending = file.suffix.lower()
    # Office has lock files with "~$" before the name of an open file.
    if file.name.startswith((".", "~$")) or ending not in _CONTENT_ENDINGS:
        return ""
    try:
        if not file.is_file():
            return ""
        with file.open("rb") as stream:
            head = stream.read(_HEAD_OF_FILE)
    except OSError:
        return ""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if ending in {".json", ".ndjson", ".jsonl"}:
        if ending != ".json" or any(
            name in head for name in (b'"alertRules', b"/alertRules", b'"detectionAction"')
        ):
            if file.stat().st_size > MAX_BYTES:
                return ""
            format_ = _json(Source(str(file), file.read_bytes())).format
            return format_ if format_ in {"elastic", "sentinel"} else ""
        return "json" if any(name in head for name in _JSON_SETS) else ""
    if ending not in ENDINGS:
        kind = _text(start).format
        return "" if kind in _FILE_IS_SET else kind
    if ending not in YAML:
        # Of texts, those with a technique; a list of rules in a folder of rules has none.
        return "table" if ending.startswith(".xls") or b"\0" in head or re.search(_ID, head) else ""
    sniffed = _text(start)
    kind = sniffed.format
    if kind == "native" and not re.search(rb"^[\"']?(?:framework|capabilities)[\"']?[ \t]*:", head, re.MULTILINE):
        return ""
    return "" if kind == "mapex-yaml" and not sniffed.certain and b"attack_object_id" not in head else kind
