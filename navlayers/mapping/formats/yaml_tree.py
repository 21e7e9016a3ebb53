"""YAML text as a tree of scalars, mappings and sequences that know their line and column.

Nothing is resolved: a scalar is the text as written. What a mapping set has no use for and what has made YAML
dangerous is refused: anchors, aliases, tags, several documents, deep nesting, duplicate keys.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
import yaml

from navlayers import _text as wording
from navlayers.errors import InputError, Place, Problem
from navlayers.mapping.formats.findings import Findings, Issue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.mapping.formats.source import Source

MAX_DEPTH = 20
"""Deepest nesting that is read; a native mapping set needs 8."""

MAX_ALIASED = 1_000_000
"""Maximum total size of what all aliases of a text expand to: characters, plus `_VALUE` per value."""

_VALUE = 10
_LONGEST_NAME = 60
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_ANCHOR = re.compile(rb"&(?<![^\s\[{,:]&)[\w-]")
_ALIAS = re.compile(rb"\*(?<![^\s\[{,:]\*)[\w-]")
"""What may be an anchor and an alias. Only a text with one of them is parsed twice."""

_QUOTE = "put it between quotes if it is meant as text"
_TOO_DEEP = Issue(
    "the YAML is nested too deeply", f"at most {MAX_DEPTH} levels; a mapping set needs 8", code="wrong-shape"
)


class Scalar(msgspec.Struct, gc=False):
    """Text as written; `plain` without quotes, so that other tools may read it differently."""

    text: str
    plain: bool
    line: int
    column: int


class Branch(msgspec.Struct, gc=False):
    """A mapping: key text → the key and its value, in the order written."""

    items: dict[str, tuple[Scalar, Node]]
    line: int
    column: int

    def get(self, name: str) -> Node | None:
        """The value of a key; None where the mapping lacks it."""
        pair = self.items.get(name)
        return None if pair is None else pair[1]


class Listing(msgspec.Struct, gc=False):
    """A sequence."""

    items: list[Node]
    line: int
    column: int


Node = Scalar | Branch | Listing
Report = Callable[[Any, Issue], None]


def parse(source: Source, findings: Findings) -> Node:
    """The tree of the one document of a text.

    Duplicate keys, keys that are no text, anchors and tags go to `findings`; they do not end the reading.

    Raises:
        InputError: the text is not YAML, is nested too deeply, has aliases, no document or several.
    """

    def report(node: Any, issue: Issue) -> None:
        findings.add(issue, _place(source, node))

    try:
        if _ANCHOR.search(source.data) or _ALIAS.search(source.data):
            _refuse_anchors(source, findings)
        loader = _Loader(source)
        root = loader.get_node() if loader.check_node() else None
        if loader.check_node():
            raise InputError(_second_document(source))
    except (yaml.YAMLError, UnicodeError) as error:
        findings.add(*_not_yaml(source, error))
        raise InputError(findings.errors()) from None
    if root is None:
        raise InputError(
            Problem("the file holds no YAML document", Place(source.path), "a mapping set", code="wrong-shape")
        )
    return _tree(root, report)


def documents(source: Source, findings: Findings, keys: frozenset[str]) -> list[Node]:
    """The trees of all documents of a text that are mappings; anchors, aliases and tags are allowed.

    Only the values of `keys` at the top of a document are built: building all would take most of the time. An alias
    is what it names; a tag changes nothing. Duplicate keys at the top level of a document go to `findings`.

    Raises:
        InputError: the text is not YAML, is nested too deeply, or its aliases expand to more than `MAX_ALIASED`.
    """

    def report(node: Any, issue: Issue) -> None:
        if issue.code == "duplicate-key":
            findings.add(issue, _place(source, node))

    def child(key: Scalar, value: Any) -> Node:
        return _tree(value, _ignore) if key.text in keys else key

    roots: list[Node] = []
    expanded = _Expanded(source) if _ANCHOR.search(source.data) else None
    try:
        loader = _Loader(source)
        while loader.check_node():
            root = loader.get_node()
            if expanded is not None:
                expanded.measure(root)
            if isinstance(root, yaml.MappingNode):
                roots.append(_branch(root, report, child))
    except (yaml.YAMLError, UnicodeError) as error:
        syntax = Findings()
        syntax.add(*_not_yaml(source, error))
        raise InputError(syntax.errors()) from None
    return roots


class _Loader(_LOADER):  # type: ignore[misc, valid-type]
    """Composes nodes no deeper than `MAX_DEPTH`, and leaves the type of a text open."""

    def __init__(self, source: Source) -> None:
        super().__init__(source.data)
        self._source = source
        self._depth = -1

    def resolve(self, *_: object) -> str:
        return ""

    def descend_resolver(self, parent: Any, _: object) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            message, expected = _TOO_DEEP[:2]
            raise InputError(Problem(message, _place(self._source, parent), expected, code=_TOO_DEEP.code))

    def ascend_resolver(self) -> None:
        self._depth -= 1


def _place(source: Source, node: Any) -> Place:
    """Where a node or an event starts."""
    return Place(source.path, node.start_mark.line + 1, node.start_mark.column + 1)


def _tree(node: Any, report: Report) -> Node:
    line, column = node.start_mark.line + 1, node.start_mark.column + 1
    if node.tag:
        tag = wording.shown(node.tag.replace("tag:yaml.org,2002:", "!!"))
        report(node, Issue(f"YAML tag {tag} is not accepted", "the value alone", _QUOTE, code="refused-yaml"))
    if isinstance(node, yaml.ScalarNode):
        return Scalar(node.value, not node.style, line, column)
    if isinstance(node, yaml.SequenceNode):
        return Listing([_tree(item, report) for item in node.value], line, column)
    return _branch(node, report, lambda _, value: _tree(value, report))


def _branch(node: Any, report: Report, child: Callable[[Scalar, Any], Node]) -> Branch:
    """The tree of a mapping; `child` makes that of a value from its key and its node."""
    items: dict[str, tuple[Scalar, Node]] = {}
    for name, value in node.value:
        key = _tree(name, report) if isinstance(name, yaml.ScalarNode) else None
        if not isinstance(key, Scalar):
            report(name, Issue("a key is a list or a mapping", "text as a key", _QUOTE, code="wrong-type"))
        elif key.text in items:
            report(name, _duplicate(key, items[key.text][0]))
        else:
            items[key.text] = (key, child(key, value))
    return Branch(items, node.start_mark.line + 1, node.start_mark.column + 1)


def _ignore(_node: Any, _issue: Issue) -> None:
    pass


class _Expanded:
    """Measures a document as if each alias were written out. Nodes are shared, so measuring is cheap."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._known: dict[int, tuple[int, int]] = {}

    def measure(self, node: Any) -> tuple[int, int]:
        """The size and the height of a node.

        Raises:
            InputError: it is larger than the text by more than `MAX_ALIASED`, or higher than `MAX_DEPTH`.
        """
        if id(node) in self._known:
            return self._known[id(node)]
        # A node within itself has no end.
        self._known[id(node)] = MAX_ALIASED + len(self._source.data), 0
        size, height = _VALUE, 0
        if isinstance(node, yaml.ScalarNode):
            size += len(node.value)
        else:
            for item in node.value:
                for part in item if isinstance(item, tuple) else (item,):
                    inner, levels = self.measure(part)
                    size, height = size + inner, max(height, levels + 1)
        if size > MAX_ALIASED + len(self._source.data) or height > MAX_DEPTH:
            expected = f"at most {MAX_ALIASED:,} characters in values that aliases repeat"
            message, hint = "the aliases in this value expand to too much text", "write the values out"
            place = _place(self._source, node)
            raise InputError(Problem(message, place, expected, hint, code="refused-yaml"))
        self._known[id(node)] = size, height
        return size, height


