"""Threats: the weighted techniques of groups, software, campaigns, tactics, layers and tables.

`threat_model(words, catalogue)` gives a `ThreatModel`; `with_threat(inputs, words)` finds the release first, which
may depend on what was chosen.
"""

from navlayers.analysis.threats.lookup import ALL
from navlayers.analysis.threats.model import Member, ThreatModel
from navlayers.analysis.threats.resolve import Chosen, choose, threat_model, with_threat

__all__ = ["ALL", "Chosen", "Member", "ThreatModel", "choose", "threat_model", "with_threat"]
