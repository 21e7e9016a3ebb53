"""Outcomes of tests: what ran, when, and whether it was noticed. docs/evidence.md has the formats and the words."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from navlayers._text.dates import iso_day, wrong_day
from navlayers._text.wording import or_list, quantity, quoted
from navlayers.errors import InputError, Place, Problem
from navlayers.mapping.formats import value_rules
from navlayers.mapping.formats.context import Context, ReadOptions
from navlayers.mapping.formats.findings import Findings, Issue
from navlayers.mapping.formats.source import as_text, load
from navlayers.mapping.formats.table import open_grids, technique_sheets
from navlayers.mapping.formats.table_columns import check_names, misspelled_field
from navlayers.mapping.model import SEGMENT_FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from navlayers.attack import Catalogue
    from navlayers.mapping.formats.source import Source
    from navlayers.mapping.formats.table import Sheet

    Where = Place | Callable[[], Place]

Format = Literal["atomic", "attire", "caldera", "vectr", "openaev", "table"]
FORMATS: tuple[Format, ...] = get_args(Format)
_TABLES: tuple[Format, ...] = ("atomic", "vectr", "table")

Result = Literal["blocked", "detected", "logged", "missed", "not blocked", "ran", "failed", "open"]
"""What became of a test. "missed": nobody noticed; "ran": the log does not say; "failed": it did not run."""

_SYNONYMS: dict[Result, str] = {
    "blocked": "blocked prevented quarantined denied",
    "detected": "detected alerted alert alarm detection passed pass yes true validated",
    "logged": "logged log telemetry recorded",
    "missed": "none missed miss undetected unnoticed notdetected notalerted notlogged nodetection noalert failed "
    "fail no false bypassed notseen nothing",
    "not blocked": "notblocked notprevented unblocked",
    "ran": "executed ran run complete completed done",
    "failed": "error aborted abandoned skipped notrun notexecuted timeout discarded",
    "open": "tbd pending unknown notperformed planned inprogress na notapplicable waiting",
}
# "Success" is left out: of the attack, or of its detection?
_RESULTS: dict[str, Result] = {word: result for result, words in _SYNONYMS.items() for word in words.split()}

_POSITIVE: frozenset[Result] = frozenset({"blocked", "detected", "logged"})
_DENIALS = frozenset({"0", "no", "not", "never", "without", "suppressed", "disabled", "ignored"})
"""Words beside a result that may say the opposite of it."""

_OUTCOME = ("outcome", "result", "results", "detection", "detected", "verdict", "status")
_DATE = ("date", "day", "utc", "start", "run", "executed", "time", "timestamp", "when")
_CAPABILITY = ("capability", "control", "rule", "detector", "analytic", "signature")
_NAME = ("test", "name", "title", "procedure", "case")
_NOTE = ("note", "notes", "comment", "comments")
_EXIT = ("exitcode",)
"""Words in the headers of columns, the surest first."""


class Outcome(NamedTuple):
    """One run of a test.

    Attributes:
        technique: the id that it names.
        result: what became of it.
        test: its id or name, which is the same for each of its runs; "" for none.
        date: the day, such as "2026-01-31"; "" if unknown.
        capability: the capability that the result is of, by id or name; "" for any.
        note: free text.
        time: the time of the day, such as "09:12:13"; "" if unknown.
    """

    technique: str
    result: Result
    test: str
    date: str
    capability: str
    note: str
    time: str = ""


class Outcomes(NamedTuple):
    """The outcomes of a file, its format, and notices."""

    outcomes: tuple[Outcome, ...]
    format: Format
    notices: tuple[Problem, ...]


def read(
    path: str,
    reading: ReadOptions = ReadOptions(),
    format_: Format | None = None,
    data: bytes | None = None,
    release: Callable[[], Catalogue] | None = None,
) -> Outcomes:
    """The outcomes of a file.

    Args:
        path: the file, or its name in messages where `data` is given.
        reading: its columns and maximum size.
        format_: its format; None: the content decides.
        data: the content, for input that is not a file.
        release: gives the release in which names of techniques are looked up; None: they are errors.

    Raises:
        InputError: it cannot be read, has no outcomes, or is wrong in the places listed.
    """
    findings = Findings(leave_out=reading.lenient)
    source = load(path, data, reading.max_bytes)
    reader = Reader(findings, release)
    if _is_json(source):
        from navlayers.mapping.outcome_logs import read_log  # noqa: PLC0415 - it imports this module

        known = read_log(as_text(source), reader, format_)
    elif format_ not in (None, *_TABLES):
        raise InputError(
            Problem("this is not JSON", Place(path), f"a log for {format_}", "leave out --results-format")
        )
    else:
        known = _of_table(source, reader, findings, reading, format_)
    if reader.without_id:
        message = f"left out {quantity(len(reader.without_id), 'result')} without a technique id"
        findings.add(Issue(message, fatal=False, code="not-carried"), reader.without_id[0])
    findings.raise_errors()
    if not reader.found:
        raise InputError(Problem("no test results", Place(path), "tests with a technique id each"))
    return Outcomes(tuple(reader.found), known, findings.summary())


def _is_json(source: Source) -> bool:
    """Whether a file starts as JSON does, in UTF-8 with or without a mark, or in UTF-16."""
    start = source.data[:64].lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")
    return start[:1] in {b"{", b"["}


def result_of(text: str) -> Result | None:
    """What a word means, such as "Not Detected"; None for an unknown one."""
    words = re.findall(r"[a-z]+|[0-9]+", text.casefold())
    joined = "".join(words)
    if joined in _RESULTS:
        return _RESULTS[joined]
    first = _RESULTS.get(words[0]) if words else None
    # "Alerted - High", "Blocked by EDR": the first word says it, unless a later one says otherwise.
    later = {_RESULTS[word] for word in words[1:] if word in _RESULTS} - {first}
    if _DENIALS.intersection(words) or (first in _POSITIVE and not later <= _POSITIVE):
        return None
    return first


class Reader:
    """Adds checked outcomes to a list."""

    def __init__(self, findings: Findings, release: Callable[[], Catalogue] | None = None) -> None:
        self.found: list[Outcome] = []
        self.without_id: list[Where] = []
        self._findings = findings
        self._release = release

    def add(self, ids: Sequence[tuple[str, Where]], result: Result, date: str, place: Where, **about: str) -> None:
        """Add an outcome for each technique.

        Args:
            ids: the technique ids with their places.
            result: what happened.
            date: the day or time, as written; "" if unknown.
            place: where the outcome is.
            about: "test", "capability" and "note" of the outcome.
        """
        mark = self._findings.mark
        on = iso_day(date) if date.strip() else ""
        if on is None:
            issue = Issue(f"date {quoted(date)} {wrong_day(date)}", "a date such as 2026-01-31", code="wrong-type")
            self._findings.add(issue, place)
        checked = []
        for text, at in ids:
            technique, wrong = value_rules.technique(text, release=self._release)
            if wrong is not None:
                # `check` does not correct results.
                self._findings.add(wrong if wrong.fatal else wrong._replace(hint=""), at)
            checked += [technique] if technique is not None else []
        if self._findings.left_out(mark, "entry"):
            return
        time = re.search(r"[Tt ]([0-9]{2}:[0-9]{2}[0-9:.]*)", date)
        parts = {name: about.get(name, "").strip() for name in ("test", "capability", "note")}
        self.found += [
            Outcome(one, result, date=on or "", time=time[1] if time else "", **parts) for one in checked
        ]


def _of_table(
    source: Source, reader: Reader, findings: Findings, reading: ReadOptions, format_: Format | None
) -> Format:
    chosen = check_names({name: header for name, header in reading.columns.items() if name == "technique"})
    sheets = technique_sheets(source.path, open_grids(source, Context(findings, reading)), chosen)
    known: Format = format_ or _kind_of_table(sheets[0])
    with_results = [sheet for sheet in sheets if known == "atomic" or "outcome" in _columns(sheet)]
    if not with_results:
        place = sheets[0].grid.place(max(sheets[0].columns.row, 0), 0)
        raise InputError(Problem("no column of results", place, f"a column such as {or_list(_OUTCOME[:3])}"))
    for sheet in with_results:
        _refuse_segments(sheet, findings)
        if known == "atomic":
            _check_atomic(sheet, findings)
        _rows(sheet, known, reader, findings)
    return known


def _refuse_segments(sheet: Sheet, findings: Findings) -> None:
    """Results of one tenant would be evidence in all of them."""
    for column in range(sheet.columns.width):
        header = sheet.header(column)
        if (meant := misspelled_field(header)) in SEGMENT_FIELDS:
            issue = Issue(f"unknown column {quoted(header)}", hint=f"did you mean {meant}?", fatal=False)
            findings.add(issue, sheet.grid.place(max(sheet.columns.row, 0), column))
        if header.strip().casefold() in SEGMENT_FIELDS:
            names = {cells[column].strip().casefold() for _, cells in sheet.data_rows()} - {""}
            if len(names) > 1:
                place = sheet.grid.place(max(sheet.columns.row, 0), column)
                hint = "split the set and the results by segment, and join each pair"
                problem = Problem(f"results of {len(names):,} segments", place, "those of one segment", hint)
                raise InputError(problem)


def _kind_of_table(sheet: Sheet) -> Format:
    if _is_atomic(sheet):
        return "atomic"
    return "vectr" if _headers(sheet) & _VECTR else "table"


def _headers(sheet: Sheet) -> set[str]:
    return {sheet.header(column).strip().casefold() for column in range(sheet.columns.width)}


def _is_atomic(sheet: Sheet) -> bool:
    return _headers(sheet) >= _ATOMIC


def _check_atomic(sheet: Sheet, findings: Findings) -> None:
    """Report exit codes that are missing or no numbers; refuse other tables, whose tests would all have run."""
    place = partial(sheet.grid.place, max(sheet.columns.row, 0))
    if not _is_atomic(sheet):
        expected = "the columns Execution Time (UTC) and Test Number"
        hint = "leave out --results-format"
        raise InputError(Problem("this is not a log of Invoke-AtomicRedTeam", place(0), expected, hint))
    column = _columns(sheet).get("exit")
    if column is None:
        issue = Issue("no column ExitCode: all tests are read as run", fatal=False, code="not-carried")
        findings.add(issue, place(0))
        return
    odd = [
        (line, cells[column])
        for line, cells in sheet.data_rows()
        if not _EXIT_CODE.fullmatch(cells[column].strip())
    ]
    if odd:
        are = "is not a number: it is" if len(odd) == 1 else "are not numbers: they are"
        message = f"{quantity(len(odd), 'exit code')} such as {quoted(odd[0][1])} {are} read as not run"
        findings.add(Issue(message, fatal=False, code="unknown-value"), sheet.grid.place(odd[0][0], column))


def _rows(sheet: Sheet, known: Format, reader: Reader, findings: Findings) -> None:
    columns = _columns(sheet)
    for line, cells in sheet.data_rows():
        cell = {name: cells[column] for name, column in columns.items()}
        # Places are computed for problems alone.
        place = partial(sheet.grid.place, line, columns.get("outcome", sheet.columns.fields["attack_object_id"]))
        ids = [
            (one.id, partial(sheet.grid.place, line, column, one.offset))
            for one, column in sheet.techniques(line, cells, findings)
        ]
        if not ids:
            reader.without_id.append(place)
            continue
        result: Result | None = "open"
        if known == "atomic":
            code = cell.get("exit", "").strip()
            result = "ran" if _EXIT_CODE.fullmatch(code) and not code.strip("-0.") else "failed"
        elif cell["outcome"].strip():
            result = result_of(cell["outcome"])
        if result is None:
            expected = "a word such as blocked, detected, logged, missed or not run"
            issue = Issue(f"unknown result {quoted(cell['outcome'])}", expected, code="unknown-value")
            findings.add(issue, place)
            continue
        about = {name: cell.get(name, "") for name in ("test", "capability", "note")}
        reader.add(ids, result, cell.get("date", ""), place, **about)


_ATOMIC = frozenset({"execution time (utc)", "test number"})
_VECTR = frozenset({"test case name", "testcasename", "mitre id", "mitreid", "test case"})


_EXIT_CODE = re.compile(r"(?:-?[0-9]+(?:\.0+)?)?")
_YEAR = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}(?![0-9])")


def _columns(sheet: Sheet) -> dict[str, int]:
    """What a table has beside techniques → its column."""
    fields = sheet.columns.fields
    taken = {fields["attack_object_id"], *sheet.columns.more}
    columns: dict[str, int] = {}
    atomic = _is_atomic(sheet)
    wanted = {
        "outcome": _OUTCOME,
        "exit": _EXIT,
        "date": _DATE,
        "capability": _CAPABILITY,
        "note": ("name",) if atomic else _NOTE,
        "test": ("guid",) if atomic else _NAME,
    }
    for name, words in wanted.items():
        free = [column for column in range(sheet.columns.width) if column not in taken]
        found = sheet.columns_with(words, free)
        if name == "outcome":
            found = [column for column in found if "time" not in sheet.header(column).casefold()] or found
        if name == "date":
            # A column of times of the day is none of dates.
            dated = [
                column for column in found if any(_YEAR.search(cells[column]) for _, cells in sheet.data_rows())
            ]
            found = dated or [column for column in found if "date" in sheet.header(column).casefold()]
        if found:
            columns[name] = found[0]
            taken.add(found[0])
    return columns
