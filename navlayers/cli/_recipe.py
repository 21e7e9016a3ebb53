"""Recipes: navlayers.yaml as the commands to run, and its schema for editors."""

from __future__ import annotations

import importlib
import json
import os
import re
from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import click

from navlayers._text.spelling import suggestion
from navlayers._text.wording import or_list, quoted
from navlayers.api.runs import Step
from navlayers.errors import InputError, Problem
from navlayers.mapping.find import RECIPE
from navlayers.mapping.formats.findings import Findings
from navlayers.mapping.formats.source import MAX_BYTES, load
from navlayers.mapping.formats.yaml_fields import Fields, is_null, kind, read_top
from navlayers.mapping.formats.yaml_tree import Branch, Listing, Node, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCHEMA_FILE = "navlayers-run.schema.json"
COMMANDS = ("build", "compare", "gaps", "plan", "history", "report", "render", "site", "badge", "convert", "export")
"""The commands that write outputs of a recipe."""

_OWN = frozenset({"force", "json", "quiet", "all", "color", "output"})
"""Options that the recipe sets itself, or that only change what is printed."""

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
"""File names that need no quotes in YAML."""

_TRUTH = {"true": True, "false": False}
_EXPECTED = "sets, options of commands, and outputs: command → file or folder"


_TEMPLATE = """\
# yaml-language-server: $schema=navlayers-run.schema.json
# What `navlayers run` makes. `navlayers run --check` compares it with the files that are there.

# Mapping sets and layers: paths, and names of shipped sets (see navlayers sets)
sets: [{file}]
# Options of the commands below, by their names on the command line, such as
# attack: "19.1"

# Command → the file or folder to write; for options of its own, a mapping with output
outputs:
  build: layers
  # gaps: {{output: gaps/apt29, threat: APT29}}
  # Pictures and reports need more packages: pip install 'navlayers[pictures]'
  # badge: {{output: coverage.svg, sets: {file}}}
  # compare: {{output: compared, sets: [{file}, gcp]}}
  # report: [coverage.html, {{output: brief.pdf, brief: true}}]
"""


def template(file: str) -> str:
    """A first recipe, for a mapping file."""
    return _TEMPLATE.format(file=file if _PLAIN.fullmatch(file) else json.dumps(file))


def names(path: Path, file: str) -> bool:
    """Whether the text of a recipe, right or wrong, names a mapping file."""
    return file in re.split(r"""[\s\[\]{},"']+""", path.read_text(encoding="utf-8", errors="replace"))


def read_recipe(path: Path) -> tuple[Step, ...]:
    """The commands of a recipe, in its order.

    Args:
        path: navlayers.yaml.

    Raises:
        InputError: It cannot be read, or is wrong in the places listed.
    """
    findings = Findings()
    top = read_top(load(path, None, MAX_BYTES), findings, _EXPECTED)
    general = _keys(top, ("outputs",))
    outputs = top.child("outputs", "command → file or folder")
    steps: list[Step] = []
    used: set[str] = set()
    for name, (key, node) in outputs.branch.items.items():
        if name not in COMMANDS:
            outputs.wrong(key, f"unknown command {quoted(name)} in outputs", or_list(COMMANDS), code="unknown-key")
            continue
        for item in node.items if isinstance(node, Listing) else [node]:
            step, own = _step(name, item, outputs, general, top)
            used |= own
            steps += [step] if step else []
    for name, key in general.items():
        if name not in used and not findings.failed:
            message = f"{quoted(name)} is no option of these outputs" if steps else "the recipe has no outputs"
            top.wrong(key, message, "options of the commands in outputs", code="unknown-key")
    if not (steps or findings.errors()):
        top.wrong("", "the recipe has no outputs", "outputs: command → file or folder, such as build: layers")
    seen: dict[str, Step] = {}
    for step in steps:
        for output in step.outputs:
            first = seen.setdefault(os.path.normpath(output), step)
            if first is not step:
                problem = Problem(f"{output} is written twice", step.place, hint=f"first in {first.place.position}")
                raise InputError(problem)
    findings.raise_errors()
    return tuple(steps)


def _keys(fields: Fields, besides: tuple[str, ...]) -> dict[str, Scalar]:
    return {name: key for name, (key, _) in fields.branch.items.items() if name not in besides}


