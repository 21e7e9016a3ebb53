"""`navlayers gaps`: sets and layers against a threat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import msgspec

from navlayers.analysis.gaps_layers import layers_of
from navlayers.analysis.threats.lookup import ALL, ALL_GROUPS
from navlayers.api.gaps import gaps as find_gaps
from navlayers.api.inputs import sets_in_place
from navlayers.api.sources import sources
from navlayers.cli import _analysis, _help, _next, _options, _print, _reading, _scoring, _threat
from navlayers.errors import Problem, UsageError
from navlayers.mapping.find import shipped, whole_of
from navlayers.mapping.formats.context import ReadOptions
from navlayers.mapping.load import prepare_all
from navlayers.pages import gaps as pages
from navlayers.pages.results import layer_list

if TYPE_CHECKING:
    from navlayers.analysis.gaps_result import Gaps
    from navlayers.scoring.options import ScoreOptions

_CONTROLS = "nist_800_53"
"""The shipped set to choose from for those who have only sets of their own: it suits every organization."""


@click.command(cls=_help.Answer)
@_options.sets_argument
@_threat.threat_options
@click.option(
    "--rank-groups",
    "ranked",
    is_flag=True,
    help="Rank the groups of ATT&CK, or the threats given, by their open techniques.",
)
@_analysis.category_option
@_threat.weak_option("A score below this is weak.")
@_options.all_option("Print all tables: of tactics, categories, threats, capabilities and techniques.")
@_options.attack_option
@_scoring.scoring_options
@_reading.scope_options
@_analysis.output_options
def command(
    sets: tuple[str, ...],
    threat: tuple[str, ...],
    software_of: tuple[str, ...],
    ranked: bool,
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
    navlayers gaps aws azure --rank-groups
    """
    groups = [word for word in software_of if word != ALL]
    if groups and not sets:
        # `--software-of aws` takes the set for the group, as its value is optional.
        hint = f"--software-of took {groups[-1]} for a group: write the sets before it, or --software-of=all"
        raise UsageError(Problem("no input given", expected="one or more sets or layers", hint=hint))
    _threat.refuse_stdin_twice(sets, threat)
    scores = msgspec.structs.asdict(scoring)
    if ranked and not threat and not groups:
        threat = (ALL_GROUPS,)
    gaps = find_gaps(*sets, threat=threat, software_of=software_of, **options, **scores)
    output.deliver(
        gaps,
        folder=lambda: pages.gaps_folder(gaps, scoring, ranked=ranked),
        document=lambda: layer_list(layers_of(gaps)),
        machine=lambda: _machine(gaps, ranked=ranked),
        show=lambda: _show(gaps, sets, every=every, ranked=ranked),
    )


def _machine(gaps: Gaps, *, ranked: bool) -> object:
    if not ranked:
        return pages.as_json(gaps)
    from navlayers.pages import ranking  # noqa: PLC0415 - for one option alone

    return ranking.as_json(gaps)


def _show(gaps: Gaps, sets: tuple[str, ...], *, every: bool, ranked: bool) -> None:
    if ranked:
        from navlayers.pages import ranking  # noqa: PLC0415 - for one option alone

        _print.echo_blocks(ranking.blocks(gaps, *((None,) if every else ())))
    elif every:
        _print.echo_blocks(pages.every(gaps))
    else:
        _answer(gaps, sets)
    first = next((one for one in gaps.threat.members if one.id == gaps.ranking[0].id), None) if ranked else None
    # Threats of files have names that only their files know.
    if first is not None and first.of_attack and not every:
        _next.propose("gaps", *dict.fromkeys(sets), end=("--threat", first.id))


def _answer(gaps: Gaps, sets: tuple[str, ...]) -> None:
    _print.echo_blocks(pages.brief(gaps))
    words = _plan(gaps, tuple(dict.fromkeys(sets)))
    if words:
        _next.propose("plan", *words, end=("--budget", "5"))
    else:
        _next.propose("report", *dict.fromkeys(sets), end=("-o", "report.html"))


def _plan(gaps: Gaps, sets: tuple[str, ...]) -> tuple[str, ...]:
    """The arguments of a plan: shipped sets to choose from, own ones as in place; () where none would help."""
    names = {each.name for each in shipped()}
    choice = [word for word in sets if word in names or whole_of(word, names)]
    own = [word for word in sets if word not in choice]
    if not gaps.open or not (gaps.total.covered or (own and not choice and _controls_cover(gaps))):
        return ()
    if any(each.set.role != "control" for each in gaps.inputs):
        return ()
    if not own:
        return sets
    # Such controls are shipped for Enterprise alone, and without categories. --from is the format of every set.
    options = click.get_current_context().params
    other = gaps.catalogue.domain != "enterprise" or gaps.category is not None or options["from_"]
    if other and not choice:
        return ()
    # --have takes words apart at commas, and refuses sets that cover nothing.
    if (
        len(gaps.inputs) != len(sets)
        or any("," in word for word in own)
        or not all(each.scores for each in gaps.inputs)
    ):
        return ()
    # A file that --have names needs no mention among the sets; a folder or standard input does.
    beside = [word for word in own if choice or word not in map(str, sets_in_place(("-",), own)[1:])]
    return (*(choice or [_CONTROLS]), *beside, *(part for word in own for part in ("--have", word)))


def _controls_cover(gaps: Gaps) -> bool:
    """Whether the shipped controls are mapped to an open technique."""
    if gaps.catalogue.domain != "enterprise":
        return False
    (controls,), _ = prepare_all(sources((_CONTROLS,), ReadOptions()), gaps.catalogue.version)
    mapped = {mapping.technique for mapping in controls.set.mappings}
    return any(row.technique in mapped for row in gaps.open)
