"""Sets of threats never cover: what they say, in every command; and the words for the capabilities of sets."""

from __future__ import annotations

import csv
import html
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import contents
from site_pages import prepared, sample, site_of

import navlayers

if TYPE_CHECKING:
    from conftest import Run

KEV = "155 techniques follow from exploiting 419 known exploited vulnerabilities"
THREAT = ["#fee5d9", "#fb6a4a", "#99000d"]

OWN = """\
framework: incidents
version: "1"
domain: enterprise
attack_version: "16.1"
role: threat
capabilities:
  phishing:
    techniques:
      T1566.001:
      T1078:
  theft:
    techniques:
      T1078:
"""
CONTROLS = """\
framework: mine
version: "1"
domain: enterprise
attack_version: "16.1"
capabilities:
  mfa:
    techniques:
      T1078:
      T1110:
"""


@pytest.fixture
def own(tmp_path: Path) -> tuple[Path, Path]:
    """A set of threats (T1078 by two, T1566.001 by one) and a set of controls (T1078, T1110)."""
    threats, controls = tmp_path / "incidents.yaml", tmp_path / "mine.yaml"
    threats.write_text(OWN)
    controls.write_text(CONTROLS)
    return threats, controls


def test_layers_of_threats_say_what_follows_in_the_ramp_of_threats(run: Run) -> None:
    assert run("build", "kev", "--only", "overview,capabilities", "-o", "out", "-q").code == 0
    layer = json.loads(Path("out/kev/overview.json").read_bytes())
    assert (
        f": all vulnerabilities. {KEV}. A technique's score is the number of vulnerabilities"
        in layer["description"]
    )
    assert layer["gradient"]["colors"] == THREAT
    assert [item["label"] for item in layer["legendItems"]][-1] == "1 vulnerability"
    assert {"name": "role", "value": "threat"} in layer["metadata"]
    (entry,) = (each for each in layer["techniques"] if each["techniqueID"] == "T1190")
    assert entry["comment"].startswith("Follows from exploiting 157 vulnerabilities\n")
    one = json.loads(Path("out/kev/capabilities/cve-2021-40539.json").read_bytes())
    assert " 13 techniques follow from exploiting 1 known exploited vulnerability. " in one["description"]
    assert json.loads(Path("out/kev/index.json").read_bytes())["set"]["role"] == "threat"
    text = b"".join(data for name, data in contents(Path("out")).items() if name.endswith(".json")).decode()
    assert "overed by" not in text
    assert "apabilities." not in text


def test_a_set_of_threats_of_ones_own_is_used_by_its_threats(run: Run, own: tuple[Path, Path]) -> None:
    layer = json.loads(run("build", own[0], "--only", "overview", "-o", "-", "-q").out)
    assert " 2 techniques are used by 2 threats. " in layer["description"]
    assert [entry["comment"].split("\n")[0] for entry in layer["techniques"]] == [
        "Used by 2 threats",
        "Used by 1 threat",
    ]


@pytest.mark.parametrize(
    ("name", "says", "noun"),
    [
        ("kev", KEV, "vulnerabilities"),
        (
            "kev-mobile",
            "19 techniques follow from exploiting 14 known exploited vulnerabilities",
            "vulnerabilities",
        ),
        ("veris", "541 techniques follow from 141 incident actions", "actions"),
        ("gcp", "", "services"),
        ("nist_800_53", "", "controls"),
    ],
)
def test_stats_and_reports_use_the_words_of_the_set(run: Run, name: str, says: str, noun: str) -> None:
    stats, report = run("stats", name, "--all", "-q").out, run("report", name, "-o", "-", "-q").out
    assert f"\n{noun} with a mapping " in stats
    assert f"\n## {noun.capitalize()}\n" in report
    assert json.loads(run("stats", name, "--json", "-q").out)[0]["role"] == ("threat" if says else "control")
    if says:
        assert f"\n{says}.\n" in stats
        assert f"\n{says}: " in report
        assert "covers" not in report.replace("a set of threats covers nothing", "")
        assert "covered" not in report
        assert "capabilities" not in report
    else:
        assert "follow" not in stats + report


