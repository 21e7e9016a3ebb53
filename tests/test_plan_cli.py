"""`navlayers plan`: what is printed and written, and what is said of bad input."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from fractions import Fraction
from typing import TYPE_CHECKING

import openpyxl
import pytest
from conftest import contents, write_set

import navlayers
from navlayers.analysis.inputs import load_inputs
from navlayers.analysis.plan.plan import make_plan
from navlayers.mapping.find import resolve
from navlayers.output.folders import sha256

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Cells, Run

    from navlayers.analysis.plan.result import Plan

NIST = "nist_800_53-rev5_attack-16.1-enterprise.json"
ROWS: tuple[Cells, ...] = (
    ("ids", "T1078", "detect", "partial"),
    ("ids", "T1110", "detect", "minimal"),
    ("mfa", "T1078", "protect", "significant"),
    ("mfa", "T1110", "protect", "partial"),
    ("pam", "T1078", "protect", "partial"),
    ("edr", "T1059", "detect", "significant"),
)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return write_set(tmp_path / "in" / "small.json", ROWS)


def test_the_plan_the_curve_and_what_is_next_best_are_printed(run: Run, small: Path) -> None:
    result = run("plan", small, "--budget", "1", "--all")
    assert result.code == 0
    assert result.err == ""
    assert result.out == (
        "Choose 1 of 4 capabilities for a budget of 1 at ATT&CK Enterprise 16.1: it reaches 60% of the total "
        "value (1.5 of 2.5) and covers 2 of the 3 techniques that all 4 capabilities cover; proven optimal.\n\n"
        "The plan\n"
        "                            adds\n"
        "#  capability   unique  (weight)  together  share\n"
        "1  Name of mfa       2       1.5       1.5  60.0%\n"
        "unique: techniques that no other capability of the plan covers as well; weight: a score of 100 counts 1\n"
        "\n"
        "Next best: value that one more capability adds\n"
        "                 adds\n"
        "capability   (weight)   share\n"
        "Name of edr         1  100.0%\n"
    )


def test_the_json_has_everything(run: Run, small: Path) -> None:
    found = json.loads(run("plan", small, "--target", "100%", "--have", "ids", "--json", "-q").out)
    assert found["chosen"] == ["edr", "mfa"]
    assert (found["proven_optimal"], found["ties_settled"], found["share"]) == (True, True, 100)
    assert [step["capability"] for step in found["steps"]] == [None, "edr", "mfa"]
    assert found["capabilities"][3] == {
        "id": "pam", "set": "small", "capability": "pam", "name": "Name of pam", "state": "not chosen", "cost": 1,
        "techniques": 1, "value": 0.5, "adds": 0, "instead": None,
        "beside_all": {"only_it": [], "redundant": True, "by": ["ids", "mfa"], "by_all_of_them_together": False},
        "beside_plan": {"only_it": [], "redundant": True, "by": ["ids", "mfa"], "by_all_of_them_together": False},
    }  # fmt: skip


def test_a_folder_gets_layer_tables_and_index(run: Run, small: Path, out: Path) -> None:
    result = run("plan", small, "--budget", "1", "-o", out)
    assert result.code == 0
    assert result.err == f"written to {out}\n"
    files = contents(out)
    assert sorted(files) == ["index.json", "plan.csv", "plan.json", "plan.md", "plan.xlsx"]
    index = json.loads(files["index.json"])
    assert (index["command"], index["options"]["budget"]) == ("plan", 1)
    assert {f["path"]: f["sha256"] for f in index["files"]} == {
        name: sha256(data) for name, data in files.items() if name != "index.json"
    }
    assert files["plan.csv"].decode() == (
        "#,capability,name,unique,adds (weight),together,share\n1,mfa,Name of mfa,2,1.5,1.5,60\n"
    )
    book = openpyxl.load_workbook(out / "plan.xlsx")
    assert book.sheetnames == ["about", "plan", "next best", "instead", "capabilities", "redundant", "techniques"]
    assert book["techniques"]["A2"].value == "T1059"
    assert run("plan", small, "--budget", "1", "-o", out, "-q").code == 0
    assert contents(out) == files, "the same input gives the same bytes"
    (out / "plan.csv").write_text("mine", encoding="utf-8")
    assert run("plan", small, "--budget", "1", "-o", out).code == 2


def test_the_layer_tells_who_gives_what_and_what_the_plan_leaves_out(run: Run, small: Path) -> None:
    layer = json.loads(run("plan", small, "--budget", "1", "-o", "-").out)
    techniques = {entry["techniqueID"]: entry for entry in layer["techniques"]}
    assert (techniques["T1078"]["score"], techniques["T1110"]["score"]) == (100, 50)
    assert techniques["T1078"]["comment"] == "100 with the plan\nName of mfa"
    assert techniques["T1078"]["metadata"] == [{"name": "plan", "value": "mfa = 100"}]
    assert techniques["T1059"]["score"] == 0
    assert techniques["T1059"]["color"] == "#f48fbf"
    assert techniques["T1059"]["comment"] == "Not covered by the plan; can be covered by Name of edr"
    assert {"label": "not in plan", "color": "#f48fbf"} in layer["legendItems"]
    better = json.loads(run("plan", small, "--budget", "1", "--exclude", "mfa", "-o", "-").out)
    techniques = {entry["techniqueID"]: entry for entry in better["techniques"]}
    assert techniques["T1059"]["score"] == 100
    second = json.loads(run("plan", small, "--budget", "2", "--exclude", "mfa", "-o", "-").out)
    techniques = {entry["techniqueID"]: entry for entry in second["techniques"]}
    assert techniques["T1110"]["comment"] == "10 with the plan\nName of ids\n50 is possible with Name of mfa"


def test_what_others_give_as_well_is_told_in_files_alone(run: Run, small: Path, out: Path) -> None:
    shown = run("plan", small, "--budget", "1", "-o", out).out
    text = (out / "plan.md").read_text(encoding="utf-8")
    title = "Redundant capabilities: others cover their techniques as well"
    assert f"\n## {title}\n" in text
    assert "| pam | Name of pam | not chosen | ids, mfa | mfa |\n" in text
    assert text.startswith("# Plan for a budget of 1: tiny 1\n\n## About\n")
    assert "| adds | value beyond the capabilities before it, or beyond the plan, in weight |\n" in text
    assert "Of all candidates" not in shown
    assert "edundant" not in shown


def test_shares_are_rounded_alike_in_all_files(run: Run, tmp_path: Path, out: Path) -> None:
    rows = [("a", f"T{number}", None, None) for number in (1001, 1003, 1005, 1007, 1010)]
    path = write_set(tmp_path / "six.json", [*rows, ("b", "T1012", None, None)])
    assert "83.3%" in run("plan", path, "--budget", "1", "-o", out).out
    assert (out / "plan.csv").read_text(encoding="utf-8").endswith(",5,5,83.3\n")
    assert "| 83.3% |" in (out / "plan.md").read_text(encoding="utf-8")
    assert openpyxl.load_workbook(out / "plan.xlsx")["plan"]["G2"].value == 83.3


def test_a_plan_of_counts_is_not_compared_with_scores(run: Run, small: Path, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(run("plan", "nist_800_53", "--budget", "2", "-o", "-", "-q").out, encoding="utf-8")
    assert {"name": "aggregate", "value": "count"} in json.loads(path.read_text(encoding="utf-8"))["metadata"]
    result = run("compare", path, small)
    assert result.code == 2
    assert "plan has counts of capabilities, small has scores" in result.err
    alike = json.loads(run("compare", path, "nist_800_53", "--json", "-q").out)
    covered = {name: one["techniques"] + one["subtechniques"] for name, one in alike["inputs"].items()}
    assert covered == {"plan": 435, "nist_800_53": 469}, "what the plan leaves out is not covered"
    scores = json.loads(run("plan", small, "--budget", "2", "-o", "-", "-q").out)
    assert "aggregate" not in {item["name"] for item in scores["metadata"]}


def test_what_the_threat_does_not_do_is_hidden(run: Run) -> None:
    layer = json.loads(run("plan", "gcp", "--budget", "5", "--threat", "APT29", "-o", "-", "-q").out)
    assert layer["hideDisabled"]
    shown = {entry["techniqueID"] for entry in layer["techniques"] if entry.get("enabled", True)}
    hidden = {entry["techniqueID"] for entry in layer["techniques"]} - shown
    assert len(shown) == 66
    assert not hidden & {technique.partition(".")[0] for technique in shown}
    assert len(hidden) > 500
    whole = json.loads(run("plan", "gcp", "--budget", "5", "-o", "-", "-q").out)
    assert not whole["hideDisabled"]


def test_what_terminals_obey_is_not_printed(run: Run, small: Path, tmp_path: Path) -> None:
    name = "evil\x1b[2J\x9b\u202ex\u2028y"
    layer: dict[str, object] = {
        "name": name,
        "domain": "enterprise-attack",
        "versions": {"attack": "16", "layer": "4.5"},
    }
    path = tmp_path / "evil.json"
    layer["techniques"] = [{"techniqueID": "T1078", "score": 1}, {"techniqueID": "T1110", "score": 3}]
    path.write_text(json.dumps(layer), encoding="utf-8")
    (tmp_path / "cost.csv").write_text("id,cost \x1b[2J \u202e\nmfa,1\nids,1\npam,1\n", encoding="utf-8")
    args = ("plan", small, "--budget", "1", "--threat", path, "--cost", f"{tmp_path / 'cost.csv'}")
    for told in (run(*args), run(*args, "--json")):
        assert told.code == 0
        assert not set(told.out + told.err) & set("\x1b\x9b\u202e\u2028")
    assert json.loads(run(*args, "--json").out)["threat"] == name


def test_capabilities_of_several_clouds_are_called_by_their_names(run: Run) -> None:
    shown = run("plan", "gcp", "azure", "--budget", "3", "--threat", "APT29", "-q").out
    assert "1  Alerts for Windows Machines (azure) " in shown
    assert "azure:" not in shown


def test_those_in_place_are_named_in_the_first_row(run: Run) -> None:
    shown = run("plan", "nist_800_53", "--budget", "1", "--have", "AC-2,AC-3,AC-5,AC-6", "-q").out
    assert "\n   in place: AC-02, AC-03, AC-05, +1 more " in shown
    assert shown.startswith(
        "Add 1 to the 4 in place for a budget of 1 at ATT&CK Enterprise 16.1: together they are mapped to "
    )


def test_the_layer_of_an_unscored_set_counts_the_capabilities_of_the_plan(run: Run) -> None:
    layer = json.loads(run("plan", "nist_800_53", "--budget", "2", "-o", "-", "-q").out)
    assert {entry.get("score") for entry in layer["techniques"]} == {0, 1, 2}
    assert layer["gradient"]["maxValue"] == 2
    assert layer["techniques"][0]["comment"].startswith("Mapped by ")


def test_a_threat_weighs_and_what_nobody_covers_has_a_colour(run: Run) -> None:
    result = run("plan", "gcp", "--budget", "5", "--threat", "APT29", "-o", "-")
    layer = json.loads(result.out)
    colors = {entry.get("color") for entry in layer["techniques"]}
    assert colors == {None, "#f48fbf", "#99000d"}
    assert layer["versions"]["attack"] == "19"
    told = run("plan", "gcp", "--budget", "5", "--threat", "APT29", "-q").out
    assert " The plan covers " in told


def test_costs_come_from_a_table(run: Run, small: Path, tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text("control,price,old\nmfa,3,1\nedr,2,1\nids,1,1\n", encoding="utf-8")
    result = run("plan", small, "--budget", "3", "--cost", f"{tmp_path / 'prices.csv'}")
    assert result.out.startswith(
        "Choose 2 of 4 capabilities (price 3) for a budget of 3 at ATT&CK Enterprise 16.1: together they reach "
        "64% of the total value (1.6 of 2.5) and cover 3 of the 3 techniques that all 4 "
        "capabilities cover; proven optimal. "
    )
    assert result.err == "note: 1 capability has no cost and is left out of the plan: pam\n"
    old = run("plan", small, "--budget", "2", "--cost", f"{tmp_path / 'prices.csv'}:old", "--json")
    assert json.loads(old.out)["chosen"] == ["mfa", "edr"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            ("gcp",),
            "a plan needs a budget or a target; expected --budget NUMBER, or --target SHARE such as 95%",
        ),
        (
            ("gcp", "--budget", "1", "--target", "5%"),
            "a plan has a budget or a target, not both; expected --budget NUMBER, or --target SHARE such as 95%",
        ),
        (("gcp", "--budget", "-3"), '--budget "-3" is negative; expected a number of 0 or more, such as 10'),
        (
            ("--budget", "1"),
            "no input given; expected one or more sets or layers (`navlayers sets` lists the shipped sets; "
            "for example: navlayers plan gcp --budget 5)",
        ),
        (
            ("gcp", "veris-ics", "--budget", "1"),
            "the inputs are of different ATT&CK domains: gcp of enterprise, veris-ics of ics (compare "
            "inputs of one domain)",
        ),
        (
            ("gcp", "--budget", "1", "--have", "cloud_idz"),
            '--have: no capability "cloud_idz"; expected the id or name of a capability (did you mean cloud_ids?)',
        ),
        (
            ("gcp", "--budget", "1", "--have", "cloud_ids", "--exclude", "Cloud IDS"),
            "cloud_ids is in both --have and --exclude (remove it from one of them)",
        ),
        (
            ("nist_800_53", "--budget", "1", "--category", "protect"),
            "no capability has a score in the category protect (the mappings have no categories)",
        ),
        (("gcp", "--budget", "1", "--json", "-o", "-"), "--json and -o - both write to standard output "
         "(use one of them)"),
    ],
)  # fmt: skip
def test_bad_input_is_told(run: Run, args: tuple[str, ...], message: str) -> None:
    result = run("plan", *args)
    assert (result.code, result.out) == (2, "")
    assert result.err == f"navlayers: {message}\n"


@pytest.mark.parametrize(
    ("args", "part"),
    [
        (("gcp", "--budget", "1", "--threat", "APT299"), "did you mean"),
        (("gcp", "--budget", "1", "--attack", "99"), "99 is not installed"),
        (("gcp", "--budget", "1", "--cost", "missing.csv"), "missing.csv"),
        (("gcp", "--budget", "1", "--have", "@missing"), "missing"),
        (("gcp", "--budget", "1", "--worth", "200"), "worth is 200"),
    ],
)
def test_what_is_not_there_is_told(run: Run, args: tuple[str, ...], part: str) -> None:
    result = run("plan", *args)
    assert (result.code, result.out) == (2, "")
    assert part in result.err


def test_a_set_without_mappings_is_refused(run: Run, tmp_path: Path) -> None:
    empty = write_set(tmp_path / "empty.json", [("hsm", None, None, None)])
    result = run("plan", empty, "--budget", "1")
    assert result.code == 2
    assert result.err == "navlayers: empty has no mappings, so there is nothing to choose\n"


@pytest.mark.parametrize("asked", [("--budget", "0"), ("--target", "0%"), ("--target", "0")])
def test_nothing_asked_for_gives_an_empty_plan(run: Run, small: Path, out: Path, asked: tuple[str, str]) -> None:
    result = run("plan", small, *asked, "-o", out)
    assert result.code == 0
    assert result.out.startswith("Choose none of 4 capabilities for a ")
    covered = "covers 0 of the 3 techniques that all 4 capabilities cover"
    assert f": this reaches 0% of the total value (0 of 2.5) and {covered}; proven" in result.out
    layer = json.loads((out / "plan.json").read_text(encoding="utf-8"))
    assert {entry["color"] for entry in layer["techniques"]} == {"#f48fbf"}


def test_a_set_named_twice_counts_once(run: Run, small: Path) -> None:
    result = run("plan", small, small, "--budget", "1")
    assert result.out == run("plan", small, "--budget", "1").out
    assert result.err == f"note: duplicate input {small}\n"


def test_the_order_of_rows_and_sets_does_not_show(run: Run, tmp_path: Path) -> None:
    first = write_set(tmp_path / "one" / "small.json", ROWS)
    other = write_set(tmp_path / "one" / "other.json", ROWS[:3])
    forth = run("plan", first, other, "--budget", "2", "--json", "-q").out
    write_set(tmp_path / "one" / "small.json", ROWS[::-1])
    assert (
        json.loads(run("plan", other, first, "--budget", "2", "--json", "-q").out)["chosen"]
        == json.loads(forth)["chosen"]
    )
    assert json.loads(run("plan", first, other, "--budget", "2", "--json", "-q").out) == json.loads(forth)


def _covers_with(plan: Plan, size: int) -> bool:
    """Whether so many capabilities can cover everything, by trying all that could: no solver is asked."""
    gives = {candidate.id: frozenset(candidate.gives) for candidate in plan.candidates}
    givers = {t: {i for i, of in gives.items() if t in of} for t in plan.coverable}
    must = {next(iter(of)) for of in givers.values() if len(of) == 1}
    left = set(plan.coverable).difference(*(gives[i] for i in must))
    adds = {gives[i] & left for i in gives}
    most = [one for one in adds if not any(one < other for other in adds)]
    return any(left == set().union(*some) for some in itertools.combinations(most, size - len(must)))


def test_the_least_controls_for_all_of_nist_are_proven(corpus: Path) -> None:
    together = load_inputs(resolve([str(corpus / NIST)]))
    plan = make_plan(together, navlayers.PlanOptions(target=1))
    assert plan.proven
    assert plan.settled
    assert plan.covered(plan.active) == plan.coverable
    assert len(plan.coverable) == 469
    assert len(plan.chosen) == plan.bound == 13
    assert _covers_with(plan, 13)
    assert not _covers_with(plan, 12)
    fewer = make_plan(together, navlayers.PlanOptions(budget=12))
    assert fewer.proven
    assert fewer.value == Fraction(468), "with one control less, a technique is left"
    shipped = load_inputs(resolve(["nist_800_53"]))
    assert make_plan(shipped, navlayers.PlanOptions(target=1)).chosen == plan.chosen


def test_the_solver_is_loaded_for_a_plan_alone() -> None:
    code = (
        "import sys\nfrom navlayers.cli import main\n"
        "try:\n    main({args})\nexcept SystemExit:\n    pass\n"
        "print(sorted({{'highspy', 'numpy'}} & set(sys.modules)), file=sys.stderr)"
    )
    for args in (["--help"], ["plan", "--help"], ["stats", "gcp"], ["plan", "gcp"]):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code.format(args=args)],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr.splitlines()[-1] == "[]", args


def test_layers_of_counts_are_chosen_from_as_unscored_sets(run: Run, tmp_path: Path) -> None:
    run("build", "nist_800_53", "-o", tmp_path / "built", "--only", "groups", "-q")
    groups = tmp_path / "built" / "nist_800_53" / "groups"
    layers = sorted(path for path in groups.glob("*.json") if len(path.stem) == 2)  # families, not baselines
    result = run("plan", *layers, "--budget", "2", "-q")
    assert result.out.startswith("Choose 2 of 11 capabilities for a budget of 2 at ATT&CK Enterprise 16.1: ")
    assert (
        ": together they are mapped to 462 of the 469 techniques and sub-techniques that all 11 capabilities are "
        "mapped to (99%); proven optimal." in result.out
    )


@pytest.mark.cpu(2)
def test_a_plan_for_all_of_nist_is_proven_in_two_seconds() -> None:
    command = [sys.executable, "-m", "navlayers", "plan", "nist_800_53", "--target", "100%", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["proven_optimal"], "nothing but the JSON is on standard output"
