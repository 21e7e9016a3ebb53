"""The report as text for a terminal: all that matters of one input; of several, a table and what to review."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from navlayers._text import columns, plain
from navlayers.pages import upgrade_sections as sections
from navlayers.upgrades.report import counts, new_since

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.pages.upgrade_sections import Item, Section
    from navlayers.upgrades.report import FileReport

HEADINGS = ("input", "from", "ids", "kept", "renamed", "replaced", "removed", "review", "new")

_WIDTH = 80
_SHORTEST = 12
_FILES = 10
"""So many of several inputs are told of in detail."""


class _Most(NamedTuple):
    """How many changes of a kind are listed, and how many lines below each."""

    items: int
    below: int


_OF_ONE = _Most(50, 10)
_OF_SEVERAL = _Most(5, 3)
_MORE = "--format md lists all"


def render(files: Sequence[FileReport], width: int | None = None) -> str:
    """The report as lines; the table fits into so many columns."""
    lines = _one(files[0], width or _WIDTH) if len(files) == 1 else _several(files, width)
    return "\n".join(map(plain, lines)) + "\n"


def called(file: FileReport) -> str:
    """What an input is called."""
    return "standard input" if file.path == "-" else file.path


def row(file: FileReport) -> tuple[str, ...]:
    """The figures of an input, under `HEADINGS`."""
    figures = counts(file.reports)
    releases = {report.to if report.already else report.attack_version or "?" for report in file.reports}
    numbers = (figures.techniques, figures.kept, figures.renamed, figures.replaced, figures.removed)
    review = sum(len(section.items) for section in sections.sections(file) if section.review)
    new = "?" if figures.new is None else str(figures.new)
    return called(file), "mixed" if len(releases) > 1 else "".join(releases), *map(str, (*numbers, review)), new


def _one(file: FileReport, width: int) -> Iterator[str]:
    found = sections.sections(file)
    yield from _head(file, found)
    for section in found:
        yield from _section(section, _OF_ONE)
    for new in new_since(file.reports):
        if heading := sections.new_heading(new):
            yield f"  {heading}"
            yield from (f"    {line}" for line in _filled(new.by_tactic, width - 4))


def _filled(figures: dict[str, int], width: int) -> Iterator[str]:
    """Names with their figures, as many on a line as fit."""
    line = ""
    for name, figure in figures.items():
        part = f"{name} {figure}"
        if line and columns(line) + columns(part) + len(", ,") > width:
            yield f"{line},"
            line = part
        else:
            line = f"{line}, {part}" if line else part
    if line:
        yield line


def _several(files: Sequence[FileReport], width: int | None) -> Iterator[str]:
    yield from _table(files, width)
    told = 0
    left = 0
    for file in files:
        found = [one for one in sections.sections(file) if one.review or one.short in ("replaced", "other")]
        unknown = [sections.new_heading(new) for new in new_since(file.reports) if new.techniques is None]
        if not (found or unknown):
            continue
        told += 1
        if told > _FILES:
            left += 1
            continue
        yield ""
        yield from _head(file, found)
        for section in found:
            yield from _section(section, _OF_SEVERAL)
        yield from (f"  {heading}" for heading in unknown)
    if all(report.already for file in files for report in file.reports):
        return
    yield ""
    if left:
        yield f"{left} more of the inputs {'has' if left == 1 else 'have'} changes to look at."
    yield f"Of several inputs, text shows the start; {_MORE}, also what is renamed and new."


def _head(file: FileReport, found: Sequence[Section]) -> Iterator[str]:
    yield f"{called(file)}: {sections.headline(file)}"
    yield f"  {sections.summary(file)}"
    if review := sections.to_review(found):
        yield f"  To review: {review}"


def _section(section: Section, most: _Most) -> Iterator[str]:
    yield f"  {section.heading}"
    for item in section.items[: most.items]:
        yield f"    {item.line}"
        yield from _below(item.below, most, "      ")
    yield from _more(len(section.items) - most.items, "    ")


def _below(items: Sequence[Item], most: _Most, indent: str) -> Iterator[str]:
    for item in items[: most.below]:
        yield f"{indent}{item.line}"
        yield from _below(item.below, most, f"{indent}  ")
    yield from _more(len(items) - most.below, indent)


def _more(left: int, indent: str) -> Iterator[str]:
    if left > 0:
        yield f"{indent}… and {left} more: {_MORE}"


def _table(files: Sequence[FileReport], width: int | None) -> Iterator[str]:
    told = [tuple(map(plain, row(file))) for file in files]
    names = _shortened([one[0] for one in told])
    rows = [HEADINGS, *((name, *one[1:]) for name, one in zip(names, told, strict=True))]
    if width is not None:
        others = sum(2 + max(columns(row[i]) for row in rows) for i in range(1, len(HEADINGS)))
        rows = [(_cut(row[0], max(width - others, _SHORTEST)), *row[1:]) for row in rows]
    widths = [max(columns(row[i]) for row in rows) for i in range(len(HEADINGS))]
    for cells in rows:
        blanks = [" " * (width - columns(cell)) for cell, width in zip(cells, widths, strict=True)]
        pairs = zip(cells, blanks, strict=True)
        yield "  ".join(cell + blank if i < 2 else blank + cell for i, (cell, blank) in enumerate(pairs)).rstrip()


def _shortened(names: Sequence[str]) -> Sequence[str]:
    """Paths without the folder that they have in common; all stay as they are where some are in none."""
    parents = [PurePath(name).parent.parts for name in names]
    common = 0
    while all(len(parts) > common and parts[common] == parents[0][common] for parts in parents):
        common += 1
    return [str(PurePath(*PurePath(name).parts[common:])) for name in names] if common else names


def _cut(text: str, width: int) -> str:
    """The start and the end of a text in so many columns: of paths, the end tells more."""
    if columns(text) <= width:
        return text
    start, end = text[: max(width // 3, 1)], text
    while columns(end) > width - 1 - columns(start):
        end = end[1:]
    return f"{start}…{end}"
