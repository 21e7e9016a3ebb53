"""Errors and notices of a file while it is read."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers._text.wording import and_list, quantity, quoted
from navlayers.errors import InputError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

LIMIT = 1_000
"""Maximum errors, and maximum notices, kept per file; further ones are only counted."""

MOST_HINTS = 200
"""Maximum problems of a code with hints that take time: more would take longer than the file."""

MOST_ERRORS = 20_000
"""Errors after which reading ends, unless it leaves out what has them: the file is of another kind, or hostile."""

INPUT = "<input>"
"""What stands for the path of the input, as a shell takes it, in the hint of an issue."""

FIRST_FILE = "`navlayers init` writes a first file"
"""The hint for a file of unknown shape."""

REPEATED_RULE = "repeated-rule"
"""The code of the notice of a rule with the id of another one."""

_SHOWN = 4
"""Spellings that the notice about all of them shows."""

_SUMMARIES = {
    REPEATED_RULE: (_SHOWN, "{} rules have the id of another rule, and are read under ids of their own"),
    "capability-without-mapping": (1, "{} capabilities have no techniques"),
}
"""Code of notices that are one in a summary → how many are not, and the message of all of them."""

_LISTED = 3
"""Maximum errors named in the notice of what was left out."""

_PARTS = {name: (name, plural) for name, plural in (("row", "rows"), ("entry", "entries"), ("rule", "rules"))}


class Issue(NamedTuple):
    """A problem without its place.

    Attributes:
        message, expected: as in `Problem`.
        hint: a function where it takes time to find, which is called for the first `MOST_HINTS` problems of a code.
        fatal: it is an error, not a notice.
        code: a key of checks/codes.toml.
        spelling: as in `Spelling`; an error has the id that is probably meant.
        assumed: as in `Assumed`.
        advice: words the hint for all issues of a file that share it. The first of them that has no other hint has
            it, so that it is told once, when all of them are known.
    """

    message: str
    expected: str = ""
    hint: str | Callable[[], str] = ""
    fatal: bool = True
    code: str = ""
    spelling: tuple[str, str] | None = None
    assumed: tuple[str, ...] = ()
    advice: Callable[[], str] | None = None


class Spelling(Problem, frozen=True, kw_only=True):
    """A problem with the spelling of an id: the text at the place, and its right or probable spelling."""

    spelling: tuple[str, str]


class Assumed(Problem, frozen=True, kw_only=True):
    """The notice of metadata that the input lacks, by names of `METADATA`."""

    assumed: tuple[str, ...]


class LeftOut(Problem, frozen=True):
    """The notice of the parts with errors that a lenient reading left out."""


def with_path(hint: str, place: Place | None) -> str:
    """A hint with the path of the input in its command; `check --fix` does not change workbooks."""
    if INPUT not in hint:
        return hint
    if place and place.path.lower().endswith((".xlsx", ".xlsm")) and "--fix" in hint:
        return "correct it in the workbook"
    import shlex  # noqa: PLC0415 - for few hints

    return hint.replace(INPUT, shlex.quote(place.path if place else "FILE"))


def duplicate_key(key: str, first: Place) -> Issue:
    """The error for a key that an object or mapping has already, at the place `first`."""
    message = f"duplicate key {quoted(key)}, first in {first.position}"
    return Issue(message, "each key once", "merge them, or remove one", code="duplicate-key")


class Findings:
    """Errors and notices of one file in the order found; places are computed only for those that are kept.

    `lenient`: reading goes on after errors, which a check needs, up to `MOST_ERRORS`. `leave_out`: parts with
    errors, such as a row, are left out; other errors end the reading.
    """

    def __init__(self, limit: int = LIMIT, *, lenient: bool = False, leave_out: bool = False) -> None:
        self._limit = limit
        self._lenient = lenient
        self.leaves_out = leave_out
        self._errors_left_out: list[Problem] = []
        self._parts: defaultdict[str, int] = defaultdict(int)
        self._kept: dict[bool, list[Problem]] = {True: [], False: []}
        self._known: dict[bool, set[Problem]] = {True: set(), False: set()}
        self._count = {True: 0, False: 0}
        self._notice_codes: set[str] = set()
        self._spellings = 0
        self._code_counts: defaultdict[str, int] = defaultdict(int)
        self._advice: dict[Problem, Callable[[], str]] = {}
        self._hints_sought: defaultdict[str, int] = defaultdict(int)

    def add(self, issue: Issue | Callable[[], Issue], place: Place | Callable[[], Place]) -> None:
        """Keep the issue with its place, or only count it when there are many already.

        An issue that takes time to word is given as a function; it is an error.

        Raises:
            InputError: there are too many errors to go on.
        """
        fatal = issue.fatal if isinstance(issue, Issue) else True
        kept = self._kept[fatal]
        if isinstance(issue, Issue) and issue.spelling is not None and not fatal:
            self._spellings += 1
            if len(kept) >= self._limit:
                return
        if isinstance(issue, Issue) and issue.code in _SUMMARIES and not fatal:
            self._code_counts[issue.code] += 1
            shown = issue.code in self._notice_codes
            if shown and len(kept) >= self._limit and not self._lenient:
                return
        self._count[fatal] += 1
        if fatal and self._count[True] == MOST_ERRORS and not self.leaves_out:
            raise InputError(self.errors())
        if len(kept) + (len(self._errors_left_out) if fatal else 0) >= self._limit:
            return
        worded = issue if isinstance(issue, Issue) else issue()
        where = place if isinstance(place, Place) else place()
        hint = worded.hint if isinstance(worded.hint, str) else self._sought(worded.code, worded.hint)
        hint = with_path(hint, where)
        parts = (worded.message, where, worded.expected, hint)
        problem = Problem(*parts, code=worded.code)
        if worded.spelling is not None:
            problem = Spelling(*parts, code=worded.code, spelling=worded.spelling)
        elif worded.assumed:
            problem = Assumed(*parts, code=worded.code, assumed=worded.assumed)
        if worded.advice is not None and not hint:
            self._advice[problem] = worded.advice
        # Aliases and shared parts of YAML files bring a reader to the same value again.
        if problem in self._known[fatal]:
            self._count[fatal] -= 1
            self._spellings -= isinstance(problem, Spelling) and not fatal
            self._code_counts[worded.code] -= not fatal
        else:
            kept.append(problem)
            self._known[fatal].add(problem)
            if not fatal:
                self._notice_codes.add(worded.code)

    def _sought(self, code: str, hint: Callable[[], str]) -> str:
        """A hint that takes time to find; "" for those after the first `MOST_HINTS` of a code."""
        self._hints_sought[code] += 1
        return hint() if self._hints_sought[code] <= MOST_HINTS else ""

    @property
    def mark(self) -> tuple[int, int]:
        """The errors so far, for `left_out`."""
        return len(self._kept[True]), self._count[True]

    def left_out(self, mark: tuple[int, int], part: str, count: int = 1) -> bool:
        """Whether to leave out a part of the input, such as a "row", for the errors since the mark.

        `count` is the number of parts with these errors, which then no longer end the reading.
        """
        if not self.leaves_out or self._count[True] == mark[1]:
            return False
        self._known[True].difference_update(self._kept[True][mark[0] :])
        self._errors_left_out += self._kept[True][mark[0] :]
        del self._kept[True][mark[0] :]
        self._count[True] = mark[1]
        self._parts[part] += count
        return True

    @property
    def count(self) -> int:
        """The number of errors."""
        return self._count[True]

    @property
    def failed(self) -> bool:
        """Whether there are errors."""
        return self._count[True] > 0

    def notices(self) -> tuple[Problem, ...]:
        """The notices, in file order, after the one of what was left out."""
        return (*self._notice_of_parts(), *self._listed(fatal=False))

    def refuse_empty(self) -> None:
        """Raise an `InputError` with the errors of what was left out."""
        if self._errors_left_out:
            raise InputError(self._in_order(self._errors_left_out))

    def _notice_of_parts(self) -> Iterator[Problem]:
        errors = sorted(self._errors_left_out, key=_place)
        if errors:
            parts = and_list([quantity(count, *_PARTS[part]) for part, count in sorted(self._parts.items())])
            listed = [f"line {e.place.line}: {e.message}" if e.place else e.message for e in errors[:_LISTED]]
            more = [f"{len(errors) - _LISTED:,} more"] if len(errors) > _LISTED else []
            place = errors[0].place
            message = f"left out {parts} with errors: {'; '.join([*listed, *more])}"
            yield LeftOut(message, place, hint=with_path(f"`navlayers check {INPUT}` lists all of them", place))

    def summary(self) -> tuple[Problem, ...]:
        """The notices, in file order; those about spellings are one, and so are many of some codes."""
        notices = self.notices()
        for code, (most, message) in _SUMMARIES.items():
            if (count := self._code_counts[code]) > most and (same := [n for n in notices if n.code == code]):
                hint = with_path(f"`navlayers check {INPUT}` lists them", same[0].place)
                first = Problem(message.format(f"{count:,}"), same[0].place, hint=hint, count=count, code=code)
                rest = [notice for notice in notices if notice.code != code]
                notices = tuple(sorted([*rest, first], key=_place))
        spelled = [notice for notice in notices if isinstance(notice, Spelling)]
        if len(spelled) < 2:
            return notices
        rest = [notice for notice in notices if not isinstance(notice, Spelling)]
        pairs = [f"{quoted(old)} as {new}" for old, new in dict.fromkeys(notice.spelling for notice in spelled)]
        more = f" and {len(pairs) - _SHOWN} more" if len(pairs) > _SHOWN else ""
        message = f"read {self._spellings:,} technique ids in other spellings: {', '.join(pairs[:_SHOWN])}{more}"
        first = spelled[0]
        together = Problem(message, first.place, "", first.hint, self._spellings, first.code)
        return tuple(sorted([*rest, together], key=_place))

    def errors(self) -> tuple[Problem, ...]:
        """The errors, in file order."""
        return self._listed(fatal=True)

    def raise_errors(self) -> None:
        """Raise an `InputError` with every error found; do nothing if there are none, or if reading goes on."""
        if self.failed and not self._lenient:
            raise InputError(self.errors())

    def _in_order(self, problems: Iterable[Problem]) -> Iterator[Problem]:
        """Problems in file order, with each advice in the first that it is for."""
        told: set[Callable[[], str]] = set()
        for problem in sorted(problems, key=_place):
            advice = self._advice.get(problem)
            if advice is None or advice in told:
                yield problem
            else:
                told.add(advice)
                yield msgspec.structs.replace(problem, hint=advice())

    def _listed(self, *, fatal: bool) -> tuple[Problem, ...]:
        listed = [*self._in_order(self._kept[fatal])]
        more = self._count[fatal] - len(listed)
        if more:
            what = "problem" if fatal else "notice"
            path = Place(listed[0].place.path) if listed[0].place else None
            least = "at least " if fatal and self._count[fatal] == MOST_ERRORS else ""
            listed.append(Problem(f"… and {least}{more:,} more {what}{'s' if more > 1 else ''}", path, count=more))
        return tuple(listed)


def _place(problem: Problem) -> Place:
    return problem.place or Place("")
