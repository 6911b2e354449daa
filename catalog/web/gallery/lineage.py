"""The family of one video as a tree that can be read: who was made from whom, who says so, and what changed."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote_plus

from catalog.web.gallery import pages
from catalog.web.gallery.branches import choose_branches
from catalog.web.gallery.kin import find_tiles, quote_clause
from catalog.web.gallery.state import State
from catalog.web.gallery.svg import Box, Room, fit, lay_out, wrap
from catalog.web.gallery.tiles import title_of
from catalog.web.gallery.visits import Answer, Refused, page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from catalog.prompts import PromptDiff
    from catalog.records import Video
    from catalog.reports import Generation, LineageNode
    from catalog.web.gallery.branches import Branch
    from catalog.web.gallery.tiles import Tile
    from catalog.web.gallery.visits import Visit

MOST_READ = 2000  # members of a family, nearest first
MOST_STEPS = 80  # of which it is said what changed
MOST_EXPORTED = 20_000  # members in a download
FORMS = {
    "mermaid": ("mmd", "text/vnd.mermaid; charset=utf-8"),
    "dot": ("dot", "text/vnd.graphviz; charset=utf-8"),
    "json": ("json", "application/json"),
    "prov": ("prov.json", "application/json"),
}
_EVIDENCE = {
    "agree": "agree",
    "api_only": "say nothing",
    "credentials_only": "credentials only",
    "disagree": "disagree",
    "parent_unknown": "name another",
    "not_intact": "not intact",
}
_SAYING = {"api": "API", "request": "request", "c2pa": "C2PA", "user": "user"}
_ROOM = Room(width=236, height=76, small_height=32, across=118, down=14)
_EDGE = 8  # pixels around the picture
_TEXT, _TEXT_BESIDE = 33, 22  # columns of a line in a box, and beside a thumbnail
_NAMED = 300  # characters of a prompt that name a node
_TILDE = re.compile(r"~[0-9A-Fa-f]{2}")
_MOST_NAMED, _LONGEST_QUERY = 200, 6000  # refs and characters of a link's query


class Said(NamedTuple):
    """What is known of an edge: `evidence` is that of a LineageNode, and `words` say it."""

    relation: str = ""
    origins: str = ""
    evidence: str = ""
    words: str = ""


class Node(NamedTuple):
    """A part of the drawn family: a video with `lines` of its prompt, or what stands for several."""

    box: Box
    kind: str
    name: str
    href: str | None
    lines: list[str]
    facts: str
    status: str
    picture: str | None
    said: Said
    is_focus: bool = False

    @property
    def edge(self) -> str:
        """The line from the box above to this one."""
        above, end = self.box.above, self.box
        if above is None:
            return ""
        start = above.x + above.width
        half = start + (end.x - start) / 4
        curve = f"C{half:g} {above.middle:g} {half:g} {end.middle:g} {half + 18:g} {end.middle:g}"
        return f"M{start:g} {above.middle:g}{curve}H{end.x:g}"


class Step(NamedTuple):
    """A row of the list of edges: a video, the one it was made from, who says so, and what changed."""

    child: str
    child_href: str | None
    parent: str
    parent_href: str | None
    relation: str
    origins: str
    evidence: str
    instruction: str | None
    changes: list[tuple[str, str]]


def show(visit: Visit, name: str) -> Answer:
    """The page of a family."""
    with visit.catalog.reading():
        video = _find(visit, name)
        family = visit.catalog.lineage(video.ref, limit=MOST_READ)
        branches = choose_branches(family.roots, video.ref)
        drawn = [branch for root in branches for branch in root.walk()]
        refs = {branch.node.ref for branch in drawn if branch.node and branch.node.video}
        tiles = find_tiles(visit.catalog, refs)
        generations = visit.catalog.generations(video.ref, limit=MOST_STEPS)
        unknown = [row for row in visit.catalog.evidence(quote_clause("ref", [video.ref])) if not row.parents]
    boxes, width, height = lay_out(branches, _ROOM)
    is_whole = family.members <= MOST_READ
    text = pages.render(
        visit,
        "lineage.html",
        video=video,
        title=fit(title_of(video), _NAMED),
        family=family,
        others=family.members - 1 - family.ancestor_count - family.descendants,
        nodes=[_describe(visit, box, tiles, video.ref, is_whole=is_whole) for box in boxes],
        width=width + 2 * _EDGE,
        height=height + 2 * _EDGE,
        edge=_EDGE,
        steps=_list_steps(visit, drawn, generations),
        unknown=unknown,
        is_cut=not is_whole,
        most_read=MOST_READ,
        most_exported=MOST_EXPORTED,
        forms=FORMS,
        family_href=_grid(visit, quote_clause("family", [video.ref])),
        open_href=_open(visit, video.ref),
    )
    return page(text)


def download(visit: Visit, form: str, name: str) -> Answer:
    """The family as another program reads it."""
    if form not in FORMS:
        raise Refused(HTTPStatus.NOT_FOUND, f"a family is downloaded as {', '.join(FORMS)}, not as {form!r}")
    ending, kind = FORMS[form]
    pieces: list[str] = []
    with visit.catalog.reading():
        ref = _find(visit, name).ref
        visit.catalog.export_lineage(ref, form, pieces.append, limit=MOST_EXPORTED)
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", ref)[:80].strip("-.") or "family"
    headers = {"content-disposition": f'attachment; filename="{plain}.{ending}"'}
    return Answer("".join(pieces).encode("utf-8", "replace"), type=kind, headers=headers)


def _find(visit: Visit, name: str) -> Video:
    """The video of an address: its ref or another name, as it stands there or as Datasette encodes it."""
    video = visit.catalog.find(name)
    if video is None and _TILDE.search(name):
        video = visit.catalog.find(unquote_plus(name.replace("%", "%25").replace("~", "%"), errors="replace"))
    if video is None:
        raise Refused(HTTPStatus.NOT_FOUND, f"no video {fit(name, 200)} in this library")
    return video


def _describe(visit: Visit, box: Box, tiles: Mapping[str, Tile], focus: str, *, is_whole: bool) -> Node:
    branch: Branch = box.item
    node = branch.node
    if node is None:
        return _describe_hidden(visit, box, branch, focus, is_whole=is_whole)
    said = Said(fit(node.relation or "", 17), _list_origins(node), node.evidence or "", _say(node))
    said = said if branch.above else Said()
    if node.video is None:
        facts = "not in this library"
        return Node(box, "lost", f"{node.ref}, {facts}", None, [fit(node.ref, _TEXT)], facts, "", None, said)
    tile, title = tiles.get(node.ref), _title(node)
    picture = f"{visit.base}/-/media/{tile.picture}" if tile and tile.picture else None
    columns = _TEXT_BESIDE if picture else _TEXT
    kind, facts, href = _describe_place(visit, branch, node, node.video)
    name, lines = fit(title, _NAMED), wrap(title, columns, 3)
    return Node(
        box, kind, name, href, lines, fit(facts, columns), node.video.status, picture, said, is_focus=branch.is_focus
    )


def _describe_place(visit: Visit, branch: Branch, node: LineageNode, video: Video) -> tuple[str, str, str]:
    """What kind of box it is, the facts in it, and where it leads: a repeat to its own family."""
    if node.is_repeat:
        facts = "a circle: it stands above" if branch.is_circle else "drawn elsewhere in this picture"
        return "repeat", facts, f"{visit.base}/lineage/{quote(node.ref, safe='')}"
    state = f"{video.status}, deleted" if video.deleted_at else video.status
    return "video", " · ".join(filter(None, (video.model, state))), _open(visit, node.ref)


def _find_query(parent: LineageNode, children: Sequence[LineageNode], *, is_whole: bool) -> str | None:
    """What finds exactly these children: the others of their parent left out, or each named; None where both are long.

    Of a parent that is not in the library, and of a family that is not read whole, the others are not known.
    """
    hidden = [child.ref for child in children]
    others = sorted({child.ref for child in parent.children}.difference(hidden))
    queries = {len(hidden): quote_clause("ref", hidden)}
    if parent.video and is_whole:
        without = f" -{quote_clause('ref', others)}" if others else ""
        queries[len(others)] = f"{quote_clause('parent', [parent.ref])}{without}"
    count, query = min(queries.items())
    return query if count <= _MOST_NAMED and len(query) <= _LONGEST_QUERY else None


def _describe_hidden(visit: Visit, box: Box, branch: Branch, focus: str, *, is_whole: bool) -> Node:
    above, facts = branch.above.node if branch.above else None, ""
    if branch.similar and above:
        query = _find_query(above, branch.similar, is_whole=is_whole)
        name, href = f"+{branch.hidden:,} similar", _grid(visit, query or quote_clause("parent", [above.ref]))
        if query is None:
            facts = "among all children"
    elif above is None:
        name, href = f"+{branch.hidden:,} more", _grid(visit, quote_clause("family", [focus]))
    elif above.ref == focus:
        name, href = f"+{branch.hidden:,} more", _grid(visit, quote_clause("descends", [focus]))
    else:
        name, href = f"+{branch.hidden:,} more", f"{visit.base}/lineage/{quote(above.ref, safe='')}"
    return Node(box, "more", name, href, [name], facts, "", None, Said())


def _list_steps(visit: Visit, drawn: Iterable[Branch], generations: Sequence[Generation]) -> list[Step]:
    changes = {(step.parent, step.ref): step.change for step in generations}
    edges = ((each.above.node, each.node) for each in drawn if each.above)
    return [
        _describe_step(visit, parent, child, changes.get((parent.ref, child.ref)))
        for parent, child in edges
        if parent and child
    ]


def _describe_step(visit: Visit, parent: LineageNode, child: LineageNode, change: PromptDiff | None) -> Step:
    return Step(
        fit(_title(child), 120),
        _open(visit, child.ref) if child.video else None,
        fit(_title(parent), 60),
        _open(visit, parent.ref) if parent.video else None,
        child.relation or "",
        _list_origins(child),
        _say(child) or "nothing",
        fit(change.instruction, 300) if change and change.instruction else None,
        list(_list_changes(change)) if change else [],
    )


def _list_changes(change: PromptDiff) -> Iterator[tuple[str, str]]:
    """The facets that a step takes away and adds, each with its sign."""
    yield from (("−", f"{name}: {value}") for name, value in sorted({*change.removed, *change.replaced}))
    yield from (("+", f"{name}: {value}") for name, value in change.added)


def _list_origins(node: LineageNode) -> str:
    return ", ".join(_SAYING.get(origin, origin) for origin in node.origins)


def _title(node: LineageNode) -> str:
    return (node.video.prompt if node.video else None) or node.name or node.ref


def _say(node: LineageNode) -> str:
    return _EVIDENCE.get(node.evidence or "", "")


def _grid(visit: Visit, query: str) -> str:
    return f"{visit.base}/{State(q=query).query()}"


def _open(visit: Visit, ref: str) -> str:
    return f"{visit.base}/{State(open=ref).query()}"
