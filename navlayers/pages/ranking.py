"""The page of ranked groups: those to which inputs are most open, as a table, a file and JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from navlayers._text.numbers import percent_text
from navlayers._text.wording import and_list, quantity
from navlayers.analysis.gaps_result import release_title
from navlayers.output.document import Paragraph
from navlayers.pages.results import Field, release_entries, table_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.analysis.gaps_result import Gaps
    from navlayers.output.document import Block
    from navlayers.output.tables import Table

BRIEF = 10
"""Maximum number of groups on a terminal."""


def blocks(gaps: Gaps, most: int | None = BRIEF) -> Iterator[Block]:
    """The answer for a terminal: the first of the ranking in a sentence, then the table; None: all of it."""
    yield Paragraph(headline(gaps))
    yield ranking(gaps, most)


def headline(gaps: Gaps) -> str:
    """The threat to which the inputs are most open, and the number of threats that are covered."""
    rows = gaps.ranking
    first = rows[0]
    # Threats of files have their names in their ids.
    name = first.name if first.name in first.id else f"{first.name} ({first.id})"
    are = "are" if len(gaps.inputs) > 1 else "is"
    share = percent_text(first.open, first.techniques)
    techniques = quantity(first.techniques, "technique")
    of = f"{first.open} of its {techniques}, {share}, {'is' if first.open == 1 else 'are'} {_open(gaps)}"
    most = f"{and_list(gaps.titles)} {are} most open to {name}: {of}"
    if not first.open:
        leave = "leave" if len(gaps.inputs) > 1 else "leaves"
        most = f"{and_list(gaps.titles)} {leave} no technique open"
    closed = sum(not row.open for row in rows)
    notes = "".join(f"; {note}" for note in gaps.threat.remarks)
    ranked = f"{quantity(len(rows), _noun(gaps))} ranked at {release_title(gaps)}"
    return f"{most}. {ranked}, {closed} of them without open techniques{notes}."


def ranking(gaps: Gaps, most: int | None = None) -> Table:
    """A row for each threat, the most open one first; at most `most`."""
    rows = gaps.ranking[:most]
    more = len(gaps.ranking) - len(rows)
    fields = [
        Field(_noun(gaps), [row.name for row in rows]),
        Field("id", [row.id for row in rows], whole=True),
        Field("kind", [row.kind for row in rows], shown=_noun(gaps) == "threat"),
        Field("techniques", [row.techniques for row in rows], "number"),
        Field("uncovered", [row.uncovered for row in rows], "number"),
        Field("weak", [row.weak for row in rows], "number", shown=gaps.total.weak is not None),
        Field("not rated", [row.unrated for row in rows], "number", shown=bool(gaps.total.unrated)),
        Field("open", [row.open for row in rows], "number"),
        Field("share open", [row.share for row in rows], "percent", bar=True),
    ]
    note = f"… and {more:,} more; --all lists them" if more else ""
    return table_of(
        f"{_noun(gaps)}s", f"{_noun(gaps).capitalize()}s by open techniques ({_open(gaps)})", fields, note
    )


def as_json(gaps: Gaps) -> dict[str, object]:
    """The ranking, with the inputs by their names."""
    return {
        **release_entries(gaps.catalogue),
        "summary": headline(gaps),
        "category": gaps.category,
        "weak_below": gaps.weak,
        "inputs": list(gaps.names),
        f"{_noun(gaps)}s": [{**msgspec.structs.asdict(row), "share": round(row.share, 4)} for row in gaps.ranking],
    }


def _noun(gaps: Gaps) -> str:
    return "group" if all(row.kind == "group" for row in gaps.ranking) else "threat"


def _open(gaps: Gaps) -> str:
    return f"not covered, or below {gaps.weak:g}" if gaps.scored else "not covered"
