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


def table_files(
    name: str,
    heading: str,
    found: Sequence[Table],
    main: Table,
    *,
    main_name: str = "",
    lead: str = "",
    short: Sequence[Table] = (),
) -> list[ResultFile]:
    """Tables as files.

    Args:
        name: Name of the files, without an ending.
        heading: Title of the Markdown.
        found: The tables of the workbook, a sheet each.
        main: The one that is written as CSV.
        main_name: Name of the CSV where it is not that of the others.
        lead: What the Markdown says before the tables.
        short: The tables of the Markdown, where they are to be shorter than those of the workbook.

    Returns:
        The CSV, the workbook and the Markdown.
    """
    start = "".join(f"{text}\n\n" for text in (f"# {markdown.escape(heading)}", markdown.escape(lead)) if text)
    contents = {
        f"{main_name or name}.csv": tables.to_csv(main),
        f"{name}.xlsx": sheets.to_xlsx(found),
        f"{name}.md": f"{start}{markdown.tables(short or found)}".encode("utf-8", "replace"),
    }
    return [ResultFile(path, "table", heading, data, len(main.rows)) for path, data in contents.items()]


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
