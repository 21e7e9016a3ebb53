"""What the words of `--have`, `--exclude` and a table of costs mean: candidates by id or name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from navlayers._text import listed, nearest, shown
from navlayers.analysis.plan.files import read_file
from navlayers.errors import InputError, Place, Problem, UsageError
from navlayers.mapping.formats.source import as_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from navlayers.analysis.plan.candidates import Candidate

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
