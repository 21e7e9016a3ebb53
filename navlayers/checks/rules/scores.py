"""Rules about ratings, which are categories with values: incomplete, duplicate, conflicting, implausible ones."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from navlayers._text import wording
from navlayers.checks.finding import finding
from navlayers.mapping.model import DECIMAL, DEFAULT_SCALE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.checks.finding import Finding
    from navlayers.checks.subject import Subject
    from navlayers.errors import Place
    from navlayers.mapping.model import Mapping, MappingSet

_Key = tuple[str, str, str | None]

_MOST_REPETITIONS = 20
"""Repetitions of a mapping with a finding of their own; one finding counts the rest, as 10,000 tell no more."""


def incomplete_scores(subject: Subject) -> Iterator[Finding]:
    """Categories without a value and values without a category, in sets that use both."""
    mapping_set = subject.set
    scored = mapping_set.scored
    categorized = any(mapping.category is not None for mapping in mapping_set.mappings)
    if not (scored and categorized):
        return
    for index, mapping in enumerate(mapping_set.mappings):
        if mapping.category is not None and mapping.value is None:
            place = subject.place("mapping", index, "value")
            message = f"{_what(mapping)} has the category {mapping.category} but no value"
            yield finding("category-without-value", place, message, hint="add the value, or remove the category")
        elif mapping.value is not None and mapping.category is None:
            place = subject.place("mapping", index, "category")
            message = f"{_what(mapping)} has the value {wording.bare(mapping.value)} but no category"
            yield finding("value-without-category", place, message, hint="add protect, detect or respond")


def duplicates(subject: Subject) -> Iterator[Finding]:
    """Capabilities rated twice for a technique and category, with the same value or with different ones.

    Rows with different mapping types or segments are different relations; rows that differ only in the group put
    the capability into both groups.
    """
    seen: dict[tuple[object, ...], list[int]] = {}
    mappings = subject.set.mappings
    for index, mapping in enumerate(mappings):
        key: tuple[object, ...] = (mapping.capability, mapping.technique, mapping.category, mapping.type)
        if mapping.other:
            key += tuple(sorted(map(str.casefold, mapping.segments)))
        seen.setdefault(key, []).append(index)
    for same in seen.values():
        if len(same) < 2:
            continue
        alike: dict[tuple[str | None, str | None], list[int]] = {}
        for index in same:
            alike.setdefault((mappings[index].value, mappings[index].group), []).append(index)
        values = dict.fromkeys(value for value, _ in alike if value is not None)
        if len(values) > 1:
            yield _conflict(subject, same, list(values))
        for first, *others in alike.values():
            if others:
                yield from _repetitions(subject, first, others)


def _repetitions(subject: Subject, first: int, others: list[int]) -> Iterator[Finding]:
    mappings = subject.set.mappings
    mapping = mappings[first]
    field = "technique" if mapping.value is None else "value"
    before = subject.place("mapping", first, field)
    # Thousands of rows may repeat one: its message differs only if a row differs in more than its place.
    message, elsewhere = cache(partial(_repetition, mapping)), f" first {_where(before)},"
    single = others if len(others) <= _MOST_REPETITIONS else others[: _MOST_REPETITIONS - 1]
    for index in single:
        here = subject.place("mapping", index, field)
        text = message("" if here == before else elsewhere, _difference(mapping, mappings[index]))
        yield finding("duplicate-mapping", here, text, hint="merge them, or remove one")
    if rest := others[len(single) :]:
        text = f"{_what(mapping)} {_verb(mapping)} {len(rest):,} more times from here on,{elsewhere.rstrip(',')}"
        yield finding("duplicate-mapping", subject.place("mapping", rest[0], field), text, hint="merge them")


def _conflict(subject: Subject, same: list[int], values: list[str]) -> Finding:
    mappings = subject.set.mappings
    here = next(i for i in same if mappings[i].value == values[1])
    first = next(i for i in same if mappings[i].value == values[0])
    value, other = (wording.bare(mappings[i].value or "") for i in (here, first))
    category = f"{mappings[here].category} " if mappings[here].category else ""
    earlier = _where(subject.place("mapping", first, "value"))
    message = f"{_what(mappings[here])} is rated {category}{value} here and {other} {earlier}"
    more = f"{len(values)} values in all; " if len(values) > 2 else ""
    place = subject.place("mapping", here, "value")
    return finding("conflicting-values", place, message, hint=f"{more}layers use the highest; choose one")


def _repetition(mapping: Mapping, where: str, difference: str) -> str:
    return f"{_what(mapping)} {_verb(mapping)} twice,{where} {difference}"


def _verb(mapping: Mapping) -> str:
    rating = f" {mapping.category}" if mapping.category else ""
    rating += f" {wording.bare(mapping.value)}" if mapping.value is not None else ""
    return f"is rated{rating}" if rating else "is mapped"


def _difference(first: Mapping, mapping: Mapping) -> str:
    if first == mapping:
        return "identically"
    if first.comment != mapping.comment:
        return "with another comment"
    return "with other references" if first.references != mapping.references else "with other wording"


def _where(place: Place) -> str:
    return f"in {place.position}" if place.line else "above"


def _what(mapping: Mapping) -> str:
    return f"{mapping.technique} of capability {wording.quoted(mapping.capability)}"


def parents(subject: Subject) -> Iterator[Finding]:
    """Techniques rated lower or higher than all of their sub-techniques; unrated sub-techniques count as 0."""
    catalogue = subject.catalogue
    if catalogue is None or not subject.set.scored:
        return
    best: dict[_Key, float] = {}
    first: dict[_Key, int] = {}
    for index, mapping in enumerate(subject.set.mappings):
        number = score(mapping.value, subject.set)
        if number is not None:
            key: _Key = (mapping.capability, mapping.technique, mapping.category)
            if number > best.get(key, -1):
                best[key], first[key] = number, index
    for key, number in best.items():
        capability, technique, category = key
        children = catalogue.subtechniques(technique)
        rated = [best.get((capability, child.id, category)) for child in children]
        if not any(value is not None for value in rated):
            continue
        # Nothing is known of a sub-technique without a rating, so it is no reason to rate the technique higher.
        numbers = [value or 0 for value in rated]
        mapping = subject.set.mappings[first[key]]
        place = subject.place("mapping", first[key], "value")
        rating = f"{category or 'value'} {mapping.value}"
        if number < min(numbers):
            message = f"{_what(mapping)} is rated {rating}, lower than {_all(len(children))}"
            hint = f"sub-techniques {_range(numbers)}, technique {number:g}, on the scale from 0 to 100"
            yield finding("parent-below-subs", place, message, hint=hint)
        elif number > max(numbers) and (category is not None or not DECIMAL.fullmatch(mapping.value or "")):
            # A number without a category may be a count, which is higher for a technique than for its parts.
            count = sum(value is not None for value in rated)
            rated_subs = f"{count} of its {len(children)} sub-techniques {'is' if count == 1 else 'are'} rated"
            message = f"{_what(mapping)} is rated {rating}, higher than all of its sub-techniques"
            hint = f"{rated_subs}, up to {max(numbers):g}; the technique has {number:g}, on the scale from 0 to 100"
            yield finding("parent-above-subs", place, message, hint=hint)


def score(value: str | None, mapping_set: MappingSet) -> float | None:
    """The number of a score value, 0–100; None without a value."""
    if value is None:
        return None
    scale = mapping_set.scale or DEFAULT_SCALE
    if value in scale:
        return scale[value]
    return float(value) if DECIMAL.fullmatch(value) else None


def _all(count: int) -> str:
    return "its only sub-technique" if count == 1 else f"all of its {count} sub-techniques"


def _range(numbers: list[float]) -> str:
    low, high = min(numbers), max(numbers)
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"
