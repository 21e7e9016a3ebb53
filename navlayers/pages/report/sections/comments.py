"""What the mappings say for themselves: their comments and references."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text import web_links
from navlayers.output.tables import Table, columns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.output.document import Block
    from navlayers.pages.report.subject import Subject
    from navlayers.scoring.coverage import Coverage


def blocks(subject: Subject) -> Iterator[Block]:
    """A table per set that has any."""
    for one in subject.inputs:
        if not one.is_layer:
            found = table(one, subject.comparison.category)
            if found.rows:
                yield found


def table(one: Coverage, category: str | None) -> Table:
    """A row per capability and comment: the techniques that it is about, its text, its references."""
    groups: dict[tuple[str, str, tuple[str, ...]], set[str]] = {}
    for mapping in one.scored.mappings:
        references = tuple(sorted(web_links(mapping.references)))
        if category in (None, mapping.category) and (mapping.comment or references):
            key = (mapping.capability, mapping.comment, references)
            rated = " ".join(text for text in (mapping.technique, mapping.category, mapping.value) if text)
            groups.setdefault(key, set()).add(rated)
    rows = sorted(
        (one.labels.get(capability, capability), "\n".join(sorted(techniques)), comment, "\n".join(references))
        for (capability, comment, references), techniques in groups.items()
    )
    found = columns("capability", "techniques", "comment", "references")
    used = [i for i in range(len(found)) if any(row[i] for row in rows)]
    title = f"{one.name}: comments and references of the mappings"
    shown = tuple(tuple(row[i] for i in used) for row in rows)
    return Table(f"comments of {one.name}", title, tuple(found[i] for i in used), shown, long=True)
