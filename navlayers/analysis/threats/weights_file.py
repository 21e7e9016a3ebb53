"""Layers, mapping sets and tables as threats: each technique with the weight that the file gives it."""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from navlayers import attack
from navlayers._text.spelling import suggestion
from navlayers._text.wording import bare, comma_list, quoted
from navlayers.analysis.threats.actors import intelligence
from navlayers.analysis.threats.lookup import EXPECTED
from navlayers.analysis.threats.weighted import Weighted
from navlayers.analysis.threats.weights_table import (
    HEAVIEST,
    date_column,
    other_numbers,
    read_weights,
    weights_sheet,
)
from navlayers.attack.domains import DOMAINS
from navlayers.errors import InputError, OtherFileError, Place, Problem, UsageError
from navlayers.mapping import formats as readers
from navlayers.mapping.find import read
from navlayers.mapping.formats import foreign, value_rules
from navlayers.mapping.formats import source as files
from navlayers.mapping.formats.context import Context, ReadOptions
from navlayers.mapping.formats.detect import sniff
from navlayers.mapping.formats.findings import Findings
from navlayers.mapping.formats.metadata import likely_domain
from navlayers.mapping.formats.table import open_grids, technique_sheets
from navlayers.mapping.formats.table_columns import HEADER_WITHIN, check_names
from navlayers.mapping.model import Mapping, MappingSet
from navlayers.mapping.ranges import written

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from navlayers.analysis.threats.actors import Actor, Intelligence, Use
    from navlayers.analysis.threats.model import MemberKind
    from navlayers.attack.domains import Domain
    from navlayers.mapping.find import Source
    from navlayers.mapping.formats import Reading

_MOST_COLUMNS_LISTED = 4
_EXPECTED = {
    "SCYTHE threat": "tags of steps such as att&ck-technique:T1033",
    "DeTT&CT groups": "technique_id of an enabled group",
}
"""Format → where its techniques are."""

_MOST_ACTORS = 20
"""Maximum number of threats of a file that are members of their own."""

_MOST_NAMES = 8
"""Maximum number of names of threats in an error."""

_ASSUMED = "assumed-metadata"
_IRRELEVANT = frozenset({"other-scale", "not-carried"})
"""Notices of what a layer loses as a mapping set: its scores are weights here, as they are written."""


def read_weighted(source: Source, domain: Domain, reading: ReadOptions, part: str = "") -> tuple[Weighted, ...]:
    """Read a layer, a mapping set, a table of weights or the threats of a file.

    Args:
        source: the file, folder or shipped set.
        domain: the ATT&CK domain of a table, which states none.
        reading: only its columns, maximum size and half-life count: the other options are about other inputs.
        part: the name of one threat of the file; "": all.

    Raises:
        InputError: it cannot be read, is of a format that is not read as a threat, or a weight is not a number ≥ 0.
        UsageError: weights cannot fade, as a table has no dates.
    """
    options = ReadOptions(max_bytes=reading.max_bytes)
    if not source.path.is_dir():
        loaded = files.load(source.path, source.data, options.max_bytes)
        source = msgspec.structs.replace(source, data=loaded.data)
        findings = Findings()
        if found := intelligence(loaded, findings):
            findings.raise_errors()
            return _actors(found, source, domain, part, findings)
        if name := foreign.format_of(loaded.data, loaded.path):
            raise InputError(_unread(name, source))
        if not part and sniff(loaded).format in readers.TABLE_FORMATS:
            table = _table(source.name, loaded, domain, reading)
            if isinstance(table, Weighted):
                return (table,)
            options = msgspec.structs.replace(options, columns=table)
    if part:
        message = f"{source.path} is not a file of several threats, so #{part} names none of them"
        raise UsageError(Problem(message, expected="DeTT&CT groups or a STIX bundle"))
    try:
        result = read(source, options)
    except OtherFileError as error:
        if error.problems[0].code != "empty-set":
            raise
        raise InputError(_unread("STIX bundle without techniques that something uses", source)) from None
    if result.format == "layer":
        return (_layer(source, result),)
    title, path = result.mapping_set.name, str(source.path)
    notices = _without_hints(result.notices)
    return (Weighted("set", source.name, title, path, result.mapping_set, (), notices),)


