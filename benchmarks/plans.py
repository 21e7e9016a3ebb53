"""Plans to be measured: of shipped sets, for what is made at random takes a solver as long as it likes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def commands(navlayers: list[str], work: Path) -> Iterator[tuple[str, list[str]]]:
    """What is measured, and its command; each plan is proven optimal."""
    plan = [*navlayers, "plan"]
    yield "plan: the least of NIST for all", [*plan, "nist_800_53", "--target", "100%", "--json"]
    yield "plan: ten of four clouds, all files", [
        *plan, "aws", "azure", "gcp", "m365", "--budget", "10", "-o", str(work / "plan"), "-q"
    ]  # fmt: skip
    yield "plan: 40 of the 419 of KEV", [*plan, "kev", "--budget", "40", "--json"]
