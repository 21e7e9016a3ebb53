from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
import yaml

from navlayers.cli import COMMANDS, group
from navlayers.cli._help import documentation

if TYPE_CHECKING:
    from _pytest.mark.structures import ParameterSet
    from conftest import Run

ROOT = Path(__file__).parent.parent
DOCS = {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md"))}
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)
FILE = re.compile(r"`([\w-]+\.(?:csv|yaml|json))`[^\n`]*:\n\n```(?:csv|yaml|json)\n(.*?)```", re.DOTALL)
"""A file that a page shows: its name, a colon, the block."""
SHELL = frozenset("|<>;&*?$`~\\")
"""Characters that a shell interprets."""
QUOTED = re.compile(r"\"[^\"$`\\]*\"")
"""A word in which a shell interprets nothing."""
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def _leaves(name: str, command: click.Command) -> list[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        found = []
        for sub in command.list_commands(context):
            child = command.get_command(context, sub)
            assert child is not None
            found += _leaves(f"{name} {sub}", child)
        return found
    return [(name, command)]


LEAVES = _leaves("navlayers", group)
COMMON = {"-h", "--help", "--color"}
"""Documented once for all commands."""


def _section(name: str) -> str:
    """The part of the docs whose heading is the command."""
    for text in DOCS.values():
        match = re.search(rf"^##+ {re.escape(name)}$(.*?)(?=^##|\Z)", text, re.DOTALL | re.MULTILINE)
        if match:
            return match[1]
    pytest.fail(f"no heading '## {name}' in docs/")


def _options(command: click.Command) -> set[str]:
    """All spellings of the options of a command."""
    context = click.Context(command, help_option_names=["-h", "--help"])
    return {
        spelling
        for parameter in command.get_params(context)
        if isinstance(parameter, click.Option)
        for spelling in parameter.opts
    }


@pytest.mark.parametrize(("name", "command"), LEAVES, ids=[name for name, _ in LEAVES])
def test_every_command_and_option_is_documented(name: str, command: click.Command) -> None:
    section = _section(name)
    for spelling in _options(command) - COMMON:
        assert f"`{spelling}" in section, f"{name} {spelling} is not in the docs"


@pytest.mark.parametrize(("name", "command"), LEAVES, ids=[name for name, _ in LEAVES])
def test_every_documented_option_exists(name: str, command: click.Command) -> None:
    documented = set(re.findall(r"^\| (`-.*?) \|", _section(name), re.MULTILINE))
    spellings = {spelling for cell in documented for spelling in re.findall(r"`(-[\w-]+)`", cell)}
    assert spellings - _options(command) == set()


@pytest.mark.parametrize(("name", "command"), LEAVES, ids=[name for name, _ in LEAVES])
def test_the_options_of_all_commands_are_those_of_each(name: str, command: click.Command) -> None:
    assert _options(command) >= COMMON


def test_the_list_of_commands_says_what_each_command_s_own_help_says() -> None:
    context = click.Context(group)
    for name, summary in COMMANDS.items():
        command = group.get_command(context, name)
        assert command is not None
        assert command.get_short_help_str(200) == summary


@pytest.mark.parametrize("name", COMMANDS)
def test_the_documentation_that_help_names_exists(name: str) -> None:
    file, _, anchor = documentation(name).partition("#")
    text = (ROOT / file).read_text(encoding="utf-8")
    assert not anchor or f"\n## {anchor.replace('-', ' ')}\n" in text


def _commands() -> list[ParameterSet]:
    """The console blocks of the pages; those of the pages that continue from block to block together."""
    found = []
    for name, text in [*DOCS.items(), ("README.md", README)]:
        scripts = CONSOLE.findall(text)
        if name.startswith(("tutorial", "howto-", "README")):
            scripts = ["".join(scripts)]
        found += [
            pytest.param(script, FILE.findall(text), id=f"{name}-{number}")
            for number, script in enumerate(scripts)
            if "attack add" not in script
        ]
    return found


@pytest.mark.parametrize(("script", "files"), _commands())
def test_every_documented_command_runs(
    script: str, files: list[tuple[str, str]], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In an empty folder, with the documented output; without a shell where none is needed, as that is slow."""
    _write({**EXAMPLE_FILES, **dict(files)})
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if "$ git " in script or " main:" in script:
        _commit(monkeypatch)
    for step in script.removeprefix("$ ").split("\n$ "):
        command, _, output = step.partition("\n")
        line = command.partition(" #")[0].strip()
        written, _, file = line.partition(" > ")
        bare = QUOTED.sub("", written)
        if written.startswith(("navlayers open ", "navlayers serve ")):
            printed = _opened(shlex.split(written))
        elif written.startswith("navlayers mcp"):
            printed = _shell(f"{written} < /dev/null")
        elif written.startswith("navlayers ") and not SHELL & {*bare, *file}:
            result = run(*shlex.split(written)[1:])
            assert result.code == 0, f"{shlex.quote(line)}: {result.err}"
            if file:
                Path(file).write_text(result.out, encoding="utf-8")
            printed = result.out + result.err
        else:
            printed = _shell(line)
        for part in re.split("^…$", output, flags=re.MULTILINE):
            assert " ".join(part.split()) in " ".join(printed.split()), f"{shlex.quote(line)} prints\n{printed}"


def _write(files: dict[str, str], folder: Path = Path()) -> None:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def _shell(line: str) -> str:
    done = subprocess.run(["bash", "-ec", line], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{shlex.quote(line)}: {done.stderr}"
    return done.stdout + done.stderr


def _opened(command: list[str]) -> str:
    """The address that a server prints; it has to end by Ctrl-C."""
    with subprocess.Popen([*command, "--no-browser", "--port", "0"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline()
        process.send_signal(signal.SIGINT)
    assert process.returncode == 0
    return address


def _commit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the folder a repository whose branch main has the files."""
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "a")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "a@example.org")
    _shell("git init -q -b main && git add . && git commit -q -m first")


