"""Pure text helpers: wording, terminal width, file names, web addresses, formula escapes, JSON by line."""

from __future__ import annotations

import difflib
import hashlib
import json
import math
import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from fractions import Fraction

_SHOWN = 60
_SENTENCE = 200
_AROUND = 50
_LISTED = 12
_US_DATE = re.compile(r"(?P<month>0[1-9]|1[0-2])/(?P<day>0[1-9]|[12]\d|3[01])/(?P<year>\d{4})")
_BEFORE_NUMBER = re.compile(r"(?<=\w) (?=\d)")
_WORD = re.compile(r"[0-9]+|[^\W_0-9]+")
_NOT_LETTERS = re.compile(r"[\W_]+")


def bare(text: str) -> str:
    """A value as messages show it without quotes: cut when long, with control characters escaped."""
    visible = text if text.isprintable() else text.encode("unicode_escape").decode()
    return f"{visible[:_SHOWN]}…" if len(visible) > _SHOWN else visible


def quoted(text: str) -> str:
    """A value as messages quote it: cut when long, with control characters escaped."""
    return f'"{bare(text)}"'


def excerpt(text: str) -> str:
    """A message of another library, which may quote the file: on one line, cut when long."""
    plain = text if text.isprintable() else text.encode("unicode_escape").decode()
    return f"{plain[:_SENTENCE]}…" if len(plain) > _SENTENCE else plain


class Names:
    """A possibly large list of names, searched for the one closest to a misspelled word."""

    def __init__(self, names: Iterable[str]) -> None:
        self._lower = {name.lower(): name for name in names}
        self._by_length = sorted((len(name), name) for name in self._lower)

    def closest(self, text: str, cutoff: float = 0.6) -> str | None:
        """The name most similar to the text, among those of about its length; None if none is similar."""
        text = text.strip().lower()[:_SHOWN]
        if text in self._lower:
            return self._lower[text]
        place = bisect_left(self._by_length, (len(text), text))
        matcher = difflib.SequenceMatcher(b=text)
        bounds = []
        for _, name in self._by_length[max(place - _AROUND, 0) : place + _AROUND]:
            matcher.set_seq1(name)
            bounds.append((matcher.quick_ratio(), name))
        best = (cutoff, "")
        # The slow ratio of few: `difflib.get_close_matches` works it out for all.
        for bound, name in sorted(bounds, reverse=True):
            if bound < best[0]:
                break
            matcher.set_seq1(name)
            best = max(best, (matcher.ratio(), name))
        return self._lower[best[1]] if best[1] else None

    def suggestion(self, text: str) -> str:
        """A question with the most similar name, or "" if none is similar."""
        close = self.closest(text)
        return f"did you mean {bare(close)}?" if close else ""


def suggestion(text: str, names: Iterable[str]) -> str:
    """A question with the most similar name, or "" if none is similar."""
    return Names(names).suggestion(text)


def comma_list(names: Sequence[str]) -> str:
    """`a, b, c`, cut after the first few."""
    return ", ".join([*(bare(name) for name in names[:_LISTED]), *(["…"] if len(names) > _LISTED else [])])


def first_few(texts: Sequence[str], most: int | None, separator: str = ", ") -> str:
    """`a, b, +3 more`: at most `most` texts; None: all of them."""
    more = 0 if most is None else len(texts) - most
    return separator.join([*texts[:most], *([f"+{more} more"] if more > 0 else [])])


