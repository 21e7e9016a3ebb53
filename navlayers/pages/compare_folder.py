"""A comparison as files: its layers, one list of them for the Navigator, tables, an index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers.analysis.compare_layers import layers_of
from navlayers.layer.document import encode_layer, encode_layers
from navlayers.pages.compare_tables import tables_of, words
from navlayers.pages.results import about, folder_of, layer_files, table_files

if TYPE_CHECKING:
    from navlayers.analysis.compare import Comparison
    from navlayers.scoring.options import ScoreOptions


def comparison_folder(comparison: Comparison, options: ScoreOptions) -> dict[str, bytes]:
    """Path → bytes of every file, the index included; `options` are those that the inputs were scored with."""
    made = [about(comparison.catalogue, comparison.inputs, words(comparison)), *tables_of(comparison)]
    heading = f"Comparison of {', '.join(one.title for one in comparison.inputs)}"
    files = [*layer_files(layers_of(comparison)), *table_files("comparison", made, made[-1], heading)]
    baseline = comparison.inputs[comparison.differences[0].first].name if comparison.differences else None
    return folder_of(
        files,
        command="compare",
        domain=comparison.catalogue.domain,
        attack_version=comparison.catalogue.version,
        options={"scores": options, "category": comparison.category, "differences from": baseline},
        inputs=comparison.inputs,
    )


def comparison_document(comparison: Comparison) -> bytes:
    """All layers as one list, which the Navigator opens as tabs in reading order."""
    return encode_layers(encode_layer(layer) for _, _, layer in layers_of(comparison))
