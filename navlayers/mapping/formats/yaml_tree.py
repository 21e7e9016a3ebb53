"""YAML text as a tree of scalars, mappings and sequences that know their line and column.

Nothing is resolved: a scalar is the text as written. YAML that mapping sets do not need and that has made other
programs vulnerable is refused: anchors, aliases, tags, several documents, deep nesting, duplicate keys.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import yaml
from yaml import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from navlayers._text import wording
from navlayers.errors import InputError, Place, Problem
from navlayers.mapping.formats.findings import Findings, Issue, duplicate_key
from navlayers.mapping.formats.yaml_events import error_place, events

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator

    from navlayers.mapping.formats.source import Source

MAX_DEPTH = 20
"""Deepest nesting that is read; a native mapping set needs 8."""

MAX_ALIASED = 1_000_000
"""Maximum total size of what all aliases of a text expand to: characters, plus `_VALUE` per value."""

_VALUE = 10
_LONGEST_NAME = 60
_STARTS = frozenset({MappingStartEvent, SequenceStartEvent})
_ENDS = frozenset({MappingEndEvent, SequenceEndEvent})
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

    items: Sequence[Node]
    line: int
    column: int


Node = Scalar | Branch | Listing
_EMPTY = Scalar("", True, 0, 0)


class _Rows(Sequence[Node]):
    """The items of a long list, each a tree only while it is used.

    It is kept as its texts and its layout: its kinds, keys and places, with lines that count from its first.
    Equal texts are one, and so are equal layouts, which most rows have: this takes a tenth of the memory of trees.
    """

    def __init__(self) -> None:
        self._rows: list[tuple[Any, ...]] = []
        self._lines = array("Q")

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: Any) -> Any:
        layout, *texts = self._rows[index]
        return _unpacked(iter(layout).__next__, iter(texts).__next__, self._lines[index])

    def append(self, node: Node, shared: dict[Any, Any]) -> None:
        """Add an item; `shared` has the texts and layouts of those before it, by themselves."""
        layout: list[Any] = []
        texts: list[str] = []
        _pack(node, node.line, layout, texts)
        row = (tuple(layout), *texts)
        self._rows.append(tuple(map(shared.setdefault, row, row)))
        self._lines.append(node.line)


def _pack(node: Node, first: int, layout: list[Any], texts: list[str]) -> None:
    if type(node) is Scalar:
        texts.append(node.text)
        layout += (node.plain, node.line - first, node.column)
    elif type(node) is Branch:
        layout += (Branch, node.line - first, node.column, len(node.items))
        for key, value in node.items.values():
            layout += (key.text, key.plain, key.line - first, key.column)
            _pack(value, first, layout, texts)
    elif type(node) is Listing:
        layout += (Listing, node.line - first, node.column, len(node.items))
        for item in node.items:
            _pack(item, first, layout, texts)


def _unpacked(following: Callable[[], Any], text: Callable[[], str], first: int) -> Node:
    kind, line, column = following(), first + following(), following()
    if kind is Branch:
        items: dict[str, tuple[Scalar, Node]] = {}
        for _ in range(following()):
            name = following()
            key = Scalar(name, following(), first + following(), following())
            items[name] = key, _unpacked(following, text, first)
        return Branch(items, line, column)
    if kind is Listing:
        return Listing([_unpacked(following, text, first) for _ in range(following())], line, column)
    return Scalar(text(), kind, line, column)


def parse(source: Source, findings: Findings, rows: str = "") -> Node:
    """The tree of the one document of a text.

    Duplicate keys, keys that are not text, anchors and tags go to `findings`; they do not end the reading.

    Args:
        source: the text.
        findings: where they go.
        rows: the key at the top whose value may be a list of a million items, which then takes less memory.

    Raises:
        InputError: the text is not YAML, is nested too deeply, has aliases, no document or several.
    """
    try:
        roots = list(_Builder(source, findings, strict=True, rows=rows).roots())
    except (yaml.YAMLError, UnicodeError) as error:
        findings.add(*_not_yaml(source, error))
        raise InputError(findings.errors()) from None
    if not roots:
        place = Place(source.path)
        raise InputError(Problem("the file has no YAML document", place, "a mapping set", code="wrong-shape"))
    return roots[0]


def documents(source: Source, findings: Findings, keys: Container[str] | None = None) -> list[Node]:
    """The trees of all documents of a text, which may have anchors, aliases and tags.

    An alias becomes the value that it names; a tag changes nothing. Duplicate keys at the top of a document go
    to `findings`.

    Args:
        source: the text.
        findings: where duplicate keys go.
        keys: the keys at the top of a document whose values are needed; those of others may be empty. None: all.

    Raises:
        InputError: the text is not YAML, is nested too deeply, or its aliases expand to more than `MAX_ALIASED`.
    """
    # An anchor in any value may be used in a needed one.
    needed = None if b"&" in source.data else keys
    try:
        return list(_Builder(source, findings, strict=False, keys=needed).roots())
    except (yaml.YAMLError, UnicodeError) as error:
        syntax = Findings()
        syntax.add(*_not_yaml(source, error))
        raise InputError(syntax.errors()) from None


class _Builder:
    """Builds trees from the events of the parser; PyYAML's own nodes would take five times the memory."""

    def __init__(
        self,
        source: Source,
        findings: Findings,
        *,
        strict: bool,
        keys: Container[str] | None = None,
        rows: str = "",
    ) -> None:
        self._keys = keys
        self._rows = rows
        self._path = source.path
        self._findings = findings
        self._strict = strict
        self._next = events(source.data)
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._size = 0
        self._aliased = 0

    def roots(self) -> Iterator[Node]:
        """The trees of the documents; a strict builder refuses a second one."""
        count = 0
        while (event := self._next()) is not None:
            if type(event) is DocumentStartEvent:
                count += 1
                if self._strict and count > 1:
                    message, hint = "a second YAML document starts here", "put each set into a separate file"
                    raise self._error(event, Issue(message, "one mapping set in a file", hint, code="wrong-shape"))
                self._anchors.clear()
                yield self._node(self._next(), 0)
        if self._strict and self._aliased:
            raise InputError(self._findings.errors())

    def _node(self, event: Any, depth: int, *, long: bool = False) -> Node:
        kind = type(event)
        if kind is ScalarEvent and event.tag is event.anchor is None:  # the usual case first
            text, mark = event.value, event.start_mark
            self._size += _VALUE + len(text)
            return Scalar(text, not event.style, mark.line + 1, mark.column + 1)
        if kind is AliasEvent:
            return self._alias(event)
        mark, before = event.start_mark, self._size
        if event.tag is not None or event.anchor is not None:
            self._refuse(event)
            if event.anchor is not None:
                # Within its own value, an alias expands without end.
                self._anchors[event.anchor] = _EMPTY, MAX_ALIASED + 1
        self._size += _VALUE
        if kind is ScalarEvent:
            self._size += len(event.value)
            node: Node = Scalar(event.value, not event.style, mark.line + 1, mark.column + 1)
        elif depth == MAX_DEPTH:
            raise self._error(event, _TOO_DEEP)
        elif kind is MappingStartEvent:
            node = Branch(self._items(depth + 1), mark.line + 1, mark.column + 1)
        elif long:
            node = Listing(self._long_list(depth + 1), mark.line + 1, mark.column + 1)
        else:
            items: list[Node] = []
            while type(item := self._next()) is not SequenceEndEvent:
                items.append(self._node(item, depth + 1))
            node = Listing(items, mark.line + 1, mark.column + 1)
        if event.anchor is not None:
            self._anchors[event.anchor] = node, self._size - before
        return node

    def _long_list(self, depth: int) -> _Rows:
        rows = _Rows()
        shared: dict[Any, Any] = {}
        while type(item := self._next()) is not SequenceEndEvent:
            node = self._node(item, depth)
            # Aliases make trees huge, and are refused when all is read.
            if not self._aliased:
                rows.append(node, shared)
        return rows

    def _items(self, depth: int) -> dict[str, tuple[Scalar, Node]]:
        items: dict[str, tuple[Scalar, Node]] = {}
        needed, rows = (self._keys, self._rows) if depth == 1 else (None, "")
        while type(event := self._next()) is not MappingEndEvent:
            key = self._node(event, depth)
            if needed is not None and isinstance(key, Scalar) and key.text not in needed:
                self._skip(self._next(), depth)
                value: Node = _EMPTY
            elif rows and isinstance(key, Scalar) and key.text == rows:
                value = self._node(self._next(), depth, long=True)
            else:
                value = self._node(self._next(), depth)
            if not isinstance(key, Scalar):
                if self._strict:
                    issue = Issue("a key is a list or a mapping", "text as a key", _QUOTE, code="wrong-type")
                    self._findings.add(issue, self._place(event))
                continue
            first, _ = items.setdefault(key.text, (key, value))
            if first is not key and (self._strict or depth == 1):
                place = Place(self._path, first.line, first.column)
                self._findings.add(duplicate_key(key.text, place), self._place(event))
        return items

    def _skip(self, event: Any, depth: int) -> None:
        """Read a value that is not needed: it has to be YAML all the same."""
        inner, following = depth, self._next
        while True:
            kind = type(event)
            if kind is ScalarEvent:  # the usual case first
                pass
            elif kind in _STARTS:
                if inner == MAX_DEPTH:
                    raise self._error(event, _TOO_DEEP)
                inner += 1
            elif kind in _ENDS:
                inner -= 1
            elif kind is AliasEvent:
                self._alias(event)
            if inner == depth:
                return
            event = following()

    def _alias(self, event: Any) -> Node:
        """The value that an alias names; a strict builder refuses aliases when it is done."""
        node, size = self._anchors.get(event.anchor, (None, 0))
        if node is None:
            self._refuse(event)
        self._size += size
        self._aliased += size + 1
        if self._aliased > MAX_ALIASED and not self._strict:
            expected = f"at most {MAX_ALIASED:,} characters in values that aliases repeat"
            message, hint = "the aliases up to here expand to too much text", "write the values out"
            raise self._error(event, Issue(message, expected, hint, code="refused-yaml"))
        return node or _EMPTY

    def _refuse(self, event: Any) -> None:
        if not self._strict:
            return
        name = str(event.anchor)[:_LONGEST_NAME]
        if type(event) is AliasEvent:
            issue = Issue(f"alias *{name} is not accepted", "the value itself", _QUOTE, code="refused-yaml")
        elif event.anchor is not None:
            expected = "values written out, without aliases"
            issue = Issue(f"anchor &{name} is not accepted", expected, _QUOTE, code="refused-yaml")
        else:
            tag = wording.quoted(event.tag.replace("tag:yaml.org,2002:", "!!"))
            issue = Issue(f"YAML tag {tag} is not accepted", "the value alone", _QUOTE, code="refused-yaml")
        self._findings.add(issue, self._place(event))

    def _place(self, event: Any) -> Place:
        return Place(self._path, event.start_mark.line + 1, event.start_mark.column + 1)

    def _error(self, event: Any, issue: Issue) -> InputError:
        hint = issue.hint if isinstance(issue.hint, str) else ""
        return InputError(Problem(issue.message, self._place(event), issue.expected, hint, code=issue.code))


