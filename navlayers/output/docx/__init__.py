"""Reports for Word: real headings, tables and fields, heatmaps as pictures with what they show in words."""

from __future__ import annotations

from navlayers.output.docx.writer import render

__all__ = ["render"]
