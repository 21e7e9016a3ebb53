"""What a comparison, gaps or a plan write: layers, tables, and an index of them with what they were made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from navlayers.attack.domain import DOMAIN_NAMES
from navlayers.layer.document import Layer, encode_layer, encode_layers
from navlayers.output import markdown, sheets, tables
from navlayers.output.folders import INDEX, FileEntry, sha256
from navlayers.output.tables import Table, columns
from navlayers.pages.index import InputEntry, ResultIndex, encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from navlayers.attack import Catalogue
    from navlayers.scoring.coverage import Coverage

ALL = "all.json"
"""The file that holds every layer, for the Navigator to open as tabs."""


class ResultFile(msgspec.Struct, frozen=True):
    """One file: its path below the folder, its kind, its name, its bytes, how many techniques it tells of."""

    path: str
    kind: str
    name: str
    data: bytes
    techniques: int


def layer_files(layers: Iterable[tuple[str, str, Layer]]) -> list[ResultFile]:
    """A file for each path, kind and layer, and the one that holds all of them as tabs in this order."""
    files = [
        ResultFile(path, kind, layer.name, encode_layer(layer), len(layer.techniques))
        for path, kind, layer in layers
    ]
    if len(files) > 1:
        data = encode_layers(file.data for file in files)
        files.append(ResultFile(ALL, "all", f"{len(files)} layers as tabs", data, 0))
    return files


def about(catalogue: Catalogue, inputs: Iterable[Coverage], facts: Sequence[tuple[str, str]]) -> Table:
    """What results are of, for those who get them without the command: release, inputs, how scores are made."""
    rows = [("ATT&CK", f"{DOMAIN_NAMES[catalogue.domain]} {catalogue.version}")]
    methods: dict[str, list[str]] = {}
    for one in inputs:
        made_for = f"made for ATT&CK {one.own_attack_version}"
        covers = f"covers {len(one.scores)} techniques and sub-techniques"
        said = [one.title, made_for, covers, *(text for text in (one.set.source, one.set.licence) if text)]
        rows.append((f"input {one.name}", "; ".join(said)))
        methods.setdefault(one.method, []).append(one.name)
    for how, names in methods.items():
        whose = "scores" if len(methods) == 1 else f"scores of {', '.join(names)}"
        rows.append((whose, how))
    return Table("about", "About", columns("what", "how it is"), (*rows, *facts))


def table_files(name: str, made: Sequence[Table], main: Table, heading: str) -> list[ResultFile]:
    """All tables as a workbook and as Markdown below a heading, and the main one as CSV; `name` is theirs."""
    text = f"# {markdown.escape(heading)}\n\n{markdown.tables(made)}".encode("utf-8", "replace")
    contents = {"csv": tables.to_csv(main), "xlsx": sheets.to_xlsx(made), "md": text}
    return [
        ResultFile(f"{name}.{ending}", "table", heading, data, len(main.rows)) for ending, data in contents.items()
    ]


def folder_of(
    files: Iterable[ResultFile],
    *,
    command: str,
    domain: str,
    attack_version: str,
    options: dict[str, object],
    inputs: Iterable[Coverage],
) -> dict[str, bytes]:
    """Path → bytes of all the files and their index, for `navlayers.output.folders.write_folder`."""
    files = list(files)
    index = ResultIndex(
        command=command,
        domain=domain,
        attack_version=attack_version,
        options=options,
        inputs=tuple(map(_input, inputs)),
        files=tuple(
            FileEntry(path=f.path, kind=f.kind, name=f.name, techniques=f.techniques, sha256=sha256(f.data))
            for f in files
        ),
    )
    return {file.path: file.data for file in files} | {INDEX: encode(index)}


def _input(coverage: Coverage) -> InputEntry:
    return InputEntry(
        coverage.name,
        coverage.title,
        coverage.set.framework,
        coverage.set.version,
        coverage.own_attack_version,
        len(coverage.scores),
        coverage.moved,
        coverage.left_out,
        coverage.set.source,
        coverage.set.licence,
    )
