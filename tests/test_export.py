"""`navlayers export`: tables in each format, their numbers against an independent count, their schema."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from conftest import write_set

import navlayers
from navlayers.tables.columns import TABLES, schema_page

if TYPE_CHECKING:
    from conftest import Run

DOCS = Path(__file__).parents[1] / "docs" / "tables.md"
TYPES = {"text": "string", "integer": "int64", "number": "double", "boolean": "bool", "date": "date32[day]"}

SEGMENTS = """\
control,technique,category,score,segment,comment,evidence,evidence_date
=cmd()|a,T1078,protect,partial,EMEA,=1+1,tested,2025-01-02
edr,T1053.001,detect,significant,"US,EMEA",,,
edr,T1110,detect,significant,US,,,
edr,T1110,detect,,US,,,
"""
META = {"framework": "seg", "version": "1", "domain": "enterprise", "attack_version": "16.1"}


@pytest.fixture(scope="module")
def clouds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables of four shipped sets, one of them unscored, as Parquet."""
    folder = tmp_path_factory.mktemp("clouds") / "out"
    navlayers.export("nist_800_53", "aws", "azure", "gcp", output=folder)
    return folder


def rows(path: Path) -> list[dict[str, Any]]:
    from pyarrow import parquet  # noqa: PLC0415

    found: list[dict[str, Any]] = parquet.read_table(path).to_pylist()
    return found


def table(text: str | bytes) -> list[dict[str, str]]:
    decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text.removeprefix("\ufeff")
    return [*csv.DictReader(io.StringIO(decoded))]


def test_no_name_is_a_reserved_word_of_sql() -> None:
    duckdb = pytest.importorskip("duckdb")
    words = duckdb.sql("SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category = 'reserved'").fetchall()
    assert not {name for table in TABLES.values() for name in (table.name, *table.names)} & {
        word for (word,) in words
    }


def test_frames_have_the_types_of_the_schema() -> None:
    """An empty column and one of whole numbers, too: gcp scores 10, 50 and 100."""
    kinds = {"integer": "Int64", "number": "float64", "boolean": "boolean", "date": "datetime64[s]"}
    for frame, table in (
        (navlayers.load("gcp").scores().to_frame(), "scores"),
        (navlayers.load("gcp").to_frame(), "mappings"),
    ):
        typed = {column.name: kinds[column.type] for column in TABLES[table].columns if column.type in kinds}
        assert {name: str(frame[name].dtype) for name in typed} == typed


def test_nist_has_the_mappings_and_covered_techniques_that_its_publisher_has(clouds: Path) -> None:
    (nist,) = (row for row in rows(clouds / "sets.parquet") if row["set"] == "nist_800_53")
    assert (nist["mappings"], nist["covered"], nist["active"], nist["unit"]) == (5314, 469, 656, "capabilities")
    mappings = [row for row in rows(clouds / "mappings.parquet") if row["set"] == "nist_800_53"]
    by_hand: dict[str, set[str]] = {}
    for row in mappings:
        if row["active"]:
            by_hand.setdefault(row["technique"], set()).add(row["capability"])
    scores = [r for r in rows(clouds / "scores.parquet") if (r["set"], r["category"]) == ("nist_800_53", "overall")]
    assert {row["technique"]: row["score"] for row in scores} == {t: len(ids) for t, ids in by_hand.items()}
    assert len(mappings) == 5314


def test_scores_are_those_that_compare_prints(clouds: Path, run: Run) -> None:
    printed = json.loads(run("compare", "aws", "azure", "gcp", "--json").out)
    found: dict[tuple[str, str], dict[str, float]] = {}
    for row in rows(clouds / "scores.parquet"):
        if row["set"] != "nist_800_53" and row["covered"] is not False:
            found.setdefault((row["technique"], row["set"]), {})[row["category"]] = row["score"]
    expected = {
        (technique, name): {category: score for category, score in scores.items() if score}
        for technique, each in printed["techniques"].items()
        for name, scores in each["scores"].items()
    }
    assert found == expected


def test_counts_are_those_that_stats_prints(clouds: Path, run: Run) -> None:
    names = ("mappings", "capabilities", "active")
    printed = {
        each["name"]: [*(each[name] for name in names), each["techniques"], each["subtechniques"]]
        for each in json.loads(run("stats", "nist_800_53", "aws", "azure", "gcp", "--json").out)
    }
    for row in rows(clouds / "sets.parquet"):
        counts = [row[name] for name in (*names, "techniques_mapped", "subtechniques_mapped")]
        assert counts == printed[row["set"]]


def test_files_have_the_schema_and_keys_name_rows_and_join(clouds: Path) -> None:
    from pyarrow import parquet  # noqa: PLC0415

    keys: dict[str, set[tuple[Any, ...]]] = {}
    for name, schema in TABLES.items():
        file = parquet.read_schema(clouds / f"{name}.parquet")
        assert [(f.name, str(f.type)) for f in file] == [(c.name, TYPES[c.type]) for c in schema.columns]
        found = rows(clouds / f"{name}.parquet")
        own = [column.name for column in schema.columns if column.key]
        keys[name] = {tuple(row[key] for key in own) for row in found}
        assert not own or len(keys[name]) == len(found)
    for name, schema in TABLES.items():
        joins = {
            column.joins for column in schema.columns if column.joins and column.name not in ("parent", "successor")
        }
        for other in joins:
            key = [column.name for column in TABLES[other].columns if column.key]
            missing = {tuple(row[k] for k in key) for row in rows(clouds / f"{name}.parquet")} - keys[other]
            # A mapping may name what the release does not have.
            assert {each[-1] for each in missing} <= {"T1521.003"}, (name, other)


