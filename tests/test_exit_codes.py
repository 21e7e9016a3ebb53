"""The exit statuses of docs/commands.md, for commands that read mapping sets; `serve` waits for a better file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Run

FOREIGN = {
    "odd.json": b'{"a": 1}',
    "odd.yaml": b"foo: bar\n",
    "odd.csv": b"Control,Vendor\nA,b\n",
    "text.txt": b"just a text\n",
    "picture.yaml": b"\x89PNG\r\n\x1a\n0000",
    "empty.yaml": b"",
    "absent.yaml": None,
}
LINES = (
    *("stats {}", "check {}", "build {} -o out", "convert {} -o -", "upgrade {} --dry-run", "render {} -o -"),
    *("show T1078 --set {}", "compare {} gcp", "diff {} gcp", "gaps {} --threat APT29", "gaps gcp --threat {}"),
    *("plan {} --budget 1", "report {} -o out.html", "site {} -o out", "badge {} -o -", "evidence {} {} -o -"),
    *("open {} --no-browser", "history {}", "attack add {}", "run {}"),
)
ERRORS = """framework: f
version: "1"
domain: enterprise
attack_version: "18.1"
capabilities:
  a:
    name: A
    techniques: {T9999: , T1078: }
"""


@pytest.mark.parametrize("line", LINES)
def test_a_file_of_no_format_is_bad_input(run: Run, line: str) -> None:
    for name, data in FOREIGN.items():
        if data is not None:
            Path(name).write_bytes(data)
        done = run(*line.format(name, name).split())
        assert done.code == 2, name
        assert name in done.err + done.out
    assert not list(Path().glob("out*"))


def test_findings_are_another_status(run: Run) -> None:
    Path("errors.yaml").write_text(ERRORS, encoding="utf-8")
    assert run("check", "errors.yaml").code == 1
    assert run("check", "errors.yaml", "odd.json").code == 2
    Path("fine.yaml").write_text(ERRORS.replace("T9999: ,", ""), encoding="utf-8")
    assert run("check", "fine.yaml").code == 0
