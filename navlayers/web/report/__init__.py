"""Reports as one HTML file that needs nothing beside it, with a matrix that answers in place of the heatmaps."""

from __future__ import annotations

from navlayers.web.report.page import render

__all__ = ["render"]
