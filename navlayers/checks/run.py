"""The run of a check: the findings of the readers, then those of the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec

from navlayers.attack import Scope
from navlayers.attack.ids import suggestion
from navlayers.checks.finding import CheckedInput, Edit, Finding, Level, Report, codes, finding, require_code
from navlayers.checks.rules import RULES
from navlayers.checks.source_text import Texts
from navlayers.checks.subject import Subject
from navlayers.errors import InputError, OtherFileError, Place, UsageError
from navlayers.mapping import find
from navlayers.mapping import formats as readers
from navlayers.mapping.find import STDIN, part_options
from navlayers.mapping.formats import Findings, ReadOptions
from navlayers.mapping.formats.findings import Spelling
from navlayers.mapping.trust import Trust, trust_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from navlayers.errors import Problem
    from navlayers.mapping.find import Source
    from navlayers.mapping.formats import Reading

MOST = 5_000
"""Maximum number of errors, and of notices, that one reader reports individually."""

TABLES = frozenset({"csv"})
"""Formats whose text is a table with delimiters."""

KEPT = frozenset({"shipped", "git"})
"""Origins of inputs that are never changed."""

_FOLLOWING = frozenset(
    {"no-technique", "no-capability", "lost-capability", "empty-row", "capability-without-mapping"}
)
"""Codes that follow from another error in the same row."""


Readings: TypeAlias = "dict[tuple[str, str], tuple[Reading, Findings]]"
"""Path of an input, and domain of a part of a table → its reading, with what the reader found."""


def check(
    sources: Iterable[Source],
    *,
    attack_version: str | None = None,
    reading: ReadOptions = ReadOptions(),
    ignore: Collection[str] = (),
    select: Collection[str] = (),
    as_of: str = "",
    max_age: int | None = None,
    readings: Readings | None = None,
) -> Report:
    """The findings of mapping sets.

    Args:
        sources: the inputs, as `navlayers.mapping.find.resolve` gives them.
        attack_version: the ATT&CK release to check against; None for the release of each set.
        reading: how to read the inputs.
        ignore: codes of findings to leave out.
        select: the only codes to report; empty for all.
        as_of: the day of the check, such as "2026-01-31"; "": no evidence is too new or too old.
        max_age: evidence that is older than this many days is reported; None for none.
        readings: takes the readings; those that it has are not made again.

    Raises:
        UsageError: a code is unknown, or the reading options are invalid.
    """
    for code in (*ignore, *select):
        require_code(code)
    trust = trust_of(Scope(max_age=max_age, as_of=as_of))
    every: list[Finding] = []
    inputs: list[CheckedInput] = []
    skipped: list[Problem] = []
    idle: list[tuple[readers.Idle, ...]] = []
    foreign = False
    readers.check_options(reading)
    sources = list(sources)
    find.refuse_in_memory(sources)
    find.refuse_parts(sources, "check")
    for source in sources:
        path = STDIN if str(source.path) == STDIN else str(source.path)
        try:
            options = part_options(source, reading)
            read, findings = _findings_of(path, source.data, options, (attack_version, as_of, trust), readings)
        except UsageError as error:
            raise UsageError(problem.at(Place(path)) for problem in error.problems) from None
        except OtherFileError as error:
            if source.origin == "folder":
                skipped.append(find.skipped(error.problems[0]))
                continue
            read, findings = None, [_as_finding(problem, fatal=True) for problem in error.problems]
            foreign |= all(problem.code == "wrong-shape" for problem in error.problems)
        part = options if source.parts else None
        inputs.append(CheckedInput(path, read.format if read else "", source.origin, part))
        if read is not None and not any(each.level == "error" for each in findings):
            idle.append(readers.without_effect(source.name, reading, read.format, read.mapping_set))
        every += findings
    kept = (f for f in every if f.code not in ignore and (not select or f.code in select))
    texts = texts_of(inputs, {str(source.path): source.data for source in sources})
    owners = [each for each in inputs if each.origin not in KEPT]
    every = [_with_possible_fix(each, owners, texts) if each.fix else each for each in _merged(kept)]
    # By the parts of the place: places are compared more slowly.
    every.sort(key=lambda f: (f.place.path, f.place.line, f.place.column, f.code, f.message))
    return Report(tuple(every), tuple(inputs), tuple(skipped), tuple(readers.idle_options(idle)), foreign)


def texts_of(inputs: Iterable[CheckedInput], data: Mapping[str, bytes | None]) -> Texts:
    """The texts of inputs; `data` holds the content of those that are not files."""
    return Texts(data, [each.path for each in inputs if each.format in TABLES])


def _with_possible_fix(found: Finding, owners: Iterable[CheckedInput], texts: Texts) -> Finding:
    """A finding without its edits if they are not ones of a text, or the input is never changed."""
    path = found.place.path
    text = texts.get(path) if any(path.startswith(each.path) for each in owners) else None
    return found if text and all(map(text.takes, found.fix)) else msgspec.structs.replace(found, fix=())


def _findings_of(
    path: str,
    data: bytes | None,
    options: ReadOptions,
    against: tuple[str | None, str, Trust],
    readings: Readings | None,
) -> tuple[Reading | None, list[Finding]]:
    reader = Findings(MOST, lenient=True)
    try:
        if readings is None:
            read = readers.read(path, data=data, reading=options, findings=reader)
        else:
            if (key := reading_key(path, options)) not in readings:
                readings[key] = readers.read(path, data=data, reading=options, findings=reader), reader
            read, reader = readings[key]
    except OtherFileError:
        raise
    except InputError as error:
        problems = dict.fromkeys((*error.problems, *reader.errors()))
        errors = [_as_finding(problem, fatal=True) for problem in problems]
        return None, [*errors, *(_as_finding(notice, fatal=False) for notice in reader.notices())]
    tables = {path} if read.format in TABLES else set()
    subject = Subject(read, Texts({path: data}, tables), *against)
    errors = [_with_technique(problem, subject) for problem in reader.errors()]
    notices = [_with_fix(problem, subject) for problem in reader.notices()]
    invalid = {error.place for error in errors}
    findings = [*errors, *(n for n in notices if not (n.code in _FOLLOWING and n.place in invalid))]
    if subject.release_problem is not None:
        problem = subject.release_problem
        place = read.place_of("attack_version")
        findings.append(finding("release-not-installed", place, problem.message, problem.expected, problem.hint))
    for rule in RULES:
        found = rule(subject)
        findings += (f for f in found if f.place not in invalid and f.code not in _FOLLOWING) if errors else found
    return read, findings


def reading_key(path: str, options: ReadOptions) -> tuple[str, str]:
    """The key of a reading in `Readings`."""
    return path, options.metadata.get("domain", "")


def _as_finding(problem: Problem, *, fatal: bool) -> Finding:
    """A problem of a reader as a finding."""
    code = problem.code if problem.code in codes() else "wrong-shape" if fatal else "not-carried"
    place = problem.place or Place("")
    level: Level = "error" if fatal else "note" if codes()[code].level == "note" else "warning"
    return Finding(code, level, place, problem.message, problem.expected, problem.hint)


def _with_technique(problem: Problem, subject: Subject) -> Finding:
    """An error as a finding; that of a malformed id suggests techniques of the release."""
    error = _as_finding(problem, fatal=True)
    if not isinstance(problem, Spelling) or subject.catalogue is None:
        return error
    near = suggestion(problem.spelling[1], subject.catalogue)
    return msgspec.structs.replace(error, hint=near or "the release has no technique with a similar id")


def _with_fix(problem: Problem, subject: Subject) -> Finding:
    """A notice as a finding; one about a spelling or spaces has the edit that corrects it."""
    notice = _as_finding(problem, fatal=False)
    if isinstance(problem, Spelling):
        return msgspec.structs.replace(notice, fix=(Edit(notice.place, *problem.spelling),))
    text = subject.texts.get(notice.place.path) if notice.code == "id-spaces" else None
    if text is None:
        return notice
    clean = text.stripped(notice.place)
    return msgspec.structs.replace(notice, fix=(Edit(notice.place, clean, clean),)) if clean else notice


def _merged(findings: Iterable[Finding]) -> Sequence[Finding]:
    """Each finding once per place, with the edits of its duplicates."""
    unique: dict[tuple[str, Place, str], Finding] = {}
    for item in findings:
        key = (item.code, item.place, "" if item.code == "capability-without-mapping" else item.message)
        first = unique.get(key)
        if first is None:
            unique[key] = item
        elif item.fix and first.fix != item.fix:
            unique[key] = msgspec.structs.replace(first, fix=tuple(dict.fromkeys((*first.fix, *item.fix))))
    # Reader and rule both report undeclared groups and types; the rule's finding, the later one, has the fix.
    last = {(f.code, f.place): f for f in unique.values() if f.code in {"undeclared-type", "undeclared-group"}}
    return [f for f in unique.values() if not last or last.get((f.code, f.place), f) is f]
