"""Tables of other shapes: without a header, sub-technique columns, several technique columns, tools, counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from navlayers import InputError
from navlayers.mapping import formats as readers
from navlayers.mapping.formats import Reading, ReadOptions
from navlayers.mapping.formats.findings import MOST_HINTS
from navlayers.mapping.formats.rows import MOST_UNKNOWN

if TYPE_CHECKING:
    from conftest import Run

META = {"framework": "demo", "version": "1", "domain": "enterprise", "attack_version": "18.1"}


def read(text: str, **columns: str) -> Reading:
    options = ReadOptions(columns=columns, metadata=META)
    return readers.read("t.csv", data=text.encode(), reading=options)


def rows(text: str, **columns: str) -> list[tuple[str | None, str, str | None]]:
    """Capability, technique and value of each mapping, sorted."""
    mappings = read(text, **columns).mapping_set.mappings
    return sorted((m.capability, m.technique, m.value or "") for m in mappings)


def notices(text: str) -> list[str]:
    return [str(notice).removeprefix("t.csv:") for notice in read(text).notices]


@pytest.mark.parametrize(
    "text",
    [
        "T1027\nT1053.005\nT1059\n",
        "t1027\nT1053/005\nT1059\n",
        "- T1027\n- T1053.005\n- T1059\n",
        "T1027: Obfuscated Files or Information\nT1053.005: Scheduled Task\nT1059: Command\n",
    ],
)
def test_a_bare_list_of_ids_is_a_set(text: str) -> None:
    assert rows(text) == [("demo", "T1027", ""), ("demo", "T1053.005", ""), ("demo", "T1059", "")]
    assert "1:1: the table has no header; column 1 holds techniques" in notices(text)[0]


def test_a_table_without_a_header_keeps_its_first_row() -> None:
    text = "5.6,T1078.001,Account naming\n5.7,T1110,Password rules\n5.8,T1078,Review\n"
    assert rows(text) == [("5.6", "T1078.001", ""), ("5.7", "T1110", ""), ("5.8", "T1078", "")]
    assert [capability.name for capability in read(text).mapping_set.capabilities] == [
        "Account naming",
        "Password rules",
        "Review",
    ]
    assert notices(text)[0] == (
        "1:1: the table has no header; column 1 holds capabilities, column 2 holds techniques and column 3 holds "
        "names of capabilities (add a header, or number the columns: --columns technique=2,capability=1)"
    )
    assert rows(text, capability="3") == [
        ("Account naming", "T1078.001", ""),
        ("Password rules", "T1110", ""),
        ("Review", "T1078", ""),
    ]


def test_one_row_and_scores_without_a_header() -> None:
    assert rows("C1,T1078\n") == [("C1", "T1078", "")]
    assert rows("T1059,50\nT1078,20\n") == [("demo", "T1059", "50"), ("demo", "T1078", "20")]


def test_a_row_is_never_the_header() -> None:
    text = "mitigates,Id of technique,sub-technique\n"
    text += "mitigates,T1078,sub-technique\nmitigates,T1110.001,sub-technique\n"
    assert rows(text) == [("demo", "T1078", ""), ("demo", "T1110.001", "")]
    assert {mapping.type for mapping in read(text).mapping_set.mappings} == {"mitigates"}
    with pytest.raises(InputError, match='1:1: technique id "T99" is malformed'):
        read("T99\nT1059\n")
    with pytest.raises(InputError, match='1:1: technique name "Cloud Accounts"'):
        read("Cloud Accounts\nT1059\n")


def test_an_id_is_never_offered_as_a_header() -> None:
    with pytest.raises(InputError) as caught:
        read("a,b\nnothing,here\n", technique="x")
    assert "(the table has a, b)" in str(caught.value)
    with pytest.raises(InputError) as caught:
        read("T1027\nT1059\n", technique="T1027")
    assert "T1027," not in str(caught.value)


@pytest.mark.parametrize(
    ("header", "sub"),
    [
        ("Control,Technique,Sub-technique", "003"),
        ("Control,Technique,Sub-technique", "3"),
        ("Control ID,Technique ID,Sub-technique ID", "T1550.003"),
        ("Control,ATT&CK Technique,Subtechnique Name", "Pass the Ticket"),
        ("Control,Technique,Sub Technique", ".003"),
    ],
)
def test_a_column_of_sub_techniques_completes_that_of_techniques(header: str, sub: str) -> None:
    assert rows(f"{header}\nC1,T1550,{sub}\nC2,T1078,\nC3,T1059,n/a\n") == [
        ("C1", "T1550.003", ""),
        ("C2", "T1078", ""),
        ("C3", "T1059", ""),
    ]


def test_a_column_of_techniques_without_a_header_may_lack_cells() -> None:
    text = "Control,Technique,\nc1,Valid Accounts,T1078\nc2\nc3,,T1110\n"
    assert rows(text) == [("c1", "T1078", ""), ("c3", "T1110", "")]
    mapping_set = read(text).mapping_set
    assert [record.capability for record in mapping_set.non_mappable] == ["c2"]
    assert not any(mapping.other for mapping in mapping_set.mappings)


def test_headers_of_metadata_are_known_in_any_case() -> None:
    text = (
        "Mapping Framework,Mapping Framework Version,Attack Version,Technology Domain,Capability ID,"
        "Capability Description,Mapping Type,Attack Object ID\n"
        "fw,1.0,14.1,enterprise,C1,First control,mitigates,T1078\n"
    )
    head = readers.read("t.csv", data=text.encode()).mapping_set
    assert (head.framework, head.version, head.attack_version) == ("fw", "1.0", "14.1")


def test_several_columns_of_techniques_are_read() -> None:
    text = 'CVE ID,Primary Impact,Exploitation Technique\nCVE-1,T1059,T1190\nCVE-2,,"T1068, T1005"\n'
    assert rows(text) == [
        ("CVE-1", "T1059", ""),
        ("CVE-1", "T1190", ""),
        ("CVE-2", "T1005", ""),
        ("CVE-2", "T1068", ""),
    ]
    assert notices(text)[0].startswith('1:1: techniques in columns "Primary Impact" and "Exploitation Technique"')
    types = {m.type for m in read(text).mapping_set.mappings}
    assert types == {"Primary Impact", "Exploitation Technique"}
    numbered = "Control,Technique 1,Technique 2\nC1,T1059,T1078\nC2,,T1003\n"
    assert rows(numbered) == [("C1", "T1059", ""), ("C1", "T1078", ""), ("C2", "T1003", "")]


def test_a_wide_table_has_a_capability_in_each_column() -> None:
    dots = "Technique;EDR;Firewall;Mail\nT1566.001/002;●○○○○;;●●●●○\nT1059.001;●●●○○;;\nT1071 and T1090;;●●○○○;\n"
    assert rows(dots) == [
        ("EDR", "T1059.001", "60"),
        ("EDR", "T1566.001", "20"),
        ("EDR", "T1566.002", "20"),
        ("Firewall", "T1071", "40"),
        ("Firewall", "T1090", "40"),
        ("Mail", "T1566.001", "80"),
        ("Mail", "T1566.002", "80"),
    ]
    assert rows("Technique,A,B\nT1059,80,10%\nT1078,,0\n") == [
        ("A", "T1059", "80"),
        ("B", "T1059", "10"),
        ("B", "T1078", "0"),
    ]
    assert rows("Technique,A,B\nT1059,Partial,\nT1078,significant,minimal\n") == [
        ("A", "T1059", "partial"),
        ("A", "T1078", "significant"),
        ("B", "T1078", "minimal"),
    ]
    assert rows("Technique,A,B\nT1059,x,no\nT1078,yes,\n") == [("A", "T1059", ""), ("A", "T1078", "")]


def test_words_of_the_scale_are_ratings_of_tools(run: Run) -> None:
    Path("t.csv").write_text("Technique,A,B\nT1059,Blocked,no\nT1078,yes,\n")
    result = run("convert", "t.csv", "--format", "csv", "-o", "-", "--scale", "Blocked=100,yes=60,no=0")
    cells = [line.split(",") for line in result.out.splitlines()[1:]]
    assert sorted((row[3], row[6], row[11]) for row in cells) == [
        ("A", "T1059", "100"),
        ("A", "T1078", "60"),
        ("B", "T1059", "0"),
    ]


def test_counts_are_not_scores_and_zero_is_not_covered() -> None:
    text = "Technique ID,Technique,Windows,Linux,Total\n"
    text += "T1078,Valid Accounts,0,0,0\nT1059,Command,3,2,5\nT1003,OS,140,3,143\n"
    assert rows(text) == [("demo", "T1003", ""), ("demo", "T1059", "")]
    assert notices(text)[-1] == (
        '1:38: counts in "Total" are not scores; skipped 1 row with 0 (to use them as scores: --columns '
        "score=Total --score-range 0-143)"
    )
    large = "Technique,Windows,Linux\nT1059,300,0\nT1078,0,0\n"
    assert rows(large) == [("Windows", "T1059", "")]


def test_tables_of_weights_have_the_same_shapes(run: Run) -> None:
    Path("w.csv").write_text(
        "Technique,Sub-technique,Weight\nT1550,003,5\nValid Accounts,Cloud Accounts,3\nt1566,,2\n"
    )
    Path("w.txt").write_text("T1550.003\nT1078.004\nT1566\n")
    for threat in ("w.csv", "w.txt"):
        result = run("gaps", "aws", "--threat", f"./{threat}", "--json")
        techniques = {row["id"] for row in json.loads(result.out)["techniques"]}
        assert techniques == {"T1550.003", "T1078.004", "T1566"}


def test_a_row_with_an_ambiguous_name_is_left_out_if_lenient(run: Run) -> None:
    Path("t.csv").write_text("Control,Technique\nA,Cloud Accounts\nB,Phishing\n")
    assert run("build", "t.csv", "-o", "out").code == 2
    result = run("convert", "t.csv", "--format", "csv", "-o", "-", "--lenient")
    assert [line.split(",")[6] for line in result.out.splitlines()[1:]] == ["T1566"]
    assert "left out 1 row with errors" in result.err
    native = run("convert", "t.csv", "-o", "-", "--lenient").out
    assert native.partition("capabilities:\n")[2] == "  B:\n    techniques:\n      T1566:\n"


@pytest.mark.parametrize("header", ["Technique,Name,EDR,Mail", "ID,Name,EDR,Mail", "Technique,Title,EDR,Mail"])
def test_a_name_column_with_names_of_techniques_leaves_tools_their_ratings(header: str) -> None:
    text = f"{header}\nT1078,Valid Accounts,50,\nT1566,Phishing,,90\nT1059.001,PowerShell,10,20\n"
    assert rows(text) == [
        ("EDR", "T1059.001", "10"),
        ("EDR", "T1078", "50"),
        ("Mail", "T1059.001", "20"),
        ("Mail", "T1566", "90"),
    ]


def test_a_name_column_with_other_names_has_the_capabilities() -> None:
    text = "Technique,Name\nT1078,Block old accounts\nT1566,Phishing\n"
    assert rows(text) == [("Block old accounts", "T1078", ""), ("Phishing", "T1566", "")]


def test_a_header_that_the_user_names_must_exist_even_if_another_is_known() -> None:
    with pytest.raises(InputError, match='no column "Nope"; expected Technique, Control'):
        read("Technique,Control\nT1078,a\n", technique="Nope")


@pytest.mark.parametrize(
    ("score", "message"),
    [
        ("NaN", 'score value "NaN" is not a decimal number'),
        ("3/5", 'score value "3/5" is not a decimal number'),
        ("1e400", 'score value "1e400" is not a decimal number'),
        ("-5", "such as --score-range -5-100"),
        ("143", "such as --score-range 0-143"),
    ],
)
def test_numbers_that_are_no_scores_have_their_own_advice(score: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(f"Technique,Control,Score\nT1078,a,{score}\n")


TOTALS = "control,technique,score\nAC-1,T1059,80\nAC-1,,50\nAC-2,T1078,20\nAC-2,,\nAC-3,,\nTotal,,130\n"


def test_a_score_without_a_technique_is_left_out_and_said(run: Run, tmp_path: Path) -> None:
    assert rows(TOTALS) == [("AC-1", "T1059", "80"), ("AC-2", "T1078", "20")]
    alone = "this row has a score but names no technique; it is left out (give it a technique id, or the status"
    kept = "this row names no technique"
    assert [notice for notice in notices(TOTALS) if not notice.startswith("1:1")] == [
        f"3:6: {alone} non_mappable)",
        f'5:6: {kept} ("AC-2" has mappings, so it does not count as non-mappable; give the row a technique id)',
        f"6:6: {kept} (it is kept as non-mappable; give it a technique id, or the status non_mappable)",
        "7:1: this row of totals is left out",
    ]
    (path := tmp_path / "totals.csv").write_text(TOTALS)
    # AC-3 is the one that cannot be mapped, whatever is asked.
    assert json.loads(run("stats", path, "--json").out)[0]["non_mappable"]["capabilities"] == 1
    run("build", path, "--only", "overview", "-o", tmp_path / "out")
    index = json.loads((tmp_path / "out" / "totals" / "index.json").read_text())
    assert index["non_mappable_capabilities"] == [{"id": "AC-3", "name": "AC-3"}]
    assert "AC-3" in run("show", "AC-3", "--set", path).out
    assert "Total" not in run("convert", path).out
    found = run("check", path, "--select", "no-technique").out.splitlines()
    assert [line.split(":")[1] for line in found] == ["3", "5", "6"]


def test_a_total_of_several_categories_is_reported_once() -> None:
    text = "control,technique,protect,detect\nAC-1,T1059,80,20\nTotal,,80,20\n"
    assert rows(text) == [("AC-1", "T1059", "20"), ("AC-1", "T1059", "80")]
    assert notices(text) == ["3:1: this row of totals is left out"]


@pytest.mark.parametrize(
    "text",
    [
        *("T1059.001-003", "T1059.001–T1059.003", "T1059.001 - T1059.003", "T1059 to T1078", "T1059:T1078"),
        *("T1078.*", "T1003.xxx", "T1059 (all subs)", "T1059 and all sub-techniques", "T1059 incl. subs"),
    ],
)
def test_what_stands_for_several_techniques_is_never_read_as_one(text: str) -> None:
    message = f'technique id "{text}" is malformed; expected a technique id such as T1059 or T1059.001 (list every'
    with pytest.raises(InputError) as caught:
        read(f"technique,control\n{text},a\n")
    assert message in str(caught.value)


def test_techniques_have_more_separators() -> None:
    for cell in ("T1059+T1078", "T1059 or T1078", "T1059•T1078", "T1059、T1078"):
        assert rows(f"technique;control\n{cell};a\n") == [("a", "T1059", ""), ("a", "T1078", "")]


def test_a_thousand_is_not_read_as_one() -> None:
    with pytest.raises(InputError, match='score value "1,000" is not a decimal number'):
        read('technique,control,score\nT1059,a,"1,000"\n')
    assert rows('technique,control,score\nT1059,a,"0,800"\nT1078,a,"12,5"\n') == [
        ("a", "T1059", "0.800"),
        ("a", "T1078", "12.5"),
    ]


def test_scores_that_do_not_apply_are_not_rated() -> None:
    text = "technique,control,score\nT1059,a,N/A\nT1078,a,-\nT1003,a,60\nT1566,a,N/A\n"
    assert rows(text) == [("a", "T1003", "60"), ("a", "T1059", ""), ("a", "T1078", ""), ("a", "T1566", "")]
    assert notices(text) == [' not rated: 3 scores "N/A" and "-"']
    for mistake in ("#N/A", ">80", "***"):
        with pytest.raises(InputError) as caught:
            read(f"technique,control,score\nT1059,a,{mistake}\n")
        assert "--scale" not in str(caught.value)


def test_rows_of_totals_are_left_out() -> None:
    text = "technique,control,score\nT1059,a,80\nT1078,a,50\nTotal,,130\n,,65\n"
    assert rows(text) == [("a", "T1059", "80"), ("a", "T1078", "50")]
    assert notices(text)[:2] == [
        "4:1: this row of totals is left out",
        "5:1: this row has only a score; it is left out",
    ]
    rated = "technique,protect,detect\nT1059,80,20\n,80,20\n"
    assert notices(rated)[-1] == "3:1: this row has only a score; it is left out"
    text = "control,technique,score\na,T1059,80\nTotal,,N/A\nb,,N/A\n"
    assert notices(text)[0] == "3:1: this row of totals is left out"
    assert not any("not rated" in notice for notice in notices(text)), "no mapping lacks its score"
    assert [record.capability for record in read(text).mapping_set.non_mappable] == ["b"]


def test_a_second_column_of_one_header_is_told() -> None:
    text = "technique,score,score,control\nT1059,80,10,a\n"
    assert rows(text) == [("a", "T1059", "80")]
    assert notices(text)[0].startswith('1:17: a second column "score" is not read (rename one of them')


def test_the_name_of_a_technique_stands_in_for_a_blank_id() -> None:
    text = "control,technique id,technique name\na,,Phishing\nb,T1078,Valid Accounts\nc,,Unknown\n"
    assert rows(text) == [("a", "T1566", ""), ("b", "T1078", "")]
    assert notices(text)[0].startswith('2:4: technique "Phishing" is read as T1566')
    assert notices(text)[1].startswith("4:3: this row names no technique (it is kept as non-mappable")
    ics = "control,technique id,technique name\na,,Module Firmware\nb,T0800,\n"
    reading = readers.read("t.csv", data=ics.encode())
    assert {(m.capability, m.technique) for m in reading.mapping_set.mappings} == {("a", "T0839"), ("b", "T0800")}
    assert (reading.mapping_set.domain, reading.mapping_set.non_mappable) == ("ics", ())
    alone = "technique id,technique name,score\nT1059,,80\n,Phishing,50\n"
    assert rows(alone) == [("demo", "T1059", "80"), ("demo", "T1566", "50")]


@pytest.mark.parametrize("blank", ["", "ATT&CK"])
def test_two_rows_are_a_header(blank: str) -> None:
    # Merged cells are blank in CSV, and filled in workbooks.
    text = f"Control,ATT&CK,{blank},Rating\n,ID,Name,Value\na,T1059,Command and Scripting Interpreter,80\n"
    assert rows(text) == [("a", "T1059", "80")]
    repeated = f"{text}CONTROL,att&ck,{blank},rating\n,Id,NAME,value\nb,T1078,,50\n"
    assert rows(repeated) == [("a", "T1059", "80"), ("b", "T1078", "50")]
    assert [notice[:27] for notice in notices(repeated)] == [
        "4:1: the header is repeated",
        "5:1: the header is repeated",
    ]


def test_links_that_lead_nowhere_are_errors(run: Run) -> None:
    for name in ("loop.csv", "loop"):
        Path(name).symlink_to(name)
        done = run("check", name)
        assert (done.code, done.out.split(" unreadable ")[0]) == (2, f"{name}:")
        assert "the file cannot be read: too many levels of symbolic links" in done.out
    Path("old.csv").symlink_to("gone.csv")
    assert run("stats", "old.csv") == (2, "", "navlayers: old.csv: the link leads to no file: gone.csv\n")


def test_a_repeated_header_is_left_out() -> None:
    head = "control,technique,score\n"
    assert rows(f"{head}a,T1059,80\n{head.upper()}b,T1078,50\n") == [("a", "T1059", "80"), ("b", "T1078", "50")]
    assert notices(f"{head}a,T1059,80\n{head}b,T1078,50\n") == ["3:1: the header is repeated; this row is left out"]


def test_what_says_that_rows_do_not_count_is_told() -> None:
    text = "control,technique,covered,status\na,T1059,Y,done\nb,T1078,N,Not implemented\n"
    assert notices(text)[-2:] == [
        '1:19: column "covered" is ignored: rows with "N" count as mappings (read it with: --columns '
        "score=covered --scale N=0,Y=100)",
        '1:27: rows with status "Not implemented" are mappings like others (delete those that do not count, or '
        "give them the status non_mappable)",
    ]
    many = "".join(f"a,T1059,{text}\n" for text in ("x", "y", "✓", "✔", "yes", "true", "☑", "N/A", "no"))
    assert notices(f"control,technique,In place?\n{many}")[-1] == (
        '1:19: column "In place?" is ignored: rows with "no" count as mappings (read it with: --columns '
        "'score=In place?' --scale 'no=0,true=100,x=100,y=100,yes=100,☑=100,✓=100,✔=100')"
    )
    words = "".join(f"a,T1059,{text}\n" for text in ("yes", "no", "x", "y", "n", "Ed", "Al"))
    assert "ignored" not in str(notices(f"control,technique,covered\n{words}"))
    scored = "control,technique,score,covered\na,T1059,80,Y\nb,T1078,20,N\n"
    assert notices(scored)[-1].endswith("(delete those that do not count, or give them the status non_mappable)")
    assert rows("technique,EDR,Mail\nT1059,✅,❌\nT1078,❌,✅\n") == [("EDR", "T1059", ""), ("Mail", "T1078", "")]


def test_a_layer_in_utf_16_is_told_so() -> None:
    layer = '{"name": "n", "domain": "enterprise-attack", "versions": {"attack": "18"}, "techniques": []}'
    with pytest.raises(InputError, match=r"layer.json:1:1: this is UTF-16 or UTF-32 text; expected UTF-8"):
        readers.read("layer.json", data=layer.encode("utf-16"))


def test_the_first_columns_without_a_meaning_are_compared_with_known_ones() -> None:
    headers = [*(f"Column {number}" for number in range(MOST_UNKNOWN)), "Coments"]
    unknown = 'unknown column "Coments"'
    assert any(unknown in notice for notice in notices("Capability,Technique,Coments\nA,T1078,x\n"))
    many = notices(f"Capability,Technique,{','.join(headers)}\nA,T1078{',x' * len(headers)}\n")
    assert not any(unknown in notice for notice in many)


def test_hints_are_sought_for_the_first_wrong_names(run: Run) -> None:
    rows = "".join(f"c{number},Fishing {number:04}\n" for number in range(MOST_HINTS + 5))
    Path("t.csv").write_text(f"Capability,Technique\n{rows}")
    found = json.loads(run("check", "t.csv", "--json").out)["findings"]
    wrong = [finding["hint"] for finding in found if finding["code"] == "malformed-technique"]
    assert len(wrong) == MOST_HINTS + 5
    assert [bool(hint) for hint in wrong] == [True] * MOST_HINTS + [False] * 5


def test_many_wrong_ids_leave_the_words_of_the_scale_their_option(run: Run) -> None:
    rows = "".join(f"c{number},T{number:08},\n" for number in range(MOST_HINTS))
    Path("t.csv").write_text(f"Capability,Technique,Score\n{rows}a,T1078,superb\n")
    found = json.loads(run("check", "t.csv", "--json").out)["findings"]
    (word,) = [finding for finding in found if finding["code"] == "unknown-value"]
    assert word["hint"] == "say what the words are worth, 0-100, such as --scale superb=50"
