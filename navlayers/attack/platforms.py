"""Platforms of ATT&CK releases, and the names that they had before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers.attack.versions import number

if TYPE_CHECKING:
    from navlayers.attack.catalogue import Catalogue

RENAMES: dict[str, tuple[tuple[tuple[int, int], dict[str, str]], ...]] = {
    "enterprise": (
        ((9, 0), {"AWS": "IaaS", "Azure": "IaaS", "GCP": "IaaS"}),
        (
            (16, 0),
            {"Azure AD": "Identity Provider", "Office 365": "Office Suite", "Google Workspace": "Office Suite"},
        ),
        ((17, 0), {"Network": "Network Devices"}),
    )
}
"""Renamed platforms by domain: the release of the change, old name → new name. Source: ATT&CK's release notes."""

OLD_NAMES = {"mac": "macOS"}
"""Layers before format 3.0 have this name; their other names differ in case alone."""


def platforms_named(text: str, catalogue: Catalogue) -> tuple[str, ...]:
    """The platforms of a release that a name means, in any case, also an older or newer one; () for none."""
    steps = RENAMES.get(catalogue.domain, ())
    known = [*catalogue.platforms, *(name for _, renames in steps for pair in renames.items() for name in pair)]
    by_case = {name.casefold(): name for name in reversed(known)}
    wanted = " ".join(text.split()).casefold()
    names = [by_case.get(OLD_NAMES.get(wanted, wanted).casefold(), "")]
    for since, renames in steps:
        if since <= number(catalogue.version):
            names = [renames.get(name, name) for name in names]
    for since, renames in reversed(steps):
        if since > number(catalogue.version):
            names = [old for name in names for old in [o for o, new in renames.items() if new == name] or [name]]
    return tuple(name for name in names if name in catalogue.platforms)
