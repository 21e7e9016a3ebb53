"""Trees of rules that are not YAML: of texts at offsets, and of values that a library decoded without places.

The places of the latter are found by a search for their texts in order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from navlayers.mapping.formats.yaml_tree import Branch, Listing, Node, Scalar

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from navlayers.errors import Place
    from navlayers.mapping.formats.source import Source

_LONGEST = 40
"""Characters of a text that are searched for: a longer one may have escapes or several lines."""


def scalar_at(source: Source, text: str, offset: int, *, plain: bool = True) -> Scalar:
    """A text of a file as a node.

    Args:
        source: the file.
        text: the text.
        offset: where it starts; where it is quoted, the offset of the first quote.
        plain: it is not quoted.
    """
    place = source.place(offset)
    return Scalar(text, plain, place.line, place.column)


def branch_of(values: Mapping[str, Sequence[Scalar]], place: Place) -> Branch:
    """A mapping of names to their texts: a list where there are several, left out where there are none."""
    items: dict[str, tuple[Scalar, Node]] = {}
    for name, texts in values.items():
        if texts:
            first = texts[0]
            items[name] = first, first if len(texts) == 1 else Listing([*texts], first.line, first.column)
    return Branch(items, place.line, place.column)


def tree(source: Source, value: dict[str, Any], start: int = 0, keys: Container[str] | None = None) -> Branch:
    """The tree of a decoded TOML table or JSON object.

    Args:
        source: the text that it was decoded from.
        value: the table or object.
        start: the offset where it starts.
        keys: the keys at its top whose values are needed; None: all.
    """
    texts = _Texts(source.data, start)
    items: dict[str, tuple[Scalar, Node]] = {}
    top = texts.scalar("", start)
    for name, inner in value.items():
        if keys is None or name in keys:
            key = texts.key(name)
            items[name] = key, texts.node(inner, key)
    return Branch(items, top.line, top.column)


class _Texts:
    """The texts of a value from one to the next. What holds texts has the place of the key before it."""

    def __init__(self, data: bytes, start: int) -> None:
        self._data = data
        self._offset = start
        self._line = data.count(b"\n", 0, start) + 1

    def key(self, name: str) -> Scalar:
        """A key of TOML or JSON, as both are usually written."""
        return self.scalar(
            name, max(self._data.find(form.encode(), self._offset) for form in (f"{name} =", f'"{name}":'))
        )

    def node(self, value: Any, before: Scalar) -> Node:
        """The node of a value."""
        if isinstance(value, str):
            found = self._data.find(value[:_LONGEST].partition("\n")[0].encode(), self._offset)
            return self.scalar(value, found) if found >= 0 else Scalar(value, True, before.line, before.column)
        if isinstance(value, dict):
            return Branch(
                {name: (before, self.node(inner, before)) for name, inner in value.items()},
                before.line,
                before.column,
            )
        if isinstance(value, list):
            # Of the texts of a list, only technique ids need their own places.
            items = [
                Scalar(item, True, before.line, before.column)
                if isinstance(item, str) and not item[:2].upper().startswith("T")
                else self.node(item, before)
                for item in value
            ]
            return Listing(items, before.line, before.column)
        text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        return Scalar(text, True, before.line, before.column)

    def scalar(self, text: str, offset: int) -> Scalar:
        """A text at an offset; at the one before if that is -1."""
        data = self._data
        if offset > self._offset:
            self._line += data.count(b"\n", self._offset, offset)
            self._offset = offset
        start = data.rfind(b"\n", 0, self._offset) + 1
        before = data[start : self._offset]
        column = len(before) if before.isascii() else len(before.decode("utf-8", "replace"))
        return Scalar(text, True, self._line, column + 1)
