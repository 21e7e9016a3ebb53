"""`navlayers gaps` of unusual sets and threats: unscored sets, counts, no weights, mistakes, completion."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
import pytest
from conftest import Run, write_set
from test_gaps import GROUPS, entries, layer, result, write_weights

from navlayers.cli.gaps import command

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return write_weights(tmp_path)


def test_a_threat_without_weights_is_told_without_them_and_ranked_by_groups(run: Run, tiny: Path) -> None:
    done = run("gaps", tiny, "--threat", "APT29", "--all")
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert "by weight" not in done.out.replace("by the weight", "")
    assert "tactic total covered weak share by score" in lines
    assert "Top gaps (not covered, or below 50), lowest score first, then most groups" in lines
    assert "technique name score groups related" in lines
    assert "capability techniques unique by score" in lines
    brief = run("gaps", tiny, "--threat", "APT29").out
    assert max(len(line) for line in brief.splitlines()[1:] if not line.startswith("Next: ")) <= 90
    rows = result(run, tiny, "--threat", "APT29")["techniques"]
    ranks = [(-one["gap"], -one["groups"], one["id"]) for one in rows]
    assert ranks == sorted(ranks)
    assert {one["id"]: one["groups"] for one in rows} == {one["id"]: GROUPS[one["id"]] for one in rows}


def test_a_release_without_groups_ranks_by_id(run: Run, tiny: Path) -> None:
    rows = result(run, tiny, "--threat", "TA0006", "--attack", "16.1")["techniques"]
    assert {one["groups"] for one in rows} == {None}
    assert [one["id"] for one in rows if one["gap"] == 1] == sorted(one["id"] for one in rows if one["gap"] == 1)


def test_what_the_sets_could_not_have_considered_is_marked(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "w.csv"
    # T1680 and T1027.015 came with 17.1 and later, T1574.001 took the place of T1574.002.
    path.write_text("technique,weight\nT1680,3\nT1027.015,2\nT1003,1\nT1574.001,1\n", encoding="utf-8")
    old = write_set(
        tmp_path / "old.json", [("a", "T1027", "protect", "partial"), ("a", "T1078", "protect", "partial")]
    )
    rows = {one["id"]: one for one in result(run, old, "--threat", path)["techniques"]}
    assert {id_ for id_, one in rows.items() if one["newer_than_inputs"]} == {"T1680", "T1027.015"}
    assert rows["T1027.015"]["related"] == "parent T1027 50"
    done = run("gaps", old, "--threat", path)
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert "T1680 Local Storage Discovery 3 3 newer than the sets" in lines
    assert "T1027.015 Compression 2 2 parent T1027 50, newer than the sets" in lines
    new = write_set(tmp_path / "new.json", [("a", "T1078", "protect", "partial")], attack_version="18.1")
    rows = {one["id"]: one for one in result(run, old, new, "--threat", path)["techniques"]}
    assert not any(one["newer_than_inputs"] for one in rows.values())


def test_what_a_release_lacks_of_the_threat_is_said_everywhere(
    run: Run, tiny: Path, tmp_path: Path, out: Path
) -> None:
    path = tmp_path / "new.csv"
    path.write_text("technique,weight\nT1078,2\nT1680,2\nT1681,1\nT1671,2\n", encoding="utf-8")
    losses = "3 of 4 techniques, 71% of the weight, are not in ATT&CK 16.1 and left out"
    done = run("gaps", tiny, "--threat", path, "--attack", "16.1", "-o", out)
    assert done.out.startswith("tiny 1 covers 1 of 1 technique of new at ATT&CK 16.1: 100%")
    assert f"; {losses}. 0 uncovered" in done.out.splitlines()[0]
    assert f"note: new: {losses}: T1671; T1680; T1681\n" in done.err
    text = (out / "gaps.md").read_text(encoding="utf-8")
    assert f"; {losses}. 0 uncovered" in text.splitlines()[2]
    assert losses in layer(out, "gap")["description"]
    found = result(run, tiny, "--threat", path, "--attack", "16.1")
    assert found["threat"]["left_out"] == {
        "weights": {"T1671": 2, "T1680": 2, "T1681": 1},
        "percent_of_weight": 71.4286,
    }
    assert losses in found["summary"]
    plan = run("plan", tiny, "--threat", path, "--target", "95%", "--attack", "16.1")
    assert f"note: new: {losses}: T1671; T1680; T1681\n" in plan.err
    newest = result(run, tiny, "--threat", path)
    assert (newest["attack_version"], newest["total"]["techniques"]) == ("19.1", 4)


def test_cells_of_markdown_and_tooltips_name_the_first_capabilities(run: Run, tmp_path: Path, out: Path) -> None:
    path = write_set(tmp_path / "m.json", [(f"c{n}", "T1078", "protect", "partial") for n in range(9)])
    assert run("gaps", path, "--threat", "TA0001", "-o", out, "-q").code == 0
    names = [f"c{n} Name of c{n} = 50" for n in range(9)]
    assert f"| {'; '.join(names[:5])}; +4 more |" in (out / "gaps.md").read_text(encoding="utf-8")
    assert f"{'; '.join(names[:6])}; +3 more\n" in entries(out, "gap")["T1078"]["comment"]
    assert "; ".join(names) in (out / "techniques.csv").read_text("utf-8-sig")


def test_more_than_the_first_gaps_are_in_the_files(run: Run, tiny: Path, out: Path) -> None:
    done = run("gaps", tiny, "--threat", "FIN7", "--threat", "APT29", "-o", out)
    assert any(
        line.startswith("… and ") and line.endswith(" more; --all lists them") for line in done.out.splitlines()
    )
    every = run("gaps", tiny, "--threat", "FIN7", "--threat", "APT29", "--all").out
    assert "Coverage per threat" in every
    assert done.err.endswith(f"written to {out}\n")


def test_an_unscored_set_covers_without_a_score_unless_a_relation_has_a_worth(
    run: Run, tmp_path: Path, weights: Path
) -> None:
    path = write_set(tmp_path / "in" / "u.json", [("a", "T1078", None, None), ("b", "T1078", None, None)])
    done = run("gaps", path, "--threat", weights, "--json")
    note = "note: u: the set has no scores, so mapped techniques count as covered"
    assert note in done.err
    found = json.loads(done.out)
    total = found["total"]
    assert (found["scored"], total["covered"], total["covered_weight"]) == (False, 1, 4)
    assert (total["weak"], total["scored_weight"], total["percent"]["by_score"]) == (None, None, None)
    assert found["capabilities"][0]["by_score"] is None
    row = next(one for one in found["techniques"] if one["id"] == "T1078")
    assert (row["state"], row["score"], row["missing"], row["gap"]) == ("covered", None, 0, 0)
    done = run("gaps", path, "--threat", weights, "--worth", "25", "--json")
    assert "without a score" not in done.err
    assert json.loads(done.out)["total"]["scored_weight"] == 1


def test_results_of_an_unscored_set_claim_no_score(run: Run, tmp_path: Path, weights: Path, out: Path) -> None:
    path = write_set(tmp_path / "in" / "u.json", [("a", "T1078", None, None), ("a", "T1110", None, None)])
    done = run("gaps", path, "--threat", weights, "-o", out, "--all")
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert lines[0] == (
        "tiny 1 covers 2 of 6 techniques of weights at ATT&CK 19.1: 33%, 35% by weight. 4 uncovered. "
        "Most gaps: Execution, 2 of 2 not covered (100%)."
    )
    assert "total (each technique once) 6 2 – 33.3% 35.3% –" in lines
    assert "u has no scores; --worth sets one" in lines
    assert "Top gaps (not covered), largest weight first" in lines
    assert "T1110.001 Password Guessing 2 parent T1110 covered" in lines
    assert "u has no scores" in (out / "gaps.md").read_text(encoding="utf-8")
    found = entries(out, "coverage")
    assert {
        id_: (one.get("score"), one.get("color")) for id_, one in found.items() if id_ in ("T1003", "T1078")
    } == {
        "T1003": (0, "#99000d"),
        "T1078": (None, layer(out, "coverage")["legendItems"][1]["color"]),
    }
    assert found["T1078"]["comment"].startswith("Covered by Name of a\n")
    assert [one["label"] for one in layer(out, "coverage")["legendItems"]] == ["not covered", "covered"]
    assert "score" not in entries(out, "gap")["T1078"]


def test_a_layer_of_counts_covers_without_a_score(run: Run, tmp_path: Path, out: Path, weights: Path) -> None:
    path = write_set(tmp_path / "in" / "u.json", [("a", "T1078", None, None), ("b", "T1078", None, None)])
    assert run("build", path, "-o", out, "-q").code == 0
    found = result(run, out / "u" / "overview.json", "--threat", weights)
    assert (found["total"]["covered"], found["total"]["scored_weight"]) == (1, None)
    assert found["capabilities"][0]["by_score"] is None
    worth = result(run, out / "u" / "overview.json", "--threat", weights, "--worth", "25")
    assert worth["total"]["scored_weight"] == worth["capabilities"][0]["by_score"] == 1


def test_a_mapping_without_a_value_is_not_rated_and_covers_nothing(run: Run, tmp_path: Path, weights: Path) -> None:
    path = write_set(
        tmp_path / "in" / "m.json", [("a", "T1078", "protect", None), ("a", "T1110", "protect", "partial")]
    )
    done = run("gaps", path, "--threat", weights, "--json")
    assert "note: a technique is mapped without a score value: not rated, so not covered" in done.err
    rows = {one["id"]: one for one in json.loads(done.out)["techniques"]}
    assert (rows["T1078"]["state"], rows["T1078"]["score"], rows["T1078"]["gap"]) == ("not rated", None, 4)
    total = json.loads(done.out)["total"]
    assert (total["covered"], total["weak"], total["unrated"]) == (1, 0, 1)


def test_techniques_recorded_as_non_mappable_are_told_from_those_that_nobody_mapped(run: Run) -> None:
    """Of the 14 techniques of APT29 that NIST 800-53 does not cover, it records 8 as non-mappable."""
    found = result(run, "nist_800_53", "--threat", "APT29", "--attack", "18.1")
    recorded = [row["id"] for row in found["techniques"] if row["non_mappable"] == ["nist_800_53"]]
    assert len(recorded) == 8
    assert all(row["state"] == "uncovered" for row in found["techniques"] if row["non_mappable"])
    assert (
        "14 uncovered (8 of them recorded as non-mappable). Nothing covered in Resource Development (0 of 6)."
        in found["summary"]
    )


def test_a_set_without_mappings_covers_nothing_and_is_told(run: Run, tmp_path: Path, weights: Path) -> None:
    path = write_set(tmp_path / "in" / "e.json", [("a", None, None, None)])
    done = run("gaps", path, "--threat", weights, "--json")
    assert "note: e: no mappings" in done.err
    found = json.loads(done.out)
    assert (found["total"]["covered"], found["categories"], found["capabilities"]) == (0, {}, [])


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["aws"], "no threat is given; expected"),
        (["--threat", "APT29"], "no input given; expected one or more sets or layers"),
        (
            ["--threat", "APT29", "--software-of", "aws"],
            "--software-of took aws for a group: write the sets before it",
        ),
        (
            ["aws", "veris-ics", "--threat", "APT29"],
            "the inputs are of different ATT&CK domains: aws of enterprise",
        ),
        (["veris-ics", "--threat", "APT29"], '"APT29" is in ATT&CK Enterprise, the sets are for ATT&CK ICS'),
        (
            ["aws", "nist_800_53", "--threat", "APT29"],
            "nist_800_53 has counts of capabilities, aws has scores",
        ),
        (["aws", "--threat", "APT29", "--attack", "17.1"], "campaigns of ATT&CK enterprise 17.1 are not installed"),
        (["aws", "--threat", "APT29", "--attack", "99"], "ATT&CK enterprise 99 is not installed"),
        (["aws", "--threat", "APT 29"], "(did you mean APT29 (G0016)"),
        (
            ["aws", "--threat", "cozyduke"],
            "expected G0016 (group APT29) or S0046 (software CozyCar) (use the id)",
        ),
        (["nist_800_53", "--threat", "APT29", "--category", "detect"], 'nist_800_53 has no category "detect"'),
        (["aws", "--threat", "APT29", "--weak", "101"], "--weak is 101; expected a number from 0 to 100"),
        (["aws", "--threat", "APT29", "--weak", "nan"], '--weak "nan" is not a number; expected a number'),
        (["aws", "--threat", "APT29", "-o", "-", "--json"], "--json and -o - both write to standard output"),
        (["-", "--threat", "-"], "- is both a set and the threat"),
        (["aws", "--threat", "G0017"], "DragonOK (G0017): uses no techniques in ATT&CK Enterprise 19.1"),
    ],
)
def test_bad_input_is_told_and_writes_nothing(run: Run, args: list[str], message: str) -> None:
    done = run("gaps", *args)
    assert done.code == 2
    assert message in done.err
    assert done.out == ""


def test_weights_that_are_no_numbers_have_their_places(run: Run, tiny: Path, tmp_path: Path) -> None:
    path = tmp_path / "w.csv"
    path.write_text("technique,weight\nT1059,many\n", encoding="utf-8")
    done = run("gaps", tiny, "--threat", path)
    assert done.code == 2
    assert done.err == f'navlayers: {path}:2:7: weight "many" is not a number; expected a number of 0 or more\n'


def test_a_threat_comes_from_standard_input_and_layers_go_to_standard_output(run: Run, tiny: Path) -> None:
    done = run("gaps", tiny, "--threat", "-", "-o", "-", "-q", stdin=b"technique,weight\nT1078,3\n")
    assert (done.code, done.err) == (0, "")
    assert [tab["name"] for tab in json.loads(done.out)] == ["Gap – stdin", "Coverage – stdin", "Threat – stdin"]


def test_a_group_with_its_software_by_an_option_without_a_value(run: Run, tiny: Path) -> None:
    alone = result(run, tiny, "--threat", "APT29")["total"]["techniques"]
    found = result(run, tiny, "--threat", "APT29", "--software-of")
    assert found["total"]["techniques"] > alone
    assert len(found["threats"][0]["by_software_alone"]) == found["total"]["techniques"] - alone


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("G001", ("G0016", "APT29")),
        ("apt2", ("APT29", "group G0016")),
        ("Cobalt S", ("Cobalt Strike", "software S0154")),
        ("C0024", ("C0024", "SolarWinds Compromise")),
        ("TA0006", ("TA0006", "Credential Access")),
        ("cred", ("credential-access", "Credential Access")),
    ],
)
def test_threats_are_completed_by_id_and_name(typed: str, found: tuple[str, str]) -> None:
    option = next(each for each in command.params if each.name == "threat")
    items = option.shell_complete(click.Context(command), typed)
    assert found in [(item.value, item.help) for item in items]


def test_the_shell_completes_threats_and_sets() -> None:
    context = click.Context(command)
    option = next(each for each in command.params if each.name == "threat")
    values = [item.value for item in option.shell_complete(context, "k")]
    assert "kev" in values
    assert "KARAE" in values
    assert option.shell_complete(context, "APT29")[0].value == "APT29"
