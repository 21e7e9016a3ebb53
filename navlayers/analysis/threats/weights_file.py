"""Layers, mapping sets and tables as threats: each technique with the weight that the file gives it."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Literal

import msgspec

from navlayers import attack
from navlayers._text.wording import bare, quantity, quoted
from navlayers.analysis.threats.lookup import EXPECTED
from navlayers.analysis.threats.model import Member, summed
from navlayers.analysis.threats.weights_table import HEAVIEST, other_numbers, read_weights, weights_sheet
from navlayers.errors import InputError, OtherFileError, Place, Problem
from navlayers.mapping import formats as readers
from navlayers.mapping.formats import foreign
from navlayers.mapping.formats import source as files
from navlayers.mapping.formats.context import Context, ReadOptions
from navlayers.mapping.formats.detect import sniff
from navlayers.mapping.formats.findings import Findings
from navlayers.mapping.formats.metadata import likely_domain
from navlayers.mapping.formats.table import open_grids, technique_sheets
from navlayers.mapping.formats.table_columns import HEADER_WITHIN, check_names
from navlayers.mapping.model import Mapping, MappingSet
from navlayers.mapping.ranges import written
from navlayers.mapping.replacements import inactive, remap
from navlayers.scoring.scores import exact, score, score_set

if TYPE_CHECKING:
    from collections.abc import Iterable

    from navlayers.attack import Catalogue
    from navlayers.attack.domains import Domain
    from navlayers.mapping.find import Source
    from navlayers.mapping.formats import Reading

_MOST_COLUMNS_LISTED = 4
_ASSUMED = "assumed-metadata"
_IRRELEVANT = frozenset({"other-scale", "not-carried"})
"""Notices of what a layer loses as a mapping set: its scores are weights here, as they are written."""


class Weighted(msgspec.Struct, frozen=True):
    """A file or set that was read as a threat, not yet at a release.

    Attributes:
        name, title: how results identify it, and how they call it.
        set: its techniques, as mappings.
        weights: of each mapping, None for one without; empty if scores or counts of capabilities are the weights.
    """

    kind: Literal["layer", "set", "table"]
    name: str
    title: str
    path: str
    set: MappingSet
    weights: tuple[float | None, ...] = ()
    notices: tuple[Problem, ...] = ()

    def member(self, catalogue: Catalogue) -> tuple[Member, tuple[Problem, ...]]:
        """The member of a threat at a release, and notices about its techniques."""
        remapped, replaced = remap(self.set, catalogue)
        notices = list(self.notices)
        weights, repeated = self._weights(remapped) if self.weights else (_scores(remapped, catalogue), 0)
        active = {technique: weight for technique, weight in weights.items() if catalogue.is_active(technique)}
        kept = {technique: weight for technique, weight in active.items() if weight}
        lost = {technique: weight for technique, weight in weights.items() if weight and technique not in active}
        if len(kept) < len(active):
            skipped = quantity(len(active) - len(kept), "technique")
            notices.append(Problem(f"{self.name}: skipped {skipped} without a weight above 0"))
        if repeated:
            message = f"{self.name}: adding the weights of {quantity(repeated, 'technique')} in several rows"
            notices.append(Problem(message))
        left_out = inactive(remapped, catalogue)
        return Member(self.kind, self.name, self.title, kept, {}, replaced, left_out, lost), tuple(notices)

    def _weights(self, remapped: MappingSet) -> tuple[dict[str, float], int]:
        """Technique id → weight, 0 if it has none; and how many techniques have several rows in a table."""
        weights: dict[str, list[float]] = {}
        for mapping, weight in zip(remapped.mappings, self.weights, strict=True):
            weights.setdefault(mapping.technique, []).extend([] if weight is None else [weight])
        if self.kind != "table":
            return {technique: exact(max(weights[technique], default=0)) for technique in sorted(weights)}, 0
        rows = [{technique: weight} for technique, several in weights.items() for weight in several]
        return summed(rows), sum(len(several) > 1 for several in weights.values())


def _scores(remapped: MappingSet, catalogue: Catalogue) -> dict[str, float]:
    """Technique id → overall score, 0 if it has none; techniques that are not active included."""
    scores = score_set(remapped, catalogue)
    gone = (mapping for mapping in remapped.mappings if not catalogue.is_active(mapping.technique))
    entries = scores.scores | score(gone, scores.rules)
    return {technique: entry.overall or 0 for technique, entry in sorted(entries.items())}


def read_weighted(source: Source, domain: Domain, reading: ReadOptions) -> Weighted:
    """Read a layer, a mapping set or a table of weights.

    Args:
        source: the file, folder or shipped set.
        domain: the ATT&CK domain of a table, which states none.
        reading: only its columns and maximum size count: the other options are about other inputs.

    Raises:
        InputError: it cannot be read, is of a format that is not read as a threat, or a weight is not a number ≥ 0.
    """
    options = ReadOptions(max_bytes=reading.max_bytes)
    if not source.path.is_dir():
        loaded = files.load(source.path, source.data, options.max_bytes)
        source = msgspec.structs.replace(source, data=loaded.data)
        if name := foreign.format_of(loaded.data, loaded.path):
            raise InputError(_unread(name, source))
        if sniff(loaded).format in readers.TABLE_FORMATS:
            table = _table(source.name, loaded, domain, reading)
            if isinstance(table, Weighted):
                return table
            options = msgspec.structs.replace(options, columns=table)
    try:
        result = readers.read(source.path, data=source.data, reading=options)
    except OtherFileError as error:
        if error.problems[0].code != "empty-set":
            raise
        name = "Attack Flow" if b'"attack-action"' in (source.data or b"") else "STIX bundle without mappings"
        raise InputError(_unread(name, source)) from None
    if result.format == "layer":
        return _layer(source, result)
    title, path = result.mapping_set.name, str(source.path)
    notices = _without_hints(result.notices)
    return Weighted("set", source.name, title, path, result.mapping_set, (), notices)


def _unread(name: str, source: Source) -> Problem:
    return Problem(f"{name}: not read as a threat yet", Place(str(source.path)), EXPECTED)


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
    rows = read_weights(sheet, column, known, findings)
    findings.raise_errors()
    techniques = [row.technique for row in rows]
    if techniques and not any(map(known.get, techniques)):
        domain = likely_domain(techniques)
    mappings = tuple(Mapping(name, technique) for technique in techniques)
    mapping_set = MappingSet(framework=name, version="", domain=domain, attack_version="", mappings=mappings)
    notices = findings.summary()
    if column is None:
        notices += (Problem(f"{name}: the table has no weight column: every row has weight 1"),)
    elif "score_value" not in user_headers and (others := other_numbers(sheet, column)):
        listing = ", ".join(map(quoted, others[:_MOST_COLUMNS_LISTED]))
        message = f"{name}: using the weights of column {quoted(sheet.header(column))}, not of {listing}"
        notices += (Problem(message, hint=f"to change this: --columns score={bare(others[0])}"),)
    return Weighted("table", name, name, loaded.path, mapping_set, tuple(row.weight for row in rows), notices)
