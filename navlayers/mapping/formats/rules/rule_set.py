"""The set that detection content gives: each rule is a capability, each technique that it names a mapping."""

from __future__ import annotations

from collections import Counter
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers._text.dates import day
from navlayers._text.slugs import slug
from navlayers._text.spelling import suggestion
from navlayers._text.wording import bare, comma_list, or_list, quantity, quoted
from navlayers.errors import Place
from navlayers.mapping.evidence import Evidence
from navlayers.mapping.formats import value_rules
from navlayers.mapping.formats.findings import REPEATED_RULE, Issue
from navlayers.mapping.formats.metadata import dated, make_head
from navlayers.mapping.formats.source import Source
from navlayers.mapping.formats.yaml_fields import Fields, Parts
from navlayers.mapping.formats.yaml_files import FileKind, read_files
from navlayers.mapping.formats.yaml_tree import Branch, Scalar
from navlayers.mapping.model import Capability, Mapping, MappingSet, MappingType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from collections.abc import Mapping as MappingOf

    from navlayers.mapping.formats.context import Context, Places
    from navlayers.mapping.formats.findings import Findings
    from navlayers.mapping.formats.rows import Pairs
    from navlayers.mapping.formats.source import Folder
    from navlayers.mapping.formats.yaml_tree import Node
    from navlayers.mapping.model import Category, Role


_ENABLED = Evidence("enabled")


class Grouping(NamedTuple):
    """What groups rules: rules with the same value are a group.

    Attributes:
        title: such as "Level"; the group's name is "Level: high".
        values: the values that the format knows, the most important first; empty: any.
    """

    title: str
    values: tuple[str, ...] = ()


class Content(NamedTuple):
    """A format of detection content.

    Attributes:
        kind: its files.
        framework, title: the metadata of its sets.
        noun: what a rule is called in messages.
        parse: the trees of a file, which may be iterated over several times.
        rules: adds the rules of the trees of one file to a set.
        groupings: name of a grouping → what it is; the groups are in this order.
        tag: how a rule names a technique, for messages.
        role, type, category: of the set and of its mappings.
        scale: score value → number 0–100, of a format with ratings of its own.
        notice: what every user of the format should know; "" for nothing.
        on_by_default: whether a rule is switched on unless it says otherwise.
    """

    kind: FileKind
    framework: str
    title: str
    parse: Callable[[Source, Findings], Iterable[Node]]
    rules: Callable[[RuleSet, str, Iterable[Node]], None]
    groupings: MappingOf[str, Grouping]
    tag: str
    noun: tuple[str, str] = ("rule", "rules")
    role: Role = "detection"
    type: str = "detects"
    category: Category | None = "detect"
    scale: MappingOf[str, float] = {}
    notice: str = ""
    on_by_default: bool = False


class TechniqueTag(NamedTuple):
    """A technique id as a rule has it, the node where it is, and the rating of the rule for it.

    The id is "" for a placeholder of a template.
    """

    id: str
    node: Scalar
    value: str | None = None


class Rule(NamedTuple):
    """A rule as its file has it.

    Attributes:
        fields: the mapping of the file that the rule is read from.
        id: "" where it has none.
        name: "" where it has none.
        techniques: the techniques that it names.
        groups: name of a grouping → values.
        comment: the comment of its mappings.
        references: its links.
        other: its other values by name, in the order of the mappings' `other`.
        keys: "id", "name", "groups", "references", "comment" or a grouping → its node, or its key in `fields`.
        number: its number in its file; None for the only one.
    """

    fields: Fields
    id: str
    name: str
    techniques: Iterable[TechniqueTag]
    groups: Iterable[tuple[str, str]] = ()
    comment: str = ""
    references: tuple[str, ...] = ()
    other: Iterable[tuple[str, str]] = ()
    keys: MappingOf[str, str | Node] = {}
    number: int | None = None


_PLACED = ("id", "name", "groups", "references", "comment")
"""Fields of parts that have places."""


def _place(node: Node) -> Scalar:
    """The place of a node without its content: those of all rules would take many times the memory of the set."""
    return Scalar("", True, node.line, node.column)


def _places(rule: Rule) -> dict[str, Scalar]:
    """Field of a rule → its place."""
    branch = rule.fields.branch
    places = {}
    for field in _PLACED:
        key = rule.keys.get(field, field)
        node = branch.get(key) if isinstance(key, str) else key
        if node is not None:
            places[field] = _place(node)
    return places


class _Read(NamedTuple):
    """A rule that is in the set, with the groups and techniques that it has so far."""

    groups: dict[str, None]
    techniques: set[str]


