"""Trees of rules that are not YAML: of texts at offsets, and of values that a library decoded without places.

The places of the latter are found by a search for their texts in order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from navlayers.errors import InputError, Place, Problem
from navlayers.mapping.formats.yaml_tree import Branch, Listing, Node, Scalar

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from navlayers.mapping.formats.source import Source

_LONGEST = 40
"""Characters of a text that are searched for: a longer one may have escapes or several lines."""

_NEAR = 1 << 16
"""Bytes from one text to the next that are searched: a text with escapes is not found."""

_MOST_MISSED = 100
"""Keys that are searched for in the rest of the file and not found, as those that are spelled with escapes."""

_MOST_TEXTS_MISSED = 2_000
"""Other texts that are searched for and not found."""

MAX_DEPTH = 50


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


def tree(
    source: Source, value: dict[str, Any], span: tuple[int, int] | None = None, keys: Container[str] | None = None
) -> Branch:
    """The tree of a decoded TOML table or JSON object.

    Args:
        source: the text that it was decoded from.
        value: the table or object.
        span: the offsets of its start and end; None: those of the whole text.
        keys: the keys at its top whose values are needed; None: all.

    Raises:
        InputError: it is nested too deeply.
    """
    texts = _Texts(source, *(span or (0, len(source.data))))
    items: dict[str, tuple[Scalar, Node]] = {}
    top = texts.scalar("", -1)
    for name, inner in value.items():
        if keys is None or name in keys:
            key = texts.key(name)
            items[name] = key, texts.node(inner, key)
    return Branch(items, top.line, top.column)


def too_deep(source: Source, line: int, column: int) -> InputError:
    """The error of a value that is nested too deeply, at its place."""
    place, expected = Place(source.path, line, column), f"at most {MAX_DEPTH} levels"
    return InputError(Problem("this is nested too deeply", place, expected, code="wrong-shape"))


class _Texts:
    """The texts of a value from one to the next. What holds texts has the place of the key before it."""

    def __init__(self, source: Source, start: int, end: int) -> None:
        self._source = source
        self._data = source.data
        self._offset = start
        self._end = end
        self._is_json = self._data.startswith((b"{", b"["), len(self._data) - len(self._data.lstrip()))
        self._missed = 0
        self._texts_missed = 0

    def key(self, name: str) -> Scalar:
        """A key of TOML or JSON, as both are usually written."""
        form = f'"{name}":' if self._is_json else f"{name} ="
        found = self._data.find(form.encode(), self._offset, self._end) if self._missed < _MOST_MISSED else -1
        self._missed += found < 0
        return self.scalar(name, found)

    def node(self, value: Any, before: Scalar, depth: int = 1) -> Node:
        """The node of a value."""
        if depth > MAX_DEPTH:
            raise too_deep(self._source, before.line, before.column)
        if isinstance(value, str):
            needle = value[:_LONGEST].partition("\n")[0].encode("utf-8", "surrogatepass")
            end = min(self._offset + _NEAR, self._end) if self._texts_missed < _MOST_TEXTS_MISSED else 0
            found = self._data.find(needle, self._offset, end)
            self._texts_missed += found < 0
            return self.scalar(value, found) if found >= 0 else Scalar(value, True, before.line, before.column)
        if isinstance(value, dict):
            return Branch(
                {name: (before, self.node(inner, before, depth + 1)) for name, inner in value.items()},
                before.line,
                before.column,
            )
        if isinstance(value, list):
            # Of the texts of a list, only technique ids need their own places.
            items = [
                Scalar(item, True, before.line, before.column)
                if isinstance(item, str) and not item[:2].upper().startswith("T")
                else self.node(item, before, depth + 1)
                for item in value
            ]
            return Listing(items, before.line, before.column)
        text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        return Scalar(text, True, before.line, before.column)

    def scalar(self, text: str, offset: int) -> Scalar:
        """A text at an offset; at the one before if that is -1."""
        self._offset = max(offset, self._offset)
        place = self._source.place(self._offset)
        return Scalar(text, True, place.line or 1, place.column or 1)
