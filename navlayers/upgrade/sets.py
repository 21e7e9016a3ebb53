"""A mapping set at another ATT&CK release: rows carried, merged where they meet, removed where nothing is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from navlayers._text import listed
from navlayers.attack.unknown_ids import why_removed
from navlayers.mapping.model import DECIMAL, DEFAULT_SCALE, Mapping, MappingSet, NonMappable
from navlayers.upgrade.merging import joined, united
from navlayers.upgrade.releases import Releases
from navlayers.upgrade.report import Merged, Pairs, Removed, Report, sorted_fates

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from navlayers.attack.id_changes import Fate, Step
    from navlayers.upgrade.releases import Way

_Row = TypeVar("_Row", Mapping, NonMappable)


def upgrade_set(mapping_set: MappingSet, attack_version: str) -> tuple[MappingSet, Report]:
    """A set at another ATT&CK release ("18.1"; "18" is the newest 18.x at hand), and what changed.

    The given set is not changed. A set of that release is given as it is.

    Raises:
        ReleaseError: the release is not at hand.
    """
    return along(mapping_set, Releases(attack_version).way(mapping_set.domain, mapping_set.attack_version))


def along(mapping_set: MappingSet, way: Way) -> tuple[MappingSet, Report]:
    """The set at the release that a way leads to, and what changed."""
    step, domain, to = way.step, way.domain, way.step.new.version
    rows: list[Mapping | NonMappable] = [*mapping_set.mappings, *mapping_set.non_mappable]
    used = dict.fromkeys(row.technique for row in rows if row.technique is not None)
    if way.already:
        report = Report(
            mapping_set.name,
            "set",
            domain,
            way.written,
            to,
            tuple(sorted(used)),
            new=(),
            already=True,
            other=_inactive(used, step),
        )
        return mapping_set, report
    fates = {identifier: step.fate(identifier) for identifier in used}
    scale = mapping_set.scale or DEFAULT_SCALE
    merged: list[Merged] = []
    gone: dict[str, list[Pairs]] = {}
    mappings = _carried(mapping_set.mappings, fates, step, scale, merged, gone)
    records = _carried(mapping_set.non_mappable, fates, step, scale, merged, gone)
    kept, renamed, replaced, removed = sorted_fates(fates.values())
    new, elsewhere = way.additions({fate.now for fate in fates.values() if fate.now})
    report = Report(
        mapping_set.name,
        "set",
        domain,
        way.written,
        to,
        kept,
        renamed,
        replaced,
        tuple(
            Removed(fate.id, fate.name or _name(gone[fate.id]), why_removed(fate, step), tuple(gone[fate.id]))
            for fate in removed
        ),
        tuple(merged),
        new=new,
        why_not_new=way.why_not_new,
        elsewhere=elsewhere,
        tactics=way.tactics,
    )
    carried = msgspec.structs.replace(mapping_set, mappings=mappings, non_mappable=records, attack_version=to)
    return carried, report


def _inactive(used: Iterable[str], step: Step) -> tuple[str, ...]:
    """The sentence about what a set of that very release maps and the release does not have."""
    odd = sorted(identifier for identifier in used if not step.new.is_active(identifier))
    if not odd:
        return ()
    ids = f"{len(odd)} of its ids are" if len(odd) > 1 else "one of its ids is"
    return (f"{ids} not active in its own release ({listed(odd)}): navlayers check tells of them",)


def _carried(
    rows: Sequence[_Row],
    fates: dict[str, Fate],
    step: Step,
    scale: dict[str, float],
    merged: list[Merged],
    gone: dict[str, list[Pairs]],
) -> tuple[_Row, ...]:
    """The rows in their order, merged ones in the place of the first; what is removed goes to `gone`, by id."""
    units: dict[object, list[int]] = {}
    for number, row in enumerate(rows):
        if row.technique is None:
            units[number] = [number]
            continue
        now = fates[row.technique].now
        if now is None:
            gone.setdefault(row.technique, []).append(_says(row))
            continue
        category = row.category if isinstance(row, Mapping) else None
        units.setdefault((row.capability, now, category, row.type, row.group), []).append(number)
    placed: dict[int, _Row] = {}
    for unit in units.values():
        if len({rows[number].technique for number in unit}) > 1:
            placed[unit[0]] = _one([rows[number] for number in unit], fates, step, scale, merged)
        else:
            placed.update((number, _at(rows[number], fates, step)) for number in unit)
    return tuple(placed[number] for number in sorted(placed))


def _at(row: _Row, fates: dict[str, Fate], step: Step) -> _Row:
    """A row under the id of the new release, without a name that is none there."""
    if row.technique is None:
        return row
    fate = fates[row.technique]
    if fate.kind == "kept" and (step.old is not None or row.technique_name is None):
        return row
    return msgspec.structs.replace(row, technique=fate.now, technique_name=None)


def _one(
    unit: list[_Row], fates: dict[str, Fate], step: Step, scale: dict[str, float], merged: list[Merged]
) -> _Row:
    """Rows of several old ids as one: the highest score value, comments joined, references united."""
    unit = [unit[at] for at in step.in_order([row.technique or "" for row in unit])]
    ranks = [_rank(row, scale) for row in unit]
    best: _Row = unit[ranks.index(max(ranks))]
    first = _at(best, fates, step)
    technique = first.technique or ""
    values = tuple((row.value or "") if isinstance(row, Mapping) else "" for row in unit)
    value = (best.value or "") if isinstance(best, Mapping) else ""
    category = best.category if isinstance(best, Mapping) else None
    where = ", ".join(part for part in (best.capability, category) if part)
    ids = tuple(row.technique or "" for row in unit)
    names = tuple(fates[identifier].name for identifier in ids)
    comments = tuple(row.comment for row in unit)
    merged.append(Merged(technique, step.full_name(technique), ids, values, value, where, names, comments))
    others = sorted(unit, key=lambda row: row is not best)
    other: dict[str, str] = {}
    for row in others:
        for name, text in row.other:
            other.setdefault(name, text)
    return msgspec.structs.replace(
        first,
        technique_name=None,
        comment=joined(row.comment for row in unit),
        references=tuple(united(row.references for row in unit)),
        capability_name=next((row.capability_name for row in others if row.capability_name), None),
        other=tuple(other.items()),
    )


def _rank(row: Mapping | NonMappable, scale: dict[str, float]) -> float:
    """The number that a row's score value stands for; below all where it has none."""
    value = row.value if isinstance(row, Mapping) else None
    if value in scale:
        return scale[value]
    return float(value) if value is not None and DECIMAL.fullmatch(value) else -1


def _says(row: Mapping | NonMappable) -> Pairs:
    """The fields of a row that say something, as JSON has them."""
    fields: Pairs = {field: getattr(row, field) for field in row.__struct_fields__}
    return {field: value for field, value in fields.items() if value}


def _name(rows: list[Pairs]) -> str:
    return next((str(row["technique_name"]) for row in rows if "technique_name" in row), "")
