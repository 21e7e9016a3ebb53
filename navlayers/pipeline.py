"""From mapping sets on disk to layers on disk: what `navlayers build` does, as one function."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec

from navlayers import attack, index, readers, scoring
from navlayers.carry import Inactive, Moved, carry_to
from navlayers.errors import InputError, NavlayersError, OtherFileError, Place, Problem
from navlayers.index import make_index
from navlayers.layers.build import KINDS, BuiltLayer, Kind, build
from navlayers.layers.document import encode, encode_list
from navlayers.model import MappingSet
from navlayers.options import ScoreOptions
from navlayers.output import INDEX, Staging, sha256

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from navlayers.sets import Source

ALL_KIND: Kind = "all"
ALL = "all.json"

Put: TypeAlias = "Callable[[str, str, bytes], None]"
"""Takes one file: the set's name, the path below the set's folder, the content."""


class Prepared(msgspec.Struct, frozen=True):
    """A set that was read, with the release that its layers are for, carried there if that was asked.

    `own_attack_version` is the release that the set says it was made for.
    """

    name: str
    set: MappingSet
    own_attack_version: str
    catalogue: attack.Catalogue
    moved: tuple[Moved, ...]
    notices: tuple[Problem, ...]


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
    sources: Iterable[Source], attack_version: str | None = None, max_bytes: int = readers.MAX_BYTES
) -> Iterator[Prepared | Skipped]:
    """Read sets and find their releases, one at a time, so that only one is held in memory.

    `attack_version` carries the sets to that release; None leaves each at its own.

    Raises:
        InputError: at the end, with the problems of all sets that cannot be read or have no release at hand; or
            because none of the files is a set.
    """
    problems: list[Problem] = []
    skipped: list[Skipped] = []
    done = 0
    for source in sources:
        try:
            prepared = _prepare_one(source, attack_version, max_bytes)
        except OtherFileError as error:
            if source.origin == "folder":
                skipped.append(Skipped(_skipping(error.problems[0])))
            else:
                problems += error.problems
            continue
        except NavlayersError as error:
            problems += [_placed(problem, source) for problem in error.problems]
            continue
        done += 1
        if not problems:
            yield prepared
    if not (done or problems):
        problems = [one.problem for one in skipped]
    if problems:
        raise InputError(problems)
    yield from skipped


def _skipping(problem: Problem) -> Problem:
    place = problem.place and Place(problem.place.path)
    return Problem(f"passed over, for it is no mapping set: {problem.message}", place, hint=problem.hint)


def _placed(problem: Problem, source: Source) -> Problem:
    return problem if problem.place else msgspec.structs.replace(problem, place=Place(str(source.path)))


def _prepare_one(source: Source, attack_version: str | None, max_bytes: int) -> Prepared:
    reading = readers.read(source.path, data=source.data, max_bytes=max_bytes)
    mapping_set = reading.mapping_set
    wanted = mapping_set.attack_version if attack_version is None else attack_version
    found = attack.find(mapping_set.domain, wanted)
    catalogue = attack.load(found.release)
    moved: tuple[Moved, ...] = ()
    carried = mapping_set
    if attack_version is not None:
        carried, moved = carry_to(mapping_set, catalogue)
    notices = [*reading.notices, *((_placed(found.notice, source),) if found.notice else ())]
    return Prepared(source.name, carried, mapping_set.attack_version, catalogue, moved, tuple(notices))


def build_folder(
    sources: Sequence[Source],
    target: Path,
    options: ScoreOptions | None = None,
    *,
    attack_version: str | None = None,
    only: Sequence[Kind] = KINDS,
    force: bool = False,
    max_bytes: int = readers.MAX_BYTES,
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
        max_bytes: larger inputs are refused.
        on_set: called after each set that is built, before anything is in place.

    Raises:
        NavlayersError: an input, an option, a release or the output does not do; nothing was written.
    """
    with Staging(target, [source.name for source in sources], force=force) as staging:
        result = _build_sets(prepare(sources, attack_version, max_bytes), options, only, staging.add, on_set)
        staging.commit()
    return result


def build_document(
    sources: Sequence[Source],
    options: ScoreOptions | None = None,
    *,
    attack_version: str | None = None,
    only: Sequence[Kind] = KINDS,
    max_bytes: int = readers.MAX_BYTES,
) -> tuple[bytes, BuildResult]:
    """Build the layers of all sets as one document: a single layer, or a list that opens as tabs.

    The arguments and errors are those of `build_folder`; so is the result, beside the document.
    """
    layers: list[bytes] = []

    def keep(name: str, path: str, data: bytes) -> None:
        if path != INDEX:
            layers.append(data)

    kinds = [kind for kind in (KINDS if set(only) == {ALL_KIND} else only) if kind != ALL_KIND]
    result = _build_sets(prepare(sources, attack_version, max_bytes), options, kinds, keep)
    return (layers[0] if len(layers) == 1 else encode_list(layers)), result


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


def _built(prepared: Prepared, options: ScoreOptions, only: Sequence[Kind]) -> Iterator[BuiltLayer]:
    kinds = KINDS if set(only) == {ALL_KIND} else only
    return build(prepared.set, prepared.catalogue, options, kinds)


def _build_set(prepared: Prepared, options: ScoreOptions, only: Sequence[Kind], put: Put) -> SetResult:
    """Build one set and put its files and its index where they go."""
    listed: list[bytes] = []
    entries: list[index.FileEntry] = []
    for built in _built(prepared, options, only):
        data = encode(built.layer)
        if built.kind in only:
            put(prepared.name, built.path, data)
            entries.append(_entry(built, data))
        if ALL_KIND in only:
            listed.append(data)
    if ALL_KIND in only:
        data = encode_list(listed)
        put(prepared.name, ALL, data)
        entries.append(
            index.FileEntry(ALL, ALL_KIND, ALL_KIND, f"{len(listed)} layers as tabs", 0, 0, sha256(data))
        )
    made = make_index(
        prepared.set,
        prepared.catalogue,
        options,
        own_attack_version=prepared.own_attack_version,
        moved=prepared.moved,
        only=only,
        files=entries,
    )
    put(prepared.name, INDEX, index.encode(made))
    idle = scoring.without_effect(prepared.set, scoring.rules(prepared.set, options))
    notices = [*prepared.notices, *((_no_effect(prepared.name, idle),) if idle else ())]
    return SetResult(
        prepared.name, made.set, made.attack_version, made.counts, made.left_out, made.carried, tuple(notices)
    )


def _no_effect(name: str, idle: Sequence[str]) -> Problem:
    return Problem(
        f"{name}: {', '.join(idle)} without effect: no mapping of the set has such a value",
        hint="an unscored set gives counts; --worth gives its relations a value",
    )


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
