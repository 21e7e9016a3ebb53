"""What the search of a site finds, as a script: pages that are read from disk may load nothing else."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import msgspec

from navlayers._text import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from navlayers.website.addresses import Addresses
    from navlayers.website.sets import SiteSet

KINDS = ("Mapping sets", "Groups", "Capabilities", "Techniques", "Tactics")


def search_script(
    sets: Sequence[SiteSet], addresses: Addresses, techniques: Mapping[str, str], tactics: Mapping[str, str]
) -> bytes:
    """The script that sets the global `navlayersIndex`: `kinds`, `sets` (title, folder) and per kind its `rows`.

    A row is an id, a name, the name of the page's file without its ending, and the number of the set; 0 stands for
    a name that is the id, and for a file that is called as the id in small letters. `techniques` and `tactics` are
    id → name.
    """
    rows = (
        [(one.name, one.title, 0, n) for n, one in enumerate(sets)],
        [row for n, one in enumerate(sets) for row in _rows(_group_names(one), one.addresses.groups, n)],
        [row for n, one in enumerate(sets) for row in _rows(one.one.names, one.addresses.capabilities, n)],
        list(_rows(techniques, addresses.techniques)),
        list(_rows(tactics, addresses.tactics)),
    )
    index = {
        "kinds": KINDS,
        "sets": [(plain(one.title), one.addresses.folder) for one in sets],
        "rows": [list(map(_plain, kind)) for kind in rows],
    }
    return b"globalThis.navlayersIndex = " + msgspec.json.encode(index) + b";\n"


def _group_names(one: SiteSet) -> dict[str, str]:
    return {group: called.name or group for group, called in one.groups.items()}


def _rows(names: Mapping[str, str], paths: Mapping[str, str], *number: int) -> Iterator[tuple[str | int, ...]]:
    for identifier, path in sorted(paths.items()):
        name = names[identifier]
        file = PurePosixPath(path).stem
        shown = 0 if name == identifier else name
        yield identifier, shown, 0 if file == identifier.lower() else file, *number


def _plain(row: Iterable[str | int]) -> list[str | int]:
    return [plain(part) if isinstance(part, str) else part for part in row]
