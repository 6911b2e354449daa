"""The family and the stack of a video as strips of pictures: each step with what it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from catalog.controls import plain
from catalog.errors import CatalogError
from catalog.web.gallery.tiles import make_tile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from catalog.api import Catalog
    from catalog.prompts import PromptDiff
    from catalog.records import Video
    from catalog.reports import LineageNode
    from catalog.web.gallery.tiles import Tile

    Open = Callable[[str], str]

SHOWN = 24  # members of a family
TAKES = 12
_LONGEST_CHANGE = 160  # characters of words that changed
_FACETS = 8  # that a step names
_REFS = 3000  # characters of refs in one question


class Word(NamedTuple):
    """A part of a prompt: `same`, `added` or `removed`."""

    kind: str
    text: str


class Step(NamedTuple):
    """A member of a family; `relation` is to the one above it, and the rest is what it changed there."""

    ref: str
    tile: Tile | None
    url: str | None
    depth: int
    is_self: bool
    relation: str | None = None
    instruction: str | None = None
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    words: tuple[Word, ...] = ()


class Family(NamedTuple):
    """The members of a family that are shown, and how many there are; the first `parent` and `child` that are here."""

    steps: tuple[Step, ...]
    members: int
    parent: str | None
    child: str | None


class Stack(NamedTuple):
    """The takes of the same prompt: the first of them, and how many there are."""

    tiles: tuple[tuple[Tile, str], ...]
    total: int
    query: str


def read_family(catalog: Catalog, video: Video, link: Open) -> Family:
    """The family of a video, the nearest members of it, each below the one that it was made from."""
    lineage = catalog.lineage(video.ref, limit=SHOWN)
    if lineage.members <= 1 and not lineage.ancestors:
        return Family((), lineage.members, None, None)
    changes = {each.ref: each.change for each in catalog.generations(video.ref, limit=SHOWN)}
    nodes = list(_walk(lineage.roots))
    tiles = find_tiles(catalog, {node.ref for node in nodes if node.video})
    children = next((node.children for node in nodes if node.ref == video.ref), ())
    return Family(
        steps=tuple(
            _make_step(node, tiles.get(node.ref), changes.get(node.ref), link, is_self=node.ref == video.ref)
            for node in nodes
        ),
        members=lineage.members,
        parent=next((node.ref for node in lineage.ancestors if node.video), None),
        child=next((node.ref for node in children if node.video), None),
    )


def read_stack(catalog: Catalog, video: Video, link: Open) -> Stack:
    """The other takes of a video's prompt."""
    query = catalog.refine("", "similar", video.ref)
    found = catalog.search(query, limit=TAKES + 1, snippets=False)
    others = [each for each in found.videos if each.ref != video.ref][:TAKES]
    return Stack(tuple((make_tile(each), link(each.ref)) for each in others), found.total, query)


def find_tiles(catalog: Catalog, refs: Iterable[str]) -> dict[str, Tile]:
    """The tiles of these videos by ref, hidden ones too; one whose ref is longer than a query may be is left out."""
    tiles: dict[str, Tile] = {}
    waiting = sorted(refs)
    while waiting:
        asked = [waiting.pop()]
        while waiting and sum(map(len, asked)) + len(waiting[-1]) < _REFS:
            asked.append(waiting.pop())
        try:
            answer = catalog.search(
                quote_clause("ref", asked), limit=len(asked), include_deleted=True, snippets=False, details=False
            )
        except CatalogError:
            continue
        tiles |= {video.ref: make_tile(video) for video in answer.videos}
    return tiles


def quote_clause(field: str, values: Iterable[str]) -> str:
    """A clause that means exactly these values."""
    doubled = ('"' + value.replace('"', '""') + '"' for value in values)
    return f"{field}:{','.join(doubled)}"


def _walk(roots: Iterable[LineageNode]) -> Iterator[LineageNode]:
    """The members, each once: a child of two parents below the first of them."""
    waiting = [*roots][::-1]
    while waiting:
        node = waiting.pop()
        if not node.is_repeat:
            yield node
            waiting += node.children[::-1]


def _make_step(node: LineageNode, tile: Tile | None, change: PromptDiff | None, link: Open, *, is_self: bool) -> Step:
    tile = tile or (make_tile(node.video) if node.video else None)
    step = Step(node.ref, tile, link(node.ref) if node.video else None, node.depth, is_self, node.relation)
    if change is None:
        return step
    added = tuple(f"{name}: {value}" for name, value in change.added[:_FACETS])
    removed = tuple(f"{name}: {value}" for name, value in sorted([*change.removed, *change.replaced])[:_FACETS])
    words = () if change.instruction else tuple(_list_words(change))
    return step._replace(instruction=change.instruction, added=added, removed=removed, words=words)


def _list_words(change: PromptDiff) -> Iterator[Word]:
    """The words that were added and removed, cut where they are very many."""
    left = _LONGEST_CHANGE
    for each in change.words:
        text = " ".join(plain(each.text).split())
        if each.kind == "same" or not text or left <= 0:
            continue
        yield Word(each.kind, text if len(text) <= left else f"{text[:left]}…")
        left -= len(text)
