"""Recipes: navlayers.yaml makes what the commands make, only what changed, and `--check` compares."""

from __future__ import annotations

import contextlib
import io
import json
import re
import subprocess
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import jsonschema
import pytest
import yaml
from conftest import write_set

from navlayers.api import runs
from navlayers.api.runs import Step, _fingerprint
from navlayers.cli import main
from navlayers.errors import Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conftest import Run

RECIPE = """\
sets: controls.json
attack: 18.1
outputs:
  build: {output: layers, only: [overview, groups]}
  badge: coverage.svg
"""


@pytest.fixture
def recipe(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recipe and its set in the current folder."""
    monkeypatch.setenv("NAVLAYERS_CACHE_DIR", str(tmp_path / "cache"))
    write_set(Path("controls.json"))
    path = Path("navlayers.yaml")
    path.write_text(RECIPE, encoding="utf-8")
    return path


_ONE_AT_A_TIME = Lock()


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands of a recipe run here: a process for each takes ten times as long, and two tests have them."""

    def command(argv: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
        out, err, code = io.StringIO(), io.StringIO(), 0
        assert folder.resolve() == Path.cwd()
        with _ONE_AT_A_TIME, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                main([*argv])
            except SystemExit as end:
                code = int(end.code or 0)
        return subprocess.CompletedProcess([*argv], code, out.getvalue(), err.getvalue())

    monkeypatch.setattr(runs, "_command", command)


def results(out: str) -> dict[str, str]:
    """Output → result, of the printed table."""
    lines = [line.split(maxsplit=2) for line in out.splitlines()[1:]]
    return {output: result for output, _, result in lines}


def test_a_recipe_makes_what_its_commands_make_and_only_what_changed(run: Run, recipe: Path) -> None:
    assert run("run", "--check").code == 1
    assert not Path("layers").exists()
    first = run("run")
    assert first.code == 0
    assert results(first.out) == {"layers": "3 of 3 files written", "coverage.svg": "1 of 1 file written"}
    run("build", "controls.json", "--attack", "18.1", "--only", "overview,groups", "-o", "by-hand", "-q")
    for path in Path("by-hand").rglob("*.json"):
        assert path.read_bytes() == Path("layers", path.relative_to("by-hand")).read_bytes()
    assert run("badge", "controls.json", "--attack", "18.1").out == Path("coverage.svg").read_text(encoding="utf-8")
    assert results(run("run").out) == {"layers": "up to date", "coverage.svg": "up to date"}
    assert run("run", "--check").code == 0

    # One output of two depends on `only`.
    recipe.write_text(RECIPE.replace("[overview, groups]", "overview"), encoding="utf-8")
    assert results(run("run").out) == {"layers": "1 of 2 files written, 1 removed", "coverage.svg": "up to date"}
    # Both depend on the set.
    write_set(Path("controls.json"), [("ids", "T1078", "detect", "partial")])
    changed = run("run", "--check")
    assert changed.code == 1
    assert changed.err.splitlines()[-4:] == [
        "navlayers: layers/controls/index.json: differs",
        "navlayers: layers/controls/overview.json: differs",
        "navlayers: coverage.svg: differs",
        "Run `navlayers run`, and commit the files.",
    ]
    assert results(run("run").out) == {"layers": "2 of 2 files written", "coverage.svg": "1 of 1 file written"}


def test_a_changed_file_makes_its_outputs_again_however_it_is_named(run: Run, recipe: Path) -> None:
    sets = ["controls.json@technique~T1", "segments:tenants", "segments:a=other.csv"]
    Path("tenants").mkdir()
    for name in ("tenants/us.csv", "other.csv"):
        Path(name).write_text("capability,technique,score\nids,T1078,50\n", encoding="utf-8")
    Path("assets").mkdir()
    Path("assets/laptops.yaml").write_text("include: marked.json\nwhere: id in @rules.txt\n", encoding="utf-8")
    layer = {"versions": {"layer": "4.5", "attack": "18"}, "domain": "enterprise-attack", "name": "marked"}
    Path("assets/marked.json").write_text(
        json.dumps({**layer, "techniques": [{"techniqueID": "T1078", "score": 1}]}), encoding="utf-8"
    )
    for name in ("assets/rules.txt", "rules.txt"):
        Path(name).write_text("ids\nmfa\n", encoding="utf-8")
    Path("groups.yaml").write_text("Ours: [T1078]\n", encoding="utf-8")
    kinds: dict[str, tuple[dict[str, object], str]] = {
        "part": ({"sets": sets[0]}, "controls.json"),
        "folder": ({"sets": sets[1]}, "tenants/us.csv"),
        "named": ({"sets": sets[2]}, "other.csv"),
        "asset": ({"sets": "gcp", "scope": "asset:assets/laptops.yaml"}, "assets/laptops.yaml"),
        "layer": ({"sets": "gcp", "scope": "asset:assets/laptops.yaml"}, "assets/marked.json"),
        "rules": ({"sets": "gcp", "scope": "asset:assets/laptops.yaml"}, "assets/rules.txt"),
        "where": ({"sets": "gcp", "where": "id in @rules.txt"}, "rules.txt"),
        "threat": ({"sets": "gcp", "threat": "groups.yaml#Ours"}, "groups.yaml"),
        "have": ({"sets": "gcp", "have": "@rules.txt", "budget": 2}, "rules.txt"),
    }
    commands = {"threat": "gaps", "have": "plan"}
    steps = [
        Step(
            commands.get(kind, "badge"),
            (
                *(f"--{name}={value}" for name, value in options.items() if name != "sets"),
                "--",
                str(options["sets"]),
            ),
            (f"{kind}.svg",),
            Place("navlayers.yaml"),
        )
        for kind, (options, _) in kinds.items()
    ]
    before = [_fingerprint(step, Path()) for step in steps]
    assert before == [_fingerprint(step, Path()) for step in steps]
    for (_, file), step, known in zip(kinds.values(), steps, before, strict=True):
        text = Path(file).read_text(encoding="utf-8")
        Path(file).write_text(f"{text}\n", encoding="utf-8")
        assert _fingerprint(step, Path()) != known, step.args
        Path(file).write_text(text, encoding="utf-8")


@pytest.mark.usefixtures("in_this_process")
def test_layers_of_other_sets_beside_those_of_the_recipe_are_no_difference(run: Run, recipe: Path) -> None:
    run("build", "gcp", "--only", "overview")
    assert results(run("run").out)["layers"] == "3 of 3 files written"
    assert results(run("run", "--force").out)["layers"] == "unchanged"
    # What becomes of the other set's layers does not count.
    run("build", "gcp", "--only", "overview,groups")
    assert results(run("run").out)["layers"] == "up to date"
    assert run("run", "--check").code == 0
    assert Path("layers/gcp/overview.json").exists()
    Path("layers/controls/index.json").unlink()
    assert "navlayers: layers/controls/index.json: missing" in run("run", "--check").err


@pytest.mark.usefixtures("in_this_process")
def test_a_file_that_navlayers_did_not_write_is_kept(run: Run, recipe: Path) -> None:
    recipe.write_text(RECIPE.replace("build: {output: layers, only: [overview, groups]}", "").replace("  \n", ""))
    Path("coverage.svg").write_text("mine", encoding="utf-8")
    refused = run("run")
    assert refused.code == 2
    assert "navlayers.yaml:4:10: badge coverage.svg failed" in refused.err
    assert Path("coverage.svg").read_text(encoding="utf-8") == "mine"
    assert run("run", "--force").code == 0
    # Made by navlayers now, but edited since.
    Path("coverage.svg").write_text("edited", encoding="utf-8")
    assert run("run").code == 2
    assert Path("coverage.svg").read_text(encoding="utf-8") == "edited"


@pytest.mark.usefixtures("in_this_process")
def test_a_check_says_how_to_overwrite_edited_files(run: Run, recipe: Path) -> None:
    run("run")
    for name in ("layers/controls/overview.json", "coverage.svg"):
        Path(name).write_text("edited", encoding="utf-8")
    assert run("run", "--check").err.splitlines()[-3:] == [
        "navlayers: layers/controls/overview.json: edited by hand",
        "navlayers: coverage.svg: edited by hand",
        "Run `navlayers run --force`, which overwrites the edited files, and commit the files.",
    ]
    assert run("run").code == 2
    assert run("run", "--force").code == 0
    assert run("run", "--check").code == 0


def test_a_command_that_fails_does_not_stop_the_others(run: Run, recipe: Path) -> None:
    recipe.write_text(f"{RECIPE}  convert: {{output: x.yaml, sets: absent.json}}\n", encoding="utf-8")
    result = run("run")
    assert result.code == 2
    assert results(result.out)["layers"] == "3 of 3 files written"
    assert "navlayers.yaml:6:21: convert x.yaml failed" in result.err
    assert "absent.json" in result.err


def test_a_dry_run_prints_the_commands(run: Run, recipe: Path) -> None:
    assert run("run", "--dry-run").out.splitlines() == [
        "navlayers build --output=layers --attack=18.1 --only=overview --only=groups -- controls.json",
        "navlayers badge --output=coverage.svg --attack=18.1 -- controls.json",
    ]
    assert not Path("layers").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sets: gcp", "navlayers.yaml:1:1: the recipe has no outputs"),
        ("sets: gcp\noutputs:\n  biuld: layers", "3:3: unknown command 'biuld' in outputs"),
        ("outputs:\n  build: {output: l, agregate: max}", "2:22: unknown option 'agregate' of build"),
        ("outputs:\n  build: {output: l, aggregate: most}", "2:33: 'aggregate' is 'most'"),
        ("agregate: max\noutputs:\n  build: l", "1:1: 'agregate' is no option of these outputs"),
        ("outputs:\n  build: {only: overview}", "2:10: build has no output"),
        ("outputs:\n  build: ../l", "2:10: the output '../l' is outside"),
        ("outputs:\n  build: /l", "2:10: the output '/l' is outside"),
        ("outputs:\n  build: '-'", "2:10: the output '-' is outside"),
        ("outputs:\n  build: [l, ./l]", "l is written twice"),
        ("outputs:\n  report: {output: r.md, brief: maybe}", "2:33: 'brief' is the text 'maybe'"),
        (
            "outputs:\n  badge: {output: b.svg, sets: [gcp, aws]}",
            "2:32: badge takes one set, not 2; expected one set, as in badge: {output: …, sets: gcp}",
        ),
        ("outputs:\n  build: {output: l, max-age: 30}", "2:31: ages are counted to today"),
        ("outputs: {check: x}", "1:11: unknown command 'check' in outputs"),
        ("- gcp", "1:1: the top level is a list"),
        ("outputs: {build: l", "not YAML"),
    ],
)
def test_mistakes_are_named_with_their_places(run: Run, recipe: Path, text: str, message: str) -> None:
    recipe.write_text(text, encoding="utf-8")
    result = run("run", "--dry-run")
    assert result.code == 2
    assert message.replace("'", '"') in result.err.replace("'", '"')


