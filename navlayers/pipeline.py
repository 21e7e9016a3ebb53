"""From mapping sets on disk to layers on disk: what `navlayers build` does, as one function."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from navlayers import attack, index, readers
from navlayers.carry import Inactive, Moved, carry_to
from navlayers.errors import InputError, NavlayersError, OtherFileError, Place, Problem, UsageError
from navlayers.folders import INDEX, sha256
from navlayers.index import make_index
from navlayers.layers.build import KINDS, BuiltLayer, Kind, layers_of
from navlayers.layers.document import encode_layer, encode_layers
from navlayers.model import MappingSet
from navlayers.options import ScoreOptions
from navlayers.output import Staging
from navlayers.readers import ReadOptions
from navlayers.scoring import Scored, score_set, without_effect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from navlayers.sets import Source

_READING = ReadOptions()
ALL_KIND: Kind = "all"
ALL = "all.json"

Put: TypeAlias = "Callable[[str, str, bytes], None]"
"""Takes one file: the set's name, the path below the set's folder, the content."""


class Prepared(msgspec.Struct, frozen=True):
    """A set that was read, with the release that its layers are for, carried there if that was asked.

    `own_attack_version` is the release that the set says it was made for. `format` is that of its file, a name of
    `navlayers.readers.formats.FORMATS`; `path` is where it was read from.
    """

    name: str
    set: MappingSet
    own_attack_version: str
    catalogue: attack.Catalogue
    moved: tuple[Moved, ...]
    notices: tuple[Problem, ...]
    format: str = "native"
    path: Path = Path()

    def at(self, catalogue: attack.Catalogue) -> Prepared:
        """The set carried to a release, which may be the one that it is at: ids are revoked within one, too."""
        carried, moved = carry_to(self.set, catalogue, self.catalogue)
        return msgspec.structs.replace(self, set=carried, catalogue=catalogue, moved=(*self.moved, *moved))


class Skipped(msgspec.Struct, frozen=True):
    """A file of a folder that is no mapping set."""

    problem: Problem


class SetResult(msgspec.Struct, frozen=True):
    """What was built of one set. `folder` is where it was written, relative to the output folder."""

    folder: str
    set: index.SetEntry
    attack_version: str
    counts: index.Counts
    left_out: tuple[Inactive, ...]
    carried: tuple[Moved, ...]
    notices: tuple[Problem, ...]


class BuildResult(msgspec.Struct, frozen=True):
    """What was built of all sets, and what is worth knowing beyond a single set."""

    sets: tuple[SetResult, ...]
    notices: tuple[Problem, ...]


def prepare(
    sources: Iterable[Source], attack_version: str | None = None, reading: ReadOptions = _READING
) -> Iterator[Prepared | Skipped]:
    """Read sets and find their releases, one at a time, so that only one is held in memory.

    `attack_version` carries the sets to that release; None leaves each at its own.

    Raises:
        NavlayersError: at the end, with the problems of all sets: a ReleaseError where releases are not at hand, an
            InputError where sets cannot be read, or both kinds of problem come together, or no file is a set.
    """
    problems: list[Problem] = []
    skipped: list[Skipped] = []
    kinds: set[type[NavlayersError]] = set()
    done = 0
    for source in sources:
        try:
            prepared = _prepare_one(source, attack_version, reading)
        except OtherFileError as error:
            if source.origin == "folder":
                skipped.append(Skipped(_skipping(error.problems[0])))
            else:
                problems += error.problems
                kinds.add(InputError)
            continue
        except NavlayersError as error:
            problems += [_placed(problem, source) for problem in error.problems]
            kinds.add(type(error))
            continue
        done += 1
        if not problems:
            yield prepared
    if not (done or problems):
        problems = [one.problem for one in skipped]
    if problems:
        raise (kinds.pop() if len(kinds) == 1 else InputError)(problems)
    yield from skipped


def _skipping(problem: Problem) -> Problem:
    place = problem.place and Place(problem.place.path)
    return Problem(f"passed over, for it is no mapping set: {problem.message}", place, hint=problem.hint)


def _placed(problem: Problem, source: Source) -> Problem:
    """The problem with the set that it is about: a shipped one by its name, for its file is nobody's to mend."""
    if problem.place:
        return problem
    return msgspec.structs.replace(
        problem, place=Place(source.name if source.origin == "shipped" else str(source.path))
    )


