"""Inputs of analyses: sets and layers at one ATT&CK release, a baseline, a threat, a plan."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from navlayers.analysis.inputs import InputSet, load_inputs
from navlayers.api.sources import Input, named_twice, source, sources
from navlayers.errors import Problem, UsageError
from navlayers.mapping.find import STDIN, here, shipped, whole_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from navlayers.analysis.plan.options import PlanOptions
    from navlayers.analysis.plan.result import Plan
    from navlayers.analysis.threats.model import ThreatModel
    from navlayers.mapping.formats import ReadOptions
    from navlayers.scoring.options import ScoreOptions

Paths: TypeAlias = "str | os.PathLike[str] | Sequence[str | os.PathLike[str]]"
"""One or several names or paths."""


def input_set(
    inputs: Sequence[Input], attack_version: str | None, reading: ReadOptions, *, example: str = "compare aws azure"
) -> InputSet:
    """Inputs at one ATT&CK release; the notices name duplicate inputs.

    Args:
        inputs: Names, paths, sets or layers.
        attack_version: Remap them to this ATT&CK release; None: the newest of theirs.
        reading: How to read files.
        example: A command without "navlayers" for the error that there are no inputs.

    Raises:
        NavlayersError: There are no inputs, or one cannot be loaded.
    """
    if not inputs:
        hint = f"`navlayers sets` lists the shipped sets; for example: navlayers {example}"
        raise UsageError(Problem("no input given", expected="one or more sets or layers", hint=hint))
    loaded = load_inputs(sources(inputs, reading), attack_version, reading)
    return msgspec.structs.replace(loaded, notices=(*loaded.notices, *named_twice(inputs, reading)))


def baseline_index(
    baseline: str | os.PathLike[str] | int | None, inputs: InputSet, reading: ReadOptions
) -> int | None:
    """The index of the baseline among the inputs.

    Raises:
        UsageError: The name does not name exactly one input.
    """
    if baseline is None or isinstance(baseline, int):
        return baseline
    found = source(baseline, reading, whole=True)
    return inputs.index_of(found.path, found.name)


def against(
    inputs: InputSet, threat: Paths, software_of: Sequence[str], attack_version: str | None, reading: ReadOptions
) -> tuple[InputSet, ThreatModel]:
    """Inputs and a threat at one release.

    Args:
        inputs: The inputs.
        threat: Ids, names, sets, layers or tables of weights; "-" is standard input.
        software_of: Groups whose software adds its techniques.
        attack_version: Remap the inputs to this ATT&CK release; None: one that knows the threat.
        reading: How to read files.

    Raises:
        NavlayersError: The threat is unknown or cannot be read, or its release is not installed.
    """
    from navlayers.analysis.threats.resolve import with_threat  # noqa: PLC0415 - for threats alone

    words = [source(word, reading, whole=True) if word == STDIN else word for word in paths_of(threat)]
    return with_threat(inputs, words, attack_version, software_of=software_of, reading=reading)


def sets_in_place(inputs: Sequence[Input], have: Iterable[str]) -> tuple[Input, ...]:
    """The inputs, and after them the sets that `--have` names and that are not among them."""
    known = {each.name for each in (*shipped(), *here())}
    words = [word for text in have for word in text.split(",") if not word.startswith("@")]
    named = [w for w in words if w in known or whole_of(w, known) or (Path(w).suffix and Path(w).is_file())]
    return (*inputs, *dict.fromkeys(word for word in named if inputs and word not in inputs))


def plan_for(
    inputs: InputSet,
    options: PlanOptions,
    scoring: ScoreOptions,
    threat: ThreatModel | None,
    costs: str | os.PathLike[str] | None,
) -> Plan:
    """A plan of capabilities for inputs at one release.

    Args:
        inputs: The inputs.
        options: Budget or target, and what is there already.
        scoring: How mappings become scores.
        threat: Techniques and their weights; None: each technique counts 1.
        costs: A table as FILE or FILE:COLUMN; None: each capability costs 1.

    Raises:
        NavlayersError: The table cannot be read, an option does not fit, or the target cannot be reached.
    """
    # The solver is slow to import.
    from navlayers.analysis.plan.plan import make_plan  # noqa: PLC0415

    names = {str(item.path): item.name for item in inputs.inputs}
    options = msgspec.structs.replace(options, have=tuple(names.get(word, word) for word in options.have))
    table = None
    if costs is not None:
        from navlayers.analysis.plan.costs import read_costs, split_column  # noqa: PLC0415 - for tables alone

        table = read_costs(*split_column(os.fspath(costs)))
    return make_plan(inputs, options, scoring, threat=threat, costs=table)


def plan_files(options: PlanOptions, costs: str | os.PathLike[str] | None) -> list[str]:
    """The files that a plan reads in addition to its inputs: lists of capabilities, and the costs."""
    lists = [word[1:] for word in (*options.have, *options.exclude) if word.startswith("@")]
    if costs is None:
        return lists
    from navlayers.analysis.plan.costs import split_column  # noqa: PLC0415 - for tables alone

    return [*lists, split_column(os.fspath(costs))[0]]


def files_of(inputs: InputSet, reading: ReadOptions, more: Iterable[object] = ()) -> tuple[Path, ...]:
    """The paths of the inputs, and of all other arguments that are or name files, those of the scope included."""
    return read_files((item.path for item in inputs.inputs), reading, more)


def read_files(paths: Iterable[Path], reading: ReadOptions, more: Iterable[object] = ()) -> tuple[Path, ...]:
    """The paths of inputs, and of all other arguments that are or name files, those of the scope included."""
    from navlayers.api import named_files  # noqa: PLC0415 - results that are written need it alone

    scope = reading.scope
    of_scope = (*scope.presets, *scope.include, *scope.exclude, scope.where) if scope else ()
    words = [os.fspath(word) for word in (*of_scope, *more) if isinstance(word, str | os.PathLike)]
    named = (path for word in words for path in named_files.files(word))
    return tuple(dict.fromkeys((*paths, *(path for path in named if path.is_file()))))


def paths_of(paths: Paths) -> list[str]:
    """One or several names or paths as a list."""
    return [os.fspath(path) for path in ([paths] if isinstance(paths, str | os.PathLike) else paths)]
