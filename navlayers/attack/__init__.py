"""ATT&CK releases: tactics, techniques and threats, and which releases are installed."""

from navlayers.attack.catalogue import Catalogue, Status, Tactic, Technique, Threat, Threats
from navlayers.attack.release import (
    Found,
    Release,
    check_added,
    find,
    has_threats,
    load,
    newest,
    releases,
    threats,
    user_folder,
)
from navlayers.attack.scope import Scope, restricted

__all__ = [
    "Catalogue",
    "Found",
    "Release",
    "Scope",
    "Status",
    "Tactic",
    "Technique",
    "Threat",
    "Threats",
    "check_added",
    "find",
    "has_threats",
    "load",
    "newest",
    "releases",
    "restricted",
    "threats",
    "user_folder",
]
