"""What changed between two versions: as text for a terminal, Markdown for a pull request, JSON for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from navlayers._text import columns, figure, json_text, shown
from navlayers.analysis.diff import CHANGES
from navlayers.output.document import Item
from navlayers.output.markdown import escape
from navlayers.output.text import item_lines
from navlayers.scoring.scores import UNSPECIFIED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from navlayers.analysis.diff import Diff, MeasureChange, TechniqueChange

Format: TypeAlias = Literal["text", "md", "json"]
FORMATS: tuple[Format, ...] = get_args(Format)

REASONS = 4
"""So many capabilities are named behind a change."""

LISTED = 200
"""So many items of a list stand in Markdown: pull-request comments take 65,536 characters in all."""

_OPEN = ("lost", "weaker")
"""Lists that a reviewer is to see without a click."""


def render(found: Diff, format_: Format, width: int | None = None) -> str:
    """The differences in a format, text in lines of at most `width` columns; it ends with a line feed."""
    if format_ == "json":
        return json_text(as_json(found))
    lines = _markdown(found) if format_ == "md" else _text(found, width)
    return "\n".join(lines) + "\n"


def headline(found: Diff) -> str:
    """All of it in one sentence."""
    if found.empty:
        return "Nothing changed."
    groups: tuple[tuple[str, dict[str, int]], ...] = (
        ("technique", {str(change): len(found.of(change)) for change in CHANGES}),
        ("capability", {"added": len(found.added), "removed": len(found.removed), "renamed": len(found.renamed)}),
    )
    told = [text for noun, numbers in groups if (text := _counted(noun, numbers))]
    return f"{'; '.join(told)}." if told else "No technique's coverage and no capability changed."


def _counted(noun: str, numbers: Mapping[str, int]) -> str:
    """`2 techniques lost, 1 gained`: what there is none of is not told, the noun stands once."""
    parts = [f"{number:,} {what}" for what, number in numbers.items() if number]
    if not parts:
        return ""
    several = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    number, _, what = parts[0].partition(" ")
    return ", ".join([f"{number} {noun if number == '1' else several} {what}", *parts[1:]])


def _titles(found: Diff) -> str:
    """What the two are called: by their names, too, where their titles are the same."""
    before, after = found.before, found.after
    if before.title != after.title:
        return f"{before.title} → {after.title}"
    return f"{before.title}: {before.name} → {after.name}"


def _totals(found: Diff) -> str:
    """What both cover, in a sentence."""
    before, after = found.totals
    unit = "count" if found.before.counts or found.after.counts else "score"
    means = [_side(total.mean, covered=total.mean is not None) for total in found.totals]
    return (
        f"Covered: {before.covered} → {after.covered} techniques and sub-techniques, "
        f"mean {unit} {means[0]} → {means[1]}."
    )


def _because(found: Diff, change: TechniqueChange) -> str:
    """The capabilities behind a change."""
    labels = found.before.labels | found.after.labels
    told = []
    for reason in change.reasons[:REASONS]:
        category = "" if reason.category == UNSPECIFIED else f" {reason.category}"
        label = labels.get(reason.capability, reason.capability)
        told.append(f"{label}{category} {reason.before or 'none'} → {reason.after or 'none'}")
    more = len(change.reasons) - REASONS
    return "; ".join(told) + (f"; and {more} more" if more > 0 else "")


def _steps(change: TechniqueChange) -> str:
    return ", ".join(map(_step, change.steps))


def _step(step: MeasureChange) -> str:
    before = _side(step.before, covered=step.covered_before)
    return f"{step.measure} {before} → {_side(step.after, covered=step.covered_after)}"


def _side(score: float | None, *, covered: bool) -> str:
    if not covered:
        return "none"
    return "not rated" if score is None else f"{figure(score)}"


def _capabilities(found: Diff) -> Iterator[tuple[str, list[str]]]:
    """Heading and lines of each list of capabilities that is not empty."""
    named = {"added": found.added, "removed": found.removed}
    for what, those in named.items():
        if those:
            yield (
                f"capabilities {what}",
                [f"{one.id} {one.name}" if one.name != one.id else one.id for one in those],
            )
    if found.renamed:
        lines = []
        for one in found.renamed:
            if one.before_id == one.after_id:
                lines.append(f"{one.before_id}: {one.before_name} → {one.after_name}")
            else:
                lines.append(f"{one.before_id} → {one.after_id}: {one.after_name}")
        yield "capabilities renamed", lines


def _text(found: Diff, width: int | None) -> Iterator[str]:
    release = f"ATT&CK {found.catalogue.domain} {found.catalogue.version}"
    yield from item_lines(
        [Item(f"{_titles(found)}, at {release}"), Item(headline(found)), Item(_totals(found))], width
    )
    for heading, items in _lists(found):
        yield ""
        yield from item_lines([Item(heading, tuple(items))], width)


def _lists(found: Diff) -> Iterator[tuple[str, list[Item]]]:
    """Heading and items of each list that is not empty."""
    for change in CHANGES:
        if those := found.of(change):
            wide = max(columns(one.technique) for one in those)
            yield change, [_changed(found, one, wide) for one in those]
    for heading, lines in _capabilities(found):
        yield heading, [Item(line) for line in lines]
    if found.comments:
        sides = [[shown(text) if text else "none" for text in (one.before, one.after)] for one in found.comments]
        yield (
            "comments changed",
            [
                Item(f"{one.capability} {one.technique} {one.category}: {before} → {after}")
                for one, (before, after) in zip(found.comments, sides, strict=True)
            ],
        )
    if found.facts:
        yield (
            "the versions themselves",
            [Item(f"{what}: {a or 'none'} → {b or 'none'}") for what, a, b in found.facts],
        )


def _changed(found: Diff, change: TechniqueChange, wide: int) -> Item:
    # Below the name of the technique.
    because = (Item(f"{'':{wide}}by {_because(found, change)}"),) if change.reasons else ()
    return Item(f"{change.technique:{wide}}  {change.name}: {_steps(change)}", because)


def _markdown(found: Diff) -> Iterator[str]:
    yield f"### Coverage: {escape(_titles(found))}"
    yield ""
    yield f"{headline(found)} {_totals(found)} At ATT&CK {found.catalogue.domain} {found.catalogue.version}."
    for change in CHANGES:
        those = found.of(change)
        rows = [
            f"| {one.technique} | {escape(one.name)} | {escape(_steps(one))} | {escape(_because(found, one))} |"
            for one in those[:LISTED]
        ]
        table = ["| technique | name | change | by |", "| --- | --- | --- | --- |", *rows]
        yield from _list(_counted("technique", {change: len(those)}), table, len(those), opened=change in _OPEN)
    for heading, lines in _capabilities(found):
        items = [f"- {escape(line)}" for line in lines[:LISTED]]
        what = heading.removeprefix("capabilities ")
        yield from _list(_counted("capability", {what: len(lines)}), items, len(lines), opened=False)
    comments = [
        f"- {escape(one.capability)} {one.technique} {one.category}: {escape(one.before) or 'none'} → "
        f"{escape(one.after) or 'none'}"
        for one in found.comments[:LISTED]
    ]
    yield from _list(_counted("comment", {"changed": len(found.comments)}), comments, len(comments), opened=False)
    if found.facts:
        yield from ("", "| | before | after |", "| --- | --- | --- |")
        yield from (f"| {escape(what)} | {escape(old)} | {escape(new)} |" for what, old, new in found.facts)


def _list(summary: str, lines: Sequence[str], number: int, *, opened: bool) -> Iterator[str]:
    if not number:
        return
    yield from ("", f"<details{' open' if opened else ''}><summary>{summary}</summary>", "", *lines)
    if number > LISTED:
        yield from ("", f"… and {number - LISTED:,} more")
    yield from ("", "</details>")


def as_json(found: Diff) -> dict[str, object]:
    """All that changed, for machines."""
    return {
        "domain": found.catalogue.domain,
        "attack_version": found.catalogue.version,
        "lost_coverage": found.lost_coverage,
        "totals": {"before": found.totals[0], "after": found.totals[1]},
        **{
            side: {"name": one.name, "title": one.title, "attack_version": one.own_attack_version}
            for side, one in (("before", found.before), ("after", found.after))
        },
        "techniques": {
            change: [
                {"id": one.technique, "name": one.name, "steps": one.steps, "reasons": one.reasons}
                for one in found.of(change)
            ]
            for change in CHANGES
        },
        "capabilities": {"added": found.added, "removed": found.removed, "renamed": found.renamed},
        "comments": found.comments,
        "facts": [{"name": what, "before": old, "after": new} for what, old, new in found.facts],
    }
