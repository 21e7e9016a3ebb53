"""Strategies of input that goes wrong: changed documents of a format, changed bytes of one, and any bytes."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import xlsxwriter
import yaml
from hypothesis import assume
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TEXTS = (
    *(
        "",
        " ",
        "\0",
        "\ud800",
        "\u2028",
        "\x85",
        "\r\n",
        "a\rb\nc\r\n",
        "\x1b[31m",
        "\u202e",
        "\ufeff",
        "é\u0301",
        "😀",
    ),
    *(
        "T1078",
        "t1078.4",
        "T1053.001",
        "T99999",
        "T1059.001, T1078",
        "TA0001",
        "ac-2",
        "a",
        "A",
        "a ",
        "~",
        "null",
        "no",
    ),
    *("0", "-1", "1e999", "nan", "1_000", "٣", "9" * 30, "2026-02-30", "0001-01-01", "9999-12-31", "16.10", "100%"),
    *(
        "=1+1",
        "@a",
        "[a](b)",
        "<b>&amp;",
        "]]>",
        "{{a}}",
        "a: b",
        "- a",
        "*a",
        "&a",
        "!!a",
        "|",
        "'",
        '"',
        "\\",
        "#",
        ",",
    ),
    *(
        "../../a",
        "/dev/null",
        "con",
        "a" * 300,
        "http://[",
        "javascript:a",
        "https://a.org/ b",
        "significant",
        "protect",
    ),
)
LARGE = (" ", "a", "/", "-", "http", "T1078,", "\n", "\0", "[", "é", "<", "1")
"""What a long text repeats."""

LONG = 200_000
MOST_BYTES = 5_000_000
DEEP = "DEEP"
"""Stands for lists in lists, 3,000 deep."""

VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1.5,
        101,
        1e300,
        float("nan"),
        float("-inf"),
        10**40,
        [],
        {},
        [[]],
        [None],
        {"": None},
    ),
    *(DEEP, {"a": {"a": {"a": [{}]}}}, {"": ""}, ["T1078", "T1078"], [["a"], {"b": 1}]),
)
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "latin-1", "cp1252")
_TOKEN = re.compile(r"\w+|\s|[^\w\s]")

places = st.integers(0, 1 << 16)
texts = st.sampled_from(TEXTS) | st.text(max_size=8)
scalars = st.sampled_from(TEXTS) | st.sampled_from(VALUES) | st.text(max_size=8)


class _Key(str):
    """A key that a mapping may have twice."""

    __slots__ = ()
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other


yaml.CSafeDumper.add_representer(_Key, lambda dumper, key: dumper.represent_str(str(key)))

Spot = tuple[Any, Any]
"""A list or mapping, and the index or key of a value in it."""


def _spots(tree: Any) -> Iterator[Spot]:
    for key in list(tree) if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ():
        yield tree, key
        yield from _spots(tree[key])


def _remove(spot: Spot, _: Any, __: Spot) -> None:
    del spot[0][spot[1]]


def _twice(spot: Spot, value: Any, _: Spot) -> None:
    tree, key = spot
    if isinstance(tree, list):
        tree[key:key] = [deepcopy(tree[key])] * (300 if value is None else 1)
    else:
        tree[_Key(key)] = deepcopy(tree[key])


def _replace(spot: Spot, value: Any, _: Spot) -> None:
    spot[0][spot[1]] = value


def _retext(spot: Spot, value: Any, _: Spot) -> None:
    """Replace a text by another one, and leave other values."""
    if isinstance(spot[0][spot[1]], str):
        spot[0][spot[1]] = value if isinstance(value, str) else str(value)


def _append(spot: Spot, value: Any, _: Spot) -> None:
    if isinstance(spot[0][spot[1]], str):
        spot[0][spot[1]] += value if isinstance(value, str) else str(value)


def _rename(spot: Spot, value: Any, _: Spot) -> None:
    tree, key = spot
    if isinstance(tree, dict):
        tree[_Key(value)] = tree.pop(key)


def _copy(spot: Spot, _: Any, other: Spot) -> None:
    """Put a value of another place here."""
    spot[0][spot[1]] = deepcopy(other[0][other[1]])


def _wrap(spot: Spot, value: Any, _: Spot) -> None:
    tree, key = spot
    for _number in range(60 if value is None else 1):
        tree[key] = {"a": tree[key]} if isinstance(value, str) else [tree[key]]


def _lengthen(spot: Spot, value: Any, _: Spot) -> None:
    """A text of 200 kB."""
    spot[0][spot[1]] = (value * LONG)[:LONG]


EDITS: tuple[Callable[[Spot, Any, Spot], None], ...] = (
    *(_remove, _twice, _replace, _retext, _append, _rename, _copy, _wrap, _lengthen),
)
GENTLE = (_retext, _append, _copy, _remove)
"""Edits after which most documents can still be read."""

_edits = st.sampled_from(EDITS).flatmap(
    lambda edit: st.tuples(st.just(edit), places, st.sampled_from(LARGE) if edit is _lengthen else scalars, places)
)
edits = st.lists(_edits, max_size=4)
gentle = st.lists(st.tuples(st.sampled_from(GENTLE), places, texts, places), min_size=1, max_size=6)


def edited(tree: Any, changes: list[tuple[Any, int, Any, int]]) -> Any:
    """A changed copy of a tree of lists and mappings."""
    top = [deepcopy(tree)]
    for edit, place, value, other in changes:
        spots = list(_spots(top))
        if spots:
            edit(spots[place % len(spots)], deepcopy(value), spots[other % len(spots)])
    return top[0] if top else None


def as_json(tree: Any) -> str:
    """JSON, with half surrogate pairs as escapes."""
    return json.dumps(tree, indent=1, default=str).replace(f'"{DEEP}"', "[" * 3_000 + "]" * 3_000)


def as_ndjson(tree: Any) -> str:
    """A JSON value in each line."""
    return "\n".join(" ".join(as_json(item).split("\n")) for item in (tree if isinstance(tree, list) else [tree]))


def as_yaml(tree: Any) -> str:
    """YAML in blocks."""
    try:
        text = str(yaml.dump(tree, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True))
    except UnicodeEncodeError:  # half a surrogate pair; JSON is YAML
        return as_json(tree)
    return text.replace(DEEP, "[" * 3_000 + "]" * 3_000)


def as_csv(tree: Any) -> str:
    """Rows with commas."""
    out = io.StringIO()
    csv.writer(out).writerows(_rows(tree))
    return out.getvalue()


def as_xlsx(tree: Any) -> bytes:
    """A workbook with a sheet."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "nan_inf_to_errors": True}) as book:
        sheet = book.add_worksheet()
        for number, cells in enumerate(_rows(tree)):
            for column, cell in enumerate(cells):
                sheet.write(
                    number,
                    column,
                    cell
                    if isinstance(cell, int | float)
                    else str(cell)[:30_000].encode("utf-8", "replace").decode(),
                )
    return out.getvalue()


