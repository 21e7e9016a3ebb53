from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from conftest import contents, row, set_of
from upgrade_helpers import layer, put

import navlayers
from navlayers import attack
from navlayers.attack.id_changes import ReleaseChange
from navlayers.output.tables import Table
from navlayers.pages.upgrade import brief
from navlayers.pages.upgrade import render as render_upgrade
from navlayers.upgrades.layers import upgrade_layer
from navlayers.upgrades.report import FileReport, Report
from navlayers.upgrades.sets import upgrade_set

if TYPE_CHECKING:
    from conftest import Run


def report_of(run: Run, *args: str) -> list[str]:
    """The complete report as text, without what is new."""
    result = run("upgrade", *args, "--attack", "18.1", "--all")
    assert result.code == 0
    return lines_of(str(result.out.partition("\nNew since")[0]))


def lines_of(text: str) -> list[str]:
    """The lines without those that are empty or below a heading."""
    return [line for line in text.splitlines() if line.strip("-")]


def step(old: str, new: str) -> ReleaseChange:
    catalogues = [attack.find("enterprise", version).catalogue for version in (old, new)]
    return ReleaseChange(*catalogues)


def entry(technique: str, **fields: Any) -> dict[str, Any]:
    return {"techniqueID": technique, **fields}


def named(name: str, *entries: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {**layer(**fields), "name": name, "techniques": list(entries)}


def test_a_change_in_many_layers_of_a_file_is_reported_once(run: Run) -> None:
    at = [named(f"l{n}", entry("T1053.001", score=1), entry("T1078")) for n in range(14)]
    put(Path("all.json"), [*at, named("other", entry("T1078"), entry("T1046"))])
    assert report_of(run, "all.json") == [
        "all.json: ATT&CK enterprise 8 → 18.1; 15 layers",
        "3 techniques: 1 kept, 1 renamed, 1 replaced, 0 removed.",
        "Replaced",
        "T1053.001 At (Linux) → T1053.002 At, in 14 layers",
        "Renamed",
        'T1046 Network Service Scanning → Network Service Discovery, in "other"',
        "New major version of the content",
        'T1046 Network Service Discovery, in "other"',
        "New minor version of the content",
        "T1078 Valid Accounts, in all 15 layers",
    ]


def test_differences_between_layers_are_below_the_change(run: Run) -> None:
    gone = entry("T1034", score=4, comment="line one\n\nand two " + "x" * 60)
    merged = (entry("T1053.001", score=10), entry("T1053.002", score=20))
    put(
        Path("all.json"),
        [
            named("a", gone, *merged),
            named("b", gone, *merged),
            named("b", entry("T1034"), entry("T1053.001", score=1), entry("T1053.002", score=1)),
        ],
    )
    cut = f'"line one and two {"x" * 43}…"'
    about, *lines = report_of(run, "all.json")[1:10]
    assert about.endswith("To review: 1 removed, 1 merged, 1 possibly with another meaning.")
    assert lines == [
        "Removed",
        "T1034 Path Interception: deprecated, no successor, in all 3 layers",
        f'  score 4, {cut}, in "a" and layer 2 "b"',
        '  no score, no comment, in layer 3 "b"',
        "Merged",
        "T1053.001 + T1053.002 → T1053.002 Scheduled Task/Job: At, in all 3 layers",
        '  10 + 20 → 20, in "a" and layer 2 "b"',
        '  1 + 1 → 1, in layer 3 "b"',
    ]


def test_new_techniques_are_reported_once_for_the_layers_of_a_file(run: Run) -> None:
    linux, windows = {"filters": {"platforms": ["Linux"]}}, {"filters": {"platforms": ["Windows"]}}
    put(
        Path("all.json"),
        [named("a", entry("T1659"), **linux), named("b", entry("T1650"), **windows), layer("T1078", attack="18")],
    )
    (file,) = json.loads(run("upgrade", "all.json", "--attack", "18.1", "--json").out)
    (new,) = file["new"]
    catalogue = attack.find("enterprise", "18.1").catalogue
    old = attack.find("enterprise", "8.2").catalogue
    fresh = [t for t in catalogue.techniques.values() if t.active and not old.is_active(t.id)]
    fresh = [t for t in fresh if t.id not in ("T1659", "T1650")]
    shown = [t.id for t in fresh if {"Linux", "Windows"} & set(t.platforms)]
    assert [one["id"] for one in new["techniques"]] == shown
    assert [one["id"] for one in new["elsewhere"]] == [t.id for t in fresh if t.id not in shown]
    assert new["layers"] == 2
    assert file["counts"]["new"] == len(shown)
    assert "new" not in file["reports"][0]


def test_new_techniques_are_counted_by_tactic_and_those_of_other_platforms_left_out(run: Run) -> None:
    put(Path("l.json"), layer("T1078", attack="16", filters={"platforms": ["ESXi"]}))
    result = run("upgrade", "l.json", "--attack", "18.1", "--all")
    catalogue = attack.find("enterprise", "18.1").catalogue
    _, report = upgrade_layer(json.loads(Path("l.json").read_bytes()), "18.1")
    new = report.new or ()
    assert {"ESXi" in catalogue.techniques[one.id].platforms for one in new} == {True}
    assert {"ESXi" in one.platforms for one in report.elsewhere} == {False}
    assert len(new) + len(report.elsewhere) == 36
    lines = result.out.splitlines()
    at = lines.index(
        f"New since ATT&CK 16, not considered by the layer: {len(new)}; "
        f"{len(report.elsewhere)} more are hidden by the platform filter"
    )
    executing = sum("execution" in one.tactics for one in new)
    assert f"execution: {executing}" in lines[at + 1 :]
    assert f"execution {executing}" in run("upgrade", "l.json", "--attack", "18.1").out
    page = run("upgrade", "l.json", "--attack", "18.1", "--format", "md").out
    assert f"\n- execution: {executing}\n  - T1059.012 Command and Scripting Interpreter: Hypervisor CLI\n" in page


def test_changes_to_review_come_first() -> None:
    rows = [
        row("a", id_, "protect", "partial", comment=id_)
        for id_ in ("T1046", "T1574.001", "T1574.002", "T1547.011", "T1034")
    ]
    _, report = upgrade_set(set_of(rows, attack_version="8.2"), "18.1")
    text = render_upgrade([FileReport("x.yaml", "", (report,))])
    headings = [part.split("\n")[0] for part in text.split("\n\n")[1:]]
    assert headings[:5] == [
        "Removed",
        "Merged",
        "Renamed, possibly with another meaning",
        "Replaced",
        "Renamed",
    ]
    assert headings[5:7] == ["New major version of the content", "Mappings to read again, by capability"]
    assert headings[7].startswith("New since ATT&CK 8.2")


@pytest.mark.parametrize(
    ("id_", "doubt"),
    [
        ("T1046", ""),
        ("T1557", ""),
        ("T1574.001", "it now includes T1574.002 DLL Side-Loading"),
        ("T1053.002", "it now includes T1053.001 At (Linux)"),
        ("T1176", "T1176.001 has its old name"),
        ("T1219", "it now has sub-techniques"),
        ("T1574.006", "no word of its name is left"),
        ("T1078", ""),
    ],
)
def test_a_possibly_different_meaning_is_reported_with_its_sign(id_: str, doubt: str) -> None:
    assert step("8.2", "18.1").id_change(id_).doubt == doubt


def test_a_downgrade_reports_split_techniques() -> None:
    assert step("18.1", "8.2").id_change("T1053.002").doubt == "it no longer includes T1053.001 At (Linux)"


@pytest.mark.parametrize(
    ("id_", "why"),
    [
        ("T9999", "newer than ATT&CK enterprise 19.1, or not an id of ATT&CK"),
        (
            "T1656.001",
            "unknown in every installed release: a typo? did you mean T1566.001 Phishing: Spearphishing Attachment "
            "or T1656 Impersonation?",
        ),
        ("T0801", "not in this release, but in ATT&CK ics 18.1"),
        ("T1034", "deprecated, no successor"),
    ],
)
def test_an_id_in_no_release_is_reported_as_a_typo(id_: str, why: str) -> None:
    way = step("8.2", "18.1")
    assert way.why_removed(way.id_change(id_)) == why


def test_an_id_of_another_release_of_the_domain_is_reported() -> None:
    way = step("9.0", "8.2")
    assert way.why_removed(way.id_change("T1681")) == "not in this release, but in ATT&CK enterprise 19.1"


def test_removed_rows_are_identifiable() -> None:
    rows = [row("a", "T1034", "protect", "partial", comment="why"), row("b", "T1034", None, None)]
    _, report = upgrade_set(set_of(rows, attack_version="8.2"), "18.1")
    text = render_upgrade([FileReport("x.yaml", "", (report,))])
    assert lines_of(text)[2:6] == [
        "Removed",
        "T1034 Path Interception: deprecated, no successor",
        '  a, protect: partial, "why"',
        "  b",
    ]


def test_different_comments_are_reported_with_their_ids() -> None:
    rows = [row("a", id_, "protect", "partial", comment=id_[-3:]) for id_ in ("T1574.001", "T1574.002")]
    same = [row("b", id_, "protect", "partial", comment="same") for id_ in ("T1574.001", "T1574.002")]
    carried, report = upgrade_set(set_of([*rows, *same], attack_version="16.1"), "18.1")
    # The result itself does not say it: after a stop at a release between, the ids would be other ones.
    assert carried.mappings[0].comment == "001\n\n002"
    text = render_upgrade([FileReport("x.yaml", "", (report,))])
    assert lines_of(text)[2:8] == [
        "Merged",
        "T1574.001 + T1574.002 → T1574.001 Hijack Execution Flow: DLL",
        "  a, protect: partial + partial → partial",
        '    T1574.001 DLL Search Order Hijacking: "001"',
        '    T1574.002 DLL Side-Loading: "002"',
        "  b, protect: partial + partial → partial",
    ]
    assert report.merged[0].comments == ("001", "002")


def test_text_of_several_inputs_is_short_and_markdown_complete(run: Run) -> None:
    for number in range(30):
        gone = [entry(id_, score=1) for id_ in ("T1034", "T9991", "T9992", "T9993", "T9994", "T9995", "T9996")]
        put(Path("in") / f"{number:02}.json", named("n", *gone, entry("T1046")))
    lines = run("upgrade", "in", "--attack", "18.1").out.splitlines()
    assert lines[0] == (
        "30 inputs. 240 techniques: 0 kept, 30 renamed, 0 replaced, 210 removed. 210 changes to review."
    )
    assert lines[3] == "00.json  8       8         0        7       7  165"
    assert lines[-4:] == [
        "11.json  8       8         0        7       7  165",
        "… and 18 more; --all lists every change",
        "",
        "Next:  navlayers upgrade in --attack 18.1 -o upgraded/",
    ]
    for complete in (["--format", "md"], ["--all"]):
        page = run("upgrade", "in", "--attack", "18.1", *complete).out
        assert page.count("T9996") == page.count("→ Network Service Discovery") == 30


def test_the_answer_has_a_row_per_kind_of_change_those_to_review_first(run: Run) -> None:
    put(Path("l.json"), named("n", entry("T1034", score=1), entry("T1053.001"), entry("T1046"), attack="16"))
    lines = run("upgrade", "l.json", "--attack", "18.1").out.splitlines()
    assert lines[0] == (
        "l.json: ATT&CK enterprise 16 → 18.1. 3 techniques: 1 kept, 0 renamed, 1 replaced, 1 removed. "
        "1 change to review."
    )
    assert lines[2:4] == [
        "change                    number  to review  which",
        "removed                        1  yes        T1034 Path Interception: deprecated, no successor (score 1)",
    ]
    assert lines[-3:] == [
        "--all lists every change", "", "Next:  navlayers upgrade l.json --attack 18.1 -o upgraded/"
    ]  # fmt: skip


def test_the_names_of_inputs_are_without_their_common_folder() -> None:
    report = Report("n", "layer", "enterprise", "8", "18.1")
    names = [f"a/long/way/{'to/' * 9}a/file/{number}/that/has/a/long/name.json" for number in (1, 2)]
    files = [FileReport(name, "", (report,)) for name in names]
    _, table = brief(files)
    assert isinstance(table, Table)
    assert [row[0] for row in table.rows] == [f"{number}/that/has/a/long/name.json" for number in (1, 2)]
    _, table = brief([*files, FileReport("kev", "", (report,))])
    assert isinstance(table, Table)
    assert table.rows[0][0] == names[0]


def test_markdown_escapes_only_markup() -> None:
    rows = [row("a", "T1034", "protect", "partial", comment="<b> a|b *c* &amp; R&D 8.2")]
    _, report = upgrade_set(set_of(rows, attack_version="8.2"), "18.1")
    page = render_upgrade([FileReport("x.yaml", "", (report,))], "md")
    assert "## x.yaml: ATT&CK enterprise 8.2 → 18.1\n" in page
    assert r'partial, "\<b\> a\|b \*c\* \&amp; R&D 8.2"' in page


def test_shipped_sets_go_by_their_names(run: Run) -> None:
    assert report_of(run, "gcp")[0] == "gcp: ATT&CK enterprise 16.1 → 18.1"
    assert json.loads(run("upgrade", "gcp", "--attack", "18.1", "--json").out)[0]["path"] == "gcp"


def test_an_up_to_date_file_is_not_written_and_reported(run: Run) -> None:
    put(Path("new.json"), layer("T1078", attack="18"))
    put(Path("old.json"), layer("T1078"))
    result = run("upgrade", "new.json", "--attack", "18.1", "--in-place")
    assert result.out == "new.json: already at ATT&CK enterprise 18.1. 1 technique: nothing changes.\n"
    assert result.err == "new.json is up to date\n"
    result = run("upgrade", "new.json", "old.json", "--attack", "18.1", "--in-place")
    assert result.err.splitlines() == ["wrote old.json", "new.json is up to date"]
    assert run("upgrade", "old.json", "--attack", "18.1", "-o", "copy.json").err == "wrote copy.json\n"
    assert run("upgrade", "old.json", "--attack", "18.1", "-o", "copy.json").err == "copy.json is up to date\n"


def test_folders_in_a_folder_are_reported_and_skipped(run: Run) -> None:
    put(Path("in/a.json"), layer("T1078"))
    put(Path("in/below/b.json"), layer("T1078"))
    put(Path("in/.git/c.json"), layer("T1078"))
    before = contents(Path("in/below"))
    result = run("upgrade", "in", "--attack", "18.1", "--in-place")
    assert "note: in: skipped subfolders: below (name them as well to upgrade their files)" in result.err
    assert contents(Path("in/below")) == before
    Path("in/a.json").unlink()
    result = run("upgrade", "in", "--attack", "18.1")
    assert result.code == 2
    assert "of folders inside it, only those of rules are searched: name them" in result.err


def test_check_fix_mends_ids_and_keeps_comments_as_the_refusal_says(run: Run) -> None:
    text = 'framework: mine # yes\nversion: "1"\ndomain: enterprise\nattack_version: "8.2"\n'
    text += "capabilities:\n  mfa:\n    techniques:\n      T1574.002: {protect: partial} # dll\n"
    put(Path("a.yaml"), text)
    result = run("upgrade", "a.yaml", "--attack", "18.1", "--in-place")
    assert result.code == 2
    assert "set the new attack_version in the file: `navlayers check --fix a.yaml` then updates" in result.err
    now = text.replace("8.2", "18.1")
    put(Path("a.yaml"), now)
    assert run("check", "a.yaml", "--fix").code == 0
    assert Path("a.yaml").read_text(encoding="utf-8") == now.replace("T1574.002", "T1574.001")


def test_a_dettect_file_is_upgraded_to_yaml_and_never_in_place(run: Run) -> None:
    text = (
        "version: 1.2\nfile_type: technique-administration\nname: n\ndomain: enterprise-attack\nplatform: [all]\n"
    )
    text += "techniques:\n- technique_id: T1053.001\n  technique_name: At (Linux)\n  detection:\n"
    text += "  - {applicable_to: [all], location: [x], comment: c, score_logbook: [{date: 2019-03-01, score: 3}]}\n"
    put(Path("d.yaml"), text)
    options = ("--attack", "18.1", "--meta", "attack_version=8.2")
    assert run("upgrade", "d.yaml", *options, "-o", "new.yaml").code == 0
    made = navlayers.load("new.yaml")
    assert [(m.technique, m.value, m.comment) for m in made.mappings] == [("T1053.002", "3", "c")]
    assert run("upgrade", "d.yaml", *options, "--in-place").code == 2
    assert Path("d.yaml").read_text(encoding="utf-8") == text


def test_a_layer_without_techniques_is_upgraded(run: Run) -> None:
    document = {key: value for key, value in layer().items() if key != "techniques"}
    put(Path("l.json"), document)
    assert run("upgrade", "l.json", "--from", "layer", "--attack", "18.1", "-o", "new.json").code == 0
    expected = {**document, "versions": {"navigator": "5.1.0", "layer": "4.5", "attack": "18"}}
    assert json.loads(Path("new.json").read_bytes()) == expected


def test_a_build_over_layers_upgraded_in_place_asks_for_force(run: Run) -> None:
    assert run("build", "kev", "--only", "overview", "-o", "out").code == 0
    assert run("upgrade", "out/kev/overview.json", "--attack", "18.1", "--in-place").code == 0
    result = run("build", "kev", "--only", "overview", "-o", "out")
    assert result.code == 2
    assert "was changed since navlayers wrote it" in result.err
    assert run("build", "kev", "--only", "overview", "-o", "out", "--force").code == 0


@pytest.mark.parametrize("colon", [":", " :", "\t:", "  \n :"])
def test_a_duplicate_key_is_refused_in_every_spelling(run: Run, colon: str) -> None:
    text = json.dumps(layer("T1078")).replace('"score": 0', f'"score"{colon} 0, "score"{colon} 1')
    put(Path("l.json"), text)
    for command in (("upgrade", "l.json", "--attack", "18.1"), ("check", "l.json")):
        assert 'duplicate key "score"' in "".join(run(*command)[1:]), command


def test_tactics_that_changed_and_the_mappings_to_read_again_are_told() -> None:
    rows = [row("a", "T1112", "protect", "partial"), row("b", "T1112", "detect", "minimal")]
    _, report = upgrade_set(set_of([*rows, row("b", "T1027", "detect", "minimal")], attack_version="16.1"), "19.1")
    registry, files = sorted(report.changed, key=lambda changed: changed.id, reverse=True)
    assert (registry.gained, registry.lost) == (("Persistence", "Defense Impairment"), ("Defense Evasion",))
    assert (registry.capabilities, files.capabilities) == (("a", "b"), ("b",))
    assert (files.gained, files.lost, files.content) == ((), (), "major")  # Stealth has the id of Defense Evasion
    text = render_upgrade([FileReport("x.yaml", "", (report,))])
    assert "\nT1112 Modify Registry: gained Persistence, Defense Impairment, lost Defense Evasion\n" in text
    assert "\na: T1112\nb: T1027, T1112\n" in text
