"""Evidence of mappings: which counts, for how much, and what commands say of it. Numbers are worked out by hand."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import navlayers
from navlayers import Mapping, ReadOptions, Scope
from navlayers.mapping.evidence import LEVELS, Evidence
from navlayers.mapping.formats import encode, read
from navlayers.mapping.trust import counted_mappings

if TYPE_CHECKING:
    from conftest import Run

SET = """\
framework: acme
version: "1"
domain: enterprise
attack_version: "16.1"
capabilities:
  edr:
    techniques:
      T1003.001: {detect: significant, evidence: {level: validated, date: 2026-05-01, note: Purple team}}
      T1059.001: {detect: partial, evidence: {level: tested, date: 2024-02-01}}
      T1078: {detect: partial}
  siem:
    techniques:
      T1003.001: {detect: partial, evidence: enabled, robustness: 4}
      T1053.005: {protect: minimal, detect: significant, evidence: tested}
"""


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    path = tmp_path / "acme.yaml"
    path.write_text(SET, encoding="utf-8")
    return path


def scores(run: Run, path: Path, *options: str) -> dict[str, float | None]:
    result = run("build", path, "--only", "overview", "-o", "-", "-q", *options)
    assert result.code == 0, result.err
    return {entry["techniqueID"]: entry.get("score") for entry in json.loads(result.out)["techniques"]}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), {"T1003.001": 100, "T1053.005": 100, "T1059.001": 50, "T1078": 50}),
        (("--evidence", "declared"), {"T1003.001": 100, "T1053.005": 100, "T1059.001": 50, "T1078": 50}),
        (("--evidence", "enabled"), {"T1003.001": 100, "T1053.005": 100, "T1059.001": 50}),
        (("--evidence", "validated"), {"T1003.001": 100}),
        # 50 × 0.25; of EDR 100 × 1 and SIEM 50 × 0.5 the highest; 100 × 0.8; 50 × 0.8.
        (
            ("--discount", "declared=0.25,enabled=0.5,tested=0.8"),
            {"T1003.001": 100, "T1053.005": 80, "T1059.001": 40, "T1078": 12.5},
        ),
        # The mean of 100 and 50 × 0.5: the discount comes before capabilities are combined.
        (
            ("--discount", "enabled=0.5", "--aggregate", "mean"),
            {"T1003.001": 62.5, "T1053.005": 100, "T1059.001": 50, "T1078": 50},
        ),
        # On 2026-06-30, a year back is 2025-06-30: the test of 2024 is too old, and that without a date may be.
        (("--evidence", "tested", "--max-age", "365d", "--as-of", "2026-06-30"), {"T1003.001": 100}),
        (
            ("--discount", "declared=0", "--max-age", "365", "--as-of", "2026-06-30"),
            {"T1003.001": 100, "T1053.005": 0, "T1059.001": 0, "T1078": 0},
        ),
        (("--where", "evidence>=enabled and evidence<tested"), {"T1003.001": 50}),
        (("--where", "robustness>=4"), {"T1003.001": 50}),
        (("--where", '"evidence date">=2025-01-01'), {"T1003.001": 100}),
    ],
)
def test_scores_are_of_the_evidence_that_counts(
    options: tuple[str, ...], expected: dict[str, float], acme: Path, run: Run
) -> None:
    assert scores(run, acme, *options) == expected


def test_worth_is_discounted_too(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "rules.csv"
    path.write_text("capability,technique,evidence\nA,T1078,tested\nB,T1053.005,\n", encoding="utf-8")
    options = ("--worth", "80", "--discount", "declared=0.25")
    assert scores(run, path, *options) == {"T1053.005": 20, "T1078": 80}
    told = run("build", path, "--only", "overview", "-o", "-", *options[2:]).err
    assert "--discount has no effect: the set has no score values; set one with --worth" in told


def test_a_layer_shows_level_and_date_and_every_output_says_what_counts(acme: Path, run: Run) -> None:
    options = ("--max-age", "365d", "--as-of", "2026-06-30", "--discount", "declared=0.5")
    words = "evidence of at most 365 days before 2026-06-30, scores by evidence (declared ×0.5)"
    result = run("build", acme, "--only", "overview", "-o", "-", *options)
    layer = json.loads(result.out)
    assert words in layer["description"]
    assert {"name": "scope", "value": words} in layer["metadata"]
    entries = {entry["techniqueID"]: entry for entry in layer["techniques"]}
    assert entries["T1003.001"]["comment"].endswith("\nEvidence: validated 2026-05-01\nRobustness: 4 of 5")
    assert entries["T1059.001"]["comment"].endswith("\nEvidence: tested 2024-02-01, too old: counts as declared")
    assert {"name": "robustness", "value": "siem = 4"} in entries["T1003.001"]["metadata"]
    # The comment names what multiplies a value, and the description says how.
    assert "partial ×0.5: edr" in entries["T1078"]["comment"]
    assert "The score of a mapping is multiplied by its evidence: declared ×0.5." in layer["description"]
    evidence = {"name": "evidence", "value": "edr = validated 2026-05-01; siem = enabled"}
    assert evidence in entries["T1003.001"]["metadata"]
    assert "Evidence" not in entries["T1078"]["comment"]
    assert "acme: evidence of 1 mapping is older than 2025-06-30: it counts as declared" in result.err
    assert "acme: evidence of 2 mappings has no date: it counts as declared" in result.err

    (stats,) = json.loads(run("stats", acme, "--json", "-q", *options).out)
    assert stats["evidence"] == {"validated": 1, "enabled": 1, "declared": 4}
    assert stats["scope"] == words
    for words_of in (("compare", "gcp"), ("gaps", "--threat", "APT29"), ("plan", "--budget", "1")):
        assert words in run(words_of[0], acme, *words_of[1:], *options, "--json", "-q").out, words_of
    assert words in run("show", "T1078", "--set", acme, *options, "-q").out
    assert words in run("badge", acme, "-o", "-", *options, "-q").out
    report = acme.with_name("report.md")
    assert run("report", acme, "-o", report, *options, "-q").code == 0
    assert words in report.read_text(encoding="utf-8")
    assert (
        "evidence: tested; evidence date: 2024-02-01" in run("show", "T1059.001", "--set", acme, "--full", "-q").out
    )


@pytest.mark.parametrize("to", ["native", "csv", "xlsx", "stix"])
def test_formats_keep_evidence(to: str, acme: Path) -> None:
    before = read(acme).mapping_set
    written = encode(before, to)
    after = read("x", data=written.data).mapping_set

    def key(mapping: Mapping) -> tuple[str, str, str]:
        return mapping.capability, mapping.technique, mapping.category or ""

    kept = [(*key(m), m.evidence, m.robustness, dict(m.other)) for m in sorted(after.mappings, key=key)]
    assert kept == [(*key(m), m.evidence, m.robustness, {}) for m in sorted(before.mappings, key=key)]
    assert kept[0][3] == Evidence("validated", "2026-05-01", "Purple team")


def test_a_column_called_evidence_may_hold_something_else(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "links.csv"
    path.write_text("capability,technique,Evidence,Robustness\nA,T1078,TICKET-1,9\nB,T1110,Data-Present,5\n")
    result = run("convert", path, "--meta", "domain=enterprise", "--meta", "version=1,attack_version=16.1")
    assert "other: {Evidence: TICKET-1, Robustness: " in result.out
    assert "T1110: {evidence: data present, robustness: 5}" in result.out
    assert 'links.csv:2:9: unknown evidence "TICKET-1"' in result.err
    assert 'links.csv:2:18: robustness "9" is not on the scale' in result.err


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        ("{evidence: testet}", '8:25: wrong-evidence unknown evidence "testet"; expected declared, enabled'),
        ("{evidence: {level: tested, date: June}}", '8:47: wrong-evidence evidence date "June" is not a date'),
        (
            "{evidence: {level: tested, date: 03/04/2026}}",
            '8:47: wrong-evidence evidence date "03/04/2026" is ambiguous',
        ),
        ("{evidence: {date: 2026-01-01}}", "evidence without a level"),
        ("{robustness: 0}", 'robustness "0" is not on the scale'),
        ("{evidence: {level: tested, date: 2999-01-01}}", "evidence tested 2999-01-01 is after 2026-06-30"),
        ("{evidence: {level: tested, date: 2026-01-01}}", "evidence tested 2026-01-01 is older than 2026-05-31"),
        ("{evidence: {level: tested}}", "evidence tested has no date"),
    ],
)
def test_check_finds_wrong_evidence_at_its_place(entry: str, found: str, tmp_path: Path, run: Run) -> None:
    path = tmp_path / "a.yaml"
    head = "framework: a\nversion: b\ndomain: enterprise\nattack_version: '16.1'\ncapabilities:\n  A:\n"
    path.write_text(f"{head}    techniques:\n      T1078: {entry}\n", encoding="utf-8")
    result = run("check", path, "--max-age", "30d", "--as-of", "2026-06-30")
    assert "a.yaml:8:" in result.out
    assert found in result.out


RULES = """\
id,technique,level,risk_score
A,T1078,Critical,
B,T1110,low,
C,T1059,,47
D,T1003,,
E,T1053,12,
"""

SEVERE = "id,technique,level\nA,T1078,severe\nB,T1110,high\n"


def test_rules_are_scored_by_their_level(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "rules.csv"
    path.write_text(RULES, encoding="utf-8")
    # Wazuh's 12 of 16 is 75; a risk score is a score; without either the rule is not rated.
    found = scores(run, path, "--score-by", "level", "--score-table", "critical=90")
    assert found == {"T1078": 90, "T1110": 25, "T1059": 47, "T1053": 75, "T1003": None}
    told = run("stats", path, "--score-by", "level").err
    assert "rules: 4 of 5 mappings scored by level (1 has no score)" in told
    path.write_text(SEVERE, encoding="utf-8")
    told = run("stats", path, "--score-by", "level", "--score-table", "hihg=3,high=4").err
    assert "1 of 2 mappings scored by level (1 has no score)" in told
    assert f'{path}:2:1: unknown level "severe" (--score-table sets the score of a level)' in told
    assert '--score-table: no rule has the level "hihg" (did you mean high?)' in told


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--discount", "testet=1"), 'unknown level "testet"'),
        (("--discount", "tested=2"), "navlayers: --discount: tested is 2; expected a number from 0 to 1"),
        (("--max-age", "soon"), '--max-age "soon" is not a number of days'),
        (("--as-of", "2026-01-01"), "--as-of has no effect without --max-age (such as --max-age 365d)"),
        (("--where", "evidence>=data-present"), "(did you mean 'data present'?)"),
        (("--max-age", "1", "--as-of", "June"), '--as-of "June" is not a date'),
        (("--score-by", "level", "--score-table", "high=101"), "--score-table: high is 101"),
        (("--score-table", "high=1"), "--score-table has no effect without --score-by"),
    ],
)
def test_wrong_options_are_refused(options: tuple[str, ...], message: str, acme: Path, run: Run) -> None:
    result = run("stats", acme, *options)
    assert (result.code, message in result.err) == (2, True), result.err


def test_a_set_without_evidence_does_not_count_and_another_can_be_limited_alone(acme: Path, run: Run) -> None:
    told = run("gaps", acme, "gcp", "--threat", "APT29", "--evidence", "data-present").err
    assert "gcp: no mapping has evidence, so none of them counts (`evidence` adds test results; " in told
    assert "\"SET@evidence>='data present'\" limits one set alone)" in told
    limited = run("stats", f"{acme}@evidence>='data present'", "--json", "-q").out
    assert json.loads(limited)[0]["mappings"] == 4


def test_the_library_takes_a_scope_and_a_date(acme: Path) -> None:
    def scope(**fields: Any) -> ReadOptions:
        return ReadOptions(scope=Scope(**fields))

    assert navlayers.load(acme).to_dicts()[0]["evidence"] == "validated"
    assert [*navlayers.load(acme, scope(evidence="validated")).scores()] == ["T1003.001"]
    assert navlayers.load(acme, scope(discount={"declared": 0.5})).layer().techniques[-1].score == 25
    with pytest.raises(navlayers.UsageError, match="needs a day"):
        navlayers.load(acme, scope(max_age=365))
    found = navlayers.gaps(acme, threat="APT29", reading=scope(evidence="tested", max_age=365, as_of="2026-06-30"))
    assert "evidence tested or better" in found.catalogue.title


dates = st.sampled_from(["", "2024-01-01", "2026-01-01"])
evidence = st.none() | st.builds(Evidence, st.sampled_from(LEVELS), dates)


@given(st.lists(evidence, min_size=7, max_size=7), st.sampled_from([None, 0, 365, 10_000]))
def test_a_higher_bound_never_counts_more_and_a_discount_of_one_changes_nothing(
    given: list[Any], max_age: int | None
) -> None:
    loaded = navlayers.load(Path(__file__).parent / "golden" / "tiny.yaml")
    some = tuple(
        msgspec.structs.replace(mapping, evidence=given[n % 7]) for n, mapping in enumerate(loaded.mappings)
    )
    changed = msgspec.structs.replace(loaded, mappings=some)

    def of(**options: Any) -> dict[str, Any]:
        scope = Scope(max_age=max_age, as_of="2026-06-30", **options)
        mappings = counted_mappings(changed, scope).mappings
        found = msgspec.structs.replace(changed, mappings=mappings, scope=scope)
        return {technique: entry.overall for technique, entry in found.scores().items()}

    whole = of()
    assert of(discount=dict.fromkeys(LEVELS, 1.0)) == whole
    steps = [of(evidence=level) for level in LEVELS]
    assert steps[0] == whole
    for lower, higher in pairwise(steps):
        assert all((score or 0) <= (lower[technique] or 0) for technique, score in higher.items())


def test_a_diff_says_what_became_of_evidence(acme: Path, run: Run) -> None:
    newer = acme.with_name("newer.yaml")
    newer.write_text(SET.replace("T1078: {detect: partial}", "T1078: {detect: partial, evidence: tested}"))
    result = run("diff", acme, newer, "--json", "-q")
    assert json.loads(result.out)["facts"] == [
        {
            "name": "evidence of mappings",
            "before": "1 validated, 3 tested, 1 enabled, 1 declared",
            "after": "1 validated, 4 tested, 1 enabled",
        },
        {"name": "mappings with other evidence", "before": "1 before", "after": "1 after"},
    ]
    told = run("diff", acme, newer, "-q", "--discount", "declared=0.5", "--all").out
    assert "detect partial, declared → partial, tested" in told


def test_a_count_is_of_capabilities_that_score(acme: Path, run: Run) -> None:
    # T1003.001 has SIEM and EDR, the others one capability; what is declared alone scores 0.
    found = scores(run, acme, "--aggregate", "count", "--discount", "declared=0,enabled=0")
    assert found == {"T1003.001": 1, "T1053.005": 1, "T1059.001": 1, "T1078": 0}


def test_a_plan_counts_what_gaps_count(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "rules.csv"
    path.write_text("capability,technique,evidence\nA,T1078,tested\nB,T1053.005,\n", encoding="utf-8")
    result = run("plan", path, "--budget", "2", "--discount", "declared=0", "--json")
    assert json.loads(result.out)["chosen"] == ["A", "B"]
    assert "rules: --discount has no effect: the set has no score values" in result.err


def test_metadata_has_the_strongest_evidence_of_a_capability(acme: Path, run: Run) -> None:
    weak = "T1003.001: [{detect: partial, evidence: tested}, {respond: partial, evidence: enabled}]"
    acme.write_text(SET.replace("T1003.001: {detect: partial, evidence: enabled, robustness: 4}", weak))
    result = run("build", acme, "--only", "overview", "-o", "-", "-q")
    (entry,) = (e for e in json.loads(result.out)["techniques"] if e["techniqueID"] == "T1003.001")
    assert {"name": "evidence", "value": "edr = validated 2026-05-01; siem = tested"} in entry["metadata"]


def test_a_history_ages_evidence_to_the_day_of_each_version(tmp_path: Path, run: Run) -> None:
    for day in ("2024-03", "2026-06-30"):
        (tmp_path / f"acme-{day}.yaml").write_text(SET, encoding="utf-8")
    options = ("--evidence", "tested", "--max-age", "365d", "--json", "-q")
    found = json.loads(run("history", tmp_path, *options).out)
    # The test of February 2024 counts in March 2024, as does the one that had not come yet; in 2026 it is too old.
    assert [p["level"]["covered"] for p in found["series"][0]["points"]] == [2, 1]
    found = json.loads(run("history", tmp_path, *options, "--as-of", "2026-06-30").out)
    assert [p["level"]["covered"] for p in found["series"][0]["points"]] == [1, 1]
