"""`navlayers compare`: sets and layers side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import msgspec

from navlayers.analysis.compare_layers import layers_of
from navlayers.api.compare import compare
from navlayers.cli import _analysis, _help, _next, _options, _print, _reading, _scoring
from navlayers.pages import compare as pages
from navlayers.pages.results import layer_list

if TYPE_CHECKING:
    from navlayers.analysis.compare_result import Comparison
    from navlayers.scoring.options import ScoreOptions


@click.command(cls=_help.Answer)
@_options.sets_argument
@_analysis.baseline_option
@_analysis.category_option
@_analysis.measure_option(
    "Compare scores, or only whether techniques are covered, so that scores and counts can be mixed."
)
@_options.attack_option
@_scoring.scoring_options
@_options.all_option("Print all tables: of tactics, pairs, differences, threats and techniques.")
@_reading.scope_options
@_analysis.output_options
def command(
    sets: tuple[str, ...],
    output: _analysis.Output,
    measure: str,
    scoring: ScoreOptions,
    every: bool,
    **options: Any,
) -> None:
    """Compare mapping sets and layers side by side.

    SET is a shipped name, a file of any format, a layer, a folder of files, or - for standard input. All are
    remapped to one ATT&CK release, the newest of their releases or the one of --attack, and share one color scale.

    \b
    navlayers compare aws azure -o compared
    navlayers compare aws azure gcp m365 --baseline aws -o compared
    navlayers compare last-quarter.json overview.json --all
    """
    comparison = compare(*sets, covered_only=measure == "covered", **options, **msgspec.structs.asdict(scoring))
    output.deliver(
        comparison,
        folder=lambda: pages.comparison_folder(comparison, scoring),
        document=lambda: layer_list(layers_of(comparison)),
        machine=lambda: pages.as_json(comparison),
        show=lambda: (
            _print.echo_blocks(pages.every(comparison)) if every else _answer(comparison, sets, output.folder)
        ),
    )


def _answer(comparison: Comparison, sets: tuple[str, ...], folder: str | None) -> None:
    _print.echo_blocks(pages.brief(comparison))
    if folder is None:
        _next.propose("compare", *dict.fromkeys(sets), end=("-o", "compared"))
    else:
        _next.propose("report", *dict.fromkeys(sets), end=("-o", "report.html"))