def test_a_database_has_the_tables_of_a_folder_with_descriptions(tmp_path: Path) -> None:
    import duckdb  # noqa: PLC0415

    path, out, file = write_set(tmp_path / "tiny.json"), tmp_path / "out", tmp_path / "tables.duckdb"
    navlayers.export(path, output=out)
    written = navlayers.export(path, output=file)
    with duckdb.connect(str(file), read_only=True) as database:
        for name, count in written.rows.items():
            both = database.table(name).intersect(database.read_parquet(str(out / f"{name}.parquet")))
            assert (len(database.table(name)), len(both.distinct())) == (count, count)
        comment = "SELECT comment FROM duckdb_columns() WHERE (table_name, column_name) = ('scores', 'rated')"
        assert database.execute(comment).fetchone() == ("Whether it has a score, also 0.",)


def test_rows_tell_where_a_mapping_is_what_replaced_its_id_and_what_shows_it(run: Run) -> None:
    Path("seg.csv").write_text(SEGMENTS, encoding="utf-8")
    meta = ",".join(f"{name}={text}" for name, text in META.items())
    out = run("export", "seg.csv", "--meta", meta, "--table", "mappings", "-o", "-", "-q").out
    first, second, _, last = table(out)
    assert (first["capability"], first["comment"]) == ("'=cmd()|a", "'=1+1")
    assert (first["evidence"], first["evidence_date"], first["score"]) == ("tested", "2025-01-02", "50")
    assert (second["technique"], second["written_technique"], second["line"]) == ("T1053.002", "T1053.001", "3")
    assert (last["value"], last["score"], last["file"]) == ("", "", "seg.csv")
    only = run("export", "seg.csv", "--meta", meta, "--table", "mappings", "-o", "-", "-q", "--segment", "US").out
    assert [(row["mapping"], row["line"]) for row in table(only)] == [("1", "3"), ("2", "4"), ("3", "5")]
    segments = run("export", "seg.csv", "--meta", meta, "--table", "mapping_segments", "-o", "-", "-q").out
    assert [(row["mapping"], row["segment"]) for row in table(segments)] == [
        ("1", "EMEA"),
        ("2", "US"),
        ("2", "EMEA"),
        ("3", "US"),
        ("4", "US"),
    ]
    worst = run("export", "seg.csv", "--meta", meta, "-o", "-", "-q", "--across-segments", "worst").out
    overall = {row["technique"]: row["covered"] for row in table(worst) if row["category"] == "overall"}
    assert overall == {"T1053.002": "true", "T1078": "false", "T1110": "false"}


def test_sets_of_several_domains_roles_and_ranges_keep_their_own_units(tmp_path: Path) -> None:
    path = write_set(tmp_path / "tiny.json")
    layer = navlayers.load("veris-ics").layer()
    out = tmp_path / "out"
    navlayers.export(path, "kev", layer, output=out, format_="csv", tables=["sets", "scores"])
    sets = {row["set"]: row for row in table((out / "sets.csv").read_bytes())}
    units = [(row["role"], row["domain"], row["unit"], row["highest"]) for row in sets.values()]
    assert units[:2] == [("control", "enterprise", "points", "100"), ("threat", "enterprise", "capabilities", "")]
    assert sets["kev"]["covered"] == ""
    covered = {row["covered"] for row in table((out / "scores.csv").read_bytes()) if row["set"] == "kev"}
    assert covered == {""}


def test_places_of_a_part_of_a_set_are_those_of_its_own_mappings(run: Run) -> None:
    def places(name: str) -> dict[tuple[str, str, str, str], str]:
        out = run("export", name, "--table", "mappings", "-o", "-", "-q").out
        return {(r["capability"], r["technique"], r["category"], r["comment"]): r["line"] for r in table(out)}

    part = places("gcp@id~vpc")
    assert part
    assert part.items() <= places("gcp").items()


def test_half_of_a_surrogate_pair_is_written_as_a_question_mark(tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"odd-\xff.json")
    path = write_set(odd)
    navlayers.export(path, output=tmp_path / "out.parquet", tables=["mappings"])
    assert {Path(row["file"]).name for row in rows(tmp_path / "out.parquet")} == {"odd-?.json"}


@pytest.mark.parametrize("kind", ["parquet", "duckdb", "csv"])
def test_a_file_that_holds_something_else_stays_and_an_input_is_never_replaced(tmp_path: Path, kind: str) -> None:
    path = write_set(tmp_path / "tiny.json")
    target = tmp_path / f"out.{kind}"
    target.write_text("mine", encoding="utf-8")
    with pytest.raises(navlayers.OutputError, match="holds something else"):
        navlayers.export(path, output=target)
    assert target.read_text(encoding="utf-8") == "mine"
    navlayers.export(path, output=target, force=True)
    assert not navlayers.export(path, output=target).written  # the same bytes


def test_the_schema_in_the_documentation_is_current() -> None:
    text = DOCS.read_text(encoding="utf-8")
    head, mark, schema = text.partition("\n### sets\n")
    if os.environ.get("REWRITE_GOLDEN"):
        DOCS.write_text(f"{head}\n{schema_page()}", encoding="utf-8")
    else:
        assert f"{mark}{schema}" == f"\n{schema_page()}"
