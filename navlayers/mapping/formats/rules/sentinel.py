"""Analytic rules of Microsoft Sentinel as YAML or ARM templates, and custom detections of Defender as JSON."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from navlayers.errors import InputError, Problem
from navlayers.mapping.formats.rules import rule_set
from navlayers.mapping.formats.rules.field_table import FieldTable, documents, one_per_document
from navlayers.mapping.formats.rules.rule_set import Content, Grouping
from navlayers.mapping.formats.rules.tree import tree
from navlayers.mapping.formats.yaml_files import FileKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.mapping.formats.context import Findings
    from navlayers.mapping.formats.source import Source
    from navlayers.mapping.formats.yaml_tree import Node

_ALERT = ("detectionAction", "alertTemplate")
"""Where a custom detection of Defender has what its alerts say."""

_TABLE = FieldTable(
    id=("id",),
    name=("name",),
    comment=("description",),
    techniques=(("relevantTechniques",), ("techniques",), ("subTechniques",), (*_ALERT, "mitreTechniques")),
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


def _parse(source: Source, findings: Findings) -> list[Node]:
    if source.data.lstrip()[:1] not in {b"{", b"["}:
        return documents(source, findings, _READ)
    try:
        value = msgspec.json.decode(source.data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(Problem(f"this is not JSON: {error}", source.place(0), code="syntax")) from None
    return [tree(source, rule, keys=_READ) for rule in _rules(value)]


def _rules(value: Any) -> Iterator[dict[str, Any]]:
    """The rules below a value: resources of a template with a query, or custom detections, as in YAML."""
    if isinstance(value, list):
        for item in value:
            yield from _rules(item)
    elif isinstance(value, dict):
        properties = value.get("properties")
        rule = {**value, **properties} if isinstance(properties, dict) else value
        if "displayName" in rule and not rule.keys().isdisjoint({"query", "techniques", "detectionAction"}):
            # The name of a resource is an expression that makes an id.
            yield {_NAMES.get(key, key): text for key, text in rule.items() if key != "name"}
        else:
            for inner in value.values():
                yield from _rules(inner)


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
