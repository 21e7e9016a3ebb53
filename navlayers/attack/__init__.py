"""ATT&CK releases: their tactics, techniques and threats, and which of them are at hand."""

from navlayers.attack.catalogue import Catalogue, Status, Tactic, Technique
from navlayers.attack.release import Release
from navlayers.attack.store import Found, find, has_threats, load, releases, threats
from navlayers.attack.threat import Threat, Threats
from navlayers.attack.userdata import add, check_added, remove, user_folder

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
    "check_added",
    "find",
    "has_threats",
    "load",
    "releases",
    "remove",
    "threats",
    "user_folder",
]