def _duplicate(key: Scalar, first: Scalar) -> Issue:
    message = f"key {wording.shown(key.text)} stands twice, first in line {first.line}, column {first.column}"
    return Issue(message, "each key once", "merge the two, or remove one", code="duplicate-key")


def _events(source: Source) -> Iterator[Any]:
    return yaml.parse(source.data, Loader=_LOADER)


def _second_document(source: Source) -> Problem:
    starts = [event for event in _events(source) if isinstance(event, yaml.DocumentStartEvent)]
    hint = "put each set into a file of its own"
    message = "a second YAML document starts here"
    return Problem(message, _place(source, starts[1]), "one mapping set in a file", hint, code="wrong-shape")


def _refuse_anchors(source: Source, findings: Findings) -> None:
    """Report anchors, and aliases that name none of them.

    Raises:
        InputError: there are aliases; expanding them could take any amount of memory.
    """
    anchors: set[str] = set()
    expands = False
    for event in _events(source):
        anchor = getattr(event, "anchor", None)
        if anchor is None:
            continue
        alias = isinstance(event, yaml.AliasEvent)
        expands |= alias or anchor in anchors
        name = anchor[:_LONGEST_NAME]
        if not alias:
            anchors.add(anchor)
            expected = "values written out, without aliases"
            issue = Issue(f"anchor &{name} is not accepted", expected, _QUOTE, code="refused-yaml")
        elif anchor in anchors:
            continue  # the anchor is reported; a file may hold any number of aliases to it
        else:
            issue = Issue(f"alias *{name} is not accepted", "the value itself", _QUOTE, code="refused-yaml")
        findings.add(issue, partial(_place, source, event))
    if expands:
        raise InputError(findings.errors())


def _not_yaml(source: Source, error: yaml.YAMLError | UnicodeError) -> tuple[Issue, Place]:
    if isinstance(error, UnicodeError):
        message = f"this is not YAML: {wording.visible(str(error))}"
        return Issue(message, code="encoding"), Place(source.path)
    reason = wording.visible(getattr(error, "problem", None) or getattr(error, "reason", None) or str(error))
    context = getattr(error, "context", None)
    place = _error_place(source, error)
    if "nesting depth" in reason:  # libyaml reads ahead, and may meet its own limit before ours
        return _TOO_DEEP, place
    message = f"this is not YAML: {reason}{' ' + context if context else ''}"
    return Issue(message, hint=_hint(source, reason, place), code="syntax"), place


def _hint(source: Source, reason: str, place: Place) -> str:
    lines = re.split(rb"\r\n?|\n", source.data)
    line = lines[place.line - 1] if 0 < place.line <= len(lines) else b""
    char = line.decode("utf-8", "replace")[place.column - 1 : place.column] if place.column else ""
    if char == "\t":
        return "indent with blanks, not with tabs"
    if "mapping values" in reason:
        return "put quotes around text that holds a colon and a blank"
    if char and char in "*&@`%!|>":
        return f"put quotes around text that starts with {char}"
    if "characters are not allowed" in reason:
        return "remove it, or write it as an escape between double quotes"
    return "check indentation, brackets and quotes, here and in the lines above"


def _error_place(source: Source, error: yaml.YAMLError) -> Place:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is not None:
        # A text that ends too early is faulted on the line after its last.
        end = source.place(len(source.data.rstrip()))
        return min(Place(source.path, mark.line + 1, mark.column + 1), end)
    position = getattr(error, "position", None)
    return source.place(position) if isinstance(position, int) else Place(source.path)
