"""Threats: what a group, software, campaign, tactic, layer or table does, as techniques with weights.

`threat_of(words, catalogue)` gives a `ThreatModel`; `against(together, words)` finds the release first, which may
depend on what was chosen.
"""

from navlayers.analysis.threats.lookup import ALL
from navlayers.analysis.threats.model import Member, ThreatModel
from navlayers.analysis.threats.resolve import Chosen, against, choose, threat_of

__all__ = ["ALL", "Chosen", "Member", "ThreatModel", "against", "choose", "threat_of"]
