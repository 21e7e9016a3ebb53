"""`navlayers plan`: which capabilities to put in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from navlayers.analysis.plan.layer import plan_layer
from navlayers.analysis.plan.options import MEASURES
from navlayers.analysis.plan.summary import against, summary
from navlayers.cli import common, results
from navlayers.cli.planning import AskedPlan, plan_options
from navlayers.cli.threat import AskedThreat, threat_options
from navlayers.errors import Problem, UsageError
from navlayers.layer.document import encode_layer
from navlayers.pages import plan_tables as tables
from navlayers.pages.plan_folder import plan_folder
from navlayers.pages.plan_json import as_json as plan_json
from navlayers.scoring.options import ScoreOptions

if TYPE_CHECKING:
    from navlayers.analysis.plan import Plan
    from navlayers.analysis.plan.candidates import Measure
    from navlayers.mapping.formats.context import ReadOptions
    from navlayers.mapping.model import Category


@click.command()
@common.sets_argument
@threat_options
@plan_options
@click.option(
    "--measure",
    type=click.Choice(MEASURES),
    default="score",
    show_default=True,
    help="Count how well techniques are covered, or how many are.",
)
@click.option("--min-score", type=float, default=0.0, metavar="NUMBER", help="Scores below this do not count.")
@results.category_option
@common.attack_option
@common.scale_option
@common.worth_option
@common.reading_options
@results.output_options
def command(
    sets: tuple[str, ...],
    threat: AskedThreat,
    planned: AskedPlan,
    measure: Measure,
    min_score: float,
    category: Category | None,
    output: results.Output,
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
    together, notices = results.read_inputs(sets, attack_version, reading)
    model = None
    if threat.asked:
        together, model = threat.against(together, attack_version, reading)
    scoring = ScoreOptions(scale=scale, worth=worth)
    plan = planned.make(together, scoring, model, measure=measure, min_score=min_score, category=category)

    def tell() -> None:
        common.notices([*notices, *plan.notices])
        results.tell_inputs(plan.inputs, plan.catalogue.version)

    output.deliver(
        results.Results(
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
            common.echo_text(f"{sentence}.")
    click.echo()
    for table in tables.brief_tables(plan):
        common.echo_result(table)
