"""Reader of Sigma rules: a folder of them, also nested, is one set, and so is one file.

A rule is a capability that detects the techniques of its `attack.tNNNN` tags. The format is that of
github.com/SigmaHQ/sigma-specification; `action: global`, `reset` and `repeat` are those of its first version.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers import _text as wording
from navlayers._text import slug
from navlayers.errors import InputError, OtherFileError, Place, Problem
from navlayers.mapping.formats import checks
from navlayers.mapping.formats.findings import Findings, Issue
from navlayers.mapping.formats.folder_sets import (
    Fields,
    FolderPlaces,
    absorb,
    passed_over,
    sources,
    too_many_references,
)
from navlayers.mapping.formats.metadata import make_head
from navlayers.mapping.formats.source import Source, as_text
from navlayers.mapping.formats.yaml_tree import Branch, Listing, Node, Scalar, documents
from navlayers.mapping.model import Capability, Mapping, MappingSet, MappingType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from navlayers.mapping.formats.context import Context
    from navlayers.mapping.formats.source import Folder

_TYPE = "detects"
_LEVELS = ("critical", "high", "medium", "low", "informational")
_STATUSES = ("stable", "test", "experimental", "deprecated", "unsupported")
_TECHNIQUE = re.compile(r"attack\.\s*(t[0-9].*)", re.IGNORECASE)
"""A tag that names a technique, well or not; others of ATT&CK name tactics (attack.execution), groups, software."""

_KEPT = ("level", "status", "author", "date", "modified", "license")
_READ = frozenset({*_KEPT, "title", "id", "description", "references", "tags", "logsource", "action"})
_RULE = frozenset({"detection", "correlation"})
"""What makes a document a rule: what to look for, or which rules to see together."""

MOST_REPEATED = 1_000_000
"""So many characters, and ten for each value, of a file may count for other rules than that which they stand in."""

_EACH = 10
_EXPECTED = "a Sigma rule: title, logsource, detection, tags"
_LOGSOURCE = {"product": "product", "category": "log"}
"""Parts of a rule's log source that are groups, beside the level and the status → how the ids of groups begin."""

_TITLES = {"level": "Level", "status": "Status", "product": "Product", "log": "Log category"}
_DATE = re.compile(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})")


class _Rule(NamedTuple):
    """A rule: one document, or those of one file that have an id in common."""

    fields: Fields
    top: Branch
    id: str
    groups: dict[str, None]
    techniques: set[str]


def read(source: Source | Folder, context: Context) -> tuple[MappingSet, FolderPlaces]:
    """Read a folder of rules, or the rules of one file.

    Raises:
        InputError: no file is a rule, or rules are wrong in the places listed.
    """
    findings = context.findings
    places = FolderPlaces(source.path)
    top = -1 if isinstance(source, Source) else len(Path(source.path).parts)
    reader = _Reader(findings, places, top)
    _read_files(source, reader, findings)
    findings.raise_errors()
    found = {"framework": "sigma", "title": "Sigma rules" + (f": {_name(source)}" if _name(source) else "")}
    if reader.dates:
        found |= {"version": max(reader.dates), "created": min(reader.dates), "updated": max(reader.dates)}
    techniques = (mapping.technique for mapping in reader.mappings)
    head = make_head(context, found, techniques, Place(source.path))
    reader.tell(source.path)
    findings.raise_errors()
    return reader.finish(head), places


def _name(source: Source | Folder) -> str:
    """The name of the folder, which says whose rules they are; that of a file says nothing that a rule does not."""
    return "" if isinstance(source, Source) else Path(source.path).resolve().name


def _read_files(source: Source | Folder, reader: _Reader, findings: Findings) -> None:
    """Read every file; those of a folder that are no rules are counted, the only file of a set is refused."""
    alone = isinstance(source, Source)
    total = 0
    other: list[tuple[str, str]] = []
    for file in sources(source):
        total += 1
        inner = Findings()
        try:
            if isinstance(file, InputError):
                raise file
            path = file.path
            trees = documents(as_text(file), inner)
        except InputError as error:
            if alone:
                raise
            first = error.problems[0]
            at = f" in line {first.place.line}" if first.place and first.place.line else ""
            other.append((first.place.path if first.place else "", first.message + at))
            continue
        if not any(isinstance(tree, Branch) and tree.items.keys() & _RULE for tree in trees):
            if alone:
                raise OtherFileError(
                    Problem("this is not a Sigma rule", Place(path, 1, 1), _EXPECTED, code="wrong-shape")
                )
            other.append((path, ""))
            continue
        absorb(inner.errors(), findings)
        reader.file(path, trees)
    if other:
        findings.add(passed_over(other, total, "Sigma rules"), Place(source.path))
    if len(other) == total:
        message = "no file in this folder is a Sigma rule"
        raise OtherFileError(Problem(message, Place(source.path), _EXPECTED, code="wrong-shape"))


