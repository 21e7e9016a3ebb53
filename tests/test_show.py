from __future__ import annotations

import html as htmllib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from conftest import CORPUS, SHARED

from navlayers.mapping.find import resolve
from navlayers.mapping.load import Prepared, prepare
from navlayers.output.terminal import TRUE_COLORS, Terminal
from navlayers.pages import show

if TYPE_CHECKING:
    from conftest import Run

EXAMPLE = """\
framework: example
title: Example
version: "1"
domain: enterprise
attack_version: "16.1"
mapping_types: [technique_scores]
groups: {accounts: Account care, rest: The rest}
capabilities:
  mfa:
    name: Multi-factor | authentication
    groups: [accounts]
    references: [https://example.org/mfa, "javascript:alert(1)"]
    techniques:
      T1078: {protect: significant, comment: "Stops *most* <b>guesses</b> \\e[31m and | pipes"}
      T1110: {protect: partial}
      T1053.001: {protect: minimal}
  log-01:
    name: Logging
    groups: [rest]
    techniques:
      T1078:
        - {detect: minimal}
        - {detect: partial}
      T1078.004: {detect: minimal}
  hsm:
    name: Vault
    groups: [rest]
    non_mappable: {comment: Looked at twice}
non_mappable:
  T1200: {comment: Needs a guard}
"""


@pytest.fixture
def example(tmp_path: Path) -> Path:
    path = tmp_path / "example.yaml"
    path.write_text(EXAMPLE, encoding="utf-8")
    return path


def _sets(*paths: Path) -> list[Prepared]:
    return [one for one in prepare(resolve([str(path) for path in paths])) if isinstance(one, Prepared)]


def _page(run: Run, *args: str | Path) -> dict[str, Any]:
    result = run("show", *args, "--format", "json")
    assert result.code == 0, result.err
    page = json.loads(result.out)
    assert isinstance(page, dict)
    return page


@pytest.mark.parametrize("name", ["T1078", "t1078", "Valid Accounts", "valid  accounts", "T1078 "])
def test_a_technique_is_found_by_its_id_and_its_name_in_any_case(run: Run, example: Path, name: str) -> None:
    kind = ["--kind", "technique"] if "alid" in name else []
    assert _page(run, name, "--set", example, *kind)["id"] == "T1078"


@pytest.mark.parametrize(
    ("asked", "kind", "found"),
    [
        ("MFA", "capability", "mfa"),
        ("logging", "capability", "log-01"),
        ("log 1", "capability", "log-01"),
        ("account CARE", "group", "accounts"),
        ("TA0001", "tactic", "TA0001"),
        ("initial-access", "tactic", "TA0001"),
        ("Initial Access", "tactic", "TA0001"),
        ("T1078.4", "technique", "T1078.004"),
        ("Valid Accounts: Cloud Accounts", "technique", "T1078.004"),
    ],
)
def test_everything_is_found_by_id_and_name(run: Run, example: Path, asked: str, kind: str, found: str) -> None:
    page = _page(run, asked, "--set", example)
    assert (page["kind"], page["id"]) == (kind, found)


def test_a_slip_gets_suggestions_with_ids_and_names(run: Run, example: Path) -> None:
    result = run("show", "Valid Acounts", "--set", example)
    assert (result.code, result.out) == (2, "")
    assert "did you mean:\n  T1078 Valid Accounts (technique, enterprise)" in result.err


def test_an_ambiguous_name_lists_what_it_may_mean(run: Run, example: Path) -> None:
    result = run("show", "Email Accounts", "--set", example)
    assert result.code == 2
    assert "T1585.002 Email Accounts" in result.err
    assert "T1586.002 Email Accounts" in result.err
    assert "use its id" in result.err


def test_a_technique_shows_its_rows_their_scores_and_which_do_not_count(run: Run, example: Path) -> None:
    page = _page(run, "T1078", "--set", example, "--aggregate", "mean")
    (section,) = page["sections"]
    rows = [(r["capability_id"], r["category"], r["value"], r["score"], r["counts"]) for r in section["mappings"]]
    assert rows == [
        ("log-01", "detect", "partial", 50, True),
        ("log-01", "detect", "minimal", 10, False),
        ("mfa", "protect", "significant", 100, True),
    ]
    assert section["aggregate"]["overall"] == 100
    assert section["aggregate"]["says"][1:] == [
        "Protect – significant: Multi-factor | authentication",
        "Detect – partial: log-01 Logging",
    ]
    subs = {entry["id"]: (entry["overall"], entry["capabilities"]) for entry in section["subtechniques"]}
    assert subs == {
        "T1078.001": (None, 0),
        "T1078.002": (None, 0),
        "T1078.003": (None, 0),
        "T1078.004": (10, 1),
    }


