"""How figures and names are put into words."""

from __future__ import annotations

import pytest

from navlayers._text.wording import of_matrix, quantity, quoted


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0 techniques"), (1, "1 technique"), (2, "2 techniques"), (1024, "1,024 techniques")],
)
def test_a_number_has_its_noun(number: int, words: str) -> None:
    assert quantity(number, "technique") == words
    assert of_matrix(number) == (
        "1 technique or sub-technique" if number == 1 else f"{number:,} techniques and sub-techniques"
    )


def test_a_noun_may_have_a_plural_of_its_own() -> None:
    assert quantity(1, "capability", "capabilities") == "1 capability"
    assert quantity(20, "capability", "capabilities") == "20 capabilities"


def test_only_the_start_of_a_long_text_is_looked_at() -> None:
    assert quoted("é" * 60 + "\x07" * 9) == f'"{"é" * 60}…"'
    assert quoted("é\x07") == r'"\xe9\x07"'
