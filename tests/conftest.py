"""Fixtures that several test files share, and the few lines that make a set in memory."""

from __future__ import annotations

import gc
import io
import json
import os
import sys
from contextlib import suppress
from functools import lru_cache
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import pytest
from browser_helpers import OpenPage, chromium, watched
from history_helpers import git
from hypothesis import settings
from jinja2.bccache import Bucket, BytecodeCache

import navlayers
from navlayers import attack
from navlayers.attack import Catalogue, Status, Tactic, Technique
from navlayers.cli import main
from navlayers.layer.build import KINDS, BuiltLayer, LayerKind, layers_of
from navlayers.mapping import find
from navlayers.mapping.formats.context import ReadOptions
from navlayers.mapping.formats.native import read as native
from navlayers.mapping.model import Capability, Category, Mapping, MappingSet
from navlayers.output import html
from navlayers.scoring.scores import score_set

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from jinja2 import Environment
    from playwright.sync_api import Browser

    from navlayers.api.build import BuildResult
    from navlayers.attack.domains import Domain
    from navlayers.mapping.formats import Reading
    from navlayers.mapping.formats.context import Context, Places
    from navlayers.mapping.formats.source import Source
    from navlayers.scoring.options import ScoreOptions

SHARED = Path(__file__).parents[2] / "shared"
CORPUS = SHARED / "corpus" / "mappings-explorer"
MAPPINGS = Path(__file__).parents[1] / "mappings"
CORPUS_FILES = sorted(CORPUS.glob("*_attack-*.json"))


def sample_sets() -> tuple[find.Source, ...]:
    """The shipped sets that tests of all sets go through: without the largest, and two that have own tests."""
    without = {"fedramp_800_53", "attack_detections", "nist_800_53-rev4", "top-techniques"}
    return tuple(source for source in find.shipped() if source.name not in without)


settings.register_profile("fast", max_examples=40, deadline=None, derandomize=True)
settings.register_profile("full", max_examples=1000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))


@pytest.fixture(autouse=True, scope="session")
def _only_built_in_releases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NAVLAYERS_DATA_DIR", str(tmp_path_factory.mktemp("data")))
        # Where the user wants no __pycache__ in folders, processes of tests share what they compile elsewhere.
        if os.environ.get("PYTHONDONTWRITEBYTECODE"):
            patch.delenv("PYTHONDONTWRITEBYTECODE")
            patch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path_factory.mktemp("compiled")))
        yield


@pytest.fixture(autouse=True, scope="session")
def _templates_compiled_once() -> Iterator[None]:
    """Each site has an environment of its own; compiling its templates takes a tenth of a small site's time."""
    environment, compiled = html.environment, _Compiled()

    def cached(*packages: str) -> Environment:
        made = environment(*packages)
        made.bytecode_cache = compiled
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(html, "environment", cached)
        yield


@pytest.fixture(autouse=True, scope="session")
def _shipped_sets_read_once(pytestconfig: pytest.Config) -> Iterator[None]:
    """Reading the shipped sets again and again takes a twelfth of a run; what is read is frozen."""
    if pytestconfig.getoption("--limits"):
        yield
        return
    read = native.read
    known: dict[tuple[str, bytes], tuple[MappingSet, Places]] = {}

    def once(source: Source, context: Context) -> tuple[MappingSet, Places]:
        if context.options != ReadOptions() or Path(source.path).parent.resolve() != MAPPINGS:
            return read(source, context)
        key = source.path, source.data
        if key not in known:
            result = read(source, context)
            if context.findings.summary():
                return result
            known[key] = result
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native, "read", once)
        yield


