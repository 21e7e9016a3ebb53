from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from conftest import sample_sets

from navlayers.checks.finding import codes
from navlayers.cli import group
from navlayers.mapping import formats

if TYPE_CHECKING:
    from navlayers.mapping.find import Source

BIN = Path(sys.executable).parent
PROGRAM = BIN / "navlayers"
SHELLS = ("bash", "zsh", "fish")

SET = """\
framework: mine
version: "1"
domain: enterprise
attack_version: "16.1"
groups: {odd: Odd ones}
capabilities:
  "a b (c)":
    name: "Blank, comma and: brackets"
    groups: [odd]
    techniques: {T1078: }
  plain-1: {name: Plain, techniques: {T1078: }}
"""


def _env(**more: str) -> dict[str, str]:
    return {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "HOME": os.environ.get("HOME", "/"), **more}


def _run(*command: str, cwd: Path, **env: str) -> str:
    done = subprocess.run(command, cwd=cwd, env=_env(**env), capture_output=True, text=True, check=True, timeout=60)
    return done.stdout


@cache
def _completion(shell: str) -> str:
    return _run(str(PROGRAM), "completion", shell, cwd=BIN)


def _script(shell: str, folder: Path) -> Path:
    path = folder / f"navlayers.{shell}"
    path.write_text(_completion(shell), encoding="utf-8")
    return path


def _bash(folder: Path, *words: str) -> list[str]:
    """What a real bash puts into COMPREPLY for the last of the words."""
    quoted = " ".join(f'"{word}"' for word in words)
    code = (
        f'compopt() {{ :; }}; source "{_script("bash", folder)}"; COMP_WORDS=(navlayers {quoted}); '
        f"COMP_CWORD={len(words)}; _navlayers_completion navlayers; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    return _run("bash", "--norc", "-c", code, cwd=folder).splitlines()


def _fish(folder: Path, line: str) -> list[str]:
    code = f'source "{_script("fish", folder)}"; complete --do-complete "{line}"'
    return _run("fish", "--no-config", "-c", code, cwd=folder).splitlines()


def _completed(command: str, option: str, typed: str, **params: object) -> dict[str, str | None]:
    """What an option or argument completes the word to, with what the words mean."""
    context = click.Context(group)
    found = group.get_command(context, command)
    assert found is not None
    context.params = params
    parameter = next(each for each in found.params if each.name == option)
    return {item.value: item.help for item in parameter.shell_complete(context, typed)}


def _need(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("sh",), "show"),
        (("show", "T1588.00"), "T1588.003"),
        (("show", "t1588.00"), "T1588.003"),
        (("show", "TA000"), "TA0001"),
        (("show", "--set", "nist_800_53", "AC-0"), "AC-02"),
        (("show", "--set", "gc"), "gcp"),
        (("show", "T1078", "--form"), "--format"),
        (("show", "T1078", "--format", "h"), "html"),
        (("show", "T1078", "--attack", "18"), "18.1"),
        (("show", "--kind", "group", "--set", "nist_800_53", "S"), "SC"),
        (("build", "gc"), "gcp"),
        (("plan", "nist_800_53", "--have", "AC-0"), "AC-02"),
        (("upgrade", "gc"), "gcp"),
        (("upgrade", "gcp", "--attack", "18"), "18.1"),
        (("completion", "z"), "zsh"),
        (("check", "--explain", "unkn"), "unknown-category"),
    ],
)
def test_bash_completes(tmp_path: Path, words: tuple[str, ...], found: str) -> None:
    assert found in _bash(tmp_path, *words)


def test_bash_gets_names_of_sets_and_files(tmp_path: Path) -> None:
    (tmp_path / "gcp-own.yaml").write_text(SET, encoding="utf-8")
    assert _bash(tmp_path, "show", "--set", "gc") == ["gcp", "gcp-own.yaml"]


def test_bash_gets_ids_that_need_quotes_with_them(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(SET, encoding="utf-8")
    assert _bash(tmp_path, "show", "--set", "own.yaml", "a") == [r"a\ b\ \(c\)"]


def test_a_capability_of_another_set_is_not_completed(tmp_path: Path) -> None:
    assert _bash(tmp_path, "show", "--set", "gcp", "AC-0") in ([], [""])


def test_fish_shows_the_meaning_of_ids(tmp_path: Path) -> None:
    _need("fish")
    assert "T1588.003\tCode Signing Certificates" in _fish(tmp_path, "navlayers show T1588.0")
    (tmp_path / "own.yaml").write_text(SET, encoding="utf-8")
    assert "plain-1\tPlain" in _fish(tmp_path, "navlayers show --set own.yaml p")
    assert any("Blank, comma and: brackets" in line for line in _fish(tmp_path, "navlayers show --set own.yaml a"))


def test_zsh_shows_the_meaning_of_ids(tmp_path: Path) -> None:
    _need("zsh")
    script = _script("zsh", tmp_path)
    code = f"""
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PS1=; autoload -Uz compinit; compinit -D -u; source {script}; LISTMAX=0; stty cols 80; print READY'
zpty -r -m shell line '*READY*READY*'
zpty -w -n shell $'navlayers show T1588.0\\t\\t'
repeat 100; do zpty -r -t shell part && all+=$part; [[ $all == *Certificates* ]] && break; sleep 0.1; done
print -r -- $all
"""
    out = _run("zsh", "-f", "-c", code, cwd=tmp_path, TERM="xterm")
    assert "Code Signing Certificates" in out
    assert "T1588.003" in out


@pytest.mark.parametrize("shell", SHELLS)
def test_the_shell_itself_takes_the_script(tmp_path: Path, shell: str) -> None:
    _need(shell)
    subprocess.run([shell, "-n", str(_script(shell, tmp_path))], check=True)


@pytest.mark.parametrize("source", sample_sets(), ids=lambda source: source.name)
def test_ids_of_every_shipped_set_are_completed(source: Source) -> None:
    mapping_set = formats.read(source.path).mapping_set
    first = mapping_set.capabilities[0].id
    assert first in _completed("show", "what", first[:2], sets=(source.name,))
    ids = (*(capability.id for capability in mapping_set.capabilities), *mapping_set.groups)
    assert not any(map(re.compile("ta?[0-9]", re.IGNORECASE).match, ids)), "these are not looked for in the set"
    group = next(iter(mapping_set.groups), None)
    if group is not None:
        assert group in _completed("show", "what", group[:2], sets=(source.name,), kind="group")


def test_codes_and_releases_are_completed() -> None:
    assert _completed("check", "select", "") == {code: what.title for code, what in codes().items()}
    versions = list(_completed("build", "attack_version", ""))
    assert versions[0] == "19.1"
    assert versions[-1] == "latest"
    assert versions.index("10.1") < versions.index("9.0")


def test_an_unreadable_set_completes_nothing_and_prints_nothing(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("framework: [", encoding="utf-8")
    for name in ("bad.yaml", "missing.yaml"):
        assert _bash(tmp_path, "show", "--set", name, "AC") in ([], [""])
