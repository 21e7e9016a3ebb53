"""Conversions and checks to be measured: from every kind of input, into every format that is written."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from generate import write_rules

from navlayers.cli import COMMANDS
from navlayers.mapping import formats

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STACK = ("security-stack", "Azure")
"""The folder of CTID's security stack mappings beside the corpus: 48 files that are one set."""

RULES = 3_000
"""About as many rules as SigmaHQ publishes."""

READ_BACK = {"mapex-yaml": "yaml", "csv": "csv", "xlsx": "xlsx", "stix": "json"}


def commands(navlayers: list[str], corpus: Path, nist: Path, work: Path) -> Iterator[tuple[str, list[str]]]:
    """What is measured, and its command. Inputs of other formats are made from the largest set of the corpus."""
    convert = [*navlayers, "convert"]
    for format_ in formats.WRITABLE:
        yield f"NIST JSON → {format_}", [*convert, str(nist), "--to", format_, "-o", "-"]
    for format_, ending in READ_BACK.items():
        if format_ in formats.WRITABLE:
            made = work / f"nist-{format_}.{ending}"
            make = [*convert, str(nist), "--to", format_, "-o", str(made), "-q"]
            subprocess.run(make, check=True)
            yield f"NIST {format_} → JSON", [*convert, str(made), "--to", "mapex-json", "-o", "-"]
    stack = corpus.parent.joinpath(*STACK)
    if stack.is_dir():
        yield "security stack, 48 files → native", [*convert, str(stack), "-o", "-"]
    write_rules(work / "rules", RULES)
    yield f"{RULES:,} Sigma rules → stats", [*navlayers, "stats", str(work / "rules")]
    if "check" in COMMANDS:
        every = [str(path) for path in sorted(corpus.glob("*attack-*.json"))]
        yield f"check of {len(every)} sets", [*navlayers, "check", *every]
