"""The formats of mapping sets: `read` gives a `Reading`, `encode` gives the bytes of a set.

One module or package per format; `FORMATS` lists them. The content, not the file's ending, decides which one reads
an input.
"""

from __future__ import annotations

import importlib
from functools import cache, partial
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from navlayers._text.wording import comma_list
from navlayers.errors import OtherFileError, Place, Problem, UsageError, unknown
from navlayers.mapping import evidence
from navlayers.mapping.formats import source as sources
from navlayers.mapping.formats.context import (
    METADATA,
    Context,
    PartKind,
    Places,
    ReadOptions,
    Written,
    technique_names,
)
from navlayers.mapping.formats.detect import is_export, sniff, sniff_folder
from navlayers.mapping.formats.findings import Findings, Issue
from navlayers.mapping.formats.source import MAX_BYTES, YAML, Folder, Source
from navlayers.mapping.model import DECIMAL, DEFAULT_SCALE, HUNDRED, Mapping, MappingSet, NonMappable
from navlayers.mapping.ranges import in_hundred, range_of, range_text, unused_words, with_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Pairs = tuple[tuple[str, str], ...]

__all__ = [
    "FORMATS",
    "MAX_BYTES",
    "TABLE_FORMATS",
    "WRITABLE",
    "Findings",
    "Idle",
    "ReadOptions",
    "Reading",
    "check_options",
    "encode",
    "idle_options",
    "read",
    "without_effect",
]

READS = (
    "navlayers reads native YAML, Mappings Explorer JSON and YAML, tables, STIX bundles, Navigator layers, DeTT&CT "
    "files, CTID's security stack, and Sigma, Elastic, Splunk and other detection rules"
)
"""The formats that are read, for messages."""


class Format(msgspec.Struct, frozen=True):
    """A format: its title for people, and the modules of this package that read and write it.

    `reader` has `read(source, context)`, which gives a set and its places; `writer` has `encode(mapping_set)`,
    which gives a `Written`, and is "" for a format that is only read. `folder` has the file name extensions of a
    folder format, whose sets are folders of such files; one file of it is a set, too.
    """

    title: str
    reader: str
    writer: str = ""
    folder: tuple[str, ...] = ()


FORMATS = {
    "native": Format("native YAML", "native.read", "native.write"),
    "mapex-json": Format("Mappings Explorer JSON", "mappings_explorer_json", "mappings_explorer_json"),
    "mapex-yaml": Format("Mappings Explorer YAML", "mappings_explorer_yaml", "mappings_explorer_yaml"),
    "csv": Format("a table as CSV or TSV", "csv_table", "csv_table"),
    "xlsx": Format("a table as XLSX", "xlsx_table", "xlsx_table"),
    "markdown": Format("tables in Markdown", "markdown_table"),
    "stix": Format("a STIX 2.1 bundle", "stix.read", "stix.write"),
    "oscal": Format("OSCAL", "oscal.read", "oscal.write"),
    "security-stack": Format("CTID security stack YAML", "security_stack", folder=YAML),
    "layer": Format("an ATT&CK Navigator layer", "layer"),
    "dettect": Format("DeTT&CT technique administration", "dettect"),
    "dettect-visibility": Format("the same, for its visibility", "dettect"),
    "sigma": Format("Sigma rules", "rules.sigma", folder=YAML),
    "elastic": Format("Elastic rules, TOML or NDJSON", "rules.elastic", folder=(".toml", ".ndjson", ".jsonl")),
    "splunk": Format("Splunk detections", "rules.splunk", folder=YAML),
    "sentinel": Format("Microsoft Sentinel and Defender rules", "rules.sentinel", folder=(*YAML, ".json")),
    "panther": Format("Panther rules", "rules.panther", folder=YAML),
    "yara-l": Format("Google SecOps rules (YARA-L)", "rules.yara_l", folder=(".yaral", ".yara-l", ".yl2")),
    "falco": Format("Falco rules", "rules.falco", folder=YAML),
    "wazuh": Format("Wazuh rules", "rules.wazuh", folder=(".xml",)),
    "suricata": Format("Suricata rules", "rules.suricata", folder=(".rules",)),
    "capa": Format("capa rules", "rules.capa", folder=YAML),
    "car": Format("MITRE CAR analytics", "rules.car", folder=YAML),
    "sysmon": Format("a Sysmon configuration", "rules.sysmon", folder=(".xml",)),
    "atomic": Format("Atomic Red Team tests", "rules.atomic", folder=YAML),
    "caldera": Format("CALDERA abilities", "rules.caldera", folder=YAML),
    "scan": Format("any text that mentions technique ids", "rules.scan", folder=("",)),
}
"""Name → format, in the order in which they are listed."""

