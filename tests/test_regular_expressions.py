"""Every regular expression of the package takes time that is linear in a text of its worst letters."""

from __future__ import annotations

import ast
import importlib
import math
import re
import time
from functools import cache
from pathlib import Path
from re import _parser as sre  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Any

import pytest

import navlayers

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(navlayers.__file__).parent
USES = {"match", "fullmatch", "search", "sub", "split", "findall", "finditer"}
ALL = "finditer"
"""Looks at all places, and so takes as long as any use."""

LETTERS = " a"
QUICK = 0.05
"""Seconds of the CPU, in which ratios are noise; a square of 20 kB takes longer."""

IMPORT = re.compile(r"^[ \t]*(?:import|from) re\b", re.MULTILINE)
MODULES = [
    path.relative_to(ROOT).as_posix()
    for path in sorted(ROOT.rglob("*.py"))
    if path.stem != "__main__" and IMPORT.search(path.read_text(encoding="utf-8"))
]
"""Each process of a run lists the modules that use `re`; one parses them."""

MADE_BY_CALLS = {
    "checks/source_text.py": 2,  # an id as written, and a cell up to its end
    "fleet/tenants.py": 1,  # a secret, letter by letter
    "layer/rows.py": 1,  # a word, looked for in a comment
    "mapping/formats/csv_table.py": 1,  # a cell, all its repeats possessive
    "mapping/formats/detect.py": 1,  # repeats of bounded length, in the first 64 KB
    "mapping/formats/source.py": 1,  # ends of lines
    "mapping/formats/table_values.py": 1,  # numbers of at most 1,000 characters
}


@cache
def calls() -> dict[str, tuple[Any, ...]]:
    """Place → pattern and ways of use; a pattern that cannot be evaluated is None."""
    found: dict[str, tuple[Any, ...]] = {}
    used: dict[int, set[str]] = {}
    modules = {}
    for path in map(ROOT.joinpath, MODULES):
        text = path.read_text(encoding="utf-8")
        name = ".".join(["navlayers", *path.relative_to(ROOT).with_suffix("").parts]).removesuffix(".__init__")
        modules[path] = [*ast.walk(ast.parse(text))], vars(importlib.import_module(name))
    for nodes, scope in modules.values():
        for node in nodes:
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in USES:
                value = scope.get(node.value.id)
                if isinstance(value, re.Pattern):
                    used.setdefault(id(value), set()).add(node.attr)
    for path, (nodes, scope) in modules.items():
        named = {id(node.value): node for node in nodes if isinstance(node, ast.Assign | ast.AnnAssign)}
        for node, function in _calls(nodes, scope):
            pattern, uses = _pattern(node, function, scope), {function} & USES
            if function == "compile":
                target = named.get(id(node))
                names = ast.unparse(target).partition("=")[0].split(":")[0].strip() if target else ""
                uses = used.get(id(scope.get(names)), {ALL})
            found[f"{path.relative_to(ROOT).as_posix()}:{node.lineno}:{node.col_offset}"] = (pattern, uses)
    return found


def _calls(nodes: list[ast.AST], scope: dict[str, Any]) -> Iterator[tuple[ast.Call, str]]:
    """The calls of functions of `re` that take a pattern, with the names of the functions."""
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
            of, _, name = ast.unparse(node.func).rpartition(".")
            imported = not of and name in scope and scope[name] is getattr(re, name, None)
            if (of == "re" or imported) and name in {"compile", *USES}:
                yield node, name


def _pattern(node: ast.Call, function: str, scope: dict[str, Any]) -> Any:
    flags = [*node.args[1 if function == "compile" else 2 :]] if function not in ("sub", "split") else []
    flags += [word.value for word in node.keywords if word.arg == "flags"]
    parts = [ast.unparse(part) for part in (node.args[0], *flags[:1])]
    try:
        return re.compile(*(eval(part, scope) for part in parts))  # noqa: S307 - the package's own source
    except NameError:
        return None


def attacks(pattern: re.Pattern[Any]) -> Iterator[tuple[str, str, str]]:
    """Texts that the pattern nearly matches: what stands before a repeated part, the part to repeat, an end."""
    tree = sre.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
    seen = set()
    for before, part in _repeats(tree, ""):
        for pump in dict.fromkeys((part, before + part, *LETTERS)):
            for end in ("", "\0"):
                if pump and (before, pump, end) not in seen:
                    seen.add((before, pump, end))
                    yield before, pump, end


