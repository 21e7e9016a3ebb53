"""What the capabilities of a set are, and what people call them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from navlayers.mapping.model import MappingSet, Role


class Noun(NamedTuple):
    """The word for a capability, for one and for several."""

    singular: str
    plural: str

    def counted(self, count: int) -> str:
        """The number with its noun: "1 control", "1,203 controls"."""
        return f"{count:,} {self.singular if count == 1 else self.plural}"


CAPABILITY = Noun("capability", "capabilities")
_CONTROL = Noun("control", "controls")
_RULE = Noun("rule", "rules")
_SERVICE = Noun("service", "services")

# Frameworks by the start of their ids, as CTID's Mappings Explorer and security stack publish them.
_THREATS = {"kev": Noun("vulnerability", "vulnerabilities"), "veris": Noun("action", "actions")}
_DETECTIONS = {"sigma": _RULE, "dettect": Noun("system", "systems")}
_NOUNS = {
    **_THREATS,
    **_DETECTIONS,
    **dict.fromkeys(("aws", "azure", "gcp", "m365"), _SERVICE),
    **dict.fromkeys(("nist", "cri", "csa", "cis", "iso", "pci", "soc"), _CONTROL),
}


def likely_role(framework: str) -> Role:
    """The role of a set that states none, by its framework; control for an unknown one."""
    known = _known(framework)
    return "threat" if known in _THREATS else "detection" if known in _DETECTIONS else "control"


def noun(mapping_set: MappingSet) -> Noun:
    """The word for the capabilities of a set, by its role and framework."""
    fallback = _RULE if mapping_set.role == "detection" else CAPABILITY
    return _NOUNS.get(_known(mapping_set.framework), fallback)


def _known(framework: str) -> str:
    """The first word of a framework id: "kev" of "kev", "nist" of "nist_800_53"."""
    return re.split(r"[^a-z0-9]", framework.strip().casefold(), maxsplit=1)[0]
