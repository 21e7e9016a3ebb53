"""Making a task smaller without changing its answer, ties included."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from navlayers.analysis.plan.problem import Task


def useful(task: Task) -> tuple[int, ...]:
    """The candidates that the best choice may hold, ascending.

    A candidate is out where it covers nothing, costs more than the budget, or where another one covers all that it
    covers, costs no more, and costs less or has the smaller id: in any choice, the other one can take its place,
    and the choice is better for it.
    """
    return tuple(i for i in range(len(task.ids)) if _may_help(task, i))


def _may_help(task: Task, candidate: int) -> bool:
    gives, cost = task.gives[candidate], task.costs[candidate]
    if not gives or (task.budget is not None and cost > task.budget):
        return False
    rarest = min(gives, key=lambda element: len(task.elements[element].givers))
    return not any(
        (task.costs[other], other) < (cost, candidate) and gives <= task.gives[other]
        for other in task.elements[rarest].givers
    )