def _repeats(tree: Any, before: str) -> Iterator[tuple[str, str]]:
    for operator, value in tree:
        name = str(operator)
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            yield before, _sample(value[2])
            yield from _repeats(value[2], before)
        elif name == "SUBPATTERN":
            yield from _repeats(value[3], before)
        elif name in ("ATOMIC_GROUP",):
            yield from _repeats(value, before)
        elif name in ("ASSERT", "ASSERT_NOT"):
            yield from _repeats(value[1], before)
        elif name == "BRANCH":
            for branch in value[1]:
                yield from _repeats(branch, before)
        before += _sample([(operator, value)])
    yield "", before


def _sample(tree: Any) -> str:
    """A short text that a pattern matches, more or less."""
    text = ""
    for operator, value in tree:
        name = str(operator)
        if name == "LITERAL":
            text += chr(value)
        elif name == "NOT_LITERAL":
            text += "a" if value != ord("a") else "b"
        elif name == "ANY":
            text += "a"
        elif name == "IN":
            text += _member(value)
        elif name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            text += _sample(value[2]) * max(1, min(value[0], 4))
        elif name == "SUBPATTERN":
            text += _sample(value[3])
        elif name == "ATOMIC_GROUP":
            text += _sample(value)
        elif name == "BRANCH":
            text += _sample(value[1][0])
    return text


def _member(choices: Any) -> str:
    text = "["
    for operator, value in choices:
        name = str(operator)
        if name == "NEGATE":
            text += "^"
        elif name == "LITERAL":
            text += re.escape(chr(value))
        elif name == "RANGE":
            text += "-".join(re.escape(chr(end)) for end in value)
        elif name == "CATEGORY":
            text += {"DIGIT": r"\d", "SPACE": r"\s", "WORD": r"\w"}.get(str(value).removeprefix("CATEGORY_"), r"\W")
    known = re.compile(f"{text}]")
    return next((char for char in "a0 -_./:\"',\tZ" if known.match(char)), None) or next(
        char for char in map(chr, range(0x10FFFF)) if known.match(char)
    )


def seconds(pattern: re.Pattern[Any], use: str, attack: tuple[str, str, str], size: int) -> float:
    before, pump, end = attack
    text: Any = before + (pump * size)[:size] + end
    if isinstance(pattern.pattern, bytes):
        text = text.encode("utf-8", "replace")
    # The least of three: the process may collect garbage in the meantime.
    took = _once(pattern, use, text)
    return took if took < QUICK else min(took, *(_once(pattern, use, text) for _ in range(2)))


def _once(pattern: re.Pattern[Any], use: str, text: Any) -> float:
    start = time.process_time()
    if use == "sub":
        pattern.sub(pattern.pattern[:0], text)
    elif use == "finditer":
        for _ in pattern.finditer(text):
            pass
    else:
        getattr(pattern, use)(text)
    return time.process_time() - start


def test_every_pattern_is_known() -> None:
    """A pattern that depends on more than its module is listed with what bounds it."""
    unknown: dict[str, int] = {}
    for place, (pattern, _) in calls().items():
        if pattern is None:
            file = place.partition(":")[0]
            unknown[file] = unknown.get(file, 0) + 1
    assert unknown == MADE_BY_CALLS


@pytest.mark.parametrize("module", MODULES)
def test_time_is_linear(module: str) -> None:
    """At 200 kB at most three times as long as at 100 kB, where both take long enough to be compared."""
    for place, (pattern, uses) in calls().items():
        if pattern is not None and place.startswith(f"{module}:"):
            for use in sorted(uses):
                _assert_linear(pattern, use)


def _assert_linear(pattern: re.Pattern[Any], use: str) -> None:
    took = {}
    for attack in attacks(pattern):
        where = f"{pattern.pattern!r}.{use}({attack[0]!r} + {attack[1]!r} * … + {attack[2]!r})"
        for size in (24, 400, 3_000):
            took[attack] = seconds(pattern, use, attack, size)
            assert took[attack] < QUICK, f"{where}: not linear at {size}"
    attack = max(took, key=lambda each: took[each])
    whole = seconds(pattern, use, attack, 20_000)
    assert whole < QUICK * 4, f"{attack}: not linear"
    if seconds(pattern, use, attack, 200_000) > QUICK:
        half = whole = math.inf
        for times in range(10):  # a busy machine gives one of them more
            half = min(half, seconds(pattern, use, attack, 100_000))
            whole = min(whole, seconds(pattern, use, attack, 200_000))
            if times >= 2 and whole <= 3 * half:
                return
        pytest.fail(f"{attack}: {half:.2f} → {whole:.2f} s")
