"""Analytic rules of Microsoft Sentinel as YAML or ARM templates, and custom detections of Defender as JSON."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from navlayers.errors import InputError, Problem
from navlayers.mapping.formats.rules import rule_set
from navlayers.mapping.formats.rules.field_table import FieldTable, documents, one_per_document
from navlayers.mapping.formats.rules.rule_set import Content, Grouping
from navlayers.mapping.formats.rules.tree import MAX_DEPTH, too_deep, tree
from navlayers.mapping.formats.yaml_files import FileKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.mapping.formats.findings import Findings
    from navlayers.mapping.formats.source import Source
    from navlayers.mapping.formats.yaml_tree import Node

_ALERT = ("detectionAction", "alertTemplate")
"""Where a custom detection of Defender has what its alerts say."""

_TABLE = FieldTable(
    id=("id",),
    name=("name",),
    comment=("description",),
    techniques=(("relevantTechniques",), ("techniques",), ("subTechniques",), (*_ALERT, "mitreTechniques")),
    tactics=("tactics",),
    groups={"level": ("severity",), "status": ("status",), "product": ("requiredDataConnectors", "connectorId")},
    other={
        "level": ("severity",),
        "status": ("status",),
        "enabled": ("enabled",),
        "type": ("kind",),
        "product": ("requiredDataConnectors", "connectorId"),
        "data source": ("requiredDataConnectors", "dataTypes"),
        "tactic": ("tactics",),
        "version": ("version",),
    },
)
_READ = frozenset(
    {
        *(
            "id",
            "name",
            "description",
            "severity",
            "status",
            "enabled",
            "kind",
            "requiredDataConnectors",
            "tactics",
        ),
        *("relevantTechniques", "techniques", "subTechniques", "version", "query", "detectionAction"),
    }
)
_NAMES = {"displayName": "name", "isEnabled": "enabled", "alertRuleTemplateName": "template"}
"""Key of a rule in JSON → the key of the same value in YAML."""


_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_array = msgspec.json.Decoder(list[msgspec.Raw])


def _parse(source: Source, findings: Findings) -> list[Node]:
    if source.data.lstrip()[:1] not in {b"{", b"["}:
        return documents(source, findings, _READ)
    rules = _rules(source, source.data.strip(), len(source.data) - len(source.data.lstrip()))
    return [tree(source, rule, span, _READ) for rule, span in rules]


def _rules(
    source: Source, text: bytes, start: int, depth: int = 1
) -> Iterator[tuple[dict[str, Any], tuple[int, int]]]:
    """The rules in a JSON text with their offsets: resources of a template with a query, or custom detections.

    Args:
        source: the whole text.
        text: the part of it that is looked at.
        start: where that starts.
        depth: how deep it is nested.
    """
    if text[:1] not in {b"{", b"["}:
        return
    if depth > MAX_DEPTH:
        place = source.place(start)
        raise too_deep(source, place.line or 1, place.column or 1)
    try:
        value: Any = (_object if text[:1] == b"{" else _array).decode(text)
        properties = value.get("properties", b"") if isinstance(value, dict) else b""
        known = _object.decode(properties) if bytes(properties)[:1] == b"{" else {}
        keys = value.keys() | known.keys() if isinstance(value, dict) else set()
        if "displayName" in keys and not keys.isdisjoint({"query", "techniques", "detectionAction"}):
            whole = msgspec.json.decode(text)
            whole |= whole["properties"] if known else {}
            # The name of a resource is an expression that makes an id.
            named = {_NAMES.get(key, key): inner for key, inner in whole.items() if key != "name"}
            yield named, (start, start + len(text))
            return
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(Problem(f"this is not JSON: {error}", source.place(start), code="syntax")) from None
    offset = 0
    for raw in value.values() if isinstance(value, dict) else value:
        inner = bytes(raw)
        offset = max(text.find(inner, offset), 0)
        yield from _rules(source, inner, start + offset, depth + 1)
        offset += len(inner)


CONTENT = Content(
    FileKind(
        "Sentinel rule",
        "a Sentinel rule: id, name, severity, relevantTechniques",
        frozenset({"relevantTechniques", "techniques", "query", "detectionAction"}),
    ),
    "sentinel",
    "Microsoft Sentinel rules",
    _parse,
    one_per_document(_TABLE),
    {
        "level": Grouping("Severity", ("high", "medium", "low", "informational")),
        "status": Grouping("Status", ("available", "deprecated")),
        "product": Grouping("Data connector"),
    },
    "add relevantTechniques",
)
read = partial(rule_set.read, content=CONTENT)
