"""Content of `index.json` in folders of layers, results and sites."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import msgspec

from navlayers._text.json_text import encode as encode_lines
from navlayers.mapping.model import Role
from navlayers.mapping.replacements import Inactive, ReplacedId
from navlayers.output.folders import GENERATOR, FileEntry
from navlayers.scoring.comments import IdAndName
from navlayers.scoring.options import ScoreOptions
from navlayers.scoring.stats import CapabilityStats, capability_stats, non_mappable_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from navlayers.scoring.coverage import Coverage
    from navlayers.scoring.scores import Scored


class SetEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """The mapping set of the layers."""

    name: str
    framework: str
    role: Role
    version: str
    domain: str
    attack_version: str
    source: str = ""
    licence: str = ""


class Counts(msgspec.Struct, frozen=True):
    """Counts of the set: capabilities and techniques in the layers, and non-mappable records."""

    mappings: int
    capabilities: int
    techniques: int
    subtechniques: int
    non_mappable_capabilities: int
    non_mappable_techniques: int
    non_mappable_pairs: int
    layers: int


class Pair(msgspec.Struct, frozen=True):
    """A capability and a technique to which it cannot be mapped."""

    capability: str
    technique: str


class SetIndex(msgspec.Struct, frozen=True, kw_only=True):
    """The index of a set's layers: `attack_version` is their release, `set.attack_version` that of the set.

    `left_out` lists mapped techniques that are not active in the release, `replaced` those with a new id there.
    """

    generator: str = GENERATOR
    set: SetEntry
    attack_version: str
    scope: str | msgspec.UnsetType = msgspec.UNSET
    options: ScoreOptions
    only: tuple[str, ...]
    counts: Counts
    files: tuple[FileEntry, ...]
    capabilities: tuple[CapabilityStats, ...]
    non_mappable_capabilities: tuple[IdAndName, ...]
    non_mappable_techniques: tuple[IdAndName, ...]
    non_mappable_pairs: tuple[Pair, ...]
    left_out: tuple[Inactive, ...]
    replaced: tuple[ReplacedId, ...]


class InputEntry(msgspec.Struct, frozen=True):
    """An input, and the ids that remapping to the release of the results replaced or left out."""

    name: str
    title: str
    framework: str
    role: Role
    version: str
    attack_version: str
    covered: int
    replaced: tuple[ReplacedId, ...]
    left_out: tuple[Inactive, ...]
    source: str = ""
    licence: str = ""

    @classmethod
    def of(cls, coverage: Coverage) -> Self:
        """The entry of a scored input."""
        mapping_set = coverage.set
        return cls(
            name=coverage.name,
            title=coverage.title,
            framework=mapping_set.framework,
            role=mapping_set.role,
            version=mapping_set.version,
            attack_version=coverage.own_attack_version,
            covered=len(coverage.scores),
            replaced=coverage.replaced,
            left_out=coverage.left_out,
            source=mapping_set.source,
            licence=mapping_set.licence,
        )


class ResultIndex(msgspec.Struct, frozen=True, kw_only=True):
    """The index of a folder of results. `options` are the given options by name."""

    generator: str = GENERATOR
    command: str
    domain: str
    attack_version: str
    scope: str | msgspec.UnsetType = msgspec.UNSET
    options: dict[str, object]
    inputs: tuple[InputEntry, ...]
    files: tuple[FileEntry, ...]


class SiteSetEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One set: `attack_version` is the release of its pages, `own_attack_version` the one that it was made for.

    `techniques` and `subtechniques` are what it covers of its release, `replaced` the ids that others stand for
    there, `left_out` those that are not active in it. `losses` tell what formats of its downloads cannot hold.
    """

    name: str
    title: str
    framework: str
    role: Role
    version: str
    domain: str
    attack_version: str
    own_attack_version: str
    mappings: int
    capabilities: int
    techniques: int
    subtechniques: int
    source: str = ""
    licence: str = ""
    scope: str = ""
    losses: tuple[str, ...] = ()
    replaced: tuple[ReplacedId, ...] = ()
    left_out: tuple[Inactive, ...] = ()


class SiteIndex(msgspec.Struct, frozen=True, kw_only=True):
    """The index of a site."""

    generator: str = GENERATOR
    command: str = "site"
    title: str
    options: ScoreOptions
    sets: tuple[SiteSetEntry, ...]
    files: tuple[FileEntry, ...]


def encode(index: SetIndex | ResultIndex | SiteIndex) -> bytes:
    """The index as JSON, one item per line."""
    return encode_lines(index) + b"\n"


def make_index(
    scored: Scored,
    *,
    own_attack_version: str,
    replaced: Iterable[ReplacedId],
    only: Sequence[str],
    files: Iterable[FileEntry],
    layers: int,
) -> SetIndex:
    """The index of the layers of a scored set; `own_attack_version` is the release that it was made for.

    `layers` is the number of layers, in separate files or in one.
    """
    mapping_set, catalogue = scored.set, scored.catalogue
    capabilities = capability_stats(scored)
    files = tuple(files)
    unmapped = non_mappable_ids(mapping_set)
    subs = sum("." in technique for technique in scored.scores)
    names = {capability.id: capability.name for capability in mapping_set.capabilities}
    return SetIndex(
        set=SetEntry(
            mapping_set.name,
            mapping_set.framework,
            mapping_set.role,
            mapping_set.version,
            mapping_set.domain,
            own_attack_version,
            mapping_set.source,
            mapping_set.licence,
        ),
        attack_version=catalogue.version,
        scope=catalogue.scope or msgspec.UNSET,
        options=scored.rules.options,
        only=tuple(only),
        counts=Counts(
            mappings=len(mapping_set.mappings),
            capabilities=len(capabilities),
            techniques=len(scored.scores) - subs,
            subtechniques=subs,
            non_mappable_capabilities=len(unmapped.capabilities),
            non_mappable_techniques=len(unmapped.techniques),
            non_mappable_pairs=len(unmapped.pairs),
            layers=layers,
        ),
        files=files,
        capabilities=tuple(stats.rounded() for stats in capabilities),
        non_mappable_capabilities=tuple(IdAndName(i, names.get(i, i)) for i in unmapped.capabilities),
        non_mappable_techniques=tuple(
            IdAndName(i, technique.name if (technique := catalogue.get(i)) else i) for i in unmapped.techniques
        ),
        non_mappable_pairs=tuple(Pair(*pair) for pair in unmapped.pairs),
        left_out=scored.left_out,
        replaced=tuple(replaced),
    )
