"""Gaps → three layers, in reading order: the threat, coverage over it, the gap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text.numbers import number_text, percent_figure, rounded
from navlayers._text.wording import first_few
from navlayers.analysis.gaps_result import FULL, covered_by, headline, used_by
from navlayers.layer.annotate import NAMES_IN_COMMENT, make_entry
from navlayers.layer.build import count_facts, make_layer, release_fact
from navlayers.layer.colors import Gradient, LegendItem, safe_maximum
from navlayers.layer.document import Technique
from navlayers.layer.ramps import (
    COVERED,
    NOT_RATED,
    NOT_RATED_ITEM,
    RAMPS,
    UNCOVERED,
    uncovered_item,
    value_gradient,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from navlayers.analysis.gaps_result import Gaps, TechniqueGap
    from navlayers.attack import Catalogue
    from navlayers.layer.document import Layer


def layers_of(gaps: Gaps) -> Iterator[tuple[str, str, Layer]]:
    """Path, kind and layer of each file, in the order of the tabs."""
    yield "threat.json", "threat", _threat(gaps)
    yield "coverage.json", "coverage", _coverage(gaps)
    yield "gap.json", "gap", _gap(gaps)


_HIDDEN = "Techniques that the threat does not use are hidden."


def _threat(gaps: Gaps) -> Layer:
    threat = gaps.threat
    highest = max(threat.weights.values())
    gradient = weight_gradient(threat.weights.values())
    if threat.counted and len(threat.members) == 1:
        member = threat.members[0]
        text = f"{'of' if member.kind == 'tactic' else 'used by'} {member.name}"
        what = "Each technique scores 1"
        legend = [LegendItem(text, gradient.color(1))]
    elif threat.counted:
        what = "A technique's score is the number of chosen threats that use it"
        legend = _marks(gradient, (highest, (highest + 1) // 2, 1), "of the threats")
    else:
        what = "A technique's score is its weight"
        legend = _marks(gradient, (highest, highest / 2, highest / 10), "weight")
    label = "Used by" if threat.counted else "Weight"
    entries = [_entry(gaps, row, row.weight, gradient, f"{label} {_number(row.weight)}") for row in gaps.rows]
    return _layer(gaps, "threat", f"Techniques of {threat.title}. {what}. {_HIDDEN}", gradient, legend, entries)


def _coverage(gaps: Gaps) -> Layer:
    gradient = value_gradient(gaps.category, FULL)
    covered = gradient.color(FULL / 2)
    bare = "" if gaps.scored else covered
    entries = []
    for row in gaps.rows:
        # Readers take an entry with a color and no score for covered.
        without = NOT_RATED if row.state == "not rated" else UNCOVERED
        score, color = (row.score, bare) if row.covered else (0, without)
        entries.append(_entry(gaps, row, score, gradient, _covered(gaps, row), color))
    legend = [uncovered_item()]
    if gaps.scored:
        legend += [LegendItem(f"{mark} of 100", gradient.color(mark)) for mark in (10, 50, 100)]
    else:
        legend.append(LegendItem("covered", covered))
    if any(row.state == "not rated" for row in gaps.rows):
        legend.append(NOT_RATED_ITEM)
    how = "the highest score of all inputs" if gaps.scored else "no scores, because the inputs have none"
    description = f"Coverage of {gaps.threat.title}: {how}. Uncovered techniques have a separate color. {_HIDDEN}"
    return _layer(gaps, "coverage", description, gradient, legend, entries)


def _gap(gaps: Gaps) -> Layer:
    below = [row for row in gaps.open if row.covered]
    # From 0 to the largest gap of a weak technique: lighter than uncovered ones, whatever the weights.
    gradient = Gradient(RAMPS["threat"][:2], 0, safe_maximum([row.gap for row in below]))
    entries = []
    for row in gaps.rows:
        lines, score = _covered(gaps, row), None
        if row.state != "covered":
            lines, score = f"Gap {_number(row.gap)}\n{lines}", row.gap
        color = "" if row.covered else NOT_RATED if row.state == "not rated" else UNCOVERED
        entries.append(_entry(gaps, row, score, gradient, lines, color))
    weak = f" or weak (below {gaps.weak:g})" if gaps.scored else ""
    description = (
        f"Uncovered{weak} techniques of {gaps.threat.title}. A technique's score is its weight × (100 − score) / "
        f"100. Uncovered techniques have a separate color{', weak ones have that of their gap' if below else ''}, "
        f"covered ones have none. {_HIDDEN}"
    )
    legend = [
        uncovered_item(),
        *([NOT_RATED_ITEM] if gaps.total.unrated else []),
        *_occurring(gradient, below),
        LegendItem("covered", COVERED),
    ]
    return _layer(gaps, "gap", description, gradient, legend, entries)


def _occurring(gradient: Gradient, below: Sequence[TechniqueGap]) -> Iterator[LegendItem]:
    """The largest, a middle and the smallest gap of the weak techniques."""
    values = sorted({rounded(row.gap) for row in below}, reverse=True)
    shown = dict.fromkeys(values[at] for at in (0, len(values) // 2, -1) if values)
    for value in shown:
        # The number first, for the Navigator cuts labels.
        yield LegendItem("weak" if len(shown) == 1 else f"gap {value:g}, weak", gradient.color(value))


def hidden_entries(catalogue: Catalogue, techniques: Collection[str]) -> Iterator[Technique]:
    """Disabled entries of the active techniques that a threat does not use.

    The Navigator hides sub-techniques with their parent, so the parents of those that it uses stay.
    """
    shown = {*techniques, *(technique.partition(".")[0] for technique in techniques)}
    for technique in catalogue.techniques.values():
        if technique.active and technique.id not in shown:
            yield Technique(technique.id, enabled=False)


def weight_gradient(weights: Iterable[float]) -> Gradient:
    """0 to the highest weight. A maximum of 1 has room for two colors only, without the darkest."""
    highest = safe_maximum(list(weights))
    low, middle, high = RAMPS["threat"]
    return Gradient((low, middle, high) if highest > 1 else (low, middle), 0, highest)


def _marks(gradient: Gradient, marks: Iterable[float], label: str) -> list[LegendItem]:
    """Numbers with their colors, the highest first. Labels start with the number, as the Navigator cuts them."""
    distinct = sorted({rounded(mark) for mark in marks if rounded(mark) > 0}, reverse=True)
    return [LegendItem(f"{mark:g} {label}", gradient.color(mark)) for mark in distinct]


def _number(value: float) -> str:
    return f"{rounded(value):,g}"


def _covered(gaps: Gaps, row: TechniqueGap) -> str:
    """The first line of a tooltip: the score, and the capabilities, strongest first."""
    if not row.covered:
        state = "Mapped but not rated" if row.state == "not rated" else "Not covered"
        return f"{state} ({row.hint})" if row.hint else state
    score = "" if row.score is None else f" {number_text(row.score)}"
    return f"Covered{score} by {first_few(covered_by(gaps, row), NAMES_IN_COMMENT, '; ')}"


def _entry(
    gaps: Gaps, row: TechniqueGap, score: float | None, gradient: Gradient, lines: str, color: str = ""
) -> Technique:
    users = used_by(gaps, row)
    facts = [
        ("weight", _number(row.weight)),
        ("used by", "; ".join(users)),
        ("state", row.state),
        ("score", "" if row.score is None else number_text(row.score)),
        *((category, "" if own is None else number_text(own)) for category, own in row.categories.items()),
        ("best by", ", ".join(row.best_by)),
        ("covered by", "; ".join(covered_by(gaps, row))),
        ("gap", _number(row.gap)),
        ("related", row.hint),
        ("groups that use it", "" if row.groups is None else str(row.groups)),
    ]
    comment = f"{lines}\nUsed by {first_few(users, NAMES_IN_COMMENT, '; ')}"
    return make_entry(row.technique, score, gradient, comment=comment, color=color, facts=facts)


def _layer(
    gaps: Gaps,
    what: str,
    description: str,
    gradient: Gradient,
    legend: Iterable[LegendItem],
    entries: Sequence[Technique],
) -> Layer:
    """A layer of the threat's techniques; all others are hidden."""
    catalogue, total = gaps.catalogue, gaps.total
    hidden = hidden_entries(catalogue, gaps.threat.weights)
    facts = [
        ("shows", what),
        ("threat", "; ".join(member.label for member in gaps.threat.members)),
        ("covered by", "; ".join(gaps.titles)),
        ("measure", "overall" if gaps.category is None else f"category {gaps.category} only"),
        *count_facts(entry.techniqueID for entry in entries),
        ("covered", f"{total.covered} of {total.techniques}"),
        ("covered share", percent_figure(total.plain, 100)),
        ("covered share by weight", percent_figure(total.weighted, 100)),
        ("covered share by score", "" if total.by_score is None else percent_figure(total.by_score, 100)),
        ("threat in scope", gaps.threat.in_scope),
        ("left out", gaps.threat.losses),
        ("weights", gaps.threat.decay),
        release_fact(catalogue),
    ]
    return make_layer(
        f"{what.capitalize()}: {gaps.threat.title}",
        catalogue,
        sorted([*entries, *hidden], key=lambda entry: entry.techniqueID),
        gradient,
        legend,
        description=f"{headline(gaps)} {description}",
        facts=facts,
        hide_disabled=True,
    )
