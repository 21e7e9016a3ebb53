"""`navlayers mcp`: what it reads, how it quotes files, and how its process lives and ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import unicodedata
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from agent_helpers import OWN, client_of, every_row, run_async
from agent_helpers import ask as ask
from agent_helpers import client as client
from agent_helpers import folder as folder
from test_hostile_output import _set

from navlayers.agents.inventory import Inventory, Settings
from navlayers.agents.tools import INSTRUCTIONS, TOOLS, answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from agent_helpers import Ask
    from conftest import Run

COMMAND = [sys.executable, "-m", "navlayers", "mcp"]


def test_an_agent_reads_named_and_shipped_sets_and_no_other_file(
    ask: Ask, folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither by path, nor from the current folder, nor as a threat, a list of capabilities, or part of a set."""
    monkeypatch.chdir(folder)
    names = {row["set"] for row in every_row(ask, "sets")}
    assert {"own", "hostile", "gcp"} <= names
    assert not {"secret", "here"} & names
    for word in ("secret", "secret.yaml", str(folder / "secret.yaml"), "here", "-", "gcp@A", "main:own.yaml"):
        assert "unknown set" in ask("coverage", sets=[word])["problems"][0]["message"]
    for word in ("secret.yaml", "here"):
        (problem,) = ask("gaps", sets=["gcp"], threat=word)["problems"]
        assert problem["message"] == f"no threat '{word}'"
        assert "the set" not in problem.get("hint", "")
        assert "no capability" in ask("plan", sets=["gcp"], budget=1, have=[word])["problems"][0]["message"]
        assert (
            "no capability" in ask("plan", sets=["gcp"], budget=1, exclude=[f"@{word}"])["problems"][0]["message"]
        )
    assert ask("gaps", sets=["gcp"], threat="own")["techniques"] == 1
    refused = run("mcp", "-")
    assert (refused.code, refused.out) == (2, "")


def test_text_of_sets_is_quoted_in_set_data_alone(ask: Ask, client: Callable[..., Any]) -> None:
    answers = [
        ask(tool, limit=50, **arguments)
        for tool, arguments in (
            ("sets", {}),
            ("technique", {"technique": "T1078", "sets": ["hostile", "own"]}),
            ("technique", {"technique": "T1078", "sets": ["hostile", "own"], "rows": "mappings"}),
            ("capability", {"capability": "A", "sets": ["own"]}),
            ("coverage", {}),
            ("compare", {}),
            ("compare", {"technique": "T1078"}),
            ("gaps", {"sets": ["own"], "threat": "hostile"}),
            ("gaps", {"threat": "APT29", "rows": "capabilities"}),
            ("plan", {"budget": 2}),
            ("check", {"text": _set(comment="pwn")}),
        )
    ]
    for each in answers:
        for inside, text in _texts(each):
            assert inside or "pwn" not in text
            assert not any(unicodedata.category(char)[0] == "C" for char in text), text
    assert any("pwn" in text for each in answers for inside, text in _texts(each) if inside)
    tools = json.dumps([each.model_dump(mode="json") for each in client("list_tools").tools])
    assert not any(word in tools + INSTRUCTIONS for word in ("pwn", "own.yaml"))


def test_a_file_of_long_texts_gives_short_answers_all_the_same() -> None:
    text = _set(comment="pwn").replace("F\\u001b", f"{'long ' * 5000}").replace("D\\u001b", f"{'name' * 5000}")
    assert len(text) > 50_000
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / f"{'s' * 200}.json"
        path.write_text(text, encoding="utf-8")
        inventory = Inventory([str(path)], Settings())
        for tool, arguments in (
            ("sets", {}),
            ("technique", {"technique": "T1078", "rows": "mappings"}),
            ("capability", {"capability": "C"}),
            ("coverage", {}),
            ("gaps", {"threat": "APT29"}),
            ("plan", {"budget": 2}),
            ("capability", {"capability": "long " * 30}),
        ):
            found, _ = answer(inventory, tool, arguments)
            assert len(msgspec.json.encode(found)) <= 2048, tool


def _texts(value: object, *, inside: bool = False) -> Iterator[tuple[bool, str]]:
    """Each text, and whether it is data of a set."""
    if isinstance(value, str):
        yield inside, value
    elif isinstance(value, dict):
        for name, each in value.items():
            yield inside, name
            yield from _texts(each, inside=inside or name == "set_data")
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each, inside=inside)


