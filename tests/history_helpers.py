"""Repositories with versions of a set."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import navlayers

if TYPE_CHECKING:
    from collections.abc import Mapping


Rows = dict[str, dict[str, str]]
"""Capability → technique → score value."""

"""Capability → technique → score value."""

FIRST: Rows = {"MFA": {"T1110": "partial", "T1574.001": "minimal", "T1574.002": "partial"}}


def written(rows: Rows, attack: str = "16.1", scale: Mapping[str, int] | None = None) -> str:
    """A set as native YAML."""
    lines = ["framework: own", "title: Own", "version: '1'", "domain: enterprise", f"attack_version: '{attack}'"]
    if scale:
        lines.append(f"scale: {{{', '.join(f'{name}: {number}' for name, number in scale.items())}}}")
    lines.append("capabilities:")
    for capability, techniques in rows.items():
        lines += [f"  {capability}:", f"    name: {capability}", "    techniques:"]
        lines += [f"      {technique}: {{protect: {value}}}" for technique, value in techniques.items()]
    return "\n".join(lines) + "\n"


def git(*args: str, day: str = "") -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    dates = {f"GIT_{who}_DATE": f"{day}T12:00:00+0000" for who in ("AUTHOR", "COMMITTER")} if day else {}
    done = subprocess.run(["git", *who, *args], check=True, capture_output=True, env={**os.environ, **dates})
    return done.stdout.decode().strip()


def commit(day: str, subject: str, text: str | None, name: str = "own.yaml") -> None:
    """Commit a file; None: only what is staged."""
    if text is not None:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, encoding="utf-8")
    git("add", "-A")
    git("commit", "-q", "--allow-empty", "-m", subject, day=day)


def moves(*inputs: str, **options: Any) -> list[tuple[str, str, int, int, int]]:
    """Date, cause, change, covered and active techniques after it, of each move."""
    return [
        (point.version.day, move.cause, move.change, move.after.covered, move.after.total)
        for series in navlayers.history(*inputs, **options).series
        for point in series.points
        for move in point.moves
    ]
