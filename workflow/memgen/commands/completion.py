"""Print a script that lets Tab finish commands, flags and file names in a shell."""

from typing import Literal

from memgen.jobs.entries import entries, studies
from memgen.jobs.stage import command

# Flags are asked of the command itself, so that the script never says more than the command takes.
SCRIPT = """_memgen() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} study=${{COMP_WORDS[1]}} words=
    COMPREPLY=()
    if [[ $current == -* ]]; then
        words=$("${{COMP_WORDS[@]:0:COMP_CWORD}}" --help 2> /dev/null |
            grep -oE -e '--[a-z][a-z0-9-]*' | sort -u)
    elif [[ $COMP_CWORD == 1 ]]; then
        words="{first}"
    elif [[ $COMP_CWORD == 2 ]]; then
        case $study in
{cases}
        esac
    fi
    COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o default -F _memgen memgen"""
ZSH = "autoload -U +X compinit bashcompinit && compinit && bashcompinit"


@command
def completion(shell: Literal["bash", "zsh"]) -> None:
    """Print a script that lets Tab finish words: ``source <(memgen completion bash)``.

    Parameters
    ----------
    shell
        The shell that is to read it.
    """
    cases = "\n".join(f'            {study}) words="{" ".join(entries(study))}" ;;' for study in studies())
    script = SCRIPT.format(first=" ".join([*studies(), *entries(""), "--help", "--version"]), cases=cases)
    print(script if shell == "bash" else f"{ZSH}\n{script}")