def and_list(names: Sequence[str]) -> str:
    """`a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def or_list(names: Iterable[str]) -> str:
    """`a, b or c`."""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last


def quantity(number: int, what: str, many: str = "") -> str:
    """A number with its noun: "1 technique", "1,024 techniques"."""
    return f"{number:,} {what if number == 1 else many or f'{what}s'}"


def percent(part: float | Fraction, whole: float | Fraction, goal: Fraction | None = None) -> float:
    """A share in percent with one decimal, for tables.

    It is 0 only for nothing, 100 only for the whole, and at least `goal` (a share 0–1) only if it reaches that.
    """
    share = _share(part, whole)
    return max(_steps(share, goal, 1000), share > 0) / 10


def percent_figure(part: float | Fraction, whole: float | Fraction, goal: Fraction | None = None) -> str:
    """A share as tables show it, with one decimal: "26.7%"."""
    return f"{percent(part, whole, goal):.1f}%"


def percent_text(part: float | Fraction, whole: float | Fraction, goal: Fraction | None = None) -> str:
    """A share in whole percent, for sentences: "46%", "<1%" if it is not nothing, ">99%" if not the whole."""
    share = _share(part, whole)
    if 0 < 100 * share < 1:
        return "<1%"
    return ">99%" if 99 < 100 * share < 100 else f"{_steps(share, goal, 100)}%"


def _share(part: float | Fraction, whole: float | Fraction) -> Fraction:
    from fractions import Fraction  # noqa: PLC0415 - slow to import, and builds need none

    # By their decimal digits, which decide halves: 0.285 is 285 thousandths.
    return Fraction(str(part)) / Fraction(str(whole)) if whole else Fraction(0)


def _steps(share: Fraction, goal: Fraction | None, steps: int) -> int:
    """The share in steps of 1 / `steps`, halves up; down if it would seem to reach the goal or the whole."""
    near = math.floor((2 * share * steps + 1) / 2)
    reached = any(share < end and end * steps <= near for end in (goal, 1) if end is not None)
    return math.floor(share * steps) if reached else near


def folded(text: str) -> str:
    """The text for comparisons that ignore case and the number of blanks."""
    return " ".join(text.split()).casefold()


def letters(text: str) -> str:
    """The letters and numbers of a text: "ac 2" for both "AC-02" and "ac_2"."""
    return " ".join(word.lstrip("0") or "0" for word in _WORD.findall(text.casefold()))


def compact(text: str) -> str:
    """The letters and digits of a text in one case, without anything between: "sideloading" of "Side-Loading"."""
    return _NOT_LETTERS.sub("", unicodedata.normalize("NFKC", text)).casefold()


def printable(text: str) -> str:
    """The text with blanks for control characters, which would move the cursor of a terminal."""
    if text.isprintable():
        return text
    return "".join(" " if is_control(char) else char for char in text)


def is_control(char: str) -> bool:
    """Whether a terminal interprets the character instead of showing it, or shows nothing."""
    category = unicodedata.category(char)
    return category.startswith("C") or category in ("Zl", "Zp")


def columns(text: str) -> int:
    """The width of the text on a terminal, in columns."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) > 0 for char in text)


def wrap(text: str, width: int) -> list[str]:
    """The text in lines of `width` columns, broken at blanks or within longer words; at least one line.

    Addresses are not broken, as terminals make only whole ones clickable.
    """
    lines: list[str] = []
    line = ""
    for word in text.split():
        rest = word
        if line and columns(line) + 1 + columns(rest) <= width:
            line += f" {rest}"
            continue
        if line:
            lines.append(line)
        while columns(rest) > width and "://" not in word:
            head = _start(rest, width)
            lines.append(head)
            rest = rest[len(head) :]
        line = rest
    return [*lines, line] if line or not lines else lines


def _start(word: str, width: int) -> str:
    """The part of a word that fits, at least one letter."""
    used = 0
    for index, char in enumerate(word):
        used += columns(char)
        if used > width and index:
            return word[:index]
    return word


LONGEST = 80
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.ASCII)
"""Names that Windows reserves for devices, with any ending."""


