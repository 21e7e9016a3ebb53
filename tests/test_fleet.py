"""`navlayers fleet`: tenants as files and as tables, what changed, and what is wrong with a tenant."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fleet_helpers import BLUE, GREEN, HEADER, RED, SCORES, duckdb, pa, pq, rows, scores, tenants, three
from test_terminal import on_terminal

from navlayers.cli import _print
from navlayers.errors import InputError, Problem
from navlayers.fleet import tenants as tenants_of
from navlayers.fleet.tenants import without_credentials
from navlayers.mapping.load import prepare

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Run


def test_a_folder_of_tenants_is_scored_and_rolled_up(run: Run, tmp_path: Path) -> None:
    result = run("fleet", three(tmp_path), "-o", "out")
    assert result.code == 0, result.err
    assert scores(Path("out")) == SCORES
    techniques = {row["technique"]: row for row in rows(Path("out/techniques.csv"))}
    account = {k: techniques["T1078"][k] for k in ("covering", "share", "minimum", "median", "worst")}
    assert account == {
        "covering": "2",
        "share": "66.67",
        "minimum": "0",
        "median": "10",
        "worst": "green; red; blue",
    }
    assert techniques["T1003"]["covering"] == "0"
    layer = json.loads(Path("out/layer-enterprise.json").read_bytes())
    assert {entry["techniqueID"]: entry["score"] for entry in layer["techniques"]} == {
        "T1059.001": 33.33,
        "T1078": 66.67,
    }
    assert [(row["tenant"], row["covered"]) for row in rows(Path("out/tenants.csv"))] == [
        ("blue", "1"),
        ("green", "0"),
        ("red", "2"),
    ]


@pytest.mark.parametrize("ending", ["csv", "parquet", "duckdb"])
def test_a_table_of_tenants_has_the_scores_of_their_files(run: Run, tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"fleet.{ending}"
    text = "Customer,Control ID,Technique,Category,Rating\n" + "".join(
        f"{name},{line}\n"
        for name, text in (("red", RED), ("blue", BLUE), ("green", GREEN))
        for line in text.split()
    )
    plain = tmp_path / "plain.csv"
    plain.write_text(text)
    if ending == "csv":
        plain.rename(file)
    elif ending == "parquet":
        duckdb.sql(f"COPY (FROM read_csv('{plain}')) TO '{file}'")
    else:
        with duckdb.connect(str(file)) as database:
            database.sql(f"CREATE TABLE m AS FROM read_csv('{plain}')")
    result = run("fleet", file, "--tenant", "Customer", "-o", "out")
    assert result.code == 0, result.err
    assert scores(Path("out")) == SCORES


def test_a_broken_tenant_is_named_and_left_out(run: Run, tmp_path: Path) -> None:
    folder = three(tmp_path)
    (folder / "bad.yaml").write_text("mappings: [")
    (folder / "red.json").write_text("{}")
    result = run("fleet", folder, "-o", "out")
    assert result.code == 0
    assert f"{folder / 'bad.yaml'}:1:12: tenant bad left out: this is not YAML" in result.err
    assert "tenant red left out: is there 2 times" in result.err
    assert [row[0] for row in scores(Path("out"))] == ["blue", "green"]
    assert "2 left out" in result.out


def test_a_second_run_reads_what_changed_and_lists_it(run: Run, tmp_path: Path) -> None:
    folder = three(tmp_path)
    run("fleet", folder, "-o", "out")
    before = {path.name: path.read_bytes() for path in Path("out").iterdir() if path.is_file()}
    state = {path: path.stat().st_mtime_ns for path in Path("out/.fleet").glob("*.parquet")}
    result = run("fleet", folder, "-o", "out")
    assert "0 tenants changed" in result.out
    assert {path.name: path.read_bytes() for path in Path("out").iterdir() if path.is_file()} == before
    assert {path: path.stat().st_mtime_ns for path in Path("out/.fleet").glob("*.parquet")} == state
    tenants(folder, red=RED.replace("minimal", "partial"), gray=GREEN)
    (folder / "blue.csv").unlink()
    result = run("fleet", folder, "-o", "out")
    assert "3 tenants changed" in result.out
    assert Path("out/changes.csv").read_text() == (
        "tenant,change,gained,lost,higher,lower\nblue,removed,0,1,0,0\ngray,new,0,0,0,0\nred,changed,0,0,1,0\n"
    )


def test_a_run_that_was_killed_goes_on(run: Run, tmp_path: Path) -> None:
    folder = three(tmp_path)
    run("fleet", folder, "-o", "whole")
    Path("out").mkdir()
    shutil.copytree("whole/.fleet", "out/.fleet")
    # As after kill -9 while the second tenant is written.
    files = sorted(Path("out/.fleet").glob("[0-9a-f]" * 40 + ".parquet"))
    files[0].unlink()
    Path(f"{files[1]}.1234").write_bytes(files[1].read_bytes()[:100])
    for path in Path("out/.fleet").glob("scores-*"):
        path.unlink()
    Path("out/.fleet/done.json").unlink()
    run("fleet", folder, "-o", "out")
    for path in Path("whole").rglob("*"):
        if path.is_file():
            assert (Path("out") / path.relative_to("whole")).read_bytes() == path.read_bytes()
    assert not list(Path("out/.fleet").glob("*.1234"))


def test_a_wrong_row_of_a_table_has_its_place(run: Run, tmp_path: Path) -> None:
    columns = ("tenant", "capability", "technique", "score")
    cells = [("red", "mfa", "T1078", 50.0)] * 5 + [("blue", "mfa", "T1078", 150.0), ("blue", "edr", "T1059", 20.0)]
    table = pa.table(dict(zip(columns, map(list, zip(*cells, strict=True)), strict=True)))
    pq.write_table(table, tmp_path / "fleet.parquet", row_group_size=2)
    result = run("fleet", tmp_path / "fleet.parquet", "-o", "out")
    assert result.code == 0
    assert "fleet.parquet: tenant blue left out: row 6, row group 3: mfa, T1078, 150.0: " in result.err
    assert 'score value "150" is outside the scale' in result.err
    assert [row[:3] for row in scores(Path("out"))] == [("red", "T1078", 50)]


@pytest.mark.parametrize(
    ("score", "shown"),
    [
        # Its statistics leave NaN out: the column has values from 50 to 50.
        (pa.array([50, float("nan")], pa.float32()), "nan"),
        (pa.array(["50", "0050"]), "0050"),
        (pa.array(["50", "100.5"]).dictionary_encode(), "100.5"),
    ],
)
def test_a_wrong_score_of_any_type_has_its_place(run: Run, tmp_path: Path, score: Any, shown: str) -> None:
    rows = {"tenant": ["red", "blue"], "capability": ["mfa"] * 2, "technique": ["T1078"] * 2}
    pq.write_table(pa.table({**rows, "score": score}), tmp_path / "fleet.parquet")
    result = run("fleet", tmp_path / "fleet.parquet", "-o", "out")
    assert f"tenant blue left out: row 2, row group 1: mfa, T1078, {shown}: " in result.err


def test_a_table_without_a_column_names_the_nearest(run: Run, tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text("tenent,capability,technique\na,b,T1078\n")
    result = run("fleet", tmp_path / "fleet.csv")
    assert result.code == 2
    assert "no column of tenants; expected a column tenant among tenent, capability, technique" in result.err
    assert "did you mean tenent? name it with --tenant COLUMN" in result.err


def test_scales_and_releases_are_brought_to_one(run: Run, tmp_path: Path) -> None:
    folder = three(tmp_path)
    layer = {
        "name": "old",
        "versions": {"attack": "14", "navigator": "4.9", "layer": "4.5"},
        "domain": "enterprise-attack",
        "gradient": {"colors": ["#ffffff", "#ff0000"], "minValue": 0, "maxValue": 5},
        "techniques": [{"techniqueID": "T1078", "score": 4}],
    }
    (folder / "old.json").write_text(json.dumps(layer))
    result = run("fleet", folder, "--attack", "18.1", "-o", "out")
    assert result.code == 0, result.err
    assert ("old", "T1078", 80, None, None) in scores(Path("out"))
    old = {row["tenant"]: row for row in rows(Path("out/tenants.csv"))}["old"]
    assert old["release"] == "enterprise 18.1"
    assert old["adjustments"] == "ATT&CK enterprise 14 to 18.1, 0 techniques replaced; scores of 0–5 to 0–100"


def test_a_terminal_shows_how_far_each_stage_is_and_how_fast(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_print, "_LEAST_SECONDS", 0)
    folder = three(tmp_path)
    layer = {"domain": "enterprise-attack", "versions": {"attack": "14"}, "techniques": [{"techniqueID": "T1078"}]}
    for name in ("old", "older"):  # read again at the release of the others
        (folder / f"{name}.json").write_text(json.dumps(layer | {"name": name}))
    shown = on_terminal(60, "fleet", folder, "-o", "out", NO_COLOR="1")
    steps = [step.rstrip() for step in re.split("[\r\n]", re.sub(r"\x1b\[\S*?[a-zA-Z]", "", shown)) if "[" in step]
    assert re.fullmatch(r"Reading tenants  \[#+-+\]  2/5  [\d,]+ mappings/s", steps[2])
    done = [match["done"] for step in steps if (match := re.match(r"Reading tenants .*\]  (?P<done>\S+)", step))]
    assert done == ["0/5", "1/5", "2/5", "3/5", "4/5", "5/5", "0/2", "1/2", "2/2"]
    assert f"Scoring tenants  [{'-' * 13}]  0/5" in steps
    scored = next(step for step in steps if step.startswith("Scoring tenants") and "5/5" in step)
    assert re.fullmatch(r"Scoring tenants  \[#+\]  5/5  [\d,]+ mappings/s", scored)
    assert max(map(len, steps)) <= 60


def test_an_engine_that_is_not_installed_says_what_to_install(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    folder = three(tmp_path)
    assert "pip install pyspark" in run("fleet", folder, "--engine", "local-spark").err
    assert "expected duckdb, local-spark, spark://HOST:PORT" in run("fleet", folder, "--engine", "spork").err


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("s3://key:se@cret@bucket/x?token=1 and http://u@host/p", "s3://bucket/x and http://host/p"),
        ("a@b s3://bucket/a@b", "a@b s3://bucket/a@b"),
    ],
)
def test_messages_have_no_credentials(text: str, shown: str) -> None:
    assert without_credentials(text) == shown


@pytest.mark.parametrize("ending", ["folder", "csv"])
def test_nothing_new_starts_no_engine(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    source = three(tmp_path)
    if ending == "csv":
        source = tmp_path / "fleet.csv"
        source.write_text(f"tenant,{HEADER}" + "".join(f"red,{line}\n" for line in RED.split()))
    run("fleet", source, "-o", "out")
    first = run("fleet", source, "-o", "out")
    monkeypatch.setitem(sys.modules, "ibis", None)
    monkeypatch.setitem(sys.modules, "navlayers.fleet.inputs", None)
    assert run("fleet", source, "-o", "out").out == first.out
    assert "0 tenants changed" in first.out
    # An option, a tenant or a result that is not there: it is scored.
    assert run("fleet", source, "-o", "out", "--aggregate", "mean").code == 2
    Path("out/techniques.csv").unlink()
    assert run("fleet", source, "-o", "out").code == 2


def test_a_failure_that_passes_is_not_kept(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = three(tmp_path)

    def failing(sources: Any, *args: Any) -> Any:
        if sources[0].name == "red":
            raise InputError(Problem("the file cannot be read: input/output error", code="unreadable"))
        return prepare(sources, *args)

    with monkeypatch.context() as patch:
        patch.setattr("navlayers.fleet.read.prepare", failing)
        first = run("fleet", folder, "-o", "out")
        assert "tenant red left out: the file cannot be read: input/output error" in first.err
    assert "3 tenants scored" in run("fleet", folder, "-o", "out").out


def test_a_file_that_cannot_be_opened_is_read_when_it_can(run: Run, tmp_path: Path) -> None:
    folder = three(tmp_path)
    (folder / "red.csv").rename(tmp_path / "red")
    (folder / "red.csv").symlink_to("red.csv")
    first = run("fleet", folder, "-o", "out")
    assert f"{folder / 'red.csv'}: tenant red left out: cannot be read: " in first.err
    assert "2 tenants scored at ATT&CK enterprise 19.1. 1 left out." in first.out
    assert run("fleet", folder, "-o", "out").err == first.err
    (folder / "red.csv").unlink()
    (tmp_path / "red").rename(folder / "red.csv")
    assert "3 tenants scored at ATT&CK enterprise 19.1.\n1 tenant changed" in run("fleet", folder, "-o", "out").out


def _cut(path: Path) -> None:
    path.write_bytes(b'{"settings": 1}' if path.suffix == ".json" else path.read_bytes()[:-9])


def _flipped(path: Path) -> None:
    """The pages of a Parquet file changed, and its end as it was."""
    data = path.read_bytes()
    path.write_bytes(data[:4] + bytes(byte ^ 255 for byte in data[4:60]) + data[60:])


@pytest.mark.parametrize("damage", [_cut, _flipped])
def test_a_damaged_state_is_read_again_or_told(run: Run, tmp_path: Path, damage: Callable[[Path], None]) -> None:
    folder = three(tmp_path)
    run("fleet", folder, "-o", "out")
    for path in Path("out/.fleet").iterdir():
        damage(path)
    tenants(folder, gray=GREEN)
    result = run("fleet", folder, "-o", "out")
    if damage is _flipped:
        assert "duckdb stopped: " in result.err
        assert "remove out/.fleet: all tenants are then read again" in result.err
        shutil.rmtree("out/.fleet")
        result = run("fleet", folder, "-o", "out")
    assert "4 tenants scored" in result.out, result.err
    assert scores(Path("out")) == [*SCORES[:1], ("gray", "T1059.001", 0, None, 0), *SCORES[1:]]


def test_files_of_the_state_are_no_links_to_files_of_others(run: Run, tmp_path: Path) -> None:
    precious = tmp_path / "precious.txt"
    precious.write_text("mine")
    folder = three(tmp_path)
    Path("out/.fleet").mkdir(parents=True)
    for name in ("done.json", "techniques.parquet", "tenants.parquet"):
        Path("out/.fleet", name).symlink_to(precious)
    assert run("fleet", folder, "-o", "out", "--force", "-q").code == 0
    assert precious.read_text() == "mine"
    assert scores(Path("out")) == SCORES


def test_the_state_is_no_link_to_files_of_others(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    Path("out").mkdir()
    Path("out/.fleet").symlink_to(tmp_path / "mine")
    assert "out/.fleet: is a link" in run("fleet", three(tmp_path), "-o", "out").err


@pytest.mark.parametrize("folder", ["technique=T1110", "tenant=acme", "a[1]", "o*"])
def test_names_of_folders_are_neither_columns_nor_patterns(run: Run, tmp_path: Path, folder: str) -> None:
    """DuckDB takes KEY=VALUE in a path for a column, and brackets for a pattern, which other files may fit."""
    table = "tenant,capability,technique,category,score\nred,mfa,T1078,protect,{}\n"
    for name, score in (("a1", "1"), ("other", "2"), (folder, "3")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "t.csv").write_text(table.format(score), encoding="utf-8")
        row = {
            "tenant": "red",
            "capability": "mfa",
            "technique": "T1078",
            "category": "protect",
            "score": float(score),
        }
        pq.write_table(pa.Table.from_pylist([row]), tmp_path / name / "t.parquet")
        for ending in ("csv", "parquet"):
            output = tmp_path / name / ending
            assert run("fleet", tmp_path / name / f"t.{ending}", "-o", output, "-q").code == 0
            assert scores(output) == [("red", "T1078", float(score), float(score), None)]


def test_a_view_of_a_database_reads_nothing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("tenant,capability,technique\nred,mfa,T1078\n", encoding="utf-8")
    with duckdb.connect(str(tmp_path / "t.duckdb")) as database:
        database.execute(f"CREATE VIEW mappings AS FROM read_csv('{tmp_path / 'secret.csv'}')")
    result = run("fleet", tmp_path / "t.duckdb", "-o", tmp_path / "out")
    assert result.code == 2
    assert "has no tables; expected one table with a column technique" in result.err
    assert "views are not read" in result.err


def test_odd_files_are_left_out_with_a_reason(run: Run, tmp_path: Path) -> None:
    """A pipe and a device have no end, and a name may be no text."""
    folder = three(tmp_path)
    os.mkfifo(folder / "pipe.csv")
    (folder / "zero.csv").symlink_to("/dev/zero")
    (folder / "broken.csv").symlink_to("nowhere")
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff.csv")).write_text(HEADER + RED)
    assert run("fleet", tmp_path / "nowhere", "-o", "out").code == 2
    assert not Path("out").exists()
    result = run("fleet", folder, "-o", "out", "--json", "-q")
    assert result.code == 0, result.err
    printed = json.loads(result.out)
    assert sorted(printed["left_out"]) == ["?", "broken", "pipe", "zero"]
    assert "not a regular file" in printed["left_out"]["pipe"][0]
    assert "not a regular file" in printed["left_out"]["zero"][0]
    assert "no such file" in printed["left_out"]["broken"][0]
    assert scores(Path("out")) == SCORES


def test_results_of_a_fleet_are_no_tenants(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(three(tmp_path))
    for inputs in (".", ".", "*"):
        assert run("fleet", inputs, "-q").code == 0
        assert scores(Path("fleet")) == SCORES
    for args in (("fleet", "-o", "other"), (".", "-o", ".", "--force")):
        result = run("fleet", *args)
        assert result.code == 2
        assert "this is the output of a fleet" in result.err


@pytest.mark.parametrize("protocol", ["file", "local", "memory"])
def test_a_change_that_keeps_the_size_is_seen_in_any_file_system(run: Run, tmp_path: Path, protocol: str) -> None:
    folder = three(tmp_path)
    url = f"{protocol}://{folder}"
    if protocol == "memory":
        pytest.importorskip("fsspec").filesystem("memory").put(f"{folder}/", f"{folder}/", recursive=True)
    assert run("fleet", url, "-o", "out", "-q").code == 0
    (folder / "red.csv").write_text(HEADER + RED.replace("minimal", "partial"))
    if protocol == "memory":
        pytest.importorskip("fsspec").filesystem("memory").put(f"{folder}/", f"{folder}/", recursive=True)
    assert json.loads(run("fleet", url, "-o", "out", "--json", "-q").out)["changed"] == ["red"]


def test_an_error_text_has_no_login_of_the_url() -> None:
    error = ValueError("Invalid host user:pass@host:\nPASS")
    problem = tenants_of._unreadable("ftp://user:pass@host/x", error)
    assert str(problem) == "ftp://host/x: cannot be read: invalid host …:…@host: …"
