"""Which release a wish comes to, and what the user's data folder adds."""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING

import pytest
from attack_helpers import bundle, thing, write

from navlayers import attack
from navlayers.api import releases
from navlayers.attack.stix import Bundle, read_bundle
from navlayers.errors import InputError, OutputError, ReleaseError

if TYPE_CHECKING:
    from pathlib import Path

    from navlayers.attack.domains import Domain


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder for releases, which does not exist yet."""
    monkeypatch.setenv("NAVLAYERS_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data" / "attack"


def small(folder: Path, version: str, domain: Domain = "enterprise") -> Bundle:
    group = thing("intrusion-set", "G0001", "Group")
    return read_bundle(write(folder, bundle(group, domain=domain)), version=version)


@pytest.mark.parametrize(
    ("domain", "wanted", "version"),
    [
        ("enterprise", "16", "16.1"),
        ("enterprise", "v16", "16.1"),
        ("enterprise", "V16.1", "16.1"),
        ("enterprise", " 9 ", "9.0"),
        ("enterprise", "latest", "19.1"),
        ("ics", "12.1", "12.1"),
        ("mobile", "Latest", "18.1"),
    ],
)
def test_a_version_is_found_as_people_write_it(domain: Domain, wanted: str, version: str) -> None:
    found = attack.find(domain, wanted)
    assert (found.release.domain, found.release.version, found.notice) == (domain, version, None)


def test_another_minor_of_the_same_major_is_used_with_a_notice() -> None:
    found = attack.find("enterprise", "16.0")
    assert found.release.version == "16.1"
    assert str(found.notice) == (
        "ATT&CK enterprise 16.0 is not installed; using 16.1 (add it with: navlayers attack add 16.0)"
    )


def test_the_nearest_minor_is_used_and_of_two_the_newer_one(tmp_path: Path) -> None:
    for version in ("29.0", "29.2", "29.10"):
        releases.add(small(tmp_path, version))
    used = {wanted: attack.find("enterprise", wanted).release.version for wanted in ("29", "29.1", "29.5", "29.7")}
    assert used == {"29": "29.10", "29.1": "29.2", "29.5": "29.2", "29.7": "29.10"}


@pytest.mark.parametrize(
    ("domain", "wanted", "version", "command"),
    [
        ("enterprise", "13.1", "19.1", "navlayers attack add 13.1"),
        ("enterprise", "21", "19.1", "navlayers attack update, or navlayers attack add 21"),
        ("ics", "17.0", "18.1", "navlayers attack add 17.0"),
    ],
)
def test_the_newest_release_stands_in_for_one_of_a_major_that_is_not_installed(
    domain: Domain, wanted: str, version: str, command: str
) -> None:
    found = attack.find(domain, own=wanted)
    assert found.release.version == version
    message = f"ATT&CK {domain} {wanted} is not installed; using {version} (add it with: {command})"
    assert str(found.notice) == message


def test_threats_of_an_older_release_are_carried_to_one_without_any() -> None:
    newest = attack.find("enterprise", "19.1").release
    own, carried = attack.threats(attack.find("enterprise", "18.1").release), attack.threats(newest)
    assert not attack.has_threats(newest)
    assert (own.source_version, carried.source_version, carried.version) == ("", "18.1", "19.1")
    assert len(carried.threats) == len(own.threats)
    # T1562.001 and T1562.004 of Lazarus Group (G0032) became T1685 and T1686.
    before, after = set(own.threats["G0032"].techniques), set(carried.threats["G0032"].techniques)
    assert {"T1562.001", "T1562.004"} <= before - after
    assert {"T1685", "T1686"} <= after - before
    assert all(
        attack.load(newest).is_active(id_) for threat in carried.threats.values() for id_ in threat.techniques
    )


@pytest.mark.parametrize("wanted", ["20.0", "v20.0"])
def test_a_release_not_at_hand_is_an_error_that_names_those_that_are_and_the_command(wanted: str) -> None:
    with pytest.raises(ReleaseError) as caught:
        attack.find("mobile", wanted)
    assert str(caught.value) == (
        "ATT&CK mobile 20.0 is not installed; expected one of 12.1, 15.1, 16.1, 18.1 "
        "(add it with: navlayers attack update, or navlayers attack add 20.0)"
    )


@pytest.mark.parametrize(
    "wanted", ["", "latest?", "[UNKNOWN_VERSION]", "16.1.2", "-1", "16,1", "1e1", "٣", "v", "9" * 99]
)
def test_what_is_no_version_is_an_error_that_names_those_at_hand(wanted: str) -> None:
    with pytest.raises(ReleaseError, match=r"is not an ATT&CK version; .*12\.1, 15\.1, 16\.1, 18\.1.*attack add"):
        attack.find("ics", wanted)


def test_an_added_release_is_found_and_keeps_descriptions_and_threats(tmp_path: Path, data_folder: Path) -> None:
    (added,) = releases.add(small(tmp_path, "20.0"))
    assert added.path == data_folder / "enterprise-20.0.json"
    found = attack.find("enterprise", "latest")
    assert found == attack.Found(added)
    assert attack.load(added).techniques["T1001"].description == "About T1001."
    assert [group.name for group in attack.threats(added).groups] == ["Group"]
    assert attack.check_added() == ()


def test_an_added_release_replaces_the_built_in_one_until_it_is_removed(tmp_path: Path) -> None:
    releases.add(small(tmp_path, "18.1"))
    assert len(attack.find("enterprise", "18").catalogue.techniques) == 2
    assert [found.builtin for found in attack.releases() if found.version == "18.1"] == [False, True, True]
    assert [gone.version for gone in releases.remove("18.1")] == ["18.1"]
    assert len(attack.find("enterprise", "18").catalogue.techniques) == 835


def test_adding_again_replaces_what_was_added(tmp_path: Path, data_folder: Path) -> None:
    releases.add(small(tmp_path, "20.0"))
    assert attack.find("enterprise", "20").catalogue.get("T1003") is None
    plain = bundle()
    plain["objects"][3]["name"] = "New"
    releases.add(read_bundle(write(tmp_path, plain), version="20.0"))
    assert attack.find("enterprise", "20").catalogue.techniques["T1001"].name == "New"
    assert [path.name for path in data_folder.iterdir()] == ["enterprise-20.0.json"]  # no threats any more


def test_removing_takes_the_release_of_the_domain_alone(tmp_path: Path, data_folder: Path) -> None:
    releases.add(small(tmp_path, "20.0"))
    releases.add(small(tmp_path, "20.0", "ics"))
    releases.remove("v20.0", ("enterprise",))
    assert sorted(path.name for path in data_folder.iterdir()) == ["ics-20.0.json", "ics-20.0.threats.json"]


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("18.1", r"18\.1 is built in and cannot be removed"),
        ("20.0", r"20\.0 is not an added release"),
        ("../x", "not an added release"),
    ],
)
def test_removing_what_was_not_added_is_an_error(version: str, message: str) -> None:
    with pytest.raises(ReleaseError, match=message):
        releases.remove(version)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"form": 2}', b"\xff\xfe", b'{"type": "bundle"}'])
def test_a_broken_added_file_is_a_notice_and_the_built_in_release_is_used(
    data_folder: Path, content: bytes
) -> None:
    data_folder.mkdir(parents=True)
    broken = data_folder / "enterprise-18.1.json"
    broken.write_bytes(content)
    (notice,) = attack.check_added()
    assert str(notice).startswith(str(broken))
    assert "remove it with: navlayers attack remove 18.1 --domain enterprise" in str(notice)
    found = attack.find("enterprise", "18.1")
    assert found.release.builtin
    assert "using ATT&CK enterprise 18.1" in str(found.notice)
    assert all(release.builtin for release in attack.releases())
    releases.remove("18.1", ("enterprise",))
    assert attack.check_added() == ()


def test_a_broken_release_that_nothing_can_replace_is_an_error_that_tells_of_it(data_folder: Path) -> None:
    data_folder.mkdir(parents=True)
    (data_folder / "ics-20.0.json").write_text("{")
    with pytest.raises(
        ReleaseError, match=r"(?s)ics 20 is not installed.*invalid added ATT&CK release: the JSON ends unexpectedly"
    ):
        attack.find("ics", "20")


def test_a_file_that_holds_another_release_than_its_name_says_is_not_used(
    tmp_path: Path, data_folder: Path
) -> None:
    releases.add(small(tmp_path, "20.0"))
    (data_folder / "enterprise-20.0.json").rename(data_folder / "enterprise-21.0.json")
    notices = [str(notice) for notice in attack.check_added()]
    assert len(notices) == 1
    assert "holds ATT&CK enterprise 20.0, unlike its name" in notices[0]
    assert attack.find("enterprise", "latest").release.version == "19.1"


def test_broken_threats_are_an_error_that_says_how_to_remove_them(tmp_path: Path, data_folder: Path) -> None:
    (added,) = releases.add(small(tmp_path, "20.0"))
    (data_folder / "enterprise-20.0.threats.json").write_text('{"threats": 1}')
    assert attack.find("enterprise", "20").notice is None
    with pytest.raises(InputError, match=r"remove it with: navlayers attack remove 20\.0 --domain enterprise"):
        attack.threats(added)


def test_foreign_files_are_notices_and_hidden_ones_are_not(tmp_path: Path, data_folder: Path) -> None:
    data_folder.mkdir(parents=True)
    (data_folder / ".DS_Store").touch()
    (data_folder / "notes.txt").touch()
    (data_folder / "ics-20.0.json").mkdir()
    write(data_folder, bundle(), "enterprise-attack-20.0.json")
    notices = [str(notice) for notice in attack.check_added()]
    assert len(notices) == 3
    assert (
        f'if it is a bundle, run: navlayers attack add "{data_folder / "enterprise-attack-20.0.json"}"'
        in notices[0]
    )
    assert all("ignored: not a file written by navlayers" in notice for notice in notices)
    assert attack.find("enterprise", "latest").release.version == "19.1"


def test_a_data_folder_that_is_a_file_is_a_notice_when_reading_and_an_error_when_adding(
    tmp_path: Path, data_folder: Path
) -> None:
    data_folder.parent.mkdir()
    data_folder.touch()
    (notice,) = attack.check_added()
    assert "cannot read" in str(notice)
    assert attack.find("enterprise", "18").release.builtin
    with pytest.raises(OutputError, match=r"attack: cannot be written: .* set NAVLAYERS_DATA_DIR to"):
        releases.add(small(tmp_path, "20.0"))


def test_a_disk_that_is_full_leaves_what_was_there(
    tmp_path: Path, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    releases.add(small(tmp_path, "20.0"))
    before = {path.name: path.read_bytes() for path in data_folder.iterdir()}
    other = bundle(thing("intrusion-set", "G0002", "New"))

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    for new in (other, bundle()):
        with pytest.raises(OutputError, match=r"no space left on device \(free disk space, or set"):
            releases.add(read_bundle(write(tmp_path, new), version="20.0"))
        assert {path.name: path.read_bytes() for path in data_folder.iterdir()} == before


def test_without_the_variable_the_folder_is_that_of_the_operating_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NAVLAYERS_DATA_DIR")
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere/share")
    expected = "/somewhere/share/navlayers/attack" if sys.platform == "linux" else "navlayers"
    assert expected in attack.user_folder().as_posix()