def _rows(tree: Any) -> list[list[Any]]:
    rows = tree if isinstance(tree, list) else [tree]
    return [row if isinstance(row, list) else [row] for row in rows]


WRITERS: dict[str, Callable[[Any], str | bytes]] = {
    "json": as_json,
    "ndjson": as_ndjson,
    "yaml": as_yaml,
    "csv": as_csv,
    "xlsx": as_xlsx,
}


def retyped(text: str, changes: list[tuple[int, int, int, Any]]) -> str:
    """A text with spans of its words and signs left out, repeated, moved, or replaced by others."""
    for kind, place, length, value in changes:
        words = text.splitlines(keepends=True) if kind % 2 else _TOKEN.findall(text)
        start = place % (len(words) + 1)
        end = start + length
        new = str(value)
        span = words[start:end]
        words[start:end] = ([], span * 2, [new], [*span, new], span[::-1], [new, *span])[kind // 2 % 6]
        text = "".join(words)
    return text


def rebyted(data: bytes, changes: list[tuple[int, int, int, bytes]]) -> bytes:
    """Bytes with spans left out, repeated, replaced, and ends cut off."""
    for kind, place, length, new in changes:
        start = place % (len(data) + 1)
        span = data[start : start + length]
        data = (
            data[:start],
            data[:start] + data[start + length :],
            data[:start] + span * 3 + data[start + length :],
            data[:start] + new + data[start + length :],
            data[:start] + new + data[start:],
        )[kind]
    return data


def repacked(data: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    """A ZIP file with changed, missing and repeated parts."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as old:
            parts = [(name, old.read(name)) for name in old.namelist()]
    except (zipfile.BadZipFile, NotImplementedError):
        return data
    for kind, place, new in changes:
        name, text = parts[place % len(parts)]
        start = (place // 7) % (len(text) + 1)
        head, rest = text[:start], text[start:]
        parts[place % len(parts)] = name, (b"", head, head + new + rest, text + text, head + rest[9:])[kind]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, text in parts:
            file.writestr(name, text)
    return out.getvalue()


text_changes = st.lists(st.tuples(st.integers(0, 11), places, st.integers(0, 5), scalars), max_size=4)
byte_changes = st.lists(
    st.tuples(st.integers(0, 4), places, st.integers(0, 40), st.binary(max_size=6)), min_size=1, max_size=4
)
part_changes = st.lists(st.tuples(st.integers(0, 4), places, st.binary(max_size=6)), min_size=1, max_size=3)


@st.composite
def changed(draw: st.DrawFn, documents: tuple[tuple[str, Any], ...], *, mild: bool = False) -> bytes:
    """The bytes of a changed document.

    Args:
        draw: of hypothesis.
        documents: each with how it is written: "json", "yaml", "csv", "xlsx", or "text" and "bytes" for itself.
        mild: only texts change, and few places are left out.
    """
    kind, document = draw(st.sampled_from(documents))
    if kind in WRITERS:
        content = WRITERS[kind](edited(document, draw(gentle if mild else edits)))
    elif kind == "text":
        content = retyped(document, draw(text_changes))
    else:
        content = document
    if isinstance(content, str):
        how = 0 if mild else draw(st.integers(0, 15))
        if how == 1:
            content = retyped(content, draw(text_changes))
        elif how == 2:
            content = content.replace("\n", draw(st.sampled_from(("\r\n", "\r", "\n\n", "\u2028", "\x85", "\0"))))
        encoding = draw(st.sampled_from(ENCODINGS)) if how == 3 else "utf-8"
        content = content.encode(encoding, "replace" if how in (3, 4) else "surrogatepass")
    # Rows with a long text are repeated, too; the bounds are those of a megabyte.
    assume(len(content) <= MOST_BYTES)
    if mild:
        return content
    how = draw(st.integers(0, 9))
    if content.startswith(b"PK") and how < 5:
        content = repacked(content, draw(part_changes))
    return rebyted(content, draw(byte_changes)) if how == 0 else content


def raw(documents: tuple[tuple[str, Any], ...]) -> st.SearchStrategy[bytes]:
    """Any bytes, any text, and the bytes of a document with damage."""
    whole = [WRITERS[kind](document) if kind in WRITERS else document for kind, document in documents]
    files = [content.encode() if isinstance(content, str) else content for content in whole]
    damaged = st.builds(rebyted, st.sampled_from(files), byte_changes)
    return st.one_of(
        st.binary(max_size=300), st.text(max_size=200).map(lambda text: text.encode()), damaged, damaged
    )


@st.composite
def anything(draw: st.DrawFn, documents: tuple[tuple[str, Any], ...]) -> bytes:
    """A changed document, mostly; or one with other texts; or damaged and any bytes."""
    how = draw(st.integers(0, 9))
    return draw(raw(documents) if how == 0 else changed(documents, mild=how > 6))
