"""CALDERA abilities: the YAML lists of plugins such as github.com/mitre/stockpile."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from navlayers.mapping.formats.rules import rule_set
from navlayers.mapping.formats.rules.field_table import FieldTable, documents, one_per_document
from navlayers.mapping.formats.rules.rule_set import Content, Grouping
from navlayers.mapping.formats.yaml_files import FileKind
from navlayers.mapping.formats.yaml_tree import Branch, Listing

if TYPE_CHECKING:
    from navlayers.mapping.formats.findings import Findings
    from navlayers.mapping.formats.source import Source
    from navlayers.mapping.formats.yaml_tree import Node

_TABLE = FieldTable(
    id=("id",),
    name=("name",),
    comment=("description",),
    techniques=(("technique", "attack_id"), ("technique_id",)),
    groups={"platform": ("platform",)},
    other={"platform": ("platform",), "tactic": ("tactic",), "privilege": ("privilege",)},
)


def _parse(source: Source, findings: Findings) -> list[Node]:
    """The abilities of a file; their platforms are the keys of `platforms`, or the entries of `executors`."""
    abilities: list[Node] = []
    for tree in documents(source, findings):
        if isinstance(tree, Branch):
            platforms = tree.get("platforms")
            if isinstance(platforms, Branch):
                keys: list[Node] = [key for key, _ in platforms.items.values()]
                first = next(iter(platforms.items.values()))[0] if platforms.items else None
                if first is not None:
                    tree.items["platform"] = first, Listing(keys, platforms.line, platforms.column)
            abilities.append(tree)
    return abilities


CONTENT = Content(
    FileKind(
        "CALDERA ability",
        "a list of abilities: id, name, tactic, technique",
        frozenset({"technique"}),
        plural="CALDERA abilities",
    ),
    "caldera",
    "CALDERA abilities",
    _parse,
    one_per_document(_TABLE, "technique", "technique_id"),
    {"platform": Grouping("Platform")},
    "add technique.attack_id",
    noun=("ability", "abilities"),
    role="threat",
    type="tests",
    category=None,
)
read = partial(rule_set.read, content=CONTENT)
