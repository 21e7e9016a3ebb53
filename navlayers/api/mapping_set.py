"""Mapping sets of the library: loading one, its scores, its layers, and the files that they are saved as.

>>> import navlayers
>>> gcp = navlayers.load("gcp")
>>> gcp.scores()["T1078"].overall
100
>>> len(gcp.layer().techniques)
290
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, Unpack

import msgspec

from navlayers import attack
from navlayers.analysis.frames import Tabular
from navlayers.api.sources import Input, set_name, source, sources, warn
from navlayers.errors import Problem, UsageError
from navlayers.layer import build as building
from navlayers.layer import document
from navlayers.mapping import model
from navlayers.mapping.find import read
from navlayers.mapping.formats import ReadOptions
from navlayers.mapping.replacements import remap
from navlayers.mapping.scope import scope_part
from navlayers.scoring import scores as scoring
from navlayers.scoring import stats as statistics
from navlayers.scoring.options import ScoreOptions

if TYPE_CHECKING:
    from navlayers.attack import Catalogue
    from navlayers.layer.build import LayerKind
    from navlayers.scoring.options import AcrossSegments, Aggregate, Rollup
    from navlayers.scoring.scores import TechniqueScore
    from navlayers.scoring.stats import Stats

_Own = TypeVar("_Own", bound=msgspec.Struct)


class Scoring(TypedDict, total=False):
    """How mappings become scores: the fields of `ScoreOptions` as keyword arguments."""

    aggregate: Aggregate
    weights: dict[str, float]
    scale: dict[str, float]
    worth: float | None
    rollup: Rollup
    across_segments: AcrossSegments


class Scores(Tabular, Mapping[str, "TechniqueScore"]):
    """Technique id → its scores, sorted by id: 0–100, or numbers of capabilities in an unscored set."""

    def __init__(self, scored: scoring.Scored) -> None:
        self._scored = scored
        self._entries = scored.scores
        self.catalogue = scored.catalogue

    def __getitem__(self, technique: str) -> TechniqueScore:
        return self._entries[technique]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"<Scores of {len(self)} techniques, ATT&CK {self.catalogue.domain} {self.catalogue.version}>"

    def to_dicts(self) -> list[dict[str, Any]]:
        """The rows of the table `scores`: one per technique and category, and one for the overall score."""
        from navlayers.scoring.coverage import rounded_entry  # noqa: PLC0415 - for rows alone
        from navlayers.tables import rows  # noqa: PLC0415

        entries = {technique: rounded_entry(entry) for technique, entry in self._entries.items()}
        return rows.dicts("scores", rows.score_rows(set_name(self._scored.set), self._scored, entries))

    def _dtypes(self) -> dict[str, str]:
        from navlayers.tables.columns import SCORES  # noqa: PLC0415 - for frames alone

        return SCORES.dtypes


class Layer(document.Layer, frozen=True):
    """A Navigator layer, format 4.5, that can save and show itself."""

    def __repr__(self) -> str:
        """Name, size and release in one line."""
        return f"<Layer {self.name!r}: {len(self.techniques)} techniques, ATT&CK {self.versions.attack}>"

    def to_json(self) -> bytes:
        """The layer as the JSON that the Navigator opens, one technique per line."""
        return document.encode_layer(self)

    def save(self, path: str | Path, *, force: bool = False) -> Path:
        """Write the layer in the format of the file's ending: json, svg, png, pdf, xlsx, html, md or csv.

        Args:
            path: The file to write.
            force: Overwrite a file that holds something else.

        Returns:
            The path.

        Raises:
            UsageError: No format has that ending.
            OutputError: The file holds something else and not `force`, or it cannot be written.
        """
        from navlayers.api.documents import render  # noqa: PLC0415 - drawing is slow to import
        from navlayers.output import files  # noqa: PLC0415

        path = Path(path)
        if path.suffix.lower() == ".json":
            files.write(self.to_json(), path, force=force)
            return path
        return render(self, path, force=force)

    def _repr_svg_(self) -> str:
        from navlayers.api.documents import picture  # noqa: PLC0415

        return picture(self).decode()


class MappingSet(model.MappingSet, Tabular, frozen=True):
    """A mapping set that can compute its scores, build its layers, and save itself.

    Attributes:
        scope: The scope that it was loaded in; its results are about that. None: everything.
    """

    scope: attack.Scope | None = None

    def scores(self, *, attack_version: str | None = None, **options: Unpack[Scoring]) -> Scores:
        """Scores per technique.

        Args:
            attack_version: Remap the set to this ATT&CK release first ("18.1"; "18" is the newest installed 18.x).
            **options: How mappings become scores, as in `ScoreOptions`.

        Returns:
            Scores of the techniques that are active in the release.

        Raises:
            ReleaseError: The release is not installed.
            UsageError: The options do not fit the set.
        """
        scored = _scored(self, attack_version, options)
        return Scores(scored)

    def layer(
        self, kind: str = "overview", *, attack_version: str | None = None, **options: Unpack[Scoring]
    ) -> Layer:
        """One layer of the set.

        Args:
            kind: "overview", a category ("protect", "detect", "respond"), or the id of a group or capability.
            attack_version: As for `scores`.
            **options: As for `scores`.

        Returns:
            The layer; `save` writes it.

        Raises:
            ReleaseError: The release is not installed.
            UsageError: The set has no such layer, or the options do not fit it.
        """
        scored = _scored(self, attack_version, options)
        only: list[LayerKind] = ["overview"] if kind == "overview" else ["categories", "groups", "capabilities"]
        built = list(building.layers_of(scored, only))
        for item in built:
            if kind in (item.kind, item.id):
                return own(Layer, item.layer)
        ids = ", ".join(item.id for item in built[:5])
        message = f"{self.name} has no layer {kind!r}"
        raise UsageError(Problem(message, expected=f"overview, or an id such as {ids}"))

    def layers(
        self,
        only: Iterable[LayerKind] = building.KINDS,
        *,
        attack_version: str | None = None,
        **options: Unpack[Scoring],
    ) -> dict[str, Layer]:
        """The layers of the set in reading order.

        Args:
            only: The kinds: "overview", "categories", "groups", "capabilities".
            attack_version: As for `scores`.
            **options: As for `scores`.

        Returns:
            Path below the set's folder ("overview.json") → layer.

        Raises:
            ReleaseError: The release is not installed.
            UsageError: The options do not fit the set.
        """
        scored = _scored(self, attack_version, options)
        return {item.path: own(Layer, item.layer) for item in building.layers_of(scored, list(only))}

    def stats(self) -> Stats:
        """The coverage of the set at its own release, in numbers: overall, per tactic, category and capability.

        Raises:
            ReleaseError: The release is not installed.
        """
        return statistics.set_stats(self, _release(self, None))

    def save(self, path: str | Path, *, force: bool = False) -> Path:
        """Write the set in the format of the file's ending: yaml, csv or xlsx; json is Mappings Explorer's.

        Only YAML and STIX keep everything; a `NavlayersWarning` names what another format leaves out.

        Args:
            path: The file to write.
            force: Overwrite a file that holds something else.

        Returns:
            The path.

        Raises:
            UsageError: No format has that ending.
            OutputError: The format cannot hold the set, or the file cannot be written.
        """
        # Writers and files are imported by commands and calls that need them alone.
        from navlayers.mapping.convert import encode_and_read, format_for  # noqa: PLC0415
        from navlayers.output import files  # noqa: PLC0415

        written = encode_and_read(self, format_for(str(path)))
        files.write(written.data, path, force=force)
        warn(written.notices)
        return Path(path)

    def to_dicts(self) -> list[dict[str, Any]]:
        """The rows of the table `mappings`, at the set's own release: one per mapping, without places."""
        from navlayers.mapping.load import prepare  # noqa: PLC0415
        from navlayers.tables import rows  # noqa: PLC0415 - for rows alone

        (prepared,) = prepare(sources((self,), ReadOptions()), origins=True)
        assert not isinstance(prepared, Problem)  # noqa: S101 - files alone are skipped
        return rows.dicts("mappings", rows.OF_SETS["mappings"](rows.of_set(prepared, ScoreOptions())))

    def _dtypes(self) -> dict[str, str]:
        from navlayers.tables.columns import MAPPINGS  # noqa: PLC0415 - for frames alone

        return MAPPINGS.dtypes


