"""A family as its members and the edges between them, a page at a time: for what writes large ones down.

Nothing here recurses, and beside the row ids of the members nothing is held of those that have been read. The edges of
`reading.lineage` are one per pair; here each relation is an edge of its own, with all that it is known from.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, NamedTuple

from catalog.reading.evidence import ORIGINS
from catalog.reading.files import read_inputs, read_names
from catalog.reading.lineage import count_members, list_members
from catalog.rows import NEGATIVE_PROMPT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from catalog.database import Reader
    from catalog.records import Input

_PAGE = 500  # members that are read at once


class MemberFile(NamedTuple):
    """A clip, a picture or a reference of a member; `credentials` is the status of the newest check of its bytes."""

    variant: str
    number: int
    sha256: str | None
    size: int | None
    type: str | None
    credentials: str | None


class Member(NamedTuple):
    """A video of a family: `id` is its row, `name` that of its file; times are as the library writes them, in UTC."""

    id: int
    ref: str
    kind: str
    status: str
    model: str | None
    prompt: str | None
    negative_prompt: str | None
    seconds: float | None
    created_at: str | None
    completed_at: str | None
    cost_usd: float | None
    cost_basis: str | None
    deleted_at: str | None
    files: tuple[MemberFile, ...] = ()
    inputs: tuple[Input, ...] = ()
    name: str | None = None

    @property
    def has_clip(self) -> bool:
        """Whether the job has made something."""
        return self.status == "completed" or any(file.variant in _MADE for file in self.files)


class Edge(NamedTuple):
    """One relation of a video to one parent, and the `origins` that it is known from: `api request c2pa user`.

    `parent` is the row of the parent, None where the library does not have it.
    """

    child: int
    child_ref: str
    parent: int | None
    parent_ref: str
    relation: str
    origins: tuple[str, ...]


_MADE = frozenset({"video", "image"})
_MEMBERS = f"""
SELECT id, ref, kind, status, model, prompt, {NEGATIVE_PROMPT}, seconds, created_at, completed_at, cost_usd, cost_basis,
deleted_at FROM videos WHERE id IN :ids
"""
_FILES = """
SELECT files.video_id, files.variant, files.number, files.sha256, files.size, files.type, c2pa_checks.status
FROM files LEFT JOIN c2pa_checks ON c2pa_checks.id = files.check_id
WHERE files.video_id IN :ids AND files.variant IN ('video', 'image', 'reference')
ORDER BY files.video_id, files.variant = 'video' DESC, files.variant, files.number
"""
_EDGES = """
SELECT links.child_id, child.ref, links.parent_id,
coalesce(parent.ref, links.parent_source || ':' || links.parent_remote_id), links.relation, links.origin
FROM links CROSS JOIN videos AS child ON child.id = links.child_id LEFT JOIN videos AS parent
ON parent.id = links.parent_id WHERE links.child_id IN :ids ORDER BY links.child_id, links.id
"""


_make_member: Callable[..., Member] = Member  # whose first fields are columns
_make_edge: Callable[..., Edge] = Edge


class Family:
    """The family of a video, at most `limit` videos of it: first its ancestors, then its descendants, then the others.

    Every question is answered by reading again, page by page, from the connection that it was made with. `total` counts
    the whole family, parents that the library does not have included.
    """

    def __init__(self, connection: Reader, ref: str, me: int, limit: int | None = None) -> None:
        self._connection = connection
        self._ids = array("q", list_members(connection, me, limit))
        self.ref = ref
        self.me = me
        self.total = count_members(connection, me)

    def count(self) -> tuple[int, int]:
        """How many members there are, parents that the library does not have included, and how many edges."""
        edges, lost = 0, set()
        for edge in self.edges():
            edges += 1
            if edge.parent is None:
                lost.add(edge.parent_ref)
        return len(self._ids) + len(lost), edges

    def members(self, *, is_whole: bool = True) -> Iterator[Member]:
        """The videos, with their files and inputs if they are asked for whole."""
        for ids in self._pages():
            rows = {row[0]: row for row in self._connection.execute(_MEMBERS, {"ids": ids})}
            files = self._read_files(ids) if is_whole else {}
            inputs = read_inputs(self._connection, ids) if is_whole else {}
            names = read_names(self._connection, ids)
            for member in ids:
                hung = tuple(files.get(member, ())), tuple(inputs.get(member, ())), names.get(member)
                yield _make_member(*rows[member], *hung)

    def edges(self) -> Iterator[Edge]:
        """The edges to parents that are members, or that the library does not have; by child, in order of members."""
        members = set(self._ids)
        for ids in self._pages():
            origins: dict[int, dict[Edge, dict[str, None]]] = {}
            for *edge, origin in self._connection.execute(_EDGES, {"ids": ids}):
                if edge[2] is None or edge[2] in members:
                    named = _make_edge(*edge, ())
                    origins.setdefault(named.child, {}).setdefault(named, {})[origin] = None
            for child in ids:
                for named, said in origins.get(child, {}).items():
                    yield named._replace(origins=tuple(origin for origin in ORIGINS if origin in said))

    def lost(self) -> Iterator[str]:
        """The refs of parents that the library does not have, each once."""
        seen: set[str] = set()
        for edge in self.edges():
            if edge.parent is None and edge.parent_ref not in seen:
                seen.add(edge.parent_ref)
                yield edge.parent_ref

    def _pages(self) -> Iterator[list[int]]:
        for start in range(0, len(self._ids), _PAGE):
            yield self._ids[start : start + _PAGE].tolist()

    def _read_files(self, ids: list[int]) -> dict[int, list[MemberFile]]:
        files: dict[int, list[MemberFile]] = {}
        for member, *file in self._connection.execute(_FILES, {"ids": ids}):
            files.setdefault(member, []).append(MemberFile(*file))
        return files
