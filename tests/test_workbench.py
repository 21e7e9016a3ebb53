"""Own techniques of an organization (ATT&CK Workbench) in a release that was added, and platform filters."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from attack_helpers import bundle, relation, technique, write

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

PAGE = "https://attack.example.org/techniques/ORG-T1000"


@pytest.fixture(autouse=True)
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    """A release 77.1 with own techniques."""
    monkeypatch.setenv("NAVLAYERS_DATA_DIR", str(tmp_path / "data"))
    own = [{"source_name": "mitre-attack", "external_id": "ORG-T1000", "url": PAGE}]
    objects = [
        technique("ORG-T1000", "execution", external_references=own),
        technique("ORG-T1000.001", "execution", x_mitre_is_subtechnique=True),
        relation("subtechnique-of", "attack-pattern--ORG-T1000.001", "attack-pattern--ORG-T1000"),
        technique("T9500", "execution"),
    ]
    path = write(tmp_path, bundle(*objects), "enterprise-attack-77.1.json")
    assert run("attack", "add", path).code == 0


def layer(path: Path, entries: list[dict[str, Any]], attack: str = "77", **fields: Any) -> Path:
    head = {"name": "own", "domain": "enterprise-attack", "versions": {"attack": attack, "layer": "4.5"}}
    path.write_text(json.dumps({**head, "techniques": entries, **fields}))
    return path


def test_own_techniques_are_techniques_in_every_command(run: Run, tmp_path: Path) -> None:
    ids = ["ORG-T1000", "ORG-T1000.001", "T9500"]
    path = layer(tmp_path / "own.json", [{"techniqueID": id_, "score": 50} for id_ in ids])
    drawn = run("render", path, "-o", "-", "--format", "csv")
    assert drawn.code == 0
    assert all(f"{id_}," in drawn.out for id_ in ids)
    assert "left out" not in drawn.err
    table = tmp_path / "own.csv"
    table.write_text("control,technique,score\nC1,ORG-T1000,30\nC2,ORG-T1000.001; T9500,90\nC3,T1001,10\n")
    built = run("build", table, "-o", tmp_path / "out", "--meta", "attack_version=77.1")
    assert (built.code, "left out" in built.err) == (0, False)
    overview = json.loads((tmp_path / "out" / "own" / "overview.json").read_text())
    entries = {entry["techniqueID"]: entry for entry in overview["techniques"]}
    assert sorted(entries) == ["ORG-T1000", "ORG-T1000.001", "T1001", "T9500"]
    assert entries["ORG-T1000"]["links"] == [{"label": "ORG-T1000 at attack.example.org", "url": PAGE}]
    assert entries["T1001"]["links"][0]["url"] == "https://attack.mitre.org/techniques/T1001/"
    ignored = "assumed-metadata,technique-name"
    checked = run("check", table, "--meta", "attack_version=77.1", "--strict", "--ignore", ignored)
    assert checked.code == 0
    page = run("show", "ORG-T1000", "--set", table, "--meta", "attack_version=77.1", "--format", "html")
    assert (page.code, PAGE in page.out) == (0, True)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "own.csv"
    path.write_text("control,technique,score\nC1,ORG-T1000,30\nC2,ORG-T1000.001; T9500,90\nC3,T1001,10\n")
    return path


META = ("--meta", "attack_version=77.1")


def test_reports_sites_and_analyses_link_to_the_page_of_the_bundle(run: Run, tmp_path: Path, table: Path) -> None:
    site = "https://attack.mitre.org/techniques/"
    threat = tmp_path / "threat.csv"
    threat.write_text("technique,weight\nORG-T1000,3\nT9500,1\n")
    found = run("gaps", table, "--threat", threat, "-o", tmp_path / "gaps", *META)
    assert (found.code, "covers 2 of 2 techniques" in found.out) == (0, True)
    layer = json.loads((tmp_path / "gaps" / "coverage.json").read_text())
    links = {e["techniqueID"]: e["links"][0]["url"] for e in layer["techniques"] if "links" in e}
    assert links == {"ORG-T1000": PAGE, "T9500": f"{site}T9500/"}
    other = tmp_path / "other.csv"
    other.write_text("control,technique,score\nC1,T9500,50\n")
    together = run("compare", table, other, "-o", tmp_path / "together", *META)
    assert together.code == 0
    assert PAGE in (tmp_path / "together" / "all.json").read_text()
    for name in ("report.html", "report.md", "report.pdf", "report.docx"):
        assert run("report", table, "-o", tmp_path / name, *META).code == 0
    for name in ("report.html", "report.md"):
        text = (tmp_path / name).read_text()
        assert (PAGE in text, re.search(rf"{site}ORG-T1000/[^0]", text)) == (True, None)
    assert run("site", table, "-o", tmp_path / "site", *META).code == 0
    page = (tmp_path / "site" / "techniques" / "org-t1000.html").read_text()
    assert (PAGE in page, re.search(rf"{site}ORG-T1000/[^0]", page)) == (True, None)
    for ending in ("html", "xlsx", "md", "csv"):
        assert run("render", tmp_path / "gaps" / "coverage.json", "-o", tmp_path / f"gaps.{ending}").code == 0
    text = (tmp_path / "gaps.html").read_text()
    assert (f'href="{PAGE}"' in text, re.search(rf"{site}ORG-T1000/[^0]", text)) == (True, None)
    assert (tmp_path / "gaps.csv").read_text().splitlines()[1].startswith("ORG-T1000,")


def test_native_sets_layers_and_tables_agree_on_own_techniques(run: Run, tmp_path: Path, table: Path) -> None:
    assert run("convert", table, "-o", tmp_path / "set.yaml", *META).code == 0
    assert run("build", tmp_path / "set.yaml", "-o", tmp_path / "out").code == 0
    assert run("check", tmp_path / "set.yaml", "--strict").code == 0
    overview = tmp_path / "out" / "set" / "overview.json"
    for source in (tmp_path / "set.yaml", overview):
        numbers = json.loads(run("stats", source, "--json").out)[0]
        assert (numbers["techniques"], numbers["subtechniques"]) == (3, 1)
    # The page of a technique is not a reference of its mapping.
    again = tmp_path / "again.yaml"
    assert run("convert", overview, "-o", again).code == 0
    assert PAGE not in again.read_text()
    upgraded = run("upgrade", tmp_path / "set.yaml", "--attack", "77.1", "-o", tmp_path / "new.yaml")
    assert (upgraded.code, (tmp_path / "new.yaml").read_text().count("ORG-T1000")) == (0, 2)


def test_other_spellings_of_own_ids_are_fixed_where_they_have_one_reading(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("control,technique\nC1,t9500\nC2,ORG-T1000.001\nC3,ORG-T1099\n")
    found = run("check", path, "--fix", *META)
    assert path.read_text() == "control,technique\nC1,T9500\nC2,ORG-T1000.001\nC3,ORG-T1099\n"
    assert "unknown-technique technique ORG-T1099" in found.out


@pytest.mark.parametrize(
    ("attack", "names", "shown"),
    [
        ("16", ["windows", "linux", "mac"], "Linux, Windows, macOS"),
        ("16", ["Azure", "GCP"], "IaaS"),
        ("16", ["Azure AD"], "Identity Provider"),
        ("8", ["AWS"], "AWS"),
    ],
)
def test_old_names_of_platforms_filter(run: Run, tmp_path: Path, attack: str, names: list[str], shown: str) -> None:
    """As filter.ts of the Navigator maps them; names that ATT&CK changed since, too, with a notice."""
    entries = [{"techniqueID": "T1078", "score": 1}, {"techniqueID": "T1595", "score": 2}]
    path = layer(tmp_path / "own.json", entries, attack, filters={"platforms": names})
    drawn = run("render", path, "-o", tmp_path / "own.csv")
    assert drawn.code == 0
    assert f"the layer's platform filter ({shown}) hides 1 technique with a score: T1595 Active Scanning (PRE)" in (
        drawn.err
    )
    assert "empty matrix for platforms whose case" not in drawn.err


def test_scored_techniques_that_the_layers_own_filter_hides_are_told(run: Run, tmp_path: Path) -> None:
    entries = [{"techniqueID": "T1078.004", "score": 80}, {"techniqueID": "T1078", "score": 20}]
    path = layer(tmp_path / "own.json", entries, "16", filters={"platforms": ["Windows", "macOS"]})
    told = run("render", path, "-o", tmp_path / "own.csv").err
    assert (
        "the layer's platform filter (Windows, macOS) hides 1 technique with a score: T1078.004 Cloud Accounts"
        in told
    )