def load(item: Input, reading: ReadOptions = ReadOptions()) -> MappingSet:
    """One mapping set: a file of any format, or the name of a shipped set.

    A `NavlayersWarning` names what the reader assumed or could not use.

    Args:
        item: Name or path.
        reading: How to read the file, metadata to use where the file has none, and the scope: the set has the
            mappings in it alone, and its results are about it.

    Returns:
        The set.

    Raises:
        InputError: The set is unknown or cannot be read; `problems` lists all of its faults.
        UsageError: The item is a folder of several sets, or a set that was loaded with another scope.
        TypeError: The item is neither a name nor a path.
    """
    file = source(item, reading)
    found = read(file, reading)
    mapping_set, notices = found.mapping_set, found.notices
    if reading.scope is None:
        warn(notices)
        return own(MappingSet, mapping_set)
    from navlayers.mapping.load import in_scope  # noqa: PLC0415 - for scopes alone

    part = in_scope(mapping_set, reading.scope, file)
    warn((*notices, *part.notices))
    bounds = part.catalogue.bounds
    return msgspec.structs.replace(own(MappingSet, part.set), scope=bounds.scope if bounds else None)


def own(kind: type[_Own], item: msgspec.Struct) -> _Own:
    """The layer or set with the methods of the library."""
    if isinstance(item, kind):
        return item
    return kind(**{name: getattr(item, name) for name in item.__struct_fields__})


def _scored(mapping_set: MappingSet, attack_version: str | None, options: Scoring) -> scoring.Scored:
    catalogue = _release(mapping_set, attack_version)
    remapped = scope_part(remap(mapping_set, catalogue.whole)[0], catalogue)
    return scoring.score_set(remapped, catalogue, ScoreOptions(**options))


def _release(mapping_set: MappingSet, attack_version: str | None) -> Catalogue:
    match = attack.find(mapping_set.domain, attack_version, own=mapping_set.attack_version)
    return attack.restricted(match.catalogue, mapping_set.scope)
