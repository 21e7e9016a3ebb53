from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import write_set

if TYPE_CHECKING:
    from conftest import Run


def test_one_layer_on_standard_output_is_the_layer_file_itself(run: Run, tiny: Path) -> None:
    run("build", tiny, "-o", "out")
    done = run("build", tiny, "--only", "overview", "-o", "-")
    assert done.code == 0
    assert done.out == Path("out/tiny/overview.json").read_text(encoding="utf-8")


def test_several_layers_on_standard_output_are_the_list_that_opens_as_tabs(run: Run, tiny: Path) -> None:
    run("build", tiny, "-o", "out")
    done = run("build", tiny, "-o", "-")
    assert done.out == Path("out/tiny/all.json").read_text(encoding="utf-8")
    assert json.loads(done.out)[-1]["name"] == "tiny 1 – overview"


def test_left_out_techniques_are_reported_for_a_layer_on_standard_output_too(run: Run, tiny: Path) -> None:
    assert "T1053.001" in run("build", tiny, "-o", "-").err


def test_other_files_in_a_folder_are_skipped_with_a_note(run: Run, tiny: Path) -> None:
    (tiny.parent / "schema.json").write_text('{"type": "object", "properties": {"metadata": {}}}', encoding="utf-8")
    (tiny.parent / "config.yaml").write_text("colour: blue\n", encoding="utf-8")
    (tiny.parent / "list.yml").write_text("- a\n- b\n", encoding="utf-8")
    done = run("build", tiny.parent, "-o", "out")
    assert done.code == 0
    assert [path.name for path in Path("out").iterdir()] == ["tiny"]
    for name in ("schema.json", "config.yaml", "list.yml"):
        assert f"{name}: skipped" in done.err


def test_another_file_is_refused_if_it_is_named(run: Run, tiny: Path) -> None:
    other = tiny.parent / "config.yaml"
    other.write_text("colour: blue\n", encoding="utf-8")
    done = run("build", other, "-o", "out")
    assert done.code == 2
    assert f"{other}:1:1: " in done.err
    assert not Path("out").exists()


def test_a_broken_set_in_a_folder_is_not_skipped(run: Run, tiny: Path) -> None:
    (tiny.parent / "broken.yaml").write_text("framework: x\n", encoding="utf-8")
    done = run("build", tiny.parent, "-o", "out")
    assert done.code == 2
    assert 'broken.yaml:1:1: "domain" is missing' in done.err
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("options", "idle"),
    [
        (["--weights", "protect=1"], "--weights"),
        (["--aggregate", "mean"], "--aggregate mean"),
    ],
)
def test_an_option_without_effect_on_an_unscored_set_is_named(
    run: Run, tmp_path: Path, options: list[str], idle: str
) -> None:
    unscored = write_set(tmp_path / "in" / "bare.json", [("ids", "T1078", None, None)])
    done = run("build", unscored, *options)
    assert done.code == 0
    assert f"bare: {idle} has no effect" in done.err
    assert "has no effect" not in run("build", unscored, *options, "--worth", "50", "--force").err


def test_the_folder_of_one_set_is_refused_with_a_hint(run: Run, tiny: Path) -> None:
    run("build", tiny, "-o", "out")
    done = run("build", tiny, "-o", "out/tiny")
    assert done.code == 2
    assert "-o out" in done.err


def test_a_score_that_the_navigator_cannot_show_is_lowered_and_kept_in_the_metadata(
    run: Run, tmp_path: Path
) -> None:
    near = write_set(tmp_path / "in" / "near.json", [("ids", "T1078", "detect", "99.7")])
    (technique,) = json.loads(run("build", near, "--only", "overview", "-o", "-").out)["techniques"]
    assert technique["score"] == 99.49
    exact = [item["value"] for item in technique["metadata"] if item["name"] == "exact score"]
    assert len(exact) == 1
    assert exact[0].startswith("99.7 ")


def test_weights_do_not_change_an_overall_value_without_a_category(run: Run, tmp_path: Path) -> None:
    rows = [("ids", "T1078", None, "significant"), ("ids", "T1110", "protect", "partial")]
    mixed = write_set(tmp_path / "in" / "mixed.json", rows)
    layer = json.loads(run("build", mixed, "--weights", "protect=1", "--only", "overview", "-o", "-").out)
    assert {t["techniqueID"]: t["score"] for t in layer["techniques"]} == {"T1078": 100, "T1110": 50}


