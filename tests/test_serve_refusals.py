"""What the live server refuses, by the lines of docs/security.md: pages of others, other paths, too much."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import pytest
from serve_helpers import Server, result_of, running

from navlayers._engines.process import EngineError, results
from navlayers.cli._address import Address
from navlayers.errors import InputError
from navlayers.mapping.find import Source, shipped
from navlayers.serve import process, query
from navlayers.serve import server as server_module
from navlayers.serve.app import app
from navlayers.serve.explorer import Explorer
from navlayers.serve.job import Job, Question
from navlayers.serve.workspace import Settings, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.applications import Starlette

NAVIGATOR = "https://navigator.example"
PATHS = ("", "events", "threats", "explorer?sets=gcp", "plan?sets=gcp&budget=1", "download?sets=gcp", "script.js")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running("serve", "gcp", "--navigator", NAVIGATOR, "--max-size", "1") as started:
        yield started


@pytest.fixture(scope="module")
def page(server: Server) -> str:
    """The path of the page."""
    return urlsplit(server.address).path


@pytest.mark.parametrize("path", PATHS)
def test_all_but_layers_needs_the_address_of_this_run(server: Server, page: str, path: str) -> None:
    assert server.ask(f"{page[:-2]}x/{path}").status == 404
    assert server.ask(f"/{path}").status == (404 if path else 200)
    assert page.strip("/").encode() not in server.ask("/").body


def test_layers_need_no_secret(server: Server) -> None:
    answer = server.ask("/layers/gcp.json", Origin=NAVIGATOR)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, NAVIGATOR)
    assert json.loads(answer.body)["name"] == "Google Cloud 2025-03-06 – overview"


def test_the_page_of_each_run_has_an_address_of_its_own(page: str) -> None:
    assert len(page) == 34
    assert page != Explorer(Workspace(["gcp"], Settings()), (), NAVIGATOR).path


@pytest.mark.parametrize("path", ["", "explorer?sets=gcp"])
@pytest.mark.parametrize("origin", ["https://evil.example", NAVIGATOR, "null"])
def test_pages_of_other_origins_read_nothing_but_layers(server: Server, page: str, path: str, origin: str) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        answer = server.ask(page + path, method, Origin=origin)
        assert answer.status == 403
        assert "access-control-allow-origin" not in answer.headers


def test_names_that_are_not_of_this_machine_are_refused(server: Server, page: str) -> None:
    assert server.ask(page, Host="evil.example").status == 421


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE"])
def test_the_server_changes_nothing(server: Server, page: str, method: str) -> None:
    assert server.ask(f"{page}explorer?sets=gcp", method).status == 405


@pytest.mark.parametrize("path", ["", "events", "threats", "../layers/gcp.json"])
def test_only_questions_may_have_a_file(server: Server, page: str, path: str) -> None:
    assert server.ask(page + path, "POST", b"x").status in (404, 405)


@pytest.mark.parametrize(
    "path",
    [
        "../../etc/passwd",
        "%2e%2e%2fetc%2fpasswd",
        "/etc/passwd",
        "explorer%00",
        "script.js/..",
        "..%5cscript.js",
        ".",
    ],
)
def test_no_path_leads_to_a_file(server: Server, page: str, path: str) -> None:
    assert server.ask(page + path).status == 404
    assert server.ask(f"/layers/{path}").status == 404


@pytest.mark.parametrize("name", ["/etc/passwd", "../gcp", "mappings/gcp.yaml", "gcp\0", "main:README.md", "-"])
def test_only_named_and_shipped_sets_and_threats_of_attack_are_read(server: Server, page: str, name: str) -> None:
    told = json.loads(server.ask(f"{page}explorer?sets={quote(name, safe='')}").body)
    others = [source.name for source in shipped() if source.name != "gcp"]
    assert told["problems"] == [f"no set {name!r}; expected {', '.join(['gcp', *others])}"]
    told = json.loads(server.ask(f"{page}explorer?sets=gcp&threat={quote(name, safe='')}").body)
    assert told["warnings"][0].startswith("no threat ")
    assert "sentences" in told


def test_shipped_sets_are_told_below_the_address_of_the_page_alone(server: Server, page: str) -> None:
    assert json.loads(server.ask(f"{page}explorer?sets=aws").body)["titles"] == ["AWS 2024-12-12"]
    assert server.ask(f"/{'x' * 32}/explorer?sets=aws").status == 404


@pytest.mark.parametrize(
    "query", ["budget=x", "budget=1e9", "place=-1&view=set", "view=nope", "least=x", "format=exe"]
)
def test_questions_that_no_page_asks_are_refused(server: Server, page: str, query: str) -> None:
    answer = server.ask(f"{page}download?sets=gcp&{query}")
    assert answer.status == 422
    assert len(json.loads(answer.body)["problems"]) == 1


def test_a_file_that_is_too_large_is_refused(server: Server, page: str) -> None:
    path, text = f"{page}explorer?file=x.csv", "the file is too large; expected at most 1 MB"
    assert json.loads(server.ask(path, "POST", bytes(1_000_001)).body)["problems"] == [text]
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)) as connection:
        connection.request(
            "POST", path, iter([bytes(500_000)] * 3), {"Transfer-Encoding": "chunked"}, encode_chunked=True
        )
        assert json.loads(connection.getresponse().read())["problems"] == [text]


def test_the_name_of_a_file_leads_nowhere(server: Server, page: str) -> None:
    data = b"technique,control\nT1078,MFA\n"
    for name in ("../../etc/x.csv", "/etc/x.csv", "C:\\dir\\x.csv", "a/\0/x.csv"):
        told = json.loads(server.ask(f"{page}explorer?file={quote(name, safe='')}", "POST", data).body)
        assert told["titles"] == ["x"], told
        assert told["findings"]["first"][0]["place"].startswith("x.csv:")


def test_pages_run_scripts_of_the_server_alone(server: Server, page: str) -> None:
    answer = server.ask(page)
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "connect-src": "'self'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert b"<script>" not in answer.body


def test_it_listens_on_the_loopback_interface_alone_unless_asked(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(server_module.listener("127.0.0.1", 0)) as own:
        assert own.getsockname()[0] == "127.0.0.1"
    # A part of the loopback interface: nobody else reaches it, and the address that is printed leads there.
    named, base = Address(None, 0, "127.0.0.2", no_browser=True).listener("these sets")
    with closing(named):
        assert base == f"http://127.0.0.2:{named.getsockname()[1]}"
    assert not capsys.readouterr().err
    with running("serve", "gcp", "--host", "0.0.0.0") as wide:  # noqa: S104
        assert wide.ask("/", Host="0.0.0.0:80").status == 200
        wide.process.send_signal(2)
        note = "note: others on your network can read these sets while the server listens on 0.0.0.0"
        assert note in wide.process.communicate()[1]


LIMITS = """\
from navlayers._engines.limits import limit_process
from navlayers.serve import process
limit_process(process.SECONDS, process.MEMORY)
try:
    open("written", "wb").write(b"x" * 9999)
