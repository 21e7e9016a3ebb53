"""Gaps to be measured: published clouds against a group, with everything that is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from comparisons import CLOUDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def commands(navlayers: list[str], corpus: Path, work: Path) -> Iterator[tuple[str, list[str]]]:
    """What is measured, and its command; without the published clouds, the shipped ones."""
    files = [str(path) for cloud in CLOUDS for path in sorted(corpus.glob(f"{cloud}_*.json"))]
    clouds = files or ["aws", "azure", "gcp", "m365"]
    gaps = [*navlayers, "gaps", *clouds, "--threat", "APT29"]
    yield "gaps of four clouds against APT29", [*gaps, "-o", str(work / "gaps")]
    yield "the same with its software, as JSON", [*gaps, "--software-of", "--json"]
