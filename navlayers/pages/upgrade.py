"""Reports as text for a terminal, as Markdown, and as JSON."""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import TYPE_CHECKING, Literal, get_args

import msgspec

from navlayers._text import shown
from navlayers.errors import Problem, UsageError
from navlayers.upgrades.report import counts, new_since

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.upgrades.report import FileReport, Report

Format = Literal["text", "md", "json"]
FORMATS: tuple[Format, ...] = get_args(Format)

_ENDINGS: dict[str, Format] = {"": "text", ".txt": "text", ".md": "md", ".json": "json"}
_OF_FILE = frozenset(("new", "why_not_new", "elsewhere", "tactics"))
"""Fields of reports that JSON tells once for a file."""


def render(files: Sequence[FileReport], format_: Format = "text", *, width: int | None = None) -> str:
    """The reports of a call; nothing in the data is taken for markup or for orders to the terminal.

    `width`: names in the table of text are cut, where they are long, so that it fits so many columns.
    """
    # Each form is loaded where it is written.
    if format_ == "json":
        return _json(files)
    if format_ == "md":
        from navlayers.pages.upgrade_markdown import render as markdown  # noqa: PLC0415

        return markdown(files)
    from navlayers.pages.upgrade_text import render as text  # noqa: PLC0415

    return text(files, width)


def form_for(path: str) -> Format:
    """The form of report that a file's ending asks for; text where it has none.

    Raises:
        UsageError: there is none for that ending, or it is standard output.
    """
    if path == "-":
        hint = "the report is on standard output anyway; --format says in which form"
        raise UsageError(Problem("--report is the name of a file, and - is none", hint=hint))
    ending = PurePath(path).suffix.lower()
    if not path or ending not in _ENDINGS:
        message = f"the ending of {shown(path)} does not say which form of report to write"
        raise UsageError(Problem(message, expected=", ".join(known for known in _ENDINGS if known)))
    return _ENDINGS[ending]


def _json(files: Sequence[FileReport]) -> str:
    told = [
        {
            "path": file.path,
            "output": file.output,
            "counts": counts(file.reports),
            "notices": file.notices,
            "new": new_since(file.reports),
            "reports": [_report(report) for report in file.reports],
        }
        for file in files
    ]
    try:
        return msgspec.json.format(msgspec.json.encode(told), indent=2).decode() + "\n"
    except UnicodeEncodeError:  # a file name that is no text: only escapes can write it
        return json.dumps(msgspec.to_builtins(told), indent=2) + "\n"


def _report(report: Report) -> dict[str, object]:
    fields = {name: getattr(report, name) for name in report.__struct_fields__ if name not in _OF_FILE}
    return {"counts": counts([report]), **fields}
