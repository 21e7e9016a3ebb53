"""Downloads, from a server on the loopback interface that sends real bytes."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from attack_helpers import bundle, collection
from attack_server import CONTENT, Server, data_folder, held, path_of, publish, server, serving

from navlayers import attack
from navlayers.api.releases import add_published
from navlayers.attack.domains import DOMAINS, Domain
from navlayers.attack.download import download, published
from navlayers.errors import NavlayersError, OutputError, ReleaseError, UsageError

__all__ = ["data_folder", "server"]

if TYPE_CHECKING:
    from pathlib import Path


def test_a_release_is_fetched_whole_and_under_its_name(server: Server, tmp_path: Path) -> None:
    path = download("ics", "20.0", tmp_path, base_url=server.url)
    assert path.name == "ics-attack-20.0.json"
    assert path.read_bytes() == CONTENT["ics"]
    assert server.asked == [path_of("ics")]


def test_a_release_is_added_in_all_domains_and_found(server: Server, data_folder: Path) -> None:
    added = add_published("20.0", base_url=server.url + "/")
    assert [(release.domain, release.version) for release in added] == [(domain, "20.0") for domain in DOMAINS]
    assert held(data_folder) == ["enterprise-20.0.json", "ics-20.0.json", "mobile-20.0.json"]
    assert attack.find("mobile", "20").release == added[1]


@pytest.mark.parametrize("wanted", ["20", "v20.0", "latest"])
def test_the_environment_variable_names_a_mirror_too(
    server: Server, monkeypatch: pytest.MonkeyPatch, wanted: str
) -> None:
    monkeypatch.setenv("NAVLAYERS_ATTACK_MIRROR", server.url)
    assert [release.version for release in add_published(wanted, ["ics"])] == ["20.0"]


def test_progress_counts_the_bytes_and_ends(server: Server, tmp_path: Path) -> None:
    class Bar:
        total: float = 0
        seen = 0
        closed = 0

        def update(self, step: int) -> None:
            self.seen += step

        def close(self) -> None:
            self.closed += 1

    bar = Bar()
    download("ics", "20.0", tmp_path, base_url=server.url, progress=bar)
    assert bar.total == bar.seen == len(CONTENT["ics"])
    assert bar.closed


def test_a_wrong_hash_keeps_nothing_not_even_of_the_other_domains(server: Server, data_folder: Path) -> None:
    server.answers[path_of("ics")] = CONTENT["ics"] + b" "
    with pytest.raises(ReleaseError, match=r"ics 20\.0 .*does not match the SHA-256.*was discarded"):
        add_published("20.0", base_url=server.url)
    assert held(data_folder) == []


def test_a_failed_download_leaves_the_release_that_was_there(server: Server, data_folder: Path) -> None:
    add_published("20.0", ["ics"], base_url=server.url)
    before = (data_folder / "ics-20.0.json").read_bytes()
    server.answers[path_of("ics")] = b"{}"
    with pytest.raises(ReleaseError):
        add_published("20.0", ["ics"], base_url=server.url)
    assert held(data_folder) == ["ics-20.0.json"]
    assert (data_folder / "ics-20.0.json").read_bytes() == before


def test_the_right_hash_of_something_else_is_an_error(
    server: Server, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(monkeypatch, "ics", "20.0", b"{}")
    server.answers[path_of("ics")] = b"{}"
    with pytest.raises(NavlayersError, match="not a STIX bundle"):
        add_published("20.0", ["ics"], base_url=server.url)
    assert held(data_folder) == []


def test_a_file_that_the_server_does_not_have_is_an_error(server: Server, data_folder: Path) -> None:
    server.answers.clear()
    with pytest.raises(ReleaseError, match=r"127\.0\.0\.1:\d+: the server responds with 404.*attack add FILE"):
        add_published("20.0", ["ics"], base_url=server.url)
    assert held(data_folder) == []


def test_a_server_error_is_an_error(server: Server) -> None:
    server.status = 503
    with pytest.raises(ReleaseError, match="the server responds with 503"):
        add_published("20.0", ["ics"], base_url=server.url)


def test_a_transfer_that_breaks_off_is_an_error(server: Server, data_folder: Path) -> None:
    server.missing_bytes = 100
    with pytest.raises(ReleaseError, match=r"ics 20\.0 .*the connection was interrupted"):
        add_published("20.0", ["ics"], base_url=server.url)
    assert held(data_folder) == []


def test_a_server_that_does_not_answer_is_given_up(server: Server, data_folder: Path) -> None:
    server.hang.clear()
    with pytest.raises(ReleaseError, match=r"no response within 0\.3 seconds"):
        add_published("20.0", ["ics"], base_url=server.url, timeout=0.3)
    assert held(data_folder) == []


def test_a_server_that_stops_in_the_middle_is_given_up(server: Server, data_folder: Path) -> None:
    server.stall.clear()
    server.missing_bytes = 100
    with pytest.raises(ReleaseError, match=r"no response within 0\.3 seconds"):
        add_published("20.0", ["ics"], base_url=server.url, timeout=0.3)
    assert held(data_folder) == []


def test_no_network_is_an_error_that_says_what_else_to_do(server: Server) -> None:
    with serving() as gone:
        url = gone.url
    with pytest.raises(ReleaseError, match=r"the server cannot be reached.*another way.*--mirror"):
        add_published("20.0", ["ics"], base_url=url)


def test_a_password_in_the_address_of_the_mirror_is_not_shown(server: Server) -> None:
    server.answers.clear()
    url = server.url.replace("http://", "http://user:secret@")
    with pytest.raises(ReleaseError) as caught:
        add_published("20.0", ["ics"], base_url=url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("wanted", ["99", "20.7", "0", "newest"])
def test_an_unknown_version_is_an_error_that_names_those_that_exist(wanted: str) -> None:
    with pytest.raises(ReleaseError, match=rf'ATT&CK ics release "{wanted}"; expected one of 8\.0, .*, 20\.0 '):
        add_published(wanted, ["ics"])


def test_domains_that_do_not_have_the_release_are_left_out(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "7.2" in published("enterprise")
    assert "7.2" not in published("ics")
    for domain in ("enterprise", "mobile"):
        data = json.dumps(bundle(collection("7.2"), domain=domain)).encode()
        server.answers[path_of(domain, "7.2")] = data
        publish(monkeypatch, domain, "7.2", data)
    assert [release.domain for release in add_published("7.2", base_url=server.url)] == ["enterprise", "mobile"]


@pytest.mark.parametrize("domain", DOMAINS)
def test_published_versions_are_in_order_without_betas(domain: Domain) -> None:
    from mitreattack import release_info  # noqa: PLC0415 - see attack_server.py

    known = published(domain)
    assert known[-1] == release_info.LATEST_VERSION
    assert known.index("9.0") < known.index("10.1")
    assert not any("beta" in version for version in known)


@pytest.mark.parametrize("mirror", ["ftp://127.0.0.1", "127.0.0.1:80", "http://", "http://[::1", "file:///tmp"])
def test_a_mirror_that_is_no_web_address_is_an_error(mirror: str) -> None:
    with pytest.raises(UsageError, match="is not an http or https URL"):
        add_published("20.0", ["ics"], base_url=mirror)


def test_a_folder_that_cannot_be_written_is_an_error(server: Server, data_folder: Path) -> None:
    data_folder.parent.write_text("a file")
    with pytest.raises(OutputError, match="data/attack: cannot be written: not a directory"):
        add_published("20.0", ["ics"], base_url=server.url)
    with pytest.raises(OutputError, match="cannot store the download"):
        download("ics", "20.0", data_folder.parent, base_url=server.url)


def test_nothing_is_logged(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    add_published("20.0", ["ics"], base_url=server.url)
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("option", ["--domain=ics", "-q"])
def test_the_command_draws_a_progress_bar_on_a_terminal_unless_quiet(
    server: Server, data_folder: Path, option: str
) -> None:
    code = (
        "import hashlib, sys\n"
        "from mitreattack import release_info\n"
        "from navlayers.cli import main\n"
        "release_info.STIX21['ics']['20.0'] = sys.argv[1]\n"
        "main(['attack', 'add', '20.0', '--domain', 'ics', *sys.argv[2:]])\n"
    )
    known = hashlib.sha256(CONTENT["ics"]).hexdigest()
    terminal, other_end = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", code, known, "--mirror", server.url, option],
        stdout=subprocess.PIPE,
        stderr=other_end,
    ) as command:
        assert command.stdout is not None
        assert command.stdout.read() == b""
        assert command.wait(60) == 0
    os.set_blocking(terminal, False)
    os.write(other_end, b".")
    drawn = os.read(terminal, 1 << 16).decode()
    os.close(terminal)
    os.close(other_end)
    assert held(data_folder) == ["ics-20.0.json"]
    if option == "-q":
        assert drawn == "."
    else:
        assert "\rics 20.0: 100%|" in drawn
        assert "added ATT&CK ics 20.0" in drawn
