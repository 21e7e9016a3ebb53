"""Shared by the readers of other tools' YAML: files of a folder, values of a mapping, places of parts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from navlayers._text import nearest, shown
from navlayers.errors import InputError, OtherFileError, Place, Problem
from navlayers.mapping.formats.findings import Findings, Issue
from navlayers.mapping.formats.source import Folder, Source, as_text
from navlayers.mapping.formats.yaml_tree import Branch, Listing, Node, Scalar
from navlayers.mapping.formats.yaml_values import is_null, kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from navlayers.mapping.formats.context import Kind

MOST_REFERENCES = 1_000_000
"""Maximum references of all mappings of one file, each of which has those of the file."""

_NAMED = 3
"""Maximum skipped files named in a notice."""


class FileKind(msgspec.Struct):
    """The kind of the files of a folder format.

    Attributes:
        name: such as "Sigma rule".
        expected: the parts of a file, for messages.
        keys: a file has one of these keys at its top.
        skip_broken: skip the files of a folder that cannot be read; otherwise they are errors.
    """

    name: str
    expected: str
    keys: frozenset[str]
    skip_broken: bool


def read_files(
    source: Source | Folder, kind: FileKind, parse: Callable[[Source, Findings], list[Node]], findings: Findings
) -> Iterator[tuple[str, list[Node]]]:
    """The paths and trees of the files of a folder, or of one file. One notice lists the files of other kinds.

    Raises:
        InputError: the only file cannot be read.
        OtherFileError: no file is of the kind.
    """
    files = source.files() if isinstance(source, Folder) else iter([source])
    total = count = 0
    skipped = []
    for file in files:
        total += 1
        # Errors of a file count only once it is known to be of the kind.
        inner = Findings()
        try:
            if isinstance(file, InputError):
                raise file
            trees = parse(as_text(file), inner)
        except InputError as error:
            if isinstance(source, Source):
                raise
            first = error.problems[0]
            if kind.skip_broken:
                at = f" in line {first.place.line}" if first.place and first.place.line else ""
                skipped.append(f"{Place(first.place.path) if first.place else ''} ({first.message}{at})")
            else:
                _add(error.problems, findings)
            continue
        if any(isinstance(tree, Branch) and tree.items.keys() & kind.keys for tree in trees):
            count += 1
            _add(inner.errors(), findings)
            yield file.path, trees
        elif isinstance(source, Folder):
            skipped.append(str(Place(file.path)))
        else:
            other = Problem(f"this is not a {kind.name}", Place(file.path, 1, 1), kind.expected, code="wrong-shape")
            raise OtherFileError(inner.errors() or other)
    if skipped:
        more = [f"{len(skipped) - _NAMED:,} more"] if len(skipped) > _NAMED else []
        names = ", ".join([*skipped[:_NAMED], *more])
        message = f"skipped {len(skipped):,} of {total:,} files that are not {kind.name}s: {names}"
        findings.add(Issue(message, fatal=False, code="not-carried"), Place(source.path))
    if not count and not findings.failed:
        message = f"no file in this folder is a {kind.name}"
        raise OtherFileError(Problem(message, Place(source.path), kind.expected, code="wrong-shape"))


def _add(problems: tuple[Problem, ...], findings: Findings) -> None:
    for problem in problems:
        issue = Issue(problem.message, problem.expected, problem.hint, code=problem.code or "syntax")
        findings.add(issue, problem.place or Place(""))


class Fields:
    """The values of a YAML mapping by key. Errors in them go to the findings.

    Text is without blanks around it; "" for null, an absent key, and other types.
    """

    def __init__(self, path: str, branch: Branch, findings: Findings) -> None:
        self.path = path
        self.branch = branch
        self._findings = findings

    def __contains__(self, key: str) -> bool:
        return key in self.branch.items

    def node(self, key: str) -> Node:
        """The value of a key; the mapping itself where it lacks the key."""
        return self.branch.get(key) or self.branch

    def place(self, at: str | Node = "") -> Place:
        """The place of a node, of the value of a key, or of the mapping."""
        node = self.node(at) if isinstance(at, str) else at
        return Place(self.path, node.line, node.column)

    def report(self, issue: Issue | None, at: str | Node = "", code: str = "") -> None:
        """Report an issue of the value of a key, of a node, or of the mapping."""
        if issue is not None:
            self._findings.add(issue._replace(code=issue.code or code), self.place(at))

    def text(self, key: str) -> str:
        """The text of a key."""
        pair = self.branch.items.get(key)
        if pair is None:
            return ""
        node = pair[1]
        # The usual case first: this is called twenty times for each of thousands of rules.
        return node.text.strip() if type(node) is Scalar and not is_null(node) else self._text(node, key, "")

    def texts(self, key: str) -> list[tuple[str, Scalar]]:
        """The texts of a list, or of one text alone, with their nodes; empty ones are left out."""
        node = self.branch.get(key)
        if node is None or is_null(node):
            return []
        if isinstance(node, Branch):
            self.report(Issue(f"{shown(key)} is {kind(node)}", "a list of texts", code="wrong-type"), node)
            return []
        items = node.items if isinstance(node, Listing) else [node]
        texts = ((self._text(item, key, "an item of "), item) for item in items)
        return [(text, item) for text, item in texts if text and isinstance(item, Scalar)]

    def children(self, key: str, expected: str) -> list[Fields]:
        """The mappings of a list, or one mapping alone."""
        node = self.branch.get(key)
        if node is None or is_null(node):
            return []
        children = []
        for item in node.items if isinstance(node, Listing) else [node]:
            if isinstance(item, Branch):
                children.append(Fields(self.path, item, self._findings))
            else:
                what = f"an item of {shown(key)}" if isinstance(node, Listing) else shown(key)
                self.report(Issue(f"{what} is {kind(item)}", expected, code="wrong-type"), item)
        return children

    def unknown(self, names: tuple[str, ...], what: str) -> list[tuple[str, str]]:
        """The keys that are not among `names`, with their texts if they are texts; each is reported."""
        unknown = []
        for name, (key, node) in self.branch.items.items():
            if name not in names:
                message = f"unknown key {shown(name)} in {what}"
                hint = partial(nearest, name, names)
                self.report(Issue(message, hint=hint, fatal=False, code="unknown-field"), key)
                if isinstance(node, Scalar) and not is_null(node) and node.text.strip():
                    unknown.append((name, node.text.strip()))
        return unknown

    def report_references(self, references: int, mappings: int, at: str | Node) -> None:
        """Report an error where each of many mappings would have each of many references."""
        if references * mappings > MOST_REFERENCES:
            message, expected = (
                f"{references:,} references of {mappings:,} mappings",
                f"at most {MOST_REFERENCES:,} in all",
            )
            self.report(Issue(message, expected, "split the file", code="wrong-shape"), at)

    def _text(self, node: Node, key: str, what: str) -> str:
        if isinstance(node, Scalar):
            return "" if is_null(node) else node.text.strip()
        self.report(Issue(f"{what}{shown(key)} is {kind(node)}", "text", code="wrong-type"), node)
        return ""


class PartPlaces:
    """The places of the parts of a set that was read from one file or several."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._heads: dict[str, Place] = {}
        self._parts: dict[Kind, list[dict[str, Place]]] = {"mapping": [], "non_mappable": [], "capability": []}

    def keep(self, kind_: Kind, fields: Fields, at: str | Node, **parts: str | Node | None) -> None:
        """Keep the place of the next part of a kind, and of its fields, given by node or by key in `fields`."""
        nodes = {name: fields.branch.get(part) if isinstance(part, str) else part for name, part in parts.items()}
        nodes[""] = fields.node(at) if isinstance(at, str) else at
        self._parts[kind_].append({name: fields.place(node) for name, node in nodes.items() if node is not None})

    def keep_head(self, field: str, place: Place) -> None:
        """Keep the place of a field of the set, the first one where several files have it."""
        self._heads.setdefault(field, place)

    def part(self, kind_: Kind, index: int, field: str = "") -> Place:
        """The place of a mapping, non-mappable or capability, or of the value of one of its fields."""
        places = self._parts[kind_][index]
        return places.get(field, places[""])

    def head(self, field: str) -> Place:
        """The place of a field of the set; of the file or folder where it is not written."""
        return self._heads.get(field, Place(self._path))
