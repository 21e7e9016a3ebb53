"""ATT&CK releases: tactics, techniques and threats, and which releases are installed."""

from navlayers.attack.catalogue import Catalogue, Status, Tactic, Technique, Threat, Threats
from navlayers.attack.release import (
    Found,
    Release,
    add,
    check_added,
    find,
    has_threats,
    load,
    newest,
    releases,
    remove,
    threats,
    user_folder,
)

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
    "newest",
    "releases",
    "remove",
    "threats",
    "user_folder",
]
