"""Documents as PDF/UA: tagged, with bookmarks, each heatmap on a landscape page."""

from __future__ import annotations

from navlayers.output.pdf.writer import render

__all__ = ["render"]
