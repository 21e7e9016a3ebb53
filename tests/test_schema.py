from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from conftest import sample_sets
from hypothesis import given, settings
from hypothesis import strategies as st
from test_write_native import mapping_sets

import navlayers.mapping.formats.native.write as native
from navlayers.attack.domains import DOMAINS
from navlayers.attack.ids import TECHNIQUE
from navlayers.errors import InputError
from navlayers.mapping import formats as readers
from navlayers.mapping.find import schema_text
from navlayers.mapping.formats import value_rules
from navlayers.mapping.formats.metadata import REQUIRED
from navlayers.mapping.formats.native.entries import ENTRY_KEYS, RECORD_KEYS
from navlayers.mapping.formats.native.read import CAPABILITY_KEYS, TOP_KEYS
from navlayers.mapping.model import CATEGORIES, DECIMAL, DEFAULT_SCALE, MappingSet

ROOT = Path(__file__).parent.parent
SHIPPED = [source.path for source in sample_sets()]
DOCUMENTED = [
    example
    for page in (ROOT / "docs" / "native-yaml.md", ROOT / "docs" / "howto-own-framework.md")
    for example in re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
]
SCHEMA = json.loads(schema_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


class Texts(yaml.CSafeLoader):
    """Scalars as they are written, and nothing where nothing is written."""


class Core(yaml.CSafeLoader):
    """Scalars as the core schema of YAML 1.2 has them, which editors read by."""


NULL = (r"~|null|Null|NULL|", "~nN\0")
for loader, kinds in (
    (Texts, {"null": NULL}),
    (
        Core,
        {
            "null": NULL,
            "bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
            "int": (r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
            "float": (r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", "-+0123456789."),
        },
    ),
):
    loader.yaml_implicit_resolvers = {}
    for kind, (pattern, firsts) in kinds.items():
        loader.add_implicit_resolver(
            f"tag:yaml.org,2002:{kind}", re.compile(f"(?:{pattern})$"), [*firsts.replace("\0", ""), ""]
        )


def _integer(_: Core, node: yaml.ScalarNode) -> int:
    return int(node.value, 0 if "x" in node.value or "o" in node.value else 10)


def _number(_: Core, node: yaml.ScalarNode) -> float:
    return float(node.value)


Core.add_constructor("tag:yaml.org,2002:int", _integer)
Core.add_constructor("tag:yaml.org,2002:float", _number)


def loaded(text: str, how: type[yaml.CSafeLoader]) -> Any:
    """The text as a tool sees it; the keys of objects are text in JSON."""

    def value(node: yaml.Node) -> Any:
        if isinstance(node, yaml.MappingNode):
            return {key.value: value(inner) for key, inner in node.value}
        if isinstance(node, yaml.SequenceNode):
            return [value(item) for item in node.value]
        return how("").construct_object(node)

    root = yaml.compose(text, Loader=how)
    assert root is not None
    return value(root)


def faults(text: str) -> list[list[str]]:
    """What the schema has against a text, read in the one way and in the other."""
    return [[e.message for e in VALIDATOR.iter_errors(loaded(text, how))] for how in (Texts, Core)]


def test_the_shipped_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert schema_text() == json.dumps(SCHEMA, indent=2, ensure_ascii=False) + "\n"


def test_the_schema_knows_the_keys_and_words_of_the_reader() -> None:
    assert tuple(SCHEMA["properties"]) == TOP_KEYS
    assert SCHEMA["required"] == list(REQUIRED)
    assert tuple(SCHEMA["$defs"]["capability"]["properties"]) == CAPABILITY_KEYS
    assert tuple(SCHEMA["$defs"]["entry"]["properties"]) == ENTRY_KEYS
    assert tuple(SCHEMA["$defs"]["non_mappable"]["anyOf"][0]["properties"]) == RECORD_KEYS
    assert SCHEMA["properties"]["domain"]["anyOf"][0]["enum"] == list(DOMAINS)
    assert SCHEMA["$defs"]["technique_id"]["pattern"] == f"^{TECHNIQUE.pattern}$"
    assert SCHEMA["$defs"]["default_score"]["anyOf"][0]["enum"] == [*DEFAULT_SCALE, None]
    plain, like = DECIMAL.pattern, value_rules.NUMBER_LIKE
    assert SCHEMA["$defs"]["scale_name"]["not"]["pattern"] == rf"^\s*(?!{plain}\s*$){like}\s*$"


def test_every_key_is_described_in_a_sentence() -> None:
    for part in (SCHEMA, SCHEMA["$defs"]["capability"], SCHEMA["$defs"]["entry"]):
        for key, shape in part["properties"].items():
            assert re.fullmatch(r".{8,110}\.", shape["description"]), key


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_sets_name_the_schema_and_are_valid(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=navlayers.schema.json\n")
    if path.stem in {"gcp", "nist_800_53", "kev-mobile", "veris-ics"}:
        assert faults(text) == [[], []]
    else:
        assert list(VALIDATOR.iter_errors(yaml.load(text, Loader=yaml.CSafeLoader))) == []


@pytest.mark.parametrize("text", DOCUMENTED)
def test_documented_examples_are_valid(text: str) -> None:
    assert faults(text) == [[], []]


@given(
    st.from_regex(value_rules.NUMBER_LIKE, fullmatch=True)
    | st.text(alphabet="0123456789.+-_eEinfatyNx ", min_size=1, max_size=6)
    | st.sampled_from([".", "200", "100.5", "1e5", "-0", "0", "007", "NaN", "infinity", "1_000", "٣", " 7 ", " "])
)
def test_a_scale_has_the_names_that_the_schema_accepts(name: str) -> None:
    scale = f"attack_version: 16.1\nscale: {{{json.dumps(name)}: 50}}"
    text = BASE.replace("attack_version: 16.1", scale).replace("protect: partial", f"protect: {json.dumps(name)}")
    try:
        readers.read("x.yaml", data=text.encode(), reading=readers.ReadOptions(format="native"))
    except InputError:
        assert all(faults(text))
    else:
        assert faults(text) == [[], []]


@given(mapping_sets())
def test_whatever_navlayers_writes_is_valid(mapping_set: MappingSet) -> None:
    assert faults(native.dumps(mapping_set)) == [[], []]


BASE = """\
framework: a
version: 1
domain: enterprise
attack_version: 16.1
capabilities:
  AC-2:
    techniques:
      T1078: {protect: partial}
"""
ENTRY = "T1078: {protect: partial}"

GOOD = [
    ("version: 1", "version: 2.10"),
    ("version: 1", "version: rev5"),
    ("domain: enterprise", "domain: Enterprise-Attack"),
    ("  AC-2:", "  12:"),
    (ENTRY, "T1078: {protect: 30}"),
    (ENTRY, "T1078: {protect: 72.5, detect: Minimal, respond: }"),
    (ENTRY, 'T1078: {protect: "100.0"}'),
    (ENTRY, "T1078:"),
    (ENTRY, "T1078: mitigates"),
    (ENTRY, "T1078.001: [{value: partial}, mitigates, {non_mappable: true, comment: x}]"),
    (ENTRY, "T1078: {protect: partial, other: {a: 1, b: }, references: [https://a.org], type: ~}"),
    (ENTRY, "T1078: {protect: partial, evidence: Data-Present, robustness: 5}"),
    (ENTRY, "T1078: {evidence: {level: TESTED, date: 2026-1-31, note: a}, robustness: '1'}"),
    (
        "attack_version: 16.1",
        "attack_version: 16.1\nscale: {partial: 5, high: 70.5}\nmapping_types: [a, b]\ngroups: {g: G}",
    ),
    (ENTRY, "T1078: {protect: low}\nscale: {low: 5}"),
    (ENTRY, 'T1078: {protect: "."}\nscale: {".": 5, "-": 6, "+.-": 7, "1/2": 8, 0: 9, 12.50: 10}'),
    (ENTRY, 'T1078: {protect: 200, detect: "250.5"}\nscale: {0: 0, 200: 50, 250.5: 100}'),
    ("    techniques:\n      " + ENTRY, "    non_mappable: true"),
    ("    techniques:\n      " + ENTRY, "    non_mappable: [{comment: a}, true]"),
    (
        "capabilities:\n  AC-2:\n    techniques:\n      " + ENTRY,
        "non_mappable: {T1078: {comment: a}, T1110: , T1059: [{type: b}]}",
    ),
    ("attack_version: 16.1", "attack_version: 16.1\nmapping_types: {a: A, b: {name: B, description: C}, c: }"),
]
"""What replaces a part of the base; navlayers reads it, and the schema accepts it."""

BAD = [
    (ENTRY, "T1078: {protect: partial, evidence: testet}"),
    (ENTRY, "T1078: {evidence: {level: tested, date: June}}"),
    (ENTRY, "T1078: {evidence: {level: tested, day: 2026-01-31}}"),
    (ENTRY, "T1078: {protect: partial, robustness: 6}"),
    ("framework: a\n", ""),
    ("framework: a", 'framework: ""'),
    ("framework: a", "framework: [a]"),
    ("framework: a", "framework:"),
    ("version: 1\n", "version: 1\nversio: 2\n"),
    ("domain: enterprise", "domain: enterprize"),
    ("version: 1\n", "version: 1\nlicence: x\nlicense: x\n"),
    ("  AC-2:", "  ' ':"),
    ("techniques:", "techniqes:"),
    ("T1078:", "T107:"),
    (ENTRY, "T1078: {protect: 101}"),
    (ENTRY, 'T1078: {protect: "100.5"}'),
    (ENTRY, "T1078: {protect: -1}"),
    (ENTRY, "T1078: {protect: partal}"),
    (ENTRY, "T1078: {protect: [partial]}"),
    (ENTRY, "T1078: {protect: true}"),
    (ENTRY, "T1078: {prevent: partial}"),
    (ENTRY, "T1078: {value: partial, protect: partial}"),
    (ENTRY, "T1078: {non_mappable: true, protect: partial}"),
    (ENTRY, "T1078: {non_mappable: maybe}"),
    (ENTRY, "T1078: {type: non_mappable}"),
    (ENTRY, "T1078: {comment: [a]}"),
    (ENTRY, "T1078: {references: {a: b}}"),
    (ENTRY, "T1078: {other: text}"),
    (ENTRY, "T1078: []"),
    (ENTRY, "T1078: [[mitigates]]"),
    (ENTRY, "T1078: partial"),
    (ENTRY, "T1078: Protect"),
    (ENTRY, "T1078: 50"),
    (ENTRY, "T1078: Non-Mappable"),
    (ENTRY, "T1078: {protect: 101}\nscale: {low: 5}"),
    ("version: 1\n", "version: 1\nscale: {low: 500}\n"),
    *(
        ("version: 1\n", f"version: 1\nscale: {{{name}: 50}}\n")
        for name in ("-5", "1.", ".5", "01", "1..2", "+3", "1e5", "nan")
    ),
    ("version: 1\n", "version: 1\nmapping_types: mitigates\n"),
    ("version: 1\n", "version: 1\ngroups: [a]\n"),
    ("version: 1\n", "version: 1\ntitle: {a: b}\n"),
    ("    techniques:\n      " + ENTRY, "    non_mappable: {protect: partial}"),
    ("    techniques:\n      " + ENTRY, "    groups: {a: b}"),
    ("capabilities:\n  AC-2:\n    techniques:\n      " + ENTRY + "\n", ""),
    ("capabilities:\n  AC-2:\n    techniques:\n      " + ENTRY, "capabilities: {}"),
]
"""What replaces a part of the base; navlayers refuses it, and so does the schema."""


@pytest.mark.parametrize(("old", "new"), GOOD)
def test_sets_that_navlayers_reads_are_valid(old: str, new: str) -> None:
    text = BASE.replace(old, new, 1)
    assert text != BASE
    readers.read("x.yaml", data=text.encode())
    assert faults(text) == [[], []]


@pytest.mark.parametrize(("old", "new"), BAD)
def test_the_schema_refuses_all_that_a_schema_can_refuse(old: str, new: str) -> None:
    text = BASE.replace(old, new, 1)
    assert text != BASE
    with pytest.raises(InputError):
        readers.read("x.yaml", data=text.encode(), reading=readers.ReadOptions(format="native"))
    assert all(faults(text)), text


WORDS = st.sampled_from(
    [
        "partial",
        "Minimal",
        "30",
        "0.5",
        "100",
        "100.5",
        "007",
        "1e1",
        "true",
        "no",
        "~",
        "",
        "x y",
        '"50"',
        "mitigates",
    ]
)
KEYS = st.sampled_from([*ENTRY_KEYS, "colour"])
ENTRIES = st.dictionaries(KEYS, WORDS | st.just("[a, b]") | st.just("{a: b}"), max_size=3)


@settings(max_examples=200)
@given(st.dictionaries(st.sampled_from([*TOP_KEYS[:-5], "x"]), WORDS, max_size=3), ENTRIES, st.booleans())
def test_the_schema_accepts_sets_that_navlayers_reads_without_notices(
    top: dict[str, str], entry: dict[str, str], scaled: bool
) -> None:
    head = {"framework": "a", "version": "1", "domain": "ics", "attack_version": "16", **top}
    lines = [f"{key}: {value}" for key, value in head.items()]
    lines += ["scale: {x y: 3}"] if scaled else []
    inner = ", ".join(f"{key}: {value}" for key, value in entry.items())
    text = "\n".join(
        [*lines, "capabilities:", "  c:", "    groups: [x y]", "    techniques:", f"      T1078: {{{inner}}}"]
    )
    text = text.replace("capabilities:", "groups: {x y: X}\ncapabilities:")
    lenient = readers.Findings(lenient=True)
    options = readers.ReadOptions(format="native")
    readers.read("x.yaml", data=text.encode(), reading=options, findings=lenient)
    if not (lenient.failed or lenient.notices()):
        assert faults(text) == [[], []]


def test_numbers_are_judged_as_the_reader_judges_them() -> None:
    pattern = re.compile(SCHEMA["$defs"]["number"]["pattern"])
    for number in [*range(1200), 0.5, 99.99, 100.5, 1000.25]:
        assert bool(pattern.search(str(number))) == (number <= 100), number
    assert not pattern.search("007")
    assert set(CATEGORIES) < set(SCHEMA["$defs"]["entry"]["properties"])
