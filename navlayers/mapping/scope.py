"""The part of a mapping set that is in scope."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from navlayers._text.spelling import suggestion
from navlayers._text.wording import comma_list, first_few, quoted
from navlayers.errors import InputError, Problem, ScopeError
from navlayers.mapping.model import Mapping, groups_of
from navlayers.mapping.rule_platforms import on_platforms
from navlayers.mapping.segments import segments_of
from navlayers.mapping.severity_scores import levels_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from navlayers.attack import Catalogue, Scope
    from navlayers.attack.scope import Asset
    from navlayers.errors import Place
    from navlayers.mapping.model import Capability, MappingSet, NonMappable
    from navlayers.mapping.where import Condition

_SCORE_TABLE = "--score-table"
_CONTROL_NAMES = ("id", "name", "group")
_MOST_GROUPS = 30
"""Maximum number of groups in a message: the families of NIST 800-53 and its baselines."""


def selected_mappings(mapping_set: MappingSet, scope: Scope | None, name: str) -> MappingSet:
    """The part of a set that a scope chooses by what mappings have: segment, condition, control of an asset.

    Args:
        mapping_set: the set.
        scope: the scope; None for everything.
        name: the name of the set, for messages.

    Raises:
        ScopeError: the set has no such segment.
        UsageError: the set lacks a name that a condition asks for.
    """
    if scope is None:
        return in_segments(mapping_set, (), name)
    mapping_set = where_part(in_segments(mapping_set, scope.segments, name), scope.where, name)
    if not scope.assets:
        return mapping_set
    capabilities = {capability.id: capability for capability in mapping_set.capabilities}
    tests = [_asset_test(asset, mapping_set, name) for asset in scope.assets]

    def there(mapping: Mapping) -> bool:
        return any(test(mapping) for test in tests)

    return _only(
        mapping_set,
        tuple(filter(there, mapping_set.mappings)),
        tuple(record for record in mapping_set.non_mappable if there(_bare(record))),
        {id_ for id_ in capabilities if there(Mapping(id_, ""))},
    )


def in_segments(mapping_set: MappingSet, wanted: Collection[str], name: str) -> MappingSet:
    """The part of a set in some of its segments, which it declares, as a later part may lack mappings of one.

    Args:
        mapping_set: the set.
        wanted: names of segments, in any case; none for all.
        name: the name of the set, for messages.

    Raises:
        ScopeError: the set has no such segment.
    """
    known = segments_of(mapping_set)
    folded = {text.casefold() for text in wanted}
    absent = [text for text in wanted if text.casefold() not in {segment.casefold() for segment in known}]
    if absent:
        hint = suggestion(absent[0], known) if known else "segments:NAME=INPUT,… joins inputs as segments"
        what = f"has no segment {quoted(absent[0])}" if known else "has no segments"
        raise ScopeError(Problem(f"--segment: {name} {what}", expected=comma_list(known), hint=hint))
    if not known:
        return mapping_set
    segments = tuple(segment for segment in known if not folded or segment.casefold() in folded)
    declared = msgspec.structs.replace(mapping_set, segments=segments)
    if not folded:
        return declared
    mappings = mapping_set.mappings
    kept = tuple(m for m in mappings if not (own := m.segments) or any(s.casefold() in folded for s in own))
    return _only(declared, kept, mapping_set.non_mappable, {c.id for c in mapping_set.capabilities})


def _asset_test(asset: Asset, mapping_set: MappingSet, name: str = "") -> Callable[[Mapping], bool]:
    """Whether a mapping is by a control of an asset, and meets its condition; `name` is for errors."""
    from navlayers.mapping.where import check_names, values_of  # noqa: PLC0415 - for assets alone

    wanted = {_control(text) for text in asset.controls}
    capabilities = {capability.id: capability for capability in mapping_set.capabilities}
    asked = _condition_of(asset) if asset.where else None
    if asked is not None and name:
        every = [values_of(mapping_set, m, capabilities.get(m.capability)) for m in mapping_set.mappings]
        check_names(asked, {key for has in every for key, texts in has.items() if any(texts)}, name)

    # Most mappings share their names with others.
    controls: dict[tuple[str, str | None, str | None], bool] = {}

    def there(mapping: Mapping) -> bool:
        key = mapping.capability, mapping.group, mapping.capability_name
        if asked is not None or (wanted and key not in controls):
            has = values_of(mapping_set, mapping, capabilities.get(mapping.capability))
            controls[key] = any(_control(text) in wanted for name in _CONTROL_NAMES for text in has[name])
        return (not wanted or controls[key]) and (asked is None or asked.holds(has))

    return there


def names_of(mapping_set: MappingSet) -> frozenset[str]:
    """What an asset may call the capabilities of a set: their ids and names, and those of their groups."""
    texts = [text for c in mapping_set.capabilities for text in (c.id, c.name, *c.groups)]
    return frozenset((*texts, *mapping_set.groups, *mapping_set.groups.values()))


def absent_controls(assets: Iterable[Asset], names: Collection[str]) -> Iterator[Problem]:
    """The notices of controls of assets that none of the sets with these names has."""
    known = {_control(name) for name in names}
    for asset in assets:
        absent = [text for text in asset.controls if _control(text) not in known]
        if absent:
            message = f"asset {asset.name}: no input has {comma_list(absent)}"
            yield asset.problem(message, absent[0], hint=suggestion(absent[0], names))


def compared_values(mapping_set: MappingSet, scope: Scope | None) -> dict[str, frozenset[str]]:
    """Name → the values that mappings of a set have of it, for the names and levels that a scope has values of."""
    names = {wanted.name for asked in _conditions(scope) for wanted in asked.wanted}
    table = {_SCORE_TABLE: levels_of(mapping_set)} if scope is not None and scope.score_table else {}
    if not names:
        return table
    from navlayers.mapping.where import values_of  # noqa: PLC0415 - for conditions alone

    capabilities = {capability.id: capability for capability in mapping_set.capabilities}
    known: dict[str, set[str]] = {name: set() for name in names}
    for mapping in mapping_set.mappings:
        has = values_of(mapping_set, mapping, capabilities.get(mapping.capability))
        for name in names:
            known[name].update(has.get(name, ()))
    return table | {name: frozenset(values) for name, values in known.items()}


def absent_in_all(scope: Scope | None, known: Iterable[dict[str, frozenset[str]]]) -> Iterator[Problem]:
    """The notices of values and levels that a scope asks for, and that no set with these values has."""
    every: dict[str, set[str]] = {}
    for values in known:
        for name, of_set in values.items():
            every.setdefault(name, set()).update(of_set)
    for asked in _conditions(scope):
        from navlayers.mapping.where import absent_values  # noqa: PLC0415 - for conditions alone

        yield from absent_values(asked, every)
    levels = every.get(_SCORE_TABLE, set())
    for level in scope.score_table if scope is not None else ():
        if level.casefold() not in levels:
            hint = suggestion(level, levels) or (f"the levels are {comma_list(sorted(levels))}" if levels else "")
            yield Problem(f"{_SCORE_TABLE}: no rule has the level {quoted(level)}", hint=hint)


def _conditions(scope: Scope | None) -> Iterator[Condition]:
    if scope is not None:
        yield from [_condition(scope.where)] if scope.where else ()
        yield from (_condition_of(asset) for asset in scope.assets if asset.where)


def _condition_of(asset: Asset) -> Condition:
    return _condition(asset.where, Path(asset.folder), asset.place_of(asset.where))


def _condition(text: str, folder: Path = Path(), place: Place | None = None) -> Condition:
    from navlayers.mapping.where import condition  # noqa: PLC0415 - for conditions alone

    return condition(text, folder, place)


def _control(text: str) -> str:
    """An id or name to compare: NIST's AC-2 is the AC-02 of its mappings."""
    return re.sub(r"(?<!\d)0+(?=\d)", "", text.casefold())