class _Compiled(BytecodeCache):
    """Compiled templates, in memory."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._known:
            bucket.bytecode_from_string(self._known[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[bucket.key] = bucket.bytecode_to_string()


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of the published mapping sets."""
    if not CORPUS.is_dir():
        pytest.skip("the published mapping sets are not at ../shared/corpus")
    return CORPUS


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--limits`: what benchmarks/run.py calls; elsewhere a busy machine would fail tests of right results."""
    parser.addoption("--limits", action="store_true", help="Hold tests to the CPU time of their mark.")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark."""
    gc.set_threshold(100_000, 50, 1_000)  # what tests leave is looked at less often: a twentieth of a run
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        _compile_share(int(worker.removeprefix("gw")), int(os.environ["PYTEST_XDIST_WORKER_COUNT"]))
    config.addinivalue_line("markers", "cpu(seconds): the CPU time that the test may take, held by --limits alone")


def _compile_share(number: int, of: int) -> None:
    """Import a share of the files first: in a clean clone, each worker would compile all of them, in 5 seconds."""
    for path in sorted(Path(__file__).parent.glob("test_*.py"))[number::of]:
        with suppress(Exception, pytest.skip.Exception):  # told by pytest, which imports it again
            import_module(path.stem)


# By CPU time of a whole run, longest first: a worker that meets one of them last works on alone.
LONG = (
    "report_browser",
    "golden_runs",
    "docs",
    "site",
    "serve",
    "round_trips",
    "render_pictures",
    "write_explorer",
    "terminal",
    "run",
    "schema",
    "render_xlsx",
    "report_pdf",
    "truth_counts",
    "browser_harness",
    "action",
    "roles",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first."""

    def rank(item: pytest.Item) -> int:
        name = item.path.stem.removeprefix("test_")
        return next((number for number, start in enumerate(LONG) if name.startswith(start)), len(LONG))

    items.sort(key=rank)
    gc.freeze()  # what modules hold is not looked at again


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Hold a test to its CPU time, that of the processes that it starts included."""
    mark = item.get_closest_marker("cpu")
    before = os.times()
    result = yield
    if mark is not None and item.config.getoption("--limits"):
        after = os.times()
        taken = sum(after[:4]) - sum(before[:4])
        assert taken <= mark.args[0], f"{taken:.2f} s of CPU time, limit {mark.args[0]} s"
    return result


_NUMBERS = count()


@pytest.fixture
def tmp_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new folder. That of pytest looks through those of all tests before and makes a link anew, each time."""
    folder = tmp_path_factory.getbasetemp() / f"test-{next(_NUMBERS)}"
    folder.mkdir()
    return folder


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
    domain: Domain = "enterprise",
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
        domain=domain,
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


Cells = tuple[str | None, str | None, str | None, str | None]
ROWS: tuple[Cells, ...] = (
    ("ids", "T1078", "detect", "partial"),
    ("ids", "T1078.004", "detect", "minimal"),
    ("mfa", "T1078", "protect", "significant"),
    ("mfa", "T1110", "protect", "partial"),
    ("mfa", "T1053.001", "protect", "partial"),
    ("hsm", None, None, None),
    (None, "T1200", None, None),
)
"""Capability, technique, category, value. ATT&CK 16.1 revoked T1053.001; the last two are non-mappable."""


def write_set(path: Path, rows: Iterable[Cells] = ROWS, **metadata: str) -> Path:
    """Write a set as Mappings Explorer JSON."""
    objects: list[dict[str, object]] = [
        {
            "capability_id": capability,
            "capability_description": capability and f"Name of {capability}",
            "mapping_type": "technique_scores" if capability and technique else "non_mappable",
            "attack_object_id": technique,
            "attack_object_name": technique and "Some technique",
            "capability_group": capability and "all_of_them",
            "score_category": category,
            "score_value": value,
            "comments": "",
            "references": [],
            "status": "complete" if capability and technique else "non_mappable",
        }
        for capability, technique, category, value in rows
    ]
    head = {
        "mapping_framework": "tiny",
        "mapping_framework_version": "1",
        "technology_domain": "enterprise",
        "attack_version": "16.1",
        "mapping_types": {"technique_scores": {"name": "scores", "description": ""}},
        "capability_groups": {"all_of_them": "All of them"},
        **metadata,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"metadata": head, "mapping_objects": objects}), encoding="utf-8")
    return path


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones too, by its path."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def build(out: Path, *sources: Path, force: bool = False, worth: float | None = None) -> BuildResult:
    return navlayers.build(*sources, output=out, worth=worth, force=force)


def release(mapping_set: MappingSet, version: str | None = None) -> Catalogue:
    """The ATT&CK release of a set, or the given one for its domain."""
    wanted = mapping_set.attack_version if version is None else version
    return attack.find(mapping_set.domain, wanted).catalogue


def layers_at(
    mapping_set: MappingSet,
    catalogue: Catalogue,
    options: ScoreOptions | None = None,
    only: Iterable[LayerKind] = KINDS,
) -> Iterator[BuiltLayer]:
    """The layers of a set at a release."""
    return layers_of(score_set(mapping_set, catalogue, options), only)


def build_layers(mapping_set: MappingSet, only: Iterable[LayerKind] = KINDS) -> tuple[BuiltLayer, ...]:
    """The layers of a set at its own release."""
    return tuple(layers_at(mapping_set, release(mapping_set), only=only))


def told(reading: Reading, code: str) -> list[str]:
    """The messages of the notices of that code."""
    return [notice.message for notice in reading.notices if notice.code == code]


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return write_set(tmp_path / "in" / "tiny.json")


@pytest.fixture
def one(tmp_path: Path) -> Path:
    return write_set(tmp_path / "in" / "one.json")


@pytest.fixture
def two(tmp_path: Path) -> Path:
    return write_set(tmp_path / "in" / "two.json", ROWS[:2])


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    return write_set(tmp_path / "in" / "bad.json", [("a", "T99", "protect", "partial")])


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, one for all tests of a process."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def windows(browser: Browser) -> OpenPage:
    """The windows of all tests of a process."""
    return OpenPage(browser)


@pytest.fixture
def open_page(windows: OpenPage) -> Iterator[OpenPage]:
    """Opens pages; fails the test if one of them was not clean (see browser_helpers.py)."""
    with watched(windows) as opener:
        yield opener


@pytest.fixture
def repository(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The current folder as an empty repository."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    git("init", "-q", "-b", "main")
