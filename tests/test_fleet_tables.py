"""`navlayers fleet` of tables: what cells, columns and rows mean, and what is said of wrong ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fleet_helpers import duckdb, pa, pq, rows, tenants

if TYPE_CHECKING:
    from conftest import Run

TECHNIQUES = {
    "plain": "T1190",
    "name": "Valid Accounts",
    "short": "T1059.1",
    "slash": "T1059/003",
    "several": "T1566.001/002",
    "listed": '"T1003, T1110"',
    "named": "T1003: OS Credential Dumping",
    "lower": " t1003 ",
    "page": "https://attack.mitre.org/techniques/T1059/003/",
    "dash": "T1059-003",
    "revoked": "T1574.002",
    "unknown": "T9999",
    "none": "n/a",
}
"""Tenant → how it writes a technique."""

SCORES = {"T1190": "Significant", "T1110": "70%", "T1566": '"72,5"', "T1003": " 50 ", "T1059": "", "T1021": "N/A"}
"""Technique → how its score is written."""


def table(path: Path, **texts: str) -> Path:
    """A table with the tenants of these rows, which may be several lines."""
    lines = "".join(f"{name},{line}\n" for name, text in texts.items() for line in text.splitlines())
    path.write_text(f"tenant,capability,technique,category,score\n{lines}")
    return path


def numbers(folder: str) -> tuple[list[dict[str, object]], list[object]]:
    """All scores, and what `tenants.csv` counts."""
    columns = (
        "tenant",
        "release",
        "scores",
        "capabilities",
        "mappings",
        "techniques_left_out",
        "covered",
        "problem",
    )
    counts: list[object] = [[row[name] for name in columns] for row in rows(Path(folder, "tenants.csv"))]
    return pq.read_table(Path(folder, "scores.parquet")).to_pylist(), counts


def test_a_table_means_what_its_tenants_as_files_mean(run: Run, tmp_path: Path) -> None:
    texts = {name: f"mfa,{text},protect,50" for name, text in TECHNIQUES.items()}
    texts["scores"] = "\n".join(f"edr{' ' * n},{id_},detect,{text}" for n, (id_, text) in enumerate(SCORES.items()))
    files = tenants(tmp_path / "files", **{name: f"{text}\n" for name, text in texts.items()})
    assert run("fleet", files, "-o", "files.out", "--processes", "1", "--meta", "attack_version=19.1").code == 0
    result = run("fleet", table(tmp_path / "fleet.csv", **texts), "-o", "table.out")
    assert result.code == 0, result.err
    assert numbers("table.out") == numbers("files.out")
    found = {(row["tenant"], row["technique"]): row["overall"] for row in numbers("table.out")[0]}
    assert found["several", "T1566.002"] == found["name", "T1078"] == found["listed", "T1110"] == 50
    assert [found["scores", id_] for id_ in SCORES] == [100, 70, 72.5, 50, None, None]
    assert "left out, not active in ATT&CK enterprise 19.1: T9999: newer than ATT&CK enterprise 19.1" in result.err
    assert f"(first: {tmp_path / 'fleet.csv'}:13: T9999 of tenant unknown)" in result.err
    assert "1 row without a technique left out" in result.err
    techniques = {row["technique"]: row for row in rows(Path("table.out/techniques.csv"))}
    # Of 14 tenants, those with an unknown technique and without one count, too.
    assert [techniques["T1003"][name] for name in ("tenants", "covering")] == ["14", "4"]


def test_wrong_rows_of_a_csv_file_are_at_their_lines(run: Run, tmp_path: Path) -> None:
    path = table(tmp_path / "fleet.csv", red="mfa,T1078,protect,50")
    with path.open("a") as stream:
        stream.write(
            '\nbad,"m\nfa",Valid Acounts,protect,5\nodd,mfa,T1078,detekt,5\nlost,,T1078,,5\nhigh,a,T1078,,101\n'
        )
    result = run("fleet", path, "-o", "out")
    assert [line.partition("; expected")[0] for line in result.err.replace(str(path), "x").splitlines()[:4]] == [
        'note: x:4: tenant bad left out: m fa, Valid Acounts, protect, 5: "Valid Acounts" is neither a technique '
        "id nor the name of a technique of ATT&CK 19.1",
        'note: x:8: tenant high left out: a, T1078, nothing, 101: score value "101" is outside the scale',
        "note: x:7: tenant lost left out: nothing, T1078, nothing, 5: this row has a score but names no capability",
        'note: x:6: tenant odd left out: mfa, T1078, detekt, 5: unknown score category "detekt"',
    ]


@pytest.mark.parametrize(
    ("technique", "options", "message"),
    [
        ("T9999", (), 'no technique of ATT&CK in column "technique", which has "T9999"; expected a technique id'),
        ("Valid Acounts", (), 'in column "technique", which has "Valid Acounts"; expected a technique id'),
        ("", (), 'in column "technique", which has nothing; expected a technique id'),
        ("T1078", ("--meta", "domain=mobile"), "no technique is of ATT&CK Mobile; 1 is of ATT&CK Enterprise"),
        (
            "T1078",
            ("--meta", "domain=mobil"),
            '--meta domain: unknown ATT&CK domain "mobil"; expected enterprise, mobile',
        ),
        ("T1078", ("--max-size", "1"), "--max-size has no effect on a table of tenants"),
        ("T1078", ("--meta", "version=2"), "--meta version has no effect on a table of tenants"),
        ("T1078", ("--max-age", "3d"), "--max-age has no effect on a table of tenants"),
    ],
)
def test_a_table_that_cannot_be_scored_is_an_error(
    run: Run, tmp_path: Path, technique: str, options: tuple[str, ...], message: str
) -> None:
    result = run("fleet", table(tmp_path / "fleet.csv", red=f"mfa,{technique},,5"), "-o", "out", *options)
    assert result.code == 2
    assert message in result.err


def test_columns_of_segments_are_read_on_request(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "fleet.csv"
    path.write_text("capability,technique,segment,status,rating note\nmfa,T1078,EMEA;US,x,90\nmfa,T1566,,x,5\n")
    refused = run("fleet", path, "-o", "out")
    assert refused.code == 2
    assert "no column of tenants; expected a column tenant among capability, technique, segment" in refused.err
    assert "--tenant segment reads each text of segment as one tenant" in refused.err
    result = run("fleet", path, "-o", "out", "--tenant", "segment")
    assert [row["tenant"] for row in rows(Path("out/tenants.csv"))] == ["EMEA;US"]
    assert "1 row without a tenant left out" in result.err
    unread = "columns not read: status, rating note (--columns score=COLUMN reads a column of scores)"
    assert result.err.count(unread) == 1
    named = run("fleet", path, "-o", "out", "--tenant", "segment", "--columns", "score=rating note")
    assert "not read" not in named.err


def test_a_database_has_one_table_with_the_column_of_techniques(run: Run, tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "fleet.duckdb")) as database:
        database.sql("CREATE TABLE mappings AS SELECT 1 AS id")
        database.sql("CREATE TABLE m AS SELECT 'red' AS tenant, 'mfa' AS product, 'T1078' AS hit, 5 AS score")
    named = ("--columns", "technique=hit,capability=product")
    result = run("fleet", tmp_path / "fleet.duckdb", "-o", "out", *named)
    assert "1 tenant scored" in result.out, result.err
    refused = run("fleet", tmp_path / "fleet.duckdb", "-o", "out")
    assert "has m, mappings; expected one table with a column technique, or a table mappings; views" in refused.err


def test_docs_have_the_columns_of_each_file(run: Run, tmp_path: Path) -> None:
    run("fleet", table(tmp_path / "fleet.csv", red="mfa,T1078,protect,50"), "-o", "out")
    page = (Path(__file__).parents[1] / "docs/fleet.md").read_text(encoding="utf-8")
    documented: dict[str, list[str]] = {}
    for part in page.split("| column | ")[1:]:
        cells = [line.split(" | ")[0] for line in part.split("\n\n")[0].splitlines()[2:]]
        names = [name for cell in cells for name in cell.split("`")[1::2]]
        documented |= dict.fromkeys(part.splitlines()[0].split("`")[1::2], names)
    parquet = {path.name: pq.ParquetFile(path).schema_arrow.names for path in Path("out").glob("*.parquet")}
    written = {
        path.name: path.read_text("utf-8-sig").splitlines()[0].split(",") for path in Path("out").glob("*.csv")
    }
    assert written["techniques.csv"] == parquet["techniques.parquet"][:-1]
    assert documented == {**parquet, **written, "techniques.csv": parquet["techniques.parquet"]}


def test_worst_tenants_say_how_many_more_there_are(run: Run, tmp_path: Path) -> None:
    names = {
        name: f"mfa,T1078,protect,{score}" for name, score in zip("abcdefg", (9, 1, 2, 5, 5, 5, 5), strict=True)
    }
    run("fleet", table(tmp_path / "fleet.csv", **names), "-o", "out")
    found = {row["technique"]: row["worst"] for row in rows(Path("out/techniques.csv"))}
    assert (found["T1078"], found["T1003"]) == ("b; c; d; and 3 more", "a; b; c; and 4 more")
    assert "Lowest: b, c, d, and 3 more" in Path("out/layer-enterprise.json").read_text(encoding="utf-8")


def test_what_is_left_out_or_skipped_is_in_the_files_and_told(run: Run, tmp_path: Path) -> None:
    good = "mfa,T1078,protect,50\n"
    folder = tenants(tmp_path / "fleet", red=good, blue=good, green=good)
    for name in ("b.md", "a.txt", "c", "d.docx"):
        (folder / name).write_text("text")
    first = run("fleet", folder, "-o", "out")
    assert f"{folder}: skipped: a.txt, b.md, c and 1 more (files ending in .yaml, " in first.err
    (folder / "red.csv").write_text("mfa,T10788,x\n")
    (folder / "blue.json").write_text("{}")
    second = run("fleet", folder, "-o", "out", "-q")
    assert (second.code, second.out, second.err) == (0, "", "")
    assert "1 tenant scored at ATT&CK enterprise 19.1. 2 left out." in run("fleet", folder, "-o", "again").out
    assert [row["tenant"] for row in rows(Path("out/tenants.csv")) if row["problem"]] == ["blue", "red"]
    changes = [(row["tenant"], row["change"], row["lost"]) for row in rows(Path("out/changes.csv"))]
    assert changes == [("blue", "left out", "1"), ("red", "left out", "1")]
    refused = run("fleet", folder, "-o", "out", "--tenant", "name")
    assert "--tenant has no effect on a folder of tenants" in refused.err


def test_a_run_that_was_killed_reads_a_table_again(run: Run, tmp_path: Path) -> None:
    path = table(tmp_path / "fleet.csv", red="mfa,T1078,protect,0.7", blue="mfa,Valid Accounts,protect,.7%")
    whole = run("fleet", path, "-o", "out")
    assert "tenant blue left out: mfa, Valid Accounts, protect, .7%: " in whole.err
    path = table(tmp_path / "fleet.csv", red="mfa,T1078,protect,0.7", blue="mfa,Valid Accounts,detect,1")
    whole = run("fleet", path, "-o", "out")
    assert f"{path}: no score is above 1, and scores are read as 0–100" in whole.err
    Path("out/.fleet/done.json").unlink()
    for part in Path("out/.fleet").glob("*.parquet"):
        part.write_bytes(part.read_bytes()[:50])
    again = run("fleet", path, "-o", "out")
    assert (again.code, again.err) == (0, whole.err)
    assert [(row["tenant"], row["overall"]) for row in numbers("out")[0]] == [("blue", 1), ("red", 0.7)]


def test_an_unknown_word_says_how_to_score_it(run: Run, tmp_path: Path) -> None:
    path = table(tmp_path / "fleet.csv", red="mfa,T1078,protect,HIGH", blue="mfa,T1078,protect,5")
    assert "say what the words are worth, 0-100, such as --scale HIGH=100" in run("fleet", path, "-o", "out").err
    assert "2 tenants scored" in run("fleet", path, "-o", "out", "--scale", "HIGH=100").out


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"tenant,capability,technique,score\nred,mfa,T1078,10\nblue,mfa,T1078\n", "t.csv:3: this row has 3 cells"),
        (
            b"tenant,capability,technique\nold,a,T1078\ntenant,capability,technique,score\nred,a,T1078,1\n",
            "t.csv:3: this row has more cells than the header; expected 3",
        ),
        (b"tenant;capability;technique\nred;m\xe9a;T1078\n", "t.csv:2: this is not UTF-8"),
        ("tenant,capability,technique\nred,a,T1078\n".encode("utf-16"), "t.csv:1: this is UTF-16"),
        (b"", "t.csv:1: no header"),
    ],
)
def test_a_row_that_does_not_fit_the_header_is_an_error(run: Run, tmp_path: Path, data: bytes, says: str) -> None:
    """DuckDB alone would take the longest run of rows that fit each other, and skip the rest."""
    (tmp_path / "t.csv").write_bytes(data)
    result = run("fleet", tmp_path / "t.csv", "-o", "out")
    assert result.code == 2
    assert says in result.err


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_columns_may_have_any_name(run: Run, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"t.{ending}"
    if ending == "csv":
        head = 'tenant,capability,technique,score,row,file_row_number,"a""b",filename'
        path.write_text(f"{head}\nred,,T1078,50,1,2,3,4\nblue,m,T1078,,,,,\n")
    else:
        more = dict.fromkeys(("row", "file_row_number", 'a"b', "filename"), "1")
        mappings = [
            {"tenant": name, "capability": each, "technique": "T1078", "score": 50.0}
            for name, each in (("red", ""), ("blue", "m"))
        ]
        pq.write_table(pa.Table.from_pylist([each | more for each in mappings]), path)
    result = run("fleet", path, "-o", "out")
    assert result.code == 0, result.err
    assert "tenant red left out" in result.err
