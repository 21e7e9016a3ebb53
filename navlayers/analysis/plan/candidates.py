"""The candidates of a plan: their scores, and the lookup of names in `--have`, `--exclude` and tables of costs."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal

import msgspec

from navlayers._text.spelling import folded, letters, suggestion
from navlayers._text.wording import comma_list, quoted
from navlayers.attack.scope import restricted
from navlayers.errors import FURTHER_WORDS, MOST_PROBLEMS, InputError, Place, Problem, UsageError
from navlayers.mapping.find import STDIN, name_of_part
from navlayers.mapping.formats.source import MAX_BYTES, Source, as_text, load, text_lines
from navlayers.scoring.coverage import coverage_of
from navlayers.scoring.options import ScoreOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from navlayers.analysis.inputs import InputSet
    from navlayers.mapping.load import Prepared
    from navlayers.mapping.model import Category
    from navlayers.scoring.coverage import Coverage

Measure = Literal["score", "covered"]

FULL = 100.0
"""Score of a bare relation of an unscored set, unless `worth` says otherwise."""

FILE = "@"
COMMENT = "#"


class Candidate(msgspec.Struct, frozen=True):
    """A capability that may be chosen.

    Attributes:
        id: of the capability; with several sets, after its set's name and a colon.
        set: name of its set.
        capability: id in its set.
        name: of the capability.
        gives: technique id → its highest score for the technique, above 0 and up to 100.
    """

    id: str
    set: str
    capability: str
    name: str
    gives: dict[str, float]


def score_inputs(inputs: InputSet, scoring: ScoreOptions) -> tuple[Coverage, ...]:
    """The candidates of each input; mappings of unscored sets are worth 100 by default.

    Layers of counts are unscored, too: a number of capabilities is not a score.

    Raises:
        UsageError: the options do not fit an input.
    """
    coverages = []
    for prepared in inputs.in_hundred():
        if scoring.worth is None and not prepared.set.scored:
            coverages.append(
                coverage_of(_without_discount(prepared), ScoreOptions(scale=scoring.scale, worth=FULL))
            )
        else:
            coverages.append(coverage_of(prepared, ScoreOptions(scale=scoring.scale, worth=scoring.worth)))
    return tuple(coverages)


def _without_discount(prepared: Prepared) -> Prepared:
    """An unscored set whose mappings count in full, as elsewhere: nobody gave them a score to multiply."""
    bounds = prepared.catalogue.bounds
    if bounds is None or not bounds.scope.discount:
        return prepared
    catalogue = restricted(prepared.catalogue, msgspec.structs.replace(bounds.scope, discount={}))
    message = f"{prepared.name}: --discount has no effect: the set has no score values; set one with --worth"
    return msgspec.structs.replace(prepared, catalogue=catalogue, notices=(*prepared.notices, Problem(message)))


def candidates_of(inputs: Sequence[Coverage], category: Category | None, min_score: float) -> tuple[Candidate, ...]:
    """Every capability that has a mapping, by id, with its scores of the category (None: all) from `min_score` up.

    Mappings that are not rated cover nothing, so they give nothing.

    Raises:
        UsageError: no input has a mapping that counts.
    """
    candidates = []
    for coverage in inputs:
        names = {capability.id: capability.name for capability in coverage.set.capabilities}
        gives: dict[str, dict[str, float]] = {mapping.capability: {} for mapping in coverage.set.mappings}
        for technique, entry in sorted(coverage.scored.scores.items()):
            for own_category, contributions in entry.contributions.items():
                if category is not None and own_category != category:
                    continue
                for contribution in contributions:
                    given, score = gives[contribution.capability], contribution.score or 0
                    if score > 0 and score >= min_score:
                        given[technique] = max(given.get(technique, 0), score)
        candidates += [
            Candidate(
                f"{coverage.name}:{capability}" if len(inputs) > 1 else capability,
                coverage.name,
                capability,
                names.get(capability, capability),
                given,
            )
            for capability, given in gives.items()
        ]
    if not any(candidate.gives for candidate in candidates):
        raise UsageError(_nothing_to_choose(inputs, category, min_score))
    return tuple(sorted(candidates, key=lambda candidate: candidate.id))


def _nothing_to_choose(inputs: Sequence[Coverage], category: str | None, min_score: float) -> Problem:
    sets = inputs[0].name if len(inputs) == 1 else "the sets"
    if not any(coverage.set.mappings for coverage in inputs):
        return Problem(f"{sets} {'has' if len(inputs) == 1 else 'have'} no mappings, so there is nothing to choose")
    hint = "a lower --min-score counts weaker mappings"
    if category is not None:
        there = sorted({c for coverage in inputs for c in coverage.categories})
        hint = f"categories of the sets: {', '.join(there)}" if there else "the mappings have no categories"
        return Problem(f"no capability has a score in the category {category}", hint=hint)
    if min_score:
        return Problem(f"no capability has a score of {min_score:g} or more", hint=hint)
    return Problem("no capability has a score", hint="--worth sets the score of mappings without a value")


class Directory:
    """Finds candidates by their ids and names."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self._candidates = candidates

    @cached_property
    def _tables(self) -> dict[Callable[[str], str], list[dict[str, list[Candidate]]]]:
        """Key function → candidates by key: of ids with sets, of ids, of names; exact ones first."""
        tables: dict[Callable[[str], str], list[dict[str, list[Candidate]]]] = {}
        for key in (str, folded, letters):
            for text in (_qualified, lambda candidate: candidate.capability, lambda candidate: candidate.name):
                table: dict[str, list[Candidate]] = {}
                for candidate in self._candidates:
                    table.setdefault(key(text(candidate)), []).append(candidate)
                tables.setdefault(key, []).append(table)
        return tables

    def find(self, text: str) -> list[Candidate]:
        """The candidates with this id or name, by the first key function that finds any."""
        for key, tables in self._tables.items():
            wanted = key(text.strip())
            for table in tables if wanted else ():
                if wanted in table:
                    return table[wanted]
        return []

    def of_set(self, name: str) -> list[Candidate]:
        """All candidates of the set with this name; that of a part of a set is in lower case."""
        names = {name, name_of_part(name)}
        return [candidate for candidate in self._candidates if candidate.set in names]

    def one(self, text: str, what: str, place: Place | None = None) -> Candidate | Problem:
        """The candidate with this id or name, or a problem whose message starts with `what`."""
        candidates = self.find(text)
        if len(candidates) == 1:
            return candidates[0]
        if candidates:
            ids = [candidate.id for candidate in candidates]
            message = f"{what}{quoted(text)} matches {len(candidates)} capabilities: {comma_list(ids)}"
            return Problem(message, place, hint=f"use {ids[0]}")
        ids = [*(c.id for c in self._candidates), *(c.capability for c in self._candidates)]
        hint = suggestion(text, ids) or suggestion(text, [c.name for c in self._candidates])
        several = len({candidate.set for candidate in self._candidates}) > 1
        expected = f"{'SET:ID or ' * several}the id or name of a capability"
        return Problem(f"{what}no capability {quoted(text)}", place, expected, hint)