def where_part(mapping_set: MappingSet, where: str, name: str) -> MappingSet:
    """The part of a set that meets a condition; "" is met by all.

    Args:
        mapping_set: the set.
        where: the condition, see `navlayers.mapping.where`.
        name: the name of the set, for messages.

    Raises:
        UsageError: the text is no condition, or the set lacks a name that it asks for.
    """
    if not where:
        return mapping_set
    from navlayers.mapping.where import check_names, values_of  # noqa: PLC0415 - for conditions alone

    asked = _condition(where)
    capabilities = {capability.id: capability for capability in mapping_set.capabilities}

    def values(mapping: Mapping) -> dict[str, tuple[str, ...]]:
        return values_of(mapping_set, mapping, capabilities.get(mapping.capability))

    found = [(mapping, values(mapping)) for mapping in mapping_set.mappings]
    names = {name for _, has in found for name, texts in has.items() if any(texts)}
    # Without any evidence, everything would be declared.
    without = set() if any(mapping.evidence for mapping, _ in found) else {"evidence"}
    check_names(asked, names - without, name)
    return _only(
        mapping_set,
        tuple(mapping for mapping, has in found if asked.holds(has)),
        # A record and a capability without mappings are asked as a mapping that has no more than they have.
        tuple(r for r in mapping_set.non_mappable if asked.holds(values(_bare(r)))),
        {c.id for c in mapping_set.capabilities if asked.holds(values(Mapping(c.id, "")))},
    )


