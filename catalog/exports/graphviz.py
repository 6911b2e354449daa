"""A family in DOT, the language of Graphviz: https://graphviz.org/doc/info/lang.html"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.exports.labels import FAILED, describe_edge, describe_lost, describe_member

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from catalog.reading.families import Family, Member

# Within quotes a label knows escapes, such as \N for the name of its node, and the entities of HTML.
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "&": "&amp;"})


def write_family(family: Family) -> Iterator[str]:
    """The lines of the graph, parents above their children."""
    yield 'digraph family {\n    graph [charset="UTF-8"];\n    node [shape=box, style=rounded];\n'
    for member in family.members(is_whole=False):
        yield f"    v{member.id} [label={_quote(describe_member(member))}{_style(family, member)}];\n"
    lost: dict[str, str] = {}
    for ref in family.lost():
        lost[ref] = f"x{len(lost) + 1}"
        yield f'    {lost[ref]} [label={_quote(describe_lost(ref))}, style="rounded,dashed"];\n'
    for edge in family.edges():
        parent = lost[edge.parent_ref] if edge.parent is None else f"v{edge.parent}"
        yield f"    {parent} -> v{edge.child} [label={_quote([describe_edge(edge)])}];\n"
    yield "}\n"


def _style(family: Family, member: Member) -> str:
    if member.id == family.me:
        return ", penwidth=3"
    return ', style="rounded,dotted"' if member.status in FAILED else ""


def _quote(lines: Iterable[str]) -> str:
    text = r"\n".join(line.translate(_ESCAPES) for line in lines)
    return f'"{text}"'
