"""Wazuh rules: XML files such as those of github.com/wazuh/wazuh-ruleset. A rule detects the ids of its `mitre`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from navlayers.mapping.formats.rules import rule_set
from navlayers.mapping.formats.rules.field_table import FieldTable, one_per_document
from navlayers.mapping.formats.rules.markup import elements
from navlayers.mapping.formats.rules.rule_set import Content, Grouping
from navlayers.mapping.formats.rules.tree import branch_of, scalar_at
from navlayers.mapping.formats.yaml_files import FileKind

if TYPE_CHECKING:
    from navlayers.mapping.formats.findings import Findings
    from navlayers.mapping.formats.rules.markup import Element
    from navlayers.mapping.formats.source import Source
    from navlayers.mapping.formats.yaml_tree import Node, Scalar

_TABLE = FieldTable(
    id=("id",),
    name=("description",),
    comment=(),
    techniques=(("mitre",),),
    references=("info",),
    groups={"level": ("level",)},
    other={"level": ("level",), "groups": ("group",)},
)


def _parse(source: Source, findings: Findings) -> list[Node]:
    """The rules of a file, whose level is the attribute, and whose `mitre` are the ids in it."""
    rules: list[Node] = []
    for rule in elements(source).descendants("rule"):
        if "id" not in rule.attributes:
            continue
        values: dict[str, list[Scalar]] = {}
        for name in ("id", "level"):
            if name in rule.attributes:
                values[name] = [scalar_at(source, *rule.attributes[name])]
        for name in ("description", "info", "group"):
            if (element := rule.child(name)) is not None:
                values[name] = [_text(source, element)]
        mitre = [one for child in rule.children if child.name == "mitre" for one in child.children]
        values["mitre"] = [_text(source, one) for one in mitre if one.name == "id"]
        rules.append(branch_of(values, source.place(rule.start)))
    return rules


def _text(source: Source, element: Element) -> Scalar:
    text = element.text
    return scalar_at(source, text.strip(), element.content + len(text) - len(text.lstrip()))


CONTENT = Content(
    FileKind("Wazuh rule file", "Wazuh rules: group, rule, mitre", frozenset({"id"})),
    "wazuh",
    "Wazuh rules",
    _parse,
    one_per_document(_TABLE),
    {"level": Grouping("Level", tuple(map(str, range(16, -1, -1))))},
    "add <mitre><id>",
)
read = partial(rule_set.read, content=CONTENT)
