from __future__ import annotations

import importlib.util
import json
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec
import pytest
import yaml
from conftest import sample_sets

from navlayers._text.links import web_links
from navlayers.mapping import formats as readers
from navlayers.mapping.convert import facts
from navlayers.mapping.model import Capability, Mapping, MappingSet, MappingType, NonMappable

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parent.parent
SHIPPED = [source.path for source in sample_sets()]


def _tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_mappings", ROOT / "tools" / "make_mappings.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


tool = _tool()


@pytest.mark.parametrize("name", tool.SETS)
def test_a_shipped_set_equals_the_converted_published_set_byte_for_byte(name: str, corpus: Path) -> None:
    assert (ROOT / "mappings" / f"{name}.yaml").read_text(encoding="utf-8") == tool.shipped_data(
        corpus, name
    ).decode()


@pytest.mark.parametrize("name", tool.SETS)
def test_a_shipped_set_has_the_relations_of_the_published_set(name: str, corpus: Path) -> None:
    published = json.loads((corpus / f"{tool.SETS[name][0]}.json").read_bytes())
    shipped = readers.read(ROOT / "mappings" / f"{name}.yaml").mapping_set
    assert Counter((m.capability, m.technique, m.type, m.category, m.value) for m in shipped.mappings) == Counter(
        (
            r["capability_id"],
            r["attack_object_id"],
            r["mapping_type"],
            r.get("score_category"),
            r.get("score_value"),
        )
        for r in published["mapping_objects"]
        if r["capability_id"] and r["attack_object_id"] and r["status"] == "complete"
    )
    meta = published["metadata"]
    assert (shipped.framework, shipped.version) == (meta["mapping_framework"], meta["mapping_framework_version"])
    assert (shipped.domain, shipped.attack_version) == (meta["technology_domain"], meta["attack_version"])
    assert shipped.details["updated"] == meta["last_update"]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_set_holds_facts_names_its_source_and_reads_without_a_notice(path: Path) -> None:
    reading = readers.read(path)
    found = reading.mapping_set
    assert reading.notices == ()
    assert [c.name for c in found.capabilities] == [c.name for c in facts(found).capabilities]
    # Fields of the sets of ATT&CK and of the top techniques are facts, too.
    bare = tuple(msgspec.structs.replace(mapping, other=()) for mapping in found.mappings)
    assert bare == facts(found).mappings
    assert found.title
    published = path.stem in tool.SETS
    assert (found.source == tool.SOURCE) == (published or path.stem == "nist_800_53-rev4")
    assert (found.licence == "Apache-2.0") == (not path.stem.startswith(("attack", "fedramp")))
    rows: list[Mapping | NonMappable] = [*found.mappings, *found.non_mappable]
    assert not any(row.comment or (row.other and published) for row in rows)
    assert not any(re.search(r"\.$|\. ", capability.name) for capability in found.capabilities)
    addresses = {link for row in rows for link in row.references}
    assert all(urlsplit(link).scheme in {"http", "https"} and urlsplit(link).hostname for link in addresses)
    assert not any(re.search(r"[\s\"'<>]|:~:", link) for link in addresses)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_other_yaml_tools_read_a_shipped_set_alike(path: Path) -> None:
    loaded = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    found = readers.read(path).mapping_set
    assert loaded["version"] == found.version
    assert loaded["attack_version"] == found.attack_version
    names = {id_: (fields or {}).get("name", id_) for id_, fields in loaded["capabilities"].items()}
    assert names == {capability.id: capability.name for capability in found.capabilities}


def test_capabilities_described_by_sentences_are_named_after_the_last_part_of_their_ids() -> None:
    veris = readers.read(ROOT / "mappings" / "veris.yaml").mapping_set
    names = {capability.id: capability.name for capability in veris.capabilities}
    assert names["action.hacking.variety.SQLi"] == "SQLi"
    assert all(name == id_.rpartition(".")[2] for id_, name in names.items())


def test_facts_keep_relations_and_drop_prose() -> None:
    base = MappingSet("f", "1", "enterprise", "16.1", groups={"g": "Group "})
    found = facts(
        msgspec.structs.replace(
            base,
            mapping_types=(MappingType("t", "T", "What it means."),),
            capabilities=(
                *(Capability(f"a.b{n}", f"Name {n} ") for n in range(4)),
                Capability("x.y.Last part", "It does this. And that.", ("g",), ("https://a.org",)),
            ),
            mappings=(
                Mapping("x.y.Last part", "T1078", "t", "detect", "partial", "Words.", ("https://a.org", "x"), "g"),
                Mapping("a.b1", "T1078", capability_name="N", technique_name="Old", other=(("author", "Jo"),)),
            ),
            non_mappable=(NonMappable("a.b2", None, "t", "Why."),),
        )
    )
    assert found == msgspec.structs.replace(
        base,
        groups={"g": "Group"},
        mapping_types=(MappingType("t", "T"),),
        capabilities=(
            *(Capability(f"a.b{n}", f"Name {n}") for n in range(4)),
            Capability("x.y.Last part", "Last part", ("g",), ("https://a.org",)),
        ),
        mappings=(
            Mapping("x.y.Last part", "T1078", "t", "detect", "partial", "", ("https://a.org",), "g"),
            Mapping("a.b1", "T1078", technique_name="Old"),
        ),
        non_mappable=(NonMappable("a.b2", None, "t"),),
    )


def test_a_set_that_describes_a_quarter_of_its_capabilities_has_no_names_for_any() -> None:
    said = (Capability("a.one", "One"), Capability("a.two", "Does it."), Capability("a.three", "Three"))
    found = facts(MappingSet("f", "1", "enterprise", "16.1", capabilities=said))
    assert [capability.name for capability in found.capabilities] == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        (" https://a.org/b ", ("https://a.org/b",)),
        ("'https://a.org/b", ("https://a.org/b",)),
        ("https://a.org https://b.org/c;  https://d.org, https://e.org", tuple(f"https://{h}" for h in
            ("a.org", "b.org/c", "d.org", "e.org"))),
        ("Ref: https://a.org/?x=1,2;3", ("https://a.org/?x=1,2;3",)),
        ("https://a.org/b licensing", ("https://a.org/b",)),
        ("viewer://abc/https://a.org/b.pdf", ("https://a.org/b.pdf",)),
        ("https://a.org/b#:~:text=Some%20words,more", ("https://a.org/b",)),
        ("https://a.org/b#part:~:text=Some", ("https://a.org/b#part",)),
        ("https://web.example.org/2020/https://a.org", ("https://web.example.org/2020/https://a.org",)),
        ("[]", ()),
        ("of%20words.", ()),
        ("ftp://a.org", ()),
        ("https://", ()),
        ("https://%20https//a.org", ()),
        ("https://[a", ()),
    ],
)  # fmt: skip
def test_only_web_addresses_are_kept_of_references(reference: str, expected: tuple[str, ...]) -> None:
    assert web_links([reference]) == expected


def test_a_duplicate_address_is_kept_once() -> None:
    assert web_links(["https://a.org", " https://a.org", "https://b.org"]) == ("https://a.org", "https://b.org")
