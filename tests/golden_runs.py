"""The runs whose results are kept in tests/golden/runs: every command with every format, and errors."""

from __future__ import annotations

from golden_faults import FAULTS, TEXTS
from golden_helpers import SHARED, Case
from golden_results import (
    ATTACK,
    BADGE,
    COMPARE,
    COMPLETION,
    COPIES,
    DIFF,
    EXPORT,
    GAPS,
    HISTORY,
    PLAN,
    RENDER,
    REPORT,
    SITE,
    TERMINAL,
)
from golden_sets import BUILD, BUILD_ERRORS, CHECK, CONVERT, SETS, SHIPPED, SHOW, SHOW_HTML, STATS, UPGRADE

COMMANDS = (
    *(
        "build",
        "sets",
        "stats",
        "check",
        "convert",
        "upgrade",
        "render",
        "badge",
        "report",
        "site",
        "show",
        "compare",
    ),
    *("diff", "gaps", "plan", "attack", "attack list", "attack add", "attack remove", "completion"),
    *("init", "open", "serve", "mcp", "history", "evidence", "export", "fleet"),
)
INPUTS = (
    *("tiny.yaml", "tiny.json", "tiny-explorer.yaml", "tiny.csv", "tiny.xlsx", "tiny-stix.json", "stack", "rules"),
    *("dettect.yaml", "layer.json", "layers.json", "old-layer.json", "counts-layer.json", "mobile-layer.json"),
    *("plain.csv", "wide.csv", "controls.tsv", "ics.yaml", "counts.yaml", "faults.yaml"),
)
WIDTHS = (80, 140)


def _named(name: str) -> str:
    return name.replace("/", "-").replace(" ", "-").replace(":", "x")


def _help() -> list[Case]:
    return [
        Case("help/navlayers", "--help"),
        Case("help/none", ""),
        Case("help/version", "--version"),
        Case("help/unknown", "biuld tiny.yaml"),
        *(Case(f"help/{_named(command)}", f"{command} --help") for command in COMMANDS),
    ]


def _every_input() -> list[Case]:
    """What each command that reads sets makes of each format."""
    lines = {
        "stats": "stats {}",
        "check": "check {}",
        "convert": "convert {} -o -",
        "build": "build {} --only overview -o -",
        "upgrade": "upgrade {} --attack 18.1",
        "show": "show T1078 --set {}",
        "plan": "plan {} --budget 1 -q",
    }
    return [
        Case(f"{command}-inputs/{_named(name)}", line.format(name))
        for command, line in lines.items()
        for name in INPUTS
    ]


def _commands() -> list[Case]:
    tables = {
        "build": {**BUILD, **{f"shipped-{name}": f"{name} --only overview -o -" for name in SHIPPED}},
        "build-errors": BUILD_ERRORS,
        "check": CHECK,
        "stats": STATS,
        "sets": SETS,
        "convert": CONVERT,
        "upgrade": UPGRADE,
        "render": RENDER,
        "badge": BADGE,
        "report": REPORT,
        "site": SITE,
        "compare": COMPARE,
        "diff": DIFF,
        "export": EXPORT,
        "gaps": GAPS,
        "plan": PLAN,
        "attack": ATTACK,
        "completion": COMPLETION,
    }
    cases = [
        Case(f"{command}/{_named(name)}", f"{command.removesuffix('-errors')} {words}".strip())
        for command, table in tables.items()
        for name, words in table.items()
    ]
    for name, words in SHOW.items():
        cases += [Case(f"show/{name}-{form}", f"show {words} --format {form}") for form in ("text", "md", "json")]
    cases += [Case(f"history/{name}", f"history {words}".strip(), texts=COPIES) for name, words in HISTORY.items()]
    return [*cases, *(Case(f"show/{name}-html", f"show {SHOW[name]} -o out.html") for name in SHOW_HTML)]


def _terminals() -> list[Case]:
    cases = [Case(f"terminal/history-{width}", "history copies", texts=COPIES, columns=width) for width in WIDTHS]
    return cases + [
        Case(f"terminal/{name}-{columns}", line, columns=columns)
        for name, line in TERMINAL.items()
        for columns in WIDTHS
    ]


def _faults() -> list[Case]:
    """Inputs in which something is wrong, as `check` and `convert` tell it."""
    cases = []
    for file, texts in FAULTS.items():
        for name, text in texts.items():
            for command in ("check", "convert"):
                cases.append(Case(f"faults-{command}/{file}-{name}", f"{command} {file}", texts={file: text}))
    return cases


