"""What a file would lose by being written anew in its own format."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from navlayers.errors import OutputError
from navlayers.mapping import formats as readers
from navlayers.mapping.formats.native.write import EDITORS
from navlayers.mapping.model import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.mapping.formats import Reading, ReadOptions

_YAML = frozenset({"native", "mapex-yaml"})
_LAID_OUT = frozenset({"csv", "xlsx", "stix"})
_TO_KEEP = (
    "; to keep comments, write the new attack_version into the file: navlayers check --fix then mends ids that "
    "were replaced, and tells of the others"
)
_SIGN = re.compile(r"(?:^|(?<=[\s]))#", re.MULTILINE)


def losses(data: bytes, reading: Reading, options: ReadOptions) -> tuple[str, ...]:
    """What is lost when a file that was read as a set is written again, in words; nothing where nothing is."""
    return tuple(_losses(data, reading, options))


def way_out(data: bytes, format_: str) -> str:
    """What to do where something would be lost."""
    return f"use -o, or allow it with --force{_TO_KEEP if format_ in _YAML and comment_lines(data) else ''}"


def _losses(data: bytes, reading: Reading, options: ReadOptions) -> Iterator[str]:
    if reading.format in _YAML and (comments := comment_lines(data)):
        many = f"{len(comments)} comments, the first" if len(comments) > 1 else "the comment"
        yield f"{many} in line {comments[0]}"
    yield from (notice.message for notice in reading.notices if notice.code == "not-carried")
    try:
        written = readers.encode(reading.mapping_set, reading.format)
    except OutputError:  # it is told where the result is written
        return
    if reading.format in _LAID_OUT:
        if written.data != data:
            yield "what is in the file beside the mapping set, and how it is laid out"
        return
    again = readers.read("", data=written.data, reading=options).mapping_set
    if canonical(again) != canonical(reading.mapping_set):
        told = [notice.message for notice in written.notices if notice.code == "not-carried"]
        yield from told or ["some of what it says"]


def comment_lines(data: bytes) -> list[int]:
    """The lines of a YAML text that have a comment, but for the one that navlayers itself writes for editors."""
    if b"#" not in data:
        return []
    import yaml  # noqa: PLC0415 - slow, and only needed for a text that may have comments

    text = data.decode("utf-8-sig")
    body = text.removeprefix(EDITORS)
    skipped = len(text) - len(body)
    scalars = [
        (token.start_mark.index, token.end_mark.index)
        for token in yaml.scan(body, yaml.CSafeLoader)
        if isinstance(token, yaml.ScalarToken)
    ]
    lines: list[int] = []
    at = 0
    for found in _SIGN.finditer(body):
        while at < len(scalars) and scalars[at][1] <= found.start():
            at += 1
        if at == len(scalars) or found.start() < scalars[at][0]:
            line = text.count("\n", 0, skipped + found.start()) + 1
            if not lines or lines[-1] != line:
                lines.append(line)
    return lines
