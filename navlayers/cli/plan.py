"""`navlayers plan`: which capabilities to put in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from navlayers.analysis.plan.layer import plan_layer
from navlayers.analysis.plan.options import MEASURES
from navlayers.analysis.plan.result import against, summary
from navlayers.cli import _analysis, _options, _print
from navlayers.errors import Problem, UsageError
from navlayers.layer.document import encode_layer
from navlayers.pages import plan as tables
from navlayers.pages.plan import as_json as plan_json
from navlayers.pages.plan import plan_folder
from navlayers.scoring.options import ScoreOptions

if TYPE_CHECKING:
    from navlayers.analysis.plan import Plan
    from navlayers.analysis.plan.candidates import Measure
    from navlayers.mapping.formats.context import ReadOptions
    from navlayers.mapping.model import Category


@click.command()
@_options.sets_argument
@_analysis.threat_options
@_analysis.plan_options
@click.option(
    "--measure",
    type=click.Choice(MEASURES),
    default="score",
    show_default=True,
    help="Count how well techniques are covered, or how many are.",
)
@click.option("--min-score", type=float, default=0.0, metavar="NUMBER", help="Scores below this do not count.")
@_analysis.category_option
@_options.attack_option
@_options.scale_option
@_options.worth_option
@_options.reading_options
@_analysis.output_options
def command(
    sets: tuple[str, ...],
    threat: _analysis.AskedThreat,
    planned: _analysis.AskedPlan,
    measure: Measure,
    min_score: float,
    category: Category | None,
    output: _analysis.Output,
    attack_version: str | None,
    scale: dict[str, float],
    worth: float | None,
    reading: ReadOptions,
) -> None:
    """Choose which capabilities to put in place, for a budget or a target.

    SET is a shipped name, a file of any format, a folder of files, or - for standard input. The capabilities of all
    sets are chosen from; all sets are carried to one ATT&CK release first.

    \b
    navlayers plan nist_800_53 --target 100%
    navlayers plan gcp --budget 5 --threat APT29
    navlayers plan aws azure --budget 20000 --cost prices.csv --have aws:amazon_guardduty
    """
    if not sets:
        hint = "`navlayers sets` lists the shipped sets; for example: navlayers plan gcp --budget 5"
        raise UsageError(Problem("no set is named to choose from", expected="one or more sets", hint=hint))
    threat.check(sets)
    planned.check()
    together, notices = _analysis.read_inputs(sets, attack_version, reading)
    model = None
    if threat.asked:
        together, model = threat.against(together, attack_version, reading)
    scoring = ScoreOptions(scale=scale, worth=worth)
    plan = planned.make(together, scoring, model, measure=measure, min_score=min_score, category=category)

    def tell() -> None:
        _print.notices([*notices, *plan.notices])
        _analysis.tell_inputs(plan.inputs, plan.catalogue.version)

    output.deliver(
        _analysis.Results(
            inputs=[*(one.path for one in together.inputs), *threat.files, *planned.files],
            folder=lambda: plan_folder(plan),
            document=lambda: encode_layer(plan_layer(plan)),
            machine=lambda: plan_json(plan),
            tell=tell,
            show=lambda: _show(plan),
        )
    )


def _show(plan: Plan) -> None:
    for sentence in (summary(plan), against(plan)):
        if sentence:
            _print.echo_text(f"{sentence}.")
    click.echo()
    for table in tables.brief_tables(plan):
        _print.echo_result(table)