def _actors(
    found: Intelligence, source: Source, domain: Domain, part: str, findings: Findings
) -> tuple[Weighted, ...]:
    """Each threat of a file; one for all of them where they are many.

    Raises:
        InputError: the file has no techniques, or none of its threats is the one that is named.
    """
    actors = [actor for actor in found.actors if actor.uses]
    where, notices = Place(str(source.path)), []
    if part:
        names = {actor.name: {actor.name.casefold(), *map(str.casefold, actor.aliases)} for actor in actors}
        chosen = [actor for actor in actors if part.strip().casefold() in names[actor.name]]
        if not chosen:
            message, hint = f"no threat {quoted(part)} in this file", suggestion(part, names)
            expected = comma_list([*names][:_MOST_NAMES]) + (", …" if len(names) > _MOST_NAMES else "")
            raise InputError(Problem(message, where, expected, hint))
        actors = chosen
    elif off := [actor.name for actor in actors if not actor.enabled]:
        actors = [actor for actor in actors if actor.enabled]
        hint = f'to use one: --threat "{source.path}#{off[0]}"'
        notices.append(Problem(f"{source.name}: left out, not enabled: {comma_list(off)}", hint=hint))
    if not actors:
        expected = _EXPECTED.get(found.format, "at least one that something uses")
        raise InputError(Problem(f"{found.format}: no techniques", where, expected))
    groups: list[tuple[MemberKind, str, str, list[Actor]]] = []
    if len(actors) > _MOST_ACTORS:
        title = f"{len(actors):,} threats of {source.name}"
        groups.append(("file", source.name, title, actors))
        message = f"{title}: the weight of a technique is the number of those that use it"
        notices.append(Problem(message, hint=f"{source.path}#NAME chooses one, such as #{actors[0].name}"))
    else:
        for actor in actors:
            title = actor.name or source.name
            name = f"{source.name}#{title}" if len(found.actors) > 1 else source.name
            same = sum(other[1] == name for other in groups)
            groups.append((actor.kind, f"{name} ({same + 1})" if same else name, title, [actor]))
    weighted = [_actor(*group, str(source.path), found, domain, findings) for group in groups]
    first = msgspec.structs.replace(weighted[0], notices=(*notices, *findings.summary()))
    return (first, *weighted[1:])


def _actor(
    kind: MemberKind,
    name: str,
    title: str,
    actors: Sequence[Actor],
    path: str,
    found: Intelligence,
    domain: Domain,
    findings: Findings,
) -> Weighted:
    """One threat of a file; technique ids that are malformed are left out with a notice, as others wrote them."""
    uses: list[Use] = []
    for actor in actors:
        for use in actor.uses:
            id_, issue = value_rules.technique(use.technique)
            if issue is not None:
                left_out = "left out: " if issue.fatal else ""
                findings.add(issue._replace(message=f"{left_out}{issue.message}", fatal=False), use.place)
            if id_ is not None:
                uses.append(use._replace(technique=id_, day=use.day or actor.last))
    ids = [use.technique for use in uses]
    stated = next((one for one in DOMAINS if one == found.domain), None)
    mapping_set = _set_of(name, ids, stated or _domain_of(ids, domain))
    days = tuple(use.day for use in uses)
    weights = tuple(use.weight for use in uses)
    newest = max((use for use in uses if use.day), key=lambda use: use.day, default=None)
    first, last = (actors[0].first, actors[0].last) if len(actors) == 1 else ("", "")
    place = newest and newest.place
    return Weighted(kind, name, title, path, mapping_set, weights, (), days, first, last, place)


