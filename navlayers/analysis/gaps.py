"""Inputs and a threat → what is covered of it, what is not, and by whom."""

from __future__ import annotations

import math
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from navlayers import attack
from navlayers._text import figure, joined, nearest, shown
from navlayers.analysis.threats import ThreatModel
from navlayers.attack import Catalogue
from navlayers.attack.id_changes import ReleaseChange
from navlayers.errors import NavlayersError, Problem, UsageError
from navlayers.mapping.model import CATEGORIES
from navlayers.scoring.aggregate import exact
from navlayers.scoring.coverage import Coverage
from navlayers.scoring.options import ScoreOptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from navlayers.analysis.inputs import InputSet
    from navlayers.attack import Tactic
    from navlayers.mapping import model


FULL = 100


class Measured(NamedTuple):
    """One technique: its weight, whether it is covered, its score 0–100 (None: not rated, which counts 0)."""

    weight: float
    covered: bool
    score: float | None


class Share(msgspec.Struct, frozen=True):
    """How much is covered of some techniques.

    `techniques` and `covered` count them, `weak` those that are covered below the bound. `weight` is that of all of
    them, `covered_weight` that of the covered ones, `scored_weight` the sum of each one's weight times score / 100.
    What takes scores is None where there are none.
    """

    techniques: int
    covered: int
    weak: int | None
    weight: float
    covered_weight: float
    scored_weight: float | None

    @property
    def plain(self) -> float:
        """Covered of all techniques, in per cent."""
        return FULL * self.covered / self.techniques if self.techniques else 0

    @property
    def weighted(self) -> float:
        """Covered of all weight, in per cent."""
        return FULL * self.covered_weight / self.weight if self.weight else 0

    @property
    def by_score(self) -> float | None:
        """Score of all weight, in per cent: 100 where all techniques score 100."""
        if self.scored_weight is None:
            return None
        return FULL * self.scored_weight / self.weight if self.weight else 0


def share_of(measured: Iterable[Measured], weak: float, *, scored: bool = True) -> Share:
    """The share of some techniques, with what takes scores where they are `scored`; their order does not show."""
    every = list(measured)
    covered = [one for one in every if one.covered]
    return Share(
        techniques=len(every),
        covered=len(covered),
        weak=sum(one.score is None or one.score < weak for one in covered) if scored else None,
        weight=exact(math.fsum(one.weight for one in every)),
        covered_weight=exact(math.fsum(one.weight for one in covered)),
        scored_weight=exact(math.fsum(one.weight * (one.score or 0) / FULL for one in covered)) if scored else None,
    )


State = Literal["uncovered", "not rated", "weak", "covered"]

NEWER = "newer than the sets"
"""Said of a technique that none of the inputs could have considered."""

WEAK = 50.0
"""Covered below this score is weak, unless the user says otherwise."""


class Giver(msgspec.Struct, frozen=True):
    """A capability that covers a technique: the number of its input, its id, what it gives by itself.

    `score` is 0–100; None where it is not rated, or the input has no scores.
    """

    input: int
    capability: str
    score: float | None


class Row(msgspec.Struct, frozen=True):
    """One technique of the threat.

    `score` is the best that any input gives, 0–100; None where no input covers it, or none rates it. `best_by` are
    the numbers of the inputs that give it, `givers` the capabilities of all inputs, strongest first. `categories`
    holds the best score of each category that any input has for it. `groups` is how many groups of ATT&CK use it,
    None where that is not at hand. Of an uncovered one, `related` tells what is covered of its parent or
    sub-techniques; `newer` is one that was not there yet in any release that the inputs were made for.
    """

    technique: str
    name: str
    weight: float
    state: State
    score: float | None
    best_by: tuple[int, ...]
    givers: tuple[Giver, ...]
    categories: dict[str, float | None]
    groups: int | None = None
    related: str = ""
    newer: bool = False

    @property
    def hint(self) -> str:
        """What is worth knowing of an uncovered one, in a few words."""
        return ", ".join(text for text in (self.related, NEWER if self.newer else "") if text)

    @property
    def covered(self) -> bool:
        """Whether any input covers it, however weakly."""
        return self.state != "uncovered"

    @property
    def missing(self) -> float:
        """What its score lacks of 100; nothing where it is covered and there are no scores."""
        return 0 if self.state == "covered" and self.score is None else exact(FULL - (self.score or 0))

    @property
    def gap(self) -> float:
        """Its weight times what is missing, 0 to the weight."""
        return exact(self.weight * self.missing / FULL)


class TacticShare(msgspec.Struct, frozen=True):
    """How much is covered of a threat's techniques of one tactic."""

    tactic: str
    name: str
    share: Share


