"""What readers of YAML made for other tools share: files of a folder, places in them, values of their keys."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from navlayers import _text as wording
from navlayers.errors import InputError, Place
from navlayers.mapping.formats.findings import Findings, Issue
from navlayers.mapping.formats.source import Folder, Source
from navlayers.mapping.formats.yaml_tree import Branch, Listing, Node, Scalar
from navlayers.mapping.formats.yaml_values import is_null, kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from navlayers.errors import Problem
    from navlayers.mapping.formats.context import Kind

MOST_REFERENCES = 1_000_000
"""So many references the mappings of one file may have, which share those of the file."""

_NAMED = 3
"""So many of the files that are passed over are named."""


def sources(source: Source | Folder) -> Iterator[Source | InputError]:
    """The files of a set that may be a folder or one file."""
    if isinstance(source, Folder):
        yield from source.files()
    else:
        yield source


def absorb(problems: Iterable[Problem], findings: Findings, *, fatal: bool = True) -> None:
    """Add problems that were raised to those that are collected."""
    for problem in problems:
        code = problem.code or ("syntax" if fatal else "")
        issue = Issue(problem.message, problem.expected, problem.hint, fatal, code)
        findings.add(issue, problem.place or Place(""))


def passed_over(files: list[tuple[str, str]], total: int, what: str) -> Issue:
    """One notice for all files of a folder that are not what it holds: the path and, if any, the reason of each."""
    first = ((str(Place(path)), why) for path, why in files[:_NAMED])
    named = [f"{path} ({why})" if why else path for path, why in first]
    more = [f"{len(files) - _NAMED:,} more"] if len(files) > _NAMED else []
    message = f"skipped {len(files):,} of {total:,} files that are not {what}: {', '.join([*named, *more])}"
    return Issue(message, fatal=False, code="not-carried")


def too_many_references(references: int, mappings: int) -> Issue | None:
    """What is said where each of many mappings would have each of many references."""
    if references * mappings <= MOST_REFERENCES:
        return None
    message = f"{references:,} references of {mappings:,} mappings"
    return Issue(message, f"at most {MOST_REFERENCES:,} in all", "split the file", code="wrong-shape")


def name_id(name: str) -> str:
    """The id of what has only a name, made as the Mappings Explorer makes it: `azure_key_vault`."""
    return re.sub(r"[^\w.-]+", "_", name.strip().lower()).strip("_")


class _Part(msgspec.Struct, gc=False):
    path: str
    line: int
    column: int
    fields: dict[str, tuple[int, int]]


class FolderPlaces:
    """Where the parts of a set stand that was read from one file or several."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._heads: dict[str, Place] = {}
        self._parts: dict[Kind, list[_Part]] = {"mapping": [], "non_mappable": [], "capability": []}

    def keep(self, kind_: Kind, path: str, node: Node, **fields: Node | None) -> None:
        """Keep the place of the next part of a kind, and of those of its fields that are written."""
        at = {name: (found.line, found.column) for name, found in fields.items() if found is not None}
        self._parts[kind_].append(_Part(path, node.line, node.column, at))

    def keep_head(self, field: str, place: Place) -> None:
        """Keep the place of a field of the set, the first one where several files say it."""
        self._heads.setdefault(field, place)

    def part(self, kind_: Kind, index: int, field: str = "") -> Place:
        """The place of a mapping, non-mappable or capability, or of the value of one of its fields."""
        part = self._parts[kind_][index]
        return Place(part.path, *part.fields.get(field, (part.line, part.column)))

    def head(self, field: str) -> Place:
        """The place of the value of a field of the set itself; of the file or folder where it is not written."""
        return self._heads.get(field, Place(self._path))


class Fields:
    """Takes the values of known keys out of one file; what is wrong with them goes to the findings."""

    def __init__(self, path: str, findings: Findings) -> None:
        self.path = path
        self._findings = findings

    def place(self, node: Node) -> Place:
        """Where a node stands."""
        return Place(self.path, node.line, node.column)

    def report(self, node: Node, issue: Issue | None, code: str = "") -> None:
        """Report what a rule says about a node."""
        if issue is not None:
            self._findings.add(issue._replace(code=issue.code or code), self.place(node))

    def text(self, branch: Branch, key: str) -> str:
        """The text of a key without blanks around it; "" where it is absent, null or no text, which is told."""
        pair = branch.items.get(key)
        if pair is None:
            return ""
        node = pair[1]
        return (
            node.text.strip()
            if type(node) is Scalar and not is_null(node)
            else self.scalar(node, wording.shown(key))
        )

    def scalar(self, node: Node, what: str) -> str:
        """The text of a node without blanks around it; "" where it is null or no text, which is told."""
        if is_null(node):
            return ""
        if isinstance(node, Scalar):
            return node.text.strip()
        self.report(node, Issue(f"{what} is {kind(node)}", "text", code="wrong-type"))
        return ""

    def texts(self, branch: Branch, key: str) -> list[tuple[str, Scalar]]:
        """The texts of a list, or of one text alone, with their nodes; empty ones are left out."""
        pair = branch.items.get(key)
        if pair is None or is_null(pair[1]):
            return []
        node = pair[1]
        if isinstance(node, Branch):
            self.report(node, Issue(f"{wording.shown(key)} is {kind(node)}", "a list of texts", code="wrong-type"))
            return []
        items = node.items if isinstance(node, Listing) else [node]
        found = []
        for item in items:
            text = self.scalar(item, f"an item of {wording.shown(key)}")
            if text and isinstance(item, Scalar):
                found.append((text, item))
        return found

    def branches(self, branch: Branch, key: str, expected: str) -> list[Branch]:
        """The mappings of a list, or one mapping alone."""
        pair = branch.items.get(key)
        if pair is None or is_null(pair[1]):
            return []
        node = pair[1]
        items = node.items if isinstance(node, Listing) else [node]
        found = []
        for item in items:
            if isinstance(item, Branch):
                found.append(item)
            else:
                what = f"an item of {wording.shown(key)}" if isinstance(node, Listing) else wording.shown(key)
                self.report(item, Issue(f"{what} is {kind(item)}", expected, code="wrong-type"))
        return found

    def unknown(self, branch: Branch, names: tuple[str, ...], what: str) -> list[tuple[str, str]]:
        """Keys that have no meaning, each told once, with their texts where they are texts."""
        found = []
        for name, (key, node) in branch.items.items():
            if name not in names:
                hint = partial(wording.nearest, name, names)
                message = f"unknown key {wording.shown(name)} in {what}"
                self.report(key, Issue(message, hint=hint, fatal=False, code="unknown-field"))
                if isinstance(node, Scalar) and not is_null(node) and node.text.strip():
                    found.append((name, node.text.strip()))
        return found

    def value(self, branch: Branch, key: str) -> Node | None:
        """The node of a key, for its place."""
        pair = branch.items.get(key)
        return None if pair is None else pair[1]
