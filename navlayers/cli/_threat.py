"""Options of gaps, plan and report: a threat, and a plan."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from navlayers._text.wording import quoted
from navlayers.analysis.plan.options import SECONDS, parse_budget, parse_target
from navlayers.analysis.threats.lookup import ALL
from navlayers.cli import _options, _reading
from navlayers.errors import Problem, UsageError
from navlayers.mapping.find import STDIN
from navlayers.scoring.options import WEAK

if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction


def weak_option(help_: str) -> Callable[[Any], Any]:
    """`--weak`, a score 0–100."""
    return click.option(
        "--weak", type=_options.Number(), default=WEAK, show_default=f"{WEAK:g}", metavar="NUMBER", help=help_
    )


def _parsed(parse: Callable[[str], Fraction]) -> Callable[..., Fraction | None]:
    """The callback of an option whose text is parsed."""
    return lambda ctx, parameter, value: None if value is None else parse(value)


def _request(**values: Any) -> dict[str, Any]:
    return {**values, "exclude": _reading.excluded(capabilities=True)}


plan_options = _options.bundle(
    "request",
    _request,
    click.option(
        "--budget",
        metavar="NUMBER",
        callback=_parsed(parse_budget),
        help="Maximum number of capabilities, or with --cost their maximum cost.",
    ),
    click.option(
        "--target",
        metavar="SHARE",
        callback=_parsed(parse_target),
        help="Reach this share of the coverage of all capabilities, such as 95%.",
    ),
    click.option(
        "--have",
        multiple=True,
        metavar="ID|SET,…",
        shell_complete=_options.complete("capabilities"),
        help="Capabilities already in place: ids, names, all of a SET, or @FILE with one per line.",
    ),
    click.option(
        "--cost",
        metavar="FILE[:COLUMN]",
        shell_complete=_options.complete("files"),
        help="Table of capabilities and costs (default: each costs 1).",
    ),
    click.option(
        "--time-limit",
        "seconds",
        type=_options.Number(),
        default=SECONDS,
        show_default=True,
        metavar="SECONDS",
        help="Stop searching after this time, and report how far the plan may be from the best.",
    ),
)
"""Given to a command as `request`: `cost`, and fields of `PlanOptions`."""


def _keep_half_life(ctx: click.Context, parameter: click.Parameter, value: str | None) -> None:
    """Callback of `--half-life`: days or weeks, kept for the reading options."""
    if value is None:
        return
    match = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)([dw]?)", value.strip().lower())
    days = float(match[1]) * (7 if match[2] == "w" else 1) if match else 0
    if not days:
        raise UsageError(Problem(f"--half-life {quoted(value)} is not a time", expected="days or weeks: 90d, 12w"))
    ctx.meta.setdefault(_reading.DECAY, {})["half_life"] = days


def threat_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--threat`, `--software-of` and `--half-life`."""
    function = click.option(
        "--half-life",
        metavar="DAYS",
        callback=_keep_half_life,
        expose_value=False,
        help="Halve the weights of sightings with dates in this time, such as 90d or 12w.",
    )(function)
    function = click.option(
        "--software-of",
        multiple=True,
        is_flag=False,
        flag_value=ALL,
        metavar="[GROUP]",
        shell_complete=_options.complete("threats"),
        help="Add the software of this group or campaign; without a value, of all those given.",
    )(function)
    return click.option(
        "--threat",
        multiple=True,
        metavar="THREAT",
        shell_complete=_options.complete("threats"),
        help="Group, software, campaign or tactic by id or name, all-groups, or a set, layer, table of weights or "
        "file of threats (FILE#NAME: one of it). Repeatable.",
    )(function)


def refuse_stdin_twice(sets: tuple[str, ...], threat: tuple[str, ...]) -> None:
    """Refuse standard input as both a set and the threat."""
    if STDIN in threat and STDIN in sets:
        raise UsageError(Problem("- is both a set and the threat", hint="read one of them from a file"))
