"""Outcomes of tests joined to a mapping set: what they show of its mappings."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers._text.wording import quantity
from navlayers.errors import Problem
from navlayers.mapping.evidence import RANKS, Evidence, Level

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from collections.abc import Mapping as MappingOf

    from navlayers.attack import Catalogue
    from navlayers.mapping.model import Mapping, MappingSet  # noqa: TC004 - never decoded
    from navlayers.mapping.outcomes import Outcome, Result

_LEVELS: dict[Result, Level] = {"blocked": "validated", "detected": "validated", "logged": "tested"}
"""What a result shows; of the others, "missed" and "not blocked" show that the mapping does not hold."""

_NEGATIVE = frozenset({"missed", "not blocked"})
_DETECTS = frozenset({"detected", "logged", "missed"})
"""Results of detection alone, which say nothing of mappings that protect."""

_REFUTED = re.compile(r"tested(?: on ([0-9-]{10}))?, not detected")
"""The part of a note that says that tests were not noticed."""


class Missed(msgspec.Struct, frozen=True):
    """A mapping whose tests were not noticed.

    Attributes:
        capability, technique: of the mapping.
        date: of the newest such test; "" if unknown.
        tests: the number of its tests.
        before: the evidence that it had; None for none.
    """

    capability: str
    technique: str
    date: str
    tests: int
    before: Evidence | None


class EvidenceResult(msgspec.Struct, frozen=True):
    """A set with the evidence of tests, and what the tests show.

    Attributes:
        set: the set.
        results: result → number of tests, each by its newest run.
        raised: level → number of mappings with higher or newer evidence of this level than before.
        missed: mappings that were tested and not noticed.
        partly: the number of mappings that some tests confirm and others do not.
        not_mapped: technique → number of its tests, for those that the set does not map.
        unknown: capabilities that results name and the set does not have.
        untested: the techniques that are mapped and have no test with a result.
        tested: the techniques that are mapped and have one.
        anonymous: results that name no capability, and count for every mapping of their technique.
        undecided: whether some of these are of detection, and the set does not say whether its mappings detect.
        by_technique: the number of raised mappings whose results name no capability.
        undated: the number of mappings that keep their dated evidence, as what was not noticed has no date.
        not_in_attack: ids of results that the release does not have.
        notices: about the files and the results.
    """

    set: MappingSet
    results: dict[str, int]
    raised: dict[str, int]
    missed: tuple[Missed, ...]
    partly: int
    not_mapped: dict[str, int]
    unknown: tuple[str, ...]
    untested: tuple[str, ...]
    tested: tuple[str, ...]
    anonymous: int
    undecided: bool
    by_technique: int = 0
    undated: int = 0
    not_in_attack: tuple[str, ...] = ()
    notices: tuple[Problem, ...] = ()


class _Verdict(NamedTuple):
    """What tests show of a mapping: its evidence if some were noticed; the number and newest day of the others."""

    evidence: Evidence | None
    negative: int
    date: str


def join(
    mapping_set: MappingSet, outcomes: Iterable[Outcome], catalogue: Catalogue, executed: Level | None = None
) -> EvidenceResult:
    """A set with the evidence that outcomes of tests give its mappings.

    A result counts for the mappings of its technique; if it names a capability, for those of the capability alone,
    before results that name none. Of several tests of a mapping, the strongest counts; of several runs, the newest.

    Args:
        mapping_set: the set.
        outcomes: the outcomes, in the order of their files.
        catalogue: its release, in which ids of outcomes may be revoked.
        executed: the level of a test that ran without a result; None: it shows nothing.
    """
    newest = _newest(outcomes, catalogue)
    names = {"", *(text.casefold() for c in mapping_set.capabilities for text in (c.id, c.name))}
    by_id = {c.id: dict.fromkeys((c.id.casefold(), c.name.casefold())) for c in mapping_set.capabilities}
    by_technique = Counter(outcome.technique for outcome in newest)
    tests: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in newest:
        tests.setdefault((outcome.technique, outcome.capability.casefold()), []).append(outcome)
    levels = dict(_LEVELS) | ({"ran": executed} if executed is not None else {})
    raised: Counter[str] = Counter()
    missed: list[Missed] = []
    partly = unnamed = undated = 0
    decided: set[str] = set()
    mappings = []
    current = {t: _current(t, catalogue) for t in {mapping.technique for mapping in mapping_set.mappings}}
    # All mappings of a technique share the results that name no capability: they are looked through once.
    shared: dict[tuple[str, str | None], _Verdict] = {}
    for mapping in mapping_set.mappings:
        technique = current[mapping.technique]
        keys = by_id.get(mapping.capability, (mapping.capability.casefold(),))
        # Results that name the capability take precedence over those that name the technique alone.
        if own := [outcome for key in keys for outcome in tests.get((technique, key), ())]:
            verdict = _verdict(own, mapping, mapping_set, levels)
        else:
            if (technique, mapping.category) not in shared:
                of_any = tests.get((technique, ""), ())
                shared[technique, mapping.category] = _verdict(of_any, mapping, mapping_set, levels)
            verdict = shared[technique, mapping.category]
        changed = mapping
        if verdict.evidence is not None:
            partly += bool(verdict.negative)
            if _is_better(verdict.evidence, mapping.evidence):
                changed = msgspec.structs.replace(mapping, evidence=verdict.evidence)
                raised[verdict.evidence.level] += 1
                unnamed += not own
        elif verdict.negative:
            one = Missed(
                *(mapping.capability, mapping.technique, verdict.date),
                tests=verdict.negative,
                before=mapping.evidence,
            )
            # A later test that passed is the newer word.
            if _passed_since(one):
                undated += not verdict.date
            else:
                missed.append(one)
                changed = msgspec.structs.replace(mapping, evidence=_refuted(one))
        if verdict.evidence is not None or verdict.negative:
            decided.add(technique)
        mappings.append(changed)
    mapped = {*current.values()}
    return EvidenceResult(
        set=msgspec.structs.replace(mapping_set, mappings=tuple(mappings)),
        results=dict(sorted(Counter(outcome.result for outcome in newest).items())),
        raised={level: raised[level] for level in reversed([*RANKS]) if raised[level]},
        missed=tuple(dict.fromkeys(sorted(missed, key=lambda one: (one.technique, one.capability)))),
        partly=partly,
        not_mapped={t: count for t, count in sorted(by_technique.items()) if t not in mapped and catalogue.get(t)},
        unknown=tuple(sorted({o.capability for o in newest if o.capability.casefold() not in names})),
        untested=tuple(sorted(mapped - decided)),
        tested=tuple(sorted(decided)),
        by_technique=unnamed,
        undated=undated,
        not_in_attack=tuple(sorted({o.technique for o in newest if catalogue.get(o.technique) is None})),
        anonymous=sum(not outcome.capability for outcome in newest),
        undecided=mapping_set.role != "detection"
        and any(mapping.category is None for mapping in mapping_set.mappings)
        and any(not outcome.capability and outcome.result in _DETECTS for outcome in newest),
    )


def _newest(outcomes: Iterable[Outcome], catalogue: Catalogue) -> Sequence[Outcome]:
    """The newest run of each test, with the successors of revoked ids; a test without a name has one run."""
    runs: dict[tuple[object, ...], Outcome] = {}
    for number, outcome in enumerate(outcomes):
        current = outcome._replace(technique=_current(outcome.technique, catalogue))
        key = (current.technique, current.capability.casefold(), current.test or number)
        known = runs.get(key)
        if known is None or _order(current) > _order(known):
            runs[key] = current
    return [*runs.values()]


def _order(outcome: Outcome) -> tuple[object, ...]:
    """The order of the runs of a test: the newest that ran; of one time, the one that was not noticed."""
    ran = outcome.result not in ("failed", "open")
    return ran, outcome.date, outcome.time, outcome.result in _NEGATIVE, outcome.result, outcome.note


def _is_about(outcome: Outcome, mapping: Mapping, mapping_set: MappingSet) -> bool:
    """Whether a result says something of a mapping: one of detection says nothing of what protects."""
    if mapping.category == "protect":
        return outcome.result not in _DETECTS
    if mapping.category is not None or mapping_set.role == "detection":
        return outcome.result != "not blocked"
    # Without a category, a control may protect or detect.
    return bool(outcome.capability) or outcome.result not in _DETECTS


def _current(technique: str, catalogue: Catalogue) -> str:
    """The successor of a technique that was revoked, or the technique."""
    chain = catalogue.resolve(technique)
    return chain[-1] if chain else technique


def _verdict(
    tests: Sequence[Outcome], mapping: Mapping, mapping_set: MappingSet, levels: MappingOf[Result, Level]
) -> _Verdict:
    tests = [outcome for outcome in tests if _is_about(outcome, mapping, mapping_set)]
    confirmed = [outcome for outcome in tests if outcome.result in levels]
    negative = [outcome for outcome in tests if outcome.result in _NEGATIVE]
    evidence = _evidence(confirmed, levels, len(negative)) if confirmed else None
    return _Verdict(evidence, len(negative), max((outcome.date for outcome in negative), default=""))


def _evidence(confirmed: Sequence[Outcome], levels: MappingOf[Result, Level], negative: int) -> Evidence:
    """The evidence of the strongest test, the newest of several."""
    best = max(confirmed, key=lambda o: (RANKS[levels[o.result]], o.date, o.note or o.test))
    total = len(confirmed) + negative
    share = f"{len(confirmed)} of {quantity(total, 'test')}" if total > 1 else ""
    note = ": ".join(filter(None, (share, best.note or best.test)))
    return Evidence(levels[best.result], best.date, note)


def _is_better(evidence: Evidence, before: Evidence | None) -> bool:
    if before is None:
        return True
    return (RANKS[evidence.level], evidence.date) > (RANKS[before.level], before.date)


def _passed_since(missed: Missed) -> bool:
    """Whether a mapping has evidence of a test after those that were not noticed, or they have no day."""
    before = missed.before
    return before is not None and RANKS[before.level] >= RANKS["tested"] and before.date > missed.date


def _refuted(missed: Missed) -> Evidence:
    """The evidence of a mapping whose tests were not noticed: what earlier tests showed does not hold any more."""
    on = f" on {missed.date}" if missed.date else ""
    note = f"tested{on}, not detected"
    before = missed.before
    if before is None:
        return Evidence("declared", missed.date, note)
    notes = before.note.split("; ") if before.note else []
    kept = [each for each in notes if not _REFUTED.fullmatch(each)]
    if RANKS[before.level] >= RANKS["tested"]:
        return Evidence("declared", missed.date, "; ".join((note, f"{before} before", *kept)))
    known = [match[1] or "" for each in notes if (match := _REFUTED.fullmatch(each))]
    if known and max(known) >= missed.date:
        return before
    date = missed.date or before.date if before.level == "declared" else before.date
    return Evidence(before.level, date, "; ".join((note, *kept)))
