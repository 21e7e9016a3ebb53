"""Checking inputs: what their readers say, and on top of that what the rules find."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from navlayers.checks.codes import Level, codes, unknown_code
from navlayers.checks.finding import Checked, Edit, Finding, Report, finding
from navlayers.checks.rules import RULES
from navlayers.checks.rules.techniques import malformed
from navlayers.checks.subject import Subject
from navlayers.checks.texts import Texts
from navlayers.errors import InputError, OtherFileError, Place, UsageError
from navlayers.mapping import formats as readers
from navlayers.mapping.find import STDIN
from navlayers.mapping.formats import Findings, ReadOptions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from navlayers.errors import Problem
    from navlayers.mapping.find import Source

MOST = 5_000
"""So many errors, and so many notices, of one reader are told one by one."""

_DEFAULT = ReadOptions()
TABLES = frozenset({"csv"})
"""Formats whose text is a table with delimiters."""

_FOLLOWING = frozenset(
    {"no-technique", "no-capability", "lost-capability", "empty-row", "capability-without-mapping"}
)
"""What is only so because a value before it could not be read."""


def check(
    sources: Iterable[Source],
    *,
    attack_version: str | None = None,
    reading: ReadOptions = _DEFAULT,
    ignore: Collection[str] = (),
    select: Collection[str] = (),
) -> Report:
    """Find what is wrong in mapping sets.

    Args:
        sources: the inputs, as `navlayers.mapping.find.resolve` gives them.
        attack_version: the ATT&CK release to check against instead of the one that each set was made for.
        reading: how to read the inputs.
        ignore: codes whose findings are left out.
        select: codes whose findings alone are given; all when empty.

    Raises:
        UsageError: a code is none, or the options of reading make no sense.
    """
    for code in (*ignore, *select):
        require_code(code)
    found: list[Finding] = []
    checked: list[Checked] = []
    passed_over: list[Problem] = []
    for source in sources:
        path = STDIN if str(source.path) == STDIN else str(source.path)
        try:
            format_, findings = _one(path, source.data, attack_version, reading)
        except OtherFileError as error:
            if source.origin == "folder":
                passed_over.append(error.problems[0])
                continue
            format_, findings = "", [_told(problem, fatal=True) for problem in error.problems]
        checked.append(Checked(path, format_, source.origin))
        found += findings
    kept = (f for f in found if f.code not in ignore and (not select or f.code in select))
    return Report(
        tuple(sorted(_merged(kept), key=lambda f: (f.place, f.code, f.message))), tuple(checked), tuple(passed_over)
    )


def require_code(code: str) -> None:
    """Raise a `UsageError` where a code is none."""
    if code not in codes():
        raise UsageError(unknown_code(code))


def _one(
    path: str, data: bytes | None, attack_version: str | None, options: ReadOptions
) -> tuple[str, list[Finding]]:
    said = Findings(MOST, lenient=True)
    try:
        read = readers.read(path, data=data, reading=options, findings=said)
    except OtherFileError:
        raise
    except InputError as error:
        problems = dict.fromkeys((*error.problems, *said.errors()))
        told = [_told(problem, fatal=True) for problem in problems]
        return "", [*told, *(_told(notice, fatal=False) for notice in said.notices())]
    tables = {path} if read.format in TABLES else set()
    subject = Subject(read, Texts({path: data}, tables), attack_version)
    errors = [_enriched(_told(problem, fatal=True), subject) for problem in said.errors()]
    notices = [_mendable(_told(problem, fatal=False), subject) for problem in said.notices()]
    spoilt = {error.place for error in errors}
    findings = [*errors, *(n for n in notices if not (n.code in _FOLLOWING and n.place in spoilt))]
    if subject.doubt is not None:
        doubt = subject.doubt
        place = read.place_of("attack_version")
        findings.append(finding("release-not-at-hand", place, doubt.message, doubt.expected, doubt.hint))
    for rule in RULES:
        findings += (f for f in rule(subject) if f.place not in spoilt and not (errors and f.code in _FOLLOWING))
    return read.format, findings


def _told(problem: Problem, *, fatal: bool) -> Finding:
    """What a reader said as a finding."""
    code = problem.code if problem.code in codes() else "wrong-shape" if fatal else "not-carried"
    place = problem.place or Place("")
    level: Level = "error" if fatal else "note" if codes()[code].level == "note" else "warning"
    return Finding(code, level, place, problem.message, problem.expected, problem.hint)


def _enriched(error: Finding, subject: Subject) -> Finding:
    """A malformed id with the name of the technique that is meant."""
    if error.code != "malformed-technique" or not error.hint:
        return error
    meant = malformed(subject, error.hint)
    return msgspec.structs.replace(error, hint=meant or "no technique of the release is nearly called so")


def _mendable(notice: Finding, subject: Subject) -> Finding:
    """A notice with its fix, where there is one right answer."""
    text = subject.texts.of(notice.place.path) if notice.code == "blanks" else None
    if text is None:
        return notice
    clean = text.blanks(notice.place)
    return msgspec.structs.replace(notice, fix=(Edit(notice.place, clean, clean),)) if clean else notice


def _merged(findings: Iterable[Finding]) -> Sequence[Finding]:
    """Each finding once at its place, with the edits of all of its kind there."""
    found: dict[tuple[str, Place, str], Finding] = {}
    for one in findings:
        key = (one.code, one.place, "" if one.code == "capability-without-mapping" else one.message)
        twin = found.get(key)
        if twin is None:
            found[key] = one
        elif one.fix and twin.fix != one.fix:
            found[key] = msgspec.structs.replace(twin, fix=tuple(dict.fromkeys((*twin.fix, *one.fix))))
    spoken = {(f.code, f.place): f for f in found.values() if f.code in {"undeclared-type", "undeclared-group"}}
    return [f for f in found.values() if (f.code, f.place) not in spoken or spoken[f.code, f.place] is f]
