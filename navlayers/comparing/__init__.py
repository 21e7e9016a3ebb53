"""Inputs side by side: what each covers, the best of all, agreement, the gap, differences."""

from navlayers.comparing.changes import Diff, diff
from navlayers.comparing.comparison import FEWEST, Comparison, Difference, Relation, compare
from navlayers.comparing.machine import as_json

__all__ = ["FEWEST", "Comparison", "Diff", "Difference", "Relation", "as_json", "compare", "diff"]
