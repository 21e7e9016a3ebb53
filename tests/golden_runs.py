"""The runs whose results are kept in tests/golden/runs: every command with every format, and errors."""

from __future__ import annotations

from golden_faults import FAULTS, TEXTS
from golden_helpers import SHARED, Case

COMMANDS = (
    *("build", "sets", "stats", "check", "convert", "upgrade", "render", "report", "site", "show", "compare"),
    *("diff", "gaps", "plan", "attack", "attack list", "attack add", "attack remove", "completion"),
)
INPUTS = (
    *("tiny.yaml", "tiny.json", "tiny-explorer.yaml", "tiny.csv", "tiny.xlsx", "tiny-stix.json", "stack", "rules"),
    *("dettect.yaml", "layer.json", "layers.json", "old-layer.json", "counts-layer.json", "mobile-layer.json"),
    *("plain.csv", "wide.csv", "controls.tsv", "ics.yaml", "counts.yaml", "faults.yaml"),
)
WIDTHS = (80, 140)

BUILD = {
    "folder": "tiny.yaml -o out",
    "list": "tiny.yaml -o -",
    "two": "tiny.yaml counts.yaml -o out --only overview,all",
    "json": "tiny.yaml -o out --only overview --json",
    "quiet": "tiny.yaml -o out --only overview -q",
    "groups": "tiny.yaml -o out --only groups",
    "carried": "tiny.yaml --attack 18.1 --only overview -o -",
    "older": "tiny.yaml --attack 8.2 --only overview -o -",
    "mean": "tiny.yaml --aggregate mean --only overview -o -",
    "sum": "tiny.yaml --aggregate sum --only overview -o -",
    "combined": "tiny.yaml --aggregate combined --only overview -o -",
    "count": "tiny.yaml --aggregate count --only overview -o -",
    "weights": "tiny.yaml --weights protect=2,detect=1,respond=1 --only overview -o -",
    "weights-missing": "tiny.yaml --weights protect=2,detect=1 --only overview -o -",
    "scale": "tiny.yaml --scale minimal=5,partial=40 --scale significant=90 --only overview -o -",
    "own-scale": "ics.yaml --only categories -o -",
    "worth": "counts.yaml --worth 50 --only overview -o -",
    "unscored-groups": "rules --only groups -o -",
    "idle-options": "counts.yaml --weights protect=1 --aggregate mean --only overview -o -",
    "rollup-max": "tiny.yaml --rollup max --only overview -o -",
    "rollup-mean": "tiny.yaml --rollup mean --only overview -o -",
    "visibility": "dettect.yaml --from dettect-visibility --only overview -o -",
    "columns": "costs.csv --columns technique=capability",
    "columns-named": "plain.csv --columns capability=Technique --meta title=Mine,domain=enterprise",
    "meta": "plain.csv --meta framework=mine,version=2,attack_version=15.1 --only overview -o -",
    "shipped": "gcp --only overview,categories -o out",
    "nothing-of-kind": "counts.yaml --only categories",
    "max-size": "tiny.yaml --max-size 1 --only all -o -",
}
SHIPPED = ("aws", "csa_ccm", "gcp", "intel-vpro", "kev-mobile", "veris-ics")
SHOW = {
    "technique": "T1078 --set tiny.yaml",
    "sub-technique": "T1110.001 --set tiny.yaml",
    "technique-name": "'valid accounts' --set tiny.yaml --set counts.yaml",
    "unmapped": "T1486 --set tiny.yaml",
    "non-mappable": "T1200 --set tiny.yaml",
    "revoked": "T1053.001 --set tiny.yaml",
    "capability": "log_review --set tiny.yaml",
    "capability-name": "'Second Factor' --set tiny.yaml --rollup max --aggregate mean",
    "group": "access --set tiny.yaml",
    "tactic": "credential-access --set tiny.yaml",
    "tactic-id": "TA0001 --set gcp --attack 18.1",
    "kind": "access --kind group --set tiny.yaml",
    "all": "T1557.002",
    "own-scale": "T0859 --set ics.yaml",
    "rules": "T1059.001 --set rules",
    "several": "Accounts --set tiny.yaml",
    "nothing": "'Valid Acounts' --set tiny.yaml",
    "near-id": "T1110.01 --set tiny.yaml",
    "near-kind": "acess --kind group --set tiny.yaml",
    "no-kind": "T1078 --kind tactic --set tiny.yaml",
    "in-two-sets": "zones --set ics.yaml --set tiny.yaml",
    "capability-twice": "AC-1 --set tiny.yaml --set newer.yaml",
    "empty": "'' --set tiny.yaml",
    "absent": "T1078 --set absent.yaml",
    "domains": "T1078 --set veris --set veris-mobile --set veris-ics",
}
SHOW_HTML = ("technique", "capability", "group", "tactic", "revoked")
CONVERT = {
    **{
        f"to-{name}": f"tiny.yaml --to {name} -o out"
        for name in ("native", "mapex-json", "mapex-yaml", "csv", "stix")
    },
    "to-xlsx": "tiny.yaml -o out.xlsx",
    "by-json": "ics.yaml -o out.json",
    "by-csv": "counts.yaml -o new/out.csv",
    "by-yml": "plain.csv -o out.YML -q",
    "facts": "tiny.yaml --facts --title Demo --source https://example.org --licence MIT",
    "own-scale-stix": "ics.yaml --to stix",
    "own-scale-csv": "ics.yaml --to csv",
    "counts-stix": "counts.yaml --to stix",
    "layer-csv": "layer.json --to csv",
    "rules-json": "rules --to mapex-json",
    "stack-csv": "stack --to csv",
    "visibility": "dettect.yaml --from dettect-visibility",
    "formulas": "plain.csv --to csv --meta framework==1+1",
    "to-csv-stdout": "gcp --to csv",
    "xlsx-stdout": "tiny.yaml --to xlsx",
}
CHECK = {
    "strict": "counts.yaml --strict",
    "json": "faults.yaml --json",
    "sarif": "faults.yaml --format sarif",
    "github": "faults.yaml --format github",
    "quiet": "faults.yaml -q",
    "select": "faults.yaml --select revoked-technique,duplicate-mapping",
    "ignore": "faults.yaml --ignore revoked-technique",
    "attack": "faults.yaml --attack 8.2",
    "two": "faults.yaml tiny.yaml counts.yaml",
    "fix": "faults.yaml --fix",
    "diff": "faults.yaml --diff",
    "diff-json": "faults.yaml --diff --json",
    "fix-tiny": "tiny.json --fix",
    "fix-csv": "tiny.csv --fix",
    "fix-xlsx": "tiny.xlsx --fix",
    "fix-stix": "tiny-stix.json --fix",
    "fix-explorer": "tiny-explorer.yaml --fix --json",
    "fix-layer": "layer.json --fix",
    "fix-rules": "rules --fix",
    "fix-select": "faults.yaml --fix --select duplicate-mapping",
    "explain": "--explain revoked-technique",
    "explain-all": "--explain all",
    "schema": "--schema",
    "shipped": "veris-ics",
    "here": "",
}
UPGRADE = {
    **{
        f"to-{name}": f"tiny.yaml --attack 18.1 --to {name} -o out"
        for name in ("mapex-json", "csv", "stix", "xlsx")
    },
    "report-md": "tiny.yaml counts.yaml layers.json --attack 18.1 --format md",
    "report-json": "tiny.yaml counts.yaml layers.json --attack 18.1 --json",
    "report-text": "tiny.yaml counts.yaml layers.json --attack 18.1",
    "report-file": "tiny.yaml --attack 18.1 --report r.md",
    "report-files": "tiny.json --attack 18.1 -o new.json --report r.json",
    "report-txt": "old-layer.json --attack 18.1 -o new.json --report r.txt -q",
    "in-place": "tiny.json counts.yaml layer.json --attack 18.1 --in-place",
    "in-place-csv": "tiny.csv --attack 18.1 --in-place",
    "in-place-rules": "rules --attack 18.1 --in-place",
    "folder": "tiny.json stack rules plain.csv old-layer.json --attack 18.1 -o new",
    "old-layer": "old-layer.json --attack 18.1 -o -",
    "layers": "layers.json --attack 18.1 -o -",
    "downgrade": "layer.json --attack 8.2 -o -",
    "downgrade-set": "counts.yaml --attack 8.2 -o -",
    "explorer": "tiny-explorer.yaml --attack 18.1 -o new.yaml",
    "stix": "tiny-stix.json --attack 18.1 -o new.json",
    "xlsx": "tiny.xlsx --attack 18.1 -o new.xlsx",
    "ics": "ics.yaml mobile-layer.json --attack 18.1 -o new",
    "shipped": "azure --attack 18.1",
    "meta": "plain.csv --attack 18.1 --meta attack_version=8.2 -o -",
    "unknown-release": "tiny.yaml --attack 99",
    "not-a-release": "tiny.yaml --attack newest",
    "nothing": "--attack 18.1",
    "shipped-in-place": "gcp --attack 18.1 --in-place",
    "both-places": "tiny.yaml --attack 18.1 --in-place -o x",
    "layer-to": "layer.json --attack 18.1 --to csv -o -",
    "two-on-stdout": "tiny.yaml counts.yaml --attack 18.1 -o -",
    "no-release": "tiny.yaml",
    "rich": "rich-layer.json --attack 18.1 -o -",
    "rich-report": "rich-layer.json --attack 18.1 --format md",
    "rich-down": "rich-layer.json --attack 14.1 -o -",
    "in-place-comments": "commented.yaml --attack 18.1 --in-place",
    "in-place-forced": "commented.yaml --attack 18.1 --in-place --force",
    "in-place-json": "tiny-explorer.yaml tiny-stix.json tiny.xlsx --attack 18.1 --in-place",
    "same-file": "tiny.json tiny.csv --attack 18.1 --to native -o new",
    "onto-input": "tiny.json --attack 18.1 -o tiny.json --force",
    "report-on-input": "tiny.json --attack 18.1 --report tiny.json",
    "report-ending": "tiny.json --attack 18.1 --report r.docx",
    "report-stdout": "tiny.json --attack 18.1 --report -",
    "faults": "faults.yaml --attack 17.1 -o -",
}
RENDER = {
    **{name: f"layer.json -o out.{name}" for name in ("svg", "png", "pdf", "xlsx", "html", "md", "csv")},
    **{f"set-{name}": f"tiny.yaml --to {name}" for name in ("svg", "xlsx", "html", "md", "csv", "pdf")},
    **{f"page-{page}": f"layer.json -o out.svg --page {page} --detail scored" for page in ("a4", "letter", "16:9")},
    **{f"theme-{name}": f"ics.yaml -o out.html --theme {name}" for name in ("dark", "grey")},
    **{f"detail-{name}": f"mobile-layer.json -o out.svg --detail {name}" for name in ("full", "scored", "mini")},
    "show": "mobile-layer.json -o out.svg --show id --detail scored --orientation landscape --margin 20 --page a3",
    "show-all": "mobile-layer.json -o out.svg --show score,id,name --detail scored",
    "stdout-csv": "layer.json --to csv -o -",
    "stdout-md": "counts.yaml --to md -o -",
    "stdout-pdf": "layer.json --to pdf -o - --detail scored",
    "several": "layer.json mobile-layer.json ics.yaml --to csv,md -o out",
    "list": "layers.json --to csv -o out",
    "list-one": "layers.json -o out.md",
    "list-xlsx": "layers.json -o out.xlsx",
    "list-pdf": "layers.json -o out.pdf --detail mini",
    "old": "old-layer.json --to svg,csv -o out --detail scored",
    "carried": "old-layer.json --to csv -o - --attack 18.1",
    "png-scale": "mobile-layer.json -o out.png --scale 1 --detail mini",
    "png-dpi": "mobile-layer.json -o out.png --dpi 150 --detail mini",
    "idle": "layer.json -o out.csv --page A4 --theme dark --dpi 20",
    "rules": "rules --to md -o -",
    "here": "mobile-layer.json --to csv",
    **{f"rich-{name}": f"rich-layer.json -o out.{name}" for name in ("svg", "html", "csv", "md", "xlsx", "pdf")},
    **{
        f"rich-{page}": f"rich-layer.json -o out.svg --page {page} --orientation portrait"
        for page in ("a4", "letter")
    },
    "rich-dark": "rich-layer.json -o out.svg --theme dark --detail scored",
    "empty": "empty-layer.json --to svg,csv,md -o out --detail scored",
    "wide-margin": "rich-layer.json -o out.svg --page a4 --margin 50 --orientation portrait --show score,id,name",
    "png-large": "rich-layer.json -o out.png --page poster --dpi 900",
    "nothing": "",
    "no-format": "layer.json -o out.docx",
    "no-ending": "layer.json -o out",
    "two-formats-stdout": "layer.json --to csv,md -o -",
    "two-on-stdout": "layer.json mobile-layer.json --to csv -o -",
    "bad-format": "layer.json --to docx",
    "bad-show": "layer.json --show color -o out.svg",
    "bad-margin": "layer.json --margin 900 --page a4 -o out.svg",
    "bad-scale": "layer.json --scale 99999 -o out.png",
    "bad-page": "layer.json --page a9 -o out.svg",
    "no-layer": "plan.txt",
    "absent": "absent.json -o out.svg",
    "not-json": "have.txt --to csv",
    "input-as-output": "layer.json --to csv -o layer.json",
    "mixed": "layer.json faults.yaml old-layer.json --to csv -o out",
}
REPORT = {
    **{name: f"tiny.yaml -o out.{name}" for name in ("md", "html", "docx", "pdf")},
    **{f"counts-{name}": f"counts.yaml -o out.{name}" for name in ("md", "html", "docx")},
    **{f"two-{name}": f"tiny.yaml newer.yaml -o out.{name} --title Two" for name in ("md", "html", "docx", "pdf")},
    "full": "tiny.yaml --threat weights.csv --target 100% --comments --author Me --logo logo.svg -o out.md",
    "full-html": "tiny.yaml --threat weights.csv --target 100% --comments --author Me --logo logo.png -o out.html",
    "full-docx": "tiny.yaml --threat weights.csv --budget 1 --comments --date Today --logo logo.png -o out.docx",
    "letter": "tiny.yaml --paper letter --sections summary,tactics -o out.pdf",
    "sections": "tiny.yaml --sections summary,capabilities,appendix -o -",
    "baseline": "tiny.yaml newer.yaml --baseline newer.yaml -o - --sections summary,techniques",
    "threat": "tiny.yaml --threat APT29 --software-of --weak 20 --sections gaps -o -",
    "plan": "tiny.yaml --budget 2 --have @have.txt --sections plan -o -",
    "cost": "tiny.yaml --budget 150 --cost costs.csv:cost --sections plan -o -",
    "layer": "layer.json -o -",
    "layers": "layer.json counts-layer.json --measure covered -o -",
    "category": "tiny.yaml --category detect -o - --sections summary,techniques",
    "carried": "tiny.yaml --attack 18.1 --aggregate sum --rollup max -o - --sections summary,method",
    "several": "ics.yaml -o out.md -o out.html",
    "twice": "ics.yaml -o a.md -o a.md",
    "nothing": "-o out.md",
    "no-output": "tiny.yaml",
    "ending": "tiny.yaml -o out.odt",
    "bad-section": "tiny.yaml --sections sumary -o -",
    "no-section": "tiny.yaml --sections , -o -",
    "idle-section": "tiny.yaml --sections gaps,plan -o -",
    "bad-logo": "tiny.yaml --logo have.txt -o out.md",
    "no-logo": "tiny.yaml --logo absent.png -o out.md",
    "have-without-plan": "tiny.yaml --have log_review -o -",
    "weak-without-threat": "tiny.yaml --weak 20 -o -",
    "domains": "tiny.yaml ics.yaml -o -",
    "shipped": "intel-vpro -o out.md",
}
SITE = {
    "tiny": "tiny.yaml -o out",
    "several": "tiny.yaml ics.yaml rules -o out --title 'Our <controls>' --rollup max",
    "carried": "tiny.yaml counts.yaml --attack 18.1",
    "quiet": "ics.yaml -q",
    "stdout": "tiny.yaml -o -",
    "no-title": "tiny.yaml --title ' '",
    "bad": "faults.yaml absent.yaml",
    "no-set": "have.txt",
}
COMPARE = {
    "pair": "tiny.yaml newer.yaml -o out",
    "print": "tiny.yaml newer.yaml",
    "json": "tiny.yaml newer.yaml --json",
    "list": "tiny.yaml newer.yaml -o -",
    "three": "tiny.yaml newer.yaml layer.json --summary",
    "baseline": "tiny.yaml newer.yaml layer.json --baseline newer.yaml",
    "baseline-folder": "tiny.yaml newer.yaml layer.json --baseline newer.yaml -o out -q",
    "summary": "tiny.yaml newer.yaml --summary",
    "category": "tiny.yaml newer.yaml --category detect",
    "covered": "tiny.yaml counts.yaml --measure covered",
    "carried": "tiny.yaml old-layer.json --attack 18.1 --aggregate sum --rollup max",
    "worth": "tiny.yaml counts.yaml --worth 50",
    "unlike": "tiny.yaml counts.yaml",
    "domains": "tiny.yaml ics.yaml",
    "one": "tiny.yaml",
    "none": "",
    "same": "tiny.yaml tiny.yaml",
    "twice": "tiny.yaml newer.yaml tiny.yaml",
    "json-stdout": "tiny.yaml newer.yaml --json -o -",
    "category-of-layer": "tiny.yaml layer.json --category detect",
    "no-baseline": "tiny.yaml newer.yaml --baseline absent.yaml",
    "lists": "layers.json",
    "shipped": "aws gcp --summary",
}
DIFF = {
    "text": "tiny.yaml newer.yaml",
    "md": "tiny.yaml newer.yaml --format md",
    "json": "tiny.yaml newer.yaml --json",
    "file": "tiny.yaml newer.yaml -o out.md",
    "file-json": "tiny.yaml newer.yaml -o out.json -q",
    "loss": "tiny.yaml newer.yaml --fail-on-loss -q",
    "no-loss": "tiny.yaml tiny.json --fail-on-loss",
    "category": "tiny.yaml newer.yaml --category detect",
    "layers": "layer.json old-layer.json --attack 18.1",
    "carried": "tiny.yaml counts-layer.json --attack 18.1 --rollup mean",
    "unlike": "tiny.yaml counts.yaml",
    "formats": "tiny.csv tiny.xlsx",
    "domains": "tiny.yaml ics.yaml",
    "same": "tiny.yaml tiny.yaml",
    "ending": "tiny.yaml newer.yaml -o out.docx",
    "list": "tiny.yaml layers.json",
    "one": "tiny.yaml",
    "shipped": "veris-ics ics.yaml --format md --worth 10",
}
GAPS = {
    "table": "tiny.yaml --threat weights.csv",
    "folder": "tiny.yaml --threat weights.csv -o out",
    "json": "tiny.yaml --threat weights.csv --json",
    "list": "tiny.yaml --threat weights.csv -o -",
    "group": "tiny.yaml --threat APT29",
    "software": "tiny.yaml --threat 'Cobalt Strike' --weak 20",
    "groups": "tiny.yaml newer.yaml --threat G0016 --threat FIN7",
    "software-of": "tiny.yaml --threat APT29 --software-of --json",
    "software-of-one": "tiny.yaml --threat APT29 --threat FIN7 --software-of FIN7 -o out -q",
    "tactic": "tiny.yaml --threat credential-access",
    "set": "tiny.yaml --threat kev",
    "layer": "tiny.yaml --threat layer.json --category detect",
    "unscored": "counts.yaml --threat weights.csv",
    "worth": "counts.yaml --threat weights.csv --worth 50 --rollup max",
    "shipped": "intel-vpro --threat 'LockBit 3.0' --attack 18.1 -q -o out",
    "mobile": "mobile-layer.json --threat G0112",
    "ics": "ics.yaml --threat 'Sandworm Team'",
    "none": "tiny.yaml",
    "no-set": "--threat APT29",
    "unknown": "tiny.yaml --threat APT92",
    "unknown-word": "tiny.yaml --threat 'Fancy Baer'",
    "unknown-tactic": "tiny.yaml --threat TA9999",
    "absent": "tiny.yaml --threat ./absent.csv",
    "twice": "tiny.yaml --threat APT29 --threat G0016",
    "empty": "tiny.yaml --threat ''",
    "both": "- --threat -",
    "software-of-none": "tiny.yaml --threat weights.csv --software-of",
    "weak": "tiny.yaml --threat weights.csv --weak 200",
    "domain": "ics.yaml --threat weights.csv",
    "table-without-ids": "tiny.yaml --threat costs.csv",
    "list-of-ids": "tiny.yaml --threat controls.tsv",
    "table-of-names": "tiny.yaml --threat plain.csv",
    "odd-weights": "tiny.yaml --threat odd-weights.csv",
    "layer-without-scores": "tiny.yaml --threat empty-layer.json",
    "old-layer": "tiny.yaml --threat old-layer.json --attack 18.1 --json",
    "several-names": "tiny.yaml --threat Turla --threat 'Wizard Spider' --threat S0002 --threat C0024",
    "no-techniques": "tiny.yaml --threat rules --threat stack",
    "older": "tiny.yaml --threat APT29 --attack 14.1",
    "xlsx": "tiny.yaml --threat tiny.xlsx --threat tiny-stix.json",
}
PLAN = {
    "budget": "tiny.yaml --budget 1",
    "target": "tiny.yaml --target 100%",
    "folder": "tiny.yaml --budget 1 -o out",
    "json": "tiny.yaml --budget 2 --json",
    "list": "tiny.yaml --budget 1 -o -",
    "costs": "tiny.yaml --budget 100 --cost costs.csv",
    "costs-column": "tiny.yaml --budget 9 --cost costs.csv:days -q",
    "have": "tiny.yaml --budget 1 --have @have.txt",
    "exclude": "tiny.yaml --budget 1 --exclude AC-1",
    "threat": "tiny.yaml --budget 1 --threat weights.csv",
    "group": "gcp --budget 3 --threat APT29 --software-of",
    "covered": "counts.yaml --target 95% --measure covered",
    "min-score": "tiny.yaml --budget 2 --min-score 50 --category protect",
    "several": "tiny.yaml newer.yaml --budget 2 --attack 18.1",
    "layers": "layer.json counts-layer.json --budget 1",
    "worth": "counts.yaml --target 80% --worth 40",
    "scale": "tiny.yaml --budget 1 --scale minimal=1,partial=2,significant=3",
    "shipped": "azure --target 90% -o out -q",
    "no-question": "tiny.yaml",
    "two-questions": "tiny.yaml --budget 1 --target 50%",
    "no-set": "--budget 1",
    "bad-budget": "tiny.yaml --budget many",
    "negative-budget": "tiny.yaml --budget -1",
    "bad-target": "tiny.yaml --target 150%",
    "vague-target": "tiny.yaml --target 1",
    "no-target": "tiny.yaml --target x",
    "unknown-have": "tiny.yaml --budget 1 --have AC-9",
    "have-and-exclude": "tiny.yaml --budget 1 --have AC-1 --exclude AC-1",
    "absent-have": "tiny.yaml --budget 1 --have @absent.txt",
    "empty-have": "tiny.yaml --budget 1 --have @",
    "no-column": "tiny.yaml --budget 1 --cost costs.csv:price",
    "empty-cost": "tiny.yaml --budget 1 --cost ''",
    "bad-costs": "tiny.yaml --budget 1 --cost plain.csv",
    "unreachable": "tiny.yaml --target 100% --exclude AC-1",
    "nothing-counts": "tiny.yaml --budget 1 --min-score 101",
    "no-category": "counts.yaml --budget 1 --category detect",
    "domains": "tiny.yaml ics.yaml --budget 1",
    "odd-costs": "tiny.yaml --budget 1 --cost odd-costs.csv:price",
    "two-costs": "tiny.yaml --budget 1 --cost odd-costs.csv",
    "ambiguous-have": "tiny.yaml newer.yaml --budget 1 --have AC-1",
    "qualified-have": "tiny.yaml newer.yaml --budget 1 --have tiny:AC-1",
}
STATS = {
    "json": "tiny.yaml --json",
    "several": "tiny.yaml newer.yaml counts.yaml ics.yaml -q",
    "carried": "tiny.yaml --attack 18.1",
    "all": "",
    "all-json": "--json",
    "unknown-set": "gpc",
    "unknown-release": "tiny.yaml --attack 7",
    "bad-meta": "plain.csv --meta colour=red",
    "no-pair": "plain.csv --meta red",
    "bad-columns": "plain.csv --columns technik=ID",
    "no-column": "plain.csv --columns technique=Code",
    "bad-from": "plain.csv --from xml",
    "from": "plain.csv --from native",
    "empty": "''",
}
BUILD_ERRORS = {
    "absent": "absent.yaml",
    "unknown-set": "nist",
    "unknown-release": "tiny.yaml --attack 99",
    "bad-weights": "tiny.yaml --weights protekt=1",
    "bad-number": "tiny.yaml --weights protect=x",
    "zero-weights": "tiny.yaml --weights protect=0,detect=0",
    "negative-weight": "tiny.yaml --weights protect=-1",
    "bad-scale": "tiny.yaml --scale partal=60",
    "scale-range": "tiny.yaml --scale partial=160",
    "bad-worth": "counts.yaml --worth 101",
    "bad-only": "tiny.yaml --only overviews",
    "empty-only": "tiny.yaml --only ''",
    "bad-aggregate": "tiny.yaml --aggregate mode",
    "empty-output": "tiny.yaml -o ''",
    "json-stdout": "tiny.yaml -o - --json",
    "output-is-file": "tiny.yaml -o costs.csv/x costs.csv",
    "into-a-file": "tiny.yaml -o have.txt --meta title=have.txt",
    "same-name": "tiny.yaml tiny.json",
    "bad-option": "tiny.yaml --outptu x",
    "bad-command": "tiny.yaml",
    "max-size": "tiny.yaml --max-size 0",
}
ATTACK = {
    "list": "list",
    "list-json": "list --json",
    "add": "add enterprise-attack-20.0.json",
    "add-json": "add enterprise-attack-20.0.json --json",
    "add-absent": "add absent.json",
    "add-other": "add layer.json",
    "add-domain": "add enterprise-attack-20.0.json --domain ics",
    "add-nothing": "add",
    "add-bad-version": "add 20.0 --version 19.0",
    "add-bad-mirror": "add 20.0 --mirror ftp://example.org",
    "remove-built-in": "remove 16.1",
    "remove-absent": "remove 20.0",
    "remove-no-version": "remove newest",
    "no-command": "",
    "bad-command": "lst",
}
COMPLETION = {"bash": "bash", "zsh": "zsh", "fish": "fish", "none": "", "other": "tcsh"}
SETS = {"table": "", "json": "--json", "quiet": "-q", "argument": "gcp"}

