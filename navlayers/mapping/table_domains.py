"""Tables of techniques of several ATT&CK domains: each domain is a part, and a set of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from navlayers._text.formulas import restore
from navlayers._text.wording import and_list
from navlayers.errors import NavlayersError, Place, Problem
from navlayers.mapping import formats
from navlayers.mapping.find import may_be_table, part_options
from navlayers.mapping.formats.findings import Assumed, Findings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from navlayers.attack.domains import Domain
    from navlayers.mapping.find import Source
    from navlayers.mapping.formats import Reading, ReadOptions
    from navlayers.mapping.formats.context import Context
    from navlayers.mapping.formats.table import Sheet

_NAMING = ("attack_object_id", "subtechnique", "attack_object_name")
"""Fields that name the technique of a row."""

_ID = re.compile(rb"\bT[0-9]{4}(?:\.[0-9]{3})?\b", re.IGNORECASE)


def read(source: Source, options: ReadOptions) -> Reading:
    """The part that a source names of a table of several domains."""
    if source.known is not None and source.known[0] == options:
        return source.known[1]
    reading = formats.read(source.path, data=source.data, reading=part_options(source, options))
    notices = (*reading.notices, *parts_notice(source))
    part = reading.mapping_set
    # A framework that is the name of the file is that of all parts.
    if not part.title and any(isinstance(each, Assumed) and "framework" in each.assumed for each in notices):
        part = msgspec.structs.replace(part, title=source.name)
    return msgspec.structs.replace(reading, mapping_set=part, notices=notices)


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
        parts = _parts(source, _domains(source, options))
        if options.lenient:
            sound = [each for part in parts if (each := _with_reading(part, options)).known]
            # All rows of a part have errors: it is no part, and they are left out with those of the others.
            domains = [part.domain for part in sound if part.domain]
            parts = sound if len(sound) == len(parts) else _parts(source, domains if len(domains) > 1 else ())
        result += parts or [source]
    return tuple(result)


def _parts(source: Source, domains: Collection[Domain]) -> list[Source]:
    names = tuple(f"{source.name}-{domain}" for domain in domains)
    pairs = zip(names, domains, strict=True)
    return [msgspec.structs.replace(source, name=name, domain=domain, parts=names) for name, domain in pairs]


def _with_reading(part: Source, options: ReadOptions) -> Source:
    """The part with its reading, or as it is if it cannot be read."""
    try:
        return msgspec.structs.replace(part, known=(options, read(part, options)))
    except NavlayersError:
        return part


def _domains(source: Source, options: ReadOptions) -> list[Domain]:
    """The domains of a table that does not state its domain, the most frequent first; none for other inputs."""
    if source.mapping_set is not None or "domain" in options.metadata or not may_be_table(source, options):
        return []
    # Slow to import, and for tables alone.
    from navlayers.mapping.formats.context import Context  # noqa: PLC0415
    from navlayers.mapping.formats.detect import sniff  # noqa: PLC0415
    from navlayers.mapping.formats.source import load  # noqa: PLC0415
    from navlayers.mapping.formats.table import open_grids, set_sheets  # noqa: PLC0415
    from navlayers.mapping.formats.workbook import xml_of  # noqa: PLC0415

    try:
        raw = load(source.path, source.data, options.max_bytes)
        format_ = options.format or sniff(raw).format
        if format_ not in formats.TABLE_FORMATS:
            return []
        # To parse takes longer than to look for ids, and almost all tables are of one domain.
        text = xml_of(raw.data, options.max_bytes) if format_ == "xlsx" else raw.data
        if not _several({id_.decode().upper() for id_ in {*_ID.findall(text)}}):
            return []
        context = Context(Findings(lenient=True), options)
        sheets = set_sheets(raw.path, open_grids(raw, context), context)
        if any(_states_domain(sheet) for sheet in sheets):
            return []
        return _several({technique for sheet in sheets for technique in _techniques(sheet, context)})
    except NavlayersError:  # reported when it is read
        return []


def _states_domain(sheet: Sheet) -> bool:
    column = sheet.columns.fields.get("technology_domain")
    return column is not None and any(cells[column].strip() for _, cells in sheet.data_rows())


def _techniques(sheet: Sheet, context: Context) -> set[str]:
    """The techniques of the rows that map something; in place of an id, there may be a name."""
    from navlayers.mapping.formats.metadata import technique_id  # noqa: PLC0415 - for tables alone
    from navlayers.mapping.formats.table_content import NO_VALUE  # noqa: PLC0415
    from navlayers.mapping.formats.value_rules import says_non_mappable  # noqa: PLC0415

    columns, fields = sheet.columns, sheet.columns.fields
    wide = sheet.wide(context.options.scale)
    ratings = columns.categories.values()
    kinds = [fields[field] for field in ("status", "mapping_type") if field in fields]
    capability = fields.get("capability_id", fields.get("capability_description"))
    name = fields.get("attack_object_name")
    holding = [*columns.more, *(fields[field] for field in _NAMING if field in fields)]
    known: set[tuple[str, ...]] = set()
    found: set[str] = set()
    for line, raw in enumerate(sheet.grid.rows()):
        cells = raw if len(raw) >= columns.width else [*raw, *[""] * (columns.width - len(raw))]
        key = tuple([cells[column] for column in holding])
        if line <= columns.row or key in known or not (capability is None or cells[capability].strip()):
            continue
        cells = [*map(restore, cells)]
        if any(says_non_mappable(cells[column].strip()) for column in kinds):
            continue
        if ratings and all(cells[column].strip().lower() in NO_VALUE for column in ratings):
            continue
        if wide.tools and not any(wide.value(column, cells[column])[0] for column in wide.tools):
            continue
        known.add(key)
        techniques = [technique.id for technique, _ in sheet.techniques(line, cells, context.findings)]
        found.update(techniques or ([cells[name]] if name is not None else []))
    return {*map(technique_id, found)}


def _several(techniques: Collection[str]) -> list[Domain]:
    """The domains of ids or names, that of most first; none if all are of one domain, apart from a few strays."""
    from navlayers.mapping.formats.metadata import LEAST_SHARE, domain_counts  # noqa: PLC0415 - for tables alone

    counts = domain_counts(techniques)
    domains = [domain for domain in counts if counts[domain] >= LEAST_SHARE * len(techniques)]
    return sorted(domains, key=lambda domain: -counts[domain]) if len(domains) > 1 else []