def test_veris_has_51_actions_that_cannot_be_mapped(run: Run) -> None:
    """action.malware.variety.In-memory has 13 mappings and a row without a technique, so it is not one of them."""
    assert "51 actions of the set cannot be mapped" in run("report", "veris", "-o", "-", "-q").out
    assert json.loads(run("stats", "veris", "--json", "-q").out)[0]["non_mappable"]["capabilities"] == 51
    assert (
        json.loads(run("build", "veris", "--only", "overview", "-o", "x", "--json").out)[0]["counts"][
            "non_mappable_capabilities"
        ]
        == 51
    )


@pytest.mark.parametrize("command", [("gaps", "--threat", "APT29"), ("plan", "--budget", "5")], ids="".join)
def test_threats_cannot_cover(run: Run, own: tuple[Path, Path], command: tuple[str, ...]) -> None:
    done = run(command[0], "kev", *command[1:])
    assert (done.code, done.out) == (2, "")
    assert "kev lists what is attacked" in done.err
    assert "use it as a threat: navlayers gaps nist_800_53 --threat kev" in done.err
    done = run(command[0], own[1], own[0], *command[1:])
    assert done.code == 2
    assert f"use it as a threat: navlayers gaps nist_800_53 --threat {own[0]}" in done.err


def test_a_role_that_the_user_gives_overrides_and_is_told(run: Run) -> None:
    done = run("gaps", "kev", "--threat", "APT29", "--meta", "role=control")
    assert done.code == 0
    assert "note: kev lists what is attacked; it is a set of controls by --meta role=control\n" in done.err
    assert "by --meta role" not in run("gaps", "aws", "--threat", "APT29", "--meta", "role=control").err


def test_threats_are_threats_of_gaps_and_plan(run: Run, own: tuple[Path, Path]) -> None:
    gaps = json.loads(run("gaps", own[1], "--threat", own[0], "--json", "-q").out)
    assert {row["id"]: (row["weight"], row["state"]) for row in gaps["techniques"]} == {
        "T1078": (2, "covered"),
        "T1566.001": (1, "uncovered"),
    }
    kev = json.loads(run("gaps", "nist_800_53", "--threat", "kev", "--attack", "16.1", "--json", "-q").out)
    assert (kev["total"]["covered"], kev["total"]["techniques"]) == (128, 155)
    assert (
        "no capability is mapped to 1 of them" in run("plan", own[1], "--budget", "1", "--threat", own[0], "-q").out
    )


def test_a_comparison_shows_threats_as_what_is_to_be_covered(
    run: Run, own: tuple[Path, Path], tmp_path: Path
) -> None:
    done = run("compare", own[1], own[0], "-o", tmp_path / "out", "-q")
    assert (done.code, done.err) == (0, "")
    found = json.loads(run("compare", own[1], own[0], "--json", "-q").out)
    assert list(found["inputs"]) == ["mine"]
    assert found["together"]["techniques"] == 2
    assert "T1566.001" in found["gap"]
    assert found["threats"]["incidents"]["techniques"] == {"T1078": ["mine"], "T1566.001": []}
    assert found["threats"]["incidents"]["covered"] == {"mine": 1}
    layer = json.loads((tmp_path / "out/threats/incidents.json").read_bytes())
    assert layer["gradient"]["colors"] == THREAT
    assert [entry["comment"].split("\n")[0] for entry in layer["techniques"]] == [
        "Covered by mine",
        "Not covered",
    ]
    rows = list(csv.DictReader((tmp_path / "out/comparison.csv").read_text("utf-8-sig").splitlines()))
    assert [(row["technique"], row["incidents (to be covered)"]) for row in rows] == [("T1078", "2"), ("T1110", "")]


