"""YAML text as a tree of scalars, mappings and sequences that know their line and column.

Nothing is resolved: a scalar is the text that stands there. What a mapping set has no use for and what has made
YAML dangerous is refused on sight: anchors, aliases, tags, several documents, deep nesting, duplicate keys.
"""

from __future__ import annotations

import re
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
_TOO_DEEP = "the YAML is nested too deeply"
_DEPTH = f"at most {MAX_DEPTH} levels; a mapping set needs 8"

MAX_ALIASED = 1_000_000
"""So many characters, and ten for each value, the aliases of a text may stand for together."""

_SHOWN = 60
_EACH = 10

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Scalar(msgspec.Struct, gc=False):
    """Text as written; `plain` when it stands without quotes, so that other tools may read it differently."""

    text: str
    plain: bool
    line: int
    column: int


class Branch(msgspec.Struct, gc=False):
    """A mapping: key text → the key and its value, in the order written."""

    items: dict[str, tuple[Scalar, Node]]
    line: int
    column: int


class Listing(msgspec.Struct, gc=False):
    """A sequence."""

    items: list[Node]
    line: int
    column: int


class Refused(msgspec.Struct, gc=False):
    """Stands where something was refused and reported, so that it is reported once."""

    line: int
    column: int


Node = Scalar | Branch | Listing | Refused


def parse(source: Source, findings: Findings) -> Node:
    """The tree of the one document that the text holds.

    What can be told and passed over goes to `findings`.

    Raises:
        InputError: the text is not YAML, is nested too deeply, or holds no document.
    """
    builder = _Builder(source.path, findings)
    try:
        for event in yaml.parse(source.data, Loader=_LOADER):
            builder.take(event)
    except (yaml.YAMLError, UnicodeError) as error:
        findings.add(*_not_yaml(source, error))
        raise InputError(findings.errors()) from None
    if builder.root is None:
        raise InputError(
            Problem("the file holds no YAML document", Place(source.path), "a mapping set", code="wrong-shape")
        )
    return builder.root


def documents(source: Source, findings: Findings) -> list[Node]:
    """The trees of all documents of a text whose anchors, aliases and tags are nobody's business here.

    An alias is the very node that it names, so that a tree is no larger than its text; walk it only where its
    shape is known, for a node may stand in many places. What all aliases stand for may not be larger than
    `MAX_ALIASED`. A tag changes nothing. Keys that stand twice at the top level of a document go to `findings`.

    Raises:
        InputError: the text is not YAML, is nested too deeply, or its aliases stand for too much.
    """
    builder = _Loose(source.path, findings)
    try:
        for event in yaml.parse(source.data, Loader=_LOADER):
            builder.take(event)
    except (yaml.YAMLError, UnicodeError) as error:
        told = Findings()
        told.add(*_not_yaml(source, error))
        raise InputError(told.errors()) from None
    return builder.roots


class _Builder:
    def __init__(self, path: str, findings: Findings) -> None:
        self.root: Node | None = None
        self._path = path
        self._findings = findings
        self._open: list[Branch | Listing] = []
        self._keys: list[Scalar | None] = []
        self._documents = 0
        self._anchors: set[str] = set()

    def take(self, event: Any) -> None:
        kind = type(event)
        if kind is yaml.ScalarEvent:
            mark = event.start_mark
            line, column = mark.line + 1, mark.column + 1
            if event.anchor is not None or event.tag is not None:
                self._put(self._refuse(event, line, column))
            else:
                self._put(Scalar(event.value, event.implicit[0], line, column))
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            self._enter(event)
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            node = self._open.pop()
            self._keys.pop()
            self._put(node)
        elif kind is yaml.AliasEvent:
            mark = event.start_mark
            self._put(self._refuse(event, mark.line + 1, mark.column + 1))
        elif kind is yaml.DocumentStartEvent:
            self._documents += 1
            if self._documents > 1:
                mark = event.start_mark
                place = Place(self._path, mark.line + 1, mark.column + 1)
                problem = Problem(
                    "a second YAML document starts here",
                    place,
                    "one mapping set in a file",
                    _SPLIT,
                    code="wrong-shape",
                )
                raise InputError(problem)

    def _enter(self, event: Any) -> None:
        mark = event.start_mark
        line, column = mark.line + 1, mark.column + 1
        if len(self._open) >= MAX_DEPTH:
            place = Place(self._path, line, column)
            raise InputError(Problem(_TOO_DEEP, place, _DEPTH, code="wrong-shape"))
        if event.anchor is not None or event.tag is not None:
            self._refuse(event, line, column)
        mapping = type(event) is yaml.MappingStartEvent
        self._open.append(Branch({}, line, column) if mapping else Listing([], line, column))
        self._keys.append(None)

    def _put(self, node: Node) -> None:
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        if isinstance(parent, Listing):
            parent.items.append(node)
            return
        key = self._keys[-1]
        if key is None:
            self._keys[-1] = node if isinstance(node, Scalar) else self._odd_key(node)
            return
        self._keys[-1] = None
        if key is _NO_KEY:
            return
        first = parent.items.get(key.text)
        if first is None:
            parent.items[key.text] = (key, node)
        else:
            earlier = f"line {first[0].line}, column {first[0].column}"
            issue = Issue(
                f"key {wording.shown(key.text)} stands twice, first in {earlier}",
                "each key once",
                _MERGE,
                code="duplicate-key",
            )
            self._twice(issue, key)

    def _twice(self, issue: Issue, key: Scalar) -> None:
        self._findings.add(issue, Place(self._path, key.line, key.column))

    def _odd_key(self, node: Node) -> Scalar:
        if not isinstance(node, Refused):
            issue = Issue("a key is a list or a mapping", "text as a key", _QUOTE, code="wrong-type")
            self._findings.add(issue, Place(self._path, node.line, node.column))
        return _NO_KEY

    def _refuse(self, event: Any, line: int, column: int) -> Node:
        name = str(event.anchor)[:_SHOWN]
        if type(event) is yaml.AliasEvent:
            if event.anchor in self._anchors:
                # The anchor is reported; a file may hold any number of aliases to it.
                return Refused(line, column)
            issue = Issue(f"alias *{name} is not accepted", "the value itself", _QUOTE, code="refused-yaml")
        elif event.anchor is not None:
            self._anchors.add(event.anchor)
            issue = Issue(
                f"anchor &{name} is not accepted",
                "values written out, without aliases",
                _QUOTE,
                code="refused-yaml",
            )
        else:
            tag = wording.shown(event.tag.replace("tag:yaml.org,2002:", "!!"))
            issue = Issue(f"YAML tag {tag} is not accepted", "the value alone", _QUOTE, code="refused-yaml")
        self._findings.add(issue, Place(self._path, line, column))
        return Refused(line, column)