except OSError as error:
    print(error.strerror)
try:
    bytearray(3_000_000_000)
except MemoryError:
    print("no memory")
import resource
print(30 < resource.getrlimit(resource.RLIMIT_CPU)[0] < 40)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limits")
def test_the_process_of_a_dropped_file_writes_nothing_and_has_little_memory(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITS], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines() == ["File too large", "no memory", "True"]


def test_a_file_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(process, "SECONDS", 0.01)
    dropped = Source("x", tmp_path / "x.csv", "dropped", b"technique,control\nT1078,MFA\n")
    job = Job(Question("explorer"), Settings(), (), dropped)
    with pytest.raises(InputError, match=r"x\.csv: this takes more than 0\.01 seconds"):
        result_of(process.Processes().answer(job))


@contextmanager
def in_process(served: Starlette) -> Iterator[int]:
    """The port of a server in a thread."""
    listener = server_module.listener("127.0.0.1", 0)
    started, stops = Event(), []

    def ready(stop: Callable[[], None]) -> None:
        stops.append(stop)
        started.set()

    thread = Thread(target=server_module.serve, args=(served, listener, ready))
    thread.start()
    try:
        assert started.wait(10)
        yield listener.getsockname()[1]
    finally:
        stops[0]()
        thread.join(60)
    assert not thread.is_alive()


