"""Typed access to a YAML tree: text as written, lists of text, numbers, known keys."""

from __future__ import annotations

import re
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from navlayers import _text as wording
from navlayers.errors import Place
from navlayers.mapping.formats import checks
from navlayers.mapping.formats.findings import Findings, Issue
from navlayers.mapping.formats.yaml_tree import Branch, Listing, Node, Refused, Scalar
from navlayers.mapping.model import DECIMAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Named = tuple[str, Scalar, Node]
"""An id, the key that spells it, and what stands under it."""

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_WORD = re.compile(r"y|n|yes|no|on|off|true|false", re.IGNORECASE)
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?")
_BASE60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_NUMBER = re.compile(
    r"[-+]?(?:0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?"
    r"|\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?|\.(?:inf|Inf|INF))|\.(?:nan|NaN|NAN)"
)
_SAME = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]|\.[0-9]+[1-9])?")


@lru_cache(maxsize=4096)
def read_elsewhere(text: str) -> str:
    """What YAML tools make of this text when it stands without quotes, if not the same text; else "".

    Covers YAML 1.1 (PyYAML, Go, Ruby) and 1.2: truth values, dates, base 60, octal, and numbers that lose digits.
    """
    if _WORD.fullmatch(text):
        return "read true or false"
    if _DATE.fullmatch(text):
        return "read a date"
    if _BASE60.fullmatch(text):
        return "read a number in base 60"
    if _NUMBER.fullmatch(text) and not (_SAME.fullmatch(text) and len(text) <= 15):
        return "read a number and may write it differently"
    return "read null" if text in _NULL else ""


def is_null(node: Node) -> bool:
    """Whether nothing, `~` or `null` stands there."""
    return isinstance(node, Scalar) and node.plain and node.text in _NULL


class Values:
    """Reads values from a tree and reports wrong ones with line and column."""

    def __init__(self, path: str, findings: Findings) -> None:
        self.path = path
        self._findings = findings

    def place(self, node: Node) -> Place:
        """Where a node stands."""
        return Place(self.path, node.line, node.column)

    def report(self, node: Node, issue: Issue | None) -> None:
        """Report what a rule says about a node."""
        if issue is not None:
            self._findings.add(issue, Place(self.path, node.line, node.column))

    def wrong(self, node: Node, message: str, expected: str, hint: str = "", code: str = "wrong-type") -> None:
        """Report an error, unless the node was refused already."""
        if not isinstance(node, Refused):
            self.report(node, Issue(message, expected, hint, code=code))

    def text(self, node: Node, what: str) -> str | None:
        """Text as written; None for null. A notice tells text that other tools read differently."""
        if not isinstance(node, Scalar):
            self.wrong(node, f"{what} is {kind(node)}", "text", "")
            return None
        if not node.plain:
            return node.text
        if node.text in _NULL:
            return None
        self.warn(node)
        return node.text

    def warn(self, node: Scalar) -> None:
        """Notice text without quotes that other tools read differently."""
        if node.plain and not (node.text[:1].isalpha() and len(node.text) > 5):
            other = read_elsewhere(node.text)
            if other:
                quoted = wording.shown(node.text)
                message = f"{quoted[1:-1] or 'nothing'} is read as the text {quoted}; other YAML tools {other}"
                self.report(node, Issue(message, hint=f"write {quoted}", fatal=False, code="ambiguous-text"))

    def texts(self, node: Node, what: str) -> tuple[str, ...]:
        """A list of text; one text alone is a list of one."""
        if is_null(node):
            return ()
        if isinstance(node, Scalar):
            return (self.text(node, what) or "",)
        if not isinstance(node, Listing):
            self.wrong(node, f"{what} is {kind(node)}", "a list of texts")
            return ()
        listed = []
        for item in node.items:
            text = self.text(item, f"an item of {what}")
            if text is not None:
                listed.append(text)
            elif isinstance(item, Scalar):
                self.wrong(item, f"an item of {what} is empty", "text")
        return tuple(listed)

    def items(self, node: Node, what: str, expected: str) -> dict[str, tuple[Scalar, Node]]:
        """The keys and values of a mapping; nothing for null."""
        if isinstance(node, Branch):
            return node.items
        if not is_null(node):
            self.wrong(node, f"{what} is {kind(node)}", expected)
        return {}

    def known(self, node: Node, what: str, names: Iterable[str], expected: str) -> dict[str, Node]:
        """The values of a mapping whose keys are given; other keys are errors."""
        names = tuple(names)
        known = {}
        for name, (key, value) in self.items(node, what, expected).items():
            if name in names:
                known[name] = value
            else:
                hint = partial(_known_key, name, names)
                self.report(
                    key, Issue(f"unknown key {wording.shown(name)} in {what}", hint=hint, code="unknown-key")
                )
        return known

    def identifier(self, key: Scalar, what: str) -> str | None:
        """The text of a key as an id."""
        self.warn(key)
        id_, issue = checks.identifier(key.text)
        self.report(key, issue)
        if id_ is None:
            self.wrong(key, f"the id of {what} is empty", "text")
        return id_

    def ids(self, items: Iterable[tuple[Scalar, Node]], what: str, fold: Callable[[str], str] = str) -> list[Named]:
        """The keys of a mapping as ids, each once; `fold` gives what makes two ids the same."""
        first: dict[str, Scalar] = {}
        named = []
        for key, node in items:
            id_ = self.identifier(key, what)
            if id_ is None:
                continue
            same = first.setdefault(fold(id_), key)
            if same is not key:
                earlier = f"{wording.shown(same.text)} in line {same.line}, column {same.column}"
                message = f"{what} {wording.shown(key.text)} is the same as {earlier}"
                self.wrong(
                    key, message, "each id once", "ids are compared without blanks around them", "duplicate-id"
                )
            named.append((id_, key, node))
        return named

    def trimmed(self, node: Node, text: str | None) -> str | None:
        """A value that names an id, without blanks around it."""
        if text is None:
            return None
        id_, issue = checks.identifier(text)
        self.report(node, issue)
        return id_

    def flag(self, node: Node, what: str) -> bool | None:
        """True or false as written in YAML; None, with a report, for everything else."""
        if isinstance(node, Scalar) and node.text in {"true", "false"}:
            return node.text == "true"
        self.wrong(node, f"{what} is {kind(node)}", "true or false")
        return None

    def number(self, node: Node, what: str) -> float | None:
        """A number from 0 to 100 in plain decimal digits."""
        expected = "a number from 0 to 100 in plain decimal digits, such as 50 or 72.5"
        if not isinstance(node, Scalar):
            self.wrong(node, f"{what} is {kind(node)}", expected)
        elif not DECIMAL.fullmatch(node.text):
            hint = ""
            if _NUMBER.fullmatch(node.text) or _BASE60.fullmatch(node.text):
                hint = "YAML tools do not agree on which number this is"
            self.wrong(node, f"{what} is {wording.shown(node.text)}", expected, hint)
        elif float(node.text) > 100:
            self.wrong(node, f"{what} is {wording.shown(node.text)[1:-1]}, outside the scale", expected)
        else:
            return float(node.text)
        return None


def _known_key(name: str, names: tuple[str, ...]) -> str:
    return wording.nearest(name, names) or f"known keys: {', '.join(names)}"


def kind(node: Node) -> str:
    """The kind of a node, for messages."""
    if isinstance(node, Branch):
        return "a mapping"
    if isinstance(node, Listing):
        return "a list"
    return "empty" if is_null(node) else f"the text {wording.shown(node.text)}" if isinstance(node, Scalar) else ""
