"""`navlayers fleet --layers --reports`: the files of single tenants, which have the scores of the fleet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fleet_helpers import BLUE, HEADER, RED, pq, tenants, three

if TYPE_CHECKING:
    from conftest import Run


def index(folder: Path) -> dict[tuple[str, str], str]:
    """Tenant and kind → path."""
    files = json.loads((folder / "index.json").read_bytes())["files"]
    return {(file["id"], file["kind"]): file["path"] for file in files if "id" in file}


def layer_scores(path: Path) -> dict[str, float | None]:
    return {entry["techniqueID"]: entry.get("score") for entry in json.loads(path.read_bytes())["techniques"]}


def fleet_scores(folder: Path, tenant: str) -> dict[str, Any]:
    rows = pq.read_table(folder / "scores.parquet").to_pylist()
    return {row["technique"]: row["overall"] for row in rows if row["tenant"] == tenant}


def test_layers_are_those_of_build_and_reports_those_of_report(run: Run, tmp_path: Path) -> None:
    folder = three(tmp_path)
    result = run("fleet", folder, "-o", "out", "--layers", "b*,red", "--reports", "red")
    assert result.code == 0, result.err
    assert index(Path("out")) == {
        ("blue", "layer"): "tenants/blue.json",
        ("red", "layer"): "tenants/red.json",
        ("red", "report"): "tenants/red.html",
    }
    run("build", folder / "blue.csv", folder / "red.csv", "--only", "overview", "-o", "built")
    run("report", folder / "red.csv", "-o", "red.html")
    for name in ("blue", "red"):
        assert Path(f"out/tenants/{name}.json").read_bytes() == Path(f"built/{name}/overview.json").read_bytes()
    assert Path("out/tenants/red.html").read_bytes() == Path("red.html").read_bytes()


def test_a_tenant_of_several_sets_and_one_of_a_table_have_their_scores(run: Run, tmp_path: Path) -> None:
    folder = tenants(tmp_path / "sets", red=RED)
    # The same capability in two files: two capabilities of the tenant. ICS is not rated, as the rest is.
    tenants(folder / "Blue", one=BLUE.replace("mfa", "edr"), two=BLUE)
    (folder / "Blue" / "ics.csv").write_text("capability,technique\nfirewall,T0800\n")
    run("fleet", folder, "-o", "out", "--layers", "*", "--aggregate", "mean")
    paths = sorted(path.name for path in Path("out/tenants").iterdir())
    assert paths == ["blue-enterprise.json", "blue-ics.json", "red.json"]
    of_blue = [layer_scores(Path("out/tenants") / name) for name in paths[:2]]
    assert of_blue == [{"T1078": 100}, {"T0800": None}]
    assert {**of_blue[0], **of_blue[1]} == fleet_scores(Path("out"), "Blue")
    table = tmp_path / "fleet.csv"
    table.write_text(f"tenant,{HEADER}" + "".join(f"a/b,{line}\n" for line in (RED + BLUE).split()))
    run("fleet", table, "-o", "table", "--layers", "*", "--aggregate", "mean")
    assert layer_scores(Path("table/tenants/a-b.json")) == fleet_scores(Path("table"), "a/b")
    comment = json.loads(Path("table/tenants/a-b.json").read_bytes())["techniques"][0]["comment"]
    assert "edr" in comment


def test_files_of_tenants_stay_until_the_tenant_changes_or_none_are_asked_for(run: Run, tmp_path: Path) -> None:
    folder = three(tmp_path)
    run("fleet", folder, "-o", "out", "--layers", "*")
    before = {path.name: path.stat().st_mtime_ns for path in Path("out/tenants").iterdir()}
    tenants(folder, red=RED.replace("minimal", "partial"))
    run("fleet", folder, "-o", "out", "--layers", "*")
    after = {path.name: path.stat().st_mtime_ns for path in Path("out/tenants").iterdir()}
    assert {name for name in before if before[name] != after[name]} == {"red.json"}
    assert layer_scores(Path("out/tenants/red.json")) == fleet_scores(Path("out"), "red")
    assert "removed 3 files of an earlier run" in run("fleet", folder, "-o", "out").err
    assert not Path("out/tenants").exists()


def test_a_pattern_that_fits_nothing_names_the_nearest_tenant(run: Run, tmp_path: Path) -> None:
    result = run("fleet", three(tmp_path), "-o", "out", "--layers", "bleu", "--reports", "x*")
    assert result.code == 2
    assert (
        "--layers \"bleu\" fits no tenant; expected a name or a glob, such as '*' (did you mean blue?)"
        in result.err
    )
    assert '--reports "x*" fits no tenant' in result.err


def test_names_of_tenants_are_safe_names_of_files(run: Run, tmp_path: Path) -> None:
    names = ["../up", "CON", "end.", "Case", "case", "y" * 300, "=cmd"]
    table = tmp_path / "fleet.csv"
    table.write_text(f"tenant,{HEADER}" + "".join(f"{name},mfa,T1078,protect,50\n" for name in names))
    run("fleet", table, "-o", "out", "--layers", "*")
    files = sorted(path.name for path in Path("out/tenants").iterdir())
    assert [name.split("-")[0] for name in files] == [
        "case",
        "case",
        "cmd.json",
        "con",
        "end.json",
        "up.json",
        "y" * 63,
    ]
    assert len({name.lower() for name in files}) == len(names)
