"""Completion in bash, zsh and fish, where click's own falls short of refs and queries.

Bash splits words at colons: `studio:video_1` and `model:sora-2` are three words to it. Zsh sets a blank behind
`model:`, fish ends a proposal at its first comma, and both take the value of `--sort=` for the whole word. Importing
this module registers its classes with click.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
    split_arg_string,
)

if TYPE_CHECKING:
    Item = CompletionItem[Any]

_BASH = """\
%(complete_func)s() {
    local kind value
    COMPREPLY=()
    while IFS=, read -r kind value; do
        case $kind in
            plain)
                COMPREPLY+=("$value")
                [[ $value == *[:=,] ]] && compopt -o nospace 2> /dev/null ;;
            dir) compopt -o dirnames 2> /dev/null ;;
            file) compopt -o default 2> /dev/null ;;
        esac
    done < <(
        IFS=$'\\n'
        env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD="$COMP_CWORD" %(complete_var)s=bash_complete "$1" 2> /dev/null
    )
    return 0
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""

_ZSH = """\
#compdef %(prog_name)s

%(complete_func)s() {
    local kind value help
    local -a complete unfinished described
    while IFS= read -r kind && IFS= read -r value && IFS= read -r help; do
        case $kind in
            plain)
                if [[ $help != _ ]]; then described+=("$value:$help")
                elif [[ $value == *[:=,] ]]; then unfinished+=("$value")
                else complete+=("$value")
                fi ;;
            dir) _path_files -/ ;;
            file) _path_files -f ;;
        esac
    done < <(
        COMP_WORDS="${words[*]}" COMP_CWORD=$((CURRENT - 1)) %(complete_var)s=zsh_complete %(prog_name)s 2> /dev/null
    )
    (( $#described )) && _describe -V described described -U
    (( $#complete )) && compadd -U -V complete -a complete
    (( $#unfinished )) && compadd -U -V unfinished -S '' -a unfinished
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    %(complete_func)s "$@"
else
    compdef %(complete_func)s %(prog_name)s
fi
"""

_FISH = """\
function %(complete_func)s
    set -l words (commandline -cp)
    set -l word (commandline -ct)
    for line in (env COMP_WORDS="$words" COMP_CWORD="$word" %(complete_var)s=fish_complete %(prog_name)s 2> /dev/null)
        set -l answer (string split -m 1 "," -- $line)
        switch $answer[1]
            case plain
                echo $answer[2]
            case dir
                __fish_complete_directories $answer[2]
            case file
                __fish_complete_path $answer[2]
        end
    end
end

complete --no-files --command %(prog_name)s --arguments "(%(complete_func)s)"
"""


@add_completion_class
class Bash(BashComplete):
    """Joins the words that bash split at `:` and `=`, and answers with what replaces the last piece of one."""

    source_template = _BASH
    _before = ""

    def get_completion_args(self) -> tuple[list[str], str]:
        number = int(os.environ["COMP_CWORD"])
        pieces = split_arg_string(os.environ["COMP_WORDS"])[1 : number + 1]
        pieces += [""] * (number - len(pieces))
        words: list[str] = []
        for position, piece in enumerate(pieces):
            if piece and words and (_splits(piece) or _splits(pieces[position - 1])):
                words[-1] += piece
            else:
                words.append(piece)
        incomplete = words.pop() if words else ""
        _, words, incomplete = _open_option(words, incomplete)
        last = "" if not pieces or _splits(pieces[-1]) else pieces[-1]
        self._before = incomplete.removesuffix(last)
        return words, incomplete

    def format_completion(self, item: Item) -> str:
        return f"{item.type},{str(item.value).removeprefix(self._before)}"


class _WholeWords(ShellComplete):
    """Answers with whole words, `--sort=` included."""

    _before = ""

    def get_completion_args(self) -> tuple[list[str], str]:
        self._before, words, incomplete = _open_option(*super().get_completion_args())
        return words, incomplete

    def _make_whole(self, item: Item) -> Item:
        return CompletionItem(self._before + item.value, item.type, item.help) if item.type == "plain" else item


@add_completion_class
class Zsh(_WholeWords, ZshComplete):
    """Sets no blank behind what goes on."""

    source_template = _ZSH

    def format_completion(self, item: Item) -> str:
        return super().format_completion(self._make_whole(item))


@add_completion_class
class Fish(_WholeWords, FishComplete):
    """Proposes words with commas in them, each on one line: `plain,WORD`, a tab and its help."""

    source_template = _FISH

    def format_completion(self, item: Item) -> str:
        item = self._make_whole(item)
        text = f"{item.value}\t{item.help}" if item.help else str(item.value)
        return f"{item.type},{' '.join(text.splitlines())}"


def _splits(piece: str) -> bool:
    return bool(piece) and not piece.strip(":=")


def _open_option(words: list[str], incomplete: str) -> tuple[str, list[str], str]:
    """`--sort=` where that is what the last word begins with, and the words with option and value apart."""
    name, equals, value = incomplete.partition("=")
    if equals and name.startswith("--"):
        return name + equals, [*words, name], value
    return "", words, incomplete
