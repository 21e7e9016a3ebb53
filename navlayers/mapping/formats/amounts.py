"""Numbers as people write them: with a sign of a currency, in groups of three, with a decimal point or comma."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LARGEST = Fraction(10**12)

_LONGEST = 1_000
_CURRENCY = re.compile(r"^(?:[$€£¥]|[A-Z]{3}\b)\s*|\s*(?:[$€£¥]|\b[A-Z]{3})$")
_BLANKS = re.compile("[ '\u2019\u00a0\u202f]")
_PLAIN = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_GROUPED = re.compile("[0-9]{1,3}([ '\u2019\u00a0\u202f])[0-9]{3}(?:\\1[0-9]{3})*(?:([.,])[0-9]+)?")
_COMMAS = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]+|[0-9]{1,3}(?:,[0-9]{3}){2,}")
_POINTS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+|[0-9]{1,3}(?:\.[0-9]{3}){2,}")
_EITHER = re.compile(r"[1-9][0-9]{0,2}([.,])[0-9]{3}")
"""One mark before three digits: it may group thousands, or begin a decimal part."""

_DECIMAL = re.compile(r"[0-9]*([.,])[0-9]+")

NOT_A_NUMBER = "is not a number"
TOO_LARGE = "is too large"


def amount(text: str, decimal: str = "") -> Fraction | str:
    """The number ≥ 0 that a text says, exactly; or what is wrong with it, as "is …".

    `decimal` is the mark before decimal parts, where that is known: without it, "1,200" and "1.200" may be two
    numbers.
    """
    sign, number = _parts(text)
    if len(number) > _LONGEST:
        return NOT_A_NUMBER
    if either := _EITHER.fullmatch(number):
        whole, parted = number.replace(either[1], ""), number.replace(either[1], ".")
        if not decimal:
            return f"is {whole} or {parted}"
        number = parted if either[1] == decimal else whole
    elif _GROUPED.fullmatch(number):
        number = _BLANKS.sub("", number).replace(",", ".")
    elif _COMMAS.fullmatch(number):
        number = number.replace(",", "")
    elif _POINTS.fullmatch(number):
        number = number.replace(".", "").replace(",", ".")
    elif _DECIMAL.fullmatch(number):
        number = number.replace(",", ".")
    if not _PLAIN.fullmatch(number):
        return NOT_A_NUMBER
    value = Fraction(number.removesuffix("."))
    if sign and value:
        return "is negative"
    return TOO_LARGE if value > LARGEST else value


def decimal_mark(texts: Iterable[str]) -> str:
    """The mark before decimal parts that the numbers of a column prove: "." or ","; "" for none, and for both.

    Proof is a number with both marks, with one of them repeated, or with other than three digits behind it.
    """
    proven = {mark for text in texts if (mark := _proven(_parts(text)[1]))}
    return proven.pop() if len(proven) == 1 else ""


def _proven(number: str) -> str:
    if len(number) > _LONGEST or _EITHER.fullmatch(number):
        return ""
    if _COMMAS.fullmatch(number):
        return "."
    if _POINTS.fullmatch(number):
        return ","
    found = _DECIMAL.fullmatch(number)
    if found:
        return found[1]
    grouped = _GROUPED.fullmatch(number)
    return grouped[2] or "" if grouped else ""


def spellings(text: str) -> str:
    """How the two numbers that a text may be are written so that each is but one; "" where it is not two.

    "3.000" → "3000 or 3.0".
    """
    number = _parts(text)[1]
    either = _EITHER.fullmatch(number)
    if either is None:
        return ""
    whole, _, part = number.partition(either[1])
    short = part.rstrip("0") or "0"
    return f"{whole}{part} or {whole}.{short if short != part else f'{part}0'}"


def _parts(text: str) -> tuple[str, str]:
    """The sign of a number, and the rest without a currency."""
    clean = _CURRENCY.sub("", text.strip()).strip()
    sign = clean[:1] if clean[:1] in ("-", "−") else ""
    return sign, clean.removeprefix(sign).strip()