def _not_yaml(source: Source, error: yaml.YAMLError | UnicodeError) -> tuple[Issue, Place]:
    if isinstance(error, UnicodeError):
        message = f"this is not YAML: {wording.excerpt(str(error))}"
        return Issue(message, code="encoding"), Place(source.path)
    reason = wording.excerpt(getattr(error, "problem", None) or getattr(error, "reason", None) or str(error))
    context = getattr(error, "context", None)
    place = error_place(source, error)
    if "nesting depth" in reason:  # libyaml reads ahead, and may meet its own limit before ours
        return _TOO_DEEP, place
    message = f"this is not YAML: {reason}{' ' + context if context else ''}"
    return Issue(message, hint=_hint(source, reason, place), code="syntax"), place


def _hint(source: Source, reason: str, place: Place) -> str:
    lines = re.split(rb"\r\n?|\n", source.data)
    line = lines[place.line - 1] if 0 < place.line <= len(lines) else b""
    char = line.decode("utf-8", "replace")[place.column - 1 : place.column] if place.column else ""
    if char == "\t":
        return "indent with spaces, not with tabs"
    if "mapping values" in reason:
        return "put quotes around text that contains a colon and a space"
    if char and char in "*&@`%!|>":
        return f"put quotes around text that starts with {char}"
    if "characters are not allowed" in reason:
        return "remove it, or write it as an escape between double quotes"
    return "check indentation, brackets and quotes, here and in the lines above"
