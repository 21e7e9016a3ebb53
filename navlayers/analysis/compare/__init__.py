"""Inputs side by side: what each covers, the best of all, agreement, the gap, differences."""

from navlayers.analysis.compare.comparison import FEWEST, Comparison, Difference, Relation, compare
from navlayers.analysis.diff import Diff, diff
from navlayers.pages.compare_json import as_json

__all__ = ["FEWEST", "Comparison", "Diff", "Difference", "Relation", "as_json", "compare", "diff"]
