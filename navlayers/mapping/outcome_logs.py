"""Outcomes of tests in JSON: logs of ATTiRe, reports and event logs of CALDERA, exports of OpenAEV."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from navlayers.errors import InputError, Place, Problem
from navlayers.mapping.formats._json import loads
from navlayers.mapping.formats.rules.field_table import first, nodes, texts
from navlayers.mapping.formats.rules.tree import too_deep, tree
from navlayers.mapping.formats.yaml_tree import Branch, Listing, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.mapping.formats.source import Source
    from navlayers.mapping.formats.yaml_tree import Node
    from navlayers.mapping.outcomes import Format, Reader, Result, Where


def read_log(source: Source, reader: Reader, format_: Format | None) -> Format:
    """The format of a log in JSON, whose outcomes go to the reader.

    Args:
        source: the log.
        reader: where its outcomes go.
        format_: its format; None: the content decides.

    Raises:
        InputError: it is not JSON, or no log of tests.
    """
    try:
        value: Any = loads(source.data)
    except json.JSONDecodeError as error:
        # A line of JSON's ends at LF alone, one of an editor at CR, too.
        place = source.place(len(error.doc[: error.pos].encode()))
        raise InputError(Problem(f"this is not JSON: {error.msg.lower()}", place, code="syntax")) from None
    except RecursionError:
        raise too_deep(source, 1, 1) from None
    top = tree(source, value if isinstance(value, dict) else {"items": value})
    keys = set(top.items)
    items = [*nodes(top, ("items",))]
    known: Format | None = format_
    if known is None and "procedures" in keys:
        known = "attire"
    elif known is None and ("steps" in keys or _having(items, "attack_metadata")):
        known = "caldera"
    elif known is None and b'"inject_' in source.data:
        known = "openaev"
    if known == "attire":
        _attire(source.path, top, reader)
    elif known == "caldera":
        _caldera(source.path, top, items, reader)
    elif known == "openaev":
        _openaev(source.path, top, reader)
    else:
        expected = "a log of ATTiRe (procedures), a report or event log of CALDERA (steps), an export of OpenAEV"
        raise InputError(Problem("unknown kind of test results", Place(source.path), expected))
    return known


def _having(found: Sequence[Node], key: str) -> bool:
    return any(isinstance(node, Branch) and key in node.items for node in found)


def _attire(path: str, top: Node, reader: Reader) -> None:
    """The procedures of an ATTiRe log, which ran if all of their steps ended with 0."""
    for procedure in nodes(top, ("procedures",)):
        if not (places := _places(path, reader, procedure, ("mitre-technique-id",))):
            continue
        steps = ("steps", "exit-code")
        late = "true" in {text.lower() for text in texts(procedure, ("steps", "is-timeout"))}
        ran = not late and all(code == "0" for code in texts(procedure, steps))
        test = first(procedure, ("procedure-id", "id")) or first(procedure, ("procedure-name",))
        reader.add(
            *(places, "ran" if ran else "failed", first(procedure, ("steps", "time-start")), places[0][1]),
            test=test,
            note=first(procedure, ("procedure-name",)),
        )


def _caldera(path: str, top: Node, items: Sequence[Node], reader: Reader) -> None:
    """The steps of a CALDERA report, or the events of its log; a status other than 0 did not run."""
    agents = next(iter(nodes(top, ("steps",))), None)
    steps = [
        step
        for _, agent in (agents.items.values() if isinstance(agents, Branch) else ())
        for step in nodes(agent, ("steps",))
    ]
    for step in steps:
        if not (places := _places(path, reader, step, ("attack", "technique_id"))):
            continue
        ran = first(step, ("status",)) == "0"
        reader.add(
            *(places, "ran" if ran else "failed"),
            *(first(step, ("run",)) or first(step, ("delegated",)), places[0][1]),
            test=first(step, ("ability_id",)),
            note=first(step, ("name",)),
        )
    for event in items:
        if not (places := _places(path, reader, event, ("attack_metadata", "technique_id"))):
            continue
        ran = first(event, ("status",)) == "0"
        reader.add(
            *(places, "ran" if ran else "failed"),
            *(first(event, ("finished_timestamp",)) or first(event, ("delegated_timestamp",)), places[0][1]),
            test=first(event, ("ability_metadata", "ability_id")),
            note=first(event, ("ability_metadata", "ability_name")),
        )


_OF_STATUS: dict[str, dict[str, Result]] = {
    "DETECTION": {"SUCCESS": "detected", "PARTIAL": "logged", "FAILED": "missed"},
    "PREVENTION": {"SUCCESS": "blocked", "PARTIAL": "not blocked", "FAILED": "not blocked"},
}


def _openaev(path: str, top: Node, reader: Reader) -> None:
    """The injects of OpenAEV with attack patterns: its expectations of detection and of prevention."""
    for inject in _injects(top):
        # Expectations of one kind, such as those of several assets, are tests of their own.
        found: list[tuple[str, str]] = []
        for expectation in nodes(inject, ("inject_expectations",)):
            kind = first(expectation, ("inject_expectation_type",)).upper()
            found.append((kind, _status(expectation)))
        for result in nodes(inject, ("inject_expectation_results",)) if not found else ():
            found.append((first(result, ("type",)).upper(), first(result, ("avgResult",)).upper()))
        date = first(inject, ("inject_sent_at",)) or first(inject, ("inject_updated_at",))
        ids = ("inject_attack_patterns", "attack_pattern_external_id")
        for number, (kind, status) in enumerate(found or [("DETECTION", "PENDING")]):
            if kind in _OF_STATUS:
                result_: Result = _OF_STATUS[kind].get(status, "open")
                test, name = first(inject, ("inject_id",)), first(inject, ("inject_title",))
                if places := _places(path, reader, inject, ids):
                    test = f"{test} {kind.lower()} {number}"
                    reader.add(places, result_, date, places[0][1], test=test, note=name)


def _status(expectation: Node) -> str:
    """The status of an expectation: as written, or else by its score."""
    if status := first(expectation, ("inject_expectation_status",)):
        return status.upper()
    score, expected = (first(expectation, (f"inject_expectation_{name}",)) for name in ("score", "expected_score"))
    try:
        return "SUCCESS" if float(score) >= float(expected or 100) else "FAILED" if float(score) == 0 else "PARTIAL"
    except ValueError:
        return "PENDING"


def _injects(top: Node) -> Iterator[Node]:
    """Every object with attack patterns, at any depth."""
    stack = [top]
    while stack:
        node = stack.pop()
        if isinstance(node, Branch) and "inject_attack_patterns" in node.items:
            yield node
        elif isinstance(node, Branch):
            stack += reversed([inner for _, inner in node.items.values()])
        elif isinstance(node, Listing):
            stack += reversed(node.items)


def _places(path: str, reader: Reader, node: Node, ids: tuple[str, ...]) -> list[tuple[str, Where]]:
    """The technique ids of a result with their places; one without any goes to the reader."""
    written = [one for one in nodes(node, ids) if isinstance(one, Scalar) and one.text.strip()]
    if not written:
        reader.without_id.append(Place(path, node.line, node.column))
    return [(one.text, Place(path, one.line, one.column)) for one in written]