def test_without_a_recipe(run: Run) -> None:
    result = run("run")
    assert result.code == 2
    assert "navlayers.yaml: no recipe" in result.err
    assert "navlayers init" in result.err


def test_the_schema_knows_recipes(run: Run) -> None:
    schema = json.loads(run("run", "--schema").out)
    jsonschema.Draft202012Validator.check_schema(schema)
    valid = jsonschema.Draft202012Validator(schema).is_valid
    assert valid(yaml.safe_load(RECIPE))
    assert not valid({"sets": "gcp"})
    assert not valid({"outputs": {"biuld": "layers"}})
    assert not valid({"outputs": {"build": {"output": "layers", "agregate": "max"}}})
    run("init")
    assert json.loads(Path("navlayers-run.schema.json").read_text(encoding="utf-8")) == schema
    assert valid(yaml.safe_load(Path("navlayers.yaml").read_text(encoding="utf-8")))
    assert run("run", "--dry-run").out == "navlayers build --output=layers -- my-controls.yaml\n"
    # What it proposes in comments is right, too.
    recipe = Path("navlayers.yaml")
    proposed = re.sub(r"(?m)^  # (\w+:)", r"  \1", recipe.read_text(encoding="utf-8"))
    recipe.write_text(proposed, encoding="utf-8")
    assert valid(yaml.safe_load(proposed))
    assert run("run", "--dry-run").out.splitlines()[1:4] == [
        "navlayers gaps --output=gaps/apt29 --threat=APT29 -- my-controls.yaml",
        "navlayers badge --output=coverage.svg -- my-controls.yaml",
        "navlayers compare --output=compared -- my-controls.yaml gcp",
    ]


def test_the_first_recipe_takes_more_sets(run: Run) -> None:
    run("init")
    recipe = Path("navlayers.yaml")
    recipe.write_text(
        recipe.read_text(encoding="utf-8").replace("sets: [my-controls.yaml]", "sets: [my-controls.yaml, gcp]")
    )
    assert run("run", "--dry-run").out == "navlayers build --output=layers -- my-controls.yaml gcp\n"
