"""A mapping set at another ATT&CK release: rows follow their techniques, and are merged or removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from navlayers._text.wording import comma_list
from navlayers.mapping.evidence import strongest
from navlayers.mapping.model import DECIMAL, DEFAULT_SCALE, Mapping, MappingSet, NonMappable
from navlayers.upgrades.entries import joined
from navlayers.upgrades.report import Merged, Pairs, Report, report_of, unchanged_report
from navlayers.upgrades.routes import Routes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.attack.id_changes import ReleaseChange
    from navlayers.upgrades.routes import Route

_Row = TypeVar("_Row", Mapping, NonMappable)


def upgrade_set(mapping_set: MappingSet, attack_version: str) -> tuple[MappingSet, Report]:
    """A set at another ATT&CK release ("18.1"; "18" is the newest installed 18.x), and its changes.

    The given set is not changed. A set of that release is returned as it is.

    Raises:
        ReleaseError: The release is not installed.
    """
    return upgraded_set(mapping_set, Routes(attack_version)[mapping_set.domain, mapping_set.attack_version])


def upgraded_set(mapping_set: MappingSet, route: Route) -> tuple[MappingSet, Report]:
    """The set at the release of a route, and its changes."""
    releases = route.releases
    rows: list[Mapping | NonMappable] = [*mapping_set.mappings, *mapping_set.non_mappable]
    used = {row.technique for row in rows if row.technique is not None}
    if route.already:
        odd = sorted(identifier for identifier in used if not releases.new.is_active(identifier))
        ids = f"{len(odd)} of its ids are" if len(odd) > 1 else "one of its ids is"
        sentence = f"{ids} not active in its own release ({comma_list(odd)}): `check` lists them"
        return mapping_set, unchanged_report(mapping_set.name, "set", route, used, [sentence] if odd else [])
    changes = _RowUpgrade(releases, mapping_set.scale or DEFAULT_SCALE)
    result = msgspec.structs.replace(
        mapping_set,
        mappings=changes.upgraded(mapping_set.mappings),
        non_mappable=changes.upgraded(mapping_set.non_mappable),
        attack_version=releases.new.version,
    )
    capabilities: dict[str, list[str]] = {}
    for mapping in mapping_set.mappings:
        capabilities.setdefault(mapping.technique, []).append(mapping.capability)
    report = report_of(mapping_set.name, "set", route, used, changes.removed, capabilities=capabilities)
    return result, msgspec.structs.replace(report, merged=tuple(changes.merged))


class _RowUpgrade:
    """Rows at another release; the merged ones, and the removed ones by id."""

    def __init__(self, releases: ReleaseChange, scale: dict[str, float]) -> None:
        self._releases = releases
        self._scale = scale
        self.merged: list[Merged] = []
        self.removed: dict[str, list[Pairs]] = {}

    def upgraded(self, rows: Sequence[_Row]) -> tuple[_Row, ...]:
        """The rows in their order, merged ones in the place of the first."""
        units: dict[object, list[int]] = {}
        for number, row in enumerate(rows):
            if row.technique is None:
                units[number] = [number]
            elif (now := self._releases.id_change(row.technique).now) is None:
                fields = {field: getattr(row, field) for field in row.__struct_fields__}
                lost = {field: value for field, value in fields.items() if value}
                self.removed.setdefault(row.technique, []).append(lost)
            else:
                segments = tuple(sorted(map(str.casefold, row.segments))) if isinstance(row, Mapping) else ()
                key = (row.capability, now, _category(row), row.type, row.group, segments)
                units.setdefault(key, []).append(number)
        placed: dict[int, _Row] = {}
        for unit in units.values():
            if len({rows[number].technique for number in unit}) > 1:
                placed[unit[0]] = self._merge([rows[number] for number in unit])
            else:
                placed.update((number, self._renewed(rows[number])) for number in unit)
        return tuple(placed[number] for number in sorted(placed))

    def _renewed(self, row: _Row) -> _Row:
        """A row under its id in the new release; the technique's name is kept if it did not change."""
        if row.technique is None:
            return row
        change = self._releases.id_change(row.technique)
        if change.kind == "kept" and (self._releases.old is not None or row.technique_name is None):
            return row
        return msgspec.structs.replace(row, technique=change.now, technique_name=None)

    def _merge(self, unit: list[_Row]) -> _Row:
        """Rows of several old ids as one: the highest score and evidence, comments joined, references united."""
        unit = [unit[at] for at in self._releases.in_order([row.technique or "" for row in unit])]
        best: _Row = max(unit, key=self._rank)
        result = self._renewed(best)
        technique = result.technique or ""
        ids = tuple(row.technique or "" for row in unit)
        evidence = tuple(str(row.evidence or "") if isinstance(row, Mapping) else "" for row in unit)
        self.merged.append(
            Merged(
                technique,
                self._releases.new.full_name(technique),
                ids,
                values=tuple(map(_value, unit)),
                value=_value(best),
                where=", ".join(part for part in (best.capability, _category(best)) if part),
                names=tuple(self._releases.id_change(identifier).name for identifier in ids),
                comments=tuple(row.comment for row in unit),
                evidence=evidence if any(evidence) else msgspec.UNSET,
            )
        )
        # A stable sort: the best row first, the others in their order.
        ranked = sorted(unit, key=lambda row: row is not best)
        mappings = [row for row in unit if isinstance(row, Mapping)]
        if mappings:
            robustness = max((row.robustness for row in mappings if row.robustness is not None), default=None)
            shown = strongest(row.evidence for row in mappings)
            result = msgspec.structs.replace(result, evidence=shown, robustness=robustness)
        other: dict[str, str] = {}
        for name, text in (pair for row in ranked for pair in row.other):
            other.setdefault(name, text)
        return msgspec.structs.replace(
            result,
            technique_name=None,
            comment=joined(row.comment for row in unit),
            references=tuple(dict.fromkeys(link for row in unit for link in row.references)),
            capability_name=next((row.capability_name for row in ranked if row.capability_name), None),
            other=tuple(other.items()),
        )

    def _rank(self, row: Mapping | NonMappable) -> float:
        """The number of a row's score value; without one, below all."""
        value = _value(row)
        if value in self._scale:
            return self._scale[value]
        return float(value) if DECIMAL.fullmatch(value) else -1


def _category(row: Mapping | NonMappable) -> str | None:
    return row.category if isinstance(row, Mapping) else None


def _value(row: Mapping | NonMappable) -> str:
    return (row.value or "") if isinstance(row, Mapping) else ""
