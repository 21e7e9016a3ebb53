"""Measure the local server under load: `python benchmarks/serve.py [--requests N]`.

The real commands are started and asked over the loopback interface. Figures are times of the clock: run it on a
machine that does nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

SIZE = 500_000
LAYER = "/layers/layer.json"
LONGEST_EVENT = 10_000_000
"""Bytes of what pages are told of a change."""

SETS = (["gcp"], ["m365"], ["aws", "azure", "gcp"], ["nist_800_53"], ["aws", "azure", "gcp", "nist_800_53"])
OTHERS: tuple[list[str], ...] = ([], ["aws", "azure", "nist_800_53"])
"""Sets beside the one that is saved."""

ROOT = Path(__file__).parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=20_000, help="requests while memory is watched")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        layer = Path(scratch) / "layer.json"
        data = write_layer(layer)
        asyncio.run(load(layer, data, args.requests))
        for names in SETS:
            asyncio.run(plans(names))
        for others in OTHERS:
            asyncio.run(saves(Path(scratch), others))


def write_layer(path: Path) -> bytes:
    """A layer of 500 kB."""
    layer = json.loads((ROOT / "layers" / "nist_800_53" / "overview.json").read_bytes())
    each = (SIZE - len(json.dumps(layer).encode())) // len(layer["techniques"])
    for entry in layer["techniques"]:
        entry["comment"] = entry.get("comment", "") + "x" * each
    path.write_text(json.dumps(layer))
    return path.read_bytes()


class Server:
    """A running command: its port and the path of its page."""

    def __init__(self, *args: str) -> None:
        line = [sys.executable, "-m", "navlayers", *args, "--no-browser", "--port", "0", "-q"]
        self.process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
        address = self.process.stdout.readline().strip() if self.process.stdout else ""
        (first, *_) = parse_qs(urlsplit(address).fragment).get("layerURL", [address])
        self.port, self.page = urlsplit(first).port or 0, urlsplit(address).path

    @property
    def megabytes(self) -> float:
        """The resident memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024

    def stop(self) -> float:
        """Press Ctrl-C; the seconds until the process has ended."""
        begin = time.perf_counter()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(10)
        return time.perf_counter() - begin


async def get(port: int, path: str, times: int = 1, durations: list[float] | None = None) -> bytes:
    """The body of the last of some requests on one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = b""
    for _ in range(times):
        begin = time.perf_counter()
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise ConnectionError(head)
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
        body = await reader.readexactly(length)
        if durations is not None:
            durations.append(1000 * (time.perf_counter() - begin))
    writer.close()
    return body


async def load(layer: Path, data: bytes, requests: int) -> None:
    server = Server("open", str(layer))
    begin = time.perf_counter()
    bodies = await asyncio.gather(*(get(server.port, LAYER) for _ in range(1000)))
    taken = time.perf_counter() - begin
    print(f"1,000 concurrent requests of {len(data):,} bytes: {bodies.count(data):,} right, {taken:.2f} s")
    del bodies
    for clients in (1, 8, 32):
        durations: list[float] = []
        await asyncio.gather(*(get(server.port, LAYER, 2000 // clients, durations) for _ in range(clients)))
        print(f"{clients} clients: {_quantiles(durations)}")
    bad = [await hostile(server.port, number) for number in range(300)]
    durations = []
    await asyncio.gather(*(get(server.port, LAYER, 125, durations) for _ in range(8)))
    print(f"8 clients beside 300 that hang, send garbage or close early: {_quantiles(durations)}")
    for writer in bad:
        writer.close()
    marks = []
    for _ in range(10):
        await asyncio.gather(*(get(server.port, LAYER, requests // 80) for _ in range(8)))
        marks.append(server.megabytes)
    print(f"memory over {requests:,} requests: {', '.join(f'{mark:.0f}' for mark in marks)} MB")
    print(f"Ctrl-C: {server.stop():.2f} s")


async def hostile(port: int, number: int) -> asyncio.StreamWriter:
    """A client that sends a part of a request, garbage, or does not read what it asked for."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    request = f"GET {LAYER} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    writer.write((request[:20], b"\x00\xff" * 500, request)[number % 3])
    with contextlib.suppress(ConnectionError):
        await writer.drain()
    await asyncio.sleep(0.002)
    if number % 3 == 2 and number % 2:
        writer.close()
    return writer


async def plans(names: list[str]) -> None:
    server = Server("serve", *names)
    path = f"{server.page}explorer?sets={','.join(names)}"
    begin = time.perf_counter()
    most = json.loads(await get(server.port, path))["capabilities"]
    first = 1000 * (time.perf_counter() - begin)
    await asyncio.sleep(3)
    durations: list[float] = []
    proven = 0
    for budget in range(1, most + 1):
        path = f"{server.page}plan?sets={','.join(names)}&budget={budget}"
        proven += json.loads(await get(server.port, path, 1, durations))["proven"]
    about = f"{' '.join(names)}: explorer {first:.0f} ms; plans for all {most} budgets"
    print(f"{about}: {_quantiles(durations)}; {proven} of them proven the best")
    print(f"  Ctrl-C: {server.stop():.2f} s")


async def saves(folder: Path, others: list[str]) -> None:
    """The time from a save to the answer that shows it, beside other sets."""
    path = folder / "mine.yaml"
    text = (ROOT / "mappings" / "gcp.yaml").read_text()
    path.write_text(text)
    server = Server("serve", str(path), *others)
    names = ",".join(["mine", *others])
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=LONGEST_EVENT)
    writer.write(f"GET {server.page}events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    await asyncio.sleep(3)
    durations = []
    for number in range(20):
        changed = f"Google Cloud {number}"
        begin = time.perf_counter()
        path.write_text(text.replace("Google Cloud", changed, 1))
        while changed.encode() not in await reader.readuntil(b"\n\n"):
            pass
        await get(server.port, f"{server.page}explorer?sets={names}&release=enterprise+16.1")
        durations.append(1000 * (time.perf_counter() - begin))
        await asyncio.sleep(0.4)
    writer.close()
    print(f"save → the page has the new data of {names}: {_quantiles(durations)}")
    server.stop()


def _quantiles(durations: list[float]) -> str:
    cuts = statistics.quantiles(durations, n=100)
    return f"p50 {cuts[49]:.0f}, p99 {cuts[98]:.0f}, at most {max(durations):.0f} ms"


if __name__ == "__main__":
    main()
