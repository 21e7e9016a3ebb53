from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import yaml
from conftest import CORPUS_FILES
from hypothesis import given
from hypothesis import strategies as st

import navlayers.mapping.formats.native.write as native
from navlayers import OutputError
from navlayers.mapping import formats as readers
from navlayers.mapping.evidence import LEVELS, Evidence
from navlayers.mapping.formats import value_rules
from navlayers.mapping.model import (
    CATEGORIES,
    DECIMAL,
    DEFAULT_SCALE,
    DETAILS,
    Capability,
    Mapping,
    MappingSet,
    MappingType,
    NonMappable,
    canonical,
)

if TYPE_CHECKING:
    from pathlib import Path

WORDS = (
    "no Yes ON off y N true False null Null ~ 1:30 12:30:45 010 0x1F 0o17 0b1 1_000 1e3 1E5 .5 5. -1 +1 .inf -.INF "
    '.nan 2025-03-06 16.10 03/06/2025 = << ... --- - ? : & * ! | > % @ ` # a:b a: :a a#b #a {a} [a] a,b a? "" \\'
)
HOSTILE = [*WORDS.split(), "", " ", "a ", " a", "a: b", "a #b", "2025-03-06 10:00:00", "a\nb", "a\n", "\na", "\ta"]
HOSTILE += ["a\n\nb\n", "a\r\nb", "a \nb", "\x85", "a\u2028b", "\ufeff", "\ufeffa", "\x00", "\x07"]
HOSTILE += ["\x7f", "\xa0", "\U0001f600", "\ufffe", "é", "٣", "x" * 2000]

texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=12), st.text(alphabet="a \n:#-", max_size=8))
ids = texts.map(str.strip).filter(bool)
score_names = ids.filter(lambda name: value_rules.scale_name(name) is None)
some = st.none() | texts
references = st.lists(texts.filter(bool), max_size=3).map(tuple)
techniques = st.sampled_from(["T1059", "T1059.001", "T1078", "T1003.008"])
evidence = st.builds(Evidence, st.sampled_from(LEVELS), st.sampled_from(["", "2026-01-31"]), texts)
others = st.dictionaries(texts, texts, max_size=2).map(lambda d: tuple(d.items()))


scales = st.dictionaries(score_names, st.floats(0, 100), min_size=1, max_size=3).filter(
    lambda scale: len({name.lower() for name in scale}) == len(scale)
)


# Made once: to build a strategy takes longer than to draw from it.
fields: dict[str, st.SearchStrategy[Any]] = {
    "type": some,
    "comment": texts,
    "references": references,
    "group": some,
    "technique_name": some,
    "capability_name": some,
    "other": others,
}
mapped = st.fixed_dictionaries(
    {
        "technique": techniques,
        "category": st.none() | st.sampled_from(CATEGORIES),
        "evidence": st.none() | evidence,
        "robustness": st.none() | st.integers(1, 5),
        **fields,
    }
)
of_capabilities = st.fixed_dictionaries({"technique": st.none() | techniques, **fields})
of_techniques = st.fixed_dictionaries({"technique": techniques, **fields})
some_scale: st.SearchStrategy[dict[str, float]] = st.just({}) | scales
some_ids = st.lists(ids, max_size=3, unique=True)
some_groups = st.lists(ids, max_size=2, unique=True).map(tuple)
head: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "framework": texts.filter(str.strip),
        "version": texts.filter(str.strip),
        "domain": st.sampled_from(["enterprise", "mobile", "ics"]),
        "attack_version": texts.filter(str.strip),
        "title": texts,
        "groups": st.dictionaries(ids, texts, max_size=2),
        "mapping_types": st.lists(
            st.builds(MappingType, texts, texts, texts), max_size=2, unique_by=lambda t: t.id
        ).map(tuple),
        "source": texts,
        "licence": texts,
        "details": st.dictionaries(st.sampled_from(DETAILS), texts, max_size=3),
    }
)


