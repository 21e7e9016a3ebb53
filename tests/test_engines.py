"""Native code runs in processes that have limits and leave nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from navlayers._engines import process
from navlayers._engines.process import EngineError, result, results

JOBS = str(Path(__file__).parent)
SECONDS = 60


@pytest.fixture(autouse=True)
def _jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(JOBS)


def test_a_process_reports_answers_and_waits_for_the_next_job() -> None:
    first, last = results("engine_jobs:number", seconds=SECONDS)
    assert (first, last != os.getpid()) == (0, True)
    assert result("engine_jobs:number", seconds=SECONDS) == last
    with pytest.raises(EngineError, match="no such thing") as failed:
        result("engine_jobs:fail", seconds=SECONDS)
    assert (failed.value.reason, failed.value.exception) == ("error", "ValueError")
    assert result("engine_jobs:number", seconds=SECONDS) == last
    with pytest.raises(ModuleNotFoundError) as missing:
        result("no_such_package:job", seconds=SECONDS)
    assert missing.value.name == "no_such_package"


@pytest.mark.skipif(os.name == "nt", reason="Windows does not count")
def test_a_process_that_has_become_large_does_no_other_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """The compiler keeps pictures for the next ones: those of 600 dpi would take all memory after a dozen."""
    monkeypatch.setattr(process, "MEMORY_KEPT", 0)
    assert result("engine_jobs:grow", seconds=SECONDS) != result("engine_jobs:number", seconds=SECONDS)


def test_threads_have_a_process_each() -> None:
    both = threading.Barrier(2)

    def number() -> int:
        parts = results("engine_jobs:number", seconds=SECONDS)
        next(parts)
        both.wait(SECONDS)
        return int(next(parts))

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.submit(number), pool.submit(number)
        assert one.result() != other.result()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limits and signals")
@pytest.mark.parametrize(
    ("job", "reason", "says"),
    [
        ("panic", "error", "index out of bounds"),
        ("crash", "crash", "its process ended with SIGSEGV"),
        ("fill", "memory", "more than 4 GB of memory"),
        ("wait", "time", "more than 0.2 seconds"),
    ],
)
def test_a_process_that_ends_is_an_error_and_the_next_job_has_another(job: str, reason: str, says: str) -> None:
    before = result("engine_jobs:number", seconds=SECONDS)
    with pytest.raises(EngineError, match=says) as ended:
        result(f"engine_jobs:{job}", seconds=0.2 if job == "wait" else SECONDS)
    assert ended.value.reason == reason
    assert _is_gone(before)
    assert result("engine_jobs:number", seconds=SECONDS) != before


def test_a_process_that_was_ended_while_it_waited_is_replaced() -> None:
    before = result("engine_jobs:number", seconds=SECONDS)
    os.kill(before, signal.SIGTERM)
    worker = next(each for each in process._workers if each.process.pid == before)
    worker.process.wait()
    assert result("engine_jobs:number", seconds=SECONDS) != before


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limit")
def test_a_process_writes_no_files(tmp_path: Path) -> None:
    assert result("engine_jobs:write", str(tmp_path / "a"), seconds=SECONDS) == "File too large"


def test_a_job_that_cannot_be_sent_is_an_error() -> None:
    """A title may be of a class of text that only this process knows."""
    with pytest.raises(EngineError, match="unmarshallable") as failed:
        result("engine_jobs:wait", type("Title", (str,), {})("x"), seconds=SECONDS)
    assert failed.value.reason == "error"


FILLS = """
import resource, sys
sys.path.append(sys.argv[1])
from navlayers._engines.process import EngineError, result
resource.setrlimit(resource.RLIMIT_AS, (300_000_000, 300_000_000))
for job, *arguments in (("long",), ("number", bytes(100_000_000))):
    try:
        result(f"engine_jobs:{job}", *arguments, seconds=60)
    except EngineError as error:
        print(job, error.reason, error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not count address space")
def test_jobs_and_results_that_do_not_fit_into_memory_are_errors() -> None:
    done = subprocess.run([sys.executable, "-c", FILLS, JOBS], capture_output=True, text=True, check=True)
    says = "memory more than 0.3 GB of memory"
    assert (done.stdout, done.stderr) == (f"long {says}\nnumber {says}\n", "")


def test_a_process_that_does_not_start_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(EngineError, match="its process does not start: ") as failed:
        list(results("engine_jobs_of_another_name:number", seconds=SECONDS))
    assert failed.value.reason == "crash"


def test_whoever_stops_early_ends_the_job() -> None:
    with closing(results("engine_jobs:wait", seconds=SECONDS)) as parts:
        number = next(parts)
    assert _is_gone(number)


WAITS = """
import signal, sys
sys.path.append(sys.argv[1])
from navlayers._engines.process import results
signal.signal(signal.SIGINT, signal.default_int_handler)  # shells start background jobs without it
for part in results("engine_jobs:wait", seconds=60):
    print(part, flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize(
    ("number", "stopped"),
    [
        (signal.SIGINT, False),
        (signal.SIGKILL, False),
        pytest.param(
            *(signal.SIGKILL, True), marks=pytest.mark.skipif(sys.platform != "linux", reason="Linux does this")
        ),
    ],
)
def test_a_process_ends_with_the_one_that_started_it(number: signal.Signals, stopped: bool) -> None:
    """Ctrl-C is told to the one; nothing is told to any by SIGKILL."""
    with subprocess.Popen(
        [sys.executable, "-c", WAITS, JOBS], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        if stopped:
            os.kill(worker, signal.SIGSTOP)
        parent.send_signal(number)
    for _ in range(500):
        if _is_gone(worker):
            return
        time.sleep(0.01)
    pytest.fail("the process is still there")


def _is_gone(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return True
    stat = Path(f"/proc/{number}/stat")
    # Where nobody asks for the end of a process, it is dead and still listed.
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z"
