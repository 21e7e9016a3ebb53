"""What is told of gaps in words: in tables, comments of layers and on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.gaps.model import Gaps, Row


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
    names = _joined(gaps.titles)
    total = gaps.total
    verb = "cover" if len(gaps.inputs) > 1 else "covers"
    about = "" if gaps.category is None else f" ({gaps.category} only)"
    sentence = f"{names} {verb} {total.covered} of {total.techniques} techniques of {gaps.threat.title}{about}"
    sentence += f": {total.plain:.1f} %, {total.weighted:.1f} % by weight, {total.by_score:.1f} % by score."
    uncovered = total.techniques - total.covered
    return f"{sentence} {uncovered} uncovered, {total.weak} weak (below {gaps.weak:g})."


def _joined(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
