"""The folder of a comparison, gaps or a plan: layers, tables, and an index with their inputs and options."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers._text.numbers import percent
from navlayers._text.wording import of_matrix
from navlayers.mapping.model import HUNDRED
from navlayers.output.tables import Cell, CellKind, Column, Table, columns, with_pages

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from navlayers.attack import Catalogue
    from navlayers.layer.document import Layer
    from navlayers.mapping.model import Range
    from navlayers.output.document import Chart
    from navlayers.scoring.coverage import Coverage

ALL = "all.json"
"""The file that holds every layer, for the Navigator to open as tabs."""

CHART = "chart.svg"
"""The file with the picture of a result."""


class Field(NamedTuple):
    """A column of a table of results with its cells, one per row; it is left out unless it is `shown`.

    On terminals, percentages have a `bar`. The cells of `whole` columns are not broken.
    """

    header: str
    cells: Iterable[Cell]
    kind: CellKind = "text"
    shown: bool = True
    category: str = ""
    bar: bool = False
    whole: bool = False


def table_of(
    name: str,
    title: str,
    fields: Iterable[Field],
    note: str = "",
    *,
    long: bool = False,
    score_range: Range = HUNDRED,
) -> Table:
    """The table of the fields that are shown; `score_range` is that of its scores, percentages get one decimal."""
    shown = [field for field in fields if field.shown]
    heads = tuple(
        Column(field.header, field.kind, field.category, field.whole, range=score_range, bar=field.bar)
        for field in shown
    )
    cells = (map(_tenths, field.cells) if field.kind == "percent" else field.cells for field in shown)
    return Table(name, title, heads, tuple(zip(*cells, strict=True)), note, long)


def _tenths(cell: Cell) -> Cell:
    return cell if cell is None or isinstance(cell, str) else percent(cell, 100)


def release_entries(catalogue: Catalogue) -> dict[str, str]:
    """The release in JSON, with its scope if it has one."""
    entries = {"domain": catalogue.domain, "attack_version": catalogue.version}
    return entries | {"scope": catalogue.scope} if catalogue.scope else entries


def layer_list(layers: Iterable[tuple[str, str, Layer]]) -> bytes:
    """Layers as one list, which the Navigator opens as tabs in reading order."""
    from navlayers.layer.document import encode_layer, encode_layers  # noqa: PLC0415 - for files alone

    return encode_layers(encode_layer(layer) for _, _, layer in layers)


def about(catalogue: Catalogue, inputs: Iterable[Coverage], facts: Sequence[tuple[str, str]]) -> Table:
    """Release, inputs and scoring of results, for readers who did not run the command."""
    rows = [("ATT&CK", catalogue.title.removeprefix("ATT&CK "))]
    methods: dict[str, list[str]] = {}
    for coverage in inputs:
        made_for = f"made for ATT&CK {coverage.own_attack_version}"
        covers = f"{coverage.noun.cover}s {of_matrix(len(coverage.scores))}"
        texts = [
            coverage.title,
            made_for,
            covers,
            *(text for text in (coverage.set.source, coverage.set.licence) if text),
        ]
        rows.append((f"input {coverage.name}", "; ".join(texts)))
        methods.setdefault(coverage.method, []).append(coverage.name)
    for how, names in methods.items():
        whose = "scores" if len(methods) == 1 else f"scores of {', '.join(names)}"
        rows.append((whose, how))
    return Table("about", "About", columns("item", "description"), (*rows, *facts))


def result_folder(
    command: str,
    catalogue: Catalogue,
    inputs: Iterable[Coverage],
    options: dict[str, object],
    *,
    layers: Iterable[tuple[str, str, Layer]],
    tables_name: str,
    heading: str,
    workbook: Sequence[Table],
    main: Table,
    main_name: str = "",
    lead: str = "",
    short: Sequence[Table] = (),
    chart: Chart | None = None,
    more: Sequence[Table] = (),
) -> dict[str, bytes]:
    """Path → bytes of all files of a result and their index, for `navlayers.output.folders.write_folder`.

    Args:
        command: The command that they are results of.
        catalogue: The ATT&CK release.
        inputs: The sets and layers.
        options: The options of the command, by name, for the index.
        layers: Path, kind and layer of each layer; `ALL` holds several of them as tabs in this order, too.
        tables_name: Name of the files of tables, without an ending.
        heading: Title of the Markdown.
        workbook: The tables of the workbook, a sheet each.
        main: The one that is written as CSV.
        main_name: Name of the CSV where it is not that of the others.
        lead: Text before the tables in the Markdown.
        short: The tables of the Markdown, where they are to be shorter than those of the workbook.
        chart: A picture, written as `CHART` and shown before the tables in the Markdown.
        more: More tables that are written as CSV, each by its name.
    """
    # Most runs print their answer and write no folder.
    from navlayers.layer.document import encode_layer, encode_layers  # noqa: PLC0415
    from navlayers.output import csv_text, markdown, sheets  # noqa: PLC0415
    from navlayers.output.folders import INDEX, FileEntry, sha256  # noqa: PLC0415
    from navlayers.pages.index import InputEntry, ResultIndex, encode  # noqa: PLC0415

    workbook, short = ([with_pages(table, catalogue.own_pages) for table in each] for each in (workbook, short))
    files: dict[str, bytes] = {}
    entries: list[FileEntry] = []

    def add(path: str, kind: str, name: str, data: bytes, techniques: int) -> None:
        files[path] = data
        entries.append(FileEntry(path=path, kind=kind, name=name, techniques=techniques, sha256=sha256(data)))

    for path, kind, layer in layers:
        add(path, kind, layer.name, encode_layer(layer), len(layer.techniques))
    if len(files) > 1:
        add(ALL, "all", f"{len(files)} layers as tabs", encode_layers(list(files.values())), 0)
    if chart is not None:
        add(CHART, "chart", chart.title, markdown.chart_svg(chart), 0)
        lead = f"{lead}\n\n{chart.caption}".strip()
    start = "".join(f"{text}\n\n" for text in (f"# {markdown.escape(heading)}", markdown.escape(lead)) if text)
    start += f"![{markdown.escape(chart.title)}]({CHART})\n\n" if chart is not None else ""
    text = f"{start}{markdown.tables(short or workbook)}".encode("utf-8", "replace")
    add(f"{main_name or tables_name}.csv", "table", heading, csv_text.to_csv(main), len(main.rows))
    for table in more:
        add(f"{table.name}.csv", "table", table.title, csv_text.to_csv(table), len(table.rows))
    add(f"{tables_name}.xlsx", "table", heading, sheets.to_xlsx(workbook), len(main.rows))
    add(f"{tables_name}.md", "table", heading, text, len(main.rows))
    index = ResultIndex(
        command=command,
        domain=catalogue.domain,
        attack_version=catalogue.version,
        scope=catalogue.scope or msgspec.UNSET,
        options=options,
        inputs=tuple(map(InputEntry.of, inputs)),
        files=tuple(entries),
    )
    return files | {INDEX: encode(index)}
