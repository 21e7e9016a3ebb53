"""The Dockerfile: what it copies is there and passes .dockerignore; a user without rights, and no cache."""

from __future__ import annotations

import re
import shlex
import tomllib
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parent.parent


def steps() -> list[tuple[str, str]]:
    """Instruction and arguments of each step."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines if line)]


def passes(path: str) -> bool:
    """Whether .dockerignore lets a path through: of its lines, the last that fits decides."""
    kept = True
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            pattern = line.removeprefix("!").removeprefix("**/")
            if fnmatch(path, pattern) or path.startswith(f"{pattern}/") or f"/{pattern}/" in path:
                kept = line.startswith("!")
    return kept


def copied() -> list[str]:
    """What is copied from the repository."""
    found = []
    for name, rest in steps():
        *sources, _ = (word for word in shlex.split(rest) if not word.startswith("--"))
        found += sources if name == "COPY" and "--from=" not in rest else []
    return found


def test_what_is_copied_is_there_and_is_all_that_the_wheel_needs() -> None:
    assert all((ROOT / path).exists() and passes(path) for path in copied())
    assert not any(map(passes, (".git/config", "tests/conftest.py", ".venv/bin/python", "navlayers/__pycache__/x")))
    assert passes("navlayers/web/live.js")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    own = project["project"]
    needed = {"pyproject.toml", own["readme"], *own["license-files"], *wheel["packages"], *wheel["force-include"]}
    assert needed <= set(copied())


def test_the_image_has_a_user_without_rights_a_pinned_base_and_no_cache() -> None:
    found = steps()
    bases = {rest.split()[0] for name, rest in found if name == "FROM"}
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.\d+-slim-\w+", bases.pop())
    assert [rest for name, rest in found if name == "USER"] == ["10001"]
    assert found[-1] == ("ENTRYPOINT", '["navlayers"]')
    installs = [rest for name, rest in found if name == "RUN"]
    assert all("--no-cache-dir" in rest for rest in installs if "pip" in rest)
    assert all("rm -rf /var/lib/apt/lists/*" in rest for rest in installs if "apt-get" in rest)
