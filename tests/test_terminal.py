"""Answers on real terminals: they fit the window, break no word, and show colors as the terminal allows."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import sys
import termios
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING
from unittest import mock

import pytest
from conftest import write_set

from navlayers.cli import main
from navlayers.layer.contrast import lightness
from navlayers.layer.ramps import RAMPS, UNCOVERED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Run

ANSWERS = {
    "compare": ["compare", "aws", "azure", "gcp"],
    "gaps": ["gaps", "gcp", "--threat", "APT29"],
    "plan": ["plan", "gcp", "--budget", "5", "--threat", "APT29"],
    "diff": ["diff", "gcp", "aws"],
    "stats": ["stats", "gcp"],
    "stats of all": ["stats"],
    "show a technique": ["show", "T1078"],
    "show a capability": ["show", "AC-02"],
    "show what a threat leads to": ["show", "T1105"],
    "upgrade": ["upgrade", "gcp"],
}
WIDTHS = (60, 80, 100, 140)
_STYLE = re.compile(r"\x1b\[[\d;]*m")


def on_terminal(columns: int, *args: str | Path, lines: int = 24, **environment: str) -> str:
    """What a command prints on a terminal of that size, both streams, with its escape sequences.

    It runs in this process, with the terminal as its three streams: a process of its own takes four times as long.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    cleared = {"COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "COLORTERM", "COLORFGBG", "WT_SESSION", "LESS"}
    base = {name: value for name, value in os.environ.items() if name not in cleared}
    variables = base | {"TERM": "xterm-256color", "PAGER": "cat"} | environment
    chunks: list[bytes] = []
    reader = Thread(target=_read, args=(ours, chunks))
    reader.start()
    try:
        with _streams(theirs), mock.patch.dict(os.environ, variables, clear=True):
            main([*map(str, args)])
    finally:
        reader.join()
        os.close(ours)
    return b"".join(chunks).decode().replace("\r\n", "\n")


def _read(terminal: int, chunks: list[bytes]) -> None:
    # The read fails when the last of those who write closes the other end.
    with suppress(OSError):
        while chunk := os.read(terminal, 1 << 16):
            chunks.append(chunk)


@contextmanager
def _streams(terminal: int) -> Iterator[None]:
    """The terminal as the standard streams of this process and of those that it starts; closed afterwards."""
    kept = [os.dup(number) for number in range(3)]
    for number in range(3):
        os.dup2(terminal, number)
    with (
        open(terminal) as stdin,
        open(1, "w", buffering=1, closefd=False) as stdout,
        open(2, "w", buffering=1, closefd=False, errors="backslashreplace") as stderr,
        mock.patch.multiple(sys, stdin=stdin, stdout=stdout, stderr=stderr, __stdout__=stdout),
    ):
        try:
            yield
        finally:
            stdout.flush()
            stderr.flush()
            for number, old in enumerate(kept):
                os.dup2(old, number)
                os.close(old)


def plain(text: str) -> str:
    return _STYLE.sub("", text)


@pytest.fixture(scope="module")
def wide() -> dict[str, str]:
    """Each answer on a very wide terminal, where nothing has to be broken or cut."""
    return {name: plain(on_terminal(400, *args)) for name, args in ANSWERS.items()}


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_fits_the_window_and_breaks_no_word(name: str, columns: int, wide: dict[str, str]) -> None:
    lines = plain(on_terminal(columns, *ANSWERS[name])).splitlines()
    assert max(map(len, lines)) <= columns
    assert len(lines) <= 25
    words = {word for line in wide[name].splitlines() for word in line.split()}
    shown = {word for line in lines for word in line.split() if re.fullmatch(r"[A-Za-z][a-z-]{6,}[.,:]?", word)}
    assert shown <= words


def test_the_bar_of_progress_fits_a_narrow_window() -> None:
    text = on_terminal(60, "upgrade", "gcp", "kev", "--attack", "18.1", NO_COLOR="1")
    steps = [re.sub(r"\x1b\[\S*?[a-zA-Z]", "", step) for line in text.splitlines() for step in line.split("\r")]
    assert any(step.startswith("Upgrading  [") for step in steps)
    assert max(map(len, steps)) <= 60


def test_many_segments_are_not_all_shown(tmp_path: Path) -> None:
    rows = "".join(f"c,T1078,s{number:02}\n" for number in range(25))
    (tmp_path / "set.csv").write_text(f"Capability,Technique,Segment\n{rows}", encoding="utf-8")
    text = plain(on_terminal(100, "stats", tmp_path / "set.csv"))
    assert re.findall("^s[0-9]+", text, re.MULTILINE) == [f"s{number:02}" for number in range(19)]
    assert "… and 6 more; --all lists them" in text


def test_colors_follow_the_terminal() -> None:
    significant = ";".join(str(int(RAMPS["overall"][2][at : at + 2], 16)) for at in (1, 3, 5))
    full = on_terminal(80, "stats", "gcp", COLORTERM="truecolor", COLORFGBG="0;15")
    assert f"\x1b[38;2;{significant}m■" in full
    assert "\x1b[38;5;" in on_terminal(80, "stats", "gcp")
    few = on_terminal(80, "stats", "gcp", TERM="xterm")
    assert "38;" not in few
    assert "█" in few
    assert "\x1b" not in on_terminal(80, "stats", "gcp", NO_COLOR="1")
    assert "\x1b" not in on_terminal(80, "stats", "gcp", TERM="dumb")
    assert "\x1b" not in on_terminal(80, "stats", "gcp", "--color", "never")


def test_a_pipe_has_colors_only_when_they_are_asked_for(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)

    def printed(*more: str) -> str:
        done = run("diff", "gcp", "aws", "-q", *more)
        assert done.code == 0
        return done.out

    assert "\x1b" not in printed()
    lost = "\x1b[31m▼ lost\x1b[0m"
    assert lost in printed("--color", "always")
    assert plain(printed("--color", "always")) == printed()
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert lost in printed()


def test_the_small_matrix_fills_what_is_covered(tmp_path: Path) -> None:
    """T1190 and T1078 are 2 of the 21 of Initial Access; nothing is under Reconnaissance."""
    path = write_set(
        tmp_path / "two.json", [("a", "T1190", "protect", "partial"), ("a", "T1078", "protect", "partial")]
    )
    lines = plain(on_terminal(80, "stats", path, NO_COLOR="1")).splitlines()
    heads = next(number for number, line in enumerate(lines) if line.startswith("Reco ReDe InAc"))
    squares = [line[10:14] for line in lines[heads + 1 : heads + 4]]
    # Ten techniques in rows of four, by name: Content Injection is the first, Valid Accounts the last.
    assert "".join(squares).count("▀") + "".join(squares).count("▄") + 2 * "".join(squares).count("█") == 2
    assert {line[0:4] for line in lines[heads + 1 : heads + 3]} <= {"····", "··  "}
    shares = lines[heads + 7].split()
    assert shares[:3] == ["0%", "0%", "10%"]


@pytest.mark.parametrize("words", [["stats", "gcp"], ["plan", "gcp", "--budget", "2"]])
def test_each_item_of_the_legend_has_a_color_of_its_own_among_256(words: list[str]) -> None:
    legend = next(
        line for line in on_terminal(100, *words, "-q").splitlines() if re.search("not (covered|in plan)", line)
    )
    colors = re.findall(r"38;5;(\d+)m■", legend)
    assert len(colors) == len(set(colors)) >= 3


def test_contrast_rises_from_the_empty_square_to_the_highest_score() -> None:
    """On a dark terminal: the background, what is not covered, the lowest score, and so on."""
    text = on_terminal(100, "stats", "gcp", COLORTERM="truecolor")
    legend = next(line for line in text.splitlines() if "not covered" in line)
    marks = re.findall(r"38;2;(\d+);(\d+);(\d+)m■", legend)
    colors = ["#" + "".join(f"{int(channel):02x}" for channel in mark) for mark in marks]
    levels = [lightness(color) for color in reversed(["#000000", *colors[-1:], *reversed(colors[:-1])])]
    assert len(levels) == 5
    assert all(after - before > 8 for before, after in zip(levels[::-1], levels[-2::-1], strict=False))


def test_the_legend_names_only_what_the_matrix_shows() -> None:
    """Every square is a technique of the threat: none is without a color."""
    words = ["plan", "gcp", "--budget", "2", "--threat", "APT29", "-q"]
    text = plain(on_terminal(100, *words))
    assert text.count("■ not covered") == 1
    assert "not of the threat" not in text
    assert "· not in plan or not covered" in on_terminal(100, *words, NO_COLOR="1")
    assert max(map(len, on_terminal(60, *words, NO_COLOR="1").splitlines())) <= 60


def test_on_a_terminal_the_answer_comes_first_with_two_notes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.csv").write_text("control,technique,score\nMFA,T1078,50\n", encoding="utf-8")
    words = ["gaps", "mine.csv", "nist_800_53", "--threat", "APT29", "--worth", "50"]
    high, short = (plain(on_terminal(80, *words, lines=lines)).splitlines() for lines in (40, 24))
    assert high[0].startswith("mine and NIST 800-53")
    assert sum(line.startswith("note: ") for line in high) == 3
    following = next(number for number, line in enumerate(high) if line.startswith("Next:"))
    assert high[following - 2 : following] == ["note: --all prints 2 more notes", ""]
    assert high[-1].endswith("--budget 5")
    assert len(short) < 24
    assert sum(line.startswith("note: ") for line in plain(on_terminal(80, *words, "--all")).splitlines()) == 4


def test_a_gap_is_not_filled() -> None:
    """Without colors, only covered techniques are filled: none of Collection is covered by Google Cloud."""
    text = on_terminal(80, "gaps", "gcp", "--threat", "APT29", COLORTERM="truecolor", COLORFGBG="0;15")
    red = ";".join(str(int(UNCOVERED[at : at + 2], 16)) for at in (1, 3, 5))
    assert f"\x1b[38;2;{red}m■\x1b[0m not covered" in text
    lines = plain(on_terminal(80, "gaps", "gcp", "--threat", "APT29", NO_COLOR="1")).splitlines()
    heads = next(line for line in lines if "Colle" in line)
    row = lines[lines.index(heads) + 1]
    assert not {"█", "▀", "▄"} & set(row[heads.index("Colle") : heads.index("Colle") + 5])


def test_what_is_higher_than_the_window_goes_through_the_pager(tmp_path: Path) -> None:
    pager = tmp_path / "pager"
    pager.write_text("#!/bin/sh\necho PAGED\ncat\n", encoding="utf-8")
    pager.chmod(0o755)
    assert on_terminal(80, "diff", "gcp", "aws", "--all", PAGER=str(pager)).count("PAGED") == 1
    assert "PAGED" not in on_terminal(80, "stats", "gcp", PAGER=str(pager))


def test_the_explanation_of_a_finding_is_text_in_the_width_of_the_window() -> None:
    lines = plain(on_terminal(60, "check", "--explain", "unknown-value")).splitlines()
    assert lines[0] == "unknown-value"
    assert max(map(len, lines)) <= 60
    assert "--scale high=100" in " ".join(lines)