class CapabilityShare(msgspec.Struct, frozen=True):
    """What one capability covers of the threat: how many techniques, and how many only it covers.

    `weight` is that of the techniques, `by_score` the same with each technique's weight times its score / 100; None
    where there are no scores.
    """

    input: int
    capability: str
    label: str
    techniques: int
    only: int
    weight: float
    by_score: float | None


class Gaps(msgspec.Struct, frozen=True, dict=True):
    """Inputs against a threat. `category` is the one whose scores count, None for the overall ones.

    `rows` hold every technique of the threat, by id; `members` are in the order of the threat's, `capabilities` in
    the order of what they cover.
    """

    catalogue: Catalogue
    threat: ThreatModel
    inputs: tuple[Coverage, ...]
    category: str | None
    weak: float
    rows: tuple[Row, ...]
    total: Share
    tactics: tuple[TacticShare, ...]
    categories: dict[str, Share]
    members: tuple[Share, ...]
    capabilities: tuple[CapabilityShare, ...]
    notices: tuple[Problem, ...] = ()

    @property
    def scored(self) -> bool:
        """Whether the inputs say how well they cover, not only what."""
        return not any(one.counts for one in self.inputs)

    @cached_property
    def ranked(self) -> tuple[Row, ...]:
        """All rows, the largest gap first, then by how many groups of ATT&CK use them, then by id."""
        return tuple(sorted(self.rows, key=lambda row: (-row.gap, -(row.groups or 0), row.technique)))

    @cached_property
    def open(self) -> tuple[Row, ...]:
        """The rows that are uncovered, weak or not rated, the largest gap first."""
        return tuple(row for row in self.ranked if row.state != "covered")

    @cached_property
    def titles(self) -> tuple[str, ...]:
        """What people call the inputs: by their names where several have one title."""
        titles = tuple(one.title for one in self.inputs)
        return titles if len(set(titles)) == len(titles) else tuple(one.name for one in self.inputs)

    def names(self, numbers: Iterable[int]) -> str:
        """The names of inputs by their numbers."""
        return ", ".join(self.inputs[number].name for number in numbers)


def givers_of(
    inputs: Iterable[Coverage], category: str | None, techniques: Iterable[str]
) -> dict[str, tuple[Giver, ...]]:
    """Technique id → the capabilities of all inputs that cover it, the strongest first, then by input and id."""
    wanted = frozenset(techniques)
    found: dict[str, list[Giver]] = {}
    for number, one in enumerate(inputs):
        for capability, technique, score in _alone(one, category):
            if technique in wanted:
                found.setdefault(technique, []).append(Giver(number, capability, score))
    return {technique: tuple(sorted(givers, key=_strongest_first)) for technique, givers in found.items()}


def _strongest_first(giver: Giver) -> tuple[float, int, str]:
    return -(-1 if giver.score is None else giver.score), giver.input, giver.capability


def _alone(one: Coverage, category: str | None) -> Iterator[tuple[str, str, float | None]]:
    """Capability, technique and score, as if each capability were the whole set."""
    covered = one.measures(category)
    by_capability: dict[str, list[model.Mapping]] = {}
    for mapping in one.scored.mappings:
        by_capability.setdefault(mapping.capability, []).append(mapping)
    whole = one.is_layer and len(by_capability) == 1
    for capability in sorted(by_capability):
        for technique, entry in one.scored.of(by_capability[capability]).items():
            if technique not in covered:
                continue
            score = covered[technique] if whole else entry.measure(category)
            if score == 0 or (category is not None and category not in entry.categories):
                continue
            yield capability, technique, bounded(score, counts=one.counts)


def bounded(score: float | None, *, counts: bool) -> float | None:
    """A score as part of 100: sums end at 100, and what is only counted has none."""
    return None if score is None or counts else min(score, FULL)


def using_groups(catalogue: Catalogue) -> Counter[str] | None:
    """Technique id → how many groups of the release use it themselves; None where its groups are not at hand."""
    try:
        release = attack.find(catalogue.domain, catalogue.version).release
        if not attack.has_threats(release):
            return None
        return Counter(technique for group in attack.threats(release).groups for technique in group.techniques)
    except NavlayersError:
        return None


def newer_than(inputs: Iterable[Coverage], catalogue: Catalogue) -> frozenset[str]:
    """The techniques that none of the releases had that the inputs were made for, under another id neither."""
    versions = {one.own_attack_version for one in inputs}
    found = [_new(version, catalogue) for version in sorted(versions)]
    return frozenset.intersection(*found) if found else frozenset()


def _new(version: str, catalogue: Catalogue) -> frozenset[str]:
    try:
        old = attack.load(attack.find(catalogue.domain, version).release)
    except NavlayersError:
        return frozenset()
    return frozenset(one.id for one in ReleaseChange(old, catalogue).additions or () if not one.replaces)


