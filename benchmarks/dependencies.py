"""What each extra and package costs: megabytes installed, and time of import as a multiple of `import click`.

    python benchmarks/dependencies.py

builds the wheel, installs it with each extra into an environment of its own, and prints two tables, whose figures
docs/dependencies.md has. Sizes are those of files without bytecode and without pip; 1 MB is 1,000,000 bytes. Times
are the least of several imports.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
TIMES = 15
"""Imports of each package."""

MODULES = {
    "font-source-sans-pro": "font_source_sans_pro",
    "ibis-framework": "ibis",
    "mitreattack-python": "mitreattack.release_info",
    "pillow": "PIL",
    "python-calamine": "python_calamine",
    "python-docx": "docx",
    "python-pptx": "pptx",
    "pyyaml": "yaml",
    "starlette": "starlette.applications",
}
"""Modules of packages whose name differs."""

_SIZES = """
import importlib.metadata as metadata, json
files = {
    each.metadata["Name"].lower(): {str(path.locate()): path.locate().stat().st_size for path in each.files or ()
    if "__pycache__" not in path.parts and path.locate().is_file()}
    for each in metadata.distributions()
}
print(json.dumps({name: sum(sizes.values()) for name, sizes in files.items()}))
"""


def main() -> None:
    """Print the tables."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    names = ["", *(name for name in extras if name not in ("test", "dev"))]
    with tempfile.TemporaryDirectory() as folder:
        wheel = _wheel(Path(folder))
        pythons = {name: _installed(Path(folder) / (name or "base"), wheel, name) for name in names}
        sizes = {name: _sizes(python) for name, python in pythons.items()}
        base = sum(sizes[""].values())
        print("| extra | packages | MB | × none |\n| --- | --- | --- | --- |")
        for name, files in sizes.items():
            total = sum(files.values())
            print(f"| {name or 'none'} | {len(files)} | {total / 1e6:.0f} | {total / base:.1f} |")
        print("\n| package | MB | start-up |\n| --- | --- | --- |")
        owners = {_name(each): "" for each in project["dependencies"]}
        for name in names[1:]:
            packages = sorted(_name(each) for each in extras[name] if not each.startswith("navlayers"))
            owners |= {package: name for package in packages if package not in owners}
        click = _seconds(pythons[""], "click")
        for package, name in owners.items():
            seconds = _seconds(pythons[name], MODULES.get(package, package))
            print(f"| `{package}` | {sizes[name][package] / 1e6:.1f} | {seconds / click:.1f} |", flush=True)


def _name(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower()


def _uv(*words: str | Path) -> None:
    subprocess.run([sys.executable, "-m", "uv", *words, "--quiet"], check=True)


def _wheel(folder: Path) -> Path:
    _uv("build", "--wheel", "--out-dir", folder, REPOSITORY)
    return next(folder.glob("*.whl"))


def _installed(folder: Path, wheel: Path, extra: str) -> Path:
    """The Python of a new environment with the wheel and an extra."""
    _uv("venv", folder, "--python", sys.executable)
    python = folder / "bin" / "python"
    _uv("pip", "install", "--python", python, f"navlayers{f'[{extra}]' if extra else ''} @ {wheel.as_uri()}")
    return python


def _sizes(python: Path) -> dict[str, int]:
    """Package → bytes of its files."""
    sizes: dict[str, int] = json.loads(_output(python, _SIZES))
    return sizes


def _seconds(python: Path, module: str) -> float:
    """The least CPU time that an import takes beyond that of starting Python."""
    code = f"import time; start = time.process_time(); import {module}; print(time.process_time() - start)"
    return min(float(_output(python, code)) for _ in range(TIMES))


def _output(python: Path, code: str) -> str:
    return subprocess.run([str(python), "-c", code], check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