TABLE_FORMATS = frozenset({"csv", "xlsx", "markdown"})
"""The names of the formats with rows and columns."""

_ROWS = TABLE_FORMATS | {"mapex-json", "mapex-yaml", "stix"}
"""Formats whose rows have evidence among their other fields."""

WRITABLE = tuple(name for name, format_ in FORMATS.items() if format_.writer)
"""The names of the formats that are written."""


class Reading(msgspec.Struct, frozen=True):
    """A mapping set as read from one input, the notices about the file, and the places of its parts."""

    mapping_set: MappingSet
    notices: tuple[Problem, ...]
    format: str
    places: Places

    def place(self, index: int, kind: PartKind = "mapping", field: str = "") -> Place:
        """The place of a part of the set, computed on request: the reading keeps the content for that.

        Args:
            index: the number of the part in the set, from 0.
            kind: "mapping", "non_mappable" or "capability".
            field: a field of the model such as "value", to get the place of its value; "": the part itself.
        """
        return self.places.part(kind, index, field)

    def only(self, part: MappingSet) -> Reading:
        """The reading of a part of the set, whose mappings, records and capabilities are some of the set's own."""
        lists = {"mapping": "mappings", "non_mappable": "non_mappable", "capability": "capabilities"}
        numbers: dict[str, dict[int, int]] = {}

        def place(kind: PartKind, index: int, field: str) -> Place:
            if kind not in numbers:
                every = getattr(self.mapping_set, lists[kind])
                numbers[kind] = {id(each): number for number, each in enumerate(every)}
            return self.places.part(kind, numbers[kind][id(getattr(part, lists[kind])[index])], field)

        return msgspec.structs.replace(self, mapping_set=part, places=Places(place, self.places.head))

    def place_in(self, mapping: Mapping) -> Place:
        """The place of a mapping that the set has."""
        return self.place(self.mapping_set.mappings.index(mapping))

    def place_of(self, field: str) -> Place:
        """The place of a value of the metadata, by its name in the model or in `details`: "attack_version"."""
        return self.places.head(field)


def read(
    path: str | Path,
    *,
    data: bytes | None = None,
    reading: ReadOptions = ReadOptions(),
    findings: Findings | None = None,
) -> Reading:
    """Read one mapping set.

    Args:
        path: the file, or the folder of a folder format; or only its name in messages when `data` is given.
        data: the content, for input that is not a file (standard input goes by the name "-").
        reading: the options of the user for the input.
        findings: where errors and notices go; lenient ones let reading go on over errors.

    Returns:
        The set, with its notices and the places of its parts.

    Raises:
        InputError: the input cannot be read, is of no known format, or is wrong; all its problems are listed.
        UsageError: the options name an unknown format or metadata field.
    """
    check_options(reading)
    findings = Findings(leave_out=reading.lenient) if findings is None else findings
    source, format_ = _open(path, data, reading)
    reader = importlib.import_module(f"{__name__}.{FORMATS[format_].reader}")
    mapping_set, places = reader.read(source, Context(findings, reading))
    findings.raise_errors()
    if "domain" in reading.metadata:
        from navlayers.mapping.formats.metadata import refuse_other_domain  # noqa: PLC0415 - slow to import

        refuse_other_domain(mapping_set.domain, {mapping.technique for mapping in mapping_set.mappings})
    if not (mapping_set.mappings or mapping_set.non_mappable):
        findings.refuse_empty()
    if reading.scale and mapping_set.range is None and any(m.value is not None for m in mapping_set.mappings):
        mapping_set = msgspec.structs.replace(mapping_set, scale=with_words(mapping_set.scale, reading.scale))
    _drop_known_names(mapping_set)
    if format_ in _ROWS:
        _take_evidence(mapping_set, findings, places)
    return Reading(mapping_set, findings.summary(), format_, places)


