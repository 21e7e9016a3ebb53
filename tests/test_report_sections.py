"""The sections of a report: what each holds and what it omits."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from conftest import CORPUS, CORPUS_FILES, set_of
from test_report import AWS, WHOLE, blocks, figures, published, share, subject, tables, texts

from navlayers import attack
from navlayers.analysis.gaps import find_gaps
from navlayers.analysis.inputs import InputSet, load_inputs
from navlayers.analysis.plan.options import PlanOptions
from navlayers.analysis.plan.plan import make_plan
from navlayers.analysis.threats.resolve import threat_model
from navlayers.errors import UsageError
from navlayers.mapping.find import resolve
from navlayers.mapping.load import Prepared
from navlayers.mapping.model import Mapping, NonMappable
from navlayers.output.document import Document, Facts, Figure
from navlayers.output.tables import Table
from navlayers.pages.report.build import make_report
from navlayers.pages.report.input import ReportInput, report_input
from navlayers.pages.report.options import ReportOptions
from navlayers.scoring.options import ScoreOptions

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from navlayers.mapping.model import Category
OLD_AZURE = CORPUS / "azure-06.29.2021_attack-8.2-enterprise.json"


@published
def test_non_mappable_records_are_counted_and_listed() -> None:
    document = make_report(subject("gcp"), WHOLE).document
    path = next(p for p in CORPUS_FILES if p.name.startswith("gcp"))
    rows = json.loads(path.read_bytes())["mapping_objects"]
    expected = {r["capability_id"] for r in rows if "non_mappable" in (r["status"], r["mapping_type"])}
    assert f"records {len(expected)} services as non-mappable" in texts(document, "non-mappable")
    (whole,) = (t for t in tables(document, "appendix") if t.title == "Google Cloud: non-mappable")
    assert {row[0] for row in whole.rows} == expected


@published
def test_the_method_tells_what_carrying_a_set_to_another_release_changed() -> None:
    document = make_report(subject(OLD_AZURE, attack_version="16.1")).document
    catalogue = attack.find("enterprise", "16.1").catalogue
    named = {
        r["attack_object_id"]
        for r in json.loads(OLD_AZURE.read_bytes())["mapping_objects"]
        if r["attack_object_id"]
    }
    gone = sorted(technique for technique in named if not catalogue.is_active(technique))
    table = next(t for t in tables(document, "method") if t.name == "upgrade")
    assert sorted(str(row[1]) for row in table.rows) == gone
    assert "was made for ATT&CK 8.2" in texts(document, "method")


def test_a_report_of_scores_says_how_they_are_made_and_whose_the_mappings_are() -> None:
    document = make_report(subject("aws", "gcp")).document
    facts = dict(item for block in blocks(document, "method") if isinstance(block, Facts) for item in block.items)
    assert "minimal 10, partial 50, significant 100" in facts["scores"]
    assert "unique" in facts
    (sources,) = (t for t in tables(document, "method") if t.name == "sources")
    assert [row[0] for row in sources.rows] == ["AWS", "Google Cloud"]
    assert {row[sources.headers.index("license")] for row in sources.rows} == {"Apache-2.0"}


@pytest.mark.parametrize(
    ("names", "titles"),
    [
        (["gcp"], ["Google Cloud"]),
        (
            ["aws", "azure"],
            ["AWS", "Microsoft Azure", "All together", "What none covers", "Difference – AWS → Microsoft Azure"],
        ),
        (["aws", "azure", "gcp"], ["AWS", "Microsoft Azure", "Google Cloud", "All together", "What none covers"]),
    ],
)
def test_there_is_a_heatmap_per_set_and_of_several_what_they_are_together(
    names: list[str], titles: list[str]
) -> None:
    document = make_report(subject(*names)).document
    assert [block.title for block in blocks(document, "heatmaps") if isinstance(block, Figure)] == titles


def test_with_a_baseline_every_other_set_is_told_from_it() -> None:
    document = make_report(subject("aws", "azure", "gcp", baseline=2)).document
    titles = [block.title for block in blocks(document, "heatmaps") if isinstance(block, Figure)]
    assert titles[-2:] == ["Difference – Google Cloud → AWS", "Difference – Google Cloud → Microsoft Azure"]


def test_one_category_alone_counts_where_it_is_asked_for() -> None:
    whole, detect = subject("gcp"), subject("gcp", category="detect")
    document = make_report(detect, WHOLE).document
    covered = whole.inputs[0].measures("detect")
    assert figures(document)["Covered"][0] == share(len(covered), 656)
    table = next(t for t in tables(document, "appendix") if t.name == "mappings of Google Cloud")
    assert [row[0] for row in table.rows] == sorted(covered)
    givers = {m.capability for m in whole.inputs[0].scored.mappings if m.category == "detect"}
    assert figures(document)["Services"][0] == str(len(givers))
    assert [block.title for block in document.figures] == ["Google Cloud: detect"]


def test_an_unscored_set_counts_capabilities() -> None:
    document = make_report(subject("nist_800_53")).document
    assert figures(document)["Controls each"][1] == "controls per technique"
    strongest, _ = tables(document, "techniques")
    assert "score" not in strongest.headers
    assert tables(document, "tactics")[0].headers == ("tactic", "mapped")


def test_counts_and_scores_stand_together_by_what_is_covered_alone() -> None:
    document = make_report(subject("aws", "nist_800_53", scores=False)).document
    assert "mean score" not in str(figures(document)).lower()
    assert figures(document)["NIST 800-53"][0] == "71.5%"


def _with_more() -> Document:
    together = load_inputs(resolve(["aws", "azure"]), "18.1")
    threat = threat_model(["APT29"], together.catalogue)
    scoring = ScoreOptions()
    gaps = find_gaps(together, threat, scoring)
    plan = make_plan(together, PlanOptions(budget=3), scoring, threat=threat)
    return make_report(report_input(together, scoring, gaps=gaps, plan=plan)).document


def test_gaps_and_a_plan_have_their_sections_and_are_in_the_summary() -> None:
    document = _with_more()
    found = figures(document)
    assert found["APT29 covered"][1] == "53 of 66 techniques; 42% by score"
    assert "cover 53 of 66 techniques of APT29" in texts(document, "summary")
    assert "Choose 3 of" in texts(document, "summary")
    assert [b.title for b in blocks(document, "gaps") if isinstance(b, Figure)] == [
        "Coverage – APT29",
        "Gap – APT29",
    ]
    assert len(tables(document, "plan")[0].rows) == 3
    assert ("Threat", "APT29") in document.facts
    assert not [t.note for section in document.sections for t in _of(section.blocks) if "-o" in t.note]


def _of(found: Iterable[Any]) -> list[Table]:
    return [block for block in found if isinstance(block, Table)]


def test_sections_are_chosen_and_keep_their_order() -> None:
    options = ReportOptions(sections=("method", "summary"))
    document = make_report(subject("gcp"), options).document
    assert [section.id for section in document.sections] == ["summary", "method"]


def test_the_title_page_has_what_is_given_and_no_date_by_itself() -> None:
    plain = make_report(subject("gcp")).document
    assert (plain.title, plain.author, plain.date) == ("ATT&CK coverage of Google Cloud", "", "")
    given = make_report(subject("gcp"), ReportOptions(title="Mine", author="Me", date="May")).document
    assert (given.title, given.author, given.date) == ("Mine", "Me", "May")


def _tiny(*rows: tuple[str, str, Category, str], **options: Any) -> ReportInput:
    """A report of a set of these rows at 16.1."""
    made = set_of([Mapping(one, technique, None, category, value) for one, technique, category, value in rows])
    catalogue = attack.find("enterprise", "16.1").catalogue
    prepared = Prepared("tiny", made, "16.1", catalogue, (), ())
    scoring = options.pop("scoring", ScoreOptions())
    return report_input(InputSet(catalogue, (prepared,)), scoring, **options)


def test_an_input_without_the_category_covers_nothing_in_it() -> None:
    found = subject("gcp", "nist_800_53", scores=False, category="detect")
    (table,) = tables(make_report(found).document, "tactics")
    assert dict(zip(table.headers, table.rows[-1], strict=True))["NIST 800-53"] == "0/656 0%"


def test_what_is_covered_alone_has_no_scores_and_means_anywhere() -> None:
    document = make_report(subject("gcp", scores=False)).document
    assert "mean" not in str(figures(document)).lower()
    for name in ("techniques", "capabilities"):
        assert not [c for t in tables(document, name) for c in t.columns if c.kind == "score"]
    assert ("Whether covered", "overall") in document.facts


def test_counts_are_not_called_scores() -> None:
    document = make_report(subject("gcp", scoring=ScoreOptions(aggregate="count"))).document
    assert "services each" in figures(document)["Protect"][1]
    assert ("Numbers of services", "overall") in document.facts


def test_a_capability_that_is_scored_0_covers_nothing() -> None:
    found = _tiny(
        ("a", "T1078", "protect", "minimal"),
        ("b", "T1078", "protect", "significant"),
        ("a", "T1110", "detect", "minimal"),
        scoring=ScoreOptions(scale={"minimal": 0}),
    )
    document = make_report(found).document
    assert figures(document)["Capabilities"] == ("1", "cover at least one technique, 1 of the set cover none")
    assert figures(document)["Covered once"][0] == "1"
    strongest = tables(document, "techniques")[0]
    assert [(r[0], r[-1]) for r in strongest.rows] == [("T1078", 1)]


def test_a_rolled_up_technique_rests_on_what_covers_its_subtechniques() -> None:
    found = _tiny(("a", "T1078.001", "protect", "partial"), scoring=ScoreOptions(rollup="max"))
    document = make_report(found).document
    assert [(r[0], r[-1]) for r in tables(document, "techniques")[0].rows] == [("T1078", 1), ("T1078.001", 1)]
    assert figures(document)["Covered once"][0] == "2"
    facts = dict(item for block in blocks(document, "method") if isinstance(block, Facts) for item in block.items)
    assert "rolled up" in facts


def test_the_weakest_score_below_50_and_say_how_many_more_are_alike() -> None:
    strong = _tiny(("a", "T1078", "protect", "partial"))
    assert "No covered technique scores below 50." in texts(make_report(strong).document, "techniques")
    _, weakest = tables(make_report(subject("aws", "azure")).document, "techniques")
    alike = [r for r in subject("aws", "azure").comparison.rows.values() if r.best == 10]
    assert all(10 in r for r in weakest.rows)
    assert f"{len(alike)}" != "10"
    assert "more are equal to the last of these" in weakest.note


def test_shares_of_capabilities_are_exact() -> None:
    (table,) = tables(make_report(_tiny(("a", "T1078", "protect", "partial"))).document, "capabilities")
    assert table.texts[0][table.headers.index("of the matrix")] == "0.2%"


def test_layers_have_no_capabilities_to_tell_of(tmp_path: Path) -> None:
    layer = {
        "name": "Mine",
        "domain": "enterprise-attack",
        "versions": {"attack": "16", "navigator": "5.1.0", "layer": "4.5"},
        "techniques": [{"techniqueID": "T1078", "score": 30, "comment": "why"}],
    }
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(layer))
    document = make_report(subject(path), WHOLE).document
    assert "capabilities" not in [section.id for section in document.sections]
    assert all("capabilities" not in t.headers for t in tables(document, "techniques"))
    (sources,) = (t for t in tables(document, "method") if t.name == "sources")
    assert "mappings" not in sources.headers
    (mappings,) = (t for t in tables(document, "appendix") if t.name.startswith("mappings of"))
    assert mappings.rows[0][-1] == "why"


def test_a_technique_that_was_looked_at_in_vain_is_marked_among_what_is_not_covered() -> None:
    found = _tiny(("a", "T1078", "protect", "partial"))
    one = found.inputs[0]
    record = NonMappable(technique="T1200", comment="hardware")
    of = msgspec.structs.replace(one, set=msgspec.structs.replace(one.set, non_mappable=(record,)))
    comparison = msgspec.structs.replace(found.comparison, inputs=(of,))
    document = make_report(msgspec.structs.replace(found, comparison=comparison), WHOLE).document
    table = next(t for t in tables(document, "appendix") if t.name == "not covered")
    assert {r[0] for r in table.rows if r[-1]} == {"T1200"}


@published
def test_comments_are_a_section_that_has_to_be_asked_for() -> None:
    assert "comments" not in [s.id for s in make_report(subject(AWS)).document.sections]
    document = make_report(subject(AWS), ReportOptions(sections=("comments",))).document
    (table,) = tables(document, "comments")
    rows = json.loads(AWS.read_bytes())["mapping_objects"]
    rows = [r for r in rows if r["attack_object_id"] and "non_mappable" not in (r["status"], r["mapping_type"])]
    comments = {" ".join(r.get("comments", "").split()) for r in rows} - {""}
    assert {" ".join(str(cells[2]).split()) for cells in table.rows} >= comments
    addresses = {url for cells in table.rows for url in str(cells[3]).split("\n")}
    given = {url.strip() for r in rows for url in r.get("references") or ()}
    assert {url for url in given if url.startswith("https://") and not set(" #,;") & set(url)} <= addresses


def test_a_section_that_has_nothing_to_say_makes_no_document() -> None:
    with pytest.raises(UsageError, match="no data for the section gaps"):
        make_report(subject("gcp"), ReportOptions(sections=("gaps",)))


def test_a_plan_of_unscored_sets_says_that_relations_count_in_full() -> None:
    together = load_inputs(resolve(["nist_800_53"]))
    plan = make_plan(together, PlanOptions(budget=2), ScoreOptions())
    document = make_report(report_input(together, plan=plan)).document
    assert "The sets have no scores, so the plan counts each mapping in full." in texts(document, "plan")
    assert "The sets have no scores, so the plan counts each mapping in full." in texts(document, "summary")
