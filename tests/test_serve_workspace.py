"""The sets of the live server as their files change: what is kept, what is told, what is new."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from conftest import write_set

from navlayers.serve.answers import explorer_answer, plan_answer, subject_of
from navlayers.serve.job import Job, Question, job_answer
from navlayers.serve.workspace import Settings, Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from navlayers.serve.answers import Subject

ROW = ("mfa", "T1078", "protect", "partial")


def refreshed(workspace: Workspace) -> int:
    """The number of times that a look at the files told pages of a change."""
    told: list[None] = []
    workspace.refresh(lambda: told.append(None))
    return len(told)


def test_nothing_is_told_where_nothing_changed(tmp_path: Path) -> None:
    path = write_set(tmp_path / "a.json", [ROW])
    workspace = Workspace([str(path)], Settings())
    assert refreshed(workspace) == 1
    (stamp,) = workspace.inputs(["a"])[1]
    path.touch()
    write_set(path, [ROW])
    assert refreshed(workspace) == 0
    assert workspace.inputs(["a"])[1] == (stamp,)


def test_a_broken_file_keeps_its_last_good_reading(tmp_path: Path) -> None:
    path = write_set(tmp_path / "a.json", [ROW])
    workspace = Workspace([str(path)], Settings())
    refreshed(workspace)
    path.write_text("{")
    assert refreshed(workspace) == 1
    (held,) = workspace.named
    assert [finding.level for finding in held.findings] == ["error"]
    assert len(workspace.inputs(["a"])[0].inputs[0].set.mappings) == 1
    path.unlink()
    refreshed(workspace)
    assert workspace.named[0].problems[0].message == "no such file"
    write_set(path, [ROW, ("mfa", "T1110", "protect", "minimal")])
    refreshed(workspace)
    assert not workspace.named[0].problems
    assert len(workspace.inputs(["a"])[0].inputs[0].set.mappings) == 2


def test_a_new_file_of_a_folder_is_a_new_set_and_one_that_goes_stays(tmp_path: Path) -> None:
    folder = tmp_path / "sets"
    write_set(folder / "a.json", [ROW])
    workspace = Workspace([str(folder)], Settings())
    refreshed(workspace)
    write_set(folder / "b.json", [ROW])
    refreshed(workspace)
    assert [held.source.name for held in workspace.named] == ["a", "b"]
    (folder / "a.json").unlink()
    refreshed(workspace)
    assert [bool(held.problems) for held in workspace.named] == [True, False]
    assert workspace.inputs(["a", "b"])[0].catalogue.version == "16.1"


def test_a_folder_that_is_away_keeps_its_sets_and_is_none(tmp_path: Path) -> None:
    folder = tmp_path / "sets"
    write_set(folder / "a.json", [ROW])
    workspace = Workspace([str(folder)], Settings())
    refreshed(workspace)
    folder.rename(tmp_path / "away")
    refreshed(workspace)
    assert [(held.source.name, bool(held.problems)) for held in workspace.named] == [("a", True)]
    (tmp_path / "away").rename(folder)
    refreshed(workspace)
    assert [(held.source.name, bool(held.problems)) for held in workspace.named] == [("a", False)]


def test_a_file_of_weights_is_followed(tmp_path: Path) -> None:
    path = write_set(tmp_path / "a.json", [ROW])
    weights = tmp_path / "weights.csv"
    weights.write_text("technique,weight\nT1078,1\n")
    workspace = Workspace([str(path)], Settings(threats=(str(weights),)))
    refreshed(workspace)
    before = workspace.inputs(["a"])
    weights.write_text("technique,weight\nT1078,1\nT1110,3\n")
    assert refreshed(workspace) == 1
    assert workspace.inputs(["a"])[1] != before[1]
    told = explorer_answer(subject_of(workspace.inputs(["a"])[0], workspace.settings, str(weights)))
    assert "1 of 2 techniques of weights" in told["sentences"][0]


def test_scores_and_counts_are_shown_as_covered_or_not(tmp_path: Path) -> None:
    path = write_set(tmp_path / "a.json", [ROW])
    workspace = Workspace([str(path), "nist_800_53"], Settings())
    told = explorer_answer(subject_of(workspace.inputs(["a", "nist_800_53"])[0], workspace.settings))
    assert told["notices"][0].endswith("shown is only whether techniques are covered")
    first, second, *_ = told["data"].views
    assert {*first.shown[0].score, *second.shown[0].score} == {100}


def test_a_threat_that_does_not_fit_is_told_beside_the_sets(tmp_path: Path) -> None:
    path = write_set(tmp_path / "a.json", [ROW])
    workspace = Workspace([str(path)], Settings())
    told = explorer_answer(subject_of(workspace.inputs(["a"])[0], workspace.settings, "nobody"))
    problem = "no threat 'nobody'; expected a group, software, campaign or tactic of ATT&CK"
    assert told["warnings"] == [f"{problem} (did you mean Woody RAT (S1065)?)"]
    assert told["data"].views[0].title == "tiny"


def test_own_sets_are_in_place_where_shipped_ones_are_beside_them(tmp_path: Path) -> None:
    own = write_set(tmp_path / "own.json", [("mfa", "T1078", "protect", "significant")])
    other = write_set(tmp_path / "other.json", [("edr", "T1059", "detect", "partial")])
    workspace = Workspace([str(own), str(other), "gcp"], Settings())

    def subject(*names: str) -> Subject:
        return subject_of(workspace.inputs(names)[0], workspace.settings, "APT29")

    beside = subject("own", "other", "gcp")
    plan = beside.plan(5, 1)
    assert plan.chosen
    assert not [id_ for id_ in plan.chosen if not id_.startswith("gcp:")]
    first, second = plan_answer(beside, plan)["sentences"]
    assert first.startswith("In place: own and other; choose 5 of gcp's 40 services for a budget of 5 at ")
    assert re.match(r"What is in place covers 1 of the 66 techniques of APT29 \(2%\), with the plan \d+ ", second)
    told = explorer_answer(beside)
    assert (told["capabilities"], told["noun"]) == (40, ("service", "services"))
    # Without a shipped set, the own ones are to choose from; without own ones, the shipped.
    for names, candidates in ((("own", "other"), 2), (("gcp",), 40)):
        alone = subject(*names)
        assert explorer_answer(alone)["capabilities"] == candidates
        assert not alone.plan(1, 1).had


def test_the_history_leaves_shipped_sets_out(tmp_path: Path) -> None:
    own = write_set(tmp_path / "own.json", [ROW])
    workspace = Workspace([str(own), "gcp"], Settings())
    sources = tuple(workspace.get(name).source for name in ("own", "gcp"))
    told = json.loads(job_answer(Job(Question("history"), Settings(), sources)).data)
    (notice,) = told["notices"]
    assert notice.startswith(f"{own}: not in a git repository")


def test_segments_follow_their_files_and_parts_are_checked_as_whole_files(tmp_path: Path) -> None:
    path = write_set(tmp_path / "a.json", [ROW])
    workspace = Workspace([f"segments:ours={path}", f"{path}@technique~T1"], Settings())
    assert refreshed(workspace) == 2
    workspace.check_changed(lambda: None)
    codes = [[finding.code for finding in held.findings] for held in workspace.named]
    assert (codes, [held.problems for held in workspace.named]) == ([[], ["technique-name"]], [(), ()])
    assert refreshed(workspace) == 0
    write_set(path, [ROW, ("mfa", "T1110", "protect", "minimal")])
    assert refreshed(workspace) == 2
    assert [len(workspace.get(held.source.name).prepared[0].set.mappings) for held in workspace.named] == [2, 2]
    path.write_text("{")
    assert refreshed(workspace) == 2
    assert [bool(held.problems) for held in workspace.named] == [True, True]
    write_set(path, [ROW])
    refreshed(workspace)
    assert [held.problems for held in workspace.named] == [(), ()]
