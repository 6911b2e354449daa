"""What a node and an edge of a drawing say, a few words on one line each, and what an input is called."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from catalog.controls import plain
from catalog.prompts.structured import as_words

if TYPE_CHECKING:
    from catalog.reading.families import Edge, Member
    from catalog.records import Input

LOST = "not in the library"
FAILED = frozenset({"failed", "cancelled", "expired"})  # statuses of jobs that came to nothing
_PATH = re.compile(r"(?:file:|~|\.{0,2}[\\/]|[A-Za-z]:[\\/])")  # what the path of a file begins with
_LONGEST_REF, _LONGEST_PROMPT = 80, 48  # characters
_READ = 4000  # characters of a prompt that its first words are looked for in


def describe_member(member: Member) -> list[str]:
    """The lines of a node: its ref, the first words of its prompt, or else the name of its file, its status."""
    prompt = cut((member.prompt or "")[:_READ], _LONGEST_PROMPT)
    if prompt.startswith(("{", "[")):
        prompt = cut(as_words(member.prompt or ""), _LONGEST_PROMPT)
    prompt = prompt or cut(member.name or "", _LONGEST_PROMPT)
    status = f"{member.status}, deleted" if member.deleted_at else member.status
    return [name(member.ref), *([prompt] if prompt else []), status]


def describe_lost(ref: str) -> list[str]:
    """The lines of the node of a parent that the library does not have."""
    return [name(ref), LOST]


def describe_edge(edge: Edge) -> str:
    """`remix (api, c2pa)`: the relation, and what says so."""
    return f"{cut(edge.relation, _LONGEST_REF)} ({', '.join(edge.origins)})"


def name(ref: str) -> str:
    """The ref on one line, cut where it is longer than any server's."""
    return cut(ref, _LONGEST_REF)


def cut(text: str, longest: int) -> str:
    """The text on one line of at most so many characters, none of which a screen obeys."""
    line = " ".join(plain(text[: 4 * longest + _READ]).split())
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def hide_folder(given: Input) -> Input:
    """The input; where its name is a path on somebody's machine, with the last part of it alone."""
    is_path = given.name is not None and _PATH.match(given.name)
    return replace(given, name=re.split(r"[\\/]", given.name or "")[-1]) if is_path else given
