"""Comparisons, differences, gaps and plans of the library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from navlayers.analysis import compare as comparing
from navlayers.analysis import diff as differing
from navlayers.analysis import gaps as finding
from navlayers.analysis import gaps_result
from navlayers.analysis.inputs import load_inputs
from navlayers.analysis.plan import result as plan_result
from navlayers.analysis.plan.options import PlanOptions
from navlayers.api.frames import Tabular
from navlayers.api.inputs import Paths, against, baseline_index, files_of, input_set, paths_of, plan_files, plan_for
from navlayers.api.mapping_set import READING, Scoring, own
from navlayers.api.sources import Input, named_twice, sources
from navlayers.errors import Problem, UsageError
from navlayers.scoring.options import ScoreOptions

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from pathlib import Path

    from navlayers.mapping.formats import ReadOptions


class Comparison(comparing.Comparison, Tabular, frozen=True):
    """Inputs side by side at one ATT&CK release.

    `notices` is what to tell the user, besides the notices of each input; `files` are the files that were read.
    """

    notices: tuple[Problem, ...] = ()
    files: tuple[Path, ...] = ()

    def __repr__(self) -> str:
        """Inputs and release in one line."""
        names = ", ".join(item.name for item in self.inputs)
        return f"<Comparison of {names}, ATT&CK {self.catalogue.domain} {self.catalogue.version}>"

    def to_dicts(self) -> list[dict[str, Any]]:
        """One row per technique that any input covers: id, name, a score per input, the best score and by whom."""
        names = [item.name for item in self.inputs]
        return [
            {
                "technique": row.technique,
                "name": self.catalogue.techniques[row.technique].name,
                **dict(zip(names, row.scores, strict=True)),
                "best": row.best,
                "best_by": tuple(names[number] for number in row.best_by),
            }
            for row in self.rows
        ]


class Diff(differing.Diff, Tabular, frozen=True):
    """What changed between two versions of a set or layer.

    `notices` and `files`: as of `Comparison`.
    """

    notices: tuple[Problem, ...] = ()
    files: tuple[Path, ...] = ()

    def __repr__(self) -> str:
        """Inputs and number of changes in one line."""
        return f"<Diff of {self.before.name} and {self.after.name}: {len(self.techniques)} techniques changed>"

    def to_dicts(self) -> list[dict[str, Any]]:
        """One row per measure of a technique that changed: id, name, change, measure, score before and after."""
        return [
            {
                "technique": technique.technique,
                "name": technique.name,
                "change": technique.change,
                "measure": step.measure,
                "before": step.before,
                "after": step.after,
            }
            for technique in self.techniques
            for step in technique.steps
        ]


class Gaps(gaps_result.Gaps, Tabular, frozen=True):
    """What inputs leave open of a threat.

    `notices` and `files`: as of `Comparison`.
    """

    files: tuple[Path, ...] = ()

    def __repr__(self) -> str:
        """Threat and number of open techniques in one line."""
        return f"<Gaps against {self.threat.title}: {len(self.open)} of {len(self.rows)} techniques open>"

    def to_dicts(self) -> list[dict[str, Any]]:
        """One row per technique of the threat, the largest gap first: id, name, state, weight, score, gap."""
        return [
            {
                "technique": row.technique,
                "name": self.catalogue.techniques[row.technique].name,
                "state": row.state,
                "weight": row.weight,
                "score": row.score,
                "gap": row.gap,
            }
            for row in self.ranked
        ]


class Plan(plan_result.Plan, Tabular, frozen=True):
    """The capabilities to put in place for a budget or a target.

    `notices` and `files`: as of `Comparison`.
    """

    files: tuple[Path, ...] = ()

    def __repr__(self) -> str:
        """Number of capabilities and share in one line."""
        proven = "proven optimal" if self.proven else "not proven optimal"
        return f"<Plan of {len(self.chosen)} capabilities, {float(100 * self.share):.1f} % of the total, {proven}>"

    def to_dicts(self) -> list[dict[str, Any]]:
        """One row per chosen capability, in order of gain: its id, cost, gain, and value and cost up to there."""
        return [
            {
                "capability": step.candidate.id,
                "cost": float(step.cost),
                "gain": float(step.gain),
                "value": float(step.value),
                "spent": float(step.spent),
            }
            for step in self.steps
            if step.candidate is not None
        ]


def compare(
    *inputs: Input,
    baseline: str | os.PathLike[str] | int | None = None,
    category: str | None = None,
    attack_version: str | None = None,
    covered_only: bool = False,
    reading: ReadOptions = READING,
    **options: Unpack[Scoring],
) -> Comparison:
    """Sets and layers side by side.

    Args:
        *inputs: Two or more names, paths, sets or layers.
        baseline: Name, path or index of the input from which differences are reported; a name that is not among
            the inputs is added as the first; None: of two inputs, the first.
        category: Compare the scores of this category only.
        attack_version: Remap the inputs to this ATT&CK release; None: the newest of theirs.
        covered_only: Compare whether techniques are covered, not how well, so that counts and scores can mix.
        reading: How to read files.
        **options: How mappings become scores, as in `ScoreOptions`.

    Returns:
        The comparison.

    Raises:
        NavlayersError: An input cannot be read, the inputs are of different domains, or an option does not fit.
    """
    if not (baseline is None or isinstance(baseline, int) or baseline in inputs):
        inputs = (baseline, *inputs)
    together = input_set(inputs, attack_version, reading).split_layers()
    if len(together.inputs) < comparing.FEWEST and named_twice(inputs, reading):
        raise UsageError(Problem(f"{inputs[0]} is named twice: it is one input", expected="two sets or layers"))
    found = comparing.compare(
        together.catalogue,
        together.coverage(ScoreOptions(**options), scores=not covered_only),
        category=category,
        baseline=baseline_index(baseline, together, reading),
    )
    return own(Comparison, found, notices=together.notices, files=files_of(together))


def diff(
    before: Input,
    after: Input,
    *,
    category: str | None = None,
    attack_version: str | None = None,
    reading: ReadOptions = READING,
    **options: Unpack[Scoring],
) -> Diff:
    """What changed between two versions of a set or layer.

    Args:
        before: The older version: a name, path, set or layer.
        after: The newer version.
        category: Compare the scores of this category only.
        attack_version: Remap both to this ATT&CK release; None: the newer of theirs.
        reading: How to read files.
        **options: How mappings become scores, as in `ScoreOptions`.

    Returns:
        The changes; `lost_coverage` says whether any technique is lost or weaker.

    Raises:
        NavlayersError: An input cannot be read, both are the same file, or an option does not fit.
    """
    found = sources((before, after), reading)
    if len(found) != 2:
        message = f"{before} and {after} are {'the same input' if len(found) < 2 else f'{len(found)} inputs'}"
        raise UsageError(Problem(message, expected="two versions of a set or layer"))
    together = load_inputs(found, attack_version, reading)
    first, second = together.coverage(ScoreOptions(**options))
    changes = differing.diff(together.catalogue, first, second, category=category)
    return own(Diff, changes, notices=together.notices, files=files_of(together))


def gaps(
    *inputs: Input,
    threat: Paths,
    category: str | None = None,
    weak: float = finding.WEAK,
    software_of: Sequence[str] = (),
    attack_version: str | None = None,
    reading: ReadOptions = READING,
    **options: Unpack[Scoring],
) -> Gaps:
    """What sets and layers, taken together, leave open of a threat.

    Args:
        *inputs: One or more names, paths, sets or layers.
        threat: A group, software, campaign or tactic by id or name, or a set, layer or table of weights; one or
            several.
        category: Take the scores of this category only.
        weak: A technique that is covered below this score, 0–100, is weak.
        software_of: Add what the software of these groups does.
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
    found = finding.find_gaps(together, model, ScoreOptions(**options), category=category, weak=weak)
    notices = (*together.notices, *model.notices, *found.notices)
    return own(Gaps, found, notices=notices, files=files_of(together, threat))


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
    reading: ReadOptions = READING,
) -> Plan:
    """The capabilities that cover most for a budget, or reach a target at the least cost.

    Args:
        *inputs: One or more names, paths or sets.
        options: Everything that can be asked of a plan; None: `budget` or `target` alone.
        budget: Maximum number of capabilities, or with `costs` their maximum cost.
        target: Share to reach of what all capabilities give, 0–1.
        threat: As for `gaps`: techniques count by their weight in it; empty: each counts 1.
        software_of: As for `gaps`.
        costs: A table of costs, as FILE or FILE:COLUMN; None: each capability costs 1.
        scale: Score value → number 0–100, over the set's own scale.
        worth: What a mapping without a value is worth, 0–100.
        attack_version: Remap the inputs to this ATT&CK release; None: the newest of theirs.
        reading: How to read files.

    Returns:
        The plan.

    Raises:
        NavlayersError: An input cannot be read, an option does not fit, or the target cannot be reached.
    """
    chosen = options or PlanOptions(budget=budget, target=target)
    scoring = ScoreOptions(scale=scale or {}, worth=worth)
    together = input_set(inputs, attack_version, reading, example="plan gcp --budget 5")
    model = None
    if threat or software_of:
        together, model = against(together, threat, software_of, attack_version, reading)
    found = plan_for(together, chosen, scoring, model, costs)
    return own(Plan, found, files=files_of(together, [*paths_of(threat), *plan_files(chosen, costs)]))
