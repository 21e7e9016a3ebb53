"""What is told of gaps in words: in tables, comments of layers and on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text import joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.analysis.gaps.model import Gaps, Row


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
