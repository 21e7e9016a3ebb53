"""Values of YAML mappings by key, and the parts of sets that are read from them; wrong ones go to the findings."""

from __future__ import annotations

import re
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from navlayers._text.spelling import suggestion
from navlayers._text.wording import quoted
from navlayers.errors import OtherFileError, Place, Problem
from navlayers.mapping.formats import value_rules
from navlayers.mapping.formats.context import Places
from navlayers.mapping.formats.findings import Findings, Issue
from navlayers.mapping.formats.source import Source, as_text
from navlayers.mapping.formats.yaml_tree import Branch, Listing, Node, Scalar, parse
from navlayers.mapping.model import Capability, Mapping, NonMappable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from navlayers.mapping.formats.context import PartKind
    from navlayers.mapping.model import MappingSet

MOST_REFERENCES = 1_000_000
"""Maximum references of all mappings of one file, each of which has those of the file."""

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
# YAML 1.1 reads yes and no, on and off as truth values, YAML 1.2 only true and false.
_WORD = re.compile(r"y|n|yes|no|on|off|true|false", re.IGNORECASE)
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?")
# YAML 1.1 reads 1:30 as 90 and 10:20:30 as 37230.
_BASE60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_NUMBER = re.compile(
    r"[-+]?(?:0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?"
    r"|\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?|\.(?:inf|Inf|INF))|\.(?:nan|NaN|NAN)"
)
# Numbers that every tool writes as they are; +1, 01, 1e3 and 1.10 may come back changed.
_SAME = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]|\.[0-9]+[1-9])?")
_SURE = 5
"""Plain text that starts with a letter and is longer than this is text to every YAML tool."""


@lru_cache(maxsize=4096)
def read_elsewhere(text: str) -> str:
    """How other YAML tools read this text without quotes, as a clause for messages; "" if they read the same text.

    Covers YAML 1.1 (PyYAML, Go, Ruby) and 1.2: truth values, dates, base 60, octal, and numbers that lose digits.
    """
    if _WORD.fullmatch(text):
        return "read true or false"
    if _DATE.fullmatch(text):
        return "read a date"
    if _BASE60.fullmatch(text):
        return "read a number in base 60"
    if is_number(text) and not (_SAME.fullmatch(text) and len(text) <= 15):
        return "read a number and may write it differently"
    return "read null" if text in _NULL else ""


def is_number(text: str) -> bool:
    """Whether some YAML tool reads a number, in whatever base."""
    return bool(_NUMBER.fullmatch(text) or _BASE60.fullmatch(text))


def is_null(node: Node | None) -> bool:
    """Whether the value is absent, empty, `~` or `null`."""
    return node is None or (isinstance(node, Scalar) and node.plain and node.text in _NULL)


def kind(node: Node) -> str:
    """The kind of a node, for messages."""
    if isinstance(node, Scalar):
        return "empty" if is_null(node) else f"the text {quoted(node.text)}"
    return "a mapping" if isinstance(node, Branch) else "a list"


def read_top(source: Source, findings: Findings, expected: str, *, strict: bool = False, rows: str = "") -> Fields:
    """The fields at the top of a file of one YAML document; `rows` is that of `yaml_tree.parse`.

    Raises:
        InputError: the text is not YAML.
        OtherFileError: the document is not a mapping.
    """
    source = as_text(source)
    root = parse(source, findings, rows)
    if isinstance(root, Branch):
        return Fields(source.path, root, findings, strict=strict)
    text = root.text if isinstance(root, Scalar) else ""
    likely = "XML or HTML" if text.startswith("<") else "CSV" if "," in text else ""
    hint = f"this looks like {likely}" if likely else ""
    place = Place(source.path, root.line, root.column)
    other = Problem(f"the top level is {kind(root)}", place, expected, hint, code="wrong-shape")
    raise OtherFileError(findings.errors() or other)


# Words of other frameworks for keys of native YAML.
_SYNONYMS = {
    **dict.fromkeys(("prevent", "mitigate", "preventive"), "protect"),
    **dict.fromkeys(("detection", "detective"), "detect"),
    **dict.fromkeys(("react", "recover", "response"), "respond"),
    **dict.fromkeys(("controls", "services", "rules"), "capabilities"),
    "name": "title",
}