@st.composite
def mapping_sets(draw: st.DrawFn) -> MappingSet:
    """Any mapping set that a reader could give, with texts that provoke YAML."""
    scale = draw(some_scale)
    numbers = [] if any(map(DECIMAL.fullmatch, scale)) else ["0", "72.5", "100"]
    values = st.none() | st.sampled_from([*(scale or DEFAULT_SCALE), *numbers])
    capabilities = [Capability(i, draw(texts), draw(some_groups), draw(references)) for i in draw(some_ids)]
    known = st.sampled_from([c.id for c in capabilities]) if capabilities else ids
    rows = st.lists(st.tuples(known, values, mapped), max_size=5)
    records = st.tuples(known, of_capabilities) | st.tuples(st.none(), of_techniques)

    def filed(row: Any) -> Any:
        """The row, under a group of its capability."""
        groups = {c.id: c.groups for c in capabilities}.get(row.capability, ())
        return msgspec.structs.replace(row, group=draw(st.sampled_from([None, *groups])))

    mappings = [Mapping(capability, value=value, **more) for capability, value, more in draw(rows)]
    found = draw(st.lists(records, min_size=not capabilities, max_size=3))
    return MappingSet(
        capabilities=tuple(capabilities),
        mappings=tuple(map(filed, mappings)),
        non_mappable=tuple(filed(NonMappable(capability, **more)) for capability, more in found),
        scale=scale,
        **draw(head),
    )


def test_a_set_that_the_reader_would_refuse_is_not_written() -> None:
    empty = MappingSet("demo", "1", "mobile", "16.1")
    with pytest.raises(OutputError, match="the set has no capabilities"):
        native.dumps(empty)
    stray = msgspec.structs.replace(empty, mappings=(Mapping("c", "T1078", group="g"),))
    with pytest.raises(OutputError, match="capability 'c' is not in group 'g'"):
        native.dumps(stray)


def read_back(text: str) -> MappingSet:
    return readers.read("set.yaml", data=text.encode()).mapping_set


@given(mapping_sets())
def test_a_written_set_reads_back_as_the_same_set(mapping_set: MappingSet) -> None:
    text = native.dumps(mapping_set)
    assert read_back(text) == canonical(mapping_set)
    assert native.dumps(read_back(text)) == text


@given(mapping_sets())
def test_reading_a_written_set_has_no_notices_about_quotes(mapping_set: MappingSet) -> None:
    notices = readers.read("set.yaml", data=native.dumps(mapping_set).encode()).notices
    assert [str(notice) for notice in notices if "quote" in str(notice) or "other YAML" in str(notice)] == []
    assert all(re.search("ha(s|ve) no ", str(notice)) for notice in notices)


def _strings(node: Any) -> list[Any]:
    if isinstance(node, dict):
        return [part for key, value in node.items() for part in (*_strings(key), *_strings(value))]
    return [part for item in node for part in _strings(item)] if isinstance(node, list) else [node]


@given(mapping_sets())
def test_other_yaml_tools_read_only_strings_flags_nulls_and_the_scale_s_numbers(mapping_set: MappingSet) -> None:
    text = native.dumps(mapping_set)
    for loader in (yaml.SafeLoader, yaml.CSafeLoader):
        loaded = yaml.load(text, Loader=loader)  # noqa: S506 - both are safe loaders
        scale = loaded.pop("scale", {})
        assert all(type(number) in {int, float} for number in scale.values())
        robustness = (1, 2, 3, 4, 5)
        assert {type(part) for part in _strings(loaded) if part not in robustness} <= {str, bool, type(None)}
        assert loaded["framework"] == mapping_set.framework
        assert loaded["version"] == mapping_set.version
        assert loaded["attack_version"] == mapping_set.attack_version
        assert list(loaded.get("groups", {})) == list(canonical(mapping_set).groups)
        assert list(loaded.get("capabilities", {})) == [c.id for c in canonical(mapping_set).capabilities]


@given(mapping_sets(), st.randoms(use_true_random=False))
def test_the_order_of_different_techniques_does_not_matter(mapping_set: MappingSet, random: Any) -> None:
    one_each = {(m.capability, m.technique): m for m in mapping_set.mappings}
    ordered = msgspec.structs.replace(
        mapping_set, mappings=tuple(one_each.values()), non_mappable=(NonMappable("no"),)
    )
    # Capabilities that only mappings name would follow the order of the mappings.
    ordered = msgspec.structs.replace(ordered, capabilities=canonical(ordered).capabilities)
    shuffled = list(ordered.mappings)
    random.shuffle(shuffled)
    assert native.dumps(ordered) == native.dumps(msgspec.structs.replace(ordered, mappings=tuple(shuffled)))


@pytest.mark.parametrize("path", CORPUS_FILES, ids=lambda path: path.stem)
def test_a_published_set_survives_native_yaml_with_all_it_holds(path: Path) -> None:
    read = readers.read(path).mapping_set
    back = read_back(native.dumps(read))

    def key(row: Mapping | NonMappable) -> str:
        return repr(row)

    assert sorted(back.mappings, key=key) == sorted(read.mappings, key=key)
    assert sorted(back.non_mappable, key=key) == sorted(read.non_mappable, key=key)
    assert back.capabilities == tuple(sorted(read.capabilities, key=lambda capability: capability.id))
    assert len(back.mappings) + len(back.non_mappable) == len(json.loads(path.read_bytes())["mapping_objects"])
    whole = {"mappings": (), "non_mappable": (), "capabilities": ()}
    assert msgspec.structs.replace(back, **whole) == msgspec.structs.replace(read, **whole)