def part(mapping_set: MappingSet, chosen: str, name: str) -> MappingSet:
    """The part of a set that is named after "@", with the part in its title.

    Args:
        mapping_set: the set.
        chosen: a capability group by id or name, in any case, or a condition.
        name: the name of the part, for messages.

    Raises:
        InputError: the set has no such group, or nothing meets the condition.
        UsageError: the condition is wrong.
    """
    wanted = chosen.casefold()
    group = next(
        (id_ for id_, text in mapping_set.groups.items() if wanted in {id_.casefold(), text.casefold()}), ""
    )
    if group:
        capabilities = {capability.id: capability for capability in mapping_set.capabilities}
        kept = _only(
            mapping_set,
            tuple(m for m in mapping_set.mappings if group in groups_of(m, capabilities)),
            tuple(r for r in mapping_set.non_mappable if group in groups_of(r, capabilities)),
            {c.id for c in mapping_set.capabilities if group in c.groups},
        )
    elif re.search(r"[=<>~]|\b(in|has)\b", wanted):
        kept = where_part(mapping_set, chosen, name)
    else:
        whole = name.partition("@")[0]
        groups = [*mapping_set.groups]
        known = f"its groups: {first_few(groups, _MOST_GROUPS)}" if groups else "it has no groups"
        hint = " ".join(filter(None, (suggestion(chosen, groups), known)))
        expected = f"a group of {whole}, or a condition such as {whole}@name~audit"
        raise InputError(Problem(f"{whole} has no capability group {quoted(chosen)}", expected=expected, hint=hint))
    if not (kept.mappings or kept.non_mappable):
        raise InputError(Problem(f"{name} has no mappings", expected="a part that maps something"))
    title = f"{mapping_set.groups[group]} of {mapping_set.name}" if group else f"{mapping_set.name} ({chosen})"
    return msgspec.structs.replace(kept, title=title)


def scope_part(mapping_set: MappingSet, catalogue: Catalogue) -> MappingSet:
    """The part of a set at a release that is in the scope of the release.

    Mappings to techniques that are not active in the whole release stay, as results report them.
    """
    outside = _outside(catalogue)
    assets = catalogue.bounds.assets if catalogue.bounds else ()
    mappings = on_platforms(mapping_set, catalogue)
    if not (outside or len(assets) > 1) and mappings is mapping_set.mappings:
        return mapping_set
    mappings = tuple(mapping for mapping in mappings if mapping.technique not in outside)
    if catalogue.bounds is not None and len(assets) > 1:
        # A control of one asset does not protect another one.
        of_scope = catalogue.bounds.scope.assets
        tests = [(ids, _asset_test(asset, mapping_set)) for ids, asset in zip(assets, of_scope, strict=True)]
        mappings = tuple(
            m
            for m in mappings
            if not catalogue.is_active(m.technique) or any(m.technique in ids and there(m) for ids, there in tests)
        )
    return _only(
        mapping_set,
        mappings,
        tuple(record for record in mapping_set.non_mappable if record.technique not in outside),
        {capability.id for capability in mapping_set.capabilities},
    )


def _outside(catalogue: Catalogue) -> frozenset[str]:
    """The techniques of the whole release that are not in the scope of a release, and what they replaced."""
    whole = catalogue.whole
    if whole is catalogue:
        return frozenset()
    outside = {t.id for t in whole.techniques.values() if t.active and not catalogue.is_active(t.id)}
    old = (id_ for id_, technique in whole.techniques.items() if not technique.active)
    return frozenset({*outside, *(id_ for id_ in old if whole.resolve(id_)[-1] in outside)})


def with_own_groups(mapping_set: MappingSet) -> MappingSet:
    """The set without groups in which no capability is."""
    used = {group for capability in mapping_set.capabilities for group in capability.groups}
    groups = {id_: name for id_, name in mapping_set.groups.items() if id_ in used}
    return msgspec.structs.replace(mapping_set, groups=groups)


def scope_notice(before: MappingSet, after: MappingSet, catalogue: Catalogue, name: str) -> tuple[Problem, ...]:
    """The notice of how much of a set is in scope."""
    if catalogue.bounds is None:
        return ()
    total, kept = len(before.mappings), len(after.mappings)
    if not catalogue.bounds.scope.limits:
        return (Problem(f"{name}: {catalogue.scope}"),)
    return (Problem(f"{name}: {kept:,} of {total:,} mappings are in scope: {catalogue.scope}"),)


def _only(
    mapping_set: MappingSet,
    mappings: tuple[Mapping, ...],
    non_mappable: tuple[NonMappable, ...],
    without_mappings: Collection[str],
) -> MappingSet:
    """The set with these parts, with the capabilities that have mappings, and some of those that never had any."""
    mapped = {mapping.capability for mapping in mapping_set.mappings}
    kept = {mapping.capability for mapping in mappings}
    capabilities: tuple[Capability, ...] = tuple(
        capability
        for capability in mapping_set.capabilities
        if capability.id in kept or (capability.id not in mapped and capability.id in without_mappings)
    )
    return msgspec.structs.replace(
        mapping_set, mappings=mappings, non_mappable=non_mappable, capabilities=capabilities
    )


def _bare(record: NonMappable) -> Mapping:
    return Mapping(record.capability or "", record.technique or "")