class Fields:
    """The values of a YAML mapping by key.

    Text is without blanks around it, and unknown keys are notices. With `strict`, text is as written, text without
    quotes that other YAML tools read differently is a notice, and unknown keys are errors.
    """

    def __init__(self, path: str, branch: Branch, findings: Findings, *, strict: bool = False) -> None:
        self.path = path
        self.branch = branch
        self.findings = findings
        self._strict = strict

    def __contains__(self, key: str) -> bool:
        return key in self.branch.items

    def inner(self, branch: Branch) -> Fields:
        """The fields of another mapping of the file."""
        return Fields(self.path, branch, self.findings, strict=self._strict)

    def node(self, key: str) -> Node:
        """The value of a key; the mapping itself where it lacks the key."""
        return self.branch.get(key) or self.branch

    def place(self, target: str | Node = "") -> Place:
        """The place of a node, of the value of a key, or of the mapping."""
        node = self.node(target) if isinstance(target, str) else target
        return Place(self.path, node.line, node.column)

    def report(self, issue: Issue | None, target: str | Node = "") -> None:
        """Report an issue of the value of a key, of a node, or of the mapping."""
        if issue is not None:
            self.findings.add(issue, self.place(target))

    def wrong(
        self, target: str | Node, message: str, expected: str, hint: str = "", code: str = "wrong-type"
    ) -> None:
        """Report an error."""
        self.report(Issue(message, expected, hint, code=code), target)

    def warn(self, node: Scalar) -> None:
        """Notice text without quotes that other tools read differently."""
        if node.plain and not (len(node.text) > _SURE and node.text[0].isalpha()):
            other = read_elsewhere(node.text)
            if other:
                text = quoted(node.text)
                message = f"{text[1:-1] or 'nothing'} is read as the text {text}; other YAML tools {other}"
                self.report(Issue(message, hint=f"write {text}", fatal=False, code="ambiguous-text"), node)

    def optional(self, key: str) -> str | None:
        """The text of a key; None for null, for an absent key, and for other types, which are errors."""
        pair = self.branch.items.get(key)
        if pair is None:
            return None
        node = pair[1]
        # The usual case first: this is called twenty times for each of thousands of rules.
        if type(node) is Scalar and not self._strict and not is_null(node):
            return node.text.strip()
        return self._text(node, quoted(key))

    def text(self, key: str) -> str:
        """The text of a key; "" for null, for an absent key, and for other types, which are errors."""
        return self.optional(key) or ""

    def _text(self, node: Node, what: str) -> str | None:
        if is_null(node):
            return None
        if not isinstance(node, Scalar):
            self.wrong(node, f"{what} is {kind(node)}", "text")
            return None
        if not self._strict:
            return node.text.strip()
        self.warn(node)
        return node.text

    def texts(self, key: str) -> list[tuple[str, Scalar]]:
        """The texts of a list, or of one text alone, with their nodes.

        Empty items are left out; if strict, those without quotes are errors.
        """
        node = self.branch.get(key)
        if node is None or is_null(node):
            return []
        if isinstance(node, Branch):
            self.wrong(node, f"{quoted(key)} is {kind(node)}", "a list of texts")
            return []
        texts = []
        for item in node.items if isinstance(node, Listing) else [node]:
            if type(item) is Scalar and not self._strict and not is_null(item):  # the usual case first
                if plain := item.text.strip():
                    texts.append((plain, item))
                continue
            text = self._text(item, f"an item of {quoted(key)}")
            if self._strict and is_null(item):
                self.wrong(item, f"an item of {quoted(key)} is empty", "text")
            if isinstance(item, Scalar) and text is not None and (text or self._strict):
                texts.append((text, item))
        return texts

    def child(self, key: str, expected: str) -> Fields:
        """The fields of an inner mapping; none for null, and for other types, which are errors."""
        node = self.node(key)
        if isinstance(node, Branch) and key in self:
            return self.inner(node)
        if key in self and not is_null(node):
            self.wrong(node, f"{quoted(key)} is {kind(node)}", expected)
        return self.inner(Branch({}, node.line, node.column))

    def children(self, key: str, expected: str) -> list[Fields]:
        """The mappings of a list, or one mapping alone."""
        node = self.branch.get(key)
        if node is None or is_null(node):
            return []
        children = []
        for item in node.items if isinstance(node, Listing) else [node]:
            if isinstance(item, Branch):
                children.append(self.inner(item))
            else:
                what = f"an item of {quoted(key)}" if isinstance(node, Listing) else quoted(key)
                self.wrong(item, f"{what} is {kind(item)}", expected)
        return children

    def unknown(self, names: Collection[str], what: str) -> list[tuple[str, str]]:
        """The keys that are not among `names`, with their texts if they are texts; each is reported."""
        unknown = []
        for name, (key, node) in self.branch.items.items():
            if name not in names:
                message = f"unknown key {quoted(name)} in {what}"
                code = "unknown-key" if self._strict else "unknown-field"
                self.report(Issue(message, "", partial(self._nearest, name, names), self._strict, code), key)
                if isinstance(node, Scalar) and not is_null(node) and node.text.strip():
                    unknown.append((name, node.text.strip()))
        return unknown

    def _nearest(self, name: str, names: Collection[str]) -> str:
        meant = _SYNONYMS.get(name.casefold(), "")
        if meant in names:
            return f"did you mean {meant}?"
        return suggestion(name, names) or (f"known keys: {', '.join(names)}" if self._strict else "")

    def identifier(self, text: str, target: str | Node) -> str | None:
        """A text as an id, without blanks around it; None when nothing is left."""
        id_, issue = value_rules.identifier(text)
        self.report(issue, target)
        return id_

    def report_references(self, references: int, mappings: int, target: str | Node) -> None:
        """Report an error where each of many mappings would have each of many references."""
        if references * mappings > MOST_REFERENCES:
            message = f"{references:,} references of {mappings:,} mappings"
            self.wrong(target, message, f"at most {MOST_REFERENCES:,} in all", "split the file", "wrong-shape")


