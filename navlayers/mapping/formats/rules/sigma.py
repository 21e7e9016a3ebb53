"""Reader of Sigma rules: a folder of them, also nested, is one set, and so is one file.

A rule is a capability that detects the techniques of its `attack.tNNNN` tags. The format is that of
github.com/SigmaHQ/sigma-specification; `action: global`, `reset` and `repeat` are those of its first version.
"""

from __future__ import annotations

import re
from functools import cache, partial
from typing import TYPE_CHECKING

from navlayers._text.wording import quoted
from navlayers.errors import InputError, Problem
from navlayers.mapping.formats import value_rules
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.rules import rule_set as sets
from navlayers.mapping.formats.rules.rule_set import Content, Grouping, Rule, RuleSet, TechniqueTag
from navlayers.mapping.formats.yaml_fields import Fields
from navlayers.mapping.formats.yaml_files import FileKind
from navlayers.mapping.formats.yaml_tree import Branch, Listing, Node, Scalar, documents

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


_LEVELS = ("critical", "high", "medium", "low", "informational")
_STATUSES = ("stable", "test", "experimental", "deprecated", "unsupported")
_TECHNIQUE = re.compile(r"attack\.\s*(t[0-9].*)", re.IGNORECASE)
"""A tag for a technique, malformed or not. Other tags of ATT&CK are for tactics (attack.execution) and groups."""

_NAME = re.compile(r"attack\.([a-z][a-z_-]+)", re.IGNORECASE)
"""A tag for a tactic, or for a technique by its name instead of its id."""

_KEPT = ("level", "status", "author", "date", "modified", "license")
_READ = frozenset({*_KEPT, "title", "id", "description", "references", "tags", "logsource", "action"})
_RULE = frozenset({"detection", "correlation"})
"""A document with one of these keys is a rule."""

_KEYS = {"id": "id", "name": "title", "references": "references", "groups": "level", "comment": "description"}

MOST_REPEATED = 1_000_000
"""Maximum characters of a file, plus `_VALUE` per value, that its rules take from other documents."""

_VALUE = 10
_LOGSOURCE = {"product": "product", "category": "log"}
"""Part of a rule's log source that is a group → name of the grouping."""

# Thousands of rules have the same tags.
_technique_named = cache(value_rules.technique_named)


def _rules(rule_set: RuleSet, path: str, trees: Iterable[Node]) -> None:
    """Add the rules of one file, each with the global parts before it."""
    shared: dict[str, tuple[Scalar, Node]] = {}
    previous: dict[str, tuple[Scalar, Node]] = {}
    rules: dict[str, str] = {}
    room = MOST_REPEATED
    sizes: dict[int, int] = {}
    for number, tree in enumerate(trees, 1):
        if not isinstance(tree, Branch):
            continue
        fields = Fields(path, tree, rule_set.findings)
        action = fields.text("action").lower()
        if action == "global":
            shared |= tree.items
            continue
        if action == "reset":
            shared = {}
        inherited = {**shared, **(previous if action == "repeat" else {})}
        items = {**inherited, **tree.items} if inherited else tree.items
        if _RULE.isdisjoint(items):
            continue
        room -= sum(_size(pair[1], sizes) for key, pair in inherited.items() if key in _READ)
        if room < 0:
            message = "the global parts of this file are too large for its number of rules"
            expected = f"at most {MOST_REPEATED:,} characters in all rules together"
            raise InputError(Problem(message, fields.place(), expected, "split the file", code="refused-yaml"))
        previous = items
        part = not ("id" in tree.items or "title" in tree.items)
        with rule_set.parts.left_out_with_errors("rule"):
            rule = _rule(rule_set, fields.inner(Branch(items, tree.line, tree.column)) if inherited else fields)
            key = rule.id or rule.name or str(number)
            if part and key in rules:
                rule_set.extend(rules[key], rule)
            else:
                rules[key] = rule_set.add(rule._replace(number=number if rules else None))
        if rules[key] not in rule_set.parts.capabilities:  # it is left out
            del rules[key]


def _rule(rule_set: RuleSet, fields: Fields) -> Rule:
    for key in fields.branch.items:
        if key not in _READ:
            rule_set.unread[key] += 1
    for key in ("date", "modified"):
        rule_set.date(fields.text(key))
    logsource = fields.branch.get("logsource")
    source = fields.inner(logsource) if isinstance(logsource, Branch) else None
    tags = fields.texts("tags")
    groups = [(key, fields.text(key).lower()) for key in ("level", "status")]
    if source is not None:
        groups += [(grouping, source.text(key).lower()) for key, grouping in _LOGSOURCE.items()]
    return Rule(
        fields,
        fields.text("id").lower(),
        fields.text("title"),
        _techniques(rule_set, fields, tags),
        groups,
        fields.text("description"),
        tuple(dict.fromkeys(text for text, _ in fields.texts("references"))),
        _other(fields, source, [text for text, _ in tags if not _TECHNIQUE.fullmatch(text)]),
        _KEYS,
    )


def _techniques(rule_set: RuleSet, fields: Fields, tags: list[tuple[str, Scalar]]) -> Iterator[TechniqueTag]:
    for text, node in tags:
        if tag := _TECHNIQUE.fullmatch(text):
            # Tags are in lower case, ids of ATT&CK in upper case. The place is after the quote and "attack."
            id_node = Scalar("", True, node.line, node.column + (not node.plain) + tag.start(1))
            yield TechniqueTag(tag[1].upper(), id_node)
        elif name := _NAME.fullmatch(text):
            rule_set.tactics.append(name[1].lower().replace("_", "-"))
            if meant := _technique_named(name[1]):
                message = f"tag {quoted(text)} has the name of a technique instead of its id"
                issue = Issue(message, "a tag such as attack.t1059", meant, fatal=False, code="unknown-term")
                fields.report(issue, node)


def _other(fields: Fields, source: Fields | None, tags: list[str]) -> Iterator[tuple[str, str]]:
    yield from ((key, fields.text(key)) for key in _KEPT if key != "author")
    yield "author", ", ".join(text for text, _ in fields.texts("author"))
    if source is not None:
        parts = [(key, source.text(key)) for key in (*_LOGSOURCE, "service")]
        yield "logsource", ", ".join([f"{key} {text}" for key, text in parts if text])
    yield "tags", ", ".join(tags)


def _size(node: Node, known: dict[int, int]) -> int:
    """The size of a value as far as it is read: text, a list of texts, or a mapping of texts."""
    if id(node) not in known:
        values = [value for _, value in node.items.values()] if isinstance(node, Branch) else []
        nodes = [node, *values, *(node.items if isinstance(node, Listing) else [])]
        known[id(node)] = sum(_VALUE + (len(part.text) if isinstance(part, Scalar) else 0) for part in nodes)
    return known[id(node)]


CONTENT = Content(
    FileKind("Sigma rule", "a Sigma rule: title, logsource, detection, tags", _RULE),
    "sigma",
    "Sigma rules",
    partial(documents, keys=_READ),
    _rules,
    {
        "level": Grouping("Level", _LEVELS),
        "status": Grouping("Status", _STATUSES),
        "product": Grouping("Product"),
        "log": Grouping("Log category"),
    },
    "add tags such as attack.t1059",
)
read = partial(sets.read, content=CONTENT)
