"""The library: what the commands do, as functions on sets in memory.

>>> import navlayers
>>> gcp = navlayers.load("gcp")
>>> navlayers.scores(gcp)["T1078"].overall
100
>>> [built.path for built in navlayers.build_layers(gcp, only=["overview"])]
['overview.json']
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers import attack
from navlayers.errors import Problem, UsageError
from navlayers.layer.build import KINDS, BuiltLayer, Kind, build
from navlayers.mapping import formats as readers
from navlayers.mapping.find import resolve
from navlayers.mapping.formats import ReadOptions
from navlayers.mapping.remap import carry_to
from navlayers.scoring import scores as scoring

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from navlayers.attack import Catalogue
    from navlayers.mapping.formats.context import Written
    from navlayers.mapping.model import MappingSet
    from navlayers.scoring.options import ScoreOptions
    from navlayers.scoring.scores import TechniqueScore

_READING = ReadOptions()


def load(source: str | Path, reading: ReadOptions = _READING) -> MappingSet:
    """Load one mapping set: a file of any known format, or the name of a set here or of a shipped one.

    `reading` says how, and what the file does not say of the set.

    Raises:
        InputError: there is no such set, or it cannot be read; `problems` lists everything that is wrong in it.
        UsageError: the source is a folder of several sets.
    """
    found = resolve([str(source)], reading.format)
    if len(found) > 1:
        names = ", ".join(str(one.path) for one in found)
        raise UsageError(Problem(f"{source} holds {len(found)} sets", hint=f"load one of them: {names}"))
    return readers.read(found[0].path, reading=reading).mapping_set


def encode_set(mapping_set: MappingSet, to: str = "native") -> Written:
    """A set in a format ("native", "mapex-json", "csv", …): its bytes, and notices of what the format cannot carry.

    Raises:
        UsageError: there is no such format.
        OutputError: the format cannot hold the set.
    """
    return readers.encode(mapping_set, to)


def release(mapping_set: MappingSet, attack_version: str | None = None) -> Catalogue:
    """The ATT&CK release of a set, or the given one for its domain ("18.1"; "18" is the newest 18.x at hand).

    Raises:
        ReleaseError: the release is not at hand.
    """
    return attack.load(
        attack.find(
            mapping_set.domain, mapping_set.attack_version if attack_version is None else attack_version
        ).release
    )


def scores(
    mapping_set: MappingSet, options: ScoreOptions | None = None, *, attack_version: str | None = None
) -> dict[str, TechniqueScore]:
    """Technique id → its scores (0–100, or numbers of capabilities in an unscored set), sorted by id.

    Only techniques that are active in the release have scores. `attack_version` carries the set to another
    release first.

    Raises:
        ReleaseError: the release is not at hand.
        UsageError: the options do not fit the set.
    """
    carried, catalogue = _at(mapping_set, attack_version)
    return scoring.score_set(carried, catalogue, options).scores


def build_layers(
    mapping_set: MappingSet,
    options: ScoreOptions | None = None,
    *,
    attack_version: str | None = None,
    only: Iterable[Kind] = KINDS,
) -> tuple[BuiltLayer, ...]:
    """The layers of a set in reading order; `navlayers.encode_layer(built.layer)` gives the bytes of a layer file.

    Raises:
        ReleaseError: the release is not at hand.
        UsageError: the options do not fit the set.
    """
    carried, catalogue = _at(mapping_set, attack_version)
    return tuple(build(carried, catalogue, options, only))


def _at(mapping_set: MappingSet, attack_version: str | None) -> tuple[MappingSet, Catalogue]:
    catalogue = release(mapping_set, attack_version)
    return (carry_to(mapping_set, catalogue)[0] if attack_version is not None else mapping_set), catalogue
