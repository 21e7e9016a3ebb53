"""Falco rules: YAML lists of rules, macros and lists, such as those of github.com/falcosecurity/rules."""

from __future__ import annotations

import re
from functools import partial

from navlayers.mapping.formats.rules import rule_set
from navlayers.mapping.formats.rules.field_table import FieldTable, documents, one_per_document
from navlayers.mapping.formats.rules.rule_set import Content, Grouping
from navlayers.mapping.formats.yaml_files import FileKind

_TABLE = FieldTable(
    id=("rule",),
    name=("rule",),
    comment=("desc",),
    techniques=(("tags",),),
    groups={"level": ("priority",)},
    other={"level": ("priority",), "enabled": ("enabled",), "data source": ("source",), "tags": ("tags",)},
    # Other tags are for maturity, workload and tactic.
    ids=re.compile(r"(?<![A-Za-z0-9])T[0-9]{4}(?:\.[0-9]{3})?(?![0-9])"),
)
_PRIORITIES = ("emergency", "alert", "critical", "error", "warning", "notice", "informational", "info", "debug")

CONTENT = Content(
    FileKind(
        "Falco rule file",
        "a list of Falco rules: rule, desc, condition, tags",
        frozenset({"rule"}),
    ),
    "falco",
    "Falco rules",
    documents,
    one_per_document(_TABLE, "rule"),
    {"level": Grouping("Priority", _PRIORITIES)},
    "add tags such as T1059",
    # Falco's documentation of rules: "enabled", true by default.
    on_by_default=True,
)
read = partial(rule_set.read, content=CONTENT)
