"""What one ATT&CK release says about threats: groups, software and campaigns, and the techniques they use."""

from functools import cached_property
from typing import Literal

import msgspec

from navlayers.attack.domain import Domain

Kind = Literal["group", "software", "campaign"]


class Threat(msgspec.Struct, frozen=True, omit_defaults=True):
    """A group, a piece of software or a campaign that the release neither deprecates nor revokes.

    `aliases` are its other names. `techniques` are sorted ids of the active techniques it is said to use itself;
    `software` the ids of active software that a group or campaign uses; `groups` the ids of the groups that a
    campaign is attributed to.
    """

    kind: Kind
    id: str
    stix_id: str
    name: str
    aliases: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    software: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


class Threats(msgspec.Struct, frozen=True, dict=True):
    """The threats of one release of one domain, by id: campaigns, then groups, then software, in id order."""

    domain: Domain
    version: str
    threats: dict[str, Threat]

    @property
    def groups(self) -> tuple[Threat, ...]:
        """The groups in id order."""
        return self._kind("group")

    @property
    def software(self) -> tuple[Threat, ...]:
        """The software, tools and malware alike, in id order."""
        return self._kind("software")

    @property
    def campaigns(self) -> tuple[Threat, ...]:
        """The campaigns in id order."""
        return self._kind("campaign")

    def get(self, threat: str) -> Threat | None:
        """The threat of that id; None where the release has none."""
        return self.threats.get(threat)

    def named(self, text: str) -> tuple[Threat, ...]:
        """The threats that have `text` as id, name or alias, upper and lower case being equal."""
        return self._names.get(text.strip().casefold(), ())

    def _kind(self, kind: Kind) -> tuple[Threat, ...]:
        return tuple(threat for threat in self.threats.values() if threat.kind == kind)

    @cached_property
    def _names(self) -> dict[str, tuple[Threat, ...]]:
        names: dict[str, tuple[Threat, ...]] = {}
        for threat in self.threats.values():
            for name in dict.fromkeys(text.casefold() for text in (threat.id, threat.name, *threat.aliases)):
                names[name] = (*names.get(name, ()), threat)
        return names