_Nodes: TypeAlias = "tuple[Fields, str | Node, dict[str, str | Node | None]]"
"""The arguments of `Parts.add`; places are looked up only for messages."""


class Parts:
    """The parts of a set in the order read from one file or several, and their places.

    Attributes:
        capabilities: by their ids.
    """

    def __init__(self, path: str, findings: Findings) -> None:
        self.mappings: list[Mapping] = []
        self.non_mappable: list[NonMappable] = []
        self.capabilities: dict[str, Capability] = {}
        self._path = path
        self._findings = findings
        self._heads: dict[str, Place] = {}
        self._nodes: dict[PartKind, list[_Nodes]] = {"mapping": [], "non_mappable": [], "capability": []}

    def add(
        self, part: Mapping | NonMappable | Capability, fields: Fields, start: str | Node, **keys: str | Node | None
    ) -> None:
        """Add a part.

        Args:
            part: a mapping, non-mappable or capability.
            fields: the YAML mapping that it is read from.
            start: the node where it starts, or the key of that node in `fields`.
            **keys: field of the part → its node, or the key of its node in `fields` if the key has another name.
        """
        kind: PartKind
        if isinstance(part, Mapping):
            kind = "mapping"
            self.mappings.append(part)
        elif isinstance(part, NonMappable):
            kind = "non_mappable"
            self.non_mappable.append(part)
        else:
            kind = "capability"
            self.capabilities[part.id] = part
        self._nodes[kind].append((fields, start, keys))

    @contextmanager
    def left_out_with_errors(self, what: str) -> Iterator[None]:
        """Leave out the parts that are added within, if there are errors within and the reading is lenient.

        Args:
            what: "entry" or "rule", for the notice.
        """
        if not self._findings.leaves_out:
            yield
            return
        mark, counts = self._findings.mark, [(kind, len(nodes)) for kind, nodes in self._nodes.items()]
        yield
        if self._findings.left_out(mark, what):
            for kind, count in counts:
                del self._nodes[kind][count:]
            del self.mappings[counts[0][1] :], self.non_mappable[counts[1][1] :]
            while len(self.capabilities) > counts[2][1]:
                self.capabilities.popitem()

    def in_set(self, head: MappingSet, **fields: Any) -> MappingSet:
        """The set with these parts, from its metadata and its other fields."""
        parts = {"mappings": tuple(self.mappings), "non_mappable": tuple(self.non_mappable)}
        capabilities = tuple(self.capabilities.values())
        return msgspec.structs.replace(head, **{"capabilities": capabilities, **parts, **fields})

    def keep_head(self, field: str, place: Place) -> None:
        """Keep the place of a field of the set, the first one where several files have it."""
        self._heads.setdefault(field, place)

    @property
    def places(self) -> Places:
        """The places of the parts, and of the fields of the set, by default the file or folder."""

        def part(kind: PartKind, index: int, field: str) -> Place:
            fields, start, keys = self._nodes[kind][index]
            key = keys.get(field, field)
            node = fields.branch.get(key) if isinstance(key, str) else key
            return fields.place(node or start)

        return Places(part, lambda field: self._heads.get(field, Place(self._path)))
