"""`navlayers completion`: the completion scripts for shells, based on those of click.

Words for bash are quoted, because ids may contain blanks and brackets, and files are added to names. Names for fish
may contain commas.
"""

from __future__ import annotations

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete, add_completion_class

from navlayers.cli import _help

VARIABLE = "_NAVLAYERS_COMPLETE"

_BASH = r"""%(complete_func)s() {
    local IFS=$'\n' type value quoted files=
    local current="${COMP_WORDS[COMP_CWORD]}"
    COMPREPLY=()
    while IFS=',' read -r type value; do
        case "$type" in
            plain) printf -v quoted %%q "$value"; COMPREPLY+=("$quoted") ;;
            file) files=-f ;;
            dir) files=-d ;;
        esac
    done < <(COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD %(complete_var)s=bash_complete "$1" 2>/dev/null)
    if [[ -n $files ]]; then
        compopt -o filenames 2>/dev/null
        COMPREPLY+=($(compgen $files -- "$current"))
    fi
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""

_FISH = r"""function %(complete_func)s
    set -l response (env %(complete_var)s=fish_complete COMP_WORDS=(commandline -cp | string collect) \
        COMP_CWORD=(commandline -ct | string collect) %(prog_name)s 2>/dev/null)
    for line in $response
        set -l parts (string split -m 1 , -- $line)
        switch $parts[1]
            case dir
                __fish_complete_directories $parts[2]
            case file
                __fish_complete_path $parts[2]
            case plain
                echo $parts[2]
        end
    end
end
complete --no-files --keep-order --command %(prog_name)s --arguments "(%(complete_func)s)"
"""


class _Bash(BashComplete):
    source_template = _BASH

    def source(self) -> str:
        # click checks the version of the bash on the path, which need not be the one that will run the script.
        return ShellComplete.source(self)


class _Fish(FishComplete):
    source_template = _FISH


_SHELLS: dict[str, type[ShellComplete]] = {"bash": _Bash, "zsh": ZshComplete, "fish": _Fish}


def register() -> None:
    """Register the scripts of this module with click."""
    for name, shell in _SHELLS.items():
        add_completion_class(shell, name)


@click.command(cls=_help.Command)
@click.argument("shell", metavar="SHELL", type=click.Choice(list(_SHELLS)))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script for bash, zsh or fish.

    \b
    eval "$(navlayers completion bash)"       in ~/.bashrc
    eval "$(navlayers completion zsh)"        in ~/.zshrc, after compinit
    navlayers completion fish > ~/.config/fish/completions/navlayers.fish
    """
    click.echo(_SHELLS[shell](ctx.find_root().command, {}, "navlayers", VARIABLE).source(), nl=False)
