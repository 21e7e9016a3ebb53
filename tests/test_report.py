"""What a report says: every figure again, from the published JSON and the release alone."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest
from conftest import CORPUS, CORPUS_FILES, SHARED, active_techniques

from navlayers.analysis.inputs import load_inputs
from navlayers.mapping.find import resolve
from navlayers.output.document import Document, Numbers, Paragraph
from navlayers.output.tables import Table
from navlayers.pages.report.build import make_report
from navlayers.pages.report.input import ReportInput, report_input
from navlayers.pages.report.options import SECTIONS, ReportOptions

if TYPE_CHECKING:
    from pathlib import Path


AWS = CORPUS / "aws-12.12.2024_attack-16.1-enterprise.json"
AZURE = CORPUS / "azure-04.26.2025_attack-16.1-enterprise.json"
WHOLE = ReportOptions(sections=SECTIONS)
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
    found = [block for block in blocks(document, "summary") if isinstance(block, Numbers)]
    return {item.label: (item.value, item.note) for block in found for item in block.items}


def share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%"


@pytest.fixture(scope="module")
def aws() -> Document:
    if not CORPUS_FILES:
        pytest.skip("the published mapping sets are not at ../shared/corpus")
    return make_report(subject(AWS), WHOLE).document


@pytest.fixture(scope="module")
def both() -> Document:
    if not CORPUS_FILES:
        pytest.skip("the published mapping sets are not at ../shared/corpus")
    return make_report(subject(AWS, AZURE), WHOLE).document


@published
def test_the_summary_of_one_set_counts_what_its_file_says(aws: Document) -> None:
    of, total = mapped(AWS), len(active_techniques("enterprise", "16.1"))
    found = figures(aws)
    assert found["Covered"] == (share(len(of), total), f"{len(of)} of {total} techniques and sub-techniques")
    for category in ("protect", "detect", "respond"):
        values = [max(c[category] for c in by.values() if category in c) for by in of.values()
                  if any(category in c for c in by.values())]  # fmt: skip
        mean = f"{round(sum(values) / len(values), 1):g}"
        assert found[category.capitalize()] == (
            share(len(values), total),
            f"{len(values)} of {total}, mean score {mean}",
        )
    single = sum(len(by) == 1 for by in of.values())
    assert found["Covered once"][0] == str(single)
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
    assert found["Covered by any"][0] == share(len(a | b), total)
    assert found["aws"] == (share(len(a), total), f"{len(a)} of {total}; {len(a - b)} unique")
    assert found["azure"][1] == f"{len(b)} of {total}; {len(b - a)} unique"
    assert found["Covered by both"] == (share(len(a & b), total), f"{len(a & b)} of {total}")
    assert found["Covered by none"][1] == f"{total - len(a | b)} of {total}"
    first, second = mapped(AWS), mapped(AZURE)
    shared = [(best(first[t]), best(second[t])) for t in a & b]
    stronger = [sum(x > y for x, y in shared), sum(x < y for x, y in shared), sum(x == y for x, y in shared)]
    said = "aws is stronger for {}, azure for {}, and they are equal for {}.".format(*stronger)
    assert said in texts(both, "summary")


@published
def test_a_table_counts_the_techniques_of_each_tactic_and_category(aws: Document) -> None:
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
    covered = {"covered": set(of), **covered}
    (table,) = tables(aws, "tactics")
    assert table.headers == ("tactic", *covered)
    rows = {row[0]: [str(cell).partition(" ")[0] for cell in row[1:]] for row in table.rows}
    for short, inside in members.items():
        assert rows[names[short]] == [f"{len(inside & found)}/{len(inside)}" for found in covered.values()]
    assert rows["all tactics, each technique once"] == [f"{len(found)}/{len(active)}" for found in covered.values()]


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
        identifier = next(i for i in by_capability if names[i] == cells["service"])
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
