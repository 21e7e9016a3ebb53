"""The files that a scope names: assets, in YAML, and Navigator layers. docs/scope.md has their fields."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from navlayers._text.wording import quoted
from navlayers.attack.scope import PRESETS, Asset, Listed, Scope, is_layer_file
from navlayers.errors import InputError, NavlayersError, Place, Problem, UsageError
from navlayers.mapping.formats.findings import Findings, Issue
from navlayers.mapping.formats.source import MAX_BYTES, as_text, load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PREFIX = "asset:"
KEYS = ("name", "platforms", "controls", "include", "exclude", "where")
"""The keys of an asset file."""

_EXPECTED = "an asset: name, platforms, controls, include, exclude, where"


def with_files(scope: Scope) -> Scope:
    """The scope with the content of the files that it names.

    Raises:
        InputError: a file cannot be read, or is wrong in the places listed.
        UsageError: a preset is unknown.
    """
    presets: list[str | Asset] = []
    for preset in scope.presets:
        if isinstance(preset, str) and preset.startswith(_PREFIX):
            presets.append(_asset(preset.removeprefix(_PREFIX)))
        elif isinstance(preset, Asset) or preset in PRESETS:
            presets.append(preset)
        else:
            hint = f"did you mean asset:{preset}?" if preset.lower().endswith((".yaml", ".yml")) else ""
            message = f"--scope: unknown scope {quoted(preset)}"
            raise UsageError(Problem(message, None, "detectable, or asset:FILE", hint))
    return msgspec.structs.replace(
        scope,
        include=_with_layers(scope.include, Path()),
        exclude=_with_layers(scope.exclude, Path()),
        presets=tuple(presets),
    )


def _with_layers(texts: Iterable[str | Listed], folder: Path) -> tuple[str | Listed, ...]:
    read = cache(lambda name: _layer(name, folder / name))
    return tuple(read(text) if isinstance(text, str) and is_layer_file(text) else text for text in texts)


def _layer(name: str, path: Path) -> Listed:
    """The techniques of a layer that it marks: enabled, with a score, a color or a comment."""
    from navlayers.mapping.formats.layer_document import load_layers  # noqa: PLC0415 - for scopes by a layer alone
    from navlayers.mapping.formats.layer_entries import read_entries  # noqa: PLC0415

    findings = Findings()
    layers = load_layers(as_text(load(path, None, MAX_BYTES)), findings)
    entries = [entry for layer in layers for entry in read_entries(layer) if entry is not None]
    findings.raise_errors()
    marked = dict.fromkeys((e.technique, e.tactic) for e in entries if e.enabled and not e.blank)
    if not marked:
        expected = "entries that are enabled, with a score, a color or a comment"
        raise InputError(Problem("no technique in the layer is marked", Place(str(path)), expected))
    if len(domains := {layer.domain for layer in layers}) > 1:
        raise InputError(Problem("layers of several ATT&CK domains", Place(str(path)), "layers of one domain"))
    return Listed(name, domains.pop(), tuple(marked))


def _asset(path: str) -> Asset:
    """Read the file of an asset.

    Raises:
        InputError: it cannot be read, or is wrong in the places listed.
    """
    from navlayers.mapping.formats.yaml_fields import read_top  # noqa: PLC0415 - for assets alone

    findings = Findings()
    top = read_top(load(path, None, MAX_BYTES), findings, _EXPECTED, strict=True)
    top.unknown(KEYS, "the asset")
    places: dict[str, Place] = {}
    lists: dict[str, tuple[str, ...]] = {}
    for key in KEYS[1:-1]:
        found = [(text.strip(), node) for text, node in top.texts(key)]
        places |= {text: top.place(node) for text, node in found}
        lists[key] = tuple(text for text, _ in found)
        if key in top and not found and not findings.errors():
            top.wrong(key, f"{quoted(key)} is empty", "a text or a list of texts", "leave it out for all")
    name, where = top.text("name").strip(), top.text("where").strip()
    folder = Path(path).parent
    if where:
        places[where] = top.place("where")
        _check(where, folder, places[where], findings)
    if not (any(lists.values()) or where or findings.errors()):
        top.wrong("", "the asset has no limits", "platforms, controls, include, exclude or where")
    findings.raise_errors()
    return Asset(
        name or Path(path).stem,
        lists["platforms"],
        lists["controls"],
        _with_layers(lists["include"], folder),
        _with_layers(lists["exclude"], folder),
        where,
        str(folder),
        tuple(places.items()),
    )


def named_files(path: Path) -> Iterator[Path]:
    """The files that the file of an asset names: layers, and the lists of its condition; none if it is wrong."""
    from navlayers.mapping.where import list_files  # noqa: PLC0415 - for conditions alone

    try:
        asset = _asset(str(path))
    except NavlayersError:
        return
    layers = (each.name for each in (*asset.include, *asset.exclude) if isinstance(each, Listed))
    yield from (path.parent / name for name in (*layers, *list_files(asset.where)))


def _check(where: str, folder: Path, place: Place, findings: Findings) -> None:
    from navlayers.mapping.where import condition  # noqa: PLC0415 - for conditions alone

    try:
        condition(where, folder, place)
    except UsageError as error:
        (problem,) = error.problems
        findings.add(Issue(problem.message, problem.expected, problem.hint), place)
