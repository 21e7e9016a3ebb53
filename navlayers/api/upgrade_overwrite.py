"""What is not written over: inputs, files that hold something else, what would lose something in place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from navlayers.errors import OutputError, Place, Problem
from navlayers.output import files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from navlayers.api.upgrade_inputs import Upgraded

_AGAIN = "nothing is written; run it again"


def refuse(results: Sequence[Upgraded], paths: Sequence[str], *, in_place: bool, force: bool) -> None:
    """Refuse what would lose anything, before the first file is written.

    Raises:
        OutputError: with all that is refused.
    """
    inputs = {real(one.source.path) for one in results} - {None}
    problems: list[Problem] = []
    for one, path in zip(results, paths, strict=True):
        if not path:
            continue
        if in_place:
            problems += _in_place(one, Place(path), force=force)
        elif real(Path(path)) in inputs:
            hint = "choose another name with -o, or use --in-place"
            problems.append(Problem("this is an input", Place(path), "another file", hint))
        else:
            try:
                files.would_change(one.data, path, force=force)
            except OutputError as error:
                problems += error.problems
    if problems:
        raise OutputError(problems)


def _in_place(one: Upgraded, place: Place, *, force: bool) -> Iterator[Problem]:
    if one.lost and not force:
        from navlayers.api.upgrade_dropped import way_out  # noqa: PLC0415 - only where something would be lost

        lost = "; ".join(one.lost)
        hint = way_out(one.before or b"", one.format)
        yield Problem(f"written in place it would lose {lost}", place, hint=hint)
    try:
        if one.before is not None and one.source.path.read_bytes() != one.before:
            yield Problem("the file has changed meanwhile", place, hint=_AGAIN)
    except OSError as error:
        reason = error.strerror or str(error)
        yield Problem(f"the file cannot be read any more: {reason}", place, hint=_AGAIN)


def refuse_report(data: bytes, report: str, others: Iterable[str], *, force: bool) -> None:
    """Refuse a report that would stand in the place of an input or a result, or of something else.

    Raises:
        OutputError: it would.
    """
    target = Path(report).absolute()
    if any(path and Path(path).absolute() in (target, real(target)) for path in others):
        hint = "choose another name with --report"
        raise OutputError(Problem("this is an input or a result", Place(report), "another file", hint))
    files.would_change(data, report, force=force)


def real(path: Path) -> Path | None:
    """The file itself; None where there is none of that name."""
    try:
        return path.resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        return None