def _prepare_one(source: Source, attack_version: str | None, how: ReadOptions) -> Prepared:
    reading = readers.read(source.path, data=source.data, reading=how)
    mapping_set = reading.mapping_set
    found = _find_release(reading, source, attack_version)
    catalogue = attack.load(found.release)
    moved: tuple[Moved, ...] = ()
    carried = mapping_set
    if attack_version is not None:
        carried, moved = carry_to(mapping_set, catalogue, _own_release(mapping_set))
    notices = [*reading.notices, *((_placed(found.notice, source),) if found.notice else ())]
    own = mapping_set.attack_version
    return Prepared(source.name, carried, own, catalogue, moved, tuple(notices), reading.format, source.path)


def _find_release(reading: readers.Reading, source: Source, attack_version: str | None) -> attack.Found:
    """The release that is asked for, or else the set's own, whose absence is told where the set names it."""
    domain = reading.mapping_set.domain
    if attack_version is not None or source.origin == "shipped":
        wanted = reading.mapping_set.attack_version if attack_version is None else attack_version
        return attack.find(domain, wanted)
    try:
        return attack.find(domain, reading.mapping_set.attack_version)
    except NavlayersError as error:
        place = reading.place_of("attack_version")
        problems = [msgspec.structs.replace(problem, place=problem.place or place) for problem in error.problems]
        raise type(error)(problems) from None


def _own_release(mapping_set: MappingSet) -> attack.Catalogue | None:
    """The release that the set was made for, where it is at hand."""
    try:
        return attack.load(attack.find(mapping_set.domain, mapping_set.attack_version).release)
    except NavlayersError:
        return None


def build_folder(
    sources: Sequence[Source],
    target: str | Path,
    options: ScoreOptions | None = None,
    *,
    attack_version: str | None = None,
    only: Sequence[Kind] = KINDS,
    force: bool = False,
    reading: ReadOptions = _READING,
    on_set: Callable[[], None] = lambda: None,
) -> BuildResult:
    """Build the layers of all sets into `target`, a folder per set; all of them or none.

    Args:
        sources: the sets, as `navlayers.sets.resolve` gives them.
        target: the folder to write to; made where it is missing.
        options: how scores are made.
        attack_version: carry every set to this release; None: each at its own.
        only: which layers to make; "all" by itself means the one file that holds every kind.
        force: write into a folder that holds foreign files (they stay, but for those of the same name).
        reading: what the user says of the inputs.
        on_set: called after each set that is built, before anything is in place.

    Raises:
        NavlayersError: an input, an option, a release or the output does not do; nothing was written.
    """
    only = [kind for kind in KINDS if kind in only]
    with Staging(Path(target), [source.name for source in sources], force=force) as staging:
        result = _build_sets(prepare(sources, attack_version, reading), options, only, staging.add, on_set)
        removed = staging.commit()
    gone = tuple(
        Problem(f"{name}: gone: {count} file{'s' * (count > 1)} of an earlier build that this one does not make")
        for name, count in removed.items()
    )
    left = tuple(
        Problem(
            "a build that was stopped, or is still at work, left this folder", Place(str(path)), hint="look into it"
        )
        for path in staging.abandoned
    )
    return msgspec.structs.replace(result, notices=(*result.notices, *gone, *left))


