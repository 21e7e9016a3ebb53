"""The JSON Schema of native YAML (draft 2020-12), made of the names and rules that the reader has.

Editors complete and check with it. It accepts what navlayers reads without an error or a notice; what no schema can
say, docs/native-yaml.md lists. Only keywords are used that editors know; `patternErrorMessage`, which others pass
over, is what they say in place of a pattern.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from navlayers.attack.domain import DOMAINS
from navlayers.mapping.formats.checks import TECHNIQUE
from navlayers.mapping.formats.native.entries import ENTRY_KEYS, RECORD_KEYS
from navlayers.mapping.formats.native.read import CAPABILITY_KEYS, REQUIRED, TOP_KEYS
from navlayers.mapping.model import CATEGORIES, DEFAULT_SCALE

if TYPE_CHECKING:
    from collections.abc import Iterable

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_text() -> str:
    """The JSON Schema of native YAML as text; always the same."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def schema() -> Schema:
    """The JSON Schema of native YAML."""
    return {
        "$schema": DIALECT,
        "title": "A mapping set of navlayers",
        "description": "One framework mapped to one ATT&CK domain at one ATT&CK version.",
        **_object(TOP_KEYS, _TOP),
        "required": list(REQUIRED),
        "not": {"required": ["licence", "license"]},
        "anyOf": [_some("capabilities"), _some("non_mappable")],
        "if": _some("scale"),
        "else": {"properties": {"capabilities": {"additionalProperties": _ref("scored_by_default")}}},
        "$defs": _DEFINITIONS,
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _said(description: str, shape: Schema | None = None) -> Schema:
    """A shape, text if none is given, with what editors show beside it."""
    return {"description": description, **(shape or _ref("text"))}


def _object(keys: Iterable[str], shapes: dict[str, Schema]) -> Schema:
    """An object that has no other keys than those that the reader knows."""
    return {"type": "object", "properties": {key: shapes[key] for key in keys}, "additionalProperties": False}


def _ids(shape: Schema, name: str = "id") -> Schema:
    """Ids → something, or nothing."""
    return {"type": ["object", "null"], "propertyNames": _ref(name), "additionalProperties": shape}


def _without(keys: Iterable[str]) -> Schema:
    return {"properties": dict.fromkeys(keys, False)}


def _some(key: str) -> Schema:
    """The key is there and something is under it."""
    return {"required": [key], "properties": {key: {"type": "object", "minProperties": 1}}}


def _words(words: Iterable[str]) -> str:
    """A pattern of words in any case; in the patterns of JSON Schema no flag says so."""
    return "|".join("".join(f"[{c.upper()}{c}]" if c.isalpha() else c for c in word) for word in words)


_TEXT: Schema = {"type": ["string", "number"]}
"""Scalars are read as written: a number without quotes is text. Truth values are not; the reader tells of them."""

_NUMBERLIKE = r"^\s*[-+]?\.?[0-9][0-9.]*\s*$"
_NON_MAPPABLE = _words(("non_mappable", "non-mappable"))
_ATTACK = _words(["-attack"])

_TOP: dict[str, Schema] = {
    **{key: _said(f"{what[0].upper()}{what[1:]}.", {**_TEXT, "pattern": r"\S"}) for key, what in REQUIRED.items()},
    "domain": _said(
        "The ATT&CK domain.",
        {
            "anyOf": [
                {"enum": list(DOMAINS)},
                {"type": "string", "pattern": rf"^\s*(?:{_words(DOMAINS)})(?:{_ATTACK})?\s*$"},
            ]
        },
    ),
    "title": _said("What people call the set."),
    "source": _said("Where the mappings come from: an address."),
    "licence": _said("Under which licence they are, such as Apache-2.0."),
    "license": _said("The same as licence."),
    "mapping_version": _said("The version of the mappings themselves."),
    "created": _said("When the mappings were made."),
    "updated": _said("When they were last changed."),
    "author": _said("Who made them."),
    "contact": _said("How to reach the author."),
    "organization": _said("The author's organization."),
    "mapping_types": _said(
        "How a capability can be related to a technique; the first is the default of the set.",
        {
            "type": ["array", "object", "null"],
            "items": _TEXT,
            "additionalProperties": {
                "type": [*_TEXT["type"], "object", "null"],
                "properties": {
                    "name": _said("What people call the mapping type."),
                    "description": _said("What it means."),
                },
                "additionalProperties": False,
            },
        },
    ),
    "scale": _said(
        "Score value → number from 0 to 100, instead of "
        + ", ".join(f"{name} {number:g}" for name, number in DEFAULT_SCALE.items())
        + ".",
        _ids(_ref("number"), "score_name"),
    ),
    "groups": _said("Capability group id → name.", _ids(_ref("text"))),
    "capabilities": _said(
        "Capability id → what it is and which techniques it is mapped to.", _ids(_ref("capability"))
    ),
    "non_mappable": _said(
        "Techniques that were looked at and that no capability covers.",
        _ids(
            {
                "anyOf": [
                    _ref("non_mappable"),
                    {"type": "null"},
                    {"type": "array", "items": {"anyOf": [_ref("non_mappable"), {"type": "null"}]}, "minItems": 1},
                ]
            },
            "technique_id",
        ),
    ),
}

_CAPABILITY: dict[str, Schema] = {
    "name": _said("The name of the capability; without it the id."),
    "groups": _said("The ids of its groups.", _ref("texts")),
    "references": _said("Links that count for all of its mappings.", _ref("texts")),
    "techniques": _said(
        "Technique id → what the capability does about it.", _ids(_ref("technique"), "technique_id")
    ),
    "non_mappable": _said(
        "true, or an entry: the capability was looked at and cannot be mapped.",
        {"anyOf": [_ref("non_mappable"), {"type": "array", "items": _ref("non_mappable")}]},
    ),
}

_ENTRY: dict[str, Schema] = {
    **{
        name: _said(f"How well it {name}s: a score value, or a number from 0 to 100.", _ref("score"))
        for name in CATEGORIES
    },
    "value": _said("A score that belongs to no category.", _ref("score")),
    "type": _said("The mapping type; without it the set's default, with ~ none."),
    "comment": _said("Free text."),
    "references": _said("Exactly these links; without it those of the capability.", _ref("texts")),
    "group": _said("The one of the capability's groups that this mapping is filed under, if not all."),
    "name": _said("The technique's name where the source spells it differently."),
    "capability_name": _said("The capability's name where the source spells it differently."),
    "non_mappable": _said(
        "true: this technique was looked at for this capability and cannot be mapped.", _ref("flag")
    ),
    "other": _said(
        "Fields of the source that have no meaning here, as text.",
        {"type": ["object", "null"], "additionalProperties": _ref("text")},
    ),
}


def _alone(*patterns: str) -> Schema:
    """What a word alone may not be: where it means a score, it is none."""
    told = "A word alone is a mapping type; a score is written such as {protect: partial}."
    return {"pattern": f"^(?!(?:{'|'.join(patterns)})$)", "patternErrorMessage": told}


_DEFAULT_SCORES: Schema = {
    "properties": {name: _ref("default_score") for name in (*CATEGORIES, "value")},
    **_alone(_words(DEFAULT_SCALE)),
}
"""What a set without a scale of its own asks of an entry; and a word alone is a mapping type, not a score."""

_MAPPING = [_ref("entry"), _ref("mapping_type"), {"type": "null"}]
_WORD = _alone(_words(CATEGORIES), _NON_MAPPABLE, "[0-9.]+")

_DEFINITIONS: dict[str, Schema] = {
    "text": {"type": [*_TEXT["type"], "null"]},
    "texts": {"type": [*_TEXT["type"], "array", "null"], "items": _TEXT},
    "flag": {"enum": [True, False, "true", "false"]},
    "id": {"pattern": r"\S"},
    "technique_id": {
        "pattern": f"^{TECHNIQUE.pattern}$",
        "patternErrorMessage": "A technique id is written such as T1059 or T1059.001.",
    },
    "score_name": {"pattern": r"\S", "not": {"pattern": _NUMBERLIKE}},
    "number": {
        **_TEXT,
        "minimum": 0,
        "maximum": 100,
        "pattern": r"^\s*(?:100(?:\.0+)?|[1-9]?[0-9](?:\.[0-9]+)?)\s*$",
    },
    "score": {
        "anyOf": [
            {"enum": [*DEFAULT_SCALE, None]},
            _ref("number"),
            {"type": "string", "not": {"pattern": _NUMBERLIKE}},
        ]
    },
    "default_score": {
        "anyOf": [
            {"enum": [*DEFAULT_SCALE, None]},
            _ref("number"),
            {"type": "string", "pattern": rf"^\s*(?:{_words(DEFAULT_SCALE)})?\s*$"},
        ]
    },
    "scored_by_default": {
        "properties": {"techniques": {"additionalProperties": {**_DEFAULT_SCORES, "items": _DEFAULT_SCORES}}}
    },
    "capability": {**_object(CAPABILITY_KEYS, _CAPABILITY), "type": ["object", "null"]},
    "technique": {
        "anyOf": [*_MAPPING, {"type": "array", "items": {"anyOf": _MAPPING, **_WORD}, "minItems": 1}],
        **_WORD,
    },
    "mapping_type": {"description": "A mapping type: the relation holds, nothing is scored.", "type": "string"},
    "entry": {
        **_object(ENTRY_KEYS, _ENTRY),
        "allOf": [
            {"if": {"required": ["value"]}, "then": _without(CATEGORIES)},
            {
                "if": {"required": ["non_mappable"], "properties": {"non_mappable": {"enum": [True, "true"]}}},
                "then": _without((*CATEGORIES, "value")),
                "else": {"properties": {"type": {"pattern": rf"^(?!(?:{_NON_MAPPABLE})$)"}}},
            },
        ],
    },
    "non_mappable": {"anyOf": [_object(RECORD_KEYS, _ENTRY), _ref("flag")]},
}
