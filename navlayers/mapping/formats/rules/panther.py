"""Panther rules and policies: the YAML files of github.com/panther-labs/panther-analysis."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from navlayers.mapping.formats.rules import rule_set
from navlayers.mapping.formats.rules.field_table import IDS, FieldTable, documents, first, one_per_document
from navlayers.mapping.formats.rules.rule_set import Content, Grouping
from navlayers.mapping.formats.yaml_files import FileKind
from navlayers.mapping.formats.yaml_tree import Branch

if TYPE_CHECKING:
    from navlayers.mapping.formats.findings import Findings
    from navlayers.mapping.formats.source import Source
    from navlayers.mapping.formats.yaml_tree import Node

_KINDS = frozenset({"rule", "scheduled_rule", "correlation_rule", "policy"})
"""The types of analysis that are rules; others are queries, packs and data models."""

_POLICY = {"RuleID": "PolicyID", "LogTypes": "ResourceTypes"}
"""Key of a rule → the key that a policy has in its place."""

_TABLE = FieldTable(
    id=("RuleID",),
    name=("DisplayName",),
    comment=("Description",),
    techniques=(("Reports", "MITRE ATT&CK"),),
    references=("Reference",),
    groups={"level": ("Severity",), "product": ("LogTypes",)},
    other={
        "level": ("Severity",),
        "status": ("Status",),
        "enabled": ("Enabled",),
        "type": ("AnalysisType",),
        "data source": ("LogTypes",),
        "tags": ("Tags",),
    },
    ids=IDS,
    number={"tests": ("Tests",)},
)
_READ = frozenset(
    {
        *("AnalysisType", "RuleID", "DisplayName", "Description", "Reports", "Reference", "Severity", "LogTypes"),
        *("Status", "Enabled", "Tags", "Tests", *_POLICY.values()),
    }
)


def _parse(source: Source, findings: Findings) -> list[Node]:
    rules: list[Node] = []
    for tree in documents(source, findings, _READ):
        if isinstance(tree, Branch) and first(tree, ("AnalysisType",)) in _KINDS:
            for name, other in _POLICY.items():
                if other in tree.items:
                    tree.items.setdefault(name, tree.items[other])
            rules.append(tree)
    return rules


CONTENT = Content(
    FileKind("Panther rule", "a Panther rule: AnalysisType, RuleID, Severity", frozenset({"RuleID"})),
    "panther",
    "Panther rules",
    _parse,
    one_per_document(_TABLE),
    {
        "level": Grouping("Severity", ("critical", "high", "medium", "low", "info")),
        "product": Grouping("Log type"),
    },
    "add Reports: MITRE ATT&CK",
)
read = partial(rule_set.read, content=CONTENT)
