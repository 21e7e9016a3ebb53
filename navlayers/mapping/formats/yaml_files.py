"""The YAML files of other tools, and the parts of the sets that are read from them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from navlayers.errors import InputError, OtherFileError, Place, Problem
from navlayers.mapping.formats.context import Findings, Issue, Places
from navlayers.mapping.formats.source import Folder, Source, as_text
from navlayers.mapping.formats.yaml_tree import Branch, Node
from navlayers.mapping.model import Capability, Mapping, NonMappable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from navlayers.mapping.formats.context import PartKind
    from navlayers.mapping.formats.yaml_fields import Fields
    from navlayers.mapping.model import MappingSet

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
    source: Source | Folder,
    kind: FileKind,
    parse: Callable[[Source, Findings], list[Node]],
    findings: Findings,
    *,
    lenient: bool = False,
) -> Iterator[tuple[str, list[Node]]]:
    """The paths and trees of the files of a folder, or of one file. One notice lists the files of other kinds.

    `lenient`: skip the files of a folder that cannot be read.

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
            if kind.skip_broken or lenient:
                line = f" in line {first.place.line}" if first.place and first.place.line else ""
                skipped.append(f"{Place(first.place.path) if first.place else ''} ({first.message}{line})")
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
            for id_ in list(self.capabilities)[counts[2][1] :]:
                del self.capabilities[id_]

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
