"""The chart of a history: shares over time, with marks where ATT&CK, the mapping or its options moved them."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from navlayers._text.numbers import percent_text
from navlayers.analysis.history_result import CAUSES
from navlayers.layer.ramps import WINNERS, ramp_of
from navlayers.output.document import Chart, Trend, TrendPoint
from navlayers.pages.moves import UNCOMMITTED, label, signed, why

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.analysis.history_result import Cause, History, Level, Point, Series

_COLORS = (WINNERS[4], WINNERS[5], WINNERS[2])
"""Colors of the marks: of mappings, of ATT&CK, of options."""

_MARKS: tuple[Cause, ...] = ("mapping", "attack", "options")


def trend_chart(history: History) -> Chart | None:
    """The share over time: in all and per tactic of one set, or of each of several.

    None if there are fewer than two versions to draw.
    """
    if max(len(series.points) for series in history.series) < 2:
        return None
    place = _places(history)
    threats = all(series.noun.threat for series in history.series)
    if len(history.series) == 1:
        (series,) = history.series
        lines = list(_lines(series, place))
        caption = f"{_extent(history)}{_most_moved(series)}"
    else:
        lines = [(series.name, next(_lines(series, place))[1]) for series in history.series]
        caption = _extent(history)
    word = "mapped" if threats else "covered"
    colors = (ramp_of("threat" if threats else "control", "overall")[-1], *_COLORS)
    marks = tuple(CAUSES[cause] for cause in _MARKS)
    unit = f"% of techniques and sub-techniques {word}"
    plot = Trend(tuple(lines), len(history.series) == 1, _ends(history), marks, colors, unit)
    return Chart(plot, f"Share of techniques and sub-techniques that are {word}", caption)


def _extent(history: History) -> str:
    first, last = _ends(history)
    until = "uncommitted changes" if last == UNCOMMITTED else last
    return f"From {first} to {until}. Marks show what moved a number; small panels go from 0% to 100%."


def _most_moved(series: Series) -> str:
    """The tactic whose share moved most."""
    first, last = (series.points[number].level for number in (0, -1))
    before = {tactic.tactic: tactic for tactic in first.tactics if tactic.total}
    pairs = [(before[new.tactic], new) for new in last.tactics if new.tactic in before and new.total]
    moved = [(abs(Fraction(n.mapped, n.total) - Fraction(o.mapped, o.total)), o, n) for o, n in pairs]
    by, old, new = max(moved, key=lambda each: each[0], default=(0, None, None))
    if not by or old is None or new is None:
        return ""
    shares = f"{percent_text(old.mapped, old.total)} → {percent_text(new.mapped, new.total)}"
    return f" {new.name} moved most: {shares}."


def _places(history: History) -> dict[tuple[str, str], float]:
    """Name and time of versions → place from 0 to 1: by time, or evenly if all are of one time."""
    versions = {(v.name, v.time): v for series in history.series for v in (p.version for p in series.points)}
    dated = {key: version.seconds for key, version in versions.items() if version.time}
    # What is not committed comes last.
    end = 0.93 if len(dated) < len(versions) else 1.0
    first, last = min(dated.values(), default=0.0), max(dated.values(), default=0.0)
    if first == last:
        return {key: number / max(len(versions) - 1, 1) for number, key in enumerate(versions)}
    return {key: end * (dated[key] - first) / (last - first) if key in dated else 1.0 for key in versions}


def _ends(history: History) -> tuple[str, str]:
    versions = [point.version for series in history.series for point in series.points]
    days = sorted(version.day for version in versions if version.day)
    return (days[0] if days else UNCOMMITTED), (UNCOMMITTED if any(not v.time for v in versions) else days[-1])


def _lines(series: Series, place: dict[tuple[str, str], float]) -> Iterator[tuple[str, tuple[TrendPoint, ...]]]:
    """The line of all techniques, then those of tactics."""
    last = series.points[-1].level
    yield "All", tuple(_trend_point(series, point, place, None) for point in series.points)
    for tactic in last.tactics:
        if tactic.total:
            points = (_trend_point(series, point, place, tactic.tactic) for point in series.points)
            yield tactic.name, tuple(point for point in points if point.whole)


def _trend_point(
    series: Series, point: Point, place: dict[tuple[str, str], float], tactic: str | None
) -> TrendPoint:
    part, whole = _numbers(point.level, tactic)
    changes: dict[Cause, int] = {}
    for move in point.moves:
        before, after = _numbers(move.before, tactic), _numbers(move.after, tactic)
        if before != after:
            changes[move.cause] = after[0] - before[0]
    cause = max(changes, key=lambda name: abs(changes[name]), default=None)
    change = f", {signed(sum(changes.values()))}" if changes else ""
    when = " ".join(filter(None, (point.version.day, label(point.version))))
    text = f"{series.name}, {when}: {part:,} of {whole:,} ({percent_text(part, whole)}){change}"
    reasons = [why(series, move) for move in point.moves if move.cause in changes]
    tip = "\n".join([text, *(reasons if tactic is None else [])])
    key = point.version.name, point.version.time
    return TrendPoint(place[key], part, whole, tip, None if cause is None else _MARKS.index(cause))


def _numbers(level: Level, tactic: str | None) -> tuple[int, int]:
    if tactic is None:
        return level.covered, level.total
    return next(((t.mapped, t.total) for t in level.tactics if t.tactic == tactic), (0, 0))
