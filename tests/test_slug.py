from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from navlayers._text.slugs import slug, slugs

WINDOWS = {"con", "prn", "aux", "nul", *(f"{port}{digit}" for port in ("com", "lpt") for digit in range(10))}
NASTY = [
    "",
    ".",
    "..",
    "../..",
    "/etc/passwd",
    "C:\\x",
    "CON",
    "nul.txt",
    "a\0b",
    "\u202egnp",
    "ü",
    "Ａ",
    "a ",
    "a.",
    "日本",
    "x" * 400,
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cloud_hsm", "cloud_hsm"),
        ("AC-02(1)", "ac-02-1"),
        ("Azure AD: Identity", "azure-ad-identity"),
        ("Zürich Café", "zurich-cafe"),
        ("../../etc/passwd", "etc-passwd"),
        ("a/b\\c", "a-b-c"),
        ("CVE-2021-44228", "cve-2021-44228"),
        ("action.hacking.variety", "action.hacking.variety"),
        ("日本", ""),
    ],
)
def test_a_slug_keeps_what_people_recognise(text: str, expected: str) -> None:
    assert slug(text) == expected


def assert_safe(names: dict[str, str]) -> None:
    assert len({name.casefold() for name in names.values()}) == len(names)
    for name in names.values():
        assert re.fullmatch(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?", name), name
        assert name.partition(".")[0] not in WINDOWS
        assert name != ".."
        assert len(name) <= 100


@pytest.mark.parametrize("identifier", NASTY)
def test_every_id_gets_a_name_that_is_safe_on_every_file_system(identifier: str) -> None:
    assert_safe(slugs([identifier]))


def test_ids_that_look_alike_get_different_names() -> None:
    assert_safe(slugs(["AC-1", "ac-1", "AC 1", "AC/1", "AC_1", "Ac-1 ", *NASTY]))


def test_an_id_that_spells_the_name_made_for_another_gets_a_different_one() -> None:
    taken = [f"a-{hashlib.sha256(identifier.encode()).hexdigest()[:8]}" for identifier in ("A", "a")]
    assert_safe(slugs(["A", "a", *taken]))


@given(
    st.lists(
        st.one_of(st.text(max_size=12), st.sampled_from(NASTY), st.from_regex(r"[aA.\- ]{1,4}", fullmatch=True))
    )
)
@example(["x" * 90, "x" * 91, "x" * 79 + ".", "x" * 70 + "." * 30 + "y"])
def test_names_are_safe_and_different_whatever_the_ids(ids: list[str]) -> None:
    assert_safe(slugs(ids))


@given(st.lists(st.text(alphabet="aA-. é", max_size=4), unique=True))
def test_an_id_has_the_same_name_whatever_the_order(ids: list[str]) -> None:
    assert slugs(ids) == slugs(reversed(ids))


def test_an_id_that_is_no_unicode_text_still_gets_a_name() -> None:
    assert_safe(slugs(["\ud800", "a\udfff"]))
