"""Tables of techniques of several ATT&CK domains: each domain is a part, and a set of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from navlayers._text.wording import and_list
from navlayers.errors import NavlayersError, Place, Problem
from navlayers.mapping import formats
from navlayers.mapping.find import may_be_table, part_options
from navlayers.mapping.formats.findings import Assumed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from navlayers.attack.domains import Domain
    from navlayers.mapping.find import Source
    from navlayers.mapping.formats import Reading, ReadOptions
    from navlayers.mapping.model import MappingSet

_ID = re.compile(rb"\bT[0-9]{4}(?:\.[0-9]{3})?\b", re.IGNORECASE)


def read(source: Source, options: ReadOptions) -> Reading:
    """The part that a source names of a table of several domains."""
    reading = formats.read(source.path, data=source.data, reading=part_options(source, options))
    # The first part says it of rows of all parts: another one does not know the techniques that it has by name.
    first = source.name == source.parts[0]
    notices = [notice for notice in reading.notices if first or notice.code != "no-technique"]
    notices += parts_notice(source)
    part = _only(reading.mapping_set, source)
    # A framework that is the name of the file is that of all parts.
    if not part.title and any(isinstance(each, Assumed) and "framework" in each.assumed for each in notices):
        part = msgspec.structs.replace(part, title=source.name)
    return msgspec.structs.replace(reading.only(part), notices=tuple(notices))


def parts_notice(source: Source) -> tuple[Problem, ...]:
    """The notice of a table of several domains, at its first part."""
    if source.name not in source.parts[:1]:
        return ()
    message = f"techniques of several ATT&CK domains: read as {and_list(source.parts)}"
    return (Problem(message, Place(str(source.path)), hint="one set of all rows: --meta domain=…"),)


def by_domain(sources: Iterable[Source], options: ReadOptions) -> tuple[Source, ...]:
    """The sources, with one for each domain of a table that does not state its domain and has several."""
    result: list[Source] = []
    for source in sources:
        domains = _domains(source, options)
        names = tuple(f"{source.name}-{domain}" for domain in domains)
        parts = zip(names, domains, strict=True)
        result += [msgspec.structs.replace(source, name=name, domain=d, parts=names) for name, d in parts] or [
            source
        ]
    return tuple(result)


def _domains(source: Source, options: ReadOptions) -> list[Domain]:
    """The domains of a table that does not state its domain, the most frequent first; none for other inputs."""
    if source.mapping_set is not None or "domain" in options.metadata or not may_be_table(source, options):
        return []
    # Slow to import, and for tables alone.
    from navlayers.mapping.formats.detect import sniff  # noqa: PLC0415
    from navlayers.mapping.formats.source import load  # noqa: PLC0415
    from navlayers.mapping.formats.workbook import xml_of  # noqa: PLC0415

    try:
        raw = load(source.path, source.data, options.max_bytes)
        format_ = options.format or sniff(raw).format
        if format_ not in formats.TABLE_FORMATS:
            return []
        # Reading takes longer than looking for ids, and almost all tables are of one domain.
        text = xml_of(raw.data, options.max_bytes) if format_ == "xlsx" else raw.data
        if not _several({id_.decode().upper() for id_ in {*_ID.findall(text)}}):
            return []
        reading = formats.read(source.path, data=raw.data, reading=options)
    except NavlayersError:  # reported when it is read
        return []
    if not any(isinstance(notice, Assumed) and "domain" in notice.assumed for notice in reading.notices):
        return []
    return _several({mapping.technique for mapping in reading.mapping_set.mappings})


def _several(techniques: Collection[str]) -> list[Domain]:
    """The domains of ids, that of most ids first; none if all are of one domain, apart from a few strays."""
    from navlayers.mapping.formats.metadata import LEAST_SHARE, domain_counts  # noqa: PLC0415 - for tables alone

    counts = domain_counts(techniques)
    domains = [domain for domain in counts if counts[domain] >= LEAST_SHARE * len(techniques)]
    return sorted(domains, key=lambda domain: -counts[domain]) if len(domains) > 1 else []


def _only(mapping_set: MappingSet, source: Source) -> MappingSet:
    """The mappings of one domain; those of a domain without a part belong to the largest part."""
    from navlayers.mapping.formats.metadata import domains_of  # noqa: PLC0415 - for tables alone

    owners = domains_of(mapping.technique for mapping in mapping_set.mappings)
    stem = source.name.removesuffix(source.domain)

    def kept(technique: str | None) -> bool:
        part = f"{stem}{owners.get(technique or '')}"
        return source.name == (part if part in source.parts else source.parts[0])

    mappings = tuple(mapping for mapping in mapping_set.mappings if kept(mapping.technique))
    records = tuple(record for record in mapping_set.non_mappable if kept(record.technique))
    used = {mapping.capability for mapping in mappings} | {record.capability for record in records}
    capabilities = tuple(c for c in mapping_set.capabilities if c.id in used)
    return msgspec.structs.replace(mapping_set, mappings=mappings, non_mappable=records, capabilities=capabilities)
