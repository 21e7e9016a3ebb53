"""Amounts as people write them: plain, with a sign of a currency, in groups of three, with a decimal comma."""

from __future__ import annotations

import re
from fractions import Fraction

from navlayers.errors import Problem, UsageError
from navlayers.wording import shown

LARGEST = Fraction(10**12)

_CURRENCY = re.compile(r"^(?:[$€£¥]|[A-Z]{3}\b)\s*|\s*(?:[$€£¥]|\b[A-Z]{3})$")
_PLAIN = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_GROUPED = re.compile(r"[0-9]{1,3}(?:([ '\u2019\u00a0\u202f])[0-9]{3}(?:\1[0-9]{3})*)(?:[.,][0-9]+)?")
_COMMAS = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]+|[0-9]{1,3}(?:,[0-9]{3}){2,}")
_POINTS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+|[0-9]{1,3}(?:\.[0-9]{3}){2,}")
_EITHER = re.compile(r"[0-9]{1,3},[0-9]{3}")
_DECIMAL_COMMA = re.compile(r"[0-9]+,[0-9]+")


def amount(text: str) -> Fraction | str:
    """The amount that a text says, exactly; or what is wrong with it, as "is …"."""
    clean = _CURRENCY.sub("", text.strip()).strip()
    sign = clean[:1] if clean[:1] in ("-", "−") else ""
    number = clean.removeprefix(sign).strip()
    if _EITHER.fullmatch(number):
        return f"is {number.replace(',', '')} or {number.replace(',', '.')}"
    if _GROUPED.fullmatch(number):
        number = re.sub(r"[ '\u2019\u00a0\u202f]", "", number).replace(",", ".")
    elif _COMMAS.fullmatch(number):
        number = number.replace(",", "")
    elif _POINTS.fullmatch(number):
        number = number.replace(".", "").replace(",", ".")
    elif _DECIMAL_COMMA.fullmatch(number):
        number = number.replace(",", ".")
    if not _PLAIN.fullmatch(number):
        return "is not a number"
    value = Fraction(number.removesuffix("."))
    if sign and value:
        return "is negative"
    return "is too large" if value > LARGEST else value


def parse_budget(text: str) -> Fraction:
    """`--budget`.

    Raises:
        UsageError: it is no number of 0 or more.
    """
    found = amount(text)
    if isinstance(found, str):
        raise UsageError(Problem(f"--budget {shown(text)} {found}", expected="a number of 0 or more, such as 10"))
    return found


def parse_target(text: str) -> Fraction:
    """`--target`, as a share of 1: "95%" and "95" are 0.95, and so is "0.95".

    Raises:
        UsageError: it is no share from 0 to 100 per cent, or may mean two.
    """
    expected = "a share from 0% to 100%, such as 95%"
    clean = text.strip()
    percent = clean.endswith("%")
    found = amount(clean.removesuffix("%").strip())
    if isinstance(found, str):
        raise UsageError(Problem(f"--target {shown(text)} {found}", expected=expected))
    if found == 1 and not percent:
        raise UsageError(Problem(f"--target {shown(text)} may mean 1% or 100%", expected="1% or 100%"))
    share = found / 100 if percent or found > 1 else found
    if share > 1:
        raise UsageError(Problem(f"--target {shown(text)} is more than everything", expected=expected))
    return share
