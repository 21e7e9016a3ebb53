"""The text of the inputs: finding a value at its place, and replacing it."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from navlayers.errors import Place
from navlayers.mapping.formats.source import Lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from navlayers.checks.finding import Edit

_BOM = "\ufeff"
_QUOTES = frozenset({'"', "'"})
_WITHIN = _QUOTES | {"-", "_", "."}
_BEHIND = frozenset({"", " ", "\t", "\r", "\n", ",", ":", "}", "]"})
_DELIMITERS = (",", ";", "\t", "|")
_PLAIN = re.compile(r"[A-Za-z0-9(][A-Za-z0-9_./()&' +-]*")
"""Text that needs no quotes in YAML, in block or flow style."""

_TECHNIQUE = re.compile(r"T[0-9]{4}(\.[0-9]{3})?", re.IGNORECASE)
_PART = r"(?=[ \t]*(?:[;,|/&\t\r\n\"]|$)|[ \t]+(?:and[ \t]+)?[Tt][0-9])"
"""The end of a technique among others in a cell."""

_NULL = re.compile(r"(?:null|Null|NULL|~)?[ \t]*(?=[,}\]\r\n#]|$)")
_WORD = re.compile(r"y|n|yes|no|on|off|true|false|null|~|[0-9_.:eE+-]+|[0-9].*", re.IGNORECASE)


def _same_text(written: str, old: str) -> bool:
    """Whether a written text is the old one of an edit; ids of techniques are in lower case in Sigma rules."""
    return written == old or (_TECHNIQUE.match(old) is not None and written.casefold() == old.casefold())


class Span(NamedTuple):
    """A value in a text: its offsets without quotes, the value, and its quote character ("" for none)."""

    start: int
    end: int
    value: str
    quote: str


def decoded(data: bytes) -> tuple[str, str]:
    """The text of a file and its encoding, UTF-8 or else Windows-1252, which spreadsheets save.

    Raises:
        UnicodeDecodeError: it is neither.
    """
    try:
        return data.decode(), "utf-8"
    except UnicodeDecodeError:
        return data.decode("cp1252"), "cp1252"


class Text:
    """The text of one file, UTF-8 or, of a table, Windows-1252.

    Offsets count characters after a byte order mark, as places do.
    """

    def __init__(self, path: str, data: bytes, *, table: bool) -> None:
        self.path = path
        self._bom = data.startswith(_BOM.encode())
        text, self._encoding = decoded(data) if table else (data.decode(), "utf-8")
        self.text = text.removeprefix(_BOM)
        self.table = table

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self.text)

    @cached_property
    def _delimiter(self) -> str:
        starts = self._lines.starts
        first = self.text[: starts[1] if len(starts) > 1 else len(self.text)]
        return max(_DELIMITERS, key=first.count)

    def offset(self, place: Place) -> int | None:
        """The offset of a place; None if the text has no such line and column."""
        starts = self._lines.starts
        if not 0 < place.line <= len(starts) or not place.column:
            return None
        offset = starts[place.line - 1] + place.column - 1
        return offset if offset < len(self.text) else None

    def place(self, offset: int) -> Place:
        """The place of an offset."""
        return Place(self.path, *self._lines.position(offset))

    def find(self, value: str, place: Place, reach: int, after: Place | None = None) -> Place | None:
        """The place of the first occurrence of a value, within `reach` characters after a place.

        With `after`, a later place, it is the first one after that. A quoted value is placed at its quote.
        Occurrences inside a longer word are skipped.
        """
        start = self.offset(place)
        end = 0 if start is None else start + reach
        start = start if after is None else self.offset(after)
        while start is not None and (offset := self.text.find(value, start, end)) >= 0:
            end_of_value = offset + len(value)
            before, behind = self.text[offset - 1 : offset], self.text[end_of_value : end_of_value + 1]
            if before in _QUOTES and behind == before:
                return self.place(offset - 1)
            if before not in _WITHIN and not before.isalnum() and behind in _BEHIND:
                return self.place(offset)
            start = offset + 1
        return None

    def span(self, place: Place, old: str) -> Span | None:
        """The value at a place, if it equals `old` without surrounding blanks and is written without escapes."""
        start = self.offset(place)
        if start is None:
            return None
        span = self._delimited(start)
        if span is None and not self.table:
            end = r"(?=[\"']?[ \t]*(?:[,}\]\r\n]|:[ \r\n]|:?$|[ \t]#))"
            span = self._plain(start, old, end)
        elif self.table and span is not None and span.value.strip() != old:
            span = self._plain(start, old, _PART)
        if span is None or not _same_text(span.value.strip(), old):
            return None
        return span

    def _plain(self, start: int, old: str, end: str) -> Span | None:
        """A text without quotes at an offset, in any case, up to a match of `end`."""
        found = re.compile(f"{re.escape(old)}{end}", re.IGNORECASE).match(self.text, start)
        return Span(start, found.end(), found[0], "") if found is not None else None

    def empty(self, place: Place) -> bool:
        """Whether the value at a place is empty or null."""
        start = self.offset(place)
        if start is None:
            return True
        span = self._delimited(start)
        return not span.value.strip() if span is not None else _NULL.match(self.text, start) is not None

    def stripped(self, place: Place) -> str | None:
        """The value at a place without its surrounding blanks; None if it has none."""
        start = self.offset(place)
        span = self._delimited(start) if start is not None else None
        return span.value.strip() if span is not None and span.value != span.value.strip() else None

    def _delimited(self, start: int) -> Span | None:
        """The quoted value or table cell at an offset; None for unquoted YAML text, and for text with escapes."""
        text, quote = self.text, self.text[start]
        if self.table and text[start - 1 : start] == '"' and start:
            # The place of a quoted cell is that of its text.
            start, quote = start - 1, '"'
        if quote == '"' or (quote == "'" and not self.table):
            end = text.find(quote, start + 1)
            value = text[start + 1 : end]
            sound = end > 0 and "\\" not in value and text[end + 1 : end + 2] != quote
            return Span(start + 1, end, value, quote) if sound else None
        if not self.table:
            return None
        cell = re.compile(f"[^{re.escape(self._delimiter)}\r\n]*").match(text, start)
        return Span(start, cell.end(), cell[0], "") if cell is not None else None

    def written(self, span: Span, edit: Edit) -> str | None:
        """The new value as it is written in place of the old one; None if it would need escapes."""
        new = edit.new
        if not new or not new.isprintable():
            return None
        if span.value.strip() != edit.old:
            new = new.lower()  # the reader of Sigma rules, whose tags are in lower case, reads ids in upper case
        if span.quote:
            return None if span.quote in new or "\\" in new else new
        if self.table:
            return None if self._delimiter in new or '"' in new or new != new.strip() else new
        return new if _PLAIN.fullmatch(new) and not _WORD.fullmatch(new) and new == new.strip() else f'"{new}"'

    def takes(self, edit: Edit) -> bool:
        """Whether an edit applies to this text."""
        span = self.span(edit.place, edit.old)
        return span is not None and self.written(span, edit) is not None

    def edited(self, edits: Iterable[Edit]) -> bytes | None:
        """The bytes with all edits applied; None if one does not apply, or two contradict each other."""
        changes: dict[tuple[int, int], str] = {}
        for edit in edits:
            span = self.span(edit.place, edit.old)
            new = self.written(span, edit) if span is not None else None
            if span is None or new is None or changes.setdefault((span.start, span.end), new) != new:
                return None
        pieces, offset = [], 0
        for (start, end), new in sorted(changes.items()):
            if start < offset:
                return None
            pieces += [self.text[offset:start], new]
            offset = end
        pieces.append(self.text[offset:])
        return ((_BOM if self._bom else "") + "".join(pieces)).encode(self._encoding)


class Texts:
    """The texts of a run by path; `data` holds the content of inputs that are not files."""

    def __init__(self, data: Mapping[str, bytes | None], tables: Iterable[str] = ()) -> None:
        self._data = {path: content for path, content in data.items() if content is not None}
        self._tables = frozenset(tables)
        self._texts: dict[str, Text | None] = {}

    def data(self, path: str) -> bytes | None:
        """The bytes of an input; None if it cannot be read."""
        if path not in self._data:
            try:
                self._data[path] = Path(path).read_bytes()
            except (OSError, ValueError):
                return None
        return self._data[path]

    def get(self, path: str) -> Text | None:
        """The text of a file; None if it is not UTF-8 text."""
        if path not in self._texts:
            data = self.data(path)
            try:
                text = Text(path, data, table=path in self._tables) if data is not None else None
            except UnicodeDecodeError:
                text = None
            self._texts[path] = text if text is not None and "\0" not in text.text[:4] else None
        return self._texts[path]
