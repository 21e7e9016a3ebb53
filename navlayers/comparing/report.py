"""What changed between two versions: as text for a terminal, Markdown for a pull request, JSON for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import msgspec

from navlayers.aggregate import tidy
from navlayers.comparing.changes import CHANGES
from navlayers.tables import escape
from navlayers.textwidth import columns, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from navlayers.comparing.changes import Diff, Step, TechniqueChange

Format: TypeAlias = Literal["text", "md", "json"]
FORMATS: tuple[Format, ...] = get_args(Format)

LISTED = 200
"""So many items of a list stand in Markdown: pull-request comments take 65,536 characters in all."""

_OPEN = ("lost", "weaker")
"""Lists that a reviewer is to see without a click."""


def render(found: Diff, format_: Format) -> str:
    """The differences in a format; the text ends with a line feed."""
    if format_ == "json":
        return msgspec.json.format(msgspec.json.encode(as_json(found)), indent=2).decode() + "\n"
    return "\n".join(_markdown(found) if format_ == "md" else _text(found)) + "\n"


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


def _titles(found: Diff) -> tuple[str, str]:
    """What the two are called: by their names where their titles are the same."""
    before, after = found.before.title, found.after.title
    return (before, after) if before != after else (found.before.name, found.after.name)


def _steps(change: TechniqueChange) -> str:
    return ", ".join(map(_step, change.steps))


def _step(step: Step) -> str:
    before = _side(step.before, covered=step.covered_before)
    return f"{step.measure} {before} → {_side(step.after, covered=step.covered_after)}"


def _side(score: float | None, *, covered: bool) -> str:
    if not covered:
        return "none"
    return "not rated" if score is None else f"{tidy(score):g}"


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


def _text(found: Diff) -> Iterator[str]:
    before, after = _titles(found)
    yield plain(f"{before} → {after}, at ATT&CK {found.catalogue.domain} {found.catalogue.version}")
    yield headline(found)
    for change in CHANGES:
        those = found.of(change)
        if those:
            yield from ("", change)
            wide = max(columns(one.technique) for one in those)
            yield from (plain(f"  {one.technique:{wide}}  {one.name}: {_steps(one)}") for one in those)
    for heading, lines in _capabilities(found):
        yield from ("", heading)
        yield from (plain(f"  {line}") for line in lines)
    if found.facts:
        yield from ("", "besides")
        yield from (plain(f"  {what}: {old or 'none'} → {new or 'none'}") for what, old, new in found.facts)


def _markdown(found: Diff) -> Iterator[str]:
    before, after = map(escape, _titles(found))
    yield f"### Coverage: {before} → {after}"
    yield ""
    yield f"{headline(found)} At ATT&CK {found.catalogue.domain} {found.catalogue.version}."
    for change in CHANGES:
        those = found.of(change)
        rows = [f"| {one.technique} | {escape(one.name)} | {escape(_steps(one))} |" for one in those[:LISTED]]
        table = ["| technique | name | change |", "| --- | --- | --- |", *rows]
        yield from _list(_counted("technique", {change: len(those)}), table, len(those), opened=change in _OPEN)
    for heading, lines in _capabilities(found):
        items = [f"- {escape(line)}" for line in lines[:LISTED]]
        yield from _list(f"{len(lines):,} {heading}", items, len(lines), opened=False)
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
        **{
            side: {"name": one.name, "title": one.title, "attack_version": one.own_attack_version}
            for side, one in (("before", found.before), ("after", found.after))
        },
        "techniques": {
            change: [{"id": one.technique, "name": one.name, "steps": one.steps} for one in found.of(change)]
            for change in CHANGES
        },
        "capabilities": {"added": found.added, "removed": found.removed, "renamed": found.renamed},
        "facts": [{"name": what, "before": old, "after": new} for what, old, new in found.facts],
    }
