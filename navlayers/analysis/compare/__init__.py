"""Inputs side by side: what each covers, the best of all, agreement, the gap, differences."""

from navlayers.analysis.compare.comparison import FEWEST, Comparison, Difference, Relation, compare
from navlayers.analysis.diff import Diff, diff

__all__ = ["FEWEST", "Comparison", "Diff", "Difference", "Relation", "compare", "diff"]
