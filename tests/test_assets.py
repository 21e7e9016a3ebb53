"""Files that a scope names: assets and layers; and the scope of convert and of the library."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest
import yaml
from jsonschema import Draft202012Validator

import navlayers
from navlayers import attack
from navlayers.attack.scope import Scope
from navlayers.mapping.assets import with_files
from navlayers.mapping.formats import layer_document

if TYPE_CHECKING:
    from conftest import Run

RULES = """\
id,name,technique,status,team
D1,Reverse shell,T1059.004,stable,unix
D2,Cron job,T1053.003,stable,unix
D3,SSH key added,T1098.004,test,unix
D4,LSASS dump,T1003.001,stable,desktop
D5,Registry run key,T1547.001,stable,desktop
D6,Shadow file read,T1003.008,stable,unix
"""
SERVERS = """\
name: Linux servers
platforms: [linux]
controls: [D1, "SSH key added", D4, D5]
"""
LAPTOPS = """\
platforms: windows
controls: [D5, D6]
exclude: [T1547.001]
where: status=stable
"""
SCHEMA = json.loads((Path(__file__).parents[1] / "docs/navlayers-asset.schema.json").read_bytes())
RELEASE = attack.find("enterprise", "19.1").catalogue


@pytest.fixture(autouse=True)
def files(run: Run) -> None:
    """The files in the folder in which `run` runs."""
    for name, text in {"rules.csv": RULES, "servers.yaml": SERVERS, "laptops.yaml": LAPTOPS}.items():
        Path(name).write_text(text, encoding="utf-8")


def layer(**options: Any) -> dict[str, Any]:
    scope = navlayers.Scope(**options)
    reading = navlayers.ReadOptions(metadata={"attack_version": "19.1"}, scope=scope)
    document: dict[str, Any] = json.loads(navlayers.load("rules.csv", reading).layer().to_json())
    return document


def scored(document: dict[str, Any]) -> set[str]:
    return {entry["techniqueID"] for entry in document["techniques"] if entry.get("enabled", True)}


def test_an_asset_has_its_platforms_and_controls(run: Run) -> None:
    result = run("build", "rules.csv", "--only", "overview", "-o", "-", "--scope", "asset:servers.yaml")
    document = json.loads(result.out)
    assert scored(document) == {"T1059.004", "T1098.004"}
    metadata = {item["name"]: item["value"] for item in document["metadata"]}
    assert metadata["scope"] == "asset Linux servers"
    assert metadata["asset Linux servers"] == "linux; 4 controls"
    linux = [t for t in RELEASE.techniques.values() if t.active and "Linux" in t.platforms]
    hidden = {entry["techniqueID"] for entry in document["techniques"] if not entry.get("enabled", True)}
    assert not hidden & {t.id for t in linux}
    (stats,) = json.loads(run("stats", "rules.csv", "--json", "-q", "--scope", "asset:servers.yaml").out)
    assert stats["active"] == len({t.id for t in linux} | {t.parent for t in linux if t.parent})


def test_a_control_of_one_asset_does_not_protect_another() -> None:
    """D4 and D5 are on the servers, without such techniques; D6 is on the laptops, which exclude that of D5."""
    both = layer(presets=("asset:servers.yaml", "asset:laptops.yaml"))
    assert scored(both) == {"T1059.004", "T1098.004"}
    assert "ATT&CK Enterprise 19.1, assets Linux servers and laptops: all" in both["description"]
    Path("laptops.yaml").write_text("platforms: windows\ncontrols: D4\n", encoding="utf-8")
    assert scored(layer(presets=("asset:servers.yaml", "asset:laptops.yaml"))) == {
        "T1059.004",
        "T1098.004",
        "T1003.001",
    }


def test_controls_are_ids_names_and_groups_of_any_input(run: Run) -> None:
    Path("office.yaml").write_text("controls: [ac, SI-4, cloud_ids, AC-99]\n", encoding="utf-8")
    result = run("stats", "nist_800_53", "gcp", "--json", "--scope", "asset:office.yaml")
    nist = navlayers.load("nist_800_53").mappings
    expected = [m for m in nist if m.capability.startswith("AC-") or m.capability == "SI-04"]
    assert [each["mappings"] for each in json.loads(result.out)] == [len(expected), 24]
    assert "note: office.yaml:1:33: asset office: no input has AC-99" in result.err


@pytest.mark.parametrize("text", [SERVERS, LAPTOPS, "include: crown.json\n", "controls: [3.1, 4]\n"])
def test_the_schema_has_the_files_that_are_read(text: str) -> None:
    Draft202012Validator(SCHEMA).validate(yaml.safe_load(text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("platform: linux\n", 'a.yaml:1:1: unknown key "platform" in the asset (did you mean platforms?)'),
        ("platforms: [linux, linx]\n", 'a.yaml:1:20: ATT&CK Enterprise 19.1 has no platform "linx"; expected'),
        ("name: x\ncontrols: {a: b}\n", 'a.yaml:2:11: "controls" is a mapping; expected a list of texts'),
        ("include:\n- T1059\n- Nobody\n", 'a.yaml:3:3: ATT&CK Enterprise 19.1 has no technique, tactic or thr'),
        ("where: level>\n", 'a.yaml:1:8: the condition ends here; expected a value, such as high or "not yet"'),
        ("name: all\n", "a.yaml:1:1: the asset has no limits; expected platforms, controls, include"),
        ("controls: []\n", 'a.yaml:1:11: "controls" is empty; expected a text or a list of texts'),
        ("where: levl=high\n", 'a.yaml:1:8: rules has no "levl"'),
        ("- linux\n", "a.yaml:1:1: the top level is a list; expected an asset"),
        ("include: none.json\n", "none.json: no such file"),
    ],
)  # fmt: skip
def test_a_wrong_asset_is_an_error_at_its_place(text: str, message: str, run: Run) -> None:
    Path("a.yaml").write_text(text, encoding="utf-8")
    result = run("stats", "rules.csv", "-q", "--meta", "attack_version=19.1", "--scope", "asset:a.yaml")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"navlayers: {message}")


def test_lists_of_an_asset_are_in_its_folder(run: Run) -> None:
    Path("assets").mkdir()
    Path("assets/a.yaml").write_text("where: id in @ids.txt\n", encoding="utf-8")
    Path("assets/ids.txt").write_text("cloud_ids\n", encoding="utf-8")
    options = ("gcp", "--scope", "asset:assets/a.yaml", "--json", "-q")
    (stats,) = json.loads(run("stats", *options).out)
    assert stats["capabilities"] == 1
    Path("assets/ids.txt").unlink()
    assert run("stats", *options).err.startswith(
        "navlayers: assets/a.yaml:1:8: ids.txt cannot be read: no such file"
    )


def test_an_unknown_scope_is_an_error(run: Run) -> None:
    result = run("stats", "rules.csv", "--scope", "detectible")
    assert result.err == 'navlayers: --scope: unknown scope "detectible"; expected detectable, or asset:FILE\n'


def test_a_layer_includes_the_techniques_that_it_marks(run: Run) -> None:
    """Those that are enabled, with a score, color or comment; each alone, under its tactic, by its present id."""
    entries = [
        {"techniqueID": "T1003", "comment": "the parent alone"},
        {"techniqueID": "T1053.003", "score": 0, "tactic": "persistence"},
        {"techniqueID": "T1086", "color": "#ff0000"},
        {"techniqueID": "T1098.004", "enabled": False, "score": 50},
        {"techniqueID": "T1547.001"},
        {"techniqueID": "T9999", "score": 1},
    ]
    document = {"name": "crown", "domain": "enterprise-attack", "versions": {"layer": "4.5"}, "techniques": entries}
    Path("crown.json").write_text(json.dumps(document), encoding="utf-8")
    options = ("rules.csv", "--json", "-q", "--meta", "attack_version=19.1")
    (stats,) = json.loads(run("stats", *options, "--include", "crown.json").out)
    assert stats["scope"] == "only the 3 techniques of crown.json"
    assert stats["active"] == 3  # T1003, T1053.003 and T1059.001, without the two other parents
    assert [tactic["mapped"] for tactic in stats["tactics"] if tactic["tactic"] == "persistence"] == [1]
    assert stats["techniques"] + stats["subtechniques"] == 1
    (without,) = json.loads(run("stats", *options, "--exclude", "crown.json").out)
    assert without["techniques"] + without["subtechniques"] == 6  # T1053.003 counts under its other tactics
    mobile = run("stats", "kev-mobile", "--include", "crown.json")
    assert mobile.err.startswith("navlayers: --include: crown.json is a layer of Enterprise; expected")
    document["techniques"] = entries[4:5]
    Path("crown.json").write_text(json.dumps(document), encoding="utf-8")
    assert (
        "crown.json: no technique in the layer is marked" in run("stats", *options, "--include", "crown.json").err
    )


def test_convert_keeps_what_is_in_scope(run: Run) -> None:
    result = run("convert", "gcp", "--platform", "linux", "--where", "category=protect", "-o", "part.yaml")
    assert "gcp: 162 of 518 mappings are in scope: Linux, where category=protect" in result.err
    part, gcp = navlayers.load("part.yaml"), navlayers.load("gcp")
    linux = {
        t.id for t in attack.find("enterprise", "16.1").catalogue.techniques.values() if "Linux" in t.platforms
    }
    linux |= {id_.partition(".")[0] for id_ in linux}
    kept = [m for m in gcp.mappings if m.category == "protect" and m.technique in linux]
    assert [*part.mappings] == kept
    assert "unused-group" not in run("check", "part.yaml").out
    nothing = run("convert", "gcp", "--platform", "linux", "--where", "id=gpc")
    assert nothing.err == (
        "navlayers: gcp: no mapping is in scope: Linux, where id=gpc (leave out --platform or --where)\n"
    )


def test_a_set_of_the_library_keeps_its_scope(run: Run) -> None:
    scope = navlayers.Scope(platforms=("linux",), presets=("detectable",))
    gcp = navlayers.load("gcp", navlayers.ReadOptions(scope=scope))
    options = ("gcp", "--json", "-q", "--platform", "linux", "--scope", "detectable")
    (stats,) = json.loads(run("stats", *options).out)
    assert (gcp.stats().active, len(gcp.scores())) == (
        stats["active"],
        stats["techniques"] + stats["subtechniques"],
    )
    words = "Linux, without Reconnaissance and Resource Development"
    assert navlayers.gaps(gcp, threat="APT29").catalogue.scope == words


def test_sets_of_different_scopes_are_refused_together() -> None:
    windows = navlayers.ReadOptions(scope=navlayers.Scope(platforms=("windows",)))
    linux = navlayers.ReadOptions(scope=navlayers.Scope(platforms=("linux",)))
    aws = navlayers.load("aws", windows)
    with pytest.raises(
        navlayers.UsageError, match="different scopes: aws: Windows; gcp: all of ATT&CK; expected one"
    ):
        navlayers.compare(aws, "gcp")
    with pytest.raises(navlayers.UsageError, match="was loaded with another scope"):
        navlayers.load(aws, linux)
    with pytest.raises(navlayers.UsageError, match="was loaded with another scope"):
        navlayers.compare(aws, reading=linux)
    assert navlayers.compare(aws, "gcp", reading=windows).catalogue.scope == "Windows"


def test_a_layer_that_an_asset_names_many_times_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a.json").write_text(json.dumps(layer()), encoding="utf-8")
    Path("many.yaml").write_text(f"include: [{'a.json, ' * 99}]", encoding="utf-8")
    read = Mock(wraps=layer_document.load_layers)
    monkeypatch.setattr(layer_document, "load_layers", read)
    with_files(Scope(presets=("asset:many.yaml",)))
    assert read.call_count == 1
