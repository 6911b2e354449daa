"""A family as a flowchart of Mermaid: https://mermaid.js.org/syntax/flowchart.html

Mermaid reads a label as Markdown and as HTML, whatever its quotes, so all but letters and digits is written as a code
of a character. Its reader also takes the end off a line that looks like a style, so no label holds the two words by
which it tells one; and it looks for names of icons once the codes are characters, so an unseen one breaks those up.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from catalog.exports.labels import FAILED, describe_edge, describe_lost, describe_member

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from catalog.reading.families import Edge, Family, Member

_CODED = re.compile(r"[^\w ]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|s(?=tyle)|c(?=lassDef)", re.IGNORECASE)
_JOINER = "\u2060"
_STYLES = """\
    classDef asked stroke-width:3px
    classDef lost stroke-dasharray:5 5
    classDef failed stroke-dasharray:2 2
"""


def write_family(family: Family) -> Iterator[str]:
    """The lines of the flowchart, parents above their children."""
    yield "flowchart TD\n"
    for member in family.members(is_whole=False):
        yield f"    v{member.id}{_quote(describe_member(member))}{_mark(family, member)}\n"
    lost: dict[str, str] = {}
    for ref in family.lost():
        lost[ref] = f"x{len(lost) + 1}"
        yield f"    {lost[ref]}{_quote(describe_lost(ref))}:::lost\n"
    for edge in family.edges():
        yield f"    {_name_parent(edge, lost)} -->|{_string([describe_edge(edge)])}| v{edge.child}\n"
    yield _STYLES


def _name_parent(edge: Edge, lost: dict[str, str]) -> str:
    return lost[edge.parent_ref] if edge.parent is None else f"v{edge.parent}"


def _mark(family: Family, member: Member) -> str:
    if member.id == family.me:
        return ":::asked"
    return ":::failed" if member.status in FAILED else ""


def _quote(lines: Iterable[str]) -> str:
    return f"[{_string(lines)}]"


def _string(lines: Iterable[str]) -> str:
    return f'"{"<br>".join(map(_encode, lines))}"'


def _encode(line: str) -> str:
    whole = line.replace(":fa-", f":{_JOINER}fa-")
    return _CODED.sub(lambda match: f"#{ord(match[0])};", whole)
