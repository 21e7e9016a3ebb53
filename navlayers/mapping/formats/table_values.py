"""Values of the cells of a table: technique ids among other words, links, scores, numbers as people write them."""

from __future__ import annotations

import ast
import re
from fractions import Fraction
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from navlayers.attack.ids import TECHNIQUE, stands_for_several

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_OWN = r"(?:[A-Z][A-Z0-9]*-)?"
"""The prefix of ids of ATT&CK Workbench, such as ORG-."""

_ID = rf"{_OWN}T[0-9]{{4}}(?:\.[0-9]{{3}})?(?![0-9.]*[0-9])"
_SOME_ID = re.compile("T[0-9]{4}")
_URL = re.compile(r"https?://\S*/techniques/(T[0-9]{4})(?:/([0-9]{3}))?/?(?:[?#]\S*)?")
_BETWEEN = re.compile(
    rf"[;\r\n；、•]++|[,|&+，]\s*+(?={_OWN}[Tt][ -]?[0-9]|https?:)|(?<=[0-9])\s*+/\s*+(?={_OWN}[Tt][0-9])"
    rf"|(?<!\s)(?<![0-9]\s[-–—])(?<![0-9][-–—])(?<![0-9]\sto)\s++(?:(?:and|or)\s++)?(?={_OWN}[Tt][0-9]{{3}}|https?:)"
)
"""Separators of techniques. A comma counts only before an id: names of techniques hold commas, too."""

_NAMED = re.compile(
    rf"({_ID})(?:\s++(?:[-–—]++(?=\s)|[-–—:])?+|[-–—:])\s*+((?!\.?(?:0[0-9]{{2}}|[0-9]{{3}}(?!\s+[A-Za-z]))\b)\S.*)",
    re.DOTALL,
)
_NAME_FIRST = re.compile(rf"([^()\[\]]*\S)\s*[(\[]\s*({_ID})\s*[)\]]")
_WRAPPED = re.compile(rf"[(\[]\s*({_ID})\s*[)\]]")
_SEVERAL = re.compile(r"(T[0-9]{4})\.[0-9]{3}(?:\s*[/,&+]\s*\.?[0-9]{3})+", re.IGNORECASE)
"""Sub-techniques of one technique: T1566.001/002."""

_BLANK = " \t\r\n\xa0"
_EDGES = f"{_BLANK},;|-–•*"

_LINKS = re.compile(r"[;,]?\s+|[;,](?=https?:)")
_PERCENT = re.compile(r"([0-9]+(?:[.,][0-9]+)?)\s*%")
_COMMA = re.compile(r"([0-9]+),([0-9]+)")
_LONGEST_LIST = 1_000_000
REMEMBERED = 10_000
"""Results that are kept: the rows of a table repeat techniques and links."""

_LONGEST_REMEMBERED = 500
"""Characters of a text whose result is kept: thousands of long texts would fill the memory of a server."""

_Rule = TypeVar("_Rule", bound="Callable[..., Any]")


def remembered(rule: _Rule) -> _Rule:
    """The function of a text, which keeps its results for texts of up to 500 characters."""
    known = lru_cache(REMEMBERED)(rule)

    @wraps(rule)
    def result(text: str, *more: str) -> Any:
        return rule(text, *more) if len(text) > _LONGEST_REMEMBERED else known(text, *more)

    return cast("_Rule", result)


class Technique(NamedTuple):
    """A technique in a cell: its id as written, its name if there is one, and the offset of the id in the cell.

    `text` is where the id is one of several that are written together.
    """

    id: str
    name: str | None = None
    offset: int = 0
    text: str = ""


@remembered
def single_technique(text: str) -> Technique | None:
    """The technique of a cell that holds its id alone, as written in ATT&CK; None for other cells."""
    return Technique(text) if TECHNIQUE.fullmatch(text) else None


@remembered
def techniques(text: str) -> tuple[Technique, ...]:
    """The techniques of a cell in their order, without duplicates; malformed ids are included as they are.

    A name may follow an id, or the id may be in brackets after its name; addresses of technique pages count as ids.
    """
    if single := single_technique(text):
        return (single,)
    result: dict[str, Technique] = {}
    offset = 0
    for separator in (*_BETWEEN.finditer(text), None):
        part = text[offset : separator.start() if separator else len(text)]
        clean = part.strip(_BLANK if stands_for_several(part) else _EDGES)
        if clean:
            for technique in _techniques(clean, offset + part.index(clean)):
                result.setdefault(technique.id, technique)
        offset = separator.end() if separator else len(text)
    return tuple(result.values())


def _techniques(part: str, offset: int) -> Iterator[Technique]:
    several = _SEVERAL.fullmatch(part)
    if several is None:
        yield _technique(part, offset)
        return
    for sub in re.findall(r"[0-9]{3}(?![0-9])", part[len(several[1]) :]):
        yield Technique(f"{several[1].upper()}.{sub}", None, offset, part)


