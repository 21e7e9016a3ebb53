"""Which capabilities to put in place: the most coverage for a budget, or the smallest set for a target."""

from navlayers.analysis.plan.costs import Costs, read_costs
from navlayers.analysis.plan.make import make_plan
from navlayers.analysis.plan.model import Appraisal, Plan, Step
from navlayers.analysis.plan.options import PlanOptions

__all__ = ["Appraisal", "Costs", "Plan", "PlanOptions", "Step", "make_plan", "read_costs"]
