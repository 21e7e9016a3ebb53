from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import contents, write_set
from upgrade_helpers import layer, put

import navlayers
from navlayers import NavlayersError
from navlayers.api.upgrade import upgrade_files
from navlayers.mapping.find import resolve, shipped
from navlayers.mapping.formats import read
from navlayers.upgrades.sets import upgrade_set

if TYPE_CHECKING:
    from conftest import Cells, Run

GOLDEN = Path(__file__).with_name("golden") / "upgrade"
OLD: tuple[Cells, ...] = (
    ("ids", "T1053.001", "detect", "partial"),
    ("ids", "T1053.002", "detect", "minimal"),
    ("mfa", "T1078", "protect", "significant"),
    ("mfa", "T1046", "protect", "partial"),
    ("mfa", "T1034", "protect", "partial"),
    ("hsm", None, None, None),
    (None, "T1547.011", None, None),
)
"""Of ATT&CK 8.2: one replaced and merged, one renamed, one removed, one replaced among the non-mappables."""

NATIVE = """\
framework: mine
version: "1"
domain: enterprise
attack_version: "8.2"
capabilities:
  mfa:
    name: "Multi # factor"
    techniques:
      T1053.001: {protect: partial}
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return write_set(tmp_path / "in" / "old.json", OLD, attack_version="8.2")


def test_without_output_only_the_report_is_printed(run: Run, old: Path) -> None:
    before = contents(old.parent)
    result = run("upgrade", old, "--attack", "18.1")
    assert result.code == 0
    assert "6 techniques: 1 kept, 2 renamed, 2 replaced, 1 removed" in result.out
    assert "T1053.001 At (Linux) → T1053.002 At" in result.out
    assert "nothing written" in result.err
    assert contents(old.parent) == before
    assert contents(Path()) == {}


@pytest.mark.parametrize("format_", ["text", "md", "json"])
def test_the_report_is_the_reviewed_one(run: Run, format_: str) -> None:
    rows: list[Cells] = [
        ("ids", "T1574.001", "detect", "minimal"),
        ("ids", "T1574.002", "detect", "partial"),
        ("mfa", "T1078", "protect", "significant"),
        ("mfa", "T1219", "protect", "partial"),
        ("mfa", "T1656.001", "protect", "partial"),
        (None, "T1574.002", None, None),
    ]
    write_set(Path("old.json"), rows)
    one = layer("T1574.002", "T1574.001", "T1034", filters={"platforms": ["Network", "Windows"]}, attack="16")
    one["techniques"][0]["tactic"] = "Persistence"
    moved = {"techniqueID": "T1112", "tactic": "impact"}
    lists = [one, layer("T1078", attack="18"), layer("T1547.011", attack=None) | {"name": "a | *b*"}]
    one["techniques"].append(moved)
    put(Path("layers.json"), lists)
    result = run("upgrade", "old.json", "layers.json", "--attack", "18.1", "--format", format_)
    assert result.code == 0
    name = f"report.{'txt' if format_ == 'text' else format_}"
    if os.environ.get("REWRITE_GOLDEN"):
        GOLDEN.mkdir(exist_ok=True)
        (GOLDEN / name).write_text(result.out, encoding="utf-8")
    assert result.out == (GOLDEN / name).read_text(encoding="utf-8")


def test_one_input_goes_to_a_file_in_its_own_format(run: Run, old: Path) -> None:
    assert run("upgrade", old, "--attack", "18.1", "-o", "new.json", "-q").code == 0
    carried = navlayers.load("new.json")
    assert carried == upgrade_set(navlayers.load(old), "18.1")[0]
    assert json.loads(Path("new.json").read_bytes())["metadata"]["attack_version"] == "18.1"
    # The same input gives the same bytes, and what is there already is no foreign file.
    before = Path("new.json").read_bytes()
    assert run("upgrade", old, "--attack", "18.1", "-o", "new.json", "-q").code == 0
    assert Path("new.json").read_bytes() == before


@pytest.mark.parametrize(
    ("name", "format_"),
    [
        ("x.yaml", "native"),
        ("x.json", "mapex-json"),
        ("x", "mapex-json"),
        ("x.csv", "csv"),
        ("x.xlsx", "xlsx"),
    ],
)
def test_the_ending_sets_the_format(run: Run, old: Path, name: str, format_: str) -> None:
    assert run("upgrade", old, "--attack", "18.1", "-o", name, "-q").code == 0
    assert read(name).format == format_


def test_several_inputs_go_to_a_folder_under_their_names(run: Run, tmp_path: Path, old: Path) -> None:
    one = put(tmp_path / "in" / "one.json", layer("T1053.001"))
    native = put(tmp_path / "in" / "native.yaml", NATIVE)
    result = run("upgrade", old, one, native, "kev", "--attack", "18.1", "-o", "new")
    assert result.code == 0
    assert sorted(contents(Path("new"))) == ["kev.yaml", "native.yaml", "old.json", "one.json"]
    assert result.err.count("wrote ") == 4
    assert json.loads(Path("new/one.json").read_bytes())["techniques"] == [{"techniqueID": "T1053.002", "score": 0}]
    # A folder means its files; those that are not sets are skipped.
    put(tmp_path / "in" / "index.json", {"generator": "navlayers"})
    result = run("upgrade", tmp_path / "in", "--attack", "18.1", "-o", "new")
    assert result.code == 0
    assert "index.json: skipped" in result.err


def test_formats_without_a_writer_become_native_yaml(run: Run, tmp_path: Path) -> None:
    sigma = "title: R\nid: 1\nlogsource: {product: windows}\ndetection: {a: 1}\ntags: [attack.t1053.001]\n"
    rules = put(tmp_path / "rules" / "a.yml", sigma).parent
    csv = put(tmp_path / "t.csv", "technique,capability\nT1053.001,a\n")
    result = run("upgrade", rules, csv, "--attack", "18.1", "-o", "new")
    assert result.code == 0
    assert sorted(contents(Path("new"))) == ["rules.yaml", "t.csv"]
    assert navlayers.load("new/rules.yaml").mappings[0].technique == "T1053.002"
    assert "does not name its ATT&CK release" in result.out
    assert run("upgrade", rules, "--attack", "18.1", "--in-place").code == 2


def test_a_document_on_standard_output_leaves_the_report_to_standard_error(run: Run) -> None:
    data = json.dumps(layer("T1053.001")).encode()
    result = run("upgrade", "-", "--attack", "18.1", "-o", "-", stdin=data)
    assert json.loads(result.out)["techniques"] == [{"techniqueID": "T1053.002", "score": 0}]
    assert "standard input: ATT&CK enterprise 8 → 18.1" in result.err
    assert run("upgrade", "-", "gcp", "--attack", "18.1", "-o", "-", stdin=data).code == 2


def test_in_place_overwrites_the_inputs(run: Run, tmp_path: Path, old: Path) -> None:
    one = put(tmp_path / "one.json", layer("T1053.001"))
    native = put(tmp_path / "native.yaml", NATIVE)
    assert run("upgrade", old, one, native, "--attack", "18.1", "--in-place").code == 0
    assert navlayers.load(native).mappings[0].technique == "T1053.002"
    assert json.loads(one.read_bytes())["versions"]["attack"] == "18"
    before = contents(tmp_path)
    result = run("upgrade", old, one, native, "--attack", "18.1", "--in-place")
    assert result.code == 0
    assert contents(tmp_path) == before
    assert result.err.splitlines()[-1] == "3 files are up to date"
    result = run("upgrade", one, "--attack", "18.1", "--in-place")
    assert result.out == f"{one}: already at ATT&CK enterprise 18.1. 1 technique: nothing changes.\n"
    assert result.err == f"{one} is up to date\n"


def test_a_file_of_that_release_keeps_its_bytes(run: Run, tmp_path: Path) -> None:
    odd = '{"techniques":[ {"techniqueID":"T1078"} ],"name":"n",\n"domain":"enterprise-attack", '
    odd += '"versions":{"attack":"18","layer":"4.5","navigator":"4"}}'
    path = put(tmp_path / "odd.json", odd)
    native = put(tmp_path / "n.yaml", "# mine\n" + NATIVE.replace("8.2", "18.1"))
    result = run("upgrade", path, native, "--attack", "18.1", "--in-place")
    assert result.code == 0
    assert path.read_text(encoding="utf-8") == odd
    assert native.read_text(encoding="utf-8").startswith("# mine")
    assert run("upgrade", path, "--attack", "18.1", "-o", "copy.json").code == 0
    assert Path("copy.json").read_text(encoding="utf-8") == odd


@pytest.mark.parametrize(
    ("name", "text", "lost"),
    [
        ("a.yaml", "# note\n" + NATIVE, "the comment in line 1"),
        ("a.yaml", NATIVE + "# one\n# two\n", "2 comments, the first in line 10"),
        ("a.csv", "technique,capability,My notes\nT1078,a,x\n", "its layout"),
    ],
)
def test_losses_in_place_need_force(run: Run, tmp_path: Path, name: str, text: str, lost: str) -> None:
    path = put(tmp_path / name, text)
    meta = ("--meta", "attack_version=8.2,domain=enterprise")
    result = run("upgrade", path, "--attack", "18.1", "--in-place", *meta)
    assert result.code == 2
    assert lost in result.err
    assert path.read_text(encoding="utf-8") == text
    assert run("upgrade", path, "--attack", "18.1", "--in-place", "--force", *meta).code == 0
    assert navlayers.load(path).attack_version == "18.1"


def test_files_that_navlayers_wrote_are_upgraded_in_place_without_force(
    run: Run, tmp_path: Path, old: Path
) -> None:
    for name in ("a.yaml", "a.csv", "a.xlsx", "a.json"):
        to = ("--format", "stix") if name == "a.json" else ()
        assert run("convert", old, "-o", tmp_path / name, *to).code == 0
        result = run("upgrade", tmp_path / name, "--attack", "18.1", "--in-place")
        assert (name, result.code) == (name, 0), result.err
        assert navlayers.load(tmp_path / name).attack_version == "18.1"


def test_shipped_sets_and_streams_are_not_changed_in_place(run: Run) -> None:
    before = [source.path.read_bytes() for source in shipped()]
    result = run("upgrade", "gcp", "-", "--attack", "18.1", "--in-place", stdin=b"x")
    assert result.code == 2
    assert "gcp ships with navlayers" in result.err
    assert "standard input" in result.err
    assert [source.path.read_bytes() for source in shipped()] == before


def test_foreign_files_and_inputs_are_not_overwritten(run: Run, tmp_path: Path, old: Path) -> None:
    foreign = put(tmp_path / "foreign.json", "mine")
    other = put(tmp_path / "in" / "other.json", layer("T1078"))
    result = run("upgrade", old, "--attack", "18.1", "-o", foreign)
    assert (result.code, foreign.read_text(encoding="utf-8")) == (2, "mine")
    assert "--force" in result.err
    before = contents(old.parent)
    for options in ((), ("--force",)):
        result = run("upgrade", old, other, "--attack", "18.1", "-o", old.parent, *options)
        assert result.code == 2
        assert "this is the input" in result.err
    assert contents(old.parent) == before
    put(Path("new/other.json"), "mine")
    assert run("upgrade", old, other, "--attack", "18.1", "-o", "new").code == 2
    # Nothing is written where one of several would be refused.
    assert contents(Path("new")) == {"other.json": b"mine"}
    assert run("upgrade", old, "--attack", "18.1", "-o", foreign, "--force").code == 0


def test_inputs_of_equal_names_keep_the_differing_part_of_their_folders(run: Run, tmp_path: Path) -> None:
    paths = [put(tmp_path / name / "a.json", layer("T1078")) for name in ("one", "deep/two")]
    paths.append(put(tmp_path / "one" / "b.json", layer("T1078")))
    assert run("upgrade", *paths, "--attack", "18.1", "-o", "new").code == 0
    assert sorted(contents(Path("new"))) == ["b.json", "deep/two/a.json", "one/a.json"]


def test_two_results_of_the_same_name_are_refused(tmp_path: Path) -> None:
    paths = [write_set(tmp_path / name, OLD, attack_version="8.2") for name in ("a.json", "a.dat")]
    with pytest.raises(NavlayersError, match="several inputs would be written to this file"):
        upgrade_files(resolve(list(map(str, paths)), distinct=False), "18.1", to="native", output="new")


def test_a_duplicate_file_is_reported_and_upgraded_once(run: Run, tmp_path: Path, old: Path) -> None:
    (tmp_path / "link.json").symlink_to(old)
    result = run("upgrade", old, tmp_path / "link.json", old.parent, old, "--attack", "18.1", "-o", "new/")
    assert result.code == 0
    assert result.err.count("duplicate input") == 3
    assert sorted(contents(Path("new"))) == ["old.json"]


def test_a_set_without_mappings_is_reported(run: Run, tmp_path: Path) -> None:
    empty = write_set(tmp_path / "empty.json", [("hsm", None, None, None)], attack_version="8.2")
    result = run("upgrade", empty, "--attack", "18.1")
    assert result.code == 0
    assert "no mappings" in result.err
    assert "0 techniques" in result.out


@pytest.mark.parametrize("wanted", ["99", "7.1", "nonsense", ""])
def test_an_unknown_release_is_reported_with_the_installed_ones(run: Run, old: Path, wanted: str) -> None:
    result = run("upgrade", old, "--attack", wanted, "-o", "new.json")
    assert result.code == 2
    assert "18.1" in result.err
    assert contents(Path()) == {}


def test_a_domain_without_the_release_is_reported(run: Run, tmp_path: Path) -> None:
    ics = put(tmp_path / "ics.json", layer("T0801", attack="12") | {"domain": "ics-attack"})
    result = run("upgrade", ics, "--attack", "17.1")
    assert result.code == 2
    assert "ATT&CK ics 17.1 is not installed" in result.err


def test_all_broken_inputs_are_reported_and_nothing_is_written(run: Run, tmp_path: Path, old: Path) -> None:
    bad = [
        layer("T1078"),
        layer("T1078") | {"techniques": [{"techniqueID": "T1078", "score": "x"}]},
        layer("T1078"),
    ]
    middle = put(tmp_path / "middle.json", json.dumps(bad, indent=1))
    cut = put(tmp_path / "cut.json", json.dumps(layer("T1078"))[:-9])
    nul = put(tmp_path / "nul.json", json.dumps(layer("T1078")).replace("enterprise", "enter\0prise"))
    half = put(tmp_path / "half.json", json.dumps(layer("T1078") | {"description": "\ud800"}))
    result = run("upgrade", old, middle, cut, nul, half, "--attack", "18.1", "-o", "new")
    assert result.code == 2
    line = middle.read_text(encoding="utf-8").splitlines().index('    "score": "x"') + 1
    assert f"{middle}:{line}:14: score is the text" in result.err
    assert f"{cut}:1:" in result.err
    assert f"{nul}:1:" in result.err
    assert "half of a surrogate pair" in result.err
    assert not Path("new").exists()


def test_a_list_of_mixed_domains_stays_a_list_in_its_order(run: Run, tmp_path: Path) -> None:
    mixed = [
        layer("T1053.001"),
        layer("T0801", attack="12") | {"domain": "ics-attack"},
        layer("T1078", attack="12"),
    ]
    path = put(tmp_path / "mixed.json", mixed)
    assert run("upgrade", path, "--attack", "18.1", "-o", "new.json").code == 0
    made = json.loads(Path("new.json").read_bytes())
    assert [one["domain"] for one in made] == [one["domain"] for one in mixed]
    assert [one["techniques"][0]["techniqueID"] for one in made] == ["T1053.002", "T0801", "T1078"]


def test_metadata_from_the_command_line_takes_precedence_for_a_layer(run: Run, tmp_path: Path) -> None:
    path = put(tmp_path / "l.json", layer("T1078", attack=None))
    result = run("upgrade", path, "--attack", "18.1", "--meta", "attack_version=8.2", "--json")
    (file,) = json.loads(result.out)
    (report,) = file["reports"]
    assert report["attack_version"] == "8.2"
    assert report["counts"]["new"] == file["counts"]["new"] == 165


@pytest.mark.parametrize(("name", "start"), [("r.md", "# Upgrade"), ("r.json", "["), ("r.txt", "/")])
def test_the_report_file_has_the_format_of_its_ending(run: Run, old: Path, name: str, start: str) -> None:
    assert run("upgrade", old, "--attack", "18.1", "--report", name, "-q").code == 0
    text = Path(name).read_text(encoding="utf-8")
    assert text.startswith(start)
    assert "T1059.013" in text


def test_a_report_does_not_replace_an_input_a_result_or_a_foreign_file(run: Run, old: Path) -> None:
    before = old.read_bytes()
    put(Path("foreign.md"), "mine")
    for options in (
        ("--report", old, "--force"),
        ("-o", "x.json", "--report", "x.json", "--force"),
        ("-o", "x.json", "--report", "foreign.md"),
    ):
        assert run("upgrade", old, "--attack", "18.1", *options).code == 2, options
    assert old.read_bytes() == before
    assert contents(Path()) == {"foreign.md": b"mine"}


def test_contradictory_options_are_refused(run: Run, tmp_path: Path, old: Path) -> None:
    one = put(tmp_path / "one.json", layer("T1078"))
    for args in (
        (old, "--in-place", "-o", "x.json"),
        (old, "-o", ""),
        (old, "-o", "x.pdf"),
        (old, "--report", "x.pdf"),
        (old, "--json", "--format", "md"),
        (one, "--format", "native"),
        (one, "-o", "x.yaml"),
        (tmp_path / "missing.json",),
    ):
        assert run("upgrade", *args, "--attack", "18.1").code == 2, args
    assert run("upgrade", "--attack", "18.1").code == 2
    assert contents(Path()) == {}


def test_control_characters_of_an_input_reach_no_terminal(run: Run, tmp_path: Path) -> None:
    odd = layer("T1053.001") | {"name": "x\u001b[31m"}
    path = put(tmp_path / "l.json", [odd, odd])
    for format_ in ("text", "md"):
        assert "\u001b" not in run("upgrade", path, "--attack", "18.1", "--format", format_).out


def test_a_downgrade_goes_as_far_as_ids_exist(run: Run, tmp_path: Path) -> None:
    path = put(tmp_path / "l.json", layer("T1053.002", "T1027.014", attack="18"))
    result = run("upgrade", path, "--attack", "8.2", "-o", "-")
    assert json.loads(result.out)["techniques"] == [{"techniqueID": "T1053.002", "score": 0}]
    assert "T1027.014 Polymorphic Code: not in this release" in result.err
    assert "in 8.2 and not in ATT&CK 18  " in result.err


def test_help_and_completion_do_not_load_the_readers() -> None:
    code = "import sys, navlayers.cli.upgrade; print('yaml' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] == "False"


def test_the_published_azure_set_upgrades_in_every_format(run: Run, corpus: Path) -> None:
    source = corpus / "azure-06.29.2021_attack-8.2-enterprise.json"
    expected, _ = upgrade_set(navlayers.load(source), "18.1")
    for name in ("a.json", "a.yaml", "a.csv"):
        result = run("upgrade", source, "--attack", "18.1", "-o", name)
        assert "344 techniques: 322 kept, 21 renamed, 1 replaced, 0 removed" in result.out
        found = navlayers.load(name)
        assert len(found.mappings) == len(expected.mappings)
        assert {m.technique for m in found.mappings} == {m.technique for m in expected.mappings}
