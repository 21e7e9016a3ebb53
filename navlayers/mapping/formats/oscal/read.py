"""Read OSCAL: the controls of a document as a part of a shipped set of NIST 800-53."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from navlayers._text.dates import day
from navlayers._text.wording import comma_list, quantity
from navlayers.errors import InputError, OtherFileError, Place, Problem
from navlayers.mapping.evidence import Evidence
from navlayers.mapping.formats.context import Places
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.oscal.document import Document, status_of

if TYPE_CHECKING:
    from navlayers.mapping.evidence import Level
    from navlayers.mapping.formats.context import Context
    from navlayers.mapping.formats.source import Source
    from navlayers.mapping.model import Mapping, MappingSet

KINDS = ("system-security-plan", "component-definition", "profile")
"""The documents that are read, by the key at their top."""

SETS = {"rev5": "nist_800_53", "rev4": "nist_800_53-rev4"}
"""Revision of NIST 800-53 → the shipped set with its mappings."""

SCALE = {"implemented": 100.0, "alternative": 100.0, "partial": 50.0, "planned": 0.0}
"""What the state of a control is worth."""

MOST_PATTERNS = 1_000
"""Maximum patterns of ids in a profile: each is compared with every control."""

_LEVELS: dict[str, Level] = {"planned": "declared"}
_ID = re.compile(r"([A-Za-z]{2})-0{,9}([0-9]{1,9})(?:[.(]0{,9}([0-9]{1,9})\)?)?")


def read(source: Source, context: Context) -> tuple[MappingSet, Places]:
    """Read a document of OSCAL in JSON.

    Raises:
        InputError: the text is not JSON, none of these documents, or names no control.
    """
    whole = Place(source.path, 1, 1)
    kind, document = _document(source, whole)
    options = context.options.metadata
    revision = options.get("version") or document.revision
    if revision not in SETS:
        if revision:
            raise InputError(
                Problem(f"no shipped set of NIST 800-53 {revision}", whole, "--meta version=rev4 or rev5")
            )
        revision = "rev5"
        issue = Issue(
            "the file does not name the revision of NIST 800-53; using rev5",
            hint="--meta version=rev4",
            fatal=False,
            code="assumed-metadata",
        )
        context.findings.add(issue, whole)
    catalog = _catalog(SETS[revision])
    known = {_plain(one.id): one.id for one in catalog.capabilities}
    states: dict[str, list[str]] = {}
    if len(document.patterns) > MOST_PATTERNS:
        raise InputError(
            Problem(f"{len(document.patterns):,} patterns of control ids", whole, f"at most {MOST_PATTERNS:,}")
        )
    if kind == "profile":
        states = {id_: [] for id_ in document.chosen(known, _plain)}
    for one in document.requirements:
        # Spellings of one control are one.
        states.setdefault(_plain(one.control_id), []).extend(one.states)
    if not states:
        raise InputError(
            Problem(
                f"the {kind.replace('-', ' ')} names no control",
                whole,
                "implemented requirements" if kind != "profile" else "controls",
            )
        )
    statuses = {known[id_]: status_of(found) for id_, found in states.items() if id_ in known}
    _report(states, known, statuses, context, whole, revision)
    applied = {id_: status for id_, status in statuses.items() if status != "not-applicable"}
    if not applied:
        raise InputError(
            Problem(f"no control of the file is mapped in {SETS[revision]}", whole, "one of its controls")
        )
    scored = any(applied.values())
    mappings = tuple(
        _with_status(
            mapping, applied[mapping.capability], day(document.metadata.last_modified) or "", scored=scored
        )
        for mapping in catalog.mappings
        if mapping.capability in applied
    )
    result = msgspec.structs.replace(
        catalog,
        title=options.get("title", document.metadata.title),
        capabilities=tuple(one for one in catalog.capabilities if one.id in applied),
        mappings=mappings,
        non_mappable=tuple(
            one for one in catalog.non_mappable if one.capability is None or one.capability in applied
        ),
        scale=SCALE if scored else {},
        details={**catalog.details, "updated": day(document.metadata.last_modified) or ""},
    )
    return result, Places(lambda *_: whole, lambda _: whole)


def _document(source: Source, whole: Place) -> tuple[str, Document]:
    try:
        top = msgspec.json.decode(source.data.removeprefix(b"\xef\xbb\xbf"), type=dict[str, msgspec.Raw])
        kind = next((key for key in KINDS if key in top), "")
        if not kind:
            raise OtherFileError(
                Problem("not a document of OSCAL that is read", whole, comma_list(KINDS), code="wrong-shape")
            )
        return kind, msgspec.json.decode(top[kind], type=Document)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise InputError(
            Problem(f"the OSCAL cannot be read: {error}", whole, comma_list(KINDS), code="wrong-shape")
        ) from None


def _catalog(name: str) -> MappingSet:
    from navlayers.mapping.find import shipped_folder  # noqa: PLC0415 - it imports the formats
    from navlayers.mapping.formats import read as read_set  # noqa: PLC0415

    return read_set(shipped_folder() / f"{name}.yaml").mapping_set


def _plain(id_: str) -> str:
    """The id of a control in OSCAL's spelling: "ac-2.1" of "AC-02(01)"."""
    match = _ID.fullmatch(id_.strip())
    if match is None:
        return id_.strip().casefold()
    family, number, enhancement = match.groups()
    return f"{family}-{number}{f'.{enhancement}' if enhancement else ''}".casefold()


def _with_status(mapping: Mapping, status: str, date: str, *, scored: bool) -> Mapping:
    # Beside controls with a state, one without any is taken at its word.
    value = status if status in SCALE else "implemented" if not status else "planned"
    level = _LEVELS.get(value, "enabled" if status else "declared")
    return msgspec.structs.replace(
        mapping,
        value=value if scored else None,
        evidence=Evidence(level, date, status) if status else None,
    )


def _report(
    states: dict[str, list[str]],
    known: dict[str, str],
    statuses: dict[str, str],
    context: Context,
    whole: Place,
    revision: str,
) -> None:
    without = [id_ for id_ in states if id_ not in known]
    if without:
        count = f"{quantity(len(without), 'control')} of {len(states):,}"
        message = f"{count} without mappings in {SETS[revision]}: {comma_list(without)}"
        context.findings.add(Issue(message, fatal=False, code="not-carried"), whole)
    left_out = [id_ for id_, status in statuses.items() if status == "not-applicable"]
    if left_out:
        message = f"left out, not applicable to the system: {comma_list(left_out)}"
        context.findings.add(Issue(message, fatal=False, code="not-carried"), whole)