def _streams() -> list[Case]:
    """Standard input."""
    return [
        Case("stdin/build", "build - -o out --only overview", stdin="tiny.json"),
        Case("stdin/stats", "stats -", stdin="tiny.csv"),
        Case("stdin/check", "check -", stdin="faults.yaml"),
        Case("stdin/check-fix", "check - --fix", stdin="faults.yaml"),
        Case("stdin/convert", "convert -", stdin="tiny.xlsx"),
        Case("stdin/convert-json", "convert - -o out.json", stdin="tiny.yaml"),
        Case("stdin/render", "render - --format csv -o -", stdin="layer.json"),
        Case("stdin/render-here", "render - --format md", stdin="layer.json"),
        Case("stdin/upgrade", "upgrade - --attack 18.1 -o -", stdin="layer.json"),
        Case("stdin/upgrade-in-place", "upgrade - --attack 18.1 --in-place", stdin="layer.json"),
        Case("stdin/show", "show T1078 --set -", stdin="tiny.yaml"),
        Case("stdin/compare", "compare - newer.yaml --summary", stdin="tiny.yaml"),
        Case("stdin/diff", "diff - newer.yaml", stdin="tiny.yaml"),
        Case("stdin/gaps", "gaps tiny.yaml --threat - -q", stdin="weights.csv"),
        Case("stdin/plan", "plan - --budget 1", stdin="tiny.yaml"),
        Case("stdin/report", "report - -o -", stdin="tiny.yaml"),
        Case("stdin/site", "site -", stdin="ics.yaml"),
        Case("stdin/empty", "build -"),
        Case("stdin/twice", "stats - -", stdin="tiny.yaml"),
        Case("stdin/rule", "stats -", stdin="rule.yml", texts={"rule.yml": TEXTS["rule.yml"]["no-tag"]}),
    ]


def _threat_files() -> list[Case]:
    """Files of threats, sightings with dates, and a set in Markdown."""
    groups = (
        "file_type: group-administration\ngroups:\n"
        "  - {group_name: Bear, campaign: May, date: 2026-05-01, technique_id: [T1078, T1110, T1059.003]}\n"
        "  - {group_name: Owl, technique_id: [T1078], enabled: false}\n"
    )
    seen = "technique,date,count\nT1078,2026-09-02,4\nT1110,2026-06-04,8\nT1110,2026-10-01,1\n"
    table = "## Ours\n\n| Control | Technique |\n|---|---|\n| MFA | `T1078`<br>T1110 |\n"
    texts = {"groups.yaml": groups, "seen.csv": seen, "ours.md": table}
    lines = {
        "groups-file": "gaps tiny.yaml --threat groups.yaml --attack 18.1 --all",
        "groups-file-one": "gaps tiny.yaml --threat groups.yaml#owl --attack 18.1",
        "groups-file-unknown": "gaps tiny.yaml --threat groups.yaml#bear",
        "half-life": "gaps tiny.yaml --threat seen.csv --half-life 90d --as-of 2026-09-02 --attack 18.1",
        "half-life-alone": "gaps tiny.yaml --threat APT29 --half-life 90d",
        "markdown": "convert ours.md",
    }
    return [Case(f"threat-files/{name}", line, texts=texts) for name, line in lines.items()]


