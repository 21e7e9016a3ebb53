"""`navlayers fleet` on an object store, and on Spark; skipped where the packages or Java are not installed."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fleet_helpers import HEADER, RED, SCORES, scores, three

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Run

SECRET = "very-secret-key"  # noqa: S105 - of the server of this test


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The file system of an object store on loopback with a bucket `fleet`."""
    pytest.importorskip("moto")
    s3fs = pytest.importorskip("s3fs")
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - slow, and seldom installed

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    address, port = server.get_host_and_port()
    for name, value in {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://{address}:{port}",
    }.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    system = s3fs.S3FileSystem()
    system.mkdir("fleet")
    yield system
    s3fs.S3FileSystem.clear_instance_cache()
    server.stop()


@pytest.mark.filterwarnings("ignore")
def test_tenants_of_a_bucket_are_read_once(run: Run, tmp_path: Path, bucket: Any) -> None:
    for file in three(tmp_path).iterdir():
        bucket.put_file(str(file), f"fleet/sets/{file.name}")
    result = run("fleet", "s3://fleet/sets", "-o", "out")
    assert result.code == 0, result.err
    assert scores(Path("out")) == SCORES
    state = {path: path.stat().st_mtime_ns for path in Path("out/.fleet").glob("*.parquet")}
    assert "0 tenants changed" in run("fleet", "s3://fleet/sets", "-o", "out").out
    assert {path: path.stat().st_mtime_ns for path in Path("out/.fleet").glob("*.parquet")} == state
    absent = run("fleet", "s3://nothing/sets/*.csv", "-o", "other")
    assert absent.code == 2
    assert "s3://nothing/sets/*.csv: " in absent.err
    elsewhere = tmp_path / "elsewhere.csv"
    for key in (f"red2/{elsewhere}", "red2/a.csv", "red2//a.csv"):
        bucket.pipe(f"fleet/odd/{key}", (HEADER + RED).encode())
    assert run("fleet", "s3://fleet/odd", "-o", "odd", "--json").code == 0
    assert scores(Path("odd")) == [("red2", *row[1:]) for row in SCORES if row[0] == "red"]
    assert not elsewhere.exists()
    bucket.pipe("fleet/sets/bad.yaml", b"mappings: [")
    broken = run("fleet", "s3://fleet/sets", "-o", "out")
    assert "s3://fleet/sets/bad.yaml:1:12: tenant bad left out: this is not YAML" in broken.err
    named = run("fleet", f"s3://key:{SECRET.upper()}@fleet/sets", "-o", "other")
    assert "s3://fleet/sets: s3:// takes no user and password" in named.err
    written = b"".join(path.read_bytes() for path in Path("out").rglob("*") if path.is_file())
    for text in (absent.err, result.err, broken.err, named.err, written.decode(errors="replace")):
        assert SECRET not in text.lower()


@pytest.mark.filterwarnings("ignore")
def test_a_store_that_is_not_there_is_an_error_within_seconds(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    s3fs = pytest.importorskip("s3fs")
    s3fs.S3FileSystem.clear_instance_cache()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    result = run("fleet", "s3://fleet/sets", "-o", "out")
    assert result.code == 2
    assert "s3://fleet/sets: cannot be read: " in result.err
    assert "check the address, the network, and the credentials in the environment" in result.err
    assert SECRET not in result.err


@pytest.mark.skipif(not importlib.util.find_spec("pyspark"), reason="pyspark is not installed")
def test_a_master_that_is_not_there_is_an_error_within_seconds(run: Run, tmp_path: Path) -> None:
    folder = three(tmp_path)
    result = run("fleet", folder, "-o", "out", "--engine", "spark://127.0.0.1:9")
    assert "spark://127.0.0.1:9 cannot be reached: connection refused" in result.err
    assert "expected spark://HOST:PORT" in run("fleet", folder, "-o", "out", "--engine", "spark://host").err


@pytest.mark.filterwarnings("ignore")
@pytest.mark.skipif(not importlib.util.find_spec("pyspark"), reason="pyspark is not installed")
@pytest.mark.skipif(not shutil.which("java"), reason="Java is not installed")
def test_spark_writes_the_files_that_duckdb_writes(run: Run, tmp_path: Path) -> None:
    folder = three(tmp_path)
    run("fleet", folder, "-o", "duckdb")
    result = run("fleet", folder, "-o", "spark", "--engine", "local-spark")
    assert result.code == 0, result.err
    for file in Path("duckdb").iterdir():
        if file.is_file():
            assert (Path("spark") / file.name).read_bytes() == file.read_bytes()
