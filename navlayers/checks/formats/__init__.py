"""Reports as text, JSON, SARIF and GitHub's workflow commands: one function each, from a report to text."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from navlayers.checks.finding import Report

FORMATS = ("text", "json", "sarif", "github")


def render(report: Report, format_: str) -> str:
    """The report in a format of `FORMATS`."""
    written: Callable[[Report], str] = importlib.import_module(f"navlayers.checks.formats.{format_}_report").render
    return written(report)
