"""The function `evidence` of the library: the results of tests as evidence of a mapping set."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from navlayers import attack
from navlayers._text.spelling import suggestion
from navlayers._text.wording import comma_list, or_list, quantity, quoted
from navlayers.analysis.evidence import EvidenceResult, join
from navlayers.api.mapping_set import MappingSet, own
from navlayers.api.sources import Input, source, standard_input
from navlayers.errors import Problem, UsageError
from navlayers.mapping import outcomes
from navlayers.mapping.evidence import require_level
from navlayers.mapping.find import STDIN, read
from navlayers.mapping.formats.context import ReadOptions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.mapping.find import Source

EXECUTED = ("enabled", "data present", "tested")
"""What a test may show that ran, and whose log has no result."""


def evidence(
    item: Input,
    *results: str | os.PathLike[str],
    results_format: outcomes.Format | None = None,
    executed: str = "",
    today: str = "",
    reading: ReadOptions = ReadOptions(),
) -> EvidenceResult:
    """A set with the evidence that results of tests give its mappings.

    Args:
        item: A name, path or set.
        *results: Files of results; "-" is standard input.
        results_format: Their format, such as "vectr"; None: the content decides.
        executed: What a test shows that ran, and whose log has no result: "enabled", "data present" or "tested";
            "": nothing.
        today: A day such as "2026-01-31": a notice counts results of later days; "": none does.
        reading: How to read the set, and the size and columns of results.

    Returns:
        The set, what was raised, refuted and not tested, and notices.

    Raises:
        InputError: An input cannot be read, or is wrong in the places listed.
        UsageError: No results are given, or there is no such level.
    """
    paths = [os.fspath(path) for path in results]
    joined = join_results(source(item, reading), paths, results_format, executed, today, reading)
    return msgspec.structs.replace(joined, set=own(MappingSet, joined.set))


def join_results(
    file: Source,
    results: Sequence[str],
    results_format: outcomes.Format | None,
    executed: str,
    today: str,
    reading: ReadOptions,
) -> EvidenceResult:
    """The same for the source of a set."""
    if not results:
        raise UsageError(Problem("no results are given", expected="one file of test results or more"))
    if [str(file.path), *results].count(STDIN) > 1:
        raise UsageError(Problem("- is given twice", expected="one input from standard input"))
    level = require_level("--executed", executed) if executed else None
    if level is not None and level not in EXECUTED:
        raise UsageError(Problem(f"--executed is {quoted(executed)}", expected=or_list(EXECUTED)))
    loaded = read(file, reading)
    mapping_set = loaded.mapping_set
    match = attack.find(mapping_set.domain, None, own=mapping_set.attack_version)

    def read_results(path: str) -> outcomes.Outcomes:
        data = standard_input(reading.max_bytes) if path == STDIN else None
        return outcomes.read(path, reading, results_format, data, lambda: match.catalogue)

    found = [*map(read_results, results)]
    every = [each for one in found for each in one.outcomes]
    joined = join(mapping_set, every, match.catalogue, level)
    coming = sum(bool(today) and each.date > today for each in every)
    notices = (
        *loaded.notices,
        *([match.notice] if match.notice else ()),
        *(notice for one in found for notice in one.notices),
        *([Problem(f"{quantity(coming, 'result')} of a day after {today}")] if coming else ()),
        *_notices(joined, file.name, executed),
    )
    return msgspec.structs.replace(joined, notices=notices)


def _notices(joined: EvidenceResult, name: str, executed: str) -> Iterator[Problem]:
    """What the results leave open."""
    if joined.unknown:
        known = [text for each in joined.set.capabilities for text in (each.id, each.name)]
        hint = suggestion(joined.unknown[0], known)
        yield Problem(f"{name} has no {comma_list(joined.unknown)}, which results name", hint=hint)
    if joined.not_in_attack:
        version = joined.set.attack_version
        yield Problem(f"ATT&CK {version} has no {comma_list(joined.not_in_attack)}, which results name")
    if joined.undated:
        what = quantity(joined.undated, "mapping")
        verb = "keeps its" if joined.undated == 1 else "keep their"
        yield Problem(f"{what} {verb} dated evidence: the tests that were not detected have no date")
    if joined.anonymous:
        what = quantity(joined.anonymous, "result")
        message = f"{what} without a rule or control, applied to every mapping of the technique"
        yield Problem(message, hint="name them in a column: rule, control or capability")
    if joined.undecided:
        message = f"{name} does not say whether its mappings detect, so results of detection count by name alone"
        yield Problem(message, hint="for rules: --meta role=detection")
    if joined.results.get("ran") and not executed:
        what = quantity(joined.results["ran"], "test")
        hint = "add the results, or count them with --executed tested"
        yield Problem(f"the logs of {what} that ran do not say whether anything noticed them", hint=hint)
