"""The rows of the tables: of sets at their releases, of these releases, and of findings."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from navlayers._text.numbers import decimal, rounded
from navlayers.mapping.model import HUNDRED, groups_of
from navlayers.mapping.ranges import range_of, with_number
from navlayers.scoring.coverage import coverage_of
from navlayers.scoring.options import OVERALL, number
from navlayers.scoring.stats import capability_stats, set_stats
from navlayers.tables.columns import TABLES
from navlayers.version import version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from navlayers.attack import Catalogue
    from navlayers.checks.finding import Finding
    from navlayers.errors import Place
    from navlayers.mapping.load import Prepared
    from navlayers.mapping.model import Mapping as MappingRow
    from navlayers.scoring.coverage import Coverage
    from navlayers.scoring.options import Rules, ScoreOptions
    from navlayers.scoring.scores import Scored, TechniqueScore

Cell: TypeAlias = "str | float | bool | date | None"
Row: TypeAlias = tuple[Cell, ...]
"""None is an empty cell."""


class ScoredSet(NamedTuple):
    """A set at its release, its coverage, and what its tables name as its file; "" for the file itself."""

    prepared: Prepared
    coverage: Coverage
    file: str = ""


def dicts(table: str, rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Rows of a table as dictionaries by the names of its columns."""
    names = TABLES[table].names
    return [dict(zip(names, row, strict=True)) for row in rows]


def of_set(prepared: Prepared, options: ScoreOptions) -> ScoredSet:
    """A set that is no layer, scored.

    Raises:
        UsageError: the options do not fit the set.
    """
    return ScoredSet(prepared, coverage_of(prepared, options))


def _sets(each: ScoredSet) -> Iterator[Row]:
    (mapping_set, catalogue), scored = (each.prepared.set, each.prepared.catalogue), each.coverage.scored
    stats, rules = set_stats(mapping_set, catalogue), scored.rules
    options, (low, high) = rules.options, HUNDRED if rules.is_share else range_of(scored.set)
    unit = "percent of segments" if rules.is_share else "capabilities" if each.coverage.counts else "points"
    counts = unit == "capabilities"
    yield (
        each.prepared.name,
        mapping_set.name,
        mapping_set.framework,
        mapping_set.shown_version or None,
        mapping_set.role,
        catalogue.domain,
        catalogue.version,
        each.prepared.own_attack_version,
        mapping_set.scored,
        unit,
        None if counts else rounded(low),
        None if counts else rounded(high),
        stats.mappings,
        stats.capabilities,
        stats.techniques,
        stats.subtechniques,
        None if mapping_set.role == "threat" else len(each.coverage.measures()),
        stats.active,
        catalogue.scope or None,
        "count" if counts else options.aggregate,
        _numbers(options.weights),
        _numbers({} if counts else rules.scale),
        None if rules.worth is None else rounded(rules.worth),
        options.rollup,
        options.across_segments,
        mapping_set.source or None,
        mapping_set.licence or None,
        each.prepared.format,
        version(),
    )


def _numbers(numbers: Mapping[str, float]) -> str | None:
    """As options have them: "protect=2,detect=1"; None for none."""
    return ",".join(f"{name}={decimal(each)}" for name, each in numbers.items()) or None


def _names(each: ScoredSet) -> dict[str, str]:
    """Capability → name, of those that the set lists or that mappings name."""
    listed = {capability.id: capability.name or capability.id for capability in each.prepared.set.capabilities}
    named = {mapping.capability: mapping.capability for mapping in each.prepared.set.mappings}
    return named | listed


def _capabilities(each: ScoredSet) -> Iterator[Row]:
    mappings: dict[str, int] = {}
    for mapping in each.prepared.set.mappings:
        mappings[mapping.capability] = mappings.get(mapping.capability, 0) + 1
    threat = each.prepared.set.role == "threat"
    stats = {one.id: one for one in capability_stats(each.coverage.scored)}
    for id_, name in sorted(_names(each).items()):
        own = stats.get(id_)
        techniques, only = (own.techniques + own.subtechniques, own.unique) if own else (0, 0)
        covers = (None, None) if threat else (techniques, only)
        yield (each.prepared.name, id_, name, mappings.get(id_, 0), *covers)


def _capability_groups(each: ScoredSet) -> Iterator[Row]:
    mapping_set = each.prepared.set
    capabilities = {capability.id: capability for capability in mapping_set.capabilities}
    pairs = {(capability.id, group) for capability in mapping_set.capabilities for group in capability.groups}
    pairs |= {(m.capability, group) for m in mapping_set.mappings for group in groups_of(m, capabilities)}
    for capability, group in sorted(pairs):
        yield each.prepared.name, capability, group, mapping_set.groups.get(group) or group


