"""How a threat is asked for, in gaps and plan alike."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from navlayers.analysis.threats import ALL, with_threat
from navlayers.cli import common, suggest
from navlayers.errors import Problem, UsageError
from navlayers.mapping.find import STDIN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from navlayers.analysis.inputs import InputSet
    from navlayers.analysis.threats import ThreatModel
    from navlayers.mapping.formats.context import ReadOptions


class AskedThreat(NamedTuple):
    """The threat as it was asked for: `--threat` and `--software-of`."""

    words: tuple[str, ...]
    software_of: tuple[str, ...]

    @property
    def asked(self) -> bool:
        """Whether there is one."""
        return bool(self.words or self.software_of)

    @property
    def files(self) -> tuple[Path, ...]:
        """The files among what is asked for."""
        return tuple(path for word in self.words if word != STDIN and (path := Path(word)).is_file())

    def check(self, sets: Sequence[str]) -> None:
        """Refuse what cannot go together with the sets, before anything is read."""
        if STDIN in self.words and STDIN in sets:
            raise UsageError(Problem("- is both a set and the threat", hint="give one of the two as a file"))

    def against(
        self, together: InputSet, attack_version: str | None, reading: ReadOptions
    ) -> tuple[InputSet, ThreatModel]:
        """The inputs at the release that the threat is told at, and the threat."""
        words = [common.sources([word], reading)[0] if word == STDIN else word for word in self.words]
        return with_threat(together, words, attack_version, software_of=self.software_of, reading=reading)


def threat_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--threat` and `--software-of`, given to the command as one `threat: AskedThreat`."""

    @functools.wraps(function)
    def wrapped(*args: Any, words: tuple[str, ...], software_of: tuple[str, ...], **options: Any) -> Any:
        return function(*args, threat=AskedThreat(words, software_of), **options)

    for option in (_software_option, _threat_option):
        wrapped = option(wrapped)
    return wrapped


_threat_option = click.option(
    "--threat",
    "words",
    multiple=True,
    metavar="THREAT",
    shell_complete=suggest.threats,
    help="A group, software, campaign or tactic by id or name, or a set, layer or table with weights. Repeatable.",
)
_software_option = click.option(
    "--software-of",
    multiple=True,
    is_flag=False,
    flag_value=ALL,
    metavar="[GROUP]",
    shell_complete=suggest.threats,
    help="Add what the software of this group or campaign does; without a value, of all that are chosen.",
)
