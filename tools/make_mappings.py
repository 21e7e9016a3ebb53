"""Remake mappings/ from the published sets: make_mappings.py CORPUS_DIR [OUTPUT_DIR].

CORPUS_DIR holds the Mappings Explorer JSON files under the names that they are published by.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from navlayers.mapping import formats as readers
from navlayers.mapping.convert import facts
from navlayers.output import files as output_files

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


def shipped_data(corpus: Path, name: str) -> bytes:
    """The content of one shipped set, made from the published one."""
    published, title = SETS[name]
    mapping_set = readers.read(corpus / f"{published}.json").mapping_set
    named = msgspec.structs.replace(mapping_set, title=title, source=SOURCE, licence=LICENCE)
    return readers.encode(facts(named)).data


def main(corpus: str, output: str = "mappings") -> None:
    """Write every shipped set and print their sizes."""
    files = {f"{name}.yaml": shipped_data(Path(corpus), name) for name in SETS}
    for name, data in files.items():
        changed = output_files.write(data, Path(output) / name, force=True)
        print(f"{name:21} {len(data):>9,} bytes{'' if changed else '  unchanged'}")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
