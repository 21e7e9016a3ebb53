"""Make the folder `layers/` of this repository from `mappings/`.

usage: make_layers.py [FOLDER]      default: layers/

Overview, categories and groups of every set; of gcp the capabilities, too.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from navlayers.pipeline import build_folder
from navlayers.sets import resolve

if TYPE_CHECKING:
    from navlayers.layers.build import Kind

ROOT = Path(__file__).parent.parent
VIEWS: list[Kind] = ["overview", "categories", "groups"]
WITH_CAPABILITIES = {"gcp"}


def main(target: Path) -> None:
    """Build every set of mappings/ into `target`."""
    sources = resolve([str(ROOT / "mappings")])
    build_folder([s for s in sources if s.name not in WITH_CAPABILITIES], target, only=VIEWS)
    build_folder([s for s in sources if s.name in WITH_CAPABILITIES], target, only=[*VIEWS, "capabilities"])


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "layers")
