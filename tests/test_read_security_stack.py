"""CTID's security stack: what becomes of a folder of controls, of one control, and of what is wrong in them."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from conftest import SHARED, contents, told

import navlayers.mapping.formats.native.write as native
from navlayers.errors import InputError, Place
from navlayers.mapping import formats as readers
from navlayers.mapping.formats import Findings
from navlayers.mapping.model import canonical

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

AZURE = SHARED / "corpus" / "security-stack" / "Azure"

CONTROL = """\
version: 1
ATT&CK version: 8.2
creation date: 03/4/2021
name: Key Vault
contact: someone@example.org
organization: Some Center
platform: Azure
tags:
  - Credentials
  - Azure Security Center
description: Holds keys.
techniques:
  - id: T1552
    name: Unsecured Credentials
    technique-scores:
      - category: Protect
        value: Partial
        comments: Some keys.
    sub-techniques-scores:
      - sub-techniques:
          - id: T1552.001
            name: Credentials In Files
          - id: T1552.004
            name: Private Keys
        scores:
          - category: Protect
            value: Significant
          - category: Detect
            value: Minimal
            comments: Reads are logged.
comments: About the whole control.
references:
  - https://example.org/keys
"""

IDLE = """\
ATT&CK version: 8.2
creation date: 04/16/2021
name: Billing
platform: Azure
description: Bills.
techniques: []
comments: No security function.
"""


@pytest.fixture
def azure() -> Path:
    if not AZURE.is_dir():
        pytest.skip("the security stack files are not at ../shared/corpus")
    return AZURE


def write(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    return write(tmp_path / "stack", vault=CONTROL, billing=IDLE)


def test_a_folder_of_controls_is_one_set_and_its_tags_are_groups(stack: Path) -> None:
    whole = readers.read(stack).mapping_set
    assert (whole.framework, whole.title, whole.domain) == ("azure", "Azure security stack", "enterprise")
    assert (whole.version, whole.attack_version) == ("2021-04-16", "8.2")
    assert whole.details == {
        "created": "2021-03-04",
        "updated": "2021-04-16",
        "contact": "someone@example.org",
        "organization": "Some Center",
    }
    assert whole.groups == {"azure_security_center": "Azure Security Center", "credentials": "Credentials"}
    assert [(c.id, c.name, c.groups, c.references) for c in whole.capabilities] == [
        ("billing", "Billing", (), ()),
        ("key_vault", "Key Vault", ("credentials", "azure_security_center"), ("https://example.org/keys",)),
    ]


def test_each_sub_technique_of_a_group_gets_each_score_of_the_group(stack: Path) -> None:
    whole = readers.read(stack).mapping_set
    assert [(m.technique, m.category, m.value, m.comment) for m in whole.mappings] == [
        ("T1552", "protect", "partial", "Some keys."),
        ("T1552.001", "protect", "significant", ""),
        ("T1552.001", "detect", "minimal", "Reads are logged."),
        ("T1552.004", "protect", "significant", ""),
        ("T1552.004", "detect", "minimal", "Reads are logged."),
    ]
    assert {m.type for m in whole.mappings} == {"technique_scores"}
    assert {m.references for m in whole.mappings} == {("https://example.org/keys",)}


def test_the_first_mapping_keeps_the_other_fields_of_the_control(stack: Path) -> None:
    first, *others = readers.read(stack).mapping_set.mappings
    assert dict(first.other) == {
        "control description": "Holds keys.",
        "control comments": "About the whole control.",
        "control creation date": "03/4/2021",
        "control version": "1",
    }
    assert [mapping.other for mapping in others] == [()] * 4


def test_a_control_without_techniques_was_looked_at_and_cannot_be_mapped(stack: Path) -> None:
    (record,) = readers.read(stack).mapping_set.non_mappable
    assert (record.capability, record.technique, record.type) == ("billing", None, "non_mappable")
    assert record.comment == "No security function."


def test_one_file_alone_is_a_set_too_also_on_standard_input(stack: Path, run: Run) -> None:
    alone = readers.read(stack / "vault.yaml").mapping_set
    assert ([c.id for c in alone.capabilities], len(alone.mappings)) == (["key_vault"], 5)
    result = run("convert", "-", stdin=CONTROL.encode())
    assert result.code == 0
    assert "framework: azure" in result.out


def test_places_lead_to_the_value_in_its_own_file(stack: Path) -> None:
    reading = readers.read(stack)
    vault = str(stack / "vault.yaml")
    assert reading.place(0) == Place(vault, 13, 9)
    assert reading.place(0, field="technique_name") == Place(vault, 14, 11)
    assert reading.place(4, field="value") == Place(vault, 29, 20)
    assert reading.place(4, field="technique") == Place(vault, 23, 17)
    assert reading.place(1, "capability", "name") == Place(vault, 4, 7)
    assert reading.place(0, "non_mappable", "comment") == Place(str(stack / "billing.yaml"), 7, 11)
    assert reading.place_of("attack_version") == Place(str(stack / "billing.yaml"), 1, 17)
    assert reading.place_of("version") == Place(str(stack))


def test_errors_of_all_files_are_reported_together(tmp_path: Path) -> None:
    broken = CONTROL.replace("T1552.001", "T1552.01").replace("Partial", "Partly").replace("Detect", "Detekt")
    folder = write(tmp_path / "in", broken=broken, cut="name: [Cut\n", noname=IDLE.replace("Billing", ""))
    with pytest.raises(InputError) as caught:
        readers.read(folder)
    found = {
        (p.place and p.place.path.rpartition("/")[2], p.place and p.place.line, p.code)
        for p in caught.value.problems
    }
    assert found == {
        ("broken.yaml", 17, "unknown-value"),
        ("broken.yaml", 21, "malformed-technique"),
        ("broken.yaml", 28, "unknown-category"),
        ("cut.yaml", 1, "syntax"),
        ("noname.yaml", 3, "missing-metadata"),
    }
    hints = " ".join(problem.hint for problem in caught.value.problems)
    assert "did you mean T1552.001?" in hints
    assert "did you mean partial?" in hints
    assert "did you mean detect?" in hints


def test_with_lenient_findings_the_rest_is_read(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a=CONTROL.replace("Partial", "Partly"), b=IDLE, cut="name: [Cut\n")
    findings = Findings(lenient=True)
    whole = readers.read(folder, findings=findings).mapping_set
    assert [problem.code for problem in findings.errors()] == ["unknown-value", "syntax"]
    assert [mapping.value for mapping in whole.mappings] == [None, *["significant", "minimal"] * 2]


def test_files_with_other_releases_are_reported_and_the_majority_counts(tmp_path: Path) -> None:
    other = CONTROL.replace("8.2", "9").replace("Key Vault", "Vault 2")
    reading = readers.read(write(tmp_path / "in", a=CONTROL, b=IDLE, c=other))
    assert reading.mapping_set.attack_version == "8.2"
    (notice,) = [n for n in reading.notices if "ATT&CK version" in n.message]
    assert notice.place == Place(str(tmp_path / "in" / "c.yaml"), 2, 17)
    assert notice.message == "ATT&CK version is 9 in 1 file, but 8.2 in 2 files"


def test_controls_of_two_platforms_are_refused(tmp_path: Path) -> None:
    aws = IDLE.replace("platform: Azure", "platform: AWS").replace("Billing", "Bills")
    with pytest.raises(InputError) as caught:
        readers.read(write(tmp_path / "in", a=CONTROL, b=IDLE, c=aws))
    (problem,) = caught.value.problems
    assert (problem.place, problem.code) == (Place(str(tmp_path / "in" / "c.yaml"), 4, 11), "wrong-shape")


def test_two_files_of_one_control_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"b\.yaml:4:7: duplicate control .Key Vault., first in .*a\.yaml"):
        readers.read(write(tmp_path / "in", a=CONTROL, b=CONTROL))


def test_unknown_keys_are_reported_and_those_of_a_control_are_kept(tmp_path: Path) -> None:
    text = CONTROL.replace("contact:", "owner: Team A\ncontact:").replace("comments: Some", "coments: Some")
    reading = readers.read(write(tmp_path / "in", a=text))
    assert told(reading, "unknown-field") == [
        'unknown key "owner" in a control',
        'unknown key "coments" in a score',
    ]
    assert dict(reading.mapping_set.mappings[0].other)["control owner"] == "Team A"


def test_other_files_are_skipped_and_counted(stack: Path) -> None:
    write(stack, ci="on: push\njobs: {}\n", colours="red: 1\n")
    reading = readers.read(stack)
    assert len(reading.mapping_set.capabilities) == 2
    (message,) = told(reading, "not-carried")
    assert message.startswith("skipped 2 of 4 files that are not security stack controls: ")
    with pytest.raises(InputError, match="no file in this folder is a security stack control"):
        readers.read(
            write(stack.parent / "none", ci="on: push\n"), reading=readers.ReadOptions(format="security-stack")
        )


def test_a_set_survives_as_native_yaml(stack: Path, tmp_path: Path) -> None:
    whole = readers.read(stack).mapping_set
    (tmp_path / "back.yaml").write_bytes(native.encode(whole).data)
    assert canonical(readers.read(tmp_path / "back.yaml").mapping_set) == canonical(whole)


def test_ctids_files_give_the_very_mappings_that_were_published_later(azure: Path, corpus: Path) -> None:
    ours = readers.read(azure)
    (published,) = corpus.glob("azure-06.29.2021_attack-8.2-*.json")
    rows = json.loads(published.read_bytes())["mapping_objects"]
    theirs = Counter(
        (
            row["capability_id"],
            row["attack_object_id"],
            row["score_category"],
            row["score_value"],
            row["comments"].strip(),
        )
        for row in rows
    )
    found = ours.mapping_set.mappings
    assert Counter((m.capability, m.technique, m.category, m.value, m.comment) for m in found) == theirs
    assert theirs.total() == 978
    assert (len(ours.mapping_set.capabilities), len(ours.mapping_set.groups), ours.notices) == (48, 20, ())


def test_building_ctids_files_gives_layers_per_control_per_tag_and_of_the_platform(
    azure: Path, tmp_path: Path, run: Run
) -> None:
    out = tmp_path / "out"
    assert run("build", azure, "-o", out).code == 0
    files = {path.removeprefix("azure/") for path in contents(out)}
    assert {"overview.json", "protect.json", "detect.json", "respond.json"} <= files
    assert sum(path.startswith("capabilities/") for path in files) == 48
    assert sum(path.startswith("groups/") for path in files) == 20
    overview = json.loads((out / "azure" / "overview.json").read_bytes())
    assert overview["name"].startswith("Azure security stack")
    scores = {entry["techniqueID"]: entry["score"] for entry in overview["techniques"]}
    # AzureADMultiFactorAuthentication.yaml protects T1110 significantly.
    assert scores["T1110"] == 100


def test_an_entry_that_would_make_millions_of_scores_is_refused_at_its_place(tmp_path: Path) -> None:
    subs = "        - {id: T1059.001}\n" * 3_000
    scores = "        - {category: Protect, value: Partial}\n" * 3_000
    group = f"    sub-techniques-scores:\n      - sub-techniques:\n{subs}        scores:\n{scores}"
    head = "name: Odd\nplatform: P\nATT&CK version: 9\ntechniques:\n  - id: T1059\n"
    path = tmp_path / "odd.yaml"
    path.write_text(head + group, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        readers.read(path)
    assert [(p.message, p.place) for p in caught.value.problems] == [
        ("3,000 scores of 3,000 sub-techniques", Place(str(path), 7, 9))
    ]


def test_references_that_would_multiply_with_the_mappings_are_refused(tmp_path: Path) -> None:
    links = "".join(f"  - https://example.org/{number}\n" for number in range(2_000))
    entry = "  - {id: T1059, technique-scores: [{category: Protect, value: Partial}]}\n"
    text = f"name: Odd\nplatform: P\nATT&CK version: 9\nreferences:\n{links}techniques:\n{entry * 2_000}"
    path = tmp_path / "odd.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        readers.read(path)
    assert [(p.message, p.place) for p in caught.value.problems] == [
        ("2,000 references of 2,000 mappings", Place(str(path), 5, 3))
    ]
