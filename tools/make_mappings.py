"""Remake mappings/ from the published sets: make_mappings.py CORPUS_DIR [OUTPUT_DIR].

CORPUS_DIR holds the Mappings Explorer JSON files under the names that they are published by.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from navlayers.mapping import formats as readers
from navlayers.mapping.convert import facts
from navlayers.mapping.find import INDEX_FILE
from navlayers.mapping.index import entry
from navlayers.output import files as output_files

if TYPE_CHECKING:
    from navlayers.mapping.model import MappingSet

SOURCE = "https://github.com/center-for-threat-informed-defense/mappings-explorer"
LICENCE = "Apache-2.0"
SETS = {
    "aws": ("aws-12.12.2024_attack-16.1-enterprise", "AWS"),
    "azure": ("azure-04.26.2025_attack-16.1-enterprise", "Microsoft Azure"),
    "cri_profile": ("cri_profile-v2.1_attack-16.1-enterprise", "CRI Profile"),
    "csa_ccm": ("csa_ccm-4.1_attack-17.1-enterprise", "CSA Cloud Controls Matrix"),
    "gcp": ("gcp-03.06.2025_attack-16.1-enterprise", "Google Cloud"),
    "intel-vpro": ("intel-vpro-08.20.2024_attack-15.1-enterprise", "Intel vPro"),
    "kev": ("kev-07.28.2025_attack-16.1-enterprise", "CISA Known Exploited Vulnerabilities"),
    "kev-mobile": ("kev-07.28.2025_attack-16.1-mobile", "CISA Known Exploited Vulnerabilities"),
    "m365": ("m365-07.18.2025_attack-16.1-enterprise", "Microsoft 365"),
    "nist_800_53": ("nist_800_53-rev5_attack-16.1-enterprise", "NIST 800-53"),
    "veris": ("veris-1.4.0_attack-16.1-enterprise", "VERIS"),
    "veris-mobile": ("veris-1.4.0_attack-16.1-mobile", "VERIS"),
    "veris-ics": ("veris-1.4.0_attack-16.1-ics", "VERIS"),
}
"""Shipped name → the published file's name and the set's title."""

BASELINES = {
    "low": """
        AC-02 AC-03 AC-07 AC-08 AC-14 AC-17 AC-18 AC-19 AC-20 CA-02 CA-03 CA-07 CM-02 CM-05 CM-06 CM-07
        CM-08 CM-10 CM-11 CP-02 CP-09 CP-10 IA-02 IA-04 IA-05 IA-06 IA-07 IA-08 IA-11 MP-07 RA-05 SA-03
        SA-04 SA-08 SA-09 SA-22 SC-05 SC-07 SC-12 SC-13 SC-20 SC-21 SC-22 SC-39 SI-02 SI-03 SI-04 SI-05
        SI-12 SR-05 SR-11
    """,
    "moderate": """
        AC-02 AC-03 AC-04 AC-05 AC-06 AC-07 AC-08 AC-11 AC-12 AC-14 AC-17 AC-18 AC-19 AC-20 AC-21 CA-02
        CA-03 CA-07 CM-02 CM-03 CM-05 CM-06 CM-07 CM-08 CM-10 CM-11 CM-12 CP-02 CP-06 CP-07 CP-09 CP-10
        IA-02 IA-03 IA-04 IA-05 IA-06 IA-07 IA-08 IA-11 IA-12 MP-07 RA-05 RA-09 SA-03 SA-04 SA-08 SA-09
        SA-10 SA-11 SA-15 SA-22 SC-02 SC-04 SC-05 SC-07 SC-08 SC-10 SC-12 SC-13 SC-17 SC-18 SC-20 SC-21
        SC-22 SC-23 SC-28 SC-39 SI-02 SI-03 SI-04 SI-05 SI-07 SI-08 SI-10 SI-12 SI-16 SR-05 SR-11
    """,
    "high": """
        AC-02 AC-03 AC-04 AC-05 AC-06 AC-07 AC-08 AC-10 AC-11 AC-12 AC-14 AC-17 AC-18 AC-19 AC-20 AC-21
        CA-02 CA-03 CA-07 CM-02 CM-03 CM-05 CM-06 CM-07 CM-08 CM-10 CM-11 CM-12 CP-02 CP-06 CP-07 CP-09
        CP-10 IA-02 IA-03 IA-04 IA-05 IA-06 IA-07 IA-08 IA-11 IA-12 MP-07 RA-05 RA-09 SA-03 SA-04 SA-08
        SA-09 SA-10 SA-11 SA-15 SA-16 SA-17 SA-22 SC-02 SC-03 SC-04 SC-05 SC-07 SC-08 SC-10 SC-12 SC-13
        SC-17 SC-18 SC-20 SC-21 SC-22 SC-23 SC-28 SC-39 SI-02 SI-03 SI-04 SI-05 SI-07 SI-08 SI-10 SI-12
        SI-16 SR-05 SR-11
    """,
    "privacy": """
        CA-02 CA-07 SA-03 SA-04 SA-09 SA-11 SI-12
    """,
}
"""Baselines of NIST 800-53B, of its OSCAL profiles 5.1.1+u4: group → the mapped controls in it."""


def shipped_data(corpus: Path, name: str) -> bytes:
    """The content of one shipped set, made from the published one."""
    published, title = SETS[name]
    mapping_set = readers.read(corpus / f"{published}.json").mapping_set
    named = facts(msgspec.structs.replace(mapping_set, title=title, source=SOURCE, licence=LICENCE))
    return readers.encode(with_baselines(named) if name == "nist_800_53" else named).data


def with_baselines(mapping_set: MappingSet) -> MappingSet:
    """The set with the baselines as groups of its controls."""
    members = {group: controls.split() for group, controls in BASELINES.items()}
    capabilities = tuple(
        msgspec.structs.replace(c, groups=(*c.groups, *(group for group in members if c.id in members[group])))
        for c in mapping_set.capabilities
    )
    groups = mapping_set.groups | {group: f"{group.capitalize()} baseline" for group in BASELINES}
    return msgspec.structs.replace(mapping_set, groups=groups, capabilities=capabilities)


def main(corpus: str, output: str = "mappings") -> None:
    """Write every shipped set and print their sizes."""
    files = {f"{name}.yaml": shipped_data(Path(corpus), name) for name in SETS}
    for name, data in files.items():
        changed = output_files.write(data, Path(output) / name, force=True)
        print(f"{name:21} {len(data):>9,} bytes{'' if changed else '  unchanged'}")
    output_files.write(index(Path(output)), Path(output) / INDEX_FILE, force=True)


def index(folder: Path) -> bytes:
    """The index of all sets of a folder."""
    entries = {path.stem: entry(readers.read(path).mapping_set) for path in sorted(folder.glob("*.yaml"))}
    return msgspec.json.format(msgspec.json.encode(entries), indent=1) + b"\n"


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