def test_the_tools_are_read_only_and_a_changed_file_is_read_again(
    ask: Ask, client: Callable[..., Any], folder: Path
) -> None:
    tools = client("list_tools").tools
    assert [tool.name for tool in tools] == list(TOOLS)
    assert all(tool.annotations.read_only_hint and not tool.annotations.open_world_hint for tool in tools)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert ask("technique", technique="T1078", sets=["own"])["rows"][0]["score"] == 50
    (folder / "own.yaml").write_text(OWN.replace("partial", "significant"), encoding="utf-8")
    assert ask("technique", technique="T1078", sets=["own"])["rows"][0]["score"] == 100
    (folder / "own.yaml").write_text(OWN, encoding="utf-8")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("change", ["removed", "folder", "other", "endless"])
def test_a_set_that_is_replaced_tells_nothing_of_other_files(tmp_path: Path, change: str) -> None:
    """Not their names, and at most the first words of what the path of the set now leads to."""
    path, other = tmp_path / "own.yaml", tmp_path / "owner.yaml"
    path.write_text(OWN, encoding="utf-8")
    other.write_text("pass " * 50, encoding="utf-8")
    inventory = Inventory([str(path), "gcp"], Settings())
    path.unlink()
    if change == "folder":
        path.mkdir()
        (path / other.name).write_text(OWN, encoding="utf-8")
    elif change != "removed":
        path.symlink_to(other if change == "other" else path)
    for tool, arguments in (
        ("sets", {}),
        ("coverage", {"sets": ["own"]}),
        ("technique", {"technique": "T1078"}),
        ("compare", {}),
        ("gaps", {"sets": ["gcp"], "threat": "own"}),
        ("plan", {"budget": 1}),
    ):
        found, wrong = answer(inventory, tool, arguments)
        text = json.dumps(found)
        assert wrong is (tool != "sets")
        assert "own.yaml" in text
        assert other.name not in text
        assert text.count("pass") < 20
        assert change == "other" or "for the user: put it back" in text
    assert not answer(inventory, "coverage", {"sets": ["gcp"]})[1]


def test_standard_output_has_the_protocol_alone_and_its_end_ends_the_process(folder: Path) -> None:
    ready = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    messages = (
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": ready},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "sets", "arguments": {}}},
    )
    line = [*COMMAND, "hostile.json"]
    with (
        subprocess.Popen(line, cwd=folder, text=True, stdin=-1, stdout=-1, stderr=-1) as process,
        ExitStack() as end,
    ):
        end.callback(process.kill)
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write("no JSON\n" + "".join(f"{json.dumps(each)}\n" for each in messages))
        process.stdin.flush()
        assert [json.loads(process.stdout.readline())["id"] for _ in range(2)] == [1, 2]
        process.stdin.close()
        assert (process.stdout.read(), process.stderr.read(), process.wait(10)) == ("", "", 0)


def test_http_answers_this_machine_alone_and_ends_in_the_middle_of_a_plan() -> None:
    line = [*COMMAND, "--http", "0"]
    with subprocess.Popen(line, text=True, stdout=-1, stderr=-1) as process, ExitStack() as end:
        end.callback(process.kill)
        assert process.stderr is not None
        address = process.stderr.readline().split(" at ")[1].split()[0]
        host, port = address.removeprefix("http://").removesuffix("/mcp").split(":")
        assert host == "127.0.0.1"

        async def rows() -> Any:
            async with client_of(address) as client:
                return (await client.call_tool("coverage", {"sets": ["gcp"]})).structured_content["rows"]

        assert run_async(rows)[0]["techniques"] == 129

        def status(method: str = "POST", body: str = "{}", wait: float = 20, **headers: str) -> int:
            with closing(HTTPConnection(host, int(port), timeout=wait)) as connection:
                kind = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
                connection.request(method, "/mcp", body, kind | headers)
                return connection.getresponse().status

        assert status(Host="evil.example") == 421
        assert status(Origin="http://evil.example") == 403
        assert status("DELETE") == 405
        plan = {"name": "plan", "arguments": {"sets": ["nist_800_53", "cri_profile"], "budget": 20, "seconds": 30}}
        # The process of the solver alone takes longer to start.
        with pytest.raises(TimeoutError):
            status(body=json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": plan}), wait=0.1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
