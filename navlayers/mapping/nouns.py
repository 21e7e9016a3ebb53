"""The words for the capabilities of a framework: controls, rules, services, vulnerabilities."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from navlayers.mapping.model import MappingSet, Role


class Noun(msgspec.Struct, frozen=True):
    """The word for a capability, for one and for several, and what relates techniques to it.

    Attributes:
        singular, plural: the word.
        relation: of one technique to it, and of several.
        adjective: what sentences about the whole set add to the word.
        threat: techniques are never covered by it.
    """

    singular: str
    plural: str
    relation: tuple[str, str] = ("is mapped by", "are mapped by")
    adjective: str = ""
    threat: bool = False

    @property
    def header(self) -> str:
        """The header of a column in a narrow table."""
        return "caps" if self.plural == "capabilities" else self.plural

    @property
    def covered(self) -> str:
        """What its techniques are: "covered", or "mapped" of a threat."""
        return "mapped" if self.threat else "covered"

    @property
    def cover(self) -> str:
        """What it does with techniques: "cover", or "involve" of a threat."""
        return "involve" if self.threat else "cover"

    def counted(self, count: int) -> str:
        """The number with its noun: "1 control", "1,203 controls"."""
        return f"{count:,} {self.singular if count == 1 else self.plural}"

    def related(self, count: int) -> str:
        """The start of a comment: "Mapped by 3 controls", "Follows from exploiting 2 vulnerabilities"."""
        relation = self.relation[0].removeprefix("is ")
        return f"{relation[:1].upper()}{relation[1:]} {self.counted(count)}"

    def statement(self, techniques: int, count: int) -> str:
        """What a threat set says: "155 techniques follow from exploiting 419 known exploited vulnerabilities"."""
        if not self.threat:
            return ""
        subject, relation = ("technique", self.relation[0]) if techniques == 1 else ("techniques", self.relation[1])
        return f"{techniques:,} {subject} {relation} {self.described(count)}"

    def described(self, count: int) -> str:
        """The number with its noun and adjective: "419 known exploited vulnerabilities"."""
        word = self.singular if count == 1 else self.plural
        return " ".join(filter(None, (f"{count:,}", self.adjective, word)))


CAPABILITY = Noun("capability", "capabilities")

_CONTROL = Noun("control", "controls")

_RULE = Noun("rule", "rules")

_SERVICE = Noun("service", "services")

_THREAT = Noun("threat", "threats", ("is used by", "are used by"), threat=True)

_FOLLOW = ("follows from", "follow from")

_TRIED = ("is tried by", "are tried by")

# Frameworks by their ids or the start of these, as CTID's Mappings Explorer and security stack publish them.
_THREATS = {
    "kev": msgspec.structs.replace(
        _THREAT,
        singular="vulnerability",
        plural="vulnerabilities",
        relation=("follows from exploiting", "follow from exploiting"),
        adjective="known exploited",
    ),
    "veris": msgspec.structs.replace(
        _THREAT, singular="action", plural="actions", relation=_FOLLOW, adjective="incident"
    ),
    "top": msgspec.structs.replace(_THREAT, singular="list", plural="lists", relation=("is on", "are on")),
    "atomic": msgspec.structs.replace(_THREAT, singular="test", plural="tests", relation=_TRIED),
    "caldera": msgspec.structs.replace(_THREAT, singular="ability", plural="abilities", relation=_TRIED),
}

_DETECTIONS = {
    **dict.fromkeys(
        ("sigma", "elastic", "sentinel", "panther", "yara", "falco", "wazuh", "suricata", "capa"), _RULE
    ),
    "splunk": Noun("detection", "detections"),
    **dict.fromkeys(("car", "attack_detections"), Noun("analytic", "analytics")),
    "sysmon": Noun("condition", "conditions"),
    "scan": Noun("file", "files", ("is mentioned by", "are mentioned by")),
    "dettect": Noun("system", "systems"),
}

_NOUNS = {
    **_THREATS,
    **_DETECTIONS,
    **dict.fromkeys(("aws", "azure", "gcp", "m365"), _SERVICE),
    **dict.fromkeys(("nist", "fedramp", "cri", "csa", "cis", "iso", "pci", "soc"), _CONTROL),
    "attack_mitigations": Noun("mitigation", "mitigations"),
}

_FALLBACKS: dict[Role, Noun] = {"control": CAPABILITY, "detection": _RULE, "threat": _THREAT}


def likely_role(framework: str) -> Role:
    """The role of a set that states none, by its framework; control for an unknown one."""
    known = _known(framework)
    return "threat" if known in _THREATS else "detection" if known in _DETECTIONS else "control"


def noun(mapping_set: MappingSet) -> Noun:
    """The word for the capabilities of a set."""
    return noun_of(mapping_set.framework, mapping_set.role)


def common_noun(nouns: Iterable[Noun]) -> Noun:
    """The word for the capabilities of several sets: that of each, else "capability", or "threat" for threats."""
    words = set(nouns)
    if len(words) == 1:
        return words.pop()
    return _THREAT if words and all(word.threat for word in words) else CAPABILITY


def noun_of(framework: str, role: Role) -> Noun:
    """The word for the capabilities of a framework in a role.

    A framework in another role than its own has the word of the role: NIST as a threat has threats, not controls.
    """
    known = _NOUNS.get(_known(framework))
    return known if known is not None and known.threat == (role == "threat") else _FALLBACKS[role]


def _known(framework: str) -> str:
    """A framework id that is known, or its first word: "nist" of "nist_800_53"."""
    plain = framework.strip().casefold()
    return plain if plain in _NOUNS else re.split(r"[^a-z0-9]", plain, maxsplit=1)[0]
