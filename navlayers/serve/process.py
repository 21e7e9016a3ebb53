"""Processes for dropped files and long searches: each has little time and memory, and cannot write files.

`python -m navlayers.serve.process` is such a process: it takes a job on standard input and writes the answer to
standard output.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys

import msgspec

from navlayers._engines.limits import limit_process
from navlayers.errors import InputError, NavlayersError, Problem
from navlayers.serve.job import Answer, Job, decode, encode, job_answer

SECONDS = 30
"""Time for a file, of the clock and of the CPU."""

MEMORY = 2_000_000_000
"""Bytes of address space."""

LARGEST_ANSWER = 100_000_000

_AT_ONCE = 2
_PATIENCE = 1.0
"""Seconds in which a process that has answered may end by itself."""


class _Result(msgspec.Struct, frozen=True):
    """The answer, or why there is none."""

    answer: Answer | None = None
    problems: tuple[Problem, ...] = ()


class Processes:
    """Processes that answer jobs, each one job; one more waits, since starting takes longer than most files."""

    def __init__(self) -> None:
        self._spare: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def prepare(self) -> None:
        """Start the process that waits for the next file."""
        if self._spare is None:
            self._spare = await _start()

    async def answer(self, job: Job) -> Answer:
        """The answer to a job.

        Raises:
            NavlayersError: there is none, or it takes too much time or memory.
        """
        async with self._turn:
            process, self._spare = self._spare or await _start(), None
            patience = 0.0
            try:
                async with asyncio.timeout(SECONDS):
                    data = await _talk(process, encode(job))
                patience = _PATIENCE
            except TimeoutError:
                raise InputError(_too_much(job, f"more than {SECONDS} seconds")) from None
            finally:
                await _end(process, patience)
            await self.prepare()
        try:
            result = msgspec.msgpack.decode(data, type=_Result)
        except msgspec.DecodeError:
            raise InputError(_too_much(job, "too much time or memory")) from None
        if result.answer is None:
            raise InputError(result.problems)
        return result.answer

    async def close(self) -> None:
        """End the process that waits."""
        if self._spare is not None:
            await _end(self._spare)


def _too_much(job: Job, what: str) -> Problem:
    return Problem(f"{job.name}: this takes {what}", hint="use the command line, which has no such limits")


async def _start() -> asyncio.subprocess.Process:
    # A session of its own: Ctrl-C is for the server, which ends it.
    command = (sys.executable, "-m", __name__)
    pipe = asyncio.subprocess.PIPE
    null = asyncio.subprocess.DEVNULL
    return await asyncio.create_subprocess_exec(
        *command, stdin=pipe, stdout=pipe, stderr=null, start_new_session=True
    )


async def _talk(process: asyncio.subprocess.Process, job: bytes) -> bytes:
    """What a process answers to a job; nothing if that is too long."""
    assert process.stdin is not None  # noqa: S101 - both are pipes
    assert process.stdout is not None  # noqa: S101
    with contextlib.suppress(ConnectionError):
        process.stdin.write(job)
        await process.stdin.drain()
        process.stdin.close()
    data = bytearray()
    while chunk := await process.stdout.read(1 << 20):
        data += chunk
        if len(data) > LARGEST_ANSWER:
            return b""
    return bytes(data)


async def _end(process: asyncio.subprocess.Process, patience: float = 0) -> None:
    """End a process, after some seconds in which it may do so itself."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), patience)
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def main() -> None:
    """Answer the job on standard input."""
    limit_process(SECONDS, MEMORY)
    data = sys.stdin.buffer.read()
    if not data:
        return
    try:
        result = _Result(job_answer(decode(data)))
    except NavlayersError as error:
        result = _Result(problems=error.problems)
    except MemoryError:
        return
    sys.stdout.buffer.write(msgspec.msgpack.encode(result))


if __name__ == "__main__":
    main()
