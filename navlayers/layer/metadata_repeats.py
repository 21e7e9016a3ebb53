"""What layers that navlayers made say twice: for the Navigator's tooltip, and whole in metadata."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from navlayers.layer.view import Annotation, View

_PER_CATEGORY = frozenset({"protect", "detect", "respond", "capabilities"})
_SAID_ABOVE = frozenset(
    {
        "shows",
        "techniques",
        "sub-techniques",
        "framework",
        "framework version",
        "ATT&CK version",
        "scale",
        "measure",
    }
)
_CUT = re.compile(r"\+\d+ more\b")


def metadata_of(view: View, entry: Annotation) -> tuple[tuple[str, str], ...]:
    """The metadata of a technique, without what its comment says in other words.

    Layers of other tools keep all; so do comments that name only the first few of many capabilities.
    """
    if not _own(view) or not entry.comment:
        return entry.metadata
    return tuple((name, value) for name, value in entry.metadata if not _says(entry.comment, name, value))


def _says(comment: str, name: str, value: str) -> bool:
    if name in _PER_CATEGORY:
        return not _CUT.search(comment)
    # Comparisons tell the score of each input, and in metadata those of its categories, too.
    score = re.escape(f"{name} {value.partition(';')[0]}")
    return re.search(rf"(?<!\w){score}(?![\w.])", comment, re.IGNORECASE) is not None


def beside_name(view: View) -> tuple[tuple[str, str], ...]:
    """The metadata of a layer, without what its name, its legend and its counts say."""
    if not _own(view):
        return view.metadata
    return tuple((name, value) for name, value in view.metadata if name not in _SAID_ABOVE)


def _own(view: View) -> bool:
    """Whether navlayers made the layer: it names the framework, or what was compared."""
    return any(name in ("framework", "compared") for name, _ in view.metadata)
