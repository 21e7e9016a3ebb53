"""`navlayers compare`: sets and layers side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from navlayers.analysis import compare as comparing
from navlayers.analysis.compare_layers import layers_of
from navlayers.analysis.inputs import load_inputs
from navlayers.cli import _analysis, _complete, _options, _print
from navlayers.errors import Problem, UsageError
from navlayers.mapping.find import resolve
from navlayers.pages import compare as tables
from navlayers.pages.compare import as_json, comparison_folder
from navlayers.pages.results import layer_list

if TYPE_CHECKING:
    from navlayers.analysis.compare import Comparison
    from navlayers.analysis.inputs import InputSet
    from navlayers.mapping.formats.context import ReadOptions
    from navlayers.scoring.options import ScoreOptions


MEASURES = ("score", "covered")


@click.command()
@_options.sets_argument
@click.option(
    "--baseline",
    metavar="SET",
    shell_complete=_complete.sets,
    help="Tell each input's differences from this one.",
)
@_analysis.category_option
@click.option(
    "--measure",
    type=click.Choice(MEASURES),
    default="score",
    show_default=True,
    help="Compare how well techniques are covered, or whether they are: then counts and scores can be compared.",
)
@_options.attack_option
@_options.scoring_options
@click.option(
    "--summary", is_flag=True, help="Print the totals only. So it is where -o puts the techniques into files."
)
@_options.reading_options
@_analysis.output_options
def command(
    sets: tuple[str, ...],
    output: _analysis.Output,
    baseline: str | None,
    category: str | None,
    measure: str,
    attack_version: str | None,
    scoring: ScoreOptions,
    summary: bool,
    reading: ReadOptions,
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
    names = list(sets)
    if baseline is not None and baseline not in names:
        names.insert(0, baseline)
    if not names:
        message = "nothing is named to compare"
        hint = "`navlayers sets` lists the shipped sets; for example: navlayers compare aws azure"
        raise UsageError(Problem(message, expected="two or more sets or layers", hint=hint))
    sources, again = _analysis.named(names, reading)
    together = load_inputs(sources, attack_version, reading).split_layers()
    if again and len(together.inputs) < comparing.FEWEST:
        raise UsageError(Problem(f"{names[0]} is named twice: it is one input", expected="two sets or layers"))
    number = None if baseline is None else _number(baseline, together, reading)
    comparison = comparing.compare(
        together.catalogue,
        together.coverage(scoring, scores=measure == "score"),
        category=category,
        baseline=number,
    )

    def tell() -> None:
        _print.notices([*together.notices, *again])
        _analysis.tell_inputs(comparison.inputs, comparison.catalogue.version)

    output.deliver(
        _analysis.Results(
            inputs=[one.path for one in together.inputs],
            folder=lambda: comparison_folder(comparison, scoring),
            document=lambda: layer_list(layers_of(comparison)),
            machine=lambda: as_json(comparison),
            tell=tell,
            show=lambda: _show(comparison, summary=summary or output.target is not None),
        )
    )


def _number(baseline: str, together: InputSet, reading: ReadOptions) -> int:
    """Which of the inputs is the baseline."""
    (first, *more) = resolve((baseline,), reading.format, distinct=False)
    if more:
        raise UsageError(Problem(f"--baseline {baseline} is a folder of several sets", expected="one of them"))
    return together.index_of(first.path)


def _show(comparison: Comparison, *, summary: bool) -> None:
    if not summary:
        _print.echo_result(tables.techniques(comparison, brief=True))
    for table in tables.summary(comparison, brief=True):
        _print.echo_result(table)
    gap = len(comparison.gaps)
    subs = sum("." in one.technique for one in comparison.gaps)
    click.echo(f"None covers {gap - subs} techniques and {subs} sub-techniques of {comparison.active} in all.")
