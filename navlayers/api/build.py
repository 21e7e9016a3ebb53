"""Build the layers of mapping sets into a folder, as `navlayers build` does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, Unpack

import msgspec

from navlayers._text.wording import quantity
from navlayers.api.sources import Input, sources
from navlayers.errors import Problem, UsageError, unknown
from navlayers.layer.build import KINDS, LayerKind, layers_of
from navlayers.layer.document import encode_layer, encode_layers
from navlayers.mapping.formats import ReadOptions
from navlayers.mapping.load import Prepared, prepare
from navlayers.mapping.replacements import Inactive, ReplacedId
from navlayers.output.folders import INDEX, FileEntry, ResultFolders, sha256
from navlayers.pages import index
from navlayers.scoring.options import ScoreOptions
from navlayers.scoring.scores import Scored, odd_scores, score_set

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from navlayers.api.mapping_set import Scoring
    from navlayers.layer.document import Technique

ALL_KIND: LayerKind = "all"
ALL = "all.json"

Put: TypeAlias = "Callable[[str, str, bytes], None]"
"""A function that takes one file: the set's name, the path below the set's folder, the content."""


class SetResult(msgspec.Struct, frozen=True):
    """The layers of one set; `folder` is relative to the output folder."""

    folder: str
    set: index.SetEntry
    attack_version: str
    counts: index.Counts
    left_out: tuple[Inactive, ...]
    replaced: tuple[ReplacedId, ...]
    notices: tuple[Problem, ...]


class BuildResult(msgspec.Struct, frozen=True):
    """The layers of all sets, and notices about several sets; `document` has layers that are not written."""

    sets: tuple[SetResult, ...]
    notices: tuple[Problem, ...]
    document: bytes = b""


def build(
    *inputs: Input,
    output: str | Path | None,
    only: Sequence[LayerKind] = KINDS,
    attack_version: str | None = None,
    force: bool = False,
    reading: ReadOptions = ReadOptions(),
    on_set: Callable[[int], None] = lambda total: None,
    **options: Unpack[Scoring],
) -> BuildResult:
    """Write the layers of sets into a folder, a folder per set; all of them or none.

    Args:
        *inputs: Names, paths or sets; none: the sets in the folder `mappings` if there is one, else all shipped.
        output: The folder to write to; None: write nothing, and give the layers as the `document` of the result: a
            single layer, or a list that the Navigator opens as tabs.
        only: The kinds of layers: "overview", "categories", "groups", "capabilities", and "all", the file with the
            layers of the other kinds, or of every kind if it is the only one.
        attack_version: Remap every set to this ATT&CK release; None: each at its own.
        force: Write into a folder that holds other files; files of the same name are replaced.
        reading: How to read files.
        on_set: Called after each set with the number of all sets, before anything is written.
        **options: How mappings become scores, as in `ScoreOptions`.

    Returns:
        What was built, per set.

    Raises:
        NavlayersError: An input, an option or the output folder is invalid; nothing was written.
    """
    scoring = ScoreOptions(**options)
    problems = unknown("layer kind", only, KINDS)
    if problems or not only:
        raise UsageError(problems or Problem("no layer kind given", expected=", ".join(KINDS)))
    kinds = [kind for kind in KINDS if kind in only]
    sets = sources(inputs, reading, distinct=True)
    prepared = prepare(sets, attack_version, reading)
    if output is None:
        return _build_document(prepared, scoring, kinds)
    with ResultFolders(Path(output), [source.name for source in sets], force=force) as folders:
        result = _build_sets(prepared, scoring, kinds, folders.add, lambda: on_set(len(sets)))
        removed = folders.commit()
    removals = tuple(
        Problem(f"{name}: removed {quantity(count, 'file')} of an earlier build") for name, count in removed.items()
    )
    return msgspec.structs.replace(result, notices=(*result.notices, *removals))


def _build_document(
    prepared: Iterable[Prepared | Problem], scoring: ScoreOptions, kinds: Sequence[LayerKind]
) -> BuildResult:
    layers: list[bytes] = []

    def keep(name: str, path: str, data: bytes) -> None:
        if path != INDEX:
            layers.append(data)

    # The document itself is the list of all layers.
    kinds = [kind for kind in (KINDS if kinds == [ALL_KIND] else kinds) if kind != ALL_KIND]
    result = _build_sets(prepared, scoring, kinds, keep, lambda: None)
    if not layers:
        why = "; ".join(notice.message for each in result.sets for notice in each.notices)
        raise UsageError(Problem("no layer to write", hint=why))
    return msgspec.structs.replace(result, document=layers[0] if len(layers) == 1 else encode_layers(layers))


def _build_sets(
    prepared: Iterable[Prepared | Problem],
    scoring: ScoreOptions,
    only: Sequence[LayerKind],
    put: Put,
    on_set: Callable[[], None],
) -> BuildResult:
    results: list[SetResult] = []
    notices: list[Problem] = []
    for each in prepared:
        if isinstance(each, Problem):
            notices.append(each)
        else:
            results.append(_build_set(each, scoring, only, put))
            on_set()
    return BuildResult(tuple(results), tuple(notices))


def _build_set(prepared: Prepared, scoring: ScoreOptions, only: Sequence[LayerKind], put: Put) -> SetResult:
    """Build one set and pass its files and its index to `put`."""
    scored = score_set(prepared.set, prepared.catalogue, scoring)
    listed: list[bytes] = []
    entries: list[FileEntry] = []
    layers = 0
    for built in layers_of(scored, KINDS if set(only) == {ALL_KIND} else only):
        data = encode_layer(built.layer)
        layers += 1
        if built.kind in only:
            put(prepared.name, built.path, data)
            techniques = built.layer.techniques
            entries.append(_entry(built.path, built.kind, built.id, built.layer.name, techniques, data))
        if ALL_KIND in only:
            listed.append(data)
    if listed:
        data = encode_layers(listed)
        put(prepared.name, ALL, data)
        entries.append(_entry(ALL, ALL_KIND, ALL_KIND, f"{len(listed)} layers as tabs", (), data))
    set_index = index.make_index(
        scored,
        own_attack_version=prepared.own_attack_version,
        replaced=prepared.replaced,
        only=only,
        files=entries,
        layers=layers,
    )
    put(prepared.name, INDEX, index.encode(set_index))
    notices = (*prepared.notices, *_notices(prepared.name, scored, entries, only))
    return SetResult(
        prepared.name,
        set_index.set,
        set_index.attack_version,
        set_index.counts,
        set_index.left_out,
        set_index.replaced,
        notices,
    )


def _entry(
    path: str, kind: LayerKind, id_: str, name: str, techniques: Sequence[Technique], data: bytes
) -> FileEntry:
    techniques = [technique for technique in techniques if technique.enabled]  # those out of scope are disabled
    subs = sum("." in technique.techniqueID for technique in techniques)
    return FileEntry(
        path=path,
        kind=kind,
        id=id_,
        name=name,
        techniques=len(techniques) - subs,
        subtechniques=subs,
        sha256=sha256(data),
    )


def _notices(
    name: str, scored: Scored, entries: Sequence[FileEntry], only: Sequence[LayerKind]
) -> Iterator[Problem]:
    """Notices about missing layers and unusual scores."""
    if not scored.set.mappings:
        yield Problem(f"{name}: no mappings, so the layers are empty")
    kinds = {entry.kind for entry in entries}
    missing = [kind for kind in only if kind not in kinds]
    if missing and {*only, ALL_KIND} != set(KINDS):
        why = "the set has no score values" if missing == ["categories"] else "the set has none"
        yield Problem(f"{name}: no layers of kind {', '.join(missing)}: {why}")
    yield from odd_scores(name, scored)
