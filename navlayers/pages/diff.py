"""The page of a diff: text for a terminal, Markdown for a pull request, JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, get_args

from navlayers._text.dates import iso_date
from navlayers._text.json_text import json_text
from navlayers._text.lines import columns
from navlayers._text.numbers import number_text, rounded
from navlayers._text.wording import of_matrix, quoted
from navlayers.output.document import Item, Paragraph
from navlayers.output.markdown import escape
from navlayers.output.tables import Span
from navlayers.output.text import item_lines
from navlayers.pages.results import Field, release_entries, table_of
from navlayers.scoring.options import OVERALL, UNSPECIFIED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from navlayers.analysis.diff import Change, Diff, MeasureChange, TechniqueChange
    from navlayers.output.document import Block
    from navlayers.output.tables import Tone

Format: TypeAlias = Literal["text", "md", "json"]
FORMATS: tuple[Format, ...] = get_args(Format)

BRIEF = 10
"""Maximum number of techniques in the answer for a terminal."""

_MARKS: dict[Change, str] = {"lost": "▼", "weaker": "▼", "gained": "▲", "stronger": "▲"}
_TONES: dict[Change, Tone] = {"lost": "bad", "weaker": "warning", "gained": "good", "stronger": "good"}

REASONS = 4
"""Maximum number of capabilities named behind a change."""

LISTED = 200
"""Maximum items of a list in Markdown: pull-request comments take 65,536 characters in all."""

_CONTEXT = 20
"""Characters of a comment that are shown before its first difference."""

_OPEN = ("lost", "weaker")
"""Lists that a reviewer is to see without a click."""


class Section(NamedTuple):
    """A list of changes: heading and items of the text; summary, table head and lines of the Markdown."""

    heading: str
    items: tuple[Item, ...]
    summary: str
    lines: list[str]
    head: tuple[str, ...] = ()


def render(diff: Diff, format_: Format, width: int | None = None) -> str:
    """The differences in a format, text in lines of at most `width` columns; it ends with a line feed."""
    if format_ == "json":
        return json_text(as_json(diff))
    lines = _markdown(diff) if format_ == "md" else _text(diff, width)
    return "\n".join(lines) + "\n"


def brief(diff: Diff) -> Iterator[Block]:
    """The answer for a terminal: both versions, what changed in numbers, the first changes with losses first."""
    yield Paragraph(f"{_titles(diff)}, at ATT&CK {diff.catalogue.label}")
    yield Paragraph(f"{headline(diff)} {_totals(diff)}")
    changes = [(change, technique) for change, changed in diff.techniques.items() for technique in changed]
    shown, more = changes[:BRIEF], len(changes) - BRIEF
    fields = [
        Field("", [Span(f"{_MARKS[change]} {change}", tone=_TONES[change]) for change, _ in shown]),
        Field("technique", [technique.id for _, technique in shown], "technique"),
        Field("name", [technique.name for _, technique in shown]),
        Field("change", [_step(technique.steps[0]).removeprefix(f"{OVERALL} ") for _, technique in shown]),
        Field("by", [_because(diff, technique, brief=True) for _, technique in shown]),
    ]
    yield table_of("changes", "", fields, f"… and {more:,} more; --all lists them" if more > 0 else "")


def headline(diff: Diff) -> str:
    """All of it in one sentence."""
    if diff.empty:
        return "Nothing changed."
    groups: tuple[tuple[str, dict[str, int]], ...] = (
        ("technique", {str(change): len(changed) for change, changed in diff.techniques.items()}),
        ("capability", {"added": len(diff.added), "removed": len(diff.removed), "renamed": len(diff.renamed)}),
    )
    texts = [text for noun, numbers in groups if (text := _counted(noun, numbers))]
    if not texts:
        return "No technique's coverage and no capability changed."
    sentences = [f"{'; '.join(texts)}."]
    for change in ("lost", "gained"):
        releases = [technique.missing_in for technique in diff.techniques[change] if technique.missing_in]
        if releases:
            are = f"{len(releases):,} of the {change} techniques {'are' if len(releases) > 1 else 'is'}"
            sentences.append(f"{are} not in ATT&CK {releases[0]}.")
    return " ".join(sentences)


def _counted(noun: str, numbers: Mapping[str, int]) -> str:
    """`2 techniques lost, 1 gained`, without zeros."""
    parts = [(number, what) for what, number in numbers.items() if number]
    if not parts:
        return ""
    (number, what), *rest = parts
    several = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    start = f"{number:,} {noun if number == 1 else several} {what}"
    return ", ".join([start, *(f"{number:,} {what}" for number, what in rest)])


def _titles(diff: Diff) -> str:
    """The titles of the two versions, with their names if the titles are equal."""
    before, after = diff.before, diff.after
    if before.title != after.title:
        return f"{before.title} → {after.title}"
    (old, _, revision), (new, _, other) = before.name.partition("@"), after.name.partition("@")
    if revision and old == new:
        # The file on disk is what a pull request changes, unless the other one is of the current branch itself.
        disk = "working tree" if revision.startswith(("HEAD", "@")) else "this branch"
        return f"{before.title}: {revision.removeprefix('origin/')} → {other or disk}"
    return f"{before.title}: {before.name} → {after.name}"


def _totals(diff: Diff) -> str:
    before, after = diff.totals
    unit = "count" if diff.before.counts or diff.after.counts else "score"
    digits = 1 if unit == "count" else 0
    means = ["none" if total.mean is None else rounded(total.mean, digits) for total in diff.totals]
    return f"Covered: {before.covered} → {of_matrix(after.covered)}, mean {unit} {means[0]} → {means[1]}."


def _because(diff: Diff, change: TechniqueChange, *, brief: bool = False) -> str:
    """The capabilities behind a change; `brief`: their names alone."""
    labels = diff.before.labels | diff.after.labels
    if brief:
        return ", ".join(dict.fromkeys(labels.get(each.capability, each.capability) for each in change.reasons))
    texts = []
    for reason in change.reasons[:REASONS]:
        category = "" if reason.category == UNSPECIFIED else f" {reason.category}"
        label = labels.get(reason.capability, reason.capability)
        texts.append(f"{label}{category} {reason.before or 'none'} → {reason.after or 'none'}")
    more = len(change.reasons) - REASONS
    return "; ".join(texts) + (f"; and {more} more" if more > 0 else "")


def _step(step: MeasureChange) -> str:
    before = _side(step.before, covered=step.covered_before)
    return f"{step.measure} {before} → {_side(step.after, covered=step.covered_after)}"


def _side(score: float | None, *, covered: bool) -> str:
    if not covered:
        return "none"
    return "not rated" if score is None else number_text(score)


def _sections(diff: Diff) -> Iterator[Section]:
    """The lists of changes that are not empty."""
    for change, changed in diff.techniques.items():
        wide = max((columns(technique.id) for technique in changed), default=0)
        items, lines = [], []
        for item in changed:
            steps, because = ", ".join(map(_step, item.steps)), _because(diff, item)
            # Below the name of the technique.
            below = (Item(f"{'':{wide}}by {because}"),) if item.reasons else ()
            name = f"{item.name} (not in ATT&CK {item.missing_in})" if item.missing_in else item.name
            items.append(Item(f"{item.id:{wide}}  {name}: {steps}", below))
            lines.append(f"| {item.id} | {escape(name)} | {escape(steps)} | {escape(because)} |")
        head = ("| technique | name | change | by |", "| --- | --- | --- | --- |")
        if changed:
            yield Section(change, tuple(items), _counted("technique", {change: len(changed)}), lines, head)
    capabilities = {
        "added": [
            f"{capability.id} {capability.name}" if capability.name != capability.id else capability.id
            for capability in diff.added
        ],
        "removed": [
            f"{capability.id} {capability.name}" if capability.name != capability.id else capability.id
            for capability in diff.removed
        ],
        "renamed": [
            f"{capability.before_id}: {capability.before_name} → {capability.after_name}"
            if capability.before_id == capability.after_id
            else f"{capability.before_id} → {capability.after_id}: {capability.after_name}"
            for capability in diff.renamed
        ],
    }
    for what, texts in capabilities.items():
        if texts:
            summary, lines = _counted("capability", {what: len(texts)}), [f"- {escape(text)}" for text in texts]
            yield Section(f"capabilities {what}", tuple(map(Item, texts)), summary, lines)
    if diff.comments:
        items, lines = [], []
        for comment in diff.comments:
            sides = (comment.before, comment.after)
            shown = _before_difference(*sides)
            before, after = (quoted(f"…{text[shown:]}" if shown else text) if text else "none" for text in sides)
            items.append(Item(f"{comment.capability} {comment.technique} {comment.category}: {before} → {after}"))
            before, after = (escape(text) or "none" for text in sides)
            start = f"- {escape(comment.capability)} {comment.technique} {comment.category}"
            lines.append(f"{start}: {before} → {after}")
        yield Section("comments changed", tuple(items), _counted("comment", {"changed": len(lines)}), lines)


def _before_difference(before: str, after: str) -> int:
    """Where two texts are to be shown from, so that their first difference is seen; 0 if it is near the start."""
    same = next((at for at, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), 0)
    return same - _CONTEXT if same > 2 * _CONTEXT else 0


def _text(diff: Diff, width: int | None) -> Iterator[str]:
    release = f"ATT&CK {diff.catalogue.label}"
    start = [Item(f"{_titles(diff)}, at {release}"), Item(headline(diff)), Item(_totals(diff))]
    yield from item_lines(start, width)
    lists = [Item(section.heading, section.items) for section in _sections(diff)]
    if diff.facts:
        facts = tuple(
            Item(f"{name}: {before or 'none'} → {after or 'none'}") for name, before, after in _facts(diff)
        )
        lists.append(Item("metadata", facts))
    for item in lists:
        yield ""
        yield from item_lines([item], width)


def _markdown(diff: Diff) -> Iterator[str]:
    yield f"### Coverage: {escape(_titles(diff))}"
    yield ""
    yield f"{headline(diff)} {_totals(diff)} At ATT&CK {diff.catalogue.label}."
    for section in _sections(diff):
        opened = " open" if section.heading in _OPEN else ""
        yield from ("", f"<details{opened}><summary>{section.summary}</summary>", "")
        yield from (*section.head, *section.lines[:LISTED])
        if len(section.lines) > LISTED:
            yield from ("", f"… and {len(section.lines) - LISTED:,} more")
        yield from ("", "</details>")
    if diff.facts:
        yield from ("", "| | before | after |", "| --- | --- | --- |")
        for fact in _facts(diff):
            yield f"| {' | '.join(map(escape, fact))} |"


def _facts(diff: Diff) -> Iterator[tuple[str, str, str]]:
    """Metadata that differs, as people read it."""
    return ((fact.name, iso_date(fact.before), iso_date(fact.after)) for fact in diff.facts)


def as_json(diff: Diff) -> dict[str, object]:
    """All that changed, for machines."""
    return {
        **release_entries(diff.catalogue),
        "lost_coverage": diff.lost_coverage,
        "totals": {"before": diff.totals[0], "after": diff.totals[1]},
        **{
            side: {"name": coverage.name, "title": coverage.title, "attack_version": coverage.own_attack_version}
            for side, coverage in (("before", diff.before), ("after", diff.after))
        },
        "techniques": diff.techniques,
        "capabilities": {"added": diff.added, "removed": diff.removed, "renamed": diff.renamed},
        "comments": diff.comments,
        "facts": diff.facts,
    }
