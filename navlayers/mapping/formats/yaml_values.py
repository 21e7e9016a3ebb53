"""Typed access to a YAML tree: text as written, lists of text, numbers, known keys."""

from __future__ import annotations

import re
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from navlayers import _text as wording
from navlayers.errors import Place
from navlayers.mapping.formats import checks
from navlayers.mapping.formats.findings import Findings, Issue
from navlayers.mapping.formats.yaml_tree import Branch, Node, Scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_WORD = re.compile(r"y|n|yes|no|on|off|true|false", re.IGNORECASE)
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?")
_BASE60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_NUMBER = re.compile(
    r"[-+]?(?:0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?"
    r"|\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?|\.(?:inf|Inf|INF))|\.(?:nan|NaN|NAN)"
)
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
        return "empty" if is_null(node) else f"the text {wording.shown(node.text)}"
    return "a mapping" if isinstance(node, Branch) else "a list"


class Values:
    """Reads values from the tree of one file; wrong ones go to the findings with line and column.

    A value that is None is absent; it counts as null.
    """

    def __init__(self, path: str, findings: Findings) -> None:
        self.path = path
        self._findings = findings

    def place(self, node: Node) -> Place:
        """The place of a node."""
        return Place(self.path, node.line, node.column)

    def report(self, node: Node, issue: Issue | None) -> None:
        """Report an issue with a node, if there is one."""
        if issue is not None:
            self._findings.add(issue, Place(self.path, node.line, node.column))

    def wrong(self, node: Node, message: str, expected: str, hint: str = "", code: str = "wrong-type") -> None:
        """Report an error."""
        self.report(node, Issue(message, expected, hint, code=code))

    def warn(self, node: Scalar) -> None:
        """Notice text without quotes that other tools read differently."""
        if node.plain and not (len(node.text) > _SURE and node.text[0].isalpha()):
            other = read_elsewhere(node.text)
            if other:
                quoted = wording.shown(node.text)
                message = f"{quoted[1:-1] or 'nothing'} is read as the text {quoted}; other YAML tools {other}"
                self.report(node, Issue(message, hint=f"write {quoted}", fatal=False, code="ambiguous-text"))

    def text(self, node: Node | None, what: str) -> str | None:
        """Text as written; None for null, and for other kinds, which are errors."""
        if node is None or is_null(node):
            return None
        if isinstance(node, Scalar):
            self.warn(node)
            return node.text
        self.wrong(node, f"{what} is {kind(node)}", "text")
        return None

    def texts(self, node: Node | None, what: str) -> tuple[str, ...]:
        """A list of text; one text alone is a list of one."""
        if node is None or is_null(node):
            return ()
        if isinstance(node, Branch):
            self.wrong(node, f"{what} is {kind(node)}", "a list of texts")
            return ()
        if isinstance(node, Scalar):
            return (self.text(node, what) or "",)
        texts = []
        for item in node.items:
            if is_null(item):
                self.wrong(item, f"an item of {what} is empty", "text")
            elif (text := self.text(item, f"an item of {what}")) is not None:
                texts.append(text)
        return tuple(texts)

    def items(self, node: Node | None, what: str, expected: str) -> dict[str, tuple[Scalar, Node]]:
        """The keys and values of a mapping; nothing for null."""
        if isinstance(node, Branch):
            return node.items
        if node is not None and not is_null(node):
            self.wrong(node, f"{what} is {kind(node)}", expected)
        return {}

    def known(self, node: Node, what: str, names: Iterable[str], expected: str) -> dict[str, Node]:
        """The values of a mapping whose keys are given; other keys are errors."""
        names = tuple(names)
        values = {}
        for name, (key, value) in self.items(node, what, expected).items():
            if name in names:
                values[name] = value
            else:
                hint = partial(_known_key, name, names)
                self.report(
                    key, Issue(f"unknown key {wording.shown(name)} in {what}", hint=hint, code="unknown-key")
                )
        return values

    def identifier(self, node: Scalar, what: str) -> str | None:
        """The text of a key as an id, without blanks around it."""
        self.warn(node)
        id_ = self.trimmed(node, node.text)
        if id_ is None:
            self.wrong(node, f"the id of {what} is empty", "text")
        return id_

    def ids(
        self, items: dict[str, tuple[Scalar, Node]], what: str, fold: Callable[[str], str] = str
    ) -> Iterable[tuple[str, Scalar, Node]]:
        """The keys of a mapping as ids, each once, with key and value; ids with equal `fold` are the same."""
        seen: dict[str, Scalar] = {}
        for key, node in items.values():
            id_ = self.identifier(key, what)
            if id_ is None:
                continue
            first = seen.setdefault(fold(id_), key)
            if first is not key:
                earlier = f"{wording.shown(first.text)} in line {first.line}, column {first.column}"
                message = f"{what} {wording.shown(key.text)} is the same as {earlier}"
                hint = "ids are compared without blanks around them"
                self.wrong(key, message, "each id once", hint, "duplicate-id")
            yield id_, key, node

    def trimmed(self, node: Node, text: str) -> str | None:
        """A text of the node that names an id, without blanks around it."""
        id_, issue = checks.identifier(text)
        self.report(node, issue)
        return id_

    def flag(self, node: Node, what: str) -> bool:
        """True or false as written in YAML; everything else is an error, and false."""
        if isinstance(node, Scalar) and node.text in {"true", "false"}:
            return node.text == "true"
        self.wrong(node, f"{what} is {kind(node)}", "true or false")
        return False


def _known_key(name: str, names: tuple[str, ...]) -> str:
    return wording.nearest(name, names) or f"known keys: {', '.join(names)}"