def _qualified(candidate: Candidate) -> str:
    return f"{candidate.set}:{candidate.capability}"


def named(texts: Iterable[str], directory: Directory, option: str) -> tuple[str, ...]:
    """The ids of the candidates that an option names, sorted.

    A text is a name, several separated by commas, or `@FILE` with a name per line; the name of a set means all its
    capabilities.

    Raises:
        UsageError: a name means no candidate, or several.
        InputError: a file cannot be read, or has such names.
    """
    ids: set[str] = set()
    problems: list[Problem] = []
    for text in texts:
        if len(problems) > MOST_PROBLEMS:
            break
        words: list[tuple[str, Place | None]]
        if text.startswith(FILE):
            words = _names_in_file(text.removeprefix(FILE), option)
        elif directory.find(text):
            words = [(text, None)]  # A comma may be part of a name.
        else:
            words = [(word.strip(), None) for word in text.split(",") if word.strip()]
            if not words:
                problems.append(Problem(f"{option} is empty", expected="ids or names, joined by commas"))
        for word, place in words:
            if len(problems) >= MOST_PROBLEMS:
                message = f"{'' if place else f'{option}: '}{FURTHER_WORDS}"
                problems.append(Problem(message, place, count=0))
                break
            if of_set := directory.of_set(word):
                ids.update(candidate.id for candidate in of_set)
                continue
            candidate = directory.one(word, "" if place else f"{option}: ", place)
            if isinstance(candidate, Problem):
                problems.append(candidate)
            else:
                ids.add(candidate.id)
    if problems:
        raise (InputError if all(problem.place for problem in problems) else UsageError)(problems)
    return tuple(sorted(ids))


def _names_in_file(path: str, option: str) -> list[tuple[str, Place | None]]:
    if not path:
        raise UsageError(
            Problem(f"{option}: {FILE} without a file name", expected=f"{FILE}FILE with one id per line")
        )
    text = as_text(read_file(path, option, "a list of ids or names, one per line")).data.decode()
    lines = [(line.strip(), Place(path, number, 1)) for number, line in enumerate(text_lines(text), 1)]
    return [(line, place) for line, place in lines if line and not line.startswith(COMMENT)]


def read_file(path: str, option: str, what: str) -> Source:
    """The bytes of a file that an option names; `what` describes the expected content.

    Raises:
        InputError: it cannot be read, or is empty.
        UsageError: it is standard input.
    """
    if path == STDIN:
        message = f"{option} does not read standard input"
        raise UsageError(
            Problem(message, expected=f"a file that holds {what}", hint="only sets and threats can be read from it")
        )
    try:
        return load(path, None, MAX_BYTES)
    except InputError as error:
        raise InputError(_about_file(problem, what) for problem in error.problems) from None


def _about_file(problem: Problem, what: str) -> Problem:
    """The problem, without the advice of the loader about mapping sets."""
    expected = f"a file that holds {what}" if "mapping set" in problem.expected else problem.expected
    hint = problem.hint if problem.hint.startswith(("did you mean", "the folder", "check")) else ""
    return msgspec.structs.replace(problem, expected=expected, hint=hint)
