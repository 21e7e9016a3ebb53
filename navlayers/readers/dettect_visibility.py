"""Reader of DeTT&CT technique administration files whose score values are those of visibility."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers.readers import dettect

if TYPE_CHECKING:
    from navlayers.model import MappingSet
    from navlayers.readers.context import Context
    from navlayers.readers.folder_sets import FolderPlaces
    from navlayers.readers.source import Folder, Source


def read(source: Source | Folder, context: Context) -> tuple[MappingSet, FolderPlaces]:
    """Read a technique administration file for its visibility.

    Raises:
        InputError: as `dettect.read`.
    """
    return dettect.read(source, context, "visibility")