def _below(path: str, top: int) -> str:
    """The id of a rule that has none: the parts of its path from `top` on, without the ending."""
    name = "-".join(Path(path).parts[top:])
    return slug(name.rpartition(".")[0] or name) or "rule"


class _Reader:
    def __init__(self, findings: Findings, places: FolderPlaces, top: int) -> None:
        self.mappings: list[Mapping] = []
        self.dates: set[str] = set()
        self._findings = findings
        self._places = places
        self._top = top
        self._capabilities: dict[str, Capability] = {}
        self._names: dict[str, str] = {}
        self._unread: Counter[str] = Counter()
        self._values: dict[str, str] = {}
        self._tried: dict[str, int] = {}
        self._group_ids: dict[tuple[str, str], str] = {}

    def file(self, path: str, trees: list[Node]) -> None:
        """Read the rules of one file, whose global parts count for each of them."""
        fields = Fields(path, self._findings)
        shared: dict[str, tuple[Scalar, Node]] = {}
        previous: dict[str, tuple[Scalar, Node]] = {}
        rules: dict[str, _Rule] = {}
        left = MOST_REPEATED
        sizes: dict[int, int] = {}
        for number, tree in enumerate(trees, 1):
            if not isinstance(tree, Branch):
                continue
            action = fields.text(tree, "action").lower()
            if action == "global":
                shared |= tree.items
                continue
            if action == "reset":
                shared = {}
            taken = {**shared, **(previous if action == "repeat" else {})}
            items = {**taken, **tree.items}
            if not items.keys() & _RULE:
                continue
            left -= sum(_size(pair[1], sizes) for key, pair in taken.items() if key in _READ)
            if left < 0:
                message = "the shared parts of this file are too large for so many rules"
                expected = f"at most {MOST_REPEATED:,} characters in all rules together"
                place = fields.place(tree)
                raise InputError(Problem(message, place, expected, "split the file", code="refused-yaml"))
            previous = items
            part = not tree.items.keys() & {"id", "title"}
            self._rule(fields, Branch(items, tree.line, tree.column), number, rules, part=part)

    def _rule(self, fields: Fields, top: Branch, number: int, rules: dict[str, _Rule], *, part: bool) -> None:
        self._unread.update(top.items.keys() - _READ)
        for key in ("date", "modified"):
            date = _DATE.fullmatch(fields.text(top, key))
            if date is not None:
                self.dates.add(f"{date[1]}-{date[2]:0>2}-{date[3]:0>2}")
        title = fields.text(top, "title")
        key = fields.text(top, "id").lower() or title or str(number)
        if part and key in rules:
            # The parts of a rule of several log sources: their groups and techniques come together.
            self._more(rules[key], fields, top)
            return
        id_ = fields.text(top, "id").lower()
        if not id_ or id_ in self._capabilities:
            below = _below(fields.path, self._top)
            id_ = id_ or (f"{below}-{number}" if rules else below)
        node = fields.value(top, "id") or fields.value(top, "title") or top
        if id_ in self._capabilities:
            start = self._tried.get(below, 2)
            tries = chain([below], (f"{below}-{number}" for number in count(start)))
            other = next(name for name in tries if name not in self._capabilities)
            if other != below:
                self._tried[below] = int(other.rpartition("-")[2]) + 1
            message = f"duplicate rule id {wording.shown(id_)[1:-1]}"
            hint = f"this rule is read as {other}; give it a unique id"
            fields.report(node, Issue(message, hint=hint, fatal=False, code="repeated-rule"))
            id_ = other
        references = tuple(dict.fromkeys(text for text, _ in fields.texts(top, "references")))
        groups = self._groups(fields, top)
        self._capabilities[id_] = Capability(id_, title or id_, tuple(groups), references)
        rules[key] = rule = _Rule(fields, top, id_, dict.fromkeys(groups), set())
        self._places.keep(
            *("capability", fields.path, fields.value(top, "title") or node),
            id=fields.value(top, "id"),
            name=fields.value(top, "title"),
            references=fields.value(top, "references"),
            groups=fields.value(top, "level"),
        )
        self._techniques(fields, top, self._capabilities[id_], rule.techniques)

    def _more(self, rule: _Rule, fields: Fields, top: Branch) -> None:
        rule.groups.update(dict.fromkeys(self._groups(fields, top)))
        capability = msgspec.structs.replace(self._capabilities[rule.id], groups=tuple(rule.groups))
        self._capabilities[rule.id] = capability
        self._techniques(fields, top, capability, rule.techniques)

    def _groups(self, fields: Fields, top: Branch) -> list[str]:
        """Groups of a rule by its level, its status, and the product and category of its log source."""
        found = []
        for key, known in (("level", _LEVELS), ("status", _STATUSES)):
            text = fields.text(top, key).lower()
            node = fields.value(top, key)
            if text and text not in known and node is not None:
                hint = wording.nearest(text, known)
                message = f"unknown {key} {wording.shown(text)}"
                issue = Issue(message, wording.one_of(known), hint, fatal=False, code="unknown-term")
                fields.report(node, issue)
            if text:
                found.append(self._group(key, text))
        source = fields.value(top, "logsource")
        if isinstance(source, Branch):
            for key, start in _LOGSOURCE.items():
                text = fields.text(source, key).lower()
                if text:
                    found.append(self._group(start, text))
        return found

    def _group(self, key: str, text: str) -> str:
        id_ = self._group_ids.get((key, text))
        if id_ is None:
            id_ = self._group_ids[key, text] = f"{key}-{slug(text) or text}"
            self._names.setdefault(id_, f"{_TITLES[key]}: {text}")
        return id_

    def _techniques(self, fields: Fields, top: Branch, capability: Capability, seen: set[str]) -> None:
        rest: list[str] = []
        named: list[tuple[str, Scalar, int]] = []
        for text, node in fields.texts(top, "tags"):
            tag = _TECHNIQUE.fullmatch(text)
            if tag is None:
                rest.append(text)
                continue
            technique, issue = checks.technique(tag[1].upper())
            # The place is that of the id, behind the quote and "attack."
            at = Scalar("", True, node.line, node.column + (not node.plain) + tag.start(1))
            fields.report(at, issue, "malformed-technique")
            if technique is not None and technique not in seen:
                seen.add(technique)
                named.append((technique, at, len(named)))
        if not named:
            return
        fields.report(named[0][1], too_many_references(len(capability.references), len(named)))
        comment = fields.text(top, "description")
        other = self._other(fields, top, rest)
        for technique, at, _ in named:
            references = capability.references
            self.mappings.append(
                Mapping(capability.id, technique, _TYPE, "detect", None, comment, references, other=other)
            )
            self._places.keep("mapping", fields.path, at, technique=at, comment=fields.value(top, "description"))

    def _other(self, fields: Fields, top: Branch, tags: list[str]) -> tuple[tuple[str, str], ...]:
        pairs = [(key, fields.text(top, key)) for key in _KEPT if key != "author"]
        pairs.append(("author", ", ".join(text for text, _ in fields.texts(top, "author"))))
        source = fields.value(top, "logsource")
        if isinstance(source, Branch):
            parts = ((key, fields.text(source, key)) for key in (*_LOGSOURCE, "service"))
            pairs.append(("logsource", ", ".join(f"{key} {text}" for key, text in parts if text)))
        pairs.append(("tags", ", ".join(tags)))
        return tuple((key, self._values.setdefault(text, text)) for key, text in pairs if text)

    def tell(self, path: str) -> None:
        """Tell, once for all rules, what is not carried and which rules have no technique tag."""
        mapped = {mapping.capability for mapping in self.mappings}
        idle = len(self._capabilities) - len(mapped)
        if idle:
            message = f"{idle:,} of {len(self._capabilities):,} rules have no technique tag"
            hint = "add tags such as attack.t1059; the rules are kept without mappings"
            self._findings.add(
                Issue(message, hint=hint, fatal=False, code="capability-without-mapping"), Place(path)
            )
        keys = [key for key, _ in sorted(self._unread.items(), key=lambda item: (-item[1], item[0]))]
        if keys:
            message = f"rule fields not carried over: {wording.listed(keys)}"
            self._findings.add(Issue(message, fatal=False, code="not-carried"), Place(path))

    def finish(self, head: MappingSet) -> MappingSet:
        """The whole set; groups by level and status in the order of Sigma's specification, then by log source."""
        order = [f"level-{level}" for level in _LEVELS] + [f"status-{status}" for status in _STATUSES]
        rank = {id_: number for number, id_ in enumerate(order)}
        keys = list(_TITLES)

        def place(id_: str) -> tuple[int, int, str]:
            return keys.index(id_.partition("-")[0]), rank.get(id_, len(rank)), id_

        return msgspec.structs.replace(
            head,
            groups={id_: self._names[id_] for id_ in sorted(self._names, key=place)},
            mapping_types=(MappingType(_TYPE, _TYPE),),
            capabilities=tuple(self._capabilities.values()),
            mappings=tuple(self.mappings),
        )


def _size(node: Node, known: dict[int, int]) -> int:
    """How large a value is as far as it is read: text, a list of texts, or a mapping of texts."""
    if id(node) not in known:
        inner: Iterable[Node] = ()
        if isinstance(node, Branch):
            inner = [value for _, value in node.items.values()]
        elif isinstance(node, Listing):
            inner = node.items
        texts = [node, *inner]
        known[id(node)] = sum(_EACH + (len(one.text) if isinstance(one, Scalar) else 0) for one in texts)
    return known[id(node)]