def _step(
    command: str, node: Node, outputs: Fields, general: dict[str, Scalar], top: Fields
) -> tuple[Step | None, set[str]]:
    """A step, None if it is wrong, and the general keys that it uses."""
    options = _options(command)
    known = ("output", "sets", *options)
    own = outputs.inner(node) if isinstance(node, Branch) else outputs.inner(Branch({}, node.line, node.column))
    for name, key in _keys(own, known).items():
        hint = suggestion(name, known) or f"`navlayers {command} --help` lists its options"
        own.wrong(key, f"unknown option {quoted(name)} of {command}", "", hint, "unknown-key")
    target = own.node("output") if "output" in own else node
    if isinstance(node, Branch) and "output" not in own:
        own.wrong("", f"{command} has no output", "output: file or folder")
        return None, set()
    paths = tuple(_paths(target, command, outputs))
    args: list[str] = []
    used = set()
    for name, option in options.items():
        fields = own if name in own else top
        if name in fields:
            used |= {name} if fields is top else set()
            args += _option_args(option, fields.branch.items[name][1], fields, name)
    if any(arg.startswith("--max-age=") for arg in args) and not any(arg.startswith("--as-of=") for arg in args):
        fields = own if "max-age" in own else top
        hint = "add as-of: with a date"
        fields.wrong("max-age", "ages are counted to today, so each day has another result", "a date", hint)
    inputs = own if "sets" in own else top
    used |= {"sets", *own.branch.items} & general.keys()
    sets = [text for text, _ in inputs.texts("sets")]
    if len(sets) > 1 and _single(command):
        expected = f"one set, as in {command}: {{output: …, sets: {sets[0]}}}"
        inputs.wrong("sets", f"{command} takes one set, not {len(sets)}", expected)
    args += ["--", *sets] if sets else []
    return (Step(command, tuple(args), paths, outputs.place(target)) if paths else None), used


def _paths(node: Node, command: str, fields: Fields) -> Iterator[str]:
    for item in node.items if isinstance(node, Listing) else [node]:
        if not isinstance(item, Scalar) or is_null(item) or not item.text.strip():
            fields.wrong(item, f"the output of {command} is {kind(item)}", "a file or folder")
            continue
        path = PurePosixPath(item.text.strip())
        if path.is_absolute() or ".." in path.parts or str(path) in (".", "-"):
            expected = f"a file or folder below that of {RECIPE}"
            fields.wrong(item, f"the output {quoted(str(path))} is outside", expected)
            continue
        yield str(path)


def _option_args(option: click.Option, node: Node, fields: Fields, name: str) -> Iterator[str]:
    """The arguments of an option; lists repeat it, mappings are NAME=TEXT pairs."""
    flag = next(text for text in option.opts if text.startswith("--"))
    if option.is_flag:
        value = _TRUTH.get(node.text.lower()) if isinstance(node, Scalar) else None
        if value is None:
            fields.wrong(node, f"{quoted(name)} is {kind(node)}", "true or false")
        elif value:
            yield flag
        return
    if isinstance(node, Branch):
        if "=" not in (option.metavar or ""):
            fields.wrong(node, f"{quoted(name)} is a mapping", f"text{', or a list' if option.multiple else ''}")
            return
        for text in fields.inner(node).branch.items:
            yield f"{flag}={text}={fields.inner(node).text(text)}"
        return
    texts = fields.texts(name)
    if len(texts) > 1 and not option.multiple:
        fields.wrong(node, f"{quoted(name)} is a list", "one value")
    for text, item in texts:
        if isinstance(option.type, click.Choice) and text not in option.type.choices:
            fields.wrong(item, f"{quoted(name)} is {quoted(text)}", or_list(option.type.choices))
        yield f"{flag}={text}"


@cache
def _options(command: str) -> dict[str, click.Option]:
    """The options of a command by their names in a recipe: those of the command line without dashes."""
    options = {}
    for parameter in _command(command).params:
        if isinstance(parameter, click.Option):
            name = next(text for text in parameter.opts if text.startswith("--"))[2:]
            if name not in _OWN:
                options[name] = parameter
    return options


def _single(command: str) -> bool:
    return all(p.nargs == 1 for p in _command(command).params if isinstance(p, click.Argument))


def _command(name: str) -> click.Command:
    command: click.Command = importlib.import_module(f"navlayers.cli.{name}").command
    return command


def schema() -> dict[str, Any]:
    """The JSON Schema of recipes, from the options of the commands."""
    text = {"type": ["string", "number"]}
    texts = {"anyOf": [text, {"type": "array", "items": text}]}
    sets = {"description": "Mapping sets and layers: names and paths.", **texts}
    general: dict[str, Any] = {"sets": sets}
    outputs: dict[str, Any] = {}
    for command in COMMANDS:
        own: dict[str, Any] = {"output": {"description": "File or folder to write.", **texts}, "sets": sets}
        for name, option in _options(command).items():
            own[name] = {"description": option.help, **_type(option, text, texts)}
            general.setdefault(name, own[name])
        options = {"type": "object", "properties": own, "required": ["output"], "additionalProperties": False}
        target = {"anyOf": [text, options]}
        about = _command(command).get_short_help_str(200)
        outputs[command] = {"description": about, "anyOf": [target, {"type": "array", "items": target}]}
    described = {"type": "object", "properties": outputs, "additionalProperties": False, "minProperties": 1}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Recipe of navlayers run",
        "type": "object",
        "properties": {**general, "outputs": described},
        "required": ["outputs"],
        "additionalProperties": False,
    }


def schema_text() -> str:
    """The schema as the file for editors."""
    return json.dumps(schema(), indent=2) + "\n"


def _type(option: click.Option, text: dict[str, Any], texts: dict[str, Any]) -> dict[str, Any]:
    if option.is_flag:
        return {"type": "boolean"}
    if isinstance(option.type, click.Choice):
        return {"enum": list(option.type.choices)}
    if "=" in (option.metavar or ""):
        return {"anyOf": [{"type": "object", "additionalProperties": text}, *texts["anyOf"]]}
    return texts if option.multiple else text
