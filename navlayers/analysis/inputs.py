"""Mapping sets and layers to analyze together: read, remapped to one ATT&CK release and scored alike."""

from __future__ import annotations

import shlex
from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from navlayers import attack
from navlayers._text.wording import and_list
from navlayers.attack import Catalogue, versions
from navlayers.attack.id_changes import ReleaseChange
from navlayers.errors import NavlayersError, Place, Problem, UsageError
from navlayers.mapping.find import shipped
from navlayers.mapping.formats.context import ReadOptions
from navlayers.mapping.load import Prepared, prepare_all
from navlayers.mapping.model import HUNDRED
from navlayers.mapping.ranges import as_unscored, counts, in_hundred, range_of, range_text
from navlayers.scoring.coverage import Coverage, coverage_of, without_scores
from navlayers.scoring.options import ScoreOptions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from navlayers.mapping.find import Source
    from navlayers.mapping.model import Mapping, MappingSet, NonMappable, Range


class InputSet(msgspec.Struct, frozen=True):
    """Mapping sets and layers at one ATT&CK release.

    Attributes:
        catalogue: the release.
        inputs: the sets and layers, in the order given.
        notices: files that were skipped.
        counted: names of the inputs that are layers of counts; their sets are unscored.
        left_out: the parts of tables in other ATT&CK domains that were left out.
    """

    catalogue: Catalogue
    inputs: tuple[Prepared, ...]
    notices: tuple[Problem, ...] = ()
    counted: frozenset[str] = frozenset()
    left_out: tuple[Problem, ...] = ()

    def split_layers(self) -> InputSet:
        """Each layer of a list as a separate input, if that list is the only input."""
        if len(self.inputs) != 1 or self.inputs[0].format != "layer" or len(self.inputs[0].set.capabilities) < 2:
            return self
        layer_list = self.inputs[0]
        sets = _single_layers(layer_list.set)
        wholes = None if layer_list.whole is None else _single_layers(layer_list.whole)
        layers = tuple(
            msgspec.structs.replace(layer_list, set=single, whole=wholes and wholes[id_], name=id_)
            for id_, single in sets.items()
        )
        counted = frozenset(layer.name for layer in layers) if self.counted else frozenset()
        return msgspec.structs.replace(self, inputs=layers, counted=counted)

    def index_of(self, path: Path, name: str = "") -> int:
        """The index in `inputs` of the input that was read from a file; of several of its parts, by name.

        Raises:
            UsageError: no input was, or several layers of a list.
        """
        indexes = [index for index, prepared in enumerate(self.inputs) if prepared.path.resolve() == path.resolve()]
        indexes = [index for index in indexes if self.inputs[index].name == name] or indexes
        if len(indexes) != 1:
            what = "holds several layers" if indexes else "is not among the inputs"
            raise UsageError(Problem(f"{path} {what}", expected="one set or layer"))
        return indexes[0]

    @property
    def ranges(self) -> frozenset[Range]:
        """The ranges of the inputs' scores."""
        return frozenset(range_of(prepared.set) for prepared in self.inputs if prepared.set.scored)

    def in_hundred(self) -> tuple[Prepared, ...]:
        """The inputs with scores 0–100, and one notice, at the first layer whose scores that changes."""
        names = [
            f"{prepared.name} {range_text(range_of(prepared.set))}" for prepared in self.inputs if _other(prepared)
        ]
        message = f"scores are brought to 0–100 by the range of each layer: {', '.join(names)}"
        note = Problem(message, hint="--score-range sets another range")
        inputs: list[Prepared] = []
        for prepared in self.inputs:
            first = _other(prepared) and not any(note in earlier.notices for earlier in inputs)
            notices = (*prepared.notices, note) if first else prepared.notices
            inputs.append(msgspec.structs.replace(prepared, set=in_hundred(prepared.set), notices=notices))
        return tuple(inputs)

    def at_release(self, catalogue: Catalogue) -> InputSet:
        """The inputs remapped to another release of their domain, in their scope."""
        catalogue = self.inputs[0].in_scope(catalogue)
        if catalogue is self.catalogue:
            return self
        inputs = tuple(prepared.at(catalogue) for prepared in self.inputs)
        return msgspec.structs.replace(self, catalogue=catalogue, inputs=inputs)

    def coverage(
        self,
        options: ScoreOptions = ScoreOptions(),
        *,
        scores: bool = True,
        hundred: bool = False,
        instead: str = "",
    ) -> tuple[Coverage, ...]:
        """The coverage of each input, all scored with the same options.

        Inputs whose scores have one range keep them as written; those of different ranges get numbers 0–100.

        Args:
            options: how mappings become scores.
            scores: False: every technique that is covered at all scores 100, so that counts and scores compare.
                Threats beside other inputs keep their counts: nothing is compared with them.
            hundred: bring scores to 0–100, even if all have one range.
            instead: what the command offers in place of scores, for the hint where these do not compare.

        Raises:
            UsageError: the options do not fit an input, or some inputs give counts and others scores.
        """
        inputs = self.in_hundred() if hundred or len(self.ranges) > 1 else self.inputs
        coverages = tuple(
            coverage_of(prepared, options, counts(prepared.set) if prepared.name in self.counted else None)
            for prepared in inputs
        )
        compared = [coverage for coverage in coverages if coverage.set.role != "threat"] or coverages
        if not scores:
            return tuple(without_scores(each) if each in compared else each for each in coverages)
        _refuse_counts_beside_scores(compared, instead)
        return coverages