SMALL = MappingSet(
    framework="demo",
    version="16.10",
    domain="enterprise",
    attack_version="16.1",
    title="Demo: a set",
    groups={"AC": "Access Control"},
    mapping_types=(MappingType("technique_scores"), MappingType("mitigates", "Mitigates", "Limits: what it does.")),
    scale={"low": 10.0, "high": 100 / 3},
    source="https://example.org/a",
    licence="Apache-2.0",
    details={"updated": "2025-03-06", "author": "Jo"},
    capabilities=(
        Capability("AC-2", "Account Management", ("AC",), ("https://example.org/1", "https://example.org/2")),
        Capability("no", "no"),
    ),
    mappings=(
        Mapping("AC-2", "T1078.001", "technique_scores", "detect", None, "", ("https://example.org/1",)),
        Mapping(
            "AC-2",
            "T1078",
            "technique_scores",
            "protect",
            "high",
            "Short.",
            ("https://example.org/1", "https://example.org/2"),
        ),
        Mapping(
            "AC-2",
            "T1078",
            "technique_scores",
            "detect",
            "50",
            "Short.",
            ("https://example.org/1", "https://example.org/2"),
        ),
        Mapping("AC-2", "T1078", "mitigates", references=("https://example.org/1", "https://example.org/2")),
        Mapping("no", "T1003", "technique_scores", None, "low", "First line\nsecond line"),
        Mapping("no", "T1004", None),
        Mapping("no", "T1005", "partly", technique_name="Old name", other=(("author", "Jo"),)),
        Mapping("no", "T1006", "technique_scores"),
    ),
    non_mappable=(
        NonMappable("no", None, "non_mappable", "Out of scope"),
        NonMappable("AC-2", "T1009", references=("https://example.org/1", "https://example.org/2")),
        NonMappable(None, "T1001"),
    ),
)

SMALL_TEXT = """\
# yaml-language-server: $schema=navlayers.schema.json
framework: demo
title: "Demo: a set"
version: "16.10"
domain: enterprise
attack_version: "16.1"
source: https://example.org/a
licence: Apache-2.0
updated: "2025-03-06"
author: Jo
mapping_types:
  technique_scores:
  mitigates:
    name: Mitigates
    description: "Limits: what it does."
scale: {low: 10, high: 33.333333333333336}
groups:
  AC: Access Control
capabilities:
  AC-2:
    name: Account Management
    groups: [AC]
    references:
      - https://example.org/1
      - https://example.org/2
    techniques:
      T1009: {non_mappable: true}
      T1078:
        - {protect: high, detect: "50", comment: Short.}
        - mitigates
      T1078.001: {detect: ~, references: [https://example.org/1]}
  "no":
    non_mappable: {type: non_mappable, comment: Out of scope}
    techniques:
      T1003:
        value: low
        comment: |-
          First line
          second line
      T1004: {type: ~}
      T1005: {type: partly, name: Old name, other: {author: Jo}}
      T1006: technique_scores
non_mappable:
  T1001:
"""


def test_the_layout_is_short_ordered_and_quotes_only_what_needs_it() -> None:
    assert native.dumps(SMALL) == SMALL_TEXT
    assert read_back(SMALL_TEXT) == canonical(SMALL)


def test_one_changed_score_changes_one_line() -> None:
    changed = [msgspec.structs.replace(m, value="low") if m.value == "high" else m for m in SMALL.mappings]
    text = native.dumps(msgspec.structs.replace(SMALL, mappings=tuple(changed)))
    pairs = zip(text.splitlines(), SMALL_TEXT.splitlines(), strict=True)
    assert [new.strip() for new, old in pairs if new != old] == ['- {protect: low, detect: "50", comment: Short.}']


def test_half_of_a_surrogate_pair_becomes_the_replacement_character() -> None:
    text = native.dumps(msgspec.structs.replace(SMALL, title="a\ud800b"))
    assert read_back(text).title == "a\ufffdb"


def test_a_non_mappable_about_nothing_is_refused_not_lost() -> None:
    with pytest.raises(OutputError, match="names neither a capability nor a technique"):
        native.dumps(msgspec.structs.replace(SMALL, non_mappable=(NonMappable(),)))
