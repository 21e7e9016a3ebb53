"""What mapping sets and layers leave open of a threat: `find_gaps(together, threat)` gives `Gaps`."""

from navlayers.analysis.gaps.find import find_gaps
from navlayers.analysis.gaps.model import WEAK, Gaps
from navlayers.pages.gaps_folder import gaps_document, gaps_folder
from navlayers.pages.gaps_json import as_json

__all__ = ["WEAK", "Gaps", "as_json", "find_gaps", "gaps_document", "gaps_folder"]
