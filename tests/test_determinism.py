"""The same input and options give the same bytes: whatever the order of rows, the place and the environment."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from conftest import contents
from site_pages import ics

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = ("capability_id", "capability_group", "attack_object_id", "score_category", "score_value")
ROWS = [
    ("mfa", "identity", "T1078", "protect", "significant"),
    ("mfa", "access", "T1078", "protect", "partial"),
    ("mfa", "access", "T1110", "protect", "partial"),
    ("ids", "network", "T1078", "detect", "minimal"),
    ("ids", "access", "T1078", "detect", "partial"),
    ("ids", "network", "T1053.001", "detect", "partial"),
    ("waf", "network", "T1190", "protect", "partial"),
    ("vpn", "network", "T1190", "protect", "partial"),
]


def _set(seed: int) -> dict[str, Any]:
    """Two references, comments and descriptions on every technique, rows in an order that the seed gives."""
    rows: list[dict[str, Any]] = [dict(zip(COLUMNS, row, strict=True)) for row in ROWS]
    for number, row in enumerate(rows):
        row |= {
            "capability_description": f"Name {number % 2} of {row['capability_id']}",
            "mapping_type": "technique_scores",
            "attack_object_name": f"Name {number}",
            "references": [f"https://example.org/{number}", f"https://example.net/{number}"],
            "comments": f"Comment {number}",
            "status": "complete",
        }
    random.Random(seed).shuffle(rows)  # noqa: S311 - an order, not a secret
    metadata = {
        "mapping_framework": "demo",
        "mapping_framework_version": "1",
        "technology_domain": "enterprise",
        "attack_version": "16.1",
        "mapping_types": {"technique_scores": {"name": "scores", "description": ""}},
        "capability_groups": {"identity": "Identity", "network": "Network", "access": "Access"},
    }
    return {"metadata": metadata, "mapping_objects": rows}


SCRIPT = """
import json, sys
from navlayers.cli import main
for line in json.loads(sys.argv[1]):
    try:
        main([*line.split(), "-q"])
    except SystemExit as done:
        assert done.code in (None, 0), line
"""


def _run(folder: Path, commands: list[str], *, umask: int = -1, **environment: str) -> None:
    """Run commands in a process of their own."""
    command = [sys.executable, "-c", SCRIPT, json.dumps(commands)]
    subprocess.run(command, cwd=folder, env={**os.environ, **environment}, umask=umask, check=True)


def test_the_order_of_the_rows_and_the_hash_seed_never_show(tmp_path: Path) -> None:
    """The native form neither, where each capability and technique has one row."""
    commands = [
        "build demo.json -o plain",
        "build demo.json --attack 18.1 --rollup mean -o rolled",
        "build demo.json --aggregate mean -o mean",
        "convert alone.json -o alone.yaml",
    ]
    found = []
    for seed in (1, 2, 3):
        here = tmp_path / str(seed)
        here.mkdir()
        document = _set(seed)
        (here / "demo.json").write_text(json.dumps(document), encoding="utf-8")
        # Rows of one capability and technique keep their order: here there is one of each.
        alone = [row for row in document["mapping_objects"] if row["score_value"] in ("significant", "minimal")]
        alone += [row for row in document["mapping_objects"] if row["attack_object_id"] == "T1190"]
        (here / "alone.json").write_text(json.dumps({**document, "mapping_objects": alone}), encoding="utf-8")
        _run(here, commands, PYTHONHASHSEED=str(seed))
        made = contents(here)
        assert made.pop("demo.json")
        assert made.pop("alone.json")
        found.append(made)
    for folder in ("plain", "rolled", "mean"):
        assert len([path for path in found[0] if path.startswith(f"{folder}/")]) > 8
    assert "alone.yaml" in found[0]
    assert found[1] == found[0]
    assert found[2] == found[0]


COMMANDS = [
    "build demo.json --aggregate mean -o built",
    "compare demo.json gcp -o compared",
    "gaps demo.json gcp --threat FIN7 --threat APT29 --software-of all --threat kev -o gaps",
    "plan demo.json --budget 2 -o plan",
    "upgrade demo.json --attack 18.1 -o upgraded.yaml",
    *(f"convert demo.json --format {name} -o demo.{name}" for name in ("csv", "xlsx", "stix", "oscal", "native")),
    *(f"render demo.json -o demo.{name}" for name in ("svg", "png", "pdf", "pptx", "html", "md")),
    *(f"report demo.json --threat FIN7 -o report.{name}" for name in ("html", "pdf", "docx", "md")),
    "site tiny.json kev-mobile -o site",
    "export demo.json kev-mobile -o tables",
    "export demo.json kev-mobile --table mappings -o mappings.csv",
    "export demo.json kev-mobile -o tables.duckdb",
]

ENVIRONMENTS = [
    {"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "Asia/Tokyo", "PYTHONUTF8": "0"},
    {"PYTHONHASHSEED": "2", "LC_ALL": "C.UTF-8", "TZ": "America/New_York", "USER": "other"},
]


def test_all_files_are_the_same_in_any_folder_and_environment(
    tmp_path: Path,
) -> None:
    found = []
    for number, environment in enumerate(ENVIRONMENTS):
        here = tmp_path / f"{'place' * (number + 1)}"
        here.mkdir()
        (here / "demo.json").write_text(json.dumps(_set(1)), encoding="utf-8")
        ics(here / "tiny.json")
        _run(here, COMMANDS, umask=(0o022, 0o077)[number], **environment)
        found.append(contents(here))
    assert found[0].keys() == found[1].keys()
    assert [path for path, data in found[0].items() if found[1][path] != data] == []
    assert {line.split()[-1] for line in COMMANDS} <= {path.partition("/")[0] for path in found[0]}
    assert not re.search(rb"20[2-9][0-9]-[0-9]{2}-[0-9]{2}", found[0]["report.md"])
