"""The capabilities that a plan chooses from, and what each gives."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

import msgspec

from navlayers._text import listed, nearest, shown
from navlayers.errors import InputError, Place, Problem, UsageError
from navlayers.mapping.find import STDIN
from navlayers.mapping.formats.source import MAX_BYTES, Source, as_text, load
from navlayers.scoring.coverage import coverage_of
from navlayers.scoring.options import ScoreOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from navlayers.analysis.inputs import InputSet
    from navlayers.mapping.model import Category
    from navlayers.scoring.coverage import Coverage


Measure = Literal["score", "covered"]

FULL = 100.0
"""What a bare relation of an unscored set is worth, unless `worth` says otherwise."""


class Candidate(msgspec.Struct, frozen=True):
    """A capability that may be chosen.

    `id` is that of the capability, behind its set's name and a colon where there are several sets. `gives`:
    technique id → the best score 0–100 that it gives, by id; None where it is mapped without a score.
    """

    id: str
    set: str
    capability: str
    name: str
    gives: dict[str, float | None]


class Level(msgspec.Struct, frozen=True):
    """A part of a technique's score: what it is worth, and the ids of the candidates that give at least as much."""

    technique: str
    worth: Fraction
    givers: tuple[str, ...]


def score_inputs(together: InputSet, scoring: ScoreOptions) -> tuple[Coverage, ...]:
    """What each input gives; a relation of an unscored set is worth 100 unless the options say otherwise.

    Layers of counts are unscored, too: how many capabilities there are says nothing of how well they cover.

    Raises:
        UsageError: the options do not fit an input.
    """
    found = []
    for one in together.inputs:
        worth = FULL if scoring.worth is None and not one.set.scored else scoring.worth
        found.append(coverage_of(one, ScoreOptions(scale=scoring.scale, worth=worth)))
    return tuple(found)


def candidates_of(
    inputs: Sequence[Coverage], category: Category | None, min_score: float, measure: Measure
) -> tuple[Candidate, ...]:
    """Every capability that has a mapping, by id.

    Scores below `min_score` do not count. Mappings without a score count where it is `covered` that is measured and
    no least score is asked for.

    Raises:
        UsageError: no input has a mapping that counts.
    """
    bare = measure == "covered" and not min_score
    found = []
    for one in inputs:
        names = {capability.id: capability.name for capability in one.set.capabilities}
        gives: dict[str, dict[str, float | None]] = {mapping.capability: {} for mapping in one.set.mappings}
        for technique, entry in sorted(one.scored.scores.items()):
            for named, contributions in entry.contributions.items():
                if category is not None and named != category:
                    continue
                for given in contributions:
                    if given.score is None:
                        if bare:
                            gives[given.capability].setdefault(technique, None)
                    elif given.score > 0 and given.score >= min_score:
                        best = gives[given.capability].get(technique)
                        gives[given.capability][technique] = max(best or 0, given.score)
        found += [
            Candidate(
                f"{one.name}:{capability}" if len(inputs) > 1 else capability,
                one.name,
                capability,
                names.get(capability, capability),
                given,
            )
            for capability, given in gives.items()
        ]
    if not any(candidate.gives for candidate in found):
        raise UsageError(_nothing(inputs, category, min_score))
    return tuple(sorted(found, key=lambda candidate: candidate.id))


def _nothing(inputs: Sequence[Coverage], category: str | None, min_score: float) -> Problem:
    sets = inputs[0].name if len(inputs) == 1 else "the sets"
    if not any(one.set.mappings for one in inputs):
        return Problem(f"{sets} {'has' if len(inputs) == 1 else 'have'} no mappings, so there is nothing to choose")
    hint = "navlayers stats counts what there is"
    if category is not None:
        there = sorted({c for one in inputs for c in one.categories})
        hint = f"there is {', '.join(there)}" if there else "the mappings name no category"
        return Problem(f"no capability gives a score in the category {category}", hint=hint)
    if min_score:
        return Problem(f"no capability gives a score of {min_score:g} or more", hint=hint)
    return Problem("no capability gives a score", hint="--worth gives a mapping without a value one")


def levels_of(
    candidates: Iterable[Candidate], measure: Measure, weights: Mapping[str, Fraction] | None
) -> tuple[Level, ...]:
    """What there is to cover, by technique and then score, lowest first.

    A technique's best score among the chosen is the sum of its levels that they give, so that the weighted sum of
    what is covered is that of the scores. `weights`: technique id → weight, 0 where it is missing; None: 1 each.
    """
    given: dict[str, list[tuple[float | None, str]]] = {}
    for candidate in candidates:
        for technique, score in candidate.gives.items():
            given.setdefault(technique, []).append((score, candidate.id))
    found = []
    for technique in sorted(given):
        weight = Fraction(1) if weights is None else weights.get(technique, Fraction(0))
        if not weight:
            continue
        if measure == "covered":
            found.append(Level(technique, weight, tuple(sorted(i for _, i in given[technique]))))
            continue
        before = Fraction(0)
        for score in sorted({score for score, _ in given[technique] if score is not None}):
            exactly = Fraction(str(score))
            givers = tuple(sorted(i for other, i in given[technique] if other is not None and other >= score))
            found.append(Level(technique, weight * (exactly - before) / 100, givers))
            before = exactly
    return tuple(found)


