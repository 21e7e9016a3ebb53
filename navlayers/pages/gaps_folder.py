"""Gaps as files: layers, one list of them for the Navigator, tables, an index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers.analysis.gaps import headline
from navlayers.analysis.gaps_layers import layers_of
from navlayers.layer.document import encode_layer, encode_layers
from navlayers.output import markdown, sheets, tables
from navlayers.pages.gaps_tables import tables_of
from navlayers.pages.gaps_tables import techniques as techniques_of
from navlayers.pages.results import ResultFile, folder_of, layer_files

if TYPE_CHECKING:
    from navlayers.analysis.gaps import Gaps
    from navlayers.scoring.options import ScoreOptions

NAMED = 5
"""So many users and capabilities of a technique stand in a cell of Markdown."""


def gaps_folder(gaps: Gaps, options: ScoreOptions) -> dict[str, bytes]:
    """Path → bytes of every file, the index included; `options` are those that the inputs were scored with."""
    threat = [
        {
            "kind": member.kind,
            "id": member.id,
            "name": member.name,
            "techniques": len(member.weights),
            "by_software_alone": len(member.through),
            "carried": member.moved,
            "left_out": member.left_out,
            "left_out_weights": member.lost,
        }
        for member in gaps.threat.members
    ]
    return folder_of(
        [*layer_files(layers_of(gaps)), *_table_files(gaps)],
        command="gaps",
        domain=gaps.catalogue.domain,
        attack_version=gaps.catalogue.version,
        options={"threat": threat, "scores": options, "category": gaps.category, "weak": gaps.weak},
        inputs=gaps.inputs,
    )


def _table_files(gaps: Gaps) -> list[ResultFile]:
    """The techniques by that name, for they can be a threat again; all tables as a workbook, and to be read."""
    heading = f"Gaps of {', '.join(gaps.titles)} against {gaps.threat.title}"
    made, techniques = tables_of(gaps), techniques_of(gaps)
    short = markdown.tables(tables_of(gaps, NAMED))
    text = f"# {markdown.escape(heading)}\n\n{markdown.escape(headline(gaps))}\n\n{short}"
    contents = {
        "techniques.csv": tables.to_csv(techniques),
        "gaps.xlsx": sheets.to_xlsx(made),
        "gaps.md": text.encode("utf-8", "replace"),
    }
    return [ResultFile(path, "table", heading, data, len(techniques.rows)) for path, data in contents.items()]


def gaps_document(gaps: Gaps) -> bytes:
    """All layers as one list, which the Navigator opens as tabs in reading order."""
    return encode_layers(encode_layer(layer) for _, _, layer in layers_of(gaps))
