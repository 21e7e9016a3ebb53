"""The classes of commands: help with options in sections, and answers that fit the window."""

from __future__ import annotations

import click

_PAGES = {
    "init": "howto-own-framework.md",
    "open": "open.md",
    "serve": "serve.md",
    "mcp": "agents.md",
    "compare": "comparing.md",
    "diff": "commands.md#navlayers-diff",
    "convert": "formats.md#navlayers-convert",
    "check": "findings.md",
    "evidence": "evidence.md#navlayers-evidence",
    **{name: f"{name}.md" for name in ("gaps", "plan", "render", "report", "site", "upgrade", "attack", "run")},
    "history": "history.md",
    "export": "tables.md#navlayers-export",
    "fleet": "fleet.md",
    "build": "layers.md",
}
_FIRST = "Options"
_SECTIONS = {
    "Threat": "threat software_of half_life ranked weak",
    "Scope": "platform where include exclude segment scope",
    "Evidence": "evidence max_age as_of discount score_by score_table",
    "Plan": "budget target have cost seconds",
    "Scoring": "aggregate weights worth rollup across_segments scale category measure min_score",
    "Input": "from_ columns meta score_range max_size lenient",
    "Output": "output outputs tables force format_ names as_json quiet color in_place report every full version "
    "help",
}
_SECTION_OF = {name: section for section, names in _SECTIONS.items() for name in names.split()}


class Command(click.Command):
    """A command whose help has its options in sections and ends with its page of the documentation."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the words of the command line, and keep them for the next command that an answer proposes."""
        ctx.meta["navlayers.arguments"] = tuple(args)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; an error of one that writes files notes that none was written."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            output = ctx.params.get("output") or ctx.params.get("outputs")
            said = any(words in str(error) for words in ("nothing is written", "nothing was written"))
            if output not in (None, "-", (), ("-",)) and not said:
                error.add_note("Nothing was written.")
            raise

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options by section, in the order of use."""
        records: dict[str, list[tuple[str, str]]] = {_FIRST: [], **{section: [] for section in _SECTIONS}}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                records[_SECTION_OF.get(parameter.name or "", _FIRST)].append(record)
        for section, options in records.items():
            if options:
                with formatter.section(section):
                    formatter.write_dl(options)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The page of the documentation."""
        formatter.write(f"\nDocumentation: {documentation(ctx.command_path.split()[1])}\n")


class Answer(Command):
    """A command whose answer has to fit the window, with its notes."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; on a terminal, the answer comes first, then notes, then the next command."""
        # Help does without these modules.
        from navlayers.cli import _next, _print  # noqa: PLC0415

        with _next.last(ctx), _print.after_answer(ctx):
            return super().invoke(ctx)


def documentation(command: str) -> str:
    """The page that explains a command, with the heading where it is a part of the page."""
    return f"docs/{_PAGES.get(command, 'commands.md')}"
