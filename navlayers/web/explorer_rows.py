"""The mappings behind the scores, as the explorer shows them: every text once, rows as columns of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from navlayers._text import plain, tidy, web_links
from navlayers.scoring.coverage import without_scores
from navlayers.scoring.scores import number

if TYPE_CHECKING:
    from navlayers.mapping.model import Mapping
    from navlayers.scoring.coverage import Coverage


class Texts:
    """Texts, each kept once and named by its number; control characters have no place in them."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        """The number of a text."""
        if text not in self._numbers:
            self._numbers[text] = len(self._numbers)
        return self._numbers[text]

    @property
    def all(self) -> list[str]:
        """The texts by their numbers."""
        return [clean(text) for text in self._numbers]


def clean(text: str) -> str:
    """The text without control characters, but for the ends of its lines."""
    return "\n".join(map(plain, text.splitlines())) if not text.isprintable() else text


class Rows(msgspec.Struct, frozen=True):
    """Mappings, those of a technique together and the strongest first: a number per mapping in each column.

    `technique`, `capability`, `category` are numbers of the explorer's lists, -1 for no category; `value`, `type`,
    `comment` and each of `references` those of texts. `score` is 0–100, None where there is none.
    """

    technique: list[int]
    capability: list[int]
    category: list[int]
    value: list[int]
    score: list[float | None]
    type: list[int]
    comment: list[int]
    references: list[list[int]]


class Alone(msgspec.Struct, frozen=True):
    """What one capability gives by itself: technique numbers, and per measure a score each, False for nothing."""

    techniques: list[int]
    scores: list[list[float | bool | None]]


class Interned(msgspec.Struct, frozen=True):
    """The lists by which rows name what they hold."""

    techniques: dict[str, int]
    capabilities: dict[tuple[str, str], int]
    categories: Sequence[str]
    texts: Texts


def rows(one: Coverage, lists: Interned) -> Rows:
    """The mappings of an input to techniques of the release."""
    found = sorted(
        ((_place(mapping, score, one, lists), mapping, score) for mapping, score in _scored(one)),
        key=lambda item: item[0],
    )
    texts = lists.texts
    labels = one.labels
    types = _types(one)
    return Rows(
        technique=[lists.techniques[m.technique] for _, m, _ in found],
        capability=[lists.capabilities[m.capability, labels.get(m.capability, m.capability)] for _, m, _ in found],
        category=[lists.categories.index(m.category) if m.category else -1 for _, m, _ in found],
        value=[texts.number(m.value or "") for _, m, _ in found],
        score=[score for _, _, score in found],
        type=[texts.number(types.get(m.type or "", m.type or "")) for _, m, _ in found],
        comment=[texts.number(m.comment) for _, m, _ in found],
        references=[[texts.number(text) for text in _references(m)] for _, m, _ in found],
    )


def _types(one: Coverage) -> dict[str, str]:
    """Mapping types by the names that the set declares, "" where all of its mappings have the same."""
    if len({mapping.type for mapping in one.set.mappings}) < 2:
        return {mapping.type or "": "" for mapping in one.set.mappings}
    return {declared.id: declared.name or declared.id for declared in one.set.mapping_types}


def _scored(one: Coverage) -> list[tuple[Mapping, float | None]]:
    """Each mapping with the number that it counts for; none where scores are numbers of capabilities."""
    rules = one.scored.rules
    made = []
    for mapping in one.scored.mappings:
        score = None if rules.counts else number(mapping.value, rules)
        made.append((mapping, None if score is None else tidy(score)))
    return made


def _place(mapping: Mapping, score: float | None, one: Coverage, lists: Interned) -> tuple[object, ...]:
    category = lists.categories.index(mapping.category) if mapping.category else -1
    label = one.labels.get(mapping.capability, mapping.capability)
    strength = -1 if score is None else score
    # The comment is last, so that the order of the file does not show.
    return (lists.techniques[mapping.technique], category, -strength, label, mapping.capability, mapping.comment)


def _references(mapping: Mapping) -> tuple[str, ...]:
    """Addresses of the web, and as it stands what is none."""
    found: dict[str, None] = {}
    for reference in mapping.references:
        found |= dict.fromkeys(web_links([reference]) or (reference,))
    return tuple(found)


def alone(one: Coverage, measures: Sequence[str | None], lists: Interned) -> dict[int, Alone]:
    """Capability number → what it gives by itself; nothing of layers of counts, which nobody can take apart.

    Scores are those of a layer of that capability alone.
    """
    if one.is_layer and one.counts:
        return {}
    by_capability: dict[str, list[Mapping]] = {}
    for mapping in one.scored.mappings:
        by_capability.setdefault(mapping.capability, []).append(mapping)
    found = {}
    for capability, mappings in sorted(by_capability.items()):
        own = msgspec.structs.replace(one, entries=one.scored.of(mappings), covered_only=False)
        own = without_scores(own) if one.covered_only else own
        by_measure = [own.measures(measure) for measure in measures]
        techniques = sorted(set().union(*by_measure))
        number_ = lists.capabilities[capability, one.labels.get(capability, capability)]
        found[number_] = Alone(
            [lists.techniques[technique] for technique in techniques],
            [[_score(measure, technique) for technique in techniques] for measure in by_measure],
        )
    return found


def _score(measure: dict[str, float | None], technique: str) -> float | bool | None:
    if technique not in measure:
        return False
    score = measure[technique]
    return None if score is None else tidy(score)
