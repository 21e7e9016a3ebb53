"""Layers served to the Navigator by the real command: bytes, headers, refusals, and a page of another origin."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
from contextlib import closing, suppress
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from browser_helpers import serve
from serve_helpers import Server, running

from navlayers.serve import server as server_module
from navlayers.serve.app import app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from browser_helpers import OpenPage
    from conftest import Run

ROOT = Path(__file__).parent.parent
NAVIGATOR = "https://navigator.example:8443"
GCP = "/layers/gcp.json"
LAYERS = {name: (ROOT / "layers" / name / "overview.json").read_bytes() for name in ("gcp", "aws")}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running("open", "gcp", "aws", "--navigator", f"{NAVIGATOR}/nav/") as started:
        yield started


def test_the_address_opens_the_layers_as_tabs_in_the_order_named(server: Server) -> None:
    base = f"http%3A%2F%2F127.0.0.1%3A{server.port}%2Flayers%2F"
    assert server.address == f"{NAVIGATOR}/nav/#layerURL={base}gcp.json&layerURL={base}aws.json"


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_of_a_set_is_the_one_that_build_writes(server: Server, name: str) -> None:
    status, headers, body = server.ask(f"/layers/{name}.json", Origin=NAVIGATOR)
    assert (status, body) == (200, LAYERS[name])
    assert headers["content-type"] == "application/json"
    assert headers["access-control-allow-origin"] == NAVIGATOR
    assert headers["vary"] == "Origin"
    assert headers["x-content-type-options"] == "nosniff"


def test_an_unchanged_layer_is_not_sent_again(server: Server) -> None:
    _, headers, _ = server.ask(GCP)
    status, again, body = server.ask(GCP, If_None_Match=f'"other", {headers["etag"]}')
    assert (status, body, again["etag"]) == (304, b"", headers["etag"])


def test_head_has_the_headers_alone(server: Server) -> None:
    status, headers, body = server.ask(GCP, method="HEAD")
    assert (status, body, headers["content-length"]) == (200, b"", str(len(LAYERS["gcp"])))


def test_a_browser_may_ask_before_it_reads_from_a_private_network(server: Server) -> None:
    asks = {"Access_Control_Request_Method": "GET", "Access_Control_Request_Private_Network": "true"}
    status, headers, _ = server.ask(GCP, method="OPTIONS", body=None, Origin=NAVIGATOR, **asks)
    assert status == 204
    assert headers["access-control-allow-origin"] == NAVIGATOR
    assert headers["access-control-allow-private-network"] == "true"
    assert headers["access-control-allow-methods"] == "GET, HEAD"


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", f"{NAVIGATOR}.evil.example", "http://localhost"]
)
def test_pages_of_other_origins_are_refused(server: Server, method: str, origin: str) -> None:
    status, headers, body = server.ask(GCP, method=method, Origin=origin)
    assert status == 403
    assert "access-control-allow-origin" not in headers
    assert origin.encode() in body


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "[::1", "10.1.2.3"]
)
def test_names_that_are_not_of_this_machine_are_refused(server: Server, host: str) -> None:
    assert server.ask(GCP, Host=host)[0] == 421


@pytest.mark.parametrize("host", ["localhost:9999", "127.0.0.1", "[::1]:80", "LOCALHOST"])
def test_a_tunnel_may_have_another_port(server: Server, host: str) -> None:
    assert server.ask(GCP, Host=host)[0] == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE"])
def test_the_server_only_reads(server: Server, method: str) -> None:
    status, headers, _ = server.ask(GCP, method=method)
    assert (status, headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "path",
    [
        "/layers/../../../../etc/passwd",
        "/layers/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/layers//etc/passwd",
        "/layers/gcp.json%00",
        "/layers/..%5cgcp.json",
        "/layers/gcp",
        "/pyproject.toml",
        "//etc/passwd",
    ],
)
def test_only_what_was_named_is_served(server: Server, path: str) -> None:
    assert server.ask(path)[0] == 404


def test_the_start_page_lists_the_layers_and_runs_nothing(server: Server) -> None:
    status, headers, body = server.ask("/")
    page = body.decode()
    assert status == 200
    assert headers["content-security-policy"].startswith("default-src 'none'; ")
    assert "<script" not in page
    for name in ("Google Cloud", "AWS", "gcp.json", "aws.json", "ATT&amp;CK Enterprise 16.1"):
        assert name in page
    assert server.address.replace("&", "&amp;") in page


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\xff" * 200,
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 5_000,
        b"GET /" + b"a" * 100_000,
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        b"",
    ],
)
def test_garbage_harms_no_one_else(server: Server, data: bytes) -> None:
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=10)) as client:
        try:
            client.sendall(data)
            if data:
                assert re.match(rb"HTTP/1.1 4\d\d ", client.recv(200) or b"HTTP/1.1 400 closed")
        except ConnectionError:
            pass
        assert server.ask(GCP)[2] == LAYERS["gcp"]


def test_a_page_of_another_origin_gets_the_same_bytes(open_page: OpenPage, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html><title>Navigator</title>")
    with serve(tmp_path) as navigator, running("open", "gcp", "--navigator", navigator) as started:
        page = open_page(started.address).page
        (url,) = parse_qs(urlsplit(page.url).fragment)["layerURL"]
        text = page.evaluate("url => fetch(url).then(answer => answer.text())", url)
    assert text.encode() == LAYERS["gcp"]


def test_files_are_served_as_they_are_and_lists_in_the_order_of_the_tabs(tmp_path: Path) -> None:
    for number, name in enumerate(LAYERS):
        shutil.copy(ROOT / "layers" / name / "overview.json", tmp_path / f"{number} {name}.json")
    both = tmp_path / "both.json"
    both.write_text(json.dumps([json.loads(data) for data in LAYERS.values()]))
    with running("open", tmp_path / "1 aws.json", both, tmp_path / "0 gcp.json") as started:
        urls = parse_qs(urlsplit(started.address).fragment)["layerURL"]
        bodies = [started.ask(urlsplit(url).path)[2] for url in urls]
    assert bodies[0] == LAYERS["aws"]
    assert bodies[-1] == LAYERS["gcp"]
    # The Navigator opens a list from its end.
    assert [json.loads(body)["name"][:6] for body in bodies[1:3]] == ["AWS 20", "Google"]


def test_once_ends_when_each_layer_was_read(server: Server) -> None:
    with running("open", "gcp", "aws", "--once") as started:
        started.ask("/layers/gcp.json", method="HEAD")
        started.ask("/layers/aws.json")
        assert started.process.poll() is None
        started.ask("/layers/gcp.json")
        assert started.process.wait(10) == 0


def test_the_next_free_port_is_used_and_told(server: Server) -> None:
    with running("open", "gcp", "--port", str(server.port)) as started:
        assert started.port > server.port
        started.process.send_signal(signal.SIGINT)
        assert f"note: port {server.port} is in use; using {started.port}" in started.process.communicate()[1]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((), "no input given; expected sets, layers or folders"),
        (("gcp", "--navigator", "ftp://x"), "--navigator: 'ftp://x' is not an address"),
        (("gcp", "--host", "no-such-host.invalid"), "unknown host 'no-such-host.invalid'"),
        # An address for documentation, which no machine has.
        (("gcp", "--host", "192.0.2.1"), "cannot listen on '192.0.2.1'; expected an address of this machine"),
        (("nope",), "nope"),
    ],
)
def test_what_cannot_be_opened_is_told(run: Run, args: tuple[str, ...], message: str) -> None:
    result = run("open", *args, "--no-browser")
    assert result.code == 2
    assert message in result.err


def test_a_client_that_does_not_finish_its_request_is_disconnected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "SECONDS_FOR_REQUEST", 0.2)
    listener = server_module.listener("127.0.0.1", 0)
    port, started, stops = listener.getsockname()[1], Event(), []

    def ready(stop: Callable[[], None]) -> None:
        stops.append(stop)
        started.set()

    thread = Thread(target=server_module.serve, args=(app({"x.json": b"{}"}.get, ""), listener, ready))
    thread.start()
    try:
        assert started.wait(10)
        answered = b"GET /layers/x.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
        for before in (b"", answered):
            with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as client:
                if before:
                    client.sendall(before)
                    assert client.recv(1000).startswith(b"HTTP/1.1 200 OK")
                client.sendall(b"GET / HTTP/1.1\r\nHost: loc")
                rest = b""
                with suppress(ConnectionResetError):
                    rest = client.recv(1000)
                assert rest in (b"", b"{}")
    finally:
        stops[0]()
        thread.join(10)
    assert not thread.is_alive()


def test_a_hint_says_what_keeps_the_navigator_from_the_layers(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def serve_a_moment(_app: object, listener: socket.socket, ready: Callable[[object], None]) -> None:
        ready(None)
        Event().wait(0.5)
        listener.close()

    monkeypatch.setattr("navlayers.cli.open.SECONDS_TO_READ", 0.05)
    monkeypatch.setattr(server_module, "serve", serve_a_moment)
    assert "choose Allow" in run("open", "gcp", "--no-browser", "--port", "0").err
    assert "choose Allow" not in run("open", "gcp", "--no-browser", "--port", "0", "-q").err
