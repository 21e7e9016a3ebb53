"""What a report says: every figure again, from the published JSON and the release alone."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from conftest import CORPUS, CORPUS_FILES, SHARED, active_techniques, set_of

from navlayers import attack
from navlayers.analysis.gaps import find_gaps
from navlayers.analysis.inputs import InputSet, load_inputs
from navlayers.analysis.plan import PlanOptions, make_plan
from navlayers.analysis.threats.resolve import threat_model
from navlayers.errors import UsageError
from navlayers.mapping.find import resolve
from navlayers.mapping.load import Prepared
from navlayers.mapping.model import Mapping, NonMappable
from navlayers.output.document import Bars, Document, Facts, Figure, Numbers, Paragraph
from navlayers.output.tables import Table
from navlayers.pages.report import ReportInput, ReportOptions, make_report, report_input
from navlayers.scoring.options import ScoreOptions

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from navlayers.mapping.model import Category

AWS = CORPUS / "aws-12.12.2024_attack-16.1-enterprise.json"
AZURE = CORPUS / "azure-04.26.2025_attack-16.1-enterprise.json"
OLD_AZURE = CORPUS / "azure-06.29.2021_attack-8.2-enterprise.json"
NUMBERS = {"minimal": 10, "partial": 50, "significant": 100}

published = pytest.mark.skipif(not CORPUS_FILES, reason="the published mapping sets are not at ../shared/corpus")

Mapped = dict[str, dict[str, dict[str, int]]]
"""Technique → capability → category → the highest value."""


def mapped(path: Path) -> Mapped:
    found: Mapped = defaultdict(lambda: defaultdict(dict))
    for row in json.loads(path.read_bytes())["mapping_objects"]:
        technique, value = row["attack_object_id"], row.get("score_value")
        if not (technique and value) or "non_mappable" in (row["status"], row["mapping_type"]):
            continue
        # ATT&CK 16.1 revoked this one by that.
        technique = {"T1053.001": "T1053.002"}.get(technique, technique)
        of = found[technique][row["capability_id"]]
        category = row["score_category"]
        of[category] = max(of.get(category, 0), NUMBERS[value])
    return found


def best(of: dict[str, dict[str, int]]) -> int:
    return max(value for categories in of.values() for value in categories.values())


def subject(*names: str | Path, attack_version: str | None = None, **options: Any) -> ReportInput:
    return report_input(load_inputs(resolve([str(n) for n in names]), attack_version), **options)


def blocks(document: Document, section: str) -> tuple[Any, ...]:
    return next(one.blocks for one in document.sections if one.id == section)


def tables(document: Document, section: str) -> list[Table]:
    return [block for block in blocks(document, section) if isinstance(block, Table)]


def texts(document: Document, section: str) -> str:
    return " ".join(block.text for block in blocks(document, section) if isinstance(block, Paragraph))


def figures(document: Document) -> dict[str, tuple[str, str]]:
    (found,) = (block for block in blocks(document, "summary") if isinstance(block, Numbers))
    return {item.label: (item.value, item.note) for item in found.items}


def share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %"


@pytest.fixture(scope="module")
def aws() -> Document:
    if not CORPUS_FILES:
        pytest.skip("the published mapping sets are not at ../shared/corpus")
    return make_report(subject(AWS)).document


@pytest.fixture(scope="module")
def both() -> Document:
    if not CORPUS_FILES:
        pytest.skip("the published mapping sets are not at ../shared/corpus")
    return make_report(subject(AWS, AZURE)).document


@published
def test_the_summary_of_one_set_counts_what_its_file_says(aws: Document) -> None:
    of, total = mapped(AWS), len(active_techniques("enterprise", "16.1"))
    found = figures(aws)
    assert found["covered"] == (share(len(of), total), f"{len(of)} of {total} techniques and sub-techniques")
    for category in ("protect", "detect", "respond"):
        values = [max(c[category] for c in by.values() if category in c) for by in of.values()
                  if any(category in c for c in by.values())]  # fmt: skip
        mean = f"{round(sum(values) / len(values), 1):g}"
        assert found[category] == (share(len(values), total), f"{len(values)} of {total}, mean score {mean}")
    single = sum(len(by) == 1 for by in of.values())
    assert found["covered once"][0] == str(single)
    text = texts(aws, "summary")
    full, low = sum(best(by) == 100 for by in of.values()), sum(best(by) < 50 for by in of.values())
    subs = sum("." in technique for technique in of)
    assert f"aws covers {len(of)} of the {total} techniques and sub-techniques" in text
    assert f"{len(of) - subs} techniques and {subs} sub-techniques" in text
    assert f"{full} score 100, and {low} score below 50." in text
    assert f"{single} techniques and sub-techniques are covered by a single service" in text


@published
def test_the_summary_of_two_sets_counts_what_either_both_and_none_cover(both: Document) -> None:
    a, b, total = set(mapped(AWS)), set(mapped(AZURE)), len(active_techniques("enterprise", "16.1"))
    found = figures(both)
    assert found["covered by any"][0] == share(len(a | b), total)
    assert found["aws"] == (share(len(a), total), f"{len(a)} of {total}; {len(a - b)} unique")
    assert found["azure"][1] == f"{len(b)} of {total}; {len(b - a)} unique"
    assert found["covered by both"] == (share(len(a & b), total), f"{len(a & b)} of {total}")
    assert found["covered by none"][1] == f"{total - len(a | b)} of {total}"
    first, second = mapped(AWS), mapped(AZURE)
    shared = [(best(first[t]), best(second[t])) for t in a & b]
    stronger = [sum(x > y for x, y in shared), sum(x < y for x, y in shared), sum(x == y for x, y in shared)]
    said = "aws is stronger for {}, azure for {}, and they are equal for {}.".format(*stronger)
    assert said in texts(both, "summary")


@published
def test_bars_count_the_techniques_of_each_tactic_and_category(aws: Document) -> None:
    bundle = json.loads((SHARED / "attack" / "enterprise-attack-16.1.json").read_bytes())["objects"]
    active = active_techniques("enterprise", "16.1")
    members: dict[str, set[str]] = defaultdict(set)
    for thing in bundle:
        if thing["type"] == "attack-pattern":
            identifier = next(
                r["external_id"] for r in thing["external_references"] if r["source_name"] == "mitre-attack"
            )
            for phase in thing["kill_chain_phases"] if identifier in active else ():
                members[phase["phase_name"]].add(identifier)
    names = {t["x_mitre_shortname"]: t["name"] for t in bundle if t["type"] == "x-mitre-tactic"}
    of = mapped(AWS)
    covered = {
        c: {t for t, by in of.items() if any(c in v for v in by.values())} for c in ("protect", "detect", "respond")
    }
    (bars,) = (block for block in blocks(aws, "tactics") if isinstance(block, Bars))
    assert [series.name for series in bars.series] == list(covered)
    rows = {row.label: (row.total, row.covered) for row in bars.rows}
    for short, inside in members.items():
        assert rows[names[short]] == (len(inside), tuple(len(inside & found) for found in covered.values()))
    assert rows["All tactics, each once"] == (len(active), tuple(map(len, covered.values())))


@published
def test_capabilities_are_ranked_by_what_they_cover_and_tell_what_only_they_do(both: Document) -> None:
    of, other = mapped(AWS), mapped(AZURE)
    by_capability: dict[str, set[str]] = defaultdict(set)
    for technique, givers in of.items():
        for capability in givers:
            by_capability[capability].add(technique)
    names = {
        row["capability_id"]: row["capability_description"]
        for row in json.loads(AWS.read_bytes())["mapping_objects"]
    }
    table = next(t for t in tables(both, "appendix") if t.title == "aws: services by what they cover")
    heads = table.headers
    assert len(table.rows) == len(by_capability)
    counts = [len(by_capability[next(i for i in by_capability if names[i] == row[0])]) for row in table.rows]
    assert counts == sorted(counts, reverse=True)
    for row in table.rows:
        cells = dict(zip(heads, row, strict=True))
        identifier = next(i for i in by_capability if names[i] == cells["capability"])
        only = sorted(t for t in by_capability[identifier] if len(of[t]) == 1)
        assert cells["techniques"] + cells["sub-techniques"] == len(by_capability[identifier])  # type: ignore[operator]
        assert (cells["unique in the set"], cells["unique techniques in the set"]) == (
            len(only),
            ", ".join(only),
        )
        assert cells["unique overall"] == sum(t not in other for t in only)
    shown = next(t for t in tables(both, "capabilities") if t.title.startswith("aws"))
    assert [row[0] for row in shown.rows] == [row[0] for row in table.rows[:10]]


@published
def test_strongest_and_weakest_are_by_score_then_by_number_of_capabilities(aws: Document) -> None:
    of = mapped(AWS)
    strongest, weakest = tables(aws, "techniques")
    expected = sorted(of, key=lambda t: (-best(of[t]), -len(of[t]), t))[:10]
    assert [row[0] for row in strongest.rows] == expected
    assert [row[0] for row in weakest.rows] == sorted(of, key=lambda t: (best(of[t]), len(of[t]), t))[:10]
    assert [row[-1] for row in strongest.rows] == [len(of[t]) for t in expected]


@published
def test_the_appendix_has_every_mapping(both: Document) -> None:
    for path, name in ((AWS, "aws"), (AZURE, "azure")):
        table = next(t for t in tables(both, "appendix") if t.title == f"{name}: every technique with its mappings")
        of = mapped(path)
        names = {
            r["capability_id"]: r["capability_description"]
            for r in json.loads(path.read_bytes())["mapping_objects"]
        }
        assert [row[0] for row in table.rows] == sorted(of)
        for technique, _, score, text in table.rows:
            assert score == best(of[str(technique)])
            for capability in of[str(technique)]:
                assert names[capability] in str(text), (technique, capability)


@published
def test_the_appendix_lists_what_nobody_covers_subs_beneath_their_technique(both: Document) -> None:
    table = next(t for t in tables(both, "appendix") if t.title == "Active techniques that no input covers")
    active = active_techniques("enterprise", "16.1")
    gone = active - set(mapped(AWS)) - set(mapped(AZURE))
    subs = {t: {s for s in active if s.startswith(f"{t}.")} for t in gone if "." not in t}
    expected = {t for t in gone if "." not in t or subs.get(t.partition(".")[0], set()) - gone}
    expected |= {t for t in gone if "." in t and t.partition(".")[0] not in gone}
    assert [row[0] for row in table.rows] == sorted(expected)
    told = {str(row[0]): (row[-2], row[-1]) for row in table.rows}
    for technique, below in subs.items():
        assert told[technique] == ((len(below - gone), len(below)) if below else (None, None))


@published
def test_non_mappable_records_are_counted_and_listed() -> None:
    document = make_report(subject("gcp")).document
    path = next(p for p in CORPUS_FILES if p.name.startswith("gcp"))
    rows = json.loads(path.read_bytes())["mapping_objects"]
    expected = {r["capability_id"] for r in rows if "non_mappable" in (r["status"], r["mapping_type"])}
    assert f"records {len(expected)} services as non-mappable" in texts(document, "non-mappable")
    (whole,) = (t for t in tables(document, "appendix") if t.title == "Google Cloud: non-mappable")
    assert {row[0] for row in whole.rows} == expected


@published
def test_the_method_tells_what_carrying_a_set_to_another_release_changed() -> None:
    document = make_report(subject(OLD_AZURE, attack_version="16.1")).document
    catalogue = attack.load(attack.find("enterprise", "16.1").release)
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
    document = make_report(detect).document
    covered = whole.inputs[0].measures("detect")
    assert figures(document)["covered"][0] == share(len(covered), 656)
    table = next(t for t in tables(document, "appendix") if t.name == "mappings of Google Cloud")
    assert [row[0] for row in table.rows] == sorted(covered)
    givers = {m.capability for m in whole.inputs[0].scored.mappings if m.category == "detect"}
    assert figures(document)["services"][0] == str(len(givers))
    assert [block.title for block in document.figures] == ["Google Cloud: detect"]


def test_an_unscored_set_counts_capabilities() -> None:
    document = make_report(subject("nist_800_53")).document
    assert figures(document)["controls each"][1] == "controls per technique"
    strongest, _ = tables(document, "techniques")
    assert "score" not in strongest.headers
    (bars,) = (block for block in blocks(document, "tactics") if isinstance(block, Bars))
    assert [series.name for series in bars.series] == ["mapped"]


def test_counts_and_scores_stand_together_by_what_is_covered_alone() -> None:
    document = make_report(subject("aws", "nist_800_53", scores=False)).document
    assert "mean score" not in str(figures(document))
    assert figures(document)["NIST 800-53"][0] == "71.5 %"


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
    assert found["of APT29"][1] == "53 of its 66 techniques"
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
    catalogue = attack.load(attack.find("enterprise", "16.1").release)
    prepared = Prepared("tiny", made, "16.1", catalogue, (), ())
    scoring = options.pop("scoring", ScoreOptions())
    return report_input(InputSet(catalogue, (prepared,)), scoring, **options)


def test_an_input_without_the_category_covers_nothing_in_it() -> None:
    found = subject("gcp", "nist_800_53", scores=False, category="detect")
    charts = {
        block.title: block for block in blocks(make_report(found).document, "tactics") if isinstance(block, Bars)
    }
    assert charts["NIST 800-53"].rows[-1].covered == (0,)
    assert charts["Side by side"].rows[-1].covered[1] == 0


def test_what_is_covered_alone_has_no_scores_and_means_anywhere() -> None:
    document = make_report(subject("gcp", scores=False)).document
    assert "mean" not in str(figures(document))
    for name in ("techniques", "capabilities"):
        assert not [c for t in tables(document, name) for c in t.columns if c.kind == "score"]
    assert ("Whether covered", "overall") in document.facts


def test_counts_are_not_called_scores() -> None:
    document = make_report(subject("gcp", scoring=ScoreOptions(aggregate="count"))).document
    assert "services each" in figures(document)["protect"][1]
    assert ("Numbers of services", "overall") in document.facts


def test_a_capability_that_is_scored_0_covers_nothing() -> None:
    found = _tiny(
        ("a", "T1078", "protect", "minimal"),
        ("b", "T1078", "protect", "significant"),
        ("a", "T1110", "detect", "minimal"),
        scoring=ScoreOptions(scale={"minimal": 0}),
    )
    document = make_report(found).document
    assert figures(document)["capabilities"] == ("1", "cover at least one technique, 1 of the set cover none")
    assert figures(document)["covered once"][0] == "1"
    strongest = tables(document, "techniques")[0]
    assert [(r[0], r[-1]) for r in strongest.rows] == [("T1078", 1)]


def test_a_rolled_up_technique_rests_on_what_covers_its_subtechniques() -> None:
    found = _tiny(("a", "T1078.001", "protect", "partial"), scoring=ScoreOptions(rollup="max"))
    document = make_report(found).document
    assert [(r[0], r[-1]) for r in tables(document, "techniques")[0].rows] == [("T1078", 1), ("T1078.001", 1)]
    assert figures(document)["covered once"][0] == "2"
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
    assert table.texts[0][table.headers.index("of the matrix")] == "0.2 %"


def test_layers_have_no_capabilities_to_tell_of(tmp_path: Path) -> None:
    layer = {
        "name": "Mine",
        "domain": "enterprise-attack",
        "versions": {"attack": "16", "navigator": "5.1.0", "layer": "4.5"},
        "techniques": [{"techniqueID": "T1078", "score": 30, "comment": "why"}],
    }
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(layer))
    document = make_report(subject(path)).document
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
    document = make_report(msgspec.structs.replace(found, comparison=comparison)).document
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
    assert "the sets do not say how well it covers" in texts(document, "plan")
    assert "the sets do not say how well it covers" in texts(document, "summary")
