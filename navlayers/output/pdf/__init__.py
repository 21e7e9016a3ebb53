"""Reports as PDF: tagged, with bookmarks, heatmaps on pages of their own."""

from __future__ import annotations

from navlayers.output.pdf.writer import render

__all__ = ["render"]