def test_a_technique_has_the_same_rolled_up_score_on_the_pages_of_its_sub_techniques(
    run: Run, example: Path
) -> None:
    text = EXAMPLE.replace(
        "T1078.004: {detect: minimal}", "T1110.001: {detect: minimal}\n      T1110.002: {detect: partial}"
    )
    example.write_text(text.replace("T1110: {protect: partial}", "T1110.003: {protect: partial}"), encoding="utf-8")
    options: list[str | Path] = ["--set", example, "--rollup", "max"]
    (section,) = _page(run, "T1110", *options)["sections"]
    (below,) = _page(run, "T1110.001", *options)["sections"]
    assert section["aggregate"]["overall"] == 50
    assert below["parent"]["categories"] == {"protect": 50, "detect": 50}


def test_a_revoked_technique_names_its_successor_which_has_its_mappings(run: Run, example: Path) -> None:
    revoked = run("show", "T1053.001", "--set", example, "--full").out
    assert "Revoked in ATT&CK 16.1; its successor is T1053.002 At." in revoked
    assert "example: mappings of this technique count for its replacement T1053.002 At." in revoked
    assert "Sets that do not map it" not in revoked
    successor = run("show", "T1053.002", "--set", example, "--full").out
    assert re.search(r"^mfa .* protect +minimal", successor, re.MULTILINE)


def test_what_is_replaced_and_left_out_is_told_as_by_build(run: Run, example: Path, tmp_path: Path) -> None:
    """T1064 is deprecated without a successor, T1053.001 has one."""
    text = example.read_text(encoding="utf-8").replace("T1110: {protect: partial}", "T1064: {protect: partial}")
    example.write_text(text, encoding="utf-8")
    shown = run("show", "T1078", "--set", example).err
    built = run("build", example, "-o", tmp_path / "out").err
    assert [line for line in built.splitlines() if line in shown.splitlines()][:2] == [
        "note: example: revoked in ATT&CK 16.1, replaced: T1053.001 At (Linux) → T1053.002 At",
        "note: example: left out, not active in ATT&CK 16.1: T1064 Scripting: deprecated, no successor",
    ]


def test_a_description_stands_where_the_release_has_it(example: Path) -> None:
    (one,) = _sets(example)
    text = "First [link](https://example.org/a) and [none](javascript:x).\n\nSecond <i>part</i>."
    technique = msgspec.structs.replace(one.catalogue.techniques["T1078"], description=text)
    catalogue = msgspec.structs.replace(one.catalogue, techniques={**one.catalogue.techniques, "T1078": technique})
    page = show.look_up("T1078", [msgspec.structs.replace(one, catalogue=catalogue)])
    html = show.render(page, "html")
    assert (
        '<p>First <a href="https://example.org/a" rel="noreferrer">link</a> and [none](javascript:x).</p>' in html
    )
    assert "<p>Second &lt;i&gt;part&lt;/i&gt;.</p>" in html
    assert "First link and [none](javascript:x).\nSecond <i>part</i>.\n" in show.render(page)


def test_a_technique_that_cannot_be_mapped_shows_the_record(run: Run, example: Path) -> None:
    result = run("show", "T1200", "--set", example, "--full")
    assert "Non-mappable\n" in result.out
    assert "Comments: Needs a guard" in result.out


def test_sets_without_a_mapping_are_named_in_one_line(run: Run, example: Path) -> None:
    other = example.with_name("other.yaml")
    other.write_text(EXAMPLE.replace("T1110", "T1111"), encoding="utf-8")
    names: list[str | Path] = ["--set", example, "--set", other, "--set", "veris-ics", "--set", "gcp"]
    page = _page(run, "T1110", *names)
    told = [section["set"]["name"] for section in page["sections"]]
    assert (told, page["without"], page["elsewhere"]) == (["example", "gcp"], ["other"], ["veris-ics"])
    lines = run("show", "T1110", *names, "--full").out.splitlines()
    assert "Sets that do not map it: other." in lines
    assert "Sets of another ATT&CK domain: veris-ics." in lines


def test_a_capability_shows_its_techniques_by_tactic_and_what_only_it_covers(run: Run, example: Path) -> None:
    page = _page(run, "mfa", "--set", example)
    (section,) = page["sections"]
    tactics = {c["tactic"]["shortname"]: [t["id"] for t in c["techniques"]] for c in section["tactics"]}
    assert tactics == {
        "initial-access": ["T1078"],
        "execution": ["T1053.002"],
        "persistence": ["T1053.002", "T1078"],
        "privilege-escalation": ["T1053.002", "T1078"],
        "defense-evasion": ["T1078"],
        "credential-access": ["T1110"],
    }
    assert [one["id"] for one in section["unique"]] == ["T1053.002", "T1110"]
    assert section["stats"]["categories"] == {"protect": {"mean": 53.33, "sum": 160}}
    assert section["not_active"] == []
    first, *others = (c["techniques"][0]["comments"] for c in section["tactics"][:4])
    assert len(first) == 1
    assert others == [[], [], []], "a comment stands where its technique comes first"


