"""Convert a mapping set from any format to another, on request reduced to its facts."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, TypeVar

import msgspec

from navlayers._text.links import web_links
from navlayers._text.wording import quantity
from navlayers.errors import InputError, OutputError, Place, Problem, by_ending
from navlayers.mapping import find, formats
from navlayers.mapping.formats.context import ReadOptions, Written
from navlayers.mapping.model import LONGEST_NAME, SEGMENT_FIELDS, Capability, Mapping, MappingSet, NonMappable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from navlayers.mapping.find import Source

NATIVE = "native"
BINARY = frozenset({"xlsx"})
"""Formats that are not text."""

_ENDINGS = {"": NATIVE, ".yaml": NATIVE, ".yml": NATIVE, ".json": "mapex-json", ".csv": "csv", ".xlsx": "xlsx"}
_LONG_ENDINGS = {".stix.json": "stix", ".oscal.json": "oscal"}


MOST_READ_AGAIN = 20_000
"""Rows of the largest set that is read again before it is written: of larger ones, that takes seconds."""

_NOT_READ = frozenset({"oscal"})
"""Formats that are written for other programs alone: results of an assessment."""

_HEAD = ("title", "source", "licence")
"""Metadata that a set in memory gets from options."""

_SENTENCE = re.compile(r"[.!?]$|[.!?;]\s")
_PROSE_SHARE = 0.25
"""Above this share of sentence-like names, all names of a set are treated as descriptions."""


_Row = TypeVar("_Row", Mapping, NonMappable)


def format_for(output: str) -> str:
    """The output format for a file suffix; native YAML without one.

    Raises:
        UsageError: no format has that ending.
    """
    for ending, format_ in _LONG_ENDINGS.items():
        if output.lower().endswith(ending):
            return format_
    return by_ending(output, _ENDINGS, "or name the format with --format")


def convert(source: Source, to: str = NATIVE, *, reading: ReadOptions, only_facts: bool = False) -> Written:
    """A set in another format, with notices of the reader and of fields that the format cannot hold.

    Args:
        source: the set, as `navlayers.mapping.find.resolve` gives it.
        to: a name of `formats.WRITABLE`.
        reading: how to read it, metadata that replace those of the file, and the scope of what is kept.
        only_facts: leave out comments, descriptions and other prose, see `facts`.

    Raises:
        InputError: the input cannot be read; all its problems are listed.
        OutputError: the format cannot hold the set; the problems name the input.
        UsageError: there is no such format.
    """
    if source.mapping_set is None:
        read = find.read(source, reading)
        mapping_set, notices = read.mapping_set, read.notices
        unused = [formats.without_effect(source.name, reading, read.format, mapping_set)]
    else:
        given = {field: text for field, text in reading.metadata.items() if field in _HEAD}
        mapping_set, notices, unused = msgspec.structs.replace(source.mapping_set, **given), source.notices, []
    if reading.scope is not None:
        from navlayers.mapping.load import in_scope  # noqa: PLC0415 - ATT&CK releases are for scopes alone
        from navlayers.mapping.scope import scope_notice  # noqa: PLC0415

        part = in_scope(mapping_set, reading.scope, source)
        notices += (*scope_notice(mapping_set, part.set, part.catalogue, source.name), *part.notices)
        mapping_set = part.set
        if reading.scope.discount:
            message = "--discount does not change a converted set"
            notices += (Problem(message),)
    try:
        written = encode_and_read(facts(mapping_set) if only_facts else mapping_set, to)
    except OutputError as error:
        place = Place(str(source.path))
        raise OutputError(p.at(place) for p in error.problems) from None
    return Written(written.data, (*notices, *formats.idle_options(unused), *written.notices))


def encode_and_read(mapping_set: MappingSet, to: str) -> Written:
    """A set as the bytes of a format, which were read again unless it has more than `MOST_READ_AGAIN` rows.

    Raises:
        UsageError: the format is unknown.
        OutputError: the format cannot hold the set, or what would be written cannot be read.
    """
    written = formats.encode(mapping_set, to)
    rows = len(mapping_set.mappings) + len(mapping_set.non_mappable)
    if to in _NOT_READ or rows > MOST_READ_AGAIN:
        return written
    title = formats.FORMATS[to].title
    try:
        again = formats.read(title, data=written.data, reading=ReadOptions(format=to)).mapping_set
    except InputError as error:
        first = error.problems[0]
        message = f"the set as {title} could not be read: {first.message}"
        raise OutputError(Problem(message, None, first.expected, "nothing was written")) from error
    found = len(again.mappings) + len(again.non_mappable)
    if found != rows:
        message = f"the set as {title} would have {quantity(found, 'row')} instead of {rows:,}"
        raise OutputError(Problem(message, hint="nothing was written; report this with the input"))
    return written


def facts(mapping_set: MappingSet) -> MappingSet:
    """The set without comments, descriptions of mapping types, `other` fields, and names that are sentences.

    A capability whose name is a sentence is named after the last part of its id; so are all of a set that
    describes its capabilities rather than names them. References are cleaned by `web_links`.
    """
    cleaned = cache(web_links)

    def bare(row: _Row) -> _Row:
        links = cleaned(row.references)
        segments = tuple(pair for pair in row.other if pair[0].casefold() in SEGMENT_FIELDS)
        return msgspec.structs.replace(row, comment="", references=links, capability_name=None, other=segments)

    def without_note(mapping: Mapping) -> Mapping:
        evidence = mapping.evidence and msgspec.structs.replace(mapping.evidence, note="")
        return mapping if evidence == mapping.evidence else msgspec.structs.replace(mapping, evidence=evidence)

    mappings = tuple(without_note(bare(mapping)) for mapping in mapping_set.mappings)
    non_mappable = tuple(map(bare, mapping_set.non_mappable))
    common = _common_links((*mappings, *non_mappable))
    described = sum(map(_is_prose, mapping_set.capabilities))
    prose = described > _PROSE_SHARE * len(mapping_set.capabilities)
    return msgspec.structs.replace(
        mapping_set,
        groups={id_: name.strip() or id_ for id_, name in mapping_set.groups.items()},
        mapping_types=tuple(msgspec.structs.replace(t, description="") for t in mapping_set.mapping_types),
        capabilities=tuple(
            Capability(
                capability.id,
                _id_as_name(capability.id) if prose or _is_prose(capability) else capability.name.strip(),
                capability.groups,
                common.get(capability.id, cleaned(capability.references)),
            )
            for capability in mapping_set.capabilities
        ),
        mappings=mappings,
        non_mappable=non_mappable,
    )


def _is_prose(capability: Capability) -> bool:
    name = capability.name.strip()
    return name != capability.id and (len(name) > LONGEST_NAME or bool(_SENTENCE.search(name)))


def _id_as_name(id_: str) -> str:
    return id_.rpartition(".")[2].strip() or id_


def _common_links(rows: Iterable[Mapping | NonMappable]) -> dict[str, tuple[str, ...]]:
    """Capability → the links that most of its rows have, as readers choose them; cleaning may have merged some."""
    times: dict[str, Counter[tuple[str, ...]]] = {}
    for row in rows:
        if row.capability is not None:
            times.setdefault(row.capability, Counter())[row.references] += 1
    # Of equally frequent lists the smallest, so that the order of rows has no effect.
    return {id_: min((-count, links) for links, count in counted.items())[1] for id_, counted in times.items()}
