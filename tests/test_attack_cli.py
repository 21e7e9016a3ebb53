"""`navlayers attack` as its user sees it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from attack_helpers import bundle, technique, thing, write

from navlayers.cli import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder for releases, which does not exist yet."""
    monkeypatch.setenv("NAVLAYERS_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data" / "attack"


class Run:
    """Runs commands in this process; exit status, standard output and standard error of the last one."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *args: str | Path) -> tuple[int, str, str]:
        status = 0
        try:
            main([str(arg) for arg in args])
        except SystemExit as exit_:
            status = int(exit_.code or 0)
        out, err = self._capsys.readouterr()
        return status, out, err


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(capsys)


def test_list_shows_each_release_with_its_figures_within_80_columns(run: Run) -> None:
    status, out, err = run("attack", "list")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert max(map(len, lines)) <= 80
    assert ["enterprise", "16.1", "14", "203", "453", "-", "-", "-", "yes"] in [line.split() for line in lines]
    assert ["enterprise", "18.1", "14", "216", "475", "172", "784", "52", "yes"] in [line.split() for line in lines]
    assert sum("yes" in line for line in lines) == 18


def test_list_gives_json(run: Run) -> None:
    _, out, _ = run("attack", "list", "--json")
    rows = {(row["domain"], row["version"]): row for row in json.loads(out)}
    row = rows["ics", "18.1"]
    assert row.pop("path").endswith("ics-18.1.json")
    assert row == {
        "domain": "ics",
        "version": "18.1",
        "tactics": 12,
        "techniques": 83,
        "subtechniques": 0,
        "groups": 14,
        "software": 23,
        "campaigns": 7,
        "built_in": True,
    }
    assert rows["ics", "16.1"]["groups"] is None


def test_a_bundle_is_added_listed_and_removed(run: Run, tmp_path: Path, data_folder: Path) -> None:
    path = write(tmp_path, bundle(thing("intrusion-set", "G0001", "Group")), "enterprise-attack-20.0.json")
    status, out, err = run("attack", "add", path)
    assert (status, out) == (0, "")
    assert err == (
        f"added ATT&CK enterprise 20.0: 1 technique, 1 sub-technique ({data_folder / 'enterprise-20.0.json'})\n"
    )
    assert ["enterprise", "20.0", "2", "1", "1", "1", "0", "0", "no"] in [
        line.split() for line in run("attack", "list")[1].splitlines()
    ]
    assert run("attack", "remove", "20.0")[0] == 0
    assert "20.0" not in run("attack", "list")[1]


def test_several_bundles_are_added_at_once_quietly(run: Run, tmp_path: Path, data_folder: Path) -> None:
    paths = [write(tmp_path, bundle(domain=domain), f"{domain}.json") for domain in ("ics", "mobile")]
    assert run("attack", "add", "-q", "--version", "20.0", *paths) == (0, "", "")
    assert sorted(path.name for path in data_folder.iterdir()) == ["ics-20.0.json", "mobile-20.0.json"]


def test_a_version_that_is_also_a_file_means_the_file(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data_folder: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, bundle(), "20.0")
    assert run("attack", "add", "20.0", "--version", "19.0")[0] == 0
    assert [path.name for path in data_folder.iterdir()] == ["enterprise-19.0.json"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["add", "none.json"], "none.json: no such file, and not an ATT&CK version"),
        (["add", "20.0", "--version", "20.0"], "--version 20.0 is for bundles"),
        (["add", "99.0"], 'does not list ATT&CK enterprise or mobile or ics release "99.0"'),
        (["add", "20.0", "--mirror", "nowhere"], 'mirror "nowhere" is not an http or https URL'),
        (["remove", "18.1"], "ATT&CK 18.1 is built in and cannot be removed"),
        (["add", "20.0", "--domain", "pre"], '"pre" is unknown; expected enterprise, mobile, ics'),
        (["add"], "missing argument SOURCE"),
    ],
)
def test_errors_are_messages_and_exit_status_2(run: Run, args: list[str], message: str) -> None:
    status, out, err = run("attack", *args)
    assert (status, out) == (2, "")
    assert message in err


def test_a_bundle_of_another_domain_than_asked_for_is_refused(run: Run, tmp_path: Path, data_folder: Path) -> None:
    status, _, err = run("attack", "add", write(tmp_path, bundle()), "--domain", "ics")
    assert status == 2
    assert "the bundle holds enterprise, not ics" in err
    assert not data_folder.exists()


def test_a_broken_file_in_the_data_folder_is_a_notice_beside_the_list(run: Run, data_folder: Path) -> None:
    data_folder.mkdir(parents=True)
    (data_folder / "enterprise-20.0.json").write_text("{")
    status, out, err = run("attack", "list")
    assert status == 0
    assert out.count("yes") == 18
    assert f"{data_folder / 'enterprise-20.0.json'}:1:2: invalid added ATT&CK release" in err
    assert "navlayers attack remove 20.0 --domain enterprise" in err


def test_adding_a_file_and_listing_import_nothing_heavy(tmp_path: Path) -> None:
    path = write(tmp_path, bundle())
    code = (
        "import sys\n"
        "from navlayers.cli import main\n"
        "for args in (['attack', 'add', sys.argv[1]], ['attack', 'list']):\n"
        "    try:\n"
        "        main(args)\n"
        "    except SystemExit as done:\n"
        "        assert not done.code\n"
        "heavy = {'mitreattack', 'pandas', 'requests', 'pooch', 'stix2', 'rich'}\n"
        "print(*heavy & set(sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stderr.splitlines()[-1] == ""


def test_a_small_added_bundle_does_not_hide_the_ids_of_attack(run: Run, tmp_path: Path) -> None:
    own = write(tmp_path, bundle(technique("T9500", "execution")), "enterprise-attack-99.0.json")
    assert run("attack", "add", own)[0] == 0
    table = tmp_path / "ordinary.csv"
    table.write_text("capability,technique\nMFA,T1078\nEDR,T1059.001\nEDR,T1055\n", encoding="utf-8")
    status, out, _ = run("stats", table, "--json")
    (numbers,) = json.loads(out)
    assert status == 0
    assert (numbers["domain"], numbers["attack_version"]) == ("enterprise", "19.1")
    assert (numbers["techniques"], numbers["subtechniques"]) == (2, 1)
    names = tmp_path / "names.csv"
    names.write_text(
        "capability,technique\nMFA,Valid Accounts\nEDR,PowerShell\nEDR,Process Injection\n", encoding="utf-8"
    )
    (numbers,) = json.loads(run("stats", names, "--json")[1])
    assert (numbers["attack_version"], numbers["techniques"], numbers["subtechniques"]) == ("19.1", 2, 1)


def test_a_requested_release_that_one_domain_lacks_is_the_nearest_there(run: Run) -> None:
    status, out, err = run("stats", "gcp", "kev-mobile", "veris-ics", "--attack", "19.1", "--json")
    assert status == 0
    assert [(each["domain"], each["attack_version"]) for each in json.loads(out)] == [
        ("enterprise", "19.1"),
        ("mobile", "18.1"),
        ("ics", "18.1"),
    ]
    notice = "note: ATT&CK 19.1 is not installed for mobile and ics; using mobile 18.1 and ics 18.1"
    assert [line.startswith(notice) for line in err.splitlines() if "not installed" in line] == [True]
    status, out, err = run("show", "T1059", "--attack", "19.1")
    assert status == 0
    assert "T1059 Command and Scripting Interpreter" in out
    assert notice in err


def test_a_requested_release_that_no_domain_of_the_inputs_has_is_an_error(run: Run) -> None:
    status, out, err = run("stats", "kev-mobile", "veris-ics", "--attack", "19.1")
    assert (status, out) == (2, "")
    assert [line.partition(": ATT&CK ")[2].split("; ")[0] for line in err.splitlines()] == [
        "mobile 19.1 is not installed",
        "ics 19.1 is not installed",
    ]
