"""Any text that mentions technique ids: queries, notes, code. A file is a capability."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from navlayers.errors import OtherFileError, Place, Problem
from navlayers.mapping.formats.rules import rule_set
from navlayers.mapping.formats.rules.field_table import IDS, FieldTable, rule_of
from navlayers.mapping.formats.rules.rule_set import Content, Grouping, RuleSet
from navlayers.mapping.formats.source import text_lines
from navlayers.mapping.formats.yaml_fields import Fields
from navlayers.mapping.formats.yaml_files import FileKind
from navlayers.mapping.formats.yaml_tree import Branch, Listing, Node, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from navlayers.mapping.formats.findings import Findings
    from navlayers.mapping.formats.source import Source

_TABLE = FieldTable(
    id=("path",),
    name=("name",),
    comment=(),
    techniques=(("ids",),),
    groups={"extension": ("extension",)},
    other={},
    ids=IDS,
)


def _parse(source: Source, findings: Findings) -> list[Node]:
    """The ids of a file, each where it is first."""
    text = source.data.decode()
    lines: dict[str, Scalar] = {}
    for number, line in enumerate(text_lines(text), 1):
        for match in IDS.finditer(line):
            lines.setdefault(match[0].upper(), Scalar(match[0], True, number, match.start() + 1))
    if not lines:
        message = "no technique id in this file"
        raise OtherFileError(Problem(message, Place(source.path), "an id such as T1059", code="wrong-shape"))
    path = Path(source.path)
    texts = {"path": source.path, "name": path.name, "extension": path.suffix.lower().removeprefix(".") or "none"}
    items: dict[str, tuple[Scalar, Node]] = {}
    for key, value in texts.items():
        items[key] = Scalar(key, True, 1, 1), Scalar(value, True, 1, 1)
    items["ids"] = Scalar("ids", True, 1, 1), Listing([*lines.values()], 1, 1)
    return [Branch(items, 1, 1)]


def _rules(files: RuleSet, path: str, trees: Iterable[Node]) -> None:
    """Add a file, with its path in the folder as id."""
    for tree in trees:
        if isinstance(tree, Branch):
            rule = rule_of(Fields(path, tree, files.findings), _TABLE, files)
            files.add(rule._replace(id=files.inner_path(path)))


CONTENT = Content(
    FileKind(
        "file with a technique id",
        "text with ids such as T1059",
        frozenset({"ids"}),
        skip_broken=True,
        plural="files with a technique id",
    ),
    "scan",
    "Files that mention techniques",
    _parse,
    _rules,
    {"extension": Grouping("File type")},
    "write an id such as T1059",
    noun=("file", "files"),
    type="mentions",
    category=None,
    notice="a file that mentions a technique may not detect it",
)
read = partial(rule_set.read, content=CONTENT)
