"""Google SecOps rules in YARA-L 2, such as those of github.com/chronicle/detection-rules: their `meta` sections."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from navlayers.mapping.formats.rules import rule_set
from navlayers.mapping.formats.rules.field_table import IDS, FieldTable, one_per_document
from navlayers.mapping.formats.rules.rule_set import Content, Grouping
from navlayers.mapping.formats.rules.tree import branch_of, scalar_at
from navlayers.mapping.formats.yaml_files import FileKind

if TYPE_CHECKING:
    from navlayers.mapping.formats.findings import Findings
    from navlayers.mapping.formats.source import Source
    from navlayers.mapping.formats.yaml_tree import Node, Scalar

RULE = re.compile(rb"^[ \t]*rule[ \t]+(\w+)\s*\{", re.MULTILINE)
_META = re.compile(rb"\bmeta[ \t]*:")
_PAIR = re.compile(rb"\s*(?://[^\n]*\n\s*)*(\w+)[ \t]*=[ \t]*(?:\"((?:[^\"\\\n]++|\\.)*+)\"|`([^`]*)`|([^\s\"]+))")
"""A key and its value: between double quotes or backquotes, or a number or truth value."""

_TABLE = FieldTable(
    id=("rule_id",),
    name=("rule_name",),
    comment=("description",),
    techniques=(("mitre_attack_technique",), ("technique",), ("mitre",), ("mitre_attack_url",)),
    tactics=("mitre_attack_tactic",),
    references=("reference",),
    groups={"level": ("severity",), "product": ("platform",)},
    other={
        "level": ("severity",),
        "priority": ("priority",),
        "type": ("type",),
        "product": ("platform",),
        "data source": ("data_source",),
        "tactic": ("mitre_attack_tactic",),
        "author": ("author",),
    },
    dates=(("created",),),
    ids=IDS,
)


def _parse(source: Source, findings: Findings) -> list[Node]:
    """The `meta` sections of the rules of a file, with the rule's name where there is no rule_id or rule_name."""
    rules: list[Node] = []
    starts = [*RULE.finditer(source.data)]
    ends = [*(after.start() for after in starts[1:]), len(source.data)]
    for start, end in zip(starts, ends, strict=False):
        name = scalar_at(source, start[1].decode(), start.start(1))
        values: dict[str, list[Scalar]] = {}
        section = _META.search(source.data, start.end(), end)
        offset = section.end() if section else end
        while pair := _PAIR.match(source.data, offset, end):
            value = next(number for number in (2, 3, 4) if pair[number] is not None)
            values.setdefault(pair[1].decode(), [scalar_at(source, pair[value].decode(), pair.start(value))])
            offset = pair.end()
        for key in ("rule_id", "rule_name"):
            values.setdefault(key, [name])
        rules.append(branch_of(values, source.place(start.start(1))))
    return rules


CONTENT = Content(
    FileKind("YARA-L rule", "a YARA-L rule: rule NAME { meta: … }", frozenset({"rule_id"})),
    "yara-l",
    "Google SecOps rules",
    _parse,
    one_per_document(_TABLE),
    {
        "level": Grouping("Severity", ("critical", "high", "medium", "low", "informational", "info")),
        "product": Grouping("Platform"),
    },
    "add mitre_attack_technique to its meta",
)
read = partial(rule_set.read, content=CONTENT)
