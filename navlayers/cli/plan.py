"""`navlayers plan`: which capabilities to put in place."""

from __future__ import annotations

import shutil
import sys
import textwrap
from typing import TYPE_CHECKING

import click

from navlayers import threats
from navlayers.cli import common, suggest
from navlayers.errors import Problem, UsageError
from navlayers.layers.document import encode_layer
from navlayers.model import CATEGORIES
from navlayers.options import ScoreOptions
from navlayers.output_folder import write_folder
from navlayers.plan import PlanOptions, make_plan, read_costs, tables
from navlayers.plan.amounts import parse_budget, parse_target
from navlayers.plan.costs import split_column
from navlayers.plan.folder import plan_folder
from navlayers.plan.layer import plan_layer
from navlayers.plan.machine import as_json as plan_json
from navlayers.plan.options import MEASURES, SECONDS
from navlayers.plan.words import against, summary
from navlayers.sets import STDIN, repeated
from navlayers.together import read_together

if TYPE_CHECKING:
    from pathlib import Path

    from navlayers.model import Category
    from navlayers.plan import Plan
    from navlayers.plan.candidates import Measure
    from navlayers.readers.context import ReadOptions


@click.command()
@common.sets_argument
@click.option(
    "--budget", metavar="NUMBER", help="The most that the plan may cost, or hold where nothing has a cost."
)
@click.option("--target", metavar="SHARE", help="Reach this share of what all capabilities give, such as 95%.")
@click.option(
    "--threat",
    "words",
    multiple=True,
    metavar="THREAT",
    shell_complete=suggest.threats,
    help="Weigh techniques by a group, software, campaign or tactic, or a set, layer or table. Repeatable.",
)
@click.option(
    "--software-of",
    multiple=True,
    is_flag=False,
    flag_value=threats.ALL,
    metavar="[GROUP]",
    shell_complete=suggest.threats,
    help="Add what the software of this group or campaign does; without a value, of all that are chosen.",
)
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
@click.option("--category", type=click.Choice(CATEGORIES), help="Count the scores of this category only.")
@click.option(
    "--time-limit",
    type=float,
    default=SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="Past it, take the best plan found so far and say how far from the best it may be.",
)
@click.option(
    "-o",
    "--output",
    callback=common.optional_folder,
    metavar="DIR",
    shell_complete=suggest.folders,
    help="Folder to write the plan's layer and tables to. - writes the layer to standard output.",
)
@click.option("--force", is_flag=True, help="Write into a folder that holds other files, too.")
@common.attack_option
@common.scale_option
@common.worth_option
@common.reading_options
@common.json_option
@common.quiet_option
def command(
    sets: tuple[str, ...],
    budget: str | None,
    target: str | None,
    words: tuple[str, ...],
    software_of: tuple[str, ...],
    have: tuple[str, ...],
    exclude: tuple[str, ...],
    cost: str | None,
    measure: Measure,
    min_score: float,
    category: Category | None,
    time_limit: float,
    output: Path | None,
    force: bool,
    attack_version: str | None,
    scale: dict[str, float],
    worth: float | None,
    reading: ReadOptions,
    as_json: bool,
    quiet: bool,
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
    to_stdout = output is not None and str(output) == common.STDOUT
    if to_stdout and as_json:
        raise UsageError(Problem("--json and -o - both want standard output", hint="leave one of them out"))
    if not sets:
        hint = "`navlayers sets` lists the shipped sets; for example: navlayers plan gcp --budget 5"
        raise UsageError(Problem("no set is named to choose from", expected="one or more sets", hint=hint))
    if STDIN in words and STDIN in sets:
        raise UsageError(Problem("- is both a set and the threat", hint="give one of the two as a file"))
    costs = None if cost is None else read_costs(*split_column(cost))
    again = () if STDIN in sets else repeated(sets, reading.format)
    together = read_together(common.sources(sets, reading, distinct=False), attack_version, reading)
    threat = None
    if words or software_of:
        asked = [common.sources([word], reading)[0] if word == STDIN else word for word in words]
        together, threat = threats.against(
            together, asked, attack_version, software_of=software_of, reading=reading
        )
    plan = make_plan(together, options, ScoreOptions(scale=scale, worth=worth), threat=threat, costs=costs)
    gone = write_folder(output, plan_folder(plan), force=force) if output is not None and not to_stdout else 0
    if not quiet:
        common.notices([*plan.notices, *(Problem(f"{name} is named twice") for name in again)])
        _tell(plan)
    if to_stdout:
        click.echo(encode_layer(plan_layer(plan)), nl=False)
        return
    if as_json:
        common.echo_json(plan_json(plan))
    elif not quiet or output is None:
        _show(plan)
    if output is not None and not quiet:
        common.notify_written(output, gone)


def _tell(plan: Plan) -> None:
    common.notices(notice for one in plan.inputs for notice in one.notices)
    for one in plan.inputs:
        common.tell_carried(one.name, plan.catalogue.version, one.moved, one.left_out)


def _show(plan: Plan) -> None:
    for sentence in (summary(plan), against(plan)):
        if sentence:
            click.echo(_wrapped(f"{sentence}."))
    click.echo()
    if plan.steps:
        common.echo_result(tables.curve(plan, brief=True))
    if any(one.beside_all.redundant for one in plan.appraisals):
        common.echo_result(tables.redundant(plan, brief=True))


def _wrapped(text: str) -> str:
    """The text in lines as wide as the terminal; as it is where it goes to a file or a pipe."""
    if not sys.stdout.isatty():
        return text
    return textwrap.fill(text, shutil.get_terminal_size().columns, break_on_hyphens=False)
