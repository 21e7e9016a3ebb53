"""Gaps as files: layers, one list of them for the Navigator, tables, an index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers.gaps.layers import layers_of
from navlayers.gaps.tables import tables_of
from navlayers.layers.document import encode_layer, encode_layers
from navlayers.results import ResultFile, folder_of, layer_files, table_files

if TYPE_CHECKING:
    from navlayers.gaps.model import Gaps
    from navlayers.options import ScoreOptions


def gaps_folder(gaps: Gaps, options: ScoreOptions) -> dict[str, bytes]:
    """Path → bytes of every file, the index included; `options` are those that the inputs were scored with."""
    made = tables_of(gaps)
    heading = f"Gaps of {', '.join(gaps.titles)} against {gaps.threat.title}"
    tables = table_files("gaps", made, made[0], heading)
    threat = [
        {
            "kind": member.kind,
            "id": member.id,
            "name": member.name,
            "techniques": len(member.weights),
            "by_software_alone": len(member.through),
            "carried": member.moved,
            "left_out": member.left_out,
        }
        for member in gaps.threat.members
    ]
    return folder_of(
        [*layer_files(layers_of(gaps)), *map(_main_by_its_own_name, tables)],
        command="gaps",
        domain=gaps.catalogue.domain,
        attack_version=gaps.catalogue.version,
        options={"threat": threat, "scores": options, "category": gaps.category, "weak": gaps.weak},
        inputs=gaps.inputs,
    )


def _main_by_its_own_name(file: ResultFile) -> ResultFile:
    """The table of techniques is a file by that name, which can be a threat again."""
    if file.path != "gaps.csv":
        return file
    return ResultFile("techniques.csv", file.kind, file.name, file.data, file.techniques)


def gaps_document(gaps: Gaps) -> bytes:
    """All layers as one list, which the Navigator opens as tabs in reading order."""
    return encode_layers(encode_layer(layer) for _, _, layer in layers_of(gaps))