def read(source: Source | Folder, context: Context, content: Content) -> tuple[MappingSet, Places]:
    """Read a folder of rules, or the rules of one file.

    Args:
        source: the file or folder.
        context: options and findings.
        content: the format.

    Raises:
        InputError: no file has a rule, or rules are wrong in the places listed.
    """
    # Rules without an id are named by their path from here on.
    top = -1 if isinstance(source, Source) else len(Path(source.path).parts)
    # SigmaHQ has a folder per kind of rules: rules, rules-emerging-threats.
    name = "" if isinstance(source, Source) else Path(source.path).resolve().name
    rules = RuleSet(content, context.findings, source.path, top)
    for path, trees in read_files(source, content.kind, content.parse, context.findings):
        content.rules(rules, path, trees)
    context.findings.raise_errors()
    title = content.title + (f": {name}" if name else "")
    metadata = {"framework": content.framework, "role": content.role, "title": title, **dated(rules.dates)}
    techniques = (mapping.technique for mapping in rules.parts.mappings)
    head = make_head(context, metadata, techniques, Place(source.path), rules.tactics)
    rules.report_omitted()
    return rules.in_set(head), rules.parts.places


class RuleSet:
    """The rules read so far.

    Attributes:
        parts: the capabilities and mappings.
        dates: the days on which rules were made or changed.
        tactics: the tactics that rules name, by id, name or short name, which tell the ATT&CK release.
        unread: field of a rule that is not carried over → number of rules with it.
        findings: where problems go.
    """

    def __init__(self, content: Content, findings: Findings, path: str, top: int) -> None:
        self.parts = Parts(path, findings)
        self.dates: set[str] = set()
        self.tactics: list[str] = []
        self.unread: Counter[str] = Counter()
        self.findings = findings
        self._content = content
        self._path = path
        self._top = top
        self._read: dict[str, _Read] = {}
        self._group_names: dict[str, str] = {}
        self._group_ids: dict[tuple[str, str], str] = {}
        # Rules share these: apart, the same few pairs of each rule would take most of the memory.
        self._pairs: dict[tuple[str, str], tuple[str, str]] = {}
        self._others: dict[Pairs, Pairs] = {}
        self._numbers: dict[str, int] = {}
        self._file: Fields | None = None
        self._held: list[Place] = []
        # A file has many rules.
        self._named = ("", "")

    def date(self, text: str) -> None:
        """Count the day of a rule for the metadata of the set; other texts are ignored."""
        if (date := day(text)) is not None:
            self.dates.add(date)

    def add(self, rule: Rule) -> str:
        """Add a rule.

        Returns:
            The id of its capability: its own, or one made from its path.
        """
        id_ = self._unique(rule)
        groups = self._groups(rule)
        self._read[id_] = _Read(dict.fromkeys(groups), set())
        capability = Capability(id_, rule.name or id_, tuple(self._read[id_].groups), rule.references)
        places = _places(rule)
        start = places.get("name") or places.get("id") or _place(rule.fields.branch)
        self.parts.add(capability, self._bare(rule), start, **places)
        self._techniques(rule, capability, places)
        return id_

    def extend(self, id_: str, rule: Rule) -> None:
        """Add the groups and techniques of a part of a rule, such as for another log source, to the rule."""
        known = self._read[id_]
        known.groups.update(dict.fromkeys(self._groups(rule)))
        capability = msgspec.structs.replace(self.parts.capabilities[id_], groups=tuple(known.groups))
        self.parts.capabilities[id_] = capability
        self._techniques(rule, capability, _places(rule))

    def inner_path(self, path: str) -> str:
        """The path of a file from the folder on, with slashes; the name of a single file."""
        return "/".join(Path(path).parts[self._top :])

    def _bare(self, rule: Rule) -> Fields:
        """Fields without values for the places of the parts of a rule, the same for all rules of a file."""
        path = rule.fields.path
        if self._file is None or self._file.path != path:
            self._file = Fields(path, Branch({}, 1, 1), self.findings)
        return self._file

    def _unique(self, rule: Rule) -> str:
        """A unique id for a rule: its own, else its path, with its number in the file if needed."""
        id_ = rule.id
        if id_ and id_ not in self.parts.capabilities:
            return id_
        name = self._name(rule.fields.path)
        if not id_:
            id_ = name if rule.number is None else f"{name}-{rule.number}"
        if id_ in self.parts.capabilities:
            # Resume counting where it ended: thousands of rules with one id would take minutes.
            tries = chain([(name, 1)], ((f"{name}-{n}", n) for n in count(self._numbers.get(name, 2))))
            other, last = next(pair for pair in tries if pair[0] not in self.parts.capabilities)
            self._numbers[name] = last + 1
            message = f"duplicate rule id {bare(id_)}"
            hint = f"this rule is read as {other}; give it a unique id"
            issue = Issue(message, hint=hint, fatal=False, code=REPEATED_RULE)
            rule.fields.report(issue, rule.keys.get("id", ""))
            id_ = other
        return id_

    def _name(self, path: str) -> str:
        """The id of a rule without one of its own: that of its file."""
        if self._named[0] != path:
            inner = self.inner_path(path).replace("/", "-")
            self._named = path, slug(inner.rpartition(".")[0] or inner) or "rule"
        return self._named[1]

    def _groups(self, rule: Rule) -> list[str]:
        groups = []
        for grouping, text in rule.groups:
            if not text:
                continue
            known = self._content.groupings[grouping].values
            if known and text not in known:
                message, hint = f"unknown {grouping} {quoted(text)}", partial(suggestion, text, known)
                issue = Issue(message, or_list(known), hint, fatal=False, code="unknown-term")
                rule.fields.report(issue, rule.keys.get(grouping, grouping))
            groups.append(self._group(grouping, text))
        return groups

    def _group(self, grouping: str, text: str) -> str:
        id_ = self._group_ids.get((grouping, text))
        if id_ is None:
            id_ = self._group_ids[grouping, text] = f"{grouping}-{slug(text) or text}"
            self._group_names.setdefault(id_, f"{self._content.groupings[grouping].title}: {text}")
        return id_

    def _techniques(self, rule: Rule, capability: Capability, places: dict[str, Scalar]) -> None:
        seen = self._read[capability.id].techniques
        techniques: list[tuple[str, TechniqueTag]] = []
        for tag in rule.techniques:
            if not tag.id:
                self._held.append(rule.fields.place(tag.node))
                continue
            technique, issue = value_rules.technique(tag.id)
            rule.fields.report(issue, tag.node)
            if technique is not None and technique not in seen:
                seen.add(technique)
                techniques.append((technique, tag))
        if not techniques:
            return
        content, fields, references = self._content, rule.fields, capability.references
        fields.report_references(len(references), len(techniques), techniques[0][1].node)
        other = tuple((key, text) for key, text in rule.other if text)
        other = self._others.setdefault(other, tuple(self._pairs.setdefault(pair, pair) for pair in other))
        bare = self._bare(rule)
        kept = {field: places.get(field) for field in ("comment", "references")}
        # A switch that is on; one that is off, or a status such as "stable", shows nothing.
        switch = next((text.strip().lower() for key, text in other if key == "enabled"), None)
        on = content.on_by_default if switch is None else switch in {"true", "yes"}
        enabled = _ENABLED if on else None
        for technique, tag in techniques:
            kind = content.type, content.category, tag.value
            mapping = Mapping(
                *(capability.id, technique, *kind, rule.comment, references), other=other, evidence=enabled
            )
            node = _place(tag.node)
            self.parts.add(mapping, bare, node, technique=node, value=node, **kept)

    def report_omitted(self) -> None:
        """Report, once for all rules, how many have no technique or are deprecated, and which fields are lost."""
        (_, plural), tag = self._content.noun, self._content.tag
        rules, mapped = len(self.parts.capabilities), {mapping.capability for mapping in self.parts.mappings}
        if idle := rules - len(mapped):
            message = f"{idle:,} of {rules:,} {plural} have no technique tag"
            hint = f"{tag}; the {plural} are kept without mappings"
            issue = Issue(message, hint=hint, fatal=False, code="capability-without-mapping")
            self.findings.add(issue, Place(self._path))
        if self._held:
            held = quantity(len(self._held), "tag")
            message = f"{held} with a placeholder of a template: it stands for no technique, other ids count"
            hint = "fill the templates first" if len(self._held) > 1 else "fill the template first"
            self.findings.add(Issue(message, hint=hint, fatal=False, code="not-carried"), self._held[0])
        deprecated = self._group_ids.get(("status", "deprecated"))
        if old := sum(deprecated in capability.groups for capability in self.parts.capabilities.values()):
            message = f"{old:,} of {rules:,} {plural} {'is' if old == 1 else 'are'} deprecated"
            hint = 'they count as the others do; --where "status!=deprecated" leaves them out'
            self.findings.add(Issue(message, hint=hint, fatal=False, code="deprecated-rule"), Place(self._path))
        if self._content.notice:
            self.findings.add(Issue(self._content.notice, fatal=False, code="not-carried"), Place(self._path))
        keys = [key for key, _ in sorted(self.unread.items(), key=lambda item: (-item[1], item[0]))]
        if keys:
            message = f"{self._content.noun[0]} fields not carried over: {comma_list(keys)}"
            self.findings.add(Issue(message, fatal=False, code="not-carried"), Place(self._path))

    def in_set(self, head: MappingSet) -> MappingSet:
        """The whole set, from its metadata; groups in the order of the groupings, then of the known values."""
        groupings = self._content.groupings
        order = {
            f"{name}-{slug(value) or value}": number
            for name, grouping in groupings.items()
            for number, value in enumerate(grouping.values)
        }
        kinds = {id_: name for (name, _), id_ in self._group_ids.items()}

        def rank(id_: str) -> tuple[int, int, str]:
            return [*groupings].index(kinds[id_]), order.get(id_, len(order)), id_

        content = self._content
        return self.parts.in_set(
            head,
            groups={id_: self._group_names[id_] for id_ in sorted(self._group_names, key=rank)},
            mapping_types=(MappingType(content.type, content.type),),
            **({"scale": dict(content.scale)} if content.scale else {}),
        )
