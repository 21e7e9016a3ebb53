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

from navlayers.output.drawing.facts import tabs_of
from navlayers.output.drawing.layer_text import LONGEST, render_csv, render_markdown
from navlayers.output.drawing.options import RenderOptions

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
    assert heads == ["# Small and Other", "## Scores of all layers", "## Small", "## Other"]
    assert "| T1566 | Phishing | Initial Access | 100.0 | -7.25 |" in text


def test_scores_that_differ_by_tactic_have_a_row_each() -> None:
    text = render_markdown([view(SMALL), view(OTHER)]).data.decode()
    assert re.findall(r"^\| T1078 .*", text, re.M)[0] == "| T1078 | Valid Accounts | Persistence | 0.0 |  |"


def test_a_full_layer_fits_a_pull_request_and_says_what_is_left_out(tmp_path: Path) -> None:
    made = render_markdown(written(tmp_path, every()))
    text = made.data.decode()
    assert len(text) <= LONGEST
    assert re.findall(r"^\| (T[\d.]+) \|", text, re.M) == ACTIVE
    assert text.count("</details>") == 1
    assert "\nComments are omitted because they would be too long.\n\n</details>\n" in text
    assert len(made.notices) == 1


@pytest.mark.parametrize("count", [2, 7, 45])
def test_many_full_layers_fit_as_well(count: int, tmp_path: Path) -> None:
    views = written(tmp_path, every()) * count
    text = render_markdown(views).data.decode()
    assert len(text) <= LONGEST
    assert text.count("<details>") == text.count("</details>")
    assert "\nThe techniques of each layer are omitted because they would be too long.\n" in text
    if count < 45:
        assert re.findall(r"^\| (T[\d.]+) \|", text, re.M) == ACTIVE
        assert text.count("\n## ") == count + 1
    else:
        assert re.search(r"^… and \d+ more", text, re.M)


def test_nothing_is_left_out_of_what_fits() -> None:
    made = render_markdown([view(SMALL)])
    assert made.notices == ()
    assert "| T1566 | Phishing | Initial Access | 100.0 |  | Mail is read. Twice. |" in made.data.decode()


def test_the_result_and_the_tactics_stand_before_the_folded_techniques() -> None:
    start, details = render_markdown([view(SMALL)]).data.decode().split("<details>")
    assert "**2 of 203 techniques and 2 of 453 sub-techniques annotated** · scores 0 to 100, mean 38.1" in start
    # By hand: of the scored T1566 100 and T1566.001 40 is the mean 70; T1078 has no score there, T1190 is disabled.
    # All three count, of 10 techniques and 11 sub-techniques.
    assert "| Initial Access | 3 of 21 | 70.0 |" in start
    assert "Legend: all of it, none." in start
    assert details.startswith("\n<summary>5 techniques</summary>\n\n| technique ")


def test_long_comments_are_cut_between_words() -> None:
    comment = "word " * 100
    text = render_markdown([view(SMALL, techniques=[{"techniqueID": "T1566", "comment": comment}])]).data.decode()
    assert re.search(r"\| (word )+word… \|", text)


def test_long_names_of_layers_lose_their_dates_in_the_title() -> None:
    names = ("AWS 12/12/2024: overview", "VERIS 1.4.0: overview", *(f"A layer of many {n}" for n in range(9)))
    metadata = [{"name": "framework version", "value": "1.4.0"}]
    title = render_markdown([view(SMALL, name=name, metadata=metadata) for name in names]).data.decode()
    assert title.startswith("# AWS: overview, VERIS: overview, A layer of many 0, ")
    assert title.partition("\n")[0].endswith("A layer of many 3 and 5 more")


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
    folds = re.compile(r"^(</?details>|<summary>\d+ techniques?</summary>)$", re.M)
    assert not re.search(r"(?<!\\)<(?!!)[a-zA-Z/]", folds.sub("", text))
    assert all(url.startswith(("https://", "http://")) for url in re.findall(r"\]\(([^)]*)\)", text))
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in tables)


def test_only_what_is_scored_opens_all_techniques() -> None:
    (layer,) = tabs_of([view(SMALL)], RenderOptions(detail="scored"))
    assert {row.where for row in layer.rows} == {"shown"}
