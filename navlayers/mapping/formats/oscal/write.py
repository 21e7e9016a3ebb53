"""Write OSCAL assessment results: an observation per capability, with the techniques that it is mapped to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

import msgspec

from navlayers._text.dates import day
from navlayers._text.wording import quantity
from navlayers.errors import OutputError, Problem
from navlayers.mapping.formats.context import Written, lost
from navlayers.mapping.model import MappingSet, canonical
from navlayers.mapping.nouns import noun

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from navlayers.mapping.model import Capability, Mapping

VERSION = "1.1.2"
"""The version of OSCAL whose schema the results follow."""

NAMESPACE = "https://attack.mitre.org"
"""Of the properties, whose values are ids of techniques."""

_UNKNOWN_DATE = "1970-01-01"
_NO_TOKEN = re.compile(r"[^\w.-]+")


def encode(mapping_set: MappingSet) -> Written:
    """The set as assessment results of OSCAL, in JSON.

    Raises:
        OutputError: the set has no mappings.
    """
    if not mapping_set.mappings:
        raise OutputError(Problem("the set has no mappings", expected="a set with something to observe"))
    set_ = canonical(mapping_set)
    date = _day(set_)
    results = _results(set_, f"{date}T00:00:00Z")
    data = msgspec.json.format(msgspec.json.encode({"assessment-results": results}), indent=1) + b"\n"
    return Written(data, tuple(_losses(set_, date)))


def _results(set_: MappingSet, time: str) -> dict[str, object]:
    # The ids depend on all of the content: results of a set with any change are other results.
    content = [getattr(set_, field) for field in MappingSet.__struct_fields__]
    own = uuid5(NAMESPACE_URL, msgspec.json.encode(content).decode())
    release = f"ATT&CK {set_.domain} {set_.attack_version}"
    controls = [{"control-id": _token(c.id)} for c in set_.capabilities]
    mapped: dict[str, list[Mapping]] = {}
    for mapping in set_.mappings:
        mapped.setdefault(mapping.capability, []).append(mapping)
    observations = [_observation(c, mapped[c.id], own, time, release) for c in set_.capabilities if c.id in mapped]
    result = {
        "uuid": str(uuid5(own, "result")),
        "title": f"{set_.name_and_version} mapped to {release}",
        "description": f"{quantity(len(set_.mappings), 'mapping')} of {noun(set_).counted(len(observations))}.",
        "start": time,
        "reviewed-controls": {"control-selections": [{"include-controls": controls}]},
        "observations": observations,
    }
    return {
        "uuid": str(own),
        "metadata": {
            "title": f"{set_.name_and_version} mapped to {release}",
            "last-modified": time,
            "version": set_.shown_version or "1",
            "oscal-version": VERSION,
        },
        # An assessment has a plan; that of mappings is where they were published.
        "import-ap": {"href": set_.source or f"#{uuid5(own, 'plan')}"},
        "results": [result],
    }


def _observation(
    capability: Capability, mappings: list[Mapping], own: UUID, time: str, release: str
) -> dict[str, object]:
    techniques = len({mapping.technique for mapping in mappings})
    days = sorted(filter(None, (day(m.evidence.date) for m in mappings if m.evidence)))
    tested = any(m.evidence and m.evidence.level in {"tested", "validated"} for m in mappings)
    return {
        "uuid": str(uuid5(own, capability.id)),
        "title": f"{capability.id} {capability.name}" if capability.name != capability.id else capability.id,
        "description": f"Mapped to {quantity(techniques, 'technique')} of {release}.",
        "props": [
            {"name": "control-id", "value": _token(capability.id)},
            *map(_property, dict.fromkeys(map(_fact, mappings))),
        ],
        "methods": ["TEST" if tested else "EXAMINE"],
        "collected": f"{days[-1]}T00:00:00Z" if days else time,
    }


def _fact(mapping: Mapping) -> tuple[str, str, str, str]:
    evidence = mapping.evidence.level if mapping.evidence else ""
    return mapping.technique, mapping.category or "", mapping.value or "", evidence


def _property(fact: tuple[str, str, str, str]) -> dict[str, str]:
    technique, category, value, evidence = fact
    remarks = "; ".join(f"{name}: {text}" for name, text in (("score", value), ("evidence", evidence)) if text)
    entry = {"name": "technique", "ns": NAMESPACE, "value": technique, "class": category, "remarks": remarks}
    return {name: text for name, text in entry.items() if text}


def _token(text: str) -> str:
    """An id as OSCAL has it, without other characters than letters, digits, ".", "-" and "_": "ac-2.1"."""
    nist = re.fullmatch(r"([A-Z]{2})-0{,9}([0-9]{1,9})(?:\(0{,9}([0-9]{1,9})\))?", text)
    if nist:
        return f"{nist[1]}-{nist[2]}{f'.{nist[3]}' if nist[3] else ''}".lower()
    token = _NO_TOKEN.sub("_", text)
    return token if token[:1].isalpha() or token[:1] == "_" else f"_{token}"


def _day(set_: MappingSet) -> str:
    texts = (set_.details.get("updated", ""), set_.details.get("created", ""), set_.version)
    return next(filter(None, map(day, texts)), _UNKNOWN_DATE)


def _losses(set_: MappingSet, date: str) -> Iterator[Problem]:
    if date == _UNKNOWN_DATE:
        message = f"the set has no date: the results are of {_UNKNOWN_DATE}"
        yield Problem(message, hint="set it with --meta updated=2025-01-31", code="not-carried")
    if set_.non_mappable:
        yield lost(quantity(len(set_.non_mappable), "record"), "assessment results observe what is mapped")
    if any(mapping.comment or mapping.other for mapping in set_.mappings):
        yield lost("comments and fields of mappings", "assessment results have techniques and scores")
