"""Completion in bash, which splits words at colons: `studio:video_1` and `model:sora-2` are three words to it.

Importing this module registers it with click, in place of click's own.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from click.shell_completion import BashComplete, add_completion_class, split_arg_string

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_SCRIPT = """\
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


@add_completion_class
class WholeWords(BashComplete):
    """Joins the words that bash split at `:` and `=`, and answers with what replaces the last piece of one."""

    source_template = _SCRIPT
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
        if incomplete.startswith("--") and "=" in incomplete:
            name, _, incomplete = incomplete.partition("=")
            words.append(name)
        last = "" if not pieces or _splits(pieces[-1]) else pieces[-1]
        self._before = incomplete.removesuffix(last)
        return words, incomplete

    def format_completion(self, item: CompletionItem[Any]) -> str:
        return f"{item.type},{str(item.value).removeprefix(self._before)}"


def _splits(piece: str) -> bool:
    return bool(piece) and not piece.strip(":=")