def refuse_threats(inputs: InputSet) -> None:
    """Refuse sets of threats where sets that cover are asked for.

    Raises:
        UsageError: there are some.
    """
    named = {source.path for source in shipped()}
    problems = [
        Problem(
            f"{prepared.name} lists what is attacked, so it covers nothing",
            expected="sets of controls or detections",
            hint="use it as a threat: navlayers gaps nist_800_53 --threat "
            + (prepared.name if prepared.path in named else shlex.quote(str(prepared.path))),
        )
        for prepared in inputs.inputs
        if prepared.set.role == "threat"
    ]
    if problems:
        raise UsageError(problems)


def load_inputs(
    sources: Iterable[Source], attack_version: str | None = None, reading: ReadOptions = ReadOptions()
) -> InputSet:
    """Read sets and layers and remap them to one release.

    Args:
        sources: files, as `navlayers.mapping.find.resolve` gives them.
        attack_version: the release, such as "16.1"; None: the newest among those of the inputs.
        reading: how to parse files, and metadata to use where a file has none.

    Raises:
        NavlayersError: an input cannot be read, a release is not installed, or the domains differ.
    """
    sources = list(sources)
    return together(sources, *prepare_all(sources, attack_version, reading), reading.max_bytes)


def together(
    sources: Iterable[Source], read: Sequence[Prepared], skipped: Iterable[Problem], max_bytes: int
) -> InputSet:
    """Sets and layers that were read already, remapped to the newest of their releases.

    Args:
        sources: all that was read.
        read: the sets and layers.
        skipped: notices of what was left out.
        max_bytes: largest layer that is read.

    Raises:
        NavlayersError: the domains or scopes differ, or a list mixes layers of counts and of scores.
    """
    sources = list(sources)
    inputs, left_out = _of_one_domain(read, {source.name for source in sources if source.parts})
    _refuse_several_domains(inputs)
    _refuse_several_scopes(inputs)
    newest = max((each.catalogue for each in inputs), key=lambda catalogue: versions.number(catalogue.version))
    by_path = {source.path: source for source in sources}
    loaded = []
    counted = set()
    for each in inputs:
        layer = each
        if each.format == "layer":
            from navlayers.mapping.formats.layer import counting  # noqa: PLC0415 - for layers alone

            is_counted = _is_counted(each, counting(by_path[each.path], max_bytes))
            layer = _layer_input(each, is_counted=is_counted)
            if is_counted:
                counted.add(each.name)
        loaded.append(layer.at(newest))
    return InputSet(newest, tuple(loaded), (*skipped, *left_out), frozenset(counted), left_out)


def _other(prepared: Prepared) -> bool:
    """Whether the input has scores on another range than 0–100."""
    return range_of(prepared.set) != HUNDRED


def _is_counted(layer: Prepared, layers: tuple[bool, ...]) -> bool:
    if any(layers) and not all(layers):
        message = f"{layer.name} holds layers of counts and layers of scores"
        hint = "split the list into layers of counts and layers of scores"
        raise UsageError(Problem(message, Place(str(layer.path)), "layers of one kind", hint))
    return all(layers)