def test_a_capability_that_covers_nothing_shows_its_record(run: Run, example: Path) -> None:
    assert "Comments: Looked at twice" in run("show", "hsm", "--set", example, "--full").out


def test_a_group_shows_its_capabilities_with_counts_and_its_techniques(run: Run, example: Path) -> None:
    page = _page(run, "rest", "--set", example)
    (section,) = page["sections"]
    members = [(m["id"], m["techniques"], m["subtechniques"], m["unique"]) for m in section["capabilities"]]
    assert members == [("hsm", 0, 0, 0), ("log-01", 1, 1, 1)]
    assert [t["overall"] for t in section["tactics"][0]["techniques"]] == [50, 10]


def test_a_tactic_shows_every_technique_in_matrix_order(run: Run, example: Path) -> None:
    page = _page(run, "TA0001", "--set", example)
    (section,) = page["sections"]
    column = section["column"]
    assert (column["mapped"], column["total"]) == (2, 21), "with 11 sub-techniques"
    names = [t["name"] for t in column["techniques"] if "." not in t["id"]]
    assert names == sorted(names)
    assert len(names) == 10
    at = [t["id"] for t in column["techniques"]].index("T1078")
    below = [t["name"] for t in column["techniques"][at + 1 : at + 5]]
    assert below == ["Cloud Accounts", "Default Accounts", "Domain Accounts", "Local Accounts"], (
        "as in the Navigator"
    )


@pytest.mark.parametrize("format_", show.FORMATS)
def test_no_control_character_of_a_set_reaches_any_output(run: Run, tmp_path: Path, format_: str) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(EXAMPLE.replace("Logging", '"Log\\x9b2J\\u202eging"'), encoding="utf-8")
    for word in ("T1078", "mfa", "rest", "TA0001"):
        result = run("show", word, "--set", path, "--format", format_)
        assert result.code == 0, result.err
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", result.out)


def test_html_escapes_and_links_only_to_the_web(run: Run, example: Path) -> None:
    page = run("show", "mfa", "--set", example, "--format", "html").out
    assert "<b>guesses" not in page
    assert "&lt;b&gt;guesses&lt;/b&gt;" in page
    assert 'href="javascript' not in page
    assert "javascript:alert(1)" in page, "what is no link is text"
    assert 'href="https://example.org/mfa"' in page
    assert "<script" not in page
    assert not re.search(r'(src|href)="(?!https?://)', page)


def test_markdown_keeps_the_data_out_of_the_markup(run: Run, example: Path) -> None:
    page = run("show", "T1078", "--set", example, "--format", "md").out
    assert r"Multi-factor \| authentication" in page
    assert r"Stops \*most\* \<b\>guesses\</b\>" in page
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    bars = [len(re.findall(r"(?<!\\)\|", row)) for row in rows]
    assert bars == [10] * 5 + [6] * 6, "three mappings, four sub-techniques, each table with its two lines on top"