def test_a_name_means_the_set_of_the_project_before_the_shipped_one(run: Run) -> None:
    write_set(Path("mappings/gcp.json"), [("mine", "T1078", "protect", "partial")])
    layer = json.loads(run("build", "gcp", "--only", "overview", "-o", "-").out)
    assert layer["name"] == "tiny 1 – overview"
    assert [technique["techniqueID"] for technique in layer["techniques"]] == ["T1078"]


def test_an_option_may_be_given_in_parts(run: Run, tiny: Path) -> None:
    parts = run("build", tiny, "--scale", "minimal=1", "--scale", "partial=2", "--only", "overview", "-o", "-").out
    assert parts == run("build", tiny, "--scale", "minimal=1,partial=2", "--only", "overview", "-o", "-").out


@pytest.mark.parametrize("args", [["", "-o", "out"], ["gcp", "-o", ""], ["gcp", "--only", ""]])
def test_an_empty_name_is_refused(run: Run, args: list[str]) -> None:
    done = run("build", *args)
    assert done.code == 2
    assert "empty" in done.err
    assert not list(Path().iterdir())


def test_weights_that_no_float_can_add_are_refused(run: Run) -> None:
    done = run("build", "gcp", "--weights", "protect=1e308,detect=1e308,respond=1e308")
    assert done.code == 2
    assert done.err.count("expected a number from 0 to 1,000,000") == 3


def test_removed_files_of_an_earlier_build_are_reported(run: Run, tiny: Path) -> None:
    run("build", tiny, "-o", "out")
    assert "tiny: removed 6 files of an earlier build" in run("build", tiny, "--only", "overview", "-o", "out").err
    assert "gone:" not in run("build", tiny, "--only", "overview", "-o", "out").err


def test_no_layer_to_write_is_refused_with_the_reason(run: Run, tmp_path: Path) -> None:
    unscored = write_set(tmp_path / "in" / "bare.json", [("ids", "T1078", None, None)])
    done = run("build", unscored, "--only", "categories", "-o", "-")
    assert done.code == 2
    assert "the set has no score values" in done.err


def test_mappings_without_a_value_in_a_scored_set_are_counted_in_a_note(run: Run, tmp_path: Path) -> None:
    rows = [("ids", "T1078", "detect", "partial"), ("ids", "T1110", "detect", None)]
    done = run("build", write_set(tmp_path / "in" / "half.json", rows))
    assert "half: 1 mapping without a score value" in done.err


def test_a_release_that_is_not_installed_is_reported_at_its_place_in_the_set(run: Run, tmp_path: Path) -> None:
    text = 'framework: x\nversion: "1"\ndomain: enterprise\nattack_version: "99"\n'
    native = tmp_path / "late.yaml"
    native.write_text(text + "capabilities: {a: {techniques: {T1078: mitigates}}}\n", encoding="utf-8")
    done = run("build", native)
    assert done.code == 0
    assert f"{native}:4:17: ATT&CK enterprise 99 is not installed" in done.err
    explorer = write_set(tmp_path / "late.json", attack_version="99")
    place = explorer.read_text(encoding="utf-8").index('"99"') + 1
    assert f"{explorer}:1:{place}: ATT&CK enterprise 99 is not installed" in run("build", explorer).err


def test_a_score_is_rounded_once_when_it_is_written(run: Run, tmp_path: Path) -> None:
    rows = [("ids", "T1078", "protect", "33.333"), ("ids", "T1078", "detect", "5")]
    thirds = write_set(tmp_path / "in" / "thirds.json", rows)
    weights = ["--weights", "protect=3,detect=1"]
    (technique,) = json.loads(run("build", thirds, *weights, "--only", "overview", "-o", "-").out)["techniques"]
    assert technique["score"] == 26.25  # (3 · 33.333 + 5) / 4 = 26.24975; of 33.33 it would be 26.2475


def test_problems_beyond_those_printed_are_counted(run: Run, tmp_path: Path) -> None:
    rows = [("ids", f"T{number}", "protect", "partial") for number in range(80)]
    done = run("build", write_set(tmp_path / "in" / "bad.json", rows))
    assert len(done.err.splitlines()) == 52
    assert done.err.splitlines()[-2:] == ["navlayers: … and 30 more", "Nothing was written."]


