"""What becomes of any input: a result, or one error of navlayers that says where; in bounded time and memory."""

from __future__ import annotations

import contextlib
import io
import re
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn
from unittest.mock import patch

from navlayers.cli import _errors, main
from navlayers.errors import InputError, NavlayersError, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

SECONDS = 2
"""Of the CPU, for any input of up to 1 MB."""

MEGABYTES = 300
HANGS = 20
"""Seconds of the CPU after which a case is stopped, where it is in Python."""

WITHOUT_LINE = frozenset({"unreadable", "empty-set"})
"""Codes of problems of a whole file."""

_WHOLE = ("no table in this file", "no technique id in this file", "the file has no YAML document")

_report = _errors.report
_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    raise TimeoutError


@contextlib.contextmanager
def _stopped() -> Iterator[None]:
    before = signal.signal(signal.SIGPROF, _stop)
    signal.setitimer(signal.ITIMER_PROF, HANGS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _megabytes(name: str) -> float:
    """A field of the memory of this process, as the kernel counts it."""
    found = re.search(rf"^{name}:\s+(\d+) kB", _STATUS.read_text(encoding="ascii"), re.MULTILINE)
    assert found is not None
    return int(found[1]) / 1024


def bounded(action: Callable[[], Any], size: int, *, memory: bool) -> None:
    """Run an action within the bounds; what it needed once counts: the first one may import and load releases.

    Args:
        action: reads an input, and uses what it read.
        size: the bytes of the input; the bounds are those of a megabyte, and grow with it.
        memory: hold it to its memory, too, where the kernel tells it.
    """
    for again in (True, False):
        base = 0.0
        if memory and _RESET.exists():
            _RESET.write_text("5", encoding="ascii")  # the peak starts anew
            base = _megabytes("VmRSS")
        start = time.process_time()
        with _stopped():
            action()
        took = time.process_time() - start
        grown = _megabytes("VmHWM") - base if base else 0
        megabytes = max(size / 1e6, 1)
        if took <= SECONDS * megabytes and grown <= MEGABYTES * megabytes:
            return
        assert again, f"{took:.1f} s of the CPU, {grown:.0f} MB"


def check_places(error: NavlayersError, path: Path, data: bytes, *, whole: bool = False) -> None:
    """Every problem of an input has a place, which is in the file.

    Args:
        error: of navlayers.
        path: the file.
        data: its content.
        whole: a problem may be about the whole file, or about a name or option.
    """
    lines = _lines(data)
    for problem in error.problems:
        place = problem.place
        if whole and (place is None or place.path != str(path)):
            assert place or not isinstance(error, InputError) or path.name in str(problem), f"no place: {problem}"
            continue
        assert isinstance(place, Place), f"no place: {problem}"
        assert place.path == str(path), f"place of another file: {problem}"
        if not place.line:
            about_whole = problem.code in WITHOUT_LINE or problem.message in _WHOLE
            assert whole or about_whole, f"no line: {problem}"
        elif lines:
            # A text that ends too early may be faulted on the line after its last.
            assert place.line <= len(lines) + 1, f"line of {len(lines)}: {problem}"
            assert place.column <= len([*lines, ""][place.line - 1]) + 2, f"column: {problem}"


def _lines(data: bytes) -> list[str]:
    """The lines of a text, as an editor counts them; of a workbook and of other bytes, none."""
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    if encoding != "utf-16" and len(data) > 3 and data[:4].count(0) == 2:
        encoding = "utf-16-le" if data[1] == 0 else "utf-16-be"
    try:
        return re.split(r"\r\n?|\n", data.decode(encoding))
    except UnicodeDecodeError:
        return []


@contextlib.contextmanager
def quiet() -> Iterator[tuple[io.BytesIO, io.BytesIO]]:
    """Standard output and standard error, kept."""
    kept = io.BytesIO(), io.BytesIO()
    streams = [io.TextIOWrapper(each, encoding="utf-8") for each in kept]
    with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
        try:
            yield kept
        finally:
            for stream in streams:
                stream.detach()


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str
    errors: list[NavlayersError]


def command(*argv: str) -> Ended:
    """Run the command line in this process; an error that is a bug is raised."""
    errors: list[NavlayersError] = []

    def report(error: BaseException) -> int:
        if isinstance(error, NavlayersError):
            errors.append(error)
        return _report(error)

    code: object = 0
    debug = patch.dict("os.environ", NAVLAYERS_DEBUG="1")
    with debug, patch.object(_errors, "report", report), quiet() as (out, err):
        try:
            main(list(argv))
        except SystemExit as end:
            code = end.code or 0
    assert isinstance(code, int)
    assert code in (0, 1, 2), f"exit status {code}"
    assert bool(errors) <= (code == 2)
    return Ended(code, out.getvalue().decode(), err.getvalue().decode(), errors)
