"""Questions about sets, of which one may be a dropped file, and their answers as bytes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from navlayers._text.lines import printable
from navlayers.errors import NavlayersError, Problem, UsageError
from navlayers.mapping.find import Source
from navlayers.serve.answers import explorer_answer, history_answer, plan_answer, subject_of
from navlayers.serve.download import Choice, download
from navlayers.serve.workspace import Settings, findings_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.checks.finding import Finding
    from navlayers.serve.answers import Subject

Kind = Literal["explorer", "plan", "download", "history"]

SECONDS_FOR_PLAN = 0.03
"""Time of the search for a plan while a hand moves the slider."""

SECONDS_FOR_BEST = 10.0
"""Time of the search for the best plan, once the slider rests."""

_MOST_FINDINGS = 200


class Question(msgspec.Struct, frozen=True):
    """What a page asks.

    Attributes:
        kind: of the answer.
        threat: a threat; "" for none.
        release: the release whose matrix the page has already.
        budget: of a plan.
        best: search for the best plan, instead of the best one in a moment.
        format: of a download.
        choice: the view to download.
    """

    kind: Kind
    threat: str = ""
    release: str = ""
    budget: int = 0
    best: bool = False
    format: str = "json"
    choice: Choice = Choice("set")


class Answer(msgspec.Struct, frozen=True):
    """The bytes of an answer, their media type, and the name of a file to download."""

    data: bytes
    type: str = "application/json"
    name: str = ""


class Job(msgspec.Struct, frozen=True):
    """A question about sets, for a process of its own.

    Attributes:
        question: the question.
        settings: how sets are read and scored.
        sources: the sets.
        dropped: a dropped file, before them.
    """

    question: Question
    settings: Settings
    sources: tuple[Source, ...]
    dropped: Source | None = None

    @property
    def name(self) -> str:
        """What it is about, in messages."""
        return str(self.dropped.path) if self.dropped else ", ".join(source.name for source in self.sources)


def answer(question: Question, subject: Subject, **more: Any) -> Answer:
    """The answer about a subject.

    Args:
        question: the question.
        subject: what it is about.
        more: further members of a JSON object.

    Raises:
        NavlayersError: there is no answer.
    """
    if question.kind == "download":
        file = download(subject, question.choice, question.format)
        return Answer(file.data, file.type, file.name)
    if question.kind == "plan":
        seconds = SECONDS_FOR_BEST if question.best else SECONDS_FOR_PLAN
        plan = subject.plan(question.budget, seconds)
        return Answer(msgspec.json.encode({**plan_answer(subject, plan), **more}))
    return Answer(msgspec.json.encode({**explorer_answer(subject, question.release), **more}))


def job_answer(job: Job) -> Answer:
    """The answer to a job.

    Raises:
        NavlayersError: there is no answer.
    """
    if job.question.kind == "history":
        paths = [source.path for source in job.sources if source.origin != "shipped"]
        return Answer(msgspec.json.encode(history_answer(paths, job.settings)))
    # Only here, because the server itself keeps what it reads.
    from navlayers.analysis.inputs import load_inputs  # noqa: PLC0415
    from navlayers.mapping.table_domains import by_domain  # noqa: PLC0415

    settings, sources = job.settings, list(job.sources)
    more: dict[str, Any] = {}
    if job.dropped and job.question.kind == "explorer":
        more = {"findings": findings_json(findings_of(job.dropped, settings))}
    try:
        if job.dropped:
            sources = [*by_domain([job.dropped], settings.reading), *sources]
        inputs = load_inputs(sources, settings.attack_version, settings.reading)
        subject = subject_of(inputs, settings, job.question.threat)
    except NavlayersError as error:
        if not more:
            raise
        return refusal(error, **more)
    return answer(job.question, subject, **more)


def refusal(error: NavlayersError, **more: Any) -> Answer:
    """An answer that says why there is no other."""
    problems = [printable(str(problem)) for problem in error.problems[:_MOST_FINDINGS]]
    return Answer(msgspec.json.encode({"problems": problems, **more}))


def findings_json(findings: Sequence[Finding]) -> dict[str, Any]:
    """Findings as texts; of many the first."""
    return {
        "errors": sum(finding.level == "error" for finding in findings),
        "warnings": sum(finding.level == "warning" for finding in findings),
        "count": len(findings),
        "first": [
            {"place": str(each.place), "level": each.level, "code": each.code, "text": each.text}
            for each in findings[:_MOST_FINDINGS]
        ],
    }


def encode(job: Job) -> bytes:
    """The job as bytes for another process."""
    return msgspec.msgpack.encode(job, enc_hook=str)


def decode(data: bytes) -> Job:
    """The job of these bytes."""
    return msgspec.msgpack.decode(data, type=Job, dec_hook=_hook)


def _hook(kind: type, value: object) -> object:
    if kind is Path:
        return Path(str(value))
    raise UsageError(Problem(f"no {kind.__name__}"))