def test_the_commands_of_the_gitlab_job_run(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    blocks = map(yaml.safe_load, re.findall(r"```yaml\n(.*?)```", DOCS["howto-pull-request.md"], re.DOTALL))
    (job,) = (block["controls"] for block in blocks if "controls" in block)
    _write(EXAMPLE_FILES)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    monkeypatch.setenv("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main")
    _commit(monkeypatch)
    _shell("git remote add origin .")
    for line in job["script"]:
        _shell(line)
    assert Path("coverage.md").read_text(encoding="utf-8").startswith("### Coverage: ")


EXAMPLE_FILES = {
    "my-controls.yaml": """\
framework: my-controls
version: "1"
domain: enterprise
attack_version: "16.1"
capabilities:
  mfa:
    name: Multi-factor authentication
    techniques:
      T1078: {protect: significant}
""",
}


def _python() -> list[str]:
    return [block for text in [*DOCS.values(), README] for block in PYTHON.findall(text)]


@pytest.mark.parametrize("code", _python())
def test_every_documented_python_example_runs(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process, which has read the sets and imported what they need."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    _write(EXAMPLE_FILES)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exec(compile(code, "example", "exec"), {"__name__": "__main__"})  # noqa: S102 - our own documentation


def test_no_link_within_the_documentation_is_broken() -> None:
    pages = {ROOT / "docs" / name: text for name, text in DOCS.items()} | {ROOT / "README.md": README}
    for page, text in pages.items():
        for target in LINK.findall(text):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_ci_runs_the_first_lines_of_the_contributing_guide() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    lines = re.findall(r"^    (.+)$", text, re.MULTILINE)[:2]
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert lines[1].startswith(".venv/bin/pytest ")
    assert [part for line in lines for part in line.split(" && ") if part not in ci] == []
