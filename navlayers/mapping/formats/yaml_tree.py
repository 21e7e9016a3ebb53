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
"""Maximum total size of what all aliases of a text expand to: characters, plus ten per value."""

_SHOWN = 60
_EACH = 10

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_ANCHOR = re.compile(rb"&(?<![^\s\[{,:]&)[\w-]")
"""What may be an anchor."""


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
    """Placeholder for a node that was refused and reported, so that it is reported once."""

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
        for event in _events(source):
            builder.take(event)
    except (yaml.YAMLError, UnicodeError) as error:
        findings.add(*_not_yaml(source, error))
        raise InputError(findings.errors()) from None
    if builder.root is None:
        raise InputError(
            Problem("the file holds no YAML document", Place(source.path), "a mapping set", code="wrong-shape")
        )
    return builder.root


def documents(source: Source, findings: Findings, keys: frozenset[str]) -> list[Node]:
    """The trees of all documents of a text that may have anchors, aliases and tags.

    Only the values of `keys` at the top of a document are built: building all would take most of the time. An alias
    is what it names; a tag changes nothing. Keys that stand twice at the top level of a document go to `findings`.

    Raises:
        InputError: the text is not YAML, is nested too deeply, or its aliases stand for more than `MAX_ALIASED`.
    """
    try:
        if _ANCHOR.search(source.data):
            _check_aliases(source)
        loader = _Loose(source)
        roots = []
        while loader.check_node():
            roots.append(_top(loader.get_node(), source.path, findings, keys))
    except (yaml.YAMLError, UnicodeError) as error:
        told = Findings()
        told.add(*_not_yaml(source, error))
        raise InputError(told.errors()) from None
    return roots


class _Loose(_LOADER):  # type: ignore[misc, valid-type]
    """Composes nodes that are no deeper than `MAX_DEPTH`, and does not ask which type a text is of."""

    def __init__(self, source: Source) -> None:
        super().__init__(source.data)
        self._path = source.path
        self._depth = -1

    def resolve(self, *_: object) -> str:
        return ""

    def descend_resolver(self, parent: Any, _: object) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            place = Place(self._path, parent.start_mark.line + 1, parent.start_mark.column + 1)
            raise InputError(Problem(_TOO_DEEP, place, _DEPTH, code="wrong-shape"))

    def ascend_resolver(self) -> None:
        self._depth -= 1


def _check_aliases(source: Source) -> None:
    """Refuse a text whose aliases stand for too much; those of one document name nothing in the next."""
    sizes: dict[str, int] = {}
    opened: list[tuple[str | None, int]] = [(None, 0)]
    aliased = 0
    for event in _events(source):
        anchor, size = None, 0
        if isinstance(event, yaml.DocumentStartEvent):
            sizes.clear()
        elif isinstance(event, yaml.CollectionStartEvent):
            opened.append((event.anchor, _EACH))
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, size = opened.pop()
        elif isinstance(event, yaml.ScalarEvent):
            anchor, size = event.anchor, _EACH + len(event.value)
        elif isinstance(event, yaml.AliasEvent):
            # An alias within what it names stands for something without end.
            within = any(event.anchor == name for name, _ in opened)
            size = MAX_ALIASED + 1 if within else sizes.get(str(event.anchor), 0)
            aliased += size
        if anchor is not None:
            sizes[anchor] = size
        opened[-1] = (opened[-1][0], opened[-1][1] + size)
        if aliased > MAX_ALIASED:
            place = Place(source.path, event.start_mark.line + 1, event.start_mark.column + 1)
            expected = f"aliases that stand for at most {MAX_ALIASED:,} characters together"
            message = "the aliases up to here stand for too much"
            raise InputError(Problem(message, place, expected, _OUT, code="refused-yaml"))


def _events(source: Source) -> Iterator[Any]:
    return yaml.parse(source.data, Loader=_LOADER)


def _top(node: Any, path: str, findings: Findings, keys: frozenset[str]) -> Node:
    """A document that is a mapping, with the values of `keys`; a document that is none is left out."""
    line, column = node.start_mark.line + 1, node.start_mark.column + 1
    if not isinstance(node, yaml.MappingNode):
        return Refused(line, column)
    items: dict[str, tuple[Scalar, Node]] = {}
    for name, value in node.value:
        if isinstance(name, yaml.ScalarNode):
            key = _scalar(name)
            if key.text in items:
                findings.add(_twice(key, items[key.text][0]), Place(path, key.line, key.column))
            else:
                items[key.text] = (key, _tree(value) if key.text in keys else key)
    return Branch(items, line, column)


def _tree(node: Any) -> Node:
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node)
    line, column = node.start_mark.line + 1, node.start_mark.column + 1
    if isinstance(node, yaml.SequenceNode):
        return Listing([_tree(item) for item in node.value], line, column)
    items: dict[str, tuple[Scalar, Node]] = {}
    for name, value in node.value:
        if isinstance(name, yaml.ScalarNode):
            items.setdefault(name.value, (_scalar(name), _tree(value)))
    return Branch(items, line, column)


def _scalar(node: Any) -> Scalar:
    return Scalar(node.value, not node.style, node.start_mark.line + 1, node.start_mark.column + 1)


def _twice(key: Scalar, first: Scalar) -> Issue:
    earlier = f"line {first.line}, column {first.column}"
    message = f"key {wording.shown(key.text)} stands twice, first in {earlier}"
    return Issue(message, "each key once", _MERGE, code="duplicate-key")


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
            self._findings.add(_twice(key, first[0]), Place(self._path, key.line, key.column))

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
