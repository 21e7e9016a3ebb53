"""MITRE's Cyber Analytics Repository: its YAML files. An analytic rates how well it covers each technique."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from navlayers.mapping.formats.rules import rule_set
from navlayers.mapping.formats.rules.field_table import FieldTable, documents, first, nodes, rule_of, tags
from navlayers.mapping.formats.rules.rule_set import Content, Grouping, RuleSet, TechniqueTag
from navlayers.mapping.formats.yaml_fields import Fields
from navlayers.mapping.formats.yaml_files import FileKind
from navlayers.mapping.formats.yaml_tree import Branch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from navlayers.mapping.formats.yaml_tree import Node

_TABLE = FieldTable(
    id=("id",),
    name=("title",),
    comment=("description",),
    techniques=(),
    references=("references",),
    groups={"platform": ("platforms",), "type": ("analytic_types",)},
    other={
        "platform": ("platforms",),
        "type": ("analytic_types",),
        "information domain": ("information_domain",),
        "data source": ("data_model_references",),
        "author": ("contributors",),
    },
    dates=(("submission_date",), ("update_date",)),
    number={"tests": ("unit_tests",)},
)
_SCALE = {"Low": 10.0, "Moderate": 50.0, "Medium": 50.0, "High": 100.0}
"""CAR's ratings in the figures of CTID's minimal, partial and significant; a few analytics say Medium."""


def _rules(rule_set: RuleSet, path: str, trees: Iterable[Node]) -> None:
    for tree in trees:
        if isinstance(tree, Branch):
            with rule_set.parts.left_out_with_errors("rule"):
                rule = rule_of(Fields(path, tree, rule_set.findings), _TABLE, rule_set)
                rule_set.add(rule._replace(techniques=_techniques(tree)))


def _techniques(analytic: Branch) -> Iterator[TechniqueTag]:
    for entry in nodes(analytic, ("coverage",)):
        rating = first(entry, ("coverage",)).capitalize()
        for tag in tags(entry, (("technique",), ("subtechniques",)), None):
            yield tag._replace(value=rating if rating in _SCALE else None)


CONTENT = Content(
    FileKind("CAR analytic", "an analytic: title, id, coverage", frozenset({"coverage"})),
    "car",
    "Cyber Analytics Repository",
    documents,
    _rules,
    {"platform": Grouping("Platform"), "type": Grouping("Type")},
    "add coverage",
    noun=("analytic", "analytics"),
    scale=_SCALE,
)
read = partial(rule_set.read, content=CONTENT)
