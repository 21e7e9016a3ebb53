"""Atomic Red Team: the YAML files of its atomics. Its tests try techniques; they cover none."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from navlayers.mapping.formats.rules import rule_set
from navlayers.mapping.formats.rules.field_table import FieldTable, documents, nodes, one_per_document
from navlayers.mapping.formats.rules.rule_set import Content, Grouping
from navlayers.mapping.formats.yaml_files import FileKind
from navlayers.mapping.formats.yaml_tree import Branch

if TYPE_CHECKING:
    from navlayers.mapping.formats.findings import Findings
    from navlayers.mapping.formats.source import Source
    from navlayers.mapping.formats.yaml_tree import Node

_TABLE = FieldTable(
    id=("auto_generated_guid",),
    name=("name",),
    comment=("description",),
    techniques=(("attack_technique",),),
    groups={"platform": ("supported_platforms",), "executor": ("executor", "name")},
    other={"platform": ("supported_platforms",), "executor": ("executor", "name")},
)


def _parse(source: Source, findings: Findings) -> list[Node]:
    """The tests of a file, each with the technique of the file."""
    tests: list[Node] = []
    for tree in documents(source, findings, ("attack_technique", "atomic_tests")):
        if not isinstance(tree, Branch) or "attack_technique" not in tree.items:
            continue
        shared = {"attack_technique": tree.items["attack_technique"]}
        for test in nodes(tree, ("atomic_tests",)):
            if isinstance(test, Branch):
                tests.append(Branch({**shared, **test.items}, test.line, test.column))
    return tests


CONTENT = Content(
    FileKind(
        "Atomic Red Team file",
        "an atomic: attack_technique, atomic_tests",
        frozenset({"attack_technique"}),
    ),
    "atomic",
    "Atomic Red Team",
    _parse,
    one_per_document(_TABLE),
    {"platform": Grouping("Platform"), "executor": Grouping("Executor")},
    "add attack_technique",
    noun=("test", "tests"),
    role="threat",
    type="tests",
    category=None,
)
read = partial(rule_set.read, content=CONTENT)
