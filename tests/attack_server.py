"""A server on the loopback interface that publishes small bundles of 20.0 in place of ATT&CK's."""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from attack_helpers import bundle, collection

from navlayers.attack.domains import DOMAINS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from navlayers.attack.domains import Domain

CONTENT = {domain: json.dumps(bundle(collection("20.0"), domain=domain)).encode() for domain in DOMAINS}


class Server:
    """Answers GET; `answers` maps paths to bytes, `missing_bytes` and `status` spoil the answer.

    `hang`, cleared, withholds the answer, `stall` its end.
    """

    def __init__(self) -> None:
        self.answers: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.missing_bytes = 0
        self.status = 200
        self.hang = threading.Event()
        self.hang.set()
        self.stall = threading.Event()
        self.stall.set()
        self.url = ""


@contextmanager
def serving() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append(self.path)
            state.hang.wait(20)
            data = state.answers.get(self.path)
            self.send_response(404 if data is None else state.status)
            self.send_header("Content-Length", str(len(data or b"")))
            self.end_headers()
            self.wfile.write((data or b"")[: len(data or b"") - state.missing_bytes])
            state.stall.wait(20)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        state.url = f"http://127.0.0.1:{server.server_port}/mirror"
        try:
            yield state
        finally:
            state.hang.set()
            state.stall.set()
            server.shutdown()
            thread.join()


def path_of(domain: str, version: str = "20.0") -> str:
    return f"/mirror/mitre-attack/attack-stix-data/master/{domain}-attack/{domain}-attack-{version}.json"


def publish(monkeypatch: pytest.MonkeyPatch, domain: Domain, version: str, data: bytes) -> None:
    """Let a bundle's hash be the published one."""
    from mitreattack import release_info  # noqa: PLC0415 - all of mitreattack, which each process of a run would load

    monkeypatch.setitem(release_info.STIX21[domain], version, hashlib.sha256(data).hexdigest())


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Serves small bundles of 20.0 in place of ATT&CK's, whose hashes are the published ones."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for domain in DOMAINS:
        publish(monkeypatch, domain, "20.0", CONTENT[domain])
    with serving() as state:
        state.answers = {path_of(domain): CONTENT[domain] for domain in DOMAINS}
        yield state


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder for releases, which does not exist yet."""
    monkeypatch.setenv("NAVLAYERS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("NAVLAYERS_ATTACK_MIRROR", raising=False)
    return tmp_path / "data" / "attack"


def held(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []
