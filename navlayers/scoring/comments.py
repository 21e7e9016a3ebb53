"""Comments of techniques: where a score comes from, with labels of capabilities and groups."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from navlayers._text.numbers import rounded
from navlayers._text.spelling import compact
from navlayers.mapping.evidence import DECLARED, ROBUSTNESS, strongest
from navlayers.scoring.options import OVERALL, UNSPECIFIED
from navlayers.scoring.segments import segment_comment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from navlayers.mapping.evidence import Evidence
    from navlayers.mapping.model import MappingSet
    from navlayers.scoring.options import Rules
    from navlayers.scoring.scores import Contribution, TechniqueScore


class IdAndName(msgspec.Struct, frozen=True):
    """An id and its name."""

    id: str
    name: str

    def __str__(self) -> str:
        return self.id if self.name in ("", self.id) else f"{self.id} {self.name}"


def capability_labels(mapping_set: MappingSet) -> dict[str, str]:
    """Capability id → label."""
    return labels({capability.id: capability.name for capability in mapping_set.capabilities})


def labels(names: Mapping[str, str]) -> dict[str, str]:
    """Id → label, from id → name.

    "Cloud IDS" for `cloud_ids`, "AC-02 Account Management" for `AC-02`. A name shared by several ids is
    preceded by the id.
    """
    times = Counter(names.values())
    return {identifier: _label(identifier, name, times[name] == 1) for identifier, name in names.items()}


def _label(identifier: str, name: str, unique: bool) -> str:
    plain, own = compact(name), compact(identifier)
    if plain == own:
        return name
    if own.endswith(plain):
        return name if unique else identifier
    if unique and not re.search(r"[A-Z0-9]", identifier):
        return name
    return f"{identifier} {name}"


def comment(entry: TechniqueScore, rules: Rules, labels: Mapping[str, str], category: str | None, most: int) -> str:
    """Where a score comes from: scores, then per category the capabilities, strongest first, "+n more" past it.

    Protect 100 · Detect 50
    Protect – significant: VPC Service Controls; partial: Artifact Analysis, Cloud Identity, +7 more
    Detect – partial: Cloud Asset Inventory
    Evidence: tested 2026-01-31

    Args:
        entry: the scores of a technique.
        rules: how they were worked out.
        labels: capability id → label.
        category: the category of the score; None for overall.
        most: maximum number of capabilities, over all categories.
    """
    categories = rules.categories if category is None else (category,)
    present = [each for each in categories if entry.contributions.get(each)]
    lines = [" · ".join(_score(entry, rules, each) for each in present)] if present else []
    for each in present:
        names = _names(entry.contributions[each], rules, labels, most // len(present))
        lines.append(f"{each.capitalize()} – {names}" if len(present) > 1 else names)
    measure = category or OVERALL
    if rules.segments:
        lines.insert(0, segment_comment(entry, rules, measure))
    if measure in entry.rolled_up:
        mapped, total = entry.rolled_up[measure]
        lines.append(f"Rolled up from {mapped} of {total} sub-techniques")
    if rules.evidenced:
        lines += _evidence_lines([c for each in present for c in entry.contributions[each]], rules)
    return "\n".join(lines)


def _evidence_lines(contributions: Sequence[Contribution], rules: Rules) -> Iterator[str]:
    best = strongest(c.evidence for c in contributions)
    if best is not None:
        yield f"Evidence: {evidence_text(best, rules)}"
    robust = [c.robustness for c in contributions if c.robustness is not None]
    if robust:
        yield f"Robustness: {max(robust)} of {ROBUSTNESS[1]}"


def evidence_text(evidence: Evidence, rules: Rules) -> str:
    """Level and date of evidence; of evidence that is too old, what it counts as."""
    old = f", too old: counts as {DECLARED}" if rules.trust.is_stale(evidence) else ""
    # Of a test that nobody noticed, the note is what matters.
    note = f" ({evidence.note})" if evidence.level == DECLARED and evidence.note else ""
    return f"{evidence}{note}{old}"


def _score(entry: TechniqueScore, rules: Rules, category: str) -> str:
    name = "Mapped" if category == UNSPECIFIED else category.capitalize()
    if rules.counts:
        # Of a scored set, only capabilities that score count.
        number = (
            int(entry.categories.get(category) or 0)
            if rules.scored_categories
            else len(entry.contributions[category])
        )
        return rules.noun.related(number) if category == UNSPECIFIED else f"{name} by {rules.noun.counted(number)}"
    score = entry.categories.get(category)
    return f"{name} {'not rated' if score is None else rounded(score)}"


def _names(contributions: Sequence[Contribution], rules: Rules, labels: Mapping[str, str], most: int) -> str:
    """The strongest capabilities, grouped by strength."""
    groups: list[tuple[str, list[str]]] = []
    for contribution in contributions[:most]:
        strength = strength_name(contribution, rules)
        if not groups or groups[-1][0] != strength:
            groups.append((strength, []))
        groups[-1][1].append(labels.get(contribution.capability, contribution.capability))
    text = "; ".join(
        f"{strength}: {', '.join(names)}" if strength else ", ".join(names) for strength, names in groups
    )
    more = len(contributions) - most
    return f"{text}, +{more} more" if more > 0 else text


def strength_name(contribution: Contribution, rules: Rules) -> str:
    """The strength of a mapping in words: its score value, or else its mapping types."""
    if contribution.value is not None:
        factor = rules.trust.factor(contribution.evidence)
        return contribution.value if factor == 1 else f"{contribution.value} ×{factor:g}"
    types = ", ".join(contribution.types) if rules.several_types else ""
    unscored = rules.counts or not rules.scored_categories
    return types if unscored or contribution.score is not None else types or "not rated"
