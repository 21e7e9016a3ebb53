"""The report in Markdown: all changes of all inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers.output.markdown import escape
from navlayers.pages import upgrade_sections as sections
from navlayers.pages.upgrade_text import HEADINGS, called, row
from navlayers.upgrades.report import new_since

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from navlayers.pages.upgrade_sections import Item
    from navlayers.upgrades.report import FileReport


def render(files: Sequence[FileReport]) -> str:
    """The report as a page."""
    return "\n".join(_lines(files)) + "\n"


def _lines(files: Sequence[FileReport]) -> Iterator[str]:
    yield "# Upgrade"
    if len(files) > 1:
        yield ""
        yield f"| {' | '.join(map(escape, HEADINGS))} |"
        yield f"|{' --- |' * 2}{' ---: |' * (len(HEADINGS) - 2)}"
        for file in files:
            yield f"| {' | '.join(map(escape, row(file)))} |"
    for file in files:
        yield from ("", f"## {escape(f'{called(file)}: {sections.headline(file)}')}", "")
        found = sections.sections(file)
        review = sections.to_review(found)
        yield escape(f"{sections.summary(file)}.{f' To review: {review}.' if review else ''}")
        for section in found:
            yield from ("", f"### {escape(section.heading)}", "")
            yield from _items(section.items)
        for new in new_since(file.reports):
            if heading := sections.new_heading(new):
                items = sections.new_items(new)
                yield from ("", f"### {escape(heading)}", *([""] if items else []))
                yield from _items(items)


def _items(items: Iterable[Item], indent: str = "") -> Iterator[str]:
    for item in items:
        yield f"{indent}- {escape(item.line)}"
        yield from _items(item.below, f"{indent}  ")
