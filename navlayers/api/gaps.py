"""Gaps against a threat, and plans of the library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import msgspec

from navlayers.analysis import gaps as finding
from navlayers.api.inputs import Paths, against, files_of, input_set, paths_of, plan_files, plan_for, sets_in_place
from navlayers.mapping.formats import ReadOptions
from navlayers.scoring.options import WEAK, ScoreOptions

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from navlayers.analysis.gaps_result import Gaps
    from navlayers.analysis.plan.options import PlanOptions
    from navlayers.analysis.plan.result import Plan
    from navlayers.api.mapping_set import Scoring
    from navlayers.api.sources import Input


def gaps(
    *inputs: Input,
    threat: Paths,
    category: str | None = None,
    weak: float = WEAK,
    software_of: Sequence[str] = (),
    attack_version: str | None = None,
    reading: ReadOptions = ReadOptions(),
    **options: Unpack[Scoring],
) -> Gaps:
    """The gaps of sets and layers together against a threat.

    Args:
        *inputs: One or more names, paths, sets or layers.
        threat: A group, software, campaign or tactic by id or name, or a set, layer or table of weights; one or
            several.
        category: Use only the scores of this category.
        weak: Score, 0–100, below which a covered technique is weak.
        software_of: Add the techniques of the software of these groups.
        attack_version: Remap the inputs to this ATT&CK release; None: one that knows the threat.
        reading: How to read files.
        **options: How mappings become scores, as in `ScoreOptions`.

    Returns:
        The gaps.

    Raises:
        NavlayersError: An input cannot be read, the threat is unknown, or an option does not fit.
    """
    together = input_set(inputs, attack_version, reading, example="gaps aws --threat APT29")
    together, model = against(together, threat, software_of, attack_version, reading)
    result = finding.find_gaps(together, model, ScoreOptions(**options), category=category, weak=weak)
    notices = (*together.notices, *model.notices, *result.notices)
    return msgspec.structs.replace(
        result, notices=notices, files=files_of(together, reading, [*inputs, *paths_of(threat)])
    )


def plan(
    *inputs: Input,
    options: PlanOptions | None = None,
    budget: float | None = None,
    target: float | None = None,
    threat: Paths = (),
    software_of: Sequence[str] = (),
    costs: str | os.PathLike[str] | None = None,
    scale: dict[str, float] | None = None,
    worth: float | None = None,
    attack_version: str | None = None,
    reading: ReadOptions = ReadOptions(),
) -> Plan:
    """The capabilities with the highest coverage for a budget, or the lowest cost for a target.

    Args:
        *inputs: One or more names, paths or sets.
        options: All options of a plan; None: only `budget` or `target`.
        budget: Maximum number of capabilities, or with `costs` their maximum cost.
        target: Share to reach of the coverage of all capabilities, 0–1.
        threat: As for `gaps`: techniques count by their weight in it; empty: each counts 1.
        software_of: As for `gaps`.
        costs: A table of costs, as FILE or FILE:COLUMN; None: each capability costs 1.
        scale: Score value → number 0–100, over the set's own scale.
        worth: Score of a mapping without a value, 0–100.
        attack_version: Remap the inputs to this ATT&CK release; None: the newest of theirs.
        reading: How to read files.

    Returns:
        The plan.

    Raises:
        NavlayersError: An input cannot be read, an option does not fit, or the target cannot be reached.
    """
    from navlayers.analysis.plan.options import PlanOptions  # noqa: PLC0415 - for plans alone

    chosen = options or PlanOptions(budget=budget, target=target)
    scoring = ScoreOptions(scale=scale or {}, worth=worth)
    every = sets_in_place(inputs, chosen.have)
    together = input_set(every, attack_version, reading, example="plan gcp --budget 5")
    model = None
    if threat or software_of:
        together, model = against(together, threat, software_of, attack_version, reading)
    result = plan_for(together, chosen, scoring, model, costs)
    return msgspec.structs.replace(
        result, files=files_of(together, reading, [*every, *paths_of(threat), *plan_files(chosen, costs)])
    )
