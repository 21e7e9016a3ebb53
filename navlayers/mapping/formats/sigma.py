"""Reader of Sigma rules: a folder of them, also nested, is one set, and so is one file.

A rule is a capability that detects the techniques of its `attack.tNNNN` tags. The format is that of
github.com/SigmaHQ/sigma-specification; `action: global`, `reset` and `repeat` are those of its first version.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache, partial
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers._text.dates import day
from navlayers._text.slugs import slug
from navlayers._text.spelling import suggestion
from navlayers._text.wording import bare, comma_list, or_list, quoted
from navlayers.errors import InputError, Place, Problem
from navlayers.mapping.formats import value_rules
from navlayers.mapping.formats.findings import Findings, Issue
from navlayers.mapping.formats.metadata import dated, make_head
from navlayers.mapping.formats.source import Source
from navlayers.mapping.formats.yaml_fields import Fields
from navlayers.mapping.formats.yaml_files import FileKind, Parts, read_files
from navlayers.mapping.formats.yaml_tree import Branch, Listing, Node, Scalar, documents
from navlayers.mapping.model import Capability, Mapping, MappingSet, MappingType

if TYPE_CHECKING:
    from navlayers.mapping.formats.context import Context, Places
    from navlayers.mapping.formats.source import Folder

_TYPE = "detects"
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

_KIND = FileKind("Sigma rule", "a Sigma rule: title, logsource, detection, tags", _RULE, skip_broken=True)

MOST_REPEATED = 1_000_000
"""Maximum characters of a file, plus `_VALUE` per value, that its rules take from other documents."""

_VALUE = 10
_LOGSOURCE = {"product": "product", "category": "log"}
"""Part of a rule's log source that is a group → prefix of the group's id."""

_TITLES = {"level": "Level", "status": "Status", "product": "Product", "log": "Log category"}


# Thousands of rules have the same tags.
_technique_named = cache(value_rules.technique_named)


class _Rule(NamedTuple):
    """A rule: one document, or all documents of a file with the same id."""

    id: str
    groups: dict[str, None]
    techniques: set[str]


def read(source: Source | Folder, context: Context) -> tuple[MappingSet, Places]:
    """Read a folder of rules, or the rules of one file.

    Raises:
        InputError: no file is a rule, or rules are wrong in the places listed.
    """
    findings = context.findings
    # Rules without an id are named by their path from here on.
    top = -1 if isinstance(source, Source) else len(Path(source.path).parts)
    # SigmaHQ has a folder per kind of rules: rules, rules-emerging-threats.
    name = "" if isinstance(source, Source) else Path(source.path).resolve().name
    reader = _Reader(findings, source.path, top)
    for path, trees in read_files(source, _KIND, partial(documents, keys=_READ), findings):
        reader.file(path, trees)
    findings.raise_errors()
    metadata = {"framework": "sigma", "role": "detection", "title": "Sigma rules" + (f": {name}" if name else "")}
    metadata |= dated(reader.dates)
    techniques = (mapping.technique for mapping in reader.parts.mappings)
    head = make_head(context, metadata, techniques, Place(source.path), reader.tactics)
    reader.report_omitted()
    return reader.finish(head), reader.parts.places


class _Reader:
    def __init__(self, findings: Findings, path: str, top: int) -> None:
        self.dates: set[str] = set()
        self.tactics: list[str] = []
        self.parts = Parts(path, findings)
        self._findings = findings
        self._path = path
        self._top = top
        self._group_names: dict[str, str] = {}
        self._group_ids: dict[tuple[str, str], str] = {}
        self._unread: Counter[str] = Counter()
        self._values: dict[str, str] = {}
        self._numbers: dict[str, int] = {}

    def file(self, path: str, trees: list[Node]) -> None:
        """Read the rules of one file, each with the global parts before it."""
        shared: dict[str, tuple[Scalar, Node]] = {}
        previous: dict[str, tuple[Scalar, Node]] = {}
        rules: dict[str, _Rule] = {}
        left = MOST_REPEATED
        sizes: dict[int, int] = {}
        for number, tree in enumerate(trees, 1):
            if not isinstance(tree, Branch):
                continue
            fields = Fields(path, tree, self._findings)
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
            left -= sum(_size(pair[1], sizes) for key, pair in inherited.items() if key in _READ)
            if left < 0:
                message = "the global parts of this file are too large for its number of rules"
                expected = f"at most {MOST_REPEATED:,} characters in all rules together"
                place = fields.place()
                raise InputError(Problem(message, place, expected, "split the file", code="refused-yaml"))
            previous = items
            part = not ("id" in tree.items or "title" in tree.items)
            rule = fields.inner(Branch(items, tree.line, tree.column)) if inherited else fields
            with self.parts.left_out_with_errors("rule"):
                self._rule(rule, number, rules, part=part)
            if self._findings.leaves_out:
                rules = {key: rule for key, rule in rules.items() if rule.id in self.parts.capabilities}

    def _rule(self, fields: Fields, number: int, rules: dict[str, _Rule], *, part: bool) -> None:
        for key in fields.branch.items:
            if key not in _READ:
                self._unread[key] += 1
        for key in ("date", "modified"):
            date = day(fields.text(key))
            if date is not None:
                self.dates.add(date)
        title, id_ = fields.text("title"), fields.text("id").lower()
        key = id_ or title or str(number)
        logsource = fields.branch.get("logsource")
        source = fields.inner(logsource) if isinstance(logsource, Branch) else None
        groups = self._groups(fields, source)
        if part and key in rules:
            # Another log source of a rule adds groups and techniques to the rule.
            rule = rules[key]
            rule.groups.update(dict.fromkeys(groups))
            changed = msgspec.structs.replace(self.parts.capabilities[rule.id], groups=tuple(rule.groups))
            self.parts.capabilities[rule.id] = changed
            self._techniques(fields, source, changed, rule.techniques)
            return
        id_key = next((key for key in ("id", "title") if key in fields), "")
        id_ = self._unique(fields, id_, number if rules else None, id_key)
        references = tuple(dict.fromkeys(text for text, _ in fields.texts("references")))
        capability = Capability(id_, title or id_, tuple(groups), references)
        rules[key] = rule = _Rule(id_, dict.fromkeys(groups), set())
        where = "title" if "title" in fields else id_key
        keys = {"id": "id", "name": "title", "references": "references", "groups": "level"}
        self.parts.add(capability, fields, where, **keys)
        self._techniques(fields, source, capability, rule.techniques)

    def _unique(self, fields: Fields, id_: str, number: int | None, id_key: str) -> str:
        """A unique id for a rule: its own, else its path, with its number in the file if needed."""
        if id_ and id_ not in self.parts.capabilities:
            return id_
        path = "-".join(Path(fields.path).parts[self._top :])
        name = slug(path.rpartition(".")[0] or path) or "rule"
        if not id_ and number is not None:
            id_ = f"{name}-{number}"
        elif not id_:
            id_ = name
        if id_ in self.parts.capabilities:
            # Resume counting where it ended: thousands of rules with one id would take minutes.
            tries = chain([(name, 1)], ((f"{name}-{n}", n) for n in count(self._numbers.get(name, 2))))
            other, last = next(pair for pair in tries if pair[0] not in self.parts.capabilities)
            self._numbers[name] = last + 1
            message = f"duplicate rule id {bare(id_)}"
            hint = f"this rule is read as {other}; give it a unique id"
            fields.report(Issue(message, hint=hint, fatal=False, code="repeated-rule"), id_key)
            id_ = other
        return id_

    def _groups(self, fields: Fields, source: Fields | None) -> list[str]:
        """Groups of a rule by its level, its status, and the product and category of its log source."""
        groups = []
        for key, known in (("level", _LEVELS), ("status", _STATUSES)):
            text = fields.text(key).lower()
            if text and text not in known:
                message, hint = f"unknown {key} {quoted(text)}", suggestion(text, known)
                fields.report(Issue(message, or_list(known), hint, fatal=False, code="unknown-term"), key)
            if text:
                groups.append(self._group(key, text))
        if source is not None:
            for key, start in _LOGSOURCE.items():
                text = source.text(key).lower()
                if text:
                    groups.append(self._group(start, text))
        return groups

    def _group(self, key: str, text: str) -> str:
        id_ = self._group_ids.get((key, text))
        if id_ is None:
            id_ = self._group_ids[key, text] = f"{key}-{slug(text) or text}"
            self._group_names.setdefault(id_, f"{_TITLES[key]}: {text}")
        return id_

    def _techniques(self, fields: Fields, source: Fields | None, capability: Capability, seen: set[str]) -> None:
        rest: list[str] = []
        techniques: list[tuple[str, Scalar]] = []
        for text, node in fields.texts("tags"):
            tag = _TECHNIQUE.fullmatch(text)
            if tag is None:
                rest.append(text)
                if name := _NAME.fullmatch(text):
                    self.tactics.append(name[1].lower().replace("_", "-"))
                    if meant := _technique_named(name[1]):
                        message = f"tag {quoted(text)} has the name of a technique instead of its id"
                        fields.report(
                            Issue(message, "a tag such as attack.t1059", meant, fatal=False, code="unknown-term"),
                            node,
                        )
                continue
            # Tags of Sigma are in lower case, ids of ATT&CK in upper case.
            technique, issue = value_rules.technique(tag[1].upper())
            # The place is that of the id, after the quote and "attack."
            id_node = Scalar("", True, node.line, node.column + (not node.plain) + tag.start(1))
            fields.report(issue, id_node)
            if technique is not None and technique not in seen:
                seen.add(technique)
                techniques.append((technique, id_node))
        if not techniques:
            return
        references, comment = capability.references, fields.text("description")
        fields.report_references(len(references), len(techniques), techniques[0][1])
        other = self._other(fields, source, rest)
        for technique, id_node in techniques:
            mapping = Mapping(capability.id, technique, _TYPE, "detect", None, comment, references, other=other)
            self.parts.add(mapping, fields, id_node, technique=id_node, comment="description")

    def _other(self, fields: Fields, source: Fields | None, tags: list[str]) -> tuple[tuple[str, str], ...]:
        pairs = [(key, fields.text(key)) for key in _KEPT if key != "author"]
        pairs.append(("author", ", ".join(text for text, _ in fields.texts("author"))))
        if source is not None:
            parts = [(key, source.text(key)) for key in (*_LOGSOURCE, "service")]
            pairs.append(("logsource", ", ".join([f"{key} {text}" for key, text in parts if text])))
        pairs.append(("tags", ", ".join(tags)))
        return tuple((key, self._values.setdefault(text, text)) for key, text in pairs if text)

    def report_omitted(self) -> None:
        """Report, once for all rules, how many have no technique tag and which fields are not carried over."""
        rules, mapped = len(self.parts.capabilities), {mapping.capability for mapping in self.parts.mappings}
        if idle := rules - len(mapped):
            message = f"{idle:,} of {rules:,} rules have no technique tag"
            hint = "add tags such as attack.t1059; the rules are kept without mappings"
            issue = Issue(message, hint=hint, fatal=False, code="capability-without-mapping")
            self._findings.add(issue, Place(self._path))
        keys = [key for key, _ in sorted(self._unread.items(), key=lambda item: (-item[1], item[0]))]
        if keys:
            message = f"rule fields not carried over: {comma_list(keys)}"
            self._findings.add(Issue(message, fatal=False, code="not-carried"), Place(self._path))

    def finish(self, head: MappingSet) -> MappingSet:
        """The whole set; groups by level and status in the order of Sigma's specification, then by log source."""
        order = [*(f"level-{level}" for level in _LEVELS), *(f"status-{status}" for status in _STATUSES)]
        kinds = list(_TITLES)

        def rank(id_: str) -> tuple[int, int, str]:
            return kinds.index(id_.partition("-")[0]), order.index(id_) if id_ in order else len(order), id_

        return self.parts.in_set(
            head,
            groups={id_: self._group_names[id_] for id_ in sorted(self._group_names, key=rank)},
            mapping_types=(MappingType(_TYPE, _TYPE),),
        )


def _size(node: Node, known: dict[int, int]) -> int:
    """The size of a value as far as it is read: text, a list of texts, or a mapping of texts."""
    if id(node) not in known:
        values = [value for _, value in node.items.values()] if isinstance(node, Branch) else []
        nodes = [node, *values, *(node.items if isinstance(node, Listing) else [])]
        known[id(node)] = sum(_VALUE + (len(part.text) if isinstance(part, Scalar) else 0) for part in nodes)
    return known[id(node)]
