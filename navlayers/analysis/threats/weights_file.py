"""Layers, mapping sets and tables as threats: each technique with the weight that the file gives it."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Literal

import msgspec

from navlayers import attack
from navlayers._text import counted, shown
from navlayers.analysis.threats.model import Member, summed
from navlayers.analysis.threats.weights_table import HEAVIEST, other_numbers, read_weights, weights_sheet
from navlayers.errors import InputError, NavlayersError, Place, Problem
from navlayers.mapping import formats as readers
from navlayers.mapping.formats import source as files
from navlayers.mapping.formats.context import Context, ReadOptions, technique_names
from navlayers.mapping.formats.detect import sniff
from navlayers.mapping.formats.findings import Findings
from navlayers.mapping.formats.layer import written
from navlayers.mapping.formats.metadata import likely_domain
from navlayers.mapping.formats.table import open_grids, technique_sheets
from navlayers.mapping.formats.table_columns import HEADER_WITHIN, check_names
from navlayers.mapping.model import Mapping, MappingSet
from navlayers.mapping.remap import carry_to, inactive
from navlayers.scoring.aggregate import exact
from navlayers.scoring.scores import score, score_set

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from navlayers.attack import Catalogue
    from navlayers.attack.domain import Domain
    from navlayers.mapping.find import Source
    from navlayers.mapping.formats import Reading
    from navlayers.mapping.formats.table import Sheet

_TABLES = ("csv", "xlsx")
_TOLD = 4
_ASSUMED = "assumed-metadata"
_IDLE = frozenset({"other-scale", "not-carried"})
"""Notices of what a layer loses as a mapping set: its scores are weights here, as they are written."""


class Weighted(msgspec.Struct, frozen=True):
    """A file or set that was read as a threat, not yet at a release.

    `name` is what results call it, `title` what people do. `set` holds its techniques. `amounts` are the weights of
    the set's mappings, None where one has none; empty where the weights are scores, or counts of capabilities.
    `attack_version` is the release that it says it is of, if any.
    """

    kind: Literal["layer", "set", "table"]
    name: str
    title: str
    path: str
    set: MappingSet
    amounts: tuple[float | None, ...] = ()
    attack_version: str | None = None
    notices: tuple[Problem, ...] = ()

    def own_release(self) -> Catalogue | None:
        """The release that it is of; None where it says nothing of one.

        Raises:
            ReleaseError: the release is not at hand.
        """
        if self.attack_version is None:
            return None
        try:
            return attack.load(attack.find(self.set.domain, self.attack_version).release)
        except NavlayersError as error:
            place = Place(self.path)
            raise type(error)(msgspec.structs.replace(p, place=p.place or place) for p in error.problems) from None

    def at(self, catalogue: Catalogue) -> tuple[Member, tuple[Problem, ...]]:
        """What it weighs at a release, and what is worth knowing of that."""
        carried, moved = carry_to(self.set, catalogue)
        notices = list(self.notices)
        every, repeated = self._written(carried) if self.amounts else (_scored(carried, catalogue), 0)
        active = {technique: weight for technique, weight in every.items() if catalogue.is_active(technique)}
        weights = {technique: weight for technique, weight in active.items() if weight}
        without = len(active) - len(weights)
        if without:
            notices.append(
                Problem(f"{self.name}: skipped {counted(without, 'technique')} without a weight above 0")
            )
        if repeated:
            they = f"{counted(repeated, 'technique')} {'are' if repeated > 1 else 'is'}"
            notices.append(Problem(f"{self.name}: {they} in several rows, whose weights are added"))
        lost = {technique: weight for technique, weight in every.items() if weight and technique not in active}
        left_out = inactive(carried, catalogue)
        return Member(self.kind, self.name, self.title, weights, {}, moved, left_out, lost), tuple(notices)

    def _written(self, carried: MappingSet) -> tuple[dict[str, float], int]:
        """Technique id → weight, 0 where it has none; how many stand in several rows of a table."""
        found: dict[str, list[float]] = {}
        for mapping, amount in zip(carried.mappings, self.amounts, strict=True):
            found.setdefault(mapping.technique, []).extend([] if amount is None else [amount])
        if self.kind != "table":
            return {technique: exact(max(found[technique], default=0)) for technique in sorted(found)}, 0
        rows = [{technique: amount} for technique, amounts in found.items() for amount in amounts]
        return summed(rows), sum(len(amounts) > 1 for amounts in found.values())


def _scored(carried: MappingSet, catalogue: Catalogue) -> dict[str, float]:
    """Technique id → overall score, 0 where it has none; of techniques that are not active, too."""
    scored = score_set(carried, catalogue)
    gone = score((one for one in carried.mappings if not catalogue.is_active(one.technique)), scored.rules)
    return {technique: entry.overall or 0 for technique, entry in sorted((scored.scores | gone).items())}


def read_weighted(source: Source, domain: Domain, reading: ReadOptions) -> Weighted:
    """Read a layer, a mapping set or a table of weights. A table is taken to be of `domain`.

    Of `reading`, the columns and the size count: the rest speaks of other inputs.

    Raises:
        InputError: it cannot be read, or its weights are no numbers ≥ 0.
    """
    how = ReadOptions(max_bytes=reading.max_bytes)
    if not source.path.is_dir():
        loaded = files.load(source.path, source.data, how.max_bytes)
        source = msgspec.structs.replace(source, data=loaded.data)
        if sniff(loaded) in _TABLES:
            table = _table(source.name, loaded, domain, reading)
            if isinstance(table, Weighted):
                return table
            how = msgspec.structs.replace(how, columns=table)
    read = readers.read(source.path, data=source.data, reading=how)
    if read.format == "layer":
        return _layer(source, read)
    whole, path = read.mapping_set, str(source.path)
    return Weighted("set", source.name, whole.name, path, whole, (), _own(read), _told(read.notices))


def _layer(source: Source, read: Reading) -> Weighted:
    """A layer, whose scores are weights as they are written; of one without any score, every technique weighs 1."""
    mappings = read.mapping_set.mappings
    amounts = tuple(map(written, mappings))
    wrong = []
    for index, amount in enumerate(amounts):
        if amount is not None and not 0 <= amount <= HEAVIEST:
            what = "negative" if amount < 0 else "too large"
            expected = "a number of 0 or more" if amount < 0 else "at most 1e12"
            wrong.append(Problem(f"score {amount:g} is {what}", read.place(index, field="value"), expected))
    if wrong:
        raise InputError(wrong)
    notices = _told(notice for notice in read.notices if notice.code not in _IDLE)
    if mappings and all(amount is None for amount in amounts):
        amounts = (1.0,) * len(amounts)
        notices += (Problem(f"{source.name}: the layer has no scores: every technique weighs 1"),)
    whole = read.mapping_set
    title = whole.capabilities[0].name if len(whole.capabilities) == 1 else whole.name
    path = str(source.path)
    return Weighted("layer", source.name, title, path, whole, amounts, _own(read), notices)


def _own(read: Reading) -> str | None:
    """The release that a file says it is of, not one that was taken for want of that."""
    assumed = any(one.code == _ASSUMED and "attack version" in one.message for one in read.notices)
    return None if assumed else read.mapping_set.attack_version


def _told(notices: Iterable[Problem]) -> tuple[Problem, ...]:
    """Notices without the hint at `--meta`, which speaks of the sets alone."""
    return tuple(msgspec.structs.replace(one, hint="") if one.code == _ASSUMED else one for one in notices)


def _table(name: str, loaded: files.Source, domain: Domain, reading: ReadOptions) -> Weighted | dict[str, str]:
    """A table of weights; where it holds mappings, what of the user's columns speaks of it."""
    findings = Findings()
    sheets, by_user = _sheets(loaded, findings, reading)
    chosen = weights_sheet(sheets, by_user)
    if chosen is None:
        return {field: header for field, header in reading.columns.items() if header in by_user.values()}
    sheet, column = chosen
    weights = read_weights(sheet, column, findings)
    findings.raise_errors()
    rows = tuple(Mapping(name, one.technique) for one in weights)
    own = _domain([one.technique for one in weights], domain)
    whole = MappingSet(framework=name, version="", domain=own, attack_version="", mappings=rows)
    notices = findings.notices()
    if column is None:
        notices += (Problem(f"{name}: the table has no weight column: every row weighs 1"),)
    elif "score_value" not in by_user and (others := other_numbers(sheet, column)):
        there = ", ".join(map(shown, others[:_TOLD]))
        message = f"{name}: weights from column {shown(sheet.header(column))}; there is also {there}"
        notices += (Problem(message, hint=f"--columns score={shown(others[0])[1:-1]} takes that one"),)
    return Weighted("table", name, name, loaded.path, whole, tuple(one.weight for one in weights), None, notices)


def _domain(techniques: Sequence[str], wanted: Domain) -> Domain:
    """The domain of a table: the one that is wanted, unless that knows none of its techniques."""
    known = attack.load(attack.find(wanted, "latest").release)
    if not techniques or any(map(known.get, techniques)):
        return wanted
    return likely_domain(techniques)


def _sheets(loaded: files.Source, findings: Findings, reading: ReadOptions) -> tuple[list[Sheet], dict[str, str]]:
    """The tables of a file that have a technique column, and the columns of the user that are in them.

    Columns of the user that are not may be those of the sets.
    """
    grids = open_grids(loaded, Context(findings, reading, technique_names))
    headers = {cell.strip() for grid in grids for row in islice(grid.rows(), HEADER_WITHIN) for cell in row}
    by_user = {field: header for field, header in check_names(reading.columns).items() if header in headers}
    return technique_sheets(loaded.path, grids, by_user), by_user
