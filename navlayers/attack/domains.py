"""The domains of ATT&CK and their names."""

from __future__ import annotations

from typing import Literal, get_args

Domain = Literal["enterprise", "mobile", "ics"]

DOMAINS: tuple[Domain, ...] = get_args(Domain)

DOMAIN_NAMES: dict[str, str] = {"enterprise": "Enterprise", "mobile": "Mobile", "ics": "ICS"}
"""Domain → its name as ATT&CK writes it."""


def release_name(domain: str, version: str) -> str:
    """A release in a table: its version, and its domain unless it is enterprise."""
    return version if domain == "enterprise" else f"{version} {domain}"
