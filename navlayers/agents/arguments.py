"""The arguments of the tools: their types are the schemas that an agent sees, and what is checked."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from navlayers.errors import Problem, UsageError, unknown
from navlayers.mapping.model import Category

MOST_SETS = 20
LONGEST_WORD = 200
LONGEST_TEXT = 100_000
"""Characters of a text that is checked."""

MOST_ROWS = 200
MOST_SECONDS = 30

_MOST_UNKNOWN = 5
"""Names that are looked up, each of which takes time."""

_Word = Annotated[str, Meta(min_length=1, max_length=LONGEST_WORD)]
_Words = Annotated[list[_Word], Meta(max_length=100)]
_SETS = "Names of sets, as the tool sets lists them; omit it for those of the command line"
_Sets = Annotated[list[_Word], Meta(max_length=MOST_SETS, description=f"{_SETS}.")]
_SetsOrAll = Annotated[list[_Word], Meta(max_length=MOST_SETS, description=f"{_SETS}, or all if it has none.")]
_CategoryOrNone = Annotated[Category | None, Meta(description="Count only the scores of this category.")]
_Threat = Annotated[
    str,
    Meta(
        max_length=LONGEST_WORD,
        description="A group, software, campaign or tactic of ATT&CK by id or name, such as APT29, "
        "all-groups, or the name of a set.",
    ),
]
_Technique = Annotated[
    str,
    Meta(max_length=LONGEST_WORD, description="Id or name of a technique or sub-technique, such as T1078."),
]


class Paged(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all tools take: which rows to give."""

    cursor: Annotated[str, Meta(max_length=40, description="The next_cursor of the answer before.")] = ""
    limit: Annotated[
        Annotated[int, Meta(ge=1, le=MOST_ROWS)] | None,
        Meta(description="Maximum number of rows; without it, as many as fit in 2 kB."),
    ] = None


class SetsArguments(Paged, frozen=True, kw_only=True):
    """Arguments of `sets`."""


class TechniqueArguments(Paged, frozen=True, kw_only=True):
    """Arguments of `technique`."""

    technique: _Technique
    sets: _SetsOrAll = []
    rows: Annotated[
        Literal["sets", "mappings"], Meta(description="A row per set, or per mapping with its comment.")
    ] = "sets"


class CapabilityArguments(Paged, frozen=True, kw_only=True):
    """Arguments of `capability`."""

    capability: Annotated[
        str, Meta(max_length=LONGEST_WORD, description="Id or name of a control, service, rule or vulnerability.")
    ]
    sets: _SetsOrAll = []


class CoverageArguments(Paged, frozen=True, kw_only=True):
    """Arguments of `coverage`."""

    sets: _Sets = []
    rows: Annotated[
        Literal["sets", "tactics", "uncovered"],
        Meta(description="A row per set, per set and tactic, or per technique that a set does not cover."),
    ] = "sets"


class CompareArguments(Paged, frozen=True, kw_only=True):
    """Arguments of `compare`."""

    sets: _Sets = []
    technique: Annotated[
        str,
        Meta(
            max_length=LONGEST_WORD,
            description="Compare this technique: a row per set, with the capabilities behind its score.",
        ),
    ] = ""
    rows: Annotated[
        Literal["sets", "tactics", "techniques", "gap"],
        Meta(description="A row per set, tactic, covered technique, or technique that no set covers."),
    ] = "sets"
    category: _CategoryOrNone = None
    measure: Annotated[
        Literal["score", "covered"],
        Meta(description="covered compares only whether techniques are covered, so that scores and counts mix."),
    ] = "score"


class GapsArguments(Paged, frozen=True, kw_only=True):
    """Arguments of `gaps`."""

    threat: _Threat
    sets: _Sets = []
    rows: Annotated[
        Literal["techniques", "tactics", "capabilities"],
        Meta(description="Techniques with the largest gap first, tactics, or capabilities that cover the threat."),
    ] = "techniques"
    category: _CategoryOrNone = None


class PlanArguments(Paged, frozen=True, kw_only=True):
    """Arguments of `plan`."""

    sets: _Sets = []
    budget: Annotated[
        Annotated[float, Meta(ge=0, le=1e6)] | None, Meta(description="Maximum number of capabilities.")
    ] = None
    target: Annotated[
        Annotated[float, Meta(ge=0, le=100)] | None,
        Meta(description="Percentage to reach of what all capabilities cover; instead of a budget."),
    ] = None
    threat: Annotated[str, Meta(max_length=LONGEST_WORD, description="Count only the techniques of a threat.")] = ""
    have: Annotated[_Words, Meta(description="Capabilities in place, by id or name.")] = []
    exclude: Annotated[_Words, Meta(description="Capabilities not to choose, by id or name.")] = []
    category: _CategoryOrNone = None
    seconds: Annotated[
        float, Meta(gt=0, le=MOST_SECONDS, description="Time limit of the search, with the best plan so far.")
    ] = 10.0


class CheckArguments(Paged, frozen=True, kw_only=True):
    """Arguments of `check`."""

    text: Annotated[str, Meta(max_length=LONGEST_TEXT, description="The text of a mapping set: YAML, JSON or CSV.")]


def decode(arguments: dict[str, Any], kind: type[Paged]) -> Paged:
    """The arguments of a tool, checked.

    Raises:
        UsageError: a name, type or value is wrong; the message has the nearest valid one.
    """
    fields = get_type_hints(kind, include_extras=True)
    problems = unknown(
        "argument", islice((name for name in arguments if name not in fields), _MOST_UNKNOWN), fields
    )
    for name, value in arguments.items():
        choices = _choices(fields.get(name))
        if choices and isinstance(value, str):
            problems += unknown(f"value of {name}", [value], choices)
    if problems:
        raise UsageError(problems)
    try:
        return msgspec.convert(arguments, kind)
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at `$")
        name = place.rstrip("`").lstrip(".") or "arguments"
        raise UsageError(Problem(f"{name}: {what[:1].lower()}{what[1:]}")) from None


def _choices(hint: object) -> tuple[str, ...]:
    """The words that a type allows; () if it allows others."""
    if get_origin(hint) is Literal:
        return get_args(hint)
    found = (_choices(part) for part in get_args(hint))
    return next(filter(None, found), ())


def schema(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """The JSON Schema of arguments or an answer, an object at the root."""
    (root,), definitions = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    own: dict[str, Any] = definitions.pop(root["$ref"].rpartition("/")[2])
    own.pop("description", None)
    whole = {**own, **({"$defs": definitions} if definitions else {})}
    return {name: _compact(each) for name, each in whole.items() if name != "title"}


def _compact(part: Any, *, names: bool = False) -> Any:
    """A schema without what an agent does not need, whose every tool costs it room; `names`: the keys are names."""
    if isinstance(part, list):
        return [_compact(each) for each in part]
    if not isinstance(part, dict):
        return part
    kinds = [each.get("type") for each in part.get("anyOf", ()) if len(each) == 1]
    if not names and kinds and len(kinds) == len(part["anyOf"]) and all(kinds):
        part = {"type": kinds, **{name: each for name, each in part.items() if name != "anyOf"}}
    return {
        name: _compact(each, names=name in ("properties", "$defs"))
        for name, each in part.items()
        if names or name not in ("title", "default")
    }