_PARTS = re.compile(r"[0-9]+|[^\W\d_]+")
FILE = "@"
COMMENT = "#"


class Directory:
    """Finds candidates by their ids and names."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self._candidates = candidates
        self._several = len({candidate.set for candidate in candidates}) > 1
        self._ways = [self._by(str), self._by(_folded), self._by(_loose)]

    def _by(self, key: Callable[[str], str]) -> tuple[Callable[[str], str], list[dict[str, list[Candidate]]]]:
        """A way to compare texts, and the candidates by their ids with the set, their ids, and their names."""
        found: list[dict[str, list[Candidate]]] = [{}, {}, {}]
        for one in self._candidates:
            for of, text in zip(found, (f"{one.set}:{one.capability}", one.capability, one.name), strict=True):
                of.setdefault(key(text), []).append(one)
        return key, found

    def find(self, text: str) -> list[Candidate]:
        """The candidates that a word means, by the closest way of writing that finds any; several bear one name."""
        for key, ways in self._ways:
            wanted = key(text.strip())
            for found in ways:
                if wanted and wanted in found:
                    return found[wanted]
        return []

    def one(self, text: str, what: str, place: Place | None = None) -> Candidate | Problem:
        """The candidate that a word means, or what is wrong with it; `what` begins the message."""
        found = self.find(text)
        if len(found) == 1:
            return found[0]
        if found:
            ids = [candidate.id for candidate in found]
            message = f"{what}{shown(text)} means {len(found)} capabilities: {listed(ids)}"
            return Problem(message, place, hint=f"write {ids[0]}")
        words = {c.id: c for c in self._candidates} | {c.capability: c for c in self._candidates}
        names = {c.name: c for c in self._candidates}
        hint = nearest(text, words) or nearest(text, names)
        expected = "SET:ID, the id or the name of one" if self._several else "the id or the name of one"
        return Problem(f"{what}no capability {shown(text)}", place, expected, hint)


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _loose(text: str) -> str:
    """The letters and numbers of a text: "ac 2" of both "AC-02" and "ac_2"."""
    return " ".join(part.lstrip("0") or "0" for part in _PARTS.findall(text.casefold()))


def named(texts: Iterable[str], directory: Directory, option: str) -> tuple[str, ...]:
    """The ids of the candidates that an option names, sorted.

    Each text is a name, several joined by commas, or `@FILE` with one in a line.

    Raises:
        UsageError: a name means no candidate, or several.
        InputError: a file cannot be read, or has such names.
    """
    found: set[str] = set()
    problems: list[Problem] = []
    for text in texts:
        if text.startswith(FILE):
            words = _in_file(text.removeprefix(FILE), option)
        elif directory.find(text):
            words = [(text, None)]  # a comma may be part of a name
        else:
            words = [(word.strip(), None) for word in text.split(",") if word.strip()]
            if not words:
                problems.append(Problem(f"{option} is empty", expected="ids or names, joined by commas"))
        for word, place in words:
            one = directory.one(word, "" if place else f"{option}: ", place)
            if isinstance(one, Problem):
                problems.append(one)
            else:
                found.add(one.id)
    if problems:
        raise (InputError if all(problem.place for problem in problems) else UsageError)(problems)
    return tuple(sorted(found))


def _in_file(path: str, option: str) -> list[tuple[str, Place | None]]:
    if not path:
        raise UsageError(Problem(f"{option}: {FILE} names no file", expected=f"{FILE}FILE with one id in a line"))
    text = as_text(read_file(path, option, "a list of ids or names, one in a line")).data.decode()
    lines = [(line.strip(), Place(path, number, 1)) for number, line in enumerate(text.splitlines(), 1)]
    return [(line, place) for line, place in lines if line and not line.startswith(COMMENT)]


_SETS = "mapping set"


def read_file(path: str, option: str, what: str) -> Source:
    """The bytes of a file that an option names; `what` it should hold.

    Raises:
        InputError: it cannot be read, or is empty.
        UsageError: it is standard input.
    """
    if path == STDIN:
        message = f"{option} does not read standard input"
        raise UsageError(Problem(message, expected=f"a file that holds {what}", hint="only sets and threats do"))
    try:
        return load(path, None, MAX_BYTES)
    except InputError as error:
        raise InputError(_about(problem, what) for problem in error.problems) from None


def _about(problem: Problem, what: str) -> Problem:
    """The problem in words of this file: what is said of sets does not help."""
    expected = f"a file that holds {what}" if _SETS in problem.expected else problem.expected
    near = problem.hint if problem.hint.startswith(("did you mean", "the folder", "check")) else ""
    return msgspec.structs.replace(problem, expected=expected, hint=near)