TERMINAL = {
    "stats": "stats tiny.yaml counts.yaml",
    "stats-all": "stats",
    "sets": "sets",
    "attack": "attack list",
    "build": "build tiny.yaml -o out --only overview",
    "show-technique": "show T1078 --set tiny.yaml --set newer.yaml",
    "show-capability": "show log_review --set tiny.yaml",
    "show-group": "show access --set tiny.yaml",
    "show-tactic": "show credential-access --set tiny.yaml",
    "show-md": "show T1078 --set tiny.yaml --format md",
    "check": "check faults.yaml",
    "check-diff": "check faults.yaml --diff",
    "compare": "compare tiny.yaml newer.yaml layer.json",
    "diff": "diff tiny.yaml newer.yaml",
    "gaps": "gaps tiny.yaml newer.yaml --threat APT29",
    "plan": "plan tiny.yaml newer.yaml --budget 2 --threat weights.csv",
    "upgrade": "upgrade tiny.yaml layers.json counts.yaml --attack 18.1",
    "report": "report tiny.yaml -o -",
    "render-binary": "render layer.json --to pdf -o -",
    "convert-binary": "convert tiny.yaml --to xlsx -o -",
    "help": "plan --help",
    "error": "stats nits_800_53",
}


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
        "report": REPORT,
        "site": SITE,
        "compare": COMPARE,
        "diff": DIFF,
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
    return [*cases, *(Case(f"show/{name}-html", f"show {SHOW[name]} -o out.html") for name in SHOW_HTML)]


