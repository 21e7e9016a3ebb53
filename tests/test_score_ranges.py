"""Ranges of scores: layers keep theirs, `--score-range` and `--scale` settle the reading of numbers and words."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from conftest import SHARED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conftest import Run

CASES = SHARED / "cases"
THREAT = "technique,weight\nT1003,1\nT1059,1\nT1486,1\n"
MERGED = {"T1003": 100, "T1059": 100, "T1486": 200}
"""Two layers of 100 each, added in the Navigator: the gradient begins at the lowest result."""


def layer(path: str, scores: Mapping[str, float], ends: tuple[float, float] | None = None, **more: Any) -> str:
    content: dict[str, Any] = {
        "name": Path(path).stem,
        "versions": {"attack": "16", "layer": "4.5"},
        "domain": "enterprise-attack",
        "techniques": [{"techniqueID": technique, "score": score} for technique, score in scores.items()],
    }
    if ends is not None:
        content["gradient"] = {"colors": ["#ffffff", "#ff0000"], "minValue": ends[0], "maxValue": ends[1]}
    Path(path).write_text(json.dumps(content | more), encoding="utf-8")
    return path


def table(path: str, text: str) -> str:
    Path(path).write_text(text, encoding="utf-8")
    return path


def gaps(run: Run, *words: str) -> tuple[str, dict[str, float | None], str]:
    """The summary, the score of each technique of the threat, and the notes."""
    result = run("gaps", *words, "--threat", table("t.csv", THREAT), "--json")
    assert result.code == 0, result.err
    found = json.loads(result.out)
    return found["summary"], {row["id"]: row["score"] for row in found["techniques"]}, result.err


def compared(run: Run, *words: str) -> tuple[dict[str, dict[str, float]], str]:
    """The scores of each technique by input, and the notes."""
    result = run("compare", *words, "--json")
    assert result.code == 0, result.err
    rows = json.loads(result.out)["techniques"]
    return {
        id_: {name: own["overall"] for name, own in row["scores"].items()} for id_, row in rows.items()
    }, result.err


def test_a_layer_that_the_navigator_merged_covers_all_that_it_scores(run: Run) -> None:
    merged = layer("merged.json", MERGED, (100, 200))
    summary, scores, notes = gaps(run, merged)
    assert "covers 3 of 3 techniques" in summary
    assert "33% by score" in summary
    assert summary.endswith("0 uncovered, 2 weak (below 50).")
    assert scores == {"T1003": 0.01, "T1059": 0.01, "T1486": 100}, "at the low end of the range, and covered"
    assert "scores are brought to 0–100 by the range of each layer: merged 100–200" in notes
    same, _ = compared(run, merged, layer("again.json", MERGED, (100, 200)))
    assert same == {id_: {"merged": score, "again": score} for id_, score in MERGED.items()}
    changed = run("diff", merged, layer("less.json", MERGED | {"T1486": 150}, (100, 200)), "--json")
    assert [step["after"] for t in json.loads(changed.out)["techniques"]["weaker"] for step in t["steps"]] == [150]
    (stats,) = json.loads(run("stats", merged, "--json").out)
    assert (stats["techniques"], stats["values"]) == (3, {"unspecified": {"100": 2, "200": 1}})


def test_the_case_of_the_field_log(run: Run) -> None:
    if not CASES.is_dir():
        pytest.skip("the cases are not at ../shared/cases")
    result = run("gaps", str(CASES / "19.json"), "--threat", str(CASES / "18t.csv"))
    assert "covers 3 of 3 techniques of 18t" in result.out


def test_siblings_of_one_range_are_compared_as_written(run: Run) -> None:
    low = layer("low.json", {"T1059": 1, "T1003": 10}, (0, 10))
    high = layer("high.json", {"T1059": 1, "T1486": 170}, (0, 10))
    scores, notes = compared(run, low, high)
    assert scores == {"T1003": {"low": 10}, "T1059": {"low": 1, "high": 1}, "T1486": {"high": 170}}
    assert '1 score of "high" is outside its range 0–10: 170 (scores stay as written' in notes
    found = json.loads(run("compare", low, high, "--json").out)
    assert [(one["mean"], one["unique"]) for one in found["inputs"].values()] == [(5.5, 1), (85.5, 1)]


def test_layers_of_different_ranges_are_brought_to_100_and_one_note_says_so(run: Run) -> None:
    ten, five = layer("ten.json", {"T1059": 5, "T1003": 0}, (0, 10)), layer("five.json", {"T1059": 5}, (0, 5))
    scores, notes = compared(run, ten, five)
    assert scores == {"T1059": {"ten": 50, "five": 100}}
    assert notes.count("brought to 0–100") == 1
    assert "by the range of each layer: ten 0–10, five 0–5 (--score-range sets another range)" in notes
    assert compared(run, ten, five, "--score-range", "0-10")[0] == {"T1059": {"ten": 5, "five": 5}}


@pytest.mark.parametrize(
    ("scores", "ends", "expected"),
    [
        ({"T1003": 5, "T1059": 2}, (0, 5), {"T1003": 100, "T1059": 40, "T1486": None}),
        ({"T1003": 1, "T1059": 0}, (0, 1), {"T1003": 100, "T1059": None, "T1486": None}),
        ({"T1003": 1, "T1059": 250, "T1486": 2}, (1, 250), {"T1003": 0.01, "T1059": 100, "T1486": 0.4}),
        ({"T1003": -5, "T1059": 5}, (-10, 10), {"T1003": None, "T1059": 75, "T1486": None}),
        ({"T1003": 7, "T1059": 7}, (7, 7), {"T1003": 100, "T1059": 100, "T1486": None}),
        ({"T1003": 50, "T1059": 300}, None, {"T1003": 50, "T1059": 100, "T1486": None}),
    ],
)
def test_gaps_bring_scores_to_100_by_the_range_of_the_layer(
    run: Run, scores: Mapping[str, float], ends: tuple[float, float] | None, expected: dict[str, float | None]
) -> None:
    summary, found, _ = gaps(run, layer("l.json", scores, ends))
    assert found == expected
    weak = sum(score is not None and score < 50 for score in expected.values())
    assert f" uncovered, {weak} weak (below 50)." in summary


def test_build_and_plan_know_the_range_of_a_layer(run: Run) -> None:
    own = layer("l.json", {"T1003": 5, "T1059": 2}, (0, 5))
    built = json.loads(run("build", own, "--only", "overview", "-o", "-").out)
    assert {t["techniqueID"]: t["score"] for t in built["techniques"]} == {"T1003": 5, "T1059": 2}
    assert (built["gradient"]["minValue"], built["gradient"]["maxValue"]) == (0, 5)
    assert [item["label"] for item in built["legendItems"]] == ["5", "2.5"]
    combined = json.loads(run("build", own, "--only", "overview", "-o", "-", "--aggregate", "combined").out)
    assert {t["techniqueID"]: t["score"] for t in combined["techniques"]} == {"T1003": 100, "T1059": 40}
    plan = run("plan", own, "--budget", "1")
    assert "reaches 100% of the total value (1.4 of 1.4)" in plan.out, "1 + 0.4"
    native = run("convert", layer("m.json", MERGED, (100, 200)), "-o", "m.yaml")
    assert "note: scores on the range 100–200 are written as numbers from 0 to 100" in native.err
    assert "covers 3 of 3" in gaps(run, "m.yaml")[0], "what is covered stays covered"


def test_a_list_of_layers_has_one_range_or_is_brought_to_100(run: Run) -> None:
    parts = [layer("one.json", {"T1059": 5}, (0, 5)), layer("two.json", {"T1059": 5, "T1003": 1}, (0, 10))]
    Path("list.json").write_text(f"[{','.join(Path(part).read_text() for part in parts)}]")
    scores, notes = compared(run, "list.json")
    assert scores == {"T1003": {"two": 10}, "T1059": {"one": 100, "two": 50}}
    assert "layers of different ranges (0–5, 0–10): each is brought to 0–100 by its own range" in notes


def test_a_layer_of_small_numbers_is_doubtful_until_its_range_is_given(run: Run) -> None:
    own = layer("flags.json", {"T1003": 1, "T1059": 0})
    checked = run("check", own)
    assert (
        'flags.json:1:1: suspicious-scale no score of "flags" is above 1, and its range is 0–100 '
        "(set the range that they have, such as --score-range 0-1)" in checked.out
    )
    assert gaps(run, own)[1] == {"T1003": 1, "T1059": None, "T1486": None}
    _, scores, notes = gaps(run, own, "--score-range", "0-1")
    assert scores == {"T1003": 100, "T1059": None, "T1486": None}
    assert "no score of" not in notes


@pytest.mark.parametrize(
    ("numbers", "option", "expected"),
    [
        (("1", "0", "1"), "0-1", (100, None, 100)),
        (("0.5", "1", "0"), "0-1", (50, 100, None)),
        (("5", "3", "1"), "0-5", (100, 60, 20)),
        (("10", "7,5", "0"), "0-10", (100, 75, None)),
    ],
)
def test_a_table_of_small_numbers_is_doubtful_until_its_range_is_given(
    run: Run, numbers: tuple[str, ...], option: str, expected: tuple[float | None, ...]
) -> None:
    rows = "".join(f'{id_},"{number}"\n' for id_, number in zip(MERGED, numbers, strict=True))
    own = table("own.csv", f"technique,score\n{rows}")
    hint = f"scores are read as 0–100 (set the range that they have, such as --score-range {option})"
    assert hint in run("build", own, "-o", "out").err
    assert "own.csv:2:8: suspicious-scale" in run("check", own).out
    _, scores, notes = gaps(run, own, "--score-range", option)
    assert scores == dict(zip(MERGED, expected, strict=True))
    assert "score-range" not in notes


def test_numbers_up_to_100_and_own_scales_are_not_doubtful(run: Run) -> None:
    assert "suspicious" not in run("check", table("own.csv", "technique,score\nT1003,5\nT1059,60\n")).out
    native = "framework: a\nversion: '1'\ndomain: enterprise\nattack_version: '16.1'\nscale: {0: 0, 5: 100}\n"
    native += "capabilities:\n  c: {name: C, techniques: {T1003: {value: 5}}}\n"
    assert run("check", table("own.yaml", native)).code == 0
    assert gaps(run, "own.yaml")[1] == {"T1003": 100, "T1059": None, "T1486": None}


def test_words_are_read_with_the_option_that_their_error_prints(run: Run) -> None:
    own = table("own.csv", "technique,score\nT1003,High\nT1059,medium\nT1486,No\n")
    refused = run("build", own, "-o", "out")
    option = "--scale High=100,medium=50,No=0"
    assert refused.code == 2
    assert re.findall(r":(\d):\d+: .* such as (--scale .*)\)", refused.err) == [("2", option)]
    assert gaps(run, own, *option.split())[1] == {"T1003": 100, "T1059": 50, "T1486": None}
    assert run("check", own, *option.split()).code == 0
    run("convert", own, *option.split(), "-o", "own.yaml")
    assert gaps(run, "own.yaml")[1] == {"T1003": 100, "T1059": 50, "T1486": None}


def test_the_option_for_words_has_each_once_but_for_misspelt_names_and_is_short(run: Run) -> None:
    own = table("own.csv", "technique,score\nT1003,parital\nT1003,Yes\nT1059,yes \nT1059,odd\n")
    err = run("build", own, "-o", "out").err
    assert re.findall(r"unknown score value (.*);.*\((.*)\)", err) == [
        ('"parital"', "did you mean partial?"),
        ('"Yes"', "say what the words are worth, 0-100, such as --scale Yes=100,odd=50"),
    ]
    assert err.count("unknown score value") == 4
    many = table("many.csv", "technique,score\n" + "".join(f"T1003,w{n:02}{n:02}\n" for n in range(21)))
    (option,) = re.findall("--scale '(.*)'", run("check", many).out)
    assert option.split(",") == [*(f"w{n:02}{n:02}=50" for n in range(20)), "…"]


def test_a_misspelled_word_beside_the_right_one_is_not_in_the_option(run: Run) -> None:
    words = ["High", "Hgih", "Medium", "Mediun", "Medium+", "Highest", "odd"]
    own = table("own.csv", "technique,score\n" + "".join(f"T1003,{word}\n" for word in words))
    (option,) = re.findall("--scale (.*)\\)", run("check", own).out)
    assert option == "High=100,Medium=50,Medium+=50,Highest=50,odd=50"
    assert "did you mean High?" in run("check", own, "--scale", option).out


@pytest.mark.parametrize("text", ["5", "5-0", "a-b", "0-0"])
def test_a_range_that_is_none_is_refused(run: Run, text: str) -> None:
    result = run("stats", "gcp", "--score-range", text)
    assert (result.code, result.out) == (2, "")
    assert f"--score-range '{text}' is not a range; expected LOW-HIGH, such as 0-5" in result.err


def test_not_rated_is_gray_and_read_back_as_not_rated(run: Run) -> None:
    """Also where a layer of what is missing gives it a score."""
    sides = "technique_id: {}\n  detection:\n  - applicable_to: [all]\n"
    sides += "    score_logbook: [{{date: 2024-03-01, score: {}}}]"
    rows = "".join(f"- {sides.format(id_, score)}\n" for id_, score in (("T1003", -1), ("T1059", -1)))
    own = table("d.yaml", f"version: 1.2\nfile_type: technique-administration\nname: d\ntechniques:\n{rows}")
    run("build", own, "--only", "overview", "-o", "built", "--attack", "16.1")
    built = json.loads(Path("built/d/overview.json").read_text())
    assert {"label": "not rated", "color": "#bdbdbd"} in built["legendItems"]
    assert {t["techniqueID"]: t["color"] for t in built["techniques"]} == dict.fromkeys(
        ("T1003", "T1059"), "#bdbdbd"
    )
    run("gaps", own, "--threat", table("t.csv", THREAT), "-o", "gaps")
    run("compare", own, layer("l.json", {"T1486": 80}), "-o", "compared")
    for path in ("built/d/overview.json", "gaps/coverage.json", "gaps/gap.json", "compared/gap.json"):
        summary, scores, _ = gaps(run, path)
        assert ", 2 not rated." in summary, path
        assert scores["T1003"] is scores["T1059"] is None
    compared_layer = json.loads(Path("compared/inputs/d.json").read_text())
    assert [t["color"] for t in compared_layer["techniques"]] == ["#bdbdbd"] * 2


def test_detection_and_visibility_are_each_right_without_the_other(run: Run) -> None:
    side = "  {}:\n  - {{applicable_to: [all], score_logbook: [{{date: 2024-03-01, score: {}}}]}}\n"
    head = "version: 1.2\nfile_type: technique-administration\nname: d\ntechniques:\n"
    for name, detection, visibility in (("seen", -1, 3), ("detected", 3, 0)):
        rows = "".join(
            f"- technique_id: {id_}\n{side.format('detection', detection)}{side.format('visibility', visibility)}"
            for id_ in MERGED
        )
        table(f"{name}.yaml", head + rows)
    by_detection = {name: gaps(run, f"{name}.yaml")[1]["T1003"] for name in ("seen", "detected")}
    by_visibility = {
        name: gaps(run, f"{name}.yaml", "--from", "dettect-visibility")[1]["T1003"] for name in ("seen", "detected")
    }
    assert by_detection == {"seen": None, "detected": 60}, "3 of 5"
    assert by_visibility == {"seen": 75, "detected": None}, "3 of 4"
    detected = gaps(run, "detected.yaml", "--from", "dettect-visibility")[0]
    assert "covers 0 of 3" in detected


def test_compare_averages_the_scores_that_it_shows_and_overall_follows_the_category(run: Run) -> None:
    rows = "a,T1003,protect,33.335\nb,T1059,protect,66.6666\nb,T1059,detect,90\n"
    own = table("own.csv", f"capability,technique,category,score\n{rows}")
    other = table("other.csv", "capability,technique,category,score\na,T1003,protect,10\n")
    found = json.loads(run("compare", own, other, "--category", "protect", "--json", "--attack", "16.1").out)
    shown = [row["scores"]["own"]["overall"] for row in found["techniques"].values()]
    assert shown == [row["scores"]["own"]["protect"] for row in found["techniques"].values()]
    assert found["inputs"]["own"]["mean"] == pytest.approx(sum(shown) / 2, abs=1e-9)


def test_cells_are_colored_by_the_range_of_their_layer(run: Run, tmp_path: Path) -> None:
    """5 on a scale to 5 has the color of 100 on one to 100, and 1 that of 20."""
    colors = {}
    for high in (5, 100):
        path = layer(f"{tmp_path}/to{high}.json", {"T1003": high, "T1059": high / 5}, (0, high))
        pages = [run("show", t, "--set", path, "--format", "html", "-q").out for t in ("T1003", "T1059")]
        report = tmp_path / f"to{high}.html"
        assert run("report", path, "--sections", "techniques", "-o", report, "-q").code == 0
        pages.append(report.read_text(encoding="utf-8"))
        colors[high] = [sorted(set(re.findall(r'class="chip (c\w{6})">[\d.]+<', text))) for text in pages]
    assert colors[5] == colors[100]
    assert [len(found) for found in colors[5]] == [1, 1, 2]


def test_a_negative_score_is_not_called_0(run: Run, tmp_path: Path) -> None:
    path = layer(f"{tmp_path}/both.json", {"T1003": -50, "T1059": 40}, (-100, 100))
    threat = table(f"{tmp_path}/threat.csv", THREAT)
    result = run("gaps", path, "--threat", threat)
    assert "1 technique scored 0 or less counts as not covered" in result.err


WORDS = (
    "capability,technique,category,value\na,T1059,protect,Medium\nb,T1059,protect,medium\nc,T1003,protect,minimal\n"
)


@pytest.mark.parametrize("option", ["Medium=40", "Medium=40,medium=40", "medium=40,Minimal=10"])
def test_a_word_of_a_scale_is_one_value_in_any_case(run: Run, option: str) -> None:
    told = run("stats", table("words.csv", WORDS), "--scale", option, "--json")
    (stats,) = json.loads(told.out)
    assert sorted(stats["values"]["protect"].values()) == [1, 2]
    assert "has this score value" not in told.err


def test_a_word_in_another_case_has_the_number_of_the_user(run: Run) -> None:
    own = table("words.csv", WORDS)
    assert gaps(run, own, "--scale", "medium=40,MINIMAL=25")[1] == {"T1003": 25, "T1059": 40, "T1486": None}


def test_a_word_is_suggested_once_and_has_one_number(run: Run) -> None:
    own = table("words.csv", WORDS)
    assert "such as --scale Medium=50)" in run("stats", own).err
    told = run("stats", own, "--scale", "Medium=50,medium=60")
    assert (told.code, told.err) == (2, "navlayers: --scale: duplicate name medium\n")
