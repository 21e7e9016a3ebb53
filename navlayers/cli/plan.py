"""`navlayers plan`: which capabilities to put in place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from navlayers.cli import _analysis, _help, _next, _options, _print, _reading, _scoring, _threat

if TYPE_CHECKING:
    from collections.abc import Iterable

    from navlayers.analysis.plan.candidates import Measure
    from navlayers.analysis.plan.result import Plan
    from navlayers.mapping.model import Category
    from navlayers.scoring.options import ScoreOptions


@click.command(cls=_help.Answer)
@_options.sets_argument
@_threat.threat_options
@_threat.plan_options
@_analysis.measure_option("Count scores, or only whether techniques are covered.")
@click.option(
    "--min-score", type=_options.Number(), default=0.0, metavar="NUMBER", help="Ignore scores below this."
)
@_analysis.category_option
@_options.all_option("Print the whole plan, the next best and replacements.")
@_options.attack_option
@_scoring.worth_option
@_reading.plan_scope_options
@_analysis.output_options
def command(
    sets: tuple[str, ...],
    threat: tuple[str, ...],
    request: dict[str, Any],
    measure: Measure,
    min_score: float,
    category: Category | None,
    every: bool,
    output: _analysis.Output,
    scoring: ScoreOptions,
    **options: Any,
) -> None:
    """Choose the capabilities to implement for a budget or a target.

    SET is a shipped name, a file of any format, a folder of files, or - for standard input. The capabilities
    are chosen from all sets, which are remapped to one ATT&CK release.

    \b
    navlayers plan nist_800_53 --target 100%
    navlayers plan gcp --budget 5 --threat APT29
    navlayers plan aws azure --budget 20000 --cost prices.csv --have aws:amazon_guardduty
    """
    # Other commands import this module for the options that they propose.
    from navlayers.analysis.plan.layer import plan_layer  # noqa: PLC0415
    from navlayers.analysis.plan.options import PlanOptions  # noqa: PLC0415
    from navlayers.api.gaps import plan as make_plan  # noqa: PLC0415
    from navlayers.api.inputs import sets_in_place  # noqa: PLC0415
    from navlayers.layer.document import encode_layer  # noqa: PLC0415
    from navlayers.pages import plan as pages  # noqa: PLC0415

    _threat.refuse_stdin_twice(sets, threat)
    costs = request.pop("cost")
    plan = make_plan(
        *sets,
        options=PlanOptions(measure=measure, min_score=min_score, category=category, **request),
        threat=threat,
        costs=costs,
        scale=scoring.scale,
        worth=scoring.worth,
        **options,
    )
    every_set = dict.fromkeys(map(str, sets_in_place(sets, request["have"])))
    output.deliver(
        plan,
        folder=lambda: pages.plan_folder(plan),
        document=lambda: encode_layer(plan_layer(plan)),
        machine=lambda: pages.as_json(plan),
        show=lambda: _print.echo_blocks(pages.every(plan)) if every else _answer(plan, every_set, scoring.worth),
    )


def _answer(plan: Plan, sets: Iterable[str], worth: float | None) -> None:
    from navlayers.analysis.plan.candidates import FULL  # noqa: PLC0415
    from navlayers.pages import plan as pages  # noqa: PLC0415

    _print.echo_blocks(pages.brief(plan))
    # A report refuses counts beside scores; the plan counts mappings without a score as full.
    mixed = worth is None and len({each.set.scored for each in plan.inputs}) > 1
    end = ("--worth", f"{FULL:g}") if mixed else ()
    _next.propose("report", *sets, end=(*end, "-o", "report.html"))
