"""What mapping sets and layers leave open of a threat: `find_gaps(together, threat)` gives `Gaps`."""

from navlayers.gaps.find import find_gaps
from navlayers.gaps.folder import gaps_document, gaps_folder
from navlayers.gaps.machine import as_json
from navlayers.gaps.model import WEAK, Gaps

__all__ = ["WEAK", "Gaps", "as_json", "find_gaps", "gaps_document", "gaps_folder"]
