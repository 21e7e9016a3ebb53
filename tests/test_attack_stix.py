"""Reading STIX bundles: what is taken from them, and what is said of files that are none."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from attack_helpers import (
    SHARED,
    bundle,
    collection,
    external,
    matrix,
    needs_bundles,
    relation,
    tactic,
    technique,
    thing,
    write,
)

from navlayers.attack.stix import Bundle, read_bundle
from navlayers.errors import InputError, NavlayersError, ReleaseError

if TYPE_CHECKING:
    from pathlib import Path


def read(folder: Path, *more: dict[str, Any], **options: Any) -> Bundle:
    return read_bundle(write(folder, bundle(*more)), **options)


def test_a_stix_2_0_bundle_gives_the_release_that_its_name_tells(tmp_path: Path) -> None:
    catalogue = read(tmp_path).catalogue
    assert (catalogue.domain, catalogue.version) == ("enterprise", "19.1")
    assert [found.id for found in catalogue.tactics] == ["TA0001", "TA0002"]
    assert catalogue.techniques["T1001"].tactics == ("initial-access", "execution")
    assert catalogue.techniques["T1001.001"].parent == "T1001"
    assert catalogue.techniques["T1001"].description == "About T1001."


def test_a_stix_2_1_bundle_gives_the_release_that_its_collection_tells(tmp_path: Path) -> None:
    content = bundle(collection("20.0"))
    del content["spec_version"]
    for each in content["objects"]:
        each |= {"spec_version": "2.1", "revoked": False, "x_mitre_deprecated": False}
    catalogue = read_bundle(write(tmp_path, content, "bundle.json")).catalogue
    assert catalogue.version == "20.0"
    assert list(catalogue.techniques) == ["T1001", "T1001.001"]


def test_descriptions_are_left_out_on_request(tmp_path: Path) -> None:
    assert read(tmp_path, descriptions=False).catalogue.techniques["T1001"].description == ""


def test_revoked_techniques_know_their_successor_and_revoked_wins_over_deprecated(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        technique("T1002", revoked=True, x_mitre_deprecated=True),
        technique("T1003", x_mitre_deprecated=True),
        technique("T1004", revoked=True),
        relation("revoked-by", "attack-pattern--T1002", "attack-pattern--T1001"),
        relation("revoked-by", "attack-pattern--T1004", "attack-pattern--T1001", x_mitre_deprecated=True),
    ).catalogue.techniques
    assert [(found[key].status, found[key].successor) for key in ("T1002", "T1003", "T1004")] == [
        ("revoked", "T1001"),
        ("deprecated", None),
        ("revoked", None),
    ]


def test_a_deprecated_matrix_gives_no_tactics(tmp_path: Path) -> None:
    old = [tactic("TA0038", "network-effects"), matrix("TA0038", x_mitre_deprecated=True)]
    catalogue = read(tmp_path, *old, technique("T1005", "network-effects", "execution")).catalogue
    assert [found.shortname for found in catalogue.tactics] == ["initial-access", "execution"]
    assert catalogue.techniques["T1005"].tactics == ("execution",)


def test_two_matrices_of_one_domain_stand_side_by_side(tmp_path: Path) -> None:
    catalogue = read(tmp_path, tactic("TA0038", "network-effects"), matrix("TA0038", "TA0001")).catalogue
    assert [found.id for found in catalogue.tactics] == ["TA0001", "TA0002", "TA0038"]


def test_of_two_techniques_with_one_id_the_active_one_counts(tmp_path: Path) -> None:
    twin = technique("T1001", revoked=True) | {"id": "attack-pattern--0", "name": "Old"}
    assert read(tmp_path, twin).catalogue.techniques["T1001"].name == "Name of T1001"


def test_older_sources_of_ids_count_and_foreign_attack_patterns_do_not(tmp_path: Path) -> None:
    old = technique("T0801", external_references=external("T0801", "mitre-ics-attack"))
    foreign = technique("X", external_references=[{"source_name": "capec", "external_id": "CAPEC-2"}])
    bare = technique("Y", external_references=None)
    assert list(read(tmp_path, old, foreign, bare).catalogue.techniques) == ["T0801", "T1001", "T1001.001"]


def test_threats_have_what_they_use_as_far_as_it_is_active(tmp_path: Path) -> None:
    gone = technique("T1009", revoked=True)
    found = read(
        tmp_path,
        gone,
        thing("intrusion-set", "G0001", "Group", aliases=["Group", "Other"]),
        thing("malware", "S0001", "Malware", x_mitre_aliases=["Malware", "Worm"]),
        thing("tool", "S0002", "Tool", x_mitre_deprecated=True),
        thing("campaign", "C0001", "Campaign"),
        relation("uses", "intrusion-set--G0001", "attack-pattern--T1001.001"),
        relation("uses", "intrusion-set--G0001", "attack-pattern--T1001"),
        relation("uses", "intrusion-set--G0001", "attack-pattern--T1009"),
        relation("uses", "intrusion-set--G0001", "malware--S0001"),
        relation("uses", "intrusion-set--G0001", "tool--S0002"),
        relation("uses", "malware--S0001", "attack-pattern--T1001", revoked=True),
        relation("attributed-to", "campaign--C0001", "intrusion-set--G0001"),
    ).threats
    assert list(found.threats) == ["C0001", "G0001", "S0001"]
    group, software, campaign = found.groups[0], found.software[0], found.campaigns[0]
    assert (group.aliases, group.techniques, group.software) == (("Other",), ("T1001", "T1001.001"), ("S0001",))
    assert (software.aliases, software.techniques) == (("Worm",), ())
    assert campaign.groups == ("G0001",)


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("enterprise-attack-18.1.json", "18.1"),
        ("enterprise-attack-v18.1.json", "18.1"),
        ("my enterprise-attack-18.1 (2).json", "18.1"),
        ("v17.0/enterprise-attack.json", "17.0"),
        ("ATT&CK-v9.0/enterprise-attack.json", "9.0"),
    ],
)
def test_the_version_is_read_from_names(tmp_path: Path, name: str, version: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    assert read_bundle(write(tmp_path, bundle(), name)).catalogue.version == version


def test_a_version_given_wins_over_the_name(tmp_path: Path) -> None:
    assert read(tmp_path, version="v7").catalogue.version == "7.0"


@pytest.mark.parametrize(
    ("more", "name", "version", "message"),
    [
        ([], "bundle.json", None, r"bundle\.json: neither the bundle nor its file name states.*--version 18\.1"),
        ([collection("16.1")], "bundle.json", "18.1", r"the bundle is ATT&CK 16\.1, not 18\.1"),
        ([], "bundle.json", "newest", '"newest" is not an ATT&CK version'),
        ([collection("soon")], "bundle.json", None, "neither the bundle nor its file name"),
    ],
)
def test_a_version_that_is_not_to_be_known_is_an_error(
    tmp_path: Path, more: list[dict[str, Any]], name: str, version: str | None, message: str
) -> None:
    with pytest.raises(ReleaseError, match=message):
        read_bundle(write(tmp_path, bundle(*more), name), version=version)


WHOLE = json.dumps(bundle(), indent=1).encode()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"b\.json: the file is empty"),
        (b" \n", r"b\.json: the file is empty"),
        (b"\xef\xbb\xbf", r"b\.json: the file is empty"),
        (b'{\n  "type": oops}', r"b\.json:2:11: malformed JSON"),
        (WHOLE[: WHOLE.index(b'"TA0001"') + 4], r"b\.json:\d{2}:\d+: the JSON ends unexpectedly here"),
        (b"not json", r"b\.json:1:\d: malformed JSON"),
        (b"<html>", r"b\.json:1:1: malformed JSON"),
        (b"[]", r"b\.json: unexpected JSON content: Expected \"object\", got \"array\""),
        (b"12", r"Expected \"object\", got \"int\""),
        (b"{}", "this JSON file is not a STIX bundle"),
        (b'{"type": "bundle"}', "this JSON file is not a STIX bundle"),
        (b'{"name": "layer", "domain": "enterprise-attack", "techniques": []}', "is not a STIX bundle"),
        (b'{"type": "bundle", "objects": []}', "has no ATT&CK matrix"),
        (b'{"type": "bundle", "objects": [{}]}', r"missing required field \"type\" at \.objects\[0\]"),
        (b'{"type": "bundle", "objects": [{"type": "a", "name": 1}]}', r"got \"int\" at \.objects\[0\]\.name"),
        (b'{"type":' * 100_000, r"b\.json"),
        ('{"type": "bündel"}'.encode("latin-1"), r"b\.json"),
        ('{"type": "bundle"}'.encode("utf-16"), r"b\.json:1:1: malformed JSON"),
    ],
)
def test_a_file_that_is_no_bundle_is_an_error_with_its_place(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "b.json"
    path.write_bytes(data)
    with pytest.raises(InputError, match=message) as caught:
        read_bundle(path)
    assert "an ATT&CK release as a STIX 2.0 or 2.1 bundle" in str(caught.value)


@pytest.mark.parametrize(
    ("objects", "message"),
    [
        ([matrix()], "no ATT&CK matrix with tactics"),
        ([matrix("TA0001"), matrix("TA0002", domain="ics")], "more than one domain: enterprise-attack, ics-attack"),
        ([matrix("TA0001", domain="pre")], r'the unknown domain "pre-attack"; expected one of enterprise-attack'),
        ([matrix("TA0001")], 'refers to a tactic that is not in the bundle: "x-mitre-tactic--TA0001"'),
        ([matrix("TA0001"), tactic("TA0001", "execution")], "no ATT&CK techniques"),
    ],
)
def test_a_bundle_that_is_no_attack_release_is_an_error(
    tmp_path: Path, objects: list[dict[str, Any]], message: str
) -> None:
    path = write(tmp_path, {"type": "bundle", "objects": objects})
    with pytest.raises(InputError, match=message):
        read_bundle(path)


def test_a_folder_a_missing_and_an_unreadable_file_are_errors(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder"):
        read_bundle(tmp_path)
    with pytest.raises(InputError, match="no such file"):
        read_bundle(tmp_path / "none.json")
    with pytest.raises(InputError, match="cannot read"):
        read_bundle(write(tmp_path, bundle()) / "below.json")


def test_a_file_too_large_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.truncate((1 << 29) + 1)
    with pytest.raises(NavlayersError, match="larger than 537 MB"):
        read_bundle(path)


@needs_bundles
@pytest.mark.cpu(2.5)
def test_the_largest_bundle_is_read_within_its_time_and_memory() -> None:
    code = (
        "import pathlib, re, resource, sys\n"
        "from navlayers.attack.stix import read_bundle\n"
        "found = read_bundle(pathlib.Path(sys.argv[1]))\n"
        "used = resource.getrusage(resource.RUSAGE_SELF)\n"
        "status = pathlib.Path('/proc/self/status')\n"  # ru_maxrss starts at what the parent process had
        "peak = re.search(r'VmHWM:\\s+(\\d+)', status.read_text())[1] if status.exists() else used.ru_maxrss\n"
        "print(int(peak) / 1024, len(found.catalogue.techniques))\n"
    )
    path = SHARED / "enterprise-attack-18.1.json"
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True, timeout=60
    )
    megabytes, techniques = map(float, done.stdout.split())
    assert techniques == 835
    assert megabytes <= 400


def test_an_address_that_is_none_is_no_page_and_a_malformed_id_is_refused(tmp_path: Path) -> None:
    (reference,) = external("T0803")[1:]
    odd = technique("T0803", external_references=[{**reference, "url": "http://[x"}])
    assert read_bundle(write(tmp_path, bundle(odd)), version="20.0").catalogue.techniques["T0803"].page == ""
    path = write(tmp_path, bundle(technique("../../T0803")))
    with pytest.raises(InputError, match=r"has the malformed id .\.\./\.\./T0803"):
        read_bundle(path, version="20.0")
