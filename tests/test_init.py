"""First mapping files: examples that pass `check --strict`, copies of sets, nothing overwritten."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import pytest

import navlayers

if TYPE_CHECKING:
    from conftest import Run


@pytest.mark.parametrize("domain", ["enterprise", "mobile", "ics"])
def test_the_example_has_no_findings(run: Run, domain: str) -> None:
    result = run("init", "acme-baseline.yaml", "--domain", domain)
    assert result.code == 0
    assert result.err.splitlines() == [
        "wrote acme-baseline.yaml",
        "wrote navlayers.yaml",
        "wrote navlayers-run.schema.json",
        "wrote navlayers.schema.json",
        "Next:  navlayers check acme-baseline.yaml",
    ]
    assert run("check", "acme-baseline.yaml", "--strict").code == 0
    text = Path("acme-baseline.yaml").read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=navlayers.schema.json\n")
    assert "navlayers open acme-baseline.yaml" in text
    set_ = navlayers.load("acme-baseline.yaml")
    assert (set_.framework, set_.title, set_.domain) == ("acme-baseline", "Acme baseline", domain)
    assert Path("navlayers.schema.json").read_text(encoding="utf-8") == run("check", "--schema").out


def test_all_formats_hold_the_same_example(run: Run) -> None:
    for name in ("a.yaml", "a.csv", "a.xlsx"):
        assert run("init", name, "-q") == (0, "", "")
    rows = {
        name: {(m.technique, m.category, m.value) for m in navlayers.load(name).mappings}
        for name in ("a.yaml", "a.csv", "a.xlsx")
    }
    assert rows["a.yaml"] == rows["a.csv"] == rows["a.xlsx"]
    assert ("T1078", "protect", "significant") in rows["a.csv"]


def test_a_workbook_has_lists_to_choose_from(run: Run) -> None:
    run("init", "a.xlsx")
    sheet = openpyxl.load_workbook("a.xlsx").active
    lists = {str(v.sqref): v.formula1 for v in sheet.data_validations.dataValidation}
    assert lists == {"C2:C5001": '"protect,detect,respond"', "D2:D5001": '"minimal,partial,significant"'}


def test_a_set_can_be_the_start(run: Run) -> None:
    assert run("init", "our-cloud.yaml", "--from", "gcp").code == 0
    copy, gcp = navlayers.load("our-cloud.yaml"), navlayers.load("gcp")
    assert copy.mappings == gcp.mappings
    assert (copy.framework, copy.title, copy.version, copy.source) == ("our-cloud", "Our cloud", "1", gcp.source)


def test_a_release_is_taken(run: Run) -> None:
    run("init", "--attack", "16.1")
    assert navlayers.load("my-controls.yaml").attack_version == "16.1"


def test_a_file_that_is_there_is_kept_and_gets_a_recipe(run: Run) -> None:
    Path("rules.json").write_text("mine\n", encoding="utf-8")
    assert run("init", "rules.json").err.splitlines() == [
        "wrote navlayers.yaml",
        "wrote navlayers-run.schema.json",
        "rules.json is unchanged; --force replaces it with the example",
        "Next:  navlayers check rules.json",
    ]
    assert "sets: [rules.json]" in Path("navlayers.yaml").read_text(encoding="utf-8")
    assert Path("rules.json").read_text(encoding="utf-8") == "mine\n"
    assert run("init", "rules.json").code == 0


def test_an_edited_file_is_replaced_by_force_alone(run: Run) -> None:
    run("init")
    Path("my-controls.yaml").write_text("mine\n", encoding="utf-8")
    Path("navlayers.schema.json").write_text("{}\n", encoding="utf-8")
    for words in ((), ("--domain", "enterprise"), ("--from", "gcp")):
        assert run("init", *words).code == (2 if words else 0)
        assert Path("my-controls.yaml").read_text(encoding="utf-8") == "mine\n"
    assert run("init", "--force").code == 0
    assert Path("my-controls.yaml").read_text(encoding="utf-8") != "mine\n"
    assert Path("navlayers.schema.json").read_text(encoding="utf-8") == "{}\n"


def test_a_recipe_that_is_there_is_kept_and_takes_the_file(run: Run) -> None:
    run("init")
    before = Path("navlayers.yaml").read_bytes()
    assert run("init", "second.csv").err.splitlines() == [
        "wrote second.csv",
        "navlayers.yaml is unchanged; for `navlayers run` to build second.csv, add it to `sets` there",
        "Next:  navlayers check second.csv",
    ]
    assert Path("navlayers.yaml").read_bytes() == before
    assert "unchanged" not in run("init", "--force").err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((".",), 'the ending of "" does not name a format; expected .yaml, .yml, .csv, .xlsx'),
        (("a.txt",), 'the ending of "a.txt" does not name a format; expected .yaml, .yml, .csv, .xlsx'),
        (("a.yaml", "--from", "nope"), "no mapping set 'nope'"),
        (("a.yaml", "--from", "gcp", "--domain", "ics"), "--domain does not go with --from"),
        (("a.yaml", "--from", "gcp", "--attack", "18.1"), "--attack does not go with --from"),
        (("a.yaml", "--attack", "99"), "99"),
    ],
)
def test_what_cannot_be_written_is_told(run: Run, args: tuple[str, ...], message: str) -> None:
    result = run("init", *args)
    assert result.code == 2
    assert message in result.err
    assert list(Path().iterdir()) == []
