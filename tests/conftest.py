"""Fixtures that several test files share, and the few lines that make a set in memory."""

from __future__ import annotations

import io
import json
import os
import sys
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import pytest
from hypothesis import settings

from navlayers.attack import Catalogue, Status, Tactic, Technique
from navlayers.cli import main
from navlayers.model import Capability, Category, Mapping, MappingSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SHARED = Path(__file__).parents[2] / "shared"
CORPUS = SHARED / "corpus" / "mappings-explorer"
CORPUS_FILES = sorted(CORPUS.glob("*_attack-*.json"))

settings.register_profile("fast", max_examples=40, deadline=None, derandomize=True)
settings.register_profile("full", max_examples=1000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))


@pytest.fixture(autouse=True, scope="session")
def _only_built_in_releases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NAVLAYERS_DATA_DIR", str(tmp_path_factory.mktemp("data")))
        yield


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of the published mapping sets."""
    if not CORPUS.is_dir():
        pytest.skip("the published mapping sets are not at ../shared/corpus")
    return CORPUS


class Result(NamedTuple):
    """How a run of the command line ended."""

    code: int
    out: str
    err: str


class Run(Protocol):
    """Runs the command line in an empty folder, with some bytes on standard input."""

    def __call__(self, *args: str | Path, stdin: bytes = b"") -> Result: ...


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`run("build", file, "-o", folder)`: exit code, standard output, standard error."""
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")

    def run_it(*args: str | Path, stdin: bytes = b"") -> Result:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        code: object = 0
        try:
            main([str(arg) for arg in args])
        except SystemExit as end:
            code = end.code or 0
        assert isinstance(code, int)
        return Result(code, *capsys.readouterr())

    return run_it


@lru_cache
def active_techniques(domain: str, version: str) -> frozenset[str]:
    """Ids that MITRE's own bundle of the release holds and has neither revoked nor deprecated."""
    bundle = json.loads((SHARED / "attack" / f"{domain}-attack-{version}.json").read_bytes())
    return frozenset(
        reference["external_id"]
        for thing in bundle["objects"]
        if thing["type"] == "attack-pattern" and not (thing.get("revoked") or thing.get("x_mitre_deprecated"))
        for reference in thing["external_references"]
        if reference["source_name"].startswith("mitre-")
    )


def row(
    capability: str,
    technique: str,
    category: Category | None = None,
    value: str | None = None,
    *references: str,
    comment: str = "",
) -> Mapping:
    """One mapping, by position as one says it: `row("ids", "T1001", "protect", "partial")`."""
    return Mapping(capability, technique, "relates", category, value, comment, references)


def set_of(
    rows: Iterable[Mapping],
    *,
    groups: dict[str, tuple[str, ...]] | None = None,
    scale: dict[str, float] | None = None,
    attack_version: str = "16.1",
) -> MappingSet:
    """A set of these mappings; `groups` tells the groups of a capability by its id."""
    rows = tuple(rows)
    member = groups or {}
    ids = dict.fromkeys(mapping.capability for mapping in rows)
    return MappingSet(
        framework="tiny",
        title="Tiny",
        version="1",
        domain="enterprise",
        attack_version=attack_version,
        groups={group: group.title() for of in member.values() for group in of},
        capabilities=tuple(Capability(i, f"Name of {i}", member.get(i, ())) for i in ids),
        mappings=rows,
        scale=scale or {},
    )


def _techniques() -> Iterator[Technique]:
    for number in (1, 2, 5):
        yield Technique(f"T100{number}", f"s{number}", f"Technique {number}", ("execution",))
    yield Technique("T1003", "s3", "Old", ("execution",), status="revoked", successor="T1002")
    yield Technique("T1004", "s4", "Dropped", ("execution",), status="deprecated")
    for number in (1, 2, 3, 4):
        identifier = f"T1001.00{number}"
        status: Status = "deprecated" if number == 4 else "active"
        yield Technique(identifier, identifier, f"Sub {number}", ("execution",), parent="T1001", status=status)


TINY = Catalogue(
    "enterprise",
    "16.1",
    (Tactic("TA0002", "execution", "Execution"),),
    {technique.id: technique for technique in _techniques()},
)
"""T1001 with three active sub-techniques, T1002, T1005; T1002 revoked T1003; T1004 and T1001.004 are deprecated."""
