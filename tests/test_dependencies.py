"""What is installed without extras, and what a command says that lacks a package of one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = ("attack", "fleet", "mcp", "office", "pictures", "plan", "serve", "tables")

LINES = {
    "pictures": ["render gcp -o a.svg", "report gcp -o a.html", "site gcp -o site", "badge gcp -o a.svg"],
    "office": ["render gcp -o a.pptx", "report gcp -o a.docx"],
    "plan": ["plan gcp --budget 3"],
    "serve": ["serve gcp --no-browser", "open gcp --no-browser"],
    "mcp": ["mcp gcp"],
    "attack": ["attack add 17.1"],
    "tables": ["export gcp -o gcp.duckdb", "export gcp --table sets -o gcp.parquet"],
    "fleet": ["fleet ../tenants"],
    "": [
        "init",
        "run",
        "check gcp",
        "build gcp --only overview",
        "stats gcp",
        "compare aws gcp",
        "gaps gcp --threat APT29",
        "export gcp -o tables --format csv",
    ],
}

# Runs lines of the command in a Python in which packages cannot be found.
RUNS = """
import contextlib, io, json, sys
absent, lines = json.loads(sys.argv[1]), json.loads(sys.argv[2])
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in absent:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Finder())
from navlayers.cli import main
done = []
for line in lines:
    sys.argv, said = ["navlayers", *line.split(), "-q"], io.StringIO()
    code = 0
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
    done.append([code, said.getvalue()])
print(json.dumps(done))
"""


def names(requirements: list[str]) -> set[str]:
    """The packages of requirements, without those of other extras."""
    return {re.split(r"[>=<\[]", each)[0] for each in requirements if not each.startswith("navlayers[")}


def test_a_command_without_its_extra_says_what_to_install_and_others_run(tmp_path: Path) -> None:
    modules = {
        "mitreattack-python": "mitreattack",
        "python-docx": "docx",
        "python-pptx": "pptx",
        "ibis-framework": "ibis",
    }
    packages = set().union(*(names(PROJECT["optional-dependencies"][extra]) for extra in EXTRAS))
    absent = [modules.get(package, package.replace("-", "_")) for package in sorted(packages)]
    lines = [(extra, line) for extra, several in LINES.items() for line in several]
    # Processes of engines have the same paths, but no such finder.
    place, here = tmp_path / "absent", tmp_path / "here"
    place.mkdir()
    here.mkdir()
    (tmp_path / "tenants").mkdir()
    (tmp_path / "tenants" / "red.csv").write_text("capability,technique\nmfa,T1078\n", encoding="utf-8")
    for package in absent:
        text = f"raise ModuleNotFoundError('No module named {package}', name='{package}')"
        (place / f"{package}.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "-c", RUNS, json.dumps(absent), json.dumps([line for _, line in lines])]
    environment = os.environ | {"PYTHONPATH": str(place)}
    done = subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True, check=True)
    for (extra, line), (code, said) in zip(lines, json.loads(done.stdout), strict=True):
        assert code == (2 if extra else 0), (line, said)
        assert (f"pip install 'navlayers[{extra}]'" in said) == bool(extra), (line, said)
    first = {"my-controls.yaml", "navlayers.yaml", "navlayers.schema.json", "navlayers-run.schema.json"}
    assert {path.name for path in here.iterdir()} == {"layers", "tables", *first}


def test_the_documentation_lists_every_package_with_its_extras() -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8").partition("## Packages")[2]
    rows = re.findall(r"^\| `([\w-]+)` \| ((?:`\w+`(?:, )?)*) ?\|.*\|.*\|.*\|$", text, re.MULTILINE)
    listed = {package: set(re.findall(r"\w+", extras)) for package, extras in rows}
    needed: dict[str, set[str]] = {package: set() for package in names(PROJECT["dependencies"])}
    for extra in EXTRAS:
        for package in names(PROJECT["optional-dependencies"][extra]):
            needed.setdefault(package, set()).add(extra)
    assert listed == needed