def get(port: int, path: str) -> bytes:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", path)
        return connection.getresponse().read()


def test_a_client_that_does_not_read_is_disconnected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "SECONDS_FOR_ANSWER", 0.3)
    with in_process(app({"x.json": bytes(20_000_000), "y.json": b"{}"}.get, "")) as port:
        with closing(socket.socket()) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", port))
            client.sendall(b"GET /layers/x.json HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert get(port, "/layers/y.json") == b"{}"
            Event().wait(1)
            got = 0
            with suppress(ConnectionResetError):
                while part := client.recv(1 << 20):
                    got += len(part)
        assert got < 20_000_000
        assert len(get(port, "/layers/x.json")) == 20_000_000


def test_a_file_that_does_not_arrive_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query, "SECONDS_FOR_BODY", 0.3)
    made = Explorer(Workspace(["gcp"], Settings()), ("gcp",), NAVIGATOR)
    served = app(made.layers.get, "", explorer=made)
    with in_process(served) as port, closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as client:
        head = f"POST {made.path}explorer?file=x.csv HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"
        client.sendall(head.encode() + b"technique")
        answer = b""
        while not answer.endswith(b"}"):
            answer += client.recv(10_000)
        assert b"the file did not arrive within 0.3 seconds" in answer


def test_connections_have_a_maximum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "MOST_CONNECTIONS", 3)
    with in_process(app({"x.json": b"{}"}.get, "")) as port:
        idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
        while get(port, "/layers/x.json") == b"{}":
            pass
        assert get(port, "/layers/x.json") == b"Service Unavailable"
        for client in idle:
            client.close()
        while get(port, "/layers/x.json") != b"{}":
            pass


def test_clients_that_close_early_do_not_end_the_server() -> None:
    with running("open", "azure") as started:
        for _ in range(50):
            with socket.create_connection(("127.0.0.1", started.port)) as client:
                client.sendall(b"GET /layers/azure.json HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert started.ask("/layers/azure.json").status == 200


def test_ctrl_c_ends_the_server_beside_a_page_that_waits_and_frees_the_port() -> None:
    with running("serve", "gcp") as started:
        with socket.create_connection(("127.0.0.1", started.port), timeout=10) as waiting:
            waiting.sendall(
                f"GET {urlsplit(started.address).path}events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
            )
            assert waiting.recv(1000).startswith(b"HTTP/1.1 200")
            started.process.send_signal(signal.SIGINT)
            started.process.wait(10)
        with closing(server_module.listener("127.0.0.1", started.port, exact=True)) as again:
            assert again.getsockname()[1] == started.port


def test_a_thousand_at_once_are_all_answered() -> None:
    async def one(port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /layers/gcp.json HTTP/1.0\r\nHost: localhost\r\n\r\n")
        answer = await reader.read()
        writer.close()
        return answer.partition(b"\r\n\r\n")[2]

    async def every(port: int) -> set[bytes]:
        return set(await asyncio.gather(*(one(port) for _ in range(1000))))

    with running("open", "gcp") as started:
        assert result_of(every(started.port)) == {started.ask("/layers/gcp.json").body}


def test_the_end_of_the_server_does_not_wait_for_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    explorer = Explorer(Workspace([], Settings()), (), NAVIGATOR)

    async def nothing() -> None:
        """What the server does beside answers is left out: it takes long."""

    monkeypatch.setattr(explorer, "_watch", nothing)
    monkeypatch.setattr(explorer, "_prepare", nothing)

    async def started_and_ended() -> None:
        drawing = results("engine_jobs:wait", seconds=60)
        next(drawing)
        async with explorer.lifespan(None):
            rest = asyncio.create_task(asyncio.to_thread(list, drawing))
            await asyncio.sleep(0)
        with pytest.raises(EngineError, match="SIGKILL"):
            await rest

    result_of(started_and_ended())
