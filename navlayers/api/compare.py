"""Comparisons and differences of the library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from navlayers.analysis import compare as comparing
from navlayers.analysis import diff as differing
from navlayers.analysis.inputs import load_inputs
from navlayers.api.frames import Tabular
from navlayers.api.inputs import baseline_index, files_of, input_set
from navlayers.api.mapping_set import READING, Scoring, own
from navlayers.api.sources import Input, named_twice, sources
from navlayers.errors import Problem, UsageError
from navlayers.scoring.options import ScoreOptions

if TYPE_CHECKING:
    import os
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
    """The changes between two versions of a set or layer.

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
        raise UsageError(Problem(f"duplicate input {inputs[0]}", expected="two sets or layers"))
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
    """The changes between two versions of a set or layer.

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
