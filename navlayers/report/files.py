"""Reports as files: which formats there are, and how each is made."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, NamedTuple

from navlayers.render.rendered import Rendered

if TYPE_CHECKING:
    from navlayers.report.make import Report


class Format(NamedTuple):
    """A format: the module of `navlayers.report` whose `render(report)` makes it. `binary`: it is not text."""

    module: str
    binary: bool = False


FORMATS = {
    "pdf": Format("pdf", binary=True),
    "html": Format("html"),
    "md": Format("markdown"),
    "docx": Format("docx", binary=True),
}
"""Name, which is the ending of its files, too → format."""


def render_report(report: Report, format_: str) -> Rendered:
    """The report in a format, one of `FORMATS`.

    Raises:
        UsageError: the format cannot hold it.
    """
    made: Rendered = importlib.import_module(f"navlayers.report.{FORMATS[format_].module}").render(report)
    return made
