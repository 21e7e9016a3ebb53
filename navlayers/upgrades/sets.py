"""A mapping set at another ATT&CK release: rows carried, merged where they meet, removed where nothing is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from navlayers._text import listed
from navlayers.mapping.model import DECIMAL, DEFAULT_SCALE, Mapping, MappingSet, NonMappable
from navlayers.upgrades.entries import joined
from navlayers.upgrades.report import Merged, Pairs, Report, report_of, unchanged_report
from navlayers.upgrades.routes import Routes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from navlayers.attack.id_changes import ReleaseChange
    from navlayers.upgrades.routes import Route

_Row = TypeVar("_Row", Mapping, NonMappable)


def upgrade_set(mapping_set: MappingSet, attack_version: str) -> tuple[MappingSet, Report]:
    """A set at another ATT&CK release ("18.1"; "18" is the newest 18.x at hand), and what changed.

    The given set is not changed. A set of that release is given as it is.

    Raises:
        ReleaseError: the release is not at hand.
    """
    return upgraded_set(mapping_set, Routes(attack_version).route(mapping_set.domain, mapping_set.attack_version))


def upgraded_set(mapping_set: MappingSet, route: Route) -> tuple[MappingSet, Report]:
    """The set at the release that a route leads to, and what changed."""
    releases = route.releases
    rows: list[Mapping | NonMappable] = [*mapping_set.mappings, *mapping_set.non_mappable]
    used = dict.fromkeys(row.technique for row in rows if row.technique is not None)
    if route.already:
        return mapping_set, unchanged_report(mapping_set.name, "set", route, used, _inactive(used, releases))
    carrier = _Carrier(releases, mapping_set.scale or DEFAULT_SCALE)
    result = msgspec.structs.replace(
        mapping_set,
        mappings=carrier.rows(mapping_set.mappings),
        non_mappable=carrier.rows(mapping_set.non_mappable),
        attack_version=releases.new.version,
    )
    report = report_of(mapping_set.name, "set", route, used, carrier.removed)
    return result, msgspec.structs.replace(report, merged=tuple(carrier.merged))


def _inactive(used: Iterable[str], releases: ReleaseChange) -> tuple[str, ...]:
    """The sentence about what a set of that very release maps and the release does not have."""
    odd = sorted(identifier for identifier in used if not releases.new.is_active(identifier))
    if not odd:
        return ()
    ids = f"{len(odd)} of its ids are" if len(odd) > 1 else "one of its ids is"
    return (f"{ids} not active in its own release ({listed(odd)}): navlayers check tells of them",)


class _Carrier:
    """Carries rows to another release; collects which became one, and what is removed, by id."""

    def __init__(self, releases: ReleaseChange, scale: dict[str, float]) -> None:
        self._releases = releases
        self._scale = scale
        self.merged: list[Merged] = []
        self.removed: dict[str, list[Pairs]] = {}

    def rows(self, rows: Sequence[_Row]) -> tuple[_Row, ...]:
        """The rows in their order, merged ones in the place of the first."""
        units: dict[object, list[int]] = {}
        for number, row in enumerate(rows):
            if row.technique is None:
                units[number] = [number]
                continue
            now = self._releases.id_change(row.technique).now
            if now is None:
                self.removed.setdefault(row.technique, []).append(_fields(row))
                continue
            category = row.category if isinstance(row, Mapping) else None
            units.setdefault((row.capability, now, category, row.type, row.group), []).append(number)
        placed: dict[int, _Row] = {}
        for unit in units.values():
            if len({rows[number].technique for number in unit}) > 1:
                placed[unit[0]] = self._merge([rows[number] for number in unit])
            else:
                placed.update((number, self._carry(rows[number])) for number in unit)
        return tuple(placed[number] for number in sorted(placed))

    def _carry(self, row: _Row) -> _Row:
        """A row under the id of the new release, without a name that is none there."""
        if row.technique is None:
            return row
        change = self._releases.id_change(row.technique)
        if change.kind == "kept" and (self._releases.old is not None or row.technique_name is None):
            return row
        return msgspec.structs.replace(row, technique=change.now, technique_name=None)

    def _merge(self, unit: list[_Row]) -> _Row:
        """Rows of several old ids as one: the highest score value, comments joined, references united."""
        unit = [unit[at] for at in self._releases.in_order([row.technique or "" for row in unit])]
        best: _Row = max(unit, key=self._rank)
        first = self._carry(best)
        technique = first.technique or ""
        category = best.category if isinstance(best, Mapping) else None
        ids = tuple(row.technique or "" for row in unit)
        merged = Merged(
            technique,
            self._releases.full_name(technique),
            ids,
            values=tuple(map(_value, unit)),
            value=_value(best),
            where=", ".join(part for part in (best.capability, category) if part),
            names=tuple(self._releases.id_change(identifier).name for identifier in ids),
            comments=tuple(row.comment for row in unit),
        )
        self.merged.append(merged)
        others = sorted(unit, key=lambda row: row is not best)
        other: dict[str, str] = {}
        for row in others:
            for name, text in row.other:
                other.setdefault(name, text)
        return msgspec.structs.replace(
            first,
            technique_name=None,
            comment=joined(row.comment for row in unit),
            references=tuple(dict.fromkeys(link for row in unit for link in row.references)),
            capability_name=next((row.capability_name for row in others if row.capability_name), None),
            other=tuple(other.items()),
        )

    def _rank(self, row: Mapping | NonMappable) -> float:
        """The number that a row's score value stands for; below all where it has none."""
        value = _value(row)
        if value in self._scale:
            return self._scale[value]
        return float(value) if DECIMAL.fullmatch(value) else -1


def _value(row: Mapping | NonMappable) -> str:
    return (row.value or "") if isinstance(row, Mapping) else ""


def _fields(row: Mapping | NonMappable) -> Pairs:
    """The fields of a row that say something, as JSON has them."""
    fields: Pairs = {field: getattr(row, field) for field in row.__struct_fields__}
    return {field: value for field, value in fields.items() if value}
