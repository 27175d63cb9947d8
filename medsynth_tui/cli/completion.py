"""`medsynth completion`: what the Tab key offers, as a script for bash or zsh.

The script holds the whole tree of commands, so that Tab starts no program: it answers at once, also on a slow machine.
Names of datasets, runs and cohorts are not offered: whoever presses Tab may not be logged in.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from medsynth_engine.kernel.errors import WrongUsage
from medsynth_tui.cli.command import command
from medsynth_tui.cli.face import Face
from medsynth_tui.cli.outline import VALUES, Entry, Parameter, outline

BASH = """# Completion of medsynth for bash (3.2 or newer). Written by: medsynth completion bash
_medsynth() {{
    local at=medsynth word skip= offered= i
    local cur=${{COMP_WORDS[COMP_CWORD]}}
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${{COMP_WORDS[i]}}
        if [ "$word" = = ]; then continue; fi
        if [ -n "$skip" ]; then skip=; continue; fi
        case $word in {taking}) skip=$word ;; esac
        case "$at $word" in {paths}) at="$at $word" ;; esac
    done
    if [ -n "$skip" ]; then
        case "$at $skip" in
{values}        esac
    else
        case "$at" in
{places}        esac
    fi
    [ -z "$offered" ] || COMPREPLY=($(compgen -W "$offered" -- "$cur"))
}}
complete -o default -F _medsynth medsynth
"""
ZSH = """#compdef medsynth
# Completion of medsynth for zsh. Written by: medsynth completion zsh
_medsynth() {{
    local at=medsynth cur=$words[CURRENT] word skip= i
    local -a offered
    for ((i = 2; i < CURRENT; i++)); do
        word=$words[i]
        if [[ -n $skip ]]; then skip=; continue; fi
        case $word in {taking}) skip=$word ;; esac
        case "$at $word" in {paths}) at="$at $word" ;; esac
    done
    if [[ -n $skip ]]; then
        case "$at $skip" in
{values}        esac
        if (( $#offered )); then _describe value offered; else _files; fi
        return
    fi
    case "$at" in
{places}    esac
    if (( $#offered )); then _describe word offered; else _files; fi
}}
if [[ $funcstack[1] = _medsynth ]]; then _medsynth "$@"; else compdef _medsynth medsynth; fi
"""


def attach(root: typer.Typer) -> None:
    """Declare `completion` in `root`."""

    @command(
        root,
        "completion",
        "# Bash: for every shell to come, by a line of ~/.bashrc",
        "echo 'source <(medsynth completion bash)' >> ~/.bashrc",
        "# Zsh: the same, after compinit",
        "echo 'source <(medsynth completion zsh)' >> ~/.zshrc",
        "# Or as a file, which an update of MedSynth does not change",
        "mkdir -p ~/.local/share/bash-completion/completions",
        "medsynth completion bash > ~/.local/share/bash-completion/completions/medsynth",
    )
    def completion(
        face: Face, shell: Annotated[str, typer.Argument(metavar="SHELL", help=" or ".join(VALUES["SHELL"]))]
    ) -> None:
        """What the Tab key offers: commands, options and the words that they take, as a script for your shell."""
        if shell not in VALUES["SHELL"]:
            raise WrongUsage("no_such_shell", "There is no completion for that shell.", "bash or zsh.")
        written = script(shell, typer.main.get_command(root))
        face.give({"shell": shell, "script": written}, lambda face, told: print(told["script"], end=""))


def script(shell: str, tree: Any) -> str:
    """The script for `shell` (bash, zsh) of the tree of commands `tree`."""
    entries = list(outline(tree))
    template, say = (ZSH, _described) if shell == "zsh" else (BASH, _listed)
    taking = {name for entry in entries for option in entry.options if not option.flag for name in option.names}
    return template.format(
        taking="|".join(sorted(taking)),
        paths="|".join(f'"{_path(entry)}"' for entry in entries if entry.words),
        values="".join(_values(entries, say)),
        places="".join(_places(entries, say)),
    )


def _path(entry: Entry) -> str:
    return " ".join(("medsynth", *entry.words))


def _values(entries: list[Entry], say: Any) -> Iterator[str]:
    """What follows an option that takes one of few words; whatever else it takes is completed as a path."""
    for entry in entries:
        for option in entry.options:
            if option.values:
                names = "|".join(f'"{_path(entry)} {name}"' for name in option.names)
                yield f"            {names}) {say([(value, '') for value in option.values])} ;;\n"


def _places(entries: list[Entry], say: Any) -> Iterator[str]:
    """What can stand after the words of a command: verbs, options, the words of an argument. Paths: nothing is said."""
    verbs = {entry.words: entry.short for entry in entries}
    for entry in entries:
        words = [(verb, verbs[(*entry.words, verb)]) for verb in entry.verbs]
        words += [(value, "") for argument in entry.arguments for value in argument.values]
        options = [(name, _sentence(option)) for option in entry.options for name in option.names]
        paths = any(argument.file for argument in entry.arguments)
        yield f'            "{_path(entry)}") {_unless_path(say(words + options), paths)} ;;\n'


def _unless_path(saying: str, paths: bool) -> str:
    """Where a path may stand, options are offered only to who begins with a dash."""
    return f"case $cur in -*) {saying} ;; esac" if paths else saying


def _sentence(option: Parameter) -> str:
    return option.says.partition(". ")[0].rstrip(".")


def _listed(words: list[tuple[str, str]]) -> str:
    return f'offered="{" ".join(word for word, _ in words)}"'


def _described(words: list[tuple[str, str]]) -> str:
    """Words of zsh's _describe: `word:what it does`."""
    pairs = (f"{word.replace(':', chr(92) + ':')}:{says}" if says else word for word, says in words)
    return f"offered=({' '.join(shlex.quote(pair) for pair in pairs)})"
