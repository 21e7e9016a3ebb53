"""Commands that have no reason to use the network do not."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from conftest import Run

PACKAGE = Path(__file__).parents[1] / "navlayers"
LINES = (
    "sets",
    "check gcp",
    "build gcp --only overview",
    "stats gcp",
    "show T1078 --set gcp",
    "compare aws gcp",
    "gaps gcp --threat APT29",
    "plan gcp --budget 3",
    "diff aws gcp",
    "upgrade gcp --attack 19.1 -o upgraded.yaml",
    "convert gcp -o gcp.csv",
    "render gcp -o gcp.svg",
    "report gcp -o gcp.html",
    "badge gcp -o badge.svg",
    "attack list",
)


@pytest.mark.parametrize("line", LINES)
def test_a_command_opens_no_connection(line: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> NoReturn:
        raise AssertionError("a connection")

    for name in ("connect", "connect_ex", "bind", "sendto"):
        monkeypatch.setattr(socket.socket, name, refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    done = run(*line.split(), "-q")
    assert done.code == 0, done.err


def test_the_documented_hosts_are_all_that_the_code_names() -> None:
    """Others are in links, examples and the names of schemas, which nothing requests."""
    documented = (PACKAGE.parent / "docs" / "privacy.md").read_text(encoding="utf-8")
    users = {"urlopen", "requests.", "fetch(", "webbrowser", "XMLHttpRequest", "WebSocket", "EventSource"}
    sources = [path for path in PACKAGE.rglob("*") if path.suffix in {".py", ".js", ".jinja", ".html"}]
    networked = {path.name for path in sources if any(word in path.read_text(encoding="utf-8") for word in users)}
    named = {
        host
        for path in sources
        if path.name in networked
        for host in re.findall(r"https://([\w.-]+)", path.read_text(encoding="utf-8"))
    }
    assert "download.py" in networked
    assert named - {"attack.mitre.org", "mirror.example.org"} <= set(
        re.findall(r"`([\w-]+(?:\.[\w-]+)+)`", documented)
    )
