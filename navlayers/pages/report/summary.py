"""The summary of a report: key numbers, and a paragraph about them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from navlayers._text.numbers import percent, percent_text, rounded
from navlayers._text.wording import and_list, quantity, techniques_text
from navlayers.analysis.gaps_result import headline
from navlayers.analysis.plan.result import stages as plan_stages
from navlayers.analysis.plan.result import summary as plan_summary
from navlayers.analysis.plan.result import threat_coverage
from navlayers.output.document import Number, Numbers, Paragraph
from navlayers.output.tables import shown
from navlayers.pages import compare as tables
from navlayers.pages.report.brief import next_steps
from navlayers.pages.report.heatmaps import UNRATED, threat_sentence
from navlayers.pages.report.input import TECHNIQUES
from navlayers.scoring.stats import non_mappable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.output.document import Block
    from navlayers.pages.report.input import ReportInput

_TECHNIQUE = "technique or sub-technique"
_VERBS = {"protect": "protects against", "detect": "detects", "respond": "responds to"}


def summary_blocks(data: ReportInput) -> Iterator[Block]:
    """The key numbers, the paragraph, and a row per input if there are several."""
    sentences = _sentences_of_several if data.several else _sentences_of_one
    threats = tuple(_of_threats(data))
    if data.several:
        yield Numbers((*threats, *_overlap(data)), "Threat and overlap" if threats else "Overlap")
        yield Numbers(tuple(_of_each(data)), "Layers" if not data.sets else "Sets")
    else:
        yield Numbers((*threats, *_of_one(data)))
    yield Paragraph(" ".join((*_first_sentences(data), *sentences(data))))
    yield from next_steps(data)
    if data.several:
        table = tables.inputs(data.comparison)
        meaning = "; ".join(
            f"{name}: {text}" for name, text in tables.terms(data.comparison) if name in table.headers
        )
        yield msgspec.structs.replace(table, title="The inputs", note=f"{meaning[:1].upper()}{meaning[1:]}.")


def title_numbers(data: ReportInput) -> Numbers:
    """The three numbers of the title page: the share covered (of a threat), what is open, and where most of it.

    With capabilities in place, they are the shares before the plan, with it, and with all that it can choose.
    """
    if stages := tuple(_stages(data)):
        return Numbers(stages)
    comparison, words = data.comparison, data.noun
    covered = words.covered.capitalize()
    numbers = [_share(covered, len(comparison.rows), comparison.active, f" {TECHNIQUES}")]
    if data.gaps is not None:
        numbers = list(_of_threats(data))[:1]
        total = data.gaps.total
        open_ = f"of {quantity(total.techniques, 'technique')}"
        numbers.append(
            Number(f"{data.gaps.threat.title} not covered", f"{total.techniques - total.covered:,}", open_)
        )
    else:
        open_ = f"{TECHNIQUES}{f', {words.covered} by none' if data.several else ''}"
        numbers.append(Number(f"Not {words.covered}", f"{len(comparison.gaps):,}", open_))
    hole = data.hole
    if hole.tactics:
        numbers.append(Number(hole.label, hole.name, hole.note, marked=True))
    elif data.sets:
        every = sum(len(data.ranked[number]) for number in data.sets)
        numbers.append(Number(words.plural.capitalize(), f"{every:,}", f"{words.cover} at least one technique"))
    return Numbers(tuple(numbers))


def _stages(data: ReportInput) -> Iterator[Number]:
    """The shares of the threat that are covered in place, with the plan, and with all that it can choose."""
    plan = data.plan
    if data.gaps is not None and plan is not None and plan.threat is not None and plan.had:
        for when, covered in plan_stages(plan).items():
            yield _share(f"{plan.threat.title} covered {when}", covered, len(plan.threat.weights), " techniques")


def _of_threats(data: ReportInput) -> Iterator[Number]:
    if stages := tuple(_stages(data)):
        yield from stages
    elif data.gaps is not None:
        total = data.gaps.total
        score = "" if total.scored_weight is None else percent_text(total.scored_weight, total.weight)
        note = f" techniques{f'; {score} by score' if score else ''}"
        yield _share(f"{data.gaps.threat.title} covered", total.covered, total.techniques, note)
    for each in data.threats:
        covered, every = each.covered(), len(each.techniques)
        yield _share(f"{each.threat.name} covered", covered, every, " techniques")


def _first_sentences(data: ReportInput) -> Iterator[str]:
    """The outcome of gaps and plan, and what is covered of threats."""
    if data.gaps is not None:
        yield headline(data.gaps)
    if data.plan is not None:
        yield from (f"{text}." for text in (plan_summary(data.plan), threat_coverage(data.plan)) if text)
        if data.plan.counts:
            yield UNRATED
    for each in data.threats:
        yield f"{threat_sentence(data, each)}."


def _of_one(data: ReportInput) -> Iterator[Number]:
    coverage, total, words = data.inputs[0], data.comparison.totals[0], data.noun
    yield _share(words.covered.capitalize(), total.covered, total.total, f" {TECHNIQUES}")
    for category in data.categories(coverage):
        covered = coverage.measures(category)
        scores = [score for score in covered.values() if score is not None]
        note = ""
        if scores and not coverage.covered_only:
            mean = shown(rounded(math.fsum(scores) / len(scores), 1))
            note = f", {mean} {words.plural} each" if coverage.counts else f", mean score {mean}"
        yield _share(category.capitalize(), len(covered), total.total, note)
    if not coverage.categories and total.mean is not None and not coverage.covered_only:
        mean = shown(rounded(total.mean, 1))
        if coverage.counts:
            yield Number(f"{words.plural.capitalize()} each", mean, f"{words.plural} per technique")
        else:
            yield Number("Mean score", mean, f"mean score of {words.covered} techniques")
    if not coverage.is_layer:
        covering = len(data.ranked[0])
        others = len(coverage.set.capabilities) - covering
        note = (
            f"{words.cover} at least one technique, {others:,} of the set {words.cover} none"
            if others
            else f"all of the set {words.cover} at least one technique"
        )
        yield Number(words.plural.capitalize(), f"{covering:,}", note)
        once = f"{TECHNIQUES} that a single {words.singular} {words.cover}s"
        yield Number(f"{words.covered.capitalize()} once", f"{_single(data):,}", once)


def _share(label: str, part: int, whole: int, note: str = "") -> Number:
    return Number(label, shown(percent(part, whole), "percent"), f"{part:,} of {whole:,}{note}")


def _single(data: ReportInput) -> int:
    """The number of techniques that a single capability covers."""
    return sum(data.capabilities(technique) == 1 for technique in data.comparison.rows)


def _sentences_of_one(data: ReportInput) -> Iterator[str]:
    coverage, total = data.inputs[0], data.comparison.totals[0]
    name, release, words = data.names[0], data.release, data.noun
    if not total.covered:
        why = (
            "no mapped technique is active there and scores above 0"
            if coverage.set.mappings
            else "it has no mappings"
        )
        yield f"{name} {words.cover}s no technique of {release}: {why}."
        return
    share, whole = percent_text(total.covered, total.total), f"the {total.total:,} {TECHNIQUES} of {release}"
    both = techniques_text(total.techniques, total.subtechniques)
    if not coverage.is_layer and (says := words.statement(total.covered, len(data.ranked[0]))):
        yield f"{says}: {share} of {whole}, {both}."
    else:
        yield f"{name} {words.cover}s {total.covered:,} of {whole} ({share}): {both}."
    if categories := data.categories(coverage):
        yield f"Of these, it {and_list([f'{_VERBS[c]} {len(coverage.measures(c)):,}' for c in categories])}."
    if total.mean is not None and not data.unscored:
        yield f"The mean score of {words.covered} techniques is {rounded(total.mean, 0)} of 100."
        if not coverage.is_layer:
            scores = [row.best for row in data.comparison.rows.values() if row.best is not None]
            full, low = sum(score >= 100 for score in scores), sum(score < data.weak for score in scores)
            counted = ((full, "100"), (low, f"below {data.weak:g}"))
            if parts := [f"{quantity(number, 'scores', 'score')} {what}" for number, what in counted if number]:
                yield f"{', and '.join(parts)}."
    if not coverage.is_layer and (single := _single(data)):
        are = words.relation[single != 1] if words.threat else f"{'is' if single == 1 else 'are'} covered by"
        yield f"{quantity(single, _TECHNIQUE, TECHNIQUES)} {are} a single {words.singular}."
    if records := non_mappable(coverage.set).capabilities:
        yield f"{words.counted(records)} of the set cannot be mapped to any technique."


def _of_each(data: ReportInput) -> Iterator[Number]:
    total = data.comparison.active
    for name, own in zip(data.names, data.comparison.totals, strict=True):
        yield _share(name, own.covered, total, f"; {own.unique:,} unique")


def _overlap(data: ReportInput) -> Iterator[Number]:
    total, inputs, covered = data.comparison.active, len(data.inputs), data.noun.covered.capitalize()
    times = [len(row.scores) for row in data.comparison.rows.values()]
    yield _share(f"{covered} by any", len(times), total, f" {TECHNIQUES}")
    yield _share(f"{covered} by {'both' if inputs == 2 else f'all {inputs}'}", times.count(inputs), total)
    yield _share(f"{covered} by none", total - len(times), total)


def _sentences_of_several(data: ReportInput) -> Iterator[str]:
    names, totals, words = data.names, data.comparison.totals, data.noun
    total, covered = data.comparison.active, len(data.comparison.rows)
    yield (
        f"Together, {and_list(list(names))} {words.cover} {covered:,} ({percent_text(covered, total)}) of the "
        f"{total:,} {TECHNIQUES} of {data.release}; {total - covered:,} are {words.covered} by none."
    )
    if not covered:
        return
    order = sorted(range(len(names)), key=lambda number: -totals[number].covered)
    most, least = totals[order[0]].covered, totals[order[-1]].covered
    if most == least:
        yield f"Each of them {words.cover}s {most:,}."
    else:
        yield f"{names[order[0]]} {words.cover}s most ({most:,}), {names[order[-1]]} least ({least:,})."
    if alone := [f"{name} {total.unique:,}" for name, total in zip(names, totals, strict=True) if total.unique]:
        yield f"{words.covered.capitalize()} by a single input: {and_list(alone)}."
    how = f"has more {words.plural}" if data.comparison.counts else "is stronger"
    for difference in data.comparison.differences:
        first, second = difference.first, difference.second
        a, b = difference.count("first stronger"), difference.count("second stronger")
        same = difference.count("equal")
        if (a or b or same) and not data.comparison.covered_only:
            yield (
                f"Where both {first} and {second} {words.cover}, {first} {how} for {a:,}, {second} for {b:,}, "
                f"and they are equal for {same:,}."
            )