def _second_runs() -> list[Case]:
    """Runs into a folder or file that is there already."""
    old = {"x.md": "Something else.\n", "x.yaml": "Something else.\n", "out/notes.txt": "Mine.\n"}
    lines = {
        "build": "build tiny.yaml -o out",
        "compare": "compare tiny.yaml newer.yaml -o out",
        "gaps": "gaps tiny.yaml --threat weights.csv -o out",
        "plan": "plan tiny.yaml --budget 1 -o out",
        "site": "site ics.yaml -o out",
        "convert": "convert tiny.yaml -o x.md --format csv",
        "diff": "diff tiny.yaml newer.yaml -o x.md",
        "export": "export counts.yaml -o out --format csv --table sets,scores",
        "show": "show T1078 --set tiny.yaml -o x.md",
        "render": "render mobile-layer.json -o x.md",
        "report": "report ics.yaml -o x.md",
        "upgrade": "upgrade counts.yaml --attack 18.1 -o x.yaml",
        "upgrade-report": "upgrade counts.yaml --attack 18.1 --report x.md",
    }
    cases = []
    for name, line in lines.items():
        cases.append(Case(f"again/{name}", line, before=(line,)))
        cases.append(Case(f"foreign/{name}", line, texts=old))
        if name != "upgrade-report":
            cases.append(Case(f"forced/{name}", f"{line} --force", texts=old))
    return [
        *cases,
        Case("again/build-fewer", "build tiny.yaml -o out --only overview", before=("build tiny.yaml -o out",)),
        Case("again/build-changed", "build tiny.yaml -o out --worth 1", before=("build tiny.yaml -o out",)),
        Case("again/build-inside", "build tiny.yaml -o out/tiny", before=("build tiny.yaml -o out -q",)),
        Case("again/build-two", "build counts.yaml -o out --only overview", before=("build tiny.yaml -o out",)),
        Case("again/site-other", "site rules -o out", before=("site ics.yaml -o out",)),
        Case("again/convert-own", "convert tiny.yaml -o tiny.yaml --force"),
        Case("again/render-folder", "render out/tiny --format csv -o new", before=("build tiny.yaml -o out",)),
        Case("again/report-folders", "report out -o -", before=("compare tiny.yaml newer.yaml -o out",)),
        Case("again/report-built", "report out -o -", before=("build tiny.yaml -o out",)),
        Case("again/report-gaps", "report out -o -", before=("gaps tiny.yaml --threat weights.csv -o out",)),
        Case("again/report-plan", "report out -o -", before=("plan tiny.yaml --budget 1 -o out",)),
        Case("again/stats-built", "stats out/tiny", before=("build tiny.yaml -o out",)),
        Case("again/diff-built", "diff tiny.yaml out/tiny/overview.json", before=("build tiny.yaml -o out",)),
        Case("again/attack-list", "attack list", before=("attack add enterprise-attack-20.0.json",)),
        Case(
            "again/attack-twice",
            "attack add enterprise-attack-20.0.json",
            before=("attack add enterprise-attack-20.0.json",),
        ),
        Case("again/attack-remove", "attack remove 20.0", before=("attack add enterprise-attack-20.0.json",)),
        Case(
            "again/attack-carry",
            "build tiny.yaml --attack 20.0",
            before=("attack add enterprise-attack-20.0.json",),
        ),
        Case(
            "again/attack-gaps",
            "gaps tiny.yaml --threat 'small bear' --attack 20.0",
            before=("attack add enterprise-attack-20.0.json",),
        ),
    ]


def _folders() -> list[Case]:
    """The folder `mappings` here, folders of sets, of rules, of controls, names."""
    rule, control = TEXTS["rule.yml"], TEXTS["control.yaml"]
    folders = {
        "rules": {
            "x/a.yml": rule["unknown"],
            "x/b.yml": rule["unknown"],
            "x/c.yml": rule["not-yaml"],
            "x/d.txt": "",
        },
        "no-rules": {"x/a.yml": rule["global"], "x/b.yml": rule["repeat"], "x/c.yml": rule["bad-tag"]},
        "controls": {"x/a.yaml": control["date"], "x/b.yaml": control["no-control"], "x/c.yaml": "a: b\n"},
        "controls-twice": {"x/a.yaml": control["date"], "x/b.yaml": control["date"]},
        "controls-unlike": {
            "x/a.yaml": control["date"],
            "x/b.yaml": control["date"].replace("8.2", "9.0").replace("Vault", "Vault 2"),
            "x/c.yaml": control["date"].replace("Azure", "AWS").replace("Vault", "Vault 3"),
        },
    }
    here = {"mappings/mine.csv": TEXTS["set.csv"]["fine"], "mappings/readme.txt": "Not a set.\n"}
    mixed = {"sets/a.csv": TEXTS["set.csv"]["fine"], "sets/b.yaml": "colour: blue\n", "sets/c.json": "[1]"}
    broken = {**mixed, "sets/d.yaml": "framework: x\n"}
    return [
        *(
            Case(f"folders/{name}-{command.split()[0]}", f"{command} x", texts=texts)
            for name, texts in folders.items()
            for command in ("check", "convert", "build --only overview -o -", "upgrade --attack 18.1")
        ),
        Case("folders/rules-as-controls", "convert rules --from security-stack"),
        Case("folders/controls-as-rules", "convert stack --from sigma"),
        Case("folders/build", "build", texts=here),
        Case("folders/sets", "sets", texts=here),
        Case("folders/stats", "stats", texts=here),
        Case("folders/check", "check", texts=here),
        Case("folders/show", "show T1078", texts=here),
        Case("folders/name", "stats mine", texts=here),
        Case("folders/mixed", "build sets --only overview", texts=mixed),
        Case("folders/broken", "build sets", texts=broken),
        Case("folders/check-broken", "check sets", texts=broken),
        Case("folders/convert", "convert sets", texts=mixed),
        Case("folders/upgrade", "upgrade sets --attack 18.1 -o new", texts=mixed),
        Case("folders/empty", "stats none", texts={"none/readme.txt": ""}),
        Case("folders/no-data", "attack list", env={"NAVLAYERS_DATA_DIR": "x"}, texts={"x": "A file."}),
    ]


