"""Ctrl-C ends commands, whatever they wait for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import xlsxwriter

from navlayers._engines.workbooks import workbook

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def _sigint() -> Iterator[None]:
    """Ctrl-C as a terminal sends it: shells start jobs in the background that ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_workbook_is_not_written_after_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[xlsxwriter.Workbook] = []
    monkeypatch.setattr(xlsxwriter.Workbook, "close", closed.append)
    with (tmp_path / "a.xlsx").open("wb") as stream, pytest.raises(KeyboardInterrupt), workbook(stream):
        raise KeyboardInterrupt
    assert not closed


@pytest.mark.usefixtures("_sigint")
def test_ctrl_c_during_the_imports_prints_nothing(tmp_path: Path) -> None:
    """A package that the command line imports, and during whose import the key is hit."""
    hit = "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(60)\n"
    (tmp_path / "click.py").write_text(hit)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "navlayers", "sets"], env=environment, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, b"", b"")
