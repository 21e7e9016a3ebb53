"""Budgets and targets as people write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text import shown
from navlayers.errors import Problem, UsageError
from navlayers.mapping.formats.amounts import amount, spellings

if TYPE_CHECKING:
    from fractions import Fraction


def parse_budget(text: str) -> Fraction:
    """`--budget`.

    Raises:
        UsageError: it is no number of 0 or more.
    """
    found = amount(text)
    if isinstance(found, str):
        expected = spellings(text) or "a number of 0 or more, such as 10"
        raise UsageError(Problem(f"--budget {shown(text)} {found}", expected=expected))
    return found


def parse_target(text: str) -> Fraction:
    """`--target`, as a share of 1: "95%" and "95" are 0.95, and so is "0.95".

    Raises:
        UsageError: it is no share from 0 to 100 per cent, or may mean two.
    """
    expected = "a share from 0% to 100%, such as 95%"
    clean = text.strip()
    percent = clean.endswith("%")
    # A share needs no groups of thousands: a mark in it begins a decimal part.
    found = amount(clean.removesuffix("%").strip(), "," if "," in clean else ".")
    if isinstance(found, str):
        raise UsageError(Problem(f"--target {shown(text)} {found}", expected=expected))
    if found == 1 and not percent:
        raise UsageError(Problem(f"--target {shown(text)} may mean 1% or 100%", expected="1% or 100%"))
    share = found / 100 if percent or found > 1 else found
    if share > 1:
        raise UsageError(Problem(f"--target {shown(text)} is more than everything", expected=expected))
    return share
