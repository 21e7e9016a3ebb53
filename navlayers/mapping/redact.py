"""Reduce a mapping set to facts: ids, names, groups, relations, scores, links and versions, without prose."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, TypeVar

import msgspec

from navlayers._text import web_links
from navlayers.mapping.model import Capability, Mapping, MappingSet, NonMappable

if TYPE_CHECKING:
    from collections.abc import Iterable

_SENTENCE = re.compile(r"[.!?]$|[.!?;]\s")
LONGEST_NAME = 120
"""Longer capability names count as sentences; the longest published name has 110 characters."""

PROSE_SHARE = 0.25
"""Above this share of sentence-like names, all names of a set are treated as descriptions."""


_Row = TypeVar("_Row", Mapping, NonMappable)


def facts(mapping_set: MappingSet) -> MappingSet:
    """The set without comments, descriptions of mapping types, `other` fields, and names that are sentences.

    A capability whose name is a sentence is named after the last part of its id; so are all of a set that
    describes its capabilities rather than names them. References are cleaned by `web_links`.
    """
    shared: dict[tuple[str, ...], tuple[str, ...]] = {}

    def cleaned(references: tuple[str, ...]) -> tuple[str, ...]:
        if references not in shared:
            shared[references] = web_links(references)
        return shared[references]

    def bare(row: _Row) -> _Row:
        return msgspec.structs.replace(
            row, comment="", references=cleaned(row.references), capability_name=None, other=()
        )

    mappings = tuple(map(bare, mapping_set.mappings))
    non_mappable = tuple(map(bare, mapping_set.non_mappable))
    common = _common_links((*mappings, *non_mappable))
    described = sum(map(_is_prose, mapping_set.capabilities))
    prose = described > PROSE_SHARE * len(mapping_set.capabilities)
    return msgspec.structs.replace(
        mapping_set,
        groups={id_: name.strip() or id_ for id_, name in mapping_set.groups.items()},
        mapping_types=tuple(msgspec.structs.replace(t, description="") for t in mapping_set.mapping_types),
        capabilities=tuple(
            Capability(
                capability.id,
                _last_part(capability.id) if prose or _is_prose(capability) else capability.name.strip(),
                capability.groups,
                common.get(capability.id, cleaned(capability.references)),
            )
            for capability in mapping_set.capabilities
        ),
        mappings=mappings,
        non_mappable=non_mappable,
    )


def _is_prose(capability: Capability) -> bool:
    name = capability.name.strip()
    return name != capability.id and (len(name) > LONGEST_NAME or bool(_SENTENCE.search(name)))


def _last_part(id_: str) -> str:
    return id_.rpartition(".")[2].strip() or id_


def _common_links(rows: Iterable[Mapping | NonMappable]) -> dict[str, tuple[str, ...]]:
    """Capability → the links that most of its rows carry, as when they were read; cleaning may have joined some."""
    times: dict[str, Counter[tuple[str, ...]]] = {}
    for row in rows:
        if row.capability is not None:
            times.setdefault(row.capability, Counter())[row.references] += 1
    return {id_: min((-count, links) for links, count in counted.items())[1] for id_, counted in times.items()}
