"""Help: commands in groups, options in sections, in the width of the window; the greeting."""

from __future__ import annotations

import shutil

import click

GROUPS = {
    "Build": {
        "init": "Write a first mapping file and a recipe, with examples to replace.",
        "run": "Make the outputs of a recipe: layers, comparisons, reports.",
        "build": "Build ATT&CK Navigator layers from mapping sets.",
        "check": "Check mapping sets for mistakes, and fix them.",
        "convert": "Convert a mapping set to another format.",
        "upgrade": "Upgrade mapping sets and layers to another ATT&CK release.",
    },
    "Look": {
        "sets": "List the shipped mapping sets and those in the folder mappings.",
        "stats": "Count the techniques that mapping sets map.",
        "show": "Show the mappings of a technique, capability, group or tactic.",
    },
    "Compare": {
        "compare": "Compare mapping sets and layers side by side.",
        "diff": "Show what changed between two versions of a set or layer.",
    },
    "Plan": {
        "gaps": "Show which techniques of a threat are not covered.",
        "plan": "Choose the capabilities to implement for a budget or a target.",
    },
    "Share": {
        "serve": "Explore mapping sets in the browser, live while you edit them.",
        "open": "Open layers in the ATT&CK Navigator.",
        "render": "Render layers as images, workbooks, web pages and tables.",
        "badge": "Draw a badge with the share of ATT&CK that a set or layer covers.",
        "report": "Write a report on mapping sets: coverage, comparison, gaps, plan.",
        "site": "Write a static website of mapping sets.",
    },
    "Data": {
        "attack": "List, add, update and remove ATT&CK releases.",
        "completion": "Print the completion script for bash, zsh or fish.",
    },
}
"""Group of commands → command → one line of help."""

COMMANDS = {name: text for commands in GROUPS.values() for name, text in commands.items()}
"""Command → one line of help. The command NAME is the function `command` of the module `navlayers.cli.NAME`."""

GREETING = """\
navlayers turns mappings of security controls to MITRE ATT&CK into Navigator layers.

  navlayers build gcp                  write the layers of a shipped set
  navlayers stats my-controls.csv      count what a file of yours maps
  navlayers compare aws azure gcp      see who covers what
  navlayers gaps gcp --threat APT29    see what a group uses and you don't cover
  navlayers report gcp -o gcp.pdf      write it down

`navlayers --help` lists all commands, `navlayers COMMAND --help` explains one.
"""

_PAGES = {
    "init": "howto-own-framework.md",
    "open": "open.md",
    "serve": "serve.md",
    "compare": "comparing.md",
    "diff": "commands.md#navlayers-diff",
    "convert": "formats.md#navlayers-convert",
    "check": "findings.md",
    **{name: f"{name}.md" for name in ("gaps", "plan", "render", "report", "site", "upgrade", "attack", "run")},
    "build": "layers.md",
}
_WIDEST = 140
_FIRST = "Options"
_SECTIONS = {
    "Threat": "threat software_of weak",
    "Plan": "budget target have exclude cost seconds",
    "Scoring": "aggregate weights worth rollup scale category measure min_score",
    "Input": "from_ columns meta score_range max_size lenient",
    "Output": "output outputs force format_ names as_json quiet color in_place report every full version help",
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
            if output not in (None, "-", (), ("-",)):
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
        from navlayers.cli import _next, _notes  # noqa: PLC0415

        with _next.last(ctx), _notes.after_answer(ctx):
            return super().invoke(ctx)


def documentation(command: str) -> str:
    """The page that explains a command, with the heading where it is a part of the page."""
    return f"docs/{_PAGES.get(command, 'commands.md')}"


def width() -> int:
    """The width of help: that of the window, within reason."""
    return min(shutil.get_terminal_size().columns, _WIDEST)


def write_commands(formatter: click.HelpFormatter) -> None:
    """Write the list of commands, group by group."""
    longest = max(map(len, COMMANDS))
    for group, commands in GROUPS.items():
        with formatter.section(group):
            formatter.write_dl([(name.ljust(longest), text) for name, text in commands.items()])
