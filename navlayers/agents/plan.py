"""The tool plan: which capabilities to choose."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET

from navlayers._text.wording import quoted
from navlayers.agents.answers import Answer, Data
from navlayers.agents.problems import remarks
from navlayers.agents.provenance import provenance, rule_of_plans
from navlayers.analysis.plan.candidates import FILE
from navlayers.analysis.plan.options import PlanOptions
from navlayers.api.inputs import against, input_set, plan_for
from navlayers.errors import Problem, UsageError
from navlayers.pages.plan import as_json

if TYPE_CHECKING:
    from navlayers.agents.arguments import PlanArguments
    from navlayers.agents.inventory import Inventory


class PlanRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """A chosen capability in the order of gain, and the value and share of it and those before."""

    adds: float
    together: float
    share: float
    cost: float
    set_data: Data


class PlanAnswer(Answer, frozen=True, kw_only=True):
    """A plan. `proven_optimal`: no plan is better; `bound`: the best that any plan can reach."""

    proven_optimal: bool
    bound: float
    value: float
    value_of_all: float
    share: float
    cost: float
    techniques: int
    techniques_of_all: int
    rows: tuple[PlanRow, ...] = ()


_NUMBERS = (
    *("proven_optimal", "bound", "value", "value_of_all", "share", "cost"),
    *("techniques", "techniques_of_all"),
)


def plan(inventory: Inventory, arguments: PlanArguments) -> PlanAnswer:
    """Which capabilities to choose, as `navlayers plan` does."""
    settings = inventory.settings
    sets = inventory.get(arguments.sets)
    options = _options(arguments)
    together, model = input_set(sets, settings.attack_version, settings.reading), None
    if arguments.threat:
        threat = inventory.threat(arguments.threat, sets)
        together, model = against(together, threat, (), settings.attack_version, settings.reading)
    result = plan_for(together, options, settings.scoring, model, None)
    numbers: Any = as_json(result)
    names = {each["id"]: each["name"] for each in numbers["capabilities"]}
    rows = tuple(_row(step, names) for step in numbers["steps"] if step["capability"] is not None)
    return PlanAnswer(
        **{name: numbers[name] for name in _NUMBERS},
        rows=rows,
        empty=UNSET if rows else "no capability adds anything to those in place, or the budget buys none",
        provenance=provenance(result.catalogue, result.inputs, rule_of_plans(arguments.category)),
        set_data=remarks(result.notices, numbers["summary"]),
    )


def _options(arguments: PlanArguments) -> PlanOptions:
    for word in (*arguments.have, *arguments.exclude):
        if word.startswith(FILE):
            hint = "only the command line names files"
            raise UsageError(Problem(f"no capability {quoted(word)}", expected="ids or names", hint=hint))
    if (arguments.budget is None) == (arguments.target is None):
        expected = "budget, a number of capabilities, or target, a percentage"
        raise UsageError(Problem("a plan needs a budget or a target, one of them", expected=expected))
    return PlanOptions(
        budget=arguments.budget,
        target=None if arguments.target is None else Fraction(str(arguments.target)) / 100,
        category=arguments.category,
        have=tuple(arguments.have),
        exclude=tuple(arguments.exclude),
        seconds=arguments.seconds,
    )


def _row(step: dict[str, Any], names: dict[str, str]) -> PlanRow:
    data = {"capability": step["capability"], "name": names[step["capability"]]}
    return msgspec.convert({**step, "set_data": data}, PlanRow)