def _mappings(each: ScoredSet) -> Iterator[Row]:
    prepared, rules = each.prepared, each.coverage.scored.rules
    catalogue, origin = prepared.catalogue, prepared.origin
    names = _names(each)
    counted = each.coverage.is_layer and each.coverage.counts
    for index, mapping in enumerate(prepared.set.mappings):
        technique = catalogue.get(mapping.technique)
        active = catalogue.is_active(mapping.technique)
        written = origin.numbers[index] if origin else index
        evidence = mapping.evidence
        yield (
            prepared.name,
            index + 1,
            mapping.capability,
            names[mapping.capability],
            catalogue.domain,
            catalogue.version,
            mapping.technique,
            technique.name if technique else mapping.technique_name,
            origin.read[written].technique if origin else mapping.technique,
            active,
            mapping.type,
            mapping.category,
            mapping.value,
            _score(mapping, rules, prepared) if active and not counted else None,
            mapping.comment or None,
            evidence.level if evidence else None,
            date.fromisoformat(evidence.date) if evidence and evidence.date else None,
            (evidence.note or None) if evidence else None,
            mapping.robustness,
            *_place(origin.place(written) if origin and origin.place else None, each.file),
        )


def _score(mapping: MappingRow, rules: Rules, prepared: Prepared) -> float | None:
    """The points of a mapping; scores that are combined are brought to 0–100."""
    own = prepared.set.range
    if own is not None and rules.range != own:
        mapping = with_number(mapping, own)
    score = number(mapping, rules)
    return None if score is None else rounded(score)


def _place(place: Place | None, file: str) -> tuple[str | None, int | None, int | None]:
    if place is None:
        return None, None, None
    return file or place.path, place.line or None, place.column or None


def _mapping_segments(each: ScoredSet) -> Iterator[Row]:
    for index, mapping in enumerate(each.prepared.set.mappings, 1):
        for segment in dict.fromkeys(mapping.segments):
            yield each.prepared.name, index, segment


def _mapping_links(each: ScoredSet) -> Iterator[Row]:
    for index, mapping in enumerate(each.prepared.set.mappings, 1):
        for link in dict.fromkeys(mapping.references):
            yield each.prepared.name, index, link


def _scores(each: ScoredSet) -> Iterator[Row]:
    return score_rows(each.prepared.name, each.coverage.scored, each.coverage.entries)


def score_rows(name: str, scored: Scored, entries: Mapping[str, TechniqueScore]) -> Iterator[Row]:
    """The rows of `scores`.

    Args:
        name: the name of the set.
        scored: the scored set.
        entries: technique id → its scores, with two decimals.
    """
    catalogue, threat = scored.catalogue, scored.set.role == "threat"
    for technique, entry in entries.items():
        for category in (None, *(c for c in scored.rules.categories if c in entry.categories)):
            score = entry.measure(category)
            mapped = entry.capabilities if category is None else entry.contributions.get(category, ())
            yield (
                name,
                catalogue.domain,
                catalogue.version,
                technique,
                catalogue.techniques[technique].name,
                category or OVERALL,
                score,
                score is not None,
                None if threat else (score or 0) > 0,
                len(mapped),
                None if threat else len(scored.covering(technique, category)),
                (category or OVERALL) in entry.rolled_up,
            )


OF_SETS: dict[str, Callable[[ScoredSet], Iterator[Row]]] = {
    "sets": _sets,
    "capabilities": _capabilities,
    "capability_groups": _capability_groups,
    "mappings": _mappings,
    "mapping_segments": _mapping_segments,
    "mapping_links": _mapping_links,
    "scores": _scores,
}
"""Table → the rows of a set."""


def _techniques(catalogue: Catalogue) -> Iterator[Row]:
    for technique in catalogue.whole.techniques.values():
        yield (
            catalogue.domain,
            catalogue.version,
            technique.id,
            technique.name,
            technique.parent,
            technique.status,
            catalogue.is_active(technique.id),
            technique.successor,
            technique.url,
        )


def _technique_tactics(catalogue: Catalogue) -> Iterator[Row]:
    whole = catalogue.whole
    order = {tactic.shortname: (tactic.name, position) for position, tactic in enumerate(whole.tactics, 1)}
    for technique in whole.techniques.values():
        for tactic in technique.tactics:
            name, position = order.get(tactic, (tactic, None))
            yield catalogue.domain, catalogue.version, technique.id, tactic, name, position


def _technique_platforms(catalogue: Catalogue) -> Iterator[Row]:
    for technique in catalogue.whole.techniques.values():
        for platform in dict.fromkeys(technique.platforms):
            yield catalogue.domain, catalogue.version, technique.id, platform


OF_RELEASES: dict[str, Callable[[Catalogue], Iterator[Row]]] = {
    "techniques": _techniques,
    "technique_tactics": _technique_tactics,
    "technique_platforms": _technique_platforms,
}
"""Table → the rows of a release, with its scope."""


def finding_rows(name: str, findings: Iterable[Finding], file: str = "") -> Iterator[Row]:
    """The rows of `findings`.

    Args:
        name: the name of the set.
        findings: what `check` found in it.
        file: what to name as its file; "" for the file itself.
    """
    for each in findings:
        place = _place(each.place, file)
        yield (
            name,
            each.code,
            each.level,
            *place,
            each.message,
            each.expected or None,
            each.hint or None,
            bool(each.fix),
        )
