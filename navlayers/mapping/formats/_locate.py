"""Locate values in JSON and YAML documents: path → line and column, computed only on request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers.errors import Place
from navlayers.mapping.formats._json import members
from navlayers.mapping.formats.findings import Findings

if TYPE_CHECKING:
    from navlayers.mapping.formats.source import Source
    from navlayers.mapping.formats.yaml_tree import Node

Path = tuple[str | int, ...]
"""Keys and indices that lead to a value from the top of a document."""


class Locator:
    """Finds the places of values in one document."""

    def find(self, path: Path, *, key: bool = False) -> Place | None:
        """The place of the value at a path, or of its key; None where the document has none."""
        raise NotImplementedError

    def place(self, path: Path = ()) -> Place:
        """The place of the value at a path, or of the nearest one around it where there is none."""
        return self.find(path) or self.place(path[:-1])


class JsonLocator(Locator):
    """Finds the places of values in valid JSON text."""

    def __init__(self, source: Source) -> None:
        self._source = source
        start = len(source.data) - len(source.data.lstrip())
        self._spans: dict[Path, tuple[int, int, int]] = {(): (start, start, len(source.data))}
        self._read: set[Path] = set()

    def find(self, path: Path, *, key: bool = False) -> Place | None:
        """The place of the value at a path, or of its key; None where the document has none."""
        span = self._span(path)
        return None if span is None else self._source.place(span[0] if key else span[1])

    def inside(self, path: Path, offset: int) -> Place:
        """The place `offset` bytes after the start of the value at a path."""
        span = self._span(path)
        return self._source.place((span[1] if span else 0) + offset)

    def _span(self, path: Path) -> tuple[int, int, int] | None:
        """The byte offsets of the key, of the value and of the value's end."""
        if path in self._spans or not path:
            return self._spans[path]
        around = path[:-1]
        outer = self._span(around)
        if outer is None or around in self._read:
            return None
        self._read.add(around)
        for name, at, value, end in members(self._source.data, outer[1], outer[2]):
            # Of a key that stands twice, the first counts for places.
            self._spans.setdefault((*around, name), (at, value, end))
        return self._spans.get(path)


class YamlLocator(Locator):
    """Finds the places of values in YAML text of one document; the text is read when first asked."""

    def __init__(self, source: Source, tree: Node | None = None) -> None:
        self._source = source
        self._tree = tree

    def find(self, path: Path, *, key: bool = False) -> Place | None:
        """The place of the value at a path, or of its key; None where the document has none."""
        # YAML is slow to import, and not needed where JSON is read.
        from navlayers.mapping.formats.yaml_tree import Branch, Listing, parse  # noqa: PLC0415

        if self._tree is None:
            self._tree = parse(self._source, Findings(lenient=True))
        node = at = self._tree
        for step in path:
            if isinstance(node, Branch) and step in node.items:
                at, node = node.items[str(step)]
            elif isinstance(node, Listing) and isinstance(step, int) and step < len(node.items):
                at = node = node.items[step]
            else:
                return None
        said = at if key else node
        return Place(self._source.path, said.line, said.column)
