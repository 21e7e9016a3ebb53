"""A layer as Markdown that fits a pull request, and as CSV for programs."""

from __future__ import annotations

import csv
import io
import os
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laid_helpers import CATALOGUE, EVIL, SMALL, every, hostile, view, written

from navlayers.render.laid import lay_out
from navlayers.render.options import RenderOptions
from navlayers.render.text import LONGEST, render_csv, render_markdown

GOLDEN = Path(__file__).with_name("golden") / "render"
ACTIVE = [t.id for t in CATALOGUE.techniques.values() if t.active]
OTHER = {**SMALL, "name": "Other", "techniques": [{"techniqueID": "T1566", "score": -7.25}]}


def rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


@pytest.mark.parametrize("ending", ["md", "csv"])
def test_the_bytes_are_what_was_reviewed(ending: str) -> None:
    render = render_markdown if ending == "md" else render_csv
    made = render([view(SMALL)]).data
    assert made == render([view(SMALL)]).data
    if os.environ.get("REWRITE_GOLDEN"):
        GOLDEN.mkdir(parents=True, exist_ok=True)
        (GOLDEN / f"small.{ending}").write_bytes(made)
    assert made.decode() == (GOLDEN / f"small.{ending}").read_text(encoding="utf-8")


def test_csv_has_a_row_per_technique_and_what_the_layer_says() -> None:
    made = {(row["technique"], row["tactics"]): row for row in rows(render_csv([view(SMALL)]).data)}
    assert len(made) == 6
    phishing = made["T1566", "Initial Access"]
    assert (phishing["name"], phishing["score"], phishing["color"], phishing["enabled"]) == (
        *("Phishing", "100", "#ff0000", "yes"),
    )
    assert made["T1566.001", "Initial Access"]["by"] == "filter"
    assert made["T1059.001", "Execution"]["links"] == "https://example.org/ps"
    assert made["T1190", "Initial Access"]["enabled"] == "no"
    assert made["T1078", "Persistence"]["score"] == "0"
    assert made["T1078", "Initial Access"]["score"] == ""


def test_csv_of_several_layers_names_them_first() -> None:
    made = rows(render_csv([view(SMALL), view(OTHER)]).data)
    assert next(iter(made[0])) == "layer"
    assert [row["layer"] for row in made] == ["Small"] * 6 + ["Other"]
    assert made[-1]["score"] == "-7.25"


def test_markdown_of_several_layers_has_all_scores_first() -> None:
    text = render_markdown([view(SMALL), view(OTHER)]).data.decode()
    heads = [line for line in text.splitlines() if line.startswith(("# ", "## "))]
    assert heads == ["# 2 layers", "## Scores of all layers", "## Small", "## Other"]
    assert "| T1566 | Phishing | Initial Access | 100.0 | -7.25 |" in text


def test_scores_that_differ_by_tactic_have_a_row_each() -> None:
    text = render_markdown([view(SMALL), view(OTHER)]).data.decode()
    assert re.findall(r"^\| T1078 .*", text, re.M)[0] == "| T1078 | Valid Accounts | Persistence | 0.0 |  |"


def test_a_full_layer_fits_a_pull_request_and_says_what_is_left_out(tmp_path: Path) -> None:
    made = render_markdown(written(tmp_path, every()))
    text = made.data.decode()
    assert len(text) <= LONGEST
    assert re.findall(r"^\| (T[\d.]+) \|", text, re.M) == ACTIVE
    assert text.endswith("Comments, metadata and links are left out, for they would be too long.\n")
    assert len(made.notices) == 1


@pytest.mark.parametrize("count", [2, 7, 200])
def test_many_full_layers_fit_as_well(count: int, tmp_path: Path) -> None:
    views = written(tmp_path, every()) * count
    text = render_markdown(views).data.decode()
    assert len(text) <= LONGEST
    assert re.search(r"^… and \d+ more", text, re.M)
    if count < 200:
        assert text.count("\n## ") == count + 1


def test_nothing_is_left_out_of_what_fits() -> None:
    made = render_markdown([view(SMALL)])
    assert made.notices == ()
    assert "https://example.org/ps" in made.data.decode()


@pytest.mark.parametrize("entries", [[], [{"techniqueID": "T1566", "comment": "c"}], [{"techniqueID": "T1566"}]])
def test_layers_without_scores_are_tables_all_the_same(entries: list[dict[str, Any]]) -> None:
    layer = view({**SMALL, "techniques": entries})
    told = sum("comment" in entry for entry in entries)
    assert len(rows(render_csv([layer]).data)) == told
    assert len(re.findall(r"^\| T\d", render_markdown([layer]).data.decode(), re.M)) == told


@pytest.mark.parametrize("text", EVIL, ids=range(len(EVIL)))
def test_hostile_text_stays_text(text: str, tmp_path: Path) -> None:
    check(*written(tmp_path, [hostile(text), hostile(text)]))


@given(st.text(st.characters(exclude_categories=[]), min_size=1, max_size=60))
def test_any_text_stays_text(text: str) -> None:
    check(view(hostile(text)))


def check(*views: Any) -> None:
    for row in csv.reader(io.StringIO(render_csv(views).data.decode("utf-8-sig"))):
        assert not any(cell.startswith(("=", "+", "@", "\t", "\r")) for cell in row)
    text = render_markdown(views).data.decode()
    assert len(text) <= LONGEST
    assert not re.search(r"(?<!\\)<(?!!)[a-zA-Z/]", text)
    assert all(url.startswith(("https://", "http://")) for url in re.findall(r"\]\(([^)]*)\)", text))
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in tables)


def test_only_what_is_scored_opens_all_techniques() -> None:
    (layer,) = lay_out([view(SMALL)], RenderOptions(detail="scored"))
    assert {row.where for row in layer.rows} == {"shown"}
