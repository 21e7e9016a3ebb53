"""What all pages have in common: texts without control characters, places to break, digests."""

from __future__ import annotations

import base64
import hashlib

from navlayers.output import html


def test_texts_lose_control_characters_and_keep_lines() -> None:
    assert html.finalize("a\x00b\nc\u202e\r\n") == "a b\nc  \n"
    assert html.finalize(7) == 7


def test_text_may_be_broken_where_words_meet_and_is_escaped() -> None:
    assert html.breakable("OS/Network_log CloudTrail <b>") == ("OS/<wbr>Network_<wbr>log Cloud<wbr>Trail &lt;b&gt;")


def test_a_digest_is_what_policies_call_a_text() -> None:
    value = base64.b64encode(hashlib.sha256("ä".encode()).digest()).decode()
    assert html.digest("ä") == f"sha256-{value}"
