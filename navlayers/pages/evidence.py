"""The answer of `evidence`: what tests show of a set, as blocks and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from navlayers._text.wording import first_few, quantity
from navlayers.mapping.nouns import noun
from navlayers.output.document import Paragraph
from navlayers.pages.results import Field, table_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.analysis.evidence import EvidenceResult
    from navlayers.output.document import Block

_ROWS = 10
_NAMED = 6
_LABELS = {
    "blocked": "blocked",
    "detected": "detected",
    "logged": "only logged",
    "missed": "not detected",
    "not blocked": "not blocked",
    "ran": "ran, result unknown",
    "failed": "did not run",
    "open": "still open",
}


def brief(joined: EvidenceResult, name: str) -> Iterator[Block]:
    """What tests show of a set, in at most 25 lines.

    Args:
        joined: the set with its evidence.
        name: the name of the set.
    """
    words = noun(joined.set)
    total = sum(joined.results.values())
    counts = joined.results
    results = ", ".join(f"{counts[each]:,} {word}" for each, word in _LABELS.items() if each in counts)
    mapped = len(joined.tested) + len(joined.untested)
    has = "has" if len(joined.tested) == 1 else "have"
    tested = f"{len(joined.tested):,} of the {quantity(mapped, 'technique')} of {name} {has} a test with a result"
    yield Paragraph(f"{quantity(total, 'test')}: {results}. {tested}.")
    levels = ", ".join(f"{count:,} {level}" for level, count in joined.raised.items())
    some = quantity(sum(joined.raised.values()), "mapping")
    shared = (
        f", {joined.by_technique:,} of them by results that name no {words.singular}" if joined.by_technique else ""
    )
    raised = f"Evidence of {some} is new: {levels}{shared}." if levels else "No mapping has new evidence."
    more = f" Other tests of {quantity(joined.partly, 'mapping')} were not detected." if joined.partly else ""
    yield Paragraph(raised + more)
    if joined.missed:
        names = {capability.id: capability.name for capability in joined.set.capabilities}
        shown = joined.missed[:_ROWS]
        fields = [
            Field("technique", [one.technique for one in shown]),
            Field(words.singular, [names.get(one.capability, one.capability) for one in shown]),
            Field("tested", [one.date for one in shown]),
            Field("before", [str(one.before or "declared") for one in shown]),
        ]
        rest = len(joined.missed) - len(shown)
        note = f"… and {rest:,} more; --json has all" if rest else ""
        many = quantity(len(joined.missed), "mapping")
        yield Paragraph(f"Tested, not detected: {many}.", warning=True)
        yield table_of("missed", "", fields, note)
    if joined.not_mapped:
        listed = [f"{technique} ({quantity(count, 'test')})" for technique, count in joined.not_mapped.items()]
        yield Paragraph(f"Tested, not mapped by {name}: {first_few(listed, _NAMED)}.")
    if joined.untested:
        few = first_few(joined.untested, _NAMED)
        yield Paragraph(f"Mapped, without a test result: {quantity(len(joined.untested), 'technique')}: {few}.")


def to_json(joined: EvidenceResult, name: str) -> dict[str, Any]:
    """The same as JSON, with all mappings and techniques."""
    fields = {
        field: getattr(joined, field) for field in joined.__struct_fields__ if field not in ("set", "notices")
    }
    return {"name": name, **msgspec.to_builtins(fields)}
