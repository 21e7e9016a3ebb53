"""How a plan is asked for, in plan and report alike."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from navlayers.analysis.plan import PlanOptions, make_plan, read_costs
from navlayers.analysis.plan.costs import split_column
from navlayers.analysis.plan.options import SECONDS, parse_budget, parse_target
from navlayers.cli import suggest
from navlayers.errors import Problem, UsageError
from navlayers.scoring.options import ScoreOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction

    from navlayers.analysis.inputs import InputSet
    from navlayers.analysis.plan import Plan
    from navlayers.analysis.plan.candidates import Measure
    from navlayers.analysis.threats import ThreatModel
    from navlayers.mapping.model import Category


class AskedPlan(msgspec.Struct, frozen=True):
    """The plan as it was asked for: `--budget`, `--target`, `--have`, `--exclude`, `--cost` and `--time-limit`."""

    budget: str | None
    target: str | None
    have: tuple[str, ...]
    exclude: tuple[str, ...]
    cost: str | None
    seconds: float

    @property
    def asked(self) -> bool:
        """Whether there is one: a budget or a target."""
        return self.budget is not None or self.target is not None

    @property
    def files(self) -> tuple[Path, ...]:
        """The files among what is asked for."""
        lists = [Path(word[1:]) for word in (*self.have, *self.exclude) if word.startswith("@")]
        return (*lists, *([Path(split_column(self.cost)[0])] if self.cost else []))

    def check(self) -> None:
        """Refuse options of a plan that is not asked for, and amounts that are none, before anything is read."""
        self._amounts()
        given = {"--have": self.have, "--exclude": self.exclude, "--cost": self.cost}
        idle = [option for option, value in given.items() if value]
        if idle and not self.asked:
            message = f"{idle[0]} is of a plan, and none is asked for"
            raise UsageError(Problem(message, hint="add --budget NUMBER or --target SHARE"))

    def _amounts(self) -> tuple[Fraction | None, Fraction | None]:
        budget = None if self.budget is None else parse_budget(self.budget)
        return budget, None if self.target is None else parse_target(self.target)

    def make(
        self,
        together: InputSet,
        scoring: ScoreOptions,
        threat: ThreatModel | None,
        *,
        measure: Measure = "score",
        min_score: float = 0,
        category: Category | None = None,
    ) -> Plan:
        """The plan for the inputs; only scale and worth of the scoring count."""
        budget, target = self._amounts()
        options = PlanOptions(
            budget=budget,
            target=target,
            measure=measure,
            min_score=min_score,
            category=category,
            have=self.have,
            exclude=self.exclude,
            seconds=self.seconds,
        )
        costs = None if self.cost is None else read_costs(*split_column(self.cost))
        scale = ScoreOptions(scale=scoring.scale, worth=scoring.worth)
        return make_plan(together, options, scale, threat=threat, costs=costs)


def plan_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a plan, given to the command as one `planned: AskedPlan`."""

    @functools.wraps(function)
    def wrapped(
        *args: Any,
        budget: str | None,
        target: str | None,
        have: tuple[str, ...],
        exclude: tuple[str, ...],
        cost: str | None,
        time_limit: float,
        **options: Any,
    ) -> Any:
        return function(*args, planned=AskedPlan(budget, target, have, exclude, cost, time_limit), **options)

    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


_OPTIONS = (
    click.option(
        "--budget", metavar="NUMBER", help="How many capabilities at most, or with --cost what they may cost."
    ),
    click.option("--target", metavar="SHARE", help="Reach this share of what all capabilities give, such as 95%."),
    click.option(
        "--have",
        multiple=True,
        metavar="ID,…",
        shell_complete=suggest.capabilities,
        help="Capabilities that are in place, or @FILE with one in a line.",
    ),
    click.option(
        "--exclude",
        multiple=True,
        metavar="ID,…",
        shell_complete=suggest.capabilities,
        help="Capabilities that are not to be chosen, or @FILE with one in a line.",
    ),
    click.option(
        "--cost",
        metavar="FILE[:COLUMN]",
        shell_complete=suggest.files,
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
