"""The pages of `stats`: the numbers of mapping sets, in short or complete."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers._text.numbers import percent, percent_figure, percent_text
from navlayers._text.wording import quantity
from navlayers.attack.domains import release_name
from navlayers.layer.weakest_tactic import weakest
from navlayers.mapping.model import DEFAULT_SCALE
from navlayers.mapping.nouns import common_noun, noun
from navlayers.output.document import Figure, Heading, Paragraph
from navlayers.pages.results import Field, release_entries, table_of
from navlayers.scoring.options import UNSPECIFIED
from navlayers.scoring.scores import score_set

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.mapping.load import Prepared
    from navlayers.mapping.model import MappingSet
    from navlayers.output.document import Block
    from navlayers.output.tables import Table
    from navlayers.scoring.stats import Stats, TacticStats

_ROWS = 19
"""Maximum number of sets that a terminal shows: an answer has at most 25 lines."""


class SetNumbers(NamedTuple):
    """A set at its release and its statistics."""

    prepared: Prepared
    stats: Stats

    @property
    def release(self) -> str:
        """The release in a table: its version, and its domain unless it is enterprise."""
        return release_name(self.stats.domain, self.stats.attack_version)

    @property
    def mapped(self) -> int:
        """The number of mapped techniques and sub-techniques."""
        return self.stats.techniques + self.stats.subtechniques

    @property
    def share(self) -> float:
        """The share of the matrix that is mapped, in percent."""
        return percent(self.mapped, self.stats.active)


def as_json(counted: SetNumbers) -> dict[str, object]:
    """All numbers of a set."""
    numbers = counted.stats
    # Not asdict, which also converts the structs inside.
    fields = ((field, getattr(numbers, field)) for field in numbers.__struct_fields__)
    own = {field: value for field, value in fields if value is not msgspec.UNSET}
    return {"name": counted.prepared.name} | own | release_entries(counted.prepared.catalogue)


def brief(numbers: Sequence[SetNumbers], *, drawing: bool) -> Iterator[Block]:
    """The answer for a terminal: of one set its sentence, matrix and values; of several a row each.

    `drawing`: the terminal shows pictures, such as the matrix.
    """
    if len(numbers) != 1:
        shown = numbers[:_ROWS] if drawing else numbers
        table = short_sets(shown)
        more = len(numbers) - len(shown)
        note = f"… and {more:,} more; --all lists them" if more else ""
        yield msgspec.structs.replace(table, note="; ".join(filter(None, (note, table.note))))
        return
    (one,) = numbers
    yield Paragraph(headline(one))
    if drawing:
        yield _matrix(one)
    table = values(one)
    # Of an unscored set with one type of mappings, the sentence says their number.
    if one.stats.scored or len({value for counts in one.stats.values.values() for value in counts}) > 1:
        yield table
    yield from segments(one, _ROWS if drawing else None)


def segments(numbers: SetNumbers, most: int | None = None) -> Iterator[Block]:
    """What is mapped in each segment, or in the first `most`; nothing for a set without segments."""
    stats = numbers.stats
    every_row = stats.segments or ()
    if not every_row:
        return
    rows = every_row[:most]
    words = noun(numbers.prepared.set)
    some = f"{stats.in_all_segments:,} of the {numbers.mapped:,} techniques and sub-techniques"
    every = "each of them" if len(every_row) > 1 else "it"
    title = f"{quantity(len(every_row), 'segment')}: {some} are mapped in {every}"
    more = len(every_row) - len(rows)
    weakest_of = cache(_weakest)  # segments with the same techniques share their numbers
    fields = [
        Field("segment", [each.segment for each in rows]),
        Field(words.header, [each.capabilities for each in rows], "number"),
        Field("mapped", [each.techniques + each.subtechniques for each in rows], "number"),
        Field(
            "of the matrix",
            [percent(each.techniques + each.subtechniques, stats.active) for each in rows],
            "percent",
            bar=True,
        ),
        Field("weakest tactic", [weakest_of(each.tactics) for each in rows]),
    ]
    table = table_of("segments", title, fields)
    yield msgspec.structs.replace(table, note=f"… and {more:,} more; --all lists them") if more else table


def _weakest(tactics: Sequence[TacticStats]) -> str:
    """The tactic in which least is mapped: "Impact, 1 of 7"."""
    hole = weakest(((each.name, each.mapped, each.total) for each in tactics), "mapped")
    tactic = next((each for each in tactics if each.name in hole.tactics[:1]), None)
    if tactic is None:
        return ""
    more = f", +{len(hole.tactics) - 1} more" if len(hole.tactics) > 1 else ""
    return f"{tactic.name}, {tactic.mapped} of {tactic.total}{more}"


def _matrix(one: SetNumbers) -> Figure:
    from navlayers.layer.build import layers_of  # noqa: PLC0415 - slow, and only terminals show it
    from navlayers.layer.view import View  # noqa: PLC0415

    prepared = one.prepared
    (built,) = layers_of(score_set(prepared.set, prepared.catalogue), ["overview"])
    unscored = f"not {noun(prepared.set).covered if one.stats.scored else 'mapped'}"
    view = View.from_layer(built.layer, prepared.catalogue)
    return Figure(msgspec.structs.replace(view, unscored=unscored), "", "")


def every_table(numbers: Sequence[SetNumbers]) -> Iterator[Block]:
    """All numbers: a row per set, then facts, tactics and values of each."""
    yield sets(numbers)
    for each in numbers:
        name = f"{each.prepared.name}: {each.prepared.set.name_and_version}"
        title = f"{name}, ATT&CK {each.prepared.catalogue.label}"
        yield Heading(title)
        if statement := _statement(each):
            yield Paragraph(f"{statement}.")
        yield from (facts(each), tactics(each), values(each), *segments(each))


def _statement(numbers: SetNumbers) -> str:
    return noun(numbers.prepared.set).statement(numbers.mapped, numbers.stats.capabilities)


def headline(numbers: SetNumbers) -> str:
    """What the set maps, with what, and where it maps least."""
    stats, words = numbers.stats, noun(numbers.prepared.set)
    release = numbers.prepared.catalogue.title
    matrix = f"{numbers.mapped:,} of the {stats.active:,} techniques and sub-techniques of {release}"
    share = percent_text(numbers.mapped, stats.active)
    sentence = _statement(numbers) or f"{stats.set} maps {words.counted(stats.capabilities)}"
    sentences = [f"{sentence}: {matrix} ({share}), {quantity(stats.mappings, 'mapping')}."]
    if left_out := left_out_of_layers(numbers.prepared.set, stats):
        sentences.append(f"{left_out}.")
    hole = weakest(((each.name, each.mapped, each.total) for each in stats.tactics), "mapped")
    if hole.text and not words.threat:
        sentences.append(f"{hole.text}.")
    if stats.evidence:
        levels = ", ".join(f"{count:,} {level}" for level, count in stats.evidence.items())
        sentences.append(f"Evidence of the mappings: {levels}.")
    if stats.non_mappable.capabilities:
        sentences.append(f"{words.counted(stats.non_mappable.capabilities)} cannot be mapped.")
    return " ".join(sentences)


def left_out_of_layers(mapping_set: MappingSet, stats: Stats) -> str:
    """What the numbers count and layers do not show: mappings to techniques that are not active; "" for none."""
    count, others = _left_out(mapping_set, stats)
    if not count:
        return ""
    some = f", and with them {noun(mapping_set).counted(others)}" if others else ""
    return f"Layers leave out {quantity(count, 'mapping')} to techniques that are not active in the release{some}"


def _left_out(mapping_set: MappingSet, stats: Stats) -> tuple[int, int]:
    """The numbers of mappings to techniques that are not active, and of the capabilities that have no others."""
    left_out = {technique.id for technique in stats.not_active}
    shown = [mapping.capability for mapping in mapping_set.mappings if mapping.technique not in left_out]
    return len(mapping_set.mappings) - len(shown), stats.capabilities - len(set(shown))


def short_sets(numbers: Sequence[SetNumbers]) -> Table:
    """A row per set for a terminal."""
    fields = [
        Field("set", [each.prepared.name for each in numbers]),
        Field("ATT&CK", [each.release for each in numbers]),
        Field(_header(numbers), [each.stats.capabilities for each in numbers], "number"),
        Field("mapped", [each.mapped for each in numbers], "number"),
        Field("of the matrix", [each.share for each in numbers], "percent", bar=True),
    ]
    return table_of("sets", "", fields, _note(numbers))


def sets(numbers: Sequence[SetNumbers]) -> Table:
    """A row per set."""
    fields = [
        Field("set", [each.prepared.name for each in numbers]),
        Field("ATT&CK", [each.release for each in numbers]),
        Field(_header(numbers), [each.stats.capabilities for each in numbers], "number"),
        Field("techs", [each.stats.techniques for each in numbers], "number"),
        Field("subs", [each.stats.subtechniques for each in numbers], "number"),
        Field("of the matrix", [each.share for each in numbers], "percent"),
    ]
    return table_of("sets", "", fields, _note(numbers))


def _note(numbers: Sequence[SetNumbers]) -> str:
    """The scope of the numbers, and what they count that layers do not show; "" for neither."""
    scopes = [each.prepared.catalogue.scope for each in numbers]
    notes = [f"In scope: {scope}" for scope in scopes if scope][:1]
    for each in numbers:
        _, others = _left_out(each.prepared.set, each.stats)
        if others:
            some = f"{others:,} of the {noun(each.prepared.set).counted(each.stats.capabilities)}"
            notes.append(f"{each.prepared.name}: layers leave out {some}, whose techniques are not active")
    return "; ".join(notes)


def _header(numbers: Sequence[SetNumbers]) -> str:
    return common_noun(noun(each.prepared.set) for each in numbers).header


def facts(numbers: SetNumbers) -> Table:
    """The numbers of a set, a row each."""
    stats, words = numbers.stats, noun(numbers.prepared.set).plural
    rows: dict[str, float | str] = {
        "mappings": stats.mappings,
        f"{words} with a mapping": stats.capabilities,
        "techniques mapped": stats.techniques,
        "sub-techniques mapped": stats.subtechniques,
        f"share of the {stats.active} techniques and sub-techniques": percent_figure(numbers.mapped, stats.active),
        f"of the {stats.base_techniques} base techniques, also by subs": stats.base_techniques_mapped,
        "base techniques not mapped": stats.base_techniques_unmapped,
        f"non-mappable {words}": stats.non_mappable.capabilities,
        "non-mappable techniques": stats.non_mappable.techniques,
        "non-mappable pairs": stats.non_mappable.pairs,
        f"not active in ATT&CK {stats.attack_version}": len(stats.not_active),
    }
    rows |= {f"mappings with evidence: {level}": count for level, count in (stats.evidence or {}).items()}
    return table_of("facts", "", [Field("", list(rows)), Field("", list(rows.values()), "number")])


def tactics(numbers: SetNumbers) -> Table:
    """Per tactic the mapped techniques and sub-techniques."""
    rows = numbers.stats.tactics
    fields = [
        Field("tactic", [tactic.name for tactic in rows]),
        Field("mapped", [tactic.mapped for tactic in rows], "number"),
        Field("techs and subs", [tactic.total for tactic in rows], "number"),
        Field("share", [percent(tactic.mapped, tactic.total) for tactic in rows], "percent", bar=True),
    ]
    return table_of("tactics", "", fields)


_MOST_COLUMNS, _RANGES = 20, 5
"""Maximum numbers, and maximum words, with a column each; the number of ranges that more numbers share."""

_REST = "\0"
"""The column of the rarest of more words than `_MOST_COLUMNS`; no value has this character."""


def values(numbers: SetNumbers) -> Table:
    """Per category the number of mappings of each score value, from the lowest; else per mapping type.

    Values of one number have one column, under their name on the scale if they have one. More numbers than fit
    share columns of equal ranges, each up to its second number; the rarest of more words share one column.
    """
    stats = numbers.stats
    scale = numbers.prepared.set.scale or DEFAULT_SCALE
    totals = [Counter[float | str]() for _ in stats.values]
    headers: dict[float | str, str] = {}
    for total, counts in zip(totals, stats.values.values(), strict=True):
        for value, number in counts.items():
            level = _level(value, scale)
            total[level] += number
            if level not in headers or (value in scale and headers[level] not in scale):
                headers[level] = value
    numbered = sorted(level for level in headers if isinstance(level, float | int))
    words = sorted(level for level in headers if isinstance(level, str))
    place: dict[float | str, float | str] = {}
    if len(numbered) > _MOST_COLUMNS:
        low, width = numbered[0], (numbered[-1] - numbered[0]) / _RANGES
        highest = [low + width * number for number in range(1, _RANGES)] + [numbered[-1]]
        place = {level: next(high for high in highest if level <= high) for level in numbered}
        headers |= {high: f"{high - width:.3g}–{high:.3g}" for high in highest}
        numbered = highest
    if len(words) > _MOST_COLUMNS:
        often = sorted(words, key=lambda word: (-sum(total[word] for total in totals), word))[: _MOST_COLUMNS - 1]
        place |= dict.fromkeys(set(words).difference(often), _REST)
        headers[_REST] = f"{len(words) - len(often):,} others"
        words = [*sorted(often), _REST]
    shown = [Counter[float | str]() for _ in totals]
    for columns, total in zip(shown, totals, strict=True):
        for level, number in total.items():
            columns[place.get(level, level)] += number
    levels: list[float | str] = [*numbered, *words]

    names = ["" if category == UNSPECIFIED else category for category in stats.values]
    first = Field("mappings", names) if any(names) else Field("score", ["mappings"], shown=stats.scored)
    fields = [
        first,
        *(Field(headers[level], [columns[level] for columns in shown], "number") for level in levels),
    ]
    return table_of("values", "", fields)


def _level(value: str, scale: dict[str, float]) -> float | str:
    """The number of a score value; without one, such as a mapping type, the value."""
    try:
        return scale[value] if value in scale else float(value)
    except ValueError:
        return value
