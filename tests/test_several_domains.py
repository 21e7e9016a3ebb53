"""Tables with techniques of several ATT&CK domains: a set each, in every command that reads sets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import navlayers

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

READ_AS = "techniques of several ATT&CK domains: read as rules-enterprise, rules-mobile and rules-ics"
KEPT = "using rules-enterprise; left out rules-mobile and rules-ics: results are of one ATT&CK domain"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "rules.csv"
    path.write_text("rule id;technique;score\nR1;T1059.001;50\nR2;T1626;40\nR3;T0801;30\nR4;T1078, T1404;20\n")
    return path


def overviews(folder: Path) -> dict[str, list[str]]:
    """Folder → the ids of its overview."""
    return {
        each.name: sorted(e["techniqueID"] for e in json.loads((each / "overview.json").read_text())["techniques"])
        for each in sorted(folder.iterdir())
    }


def test_build_writes_a_folder_of_each_domain(run: Run, tmp_path: Path, table: Path) -> None:
    built = run("build", table, "-o", tmp_path / "out", "--only", "overview")
    assert (built.code, "left out" in built.err) == (0, False)
    assert overviews(tmp_path / "out") == {
        "rules-enterprise": ["T1059.001", "T1078"],
        "rules-ics": ["T0801"],
        "rules-mobile": ["T1404", "T1626"],
    }
    assert built.err.count(READ_AS) == 1
    assert run("build", table, "-o", tmp_path / "alone", "--meta", "domain=mobile").code == 0
    assert [folder.name for folder in (tmp_path / "alone").iterdir()] == ["rules"]


@pytest.mark.parametrize("words", [["stats"], ["show", "T1404", "--set"], ["check"]])
def test_commands_of_several_sets_take_all_parts(run: Run, table: Path, words: list[str]) -> None:
    told = run(*words, table)
    assert (told.code, told.err.count(READ_AS)) == (0, 1)
    if words == ["stats"]:
        assert [line.split()[0] for line in told.out.splitlines()[1:4]] == [
            "rules-enterprise",
            "rules-mobile",
            "rules-ics",
        ]
    assert "other-domain-technique" not in told.out
    for part, version in (("Enterprise", "19.1"), ("Mobile", "18.1"), ("ICS", "18.1")):
        assumed = f"assumed for {part}: framework rules, version unversioned, attack version {version} (set it"
        assert (told.out + told.err).count(assumed) == 1


def test_render_and_site_have_all_parts(run: Run, tmp_path: Path, table: Path) -> None:
    assert run("render", table, "--format", "csv", "-o", tmp_path / "drawn").code == 0
    names = ["rules-enterprise", "rules-ics", "rules-mobile"]
    assert sorted(path.stem for path in (tmp_path / "drawn").iterdir()) == names
    assert run("site", table, "-o", tmp_path / "site").code == 0
    assert sorted(path.name for path in (tmp_path / "site" / "sets").iterdir() if path.is_dir()) == names


@pytest.mark.parametrize(
    "words",
    [
        ["compare", "{}", "gcp"],
        ["compare", "gcp", "{}", "--baseline", "{}"],
        ["gaps", "{}", "--threat", "APT29"],
        ["plan", "{}", "--budget", "1"],
        ["report", "{}", "-o", "-"],
        ["diff", "{}", "gcp"],
    ],
)
def test_analyses_take_the_part_of_the_other_inputs_or_the_largest(run: Run, table: Path, words: list[str]) -> None:
    told = run(*(word.format(table) for word in words))
    assert told.code == 0
    assert told.err.count(KEPT) == 1
    assert "T1626" not in told.out
    # One name for the part in the answers of all commands.
    assert words[0] == "plan" or "rules-enterprise" in told.out


def test_a_part_is_compared_with_inputs_of_its_domain(run: Run, table: Path) -> None:
    told = run("compare", table, "kev-mobile", "--measure", "covered")
    assert told.code == 0
    assert "using rules-mobile; left out rules-enterprise and rules-ics" in told.err


def test_convert_and_load_refuse_several_domains(run: Run, tmp_path: Path, table: Path) -> None:
    told = run("convert", table)
    message = "techniques of several ATT&CK domains: enterprise, mobile and ics; expected a table of one domain"
    assert (told.code, message in told.err) == (2, True)
    with pytest.raises(navlayers.UsageError, match="several ATT&CK domains"):
        navlayers.load(table)
    assert run("convert", table, "--meta", "domain=mobile", "-o", tmp_path / "all.yaml").code == 0
    assert len(navlayers.load(tmp_path / "all.yaml").mappings) == 5


def test_upgrade_writes_a_file_of_each_domain(run: Run, tmp_path: Path, table: Path) -> None:
    assert run("upgrade", table, "--attack", "16.1", "-o", tmp_path / "new").code == 0
    counts = {path.name: path.read_text().count("16.1") for path in (tmp_path / "new").iterdir()}
    assert counts == {"rules-enterprise.csv": 2, "rules-mobile.csv": 2, "rules-ics.csv": 1}
    before = table.read_bytes()
    refused = run("upgrade", table, "--attack", "16.1", "--in-place")
    assert (refused.code, table.read_bytes()) == (2, before)
    assert refused.err.count("techniques of several ATT&CK domains cannot be upgraded in place") == 1


def test_fixes_of_all_parts_are_written(run: Run, table: Path) -> None:
    """A name is that of a technique in its part alone."""
    text = table.read_text().replace("T1626", "t1626").replace("T0801", "t0801")
    table.write_text(f"{text.rstrip()}\nR4;Call Log;20\n")
    assert run("check", table, "--fix").code == 0
    assert "R2;T1626;40\nR3;T0801;30\n" in table.read_text()
    assert table.read_text().endswith("\nR4;T1636.002;20\n")


def test_standard_input_and_workbooks_are_split(run: Run, tmp_path: Path, table: Path) -> None:
    told = run("stats", "-", stdin=table.read_bytes())
    assert "read as stdin-enterprise, stdin-mobile and stdin-ics" in told.err
    assert run("convert", table, "--meta", "domain=ics", "-o", tmp_path / "all.xlsx").code == 0
    assert "several" not in run("stats", tmp_path / "all.xlsx").err


def test_a_table_with_all_metadata_but_its_domain_is_split(run: Run, tmp_path: Path, table: Path) -> None:
    meta = "framework=rules,version=1,attack_version=16.1"
    assert run("build", table, "-o", tmp_path / "out", "--meta", meta).code == 0
    assert list(overviews(tmp_path / "out")) == ["rules-enterprise", "rules-ics", "rules-mobile"]


def test_a_stray_id_of_another_domain_does_not_split_a_table(run: Run, tmp_path: Path) -> None:
    """Of 151 techniques one is of mobile, less than 1%: a mistake, not a set."""
    ids = sorted({m.technique for m in navlayers.load("gcp").mappings})[:150]
    path = tmp_path / "stray.csv"
    path.write_text("control,technique\n" + "".join(f"C1,{id_}\n" for id_ in [*ids, "T1626"]))
    told = run("check", path, "--select", "other-domain-technique")
    assert (told.code, "T1626" in told.out) == (1, True)
    assert "stray-" not in run("stats", path).out


def test_a_name_of_another_domain_without_an_id_is_an_error_that_tells_the_id(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "rules.csv"
    text = "rule,technique id,technique name,score\nR1,T1078,,50\nR2,,Brute Force,50\nR3,{},Call Log,30\n"
    table.write_text(text.format(""))
    done = run("stats", table)
    assert (done.code, done.out) == (2, "")
    assert 'rules.csv:4:5: "Call Log" is neither' in done.err
    assert "(it is T1636.002 of ATT&CK Mobile; write the id)" in done.err
    table.write_text(text.format("T1636.002"))
    rows = run("stats", table).out.splitlines()[1:3]
    assert [row.split()[0] for row in rows] == ["rules-enterprise", "rules-mobile"]


def test_a_technique_by_its_name_is_read_once_and_a_score_without_technique_is_told_once(
    run: Run, tmp_path: Path
) -> None:
    table = tmp_path / "rules.csv"
    rows = ("rule,technique_id,technique_name,score", "R1,T1078,Valid Accounts,50", "R2,T1636.002,Call Log,40")
    table.write_text("\n".join((*rows, "R3,,PowerShell,30", "")), encoding="utf-8")
    read = run("stats", table)
    assert 'technique "PowerShell" is read as T1059.001' in read.err
    assert "names no technique" not in read.err
    table.write_text("\n".join((*rows, "R3,,,30", "")), encoding="utf-8")
    assert run("stats", table).err.count(f"{table}:4:4: this row has a score but names no technique") == 1


def test_as_one_set_stats_says_what_layers_leave_out(run: Run, tmp_path: Path, table: Path) -> None:
    one = ("--meta", "domain=enterprise")
    stats = run("stats", table, *one).out
    assert "5 mappings. Layers leave out 3 mappings" in stats
    assert "not active in the release, and with them 2 capabilities." in stats
    built = run("build", table, *one, "-o", tmp_path / "out", "--json")
    assert json.loads(built.out)[0]["counts"]["capabilities"] == 2
    table_of_sets = run("stats", table, "gcp", *one).out
    assert "rules: layers leave out 2 of the 4 capabilities, whose techniques are not active" in table_of_sets
    badge = run("badge", table, "-o", tmp_path / "badge.svg").err
    assert "a badge shows one layer, but there are 3 (--meta domain=enterprise reads all rows as one set)" in badge


def test_names_and_errors_of_all_domains_are_those_of_their_parts(run: Run, table: Path) -> None:
    """A name belongs to the domain that has it, and an error to its row, whatever the other rows are."""
    rows = ("rule,technique,score", "R1,T1059.001,50", "R2,T1626,40", "R3,Call Log,30", "R4,PowerShell,20")
    table.write_text("\n".join((*rows, "R5,T105,10", "")), encoding="utf-8")
    found = [
        line for line in run("check", table, "--ignore", "assumed-metadata").out.splitlines() if ".csv:" in line
    ]
    assert [line.split(": ", 1)[1].split(" is ")[0] for line in found] == [
        'technique-id-spelling technique "Call Log"',
        'technique-id-spelling technique "PowerShell"',
        'malformed-technique technique id "T105"',
    ]
    table.write_text("\n".join((*rows, "")), encoding="utf-8")
    sets = {each["name"]: each["mappings"] for each in json.loads(run("stats", table, "--json").out)}
    assert sets == {"rules-enterprise": 2, "rules-mobile": 2}


@pytest.mark.parametrize("other", ["T1059.001", "T1059.001 - PowerShell"])
def test_scores_of_all_domains_are_on_one_scale(run: Run, table: Path, other: str) -> None:
    """Scores of 1 alone are suspicious, but not beside 90 in rows of another domain."""
    table.write_text(f"rule,technique,score\nR1,T1626,1\nR2,{other},1\n", encoding="utf-8")
    assert run("check", table, "--select", "suspicious-scale").out.count("no score is above 1") == 2
    table.write_text(f"rule,technique,score\nR1,T1626,1\nR2,{other},90\n", encoding="utf-8")
    assert "no score is above" not in run("check", table, "--select", "suspicious-scale").out
    table.write_text(f"technique,protect,detect\nT1626,1,none\n{other},1,none\n", encoding="utf-8")
    assert run("check", table, "--select", "suspicious-scale").out.count("no score is above 1") == 2


@pytest.mark.parametrize("other", ["T1626", "T1626 - Abuse Elevation Control Mechanism"])
def test_rows_of_all_domains_agree_about_the_set(run: Run, table: Path, other: str) -> None:
    table.write_text(f"rule,technique,mapping_framework\nR1,T1059.001,one\nR2,{other},two\n", encoding="utf-8")
    assert 'wrong-type mapping_framework is "two", but "one" in rows above' in run("check", table).out


def test_a_domain_whose_techniques_have_no_rating_is_no_part(run: Run, table: Path) -> None:
    """A list of all techniques, of which one domain is rated, is a table of that domain."""
    table.write_text("technique,protect,detect\nT1059.001,partial,\nT1110,,minimal\nT1626,,\nT0801,-,n/a\n")
    told = run("stats", table)
    assert (told.code, "several" in told.err) == (0, False)
    table.write_text("technique,Tool A,Tool B\nT1059.001,x,\nT1110,,x\nT1626,,\nT0801,,\n")
    assert "several" not in run("stats", table).err


@pytest.mark.parametrize(("score", "parts"), [("20", ["rules-enterprise", "rules-mobile"]), ("y", ["rules"])])
def test_a_domain_whose_rows_all_have_errors_is_no_part_of_lenient_reading(
    run: Run, table: Path, score: str, parts: list[str]
) -> None:
    table.write_text(f"technique;rule;score\nT1078;R1;10\nT1404;R2;{score}\nT0801;R3;x\n")
    told = run("stats", table, "--lenient", "--json")
    assert [(each["name"], each["mappings"]) for each in json.loads(told.out)] == [(name, 1) for name in parts]
    assert 'line 4: unknown score value "x"' in told.err
