"""The gaps of inputs against a threat, as numbers and in sentences."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import msgspec

from navlayers._text.numbers import percent_text
from navlayers._text.wording import and_list, quantity
from navlayers.analysis.frames import Tabular
from navlayers.analysis.threats.model import ThreatModel
from navlayers.attack import Catalogue
from navlayers.errors import Problem
from navlayers.layer.weakest_tactic import Hole, most_open
from navlayers.mapping.nouns import Noun, common_noun
from navlayers.scoring.coverage import Coverage

State = Literal["uncovered", "not rated", "weak", "covered"]

FULL = 100.0

NEWER = "newer than the sets"


class Share(msgspec.Struct, frozen=True):
    """The coverage of some techniques.

    Attributes:
        techniques, covered: number of all, and of the covered ones.
        weak: number of those covered below the bound; None where there are no scores.
        unrated: number of those that inputs map without a rating, which do not count as covered.
        weight, covered_weight: sum of the weights of all, and of the covered ones.
        scored_weight: sum of weight × score / 100; None without scores.
    """

    techniques: int
    covered: int
    weak: int | None
    unrated: int
    weight: float
    covered_weight: float
    scored_weight: float | None

    @property
    def plain(self) -> float:
        """Percentage of techniques that are covered."""
        return _percent(self.covered, self.techniques)

    @property
    def weighted(self) -> float:
        """Percentage of the weight that is covered."""
        return _percent(self.covered_weight, self.weight)

    @property
    def by_score(self) -> float | None:
        """Scored weight as a percentage of the weight: 100 if every technique scores 100."""
        return None if self.scored_weight is None else _percent(self.scored_weight, self.weight)


def _percent(part: float, whole: float) -> float:
    return FULL * part / whole if whole else 0


class Contributor(msgspec.Struct, frozen=True):
    """A capability of an input, by name, that covers a technique, and the score 0–100 that it alone gives.

    The score is None if it is not rated, or the input has no scores.
    """

    input: str
    capability: str
    score: float | None


class TechniqueGap(msgspec.Struct, frozen=True, rename={"technique": "id", "newer": "newer_than_inputs"}):
    """The coverage of one technique of the threat; also a technique in the JSON.

    Attributes:
        technique, name: its id and name.
        tactics: short names of its tactics.
        weight: in the threat, above 0.
        state: how well it is covered.
        score: the highest that any input gives, 0–100; None if no input covers it, or inputs have no scores.
        categories: the highest score of each category in which any input maps it; None: not rated there.
        missing: 100 minus its score; 0 for a covered technique without scores.
        gap: its weight × missing / 100, from 0 to the weight.
        best_by: names of the inputs with this score.
        used_by: id of each member of the threat that uses it → its weight there.
        covered_by: the capabilities of all inputs that cover it, strongest first.
        groups: number of ATT&CK groups that use it; None if the release has no groups.
        related: coverage of the parent or the sub-techniques of an uncovered technique, in words.
        newer: it is uncovered, and in none of the releases that the inputs were made for.
        non_mappable: names of the inputs that record that nothing of theirs can be mapped to it.
    """

    technique: str
    name: str
    tactics: tuple[str, ...]
    weight: float
    state: State
    score: float | None
    categories: dict[str, float | None]
    missing: float
    gap: float
    best_by: tuple[str, ...]
    used_by: dict[str, float]
    covered_by: tuple[Contributor, ...]
    groups: int | None
    related: str
    newer: bool
    non_mappable: tuple[str, ...]

    @property
    def hint(self) -> str:
        """A short remark about an uncovered technique."""
        recorded = f"non-mappable in {', '.join(self.non_mappable)}" if self.non_mappable else ""
        return ", ".join(text for text in (recorded, self.related, NEWER if self.newer else "") if text)

    @property
    def covered(self) -> bool:
        """Whether any input covers it, however weakly."""
        return self.state in ("weak", "covered")


class TacticShare(msgspec.Struct, frozen=True):
    """The coverage of the threat's techniques of one tactic."""

    tactic: str
    name: str
    share: Share