def _domain_of(techniques: Sequence[str], domain: Domain) -> Domain:
    """The domain of the inputs, unless it has none of the techniques."""
    known = attack.find(domain).catalogue
    return likely_domain(techniques) if techniques and not any(map(known.get, techniques)) else domain


def _set_of(name: str, techniques: Iterable[str], domain: Domain) -> MappingSet:
    """Techniques as a set of the release at which they are used."""
    mappings = tuple(Mapping(name, technique) for technique in techniques)
    return MappingSet(framework=name, version="", domain=domain, attack_version="", mappings=mappings)


def _unread(name: str, source: Source) -> Problem:
    return Problem(f"{name}: not read as a threat", Place(str(source.path)), EXPECTED)


def _layer(source: Source, result: Reading) -> Weighted:
    """A layer, whose scores are the weights; each technique of a layer without scores has weight 1."""
    mapping_set = result.mapping_set
    weights = tuple(map(written, mapping_set.mappings))
    problems = []
    for index, weight in enumerate(weights):
        if weight is not None and not 0 <= weight <= HEAVIEST:
            message = f"score {weight:g} is {'negative' if weight < 0 else 'too large'}"
            expected = "a number of 0 or more" if weight < 0 else "at most 1e12"
            problems.append(Problem(message, result.place(index, field="value"), expected))
    if problems:
        raise InputError(problems)
    notices = _without_hints(notice for notice in result.notices if notice.code not in _IRRELEVANT)
    if weights and all(weight is None for weight in weights):
        weights = (1.0,) * len(weights)
        notices += (Problem(f"{source.name}: the layer has no scores: every technique has weight 1"),)
    capabilities = mapping_set.capabilities
    title = capabilities[0].name if len(capabilities) == 1 else mapping_set.name
    path = str(source.path)
    return Weighted("layer", source.name, title, path, mapping_set, weights, notices)


def _without_hints(notices: Iterable[Problem]) -> tuple[Problem, ...]:
    """Notices without the hint at `--meta`, which is about the sets only."""
    return tuple(msgspec.structs.replace(n, hint="") if n.code == _ASSUMED else n for n in notices)


def _table(name: str, loaded: files.Source, domain: Domain, reading: ReadOptions) -> Weighted | dict[str, str]:
    """A table of weights; of a table of mappings, the columns of the user that it has."""
    findings = Findings()
    grids = open_grids(loaded, Context(findings, reading))
    headers = {cell.strip() for grid in grids for row in islice(grid.rows(), HEADER_WITHIN) for cell in row}
    # The other columns of the user may be those of the sets.
    present = {name: header for name, header in reading.columns.items() if header in headers}
    user_headers = check_names(present)
    sheets = technique_sheets(loaded.path, grids, user_headers)
    chosen = weights_sheet(sheets, user_headers)
    if chosen is None:
        return present
    sheet, column = chosen
    known = attack.find(domain).catalogue
    dates = None if reading.half_life is None else date_column(sheet, loaded.path)
    rows = read_weights(sheet, column, known, findings, dates)
    findings.raise_errors()
    techniques = [row.technique for row in rows]
    mapping_set = _set_of(name, techniques, _domain_of(techniques, domain))
    notices = findings.summary()
    if column is None:
        notices += (Problem(f"{name}: the table has no weight column: every row has weight 1"),)
    elif "score_value" not in user_headers and (others := other_numbers(sheet, column)):
        listing = ", ".join(map(quoted, others[:_MOST_COLUMNS_LISTED]))
        message = f"{name}: using the weights of column {quoted(sheet.header(column))}, not of {listing}"
        notices += (Problem(message, hint=f"to change this: --columns score={bare(others[0])}"),)
    weights, days = tuple(row.weight for row in rows), tuple(row.day for row in rows) if dates is not None else ()
    newest = max(rows, key=lambda row: row.day, default=None) if days else None
    at = partial(getattr, newest, "place") if newest else None
    return Weighted("table", name, name, loaded.path, mapping_set, weights, notices, days, newest=at)
