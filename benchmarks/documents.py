"""Reports and the site to be measured, with what each may cost at most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from comparisons import CLOUDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SHIPPED_CLOUDS = ("aws", "azure", "gcp", "m365")


def commands(navlayers: list[str], corpus: Path, work: Path) -> Iterator[tuple[str, list[str]]]:
    """What is measured, with the bound of its CPU seconds, and its command."""
    report = [*navlayers, "report", "-q"]
    files = [str(path) for cloud in CLOUDS for path in sorted(corpus.glob(f"{cloud}_*.json"))]
    yield "four clouds → report.html (≤ 2 s)", [*report, *SHIPPED_CLOUDS, "-o", str(work / "clouds.html")]
    if files:
        yield "the same with comments, from JSON (≤ 2 s)", [*report, *files, "-o", str(work / "comments.html")]
    for format_ in ("pdf", "docx"):
        out = str(work / f"nist.{format_}")
        yield f"NIST → report.{format_} (≤ 3 s)", [*report, "nist_800_53", "-o", out]


def site(navlayers: list[str], out: Path) -> tuple[str, list[str]]:
    """The site of all that ships, likewise; it is to be written to a fresh folder."""
    return "all shipped sets → site (≤ 20 s, ≤ 500 MB)", [*navlayers, "site", "-q", "-o", str(out)]
