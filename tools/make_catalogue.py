"""Remake the ATT&CK releases that ship with navlayers, from a folder of ATT&CK's STIX bundles.

    python tools/make_catalogue.py BUNDLE_DIR [OUT_DIR]

Bundles are named as ATT&CK publishes them: enterprise-attack-18.1.json. The newest release of each domain also
gets its groups, software and campaigns. Facts only: no descriptions.
"""

from __future__ import annotations

import sys
from pathlib import Path

from navlayers.attack import files, versions
from navlayers.attack.stix import Bundle, read_bundle
from navlayers.errors import NavlayersError

DATA = Path(__file__).parents[1] / "navlayers" / "attack" / "data"


def contents(bundles: list[Bundle]) -> dict[str, bytes]:
    """File name → bytes of every file that the bundles give."""
    made: dict[str, bytes] = {}
    newest: dict[str, Bundle] = {}
    for bundle in sorted(bundles, key=lambda bundle: versions.number(bundle.catalogue.version)):
        catalogue = bundle.catalogue
        made[files.catalogue_name(catalogue.domain, catalogue.version)] = files.encode_catalogue(catalogue)
        newest[catalogue.domain] = bundle
    for bundle in newest.values():
        threats = bundle.threats
        made[files.threats_name(threats.domain, threats.version)] = files.encode_threats(threats)
    return made


def main(folder: Path, out: Path = DATA) -> None:
    """Write the files of all bundles of `folder` into `out`."""
    bundles = [read_bundle(path, descriptions=False) for path in sorted(folder.glob("*-attack-*.json"))]
    out.mkdir(parents=True, exist_ok=True)
    for name, data in contents(bundles).items():
        (out / name).write_bytes(data)
        print(f"{name}: {len(data):,} bytes")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    try:
        main(*map(Path, sys.argv[1:]))
    except NavlayersError as error:
        sys.exit(str(error))
