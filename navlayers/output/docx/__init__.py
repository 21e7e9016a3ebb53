"""Documents for Word: real headings, tables and fields, pictures with alternative texts."""

from __future__ import annotations

from navlayers.output.docx.writer import render

__all__ = ["render"]