def test_the_ending_of_the_output_file_says_the_format(run: Run, example: Path, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    assert run("show", "T1078", "--set", example, "-o", out).code == 0
    assert out.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert run("show", "mfa", "--set", example, "-o", out).code == 2, "it holds something else"
    assert run("show", "mfa", "--set", example, "-o", out, "--force").code == 0


def test_a_page_never_replaces_the_set_it_shows(run: Run, example: Path) -> None:
    shown = run("show", "mfa", "--set", example, "--format", "md", "-o", example, "--force", "-q")
    expected = "this is the input; expected another file (choose another name with -o)"
    assert (shown.code, shown.err) == (2, f"navlayers: {example}: {expected}\nNothing was written.\n")
    assert example.read_text(encoding="utf-8") == EXAMPLE


@pytest.mark.parametrize("width", [40, 80, 120, 200])
@pytest.mark.parametrize("word", ["T1078", "mfa", "rest", "TA0001"])
def test_text_fits_the_width_and_loses_no_id_and_no_score(example: Path, word: str, width: int) -> None:
    sets = _sets(example)
    page = show.look_up(word, sets)
    wide = show.render(page)
    text = show.render(page, terminal=Terminal(width))
    assert max(map(len, text.splitlines())) <= width or "://" in max(text.splitlines(), key=len)
    for token in re.findall(r"T\d{4}(?:\.\d{3})?|\b\d+\b|log-01|mfa", wide):
        assert token in text


def test_style_is_for_terminals_that_ask_for_it(example: Path) -> None:
    page = show.look_up("T1078", _sets(example))
    styled = show.render(page, terminal=Terminal(80, TRUE_COLORS))
    assert "\x1b[1m" in styled
    assert re.sub(r"\x1b\[[\d;]*m", "", styled) == show.render(page, terminal=Terminal(80))


def test_wide_letters_keep_the_columns_in_line(tmp_path: Path) -> None:
    path = tmp_path / "wide.yaml"
    path.write_text(EXAMPLE.replace("name: Logging", "name: 記録する"), encoding="utf-8")
    text = show.render(show.look_up("T1078", _sets(path)))
    line = next(line for line in text.splitlines() if "記録する" in line and "technique_scores" in line)
    other = next(line for line in text.splitlines() if line.startswith("mfa"))
    assert line.index("technique_scores") + 4 == other.index("technique_scores")


def test_the_same_page_whatever_the_order_of_the_rows(tmp_path: Path) -> None:
    head, _, body = EXAMPLE.partition("  mfa:")
    mfa, _, rest = body.partition("  log-01:")
    log, _, last = rest.partition("  hsm:")
    pages = []
    for number, text in enumerate((EXAMPLE, f"{head}  log-01:{log}  mfa:{mfa}  hsm:{last}")):
        path = tmp_path / str(number) / "example.yaml"
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")
        pages.append([show.render(show.look_up(w, _sets(path)), "json") for w in ("T1078", "mfa", "TA0001")])
    assert pages[0] == pages[1]


GOLDEN = Path(__file__).parent / "golden" / "show"


@pytest.mark.parametrize(
    ("name", "word", "format_", "width"),
    [
        ("technique.txt", "T1078", "text", 80),
        ("technique.md", "T1078", "md", None),
        ("technique.html", "T1078", "html", None),
        ("technique.json", "T1078", "json", None),
        ("capability.txt", "mfa", "text", 80),
        ("group.txt", "rest", "text", 80),
        ("tactic.txt", "TA0001", "text", 80),
    ],
)
def test_pages_look_as_they_did(
    example: Path, tmp_path: Path, name: str, word: str, format_: show.Format, width: int | None
) -> None:
    text = show.render(show.look_up(word, _sets(example)), format_, terminal=Terminal(width))
    golden = GOLDEN / name
    if not golden.exists() or golden.read_text(encoding="utf-8") != text:
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert golden.read_text(encoding="utf-8") == text, f"look at {tmp_path / name}"


SEED = SHARED / "seed"


@pytest.mark.skipif(not SEED.is_dir(), reason="the published page is not at ../shared/seed")
@pytest.mark.parametrize("format_", ["text", "md", "html", "json"])
def test_a_page_shows_every_field_of_the_published_page(run: Run, corpus: Path, format_: str) -> None:
    seed = next(SEED.glob("*.txt")).read_text(encoding="utf-8").splitlines()
    rows = [line for line in seed if "technique_scores" in line]
    comments = [seed[i + 1] for i, line in enumerate(seed) if line == "Comments"]
    assert (len(rows), len(comments)) == (3, 3)
    source = next(CORPUS.glob("gcp*.json"))
    out = run("show", "T1588.003", "--set", source, "--full", "--format", format_).out
    text = re.sub(r"<[^>]+>", " ", out) if format_ == "html" else out
    text = htmllib.unescape(text).replace("\\", "")
    for comment in comments:
        assert comment in text
    for row in rows:
        before, _, after = row.partition(" technique_scores ")
        identifier, _, name = before.partition(" ")
        # The file calls the HSM cloud_hsm; the page spells its id out of its name.
        known = {"cloud_hardware_security_module_(hsm)": "cloud_hsm"}
        technique, _, called = after.partition(" ")
        for value in (known.get(identifier, identifier), name, "technique_scores", technique, called):
            assert value in text
    assert text.count("technique_scores") == 3
    assert "https://attack.mitre.org/techniques/T1588/003/" in out


def test_an_ending_of_no_format_is_refused_and_nothing_is_written(run: Run, example: Path, tmp_path: Path) -> None:
    out = tmp_path / "page.pdf"
    done = run("show", "T1078", "--set", example, "-o", out)
    assert (done.code, done.out) == (2, "")
    assert "does not name a format" in done.err
    assert "--format" in done.err
    assert not out.exists()
    assert run("show", "T1078", "--set", example, "-o", out, "--format", "html").code == 0