class _Loose(_Builder):
    """Takes anchors, aliases and tags as they come, and several documents."""

    def __init__(self, path: str, findings: Findings) -> None:
        super().__init__(path, findings)
        self.roots: list[Node] = []
        self._named: dict[str | None, tuple[Node, int]] = {}
        self._names: list[str | None] = []
        self._sizes: list[int] = [0]
        self._aliased = 0

    def take(self, event: Any) -> None:
        kind = type(event)
        if kind is yaml.DocumentStartEvent:
            self._named.clear()
            self.root = None
            return
        if kind is yaml.DocumentEndEvent:
            if self.root is not None:
                self.roots.append(self.root)
            return
        if kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            self._names.append(event.anchor)
            self._sizes.append(_EACH)
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            name, size = self._names.pop(), self._sizes.pop()
            self._sizes[-1] += size
            if name is not None:
                self._named[name] = (self._open[-1], size)
        elif kind is yaml.ScalarEvent:
            self._sizes[-1] += _EACH + len(event.value)
        super().take(event)

    def _refuse(self, event: Any, line: int, column: int) -> Node:
        if type(event) is yaml.AliasEvent:
            node, size = self._named.get(event.anchor, (Refused(line, column), 0))
            self._sizes[-1] += size
            self._aliased += size
            if self._aliased > MAX_ALIASED:
                expected = f"aliases that stand for at most {MAX_ALIASED:,} characters together"
                message = "the aliases up to here stand for too much"
                raise InputError(
                    Problem(message, Place(self._path, line, column), expected, _OUT, code="refused-yaml")
                )
            return node
        if type(event) is not yaml.ScalarEvent:
            return Refused(line, column)
        node = Scalar(event.value, event.style is None, line, column)
        if event.anchor is not None:
            self._named[event.anchor] = (node, _EACH + len(event.value))
        return node

    def _odd_key(self, node: Node) -> Scalar:
        return _NO_KEY

    def _twice(self, issue: Issue, key: Scalar) -> None:
        if len(self._open) == 1:
            super()._twice(issue, key)


_NO_KEY = Scalar("?", False, 0, 0)
"""Stands where a key is none, which was reported; its value is passed over."""

_QUOTE = "put it between quotes if it is meant as text"
_OUT = "write the values out"
_SIGNS = "*&@`%!|>"
_SPLIT = "put each set into a file of its own"
_MERGE = "merge the two, or remove one"


def _not_yaml(source: Source, error: yaml.YAMLError | UnicodeError) -> tuple[Issue, Place]:
    if isinstance(error, UnicodeError):
        message = f"this is not YAML: {wording.visible(str(error))}"
        return Issue(message, code="encoding"), Place(source.path)
    reason = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    context = getattr(error, "context", None)
    place = _error_place(source, error)
    reason = wording.visible(reason)
    if "nesting depth" in reason:  # libyaml reads ahead, and may meet its own limit before ours
        return Issue(_TOO_DEEP, _DEPTH, code="wrong-shape"), place
    issue = Issue(
        f"this is not YAML: {reason}{' ' + context if context else ''}",
        hint=_hint(source, reason, place),
        code="syntax",
    )
    return issue, place


def _hint(source: Source, reason: str, place: Place) -> str:
    lines = re.split(rb"\r\n?|\n", source.data)
    line = lines[place.line - 1] if 0 < place.line <= len(lines) else b""
    at = line.decode("utf-8", "replace")[place.column - 1 : place.column] if place.column else ""
    if at == "\t":
        return "indent with blanks, not with tabs"
    if "mapping values" in reason:
        return "put quotes around text that holds a colon and a blank"
    if at and at in _SIGNS:
        return f"put quotes around text that starts with {at}"
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


def branches(node: Node) -> Iterator[Branch]:
    """Every mapping of a tree, the outer before the inner."""
    if isinstance(node, Branch):
        yield node
        for _, value in node.items.values():
            yield from branches(value)
    elif isinstance(node, Listing):
        for value in node.items:
            yield from branches(value)
