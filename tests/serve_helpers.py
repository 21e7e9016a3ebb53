"""Servers that the real command starts: what they answer, and how they end."""

from __future__ import annotations

import asyncio
import http.client
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator
    from pathlib import Path

T = TypeVar("T")


class Answer(NamedTuple):
    """Status, headers by name in lower case, and body."""

    status: int
    headers: dict[str, str]
    body: bytes


class Server(NamedTuple):
    """A running server: the address that it printed, its port, its process."""

    address: str
    port: int
    process: subprocess.Popen[str]

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        """The answer to a request; `Host="…"` is a header."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())


def result_of(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine, in a thread: Playwright has a loop in the main one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@contextmanager
def running(command: str, *args: str | Path, cwd: Path | None = None) -> Iterator[Server]:
    """The real command, on a free port; it has to end by Ctrl-C, without an error."""
    line = [sys.executable, "-m", "navlayers", command, *map(str, args), "--no-browser"]
    line += [] if "--port" in args else ["--port", "0"]
    with subprocess.Popen(line, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            assert address, process.communicate()[1]
            (first, *_) = parse_qs(urlsplit(address).fragment).get("layerURL", [address])
            yield Server(address, urlsplit(first).port or 0, process)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=10)
            assert process.returncode == 0, errors
            assert "Traceback" not in errors
        finally:
            process.kill()
