"""The events of the YAML parser, with places in lines as editors count them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from navlayers.errors import Place
from navlayers.mapping.formats.source import Lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from navlayers.mapping.formats.source import Source

# The parser of libyaml is several times faster, but PyYAML may be installed without it.
_PARSER = yaml.cyaml.CParser if yaml.__with_libyaml__ else yaml.SafeLoader  # type: ignore[attr-defined]
_OTHER_ENDS = tuple(end.encode() for end in "\x85\u2028\u2029")
"""What YAML 1.1 takes for ends of lines, and editors and other readers do not."""


class _Mark(NamedTuple):
    """A line and a column, counted from 0."""

    line: int
    column: int


def _has_other_ends(data: bytes) -> bool:
    return not data.isascii() and any(end in data for end in _OTHER_ENDS)


def _marks(data: bytes) -> Callable[[Any], Any]:
    """A function from a mark of the parser to one in lines as editors count them."""
    if not _has_other_ends(data):
        return lambda mark: mark
    lines = Lines(data.decode("utf-8", "replace"))

    def position(mark: Any) -> _Mark:
        line, column = lines.position(mark.index)
        return _Mark(line - 1, column - 1)

    return position


def events(data: bytes) -> Callable[[], Any]:
    """A function that gives the next event of a text, None at its end."""
    following: Callable[[], Any] = _PARSER(data).get_event
    if not _has_other_ends(data):
        return following
    mark = _marks(data)

    def next_event() -> Any:
        event = following()
        if event is not None:
            event.start_mark = mark(event.start_mark)
        return event

    return next_event


def error_place(source: Source, error: yaml.YAMLError) -> Place:
    """The place of an error of the parser, as far as it is known."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is not None:
        # A text that ends too early is faulted on the line after its last.
        end = source.place(len(source.data.rstrip()))
        mark = _marks(source.data)(mark)
        return min(Place(source.path, mark.line + 1, mark.column + 1), end)
    position = getattr(error, "position", None)
    return source.place(position) if isinstance(position, int) else Place(source.path)