class Idle(msgspec.Struct, frozen=True):
    """A reading option that does not matter to an input, and why."""

    name: str
    option: str
    why: str


def without_effect(
    name: str, options: ReadOptions, format_: str, mapping_set: MappingSet | None = None
) -> tuple[Idle, ...]:
    """The reading options that do not matter to an input.

    Args:
        name: the input.
        options: how it was read.
        format_: its format.
        mapping_set: the set; None for a layer whose scores stay as they are.
    """
    unused = []
    if options.columns and format_ not in TABLE_FORMATS:
        unused.append(("--columns", "the input is not a table"))
    if mapping_set is None:
        given = {"--score-range": options.score_range, "--scale": options.scale}
        unused += [(option, "the layer keeps its scores") for option, value in given.items() if value]
        unused += (
            [(option, "the layer keeps its entries") for option in options.scope.options] if options.scope else []
        )
    else:
        values = {mapping.value for mapping in mapping_set.mappings}
        if options.score_range is not None and not any(value and DECIMAL.fullmatch(value) for value in values):
            unused.append(("--score-range", "no score is a number"))
        unused += unused_words(options.scale, mapping_set)
    return tuple(Idle(name, option, why) for option, why in unused)


def idle_options(inputs: Sequence[Sequence[Idle]]) -> Iterator[Problem]:
    """A notice for each reading option that matters to none of the inputs, with their names.

    Args:
        inputs: of each input, the options that do not matter to it.
    """
    options = [{idle.option for idle in each} for each in inputs]
    names: dict[tuple[str, str], list[str]] = {}
    for idle in (idle for each in inputs for idle in each):
        # Without score values, none of the words of "--scale WORD" matters.
        if all({idle.option, idle.option.partition(" ")[0]} & each for each in options):
            names.setdefault((idle.option, idle.why), []).append(idle.name)
    for (option, why), those in names.items():
        yield Problem(f"{comma_list(those)}: {option} has no effect: {why}")


def _drop_known_names(mapping_set: MappingSet) -> None:
    """Drop the names of techniques that are those of the set's ATT&CK release."""
    rows: list[Mapping | NonMappable] = [*mapping_set.mappings, *mapping_set.non_mappable]
    named = attrgetter("technique", "technique_name")
    pairs = {(id_, name) for id_, name in {*map(named, rows)} if id_ is not None and name is not None}
    name_of = technique_names(mapping_set) if pairs else None
    known = {(id_, name) for id_, name in pairs if name_of is not None and name_of(id_) == name}
    for row in rows if known else ():
        if named(row) in known:
            # The rows were made just now: nobody has seen them yet, and copies would take time.
            msgspec.structs.force_setattr(row, "technique_name", None)


def _take_evidence(mapping_set: MappingSet, findings: Findings, places: Places) -> None:
    """Take the evidence of mappings from their other fields, as rows have it; text that is none stays there."""
    is_field = cache(lambda name: evidence.field_key(name) in evidence.FIELDS)
    for index, mapping in enumerate(mapping_set.mappings):
        if not (mapping.other and any(is_field(name) for name, _ in mapping.other)):
            continue
        values, rest = _evidence_in(mapping.other, findings, partial(places.part, "mapping", index))
        for field, value in values.items():
            msgspec.structs.force_setattr(mapping, field, value)
        if values:
            msgspec.structs.force_setattr(mapping, "other", rest)


