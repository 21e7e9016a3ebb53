"""The platforms that detection rules, analytics and tests are for, as their groups and fields say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers.attack.platforms import platforms_named

if TYPE_CHECKING:
    from navlayers.attack import Catalogue
    from navlayers.mapping.model import Capability, Mapping, MappingSet

_FIELDS = ("platform", "platforms", "os", "product", "group", "tags")
_ALIASES = {
    "m365": "Office Suite",
    "google_workspace": "Office Suite",
    "okta": "Identity Provider",
    "kubernetes": "Containers",
    "docker": "Containers",
    "cisco": "Network Devices",
}
"""Products of rules that are not named as a platform of ATT&CK; aws, azure and gcp are former names of one."""


def on_platforms(mapping_set: MappingSet, catalogue: Catalogue) -> tuple[Mapping, ...]:
    """The mappings of a set, without those of rules for other platforms than those in scope.

    A rule that names no platform of ATT&CK stays, and so does every mapping of a control, which may be anywhere.

    Args:
        mapping_set: the set.
        catalogue: a release, with or without a scope.
    """
    wanted = catalogue.bounds.platforms if catalogue.bounds is not None else ()
    if not wanted or mapping_set.role == "control":
        return mapping_set.mappings
    from navlayers.mapping.where import values_of  # noqa: PLC0415 - for a scope alone

    capabilities = {capability.id: capability for capability in mapping_set.capabilities}
    known: dict[str, frozenset[str]] = {}

    def platforms(text: str) -> frozenset[str]:
        if text not in known:
            name = text.removeprefix("os: ")
            known[text] = frozenset(platforms_named(_ALIASES.get(name, name), catalogue.whole))
        return known[text]

    def fits(mapping: Mapping, capability: Capability | None) -> bool:
        values = values_of(mapping_set, mapping, capability)
        named = {name for field in _FIELDS for text in values.get(field, ()) for name in platforms(text)}
        return not named or not named.isdisjoint(wanted)

    return tuple(m for m in mapping_set.mappings if fits(m, capabilities.get(m.capability)))
