"""What compare, gaps, plan and report share: options of threats and plans, and where results go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from navlayers.analysis.gaps import WEAK
from navlayers.analysis.plan.options import MEASURES, SECONDS, PlanOptions, parse_budget, parse_target
from navlayers.analysis.threats import ALL
from navlayers.cli import _complete, _options, _print
from navlayers.errors import Problem, UsageError
from navlayers.mapping.find import STDIN
from navlayers.mapping.model import CATEGORIES
from navlayers.output.folders import write_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction

    from navlayers.api.analysis import Comparison, Gaps, Plan

category_option = click.option(
    "--category", type=click.Choice(CATEGORIES), help="Take the scores of this category only."
)
baseline_option = click.option(
    "--baseline",
    metavar="SET",
    shell_complete=_complete.sets,
    help="Tell each input's differences from this one.",
)


def measure_option(help_: str) -> Callable[[Any], Any]:
    """`--measure`: how well techniques are covered, or whether they are."""
    return click.option("--measure", type=click.Choice(MEASURES), default="score", show_default=True, help=help_)


def weak_option(help_: str) -> Callable[[Any], Any]:
    """`--weak`, a score 0–100."""
    return click.option("--weak", type=float, default=WEAK, show_default=f"{WEAK:g}", metavar="NUMBER", help=help_)


class Output(NamedTuple):
    """Where results go: `-o`, `--force`, `--json` and `-q`."""

    target: str | None
    force: bool
    as_json: bool
    quiet: bool

    def deliver(
        self,
        result: Comparison | Gaps | Plan,
        *,
        folder: Callable[[], dict[str, bytes]],
        document: Callable[[], bytes],
        machine: Callable[[], object],
        show: Callable[[], None],
    ) -> None:
        """Write and print a result, and what is worth knowing of its inputs.

        Each form of it is made only where it is asked for: the files of a `folder`, the `document` of `-o -`, what
        `--json` prints (`machine`), and the tables that `show` prints.
        """
        removed = None
        if self.target is not None and self.target != _print.STDOUT:
            removed = write_folder(self.target, folder(), force=self.force, keep=result.files)
        if not self.quiet:
            _print.notices([*result.notices, *(notice for each in result.inputs for notice in each.notices)])
            _print.remapped_inputs(result.inputs, result.catalogue.version)
        if self.target == _print.STDOUT:
            click.echo(document(), nl=False)
        elif self.as_json:
            _print.echo_json(machine())
        elif not self.quiet or self.target is None:
            show()
        if removed is not None and not self.quiet:
            _print.folder_written(str(self.target), removed)


def _output(output: str | None, force: bool, as_json: bool, quiet: bool) -> Output:
    _options.refuse_two_results(output, as_json=as_json)
    return Output(output, force, as_json, quiet)


output_options = _options.bundle(
    "output",
    _output,
    click.option(
        "-o",
        "--output",
        callback=_options.output,
        metavar="DIR",
        shell_complete=_complete.folders,
        help="Folder to write layers and tables to. - writes the layers alone to standard output.",
    ),
    _options.force_folder_option,
    _options.json_option,
    _options.quiet_option,
)
"""Given to a command as `output: Output`."""


class PlanRequest(NamedTuple):
    """The plan that the user wants, if any."""

    budget: Fraction | None
    target: Fraction | None
    have: tuple[str, ...]
    exclude: tuple[str, ...]
    cost: str | None
    time_limit: float

    def options(self, **more: Any) -> PlanOptions:
        """The same for the library, with what a command adds."""
        return PlanOptions(
            budget=self.budget,
            target=self.target,
            have=self.have,
            exclude=self.exclude,
            seconds=self.time_limit,
            **more,
        )


def _plan_request(budget: str | None, target: str | None, **values: Any) -> PlanRequest:
    return PlanRequest(
        None if budget is None else parse_budget(budget), None if target is None else parse_target(target), **values
    )


plan_options = _options.bundle(
    "request",
    _plan_request,
    click.option(
        "--budget", metavar="NUMBER", help="How many capabilities at most, or with --cost what they may cost."
    ),
    click.option("--target", metavar="SHARE", help="Reach this share of what all capabilities give, such as 95%."),
    click.option(
        "--have",
        multiple=True,
        metavar="ID,…",
        shell_complete=_complete.capabilities,
        help="Capabilities that are in place, or @FILE with one in a line.",
    ),
    click.option(
        "--exclude",
        multiple=True,
        metavar="ID,…",
        shell_complete=_complete.capabilities,
        help="Capabilities that are not to be chosen, or @FILE with one in a line.",
    ),
    click.option(
        "--cost",
        metavar="FILE[:COLUMN]",
        shell_complete=_complete.files,
        help="A table with a capability and its cost in a row; without it, each costs 1.",
    ),
    click.option(
        "--time-limit",
        type=float,
        default=SECONDS,
        show_default=True,
        metavar="SECONDS",
        help="Past it, take the best plan found so far and say how far from the best it may be.",
    ),
)
"""Given to a command as `request: PlanRequest`."""

_threat_option = click.option(
    "--threat",
    multiple=True,
    metavar="THREAT",
    shell_complete=_complete.threats,
    help="A group, software, campaign or tactic by id or name, or a set, layer or table with weights. Repeatable.",
)
_software_option = click.option(
    "--software-of",
    multiple=True,
    is_flag=False,
    flag_value=ALL,
    metavar="[GROUP]",
    shell_complete=_complete.threats,
    help="Add what the software of this group or campaign does; without a value, of all that are chosen.",
)


def threat_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--threat` and `--software-of`."""
    decorated: Callable[..., Any] = _threat_option(_software_option(function))
    return decorated


def refuse_stdin_twice(sets: tuple[str, ...], threat: tuple[str, ...]) -> None:
    """Refuse standard input as both a set and the threat."""
    if STDIN in threat and STDIN in sets:
        raise UsageError(Problem("- is both a set and the threat", hint="give one of the two as a file"))
