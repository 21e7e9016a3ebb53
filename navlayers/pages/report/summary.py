"""The summary: figures to be read at a glance, and a paragraph made of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from navlayers._text import counted, figure, joined
from navlayers.analysis.gaps_result import headline
from navlayers.analysis.plan.result import summary as asked_and_reached
from navlayers.attack.domain import DOMAIN_NAMES
from navlayers.output.document import Number, Numbers, Paragraph
from navlayers.output.tables import Table
from navlayers.pages import compare as tables
from navlayers.pages.report.heatmaps import UNRATED
from navlayers.pages.report.wording import categories_of, percent
from navlayers.scoring.stats import non_mappable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.analysis.compare import Difference
    from navlayers.output.document import Block
    from navlayers.output.tables import Table
    from navlayers.pages.report.subject import Subject
    from navlayers.scoring.coverage import Coverage

_TECHNIQUE, _TECHNIQUES = "technique or sub-technique", "techniques and sub-techniques"
_VERBS = {"protect": "protects against", "detect": "detects", "respond": "responds to"}


def summary_blocks(subject: Subject) -> Iterator[Block]:
    """The figures, the paragraph, and of several inputs a line for each."""
    several = len(subject.inputs) > 1
    figures = _of_several(subject) if several else _of_one(subject)
    yield Numbers((*_of_threat(subject), *figures))
    sentences = _sentences_of_several(subject) if several else _sentences_of_one(subject)
    yield Paragraph(" ".join((*_sentences_of_more(subject), *sentences)))
    if several:
        yield _inputs(subject)


def _inputs(subject: Subject) -> Table:
    """A line per input, and what its headers mean."""
    found = tables.inputs(subject.comparison)
    meant = {name: text for name, text in tables.words(subject.comparison) if name in found.headers}
    note = "; ".join(f"{name}: {text}" for name, text in meant.items())
    return msgspec.structs.replace(found, title="The inputs", note=f"{note[:1].upper()}{note[1:]}.")


def _of_one(subject: Subject) -> Iterator[Number]:
    one, total = subject.inputs[0], subject.comparison.totals[0]
    yield Number(
        "covered", percent(total.covered, total.total), f"{total.covered:,} of {total.total:,} {_TECHNIQUES}"
    )
    for category in categories_of(subject, one):
        covered = one.measures(category)
        yield Number(
            category,
            percent(len(covered), total.total),
            f"{len(covered):,} of {total.total:,}{_mean(one, covered)}",
        )
    if not one.categories and total.mean is not None and not subject.comparison.covered_only:
        what = "capabilities per technique" if one.counts else "mean score of what is covered"
        yield Number("capabilities each" if one.counts else "mean score", figure(round(total.mean, 1)), what)
    if not one.is_layer:
        mapped = len(subject.ranked[0])
        yield Number("capabilities", f"{mapped:,}", _capabilities(one, mapped))
        single = _single(subject)
        yield Number("rest on one", f"{single:,}", f"{_TECHNIQUES} that a single capability covers")


def _of_threat(subject: Subject) -> Iterator[Number]:
    if subject.gaps is not None:
        total = subject.gaps.total
        share = percent(total.covered, total.techniques)
        yield Number(
            f"of {subject.gaps.threat.title}", share, f"{total.covered:,} of its {total.techniques:,} techniques"
        )


def _sentences_of_more(subject: Subject) -> Iterator[str]:
    """What gaps and plan come to."""
    if subject.gaps is not None:
        yield headline(subject.gaps)
    if subject.plan is not None:
        yield f"{asked_and_reached(subject.plan)}."
        if subject.plan.counts:
            yield UNRATED


def _mean(one: Coverage, covered: dict[str, float | None]) -> str:
    scores = [score for score in covered.values() if score is not None]
    if not scores or one.covered_only:
        return ""
    mean = figure(round(math.fsum(scores) / len(scores), 1))
    return f", {mean} capabilities each" if one.counts else f", mean score {mean}"


def _capabilities(one: Coverage, covering: int) -> str:
    others = len(one.set.capabilities) - covering
    return f"cover something here, {others:,} of the set nothing" if others else "all of the set cover something"


def _single(subject: Subject) -> int:
    """How many techniques a single capability of the only input covers."""
    return sum(subject.capabilities(row.technique) == 1 for row in subject.comparison.rows)


def _sentences_of_one(subject: Subject) -> Iterator[str]:
    one, total = subject.inputs[0], subject.comparison.totals[0]
    title, release = subject.names[0], _release(subject)
    if not total.covered:
        why = "nothing that it maps is active there, or scores above 0" if one.set.mappings else "nothing is mapped"
        yield f"{title} covers no technique of {release}: {why}."
        return
    yield (
        f"{title} covers {total.covered:,} of the {total.total:,} {_TECHNIQUES} of {release} "
        f"({percent(total.covered, total.total)}): {counted(total.techniques, 'technique')} and "
        f"{counted(total.subtechniques, 'sub-technique')}."
    )
    categories = categories_of(subject, one)
    if categories:
        parts = [f"{_VERBS[c]} {len(one.measures(c)):,}" for c in categories]
        yield f"Of these, it {joined(parts)}."
    if total.mean is not None and not (one.counts or subject.comparison.covered_only):
        yield f"Where it covers, its mean score is {figure(round(total.mean, 1))} of 100."
        if not one.is_layer:
            yield _fully(subject)
    single = 0 if one.is_layer else _single(subject)
    if single:
        verb = "rests" if single == 1 else "rest"
        yield f"{counted(single, _TECHNIQUE, _TECHNIQUES)} {verb} on a single capability."
    found = non_mappable(one.set)
    if found.capabilities:
        number = counted(found.capabilities, "capability", "capabilities")
        yield f"{number} of the set cannot be mapped to any technique."


def _fully(subject: Subject) -> str:
    scores = [row.best for row in subject.comparison.rows if row.best is not None]
    full, low = sum(score >= 100 for score in scores), sum(score < 50 for score in scores)
    return f"{counted(full, 'reaches', 'reach')} 100, and {counted(low, 'stays', 'stay')} below 50."


def _of_several(subject: Subject) -> Iterator[Number]:
    comparison = subject.comparison
    total, inputs = comparison.active, len(subject.inputs)
    times = [len(row.covering) for row in comparison.rows]
    yield Number("covered by any", percent(len(times), total), f"{len(times):,} of {total:,} {_TECHNIQUES}")
    for title, one in zip(subject.names, comparison.totals, strict=True):
        yield Number(
            title, percent(one.covered, total), f"{one.covered:,} of {total:,}; {one.unique:,} that only it covers"
        )
    both = "both" if inputs == 2 else f"all {inputs}"
    yield Number(f"covered by {both}", percent(times.count(inputs), total), f"{times.count(inputs):,} of {total:,}")
    yield Number("covered by none", percent(total - len(times), total), f"{total - len(times):,} of {total:,}")


def _sentences_of_several(subject: Subject) -> Iterator[str]:
    comparison, titles = subject.comparison, subject.names
    total = comparison.active
    covered = len(comparison.rows)
    yield (
        f"Together, {joined(list(titles))} cover {covered:,} of the {total:,} {_TECHNIQUES} of {_release(subject)} "
        f"({percent(covered, total)}); {total - covered:,} are covered by none."
    )
    if not covered:
        return
    order = sorted(range(len(titles)), key=lambda n: -comparison.totals[n].covered)
    first, last = comparison.totals[order[0]].covered, comparison.totals[order[-1]].covered
    if first == last:
        yield f"Each of them covers {first:,}."
    else:
        yield f"{titles[order[0]]} covers most ({first:,}), {titles[order[-1]]} least ({last:,})."
    alone = [f"{title} {one.unique:,}" for title, one in zip(titles, comparison.totals, strict=True) if one.unique]
    if alone:
        yield f"Covered by one of them alone: {joined(alone)}."
    for found in comparison.differences:
        yield from _difference(subject, found)


def _difference(subject: Subject, found: Difference) -> Iterator[str]:
    first, second = (subject.names[number] for number in (found.first, found.second))
    a, b, same = (found.count(relation) for relation in ("first stronger", "second stronger", "equal"))
    if subject.comparison.covered_only or not (a or b or same):
        return
    how = "has more capabilities" if subject.comparison.counts else "is stronger"
    yield (
        f"Where both {first} and {second} cover, {first} {how} for {a:,}, {second} for {b:,}, "
        f"and they are equal for {same:,}."
    )


def _release(subject: Subject) -> str:
    return f"ATT&CK {DOMAIN_NAMES[subject.catalogue.domain]} {subject.catalogue.version}"
