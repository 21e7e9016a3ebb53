"""Which capabilities to put in place: the most coverage for a budget, or the smallest set for a target."""

from navlayers.plan.costs import Costs, read_costs
from navlayers.plan.folder import plan_folder
from navlayers.plan.make import make_plan
from navlayers.plan.model import Appraisal, Plan, Step
from navlayers.plan.options import PlanOptions

__all__ = ["Appraisal", "Costs", "Plan", "PlanOptions", "Step", "make_plan", "plan_folder", "read_costs"]
