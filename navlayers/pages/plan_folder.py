"""A plan as files: its layer, its tables, an index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers.analysis.plan.layer import plan_layer
from navlayers.analysis.plan.summary import asked, figure, summary
from navlayers.pages.plan_tables import curve, tables_of, words
from navlayers.pages.results import about, folder_of, layer_files, table_files

if TYPE_CHECKING:
    from navlayers.analysis.plan.result import Plan


def plan_folder(plan: Plan) -> dict[str, bytes]:
    """Path → bytes of every file, the index included."""
    options = plan.options
    heading = f"Plan for {asked(plan)}: {', '.join(one.title for one in plan.inputs)}"
    made = [about(plan.catalogue, plan.inputs, words(plan)), *tables_of(plan)]
    files = [
        *layer_files([("plan.json", "plan", plan_layer(plan))]),
        *table_files("plan", made, curve(plan), heading),
    ]
    return folder_of(
        files,
        command="plan",
        domain=plan.catalogue.domain,
        attack_version=plan.catalogue.version,
        options={
            "budget": None if options.most is None else figure(options.most),
            "target": None if options.least is None else float(options.least),
            "measure": options.measure,
            "category": options.category,
            "min_score": options.min_score,
            "have": [a.candidate.id for a in plan.appraisals if a.state == "have"],
            "exclude": [a.candidate.id for a in plan.appraisals if a.state == "excluded"],
            "costs": plan.prices or None,
            "threat": None if plan.threat is None else plan.threat.title,
            "scale": plan.scoring.scale,
            "worth": plan.scoring.worth,
            "summary": summary(plan),
        },
        inputs=plan.inputs,
    )