def test_worth_is_mentioned_only_if_a_mapping_has_it(run: Run, tmp_path: Path) -> None:
    full = write_set(tmp_path / "in" / "full.json", [("ids", "T1078", "protect", "partial")])
    half = write_set(
        tmp_path / "in" / "half.json", [("ids", "T1078", "protect", "partial"), ("ids", "T1110", "protect", None)]
    )
    options = ["--worth", "30", "--only", "overview", "-o", "-"]
    unchanged = run("build", full, *options)
    assert unchanged.out == run("build", full, *options[2:]).out
    assert "full: --worth has no effect: every mapping has a score value" in unchanged.err
    layer = json.loads(run("build", half, *options).out)
    assert "A mapping without a score value is worth 30." in layer["description"]
    assert [item["label"] for item in layer["legendItems"]] == ["50 partial", "30 mapped"]


def test_the_layers_in_one_file_are_counted(run: Run, tiny: Path) -> None:
    run("build", tiny, "--only", "all", "-o", "out")
    listed = json.loads(Path("out/tiny/all.json").read_bytes())
    index = json.loads(Path("out/tiny/index.json").read_bytes())
    assert index["counts"]["layers"] == len(listed) == 6


def test_several_sets_build_with_standard_error_closed(tiny: Path, tmp_path: Path) -> None:
    write_set(tmp_path / "in" / "other.json")
    command = f"{shlex.quote(sys.executable)} -m navlayers build {tiny.parent} -o out 2>&-"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, check=False, stdout=subprocess.DEVNULL)
    assert done.returncode == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["other", "tiny"]


@pytest.mark.parametrize("value", ["1e400", "[1e400]", '{"a": 1e400}', "1" + "0" * 400 + ".5"])
def test_huge_numbers_in_the_metadata_are_accepted(run: Run, tmp_path: Path, value: str) -> None:
    text = write_set(tmp_path / "in" / "odd.json").read_text(encoding="utf-8")
    odd = tmp_path / "in" / "odd.json"
    odd.write_text(text.replace('"16.1"', value, 1), encoding="utf-8")
    assert run("build", odd).code == 2
    odd.write_text(text.replace('"All of them"', value, 1), encoding="utf-8")
    assert run("build", odd).code == 0


def test_one_document_of_an_unscored_set_has_no_note_on_missing_layers(run: Run, tmp_path: Path) -> None:
    unscored = write_set(tmp_path / "in" / "bare.json", [("ids", "T1078", None, None)])
    assert run("build", unscored, "-o", "-").err == ""


def test_a_document_and_a_report_cannot_both_go_to_standard_output(run: Run, tiny: Path) -> None:
    done = run("build", tiny, "-o", "-", "--json")
    assert (done.code, done.out) == (2, "")


@pytest.mark.parametrize(
    ("variables", "arrow"),
    [
        ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, "→"),
        ({"PYTHONIOENCODING": "cp1252"}, "\\u2192"),
    ],
    ids=["older encoding", "chosen encoding"],
)
def test_output_into_a_pipe_is_utf_8_unless_another_encoding_is_chosen(
    variables: dict[str, str], arrow: str
) -> None:
    environment = {**{k: v for k, v in os.environ.items() if k != "PYTHONIOENCODING"}, **variables}
    command = [sys.executable, "-m", "navlayers", "diff", "gcp", "aws", "-q"]
    done = subprocess.run(command, env=environment, capture_output=True, check=True)
    assert done.stdout.decode(variables.get("PYTHONIOENCODING", "utf-8")).startswith(
        f"Google Cloud 2025-03-06 {arrow} AWS 2024-12-12"
    )


@pytest.mark.parametrize("args", [["build", "TINY", "--json"], ["sets"], ["stats", "TINY"], ["--help"]])
def test_a_closed_pipe_is_not_an_error(tiny: Path, tmp_path: Path, args: list[str]) -> None:
    args = [str(tiny) if arg == "TINY" else arg for arg in args]
    with subprocess.Popen(
        [sys.executable, "-m", "navlayers", *args], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as done:
        assert done.stdout is not None
        assert done.stderr is not None
        done.stdout.close()
        said = done.stderr.read().decode()
    assert "Traceback" not in said
    assert "Exception ignored" not in said
    assert "internal error" not in said
    assert done.returncode in (0, 141, -signal.SIGPIPE)
