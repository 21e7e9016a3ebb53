"""Slides: a headline number, one legend, names that can be read, and the rest as squares."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from render_helpers import layer, picture, scored, techniques

from navlayers.layer.ramps import UNCOVERED

if TYPE_CHECKING:
    from conftest import Run
    from render_helpers import Picture

OURS = [{"name": "framework", "value": "mine"}]
TINY = Path(__file__).parent / "golden" / "tiny.yaml"
SECOND = """\
framework: second
title: Second
version: "2"
domain: enterprise
attack_version: "16.1"
capabilities:
  lock:
    techniques:
      T1078: {protect: partial}
      T1566: {protect: significant}
      T1053.002: {protect: partial}
"""
# AC-1 of the tiny set gives T1078 100, log_review gives T1110.001 10; nothing of it covers the others.
WEIGHTS = "technique,weight\nT1059.001,1\nT1078,5\nT1110.001,3\nT1486,2\n"
PURPLES = {"colors": ["#e0ecf4", "#810f7c"], "minValue": 0, "maxValue": 100}


def texts(drawn: Picture, group: str) -> list[str]:
    return [text.text for found in drawn.groups if found.id == group for text in found.texts]


def ratio(drawn: Picture, tactic: str) -> str:
    return texts(drawn, f"tactic--{tactic}")[1]


def slide(path: Path) -> Picture:
    return picture(json.loads(path.read_bytes()), page="16:9")


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "bear.csv"
    path.write_text(WEIGHTS)
    return path


def test_the_slide_of_gaps_counts_what_the_threat_uses(run: Run, out: Path, weights: Path) -> None:
    assert run("gaps", TINY, "--threat", weights, "--attack", "16.1", "-o", out).code == 0
    for name in ("gap", "coverage", "threat"):
        drawn = slide(out / f"{name}.json")
        assert texts(drawn, "header")[1:] == [
            "50%",
            "of bear covered by Tiny Controls 1.0",
            "2 of the 4 techniques of bear · ATT&CK Enterprise 16.1",
        ]
        assert texts(drawn, "caption") == ["covered / used"]
        tactics = ("initial-access", "credential-access", "execution", "impact")
        assert [ratio(drawn, tactic) for tactic in tactics] == ["1/1", "1/1", "0/1", "0/1"]
        gaps = ["T1486", "Data Encrypted for Impact", "T1059.001", "PowerShell"]
        assert texts(drawn, "list-0") == ["Not covered, largest weight first", *gaps]


def test_the_biggest_hole_is_named_and_marked() -> None:
    """Of Discovery of ICS, three of five techniques have a score, of all other tactics all."""
    discovery = [t.id for t in techniques("ics") if t.tactics == ("discovery",)][:2]
    entries = [{"techniqueID": t.id, "score": 50} for t in techniques("ics") if t.id not in discovery]
    drawn = picture(layer(entries, "ics", metadata=OURS), page="16:9")
    assert texts(drawn, "hole") == ["Weakest tactic: Discovery, 3 of 5"]
    marked = [group.id for group in drawn.groups if group.id.startswith("tactic--") and group.rects]
    assert marked == ["tactic--discovery"]
    threat = [*OURS, {"name": "role", "value": "threat"}]
    for metadata in (threat, []):
        assert not texts(picture(layer(entries, "ics", metadata=metadata), page="16:9"), "hole")
    assert not texts(picture(scored("ics", [50], metadata=OURS), page="16:9"), "hole")


def test_the_hole_of_gaps_is_the_tactic_with_most(run: Run, out: Path, weights: Path) -> None:
    """Of Credential Access, the threat uses two techniques and of Impact one; nothing covers them."""
    weights.write_text("technique,weight\nT1486,9\nT1003,1\nT1040,1\nT1110.001,1\n")
    assert run("gaps", TINY, "--threat", weights, "--attack", "16.1", "-o", out).code == 0
    hole = "Most gaps: Credential Access, 2 of 3 not covered (67%)"
    assert texts(slide(out / "gap.json"), "hole") == [hole]


def test_what_is_covered_looks_unlike_what_the_threat_does_not_use(run: Run, out: Path, weights: Path) -> None:
    assert run("gaps", TINY, "--threat", weights, "--attack", "16.1", "-o", out).code == 0
    drawn = slide(out / "gap.json")
    fills = {technique: cell.rects[0].fill for (technique, _), cell in drawn.cells.items()}
    assert (fills["T1078"], fills["T1110"], fills["T1486"]) == ("#9ecae1", "#ffffff", UNCOVERED)
    assert {"covered", "not used"} < set(texts(drawn, "legend"))


def test_gaps_of_one_weight_begin_with_what_most_groups_use() -> None:
    facts = [{"name": "threat", "value": "APT29 (G0016)"}, {"name": "covered", "value": "0 of 3"}]
    entries = [
        {
            "techniqueID": id_,
            "color": UNCOVERED,
            "metadata": [*state, {"name": "groups that use it", "value": groups}],
        }
        for state in [[{"name": "weight", "value": "1"}, {"name": "state", "value": "uncovered"}]]
        for id_, groups in (("T1005", "43"), ("T1003", "5"), ("T1059.001", "83"))
    ]
    legend = [{"label": "not covered", "color": UNCOVERED}]
    drawn = picture(layer(entries, metadata=facts, legendItems=legend), page="16:9")
    assert texts(drawn, "list-0")[::2] == [
        "Not covered, used by most groups first",
        "PowerShell",
        "Data from Local System",
        "OS Credential Dumping",
    ]


def test_the_slide_of_a_plan_counts_what_the_plan_covers(run: Run, out: Path, weights: Path) -> None:
    plan = ("plan", TINY, "--budget", "1", "--attack", "16.1", "-o")
    assert run(*plan, out / "bear", "--threat", weights).code == 0
    drawn = slide(out / "bear" / "plan.json")
    counts = "1 of the 4 techniques of bear · ATT&CK Enterprise 16.1"
    assert texts(drawn, "header")[1:] == ["25%", "of bear covered by the plan", counts]
    assert [ratio(drawn, tactic) for tactic in ("initial-access", "credential-access")] == ["1/1", "0/1"]
    assert texts(drawn, "list-0") == ["Not in plan", "T1110.001", "Password Guessing"]
    assert texts(drawn, "list-1")[::2] == [
        "Not covered, largest weight first",
        "Data Encrypted for Impact",
        "PowerShell",
    ]
    assert texts(drawn, "list-2") == ["Highest scores", "100", "Valid Accounts"]
    # Without a threat: T1078, T1110; T1078.004, T1053.002, of the whole release.
    assert run(*plan, out / "all").code == 0
    drawn = slide(out / "all" / "plan.json")
    counts = "2 of 203 techniques and 2 of 453 sub-techniques"
    assert texts(drawn, "header")[1:] == ["<1%", "of Enterprise 16.1 covered by the plan", counts]
    assert ratio(drawn, "initial-access") == "2/21"


def test_the_slides_of_a_comparison_say_what_they_count(run: Run, out: Path, tmp_path: Path) -> None:
    second = tmp_path / "second.yaml"
    second.write_text(SECOND)
    assert run("compare", TINY, second, "-o", out).code == 0
    drawn = slide(out / "differences" / "tiny--second.json")
    assert texts(drawn, "header")[1:] == [
        "4",
        "techniques on which tiny scores higher",
        "of 656 with sub-techniques; second on 1, equal on 1, 650 in neither · Enterprise 16.1",
    ]
    assert (texts(drawn, "caption"), ratio(drawn, "initial-access")) == (["tiny higher / compared"], "2/3")
    only = ["T1110", "Brute Force", "T1078.004", "Cloud Accounts", "T1110.001", "Password Guessing"]
    assert texts(drawn, "list-0") == ["Only tiny", *only]
    assert texts(drawn, "list-1") == ["Only second", "T1566", "Phishing"]

    counts = "3 of 203 techniques and 3 of 453 sub-techniques"
    words = "of Enterprise 16.1 covered by Tiny Controls 1.0 or Second 2"
    drawn = slide(out / "gap.json")
    assert texts(drawn, "header")[1:] == ["<1%", words, counts]
    assert (texts(drawn, "caption"), ratio(drawn, "initial-access")) == (["covered / all"], "3/21")
    assert texts(drawn, "list-0")[0].endswith(" of 650")
    for name in ("union", "agreement"):
        drawn = slide(out / f"{name}.json")
        assert texts(drawn, "header")[1:] == ["<1%", "of Enterprise 16.1 covered", counts]
        assert ratio(drawn, "initial-access") == "3/21"


def test_the_headline_is_the_share_of_the_release_with_its_counts() -> None:
    entries = [{"techniqueID": id_, "score": 50} for id_ in ("T1078", "T1078.001", "T1566")]
    zero = {"techniqueID": "T1110", "score": 0}
    counts = "2 of 203 techniques and 1 of 453 sub-techniques"
    drawn = picture(layer([*entries, zero], metadata=OURS), page="16:9")
    assert texts(drawn, "header") == ["a layer", "<1%", "of Enterprise 16.1 covered", counts]
    assert (texts(drawn, "caption"), ratio(drawn, "initial-access")) == (["covered / all"], "3/21")
    assert texts(drawn, "list-1")[0].endswith(" of 201"), "203 without the 2 that are covered"
    assert texts(drawn, "list-1")[1:3] == ["0 of 17 subs", "Event Triggered Execution"]
    half = picture(scored("ics", [100, 0], metadata=OURS), page="16:9")
    assert texts(half, "header")[1:] == ["51%", "of ICS 16.1 covered", "42 of 83 techniques"]


@pytest.mark.parametrize(
    ("metadata", "words", "lists"),
    [
        ([], "of ICS 16.1 annotated", ["Highest scores"]),
        (
            [*OURS, {"name": "aggregate", "value": "count"}],
            "of ICS 16.1 mapped",
            ["Highest numbers", "Techniques not mapped"],
        ),
        ([*OURS, {"name": "role", "value": "threat"}], "of ICS 16.1 mapped", ["Highest scores"]),
    ],
)
def test_the_headline_claims_coverage_only_of_what_covers(
    metadata: list[dict[str, str]], words: str, lists: list[str]
) -> None:
    entries = [{"techniqueID": id_, "score": 5} for id_ in ("T0817", "T0819")]
    drawn = picture(layer(entries, "ics", metadata=metadata), page="16:9")
    assert texts(drawn, "header")[1:] == ["2%", words, "2 of 83 techniques"]
    word = words.rpartition(" ")[2]
    assert (texts(drawn, "caption"), ratio(drawn, "initial-access")) == ([f"{word} / all"], "2/12")
    titles = [text for number in range(2) for text in texts(drawn, f"list-{number}")[:1]]
    assert [title.partition(",")[0] for title in titles] == lists
    assert all(title.endswith(" of 81") for title in titles[1:])


def test_equal_scores_are_counted_and_leave_the_room_to_the_gaps() -> None:
    drawn = picture(scored("ics", [100, 100, 50, 0], gradient=PURPLES, metadata=OURS), page="16:9")
    assert texts(drawn, "list-0") == ["By score", "100", "42 techniques", "50", "21 techniques"]
    assert texts(drawn, "list-1")[0].startswith("Techniques not covered")


def test_the_headline_of_a_threat_counts_its_techniques() -> None:
    facts = [{"name": "threat", "value": "APT29 (G0016)"}, {"name": "covered", "value": "41 of 66"}]
    drawn = picture(layer([], metadata=facts), page="16:9")
    assert texts(drawn, "header")[1:] == [
        "62%",
        "of APT29 covered",
        "41 of the 66 techniques of APT29 · ATT&CK Enterprise 16.1",
    ]


@pytest.mark.parametrize("theme", ["light", "dark", "grey"])
@pytest.mark.parametrize("domain", ["enterprise", "mobile", "ics"])
def test_every_text_of_a_slide_has_nine_points_and_every_technique_a_square(domain: Any, theme: Any) -> None:
    drawn = picture(scored(domain, gradient=PURPLES, metadata=OURS), page="16:9", theme=theme)
    assert {text.size for text in drawn.texts if text.size < 9} == set()
    assert {technique for technique, _ in drawn.cells} == {technique.id for technique in techniques(domain)}
    assert not drawn.notices
    assert all(box.left >= 0 and box.right <= drawn.width + 0.01 for box in drawn.texts)
    assert all(box.top >= 0 and box.bottom <= drawn.height for group in drawn.groups for box in group.rects)


def test_the_lists_name_what_is_not_covered_and_what_scores_highest() -> None:
    entries = [
        {"techniqueID": "T1078", "score": 100},
        {"techniqueID": "T1566", "score": 0, "color": UNCOVERED, "metadata": [{"name": "weight", "value": "2"}]},
        {"techniqueID": "T1003", "score": 0, "color": UNCOVERED, "metadata": [{"name": "weight", "value": "3"}]},
    ]
    legend = [{"label": "not covered", "color": UNCOVERED}]
    drawn = picture(layer(entries, gradient=PURPLES, metadata=OURS, legendItems=legend), page="16:9")
    title = "Not covered, largest weight first"
    assert texts(drawn, "list-0") == [title, "T1003", "OS Credential Dumping", "T1566", "Phishing"]
    assert texts(drawn, "list-1") == ["Highest scores", "100", "Valid Accounts"]


def test_a_few_techniques_fill_the_slide_with_their_names() -> None:
    entries = [{"techniqueID": id_, "score": 50} for id_ in ("T1078", "T1566", "T1110", "T1003.001")]
    drawn = picture(layer(entries, gradient=PURPLES), page="16:9", detail="scored")
    cells = {technique: cell for (technique, _), cell in drawn.cells.items()}
    assert cells["T1566"].texts[-1].text == "Phishing"
    assert min(text.size for cell in cells.values() for text in cell.texts) >= 12