def build_document(
    sources: Sequence[Source],
    options: ScoreOptions | None = None,
    *,
    attack_version: str | None = None,
    only: Sequence[Kind] = KINDS,
    reading: ReadOptions = _READING,
) -> tuple[bytes, BuildResult]:
    """Build the layers of all sets as one document: a single layer, or a list that opens as tabs.

    The arguments and errors are those of `build_folder`; so is the result, beside the document.
    """
    layers: list[bytes] = []

    def keep(name: str, path: str, data: bytes) -> None:
        if path != INDEX:
            layers.append(data)

    kinds = [kind for kind in (KINDS if set(only) == {ALL_KIND} else only) if kind != ALL_KIND]
    result = _build_sets(prepare(sources, attack_version, reading), options, kinds, keep)
    if not layers:
        why = "; ".join(notice.message for one in result.sets for notice in one.notices)
        raise UsageError(Problem("there is no layer to write", hint=why))
    return (layers[0] if len(layers) == 1 else encode_layers(layers)), result


def _build_sets(
    prepared: Iterable[Prepared | Skipped],
    options: ScoreOptions | None,
    only: Sequence[Kind],
    put: Put,
    on_set: Callable[[], None] = lambda: None,
) -> BuildResult:
    results: list[SetResult] = []
    notices: list[Problem] = []
    for one in prepared:
        if isinstance(one, Skipped):
            notices.append(one.problem)
        else:
            results.append(_build_set(one, options or ScoreOptions(), only, put))
            on_set()
    return BuildResult(tuple(results), tuple(notices))


def _build_set(prepared: Prepared, options: ScoreOptions, only: Sequence[Kind], put: Put) -> SetResult:
    """Build one set and put its files and its index where they go."""
    scored = score_set(prepared.set, prepared.catalogue, options)
    listed: list[bytes] = []
    entries: list[index.FileEntry] = []
    layers = 0
    for built in layers_of(scored, KINDS if set(only) == {ALL_KIND} else only):
        data = encode_layer(built.layer)
        layers += 1
        if built.kind in only:
            put(prepared.name, built.path, data)
            entries.append(_entry(built, data))
        if ALL_KIND in only:
            listed.append(data)
    if listed:
        data = encode_layers(listed)
        put(prepared.name, ALL, data)
        entries.append(
            index.FileEntry(ALL, ALL_KIND, ALL_KIND, f"{len(listed)} layers as tabs", 0, 0, sha256(data))
        )
    made = make_index(
        scored,
        own_attack_version=prepared.own_attack_version,
        moved=prepared.moved,
        only=only,
        files=entries,
        layers=layers,
    )
    put(prepared.name, INDEX, index.encode(made))
    notices = (*prepared.notices, *_worth_knowing(prepared.name, scored, entries, only))
    return SetResult(
        prepared.name, made.set, made.attack_version, made.counts, made.left_out, made.carried, notices
    )


def _worth_knowing(
    name: str, scored: Scored, entries: Sequence[index.FileEntry], only: Sequence[Kind]
) -> Iterator[Problem]:
    """What a user would otherwise find out by looking at an odd layer."""
    if not scored.set.mappings:
        yield Problem(f"{name}: the set has no mappings, so its layers are empty")
    made = {entry.kind for entry in entries}
    missing = [kind for kind in only if kind not in made]
    if missing and {*only, ALL_KIND} != set(KINDS):
        why = "the set has no score values" if missing == ["categories"] else "the set has none"
        yield Problem(f"{name}: no layers of kind {', '.join(missing)}: {why}")
    yield from odd_scores(name, scored)


def odd_scores(name: str, scored: Scored) -> Iterator[Problem]:
    """What a user would otherwise wonder at: options that cannot show, mappings that give no score."""
    for option, why in without_effect(scored.rules):
        yield Problem(f"{name}: {option} without effect: {why}")
    unrated = sum(mapping.value is None for mapping in scored.set.mappings)
    if unrated and scored.set.scored and scored.rules.options.worth is None:
        some = f"{unrated} mapping{'s have' if unrated > 1 else ' has'} no score value and so no score"
        yield Problem(f"{name}: {some}", hint="--worth gives a value")


def _entry(built: BuiltLayer, data: bytes) -> index.FileEntry:
    subs = sum("." in technique.techniqueID for technique in built.layer.techniques)
    return index.FileEntry(
        path=built.path,
        kind=built.kind,
        id=built.id,
        name=built.layer.name,
        techniques=len(built.layer.techniques) - subs,
        subtechniques=subs,
        sha256=sha256(data),
    )
