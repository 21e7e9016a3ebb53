"""`navlayers build` as a user meets it: exit codes, what is printed where, what is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from conftest import CORPUS_FILES, ROWS, Run, contents, write_set

from navlayers.mapping.find import shipped

if TYPE_CHECKING:
    from conftest import Result


def assert_refused(done: Result, *words: str) -> None:
    assert done.code == 2, done
    assert done.out == ""
    assert "Traceback" not in done.err
    for word in words:
        assert word in done.err, done.err


def test_a_build_prints_a_table_on_standard_output_and_the_rest_on_standard_error(run: Run, tiny: Path) -> None:
    done = run("build", tiny, "-o", "out")
    assert done.code == 0
    *_, last = done.out.splitlines()
    # set, ATT&CK, capabilities, techniques, sub-techniques, non-mappable, layers
    assert last.split() == ["tiny", "16.1", "2", "2", "2", "2", "6"]
    header = done.out.splitlines()[0].split()
    assert header == ["set", "ATT&CK", "caps", "techs", "subs", "non-mappable", "layers"]
    assert max(map(len, done.out.splitlines())) <= 80
    assert done.err.splitlines()[-1].endswith("out")
    assert Path("out/tiny/overview.json").is_file()


def test_techniques_revoked_in_the_own_release_are_replaced_and_others_left_out(run: Run, tmp_path: Path) -> None:
    rows = [("a", "T1053.001", "protect", "partial"), ("a", "T1034", "protect", "partial")]
    done = run("build", write_set(tmp_path / "old.json", rows))
    assert done.code == 0
    assert done.err.splitlines()[:2] == [
        "note: old: revoked in ATT&CK 16.1, replaced: T1053.001 At (Linux) → T1053.002 At",
        "note: old: left out, not active in ATT&CK 16.1: T1034 Path Interception: deprecated, no successor",
    ]


def test_changes_of_remapping_are_reported(run: Run, tiny: Path) -> None:
    done = run("build", tiny, "--attack", "18.1")
    assert done.code == 0
    (line,) = [line for line in done.err.splitlines() if "T1053.001" in line]
    assert "T1053.002" in line
    assert "left out" not in done.err
    layer = json.loads(Path("layers/tiny/overview.json").read_bytes())
    assert layer["versions"]["attack"] == "18"


def test_quiet_prints_nothing(run: Run, tiny: Path) -> None:
    assert run("build", tiny, "-q") == (0, "", "")
    assert Path("layers/tiny/overview.json").is_file()


def test_quiet_prints_errors(run: Run) -> None:
    assert_refused(run("build", "nothing.json", "-q"), "nothing.json")


@pytest.mark.parametrize("quiet", [[], ["-q"]])
def test_standard_output_has_only_json(run: Run, tiny: Path, quiet: list[str]) -> None:
    done = run("build", tiny, "--json", *quiet)
    (result,) = json.loads(done.out)
    assert result["counts"]["layers"] == 6
    assert result["attack_version"] == "16.1"
    assert [technique["successor"] for technique in result["replaced"]] == ["T1053.002"]
    assert not (quiet and done.err)


def test_a_set_is_read_from_standard_input(run: Run, tiny: Path) -> None:
    done = run("build", "-", "-o", "out", stdin=tiny.read_bytes())
    assert done.code == 0
    run("build", tiny, "-o", "file")
    (folder,) = Path("out").iterdir()
    assert contents(folder)["overview.json"] == contents(Path("file"))["tiny/overview.json"]


def test_faults_on_standard_input_are_reported_with_their_place(run: Run) -> None:
    assert_refused(run("build", "-", stdin=b'{\n  "metadata": 1,\n'), "-:")
    assert not Path("layers").exists()


@pytest.mark.parametrize("stdin", [b"", b" \n", b"\xff\xfe\x00", b"{}", b"[]", b"null", b"\0" * 100])
def test_unreadable_standard_input_is_one_clear_message(run: Run, stdin: bytes) -> None:
    done = run("build", "-", stdin=stdin)
    assert_refused(done)
    assert done.err.startswith("navlayers: -")


@pytest.mark.parametrize(
    ("name", "hint"), [("gpc", "gcp"), ("nist", "nist_800_53"), ("GCP", "gcp"), ("zzzzzz", "navlayers sets")]
)
def test_an_unknown_name_is_refused_with_similar_ones(run: Run, name: str, hint: str) -> None:
    assert_refused(run("build", name), name, hint)
    assert not Path("layers").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--aggregate", "best"], ["--aggregate", "max", "combined"]),
        (["--rollup", "up"], ["--rollup", "mean"]),
        (["--worth", "much"], ["--worth"]),
        (["--worth", "101"], ["worth", "0 to 100"]),
        (["--worth", "nan"], ["worth"]),
        (["--weights", "protect"], ["--weights", "NAME=NUMBER"]),
        (["--weights", "protect=x"], ["--weights"]),
        (["--weights", ""], ["--weights"]),
        (["--weights", "protct=1"], ["protct", "protect"]),
        (["--weights", "protect=1"], ["detect"]),
        (["--weights", "protect=-1,detect=1"], ["-1"]),
        (["--weights", "protect=0,detect=0"], ["0"]),
        (["--scale", "partial=101"], ["partial", "101"]),
        (["--scale", "partial=1,partial=2"], ["duplicate name partial"]),
        (["--only", "everything"], ["layer kind", "overview", "capabilities"]),
        (["--only", ""], ["--only"]),
        (["--only", ","], ["--only"]),
        (["--attack", "99.9"], ["99.9", "16.1", "navlayers attack add 99.9"]),
        (["--attack", "sixteen"], ["sixteen", "16.1"]),
        (["--attack", ""], ["16.1"]),
        (["--max-size", "0"], ["--max-size"]),
        (["--no-such-option"], ["--no-such-option"]),
    ],
    ids=" ".join,
)
def test_an_invalid_option_is_refused_and_nothing_is_written(
    run: Run, tiny: Path, options: list[str], words: list[str]
) -> None:
    assert_refused(run("build", tiny, *options), *words)
    assert not Path("layers").exists()


@pytest.mark.parametrize(
    ("only", "files"),
    [
        ("overview", {"overview.json"}),
        ("overview,categories", {"overview.json", "protect.json", "detect.json"}),
        (" categories , overview ", {"overview.json", "protect.json", "detect.json"}),
        ("groups", {"groups/all_of_them.json"}),
        ("capabilities", {"capabilities/ids.json", "capabilities/mfa.json"}),
        ("overview,all", {"overview.json", "all.json"}),
    ],
)
def test_only_chooses_the_layers(run: Run, tiny: Path, only: str, files: set[str]) -> None:
    assert run("build", tiny, "--only", only).code == 0
    assert set(contents(Path("layers/tiny"))) == {*files, "index.json"}


def test_only_all_writes_the_list_of_all_layers(run: Run, tiny: Path) -> None:
    assert run("build", tiny, "--only", "all").code == 0
    files = contents(Path("layers/tiny"))
    assert set(files) == {"all.json", "index.json"}
    assert len(json.loads(files["all.json"])) == 6


@pytest.mark.parametrize(
    ("options", "score"),
    [
        ([], 100),
        (["--aggregate", "mean"], 100),
        (["--weights", "protect=1,detect=1"], 75),
        (["--scale", "significant=80"], 80),
        (["--aggregate", "count"], 1),
    ],
    ids=str,
)
def test_options_reach_the_scores(run: Run, tiny: Path, options: list[str], score: float) -> None:
    assert run("build", tiny, *options).code == 0
    layer = json.loads(Path("layers/tiny/overview.json").read_bytes())
    assert {t["techniqueID"]: t["score"] for t in layer["techniques"]}["T1078"] == score


def test_worth_reaches_the_scores_of_an_unscored_set(run: Run, tmp_path: Path) -> None:
    source = write_set(tmp_path / "bare.json", [("a", "T1078", None, None), ("b", "T1078", None, None)])
    run("build", source, "-o", "counts")
    run("build", source, "-o", "values", "--worth", "50", "--aggregate", "combined")
    scores = [json.loads(Path(f"{o}/bare/overview.json").read_bytes())["techniques"] for o in ("counts", "values")]
    assert [technique["score"] for (technique,) in scores] == [2, 75]


def test_a_folder_builds_each_of_its_sets(run: Run, tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        write_set(tmp_path / "sets" / f"{name}.json")
    (tmp_path / "sets" / "notes.txt").write_text("no set", encoding="utf-8")
    (tmp_path / "sets" / ".hidden.json").write_text("no set", encoding="utf-8")
    done = run("build", tmp_path / "sets")
    assert done.code == 0
    assert [line.split()[0] for line in done.out.splitlines()[-3:]] == ["a", "b", "c"]
    assert sorted(p.name for p in Path("layers").iterdir()) == ["a", "b", "c"]


@pytest.mark.parametrize("names", [[], ["notes.txt", "x.txt"]])
def test_a_folder_without_sets_is_refused(run: Run, tmp_path: Path, names: list[str]) -> None:
    (tmp_path / "sets").mkdir()
    for name in names:
        (tmp_path / "sets" / name).touch()
    assert_refused(run("build", tmp_path / "sets"), "sets", "native YAML" if names else ".yaml")


def test_the_same_file_twice_is_built_once(run: Run, tiny: Path) -> None:
    Path("here.json").symlink_to(tiny)
    done = run("build", tiny, tiny)
    assert done.code == 0
    assert len([line for line in done.out.splitlines() if line.startswith("tiny")]) == 1


def test_the_same_file_by_two_paths_is_built_once(run: Run, tiny: Path) -> None:
    done = run("build", tiny, tiny.parent / ".." / tiny.parent.name / tiny.name)
    assert done.code == 0
    assert len([line for line in done.out.splitlines() if line.startswith("tiny")]) == 1


def test_a_file_and_the_folder_that_holds_it_build_it_once(run: Run, tiny: Path) -> None:
    done = run("build", tiny, tiny.parent)
    assert done.code == 0
    assert len([line for line in done.out.splitlines() if line.startswith("tiny")]) == 1


@pytest.mark.parametrize("second", ["b/tiny.json", "b/TINY.json"])
def test_two_files_whose_layers_would_go_to_one_folder_are_refused(
    run: Run, tiny: Path, tmp_path: Path, second: str
) -> None:
    other = write_set(tmp_path / second)
    assert_refused(run("build", tiny, other), str(tiny), str(other))
    assert not Path("layers").exists()


def test_without_a_set_the_folder_mappings_here_is_built(run: Run) -> None:
    write_set(Path("mappings/own.json"))
    assert run("build").code == 0
    assert [p.name for p in Path("layers").iterdir()] == ["own"]


def test_without_a_set_and_a_folder_mappings_all_shipped_sets_are_built(run: Run) -> None:
    done = run("build", "--only", "overview")
    assert done.code == 0
    assert {p.name for p in Path("layers").iterdir()} == {source.name for source in shipped()}


def test_an_empty_folder_mappings_does_not_mean_the_shipped_sets(run: Run) -> None:
    Path("mappings").mkdir()
    assert_refused(run("build"), "mappings")


def test_a_shipped_set_builds_anywhere(run: Run) -> None:
    done = run("build", "gcp")
    assert done.code == 0
    assert Path("layers/gcp/overview.json").is_file()


@pytest.mark.skipif(not CORPUS_FILES, reason="the published mapping sets are not at ../shared/corpus")
@pytest.mark.parametrize("stem", ["gcp-03.06.2025_attack-16.1-enterprise", "kev-07.28.2025_attack-16.1-mobile"])
def test_a_published_set_builds_from_its_json(run: Run, corpus: Path, stem: str) -> None:
    done = run("build", corpus / f"{stem}.json")
    assert done.code == 0
    assert (Path("layers") / stem.lower() / "overview.json").is_file()


def test_a_set_of_a_release_that_is_not_installed_is_built_at_the_newest_with_a_notice(
    run: Run, tmp_path: Path
) -> None:
    done = run("build", write_set(tmp_path / "future.json", attack_version="99.9"))
    assert (done.code, done.out.split()[-6]) == (0, "19.1")
    assert (
        f"note: {tmp_path / 'future.json'}:1:131: ATT&CK enterprise 99.9 is not installed; using 19.1 "
        "(add it with: navlayers attack update, or navlayers attack add 99.9)"
    ) in done.err.splitlines()


def test_another_installed_minor_release_is_used_with_a_notice(run: Run, tmp_path: Path) -> None:
    done = run("build", write_set(tmp_path / "older.json", attack_version="16.0"))
    assert done.code == 0
    assert "16.0" in done.err
    assert "16.1" in done.err
    assert "using 16.1" in done.err


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("a", "T99", "protect", "partial")], ["bad.json:1:", "T99"]),
        ([("a", "T1078", "guard", "partial")], ["bad.json:1:", "guard", "protect, detect or respond"]),
        ([("a", "T1078", "protect", "some")], ["bad.json:1:", "some", "minimal"]),
        ([("a", "T1078", "protect", "101")], ["bad.json:1:", "101"]),
    ],
    ids=str,
)
def test_a_bad_row_is_reported_with_its_place_and_the_expected_value(
    run: Run, tmp_path: Path, rows: Any, words: list[str]
) -> None:
    assert_refused(run("build", write_set(tmp_path / "bad.json", rows)), *words)
    assert not Path("layers").exists()


def test_a_second_bad_set_writes_nothing_of_the_first(run: Run, tiny: Path, tmp_path: Path) -> None:
    bad = write_set(tmp_path / "bad.json", [("a", "T99", None, None), ("b", "T98", None, None)])
    done = run("build", tiny, bad)
    assert_refused(done, "T99", "T98")
    assert done.err.splitlines()[2:] == ["Nothing was written."]
    assert not Path("layers").exists()


def test_a_file_larger_than_allowed_is_refused(run: Run, tmp_path: Path) -> None:
    big = tmp_path / "big.json"
    with big.open("wb") as file:
        file.truncate(200_000_000)
    assert_refused(run("build", big), "big.json", "--max-size")
    assert_refused(run("build", big, "--max-size", "3"), "big.json")


def test_a_folder_of_foreign_files_is_refused_unless_forced(run: Run, tiny: Path) -> None:
    Path("out").mkdir()
    Path("out/thesis.txt").write_text("mine", encoding="utf-8")
    assert_refused(run("build", tiny, "-o", "out"), "thesis.txt", "--force")
    assert contents(Path("out")) == {"thesis.txt": b"mine"}
    assert run("build", tiny, "-o", "out", "--force").code == 0
    assert Path("out/thesis.txt").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("kind", ["file", "link", "proc"])
def test_an_output_that_cannot_be_a_folder_is_refused(run: Run, tiny: Path, kind: str) -> None:
    target = Path("/proc/self/x") if kind == "proc" else Path("target")
    if kind == "file":
        target.write_text("mine", encoding="utf-8")
    elif kind == "link":
        target.symlink_to("nowhere")
    assert_refused(run("build", tiny, "-o", target), target.name, "-o")
    assert not Path("nowhere").exists()


def test_a_dash_for_the_output_creates_no_folder(run: Run, tiny: Path) -> None:
    run("build", tiny, "-o", "-", "--only", "overview")
    assert not Path("-").exists()


def test_reserved_names_of_windows_are_not_folder_names(run: Run, tmp_path: Path) -> None:
    assert run("build", write_set(tmp_path / "con.json")).code == 0
    (folder,) = Path("layers").iterdir()
    assert folder.name.lower() != "con"


def test_a_value_without_a_category_and_a_category_without_a_value_are_accepted(run: Run, tmp_path: Path) -> None:
    rows = [("a", "T1078", "protect", None), ("a", "T1110", None, "partial"), ("b", "T1110", "protect", "minimal")]
    assert run("build", write_set(tmp_path / "odd.json", rows)).code == 0
    layer = json.loads(Path("layers/odd/overview.json").read_bytes())
    assert {t["techniqueID"]: t.get("score") for t in layer["techniques"]} == {"T1078": None, "T1110": 50}


def test_the_same_rows_in_another_order_give_the_same_bytes(run: Run, tmp_path: Path) -> None:
    assert run("build", write_set(tmp_path / "a" / "x.json"), "-o", "a").code == 0
    assert run("build", write_set(tmp_path / "b" / "x.json", ROWS[::-1]), "-o", "b").code == 0
    assert contents(Path("a")) == contents(Path("b"))


def test_weights_and_scale_in_another_order_give_the_same_bytes(run: Run, tiny: Path) -> None:
    run("build", tiny, "-o", "a", "--weights", "protect=2,detect=1", "--scale", "minimal=5,partial=40")
    run("build", tiny, "-o", "b", "--weights", "detect=1,protect=2", "--scale", "partial=40,minimal=5")
    assert contents(Path("a")) == contents(Path("b"))


def test_an_unknown_scale_value_is_reported(run: Run, tiny: Path) -> None:
    done = run("build", tiny, "--scale", "partal=60")
    assert "partal" in done.err


def test_a_set_and_option_may_be_given_in_any_order(run: Run, tiny: Path) -> None:
    assert run("build", "-o", "a", tiny).code == 0
    assert run("build", tiny, "-o", "b").code == 0
    assert contents(Path("a")) == contents(Path("b"))
