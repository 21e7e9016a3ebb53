"""From mapping sets on disk to layers on disk: what `navlayers build` does, as one function."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, Unpack

import msgspec

from navlayers.api.sources import Input, sources
from navlayers.errors import Place, Problem, UsageError
from navlayers.layer.build import KINDS, BuiltLayer, Kind, layers_of
from navlayers.layer.document import encode_layer, encode_layers
from navlayers.mapping.find import shipped
from navlayers.mapping.formats import ReadOptions
from navlayers.mapping.load import Prepared, Skipped, prepare
from navlayers.mapping.remap import Inactive, Moved
from navlayers.output.folders import INDEX, FileEntry, SetFolders, sha256
from navlayers.pages import index
from navlayers.scoring.options import ScoreOptions
from navlayers.scoring.scores import Scored, odd_scores, score_set

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from navlayers.api.mapping_set import Scoring
    from navlayers.mapping.find import Source

_READING = ReadOptions()
ALL_KIND: Kind = "all"
ALL = "all.json"

Put: TypeAlias = "Callable[[str, str, bytes], None]"
"""Takes one file: the set's name, the path below the set's folder, the content."""


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
        sources: the sets, as `navlayers.mapping.find.resolve` gives them.
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
    with SetFolders(Path(target), [source.name for source in sources], force=force) as folders:
        result = _build_sets(prepare(sources, attack_version, reading), options, only, folders.add, on_set)
        removed = folders.commit()
    gone = tuple(
        Problem(f"{name}: gone: {count} file{'s' * (count > 1)} of an earlier build that this one does not make")
        for name, count in removed.items()
    )
    left = tuple(
        Problem(
            "a build that was stopped, or is still at work, left this folder", Place(str(path)), hint="look into it"
        )
        for path in folders.abandoned
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
    entries: list[FileEntry] = []
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
            FileEntry(
                path=ALL,
                kind=ALL_KIND,
                id=ALL_KIND,
                name=f"{len(listed)} layers as tabs",
                techniques=0,
                subtechniques=0,
                sha256=sha256(data),
            )
        )
    made = index.make_index(
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
    name: str, scored: Scored, entries: Sequence[FileEntry], only: Sequence[Kind]
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


def _entry(built: BuiltLayer, data: bytes) -> FileEntry:
    subs = sum("." in technique.techniqueID for technique in built.layer.techniques)
    return FileEntry(
        path=built.path,
        kind=built.kind,
        id=built.id,
        name=built.layer.name,
        techniques=len(built.layer.techniques) - subs,
        subtechniques=subs,
        sha256=sha256(data),
    )


def build(
    *inputs: Input,
    output: str | Path,
    only: Sequence[Kind] = KINDS,
    attack_version: str | None = None,
    force: bool = False,
    reading: ReadOptions = _READING,
    **options: Unpack[Scoring],
) -> BuildResult:
    """Write the layers of sets into a folder, a folder per set.

    Args:
        *inputs: Names, paths or sets; none: all shipped sets.
        output: The folder to write to.
        only: The kinds of layers: "overview", "categories", "groups", "capabilities", "all".
        attack_version: Remap every set to this ATT&CK release; None: each at its own.
        force: Write into a folder that holds other files.
        reading: How to read files.
        **options: How mappings become scores, as in `ScoreOptions`.

    Returns:
        What was built, per set.

    Raises:
        NavlayersError: An input, an option, a release or the output does not do; nothing was written.
    """
    found = sources(inputs, reading) if inputs else shipped()
    scoring = ScoreOptions(**options)
    return build_folder(
        found, output, scoring, attack_version=attack_version, only=only, force=force, reading=reading
    )
