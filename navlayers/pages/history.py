"""The page of a history: numbers, each commit that moved them and why, as tables, documents and JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import msgspec

from navlayers._text.numbers import percent
from navlayers._text.wording import and_list, quantity
from navlayers.analysis.history_result import CAUSES
from navlayers.output.document import Document, Paragraph, Section
from navlayers.output.tables import Detail, RowStyle, Span
from navlayers.pages.moves import Row, Start, headline, label, order, rows_of, signed, starts_of, why
from navlayers.pages.results import Field, table_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from navlayers.analysis.history_result import History, Level, Series, Unread, Version
    from navlayers.output.document import Block
    from navlayers.output.tables import Cell, Table, Tone

Format: TypeAlias = Literal["text", "md", "html", "pdf", "docx", "svg", "csv", "json"]
FORMATS: tuple[Format, ...] = get_args(Format)

BRIEF = 12
"""Maximum number of moves on a terminal."""

_TONES: dict[int, Tone] = {1: "good", 0: "", -1: "bad"}


def moves_table(history: History, most: int | None = None, *, below: bool = False) -> Table:
    """A row per move: version, numbers after it, change, cause, reasons; the first version of sets that moved.

    Args:
        history: the history.
        most: only the last moves, in few columns, for a terminal.
        below: the reasons are below their rows.
    """
    every = rows_of(history)
    moves = every[-most:] if most else every
    earlier = len(every) - len(moves)
    rows: list[Row | Start] = sorted([*([] if earlier else starts_of(history)), *moves], key=order)
    levels = [row.level for row in rows]
    causes = [CAUSES[row.move.cause] if isinstance(row, Row) else "" for row in rows]
    whys = [why(row.series, row.move) if isinstance(row, Row) else "" for row in rows]
    if most:
        whys = [
            text if text.startswith(cause) else f"{cause}: {text}" for cause, text in zip(causes, whys, strict=True)
        ]
    fields = [
        *_version_fields(history, [(row.series, row.point.version) for row in rows]),
        Field(_covered(history), [level.covered for level in levels], "number"),
        Field("of", [level.total for level in levels], "number", shown=not most),
        Field("share", [percent(level.covered, level.total) for level in levels], "percent"),
        Field("mean", [level.mean for level in levels], "number", shown=_means(moves)),
        Field("change", [_change(row.move.change) if isinstance(row, Row) else "first" for row in rows], "number"),
        Field("moved by", causes, shown=not most),
        Field("why", whys, shown=not below),
    ]
    note = f"… and {quantity(earlier, 'earlier move')}; --all lists them" if earlier else ""
    table = table_of("moves", "" if most else "What moved the numbers", fields, note)
    if not below:
        return table
    styles = tuple(RowStyle(details=(Detail("why", (text,)),) if text else ()) for text in whys)
    return msgspec.structs.replace(table, styles=styles)


def _version_fields(history: History, versions: Sequence[tuple[Series, Version]]) -> list[Field]:
    """The columns that name a version; a dated one is named by its date."""
    in_git = _unit(history) == "commit"
    return [
        Field(_unit(history), [label(version) for _, version in versions]),
        Field("date", [version.day for _, version in versions], shown=in_git, whole=True),
        Field("set", [series.name for series, _ in versions], shown=len(history.series) > 1),
    ]


def _unit(history: History) -> str:
    in_git = any(version.subject for series in history.series for version in series.versions)
    return "commit" if in_git else "version"


def _covered(history: History) -> str:
    return "mapped" if all(series.noun.threat for series in history.series) else "covered"


def _change(change: int) -> Span:
    return Span(signed(change), tone=_TONES[(change > 0) - (change < 0)])


def _means(rows: Iterable[Row]) -> bool:
    """Whether a mean moved where no number of techniques did."""
    return any(not row.move.change and row.move.before.mean != row.move.after.mean for row in rows)


def sets_table(history: History, title: str = "") -> Table:
    """A row per set: its numbers at its first and its last version."""
    pairs = [(series.points[0].level, series.points[-1].level) for series in history.series]
    fields = [
        Field("set", [series.name for series in history.series]),
        Field("versions", [len(series.versions) for series in history.series], "number"),
        Field(_covered(history), [new.covered for _, new in pairs], "number"),
        Field("of", [new.total for _, new in pairs], "number"),
        Field("share", [percent(new.covered, new.total) for _, new in pairs], "percent", bar=True),
        Field("change", [_change(new.covered - old.covered) for old, new in pairs], "number"),
        Field("moves", [sum(len(p.moves) for p in series.points) for series in history.series], "number"),
    ]
    return table_of("sets", title, fields)


def tactics_table(series: Series) -> Table:
    """A row per tactic: its numbers at the first and the last version."""
    first, last = (series.points[number].level for number in (0, -1))
    before = {tactic.tactic: tactic for tactic in first.tactics}
    rows = [(before.get(tactic.tactic), tactic) for tactic in last.tactics if tactic.total]
    fields = [
        Field("tactic", [new.name for _, new in rows]),
        Field("first", [None if old is None else old.mapped for old, _ in rows], "number"),
        Field("last", [new.mapped for _, new in rows], "number"),
        Field("of", [new.total for _, new in rows], "number"),
        Field("share", [percent(new.mapped, new.total) for _, new in rows], "percent", bar=True),
        Field("change", [_change(new.mapped - old.mapped) if old else "new" for old, new in rows], "number"),
    ]
    return table_of("tactics", "Per tactic, first and last version", fields)


def versions_table(history: History) -> Table:
    """A row per version, also of those that moved nothing or have no numbers."""
    rows = [
        (series, version, level, release, change, problem)
        for series in history.series
        for version, level, release, change, problem in _versions(series)
    ]
    rows.sort(key=lambda row: row[1].seconds)
    levels = [row[2] for row in rows]
    fields = [
        *_version_fields(history, [(series, version) for series, version, *_ in rows]),
        Field("ATT&CK", [row[3] for row in rows]),
        Field(_covered(history), [level.covered if level else None for level in levels], "number"),
        Field("of", [level.total if level else None for level in levels], "number"),
        Field("share", [percent(level.covered, level.total) if level else None for level in levels], "percent"),
        Field("change", [row[4] for row in rows], "number"),
        Field("subject", [row[1].subject for row in rows], shown=_unit(history) == "commit"),
        Field("problem", [row[5] for row in rows], shown=any(row[5] for row in rows)),
    ]
    return table_of("versions", "All versions", fields)


def _versions(series: Series) -> Iterator[tuple[Version, Level | None, str, Cell, str]]:
    """Each version with its numbers if it has some, its release, its change, and its problem."""
    for number, point in enumerate(series.points):
        change: Cell = _change(sum(move.change for move in point.moves)) if number else "first"
        yield point.version, point.level, point.attack_version, change, ""
    for unread in series.unread:
        yield unread.version, None, "", "", _problem(unread)


def _problem(unread: Unread) -> str:
    place = unread.problem.place
    return f"{place.position}: {unread.problem.message}" if place and place.line else unread.problem.message


def unread_table(history: History) -> Table:
    """The versions that are deleted or cannot be read; most histories have none."""
    rows = [(series, unread) for series in history.series for unread in series.unread]
    fields = [
        *_version_fields(history, [(series, unread.version) for series, unread in rows]),
        Field("subject", [unread.version.subject for _, unread in rows], shown=_unit(history) == "commit"),
        Field("problem", [_problem(unread) for _, unread in rows]),
    ]
    return table_of("unread", "Unreadable versions", fields)


def brief(history: History) -> Iterator[Block]:
    """The answer for a terminal: the headline, the last moves or the sets, versions that cannot be read."""
    yield Paragraph(headline(history))
    table = moves_table(history, BRIEF)
    if table.rows:
        yield table
    elif len(history.series) > 1:
        yield sets_table(history)
    if (table := unread_table(history)).rows:
        yield table


def is_cut(history: History) -> bool:
    """Whether the answer leaves out moves."""
    return len(rows_of(history)) > BRIEF


def tables_of(history: History, *, below: bool = False) -> list[Table]:
    """All tables that are not empty: moves, with their reasons `below` them, sets or tactics, versions."""
    several = len(history.series) > 1
    numbers = sets_table(history, "Sets, last version") if several else tactics_table(history.series[0])
    return [table for table in (moves_table(history, below=below), numbers, versions_table(history)) if table.rows]


def every(history: History) -> Iterator[Block]:
    """The answer with all tables, the reasons of moves in full."""
    yield Paragraph(headline(history))
    yield from tables_of(history, below=True)


def section_blocks(history: History) -> Iterator[Block]:
    """Headline, chart and tables, as documents have them."""
    from navlayers.pages.trend import trend_chart  # noqa: PLC0415 - for documents alone

    yield Paragraph(headline(history))
    if (trend := trend_chart(history)) is not None:
        yield trend
    yield from tables_of(history)


def document(history: History) -> Document:
    """The history as a document."""
    names = and_list([series.title for series in history.series[:3]])
    more = len(history.series) - 3
    title = f"Coverage of {names}{f' and {more} more' if more > 0 else ''} over time"
    return Document(title, sections=(Section("history", "Over time", tuple(section_blocks(history))),))


def lines_table(history: History) -> Table:
    """A row per version and tactic, "" for all tactics, for spreadsheets; reasons at all tactics."""
    rows = history.to_dicts()
    texts: list[Cell] = []
    for series in history.series:
        for point in series.points:
            texts.append("; ".join(why(series, move) for move in point.moves))
            texts += [""] * len(point.level.tactics)
    fields = [
        Field(name, [row[name] for row in rows], "text" if isinstance(rows[0][name], str) else "number")
        for name in rows[0]
    ]
    return table_of("history", "Coverage over time", [*fields, Field("why", texts)])


def as_json(history: History) -> dict[str, object]:
    """The history for machines."""
    return {"summary": headline(history), "since": history.since, "category": history.category} | {
        "series": [
            {
                "name": series.name,
                "title": series.title,
                "domain": series.domain,
                "counts": series.counts,
                "points": series.points,
                "unread": series.unread,
            }
            for series in history.series
        ]
    }
