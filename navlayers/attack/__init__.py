"""ATT&CK releases: their tactics, techniques and threats, and which of them are at hand."""

from navlayers.attack.catalogue import Catalogue, Status, Tactic, Technique, technique_url
from navlayers.attack.store import Found, Release, add, find, has_threats, load, releases, remove, threats
from navlayers.attack.threat import Threat, Threats

__all__ = [
    "Catalogue",
    "Found",
    "Release",
    "Status",
    "Tactic",
    "Technique",
    "Threat",
    "Threats",
    "add",
    "find",
    "has_threats",
    "load",
    "releases",
    "remove",
    "technique_url",
    "threats",
]