class CapabilityShare(msgspec.Struct, frozen=True):
    """The coverage of the threat by one capability.

    Attributes:
        input: name of its input.
        id, name: its id, and its name for people.
        techniques, only: number of techniques that it covers, and that only it covers.
        weight: sum of the weights of those techniques.
        by_score: sum of weight × score / 100; None without scores.
    """

    input: str
    id: str
    name: str
    techniques: int
    only: int
    weight: float
    by_score: float | None


class RankedThreat(msgspec.Struct, frozen=True):
    """A group, or another member of a threat, by what of it is open.

    Attributes:
        id, name, kind: those of the member.
        techniques: number of its techniques.
        uncovered, weak, unrated: number of those that are not covered, covered below the bound (None without
            scores), and not rated.
        open: number of all these.
        share: open techniques as a percentage.
    """

    id: str
    name: str
    kind: str
    techniques: int
    uncovered: int
    weak: int | None
    unrated: int
    open: int
    share: float


class Gaps(msgspec.Struct, Tabular, frozen=True, dict=True):
    """Inputs against a threat.

    Attributes:
        catalogue: the ATT&CK release.
        threat: techniques with weights.
        inputs: the sets and layers, scored.
        category: only its scores count; None: the overall ones.
        weak: covered below this score, 0–100, is weak.
        rows: every technique of the threat, by id.
        total: share of all techniques of the threat.
        tactics: shares by tactic, in the order of the matrix.
        categories: category → share by its scores.
        members: shares of the threat's members, in their order.
        capabilities: the coverage of each capability, the most weight first.
        notices: messages for the user.
        files: the files that were read.
    """

    catalogue: Catalogue
    threat: ThreatModel
    inputs: tuple[Coverage, ...]
    category: str | None
    weak: float
    rows: tuple[TechniqueGap, ...]
    total: Share
    tactics: tuple[TacticShare, ...]
    categories: dict[str, Share]
    members: tuple[Share, ...]
    capabilities: tuple[CapabilityShare, ...]
    notices: tuple[Problem, ...] = ()
    files: tuple[Path, ...] = ()

    def __repr__(self) -> str:
        """Threat and number of open techniques in one line."""
        return f"<Gaps against {self.threat.title}: {len(self.open)} of {len(self.rows)} techniques open>"

    def to_dicts(self) -> list[dict[str, Any]]:
        """One row per technique of the threat, the largest gap first: id, name, state, weight, score, gap."""
        return [
            {
                "technique": row.technique,
                "name": row.name,
                "state": row.state,
                "weight": row.weight,
                "score": row.score,
                "gap": row.gap,
            }
            for row in self.ranked
        ]

    @property
    def noun(self) -> Noun:
        """The word for the capabilities of the inputs."""
        return common_noun(coverage.noun for coverage in self.inputs)

    @property
    def scored(self) -> bool:
        """Whether the inputs have scores."""
        return not any(coverage.counts for coverage in self.inputs)

    @cached_property
    def ranked(self) -> tuple[TechniqueGap, ...]:
        """All rows, the largest gap first, then by the number of groups that use them, then by id."""
        return tuple(sorted(self.rows, key=lambda row: (-row.gap, -(row.groups or 0), row.technique)))

    @cached_property
    def open(self) -> tuple[TechniqueGap, ...]:
        """The rows that are uncovered, weak or not rated, the largest gap first."""
        return tuple(row for row in self.ranked if row.state != "covered")

    @cached_property
    def ranking(self) -> tuple[RankedThreat, ...]:
        """The members of the threat, that with most open techniques first, then by their share, then by id."""
        ranked = []
        for member, share in zip(self.threat.members, self.members, strict=True):
            if share.techniques:
                lacking = share.techniques - share.covered
                open_ = lacking + (share.weak or 0)
                counts = share.techniques, lacking - share.unrated, share.weak, share.unrated, open_
                percentage = _percent(open_, share.techniques)
                ranked.append(RankedThreat(member.id, member.name, member.kind, *counts, percentage))
        return tuple(sorted(ranked, key=lambda one: (-one.open, -one.share, one.id)))

    @cached_property
    def titles(self) -> tuple[str, ...]:
        """The titles of the inputs; their names where several have one title."""
        titles = tuple(coverage.title for coverage in self.inputs)
        return titles if len(set(titles)) == len(titles) else self.names

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the inputs."""
        return tuple(coverage.name for coverage in self.inputs)


def used_by(gaps: Gaps, row: TechniqueGap) -> list[str]:
    """The threat's members that use a technique, with their weights unless all are 1."""
    texts = []
    for member in gaps.threat.users(row.technique):
        text = member.label
        if not gaps.threat.counted:
            text += f" = {member.weights[row.technique]:g}"
        if row.technique in member.through:
            text += f" by {', '.join(member.through[row.technique])}"
        texts.append(text)
    return texts


