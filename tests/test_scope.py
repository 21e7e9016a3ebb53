"""The scope of what is scored: the same numbers in every command, as counted from the files of the releases."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import navlayers
from navlayers import attack
from navlayers.attack import Scope, restricted
from navlayers.attack.scope import Listed
from navlayers.layer.matrix import release_columns
from navlayers.mapping.find import Source
from navlayers.mapping.formats.context import ReadOptions

if TYPE_CHECKING:
    from conftest import Run

DATA = Path(navlayers.__file__).parent / "attack" / "data"
EARLY = ("reconnaissance", "resource-development")
LINUX = ("--platform", "linux")
SCOPES: dict[tuple[str, ...], tuple[tuple[str, ...], tuple[str, ...], str]] = {
    LINUX: (("Linux",), (), "Linux"),
    ("--platform", "WINDOWS, iaas", "--exclude", "TA0007"): (
        ("Windows", "IaaS"),
        ("discovery",),
        "Windows and IaaS, without Discovery",
    ),
    ("--scope", "detectable"): ((), EARLY, "without Reconnaissance and Resource Development"),
}
"""Options → platforms, tactics that are left out, and the scope in words."""

APT29 = {*attack.threats(attack.find("enterprise", "18.1").release).named("APT29")[0].techniques}

DETECTIONS = """\
id,name,technique,level,status
D1,Reverse shell,T1059.004,high,stable
D2,Cron job,T1053.003,critical,stable
D3,SSH key added,T1098.004,medium,stable
D4,LSASS dump,T1003.001,critical,stable
D5,Shadow file read,T1003.008,high,experimental
D6,Scan of the perimeter,T1595,high,stable
"""
STABLE = ("--where", "level>=high and status=stable")


def counted(version: str, platforms: tuple[str, ...], without: tuple[str, ...]) -> dict[str, list[str]]:
    """Technique id → tactics in scope, from the file of the release alone."""
    release = json.loads((DATA / f"enterprise-{version}.json").read_bytes())
    active = [t for t in release["techniques"] if t.get("status", "active") == "active"]
    return {
        t["id"]: tactics
        for t in active
        if (not platforms or {*platforms} & {*t["platforms"]})
        and (tactics := [name for name in t["tactics"] if name not in without])
    }


def of_layer(layer: dict[str, Any]) -> set[str]:
    return {entry["techniqueID"] for entry in layer["techniques"] if entry.get("enabled", True)}


def as_json(run: Run, *args: str | Path) -> Any:
    result = run(*args)
    assert result.code == 0, result.err
    return json.loads(result.out)


@pytest.fixture
def detections(tmp_path: Path) -> Path:
    path = tmp_path / "detections.csv"
    path.write_text(DETECTIONS, encoding="utf-8")
    return path


@pytest.mark.parametrize("options", SCOPES, ids=" ".join)
def test_numerators_and_denominators_are_those_of_the_scope_in_every_command(
    options: tuple[str, ...], run: Run
) -> None:
    platforms, without, words = SCOPES[options]
    inside = counted("16.1", platforms, without)
    every = of_layer(as_json(run, "build", "gcp", "--only", "overview", "-o", "-", "-q"))
    mapped = every & inside.keys()
    title = f"ATT&CK Enterprise 16.1, {words}"

    (stats,) = as_json(run, "stats", "gcp", "--json", "-q", *options)
    assert stats["scope"] == words
    assert (stats["active"], stats["techniques"] + stats["subtechniques"]) == (len(inside), len(mapped))
    for tactic in stats["tactics"]:
        column = {id_ for id_, tactics in inside.items() if tactic["tactic"] in tactics}
        assert (tactic["mapped"], tactic["total"]) == (len(column & mapped), len(column)), tactic
    assert not {tactic["tactic"] for tactic in stats["tactics"]} & {*without}

    layer = as_json(run, "build", "gcp", "--only", "overview", "-o", "-", "-q", *options)
    assert of_layer(layer) == mapped
    assert layer.get("filters") == ({"platforms": [*platforms]} if platforms else None)
    assert f"mapped to {title}: all services." in layer["description"]
    assert {"name": "scope", "value": words} in layer["metadata"]
    hidden = {entry["techniqueID"] for entry in layer["techniques"]} - mapped
    outside = {t.id for t in attack.find("enterprise", "16.1").catalogue.techniques.values() if t.active}
    assert hidden == (outside - inside.keys() if without else set())
    assert layer["hideDisabled"] is bool(without)

    compared = as_json(run, "compare", "gcp", "aws", "--json", "-q", *options)
    assert (compared["active"], compared["scope"]) == (len(inside), words)
    of_gcp = compared["inputs"]["gcp"]
    assert of_gcp["techniques"] + of_gcp["subtechniques"] == len(mapped)

    plan = as_json(run, "plan", "gcp", "--target", "100%", "--json", "-q", *options)
    assert plan["scope"] == words
    assert f"cover {len(mapped)} of the {len(mapped)} techniques and sub-techniques" in plan["summary"]

    assert run("report", "gcp", "-o", "report.md", "-q", *options).code == 0
    report = Path("report.md").read_text(encoding="utf-8")
    assert f"MITRE {title}\n" in report
    assert f"{len(mapped)} of the {len(inside)} techniques and sub-techniques of {title}" in report
    badge = run("badge", "gcp", "-q", *options).out
    assert f"{round(100 * len(mapped) / len(inside))}% of Enterprise 16.1, {words} covered" in badge


@pytest.mark.parametrize("options", SCOPES, ids=" ".join)
def test_gaps_are_of_the_techniques_of_a_threat_in_scope(options: tuple[str, ...], run: Run) -> None:
    platforms, without, words = SCOPES[options]
    inside = counted("18.1", platforms, without)
    at = ("--attack", "18.1", "-q")
    mapped = of_layer(as_json(run, "build", "gcp", "--only", "overview", "-o", "-", *at)) & inside.keys()
    gaps = as_json(run, "gaps", "gcp", "--threat", "APT29", "--json", *at, *options)
    assert gaps["scope"] == words
    total = gaps["total"]
    assert (total["techniques"], total["covered"]) == (len(APT29 & inside.keys()), len(APT29 & mapped))
    number = len(APT29 & inside.keys())
    assert f"{number} of the {len(APT29)} techniques of APT29 are in scope" in gaps["summary"]


def test_a_site_has_the_numbers_of_its_scope(run: Run) -> None:
    assert run("site", "gcp", "csa_ccm", "-o", "out", "-q", *LINUX).code == 0
    inside, newer = counted("16.1", ("Linux",), ()), counted("17.1", ("Linux",), ())
    index = json.loads(Path("out/index.json").read_bytes())
    assert [(entry["name"], entry["scope"]) for entry in index["sets"]] == [("gcp", "Linux"), ("csa_ccm", "Linux")]
    mapped = index["sets"][0]["techniques"] + index["sets"][0]["subtechniques"]
    page = Path("out/sets/gcp/index.html").read_text(encoding="utf-8")
    assert f"{mapped} of {len(inside)} techniques and sub-techniques" in page
    assert "ATT&amp;CK Enterprise 16.1, Linux" in page
    assert "ATT&amp;CK Enterprise 17.1, Linux" in Path("out/compare/enterprise.html").read_text(encoding="utf-8")
    pages = {path.stem for path in Path("out/techniques").glob("T*.html")}
    assert pages <= inside.keys() | newer.keys()
    threats = Path("out/threats/enterprise.html").read_text(encoding="utf-8")
    row = re.search(r">G0016<.*?data-name=\"Techniques\">(\d+)<", threats, re.DOTALL)
    assert row is not None
    assert int(row[1]) == len(APT29 & counted("18.1", ("Linux",), ()).keys())  # the release that has threats


def test_sets_of_several_releases_are_restricted_at_the_release_of_the_result(run: Run) -> None:
    """A technique may be on a platform in one release only."""
    compared = as_json(run, "compare", "gcp", "csa_ccm", "--measure", "covered", "--json", "-q", *LINUX)
    both = as_json(run, "stats", "gcp", "csa_ccm", "--attack", "17.1", "--json", "-q", *LINUX)
    assert compared["attack_version"] == "17.1"
    for stats in both:
        own = compared["inputs"][stats["name"]]
        assert (own["techniques"], own["subtechniques"]) == (stats["techniques"], stats["subtechniques"])
        assert compared["active"] == stats["active"] == len(counted("17.1", ("Linux",), ()))


def test_a_condition_leaves_the_rules_that_meet_it(detections: Path, run: Run) -> None:
    result = run("stats", detections, *LINUX, *STABLE)
    scope = "Linux, where level>=high and status=stable"
    assert f"detections: 2 of 6 mappings are in scope: {scope}\n" in result.err
    total = len(counted("19.1", ("Linux",), ()))
    assert result.out.startswith(
        f"detections maps 2 capabilities: 2 of the {total} techniques and sub-techniques of "
        f"ATT&CK Enterprise 19.1, {scope} (<1%), 2 mappings."
    )
    layer = as_json(run, "build", detections, "--only", "overview", "-o", "-", "-q", *LINUX, *STABLE)
    assert of_layer(layer) == {"T1059.004", "T1053.003"}
    shown = as_json(run, "show", "T1059.004", "--set", detections, "--json", "-q", *LINUX, *STABLE)
    assert [section["set"]["scope"] for section in shown["sections"]] == [scope]
    assert run("show", "D3", "--set", detections, "-q", *LINUX, *STABLE).code != 0


def test_a_diff_and_a_history_have_the_scope(detections: Path, run: Run, tmp_path: Path) -> None:
    older = tmp_path / "copies" / "2025-01-31.csv"
    older.parent.mkdir()
    older.write_text(DETECTIONS.replace("D2,", "D9,").replace("T1053.003", "T1105"), encoding="utf-8")
    newer = older.with_name("2025-06-30.csv")
    newer.write_bytes(detections.read_bytes())
    changes = as_json(run, "diff", older, newer, "--json", "-q", *STABLE, "--exclude", "T1105")
    assert changes["scope"] == "without T1105, where level>=high and status=stable"
    assert [each["id"] for each in changes["techniques"]["gained"]] == ["T1053.003"]
    assert changes["techniques"]["lost"] == []
    text = run("history", older.parent, "-q", *LINUX, *STABLE).out
    total = len(counted("19.1", ("Linux",), ()))
    assert f"2 of the {total:,} techniques and sub-techniques of ATT&CK Enterprise 19.1, Linux, where" in text


def test_exclude_of_a_plan_names_techniques_and_capabilities(run: Run) -> None:
    plan = as_json(
        run, "plan", "gcp", "--budget", "3", "--json", "-q", "--exclude", "initial-access,access_transparency"
    )
    assert plan["scope"] == "without Initial Access"
    states = {each["id"]: each["state"] for each in plan["capabilities"]}
    assert [id_ for id_, state in states.items() if state == "excluded"] == ["access_transparency"]


def test_include_names_techniques_tactics_and_threats() -> None:
    catalogue = attack.find("enterprise", "19.1").catalogue
    by_id = restricted(catalogue, Scope(include=("t1003", "T1053.003")))
    ids = {t.id for t in by_id.techniques.values() if t.active}
    assert ids == {"T1003", *(t.id for t in catalogue.subtechniques("T1003")), "T1053.003"}
    assert by_id.techniques["T1053"].in_matrix
    assert by_id.scope == "only T1003 and T1053.003"
    threat = restricted(catalogue, Scope(include=("apt29",)))
    used = attack.threats(attack.find("enterprise", "19.1").release).named("APT29")[0].techniques
    assert {t.id for t in threat.techniques.values() if t.active} >= {*used}
    revoked = restricted(catalogue, Scope(include=("T1086",)))
    assert revoked.scope == "only T1059.001"
    tactic = restricted(catalogue, Scope(include=("Lateral Movement",)))
    assert [each.name for each in tactic.tactics] == ["Lateral Movement"]
    assert tactic.techniques["T1550"].tactics == ("lateral-movement",)


@pytest.mark.parametrize(
    ("version", "name", "platforms"),
    [
        ("19.1", "Azure AD", ("Identity Provider",)),
        ("19.1", "office 365", ("Office Suite",)),
        ("19.1", "network", ("Network Devices",)),
        ("15.1", "identity provider", ("Azure AD",)),
        ("19.1", "MAC", ("macOS",)),
        ("16.1", "network devices", ("Network",)),
    ],
)
def test_platforms_have_any_case_and_the_names_of_other_releases(
    version: str, name: str, platforms: tuple[str, ...]
) -> None:
    catalogue = attack.find("enterprise", version).catalogue
    bounds = restricted(catalogue, Scope(platforms=(name,))).bounds
    assert bounds is not None
    assert bounds.platforms == platforms


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--platform", "linx"),
            'navlayers: --platform: ATT&CK Enterprise 16.1 has no platform "linx"; expected Containers, IaaS, '
            "Identity Provider, Linux, macOS, Network, Office Suite, PRE, SaaS, Windows (did you mean Linux?)\n",
        ),
        (
            ("--exclude", "reconaissance"),
            "navlayers: --exclude: ATT&CK Enterprise 16.1 has no technique, tactic or threat "
            '"reconaissance"; expected an id, the name of a tactic, group, software or campaign, or a layer '
            "(.json) (did you mean reconnaissance?)\n",
        ),
        (
            ("--platform", "linux", "--include", "T1003.001"),
            "navlayers: no technique of ATT&CK Enterprise 16.1 is in scope: Linux, only T1003.001 "
            "(leave out --platform or --include)\n",
        ),
        (
            ("--where", "categori=protect"),
            'navlayers: gcp: --where: gcp has no "categori"\n    categori=protect\n'
            "    ^ (did you mean category?)\n",
        ),
    ],
)
def test_what_a_release_or_set_lacks_is_an_error(options: tuple[str, ...], message: str, run: Run) -> None:
    result = run("stats", "gcp", *options)
    assert (result.code, result.out, result.err) == (2, "", message)


def test_after_many_unknown_words_the_others_are_not_looked_up(run: Run) -> None:
    names = ",".join(f"x{n}" for n in range(1_500))
    result = run("stats", "gcp", "--platform", names)
    assert (result.code, len(result.err.splitlines())) == (2, 52)
    end = "navlayers: … and 950 more\nnavlayers: --platform: further words were not looked up\n"
    assert result.err.endswith(end)


def test_a_set_of_a_domain_without_the_platform_is_left_out(run: Run) -> None:
    result = run("stats", "gcp", "kev-mobile", *LINUX)
    assert 'note: kev-mobile: left out: --platform: ATT&CK Mobile 16.1 has no platform "linux"\n' in result.err
    assert "kev-mobile" not in result.out
    assert run("stats", "kev-mobile", *LINUX).code == 2


def test_a_threat_without_a_technique_in_scope_is_an_error(run: Run) -> None:
    result = run("gaps", "gcp", "--threat", "TA0043", "--scope", "detectable", "-q")
    assert result.code == 2
    assert (
        "no technique of Reconnaissance is in scope: without Reconnaissance and Resource Development" in result.err
    )


def test_a_layer_is_drawn_as_it_is_and_compared_in_scope(run: Run, tmp_path: Path) -> None:
    layer = tmp_path / "gcp.json"
    layer.write_text(run("build", "gcp", "--only", "overview", "-o", "-", "-q").out, encoding="utf-8")
    drawn = run("render", layer, "--format", "csv", *LINUX)
    assert "--platform has no effect: the layer keeps its entries" in drawn.err
    compared = as_json(run, "compare", "gcp", layer, "--json", "-q", *LINUX)
    by_set, by_layer = compared["inputs"].values()
    assert (by_set["techniques"], by_set["subtechniques"]) == (by_layer["techniques"], by_layer["subtechniques"])


RELEASE = attack.find("enterprise", "19.1").catalogue
WORDS = [
    *(t.shortname for t in RELEASE.tactics),
    *(t.id for t in RELEASE.techniques.values() if t.active and not t.parent),
]
CELLS = sorted((t.id, tactic) for t in RELEASE.techniques.values() if t.active for tactic in ("", *t.tactics))


@given(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=6)
    | st.lists(st.sampled_from(CELLS), min_size=1).map(lambda cells: [Listed("x", "enterprise", tuple(cells))])
)
def test_what_is_included_and_what_is_excluded_are_the_release(words: list[str | Listed]) -> None:
    """A technique counts in one of both; a heading of sub-techniques is in the matrix, and counts in neither."""

    def cells(catalogue: attack.Catalogue) -> set[tuple[str, str]]:
        return {(t.id, tactic) for t in catalogue.techniques.values() if t.active for tactic in t.tactics}

    parts = [restricted(RELEASE, Scope(include=tuple(words))), restricted(RELEASE, Scope(exclude=tuple(words)))]
    inside, outside = map(cells, parts)
    assert inside | outside == cells(RELEASE)
    assert not inside & outside
    for part, own in zip(parts, (inside, outside), strict=True):
        columns = release_columns(part)
        assert {(t.id, column.tactic.shortname) for column in columns for t in column.techniques} == own
        shown = {(base.id, column.tactic.shortname) for column in columns for base, _ in column.families}
        assert shown == {(id_.partition(".")[0], tactic) for id_, tactic in own}


def test_a_technique_out_of_scope_is_the_heading_of_its_sub_techniques_and_never_counts(
    detections: Path, run: Run
) -> None:
    """T1595 is mapped by a rule; it has 3 sub-techniques, and Reconnaissance 46 techniques of the 697."""
    document = {"name": "p", "domain": "enterprise-attack", "versions": {"layer": "4.5", "attack": "19"}}
    Path("p.json").write_text(json.dumps({**document, "techniques": [{"techniqueID": "T1595", "score": 1}]}))

    def numbers(*options: str) -> tuple[int, ...]:
        (stats,) = as_json(run, "stats", detections, "--json", "-q", *options)
        (early,) = [tactic for tactic in stats["tactics"] if tactic["tactic"] == "reconnaissance"]
        assert stats["base_techniques_mapped"] + stats["base_techniques_unmapped"] == stats["base_techniques"]
        return stats["techniques"] + stats["subtechniques"], stats["active"], early["mapped"], early["total"]

    assert numbers() == (6, 697, 1, 46)
    assert numbers("--include", "p.json") == (1, 1, 1, 1)
    assert numbers("--exclude", "p.json") == (5, 696, 0, 45)
    assert numbers("--include", "T1595.001") == (0, 1, 0, 1)
    only = ("--include", "T1595.001", "-q")
    layer = as_json(run, "build", detections, "--only", "overview", "-o", "-", *only)
    of_family = [entry for entry in layer["techniques"] if entry["techniqueID"].startswith("T1595")]
    # The Navigator shows a disabled technique with an enabled sub-technique, T1595.001.
    assert of_family == [{"techniqueID": id_, "enabled": False} for id_ in ("T1595", "T1595.002", "T1595.003")]
    assert run("render", detections, "-o", "matrix.svg", *only).code == 0
    for technique in ("T1595", "T1078"):
        assert ": out of scope (only T1595.001)." in run("show", technique, "--set", detections, *only).out
    full = run("show", "T1078", "--set", detections, "--full", *only).out
    assert "Out of scope (only T1595.001): mappings of it do not count." in full
    picture = Path("matrix.svg").read_text(encoding="utf-8")
    assert "T1595 Active Scanning\ndisabled\nout of scope: the heading of its sub-techniques" in picture
    assert "0 of 1 sub-techniques mapped" in picture
    assert run("site", detections, "-o", "out", *only).code == 0
    release = Path("out/assets/enterprise-19.1.js").read_text(encoding="utf-8")
    assert '"headings":[0]' in release
    assert '"heading":"out of scope: the heading of its sub-techniques"' in release
    assert "1 technique and sub-techniques" in Path("out/techniques.html").read_text(encoding="utf-8")


def test_a_question_to_the_server_keeps_the_scope_for_a_process_of_its_own(detections: Path) -> None:
    from navlayers.serve.job import Job, Question, decode, encode, job_answer  # noqa: PLC0415
    from navlayers.serve.workspace import Settings  # noqa: PLC0415

    scope = Scope(platforms=("linux",), where="level>=high")
    job = Job(Question("explorer"), Settings(ReadOptions(scope=scope)), (Source("detections", detections),))
    answer = job_answer(decode(encode(job))).data.decode()
    assert '"enterprise 19.1, Linux, where level>=high"' in answer
    assert "detections: 3 of 6 mappings are in scope: Linux, where level>=high" in answer


def test_rules_for_other_platforms_are_out_of_scope(run: Run, tmp_path: Path) -> None:
    products = {"a": "windows", "b": "linux", "c": "zeek", "d": "aws", "e": "Linux"}
    for name, product in products.items():
        rule = f"id: {name}\ntitle: {name}\ntags: [attack.t1059]\nlogsource: {{product: {product}}}\n"
        (tmp_path / f"{name}.yml").write_text(f"{rule}detection: {{a: b}}\n", encoding="utf-8")
    for options, kept in (
        (("--platform", "linux"), ["b", "c", "e"]),
        (("--platform", "windows,iaas"), ["a", "c", "d"]),
        (("--where", "product=linux"), ["b", "e"]),
    ):
        made = as_json(run, "convert", tmp_path, "--format", "mapex-json", *options, "-q")
        assert sorted({row["capability_id"] for row in made["mapping_objects"]}) == kept, options


def test_the_small_matrix_shows_the_sub_techniques_of_a_heading(tmp_path: Path, run: Run) -> None:
    rules = tmp_path / "rules.csv"
    rules.write_text("technique,control,category,score\nT1595.001,c,detect,significant\n", encoding="utf-8")
    cover = run("report", rules, "--include", "T1595.001", "--sections", "summary", "-o", tmp_path / "r.html")
    assert cover.code == 0
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    picture = page[page.index("<svg") : page.index("</svg>")]
    assert 'class="c810f7c"' in picture, "the color of significant"