def used_by(gaps: Gaps, row: Row) -> list[str]:
    """Who uses a technique, with the weight where that is not 1 of each, and by which software alone."""
    told = []
    for member in gaps.threat.users(row.technique):
        text = member.label
        if not gaps.threat.counted:
            text += f" = {member.weights[row.technique]:g}"
        if row.technique in member.through:
            text += f" by {', '.join(member.through[row.technique])}"
        told.append(text)
    return told


def covered_by(gaps: Gaps, row: Row) -> list[str]:
    """Who covers a technique, strongest first, with the score and, of several inputs, whose it is."""
    several = len(gaps.inputs) > 1
    told = []
    for giver in row.givers:
        one = gaps.inputs[giver.input]
        label = one.labels.get(giver.capability, giver.capability)
        rated = "" if one.counts else " = not rated" if giver.score is None else f" = {giver.score:g}"
        told.append(f"{one.name}: {label}{rated}" if several else f"{label}{rated}")
    return told


def headline(gaps: Gaps) -> str:
    """All of it in a few sentences."""
    names = joined(gaps.titles)
    total = gaps.total
    verb = "cover" if len(gaps.inputs) > 1 else "covers"
    about = "" if gaps.category is None else f" ({gaps.category} only)"
    sentence = f"{names} {verb} {total.covered} of {total.techniques} techniques of {gaps.threat.title}{about}"
    shares = [f"{total.plain:.1f} %"]
    shares += [] if gaps.threat.even else [f"{total.weighted:.1f} % by weight"]
    shares += [] if total.by_score is None else [f"{total.by_score:.1f} % by score"]
    sentence += f" at ATT&CK {gaps.catalogue.version}: {', '.join(shares)}"
    sentence += f"; {gaps.threat.losses}" if gaps.threat.losses else ""
    weak = "" if total.weak is None else f", {total.weak} weak (below {gaps.weak:g})"
    return f"{sentence}. {total.techniques - total.covered} uncovered{weak}."


def unscored(gaps: Gaps) -> str:
    """Why there is nothing by score; "" where there is."""
    counted = [one.name for one in gaps.inputs if one.counts]
    if not counted:
        return ""
    return f"no score: {joined(counted)} {_says(counted)} what is covered, not how well; --worth gives it a number"


def _says(names: Sequence[str]) -> str:
    return "say" if len(names) > 1 else "says"


def first(texts: Sequence[str], most: int) -> str:
    """So many of the texts, and how many more there are."""
    more = len(texts) - most
    text = "; ".join(texts[:most])
    return f"{text}; +{more} more" if more > 0 else text


_OPTIONS = ScoreOptions()

Best = dict[str, tuple[float | None, tuple[int, ...]]]
"""Technique id → the best score and the numbers of the inputs that give it."""


def find_gaps(
    together: InputSet,
    threat: ThreatModel,
    options: ScoreOptions = _OPTIONS,
    *,
    category: str | None = None,
    weak: float = WEAK,
) -> Gaps:
    """What the inputs, taken together, cover of a threat at the same release.

    Where the inputs say that a relation holds, not how well, it counts as covered, and there are no scores.

    Raises:
        UsageError: the options do not fit the inputs, some give counts and others scores, no input has the
            category, or `weak` is not from 0 to 100.
    """
    if not (math.isfinite(weak) and 0 <= weak <= FULL):
        raise UsageError(Problem(f"--weak is {weak:g}", expected="a number from 0 to 100"))
    inputs = together.coverage(options)
    _check_category(inputs, category)
    best = _best(inputs, category)
    named = [c for c in CATEGORIES if any(c in one.categories for one in inputs)]
    per_category: dict[str, Best] = {one: _best(inputs, one) for one in named}
    givers = givers_of(inputs, category, threat.weights)
    scored = not any(one.counts for one in inputs)
    groups, newer = using_groups(together.catalogue), newer_than(inputs, together.catalogue)
    rows = tuple(
        Row(
            technique,
            together.catalogue.techniques[technique].name,
            weight,
            state := _state(technique, best, weak, scored=scored),
            *best.get(technique, (None, ())),
            givers.get(technique, ()),
            {category: found[technique][0] for category, found in per_category.items() if technique in found},
            None if groups is None else groups.get(technique, 0),
            _related(together.catalogue, technique, best, scored=scored) if state == "uncovered" else "",
            state == "uncovered" and technique in newer,
        )
        for technique, weight in threat.weights.items()
    )
    by_id = {row.technique: row for row in rows}

    def share(weights: Mapping[str, float], found: Best) -> Share:
        return share_of((_measured(w, t, found) for t, w in weights.items()), weak, scored=scored)

    return Gaps(
        catalogue=together.catalogue,
        threat=threat,
        inputs=inputs,
        category=category,
        weak=weak,
        rows=rows,
        total=share(threat.weights, best),
        tactics=tuple(
            TacticShare(tactic.id, tactic.name, share(weights, best))
            for tactic, weights in _tactics(together.catalogue, threat.weights)
        ),
        categories={one: share(threat.weights, found) for one, found in per_category.items()},
        members=tuple(share(member.weights, best) for member in threat.members),
        capabilities=tuple(_capabilities(inputs, by_id.values(), scored=scored)),
        notices=tuple(_notices(inputs, category)),
    )


