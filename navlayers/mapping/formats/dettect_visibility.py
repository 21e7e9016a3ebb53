"""Reader of DeTT&CT technique administration files whose score values are those of visibility."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers.mapping.formats import dettect

if TYPE_CHECKING:
    from navlayers.mapping.formats.context import Context
    from navlayers.mapping.formats.folder_sets import FolderPlaces
    from navlayers.mapping.formats.source import Folder, Source
    from navlayers.mapping.model import MappingSet


def read(source: Source | Folder, context: Context) -> tuple[MappingSet, FolderPlaces]:
    """Read a technique administration file for its visibility.

    Raises:
        InputError: as `dettect.read`.
    """
    return dettect.read(source, context, "visibility")
