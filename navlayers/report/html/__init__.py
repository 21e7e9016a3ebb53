"""Reports as one HTML file that needs nothing beside it, with a matrix that answers in place of the heatmaps."""

from __future__ import annotations

from navlayers.report.html.page import render

__all__ = ["render"]