def covered_by(gaps: Gaps, row: TechniqueGap) -> list[str]:
    """The capabilities that cover a technique, strongest first, with scores and inputs."""
    texts = []
    by_name = {coverage.name: coverage for coverage in gaps.inputs}
    for contributor in row.covered_by:
        coverage, score = by_name[contributor.input], contributor.score
        label = coverage.labels.get(contributor.capability, contributor.capability)
        rated = "" if score is None else f" = {score:g}"
        texts.append(f"{coverage.name}: {label}{rated}" if len(gaps.inputs) > 1 else f"{label}{rated}")
    return texts


def release_title(gaps: Gaps) -> str:
    """The ATT&CK release with its scope."""
    scope = gaps.catalogue.scope
    return f"ATT&CK {gaps.catalogue.version}{f', {scope}' if scope else ''}"


def headline(gaps: Gaps) -> str:
    """The result in a few sentences."""
    total = gaps.total
    verb = "cover" if len(gaps.inputs) > 1 else "covers"
    about = "" if gaps.category is None else f" ({gaps.category} only)"
    covered = f"{total.covered} of {quantity(total.techniques, 'technique')} of {gaps.threat.title}{about}"
    shares = [percent_text(total.covered, total.techniques)]
    shares += [] if gaps.threat.even else [f"{percent_text(total.covered_weight, total.weight)} by weight"]
    if total.scored_weight is not None:
        shares.append(f"{percent_text(total.scored_weight, total.weight)} by score")
    sentence = f"{and_list(gaps.titles)} {verb} {covered} at {release_title(gaps)}: {', '.join(shares)}"
    sentence += "".join(f"; {text}" for text in gaps.threat.remarks)
    parts = [] if total.weak is None else [f"{total.weak} weak (below {gaps.weak:g})"]
    parts += [f"{total.unrated} not rated"] if total.unrated else []
    uncovered = f"{total.techniques - total.covered - total.unrated} uncovered"
    recorded = sum(bool(row.non_mappable) for row in gaps.rows)
    uncovered += f" ({recorded} of them recorded as non-mappable)" if recorded else ""
    hole = biggest_gap(gaps).text
    return f"{sentence}. {', '.join([uncovered, *parts])}.{f' {hole}.' if hole else ''}"


def biggest_gap(gaps: Gaps) -> Hole:
    """The tactic with most techniques of the threat that are not covered."""
    return most_open((tactic.name, tactic.share.covered, tactic.share.techniques) for tactic in gaps.tactics)


def unscored(gaps: Gaps) -> str:
    """The reason why there are no shares by score; "" if there are."""
    counted = [coverage.name for coverage in gaps.inputs if coverage.counts]
    if not counted:
        return ""
    has = "have" if len(counted) > 1 else "has"
    return f"{and_list(counted)} {has} no scores; --worth sets one"