def test_kev_never_counts_among_what_covers(run: Run) -> None:
    """The overlap of plain sets: NIST maps 128 of KEV's 155 techniques, Google Cloud 109, Microsoft 365 72."""
    out = run("compare", "kev", "nist_800_53", "--all", "-q").out
    rows = [line.split() for line in out.splitlines()]
    assert ["kev", "nist_800_53", "128", "155", "82.6%"] in rows
    assert f"kev: {KEV}" in out
    both = json.loads(run("compare", "gcp", "m365", "kev", "--json", "-q").out)
    assert both["threats"]["kev"]["covered"] == {"gcp": 109, "m365": 72}
    assert "kev" not in {name for row in both["techniques"].values() for name in row["best_by"]}
    alone = json.loads(run("compare", "gcp", "m365", "--json", "-q").out)
    assert both["together"] == alone["together"]
    done = run("compare", "kev", "nist_800_53", "--baseline", "kev")
    assert done.code == 2
    assert "so it is no baseline" in done.err


def test_threats_alone_are_compared_with_each_other(run: Run) -> None:
    out = run("compare", "kev", "veris", "--all", "-q").out
    assert "Mapped at ATT&CK" in out
    assert "covers" not in out
    assert "covered" not in out


def test_a_report_of_controls_and_threats_says_how_much_is_covered(run: Run) -> None:
    out = run("report", "nist_800_53", "kev", "-o", "-", "-q").out
    assert out.startswith("# ATT&CK coverage of NIST 800-53\n")
    assert f"{KEV}; NIST 800-53 covers 128 of them" in out
    assert "- **To be covered**: CISA Known Exploited Vulnerabilities 2025-07-28" in out
    assert "\n## Against the threat\n" in out


def test_pages_of_a_site_say_what_threats_say(own: tuple[Path, Path]) -> None:
    site = site_of(*prepared("kev", own[1]))
    assert f"<p>{KEV}.</p>" in site.html("sets/kev/index.html")
    assert "<p>Follows from exploiting 157 vulnerabilities.</p>" in site.html("techniques/t1190.html")
    assert {name: said[0] for name, said in cards(site.html("index.html")).items()} == {
        "kev": "Threat, ATT&CK Enterprise 16.1",
        "mine": "Control, ATT&CK Enterprise 16.1",
    }
    said = "one mapping set maps; sets of threats are named, not counted."
    assert said in site.html("attack/enterprise.html")
    for page in (path for path in site.pages if path.startswith("sets/kev/")):
        text = site.html(page)
        assert "Covers" not in text, page
        assert "Covered by" not in text, page


KEV_CARD = [
    "Threat, ATT&CK Enterprise 16.1",
    "23.6% mapped: 96 techniques, 59 sub-techniques",
    "419 vulnerabilities, 1,183 mappings; no scores",
]


def cards(home: str) -> dict[str, list[str]]:
    """The lines of the card of each set, by the set's name."""
    found = re.findall(r'<li class="tile">\s*<h3><a href="sets/([^/]+)/(.*?)</li>', home, re.DOTALL)
    return {
        name: [html.unescape(re.sub(r"<[^>]+>", "", line)) for line in re.findall(r"<p\b.*?</p>", card)]
        for name, card in found
    }


# Headers of the published mapping pages, and a sentence about threats.
NO_CLAIM = re.compile(r"Capability (ID|Description)|a set of threats covers nothing")
CLAIM = re.compile(r"\b(un)?cover|\bcapabilit|\bprotects", re.IGNORECASE)
NAMES = re.compile(r"(Obtain|Develop|Stage) Capabilities")


def wording(page: str) -> set[str]:
    """The sentences and labels of a page, and the data and titles of its explorer, without names and mappings."""
    texts = []
    for data in re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL):
        explorer = json.loads(data)
        if "views" not in explorer:  # the sets of the page that compares two
            continue
        shown = [shown for view in explorer["views"] for shown in view["shown"]]
        texts += [explorer["covered"], *explorer["noun"], *(view["title"] for view in explorer["views"])]
        texts += [label for each in shown for label, _ in each["legend"]]
        texts += [explorer["texts"][number] for each in shown for number in each["words"] if number >= 0]
    page = re.sub(r"<(script|style|tbody).*?</\1>", "", page, flags=re.DOTALL)
    texts += re.findall(r'(?:aria-label|title|placeholder)="([^"]*)"', page)
    texts += re.split(r"<[^>]+>", page)
    return {text for text in (html.unescape(text).split("\n")[0].strip() for text in texts) if text}