def slug(text: str) -> str:
    """The text as lower-case letters, digits, dots, hyphens and underscores; "" if it has none."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"-?[^a-z0-9._-]+-?", "-", plain).strip("-._ ")[:LONGEST].strip("-._ ")


def slugs(ids: Iterable[str]) -> dict[str, str]:
    """Id → slug; all are different, also on file systems that ignore case.

    An id whose slug is empty, reserved or a duplicate gets a part of its own hash, so that the slugs do not depend
    on the order of the ids.
    """
    names = {identifier: slug(identifier) for identifier in ids}
    while True:
        times = Counter(names.values())
        bad = [i for i, name in names.items() if not name or times[name] > 1 or RESERVED.fullmatch(name)]
        changed = {identifier: _hashed(identifier) for identifier in bad}
        if changed.items() <= names.items():
            return names
        names.update(changed)


def _hashed(identifier: str) -> str:
    """The slug and a hash, without dots: Windows reserves names up to their first dot."""
    digest = hashlib.sha256(identifier.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    name = slug(identifier).replace(".", "-")[: LONGEST - 17]
    return f"{name}-{digest}" if name else digest


_SEPARATORS = re.compile(r"[;,]?\s+")
_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)
_HOST = re.compile(r"[\w:][\w.:-]*")
_QUOTED_TEXT = ":~:"


def web_links(references: Iterable[str]) -> tuple[str, ...]:
    """The http(s) addresses in references, without duplicates; a reference may contain several.

    Blanks and quotes around an address are removed, and fragments that quote the page's text (`#:~:text=`).
    """
    return tuple(dict.fromkeys(link for reference in references for link in _in_reference(reference)))


@lru_cache(maxsize=10_000)
def _in_reference(reference: str) -> tuple[str, ...]:
    """The addresses in one reference; cached, as many mappings of a set share a reference."""
    found = []
    for part in _SEPARATORS.split(reference):
        address = _ADDRESS.search(part)
        if address is None:
            continue
        base, mark, fragment = address[0].strip("\"'<>,;").partition("#")
        fragment = fragment.partition(_QUOTED_TEXT)[0]
        link = f"{base}{mark}{fragment}" if fragment else base
        if _has_host(link) and link.isprintable():
            found.append(link)
    return tuple(found)


def _has_host(text: str) -> bool:
    try:
        parts = urlsplit(text)
        # A port that is not a number raises, too.
        return _HOST.fullmatch(parts.hostname or "") is not None and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


_RUNS = re.compile(r"""['" ]*[=+\-@\t\r\n＝＋－＠]""")
"""Start of a cell that a spreadsheet may run as a formula (OWASP's list; importers drop quotes and blanks)."""

MARK = "'"
"""The mark with which spreadsheets declare a cell to be text."""


def neutralize(text: str) -> str:
    """The text, with a mark before it if a spreadsheet might run it as a formula."""
    return MARK + text if _RUNS.match(text) else text


def restore(text: str) -> str:
    """The inverse of `neutralize`: `restore(neutralize(text)) == text`."""
    return text[1:] if text.startswith(MARK) and _RUNS.match(text, 1) else text


def encode(document: msgspec.Struct, indent: str = "") -> bytes:
    """A Struct as a JSON object, with a line per member, and per item of a member that is a non-empty tuple."""
    members = ((field, getattr(document, field)) for field in document.__struct_fields__)
    return _lines(members, indent)


def encode_members(document: Mapping[str, Any]) -> bytes:
    """A dictionary as JSON in the layout of `encode`."""
    return _lines(document.items(), "")


def _lines(members: Iterable[tuple[str, Any]], indent: str) -> bytes:
    encode_one = msgspec.json.Encoder().encode
    inner = f"\n{indent}  ".encode()
    lines = []
    for name, value in members:
        if isinstance(value, (tuple, list)) and value:
            text = b"[" + inner + b"  " + (b"," + inner + b"  ").join(map(encode_one, value)) + inner + b"]"
        else:
            text = encode_one(value)
        lines.append(encode_one(name) + b": " + text)
    start = indent.encode()
    return start + b"{" + inner + (b"," + inner).join(lines) + b"\n" + start + b"}"


_NOT_PLAIN = re.compile(r"[^\n -~]")


def json_text(value: object) -> str:
    """A value as indented JSON with a final line feed; characters that a terminal interprets are escaped."""
    try:
        text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    except UnicodeEncodeError:  # a file name that is not Unicode: only escapes can represent it
        text = json.dumps(msgspec.to_builtins(value), indent=2)
    return _NOT_PLAIN.sub(_escaped, text) + "\n"


def _escaped(found: re.Match[str]) -> str:
    char = found[0]
    return json.dumps(char)[1:-1] if is_control(char) else char


_NO_CENTS = 1e15
"""From here on, floats have no decimals worth rounding, and `Decimal` not enough digits."""


def rounded(score: float, decimals: int = 2) -> float:
    """The score as it is written: with at most so many decimals, and an int if it is whole."""
    if score.__class__ is int:
        return score
    rounded = _half_up(score, decimals)
    return int(rounded) if rounded == int(rounded) else rounded


@lru_cache(maxsize=4096)
def _half_up(score: float, decimals: int) -> float:
    """Half up by the decimal digits: 67.195 is 67.2, though its binary value is just below."""
    if abs(score) >= _NO_CENTS:
        return score
    return float(Decimal(repr(score)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))


def number_text(score: float) -> str:
    """The score as text, with at most two decimals."""
    return str(rounded(score))


@lru_cache(maxsize=4096)
def decimal(number: float) -> str:
    """A number in plain decimal digits, as mapping sets write them."""
    digits = format(Decimal(repr(float(number))), "f")
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return "0" if digits == "-0" else digits


_DAY = re.compile(r"(?P<y>[0-9]{4})([-/])(?P<m>[0-9]{1,2})\2(?P<d>[0-9]{1,2})(?:[Tt ].*)?", re.DOTALL)
_AMERICAN_DAY = re.compile(r"(?P<m>[0-9]{1,2})/(?P<d>[0-9]{1,2})/(?P<y>[0-9]{4})")


def day(text: str) -> str | None:
    """The day of a date as 2025-01-31; None if the text is not a date.

    The text is 2025-01-31 or 2025/1/31, with or without a time, or 1/31/2025, as MITRE writes dates.
    """
    match = _DAY.fullmatch(text.strip()) or _AMERICAN_DAY.fullmatch(text.strip())
    try:
        return str(date(int(match["y"]), int(match["m"]), int(match["d"]))) if match else None
    except ValueError:
        return None


def technique_url(technique: str) -> str:
    """The address of a technique's page at ATT&CK's site, where a slash replaces the dot."""
    return f"https://attack.mitre.org/techniques/{technique.replace('.', '/')}/"


def page_label(technique: str, url: str) -> str:
    """The label of the link to a technique's page: "T1059.001 at attack.mitre.org"."""
    return f"{technique} at {urlsplit(url).hostname}"


def is_technique_page(technique: str, label: object, url: object) -> bool:
    """Whether a layer's link leads to the technique's page: at ATT&CK's site, or as navlayers labels it."""
    if not isinstance(url, str):
        return False
    return url.rstrip("/") == technique_url(technique).rstrip("/") or (
        str(label).startswith(f"{technique} at ") and label == page_label(technique, url)
    )


def single_line(text: str, longest: int = 2000) -> str:
    """The text on one line, without control characters and marks of writing direction."""
    text = text[:longest]
    if not (text.isascii() and text.isprintable()):
        text = text.translate(_REPLACEMENTS)
    return " ".join(text.split()) if "  " in text or text != text.strip() else text


def iso_date(text: str) -> str:
    """A date as Mappings Explorer writes versions, month first, as "2025-03-06"; any other text as it is."""
    date = _US_DATE.fullmatch(text)
    return "-".join((date["year"], date["month"], date["day"])) if date else text


def joined_numbers(text: str) -> str:
    """The text with no-break spaces in front of numbers, so that lines do not break within "Microsoft 365"."""
    return _BEFORE_NUMBER.sub("\u00a0", text)


class _Replacements(dict[int, str]):
    """Code point → its replacement."""

    def __missing__(self, point: int) -> str:
        char = chr(point)
        # XML forbids control characters, and an unterminated direction mark would turn the text after it.
        kept = " " if char.isspace() else "" if unicodedata.category(char)[0] == "C" else char
        self[point] = kept
        return kept


_REPLACEMENTS = _Replacements()
