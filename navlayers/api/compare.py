"""Comparisons and differences of the library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import msgspec

from navlayers.analysis import compare as comparing
from navlayers.analysis import diff as differing
from navlayers.analysis.inputs import load_inputs
from navlayers.api.inputs import baseline_index, files_of, input_set
from navlayers.api.sources import Input, named_twice, sources
from navlayers.errors import Problem, UsageError
from navlayers.mapping.formats import ReadOptions
from navlayers.scoring.options import ScoreOptions

if TYPE_CHECKING:
    import os

    from navlayers.analysis.compare_result import Comparison
    from navlayers.analysis.diff import Diff
    from navlayers.api.mapping_set import Scoring

_COVERED = "--measure covered compares only which techniques are covered"


def compare(
    *inputs: Input,
    baseline: str | os.PathLike[str] | int | None = None,
    category: str | None = None,
    attack_version: str | None = None,
    covered_only: bool = False,
    reading: ReadOptions = ReadOptions(),
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
    comparison = comparing.compare(
        together.catalogue,
        together.coverage(ScoreOptions(**options), scores=not covered_only, instead=_COVERED),
        category=category,
        baseline=baseline_index(baseline, together, reading),
    )
    notices = (*together.notices, *(notice for each in comparison.threats for notice in each.threat.notices))
    return msgspec.structs.replace(comparison, notices=notices, files=files_of(together, reading, inputs))


def diff(
    before: Input,
    after: Input,
    *,
    category: str | None = None,
    attack_version: str | None = None,
    reading: ReadOptions = ReadOptions(),
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
    versions = sources((before, after), reading)
    # A table of several domains is a version for each of them, but one input.
    inputs = [version for version in versions if not version.parts or version.name == version.parts[0]]
    if len(inputs) != 2:
        message = f"{before} and {after} are {'the same input' if len(inputs) < 2 else f'{len(inputs)} inputs'}"
        raise UsageError(Problem(message, expected="two versions of a set or layer"))
    together = load_inputs(versions, attack_version, reading)
    first, second = together.coverage(ScoreOptions(**options))
    changes = differing.diff(together.catalogue, first, second, category=category)
    return msgspec.structs.replace(
        changes, notices=together.notices, files=files_of(together, reading, (before, after))
    )