def test_no_page_of_a_set_of_threats_says_that_it_covers(run: Run) -> None:
    assert run("report", "kev", "-o", "kev.html", "-q").code == 0
    assert run("report", "kev", "veris", "-o", "both.html", "-q").code == 0
    site = site_of(*prepared("kev"))
    seen = set()
    for page in [Path("kev.html").read_text(), Path("both.html").read_text(), *map(site.html, sample(site))]:
        seen |= wording(page)
    assert {"vulnerability", "vulnerabilities", "mapped", "What none involves", "not mapped"} <= seen
    assert not {
        t for t in seen if CLAIM.search(NAMES.sub("", NO_CLAIM.sub("", t))) and not re.search("CVE-|https?:", t)
    }
    assert cards(site.html("index.html")) == {"kev": KEV_CARD}
    assert '"Vulnerabilities","Techniques"' in site.html("assets/search.js")


def test_a_site_of_threats_and_controls_has_the_words_of_each() -> None:
    site = site_of(*prepared("gcp", "kev"))
    assert "Capabilities" in wording(site.html("techniques/t1190.html"))
    assert cards(site.html("index.html")) == {
        "gcp": [
            "Control, ATT&CK Enterprise 16.1",
            "44.2% covered: 129 techniques, 161 sub-techniques",
            "Weakest tactic: Resource Development, 8 of 47",
            "40 services, 518 mappings, 18 non-mappable",
        ],
        "kev": KEV_CARD,
    }
    said = {name: wording(site.html(f"sets/{name}/index.html")) for name in ("gcp", "kev")}
    assert {"covered", "services"} <= said["gcp"]
    assert {"mapped", "vulnerabilities"} <= said["kev"]
    assert "covered" not in said["kev"]


def test_tables_have_the_noun_of_their_sets_and_a_neutral_one_for_several(run: Run) -> None:
    out = run("gaps", "gcp", "--threat", "APT29", "-o", "gaps", "--all").out
    assert re.search(r"^service +techniques +unique", out, re.MULTILINE)
    # Files for programs have the same header for all sets.
    assert "capabilities" in Path("gaps/techniques.csv").read_text("utf-8-sig").splitlines()[0].split(",")
    for sets, noun in ((["gcp"], "service"), (["nist_800_53"], "control"), (["gcp", "nist_800_53"], "capability")):
        assert re.search(rf"^# +{noun} ", run("plan", *sets, "--budget", "2", "-q").out, re.MULTILINE)
    report = run("report", "nist_800_53", "-o", "-", "-q").out
    assert "| control | techniques |" in report
    assert "capability |" not in report
    assert run("build", "kev", "--only", "overview", "-o", "out").out.splitlines()[0].split()[:3] == [
        *("set", "ATT&CK", "vulnerabilities"),
    ]


def test_a_layer_keeps_the_role_of_its_set(run: Run, own: tuple[Path, Path]) -> None:
    assert run("build", own[0], "-o", "out", "-q", "--only", "overview").code == 0
    done = run("gaps", "out/incidents/overview.json", "--threat", "APT29")
    assert done.code == 2
    assert "lists what is attacked" in done.err


def test_sets_tell_their_role(run: Run) -> None:
    roles = {each["name"]: each["role"] for each in json.loads(run("sets", "--json").out)}
    assert {name for name, role in roles.items() if role == "threat"} == {
        *("kev", "kev-mobile", "top-techniques", "veris", "veris-mobile", "veris-ics"),
    }
    assert repr(navlayers.load("kev")).startswith(
        "<MappingSet CISA Known Exploited Vulnerabilities 2025-07-28: 419 vuln"
    )


def test_the_next_command_of_a_threat_has_controls_of_its_domain(run: Run) -> None:
    assert "navlayers gaps nist_800_53 --threat kev\n" in run("stats", "kev").out
    assert run("stats", "kev-mobile").out.endswith("Next:  navlayers build kev-mobile\n")