def _evidence_in(other: Pairs, findings: Findings, place: Callable[[str], Place]) -> tuple[dict[str, Any], Pairs]:
    names = {plain: name for name, _ in other if (plain := evidence.field_key(name)) in evidence.FIELDS}
    texts = dict(other)
    fields = {plain: texts[name] for plain, name in names.items()}
    values, wrong = evidence.parse_evidence(fields)
    for field, message, expected, hint in wrong:
        kept = hint or "it is kept as a field without a meaning"
        issue = Issue(message, expected, kept, fatal=False, code="wrong-evidence")
        findings.add(issue, partial(place, names[field]))
    taken = {*(evidence.FIELDS[:3] if "evidence" in values else ()), *({"robustness"} & values.keys())}
    taken -= {field for field, *_ in wrong}
    return values, tuple((name, text) for name, text in other if evidence.field_key(name) not in taken)


def encode(mapping_set: MappingSet, to: str = "native") -> Written:
    """A set as the bytes of a format, and notices of what the format cannot hold.

    Args:
        mapping_set: the set; scores of a layer's range are written as numbers 0–100.
        to: one of `WRITABLE`.

    Raises:
        UsageError: the format is unknown.
        OutputError: the format cannot hold the set.
    """
    if problems := unknown("format", [to], WRITABLE):
        raise UsageError(problems)
    plain = in_hundred(mapping_set)
    if plain.range is not None and all(mapping.value is None for mapping in plain.mappings):
        # A scale says that the set rates its mappings, none of which is rated yet.
        plain = msgspec.structs.replace(plain, scale=DEFAULT_SCALE)
    written: Written = importlib.import_module(f"{__name__}.{FORMATS[to].writer}").encode(
        evidence.with_evidence_fields(plain) if to in _ROWS else plain
    )
    if range_of(mapping_set) != HUNDRED:
        note = f"scores on the range {range_text(range_of(mapping_set))} are written as numbers from 0 to 100"
        written = msgspec.structs.replace(written, notices=(*written.notices, Problem(note, code="not-carried")))
    return written


def _open(path: str | Path, data: bytes | None, options: ReadOptions) -> tuple[Source | Folder, str]:
    if data is None and _is_folder(path):
        format_ = options.format or sniff_folder(Path(path))
        if format_ is not None and FORMATS[format_].folder:
            return Folder(str(path), options.max_bytes, FORMATS[format_].folder), format_
    large = sources.large_file(str(path), options.max_bytes) if data is None else None
    if large is not None and options.format in (None, "elastic") and is_export(large.first):
        return large, "elastic"
    source = sources.load(path, data, options.max_bytes)
    if options.format is not None:
        return source, options.format
    sniffed = sniff(source)
    if not sniffed.certain:
        from navlayers.mapping.formats import foreign  # noqa: PLC0415 - few files are uncertain

        if (name := foreign.format_of(source.data, source.path)) is not None:
            message = foreign.described(name)
            raise OtherFileError(Problem(message, Place(source.path), "a mapping set", READS, code="unreadable"))
    return source, sniffed.format


def _is_folder(path: str | Path) -> bool:
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):  # opening it reports a path that cannot exist
        return False


def check_options(options: ReadOptions) -> None:
    """Check the options that do not depend on the input.

    Raises:
        UsageError: a format, a field of metadata, a column or a score value of the scale is not valid.
    """
    given = [] if options.format is None else [options.format]
    problems = [*unknown("format", given, FORMATS), *unknown("metadata", options.metadata, METADATA)]
    if options.scale:
        from navlayers.mapping.formats.value_rules import scale_name  # noqa: PLC0415 - slow to import

        issues = filter(None, map(scale_name, options.scale))
        problems += [Problem(f"--scale: {issue.message}", expected=issue.expected) for issue in issues]
    if problems:
        raise UsageError(problems)
    if options.columns:
        from navlayers.mapping.formats.table_columns import check_names  # noqa: PLC0415 - for tables alone

        check_names(options.columns)
