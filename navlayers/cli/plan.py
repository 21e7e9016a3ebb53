"""`navlayers plan`: which capabilities to put in place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from navlayers.cli import common, results, suggest
from navlayers.cli.threat import AskedThreat, threat_options
from navlayers.errors import Problem, UsageError
from navlayers.layers.document import encode_layer
from navlayers.options import ScoreOptions
from navlayers.plan import PlanOptions, make_plan, read_costs, tables
from navlayers.plan.amounts import parse_budget, parse_target
from navlayers.plan.costs import split_column
from navlayers.plan.folder import plan_folder
from navlayers.plan.layer import plan_layer
from navlayers.plan.machine import as_json as plan_json
from navlayers.plan.options import MEASURES, SECONDS
from navlayers.plan.words import against, summary

if TYPE_CHECKING:
    from navlayers.model import Category
    from navlayers.plan import Plan
    from navlayers.plan.candidates import Measure
    from navlayers.readers.context import ReadOptions


@click.command()
@common.sets_argument
@click.option(
    "--budget", metavar="NUMBER", help="How many capabilities at most, or with --cost what they may cost."
)
@click.option("--target", metavar="SHARE", help="Reach this share of what all capabilities give, such as 95%.")
@threat_options
@click.option(
    "--have",
    multiple=True,
    metavar="ID,…",
    shell_complete=suggest.capabilities,
    help="Capabilities that are in place, or @FILE with one in a line.",
)
@click.option(
    "--exclude",
    multiple=True,
    metavar="ID,…",
    shell_complete=suggest.capabilities,
    help="Capabilities that are not to be chosen, or @FILE with one in a line.",
)
@click.option(
    "--cost",
    metavar="FILE[:COLUMN]",
    shell_complete=suggest.files,
    help="A table with a capability and its cost in a row; without it, each costs 1.",
)
@click.option(
    "--measure",
    type=click.Choice(MEASURES),
    default="score",
    show_default=True,
    help="Count how well techniques are covered, or how many are.",
)
@click.option("--min-score", type=float, default=0.0, metavar="NUMBER", help="Scores below this do not count.")
@results.category_option
@click.option(
    "--time-limit",
    type=float,
    default=SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="Past it, take the best plan found so far and say how far from the best it may be.",
)
@common.attack_option
@common.scale_option
@common.worth_option
@common.reading_options
@results.output_options
def command(
    sets: tuple[str, ...],
    budget: str | None,
    target: str | None,
    threat: AskedThreat,
    have: tuple[str, ...],
    exclude: tuple[str, ...],
    cost: str | None,
    measure: Measure,
    min_score: float,
    category: Category | None,
    time_limit: float,
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
    options = PlanOptions(
        budget=None if budget is None else parse_budget(budget),
        target=None if target is None else parse_target(target),
        measure=measure,
        min_score=min_score,
        category=category,
        have=have,
        exclude=exclude,
        seconds=time_limit,
    )
    if not sets:
        hint = "`navlayers sets` lists the shipped sets; for example: navlayers plan gcp --budget 5"
        raise UsageError(Problem("no set is named to choose from", expected="one or more sets", hint=hint))
    table = None if cost is None else split_column(cost)
    costs = None if table is None else read_costs(*table)
    lists = [Path(word[1:]) for word in (*have, *exclude) if word.startswith("@")]
    files = [*threat.files, *lists, *([Path(table[0])] if table else [])]
    threat.check(sets)
    together, notices = results.read_inputs(sets, attack_version, reading)
    model = None
    if threat.asked:
        together, model = threat.against(together, attack_version, reading)
    plan = make_plan(together, options, ScoreOptions(scale=scale, worth=worth), threat=model, costs=costs)

    def tell() -> None:
        common.notices([*notices, *plan.notices])
        results.tell_inputs(plan.inputs, plan.catalogue.version)

    output.deliver(
        results.Results(
            inputs=[*(one.path for one in together.inputs), *files],
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
