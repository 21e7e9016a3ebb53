"""`navlayers gaps`: sets and layers against a threat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import msgspec

from navlayers.analysis.gaps_layers import layers_of
from navlayers.analysis.threats import ALL
from navlayers.api.gaps import gaps as find_gaps
from navlayers.cli import _analysis, _help, _options, _print, _threat
from navlayers.errors import Problem, UsageError
from navlayers.pages import gaps as pages
from navlayers.pages.results import layer_list

if TYPE_CHECKING:
    from navlayers.scoring.options import ScoreOptions


@click.command(cls=_help.Command)
@_options.sets_argument
@_threat.threat_options
@_analysis.category_option
@_threat.weak_option("A score below this is weak.")
@_analysis.all_option("Print all tables: of tactics, categories, threats, capabilities and techniques.")
@_options.attack_option
@_options.scoring_options
@_options.reading_options
@_analysis.output_options
def command(
    sets: tuple[str, ...],
    threat: tuple[str, ...],
    software_of: tuple[str, ...],
    every: bool,
    output: _analysis.Output,
    scoring: ScoreOptions,
    **options: Any,
) -> None:
    """Show which techniques of a threat are not covered.

    SET is a shipped name, a file of any format, a layer, a folder of files, or - for standard input. The best
    score of all inputs counts.

    \b
    navlayers gaps aws --threat APT29
    navlayers gaps aws azure --threat FIN7 --threat "Cobalt Strike" -o gaps
    navlayers gaps nist_800_53 --threat APT29 --software-of --worth 50
    navlayers gaps my-controls.yaml --threat kev
    """
    groups = [word for word in software_of if word != ALL]
    if groups and not sets:
        # `--software-of aws` takes the set for the group, as its value is optional.
        hint = f"--software-of took {groups[-1]} for a group: write the sets before it, or --software-of=all"
        raise UsageError(Problem("no input given", expected="one or more sets or layers", hint=hint))
    _threat.refuse_stdin_twice(sets, threat)
    scores = msgspec.structs.asdict(scoring)
    gaps = find_gaps(*sets, threat=threat, software_of=software_of, **options, **scores)
    words = (*dict.fromkeys(sets), *_print.flags("--threat", threat), *_print.flags("--software-of", software_of))
    plan = _print.next_command("navlayers", "plan", *words, "--budget", "5")
    output.deliver(
        gaps,
        folder=lambda: pages.gaps_folder(gaps, scoring),
        document=lambda: layer_list(layers_of(gaps)),
        machine=lambda: pages.as_json(gaps),
        show=lambda: _print.echo_blocks(pages.every(gaps) if every else [*pages.brief(gaps), plan]),
    )