def _technique(part: str, offset: int) -> Technique:
    if _SOME_ID.search(part) is None or TECHNIQUE.fullmatch(part) or stands_for_several(part):
        return Technique(part, None, offset)
    if url := _URL.fullmatch(part):
        return Technique(f"{url[1]}.{url[2]}" if url[2] else url[1], None, offset)
    if wrapped := _WRAPPED.fullmatch(part):
        return Technique(wrapped[1], None, offset + wrapped.start(1))
    if named := _NAMED.fullmatch(part):
        return Technique(named[1], named[2].strip().strip("()[]").strip(), offset)
    if name_first := _NAME_FIRST.fullmatch(part):
        return Technique(name_first[2], name_first[1].strip(), offset + name_first.start(2))
    return Technique(part, None, offset)


@remembered
def references(text: str) -> tuple[str, ...]:
    """The links of a cell: a list in Python or JSON syntax, or links separated by blanks, commas or line ends."""
    clean = text.strip()
    if clean.startswith("[") and clean.endswith("]") and len(clean) <= _LONGEST_LIST:
        # The published tables hold Python lists.
        try:
            value = ast.literal_eval(clean)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            value = None
        if isinstance(value, list) and all(isinstance(link, str) for link in value):
            return tuple(value)
    if "\n" in clean or clean.count("http") > 1:
        parts = _LINKS.split(clean) if clean.count("http") > 1 else clean.split("\n")
        return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))
    return (clean,) if clean else ()


def score(text: str) -> str:
    """A score without its percent sign and with a decimal point; other texts without the blanks around them."""
    clean = text.strip()
    if percent := _PERCENT.fullmatch(clean):
        clean = percent[1]
    # "1,000" may be a thousand.
    if (comma := _COMMA.fullmatch(clean)) and not _ambiguous(clean, _marks(clean)):
        return f"{comma[1]}.{comma[2]}"
    return clean


LARGEST = Fraction(10**12)
"""Largest weight or cost. Sums of larger floats would lose the small ones."""

NOT_A_NUMBER = "is not a number"
TOO_LARGE = "is too large"

_LONGEST_NUMBER = 1_000
_CURRENCY = re.compile(r"^(?:[$€£¥]|[A-Z]{3}\b)\s*|(?:(?<!\s)\s+)?(?:[$€£¥]|\b[A-Z]{3})$")
_BLANKS = " '\u2019\u00a0\u202f"


def _number_pattern(mark: str, other: str) -> re.Pattern[str]:
    """Numbers with this decimal mark; the other mark or a blank may group thousands."""
    plain = rf"(?:[0-9]+(?:{mark}[0-9]*)?|{mark}[0-9]+)(?:[eE][+-]?[0-9]{{1,3}})?"
    grouped = rf"[1-9][0-9]{{0,2}}([{other}{_BLANKS}])[0-9]{{3}}(?:\1[0-9]{{3}})*(?:{mark}[0-9]+)?"
    return re.compile(f"{grouped}|{plain}")


_NUMBERS = {".": _number_pattern(r"\.", ","), ",": _number_pattern(",", ".")}
_GROUPS = {mark: str.maketrans(mark, ".", _BLANKS + other) for mark, other in (".,", ",.")}


@remembered
def amount(text: str, mark: str = "") -> Fraction | str:
    """The exact number ≥ 0 of a text, which may have a currency, or what is wrong with it, as "is …".

    Args:
        text: "1200", "1,200.50 EUR", "1 200" or the like.
        mark: the decimal mark of its column where that is known, "." or ",". Without it, "1,200" and "1.200" are
            ambiguous.
    """
    sign, number = _split(text)
    marks = _marks(number)
    if not marks:
        return NOT_A_NUMBER
    if not mark and _ambiguous(number, marks):
        whole, part = re.split("[.,]", number)
        return f"is {whole}{part} or {whole}.{part}"
    value = Fraction(number.translate(_GROUPS[mark if mark in marks else marks[0]]))
    if sign and value:
        return "is negative"
    return TOO_LARGE if value > LARGEST else value


def decimal_mark(texts: Iterable[str]) -> str:
    """The decimal mark, "." or ",", that the unambiguous numbers of a column have; "" if none or both."""
    proven = {marks[0] for text in texts if len(marks := _marks(_split(text)[1])) == 1}
    return proven.pop() if len(proven) == 1 else ""


def spellings(text: str) -> str:
    """Unambiguous spellings of an ambiguous number: "3.000" → "3000 or 3.0"; "" for other texts."""
    number = _split(text)[1]
    if not _ambiguous(number, _marks(number)):
        return ""
    whole, part = re.split("[.,]", number)
    short = part.rstrip("0") or "0"
    return f"{whole}{part} or {whole}.{short if short != part else f'{part}0'}"


def _marks(number: str) -> list[str]:
    """The decimal marks that a number may have: both if it has no mark, or one before three digits."""
    if len(number) > _LONGEST_NUMBER:
        return []
    return [mark for mark, pattern in _NUMBERS.items() if pattern.fullmatch(number)]


def _ambiguous(number: str, marks: list[str]) -> bool:
    return len(marks) > 1 and ("." in number or "," in number)


def _split(text: str) -> tuple[str, str]:
    """The sign of a number, and the number without its currency."""
    clean = text.strip()
    if len(clean) <= _LONGEST_NUMBER:  # longer texts are no numbers
        clean = _CURRENCY.sub("", clean).strip()
    sign = clean[:1] if clean[:1] in ("-", "−") else ""
    return sign, clean.removeprefix(sign).strip()
