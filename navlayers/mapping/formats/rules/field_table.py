"""Rules that keep each of their values in a field: a format of them is a table of its fields."""

from __future__ import annotations

import re
from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple

from navlayers.mapping.formats import yaml_tree
from navlayers.mapping.formats.rules.rule_set import Rule, RuleSet, TechniqueTag
from navlayers.mapping.formats.yaml_fields import Fields, is_null
from navlayers.mapping.formats.yaml_tree import Branch, Listing, Scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

    from navlayers.mapping.formats.findings import Findings
    from navlayers.mapping.formats.source import Source
    from navlayers.mapping.formats.yaml_tree import Node

IDS = re.compile(r"(?<![A-Za-z0-9])(?<!AML\.)[Tt][0-9]{4}(?:[./][0-9]{3})?(?![0-9])")
"""The technique ids in a text with other words, also in addresses; those of ATLAS start with "AML."."""

_TEMPLATE = re.compile(r"\{\{|\{%|\$\{|<%|#\{")
"""The start of a placeholder."""

_PLACEHOLDER = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\$\{.*?\}|<%.*?%>|#\{.*?\}|(?:\{\{|\{%|\$\{|<%|#\{).*", re.DOTALL)
"""A placeholder, which stands for a technique that a template does not have yet."""

_HELD = "\0"
"""Stands for each character of a placeholder, so that what is beside it keeps its place."""

Path = tuple[str, ...]
"""The keys that lead to a value; a list on the way stands for each of its items."""


class FieldTable(NamedTuple):
    """Where a rule has its values. Each path starts at the top of the rule.

    Attributes:
        id, name, comment, references: the paths of these.
        techniques: the paths of technique ids.
        tactics: the path of ids or names of tactics, which tell the ATT&CK release.
        groups: name of a grouping → path of its values, which are compared in lower case.
        other: name → path of the other values to keep, in this order.
        dates: paths of the days on which the rule was made or changed.
        ids: finds the ids in the texts at `techniques`; None: each text is an id.
        number: name of the value that has the number of entries at a path, such as of tests → that path.
    """

    id: Path
    name: Path
    comment: Path
    techniques: tuple[Path, ...]
    tactics: Path = ()
    references: Path = ()
    groups: Mapping[str, Path] = {}
    other: Mapping[str, Path] = {}
    dates: tuple[Path, ...] = ()
    ids: re.Pattern[str] | None = None
    number: Mapping[str, Path] = {}


def nodes(node: Node | None, path: Path) -> Sequence[Node]:
    """The nodes at a path below a node, those of all items where a list is on the way."""
    for number, key in enumerate(path):
        if isinstance(node, Branch):  # the usual case first: this is called twenty times for each rule
            node = node.get(key)
        elif isinstance(node, Listing):
            return [found for item in node.items for found in nodes(item, path[number:])]
        else:
            return ()
    if isinstance(node, Listing):
        return [found for item in node.items for found in nodes(item, ())]
    return () if node is None or is_null(node) else (node,)


def texts(node: Node | None, path: Path) -> Iterator[str]:
    """The texts at a path below a node."""
    for found in nodes(node, path):
        if isinstance(found, Scalar) and (text := found.text.strip()):
            yield text


def first(node: Node | None, path: Path) -> str:
    """The first text at a path below a node; "" for none."""
    return next(texts(node, path), "")


def tags(root: Node, paths: Iterable[Path], ids: re.Pattern[str] | None) -> Iterator[TechniqueTag]:
    """The technique ids at paths below a node; a placeholder has none, and gives a tag without an id.

    Args:
        root: the node.
        paths: where ids are.
        ids: finds them in a text; None: each text is an id.
    """
    for path in paths:
        for node in nodes(root, path):
            if not isinstance(node, Scalar):
                # In YAML, braces without quotes are a mapping.
                if isinstance(node, Branch):
                    yield TechniqueTag("", Scalar("", True, node.line, node.column))
                continue
            text = node.text
            held = _TEMPLATE.search(text) is not None
            if held:
                text = _PLACEHOLDER.sub(lambda match: _HELD * len(match[0]), text)
                yield TechniqueTag("", node)
            if ids is None and not held:
                yield TechniqueTag(text.strip(), node)
                continue
            for match in (ids or IDS).finditer(text):
                # "T1059.{{ sub }}" is not T1059.
                if held and (text[match.end() :].lstrip(".")[:1] == _HELD or text[: match.start()].endswith(_HELD)):
                    continue
                column = node.column + (not node.plain) + match.start()
                id_ = match[0].upper().replace("/", ".")
                yield TechniqueTag(id_, Scalar(match[0], True, node.line, column))


def rule_of(fields: Fields, table: FieldTable, rule_set: RuleSet, number: int | None = None) -> Rule:
    """A rule from its fields.

    Args:
        fields: the rule.
        table: where its values are.
        rule_set: counts its dates and tactics.
        number: its number in its file; None for the only one.
    """
    root = fields.branch
    for path in table.dates:
        rule_set.date(first(root, path).replace("/", "-"))
    if table.tactics:
        rule_set.tactics += texts(root, table.tactics)
    counts = ((name, len(nodes(root, path))) for name, path in table.number.items())
    places = {"id": table.id, "name": table.name, "comment": table.comment, **table.groups}
    other = [(name, ", ".join(dict.fromkeys(texts(root, path)))) for name, path in table.other.items()]
    return Rule(
        fields,
        first(root, table.id),
        first(root, table.name),
        tags(root, table.techniques, table.ids),
        [(grouping, text.lower()) for grouping, path in table.groups.items() for text in texts(root, path)],
        first(root, table.comment),
        tuple(dict.fromkeys(texts(root, table.references))) if table.references else (),
        [*other, *((name, str(count)) for name, count in counts if count)],
        {name: node for name, path in places.items() if (node := next(iter(nodes(root, path)), None)) is not None},
        number,
    )


def one_per_document(table: FieldTable, *keys: str) -> Callable[[RuleSet, str, Iterable[Node]], None]:
    """The `rules` of a `Content` each of whose trees is a rule.

    Args:
        table: where a rule has its values.
        keys: a rule has one of these keys at its top; none: any.
    """

    def rules(rule_set: RuleSet, path: str, trees: Iterable[Node]) -> None:
        every = (tree for tree in trees if isinstance(tree, Branch))
        branches = (tree for tree in every if not keys or any(key in tree.items for key in keys))
        # One at a time: a file may have a hundred thousand.
        first = [*islice(branches, 2)]
        for number, branch in enumerate(chain(first, branches), 1):
            fields = Fields(path, branch, rule_set.findings)
            with rule_set.parts.left_out_with_errors("rule"):
                rule_set.add(rule_of(fields, table, rule_set, number if len(first) > 1 else None))

    return rules


def documents(source: Source, findings: Findings, keys: Container[str] | None = None) -> list[Node]:
    """The YAML documents of a file, and the items of those that are lists.

    Args:
        source: the file.
        findings: where problems go.
        keys: as for `yaml_tree.documents`.
    """
    trees = yaml_tree.documents(source, findings, keys)
    return [node for tree in trees for node in (tree.items if isinstance(tree, Listing) else [tree])]