def _single_layers(layers: MappingSet) -> dict[str, MappingSet]:
    """Id of each layer of a list → the layer as a set."""
    mappings: defaultdict[str, list[Mapping]] = defaultdict(list)
    for mapping in layers.mappings:
        mappings[mapping.capability].append(mapping)
    records: defaultdict[str | None, list[NonMappable]] = defaultdict(list)
    for record in layers.non_mappable:
        records[record.capability].append(record)
    return {
        capability.id: msgspec.structs.replace(
            layers,
            title=capability.name,
            version="",
            capabilities=(capability,),
            mappings=tuple(mappings[capability.id]),
            non_mappable=tuple(records[capability.id]),
        )
        for capability in layers.capabilities
    }


def _layer_input(layer: Prepared, *, is_counted: bool) -> Prepared:
    """A layer as an input: without notices of its losses as a set, and with its counts as counts."""
    idle = {"not-carried", "other-scale", "suspicious-scale"} if is_counted else {"not-carried"}
    notices = tuple(notice for notice in layer.notices if notice.code not in idle)
    return msgspec.structs.replace(layer.changed(as_unscored) if is_counted else layer, notices=notices)


def _of_one_domain(
    inputs: Sequence[Prepared], parts: Collection[str]
) -> tuple[list[Prepared], tuple[Problem, ...]]:
    """The inputs, of tables of several domains only the part in the domain of the others, else the largest part."""
    domain = next((each for each in inputs if each.name not in parts), inputs[0]).set.domain
    used = {each.path: each for each in inputs if each.name in parts and each.set.domain == domain}
    notices: dict[Path, Problem] = {}
    for each in inputs:
        if each.name in parts and each.path in used and each.set.domain != domain:
            rest = [other.name for other in inputs if other.path == each.path and other.set.domain != domain]
            message = f"using {used[each.path].name}; left out {and_list(rest)}: results are of one ATT&CK domain"
            notices[each.path] = Problem(message, Place(str(each.path)))
    kept = [each for each in inputs if each.set.domain == domain or each.name not in parts or each.path not in used]
    return kept, tuple(notices.values())


def _refuse_several_domains(inputs: Sequence[Prepared]) -> None:
    domains: dict[str, list[str]] = {}
    for prepared in inputs:
        domains.setdefault(prepared.set.domain, []).append(prepared.name)
    if len(domains) > 1:
        names = ", ".join(f"{and_list(names)} of {domain}" for domain, names in domains.items())
        hint = "compare inputs of one domain"
        raise UsageError(Problem(f"the inputs are of different ATT&CK domains: {names}", hint=hint))


def _refuse_several_scopes(inputs: Sequence[Prepared]) -> None:
    """Refuse sets of the library that were loaded with different scopes: their shares have different wholes."""
    bounds = [prepared.catalogue.bounds for prepared in inputs]
    scopes = [each and each.scope for each in bounds]
    if any(scope != scopes[0] for scope in scopes):
        named = [f"{prepared.name}: {prepared.catalogue.scope or 'all of ATT&CK'}" for prepared in inputs]
        hint = "load them all with the same scope"
        message = f"the inputs have different scopes: {'; '.join(named)}"
        raise UsageError(Problem(message, expected="one scope", hint=hint))


def _refuse_counts_beside_scores(inputs: Sequence[Coverage], instead: str) -> None:
    """Refuse a mix of counts of capabilities and scores 0–100: they do not compare."""
    counted = [prepared.name for prepared in inputs if prepared.counts]
    scored = [prepared.name for prepared in inputs if not prepared.counts and prepared.set.mappings]
    if counted and scored:
        message = (
            f"{and_list(counted)} {_has(counted)} counts of capabilities, {and_list(scored)} {_has(scored)} scores"
        )
        worth = "--worth 50 gives mappings without a value that score"
        hint = "; ".join(filter(None, (instead, worth)))
        raise UsageError(Problem(message, expected="inputs of one kind", hint=hint))


def _has(names: Sequence[str]) -> str:
    return "have" if len(names) > 1 else "has"


def newer_than(inputs: Iterable[Coverage], catalogue: Catalogue) -> frozenset[str]:
    """The techniques that none of the releases of the inputs has, also not under another id."""
    releases = sorted({coverage.own_attack_version for coverage in inputs})
    new = [_new_since(version, catalogue) for version in releases]
    return frozenset.intersection(*new) if new else frozenset()


def _new_since(version: str, catalogue: Catalogue) -> frozenset[str]:
    try:
        old = attack.find(catalogue.domain, version).catalogue
    except NavlayersError:
        return frozenset()
    return frozenset(added.id for added in ReleaseChange(old, catalogue).additions or () if not added.replaces)
