"""What the documents say about security, and how releases are made, holds."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]


def test_every_line_of_the_threat_model_has_a_test_that_exists() -> None:
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    rows = [
        line for line in text.splitlines() if line.startswith("| ") and not line.startswith(("| ---", "| line"))
    ]
    assert len(rows) > 30
    for row in rows:
        assert re.findall(r"`test_\w+\.py::test_\w+`", row), row
    for file, name in re.findall(r"`(test_\w+\.py)::(test_\w+)`", text):
        assert f"def {name}(" in (ROOT / "tests" / file).read_text(encoding="utf-8"), f"{file}::{name}"


def test_the_release_has_its_version_from_the_tag_and_pins_what_it_uses() -> None:
    """The version stands in pyproject.toml alone."""
    path = ROOT / ".github" / "workflows" / "release.yml"
    text = path.read_text(encoding="utf-8")
    jobs = yaml.safe_load(text)["jobs"]
    used = [step["uses"] for job in jobs.values() for step in job["steps"] if "uses" in step]
    assert all(re.fullmatch(r"actions/[\w-]+@v\d+\.\d+\.\d+", each) for each in used), used
    assert jobs["release"]["needs"] == "test"
    assert jobs["test"]["permissions"] == {"contents": "read"}
    installed = re.findall(r"pip\" install (.*)", text)[0].split()
    assert all("==" in each for each in installed), installed
    version = re.findall(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)[
        0
    ]
    sources = [*(ROOT / "navlayers").rglob("*.py"), ROOT / "Dockerfile", path]
    assert not [each for each in sources if f'"{version}"' in each.read_text(encoding="utf-8")]