def _check_category(inputs: Sequence[Coverage], category: str | None) -> None:
    if category is None or any(category in one.categories for one in inputs):
        return
    there = [c for c in CATEGORIES if any(c in one.categories for one in inputs)]
    names = ", ".join(one.name for one in inputs)
    message = f"{names} {'have' if len(inputs) > 1 else 'has'} no category {shown(category)}"
    expected = ", ".join(there) if there else ""
    hint = nearest(category, there) if there else "leave out --category: the sets have none"
    raise UsageError(Problem(message, expected=expected, hint=hint))


def _best(inputs: Sequence[Coverage], category: str | None) -> Best:
    found: dict[str, list[tuple[float | None, int]]] = {}
    for number, one in enumerate(inputs):
        for technique, score in one.measures(category).items():
            found.setdefault(technique, []).append((bounded(score, counts=one.counts), number))
    best: Best = {}
    for technique, scores in found.items():
        rated = [score for score, _ in scores if score is not None]
        highest = max(rated) if rated else None
        best[technique] = highest, tuple(number for score, number in scores if score == highest)
    return best


def _state(technique: str, best: Best, weak: float, *, scored: bool) -> State:
    if technique not in best:
        return "uncovered"
    if not scored:
        return "covered"
    score = best[technique][0]
    if score is None:
        return "not rated"
    return "weak" if score < weak else "covered"


def _related(catalogue: Catalogue, technique: str, best: Best, *, scored: bool) -> str:
    """What is covered beside an uncovered technique, which is not covered by that: its parent or sub-techniques."""
    parent = catalogue.techniques[technique].parent
    if parent is not None:
        if parent not in best:
            return ""
        score = best[parent][0]
        rated = "covered" if not scored else "not rated" if score is None else f"{figure(score)}"
        return f"parent {parent} {rated}"
    subs = catalogue.subtechniques(technique)
    covered = sum(sub.id in best for sub in subs)
    return f"{covered} of {len(subs)} sub{'s' * (len(subs) > 1)}" if covered else ""


def _measured(weight: float, technique: str, best: Best) -> Measured:
    return Measured(weight, technique in best, best[technique][0] if technique in best else None)


def _tactics(catalogue: Catalogue, weights: Mapping[str, float]) -> Iterator[tuple[Tactic, dict[str, float]]]:
    """The tactics that the threat has techniques of, in the order of the matrix, with the weights of these."""
    for tactic in catalogue.tactics:
        inside = {t: w for t, w in weights.items() if tactic.shortname in catalogue.techniques[t].tactics}
        if inside:
            yield tactic, inside


def _capabilities(inputs: Sequence[Coverage], rows: Iterable[Row], *, scored: bool) -> list[CapabilityShare]:
    """By the weight that each covers, then by score, then by input and id."""
    found: dict[tuple[int, str], list[tuple[Row, float]]] = {}
    for row in rows:
        for giver in row.givers:
            found.setdefault((giver.input, giver.capability), []).append((row, giver.score or 0))
    shares = [
        CapabilityShare(
            input=number,
            capability=capability,
            label=inputs[number].labels.get(capability, capability),
            techniques=len(those),
            only=sum(len(row.givers) == 1 for row, _ in those),
            weight=exact(math.fsum(row.weight for row, _ in those)),
            by_score=exact(math.fsum(row.weight * score / FULL for row, score in those)) if scored else None,
        )
        for (number, capability), those in found.items()
    ]
    return sorted(shares, key=lambda one: (-one.weight, -(one.by_score or 0), one.input, one.capability))


def _notices(inputs: Sequence[Coverage], category: str | None) -> Iterator[Problem]:
    counted = [one.name for one in inputs if one.counts]
    if counted:
        message = f"{', '.join(counted)}: what is mapped counts as covered, without a score, for none is given"
        yield Problem(message, hint="--worth gives it a number, 0-100")
    without = [one.name for one in inputs if category is not None and category not in one.categories]
    if without:
        yield Problem(f"{', '.join(without)}: no category {category}, so nothing of it counts")
    unrated = sum(score is None for one in inputs for score in one.measures(category).values())
    if unrated and not counted:
        they = f"{unrated:,} techniques are" if unrated > 1 else "a technique is"
        message = f"{they} mapped without a score value, and count{'s' * (unrated == 1)} as covered but not rated"
        yield Problem(message, hint="--worth gives them a number")
