"""What mapping sets and layers leave open of a threat: `find_gaps(together, threat)` gives `Gaps`."""

from navlayers.analysis.gaps.find import find_gaps
from navlayers.analysis.gaps.model import WEAK, Gaps

__all__ = ["WEAK", "Gaps", "find_gaps"]
