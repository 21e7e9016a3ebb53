"""`navlayers attack update`, and the majors that mitreattack-python lists and navlayers does not ship."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from attack_helpers import bundle, thing
from attack_server import CONTENT, Server, data_folder, held, path_of, server

from navlayers import attack
from navlayers.api import releases
from navlayers.attack.domains import DOMAINS, Domain
from navlayers.attack.download import published
from navlayers.attack.stix import read_bundle

if TYPE_CHECKING:
    from conftest import Run

__all__ = ["data_folder", "server"]

AWAITED = Path(__file__).parents[1] / "tools" / "awaited_releases.toml"


@pytest.fixture
def newest(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The server, set as the mirror; 20.0 is the newest release that mitreattack-python lists."""
    monkeypatch.setenv("NAVLAYERS_ATTACK_MIRROR", server.url)
    return server


def test_update_adds_the_newest_release_of_every_domain(run: Run, newest: Server, data_folder: Path) -> None:
    result = run("attack", "update")
    assert result.code == 0
    assert [line.partition(":")[0] for line in result.err.splitlines()] == [
        "added ATT&CK enterprise 20.0",
        "added ATT&CK mobile 20.0",
        "added ATT&CK ics 20.0",
    ]
    assert held(data_folder) == ["enterprise-20.0.json", "ics-20.0.json", "mobile-20.0.json"]
    assert attack.find("enterprise", "latest").release.version == "20.0"


def test_update_takes_one_domain_and_prints_json(run: Run, newest: Server) -> None:
    result = run("attack", "update", "--domain", "ics", "--json", "-q")
    assert (result.code, result.err) == (0, "")
    assert [(row["domain"], row["version"]) for row in json.loads(result.out)] == [("ics", "20.0")]
    assert newest.asked == [path_of("ics")]


def test_update_downloads_nothing_where_the_newest_is_installed(
    run: Run, newest: Server, tmp_path: Path, data_folder: Path
) -> None:
    tool = thing("tool", "S0001", "Tool")
    path = tmp_path / "ics-attack-20.0.json"
    path.write_text(json.dumps(bundle(tool, domain="ics")), encoding="utf-8")
    releases.add(read_bundle(path))
    result = run("attack", "update", "--domain", "ics")
    assert (result.code, result.out, result.err) == (0, "", "ATT&CK ics is up to date: 20.0\n")
    assert newest.asked == []


def test_update_replaces_a_newest_release_without_groups(run: Run, newest: Server, tmp_path: Path) -> None:
    path = tmp_path / "ics-attack-20.0.json"
    path.write_bytes(CONTENT["ics"])
    releases.add(read_bundle(path))
    assert run("attack", "update", "--domain", "ics").code == 0
    assert newest.asked == [path_of("ics")]


def test_a_failed_download_adds_no_domain(run: Run, newest: Server, data_folder: Path) -> None:
    del newest.answers[path_of("ics")]
    result = run("attack", "update")
    assert result.code == 2
    assert "cannot download ATT&CK ics 20.0" in result.err
    assert held(data_folder) == []


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_newest_published_major_ships_or_is_awaited_with_a_reason(domain: Domain) -> None:
    """Fails on the day that mitreattack-python lists a new major: ship it, or say why it is awaited."""
    shipped = max(int(r.version.partition(".")[0]) for r in attack.releases() if r.builtin and r.domain == domain)
    missing = {version.partition(".")[0] for version in published(domain)} - set(map(str, range(shipped + 1)))
    awaited = tomllib.loads(AWAITED.read_text(encoding="utf-8"))[domain]
    assert missing == set(awaited)
    assert all(reason.strip() for reason in awaited.values())
