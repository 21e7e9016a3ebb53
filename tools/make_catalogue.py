"""Write the ATT&CK releases that ship with navlayers, from a folder of ATT&CK's STIX bundles.

    python tools/make_catalogue.py BUNDLE_DIR [OUT_DIR]

Bundles are named as MITRE publishes them (enterprise-attack-20.0.json, or enterprise-attack.json with the version
inside). Releases without a bundle in the folder stay. The newest release of each domain that has software also gets
its groups, software and campaigns, which replace those of an older release. Facts only: no descriptions.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from navlayers.attack import files, versions
from navlayers.attack.stix import read_bundle
from navlayers.errors import InputError, NavlayersError, Place, Problem

if TYPE_CHECKING:
    from navlayers.attack import Threats
    from navlayers.attack.stix import Bundle

DATA = Path(__file__).parents[1] / "navlayers" / "attack" / "data"


def contents(bundles: list[Bundle]) -> dict[str, bytes]:
    """File name → bytes of every file that the bundles give."""
    data: dict[str, bytes] = {}
    newest: dict[str, Threats] = {}
    for bundle in sorted(bundles, key=lambda bundle: versions.number(bundle.catalogue.version)):
        catalogue = bundle.catalogue
        data[files.catalogue_name(catalogue.domain, catalogue.version)] = files.encode_catalogue(catalogue)
        if bundle.threats.software:
            newest[catalogue.domain] = bundle.threats
    for threats in newest.values():
        data[files.threats_name(threats.domain, threats.version)] = files.encode_threats(threats)
    return data


def main(folder: Path, out: Path = DATA) -> None:
    """Write the files of all bundles of `folder` into `out`."""
    bundles = [read_bundle(path, descriptions=False) for path in sorted(folder.glob("*-attack*.json"))]
    if not bundles:
        raise InputError(
            Problem("no bundles", Place(str(folder)), expected="files such as enterprise-attack-20.0.json")
        )
    out.mkdir(parents=True, exist_ok=True)
    for name, data in contents(bundles).items():
        if name.endswith(".threats.json"):
            for old in out.glob(f"{name.partition('-')[0]}-*.threats.json"):
                old.unlink()
        (out / name).write_bytes(data)
        print(f"{name}: {len(data):,} bytes")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    try:
        main(*map(Path, sys.argv[1:]))
    except NavlayersError as error:
        sys.exit(str(error))
