"""Which capabilities to put in place: the most coverage for a budget, or the smallest set for a target."""

from navlayers.analysis.plan.costs import Costs, read_costs
from navlayers.analysis.plan.options import PlanOptions
from navlayers.analysis.plan.plan import make_plan
from navlayers.analysis.plan.result import Appraisal, Plan, PlanStep

__all__ = ["Appraisal", "Costs", "Plan", "PlanOptions", "PlanStep", "make_plan", "read_costs"]