def _terminals() -> list[Case]:
    return [
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
        Case("stdin/render", "render - --to csv -o -", stdin="layer.json"),
        Case("stdin/render-here", "render - --to md", stdin="layer.json"),
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


def _second_runs() -> list[Case]:
    """Runs into a folder or file that is there already."""
    old = {"x.md": "Something else.\n", "x.yaml": "Something else.\n", "out/notes.txt": "Mine.\n"}
    lines = {
        "build": "build tiny.yaml -o out",
        "compare": "compare tiny.yaml newer.yaml -o out",
        "gaps": "gaps tiny.yaml --threat weights.csv -o out",
        "plan": "plan tiny.yaml --budget 1 -o out",
        "site": "site ics.yaml -o out",
        "convert": "convert tiny.yaml -o x.md --to csv",
        "diff": "diff tiny.yaml newer.yaml -o x.md",
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
        Case("again/render-folder", "render out/tiny --to csv -o new", before=("build tiny.yaml -o out",)),
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
        "formats": "navlayers render --to ",
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

CASES: tuple[Case, ...] = (
    *_help(),
    *_every_input(),
    *_commands(),
    *_terminals(),
    *_faults(),
    *_streams(),
    *_second_runs(),
    *_folders(),
    *_complete(),
    *_shared(),
)
