"""Several inputs read, carried to one ATT&CK release and scored alike, so that they can be set side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from navlayers._text import joined
from navlayers.attack import Catalogue, versions
from navlayers.errors import Place, Problem, UsageError
from navlayers.mapping.formats.context import ReadOptions
from navlayers.mapping.formats.layer_counts import as_unscored, counting, counts
from navlayers.mapping.load import Prepared, Skipped, prepare
from navlayers.scoring.coverage import Coverage, coverage_of, without_scores
from navlayers.scoring.options import ScoreOptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from navlayers.mapping.find import Source
    from navlayers.mapping.model import Capability

_READING = ReadOptions()
_OPTIONS = ScoreOptions()


class Together(msgspec.Struct, frozen=True):
    """Inputs at one release, in the order given; `notices` tell of files that were passed over.

    `counted` names the inputs that are layers of counts; their sets are unscored.
    """

    catalogue: Catalogue
    inputs: tuple[Prepared, ...]
    notices: tuple[Problem, ...] = ()
    counted: frozenset[str] = frozenset()

    def apart(self) -> Together:
        """The layers of a list, each an input of its own, where that list is the only input."""
        if len(self.inputs) != 1 or self.inputs[0].format != "layer" or len(self.inputs[0].set.capabilities) < 2:
            return self
        (one,) = self.inputs
        layers = tuple(_only(one, capability) for capability in one.set.capabilities)
        counted = frozenset(layer.name for layer in layers) if self.counted else frozenset()
        return msgspec.structs.replace(self, inputs=layers, counted=counted)

    def number_of(self, path: Path) -> int:
        """Which input was read from a file.

        Raises:
            UsageError: none, or several layers of a list.
        """
        numbers = [number for number, one in enumerate(self.inputs) if one.path.resolve() == path.resolve()]
        if len(numbers) != 1:
            what = "holds several layers" if numbers else "is not among the inputs"
            raise UsageError(Problem(f"{path} {what}", expected="one set or layer"))
        return numbers[0]

    def at(self, catalogue: Catalogue) -> Together:
        """The inputs carried to another release of their domain."""
        if catalogue is self.catalogue:
            return self
        inputs = tuple(one.at(catalogue) for one in self.inputs)
        return msgspec.structs.replace(self, catalogue=catalogue, inputs=inputs)

    def covered(self, options: ScoreOptions = _OPTIONS, *, scores: bool = True) -> tuple[Coverage, ...]:
        """What each input covers, scored alike; without `scores`, only whether it covers.

        Raises:
            UsageError: the options do not fit an input, or some inputs give counts and others scores.
        """
        found = tuple(
            coverage_of(one, options, counts(one.set) if one.name in self.counted else None) for one in self.inputs
        )
        if not scores:
            return tuple(map(without_scores, found))
        refuse_mixed(found)
        return found


def read_together(
    sources: Iterable[Source], attack_version: str | None = None, reading: ReadOptions = _READING
) -> Together:
    """Read inputs and carry them to `attack_version`, or else to the newest release among theirs.

    Raises:
        NavlayersError: an input cannot be read, a release is not at hand, or the domains differ.
    """
    sources = list(sources)
    read = list(prepare(sources, attack_version, reading))
    inputs = [one for one in read if isinstance(one, Prepared)]
    _refuse_domains(inputs)
    newest = max((one.catalogue for one in inputs), key=lambda catalogue: versions.number(catalogue.version))
    by_path = {source.path: source for source in sources}
    told = []
    counted = set()
    for one in inputs:
        made = one
        if one.format == "layer":
            counts = _is_counted(one, counting(by_path[one.path], reading.max_bytes))
            made = _as_layer(one, counts=counts)
            if counts:
                counted.add(one.name)
        told.append(made.at(newest))
    skipped = tuple(one.problem for one in read if isinstance(one, Skipped))
    return Together(newest, tuple(told), skipped, frozenset(counted))


def _is_counted(one: Prepared, layers: tuple[bool, ...]) -> bool:
    if any(layers) and not all(layers):
        message = f"{one.name} holds layers of counts and layers of scores"
        hint = "split the list: neither says anything of the other"
        raise UsageError(Problem(message, Place(str(one.path)), "layers of one kind", hint))
    return all(layers)


def _only(one: Prepared, capability: Capability) -> Prepared:
    """One layer of a list as an input."""
    kept = msgspec.structs.replace(
        one.set,
        title=capability.name,
        version="",
        capabilities=(capability,),
        mappings=tuple(m for m in one.set.mappings if m.capability == capability.id),
        non_mappable=tuple(r for r in one.set.non_mappable if r.capability == capability.id),
    )
    return msgspec.structs.replace(one, name=capability.id, set=kept)


def _as_layer(one: Prepared, *, counts: bool) -> Prepared:
    """A layer as an input: without the notices of what it loses as a set, and counts as what they are."""
    idle = {"not-carried", "other-scale"} if counts else {"not-carried"}
    made = as_unscored(one.set) if counts else one.set
    return msgspec.structs.replace(one, set=made, notices=tuple(n for n in one.notices if n.code not in idle))


def _refuse_domains(inputs: Sequence[Prepared]) -> None:
    domains: dict[str, list[str]] = {}
    for one in inputs:
        domains.setdefault(one.set.domain, []).append(one.name)
    if len(domains) > 1:
        told = ", ".join(f"{joined(names)} of {domain}" for domain, names in domains.items())
        hint = "set side by side what is of one domain"
        raise UsageError(Problem(f"the inputs are of different ATT&CK domains: {told}", hint=hint))


def refuse_mixed(found: Sequence[Coverage]) -> None:
    """Refuse to set counts beside scores: neither says anything of the other.

    Raises:
        UsageError: some inputs give counts and others scores.
    """
    numbers = [one.name for one in found if one.counts]
    values = [one.name for one in found if not one.counts and one.set.mappings]
    if numbers and values:
        message = (
            f"{joined(numbers)} {_give(numbers)} numbers of capabilities, {joined(values)} {_give(values)} scores"
        )
        hint = "say what a relation without a value is worth, 0-100, such as --worth 50"
        raise UsageError(Problem(message, expected="all of one kind, to be comparable", hint=hint))


def _give(names: Sequence[str]) -> str:
    return "give" if len(names) > 1 else "gives"
