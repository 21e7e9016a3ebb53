"""`navlayers compare`: sets and layers side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from navlayers import comparing
from navlayers.cli import common, suggest
from navlayers.comparing import tables
from navlayers.comparing.folder import comparison_document, comparison_folder
from navlayers.errors import Problem, UsageError
from navlayers.model import CATEGORIES
from navlayers.output_folder import write_folder
from navlayers.sets import STDIN, repeated, resolve
from navlayers.together import read_together

if TYPE_CHECKING:
    from pathlib import Path

    from navlayers.comparing import Comparison
    from navlayers.options import ScoreOptions
    from navlayers.readers.context import ReadOptions


@click.command()
@common.sets_argument
@click.option(
    "-o",
    "--output",
    callback=common.optional_folder,
    metavar="DIR",
    shell_complete=suggest.folders,
    help="Folder to write layers and tables to. - writes one list of all layers to standard output.",
)
@click.option(
    "--baseline",
    metavar="SET",
    shell_complete=suggest.sets,
    help="Tell each input's differences from this one.",
)
@click.option("--category", type=click.Choice(CATEGORIES), help="Compare the scores of this category only.")
@common.attack_option
@common.scoring_options
@click.option("--summary", is_flag=True, help="Print the totals only, not the table of techniques.")
@click.option("--force", is_flag=True, help="Write into a folder that holds other files, too.")
@common.reading_options
@common.json_option
@common.quiet_option
def command(
    sets: tuple[str, ...],
    output: Path | None,
    baseline: str | None,
    category: str | None,
    attack_version: str | None,
    scoring: ScoreOptions,
    summary: bool,
    force: bool,
    reading: ReadOptions,
    as_json: bool,
    quiet: bool,
) -> None:
    """Compare mapping sets and layers: union, agreement, gap, differences.

    SET is a shipped name, a file of any format, a layer, a folder of files, or - for standard input. All are
    carried to one ATT&CK release first, the newest among theirs or that of --attack, and share one scale of
    colours.

    \b
    navlayers compare aws azure -o compared
    navlayers compare aws azure gcp m365 --baseline aws -o compared
    navlayers compare last-quarter.json overview.json --summary
    """
    to_stdout = output is not None and str(output) == common.STDOUT
    if to_stdout and as_json:
        raise UsageError(Problem("--json and -o - both want standard output", hint="leave one of them out"))
    names = list(sets)
    if baseline is not None and baseline not in names:
        names.insert(0, baseline)
    if not names:
        message = "nothing is named to compare"
        hint = "`navlayers sets` lists the shipped sets; for example: navlayers compare aws azure"
        raise UsageError(Problem(message, expected="two or more sets or layers", hint=hint))
    again = () if STDIN in names else repeated(names, reading.format)
    together = read_together(common.sources(names, reading, distinct=False), attack_version, reading).apart()
    if not quiet:
        common.notices([*together.notices, *(Problem(f"{name} is named twice") for name in again)])
    number = None
    if baseline is not None:
        (first, *more) = resolve((baseline,), reading.format, distinct=False)
        if more:
            raise UsageError(Problem(f"--baseline {baseline} is a folder of several sets", expected="one of them"))
        number = [one.name for one in together.inputs].index(first.name)
    comparison = comparing.compare(
        together.catalogue, together.covered(scoring), category=category, baseline=number
    )
    if output is not None and not to_stdout:
        gone = write_folder(output, comparison_folder(comparison, scoring), force=force)
    if not quiet:
        _tell(comparison)
    if to_stdout:
        click.echo(comparison_document(comparison), nl=False)
        return
    if as_json:
        common.echo_json(comparing.as_json(comparison))
    elif not quiet or output is None:
        _show(comparison, summary=summary)
    if output is not None and not quiet:
        common.notify_written(output, gone)


def _tell(comparison: Comparison) -> None:
    common.notices(notice for one in comparison.inputs for notice in one.notices)
    for one in comparison.inputs:
        common.tell_carried(one.name, comparison.catalogue.version, one.moved, one.left_out)


def _show(comparison: Comparison, *, summary: bool) -> None:
    if not summary:
        common.echo_result(tables.techniques(comparison, brief=True))
    for table in tables.summary(comparison, brief=True):
        common.echo_result(table)
    gap = len(comparison.gaps)
    subs = sum("." in one.technique for one in comparison.gaps)
    click.echo(f"None covers {gap - subs} techniques and {subs} sub-techniques of {comparison.active} in all.")
