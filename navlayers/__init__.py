"""Turn mappings of security controls to MITRE ATT&CK into ATT&CK Navigator layers.

The names below are the library; each is imported when it is first used, so that a command pays only for its own.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from navlayers.api import build_layers, load, release, scores
    from navlayers.carry import carry_to, inactive
    from navlayers.converting import convert
    from navlayers.errors import InputError, NavlayersError, OutputError, Place, Problem, ReleaseError, UsageError
    from navlayers.layers.document import encode, encode_list
    from navlayers.model import Capability, Mapping, MappingSet, NonMappable
    from navlayers.options import ScoreOptions
    from navlayers.pipeline import build_document, build_folder
    from navlayers.readers import read
    from navlayers.scoring import score_set
    from navlayers.sets import resolve
    from navlayers.stats import set_stats

__all__ = [
    "Capability",
    "InputError",
    "Mapping",
    "MappingSet",
    "NavlayersError",
    "NonMappable",
    "OutputError",
    "Place",
    "Problem",
    "ReleaseError",
    "ScoreOptions",
    "UsageError",
    "build_document",
    "build_folder",
    "build_layers",
    "carry_to",
    "convert",
    "encode",
    "encode_list",
    "inactive",
    "load",
    "read",
    "release",
    "resolve",
    "score_set",
    "scores",
    "set_stats",
]

_MODULES = {
    "api": ("build_layers", "load", "release", "scores"),
    "carry": ("carry_to", "inactive"),
    "converting": ("convert",),
    "errors": (
        "InputError",
        "NavlayersError",
        "OutputError",
        "Place",
        "Problem",
        "ReleaseError",
        "UsageError",
    ),
    "layers.document": ("encode", "encode_list"),
    "model": ("Capability", "Mapping", "MappingSet", "NonMappable"),
    "options": ("ScoreOptions",),
    "pipeline": ("build_document", "build_folder"),
    "readers": ("read",),
    "scoring": ("score_set",),
    "sets": ("resolve",),
    "stats": ("set_stats",),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    """Import a public name on first use."""
    if name not in _HOME:
        raise AttributeError(f"module 'navlayers' has no attribute {name!r}")
    value: object = getattr(importlib.import_module(f"navlayers.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, loaded or not."""
    return sorted(__all__)
