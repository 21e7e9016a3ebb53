"""`navlayers gaps`: sets and layers against a threat."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from navlayers.analysis import gaps as finding
from navlayers.analysis import threats
from navlayers.analysis.gaps import headline
from navlayers.analysis.gaps_layers import layers_of
from navlayers.cli import _analysis, _options, _print
from navlayers.errors import Problem, UsageError
from navlayers.pages.gaps import as_json, brief_tables, gaps_folder
from navlayers.pages.results import layer_list

if TYPE_CHECKING:
    from navlayers.analysis.gaps import Gaps
    from navlayers.mapping.formats.context import ReadOptions
    from navlayers.scoring.options import ScoreOptions


@click.command()
@_options.sets_argument
@_analysis.threat_options
@_analysis.category_option
@click.option(
    "--weak",
    type=float,
    default=finding.WEAK,
    show_default=f"{finding.WEAK:g}",
    metavar="NUMBER",
    help="Covered below this score is weak.",
)
@_options.attack_option
@_options.scoring_options
@_options.reading_options
@_analysis.output_options
def command(
    sets: tuple[str, ...],
    threat: _analysis.AskedThreat,
    output: _analysis.Output,
    category: str | None,
    weak: float,
    attack_version: str | None,
    scoring: ScoreOptions,
    reading: ReadOptions,
) -> None:
    """Tell what mapping sets and layers leave open of a threat.

    SET is a shipped name, a file of any format, a layer, a folder of files, or - for standard input. Several are
    taken together: the best of all counts.

    \b
    navlayers gaps aws --threat APT29
    navlayers gaps aws azure --threat FIN7 --threat "Cobalt Strike" -o gaps
    navlayers gaps nist_800_53 --threat APT29 --software-of --worth 50
    navlayers gaps my-controls.yaml --threat kev
    """
    if not sets:
        raise _no_sets(threat.software_of)
    threat.check(sets)
    together, notices = _analysis.read_inputs(sets, attack_version, reading)
    together, model = threat.against(together, attack_version, reading)
    found = finding.find_gaps(together, model, scoring, category=category, weak=weak)

    def tell() -> None:
        _print.notices([*notices, *found.threat.notices, *found.notices])
        _analysis.tell_inputs(found.inputs, found.catalogue.version)

    output.deliver(
        _analysis.Results(
            inputs=[*(one.path for one in together.inputs), *threat.files],
            folder=lambda: gaps_folder(found, scoring),
            document=lambda: layer_list(layers_of(found)),
            machine=lambda: as_json(found),
            tell=tell,
            show=lambda: _show(found),
        )
    )


def _no_sets(software_of: tuple[str, ...]) -> UsageError:
    message = "no set is named that could cover the threat"
    taken = [word for word in software_of if word != threats.ALL]
    if taken:
        hint = f"--software-of took {taken[-1]} for a group: write the sets before it, or --software-of=all"
    else:
        hint = "`navlayers sets` lists the shipped sets; for example: navlayers gaps aws --threat APT29"
    return UsageError(Problem(message, expected="one or more sets or layers", hint=hint))


def _show(found: Gaps) -> None:
    _print.echo_text(headline(found))
    click.echo()
    for table in brief_tables(found):
        _print.echo_result(table)
