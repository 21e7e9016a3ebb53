"""The YAML files of other tools, of which a folder is one set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from navlayers._text.wording import with_article
from navlayers.errors import InputError, OtherFileError, Place, Problem
from navlayers.mapping.formats.findings import Findings, Issue
from navlayers.mapping.formats.source import Folder, Source, as_text
from navlayers.mapping.formats.yaml_tree import Branch, Node

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


_NAMED = 3
"""Maximum skipped files named in a notice."""


class FileKind(msgspec.Struct):
    """The kind of the files of a folder format.

    Attributes:
        name: such as "Sigma rule".
        plural: of the name, if that does not end in "s".
        expected: the parts of a file, for messages.
        keys: a file has one of these keys at its top.
        skip_broken: skip the files of a folder that cannot be read, as folders of rules have other files, too;
            otherwise they are errors.
    """

    name: str
    expected: str
    keys: frozenset[str]
    plural: str = ""
    skip_broken: bool = True

    @property
    def names(self) -> str:
        """The plural of the name."""
        return self.plural or f"{self.name}s"


def read_files(
    source: Source | Folder,
    kind: FileKind,
    parse: Callable[[Source, Findings], Iterable[Node]],
    findings: Findings,
    *,
    lenient: bool = False,
) -> Iterator[tuple[str, Iterable[Node]]]:
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
            other = Problem(
                f"this is not {with_article(kind.name)}", Place(file.path, 1, 1), kind.expected, code="wrong-shape"
            )
            raise OtherFileError(inner.errors() or other)
    if skipped:
        more = [f"{len(skipped) - _NAMED:,} more"] if len(skipped) > _NAMED else []
        names = ", ".join([*skipped[:_NAMED], *more])
        message = f"skipped {len(skipped):,} of {total:,} files that are not {kind.names}: {names}"
        findings.add(Issue(message, fatal=False, code="not-carried"), Place(source.path))
    if not count and not findings.failed:
        message = f"no file in this folder is {with_article(kind.name)}"
        raise OtherFileError(Problem(message, Place(source.path), kind.expected, code="wrong-shape"))


def _add(problems: tuple[Problem, ...], findings: Findings) -> None:
    for problem in problems:
        issue = Issue(problem.message, problem.expected, problem.hint, code=problem.code or "syntax")
        findings.add(issue, problem.place or Place(""))