def _complete() -> list[Case]:
    """What the shells ask."""
    words = {
        "commands": "navlayers ",
        "sets": "navlayers build g",
        "releases": "navlayers build --attack 1",
        "capabilities": "navlayers show --set intel-vpro intel",
        "threats": "navlayers gaps gcp --threat APT2",
        "codes": "navlayers check --explain rev",
        "formats": "navlayers render --format ",
    }
    return [
        Case(
            f"complete/{name}",
            "",
            env={
                "_NAVLAYERS_COMPLETE": "bash_complete",
                "COMP_WORDS": line,
                "COMP_CWORD": str(len(line.split()) - (not line.endswith(" "))),
            },
        )
        for name, line in words.items()
    ]


def _shared() -> list[Case]:
    """Every small file of ../shared/cases under the commands that read it."""
    folder = SHARED / "cases"
    paths = [path for path in folder.glob("*") if path.name not in _SORTED]
    paths += [path for name in _SORTED for path in (folder / name).glob("*") if path.name not in _LEFT_OUT]
    names = sorted(path.relative_to(SHARED).as_posix() for path in paths)
    return [
        Case(f"shared-{command.split()[0]}/{_named(name.removeprefix('cases/'))}", f"{command} {name}")
        for name in names
        for command in ("check", "stats", "build --only overview -o -", "convert -o -", "upgrade --attack 18.1")
    ]


_SORTED = ("hostile", "tables")
_LEFT_OUT = frozenset({"logo-crc.png", "logo-hang.svg", "notice-esc.json", "notice-nl.json"})
"""Pictures, and what has sentences of published sets."""

TESTED = (
    "technique,control,result,date,note\nT1078,AC-1,Blocked,2026-05-04,Stolen password\n"
    "T1078,log review,Alerted,2026-05-04,Stolen password\nT1110,,None,2026-05-05,Spray\n"
    "T1566,,Logged,2026-05-05,Mail\n"
)
ATOMIC = (
    '"Execution Time (UTC)","Technique","Test Number","Test Name","GUID","ExitCode"\n'
    '"2026-05-06T09:12:13Z","T1110.001","1","Brute force","f3132740","0"\n'
)


def _evidence() -> list[Case]:
    """Results of tests, and what counts with them."""
    texts = {"tested.csv": TESTED, "atomic.csv": ATOMIC, "wrong.csv": "technique,result\nT1078,success\n"}
    before = ("evidence tiny.yaml tested.csv -o out.yaml -q",)
    since = "--max-age 365d --as-of 2027-05-05"
    return [
        Case("evidence/table", "evidence tiny.yaml tested.csv -o out.yaml", texts),
        Case("evidence/stdout", "evidence tiny.yaml tested.csv atomic.csv", texts),
        Case("evidence/json", "evidence tiny.yaml tested.csv -o out.csv --json", texts),
        Case("evidence/executed", "evidence tiny.yaml atomic.csv -o out.yaml --executed tested", texts),
        Case("evidence/wrong", "evidence tiny.yaml wrong.csv -o out.yaml", texts),
        Case("evidence/check", f"check out.yaml {since}", texts, before=before),
        Case("evidence/stats", "stats out.yaml --all --evidence tested", texts, before=before),
        Case("evidence/show", f"show T1078 --set out.yaml --full {since}", texts, before=before),
        Case(
            "evidence/build",
            f"build out.yaml --only overview -o - --discount declared=0.5 {since}",
            texts,
            before=before,
        ),
        Case("evidence/score-by", "build rules --only overview -o - --score-by level --score-table high=80"),
    ]


CASES: tuple[Case, ...] = (
    *_help(),
    *_every_input(),
    *_commands(),
    *_terminals(),
    *_faults(),
    *_streams(),
    *_threat_files(),
    *_evidence(),
    *_second_runs(),
    *_folders(),
    *_complete(),
    *_shared(),
)
